// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"hash"

	"golang.org/x/crypto/blake2b"
	"golang.org/x/crypto/blake2s"
	//lint:ignore SA1019 It is in the DigestSet vocabulary; see Algorithm.Strong.
	"golang.org/x/crypto/ripemd160"
)

// An Algorithm is a way to identify content. The set is closed: it holds what
// the in-toto DigestSet specification v1.1 names and the Go standard library or
// golang.org/x/crypto can compute. The zero Algorithm is invalid.
//
// SHAKE is not among them: the specification does not say how long a digest of
// shake128 or shake256 is, so what one proves is open.
type Algorithm uint8

// Algorithms over the bytes of a stream or file.
const (
	SHA256     Algorithm = iota + 1 // the default
	SHA384                          //
	SHA512                          //
	SHA512_256                      //
	SHA3_256                        //
	SHA3_384                        //
	SHA3_512                        //
	BLAKE2b                         // BLAKE2b-512, "blake2b"
	BLAKE2s                         // BLAKE2s-256, "blake2s"

	// Algorithms that are computed and reported, and prove nothing: see
	// [Algorithm.Strong].
	SHA224
	SHA512_224
	SHA3_224
	RIPEMD160
	SHA1
	MD5

	// Git objects, in repositories with SHA-1 and with SHA-256 object names.
	// The DigestSet specification has one name for both and tells them apart
	// by length; in text we write the second one "gitBlob:sha256", and read
	// either spelling.
	GitBlob
	GitBlobSHA256
	GitTree
	GitTreeSHA256
	GitCommit
	GitCommitSHA256
	GitTag
	GitTagSHA256

	// DirHash is the Go module hash "h1:" of a tree: SHA-256 over its sorted
	// list of file digests and names.
	DirHash

	numAlgorithms = iota + 1
)

type algorithmInfo struct {
	name   string
	size   int // bytes
	strong bool
	// base computes the digest of a stream; for git objects and dirHash it
	// is the function that they are built on.
	base func() hash.Hash
	kind algorithmKind
}

type algorithmKind uint8

const (
	ofStream  algorithmKind = iota // any bytes
	ofBlob                         // a stream whose length is known first
	ofTree                         // a whole tree
	ofHistory                      // not computed here: commits and tags are only compared
)

// A table in a function, because a package variable could be assigned to.
func (a Algorithm) info() algorithmInfo {
	switch a {
	case SHA256:
		return algorithmInfo{"sha256", 32, true, sha256.New, ofStream}
	case SHA384:
		return algorithmInfo{"sha384", 48, true, sha512.New384, ofStream}
	case SHA512:
		return algorithmInfo{"sha512", 64, true, sha512.New, ofStream}
	case SHA512_256:
		return algorithmInfo{"sha512_256", 32, true, sha512.New512_256, ofStream}
	case SHA3_256:
		return algorithmInfo{"sha3_256", 32, true, newSHA3(sha3.New256), ofStream}
	case SHA3_384:
		return algorithmInfo{"sha3_384", 48, true, newSHA3(sha3.New384), ofStream}
	case SHA3_512:
		return algorithmInfo{"sha3_512", 64, true, newSHA3(sha3.New512), ofStream}
	case BLAKE2b:
		return algorithmInfo{"blake2b", 64, true, unkeyed(blake2b.New512), ofStream}
	case BLAKE2s:
		return algorithmInfo{"blake2s", 32, true, unkeyed(blake2s.New256), ofStream}
	case SHA224:
		return algorithmInfo{"sha224", 28, false, sha256.New224, ofStream}
	case SHA512_224:
		return algorithmInfo{"sha512_224", 28, false, sha512.New512_224, ofStream}
	case SHA3_224:
		return algorithmInfo{"sha3_224", 28, false, newSHA3(sha3.New224), ofStream}
	case RIPEMD160:
		return algorithmInfo{"ripemd160", 20, false, ripemd160.New, ofStream}
	case SHA1:
		return algorithmInfo{"sha1", 20, false, sha1.New, ofStream}
	case MD5:
		return algorithmInfo{"md5", 16, false, md5.New, ofStream}
	case GitBlob:
		return algorithmInfo{"gitBlob", 20, false, sha1.New, ofBlob}
	case GitBlobSHA256:
		return algorithmInfo{"gitBlob:sha256", 32, true, sha256.New, ofBlob}
	case GitTree:
		return algorithmInfo{"gitTree", 20, false, sha1.New, ofTree}
	case GitTreeSHA256:
		return algorithmInfo{"gitTree:sha256", 32, true, sha256.New, ofTree}
	case GitCommit:
		return algorithmInfo{"gitCommit", 20, false, nil, ofHistory}
	case GitCommitSHA256:
		return algorithmInfo{"gitCommit:sha256", 32, true, nil, ofHistory}
	case GitTag:
		return algorithmInfo{"gitTag", 20, false, nil, ofHistory}
	case GitTagSHA256:
		return algorithmInfo{"gitTag:sha256", 32, true, nil, ofHistory}
	case DirHash:
		return algorithmInfo{"dirHash", 32, true, sha256.New, ofTree}
	}
	return algorithmInfo{}
}

func newSHA3(f func() *sha3.SHA3) func() hash.Hash {
	return func() hash.Hash { return f() }
}

func unkeyed(f func(key []byte) (hash.Hash, error)) func() hash.Hash {
	return func() hash.Hash {
		h, _ := f(nil) // only a key that is too long is refused
		return h
	}
}

// ParseAlgorithm returns the algorithm with the given name, which is matched
// exactly ("sha256", not "SHA256"). The git object names without a suffix mean
// SHA-1; [ParseDigest] and [ParseSet] tell the two apart by length. An unknown
// name is an [*Error] with [CodeAlgorithm].
func ParseAlgorithm(name string) (Algorithm, error) {
	for a := Algorithm(1); a < numAlgorithms; a++ {
		if a.info().name == name {
			return a, nil
		}
	}
	return 0, &Error{Code: CodeAlgorithm, Name: name, Detail: "unknown algorithm"}
}

// String returns the name of a, as in the DigestSet specification, or "invalid".
func (a Algorithm) String() string {
	if n := a.info().name; n != "" {
		return n
	}
	return "invalid"
}

// Valid reports whether a is one of the constants of this package.
func (a Algorithm) Valid() bool { return a > 0 && a < numAlgorithms }

// Size returns the length of a digest in bytes, 0 for an invalid algorithm.
func (a Algorithm) Size() int { return a.info().size }

// Strong reports whether equal digests prove equal content. That takes at
// least 128 bits of collision resistance: MD5, SHA-1, RIPEMD-160, the 224-bit
// functions and git object names over SHA-1 do not have it. Weak digests are
// computed on request and reported, but never decide that something is genuine;
// one that differs still proves that something is not.
func (a Algorithm) Strong() bool { return a.info().strong }

// sha256Twin returns the variant of a git object name over SHA-256.
func (a Algorithm) sha256Twin() (Algorithm, bool) {
	switch a {
	case GitBlob, GitTree, GitCommit, GitTag:
		return a + 1, true
	}
	return 0, false
}

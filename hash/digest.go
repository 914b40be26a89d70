// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash

import (
	"encoding/hex"
	"fmt"
	"strings"
)

const maxSize = 64 // bytes of the longest digest

// A Digest is the value of one algorithm. Digests are comparable with ==. The
// zero Digest is invalid and equals no digest of anything.
type Digest struct {
	alg Algorithm
	sum [maxSize]byte // left-aligned, zero-padded
}

// NewDigest makes a Digest from raw bytes, which must have the algorithm's
// exact length. The error is an [*Error] with [CodeAlgorithm] or [CodeDigest].
func NewDigest(alg Algorithm, sum []byte) (Digest, error) {
	if !alg.Valid() {
		return Digest{}, &Error{Code: CodeAlgorithm, Detail: "invalid algorithm"}
	}
	if len(sum) != alg.Size() {
		return Digest{}, &Error{Code: CodeDigest, Name: alg.String(),
			Detail: fmt.Sprintf("%d bytes, must be %d", len(sum), alg.Size())}
	}
	d := Digest{alg: alg}
	copy(d.sum[:], sum)
	return d, nil
}

// ParseDigest reads "sha256:<hex>", the form that [Digest.String] writes. The
// hex digits must be lower-case and of exactly the right number. "gitTree:"
// (and gitBlob, gitCommit, gitTag) with 64 digits means the SHA-256 variant;
// "h1:<base64>" is not read here, see [ParseH1].
func ParseDigest(s string) (Digest, error) {
	i := strings.LastIndexByte(s, ':')
	if i < 0 {
		return Digest{}, &Error{Code: CodeDigest, Name: s, Detail: "no algorithm, want sha256:<hex>"}
	}
	return parseDigest(s[:i], s[i+1:])
}

func parseDigest(name, digits string) (Digest, error) {
	alg, err := ParseAlgorithm(name)
	if err != nil {
		return Digest{}, err
	}
	if twin, ok := alg.sha256Twin(); ok && len(digits) == 2*twin.Size() {
		alg = twin
	}
	if len(digits) != 2*alg.Size() {
		return Digest{}, &Error{Code: CodeDigest, Name: name,
			Detail: fmt.Sprintf("%d hex digits, must be %d", len(digits), 2*alg.Size())}
	}
	// Exactly one spelling: encoding/hex would also take upper case.
	if i := strings.IndexFunc(digits, func(r rune) bool { return !strings.ContainsRune(hexDigits, r) }); i >= 0 {
		return Digest{}, &Error{Code: CodeDigest, Name: name,
			Detail: fmt.Sprintf("%q is not a lower-case hex digit", digits[i:i+1])}
	}
	d := Digest{alg: alg}
	if _, err := hex.Decode(d.sum[:], []byte(digits)); err != nil {
		return Digest{}, &Error{Code: CodeDigest, Name: name, Err: err}
	}
	return d, nil
}

// Algorithm returns the algorithm of d, which is invalid for the zero Digest.
func (d Digest) Algorithm() Algorithm { return d.alg }

// IsValid reports whether d is not the zero Digest.
func (d Digest) IsValid() bool { return d.alg.Valid() }

// Bytes returns the raw digest, nil for the zero Digest.
func (d Digest) Bytes() []byte {
	if !d.IsValid() {
		return nil
	}
	return append([]byte(nil), d.sum[:d.alg.Size()]...)
}

// Hex returns the digest in lower-case hex, "" for the zero Digest.
func (d Digest) Hex() string { return hex.EncodeToString(d.sum[:d.alg.Size()]) }

// String returns "sha256:<hex>", or "invalid" for the zero Digest.
func (d Digest) String() string {
	if !d.IsValid() {
		return "invalid"
	}
	return d.alg.String() + ":" + d.Hex()
}

// MarshalText returns what String returns; the zero Digest is an error.
func (d Digest) MarshalText() ([]byte, error) {
	if !d.IsValid() {
		return nil, &Error{Code: CodeDigest, Detail: "the zero Digest has no text"}
	}
	return []byte(d.String()), nil
}

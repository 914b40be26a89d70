// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash

// A Code names one kind of finding, such as "hash/not-regular" or
// "tuf/rollback". Codes are stable: within one major version of this module a
// code is neither renamed nor given another meaning. The part before the slash
// is the package that decides; package verify uses the same type for all of
// them.
//
// A Code is an error, so that it can be the target of [errors.Is]:
//
//	if errors.Is(err, hash.CodeNotRegular) { ... }
type Code string

// Error returns the code itself.
func (c Code) Error() string { return string(c) }

// Codes of the errors that this package returns.
const (
	// CodeAlgorithm: an algorithm is unknown, missing, or cannot be computed
	// on the input that it was asked for.
	CodeAlgorithm Code = "hash/algorithm"
	// CodeDigest: the text of a digest is not what its algorithm demands, or a
	// set holds two different digests of one algorithm.
	CodeDigest Code = "hash/digest"
	// CodeRead: the operating system could not open or read something.
	CodeRead Code = "hash/read"
	// CodeWrite: the destination of a copy did not take the content.
	CodeWrite Code = "hash/write"
	// CodeNotRegular: something is a FIFO, a socket, a device or another thing
	// that has no content to measure.
	CodeNotRegular Code = "hash/not-regular"
	// CodeChanged: a file or folder was altered while it was measured.
	CodeChanged Code = "hash/changed"
	// CodeLimit: a limit of the options was exceeded.
	CodeLimit Code = "hash/limit"
	// CodeName: a name cannot be represented in the form asked for, or an
	// archive uses a name that it must not (absolute, escaping, repeated).
	CodeName Code = "hash/name"
	// CodeArchive: an archive cannot be read, or says two things at once.
	CodeArchive Code = "hash/archive"
	// CodeManifest: a list of digests is not in the format that it should be.
	CodeManifest Code = "hash/manifest"
	// CodePartial: a tree lacks entries that could not be measured, and what
	// was asked for needs all of them.
	CodePartial Code = "hash/partial"
	// CodeMismatch: a tree is not the one that a manifest lists.
	CodeMismatch Code = "hash/mismatch"
	// CodeOptions: the caller asked for something that makes no sense.
	CodeOptions Code = "hash/options"
)

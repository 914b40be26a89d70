// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package tuf

import (
	"github.com/tallystick/tallystick/internal/safe"
	"github.com/tallystick/tallystick/verify"
)

// Codes of rejections: what the repository, or somebody in between, presented is
// not acceptable. The error is a [*verify.RejectedError].
const (
	// CodeRefresh: the metadata of the repository as a whole.
	CodeRefresh verify.Code = "tuf/refresh"
	// CodeTarget: the claim about a target as a whole.
	CodeTarget verify.Code = "tuf/target"
	// CodeRole: the metadata of one role is signed, fresh and of the right
	// version.
	CodeRole verify.Code = "tuf/role"
	// CodeSignatureThreshold: too few of a role's keys have signed.
	CodeSignatureThreshold verify.Code = "tuf/signature-threshold"
	// CodeRollback: metadata is older than what this client has seen before.
	CodeRollback verify.Code = "tuf/rollback"
	// CodeExpired: metadata has expired. Somebody does not publish, or the clock
	// is wrong.
	CodeExpired verify.Code = "tuf/expired"
	// CodeFreeze: the root or timestamp metadata has expired. These two are
	// what tells a client that nothing newer exists, so besides the reasons
	// for CodeExpired, which is always there too, somebody may be
	// withholding newer metadata.
	CodeFreeze verify.Code = "tuf/freeze"
	// CodeMixAndMatch: a metadata file is not the one that the role above it
	// lists, by version, length or hash, or is not listed at all.
	CodeMixAndMatch verify.Code = "tuf/mix-and-match"
	// CodeVersion: a version number is not the one that has to come next.
	CodeVersion verify.Code = "tuf/version"
	// CodeMalformed: metadata is not what the specification describes.
	CodeMalformed verify.Code = "tuf/malformed"
	// CodeSpecVersion: metadata follows another major version of the
	// specification than 1.
	CodeSpecVersion verify.Code = "tuf/spec-version"
	// CodeTargetNotFound: no role that may do so vouches for the target.
	CodeTargetNotFound verify.Code = "tuf/target-not-found"
	// CodeWeakHash: a target has no hash that proves anything.
	CodeWeakHash verify.Code = "tuf/weak-hash"
	// CodeLength: a target file is longer or shorter than its metadata says.
	CodeLength verify.Code = "tuf/length"
	// CodeHash: the content of a target file has other hashes than its
	// metadata says.
	CodeHash verify.Code = "tuf/hash"
	// CodeRepository: the answer of one of several repositories; see
	// [MapSnapshot.Target].
	CodeRepository verify.Code = "tuf/repository"
	// CodeMapThreshold: fewer repositories than a mapping demands agree on a
	// target.
	CodeMapThreshold verify.Code = "tuf/map-threshold"
	// CodeCache: a file in the cache was unusable and was ignored. It is part
	// of the evidence and rejects nothing.
	CodeCache verify.Code = "tuf/cache"
	// CodeKey: a key or signature was unusable and was not counted. It is
	// part of the evidence and rejects nothing by itself.
	CodeKey verify.Code = "tuf/key"
)

// Codes of failures: something could not be done, and nothing is known about
// the repository. The error is a [*verify.Error].
const (
	// CodeConfig: the caller's configuration makes no sense.
	CodeConfig verify.Code = "tuf/config"
	// CodeTransport: the server did not answer as it should.
	CodeTransport verify.Code = "tuf/transport"
	// CodeNotFound: the server does not have a file that must exist.
	CodeNotFound verify.Code = "tuf/not-found"
	// CodeSlow: the server sent less than [Limits].MinRate.
	CodeSlow verify.Code = "tuf/slow"
	// CodeStorage: the local disk failed.
	CodeStorage verify.Code = "tuf/storage"
	// CodeLimit: a bound of [Limits] was exceeded.
	CodeLimit verify.Code = "tuf/limit"
	// CodeOffline: the repository would have to be asked, and [Config].Offline
	// forbids it.
	CodeOffline verify.Code = "tuf/offline"
	// CodeCanceled: the context is done. The error wraps its cause.
	CodeCanceled verify.Code = "tuf/canceled"
)

// A finding says why metadata is not acceptable. It becomes the failed check of
// a RejectedError.
type finding verify.Check

func (f *finding) Error() string {
	return safe.Line(string(f.Code) + ": " + f.What + ": expected " + f.Expected + ", found " + f.Found)
}

// Is reports whether target is the code of f.
func (f *finding) Is(target error) bool {
	c, ok := target.(verify.Code)
	return ok && c == f.Code
}

func found(code verify.Code, what, expected, found string) *finding {
	return &finding{Code: code, Status: verify.Fail, What: what, Expected: expected, Found: found}
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"errors"

	"github.com/tallystick/tallystick/hash"
)

// A Code names one kind of finding, such as "tuf/rollback" or
// "layout/threshold". Codes are stable and can be the target of [errors.Is].
type Code = hash.Code

// Codes of the checks that this package makes.
const (
	// CodeArtifact: there is no measured artifact to decide about.
	CodeArtifact Code = "verify/artifact"
	// CodeNoPolicy: the policy is nil or has no parts.
	CodeNoPolicy Code = "verify/no-policy"
	// CodeVacuous: the policy accepts content that no claim covers.
	CodeVacuous Code = "verify/vacuous"
	// CodeClaim: a claim is nil, names no issuer or does not say that it holds.
	CodeClaim Code = "verify/claim"
	// CodeConflict: two claims, or a claim and what was measured, contradict
	// each other.
	CodeConflict Code = "verify/conflict"
	// CodeNotCovered: a claim says nothing about the artifact. It is what
	// [Claim] implementations return for "look at the next one".
	CodeNotCovered Code = "verify/not-covered"
	// CodeWeak: only weak digests of a claim match. It is also
	// [CodeNotCovered] for errors.Is.
	CodeWeak Code = "verify/weak"
	// CodeCovered: a claim covers the artifact; see [CoveredBy].
	CodeCovered Code = "verify/covered"
	// CodeIssuer: an issuer stands behind the artifact; see [IssuedBy].
	CodeIssuer Code = "verify/issuer"
	// CodeRequires: something else was accepted before; see [Requires].
	CodeRequires Code = "verify/requires"
	// CodeAll, CodeAny and CodeAtLeast: the combination of policies.
	CodeAll     Code = "verify/all"
	CodeAny     Code = "verify/any"
	CodeAtLeast Code = "verify/at-least"
	// CodeThreshold: a threshold can never be reached or is below one.
	CodeThreshold Code = "verify/threshold"
	// CodeLimit: a bound on the work was exceeded.
	CodeLimit Code = "verify/limit"
)

// CodeOf returns the code of the first error in err's tree that has one: the
// most important code of a [RejectedError], else the code of an [Error] or
// [hash.Error]; "" if there is none.
func CodeOf(err error) Code {
	if r, ok := errors.AsType[*RejectedError](err); ok {
		return r.Code()
	}
	if errors.Is(err, hash.CodeMismatch) {
		return hash.CodeMismatch // a *hash.MismatchError
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	if e, ok := errors.AsType[*hash.Error](err); ok {
		return e.Code
	}
	return ""
}

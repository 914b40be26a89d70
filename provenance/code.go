// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package provenance

import "github.com/tallystick/tallystick/verify"

// Codes of this package, for errors.Is.
const (
	// CodeKey: a key of the caller does not parse, or must not be used.
	CodeKey verify.Code = "provenance/key"
	// CodeKeySet: a set of keys or issuers is empty or cannot reach its
	// threshold.
	CodeKeySet verify.Code = "provenance/key-set"
	// CodeOpener: an [Opener] gave no verdict, or one that cannot be relied on.
	CodeOpener verify.Code = "provenance/opener"
	// CodeStatement: the code of a verified statement as a claim.
	CodeStatement verify.Code = "provenance/statement"
	// CodeMalformed: an envelope, statement or predicate is not well formed.
	CodeMalformed verify.Code = "provenance/malformed"
	// CodePayloadType: the envelope does not say that it holds an in-toto
	// Statement.
	CodePayloadType verify.Code = "provenance/payload-type"
	// CodeSignature: fewer trusted keys have signed than the threshold demands.
	CodeSignature verify.Code = "provenance/signature"
	// CodeKeyTime: enough keys have signed, but not enough of them are valid
	// at the verification time.
	CodeKeyTime verify.Code = "provenance/key-time"
	// CodeSubject: a statement has no subject, or one without a usable digest.
	CodeSubject verify.Code = "provenance/subject"
	// CodePredicateType: the predicate is not of the type asked for.
	CodePredicateType verify.Code = "provenance/predicate-type"
	// CodeSLSA: no SLSA provenance satisfies the policy; see [SLSA].
	CodeSLSA verify.Code = "provenance/slsa"
	// CodeSigner: provenance is signed by others than the policy binds to the
	// builder.
	CodeSigner verify.Code = "provenance/signer"
	// CodeBuilder: provenance names another builder.
	CodeBuilder verify.Code = "provenance/builder"
	// CodeBuildType: provenance names another build type.
	CodeBuildType verify.Code = "provenance/build-type"
	// CodeSource: provenance names another source, or does not name one.
	CodeSource verify.Code = "provenance/source"
	// CodePolicy: a policy demands nothing or contradicts itself.
	CodePolicy verify.Code = "provenance/policy"
	// CodeRead: attestations could not be read; see [ReadEnvelopes].
	CodeRead verify.Code = "provenance/read"
	// CodeLimit: a bound on the work was exceeded.
	CodeLimit verify.Code = "provenance/limit"
)

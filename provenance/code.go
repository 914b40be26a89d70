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
	// CodeParameters: a build had other external parameters than the policy
	// allows.
	CodeParameters verify.Code = "provenance/parameters"
	// CodeDependency: what went into a build is not what the policy demands;
	// see [Dependency].
	CodeDependency verify.Code = "provenance/dependency"
	// CodeAge: what an attestation says is too old, from the future, or not
	// dated.
	CodeAge verify.Code = "provenance/age"
	// CodeVSA: no verification summary satisfies the policy; see [VSA].
	CodeVSA verify.Code = "provenance/vsa"
	// CodeVerifier: a summary names another verifier.
	CodeVerifier verify.Code = "provenance/verifier"
	// CodeVerified: a summary says that something else was verified, by another
	// policy, or that verification failed.
	CodeVerified verify.Code = "provenance/verified"
	// CodeLevel: a summary does not have the level that the policy demands.
	CodeLevel verify.Code = "provenance/level"
	// CodeScan: no scan satisfies the policy; see [Scanned].
	CodeScan verify.Code = "provenance/scan"
	// CodeScanner: a scan is by another scanner.
	CodeScanner verify.Code = "provenance/scanner"
	// CodeVulnerability: a scan has found what the policy does not tolerate.
	CodeVulnerability verify.Code = "provenance/vulnerability"
	// CodeTest: no test result satisfies the policy, or one has not passed; see
	// [Tested].
	CodeTest verify.Code = "provenance/test"
	// CodeAttested: no attestation satisfies the policy; see [Attested].
	CodeAttested verify.Code = "provenance/attested"
	// CodePredicate: the caller's own function refused a predicate.
	CodePredicate verify.Code = "provenance/predicate"
	// CodeDissent: too many rebuilders contradict; see [Rebuilders].
	CodeDissent verify.Code = "provenance/dissent"
	// CodePolicy: a policy demands nothing or contradicts itself.
	CodePolicy verify.Code = "provenance/policy"
	// CodeVerdict: a verdict cannot be written down so; see [SignPassed].
	CodeVerdict verify.Code = "provenance/verdict"
	// CodeRead: attestations could not be read; see [ReadEnvelopes].
	CodeRead verify.Code = "provenance/read"
	// CodeLimit: a bound on the work was exceeded.
	CodeLimit verify.Code = "provenance/limit"
)

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

// Package verify decides whether content is genuine: it holds a measured
// [hash.Artifact] against the claims that others made about it, under a policy
// that the caller states, and returns a verdict with its reasons.
//
//	target, err := snapshot.Target(ctx, "app.tar.gz")      // a claim: TUF
//	statement, err := provenance.Open(envelope, keys, nil) // a claim: provenance
//	artifact, err := hash.MeasureFile(ctx, "app.tar.gz")   // a fact
//	result, err := verify.Artifact(artifact,
//		verify.All(verify.CoveredBy(target), verify.IssuedBy(builder)),
//		target, statement)
//
// # Verdicts
//
// [Artifact] returns a [Result] exactly when it accepts. Otherwise the error is a
// [*RejectedError]. Both carry a [Report] of the same form, for people
// ([Report.String]) and for programs ([Report.JSON]).
//
// # Conflicts
//
// Claims are witnesses, and witnesses are held against each other: every claim
// that is passed in, also one that the policy does not ask for, is compared with
// what was measured and with every other claim over all algorithms that they
// share. A contradiction rejects even when the policy is satisfied, because it
// means that a key was stolen, a build went wrong or a collision was made, and
// which of these it is cannot be decided here. The in-toto DigestSet
// specification lets two sets match when any acceptable field does; this package
// is stricter on purpose.
//
// # Nothing is accepted for nothing
//
// No policy, an empty one, a pass that rests on nobody's word, an issuer who does
// not stand behind the artifact, and a policy that accepts a decoy are all
// rejections. Thresholds count keys, not claims: see [AtLeast].
//
// # Errors
//
// Codes are stable within a major version and are targets of errors.Is:
//
//	if errors.Is(err, verify.CodeConflict) { ... }
package verify

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

// Package provenance verifies attestations: in-toto Statements in DSSE envelopes,
// signed with keys that the caller trusts.
//
// [Open] turns an envelope into a [Statement], which is a [verify.Claim] about
// the Statement's subjects. There is no way to a Statement without verification, so
// holding one means that its signatures were good. A [Policy] such as [SLSA], which is
// about the builder and the source, says what it must state. Layouts are in package
// provenance/layout, the Go checksum database in provenance/gomod.
//
//	key, err := provenance.ParseKey(pem)                   // a key that you trust
//	keys, err := provenance.NewKeySet(1, key)              // one of one must have signed
//	statement, err := provenance.Open(envelope, keys, nil) // what its owner says
//	artifact, err := hash.MeasureFile(ctx, "app.tar.gz", hash.SHA256)
//	result, err := verify.Artifact(artifact,
//		provenance.SLSA{Builder: "https://builder.example/v1", Signers: keys},
//		statement)
//
// The error of the last call, or result.Report(), says what was checked and why. As a
// program it is examples/attestation.
//
// # Keys
//
// The caller decides which keys to trust and where they come from: embedded in
// the program, from TUF, from a configuration file. A [KeySet] says how many of
// them must have signed. Identity is key material: key ids in metadata are hints
// that decide nothing, and one key listed twice counts once.
//
// # Other kinds of trust
//
// [OpenWith] does what [Open] does with another [Opener] than a [KeySet]: one that
// checks certificates and transparency logs, for example. Policies bind a builder to
// [Signers], which are a KeySet or an [IssuerSet], the identities that such an Opener
// names.
//
// # Predicates
//
// What a Statement says about its subjects is its predicate. These types are read
// into Go types, strictly and only from a Statement, so that nobody has to decode what
// is not verified:
//
//   - [Statement.Provenance]: SLSA provenance v1 and v0.2
//   - [Statement.VerificationSummary]: SLSA verification summaries (VSA) v1
//   - [Statement.Link]: links v0.3, and v0.2 of ITE-6
//   - [Statement.TestResult]: test results v0.1
//   - [Statement.Vulns]: scans for vulnerabilities v0.2 and v0.1
//   - [Statement.Release]: releases in a registry v0.1 and v0.2
//   - [Statement.AttributeReport]: SCAI v0.3 and v0.2
//   - [Statement.Files]: the files of SPDX 2 and CycloneDX 1 documents, as a
//     [hash.Manifest]
//
// All others are JSON for the caller's own decoder: [Statement.Predicate], best in
// [Attested].Accept. A predicate as a Go type is plain data and proves nothing.
//
// # Policies
//
// Each [Policy] of this package is satisfied by one Statement that covers the artifact,
// has the right predicate type, is signed by the [Signers] that may speak for what it
// says, and satisfies all that the policy sets. Texts are compared exactly.
//
//   - [SLSA]: who built it from what; by [Dependency] also what is known about what
//     it was built from
//   - [VSA]: a verifier has verified it, at some level
//   - [Scanned] and [Tested]: somebody has looked for vulnerabilities, or tested it
//   - [Attested]: any other type
//   - [Named]: one of these, and the subject has the artifact's name
//
// Combine them with those of package verify. [VerifySubjects] decides about several
// artifacts at once, [Rebuilders] by the word of several who may differ.
//
// Where a policy has an age, it counts back from the time for which a Statement was
// verified ([Options]), and what is stated as more than a minute after that is refused.
// The times are those that the signers wrote. Whoever hands over the claims may leave
// some out, so that an old one looks like the last: only an age bounds that. Where a
// later scan or summary that takes the good one back is among the claims, it does.
//
// # Files of attestations, and verdicts
//
// [ReadEnvelopes] finds the envelopes in files as tools and registries write them:
// .intoto.jsonl, sigstore bundles, npm's document, Python attestation objects. It
// verifies nothing.
//
// [SignPassed] and [SignFailed] write a verdict down as a verification summary, for
// others who trust this verifier.
//
// # Standards
//
//   - DSSE protocol and envelope, version 1.0.2 (secure-systems-lab/dsse)
//   - in-toto Attestation Framework: Statement v1 and v0.1, DigestSet v1.1
//   - SLSA provenance v1 and v0.2, verification summary v1 (with the additions of
//     SLSA 1.1), and the build types of GitHub Actions workflows v1 and of
//     slsa-github-generator
//   - the predicates of the in-toto Attestation Framework that are listed above
//   - Semantic Versioning 2.0.0 for tags
//
// Unknown members are ignored where the framework demands it. Duplicate members,
// members that differ from a known one only in case, aliases such as "type" for
// "_type", data after the end, and base64 with white space or stray bits are
// refused, although lenient readers take them.
//
// Two digest sets match here only if all algorithms that they share agree and
// one of them is strong. The DigestSet text asks for any one; see package verify.
//
// # What is not promised
//
// A Statement says what its signers say. Whether the builder is honest, whether
// a key was stolen before its validity ended, and whether there are other
// Statements about the same artifact, it cannot tell. There is no transparency
// log here and no revocation. A builder may have used more than it lists. External
// parameters of SLSA provenance are compared only where the policy names them, and
// say what the source was only for build types that are known.
package provenance

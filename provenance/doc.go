// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

// Package provenance verifies attestations: in-toto Statements in DSSE envelopes,
// signed with keys that the caller trusts.
//
// [Open] turns an envelope into a [Statement], which is a [verify.Claim] about
// the Statement's subjects. There is no way to a Statement without verification, so
// holding one means that its signatures were good. [SLSA] is a [verify.Policy] about the
// builder and the source that provenance names. Layouts are in package
// provenance/layout, the Go checksum database in provenance/gomod.
//
//	key, err := provenance.ParseKey(pem)
//	keys, err := provenance.NewKeySet(1, key)
//	statement, err := provenance.Open(envelope, keys, nil)
//	result, err := verify.Artifact(artifact,
//		provenance.SLSA{Builder: "https://builder.example/v1", Signers: keys},
//		statement)
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
// # Standards
//
//   - DSSE protocol and envelope, version 1.0.2 (secure-systems-lab/dsse)
//   - in-toto Attestation Framework: Statement v1 and v0.1, DigestSet v1.1
//   - SLSA provenance v1
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
// log here and no revocation. External parameters of SLSA provenance are not
// compared yet.
package provenance

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

// Package layout verifies in-toto layouts: that a supply chain was followed as
// its owner has laid it down.
//
//	owner, err := provenance.ParseKey(pem)
//	keys, err := provenance.NewKeySet(1, owner)
//	folder, err := os.OpenRoot("metadata")
//	v, err := layout.Verify(ctx, signedLayout, keys, layout.DirLinks(folder.FS()), layout.Options{})
//
//	artifact, err := hash.MeasureFile(ctx, "app.tar.gz")
//	result, err := verify.Artifact(artifact, verify.CoveredBy(v), v)
//
// [Verify] returns a [Verification] exactly when every owner has signed the
// layout, it has not expired, enough functionaries of every step have handed in
// links that agree, every artifact rule holds and every inspection has succeeded.
// Otherwise the error is a [*verify.RejectedError], whose report has the trace:
// each step with its links and who signed them, each rule in order with what it
// consumed and left, and for what was not matched the near miss. Accepted layouts
// have the same trace in [Verification.Evidence].
//
// A Verification is a [verify.Claim] about the products of the last step. Nothing
// on disk was looked at: hold a measured artifact against it with
// [verify.Artifact]. The artifacts of each step are claims of their own
// ([Verification.Products], [Verification.Materials]), so that a source tree can
// be held against what went into a build.
//
// # Standards
//
//	layouts, links, rules, sublayouts   in-toto specification 1.0, sections 4.2 to 4.5 and 5.2
//	artifact names that are URIs        ITE-4: names are opaque and compared byte by byte
//	envelopes                           ITE-5: DSSE 1.0; and the older form with "signed" and "signatures"
//	links as Statements                 ITE-6: link predicate v0.3 (attestation framework), v0.2
//	functionaries by certificate        ITE-7, in the spelling of in-toto-golang and of the current draft
//	bundles of links                    attestation framework, bundle layer: JSON Lines
//	OpenPGP keys                        as the Python tools use them: RFC 4880, version 4 signatures with
//	                                    SHA-256; RSA, EdDSA, and DSA with 2048 bits or more (FIPS 186-4)
//
// Signatures of the older form are over the canonical JSON of the bytes that are
// in the file, with members that nobody here knows; the same bytes are decoded
// once the signatures are good.
//
// # Promises
//
// Identity is key material: one public key counts once, under however many key
// ids, links or certificates it comes. Evidence that cannot be used (unauthorised,
// malformed, about another step, over a limit) is listed in the report and harms
// nothing as long as there is enough of the other kind. Nothing is vacuous: a
// layout or sublayout without steps, a step without functionaries, a threshold
// below one and a pattern that matches nothing are refused.
//
// Work is bounded by [Limits]: bytes, files, signatures and rules, each at all
// levels together. Patterns are compiled once and cannot backtrack exponentially.
// Rules that name an artifact, or the start or the end of names, cost time in the
// artifacts that they match; others in all that no rule before has consumed.
// No process is started, no clock read but for a zero [Options.Time], and no file
// opened but through the [LinkSource].
//
// # What it does not do
//
// Commands prove little, as the specification says: a difference is a finding in
// the report unless [Options.RequireCommands] is set. Byproducts and the
// environment of links are not looked at, but for the return value in a signed link
// of an inspection. Inspections run only through the caller's [Runner].
//
// # Where the text leaves a choice
//
// What this package does where the specification is silent, or where it decides
// otherwise than the text or common practice:
//
//	layout signatures   Every key of the key set must have signed, whatever its threshold.
//	thresholds          Distinct public keys count. A link with good signatures of two functionaries
//	                    counts for both. A key id is a hint, also in file names: STEP.link is evidence
//	                    like STEP.KEYID8.link, and the signature decides whose.
//	                    Key ids of a layout need not be the computed ones, but a key that calls itself
//	                    otherwise than the id that it stands under is refused.
//	agreement           All usable links of a step must agree, also beyond the threshold: the same names,
//	                    and for each the same digest by a strong algorithm, no shared one differing.
//	                    A digest that fewer functionaries than the threshold state can show that
//	                    artifacts differ, not that they are the same; one that not all state covers
//	                    no artifact. Options.Quorum lets the larger part decide.
//	digests             Strong: SHA-2 and SHA-3 with 256 bits or more, BLAKE2. Names as in the DigestSet
//	                    specification, lower-case hex of exact length, else the link is unusable. Unknown
//	                    algorithms are ignored. MD5 and SHA-1 never prove a match.
//	names               Byte-exact: ./foo is not foo for any rule. A link with two names for one path, such
//	                    as foo and ./foo, is unusable. DISALLOW also finds dir/../foo where foo is meant.
//	MATCH IN            Prefixes are compared byte by byte, end at a slash and hold no pattern. A name that
//	                    is absolute or has ".." behind the prefix, on either side, is not consumed.
//	MATCH FROM          An unknown step is an error in the layout. Rules of inspections may name other
//	                    inspections, those of steps may not.
//	REQUIRE             Names one artifact, is no pattern, looks at what the rules before it have left, and
//	                    consumes nothing.
//	CREATE, DELETE      Consume nothing among materials and products respectively.
//	MODIFY              Consumes when a shared digest differs; without a shared algorithm nothing is known.
//	patterns            As Python's fnmatch.fnmatchcase: "*" crosses "/", "[!...]", no escape character,
//	                    characters and not bytes. "[z-a]" can match nothing and is an error.
//	rule words          Any case. All that is not in the grammar is an error in the layout.
//	members             Unknown members of a step, inspection or certificate constraint are an error, since
//	                    they could demand a check; elsewhere they are ignored, and those of the
//	                    layout itself reported. Repeated members, and known ones in another case, are
//	                    errors.
//	expiry              The instant of "expires" is still valid. No fractions, no other time zones.
//	parameters          A value is literal text. A rule with an undefined {name} is an error; in a command
//	                    it stays. Sublayouts get no parameters.
//	sublayouts          The functionaries who signed one are its owners, and count for the threshold of
//	                    the step. One that is not accepted is unusable evidence. The issuers of what comes
//	                    out of it are those who signed for this content: the functionaries of its last
//	                    step, and of its first one for the materials. Its command is that of its last step.
//	inspections         Run only after all steps of their layout have passed, those of a sublayout
//	                    before it counts for its step. Their materials and products are not offered
//	                    as products of the layout. In a sublayout a link takes the place of running one
//	                    if all who signed the sublayout have signed it, in the sublayout's folder, with
//	                    the command of the inspection and the return value 0 (specification 4.5.3).
//	certificates        An attribute that a constraint leaves out must be absent. The chain must end in a
//	                    root that the constraint names, at the verification time. Any extended key usage.
//	OpenPGP             The main key counts, whichever of its subkeys signs. A critical subpacket that is
//	                    not known, another issuer and an expired key or signature are refused. So are
//	                    RSA keys below 2048 bits and DSA keys of 1024 bits, as keys of a layout.
//	link sources        A file that cannot be used is reported and harms nothing: too large, not regular,
//	                    a symbolic link that cannot be followed. One that cannot be read is an error.
//	command             A step without an expected command expects none in particular.
package layout

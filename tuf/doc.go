// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

// Package tuf is a client for repositories that follow The Update Framework: it
// finds out what the current version of a file is and gets that file, although
// the network, the mirror and some of the repository's keys may be in the hands of
// an attacker.
//
//	client, err := tuf.NewClient(tuf.Config{
//		Root:        root, // root.json, embedded into the program
//		MetadataURL: "https://example.org/metadata",
//		TargetsURL:  "https://example.org/targets",
//		Dir:         cacheDir,
//	})
//	snapshot, err := client.Refresh(ctx)
//	target, err := snapshot.Target(ctx, "app.tar.gz")
//	artifact, err := client.Download(ctx, target, "app.tar.gz")
//
// A [Target] is a [verify.Claim], to be held against other claims by
// [verify.Artifact]. Package tuftest has a repository for tests, which can attack.
//
// # The trusted root
//
// Everything follows from the root.json that the caller passes in. Get it in a way
// that you trust, usually by embedding it into the program and signing that. It
// need not be current: the client walks the chain of roots from there, and each
// must be signed by a threshold of the keys of the one before and of its own. Ship
// a newer root with new versions of the program now and then, to keep the chain
// short. The repository must keep the old roots forever.
//
// Identity is key material. Key ids only say which key is meant, and a threshold
// counts public keys: one key under two ids counts once.
//
// # What is promised
//
//   - A [Snapshot] exists only when root, timestamp, snapshot and targets are signed
//     as the root demands, have not expired at the time of the refresh, belong
//     together, and are not older than what this cache has seen.
//   - A [Target] exists only when a role that is trusted with its path lists it, and
//     every role on the way there has been verified as its own delegator demands.
//   - A file appears at the destination of [Client.Download] only when its length and
//     all its hashes are those of the target and the disk has it.
//   - The signature is verified over the canonical form of the bytes that were
//     served, and those bytes are decoded, once and strictly.
//   - Work is bounded by [Limits]. An endless or slow answer, however large a
//     compressed one may become, and a redirect elsewhere are errors.
//   - A file of the cache that is damaged is ignored, reported in the evidence and
//     replaced. What is left protects against rollback.
//   - Errors tell two things apart. A [*verify.RejectedError] says that what was
//     presented is not acceptable. A [*verify.Error] says that something could not be
//     done. Both name the file, and what was expected and found.
//
// # What this does not protect against
//
//   - Whoever has a threshold of root keys, or who can alter the program, its
//     trusted root or its cache folder. Setting back the cache folder, for example
//     by restoring a virtual machine, sets back the protection against rollback
//     and fast-forward recovery to that time.
//   - A role's keys used for what the role may do: a stolen targets key signs
//     malware. Use thresholds, and hold the target against other claims.
//   - A clock that is wrong: whoever controls it can make a frozen repository look
//     fresh. See [Client.RefreshAt].
//   - Someone who cuts the line. That is an error, and no update.
//   - What is in a file. That it is the right one does not make it good.
//
// # The cache
//
// The folder holds root.json, timestamp.json, snapshot.json, targets.json and a
// file for each delegated role that was needed, byte for byte as served, so that
// other TUF clients can use it. Names of delegated roles are percent-encoded, so
// they never leave the folder. root_history has the roots of the chain. Files are
// written to the side, synced and renamed. Several processes may share a folder: who
// is slow does not replace what another has written meanwhile if that is newer. Where
// the system has such locks, processes of one user take turns with one on the file
// .lock. Nothing is removed except by key rotation, and files .tmp-* that a killed
// process has left an hour ago; the folder may be deleted, at the price of the
// protection against rollback.
//
// A folder that cannot be written serves as long as the repository has nothing new.
// What is new and cannot be kept is an error with [CodeStorage]: it would protect
// against nothing the next time.
//
// # Without a network
//
// With [Config].Offline nobody is asked: the cache is verified as it is, as of the
// time of the refresh, and reports say that it was not compared with the repository.
// The cache has what the last refresh and the lookups since have needed, so look up
// beforehand what will be wanted. It may be on a read-only file system. After an
// update that was interrupted behind its first file, the cache is of no use offline
// before the next refresh with a network.
//
// # Several repositories
//
// A [MapClient] follows several repositories with a map file (TAP 4), which says how
// many of them, and which, must agree on a target.
//
//	client, err := tuf.NewMapClient(tuf.MapConfig{
//		Map:   mapJSON, // policy, as trusted as the roots
//		Roots: map[string][]byte{"ours": root, "theirs": other},
//		Dir:   cacheDir,
//	})
//	target, err := client.Snapshot().Target(ctx, "app.tar.gz")
//	artifact, err := client.Download(ctx, target, "app.tar.gz")
//
// A [MapTarget] is one claim on the word of all who agree. What each repository
// answered is in its evidence, and in the report of a rejection. Where TAP 4 leaves a
// choice, or ours is stricter:
//
//   - Members of a map file have no defaults: paths, repositories, threshold and
//     terminating must be there. Others are passed over.
//   - Patterns are those of delegations; only the pattern * matches all paths.
//   - To agree is to state the same length and the same digest for every algorithm
//     that both name, one of them strong. All who agree do so with each other.
//   - A vote is key material and no name. A repository that is listed twice, or two
//     that have a key in common which can sign for the target or what leads to it,
//     count once. Root keys that were rotated count until you trust a newer root.
//   - Repositories are asked in order until the threshold is reached. A dissenter
//     who was asked stays in the evidence and rejects nothing; see
//     [MapTarget.Answers] for stricter users. Below the threshold a contradiction is a
//     conflict in the report, with who says what.
//   - A repository that cannot be reached or is rejected is no vote. If the threshold is
//     missed for want of it, no later mapping is looked at, whatever terminating says.
//   - The URLs of a repository are tried in order until one has metadata that can be
//     verified. All share one folder, and so the protection against rollback.
//
// # Standards
//
//	TUF specification 1.0.x   the client workflow, section 5, as a whole
//	  4.1, consistent_snapshot      on and off
//	  4.2, signatures               Ed25519, ECDSA, RSA as in securesystemslib;
//	                                two with one key id are refused
//	  4.2, key ids                  any string (TAP 12); not recomputed
//	  4.2, date-time                any RFC 3339 time; at the instant it has expired
//	  4.5, paths                    *, ? and [a-z], none of which matches a slash
//	  4.5, path_hash_prefixes       hex
//	  5.3.11, fast-forward          keys of timestamp or snapshot that change in any
//	                                way make both cached files void
//	  5.6.7, search                 preorder, depth first; at most Limits.Roles roles
//	TAP 4                     several repositories, see above
//	TAP 15                    succinct hash bins
//	mirrors.json              not read
//
// # Choices where the specification leaves one
//
//   - More new roots than [Limits].RootRotations is an error instead of going on with
//     an old root; the next refresh goes on from there.
//   - HTTP status 403, 404 and 410 for the next root mean that there is none. There
//     are no retries but those of [Config].Retries.
//   - A root N+1 that says version N ends the chain without an error, as if there were
//     none: some servers answer with the latest.
//   - A timestamp with the version that is known already is discarded, whatever it
//     says.
//   - A hash in metadata whose algorithm is unknown is passed over if there is
//     another one. MD5 and SHA-1 are compared, and are not enough for a target.
//   - The hash in front of the name of a target is that of SHA-256, if there is one.
//     Only if the repository has no such file the other hashes are tried, in the
//     order of the constants of package hash.
//   - Delegations to "root", "timestamp", "snapshot" and "targets" are refused.
//   - Null in place of a value is refused.
//
// # Where it decides otherwise than go-tuf
//
// A differential test runs the same repositories through this client and through
// go-tuf v2. Where the two differ on purpose, this one does the following.
//
//   - Metadata has expired at the instant of its expiry, and not only after it.
//   - Versions below 1 and another spec_version than 1.x are refused.
//   - A root with the version of the trusted one ends the chain, and the update goes on.
//   - The signature is verified over the canonical form of what was served, so other
//     spellings of a time, a hash or a null member that were signed are accepted.
//   - Keys, signatures and hashes of unknown kinds do no harm if the known ones suffice.
//   - path_hash_prefixes are compared in hex.
//   - A cached file that is damaged is replaced and reported, and fails nothing.
//   - New keys for the snapshot alone make the cached timestamp void too.
//   - A role with several delegators must satisfy each of them on the way through it.
//   - An ECDSA key is judged by its curve, and the name of its scheme must agree.
//   - A file of several hashes in a consistent snapshot is asked for under the
//     strongest first, see above.
//   - A refresh can be repeated; what it returned before stays what it was.
package tuf

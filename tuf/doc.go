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
// [verify.Artifact].
package tuf

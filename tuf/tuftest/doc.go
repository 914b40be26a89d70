// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

// Package tuftest has a TUF repository in memory, for tests of programs that
// update themselves or something else with package tuf, and for demonstrations.
// It makes its own keys, signs with them, serves over HTTP, and can misbehave.
//
//	repo := tuftest.New(nil)
//	repo.AddTarget("app.tar.gz", content)
//	repo.Publish()
//	server := httptest.NewServer(repo)
//
//	client, err := tuf.NewClient(tuf.Config{
//		Root:        repo.Root(),
//		MetadataURL: server.URL + tuftest.MetadataPath,
//		TargetsURL:  server.URL + tuftest.TargetsPath,
//		Dir:         t.TempDir(),
//	})
//
// After a first refresh the repository can be made to attack, see [Attacks]:
//
//	err := repo.Attack(tuftest.Rollback)
//
// The repository keeps its private keys in memory and publishes whatever it is
// told. It is no tool to run a real repository with.
package tuftest

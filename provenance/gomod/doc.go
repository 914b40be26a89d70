// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

// Package gomod makes claims out of what the Go checksum database says about
// modules and toolchains.
//
// The database, sum.golang.org, is a log of hashes: one record for each module
// version, with the h1 hash of the module's files and that of its go.mod. A
// signed tree head states the size and the hash of the whole log. The go command
// keeps the records that it has looked up, with the parts of the log that prove
// them, in its module cache. [NewDatabase] reads them there, from any [fs.FS]:
// this package uses no network and writes nothing.
//
//	root, err := os.OpenRoot(filepath.Join(modcache, "cache/download/sumdb/sum.golang.org"))
//	db, err := gomod.NewDatabase(root.FS(), nil)
//	module, err := db.Lookup(ctx, "golang.org/x/mod", "v0.42.0")   // a claim about the module's zip
//
// [Database.Lookup] returns a [Module], which is a [verify.Claim] about the files of
// a module. [VerifyToolchain] holds a GOROOT against the module of its toolchain,
// whose path and version [ToolchainModule] tells, and returns a [Toolchain], which
// is a claim about the files of that GOROOT. The program examples/toolchain puts
// them together.
//
// # What is promised
//
// A Module exists only if
//
//   - the tree head of the lookup is signed by the key of the database,
//   - the record is in the tree of that head, proved by tiles, which are hashed up
//     to the signed hash,
//   - the record is two lines about exactly this module and version, and
//   - the history agrees with that of [Options.Latest], if it was given.
//
// Whoever can write into the cache can make a lookup fail, and nothing else.
//
// # What is not
//
// The database recorded what it was given first: it does not say that the content
// is good, nor when it came. Tree heads carry no time, so an old one cannot be
// told from the newest.
//
// The holder of the key could show one victim another history than everybody else.
// A log makes this provable and not impossible: it is found when two tree heads
// meet. Keep [Module.TreeHead] and pass it as [Options.Latest] next time, or pass the
// one that the go command keeps in $GOPATH/pkg/sumdb/sum.golang.org/latest; then a
// fork between then and now is rejected with [CodeFork]. If the history that was
// kept is already the forged one, nothing is found.
//
// The record of a module is about names and contents of files. It is silent about
// execute bits, other permissions, owners, times and empty folders, and in a
// GOROOT about the folders api, doc, misc and test, which are not in the module.
// The evidence of each claim lists what it leaves out.
//
// # Identity
//
// The issuer of these claims is the key of the database: its fingerprint, with the
// name of the log for people. A database is not told by the name in its key,
// because anybody can make a key with any name.
//
// # Limits
//
// A lookup has at most 64 KiB, a tile at most 8 KiB and a tree at most 2^48
// records. Those of [VerifyToolchain] are in [ToolchainOptions]. Tiles have the
// height 8, as the go command has them.
//
// # Errors
//
// A [*verify.RejectedError] is a verdict: something is not what the database
// recorded, and its report says what. A [*verify.Error] or [*hash.Error] says that
// there is no verdict: [CodeNotFound] and [CodeRead] for the files of the database,
// [CodeOptions] for the caller's mistakes, the codes of package hash for the zip
// and the GOROOT. The codes are constants of this package.
package gomod

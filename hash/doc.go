// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

// Package hash makes facts: digests of streams, files, source trees and
// archives that were read to their end.
//
// [Measure] reads a stream, [MeasureFile] a file, [Copy] measures while it
// copies. [MeasureTree] walks a folder without following links and without
// waiting for anything in it; [MeasureZip] and [MeasureTar] make the same
// [Tree] from an archive without extracting it. One read feeds every
// [Algorithm] asked for; the default is SHA256.
//
// An [Artifact] can only come from these functions. What somebody else says
// about content is not a fact but a claim: a [Set] or a [Manifest] that was
// read from somewhere, to be compared with what was measured.
//
// # Digests
//
// Algorithms have the names of the in-toto DigestSet specification. Two sets
// are compared over all algorithms that both have ([Set.Compare]): they are the
// same only when every shared digest is equal and one of them is strong. MD5,
// SHA-1 and other weak functions are computed on request, for interchange, and
// prove nothing.
//
// # Trees
//
// A [Tree] lists files, folders and links with type, execute bit of the owner,
// size and digests. Names are raw bytes with "/" between them and are never
// cleaned or normalised; [EscapeName] makes them printable. A tree has up to
// two identities: the Go module hash "h1:" ([Tree.DirHash]) and the git tree
// ([Tree.GitTree]).
//
// A folder that was measured before need not be read again as a whole: see
// [TreeOptions.Previous] for what this saves and what it gives up.
//
// [TreeOptions.Progress] tells how far a measurement has come. What cannot be
// measured ends it, unless [TreeOptions.OnError] says otherwise: then the tree is
// partial, says so ([Tree.Errors]) and matches nothing.
//
// # Claims about trees
//
// A [Manifest] says what a tree should hold. [Tree.Match] compares them and names
// all that is missing, extra or changed at once; [Diff] compares two trees. [FS]
// is a file system that hands out a file only after it has matched.
//
// # Errors
//
// Every error is an [*Error] with a stable [Code], a [*MismatchError], or the
// error of the context.
package hash

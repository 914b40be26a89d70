// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package gomod

import "github.com/tallystick/tallystick/verify"

// Codes of the checks and errors of this package. They are stable; see
// [verify.Code].
const (
	// CodeOptions: the caller asked for something that makes no sense.
	CodeOptions verify.Code = "gomod/options"
	// CodeNotFound: a lookup or a tile is not in the files of the database.
	CodeNotFound verify.Code = "gomod/not-found"
	// CodeRead: a file of the database could not be read or is too large.
	CodeRead verify.Code = "gomod/read"

	// CodeModule: what the database says about one module version.
	CodeModule verify.Code = "gomod/module"
	// CodeSignature: the tree head, signed by the key of the database.
	CodeSignature verify.Code = "gomod/signature"
	// CodeFork: an earlier tree head and this one belong to one history.
	CodeFork verify.Code = "gomod/fork"
	// CodeInclusion: the record is in the tree of the signed head.
	CodeInclusion verify.Code = "gomod/inclusion"
	// CodeRecord: the record is the two lines of the module version asked for.
	CodeRecord verify.Code = "gomod/record"

	// CodeToolchain: a GOROOT is a Go toolchain that the database recorded.
	CodeToolchain verify.Code = "gomod/toolchain"
	// CodeMismatch: a module's zip is the one of the record.
	CodeMismatch verify.Code = "gomod/mismatch"
	// CodeFiles: the files of a GOROOT are those of the toolchain's module.
	CodeFiles verify.Code = "gomod/files"
	// CodeDiffers: a file of GOROOT is not what the module has under its name.
	CodeDiffers verify.Code = "gomod/differs"
	// CodeExtra: GOROOT has something that the module has not.
	CodeExtra verify.Code = "gomod/extra"
	// CodeMissing: the module has a file that GOROOT has not.
	CodeMissing verify.Code = "gomod/missing"
	// CodeAllowed: a difference that the caller allowed.
	CodeAllowed verify.Code = "gomod/allowed"
	// CodeUnused: the caller allowed a difference that there is not.
	CodeUnused verify.Code = "gomod/unused"
)

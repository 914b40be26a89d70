// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package gomod_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "make testdata/toy anew")

// TestToy makes the input of ExampleVerifyToolchain: a database with a record of
// a toolchain of three files, its zip, and a GOROOT in which go.env differs. With
// -update it is written; the example is its test.
func TestToy(t *testing.T) {
	if !*update {
		t.Skip("only with -update")
	}
	// No go.mod here: it would begin another module in this repository.
	files := map[string]string{"VERSION": "go1.99.0\n", "bin/go": "#!/bin/sh\n", "go.env": "GOTOOLCHAIN=auto\n"}
	module := asModule(files)
	db := newTestDB(t, "sum.example")
	db.grow(3)
	db.records[toolchainName] = recordOf(toolchainPath, toolchainVersion, hash1(t, module), h1("go.mod"))
	dir := filepath.Join("testdata", "toy")
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	write(t, dir, map[string]string{"key": db.key, "toolchain.zip": string(zipOf(t, module))})
	if err := os.CopyFS(filepath.Join(dir, "sumdb"), db.files(toolchainPath, toolchainVersion)); err != nil {
		t.Fatal(err)
	}
	files["go.env"] = "GOTOOLCHAIN=local\n"
	write(t, filepath.Join(dir, "goroot"), files)
}

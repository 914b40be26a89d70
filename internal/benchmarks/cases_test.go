// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"testing"
)

// Every contender does its work, and none is content with nothing.
func TestChildren(t *testing.T) {
	dir := t.TempDir()
	if err := makeTree(filepath.Join(dir, "tree"), 250, 100); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "file")
	if err := makeFile(file, 3<<20); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Size() != 3<<20 {
		t.Errorf("file of %v, %v", info.Size(), err)
	}
	t.Chdir(filepath.Join(dir, "tree"))
	for _, args := range [][]string{
		{"tree", "sha256,sha512", "."},
		append([]string{"tree", "sha256", "."}, excludes...),
		{"in-toto", "sha256,sha512", "."},
		append([]string{"in-toto", "sha256", "."}, excludes...),
		{"dirhash", "."},
		{"file", file, "sha256", "sha512"},
		{"serial", file, "sha256", "sha512"},
		{"plain", file},
	} {
		if err := child(t.Context(), args[0], args[1:]); err != nil {
			t.Errorf("%v: %v", args, err)
		}
	}
	empty := t.TempDir()
	for _, args := range [][]string{{"tree", "sha256", empty}, {"in-toto", "sha256", empty}, {"file", empty, "sha256"}, {"nonsense"}} {
		if err := child(t.Context(), args[0], args[1:]); err == nil {
			t.Errorf("%v: content with nothing", args)
		}
	}
}

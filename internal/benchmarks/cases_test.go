// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
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

// So do those of the cases that are made for both sides.
func TestCases(t *testing.T) {
	m := &maker{dir: t.TempDir(), only: regexp.MustCompile(`^(layout|layout-dsse|rules|rules-suffix|tuf-10000|tuf-download|tuf-cached|dsse-large)$`)}
	for _, make := range []func(context.Context) error{m.layoutCases, m.tufCases, m.dsseCases} {
		if err := make(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(m.cases) != 8 {
		t.Errorf("%d cases", len(m.cases))
	}
	for _, c := range m.cases {
		if len(c.Contenders) < 2 {
			t.Errorf("%s: nothing to compare with", c.Name)
		}
		for _, who := range c.Contenders {
			t.Run(c.Name+"/"+who.Name, func(t *testing.T) {
				t.Chdir(who.Dir)
				if err := child(t.Context(), who.Argv[2], who.Argv[3:]); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

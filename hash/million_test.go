// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash_test

import (
	"flag"
	"os"
	"strconv"
	"testing"

	"github.com/tallystick/tallystick/hash"
)

// It writes a million files and takes minutes.
var million = flag.Bool("million", false, "run TestMillion")

func TestMillion(t *testing.T) {
	if !*million {
		t.Skip("only with -million")
	}
	const n = 1_000_000
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for i := range n {
		if err := root.WriteFile(strconv.Itoa(i), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	bothWalkers(t, func(t *testing.T, measure measureFunc) {
		tree, err := measure(t.Context(), dir, nil)
		if err != nil {
			t.Fatal(err)
		}
		if tree.Len() != n {
			t.Errorf("%d entries", tree.Len())
		}
		if _, err := tree.DirHash(""); err != nil {
			t.Error(err)
		}
		_, err = measure(t.Context(), dir, &hash.TreeOptions{MaxFiles: n - 1})
		wantError(t, err, hash.CodeLimit, dir)
	})
}

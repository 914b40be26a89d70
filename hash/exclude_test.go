// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash

import (
	"path"
	"strings"
	"testing"
)

// Patterns that are looked up in a quicker way mean what they mean to path.Match.
func TestExcluderIsPathMatch(t *testing.T) {
	names := []string{"a", ".pyc", "a.pyc", "a.pyc.pyc", "a.py", "apyc", "a.pyc~", "~", "a~b~", "ü.pyc", "\xff.pyc", "a\n.pyc", "*.pyc", `a\.pyc`, "[a].pyc"}
	quick := 0
	for _, glob := range []string{"*", "*.pyc", "*~", "*c", "**", "*?", "*[c]", `*\c`, "a*", "a.pyc", "*.pyc/", "*ü.pyc", "*\xff.pyc"} {
		x, err := newExcluder([]string{glob})
		if err != nil {
			t.Fatal(err)
		}
		quick += len(x.endings)
		for _, name := range names {
			for _, folder := range []bool{false, true} {
				want, err := path.Match(strings.TrimSuffix(glob, "/"), name)
				if err != nil {
					t.Fatal(err)
				}
				want = want && (folder || !strings.HasSuffix(glob, "/"))
				if got := x.match("dir/"+name, name, folder); got != want {
					t.Errorf("%q excludes %q (folder: %t): %t, want %t", glob, name, folder, got, want)
				}
			}
		}
	}
	if quick != 7 {
		t.Errorf("%d patterns are endings", quick)
	}
}

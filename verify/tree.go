// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"errors"
	"fmt"

	"github.com/tallystick/tallystick/hash"
)

// maxNames is how many names of one kind a check lists.
const maxNames = 20

// SameTree is satisfied when a measured tree has exactly the entries that a
// manifest lists: nothing missing, nothing extra, nothing changed. A failure
// names the files, up to 20 of each kind.
//
// It looks at the tree and not at the artifact of the call, so it rests on
// nobody's word and can only narrow: use it inside [All], next to the claim that
// the manifest comes from. That is how the files inside of a source tarball are
// held against what the developers recorded, while the tarball itself is held
// against the claims about it.
func SameTree(t *hash.Tree, m *hash.Manifest) Policy { return sameTree{t, m} }

type sameTree struct {
	tree     *hash.Tree
	manifest *hash.Manifest
}

func (p sameTree) Evaluate(hash.Artifact, []Claim) Check {
	check := Check{Code: hash.CodeMismatch, Status: Fail, What: "files of the tree"}
	if p.tree == nil || p.manifest.Len() == 0 {
		check.Code, check.Expected, check.Found = CodeNoPolicy, "a tree and a manifest that lists something", "none"
		return check
	}
	check.Expected = fmt.Sprintf("the %d listed", p.manifest.Len())
	err := p.tree.Match(p.manifest)
	if err == nil {
		check.Status = Pass
		check.What = fmt.Sprintf("files of the tree: all %d as listed", p.manifest.Len())
		check.Expected = ""
		return check
	}
	mismatch, ok := errors.AsType[*hash.MismatchError](err)
	if !ok {
		check.Detail = err.Error()
		return check
	}
	check.Found = fmt.Sprintf("%d missing, %d extra, %d changed", len(mismatch.Missing), len(mismatch.Extra), len(mismatch.Changed))
	list := func(kind string, n int, name func(i int) Check) {
		for i := range min(n, maxNames) {
			c := name(i)
			c.Code, c.Status, c.What = hash.CodeMismatch, Fail, kind+" "+c.What
			check.Checks = append(check.Checks, c)
		}
		if n > maxNames {
			check.Checks = append(check.Checks, Check{Code: hash.CodeMismatch, Status: Fail, What: fmt.Sprintf("%d more %s", n-maxNames, kind)})
		}
	}
	list("extra file", len(mismatch.Extra), func(i int) Check {
		return Check{What: hash.EscapeName(mismatch.Extra[i])}
	})
	list("changed file", len(mismatch.Changed), func(i int) Check {
		c := Check{What: hash.EscapeName(mismatch.Changed[i].Name)}
		for _, d := range mismatch.Changed[i].Differences {
			c.Expected = join(c.Expected, d.Field+" "+d.Want)
			c.Found = join(c.Found, d.Field+" "+d.Got)
		}
		return c
	})
	list("missing file", len(mismatch.Missing), func(i int) Check {
		return Check{What: hash.EscapeName(mismatch.Missing[i])}
	})
	return check
}

func join(a, b string) string {
	if a == "" {
		return b
	}
	return a + ", " + b
}

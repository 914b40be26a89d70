// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"fmt"
	"testing"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/verify"
)

// listOf returns a list of artifacts with one digest each.
func listOf(t testing.TB, names ...string) *artifactList {
	t.Helper()
	var builder listBuilder
	for _, name := range names {
		builder.names = append(builder.names, name...)
		builder.addDigest(hash.SHA256, make([]byte, 32))
		if err := builder.add(); err != nil {
			t.Fatal(err)
		}
		builder.digests = builder.digests[:0]
	}
	list, err := builder.finish()
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func rulesOf(t testing.TB, list ...[]string) (out []rule) {
	t.Helper()
	for _, words := range list {
		r, err := parseRule(words, nil)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

// BenchmarkRules applies the rules of one step to 10,000 artifacts, of which each
// is consumed by one of the rules, however many there are.
func BenchmarkRules(b *testing.B) {
	for _, form := range []struct {
		name  string
		words func(i int) []string
	}{
		{"MATCH prefix", func(i int) []string {
			return []string{"MATCH", fmt.Sprintf("src/dir%02d/*", i), "WITH", "PRODUCTS", "FROM", "self"}
		}},
		{"ALLOW prefix", func(i int) []string { return []string{"ALLOW", fmt.Sprintf("src/dir%02d/*", i)} }},
		{"MATCH suffix", func(i int) []string {
			return []string{"MATCH", fmt.Sprintf("*-%02d.go", i), "WITH", "PRODUCTS", "FROM", "self"}
		}},
		{"ALLOW suffix", func(i int) []string { return []string{"ALLOW", fmt.Sprintf("*-%02d.go", i)} }},
		{"ALLOW infix", func(i int) []string { return []string{"ALLOW", fmt.Sprintf("*dir%02d/f*", i)} }},
	} {
		for _, n := range []int{4, 64} {
			var names []string
			for i := range 10_000 {
				names = append(names, fmt.Sprintf("src/dir%02d/file%05d-%02d.go", i%(n-1), i, i%(n-1)))
			}
			list := listOf(b, names...)
			ev := newEvidence(list, list)
			var words [][]string
			for i := range n - 1 {
				words = append(words, form.words(i))
			}
			rules := rulesOf(b, append(words, []string{"DISALLOW", "*"})...)
			b.Run(fmt.Sprintf("%s x%d", form.name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					run := ruleRun{rules: rules, evidence: ev, side: materials, others: map[string]*evidence{"self": ev},
						work: &meter{left: 1 << 40}, hints: &meter{left: 1 << 40}}
					if c := run.run(); c.Status != verify.Pass {
						b.Fatal(c)
					}
				}
			})
		}
	}
}

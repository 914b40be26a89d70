// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"fmt"
	"testing"

	"github.com/tallystick/tallystick/verify"
)

// BenchmarkRules applies the rules of one step to 10,000 artifacts.
func BenchmarkRules(b *testing.B) {
	var builder listBuilder
	for i := range 10_000 {
		builder.names = fmt.Appendf(builder.names, "src/dir%02d/file%05d.go", i/100, i)
		builder.addDigest(1, make([]byte, 32))
		if err := builder.add(); err != nil {
			b.Fatal(err)
		}
		builder.digests = builder.digests[:0]
	}
	list, err := builder.finish()
	if err != nil {
		b.Fatal(err)
	}
	ev := newEvidence(list, list)
	for _, n := range []int{4, 64} {
		for _, form := range []struct {
			name  string
			words func(i int) []string
		}{
			{"MATCH prefix", func(i int) []string {
				return []string{"MATCH", fmt.Sprintf("src/dir%02d/*", i), "WITH", "PRODUCTS", "FROM", "self"}
			}},
			{"ALLOW suffix", func(i int) []string { return []string{"ALLOW", fmt.Sprintf("*%02d.go", i)} }},
			{"ALLOW name", func(i int) []string { return []string{"ALLOW", fmt.Sprintf("src/dir%02d/file%05d.go", i, 100*i)} }},
		} {
			var rules []rule
			for i := range n - 1 {
				r, err := parseRule(form.words(i), nil)
				if err != nil {
					b.Fatal(err)
				}
				rules = append(rules, r)
			}
			last, err := parseRule([]string{"ALLOW", "*"}, nil)
			if err != nil {
				b.Fatal(err)
			}
			rules = append(rules, last)
			b.Run(fmt.Sprintf("%s x%d", form.name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					work := int64(1 << 40)
					run := ruleRun{rules: rules, evidence: ev, side: materials, others: map[string]*evidence{"self": ev}, work: &work}
					if c := run.run(); c.Status != verify.Pass {
						b.Fatal(c)
					}
				}
			})
		}
	}
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package layout_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/tallystick/tallystick/provenance/layout"
)

// BenchmarkVerify verifies two steps with 100,000 artifacts in each link and 16
// rules.
func BenchmarkVerify(b *testing.B) {
	var all []string
	for i := range 100_000 {
		all = append(all, fmt.Sprintf("src/dir%03d/file%06d.go", i/500, i))
	}
	artifacts := files(all...)
	var match [][]string
	for i := range 14 {
		match = append(match, []string{"MATCH", fmt.Sprintf("src/dir%03d/*", i), "WITH", "PRODUCTS", "FROM", "write"})
	}
	match = append(match, []string{"MATCH", "*", "WITH", "PRODUCTS", "FROM", "write"}, []string{"DISALLOW", "*"})
	doc := newLayout([]string{"alice", "bob"},
		step("write", 1, rules(), rules([]string{"CREATE", "*"}, []string{"DISALLOW", "*"}), "alice"),
		step("build", 1, match, rules([]string{"CREATE", "app"}, []string{"DISALLOW", "*"}), "bob"))
	write, build := link("write", obj{}, artifacts), link("build", artifacts, files("app"))
	for _, form := range []struct {
		name string
		sign func(any, ...string) []byte
	}{{"DSSE", dsse}, {"older form", legacy}} {
		layoutBytes := form.sign(doc, "owner")
		w := world{links: map[string][]byte{"write.link": form.sign(write, "alice"), "build.link": form.sign(build, "bob")}}
		source, keys := layout.DirLinks(w.fs()), keySet(b, "owner")
		b.Run(form.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(w.links["write.link"]) + len(w.links["build.link"])))
			for b.Loop() {
				if _, err := layout.Verify(context.Background(), layoutBytes, keys, source, layout.Options{Time: now}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"

	"github.com/tallystick/tallystick/provenance/gomod"
	"github.com/tallystick/tallystick/verify"
)

// maxShown is how many differences the short form shows.
const maxShown = 20

// summary returns a report in one screen. A report that is not about files is
// short by itself.
func summary(r *verify.Report) string {
	whole := find(r.Checks, gomod.CodeToolchain)
	files := find(r.Checks, gomod.CodeFiles)
	if whole == nil || files == nil {
		return r.String()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", whole.What)
	for _, i := range whole.Issuers {
		fmt.Fprintf(&b, "  as recorded by %s\n", i)
	}
	if files.Detail != "" {
		fmt.Fprintf(&b, "  files: %s\n", files.Detail)
	}
	for i, c := range files.Checks {
		if i == maxShown {
			fmt.Fprintf(&b, "  ... and %d more (-json shows all)\n", len(files.Checks)-i)
			break
		}
		line(&b, strings.TrimPrefix(string(c.Code), "gomod/"), c)
	}
	if allowed := find(r.Checks, gomod.CodeAllowed); allowed != nil {
		for i, c := range allowed.Checks {
			if i == maxShown {
				fmt.Fprintf(&b, "  ... and %d more (-json shows all)\n", len(allowed.Checks)-i)
				break
			}
			word := "allowed"
			if c.Status != verify.Pass {
				word = "unused"
			}
			line(&b, word, c)
		}
	}
	var folders, rest []string
	for _, s := range r.NotCovered {
		if name, ok := strings.CutPrefix(s, "folder "); ok {
			name, _, _ = strings.Cut(name, ":")
			folders = append(folders, name)
		} else {
			rest = append(rest, s)
		}
	}
	if len(folders) > 0 {
		rest = append([]string{"the folders " + strings.Join(folders, ", ") + " (not in the module)"}, rest...)
	}
	if len(rest) > 0 {
		fmt.Fprintf(&b, "  not attested:\n    %s\n", strings.Join(rest, "\n    "))
	}
	fmt.Fprintf(&b, "%s\n", strings.ToUpper(string(r.Verdict)))
	return b.String()
}

// line writes a difference as a line of the file of -allow would have it, with a
// word before and a reason after it.
func line(b *strings.Builder, word string, c verify.Check) {
	fmt.Fprintf(b, "  %-8s %s", word, c.What)
	if c.Found != "" && c.Found != "nothing" {
		fmt.Fprintf(b, " %s", c.Found)
	}
	if c.Detail != "" {
		fmt.Fprintf(b, "  (%s)", c.Detail)
	}
	b.WriteByte('\n')
}

// find returns the first check with a code, outer ones first.
func find(checks []verify.Check, code verify.Code) *verify.Check {
	for i := range checks {
		if checks[i].Code == code {
			return &checks[i]
		}
	}
	for i := range checks {
		if c := find(checks[i].Checks, code); c != nil {
			return c
		}
	}
	return nil
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package safe

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestQuote(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"", `""`},
		{"plain", `"plain"`},
		{"a\n\x1b[2Jb", `"a\n\x1b[2Jb"`},
		{"\xff", `"\xff"`},
		{"\u202egnp.exe", `"\u202egnp.exe"`},
		{strings.Repeat("a", 128), `"` + strings.Repeat("a", 128) + `"`},
		{strings.Repeat("a", 129), `"` + strings.Repeat("a", 128) + `"... (129 bytes)`},
		{strings.Repeat("a", 127) + "é", `"` + strings.Repeat("a", 127) + `"... (129 bytes)`},
		{strings.Repeat("\x80", 200), `"` + strings.Repeat(`\x80`, 124) + `"... (200 bytes)`},
	} {
		if got := Quote(test.in); got != test.want {
			t.Errorf("Quote(%q) = %s, want %s", test.in, got, test.want)
		}
	}
}

func TestLine(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"", ""},
		{`plain "quoted" \n é`, `plain "quoted" \n é`},
		{"two\nlines", `two\nlines`},
		{"\x1b[2J", `\x1b[2J`},
		{"a\xffb", `a\xffb`},
		{"really \uFFFD", "really \uFFFD"},
		{"\u202e", `\u202e`},
	} {
		if got := Line(test.in); got != test.want {
			t.Errorf("Line(%q) = %s, want %s", test.in, got, test.want)
		}
	}
}

func FuzzSafe(f *testing.F) {
	f.Add("a\n\xff\u202e\uFFFD" + strings.Repeat("é", 100))
	f.Fuzz(func(t *testing.T, s string) {
		for _, got := range []string{Line(s), Quote(s)} {
			if !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Fatalf("%q became %q", s, got)
			}
		}
		if once := Line(s); Line(once) != once {
			t.Fatalf("Line is not idempotent on %q", s)
		}
	})
}

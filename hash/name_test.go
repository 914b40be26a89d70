// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash_test

import (
	"errors"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/tallystick/tallystick/hash"
)

func TestEscapeName(t *testing.T) {
	for name, want := range map[string]string{
		"":                 "",
		"a/b c":            "a/b c",
		"na\u00efve":       "na\u00efve",
		`a\b`:              `a\\b`,
		"a\nb\rc\td":       `a\nb\rc\td`,
		"\x1b[2J":          `\x1b[2J`,
		"\x00\x7f":         `\x00\x7f`,
		"a\xffb":           `a\xffb`,
		"\xe2\x80":         `\xe2\x80`,
		"\u202egpj.exe":    `\xe2\x80\xaegpj.exe`,
		"\u2028":           `\xe2\x80\xa8`,
		"\u200b":           `\xe2\x80\x8b`,
		"\ufffd":           "\ufffd",
		"\ufffd\xff":       "\ufffd" + `\xff`,
		"\xed\xa0\x80":     `\xed\xa0\x80`, // a surrogate
		`\n`:               `\\n`,
		"nbsp\u00a0.":      `nbsp\xc2\xa0.`,
		"\U0001f600":       "\U0001f600",
		"\xf4\x90\x80\x80": `\xf4\x90\x80\x80`, // above U+10FFFF
	} {
		got := hash.EscapeName(name)
		if got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
		if back, err := hash.UnescapeName(got); err != nil || back != name {
			t.Errorf("%q: back is %q, %v", name, back, err)
		}
	}
	for _, s := range []string{
		`\`, `a\`, `\a`, `\0`, `\x`, `\x1`, `\x1G`, `\X1b`, `\x1B`, `\u202e`, `\"`,
		`\x61`, `\x0a`, `\x5c`, `\xc3\xaf`, "\n", "\xff", "\u202e", "a\tb", `\\\`,
	} {
		if name, err := hash.UnescapeName(s); !errors.Is(err, hash.CodeName) || name != "" {
			t.Errorf("%q gives %q, %v", s, name, err)
		}
	}
}

func FuzzName(f *testing.F) {
	for _, s := range []string{"", "a\nb", `a\nb`, "\xff\xfe", `\xff`, "\u202e", "\ufffd", `\\`, "\xe2\x80\xae"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e := hash.EscapeName(s)
		if !utf8.ValidString(e) {
			t.Fatalf("%q is not UTF-8", e)
		}
		for _, r := range e {
			if !unicode.IsPrint(r) {
				t.Fatalf("%q has %U", e, r)
			}
		}
		if back, err := hash.UnescapeName(e); err != nil || back != s {
			t.Fatalf("%q escaped is %q and back %q, %v", s, e, back, err)
		}
		if name, err := hash.UnescapeName(s); err == nil && hash.EscapeName(name) != s {
			t.Fatalf("%q is not the one spelling of %q", s, name)
		}
	})
}

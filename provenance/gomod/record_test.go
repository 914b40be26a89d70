// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package gomod

import (
	"strings"
	"testing"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/verify"
)

// A record that is accepted has one spelling.
func FuzzParseRecord(f *testing.F) {
	const path, version = "example.com/m", "v1.0.0"
	h := "h1:" + strings.Repeat("A", 43) + "="
	good := path + " " + version + " " + h + "\n" + path + " " + version + "/go.mod " + h + "\n"
	for _, seed := range []string{
		good, good[:len(good)-1], good + "\n", good + good, "\n" + good,
		strings.Replace(good, "=", "", 1), strings.Replace(good, "h1", "h2", 1), strings.Replace(good, " v1", "  v1", 1),
		strings.ReplaceAll(good, "A=", "B="), "", "\n\n", strings.ReplaceAll(good, "\n", "\r\n"),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		r, check := parseRecord(text, path, version)
		if check.Status != verify.Pass {
			if r != (record{}) || check.Code != CodeRecord || check.Found == "" || check.Expected == "" {
				t.Fatalf("refused without a reason: %+v %+v", r, check)
			}
			return
		}
		zip, err := hash.FormatH1(r.zip)
		if err != nil {
			t.Fatal(err)
		}
		goMod, err := hash.FormatH1(r.goMod)
		if err != nil {
			t.Fatal(err)
		}
		if want := path + " " + version + " " + zip + "\n" + path + " " + version + "/go.mod " + goMod + "\n"; string(text) != want {
			t.Fatalf("%q was taken for %q", text, want)
		}
	})
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/tallystick/tallystick/hash"
)

// Names that coreutils would take for something else are refused, both ways.
func TestSumsNamesOfOthers(t *testing.T) {
	const digits = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	if m, err := hash.ParseSums([]byte(digits+"  name\r\n"), hash.SHA256); !errors.Is(err, hash.CodeManifest) {
		t.Errorf("carriage return: %v, %v", m, err)
	}
	if m, err := hash.ParseSums([]byte(`\`+digits+`  name\r`+"\n"), hash.SHA256); err != nil || m.Len() != 1 {
		t.Errorf("escaped carriage return: %v", err)
	}
	a, err := hash.Measure(t.Context(), strings.NewReader("abc"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := hash.NewManifest(hash.ManifestEntry{Name: "-", Digests: a.Digests()})
	if err != nil {
		t.Fatal(err)
	}
	for _, write := range []func(hash.Algorithm) ([]byte, error){m.Sums, m.Tagged} {
		if b, err := write(hash.SHA256); !errors.Is(err, hash.CodeName) {
			t.Errorf("standard input: %s, %v", b, err)
		}
	}
}

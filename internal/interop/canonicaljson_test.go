// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"

	"github.com/secure-systems-lab/go-securesystemslib/cjson"
	"github.com/tallystick/tallystick/internal/canonicaljson"
	"github.com/tallystick/tallystick/internal/strictjson"
)

// peerCanonical is the canonical form as go-securesystemslib has it. Numbers
// are kept as text, as in-toto-golang and go-tuf do.
func peerCanonical(raw []byte) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	return cjson.EncodeCanonical(v)
}

var canonicalSeeds = []string{
	`{"b":1,"a":{"z":[],"y":null,"x":"\n\"\\\u00e9"}}`,
	`{"\ud83d\ude00":1,"\uffff":2,"é":3}`,
	`[true,false,null,0,-1,9223372036854775807,"\u0000\u001f\u007f\u2028"]`,
	` { "a" : [ 1 , 2 ] } `,
	`1.5`, `1e3`, `-0`, `9223372036854775808`,
}

// Whatever we call canonical is what the peer calls canonical.
func FuzzCanonicalJSON(f *testing.F) {
	for _, s := range canonicalSeeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := canonicaljson.Canonical(raw, strictjson.Limits{Bytes: 1 << 16, Depth: 64})
		if err != nil {
			return
		}
		want, err := peerCanonical(raw)
		if err != nil {
			t.Fatalf("only we accept %q: %v", raw, err)
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("%q\nours  %q\npeers %q", raw, got, want)
		}
	})
}

// What the peer accepts and we refuse is refused for a reason on this list.
func TestCanonicalJSONRefusals(t *testing.T) {
	for _, test := range []struct {
		raw    string
		reason strictjson.Reason
	}{
		{`{"a":1,"a":2}`, strictjson.DuplicateMember},
		{"\"\xff\"", strictjson.BadUTF8},
		{`"\ud800"`, strictjson.BadUTF8},
		{`-0`, strictjson.OutOfRange},
		{`{} {}`, strictjson.TrailingData},
	} {
		if _, err := canonicaljson.Canonical([]byte(test.raw), strictjson.Limits{}); !errors.Is(err, test.reason) {
			t.Errorf("%q: %v, want %s", test.raw, err, test.reason)
		}
	}
}

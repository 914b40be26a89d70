// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package canonicaljson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/tallystick/tallystick/internal/strictjson"
)

// What go-securesystemslib v0.11.1 computes, by cjson.EncodeCanonical of the
// input as a json.RawMessage.
var vectors = []struct{ name, in, want string }{
	{"empty object", ` { } `, `{}`},
	{"empty array", `[ ]`, `[]`},
	{"empty string", `""`, `""`},
	{"null", `null`, `null`},
	{"true", `true`, `true`},
	{"false", "\nfalse\n", `false`},
	{"zero", `0`, `0`},
	{"minus one", `-1`, `-1`},
	{"largest integer", `9223372036854775807`, `9223372036854775807`},
	{"smallest integer", `-9223372036854775808`, `-9223372036854775808`},
	{"not sorted", `{"b":1,"a":2}`, `{"a":2,"b":1}`},
	{"sorted", `{"a":1,"b":2}`, `{"a":1,"b":2}`},
	{"nested", `{ "x" : [ 1 , { "z" : [ ] , "y" : { } } ] }`, `{"x":[1,{"y":{},"z":[]}]}`},
	{"all escapes", `"\"\\\/\b\f\n\r\t\u0000\u001f\u007f\u00e9\u2028\ud83d\ude00"`, "\"\\\"\\\\/\b\f\n\r\t\x00\x1f\x7fé\u2028😀\""},
	{"HTML", `"<>&"`, `"<>&"`},
	{"HTML escaped", `"\u003c\u003e\u0026"`, `"<>&"`},
	{"quote and backslash by number", `"\u0022\u005c"`, `"\"\\"`},
	{"names outside the BMP", "{\"\U0001f600\":1,\"\uffee\":2,\"\ue000\":3,\"z\":4,\"\u00e9\":5}", "{\"z\":4,\"é\":5,\"\ue000\":3,\"\uffee\":2,\"\U0001f600\":1}"},
	{"names outside the BMP, escaped", `{"\ud83d\ude00":1,"\uffee":2,"\ue000":3,"z":4,"\u00e9":5}`, "{\"z\":4,\"é\":5,\"\ue000\":3,\"\uffee\":2,\"\U0001f600\":1}"},
	{"quote in name", `{"a\"b":1,"a#b":2,"a!b":3}`, `{"a!b":3,"a\"b":1,"a#b":2}`},
	{"backslash in name", `{"a\\b":1,"a]b":2,"a[b":3}`, `{"a[b":3,"a\\b":1,"a]b":2}`},
	{"NUL and nothing as name", `{"a":1,"a\u0000":2,"":3}`, "{\"\":3,\"a\":1,\"a\x00\":2}"},
	{"control characters in names", `{"a\nb":1,"a b":2,"a\tb":3}`, "{\"a\tb\":3,\"a\nb\":1,\"a b\":2}"},
	{"capitals and digits", `{"B":1,"a":2,"A":3,"b":4,"_":5,"10":6,"9":7}`, `{"10":6,"9":7,"A":3,"B":1,"_":5,"a":2,"b":4}`},
	{"RSA key", `{"keyid_hash_algorithms":["sha256","sha512"],"keytype":"rsa","keyval":{"private":"","public":"-----BEGIN PUBLIC KEY-----\nMIIB\/+==\n-----END PUBLIC KEY-----\n"},"scheme":"rsassa-pss-sha256"}`,
		`{"keyid_hash_algorithms":["sha256","sha512"],"keytype":"rsa","keyval":{"private":"","public":"-----BEGIN PUBLIC KEY-----` + "\nMIIB/+==\n" + `-----END PUBLIC KEY-----` + "\n" + `"},"scheme":"rsassa-pss-sha256"}`},
	{"root metadata", `{"signed":{"version":1,"_type":"root","expires":"2030-01-01T00:00:00Z","spec_version":"1.0.31","consistent_snapshot":true,"roles":{"root":{"threshold":1,"keyids":["b","a"]}},"keys":{}}}`,
		`{"signed":{"_type":"root","consistent_snapshot":true,"expires":"2030-01-01T00:00:00Z","keys":{},"roles":{"root":{"keyids":["b","a"],"threshold":1}},"spec_version":"1.0.31","version":1}}`},
}

func TestVectors(t *testing.T) {
	for _, tt := range vectors {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Canonical([]byte(tt.in), strictjson.Limits{})
			if err != nil || string(got) != tt.want {
				t.Errorf("Canonical(%s)\n= %q, %v\nwant %q", tt.in, got, err, tt.want)
			}
			check(t, []byte(tt.in))
		})
	}
}

func TestRefused(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		reason   strictjson.Reason
		path     string
	}{
		{"fraction", `{"a":[1.5]}`, strictjson.WrongType, "a[0]"},
		{"fraction of nothing", `{"a":1.0}`, strictjson.WrongType, "a"},
		{"exponent", `{"a":1e2}`, strictjson.WrongType, "a"},
		{"negative zero", `{"a":-0}`, strictjson.OutOfRange, "a"},
		{"over int64", `{"a":9223372036854775808}`, strictjson.OutOfRange, "a"},
		{"under int64", `{"a":-9223372036854775809}`, strictjson.OutOfRange, "a"},
		{"long integer", `{"a":` + strings.Repeat("1", 1000) + `}`, strictjson.OutOfRange, "a"},
		{"duplicate", `{"a":1,"b":{"x":1,"\u0078":1}}`, strictjson.DuplicateMember, "b.x"},
		{"lone surrogate", `{"a":"\ud800"}`, strictjson.BadUTF8, "a"},
		{"invalid UTF-8", "{\"a\":\"\xff\"}", strictjson.BadUTF8, "a"},
		{"raw line feed", "{\"a\":\"\n\"}", strictjson.BadSyntax, "a"},
		{"trailing data", `{"a":1}{}`, strictjson.TrailingData, ""},
		{"nothing", ``, strictjson.BadSyntax, ""},
		{"too deep", strings.Repeat("[", 9) + strings.Repeat("]", 9), strictjson.TooDeep, "[0][0][0][0][0][0][0][0]"},
		{"too large", `"` + strings.Repeat("x", 1999) + `"`, strictjson.TooLarge, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Canonical([]byte(tt.in), strictjson.Limits{Bytes: 2000, Depth: 8})
			var e *strictjson.Error
			if got != nil || !errors.As(err, &e) || e.Reason != tt.reason || e.Path != tt.path {
				t.Errorf("Canonical = %q, %v, want an error with reason %s at %q", got, err, tt.reason, tt.path)
			}
		})
	}
}

func TestCanonicalInputIsNotCopied(t *testing.T) {
	for _, in := range []string{
		`{}`, `[]`, `0`, `"a"`, `{"a":[{"b":"\"\\é😀"},-1,null],"a\"":{"x":1,"y":{}},"a#":2}`, " [1] \n", `{"` + "\ue000" + `":1,"😀":2}`,
	} {
		raw := []byte(in)
		got, err := Canonical(raw, strictjson.Limits{})
		if err != nil || string(got) != strings.TrimSpace(in) {
			t.Fatalf("Canonical(%s) = %s, %v", in, got, err)
		}
		if &got[0] != &raw[strings.Index(in, string(got))] {
			t.Errorf("Canonical(%s) is a copy", in)
		}
		if cap(got) != len(got) {
			t.Errorf("Canonical(%s) has capacity %d, want %d: appending would change the input", in, cap(got), len(got))
		}
	}
}

// The input must never be changed, whatever its form.
func TestInputIsNotChanged(t *testing.T) {
	for _, tt := range vectors {
		raw := []byte(tt.in)
		Canonical(raw, strictjson.Limits{})
		if string(raw) != tt.in {
			t.Errorf("%s: the input is now %q", tt.name, raw)
		}
	}
}

// Nested objects in the wrong order must not be read or moved once for each
// level around them.
func TestDeepUnsortedObjectsCostNoMoreThanFlatOnes(t *testing.T) {
	const depth = 5000
	leaf := `"` + strings.Repeat("x", 1<<20) + `"`
	in := strings.Repeat(`{"b":0,"a":`, depth) + leaf + strings.Repeat(`}`, depth)
	want := strings.Repeat(`{"a":`, depth) + leaf + strings.Repeat(`,"b":0}`, depth)
	got, err := Canonical([]byte(in), strictjson.Limits{Depth: depth}) // 5 GB of copying if it were so
	if err != nil || string(got) != want {
		t.Errorf("Canonical = %.100q, %v", got, err)
	}
}

func TestOutputOfMarshal(t *testing.T) {
	raw, err := json.Marshal(struct {
		Version int64
		Name    string
		Meta    map[string]any
	}{1, "a<b>\u2028", map[string]any{"x": nil, "a": math.MaxInt64}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := Canonical(raw, strictjson.Limits{})
	if want := "{\"Meta\":{\"a\":9223372036854775807,\"x\":null},\"Name\":\"a<b>\u2028\",\"Version\":1}"; err != nil || string(got) != want {
		t.Errorf("Canonical = %s, %v, want %s", got, err, want)
	}
}

// naive computes the canonical form by decoding everything with encoding/json.
// It is right for input that Canonical accepts.
func naive(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return fmt.Sprint(v)
	case json.Number:
		return v.String()
	case string:
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(v) + `"`
	case []any:
		var items []string
		for _, item := range v {
			items = append(items, naive(item))
		}
		return "[" + strings.Join(items, ",") + "]"
	case map[string]any:
		var names, items []string
		for name := range v {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			items = append(items, naive(name)+":"+naive(v[name]))
		}
		return "{" + strings.Join(items, ",") + "}"
	}
	panic("no JSON value")
}

// escapeControls turns a canonical form into JSON. Control characters can only
// be in strings there.
func escapeControls(canonical []byte) []byte {
	var b bytes.Buffer
	for _, c := range canonical {
		if c < 0x20 {
			fmt.Fprintf(&b, `\u%04x`, c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.Bytes()
}

// check checks all that must hold of the canonical form of raw.
func check(t *testing.T, raw []byte) {
	limits := strictjson.Limits{}
	before := bytes.Clone(raw)
	got, err := Canonical(raw, limits)
	if !bytes.Equal(raw, before) {
		t.Fatalf("Canonical changed its input")
	}
	limits.Integers = true
	if valid := strictjson.Validate(raw, limits); (valid == nil) != (err == nil) {
		t.Fatalf("Validate = %v, Canonical = %v", valid, err)
	}
	if err != nil {
		if got != nil {
			t.Fatalf("Canonical = %q with error %v", got, err)
		}
		return
	}

	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		t.Fatalf("encoding/json refuses what Canonical accepts: %v", err)
	}
	if want := naive(v); string(got) != want {
		t.Fatalf("Canonical = %q, want %q", got, want)
	}

	escaped := escapeControls(got)
	if len(escaped) == len(got) {
		again, err := Canonical(got, limits)
		if err != nil || !bytes.Equal(again, got) || &again[0] != &got[0] {
			t.Fatalf("Canonical of the canonical %q = %q, %v, or a copy", got, again, err)
		}
	} else if _, err := Canonical(got, limits); !errors.Is(err, strictjson.BadSyntax) {
		t.Fatalf("Canonical of %q, which has control characters: error %v", got, err)
	}
	again, err := Canonical(escaped, limits)
	if err != nil || !bytes.Equal(again, got) {
		t.Fatalf("Canonical(%q) = %q, %v, want %q", escaped, again, err, got)
	}
}

func FuzzCanonical(f *testing.F) {
	for _, tt := range vectors {
		f.Add([]byte(tt.in))
	}
	f.Add([]byte(`{"b":{"d":[{"f":1,"e":[[],{}]},{}],"c":{}},"a":[{"z":{"y":0,"x":{}}},[{"b":0,"a":0}]]}`))
	f.Add([]byte(`{"\u0062":1,"a":{"\u0064":2,"c":"\u0022"}} `))
	f.Fuzz(check)
}

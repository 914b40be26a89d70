// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
)

// wantError checks that err is an *Error with the reason, offset and path given.
func wantError(t *testing.T, err error, reason Reason, offset int64, path string) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("error = %v, want an *Error with reason %s", err, reason)
	}
	if e.Reason != reason || e.Offset != offset || e.Path != path {
		t.Errorf("error = %v\nreason, offset, path = %s, %d, %q, want %s, %d, %q", err, e.Reason, e.Offset, e.Path, reason, offset, path)
	}
	if !errors.Is(err, reason) {
		t.Errorf("errors.Is(err, %s) = false", reason)
	}
}

func TestValidateAccepts(t *testing.T) {
	for _, in := range []string{
		`{}`, `[]`, `""`, `0`, `-0`, `-1`, `10`, `1.5`, `0.0`, `1e3`, `1E+3`, `-1.25e-10`, `1e-999`, `true`, `false`, `null`,
		" \t\r\n{ \"a\" : [ 1 , 2 ] , \"b\" : { } } \n",
		`"\"\\\/\b\f\n\r\t\u0000\u00e9\uD83D\uDE00"`, "\"\u00e9\u20ac\U0001f600\x7f\"",
		`{"a":1,"A":2}`, `{"a":{"a":{"a":1}}}`, `[{"a":1},{"a":1}]`, `{"":0}`,
		strings.Repeat("[", DefaultDepth) + strings.Repeat("]", DefaultDepth),
		`"12345678` + "\u00e9" + `12345678"`, strings.Repeat("9", 308), `"\ufeff"`, "\"\ufeff\"", "\"\ufffd\"",
	} {
		if err := Validate([]byte(in), Limits{}); err != nil {
			t.Errorf("Validate(%.60q) = %v", in, err)
		}
		if !json.Valid([]byte(in)) {
			t.Errorf("encoding/json refuses %.60q", in)
		}
	}
}

// Each case is refused, and refused for the reason given. Where encoding/json
// accepts, lax says so; these are the differences that an attacker could use.
var refused = []struct {
	name, in string
	reason   Reason
	offset   int64
	path     string
	lax      bool
}{
	{"empty", ``, BadSyntax, 0, "", false},
	{"only space", " \n", BadSyntax, 2, "", false},
	{"byte order mark", "\ufeff{}", BadSyntax, 0, "", false},
	{"comment", "/* */ 1", BadSyntax, 0, "", false},
	{"vertical tab", "\v1", BadSyntax, 0, "", false},
	{"no-break space", "\u00a01", BadSyntax, 0, "", false},
	{"trailing comma in object", `{"a":1,}`, BadSyntax, 7, "", false},
	{"trailing comma in array", `[1,]`, BadSyntax, 3, "[1]", false},
	{"only comma", `[,]`, BadSyntax, 1, "[0]", false},
	{"no comma in array", `[1 2]`, BadSyntax, 3, "[0]", false},
	{"no comma in object", `{"a":1 "b":2}`, BadSyntax, 7, "a", false},
	{"no colon", `{"a" 1}`, BadSyntax, 5, "a", false},
	{"no value", `{"a":}`, BadSyntax, 5, "a", false},
	{"number as name", `{1:1}`, BadSyntax, 1, "", false},
	{"name without quotes", `{a:1}`, BadSyntax, 1, "", false},
	{"single quotes", `'a'`, BadSyntax, 0, "", false},
	{"brackets crossed", `[{"a":1]}`, BadSyntax, 7, "[0].a", false},
	{"open array", `[1`, BadSyntax, 2, "[0]", false},
	{"open array after comma", `[1,`, BadSyntax, 3, "[1]", false},
	{"open object", `{`, BadSyntax, 1, "", false},
	{"open string", `"abc`, BadSyntax, 4, "", false},
	{"open escape", `"abc\`, BadSyntax, 4, "", false},
	{"raw newline", "\"a\nb\"", BadSyntax, 2, "", false},
	{"raw NUL", "\"a\x00b\"", BadSyntax, 2, "", false},
	{"raw control behind eight bytes", "\"123456789\x1f\"", BadSyntax, 10, "", false},
	{"unknown escape", `"\x41"`, BadSyntax, 1, "", false},
	{"short escape", `"\u12"`, BadSyntax, 1, "", false},
	{"escape with sign", `"\u+123"`, BadSyntax, 1, "", false},
	{"leading zero", `01`, BadSyntax, 0, "", false},
	{"leading zero after minus", `[-01]`, BadSyntax, 2, "[0]", false},
	{"minus alone", `-`, BadSyntax, 1, "", false},
	{"plus", `+1`, BadSyntax, 0, "", false},
	{"dot first", `.5`, BadSyntax, 0, "", false},
	{"dot last", `1.`, BadSyntax, 2, "", false},
	{"exponent empty", `1e+`, BadSyntax, 3, "", false},
	{"NaN", `{"a":NaN}`, BadSyntax, 5, "a", false},
	{"Infinity", `Infinity`, BadSyntax, 0, "", false},
	{"-Infinity", `-Infinity`, BadSyntax, 1, "", false},
	{"hexadecimal", `0x10`, TrailingData, 1, "", false},
	{"short literal", `tru`, BadSyntax, 0, "", false},
	{"capital literal", `True`, BadSyntax, 0, "", false},
	{"wrong literal", `[nulL]`, BadSyntax, 1, "[0]", false},
	{"long literal", `[truex]`, BadSyntax, 5, "[0]", false},
	{"trailing value", `{} {}`, TrailingData, 3, "", false},
	{"trailing bracket", `{}]`, TrailingData, 2, "", false},
	{"trailing NUL", "{}\x00", TrailingData, 2, "", false},
	{"number beyond float64", `{"a":[1e400]}`, OutOfRange, 6, "a[0]", false},
	{"number beyond float64 without exponent", strings.Repeat("9", 309), OutOfRange, 0, "", false},

	{"duplicate", `{"a":1,"b":2,"a":3}`, DuplicateMember, 13, "a", true},
	{"duplicate by escape", `{"a":1,"\u0061":3}`, DuplicateMember, 7, "a", true},
	{"duplicate by solidus escape", `{"a\/b":1,"a/b":3}`, DuplicateMember, 10, `["a/b"]`, true},
	{"duplicate by surrogate escape", "{\"\U0001f600\":1,\"\\ud83d\\uDe00\":3}", DuplicateMember, 10, `["\U0001f600"]`, true},
	{"duplicate empty name", `{"":1,"":3}`, DuplicateMember, 6, `[""]`, true},
	{"duplicate deep inside", `{"x":[0,{"y":{"a":1,"a":1}}]}`, DuplicateMember, 20, "x[1].y.a", true},
	{"duplicate after a nested object", `{"a":{"b":1,"c":2},"a":1}`, DuplicateMember, 19, "a", true},
	{"invalid UTF-8", "\"a\xff\"", BadUTF8, 2, "", true},
	{"truncated UTF-8", "\"\xe2\x82\"", BadUTF8, 1, "", true},
	{"overlong UTF-8", "\"\xc0\xaf\"", BadUTF8, 1, "", true},
	{"surrogate in UTF-8", "\"\xed\xa0\x80\"", BadUTF8, 1, "", true},
	{"beyond Unicode", "\"\xf4\x90\x80\x80\"", BadUTF8, 1, "", true},
	{"invalid UTF-8 in name", "{\"a\xff\":1}", BadUTF8, 3, "", true},
	{"lone high surrogate", `"\ud800"`, BadUTF8, 1, "", true},
	{"lone high surrogate before text", `"\ud800abcdef"`, BadUTF8, 1, "", true},
	{"lone low surrogate", `"\udc00"`, BadUTF8, 1, "", true},
	{"two high surrogates", `"\ud800\ud800"`, BadUTF8, 1, "", true},
	{"surrogates in the wrong order", `"\ude00\ud83d"`, BadUTF8, 1, "", true},
	{"high surrogate and bad escape", `"\ud800\uzzzz"`, BadSyntax, 1, "", false},
	{"too deep", strings.Repeat("[", DefaultDepth+1) + strings.Repeat("]", DefaultDepth+1), TooDeep, DefaultDepth,
		strings.Repeat("[0]", 42) + "[0..." + "0]" + strings.Repeat("[0]", 42), true},
}

func TestValidateRefuses(t *testing.T) {
	for _, tt := range refused {
		t.Run(tt.name, func(t *testing.T) {
			err := Validate([]byte(tt.in), Limits{})
			wantError(t, err, tt.reason, tt.offset, tt.path)
			var v any
			if lax := json.Unmarshal([]byte(tt.in), &v) == nil; lax != tt.lax {
				t.Errorf("encoding/json accepts: %v, want %v", lax, tt.lax)
			}
		})
	}
}

// A duplicate is found wherever it is, whether the object has few members or
// many, and other objects before, around and inside do not disturb that.
func TestDuplicateAtEveryPosition(t *testing.T) {
	for _, n := range []int{1, 2, 7, 8, 9, 15, 16, 17, 18, 31, 32, 33, 34, 65, 130} {
		var members strings.Builder
		members.WriteString(`[{"m0":0,"m1":1,"m2":2},{`)
		for i := range n {
			fmt.Fprintf(&members, `"m%d":{"m%d":[{"m0":{"x":%s}}]},`, i, i, manyMembers(i%40))
		}
		for dup := -1; dup < n; dup++ {
			var b strings.Builder
			b.WriteString(members.String())
			if dup >= 0 {
				fmt.Fprintf(&b, `"\u006d%d":0}]`, dup)
			} else {
				b.WriteString(`"z":0}]`)
			}
			err := Validate([]byte(b.String()), Limits{})
			if dup < 0 && err != nil {
				t.Fatalf("%d members without duplicate: %v", n, err)
			}
			if dup >= 0 && !errors.Is(err, DuplicateMember) {
				t.Fatalf("%d members, member %d twice: error = %v", n, dup, err)
			}
		}
	}
}

func manyMembers(n int) string {
	m := map[string]int{}
	for i := range n {
		m[fmt.Sprint("m", i)] = i
	}
	b, _ := json.Marshal(m)
	return string(b)
}

func TestLimits(t *testing.T) {
	in := []byte(`[[1]]`)
	for _, tt := range []struct {
		name   string
		limits Limits
		reason Reason // empty: accepted
		offset int64
		path   string
	}{
		{"defaults", Limits{}, "", 0, ""},
		{"exact", Limits{Bytes: 5, Depth: 2}, "", 0, ""},
		{"one byte over", Limits{Bytes: 4}, TooLarge, 0, ""},
		{"one level over", Limits{Depth: 1}, TooDeep, 1, "[0]"},
		{"negative size", Limits{Bytes: -1}, TooLarge, 0, ""},
		{"negative depth", Limits{Depth: -1}, TooDeep, 0, ""},
		{"huge", Limits{Bytes: math.MaxInt64, Depth: math.MaxInt}, "", 0, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := Validate(in, tt.limits)
			if tt.reason == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantError(t, err, tt.reason, tt.offset, tt.path)
		})
	}

	t.Run("depth has a ceiling", func(t *testing.T) {
		err := Validate(bytes.Repeat([]byte("["), 1<<20), Limits{Depth: math.MaxInt})
		if !errors.Is(err, TooDeep) {
			t.Errorf("error = %.200v, want %s", err, TooDeep)
		}
	})
	t.Run("size has a ceiling", func(t *testing.T) {
		if got := (Limits{Bytes: math.MaxInt64}).withDefaults().Bytes; got != math.MaxInt32 {
			t.Errorf("Bytes = %d, want %d: offsets have 31 bits", got, math.MaxInt32)
		}
	})
	t.Run("siblings do not count as depth", func(t *testing.T) {
		if err := Validate([]byte(`[[],[],{},{"a":[]}]`), Limits{Depth: 3}); err != nil {
			t.Error(err)
		}
	})
}

func TestDecode(t *testing.T) {
	const in = ` {"_type":"link", "unknown": {"_TYPE": [1.5]}, "n": -9223372036854775808, "t": true, "f":false,
		"none": null, "some": "x\u0079\n", "list": [ "a", {"a":1,"A":2} ], "raw": [1, {"q": "\""} ] } `
	type result struct {
		Type, Some string
		N          int64
		T, F, None bool
		List       []string
		Names      []string
		Raw        string
	}
	var got result
	schema := NewSchema("_type", "n", "t", "f", "none", "some", "list", "raw")
	d := NewDecoder([]byte(in), Limits{})
	err := d.Object(schema, func(name string) (err error) {
		got.Names = append(got.Names, name)
		switch name {
		case "_type":
			got.Type, err = d.String()
		case "n":
			got.N, err = d.Int64()
		case "t":
			got.T, err = d.Bool()
		case "f":
			got.F, err = d.Bool()
			got.F = !got.F
		case "none":
			got.None, err = d.Null()
		case "some":
			if null, err := d.Null(); null || err != nil {
				return err
			}
			got.Some, err = d.String()
		case "list":
			err = d.Array(func(i int) error {
				kind, err := d.Kind()
				if err != nil {
					return err
				}
				if kind == String {
					s, err := d.String()
					got.List = append(got.List, fmt.Sprint(i, s))
					return err
				}
				return d.Map(func(name string) error {
					n, err := d.Int64()
					got.List = append(got.List, fmt.Sprint(i, name, n))
					return err
				})
			})
		case "raw":
			var raw []byte
			raw, err = d.Raw()
			got.Raw = string(raw)
			if cap(raw) != len(raw) {
				t.Errorf("cap(raw) = %d, want %d: appending would change the input", cap(raw), len(raw))
			}
		default:
			err = d.Skip()
		}
		return err
	})
	if err == nil {
		err = d.End()
	}
	if err != nil {
		t.Fatal(err)
	}
	want := result{
		Type: "link", Some: "xy\n", N: math.MinInt64, T: true, F: true, None: true,
		List:  []string{"0a", "1a1", "1A2"},
		Names: []string{"_type", "unknown", "n", "t", "f", "none", "some", "list", "raw"},
		Raw:   `[1, {"q": "\""} ]`,
	}
	if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestCaseVariants(t *testing.T) {
	schema := NewSchema("keys", "threshold", "_type", "Straße")
	read := func(in string) error {
		d := NewDecoder([]byte(in), Limits{})
		return d.Object(schema, func(string) error { return d.Skip() })
	}
	for _, tt := range []struct {
		name, in string
		offset   int64
		path     string
	}{
		{"capital", `{"x":0,"Keys":1}`, 7, "Keys"},
		{"both spellings", `{"x":0,"keys":1,"KEYS":2}`, 16, "KEYS"},
		{"both spellings, known last", `{"x":0,"KEYS":2,"keys":1}`, 7, "KEYS"},
		{"by escape", `{"x":0,"\u004beys":1}`, 7, "Keys"},
		{"Kelvin sign", `{"x":0,"` + "\u212a" + `eys":1}`, 7, `["\u212aeys"]`},
		{"long s", `{"x":0,"key` + "\u017f" + `":1}`, 7, `["key\u017f"]`},
		{"long s by escape", `{"x":0,"thre\u017fhold":1}`, 7, `["thre\u017fhold"]`},
		{"sharp s", `{"x":0,"STRA` + "\u1e9e" + `E":1}`, 7, `["STRA\u1e9eE"]`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wantError(t, read(tt.in), CaseVariant, tt.offset, tt.path)
		})
	}
	for _, in := range []string{`{"keys":1,"key":2,"keyss":3,"_ type":4,"type":5}`, `{"other":1,"OTHER":2}`, `{"keys":{"KEYS":1}}`, `{"ſſ":1}`} {
		if err := read(in); err != nil {
			t.Errorf("%s: %v", in, err)
		}
	}
	t.Run("data may differ in case", func(t *testing.T) {
		d := NewDecoder([]byte(`{"xt_TCPMSS.c":1,"xt_tcpmss.c":2}`), Limits{})
		if err := d.Map(func(string) error { return d.Skip() }); err != nil {
			t.Error(err)
		}
	})
	t.Run("no schema", func(t *testing.T) {
		d := NewDecoder([]byte(`{}`), Limits{})
		wantError(t, d.Object(nil, nil), Misuse, 0, "")
	})
}

func TestInt64(t *testing.T) {
	for _, tt := range []struct {
		in     string
		want   int64
		reason Reason // empty: accepted
	}{
		{"0", 0, ""},
		{"-1", -1, ""},
		{"9223372036854775807", math.MaxInt64, ""},
		{"-9223372036854775808", math.MinInt64, ""},
		{"9223372036854775808", 0, OutOfRange},
		{"-9223372036854775809", 0, OutOfRange},
		{"100000000000000000000000000", 0, OutOfRange},
		{"-0", 0, OutOfRange},
		{"1.0", 0, WrongType},
		{"1e3", 0, WrongType},
		{"1E400", 0, OutOfRange},
		{"-0.0", 0, WrongType},
		{`"1"`, 0, WrongType},
		{"null", 0, WrongType},
		{"[1]", 0, WrongType},
		{"007", 0, BadSyntax},
		{"", 0, BadSyntax},
	} {
		d := NewDecoder([]byte(tt.in), Limits{})
		got, err := d.Int64()
		if tt.reason != "" {
			if got != 0 || !errors.Is(err, tt.reason) {
				t.Errorf("%s: %d, %v, want an error with reason %s", tt.in, got, err, tt.reason)
			}
		} else if got != tt.want || err != nil || d.End() != nil {
			t.Errorf("%s: %d, %v, want %d", tt.in, got, err, tt.want)
		}
	}
}

func TestLimitsIntegers(t *testing.T) {
	for in, reason := range map[string]Reason{
		"1.0": WrongType, "1e3": WrongType, "0.5": WrongType, "-0": OutOfRange, "9223372036854775808": OutOfRange,
	} {
		in = `{"a":[1,-1,` + in + `]}`
		wantError(t, Validate([]byte(in), Limits{Integers: true}), reason, 11, "a[2]")
		if err := Validate([]byte(in), Limits{}); err != nil {
			t.Errorf("%s: %v", in, err)
		}
	}
	if err := Validate([]byte(`[0,-9223372036854775808]`), Limits{Integers: true}); err != nil {
		t.Error(err)
	}
}

func TestWrongType(t *testing.T) {
	values := map[Kind]string{Object: `{}`, Array: `[]`, String: `""`, Number: `0`, Bool: `true`, Null: `null`}
	for kind, in := range values {
		in = `{"a":[` + in + `]}`
		for want, read := range map[Kind]func(d *Decoder) error{
			Object: func(d *Decoder) error { return d.Map(nil) },
			Array:  func(d *Decoder) error { return d.Array(nil) },
			String: func(d *Decoder) error { _, err := d.String(); return err },
			Number: func(d *Decoder) error { _, err := d.Int64(); return err },
			Bool:   func(d *Decoder) error { _, err := d.Bool(); return err },
			Null: func(d *Decoder) error {
				if null, err := d.Null(); null || err != nil {
					return err
				}
				return d.Skip()
			},
		} {
			d := NewDecoder([]byte(in), Limits{})
			err := d.Map(func(string) error { return d.Array(func(int) error { return read(d) }) })
			if kind == want || want == Null {
				if err != nil {
					t.Errorf("reading %v as %v: %v", kind, want, err)
				}
				continue
			}
			wantError(t, err, WrongType, 6, "a[0]")
		}
	}
}

// A callback that reads no value, or two, is an error and never a misparse.
func TestMisuse(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		read     func(d *Decoder) error
	}{
		{"array: nothing read", `[1,2]`, func(d *Decoder) error { return d.Array(func(int) error { return nil }) }},
		{"map: nothing read", `{"a":1}`, func(d *Decoder) error { return d.Map(func(string) error { return nil }) }},
		{"object: nothing read", `{"a":1}`, func(d *Decoder) error { return d.Object(NewSchema("a"), func(string) error { return nil }) }},
		{"only looked", `[1]`, func(d *Decoder) error { return d.Array(func(int) error { _, err := d.Kind(); return err }) }},
		{"not null", `[1]`, func(d *Decoder) error { return d.Array(func(int) error { _, err := d.Null(); return err }) }},
		{"two read without comma", `[1 2]`, func(d *Decoder) error {
			return d.Array(func(int) error { d.Skip(); return d.Skip() })
		}},
		{"two read", `[1,2]`, func(d *Decoder) error { return d.Array(func(int) error { d.Skip(); return d.Skip() }) }},
		{"two read after nested", `[[1],2]`, func(d *Decoder) error {
			return d.Array(func(int) error { d.Skip(); d.Bool(); return nil })
		}},
		{"read again at the top", `1 2`, func(d *Decoder) error { d.Skip(); return d.Skip() }},
		{"looked after the value", `1`, func(d *Decoder) error { d.Skip(); _, err := d.Kind(); return err }},
		{"End before the value", `1`, func(d *Decoder) error { return d.End() }},
		{"End inside", `[1]`, func(d *Decoder) error {
			return d.Array(func(int) error { d.Skip(); return d.End() })
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := NewDecoder([]byte(tt.in), Limits{})
			if err := tt.read(d); !errors.Is(err, Misuse) {
				t.Errorf("error = %v, want %s", err, Misuse)
			}
		})
	}
}

func TestErrorsAreSticky(t *testing.T) {
	t.Run("a callback that forgets its error", func(t *testing.T) {
		d := NewDecoder([]byte(`{"a":"x","b":1}`), Limits{})
		err := d.Map(func(string) error { d.Int64(); return nil })
		wantError(t, err, WrongType, 5, "a")
		wantError(t, d.End(), WrongType, 5, "a")
	})
	t.Run("no second try", func(t *testing.T) {
		d := NewDecoder([]byte(`"1"`), Limits{})
		if _, err := d.Int64(); err == nil {
			t.Fatal("no error")
		}
		if s, err := d.String(); s != "" || !errors.Is(err, WrongType) {
			t.Errorf("String() = %q, %v", s, err)
		}
	})
	t.Run("a callback that wraps its error", func(t *testing.T) {
		d := NewDecoder([]byte(`["x"]`), Limits{})
		err := d.Array(func(i int) error {
			_, err := d.Int64()
			return fmt.Errorf("step %d: %w", i, err)
		})
		if !errors.Is(err, WrongType) || !strings.HasPrefix(err.Error(), "step 0: ") {
			t.Errorf("error = %v", err)
		}
	})
	t.Run("the callback's own error", func(t *testing.T) {
		mine := errors.New("mine")
		d := NewDecoder([]byte(`[{"a":1}]`), Limits{})
		d.Array(func(int) error {
			d.Map(func(string) error { return mine })
			return nil
		})
		if err := d.End(); err != mine {
			t.Errorf("End() = %v, want %v", err, mine)
		}
	})
}

func TestReject(t *testing.T) {
	const in = `{"signed": {"expires": "soon", "keys": [[0], {"x": 1}]}, "signatures": []}`
	for _, tt := range []struct {
		path   string
		offset int64
	}{
		{"", 0}, {"signed", 11}, {"signed.expires", 23}, {"signed.keys", 39}, {"signed.keys[0]", 40}, {"signed.keys[1].x", 51}, {"signatures", 71},
	} {
		d := NewDecoder([]byte(in), Limits{})
		at := func(path string, err error) error {
			if path == tt.path && err == nil {
				return d.Reject("not allowed")
			}
			return err
		}
		err := at("", d.Map(func(name string) error {
			if name == "signatures" {
				return at(name, d.Array(nil))
			}
			return at("signed", d.Map(func(name string) error {
				if name == "expires" {
					_, err := d.String()
					return at("signed.expires", err)
				}
				return at("signed.keys", d.Array(func(i int) error {
					if i == 0 {
						return at("signed.keys[0]", d.Skip())
					}
					return d.Map(func(string) error {
						_, err := d.Raw()
						return at("signed.keys[1].x", err)
					})
				}))
			}))
		}))
		wantError(t, err, BadValue, tt.offset, tt.path)
	}
	t.Run("a member that is missing", func(t *testing.T) {
		d := NewDecoder([]byte(`[0, {"a": {"b": 1}}]`), Limits{})
		err := d.Array(func(i int) error {
			if i == 0 {
				return d.Skip()
			}
			if err := d.Object(NewSchema("a"), func(string) error { return d.Skip() }); err != nil {
				return err
			}
			return d.Reject("member c is missing")
		})
		wantError(t, err, BadValue, 4, "[1]")
	})
	t.Run("a member that is not wanted", func(t *testing.T) {
		d := NewDecoder([]byte(`{"a":0, "b": 1}`), Limits{})
		err := d.Map(func(name string) error {
			if name == "b" {
				return d.Reject("unknown")
			}
			return d.Skip()
		})
		wantError(t, err, BadValue, 12, "b")
	})
}

// Unauthenticated text cannot garble or flood an error.
func TestErrorText(t *testing.T) {
	for _, name := range []string{strings.Repeat("long", 1000), `\u001b[31m`, "\u202e\u2028", `\n`, "a b", `[0]`, `\"`, "é"} {
		in := strings.Repeat(`{"`+name+`":`, 100) + `{"` + name + `":1,"` + name + `":2}`
		err := Validate([]byte(in), Limits{})
		if !errors.Is(err, DuplicateMember) {
			t.Fatalf("error = %v", err)
		}
		if s := err.Error(); len(s) > 900 || strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r > 0x7e }) {
			t.Errorf("Error() has %d bytes: %q", len(s), s)
		}
	}
	err := Validate([]byte(`{"signed":{"a b":1,"a b":2}}`), Limits{})
	if bom := Validate([]byte("\ufeff1"), Limits{}); bom.Error() != "json: syntax (byte 0): byte order mark" {
		t.Errorf("Error() = %s", bom)
	}
	if got, want := err.Error(), `json: duplicate-member at signed["a b"] (byte 19): "a b"`; got != want {
		t.Errorf("Error() = %s, want %s", got, want)
	}
}

func TestAllocations(t *testing.T) {
	typed := NewSchema("name", "version")
	for _, tt := range []struct {
		name string
		in   string
		want float64
		read func(d *Decoder) error
	}{
		{"validate small objects", `{"a":[1,{"b":"c","d":true,"\u0065":null}]}`, 3, func(d *Decoder) error { return d.Skip() }}, // the stacks
		{"validate without objects", `[1,"x\n",[true,null],-1.5]`, 0, func(d *Decoder) error { return d.Skip() }},
		{"string", `"a string that is long enough for the heap"`, 1, func(d *Decoder) error { _, err := d.String(); return err }},
		{"integer", `1234567890123`, 0, func(d *Decoder) error { _, err := d.Int64(); return err }},
		{"known names", `{"name":1,"version":2}`, 1, func(d *Decoder) error { return d.Object(typed, func(string) error { return d.Skip() }) }},
	} {
		data := []byte(tt.in)
		got := testing.AllocsPerRun(100, func() {
			d := NewDecoder(data, Limits{})
			if err := tt.read(d); err != nil {
				t.Fatal(err)
			}
		})
		if got > tt.want+1 { // the decoder itself
			t.Errorf("%s: %v allocations, want %v and the decoder", tt.name, got, tt.want)
		}
	}
}

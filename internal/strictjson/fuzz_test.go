// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"slices"
	"strconv"
	"testing"
)

// FuzzDecoder compares the decoder with encoding/json, in both directions: what
// is accepted here is accepted there with the same values, and what is refused
// here is refused there or is one of the named differences.
func FuzzDecoder(f *testing.F) {
	for _, tt := range refused {
		f.Add([]byte(tt.in))
	}
	for _, in := range []string{
		` {"a":[1,-0.5e-3,true,false,null,"\u00e9\ud83d\ude00\n"],"A":{},"":{"\"":[]}} `,
		`{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1,"j":1,"k":1,"l":1,"m":1,"n":1,"o":1,"p":1,"q":1,"\u0071":1}`,
		`[9223372036854775807,-9223372036854775808,9223372036854775808,-0,1e2]`,
	} {
		f.Add([]byte(in))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		before := bytes.Clone(in)
		err := Validate(in, Limits{})

		d := NewDecoder(in, Limits{})
		got, readErr := readAny(d)
		if readErr == nil {
			readErr = d.End()
		}
		if !reflect.DeepEqual(readErr, err) {
			t.Fatalf("Validate: %v\nreading: %v", err, readErr)
		}

		d = NewDecoder(in, Limits{})
		raw, rawErr := d.Raw()
		if rawErr == nil {
			rawErr = d.End()
		}
		if !reflect.DeepEqual(rawErr, err) {
			t.Fatalf("Validate: %v\nRaw: %v", err, rawErr)
		}
		if !bytes.Equal(in, before) {
			t.Fatal("the input was changed")
		}

		decoder := json.NewDecoder(bytes.NewReader(in))
		decoder.UseNumber()
		var want any
		laxErr := decoder.Decode(&want)
		if laxErr == nil {
			if _, more := decoder.Token(); more != io.EOF {
				laxErr = errors.New("trailing data")
			}
		}

		if err == nil {
			if laxErr != nil {
				t.Fatalf("accepted, but encoding/json says: %v", laxErr)
			}
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("got  %#v\nwant %#v", got, want)
			}
			if !bytes.Equal(raw, bytes.Trim(in, " \t\r\n")) {
				t.Fatalf("Raw = %q", raw)
			}
			var v any
			if err := json.Unmarshal(in, &v); err != nil {
				t.Fatalf("accepted, but json.Unmarshal says: %v", err)
			}
			return
		}
		var e *Error
		if !errors.As(err, &e) || e.Offset < 0 || e.Offset > int64(len(in)) {
			t.Fatalf("error = %#v", err)
		}
		for _, c := range []byte(e.Error()) {
			if c < 0x20 || c > 0x7e {
				t.Fatalf("Error() = %q", e.Error())
			}
		}
		differences := []Reason{DuplicateMember, BadUTF8, TooDeep, TooLarge, OutOfRange}
		if laxErr == nil && !slices.Contains(differences, e.Reason) {
			t.Fatalf("encoding/json accepts, but: %v", err)
		}
	})
}

// readAny reads what encoding/json decodes into an any with UseNumber.
func readAny(d *Decoder) (any, error) {
	kind, err := d.Kind()
	if err != nil {
		return nil, err
	}
	switch kind {
	case Object:
		m := map[string]any{}
		return m, d.Map(func(name string) (err error) {
			m[name], err = readAny(d)
			return err
		})
	case Array:
		s := []any{}
		return s, d.Array(func(i int) error {
			v, err := readAny(d)
			s = append(s, v)
			return err
		})
	case String:
		return d.String()
	case Bool:
		return d.Bool()
	case Null:
		null, err := d.Null()
		if !null && err == nil {
			return nil, errors.New("Null does not read what Kind says is null")
		}
		return nil, err
	}
	raw, err := d.Raw()
	if err != nil {
		return nil, err
	}
	n, err := NewDecoder(raw, Limits{}).Int64()
	want, wantErr := strconv.ParseInt(string(raw), 10, 64)
	if n != want && err == nil || (err == nil) != (wantErr == nil) && string(raw) != "-0" {
		return nil, errors.New("Int64 of " + string(raw) + " differs from strconv")
	}
	return json.Number(raw), nil
}

// FuzzObject compares Object with the way encoding/json finds the members of a
// struct: where Object accepts, no member has reached the struct under another
// name.
func FuzzObject(f *testing.F) {
	for _, in := range []string{
		`{"keys":1,"steps":2}`, `{"Keys":1}`, `{"\u212aeys":1,"\u017fteps":2}`, "{\"\u212aeys\":1}", `{"stepſ":1,"steps":1}`, `{"key":1,"x":{"KEYS":1}}`,
	} {
		f.Add([]byte(in))
	}
	schema := NewSchema("keys", "steps")
	f.Fuzz(func(t *testing.T, in []byte) {
		got := map[string]string{}
		d := NewDecoder(in, Limits{})
		err := d.Object(schema, func(name string) error {
			raw, err := d.Raw()
			got[name] = string(raw)
			return err
		})
		if err == nil {
			err = d.End()
		}
		if err != nil {
			return
		}
		var want struct {
			Keys  json.RawMessage `json:"keys"`
			Steps json.RawMessage `json:"steps"`
		}
		if err := json.Unmarshal(in, &want); err != nil {
			t.Fatal(err)
		}
		if got["keys"] != string(want.Keys) || got["steps"] != string(want.Steps) {
			t.Fatalf("got %q, encoding/json has keys %q and steps %q", got, want.Keys, want.Steps)
		}
	})
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package dsse

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/tallystick/tallystick/internal/strictjson"
	"github.com/tallystick/tallystick/internal/tally"
)

func TestPAE(t *testing.T) {
	// The example of the protocol document.
	got := PAE("http://example.com/HelloWorld", []byte("hello world"))
	if want := "DSSEv1 29 http://example.com/HelloWorld 11 hello world"; string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got, want := string(PAE("", nil)), "DSSEv1 0  0 "; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestParse(t *testing.T) {
	const sig = `{"keyid":"k","sig":"AAAA"}`
	envelope := func(payload, payloadType, signatures string) string {
		return `{"payload":` + payload + `,"payloadType":` + payloadType + `,"signatures":` + signatures + `}`
	}
	for _, test := range []struct {
		name, in string
		payload  string // "" with ok false
		ok       bool
	}{
		{"plain", envelope(`"aGk="`, `"t"`, `[`+sig+`]`), "hi", true},
		{"unpadded", envelope(`"aGk"`, `"t"`, `[`+sig+`]`), "hi", true},
		{"URL alphabet", envelope(`"-_-_Pj8="`, `"t"`, `[`+sig+`]`), "\xfb\xff\xbf>?", true},
		{"empty payload", envelope(`""`, `"t"`, `[`+sig+`]`), "", true},
		{"unknown members", `{"x":{"Payload":1},` + envelope(`"aGk="`, `"t"`, `[{"keyid":null,"sig":"AAAA","cert":"c"}]`)[1:], "hi", true},
		{"bad signature is kept", envelope(`"aGk="`, `"t"`, `[{"sig":"!"}]`), "hi", true},

		{"mixed alphabets", envelope(`"+_-/"`, `"t"`, `[`+sig+`]`), "", false},
		{"line end in payload", envelope(`"aG\nk="`, `"t"`, `[`+sig+`]`), "", false},
		{"space in payload", envelope(`"aG k="`, `"t"`, `[`+sig+`]`), "", false},
		{"trailing bits", envelope(`"aGl="`, `"t"`, `[`+sig+`]`), "", false},
		{"trailing bits unpadded", envelope(`"aGl"`, `"t"`, `[`+sig+`]`), "", false},
		{"padding too long", envelope(`"aGk=="`, `"t"`, `[`+sig+`]`), "", false},
		{"two payloads", `{"payload":"aGk=",` + envelope(`"aGk="`, `"t"`, `[`+sig+`]`)[1:], "", false},
		{"case variant", `{"Payload":"aGk=",` + envelope(`"aGk="`, `"t"`, `[`+sig+`]`)[1:], "", false},
		{"case variant in signature", envelope(`"aGk="`, `"t"`, `[{"sig":"AAAA","SIG":"AAAA"}]`), "", false},
		{"no signatures", envelope(`"aGk="`, `"t"`, `[]`), "", false},
		{"signature without sig", envelope(`"aGk="`, `"t"`, `[{"keyid":"k"}]`), "", false},
		{"null signature", envelope(`"aGk="`, `"t"`, `[null]`), "", false},
		{"no payload", `{"payloadType":"t","signatures":[` + sig + `]}`, "", false},
		{"no type", `{"payload":"","signatures":[` + sig + `]}`, "", false},
		{"null payload", envelope(`null`, `"t"`, `[`+sig+`]`), "", false},
		{"trailing data", envelope(`"aGk="`, `"t"`, `[`+sig+`]`) + `{}`, "", false},
		{"not JSON", `hello`, "", false},
		{"empty", ``, "", false},
		{"too many signatures", envelope(`""`, `"t"`, `[`+strings.Repeat(sig+`,`, tally.MaxSignatures)+sig+`]`), "", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			e, err := Parse([]byte(test.in), strictjson.Limits{})
			if !test.ok {
				if err == nil {
					t.Fatalf("parsed as %+v", e)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if string(e.Payload) != test.payload || e.PayloadType != "t" || len(e.Signatures) != 1 {
				t.Errorf("got %+v", e)
			}
		})
	}
	e, err := Parse([]byte(envelope(`""`, `"t"`, `[{"sig":"!"},`+sig+`]`)), strictjson.Limits{})
	if err != nil || e.Tally()[0].Err == nil || e.Tally()[1].Err != nil || !bytes.Equal(e.Signatures[1].Raw, []byte(sig)) {
		t.Errorf("got %+v, %v", e, err)
	}
}

func TestEncode(t *testing.T) {
	payload := []byte("\x00\xff{}")
	data, err := Encode("type", payload, []tally.Signature{{Hint: "k", Bytes: []byte("s")}, {Bytes: []byte("t")}})
	if err != nil {
		t.Fatal(err)
	}
	e, err := Parse(data, strictjson.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(e.Payload, payload) || e.PayloadType != "type" || e.Signatures[0].Hint != "k" || string(e.Signatures[1].Bytes) != "t" {
		t.Errorf("got %+v", e)
	}
}

// Whatever is parsed means the same to encoding/json.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"payload":"aGk=","payloadType":"t","signatures":[{"keyid":"k","sig":"AAAA"}]}`))
	f.Add([]byte(`{"payload":"-_-_","payloadType":"","signatures":[{"sig":"!"},{"sig":"","keyid":null}],"x":[{}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := Parse(data, strictjson.Limits{Bytes: 1 << 16, Depth: 16})
		if err != nil {
			return
		}
		var other struct {
			Payload     string `json:"payload"`
			PayloadType string `json:"payloadType"`
			Signatures  []struct {
				Sig string `json:"sig"`
			} `json:"signatures"`
		}
		if err := json.Unmarshal(data, &other); err != nil {
			t.Fatal(err)
		}
		b, err := base64.RawStdEncoding.DecodeString(strings.NewReplacer("-", "+", "_", "/", "=", "").Replace(other.Payload))
		if err != nil || !bytes.Equal(b, e.Payload) || e.PayloadType != other.PayloadType || len(e.Signatures) != len(other.Signatures) {
			t.Fatalf("encoding/json reads it otherwise: %+v, %+v", e, other)
		}
	})
}

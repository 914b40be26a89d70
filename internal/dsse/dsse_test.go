// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package dsse

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/tallystick/tallystick/internal/signature"
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
		{"payload a number", envelope(`1`, `"t"`, `[`+sig+`]`), "", false},
		{"payload a longer number", envelope(`123456`, `"t"`, `[`+sig+`]`), "", false},
		{"payload true", envelope(`true`, `"t"`, `[`+sig+`]`), "", false},
		{"payload an array", envelope(`[[]]`, `"t"`, `[`+sig+`]`), "", false},
		{"payloadType a number", envelope(`"aGk="`, `1`, `[`+sig+`]`), "", false},
		{"payloadType an array", envelope(`"aGk="`, `["t"]`, `[`+sig+`]`), "", false},
		{"payloadType null", envelope(`"aGk="`, `null`, `[`+sig+`]`), "", false},
		{"sig a number", envelope(`"aGk="`, `"t"`, `[{"sig":123456}]`), "", false},
		{"sig null", envelope(`"aGk="`, `"t"`, `[{"sig":null}]`), "", false},
		{"sig an array", envelope(`"aGk="`, `"t"`, `[{"sig":["AAAA"]}]`), "", false},
		{"signatures an object", envelope(`"aGk="`, `"t"`, `{}`), "", false},
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

// The decoder agrees with encoding/base64, held to its strictness: where it takes a
// text, that does with one alphabet and the padding that the text has, and the other
// way round.
func FuzzBase64(f *testing.F) {
	for _, s := range []string{"", "=", "==", "===", "A", "AA", "AA=", "AA==", "AA===", "AAA", "AAA=", "AAAA", "AAAA=", "AAAA==", "AB==", "AAB=",
		"+_AA", "-_AA", "+/AA", "AAAA\n", "\r\nAAAA", "AA\n==", "AA AA", "A===", "====", "AA=A", "AAAA\x00\xff==", "A-_+"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		before := bytes.Clone(text)
		got, err := decoded(text, make([]byte, 3))
		if !bytes.Equal(text, before) {
			t.Fatal("the text was changed")
		}
		var want []byte
		ok := false
		for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
			if b, err := enc.Strict().DecodeString(string(text)); err == nil && !bytes.ContainsAny(text, "\r\n") {
				want, ok = b, true
			}
		}
		if ok != (err == nil) || ok && !bytes.Equal(got, want) {
			t.Fatalf("%q: %x, %v; encoding/base64: %x, %v", text, got, err, want, ok)
		}
	})
}

// Every character of a long text counts, wherever it stands.
func TestBase64EveryCharacter(t *testing.T) {
	for size := range 40 {
		want := bytes.Repeat([]byte{0xfb, 0xff, 0xbf}, 14)[:size] // all characters of its text are in one alphabet only
		for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
			text := []byte(enc.EncodeToString(want))
			if got, err := decoded(text, nil); err != nil || !bytes.Equal(got, want) {
				t.Fatalf("%s: %x, %v", text, got, err)
			}
			end := len(bytes.TrimRight(text, "="))
			for i := range text[:end] {
				for _, c := range []byte("!=\n\x00\xff+-/_") {
					bad := bytes.Clone(text)
					if bad[i] = c; i == end-1 && bytes.ContainsRune([]byte("=+-/_"), rune(c)) {
						continue // may be another good text; FuzzBase64 has these
					}
					std, url := bytes.ContainsAny(bad, "+/"), bytes.ContainsAny(bad, "-_")
					_, err := decoded(bad, nil)
					if mixed := std && url; (mixed || bytes.IndexByte([]byte("!=\n\x00\xff"), c) >= 0) && err == nil {
						t.Fatalf("%q is taken", bad)
					}
				}
			}
		}
	}
}

// What is signed is what is in the envelope, however the text is written.
func TestPayloadLiesInPAE(t *testing.T) {
	for _, in := range []string{
		`{"payload":"aGk=","payloadType":"type","signatures":[{"sig":"AAAA"}]}`,
		`{"signatures":[{"sig":"AAAA"}],"payloadType":"type","payload":"aGk"}`,
		`{"signatures":[{"sig":"AA\u0041A"}],"payloadType":"t\u0079pe","payload":"a\u0047k="}`,
	} {
		e, err := Parse([]byte(in), strictjson.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if want := "DSSEv1 4 type 2 hi"; string(e.PAE()) != want || string(e.Payload) != "hi" || !bytes.Equal(e.Tally()[0].Bytes, make([]byte, 3)) {
			t.Errorf("%s: PAE %q, payload %q, signature %x", in, e.PAE(), e.Payload, e.Tally()[0].Bytes)
		}
	}
	// "\/" is one way to write a slash in JSON.
	e, err := Parse([]byte(`{"payload":"\/\/\/\/","payloadType":"a\/b","signatures":[{"sig":"\/w=="}]}`), strictjson.Limits{})
	if err != nil || string(e.Payload) != "\xff\xff\xff" || e.PayloadType != "a/b" || string(e.Tally()[0].Bytes) != "\xff" {
		t.Errorf("%+v, %v", e, err)
	}
	// A line end that is written as an escape is still none that base64 has.
	if e, err := Parse([]byte(`{"payload":"AA\nAA","payloadType":"t","signatures":[{"sig":""}]}`), strictjson.Limits{}); err == nil {
		t.Errorf("%+v", e)
	}
	// Long signatures and several of them have no room in the envelope itself.
	long := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 500))
	e, err = Parse([]byte(`{"payload":"","payloadType":"t","signatures":[{"sig":"`+long+`"},{"sig":"AAAA"},{"sig":"AQID"}]}`), strictjson.Limits{})
	if err != nil || len(e.Tally()) != 3 || len(e.Tally()[0].Bytes) != 500 || string(e.Tally()[2].Bytes) != "\x01\x02\x03" || string(e.Signatures[1].Raw) != `{"sig":"AAAA"}` {
		t.Errorf("%+v, %v", e, err)
	}
	// Nor do they share it.
	e, err = Parse([]byte(`{"payload":"","payloadType":"t","signatures":[{"sig":"AAAA"},{"sig":"AQID"},{"sig":"BAUG"}]}`), strictjson.Limits{})
	if err != nil || string(e.Tally()[0].Bytes) != "\x00\x00\x00" || string(e.Tally()[1].Bytes) != "\x01\x02\x03" || string(e.Tally()[2].Bytes) != "\x04\x05\x06" || cap(e.Tally()[0].Bytes) != 3 {
		t.Errorf("%+v, %v", e, err)
	}
}

// An envelope with one short signature is read and verified in few allocations; the
// benchmarks have the times.
func TestAllocations(t *testing.T) {
	const payloadType = "application/vnd.in-toto+json"
	private := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	key, err := signature.New(private.Public(), "")
	if err != nil {
		t.Fatal(err)
	}
	payload := []byte(strings.Repeat("x", 1024))
	envelope, err := Encode(payloadType, payload, []tally.Signature{{Hint: key.KeyID(), Bytes: ed25519.Sign(private, PAE(payloadType, payload))}})
	if err != nil {
		t.Fatal(err)
	}
	keys := []tally.Key{key}
	allocations := testing.AllocsPerRun(100, func() {
		e, err := Parse(envelope, strictjson.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if o, err := tally.Count(e.PAE(), e.Tally(), keys, nil); err != nil || o.Distinct != 1 {
			t.Fatal(o, err)
		}
	})
	if allocations > 6 {
		t.Errorf("%v allocations, want at most 6", allocations)
	}
}

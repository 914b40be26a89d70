// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"crypto/sha256"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/internal/tally"
)

func smallLimits() *Limits {
	l := Limits{LayoutBytes: 1 << 16, LinkBytes: 1 << 16, Depth: 16}.withDefaults()
	return &l
}

// A layout that parses keeps what the rest of the package relies on.
func FuzzLayout(f *testing.F) {
	const key = `"ab":{"keytype":"ed25519","scheme":"ed25519","keyval":{"public":"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"}}`
	f.Add([]byte(`{"_type":"layout","expires":"2030-01-01T00:00:00Z","keys":{` + key + `},"steps":[{"_type":"step","name":"a","threshold":1,"pubkeys":["ab"],` +
		`"expected_materials":[["MATCH","*","IN","x","WITH","PRODUCTS","IN","y","FROM","a"]],"expected_products":[["CREATE","[a-z]?*{p}"],["REQUIRE","q"]],"expected_command":["x","{p}"]}],` +
		`"inspect":[{"_type":"inspection","name":"i","run":["tar"],"expected_materials":null,"expected_products":[["MODIFY","a"],["DELETE","b"],["DISALLOW","*"]]}],"readme":""}`))
	f.Add([]byte(`{"_type":"layout","expires":"2030-01-01T00:00:00Z","keys":{"k":{"keyid":"k","keytype":"rsa","scheme":"rsassa-pss-sha256","keyval":{"public":"","private":"","certificate":"x"}}},"steps":[]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := parseLayout(data, smallLimits(), map[string]string{"p": "*"})
		if err != nil {
			return
		}
		var plain struct {
			Type  string `json:"_type"`
			Steps []struct {
				Name      string   `json:"name"`
				Threshold int64    `json:"threshold"`
				Pubkeys   []string `json:"pubkeys"`
			} `json:"steps"`
		}
		if err := json.Unmarshal(data, &plain); err != nil {
			t.Fatalf("encoding/json refuses it: %v", err)
		}
		if plain.Type != "layout" || len(l.steps) == 0 || len(plain.Steps) != len(l.steps) || l.expires.IsZero() {
			t.Fatalf("got %+v", l)
		}
		names := map[string]bool{}
		for i, s := range l.steps {
			if p := plain.Steps[i]; s.name != p.Name || s.threshold != p.Threshold || len(s.pubkeys) > len(p.Pubkeys) {
				t.Fatalf("step %d: %+v", i, s)
			}
			if s.name == "" || names[s.name] || s.threshold < 1 || s.threshold > int64(len(s.pubkeys)) && len(s.constraints) == 0 {
				t.Fatalf("step %d: %+v", i, s)
			}
			names[s.name] = true
			for _, k := range s.pubkeys {
				if !k.usable() {
					t.Fatalf("step %d has a key without a key", i)
				}
			}
		}
		for _, s := range l.steps {
			checkRules(t, &s.rules, names)
		}
		for _, in := range l.inspections {
			if in.name == "" || names[in.name] || len(in.run) == 0 {
				t.Fatalf("inspection %+v", in)
			}
			names[in.name] = true
		}
		for _, in := range l.inspections {
			checkRules(t, &in.rules, names)
		}
	})
}

func checkRules(t *testing.T, rules *[2][]rule, names map[string]bool) {
	for _, r := range slices.Concat(rules[0], rules[1]) {
		if r.pattern == nil || r.word == ruleMatch && !names[r.from] {
			t.Fatalf("rule %+v", r)
		}
	}
}

// A link that parses says what encoding/json reads in it, and its lists compare
// digests as package hash does.
func FuzzLink(f *testing.F) {
	f.Add([]byte(`{"_type":"link","name":"a","command":["x"],"materials":{"b":{"sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},"é\"\\":{}},` +
		`"products":{"c":{"md5":"d41d8cd98f00b204e9800998ecf8427e","sha1":"da39a3ee5e6b4b0d3255bfef95601890afd80709","x":"y"},"b":{"sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b856","gitBlob":"da39a3ee5e6b4b0d3255bfef95601890afd80709"}},"byproducts":{},"environment":null}`))
	f.Add([]byte(`{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"b","digest":{"sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}}],` +
		`"predicateType":"https://in-toto.io/attestation/link/v0.3","predicate":{"name":"a","command":"x","materials":[{"name":"c","digest":{"sha1":"da39a3ee5e6b4b0d3255bfef95601890afd80709"}}]}}`))
	f.Add([]byte(`{"_type":"https://in-toto.io/Statement/v0.1","subject":[],"predicateType":"https://in-toto.io/Link/v0.2","predicate":{"name":"a","materials":{"./b":{}}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		limits := smallLimits().json(1 << 16)
		typ, err := payloadKind(data, limits)
		if err != nil {
			return
		}
		l, err := parseLink(data, typ, limits)
		if err != nil {
			return
		}
		lists := l.evidence.lists
		if typ == typeLink {
			var plain struct {
				Name      string                       `json:"name"`
				Materials map[string]map[string]string `json:"materials"`
				Products  map[string]map[string]string `json:"products"`
			}
			if err := json.Unmarshal(data, &plain); err != nil {
				t.Fatalf("encoding/json refuses it: %v", err)
			}
			if plain.Name != l.name {
				t.Fatalf("name %q, want %q", l.name, plain.Name)
			}
			for side, m := range []map[string]map[string]string{plain.Materials, plain.Products} {
				if got, want := lists[side].names, slices.Sorted(maps.Keys(m)); !slices.Equal(got, want) {
					t.Fatalf("names %q, want %q", got, want)
				}
				for i, name := range lists[side].names {
					want, _, err := hash.ParseSet(m[name])
					if err != nil {
						t.Fatalf("%q: package hash refuses its digests: %v", name, err)
					}
					if got := lists[side].set(i, false); got.String() != want.String() {
						t.Fatalf("%q: %v, want %v", name, got, want)
					}
				}
			}
		}
		for i := range lists[0].len() {
			for j := range lists[1].len() {
				if got, want := lists[0].compare(i, lists[1], j), lists[0].set(i, false).Compare(lists[1].set(j, false)); got != want {
					t.Fatalf("%v, want %v", got, want)
				}
			}
		}
		if !lists[0].equal(lists[0]) || lists[0].unproven() == "" && difference(lists[0], lists[0]) != "" {
			t.Fatal("a list differs from itself")
		}
	})
}

// Numbers are hex and nothing else.
func TestParseDSA(t *testing.T) {
	var all map[string]map[string]string
	data, err := os.ReadFile("testdata/dsa-params.json")
	if err == nil {
		err = json.Unmarshal(data, &all)
	}
	if err != nil {
		t.Fatal(err)
	}
	good := all["2048-256"]
	for _, c := range []struct {
		behind, before string
		ok             bool
	}{{"", "", true}, {"", "00", true}, {"zz", "", false}, {"0", "", false}, {" ", "", false}, {"", "-", false}, {"", "0x", false},
		{"", strings.Repeat("00", 512), false}} {
		for _, name := range []string{"p", "q", "g"} {
			k := maps.Clone(good)
			k[name] = c.before + k[name] + c.behind
			if _, err := parseDSA(k["p"], k["q"], k["g"], k["g"]); (err == nil) != c.ok {
				t.Errorf("%s with %.10q before and %q behind: %v", name, c.before, c.behind, err)
			}
		}
	}
	if _, err := parseDSA("", "", "", ""); err == nil {
		t.Error("nothing is a key")
	}
}

// Hostile DSA keys and signatures are refused: nothing is signed with them.
func FuzzDSA(f *testing.F) {
	var all map[string]map[string]string
	data, err := os.ReadFile("testdata/dsa-params.json")
	if err == nil {
		err = json.Unmarshal(data, &all)
	}
	if err != nil {
		f.Fatal(err)
	}
	for _, p := range all {
		f.Add(p["p"], p["q"], p["g"], p["g"], []byte("\x30\x06\x02\x01\x01\x02\x01\x01"))
	}
	f.Fuzz(func(t *testing.T, p, q, g, y string, sig []byte) {
		k, err := parseDSA(p, q, g, y)
		if err != nil {
			return
		}
		if n := k.pub.P.BitLen(); n != 2048 && n != 3072 || k.fingerprint() == "" {
			t.Fatalf("%d bits", n)
		}
		digest := sha256.Sum256(sig)
		if k.verify(digest[:], sig) == nil {
			t.Fatal("a signature")
		}
	})
}

// Hostile OpenPGP keys and hashed parts are refused or mean one thing.
func FuzzOpenPGP(f *testing.F) {
	f.Add([]byte(`{"type":"eddsa","method":"pgp+eddsa-ed25519","keyid":"88876a89e3d4698f83d3db0e72e33ca3e0e04e46","creation_time":1,"validity_period":2,"keyval":{"public":{"q":"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"}},`+
		`"subkeys":{"28d1f145dc49196a32f83a60b840cfeb032d86ed":{"type":"rsa","method":"m","keyid":"28d1f145dc49196a32f83a60b840cfeb032d86ed","keyval":{"public":{"n":"aa","e":"010001"}}}}}`),
		[]byte("\x04\x00\x16\x08\x00\x1d\x16\x21\x04\x88\x87\x6a\x89\xe3\xd4\x69\x8f\x83\xd3\xdb\x0e\x72\xe3\x3c\xa3\xe0\xe0\x4e\x46\x05\x02\x60\x0e\xaa\x72"))
	f.Add([]byte(`{}`), []byte("\x04\x00\x01\x08\x00\x08\xff\x00\x00\x00\x02\x94\x01\x00"))
	f.Fuzz(func(t *testing.T, key, headers []byte) {
		h, err := parsePGPHeaders(headers)
		if err == nil && (len(headers) < 6 || headers[0] != 4 || headers[1] != 0 || headers[3] != 8 || h.issuer != "" && len(h.issuer) != 40) {
			t.Fatalf("%x: %+v", headers, h)
		}
		k, err := parsePGP(key, "", smallLimits().json(1<<16))
		if err != nil {
			return
		}
		if k.unusable == nil && (!k.usable() || len(k.pgp.all) == 0) {
			t.Fatalf("%+v", k)
		}
		e := envelope{message: []byte("message"), signatures: make([]tally.Signature, 1),
			pgp: []pgpSignature{{headers: headers, value: make([]byte, 64)}}}
		if got, err := e.countPGP([]*layoutKey{k}, time.Unix(0, 0)); err != nil || len(got.signed) > 0 {
			t.Fatalf("zeros are a signature, or %v", err)
		}
	})
}

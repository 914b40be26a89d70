// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"path/filepath"
	"testing"

	intoto "github.com/in-toto/in-toto-golang/in_toto"
	"github.com/tallystick/tallystick/provenance"
	"github.com/tallystick/tallystick/provenance/layout"
	"github.com/tallystick/tallystick/verify"
)

// peerPerson returns a person with a key of in-toto-golang's test data, under the
// id that in-toto-golang gives it.
func peerPerson(t testing.TB, name string) person {
	t.Helper()
	file := filepath.Join(moduleDir(t, inTotoGolang), "test", "data", name)
	var p person
	if err := p.key.LoadKeyDefaults(file); err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(read(t, file))
	if block == nil {
		t.Fatalf("%s is not PEM", name)
	}
	var key any
	var err error
	if block.Type == "RSA PRIVATE KEY" {
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	} else {
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	}
	if err != nil {
		t.Fatal(err)
	}
	p.signer = key.(crypto.Signer)
	return p
}

// soloWorld is a layout that one key signs, and a link by the same key.
func soloWorld(t testing.TB, sign form, p person) *world {
	link := intoto.Link{Type: "link", Name: "write", Materials: map[string]intoto.HashObj{},
		Products:   map[string]intoto.HashObj{"app": digest("app")},
		ByProducts: map[string]any{"stdout": "two\nlines", "return-value": float64(0)}, Command: []string{"make", "app"}, Environment: map[string]any{}}
	l := intoto.Layout{Type: "layout", Expires: "2199-01-01T00:00:00Z", Inspect: []intoto.Inspection{}, Keys: publicKeys(p),
		Steps: []intoto.Step{{Type: "step", Threshold: 1, PubKeys: []string{p.id()}, ExpectedCommand: []string{"make", "app"},
			SupplyChainItem: intoto.SupplyChainItem{Name: "write", ExpectedMaterials: [][]string{{"DISALLOW", "*"}},
				ExpectedProducts: [][]string{{"CREATE", "app"}, {"DISALLOW", "*"}}}}}}
	return &world{layout: sign(t, l, p), links: map[string][]byte{linkFile("write", p): sign(t, link, p)}, owners: []person{p}}
}

// Layouts and links that in-toto-golang has signed with the keys of its test data
// are good for us, and what provenance.Sign signs is good for in-toto-golang.
func TestLayoutKeyTypes(t *testing.T) {
	for _, test := range []struct{ file, kind string }{
		{"alice", "RSA 2048"}, {"dan", "RSA 3072"}, {"carol", "Ed25519"}, {"grace", "P-384"}, {"frank", "P-521"},
	} {
		t.Run(test.kind, func(t *testing.T) {
			p := peerPerson(t, test.file)
			for name, sign := range map[string]form{"legacy": peerLegacy, "DSSE": peerDSSE} {
				if code := compare(t, soloWorld(t, sign, p)); code != "" {
					t.Errorf("%s: rejected with %s", name, code)
				}
			}
			// For in-toto-golang a DSSE signature is of the key with its id.
			p.key.KeyID = newPerson(t, p.signer).id()
			for name, sign := range map[string]form{"our legacy": ourLegacy, "our DSSE": ourDSSE} {
				if code := compare(t, soloWorld(t, sign, p)); code != "" {
					t.Errorf("%s: rejected with %s", name, code)
				}
			}
		})
	}
}

// We compute the key ids that in-toto-golang computes, so links are looked for
// under the right names.
func TestLayoutKeyIDs(t *testing.T) {
	for _, name := range []string{"alice", "dan", "carol"} {
		p := peerPerson(t, name)
		if got := inTotoKeyID(t, p.signer.Public()); got != p.id() {
			t.Errorf("%s: id %s, want %s", name, got, p.id())
		}
	}
}

// Curves that we do not have: a layout that needs such a key is refused.
func TestLayoutOtherCurves(t *testing.T) {
	for _, name := range []string{"heidi", "erin"} { // P-224, secp256k1
		public := read(t, filepath.Join(moduleDir(t, inTotoGolang), "test", "data", name+".pub"))
		if _, err := provenance.ParseKey(public); verify.CodeOf(err) != provenance.CodeKey {
			t.Errorf("%s: %v", name, err)
		}
		owner := edPerson(t, "owner")
		w := soloWorld(t, ourDSSE, owner)
		key := intoto.Key{KeyID: owner.id(), KeyType: "ecdsa", Scheme: "ecdsa-sha2-nistp256", KeyVal: intoto.KeyVal{Public: string(public)}}
		l := intoto.Layout{Type: "layout", Expires: "2199-01-01T00:00:00Z", Inspect: []intoto.Inspection{}, Keys: map[string]intoto.Key{key.KeyID: key},
			Steps: []intoto.Step{{Type: "step", Threshold: 1, PubKeys: []string{key.KeyID}, ExpectedCommand: []string{},
				SupplyChainItem: intoto.SupplyChainItem{Name: "write"}}}}
		w.layout = ourDSSE(t, l, owner)
		_, err := w.verify(t)
		rejected(t, err, layout.CodeKey)
	}
}

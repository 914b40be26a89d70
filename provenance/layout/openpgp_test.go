// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package layout_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tallystick/tallystick/internal/canonicaljson"
	"github.com/tallystick/tallystick/internal/strictjson"
	"github.com/tallystick/tallystick/provenance"
	"github.com/tallystick/tallystick/provenance/layout"
	"github.com/tallystick/tallystick/verify"
)

// A gpg is an OpenPGP key as GnuPG would use it.
type gpg struct {
	id     string
	signer crypto.Signer
	// headers makes the hashed part; it may be replaced.
	created uint32
	extra   []byte // more hashed subpackets
	headers func(h []byte) []byte
	value   func(v []byte) []byte
	issuer  string // if not the id
}

// newGPG returns an EdDSA key whose id follows from the name.
func newGPG(name string) *gpg {
	sum := sha256.Sum256([]byte(name))
	return &gpg{id: hex.EncodeToString(sum[:20]), signer: key(name), created: uint32(now.Add(-time.Hour).Unix())}
}

func (g *gpg) clone() *gpg {
	c := *g
	return &c
}

func (g *gpg) public() obj {
	out := obj{"keyid": g.id, "hashes": []string{"pgp+SHA2"}}
	switch pub := g.signer.Public().(type) {
	case ed25519.PublicKey:
		out["type"], out["method"] = "eddsa", "pgp+eddsa-ed25519"
		out["keyval"] = obj{"private": "", "public": obj{"q": hex.EncodeToString(pub)}}
	case *rsa.PublicKey:
		out["type"], out["method"] = "rsa", "pgp+rsa-pkcsv1.5"
		out["keyval"] = obj{"private": "", "public": obj{"n": hex.EncodeToString(pub.N.Bytes()), "e": "010001"}}
	case obj: // of a dsaSigner
		out["type"], out["method"] = "dsa", "pgp+dsa-fips-180-2"
		out["keyval"] = obj{"private": "", "public": pub}
	}
	return out
}

// sign signs a payload in the older form of metadata.
func (g *gpg) sign(t testing.TB, payload any) []byte {
	t.Helper()
	raw := marshal(payload)
	message, err := canonicaljson.Canonical(raw, strictjson.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	issuer := g.issuer
	if issuer == "" {
		issuer = g.id
	}
	fingerprint, err := hex.DecodeString(issuer)
	if err != nil {
		t.Fatal(err)
	}
	packets := append([]byte{22, 33, 4}, fingerprint...)
	packets = binary.BigEndian.AppendUint32(append(packets, 5, 2), g.created)
	packets = append(packets, g.extra...)
	algorithm := byte(22)
	switch g.signer.(type) {
	case *rsa.PrivateKey:
		algorithm = 1
	case *dsaSigner:
		algorithm = 17
	}
	h := append(binary.BigEndian.AppendUint16([]byte{4, 0, algorithm, 8}, uint16(len(packets))), packets...)
	if g.headers != nil {
		h = g.headers(h)
	}
	signed := binary.BigEndian.AppendUint32(append(bytes.Join([][]byte{message, h}, nil), 4, 0xff), uint32(len(h)))
	digest := sha256.Sum256(signed)
	var opts crypto.SignerOpts = crypto.Hash(0)
	if algorithm == 1 {
		opts = crypto.SHA256
	}
	value, err := g.signer.Sign(rand.Reader, digest[:], opts)
	if err != nil {
		t.Fatal(err)
	}
	if g.value != nil {
		value = g.value(value)
	}
	signature := marshal(obj{"keyid": g.id, "other_headers": hex.EncodeToString(h), "signature": hex.EncodeToString(value)})
	return []byte(`{"signatures":[` + string(signature) + `],"signed":` + string(raw) + `}`)
}

func TestOpenPGP(t *testing.T) {
	rsaKey, weakKey := rsaKey(2048), rsaKey(1024)
	write := link("write", obj{}, files("src/main.go", "README"))
	const file = "write.link"
	// Each case has gina, who has an OpenPGP key, in alice's place.
	gina := newGPG("gina")
	sub := newGPG("gina's subkey")
	setup := func(w *world, public obj) {
		w.layout["keys"].(obj)[gina.id] = public
		w.step(0)["pubkeys"] = []string{gina.id}
		delete(w.links, "write."+id8("alice")+".link")
	}
	packet := func(typ byte, body ...byte) []byte { return append([]byte{byte(len(body) + 1), typ}, body...) }
	for _, c := range []struct {
		name string
		edit func(w *world, public obj)
		want verify.Code // accepted if there is none
	}{
		{"EdDSA", func(w *world, public obj) { w.links[file] = gina.sign(t, write) }, ""},
		{"EdDSA with the prefix of a native point", func(w *world, public obj) {
			public["keyval"] = obj{"public": obj{"q": "40" + hex.EncodeToString(gina.signer.Public().(ed25519.PublicKey))}}
			w.links[file] = gina.sign(t, write)
		}, ""},
		{"RSA", func(w *world, public obj) {
			g := gina.clone()
			g.signer = rsaKey
			public["type"], public["keyval"] = "rsa", g.public()["keyval"]
			w.links[file] = g.sign(t, write)
		}, ""},
		{"RSA with zeros cut off", func(w *world, public obj) {
			g := gina.clone()
			g.signer = rsaKey
			public["type"], public["keyval"] = "rsa", g.public()["keyval"]
			for g.value = func(v []byte) []byte { return v }; ; g.created++ {
				data := g.sign(t, write)
				if bytes.Contains(data, []byte(`"signature":"00`)) {
					w.links[file] = replace(t, `"signature":"00`, `"signature":"`)(data)
					return
				}
			}
		}, ""},
		{"subkey", func(w *world, public obj) {
			public["subkeys"] = obj{sub.id: sub.public()}
			w.links[file] = sub.sign(t, write)
		}, ""},
		{"subkey that is not listed", func(w *world, public obj) { w.links[file] = sub.sign(t, write) }, layout.CodeLinkSignature},
		{"two subkeys count once", func(w *world, public obj) {
			public["subkeys"] = obj{sub.id: sub.public()}
			w.step(0)["pubkeys"] = []string{gina.id, id("alice")}
			w.step(0)["threshold"] = 2
			w.links[file] = sub.sign(t, write)
			w.links["write.12345678.link"] = gina.sign(t, write)
		}, layout.CodeThreshold},
		{"a subkey that is another key of the step", func(w *world, public obj) {
			public["subkeys"] = obj{sub.id: sub.public()}
			w.layout["keys"].(obj)[sub.id] = sub.public()
			w.step(0)["pubkeys"] = []string{gina.id, sub.id}
			w.links[file] = sub.sign(t, write)
		}, layout.CodeKey},
		{"a subkey that cannot be used takes nothing away", func(w *world, public obj) {
			elgamal := sub.public()
			elgamal["type"] = "elgamal"
			public["subkeys"] = obj{sub.id: elgamal}
			w.links[file] = gina.sign(t, write)
		}, ""},
		{"a subkey that calls itself otherwise", func(w *world, public obj) {
			public["subkeys"] = obj{gina.id: sub.public()}
			w.links[file] = gina.sign(t, write)
		}, layout.CodeKey},
		{"wrong key id in the signature", func(w *world, public obj) {
			w.links[file] = replace(t, `"keyid":"`+gina.id, `"keyid":"`+sub.id)(gina.sign(t, write))
		}, ""},
		{"beside an undecodable signature", func(w *world, public obj) {
			w.links[file] = replace(t, `"signatures":[`, `"signatures":[{"keyid":"x","other_headers":"zz","signature":""},{"sig":"00"},`)(gina.sign(t, write))
		}, ""},

		{"altered link", func(w *world, public obj) { w.links[file] = replace(t, `"README"`, `"readme"`)(gina.sign(t, write)) }, layout.CodeLinkSignature},
		{"another key", func(w *world, public obj) {
			g := gina.clone()
			g.signer = key("mallory")
			w.links[file] = g.sign(t, write)
		}, layout.CodeLinkSignature},
		{"another issuer fingerprint", func(w *world, public obj) {
			g := gina.clone()
			g.issuer = sub.id
			w.links[file] = g.sign(t, write)
		}, layout.CodeLinkSignature},
		{"version 3", headerCase(t, gina, write, 0, 3), layout.CodeLinkSignature},
		{"type 1", headerCase(t, gina, write, 1, 1), layout.CodeLinkSignature},
		{"algorithm RSA", headerCase(t, gina, write, 2, 1), layout.CodeLinkSignature},
		{"algorithm DSA", headerCase(t, gina, write, 2, 17), layout.CodeLinkSignature},
		{"hash SHA-1", headerCase(t, gina, write, 3, 2), layout.CodeLinkSignature},
		{"length of the subpackets", headerCase(t, gina, write, 5, 1), layout.CodeLinkSignature},
		{"data behind the subpackets", func(w *world, public obj) {
			g := gina.clone()
			g.headers = func(h []byte) []byte { return append(h, 0) }
			w.links[file] = g.sign(t, write)
		}, layout.CodeLinkSignature},
		{"headers cut off", func(w *world, public obj) {
			g := gina.clone()
			g.headers = func(h []byte) []byte { return h[:5] }
			w.links[file] = g.sign(t, write)
		}, layout.CodeLinkSignature},
		{"critical subpacket", extraCase(t, gina, write, packet(20|0x80, 1)), layout.CodeLinkSignature},
		{"unknown subpacket", extraCase(t, gina, write, packet(20, 1)), ""},
		{"long subpacket", extraCase(t, gina, write, append([]byte{192, 9}, packetBody(20, 201)...)), ""},
		{"subpacket cut off", extraCase(t, gina, write, []byte{9, 20}), layout.CodeLinkSignature},
		{"subpacket of length 0", extraCase(t, gina, write, []byte{0}), layout.CodeLinkSignature},
		{"issuer twice", extraCase(t, gina, write, packet(33, append([]byte{4}, make([]byte, 20)...)...)), layout.CodeLinkSignature},
		{"creation time twice", extraCase(t, gina, write, packet(2, 0, 0, 0, 1)), layout.CodeLinkSignature},
		{"malformed creation time", extraCase(t, gina, write, packet(2, 1)), layout.CodeLinkSignature},
		{"malformed lifetime", extraCase(t, gina, write, packet(3, 1)), layout.CodeLinkSignature},
		{"malformed issuer", extraCase(t, gina, write, packet(33, 4, 1)), layout.CodeLinkSignature},
		{"lifetime without a creation time", func(w *world, public obj) {
			g := gina.clone()
			g.headers = func(h []byte) []byte { return []byte{4, 0, 22, 8, 0, 6, 5, 3, 0xff, 0xff, 0xff, 0xff} }
			w.links[file] = g.sign(t, write)
		}, layout.CodeLinkSignature},
		{"subpacket with a length of five bytes", extraCase(t, gina, write, append([]byte{255, 0, 0, 0, 201}, packetBody(20, 201)...)), ""},
		{"length of five bytes cut off", extraCase(t, gina, write, []byte{255, 0, 0, 0}), layout.CodeLinkSignature},
		{"length of two bytes cut off", extraCase(t, gina, write, []byte{192}), layout.CodeLinkSignature},
		{"signature that has expired", extraCase(t, gina, write, packet(3, 0, 0, 0x0e, 0x0f)), layout.CodeLinkSignature},
		{"signature that expires now", extraCase(t, gina, write, packet(3, 0, 0, 0x0e, 0x10)), ""},
		{"key that has expired", func(w *world, public obj) {
			public["creation_time"], public["validity_period"] = now.Unix()-100, 99
			w.links[file] = gina.sign(t, write)
		}, layout.CodeLinkSignature},
		{"key that expires now", func(w *world, public obj) {
			public["creation_time"], public["validity_period"] = now.Unix()-100, 100
			w.links[file] = gina.sign(t, write)
		}, ""},
		{"subkey of a key that has expired", func(w *world, public obj) {
			public["subkeys"] = obj{sub.id: sub.public()}
			public["creation_time"], public["validity_period"] = now.Unix()-100, 99
			w.links[file] = sub.sign(t, write)
		}, layout.CodeLinkSignature},
		{"validity without a creation time", func(w *world, public obj) {
			public["validity_period"] = 100
			w.links[file] = gina.sign(t, write)
		}, layout.CodeKey},
		{"RSA with 1024 bits", func(w *world, public obj) {
			g := gina.clone()
			g.signer = weakKey
			public["type"], public["keyval"] = "rsa", g.public()["keyval"]
			w.links[file] = g.sign(t, write)
		}, layout.CodeKey},
		{"a kind of key that nobody knows", func(w *world, public obj) {
			public["type"] = "elgamal"
			w.links[file] = gina.sign(t, write)
		}, layout.CodeThreshold},
		{"id that is no fingerprint", func(w *world, public obj) {
			delete(w.layout["keys"].(obj), gina.id)
			public["keyid"] = "gina"
			w.layout["keys"].(obj)["gina"] = public
			w.step(0)["pubkeys"] = []string{"gina"}
			w.links[file] = gina.sign(t, write)
		}, layout.CodeKey},
		{"id that is a short fingerprint", func(w *world, public obj) {
			delete(w.layout["keys"].(obj), gina.id)
			public["keyid"] = gina.id[:38]
			w.layout["keys"].(obj)[gina.id[:38]] = public
			w.step(0)["pubkeys"] = []string{gina.id[:38]}
			w.links[file] = gina.sign(t, write)
		}, layout.CodeKey},
		{"no id", func(w *world, public obj) {
			delete(public, "keyid")
			w.links[file] = gina.sign(t, write)
		}, layout.CodeKey},
		{"a long message under many signatures, the good one last", func(w *world, public obj) {
			// It is hashed once: two hundred times would be over any bound.
			long := link("write", obj{}, files("src/main.go", "README"))
			long["byproducts"] = obj{"stdout": strings.Repeat("x", 5<<20)}
			many := strings.Repeat(`{"keyid":"x","other_headers":"040016080000","signature":"`+strings.Repeat("00", 64)+`"},`, 200)
			w.links[file] = replace(t, `"signatures":[`, `"signatures":[`+many)(gina.sign(t, long))
		}, ""},
		{"more signatures than are tried", func(w *world, public obj) {
			subkeys := obj{}
			for _, name := range []string{"s1", "s2", "s3", "s4"} {
				s := newGPG(name)
				subkeys[s.id] = s.public()
			}
			public["subkeys"] = subkeys
			many := strings.Repeat(`{"keyid":"x","other_headers":"040016080000","signature":"00"},`, 1023)
			w.links[file] = replace(t, `"signatures":[`, `"signatures":[`+many)(gina.sign(t, write))
		}, layout.CodeLimit},
		{"private key", func(w *world, public obj) {
			public["keyval"].(obj)["private"] = "secret"
			w.links[file] = gina.sign(t, write)
		}, layout.CodeKey},
		{"signature of the plain kind with the same key", func(w *world, public obj) {
			data := legacy(write, "gina")
			w.links[file] = data
		}, layout.CodeLinkSignature},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld()
			public := gina.public()
			setup(w, public)
			c.edit(w, public)
			v, err := w.verify(t)
			if c.want != "" {
				if err == nil {
					t.Fatal("accepted")
				}
				if got := report(t, err).Codes[0]; got != c.want {
					t.Errorf("code %s, want %s\n%s", got, c.want, report(t, err))
				}
				return
			}
			if err != nil {
				t.Fatalf("%v\n%s", err, report(t, err))
			}
			if len(v.Issuers()) != 2 { // the functionaries of the last step
				t.Errorf("issuers %v", v.Issuers())
			}
		})
	}
}

func packetBody(typ byte, n int) []byte { return append([]byte{typ}, make([]byte, n-1)...) }

// headerCase replaces one byte of the hashed part before it is signed.
func headerCase(t testing.TB, g *gpg, payload any, at int, b byte) func(*world, obj) {
	return func(w *world, _ obj) {
		g := g.clone()
		g.headers = func(h []byte) []byte {
			h = slices.Clone(h)
			h[at] = b
			return h
		}
		w.links["write.link"] = g.sign(t, payload)
	}
}

// extraCase adds a hashed subpacket.
func extraCase(t testing.TB, g *gpg, payload any, packet []byte) func(*world, obj) {
	return func(w *world, _ obj) {
		g := g.clone()
		g.extra = packet
		w.links["write.link"] = g.sign(t, payload)
	}
}

func TestOpenPGPOwner(t *testing.T) {
	olga := newGPG("olga")
	parsed, err := layout.ParseOpenPGPKey(marshal(olga.public()))
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld()
	w.opts.OpenPGPKeys = []layout.OpenPGPKey{parsed}
	source := layout.DirLinks(w.fs())
	check := func(name string, signed []byte, keys provenance.KeySet, want verify.Code) {
		t.Helper()
		_, err := layout.Verify(context.Background(), signed, keys, source, w.opts)
		if want == "" && err != nil || want != "" && !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %q", name, err, want)
		}
	}
	var plain, pgp map[string]json.RawMessage
	for data, into := range map[string]*map[string]json.RawMessage{string(legacy(w.layout, "owner")): &plain, string(olga.sign(t, w.layout)): &pgp} {
		if err := json.Unmarshal([]byte(data), into); err != nil {
			t.Fatal(err)
		}
	}
	both := marshal(obj{"signed": plain["signed"], "signatures": []json.RawMessage{bytes.Trim(plain["signatures"], "[]"), bytes.Trim(pgp["signatures"], "[]")}})
	check("OpenPGP alone", olga.sign(t, w.layout), provenance.KeySet{}, "")
	check("both", both, keySet(t, "owner"), "")
	check("the other signature is missing", olga.sign(t, w.layout), keySet(t, "owner"), layout.CodeSignature)
	check("the OpenPGP signature is missing", legacy(w.layout, "owner"), keySet(t, "owner"), layout.CodeSignature)
	var subkeys []layout.OpenPGPKey
	for i := range 3 {
		g := newGPG(fmt.Sprint("owner with a subkey ", i))
		public := g.public()
		sub := newGPG(fmt.Sprint("subkey ", i))
		public["subkeys"] = obj{sub.id: sub.public()}
		k, err := layout.ParseOpenPGPKey(marshal(public))
		if err != nil {
			t.Fatal(err)
		}
		subkeys = append(subkeys, k)
	}
	w.opts.OpenPGPKeys = append(subkeys, parsed)
	junk := strings.Repeat(`{"keyid":"x","other_headers":"040016080000","signature":"00"},`, 1000)
	check("more signatures than are tried", replace(t, `"signatures":[`, `"signatures":[`+junk)(olga.sign(t, w.layout)), provenance.KeySet{}, layout.CodeLimit)
	w.opts.OpenPGPKeys = []layout.OpenPGPKey{{}}
	check("zero key", olga.sign(t, w.layout), provenance.KeySet{}, layout.CodeOptions)
	w.opts.OpenPGPKeys = nil
	check("no key", olga.sign(t, w.layout), provenance.KeySet{}, layout.CodeOptions)

	secret := olga.public()
	secret["keyval"].(obj)["private"] = "secret"
	for _, bad := range []string{"", "{}", "[]", string(marshal(secret)), `{"type":"rsa","keyid":"` + olga.id + `","keyval":{"public":{"n":"00","e":"01"}}}`} {
		if _, err := layout.ParseOpenPGPKey([]byte(bad)); !errors.Is(err, layout.CodeOptions) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// What is not the JSON of a key is refused, and not read as something near it.
func TestParseOpenPGPKey(t *testing.T) {
	g, sub := newGPG("gina"), newGPG("gina's subkey")
	g.signer = rsaKey(2048)
	n := hex.EncodeToString(rsaKey(2048).N.Bytes())
	numbers := func(n, e string) func(obj) {
		return func(k obj) { k["keyval"] = obj{"public": obj{"n": n, "e": e}} }
	}
	with := func(name string, value any) func(obj) { return func(k obj) { k[name] = value } }
	subkeys := func(n int) obj {
		list := obj{}
		for i := range n {
			s := newGPG(fmt.Sprint("subkey ", i))
			list[s.id] = s.public()
		}
		return list
	}
	point := func(q string) func(obj) {
		return func(k obj) { k["type"], k["keyval"] = "eddsa", obj{"public": obj{"q": q}} }
	}
	q := hex.EncodeToString(key("gina").Public().(ed25519.PublicKey))
	nested := sub.public()
	nested["subkeys"] = subkeys(1)
	for _, c := range []struct {
		name string
		edit func(k obj)
		ok   bool
	}{
		{"good", func(obj) {}, true},
		{"EdDSA", point(q), true},
		{"EdDSA, native point", point("40" + q), true},
		{"EdDSA, another prefix", point("41" + q), false},
		{"q is not hex", point(q + "zz"), false},
		{"q is too short", point(q[2:]), false},
		{"n is not hex", numbers(n+"zz", "010001"), false},
		{"e is not hex", numbers(n, "010001zz"), false},
		{"no n", numbers("", "010001"), false},
		{"no e", numbers(n, ""), false},
		{"e is too large", numbers(n, "80000001"), false},
		{"e is far too large", numbers(n, strings.Repeat("01", 9)), false},
		{"n is too long", numbers(strings.Repeat("00", 4096)+n, "010001"), false},
		{"creation before 1970", with("creation_time", -1), false},
		{"creation at no time", with("creation_time", 1<<41), false},
		{"negative validity", func(k obj) { k["creation_time"], k["validity_period"] = 1, -1 }, false},
		{"validity without creation", with("validity_period", 1), false},
		{"validity 0 is for ever", with("validity_period", 0), true},
		{"null is for ever", func(k obj) { k["creation_time"], k["validity_period"] = nil, nil }, true},
		{"64 subkeys", with("subkeys", subkeys(64)), true},
		{"65 subkeys", with("subkeys", subkeys(65)), false},
		{"null subkeys", with("subkeys", nil), true},
		{"subkey with subkeys", with("subkeys", obj{sub.id: nested}), false},
		{"no id", func(k obj) { delete(k, "keyid") }, false},
		{"unknown type", with("type", "elgamal"), false},
	} {
		k := g.public()
		c.edit(k)
		got, err := layout.ParseOpenPGPKey(marshal(k))
		if (err == nil) != c.ok || err != nil && !errors.Is(err, layout.CodeOptions) {
			t.Errorf("%s: %v", c.name, err)
		}
		if (got.Issuer().ID != "") != c.ok {
			t.Errorf("%s: issuer %v", c.name, got.Issuer())
		}
	}
}

// A subkey makes nobody a second functionary, however it comes.
func TestOpenPGPSubkeyCountsOnce(t *testing.T) {
	a, b, sub := newGPG("main a"), newGPG("main b"), newGPG("grace")
	with := func(g *gpg) obj {
		public := g.public()
		public["subkeys"] = obj{sub.id: sub.public()}
		return public
	}
	write := link("write", obj{}, files("src/main.go", "README"))
	root := certify(t, "root", "root", nil, nil)
	grace := certify(t, "grace", "root", root, nil)
	any := []string{"*"}
	certificates := func(w *world) {
		w.layout["rootcas"] = obj{"r1": obj{"keyid": "r1", "keytype": "ed25519", "scheme": "ed25519",
			"keyval": obj{"public": "", "certificate": pemOf(root)}}}
		w.step(0)["cert_constraints"] = []obj{{"common_name": "grace", "dns_names": any, "emails": any, "organizations": any, "uris": any, "roots": []string{"r1"}}}
		w.links["write.cert.link"] = withCert(t, dsse(write, "grace"), "cert", pemOf(grace))
	}
	// The plain key that is a's main key, under its usual id.
	plain := public("main a")
	for _, c := range []struct {
		name string
		edit func(w *world, keys obj)
		want verify.Code
	}{
		{"of two main keys", func(w *world, keys obj) {
			keys[a.id], keys[b.id] = with(a), with(b)
			w.step(0)["pubkeys"] = []string{a.id, b.id}
		}, layout.CodeKey},
		{"and by certificate", func(w *world, keys obj) {
			keys[a.id] = with(a)
			w.step(0)["pubkeys"] = []string{a.id}
			certificates(w)
		}, layout.CodeThreshold},
		{"and by certificate, the main key first as a plain one", func(w *world, keys obj) {
			keys[a.id], keys[id("main a")] = with(a), plain
			w.step(0)["pubkeys"] = []string{id("main a"), a.id}
			w.put("write", write, "main a")
			certificates(w)
		}, layout.CodeThreshold},
		{"and a plain key, the OpenPGP key first", func(w *world, keys obj) {
			keys[a.id], keys[id("main a")], keys[id("grace")] = with(a), plain, public("grace")
			w.step(0)["pubkeys"] = []string{a.id, id("main a"), id("grace")}
			w.put("write", write, "grace")
		}, layout.CodeKey},
		{"and a plain key, the main key first as a plain one", func(w *world, keys obj) {
			keys[a.id], keys[id("main a")], keys[id("grace")] = with(a), plain, public("grace")
			w.step(0)["pubkeys"] = []string{id("main a"), a.id, id("grace")}
			w.put("write", write, "grace")
			w.put("write", write, "main a")
		}, layout.CodeKey},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld()
			delete(w.links, "write."+id8("alice")+".link")
			w.step(0)["threshold"] = 2
			w.links["write.link"] = sub.sign(t, write)
			c.edit(w, w.layout["keys"].(obj))
			if _, err := w.verify(t); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

// One private key is one project owner.
func TestOpenPGPOwnersDistinct(t *testing.T) {
	a, b, sub := newGPG("main a"), newGPG("main b"), newGPG("shared subkey")
	parse := func(g *gpg) layout.OpenPGPKey {
		public := g.public()
		public["subkeys"] = obj{sub.id: sub.public()}
		k, err := layout.ParseOpenPGPKey(marshal(public))
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	for _, c := range []struct {
		name string
		keys provenance.KeySet
		pgp  []layout.OpenPGPKey
	}{
		{"two with one subkey", provenance.KeySet{}, []layout.OpenPGPKey{parse(a), parse(b)}},
		{"a subkey in the key set", keySet(t, "shared subkey"), []layout.OpenPGPKey{parse(a)}},
		{"a main key in the key set", keySet(t, "main a"), []layout.OpenPGPKey{parse(a)}},
		{"one twice", provenance.KeySet{}, []layout.OpenPGPKey{parse(a), parse(a)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld()
			w.opts.OpenPGPKeys = c.pgp
			_, err := layout.Verify(context.Background(), sub.sign(t, w.layout), c.keys, layout.DirLinks(w.fs()), w.opts)
			if !errors.Is(err, layout.CodeOptions) {
				t.Errorf("got %v, want %s", err, layout.CodeOptions)
			}
		})
	}
}

// A key is the whole of its text, and is called by its fingerprint.
func TestParseOpenPGPKeyWhole(t *testing.T) {
	gina := newGPG("gina")
	data := marshal(gina.public())
	k, err := layout.ParseOpenPGPKey(append(data, '\n'))
	if err != nil || k.Issuer().Name != gina.id[:8] {
		t.Errorf("%v: %+v", err, k.Issuer())
	}
	for _, more := range []string{"x", "{}", string(data)} {
		if _, err := layout.ParseOpenPGPKey(append(marshal(gina.public()), more...)); !errors.Is(err, layout.CodeOptions) {
			t.Errorf("with %.10s behind it: %v", more, err)
		}
	}
}

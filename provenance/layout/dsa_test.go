// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package layout_test

import (
	"bytes"
	"crypto"
	//lint:ignore SA1019 See dsa.go.
	"crypto/dsa"
	"crypto/rand"
	"encoding/asn1"
	"encoding/hex"
	"encoding/json"
	"io"
	"math/big"
	"strings"
	"testing"

	"github.com/tallystick/tallystick/provenance/layout"
	"github.com/tallystick/tallystick/verify"
)

// A dsaSigner signs with a key whose parameters are in testdata.
type dsaSigner struct {
	key dsa.PrivateKey
	// edit alters the public key before others see it; again says that a
	// signature will not do. form replaces the DER.
	edit  func(public map[string]*big.Int)
	again func(z, r, s *big.Int) bool
	form  func(r, s *big.Int) []byte
}

func newDSA(t testing.TB, params string) *dsaSigner {
	t.Helper()
	var all map[string]map[string]string
	if err := json.Unmarshal(readFile(t, "testdata/dsa-params.json"), &all); err != nil {
		t.Fatal(err)
	}
	number := func(name string) *big.Int {
		n, ok := new(big.Int).SetString(all[params][name], 16)
		if !ok {
			t.Fatalf("%s of %s", name, params)
		}
		return n
	}
	d := &dsaSigner{}
	d.key.Parameters = dsa.Parameters{P: number("p"), Q: number("q"), G: number("g")}
	x, err := rand.Int(rand.Reader, d.key.Q)
	if err != nil {
		t.Fatal(err)
	}
	d.key.X, d.key.Y = x, new(big.Int).Exp(d.key.G, x, d.key.P)
	return d
}

func (d *dsaSigner) Public() crypto.PublicKey {
	public := map[string]*big.Int{"p": d.key.P, "q": d.key.Q, "g": d.key.G, "y": d.key.Y}
	if d.edit != nil {
		d.edit(public)
	}
	out := obj{}
	for name, n := range public {
		out[name] = hex.EncodeToString(n.Bytes())
	}
	return out
}

// Sign is FIPS 186-4 section 4.6. Package dsa would not sign with all the keys here.
func (d *dsaSigner) Sign(_ io.Reader, digest []byte, _ crypto.SignerOpts) ([]byte, error) {
	k := &d.key
	z := new(big.Int).SetBytes(digest[:min(len(digest), k.Q.BitLen()/8)])
	for {
		nonce, err := rand.Int(rand.Reader, k.Q)
		if err != nil {
			return nil, err
		}
		inverse := new(big.Int).ModInverse(nonce, k.Q)
		if inverse == nil {
			continue
		}
		r := new(big.Int).Exp(k.G, nonce, k.P)
		r.Mod(r, k.Q)
		s := new(big.Int).Mul(k.X, r)
		s.Add(s, z).Mul(s, inverse).Mod(s, k.Q)
		if s.Sign() == 0 || new(big.Int).ModInverse(s, k.Q) == nil || d.again != nil && d.again(z, r, s) {
			continue
		}
		if d.form != nil {
			return d.form(r, s), nil
		}
		return asn1.Marshal(struct{ R, S *big.Int }{r, s})
	}
}

// odd returns whether n/s mod q is odd, for a factor n of a signature.
func (d *dsaSigner) odd(n, s *big.Int) bool {
	u := new(big.Int).ModInverse(s, d.key.Q)
	return u.Mul(u, n).Mod(u, d.key.Q).Bit(0) == 1
}

func TestDSA(t *testing.T) {
	der := func(n *big.Int) []byte {
		data, err := asn1.Marshal(n)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	sequence := func(parts ...[]byte) []byte {
		body := bytes.Join(parts, nil)
		return append([]byte{0x30, byte(len(body))}, body...)
	}
	form := func(f func(r, s *big.Int) []byte) func(*dsaSigner) {
		return func(d *dsaSigner) { d.form = f }
	}
	set := func(name string, f func(n, p *big.Int) *big.Int) func(*dsaSigner) {
		return func(d *dsaSigner) {
			d.edit = func(public map[string]*big.Int) { public[name] = f(public[name], public["p"]) }
		}
	}
	for _, c := range []struct {
		name, params string
		edit         func(d *dsaSigner)
		want         verify.Code
		says         string
	}{
		{"2048 and 224", "2048-224", nil, "", ""},
		{"2048 and 256", "2048-256", nil, "", ""},
		{"3072 and 256", "3072-256", nil, "", ""},
		{"1024 and 160", "1024-160", nil, layout.CodeKey, "1024 bits with a subgroup of 160"},
		{"another q", "2048-256", set("q", func(n, p *big.Int) *big.Int { return new(big.Int).Sub(n, big.NewInt(2)) }), layout.CodeKey, "does not divide"},
		{"a longer p", "2048-256", set("p", func(n, p *big.Int) *big.Int { return new(big.Int).Lsh(n, 1) }), layout.CodeKey, "2049 bits"},
		{"g is 1", "2048-256", set("g", func(n, p *big.Int) *big.Int { return big.NewInt(1) }), layout.CodeKey, "outside of 2 to p-2"},
		{"y is 0", "2048-256", set("y", func(n, p *big.Int) *big.Int { return new(big.Int) }), layout.CodeKey, ""},
		{"y is 1", "2048-256", set("y", func(n, p *big.Int) *big.Int { return big.NewInt(1) }), layout.CodeKey, "outside of 2 to p-2"},
		{"y is p-1", "2048-256", set("y", func(n, p *big.Int) *big.Int { return new(big.Int).Sub(p, big.NewInt(1)) }), layout.CodeKey, "outside of 2 to p-2"},
		{"y is p and more", "2048-256", set("y", func(n, p *big.Int) *big.Int { return new(big.Int).Add(n, p) }), layout.CodeKey, "outside of 2 to p-2"},
		// Half of the signatures hold with the negative of y or g, which has twice
		// the order.
		{"y outside of the subgroup", "2048-256", func(d *dsaSigner) {
			set("y", func(n, p *big.Int) *big.Int { return new(big.Int).Sub(p, n) })(d)
			d.again = func(z, r, s *big.Int) bool { return d.odd(r, s) }
		}, layout.CodeLinkSignature, "outside of its subgroup"},
		{"g outside of the subgroup", "2048-256", func(d *dsaSigner) {
			set("g", func(n, p *big.Int) *big.Int { return new(big.Int).Sub(p, n) })(d)
			d.again = func(z, r, s *big.Int) bool { return d.odd(z, s) }
		}, layout.CodeLinkSignature, "outside of its subgroup"},
		{"q is not prime", "composite q", nil, layout.CodeLinkSignature, "q is not prime"},
		{"another signature", "2048-256", form(func(r, s *big.Int) []byte { return sequence(der(r), der(r)) }), layout.CodeLinkSignature, "not a signature of the key"},
		{"r is 0", "2048-256", form(func(r, s *big.Int) []byte { return sequence(der(new(big.Int)), der(s)) }), layout.CodeLinkSignature, "not a signature of the key"},
		{"s is larger than q", "2048-224", func(d *dsaSigner) {
			d.form = func(r, s *big.Int) []byte { return sequence(der(r), der(new(big.Int).Add(s, d.key.Q))) }
		}, layout.CodeLinkSignature, "not a signature of the key"},
		{"three numbers", "2048-256", form(func(r, s *big.Int) []byte { return sequence(der(r), der(s), der(s)) }), layout.CodeLinkSignature, "DER"},
		{"one number", "2048-256", form(func(r, s *big.Int) []byte { return sequence(der(r)) }), layout.CodeLinkSignature, "DER"},
		{"data behind the DER", "2048-256", form(func(r, s *big.Int) []byte { return append(sequence(der(r), der(s)), 0) }), layout.CodeLinkSignature, "DER"},
		{"leading zeros", "2048-224", form(func(r, s *big.Int) []byte {
			n := append([]byte{2, 31, 0, 0}, r.FillBytes(make([]byte, 29))...)
			return sequence(n, der(s))
		}), layout.CodeLinkSignature, "DER"},
		{"long", "2048-256", form(func(r, s *big.Int) []byte {
			long := der(new(big.Int).Lsh(r, 600))
			return append([]byte{0x30, 0x81, byte(2 * len(long))}, append(long, long...)...)
		}), layout.CodeLinkSignature, "DER"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDSA(t, c.params)
			if c.edit != nil {
				c.edit(d)
			}
			g := newGPG("gina")
			g.signer = d
			w := newWorld()
			delete(w.links, "write."+id8("alice")+".link")
			w.layout["keys"].(obj)[g.id] = g.public()
			w.step(0)["pubkeys"] = []string{g.id}
			w.links["write.link"] = g.sign(t, link("write", obj{}, files("src/main.go", "README")))
			_, err := w.verify(t)
			if c.want == "" {
				if err != nil {
					t.Fatalf("%v\n%s", err, report(t, err))
				}
				// Nobody else's key, and no other content.
				good := w.links["write.link"]
				w.links["write.link"] = replace(t, `"README"`, `"readme"`)(good)
				if _, err := w.verify(t); err == nil {
					t.Error("an altered link is accepted")
				}
				w.links["write.link"] = good
				w.opts.Limits.SignatureWork = 6 * 128 << 10 // one for each file, and this is four
				if _, err := w.verify(t); err == nil {
					t.Error("the work is not charged")
				}
				return
			}
			if err == nil {
				t.Fatal("accepted")
			}
			if r := report(t, err); r.Codes[0] != c.want || !strings.Contains(r.String(), c.says) {
				t.Errorf("want %s, %q\n%s", c.want, c.says, r)
			}
		})
	}
}

// What GnuPG signed with DSA keys, as in-toto 1.3.1 of Debian writes it.
func TestDSAByGnuPG(t *testing.T) {
	var file struct {
		Samples map[string]struct{ Key, Link json.RawMessage }
	}
	if err := json.Unmarshal(readFile(t, "testdata/dsa-gnupg.json"), &file); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]verify.Code{"dsa1024": layout.CodeKey, "dsa2048": "", "dsa3072": ""} {
		t.Run(name, func(t *testing.T) {
			sample := file.Samples[name]
			var key obj
			if err := json.Unmarshal(sample.Key, &key); err != nil {
				t.Fatal(err)
			}
			keyID := key["keyid"].(string)
			w := newWorld()
			w.layout = newLayout(nil, step("write", 1, rules(), rules([]string{"CREATE", "src.txt"}, []string{"DISALLOW", "*"})))
			w.layout["keys"] = obj{keyID: key}
			w.step(0)["pubkeys"] = []string{keyID}
			for sample, want := range map[string]verify.Code{string(sample.Link): want, strings.Replace(string(sample.Link), "src.txt", "src.tyt", 1): "*"} {
				w.links = map[string][]byte{"write.link": []byte(sample)}
				_, err := w.verify(t)
				if want == "" && err != nil || want != "" && err == nil || want == layout.CodeKey && report(t, err).Codes[0] != want {
					t.Errorf("got %v, want %q", err, want)
				}
			}
			_, err := layout.ParseOpenPGPKey(sample.Key)
			if (want == "") != (err == nil) {
				t.Errorf("as a key of an owner: %v", err)
			}
		})
	}
}

// One DSA key is one functionary, however often it is listed, and no other kind of
// signature is taken for one of it.
func TestDSACountsOnce(t *testing.T) {
	a, b := newGPG("gina"), newGPG("gina again")
	a.signer = newDSA(t, "2048-256")
	b.signer = a.signer
	w := newWorld()
	keys := w.layout["keys"].(obj)
	keys[a.id], keys[b.id] = a.public(), b.public()
	w.step(0)["pubkeys"], w.step(0)["threshold"] = []string{a.id, b.id, id("alice")}, 2
	delete(w.links, "write."+id8("alice")+".link")
	write := link("write", obj{}, files("src/main.go", "README"))
	w.links["write.a.link"], w.links["write.b.link"] = a.sign(t, write), b.sign(t, write)
	if _, err := w.verify(t); err == nil {
		t.Error("one key counts twice")
	}
	w.put("write", write, "alice")
	if _, err := w.verify(t); err != nil {
		t.Error(err)
	}
	wrong := a.clone()
	wrong.headers = func(h []byte) []byte { return append([]byte{4, 0, 1}, h[3:]...) }
	w.links["write.a.link"] = wrong.sign(t, write)
	delete(w.links, "write.b.link")
	if _, err := w.verify(t); err == nil {
		t.Error("a signature that calls itself one of RSA")
	}
}

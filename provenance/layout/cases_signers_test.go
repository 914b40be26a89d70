// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package layout_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"math/big"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tallystick/tallystick/internal/canonicaljson"
	"github.com/tallystick/tallystick/internal/signature"
	"github.com/tallystick/tallystick/internal/strictjson"
	"github.com/tallystick/tallystick/internal/tally"
	"github.com/tallystick/tallystick/provenance/layout"
)

// signerCases are those about who has signed, and with what: rows of TestCases.
func signerCases() []rowCase {
	write := func() obj { return link("write", obj{}, files("src/main.go", "README")) }
	rejected := codes(layout.CodeLinkSignature, layout.CodeThreshold)

	// certified has grace, who has a certificate of root, in alice's place.
	certified := func(edit func(t testing.TB, w *world, constraint obj, root *x509.Certificate)) func(testing.TB, *world) {
		return func(t testing.TB, w *world) {
			root := certify(t, "root", "root", nil, nil)
			w.layout["rootcas"] = obj{"r1": obj{"keyid": "r1", "keytype": "ed25519", "scheme": "ed25519",
				"keyval": obj{"public": "", "certificate": pemOf(root)}}}
			c := obj{"common_name": "grace", "dns_names": []string{}, "emails": []string{}, "organizations": []string{}, "uris": []string{}, "roots": []string{"r1"}}
			w.step(0)["pubkeys"], w.step(0)["cert_constraints"] = []string{}, []obj{c}
			delete(w.links, "write."+id8("alice")+".link")
			w.links["write.link"] = withCert(t, dsse(write(), "grace"), "cert", pemOf(certify(t, "grace", "root", root, nil)))
			edit(t, w, c, root)
		}
	}
	constrained := func(name string, value any) func(testing.TB, *world) {
		return certified(func(_ testing.TB, _ *world, c obj, _ *x509.Certificate) { c[name] = value })
	}

	// pgp has gina, who has an OpenPGP key, in alice's place.
	pgp := func(edit func(g *gpg, public obj)) func(testing.TB, *world) {
		return func(t testing.TB, w *world) {
			g := newGPG("gina")
			public := g.public()
			w.layout["keys"].(obj)[g.id] = public
			w.step(0)["pubkeys"] = []string{g.id}
			delete(w.links, "write."+id8("alice")+".link")
			edit(g, public)
			w.links["write.link"] = g.sign(t, write())
		}
	}
	header := func(at int, b byte) func(testing.TB, *world) {
		return pgp(func(g *gpg, _ obj) {
			g.headers = func(h []byte) []byte {
				h = bytes.Clone(h)
				h[at] = b
				return h
			}
		})
	}

	// signed has a key with the scheme in alice's place, and a signature in the
	// older form.
	signed := func(scheme, used string, edit func([]byte) []byte) func(testing.TB, *world) {
		return func(t testing.TB, w *world) {
			signer, keytype := signerOf(t, scheme)
			k, err := signature.New(signer.Public(), "")
			if err != nil {
				t.Fatal(err)
			}
			w.layout["keys"].(obj)["k"] = obj{"keytype": keytype, "scheme": scheme, "keyval": obj{"public": k.Public()}}
			w.step(0)["pubkeys"] = []string{"k"}
			delete(w.links, "write."+id8("alice")+".link")
			payload := marshal(write())
			sig, err := signature.Sign(signer, used, canonical(t, payload))
			if err != nil {
				t.Fatal(err)
			}
			w.links["write.link"] = marshal(obj{"signed": json.RawMessage(payload), "signatures": []obj{{"keyid": "", "sig": hex.EncodeToString(edit(sig))}}})
		}
	}
	same := func(sig []byte) []byte { return sig }

	// sublayout has a layout by bob for the build, and no links of bob and carol.
	sublayout := func(edit func(w *world, sub obj)) func(testing.TB, *world) {
		return func(_ testing.TB, w *world) {
			with, sub := withSublayout()
			*w = *with
			edit(w, sub)
			w.put("build", sub, "bob")
		}
	}

	return []rowCase{
		{"2", "one certified link copied under another key id", certified(func(_ testing.TB, w *world, _ obj, _ *x509.Certificate) {
			w.step(0)["threshold"] = 2
			w.links["write.12345678.link"] = replaceAll(w.links["write.link"], id("grace"), id("heidi"))
		}), codes(layout.CodeThreshold), "found:    1"},
		{"2", "the certificate of a key that did not sign", certified(func(t testing.TB, w *world, _ obj, root *x509.Certificate) {
			w.links["write.link"] = withCert(t, dsse(write(), "mallory"), "cert", pemOf(certify(t, "grace", "root", root, nil)))
		}), rejected, "its key did not make the signature"},
		{"2", "two who have certificates", certified(func(t testing.TB, w *world, c obj, root *x509.Certificate) {
			w.step(0)["threshold"] = 2
			c["common_name"] = "*"
			w.links["write.12345678.link"] = withCert(t, dsse(write(), "heidi"), "cert", pemOf(certify(t, "heidi", "root", root, nil)))
		}), nil, ""},

		{"3", "two subkeys of one OpenPGP key", func(t testing.TB, w *world) {
			g, sub := newGPG("gina"), newGPG("gina's subkey")
			public := g.public()
			public["subkeys"] = obj{sub.id: sub.public()}
			w.layout["keys"].(obj)[g.id] = public
			w.step(0)["pubkeys"], w.step(0)["threshold"] = []string{g.id, id("alice")}, 2
			delete(w.links, "write."+id8("alice")+".link")
			w.links["write.link"], w.links["write.12345678.link"] = sub.sign(t, write()), g.sign(t, write())
		}, codes(layout.CodeThreshold), "found:    1"},

		{"19", "sublayout", sublayout(func(*world, obj) {}), nil, string(layout.CodeSublayout)},
		{"19", "sublayout by somebody else", func(_ testing.TB, w *world) {
			with, sub := withSublayout()
			*w = *with
			w.put("build", sub, "mallory")
			delete(w.links, "build."+id8("bob")+".link")
		}, codes(layout.CodeLinkSignature, layout.CodeThreshold), ""},
		{"19", "links of a sublayout beside it", sublayout(func(w *world, _ obj) {
			for name, data := range w.links {
				if _, file, ok := strings.Cut(name, "/"); ok {
					delete(w.links, name)
					w.links[file] = data
				}
			}
		}), codes(layout.CodeThreshold), "there is no link"},
		{"19", "sublayout that has expired", sublayout(func(_ *world, sub obj) { sub["expires"] = "2026-06-01T11:59:59Z" }), codes(layout.CodeExpired, layout.CodeSublayout), ""},
		{"19", "inspection of a sublayout that nobody runs", sublayout(func(_ *world, sub obj) { sub["inspect"] = []obj{untar("untar")} }), codes(layout.CodeInspection, layout.CodeSublayout), "no runner"},
		{"19", "depth", sublayout(func(w *world, _ obj) { w.opts.Limits.SublayoutDepth = -1 }), codes(layout.CodeLimit), "Limits.SublayoutDepth"},
		{"19", "number of sublayouts", sublayout(func(w *world, _ obj) { w.opts.Limits.Sublayouts = -1 }), codes(layout.CodeLimit), "Limits.Sublayouts"},
		{"19", "number of links at all levels", sublayout(func(w *world, _ obj) { w.opts.Limits.Links = 3 }), codes(layout.CodeLimit), "Limits.Links"},
		{"18", "sublayout without steps", sublayout(func(_ *world, sub obj) { sub["steps"] = []obj{} }), codes(layout.CodeVacuous), "no steps"},

		{"21", "Ed25519", signed("ed25519", "", same), nil, ""},
		{"21", "ECDSA in DER", signed("ecdsa-sha2-nistp256", "", same), nil, ""},
		{"21", "ECDSA as r and s", signed("ecdsa-sha2-nistp256", "", rawECDSA(32)), nil, ""},
		{"21", "ECDSA as r and s, a byte too long", signed("ecdsa-sha2-nistp256", "", rawECDSA(33)), rejected, ""},
		{"21", "ECDSA with P-384", signed("ecdsa-sha2-nistp384", "", same), nil, ""},
		{"21", "RSA-PSS", signed("rsassa-pss-sha256", "", same), nil, ""},
		{"21", "PKCS #1", signed("rsa-pkcs1v15-sha256", "rsa-pkcs1v15-sha256", same), nil, ""},
		{"21", "PKCS #1 where PSS is expected", signed("rsassa-pss-sha256", "rsa-pkcs1v15-sha256", same), rejected, ""},
		{"21", "PSS where PKCS #1 is expected", signed("rsa-pkcs1v15-sha256", "rsassa-pss-sha256", same), rejected, ""},
		{"21", "a byte more", signed("ed25519", "", func(sig []byte) []byte { return append(sig, 0) }), rejected, ""},

		{"25", "certificate", certified(func(testing.TB, *world, obj, *x509.Certificate) {}), nil, ""},
		{"25", "in the other spelling", certified(func(t testing.TB, w *world, c obj, root *x509.Certificate) {
			delete(w.layout, "rootcas")
			w.layout["trustBundles"] = obj{"r1": obj{"roots": []string{pemOf(root)}}}
			c["trustBundleIds"] = c["roots"]
			delete(c, "roots")
			w.step(0)["certConstraints"] = w.step(0)["cert_constraints"]
			delete(w.step(0), "cert_constraints")
			w.links["write.link"] = withCert(t, dsse(write(), "grace"), "certificate", pemOf(certify(t, "grace", "root", root, nil)))
		}), nil, ""},
		{"25", "constraints in both spellings", certified(func(_ testing.TB, w *world, _ obj, _ *x509.Certificate) {
			w.step(0)["certConstraints"] = w.step(0)["cert_constraints"]
		}), codes(layout.CodeMalformed), "second list of constraints"},
		{"25", "empty constraint", certified(func(_ testing.TB, w *world, _ obj, _ *x509.Certificate) { w.step(0)["cert_constraints"] = []obj{{}} }), rejected, "common name"},
		{"25", "member of a constraint that nobody knows", constrained("serial", "1"), codes(layout.CodeUnsupported), "serial"},
		{"25", "common name", constrained("common_name", "heidi"), rejected, "common name"},
		{"25", "DNS names", constrained("dns_names", []string{"e.org"}), rejected, "DNS names"},
		{"25", "e-mail addresses", constrained("emails", []string{"a@e.org"}), rejected, "e-mail"},
		{"25", "organizations", constrained("organizations", []string{"E"}), rejected, "organizations"},
		{"25", "URIs", constrained("uris", []string{"spiffe://e.org/a"}), rejected, "URIs"},
		{"25", "root that the constraint does not name", constrained("roots", []string{"r2"}), rejected, "no root"},
		{"25", "another root", certified(func(t testing.TB, w *world, _ obj, _ *x509.Certificate) {
			other := certify(t, "mallory", "mallory", nil, nil)
			w.links["write.link"] = withCert(t, dsse(write(), "grace"), "cert", pemOf(certify(t, "grace", "mallory", other, nil)))
		}), rejected, "certificate of signature 1"},
		{"25", "certificate that has expired", certified(func(t testing.TB, w *world, _ obj, root *x509.Certificate) {
			w.links["write.link"] = withCert(t, dsse(write(), "grace"), "cert",
				pemOf(certify(t, "grace", "root", root, func(c *x509.Certificate) { c.NotAfter = now.Add(-1e9) })))
		}), rejected, "expired"},
		{"25", "constraints without an authority", certified(func(_ testing.TB, w *world, _ obj, _ *x509.Certificate) { delete(w.layout, "rootcas") }), rejected, "names no certificate authority"},
		{"25", "an authority that calls itself otherwise", certified(func(_ testing.TB, w *world, _ obj, _ *x509.Certificate) {
			w.layout["rootcas"].(obj)["r1"].(obj)["keyid"] = "r2"
		}), codes(layout.CodeKey), "calls itself"},
		{"25", "a trust bundle that calls itself otherwise", certified(func(_ testing.TB, w *world, _ obj, root *x509.Certificate) {
			w.layout["trustBundles"] = obj{"b": obj{"bundleid": "r1", "roots": []string{pemOf(root)}}}
		}), codes(layout.CodeKey), "calls itself"},
		{"25", "two authorities with one id", certified(func(_ testing.TB, w *world, _ obj, root *x509.Certificate) {
			w.layout["trustBundles"] = obj{"r1": obj{"roots": []string{pemOf(root)}}}
		}), codes(layout.CodeMalformed), "two certificate authorities"},
		{"25", "too many authorities", certified(func(_ testing.TB, w *world, _ obj, _ *x509.Certificate) {
			w.layout["rootcas"] = many(w.layout["rootcas"].(obj)["r1"].(obj), 65)
		}), codes(layout.CodeLimit), "more than 64 certificate authorities"},
		{"25", "too many intermediates", certified(func(_ testing.TB, w *world, _ obj, _ *x509.Certificate) {
			w.layout["intermediatecas"] = many(w.layout["rootcas"].(obj)["r1"].(obj), 65)
		}), codes(layout.CodeLimit), "more than 64 intermediate certificates"},
		{"25", "too many constraints", certified(func(_ testing.TB, w *world, c obj, _ *x509.Certificate) {
			var list []obj
			for range 65 {
				list = append(list, c)
			}
			w.step(0)["cert_constraints"] = list
		}), codes(layout.CodeLimit), "certificate constraints"},

		{"OpenPGP", "EdDSA", pgp(func(*gpg, obj) {}), nil, ""},
		{"OpenPGP", "DSA", func(t testing.TB, w *world) {
			pgp(func(g *gpg, public obj) {
				g.signer = newDSA(t, "2048-256")
				for name, v := range g.public() {
					public[name] = v
				}
			})(t, w)
		}, nil, ""},
		{"OpenPGP", "version 3", header(0, 3), rejected, "version 3"},
		{"OpenPGP", "type 1", header(1, 1), rejected, "type 1"},
		{"OpenPGP", "algorithm of another key", header(2, 1), rejected, "another kind of key"},
		{"OpenPGP", "algorithm that nobody knows", header(2, 19), rejected, "OpenPGP algorithm 19"},
		{"OpenPGP", "hash SHA-1", header(3, 2), rejected, "hash algorithm 2"},
		{"OpenPGP", "length of the subpackets", header(5, 1), rejected, "length of the hashed subpackets"},
		{"OpenPGP", "critical subpacket", pgp(func(g *gpg, _ obj) { g.extra = []byte{2, 20 | 0x80, 1} }), rejected, "critical OpenPGP subpacket 20"},
		{"OpenPGP", "another issuer", pgp(func(g *gpg, _ obj) { g.issuer = newGPG("other").id }), rejected, "issuer is another key"},
		{"OpenPGP", "key that has expired", pgp(func(_ *gpg, public obj) {
			public["creation_time"], public["validity_period"] = now.Unix()-100, 99
		}), rejected, "key has expired"},
		{"OpenPGP", "key id in the signature is a hint", pgp(func(g *gpg, _ obj) {
			id := g.id
			g.issuer, g.id = id, newGPG("other").id
		}), nil, ""},
	}
}

// otherCases are the paragraphs below the table.
func otherCases() []rowCase {
	sources := func() obj { return files("src/main.go", "README") }
	return []rowCase{
		{"statement", "v0.3 in a Statement v1", func(_ testing.TB, w *world) {
			w.put("write", statement("https://in-toto.io/Statement/v1", "https://in-toto.io/attestation/link/v0.3", sources(), obj{"name": "write", "materials": []obj{}}), "alice")
		}, nil, ""},
		{"statement", "v0.2", func(_ testing.TB, w *world) {
			w.put("write", statement("https://in-toto.io/Statement/v0.1", "https://in-toto.io/Link/v0.2", sources(), obj{"name": "write", "materials": obj{}}), "alice")
		}, nil, ""},
		{"statement", "subjects are the products", func(_ testing.TB, w *world) {
			w.put("write", statement("https://in-toto.io/Statement/v1", "https://in-toto.io/attestation/link/v0.3", files("evil"), obj{"name": "write"}), "alice")
		}, codes(layout.CodeRule), `"evil"`},
		{"statement", "about another step", func(_ testing.TB, w *world) {
			w.put("write", statement("https://in-toto.io/Statement/v1", "https://in-toto.io/attestation/link/v0.3", sources(), obj{"name": "build"}), "alice")
		}, codes(layout.CodeLinkName, layout.CodeThreshold), ""},

		{"trace", "near miss: another digest", func(_ testing.TB, w *world) {
			build(w, obj{"README": sum("evil"), "src/main.go": sum("content of src/main.go")}, files("src/main.go", "app"))
		}, codes(layout.CodeRule), `rule 1: "README" has another digest in the products of "write"`},
		{"trace", "near miss: another prefix", func(_ testing.TB, w *world) {
			w.step(1)["expected_materials"] = rules([]string{"MATCH", "*", "IN", "src", "WITH", "PRODUCTS", "IN", "src", "FROM", "write"}, []string{"DISALLOW", "*"})
			build(w, files("main.go"), files("app"))
		}, codes(layout.CodeRule), `"main.go" is outside the prefix "src/" of rule 1`},
		{"trace", "near miss: another spelling", func(_ testing.TB, w *world) {
			build(w, files("src/main.go", "docs/README"), files("src/main.go", "app"))
		}, codes(layout.CodeRule), `but there is "README"`},

		{"cost", "rules over the budget", func(_ testing.TB, w *world) { w.opts.Limits.PatternWork = 2 }, codes(layout.CodeLimit), "Limits.PatternWork"},
		{"cost", "rules within the budget", func(_ testing.TB, w *world) { w.opts.Limits.PatternWork = 40 }, nil, ""},
		{"cost", "signatures over the budget", func(_ testing.TB, w *world) { w.opts.Limits.SignatureWork = 1 }, codes(layout.CodeLimit), "Limits.SignatureWork"},
		{"cost", "more signatures than are tried", func(t testing.TB, w *world) {
			many := strings.Repeat(`{"keyid":"x","sig":"AA=="},`, tally.MaxSignatures)
			w.signed = func(payload []byte) []byte {
				return replace(t, `"signatures":[`, `"signatures":[`+many)(dsse(payload, "owner"))
			}
		}, codes(layout.CodeLimit), "more than 1024 signatures"},
		{"cost", "keys of a step", func(_ testing.TB, w *world) {
			w.opts.Limits.Keys = 3
			w.step(0)["pubkeys"] = []string{id("alice"), id("alice"), id("alice"), id("alice")}
		}, codes(layout.CodeLimit), "a list of more than 3"},

		{"sources", "folder", func(_ testing.TB, w *world) {}, nil, ""},
		{"sources", "file system of the caller", func(_ testing.TB, w *world) {
			w.source = func(links map[string][]byte) layout.LinkSource {
				fsys := fstest.MapFS{}
				for name, data := range links {
					fsys["sub/"+name] = &fstest.MapFile{Data: data}
				}
				sub, err := fs.Sub(fsys, "sub")
				if err != nil {
					panic(err)
				}
				return layout.DirLinks(sub)
			}
		}, nil, ""},
		{"sources", "envelopes", func(_ testing.TB, w *world) { w.source = asEnvelopes }, nil, ""},
		{"sources", "bundle", func(_ testing.TB, w *world) { w.source = asBundle }, nil, ""},
		{"sources", "bundle without a line that is needed", func(_ testing.TB, w *world) {
			w.source = asBundle
			delete(w.links, "write."+id8("alice")+".link")
		}, codes(layout.CodeThreshold), "there is no link"},
		{"sources", "bytes of one link", func(_ testing.TB, w *world) { w.opts.Limits.LinkBytes = 100 }, codes(layout.CodeLimit, layout.CodeThreshold), "at most 100"},
		{"sources", "bytes of one line", func(_ testing.TB, w *world) {
			w.source = asBundle
			w.opts.Limits.LinkBytes = 100
		}, codes(layout.CodeLimit, layout.CodeThreshold), ""},
		{"sources", "bytes in all", func(_ testing.TB, w *world) { w.opts.Limits.TotalBytes = 100 }, codes(layout.CodeLimit), "Limits.TotalBytes"},
		{"sources", "number of links", func(_ testing.TB, w *world) { w.opts.Limits.Links = 2 }, codes(layout.CodeLimit), "Limits.Links"},
		{"sources", "number of lines", func(_ testing.TB, w *world) {
			w.source = asBundle
			w.links["junk"] = []byte("junk\njunk")
			w.opts.Limits.Links = 4
		}, codes(layout.CodeLimit), "Limits.Links"},
	}
}

// many returns an authority under many ids.
func many(authority obj, n int) obj {
	list := obj{}
	for i := range n {
		a := maps.Clone(authority)
		delete(a, "keyid")
		list[fmt.Sprint("id", i)] = a
	}
	return list
}

// signerOf returns a private key for a scheme, and its type in a layout.
func signerOf(t testing.TB, scheme string) (signer crypto.Signer, keytype string) {
	t.Helper()
	var err error
	switch {
	case scheme == "ed25519":
		return key("alice"), "ed25519"
	case scheme == "ecdsa-sha2-nistp256":
		keytype = "ecdsa"
		signer, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case scheme == "ecdsa-sha2-nistp384":
		keytype = "ecdsa"
		signer, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	default:
		return rsaKey(2048), "rsa"
	}
	if err != nil {
		t.Fatal(err)
	}
	return signer, keytype
}

// rawECDSA turns the DER of an ECDSA signature into r and s of a fixed length.
func rawECDSA(size int) func([]byte) []byte {
	return func(der []byte) []byte {
		var rs struct{ R, S *big.Int }
		if _, err := asn1.Unmarshal(der, &rs); err != nil {
			panic(err)
		}
		return append(rs.R.FillBytes(make([]byte, size)), rs.S.FillBytes(make([]byte, size))...)
	}
}

func canonical(t testing.TB, payload []byte) []byte {
	t.Helper()
	message, err := canonicaljson.Canonical(payload, strictjson.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return message
}

func asEnvelopes(links map[string][]byte) layout.LinkSource {
	var list [][]byte
	for _, data := range links {
		list = append(list, data)
	}
	return layout.Envelopes(list...)
}

func asBundle(links map[string][]byte) layout.LinkSource {
	var all []byte
	for _, data := range links {
		all = append(append(all, data...), '\n')
	}
	return layout.Bundle(all)
}

func replaceAll(data []byte, old, new string) []byte {
	return bytes.ReplaceAll(data, []byte(old), []byte(new))
}

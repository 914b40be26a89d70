// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package layout_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/internal/canonicaljson"
	dsseenvelope "github.com/tallystick/tallystick/internal/dsse"
	"github.com/tallystick/tallystick/internal/signature"
	"github.com/tallystick/tallystick/internal/strictjson"
	"github.com/tallystick/tallystick/internal/tally"
	"github.com/tallystick/tallystick/provenance"
	"github.com/tallystick/tallystick/provenance/layout"
	"github.com/tallystick/tallystick/verify"
	"github.com/tallystick/tallystick/verify/verifytest"
)

func TestVerify(t *testing.T) {
	for _, test := range []struct {
		name string
		edit func(w *world)
	}{
		{"DSSE", func(*world) {}},
		{"older form", func(w *world) {
			w.signed = func(payload []byte) []byte { return legacy(payload, "owner") }
			w.links["write."+id8("alice")+".link"] = legacy(link("write", obj{}, files("src/main.go", "README")), "alice")
		}},
		{"link predicate v0.3", func(w *world) {
			w.put("write", statement("https://in-toto.io/Statement/v1", "https://in-toto.io/attestation/link/v0.3",
				files("src/main.go", "README"), obj{"name": "write", "materials": []obj{}}), "alice")
		}},
		{"link predicate v0.2", func(w *world) {
			w.put("write", statement("https://in-toto.io/Statement/v0.1", "https://in-toto.io/Link/v0.2",
				files("src/main.go", "README"), obj{"name": "write", "materials": obj{}, "command": "vi"}), "alice")
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld()
			test.edit(w)
			v, err := w.verify(t)
			if err != nil {
				t.Fatal(err)
			}
			if got := v.Steps(); !slices.Equal(got, []string{"write", "build"}) {
				t.Errorf("steps %q", got)
			}
			app := verifytest.Artifact(t, "app", "content of app")
			verifytest.TestClaim(t, v, app)
			source := verifytest.Artifact(t, "README", "content of README")
			if err := v.Covers(source); !errors.Is(err, verify.CodeNotCovered) {
				t.Errorf("a material is covered as a product: %v", err)
			}
			materials, err := v.Materials("build")
			if err != nil {
				t.Fatal(err)
			}
			verifytest.TestClaim(t, materials, source)
			if err := v.Covers(verifytest.Artifact(t, "app", "other content")); !errors.Is(err, verify.CodeConflict) {
				t.Errorf("other content under the name of a product: %v", err)
			}
			if err := v.Covers(verifytest.Artifact(t, "elsewhere/app", "content of app")); err != nil {
				t.Errorf("a product under another name: %v", err)
			}
			if _, err := v.Products("test"); !errors.Is(err, layout.CodeNoStep) {
				t.Errorf("products of a step that there is not: %v", err)
			}
			var ids []string
			for _, i := range v.Issuers() {
				ids = append(ids, i.ID)
			}
			for _, name := range []string{"bob", "carol"} {
				if !slices.Contains(ids, keyOf(name).Fingerprint()) {
					t.Errorf("%s is no issuer", name)
				}
			}
			// The owner and alice signed other things than this content: as
			// witnesses of it they would make two of one.
			if len(ids) != 2 {
				t.Errorf("issuers: %q", ids)
			}
			if e := v.Evidence(); e.Time != now {
				t.Errorf("time %v", e.Time)
			}
		})
	}
}

func statement(typ, predicateType string, subjects, predicate obj) obj {
	list := []obj{}
	for name, digest := range subjects {
		list = append(list, obj{"name": name, "digest": digest})
	}
	return obj{"_type": typ, "subject": list, "predicateType": predicateType, "predicate": predicate}
}

func TestEnvelopes(t *testing.T) {
	w := newWorld()
	var list [][]byte
	for _, data := range w.links {
		list = append(list, data)
	}
	source := layout.Envelopes(list...)
	for range 2 { // a source can be used again
		if _, err := layout.Verify(context.Background(), w.sign(), keySet(t, "owner"), source, w.opts); err != nil {
			t.Fatal(err)
		}
	}
	w.opts.Limits.LinkBytes = 100
	if _, err := layout.Verify(context.Background(), w.sign(), keySet(t, "owner"), source, w.opts); !errors.Is(err, layout.CodeLimit) {
		t.Errorf("a source that was used with larger limits: %v", err)
	}
	w.opts.Limits.LinkBytes = 0
	_, err := layout.Verify(context.Background(), w.sign(), keySet(t, "owner"), layout.Envelopes([]byte("junk")), w.opts)
	if !errors.Is(err, layout.CodeThreshold) || !errors.Is(err, layout.CodeLinkMalformed) {
		t.Errorf("junk: %v", err)
	}
}

// What the caller gives is not a verdict.
func TestCallersMistakes(t *testing.T) {
	w := newWorld()
	good, source := keySet(t, "owner"), layout.DirLinks(w.fs())
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	for _, test := range []struct {
		name  string
		ctx   context.Context
		keys  provenance.KeySet
		links layout.LinkSource
		opts  layout.Options
		want  verify.Code
	}{
		{"no keys", context.Background(), provenance.KeySet{}, source, w.opts, layout.CodeOptions},
		{"no source", context.Background(), good, nil, w.opts, layout.CodeOptions},
		{"name of a parameter", context.Background(), good, source, layout.Options{Parameters: map[string]string{"a b": ""}}, layout.CodeOptions},
		{"value of a parameter", context.Background(), good, source, layout.Options{Parameters: map[string]string{"a": "\xff"}}, layout.CodeOptions},
		{"no folder", context.Background(), good, layout.DirLinks(missing{}), w.opts, layout.CodeSource},
		{"cancelled", cancelled, good, source, w.opts, layout.CodeSource},
	} {
		t.Run(test.name, func(t *testing.T) {
			v, err := layout.Verify(test.ctx, w.sign(), test.keys, test.links, test.opts)
			if v != nil || !errors.Is(err, test.want) {
				t.Errorf("got %v, %v, want %s", v, err, test.want)
			}
			if _, ok := errors.AsType[*verify.RejectedError](err); ok {
				t.Errorf("a verdict: %v", err)
			}
			if test.ctx == cancelled && !errors.Is(err, context.Canceled) {
				t.Errorf("does not wrap the context's error: %v", err)
			}
		})
	}
}

// A rejection names the rule, the artifact and the near miss.
func TestTrace(t *testing.T) {
	w := newWorld()
	build := link("build", obj{"src/main.go": sum("evil"), "README": sum("content of README")}, files("src/main.go", "app"))
	w.put("build", build, "bob")
	w.put("build", build, "carol")
	_, err := w.verify(t)
	text := report(t, err).String()
	for _, want := range []string{
		`materials of step "build"`,
		`materials of step "build", rule 2: DISALLOW *`,
		`"src/main.go" has another digest in the products of "write"`,
		sum("evil")["sha256"].(string),
		sum("content of src/main.go")["sha256"].(string),
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the report does not say %s:\n%s", want, text)
		}
	}
	if got := report(t, err).Codes[0]; got != layout.CodeRule {
		t.Errorf("first code %s", got)
	}
}

// What was not checked is not said to be good.
func TestSkippedRulesAreNotRun(t *testing.T) {
	w := newWorld()
	delete(w.links, "build."+id8("bob")+".link")
	w.layout["inspect"] = []obj{untar("untar")}
	_, err := w.verify(t)
	checks := report(t, err).Checks[0].Checks
	for what, want := range map[string]verify.Status{`step "write"`: verify.NotRun, `step "build"`: verify.Fail, `inspection "untar"`: verify.NotRun} {
		i := slices.IndexFunc(checks, func(c verify.Check) bool { return c.What == what })
		if i < 0 || checks[i].Status != want {
			t.Errorf("%s: want %s\n%s", what, want, report(t, err))
		}
	}
	// A step without rules has nothing that was not checked.
	w.step(0)["expected_products"] = rules()
	_, err = w.verify(t)
	if c := report(t, err).Checks[0].Checks[2]; c.What != `step "write"` || c.Status != verify.Pass {
		t.Errorf("got %+v", c)
	}
}

// A layout key counts only within its own dates.
func TestValidityOfOwner(t *testing.T) {
	k, err := provenance.NewKey(key("owner").Public())
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld()
	for _, c := range []struct {
		from, until time.Time
		ok          bool
	}{
		{now, now, true},
		{now.Add(time.Second), time.Time{}, false},
		{time.Time{}, now.Add(-time.Second), false},
	} {
		keys, err := provenance.NewKeySet(1, k.WithValidity(c.from, c.until))
		if err != nil {
			t.Fatal(err)
		}
		_, err = layout.Verify(context.Background(), w.sign(), keys, layout.DirLinks(w.fs()), w.opts)
		if c.ok && err != nil || !c.ok && !errors.Is(err, layout.CodeKey) {
			t.Errorf("from %v until %v: %v", c.from, c.until, err)
		}
	}
}

// A source may hand in more than it was asked for.
func TestTooLargeFromSource(t *testing.T) {
	w := newWorld()
	w.opts.Limits.LinkBytes = 100
	source := endless{layout.File{Name: "any", Data: dsse(link("write", obj{}, files("src/main.go", "README")), "alice")}}
	_, err := layout.Verify(context.Background(), w.sign(), keySet(t, "owner"), source, w.opts)
	if !errors.Is(err, layout.CodeLimit) || !errors.Is(err, layout.CodeThreshold) {
		t.Errorf("got %v", err)
	}
}

// Row 21: every kind of signature that functionaries make.
func TestSignatureKinds(t *testing.T) {
	rsaKey := rsaKey(2048)
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p521, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	raw := rawECDSA
	same := func(sig []byte) []byte { return sig }
	for _, c := range []struct {
		name            string
		signer          crypto.Signer
		keytype, scheme string // in the layout
		signed          string // the scheme that was used
		edit            func([]byte) []byte
		ok              bool
	}{
		{"Ed25519", key("alice"), "ed25519", "ed25519", "", same, true},
		{"P-256 in DER", p256, "ecdsa", "ecdsa-sha2-nistp256", "", same, true},
		{"P-256, r and s", p256, "ecdsa", "ecdsa-sha2-nistp256", "", raw(32), true},
		{"P-256, r and s too long", p256, "ecdsa", "ecdsa-sha2-nistp256", "", raw(33), false},
		{"P-256 under the old key type", p256, "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", "", same, true},
		{"P-384", p384, "ecdsa", "ecdsa-sha2-nistp384", "", same, true},
		{"P-384, r and s", p384, "ecdsa", "ecdsa-sha2-nistp384", "", raw(48), true},
		{"P-384 labelled P-256", p384, "ecdsa", "ecdsa-sha2-nistp256", "", same, true},
		{"P-521", p521, "ecdsa", "ecdsa-sha2-nistp521", "", same, true},
		{"RSA-PSS", rsaKey, "rsa", "rsassa-pss-sha256", "", same, true},
		{"RSA-PSS with SHA-512", rsaKey, "rsa", "rsassa-pss-sha512", "rsassa-pss-sha512", same, true},
		{"PKCS #1", rsaKey, "rsa", "rsa-pkcs1v15-sha256", "rsa-pkcs1v15-sha256", same, true},
		{"PKCS #1 where PSS is expected", rsaKey, "rsa", "rsassa-pss-sha256", "rsa-pkcs1v15-sha256", same, false},
		{"PSS where PKCS #1 is expected", rsaKey, "rsa", "rsa-pkcs1v15-sha256", "rsassa-pss-sha256", same, false},
		{"Ed25519 with a byte more", key("alice"), "ed25519", "ed25519", "", func(sig []byte) []byte { return append(sig, 0) }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld()
			k, err := signature.New(c.signer.Public(), "")
			if err != nil {
				t.Fatal(err)
			}
			w.layout["keys"].(obj)["k"] = obj{"keytype": c.keytype, "scheme": c.scheme, "keyval": obj{"public": k.Public()}}
			w.step(0)["pubkeys"] = []string{"k"}
			payload := marshal(link("write", obj{}, files("src/main.go", "README")))
			message, err := canonicaljson.Canonical(payload, strictjson.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			sig, err := signature.Sign(c.signer, c.signed, message)
			if err != nil {
				t.Fatal(err)
			}
			delete(w.links, "write."+id8("alice")+".link")
			w.links["write.link"] = marshal(obj{"signed": json.RawMessage(payload), "signatures": []obj{{"keyid": "", "sig": hex.EncodeToString(c.edit(sig))}}})
			if _, err := w.verify(t); (err == nil) != c.ok {
				t.Errorf("got %v", err)
			}
		})
	}
}

// A digest that fewer functionaries state than the threshold does not make a
// claim, but contradicts.
func TestCoversByThreshold(t *testing.T) {
	w := newWorld()
	w.put("build", link("build", files("src/main.go", "README"), obj{"src/main.go": sum("content of src/main.go"), "app": sums("content of app")}), "bob")
	v, err := w.verify(t)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		content string
		algs    []hash.Algorithm
		want    error
	}{
		{"content of app", []hash.Algorithm{hash.SHA256, hash.SHA512}, nil},
		{"content of app", []hash.Algorithm{hash.SHA256}, nil},
		{"content of app", []hash.Algorithm{hash.SHA512}, verify.CodeNotCovered},
		{"other content", []hash.Algorithm{hash.SHA512}, verify.CodeConflict},
	} {
		err := v.Covers(verifytest.Artifact(t, "app", c.content, c.algs...))
		if c.want == nil && err != nil || !errors.Is(err, c.want) {
			t.Errorf("%s by %v: got %v, want %v", c.content, c.algs, err, c.want)
		}
	}
	if set := v.Digests(verifytest.Artifact(t, "app", "content of app")); set.Len() != 2 {
		t.Errorf("digests %v", set)
	}
}

// What an owner has signed under the payload type of links is no layout.
func TestLayoutPayloadType(t *testing.T) {
	for typ, want := range map[string]verify.Code{
		provenance.PayloadType:                   "",
		"application/vnd.in-toto.link+json":      layout.CodeMalformed,
		"application/vnd.in-toto.layout+json":    layout.CodeMalformed,
		"application/vnd.in-toto.link+json; a=b": layout.CodeMalformed,
	} {
		t.Run(typ, func(t *testing.T) {
			w := newWorld()
			w.signed = func(payload []byte) []byte {
				data, err := dsseenvelope.Encode(typ, payload, []tally.Signature{{Hint: id("owner"), Bytes: ed25519.Sign(key("owner"), dsseenvelope.PAE(typ, payload))}})
				if err != nil {
					t.Fatal(err)
				}
				return data
			}
			if _, err := w.verify(t); want == "" && err != nil || want != "" && !errors.Is(err, want) {
				t.Errorf("got %v, want %q", err, want)
			}
		})
	}
}

// Who has no artifacts gets answers and no panic.
func TestArtifactsOfNobody(t *testing.T) {
	w := newWorld()
	v, err := w.verify(t)
	if err != nil {
		t.Fatal(err)
	}
	some, err := v.Products("build")
	if err != nil {
		t.Fatal(err)
	}
	app := verifytest.Artifact(t, "app", "content of app")
	for name, a := range map[string]*layout.Artifacts{"nil": nil, "zero": new(layout.Artifacts)} {
		if err := a.Covers(app); verify.CodeOf(err) != verify.CodeNotCovered || !strings.Contains(err.Error(), "artifacts of a verified layout") {
			t.Errorf("%s: covers: %v", name, err)
		}
		if _, ok := a.Lookup("app"); ok || a.Len() != 0 || len(a.Issuers()) != 0 || a.Digests(app).Len() != 0 {
			t.Errorf("%s: states something", name)
		}
		if a.Evidence().Check.Status == verify.Pass {
			t.Errorf("%s: evidence", name)
		}
		for range a.All() {
			t.Errorf("%s: has artifacts", name)
		}
		if _, err := a.Manifest(); err == nil {
			t.Errorf("%s: a manifest", name)
		}
	}
	if _, ok := some.Lookup("none"); ok {
		t.Error("looked up what is not there")
	}
	if err := some.Covers(hash.Artifact{}); verify.CodeOf(err) != verify.CodeNotCovered {
		t.Errorf("covers the zero artifact: %v", err)
	}
	n := 0
	for range some.All() {
		n++
		break
	}
	if n != 1 {
		t.Errorf("%d artifacts until the first", n)
	}
}

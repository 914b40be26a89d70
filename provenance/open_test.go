// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package provenance_test

import (
	"crypto"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/provenance"
	"github.com/tallystick/tallystick/verify"
	"github.com/tallystick/tallystick/verify/verifytest"
)

// signer returns the test key of a person.
func signer(name string) ed25519.PrivateKey {
	seed := make([]byte, ed25519.SeedSize)
	copy(seed, name)
	return ed25519.NewKeyFromSeed(seed)
}

func public(t testing.TB, name string) provenance.Key {
	t.Helper()
	k, err := provenance.NewKey(signer(name).Public())
	if err != nil {
		t.Fatal(err)
	}
	return k.WithName(name)
}

func keySet(t testing.TB, threshold int, names ...string) provenance.KeySet {
	t.Helper()
	var keys []provenance.Key
	for _, n := range names {
		keys = append(keys, public(t, n))
	}
	s, err := provenance.NewKeySet(threshold, keys...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func seal(t testing.TB, payload string, names ...string) []byte {
	t.Helper()
	var signers []crypto.Signer
	for _, n := range names {
		signers = append(signers, signer(n))
	}
	e, err := provenance.Sign(provenance.PayloadType, []byte(payload), signers...)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

const sha256Hello = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

// statement returns a Statement about "hello" with one text replaced.
func statement(replace ...string) string {
	return strings.NewReplacer(replace...).Replace(`{
		"_type": "https://in-toto.io/Statement/v1",
		"subject": [{"name": "hello", "digest": {"sha256": "` + sha256Hello + `"}}],
		"predicateType": "https://example.org/test/v1",
		"predicate": {"Key": 1, "key": 2}
	}`)
}

func TestOpen(t *testing.T) {
	july := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)
	alice, bob := public(t, "alice"), public(t, "bob")
	ab, err := provenance.NewKeySet(2, alice, bob)
	if err != nil {
		t.Fatal(err)
	}
	expired, err := provenance.NewKeySet(1, alice.WithValidity(time.Time{}, july.Add(-time.Second)))
	if err != nil {
		t.Fatal(err)
	}
	inTime, err := provenance.NewKeySet(1, alice.WithValidity(july, july))
	if err != nil {
		t.Fatal(err)
	}
	notYet, err := provenance.NewKeySet(1, alice.WithValidity(july.Add(time.Second), time.Time{}))
	if err != nil {
		t.Fatal(err)
	}
	one := keySet(t, 1, "alice")
	good := seal(t, statement(), "alice")
	edit := func(envelope []byte, from, to string) []byte {
		s := strings.Replace(string(envelope), from, to, 1)
		if s == string(envelope) {
			t.Fatalf("nothing replaced: %s", from)
		}
		return []byte(s)
	}
	otherType, err := provenance.Sign("application/vnd.in-toto.test+json", []byte(statement()), signer("alice"))
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := provenance.Sign("application/json", []byte(statement()), signer("alice"))
	if err != nil {
		t.Fatal(err)
	}
	payloadOf := func(s string) string {
		b, _ := json.Marshal([]byte(s))
		return string(b)
	}

	for _, test := range []struct {
		name     string
		envelope []byte
		keys     provenance.KeySet
		opts     provenance.Options
		code     verify.Code // "" accepts
	}{
		{"one of one", good, one, provenance.Options{}, ""},
		{"two of two", seal(t, statement(), "alice", "bob"), ab, provenance.Options{}, ""},
		{"one of two keys is enough", seal(t, statement(), "bob"), keySet(t, 1, "alice", "bob"), provenance.Options{}, ""},
		{"stranger beside", seal(t, statement(), "mallory", "alice"), one, provenance.Options{}, ""},
		{"predicate payload type", otherType, one, provenance.Options{}, ""},
		{"predicate type asked for", good, one, provenance.Options{PredicateType: "https://example.org/test/v1"}, ""},
		{"Statement v0.1", seal(t, statement("Statement/v1", "Statement/v0.1"), "alice"), one, provenance.Options{}, ""},
		{"no key id", edit(good, `"keyid"`, `"x"`), one, provenance.Options{}, ""},
		{"wrong key id", edit(good, `"keyid":"`, `"keyid":"0`), one, provenance.Options{}, ""},
		{"undecodable signature beside", edit(good, `"signatures":[`, `"signatures":[{"sig":"***"},`), one, provenance.Options{}, ""},
		{"unknown members of the Statement", seal(t, statement(`"predicate":`, `"extra": [], "predicate":`), "alice"), one, provenance.Options{}, ""},
		{"unknown digest beside", seal(t, statement(`{"sha256"`, `{"gost": "xyz", "sha256"`), "alice"), one, provenance.Options{}, ""},
		{"key valid at the very instant", good, inTime, provenance.Options{Time: july}, ""},

		{"no key set", good, provenance.KeySet{}, provenance.Options{}, provenance.CodeKeySet},
		{"stranger", seal(t, statement(), "mallory"), one, provenance.Options{}, provenance.CodeSignature},
		{"one of two", seal(t, statement(), "alice"), ab, provenance.Options{}, provenance.CodeSignature},
		{"one key signs twice", seal(t, statement(), "alice", "alice"), ab, provenance.Options{}, provenance.CodeSignature},
		{"payload altered", edit(good, `"payload":`+payloadOf(statement()), `"payload":`+payloadOf(statement("hello", "hallo"))), one, provenance.Options{}, provenance.CodeSignature},
		{"payload type altered", edit(good, "vnd.in-toto+json", "vnd.in-toto.x+json"), one, provenance.Options{}, provenance.CodeSignature},
		{"key expired", good, expired, provenance.Options{Time: july}, provenance.CodeKeyTime},
		{"key not valid yet", good, notYet, provenance.Options{Time: july}, provenance.CodeKeyTime},
		{"another payload type", foreign, one, provenance.Options{}, provenance.CodePayloadType},
		{"no name of a predicate in the payload type", edit(otherType, "vnd.in-toto.test+json", "vnd.in-toto.a/b+json"), one, provenance.Options{}, provenance.CodePayloadType},
		{"payload type in upper case", edit(otherType, "vnd.in-toto.test+json", "vnd.in-toto.Test+json"), one, provenance.Options{}, provenance.CodePayloadType},
		{"empty predicate in the payload type", edit(otherType, "vnd.in-toto.test+json", "vnd.in-toto.+json"), one, provenance.Options{}, provenance.CodePayloadType},
		{"not JSON", []byte("hello"), one, provenance.Options{}, provenance.CodeMalformed},
		{"truncated", good[:len(good)-3], one, provenance.Options{}, provenance.CodeMalformed},
		{"empty", nil, one, provenance.Options{}, provenance.CodeMalformed},
		{"too large", good, one, provenance.Options{Limits: provenance.Limits{Bytes: 100}}, provenance.CodeLimit},
		{"too deep", seal(t, statement(`"Key": 1`, `"Key": [[[[[[]]]]]]`), "alice"), one, provenance.Options{Limits: provenance.Limits{Depth: 6}}, provenance.CodeLimit},
		{"too many subjects", seal(t, statement(`"subject": [`, `"subject": [{"digest":{"sha256":"`+sha256Hello+`"}},`), "alice"), one, provenance.Options{Limits: provenance.Limits{Subjects: 1}}, provenance.CodeLimit},
		{"another predicate type", good, one, provenance.Options{PredicateType: "https://example.org/test/v2"}, provenance.CodePredicateType},
		{"no _type", seal(t, statement(`"_type"`, `"x"`), "alice"), one, provenance.Options{}, provenance.CodeMalformed},
		{"unknown _type", seal(t, statement("Statement/v1", "Statement/v2"), "alice"), one, provenance.Options{}, provenance.CodeMalformed},
		{"no predicate type", seal(t, statement("https://example.org/test/v1", ""), "alice"), one, provenance.Options{}, provenance.CodeMalformed},
		{"alias type", seal(t, statement(`"predicate":`, `"type": "x", "predicate":`), "alice"), one, provenance.Options{}, provenance.CodeMalformed},
		{"alias predicate_type", seal(t, statement(`"predicate":`, `"predicate_type": "x", "predicate":`), "alice"), one, provenance.Options{}, provenance.CodeMalformed},
		{"case variant", seal(t, statement(`"predicate":`, `"Subject": [], "predicate":`), "alice"), one, provenance.Options{}, provenance.CodeMalformed},
		{"duplicate member", seal(t, statement(`"predicate":`, `"subject": [], "predicate":`), "alice"), one, provenance.Options{}, provenance.CodeMalformed},
		{"duplicate in predicate", seal(t, statement(`"Key"`, `"key"`), "alice"), one, provenance.Options{}, provenance.CodeMalformed},
		{"trailing data", seal(t, statement()+"{}", "alice"), one, provenance.Options{}, provenance.CodeMalformed},
		{"no subject", seal(t, statement(`{"name": "hello", "digest": {"sha256": "`+sha256Hello+`"}}`, ``), "alice"), one, provenance.Options{}, provenance.CodeSubject},
		{"subject without digest", seal(t, statement(`"sha256": "`+sha256Hello+`"`, ``), "alice"), one, provenance.Options{}, provenance.CodeSubject},
		{"too many digests", seal(t, statement(`"sha256": "`+sha256Hello+`"`, manyDigests()), "alice"), one, provenance.Options{}, provenance.CodeLimit},
		{"too many signatures", []byte(strings.Replace(string(good), `"signatures":[`, `"signatures":[`+strings.Repeat(`{"sig":""},`, 1024), 1)), one, provenance.Options{}, provenance.CodeLimit},
		{"nothing allowed", good, one, provenance.Options{Limits: provenance.Limits{Subjects: -1}}, provenance.CodeLimit},
		{"no byte allowed", good, one, provenance.Options{Limits: provenance.Limits{Bytes: -1}}, provenance.CodeLimit},
		{"null subject", seal(t, statement(`{"name": "hello", "digest": {"sha256": "`+sha256Hello+`"}}`, `null`), "alice"), one, provenance.Options{}, provenance.CodeMalformed},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := provenance.Open(test.envelope, test.keys, &test.opts)
			if (s == nil) == (err == nil) {
				t.Fatalf("statement %v and error %v", s, err)
			}
			if got := verify.CodeOf(err); got != test.code {
				t.Fatalf("code %q, want %q: %v", got, test.code, err)
			}
			if err == nil {
				verifytest.TestClaim(t, s, verifytest.Artifact(t, "any name", "hello"))
				return
			}
			if rejected, ok := errors.AsType[*verify.RejectedError](err); ok && rejected.Report.Verdict != verify.Rejected {
				t.Errorf("verdict %q", rejected.Report.Verdict)
			}
		})
	}
}

func manyDigests() string {
	var list []string
	for i := range 65 {
		list = append(list, fmt.Sprintf(`"algorithm%d":"00"`, i))
	}
	return strings.Join(list, ",")
}

func TestSignRefuses(t *testing.T) {
	for _, test := range []struct {
		payloadType string
		signers     []crypto.Signer
		code        verify.Code
	}{
		{provenance.PayloadType, nil, provenance.CodeKey},
		{provenance.PayloadType, []crypto.Signer{nil}, provenance.CodeKey},
		{provenance.PayloadType, []crypto.Signer{ed25519.PrivateKey(nil)}, provenance.CodeKey},
		{"", []crypto.Signer{signer("alice")}, provenance.CodePayloadType},
		{"a\xff", []crypto.Signer{signer("alice")}, provenance.CodePayloadType},
	} {
		if e, err := provenance.Sign(test.payloadType, []byte("{}"), test.signers...); !errors.Is(err, test.code) || e != nil {
			t.Errorf("%q: got %s, %v", test.payloadType, e, err)
		}
	}
	if e, err := provenance.Sign("empty", nil, signer("alice")); err != nil || !strings.Contains(string(e), `"payload":""`) {
		t.Errorf("no payload: %s, %v", e, err)
	}
}

// A claim beside others is heard even where its own subjects hide one another.
func TestEverySubjectIsHeard(t *testing.T) {
	hello := verifytest.Artifact(t, "hello", "hello")
	x, y := strings.Repeat("0", 128), strings.Repeat("1", 128)
	first := statement(`{"name": "hello", "digest": {"sha256": "`+sha256Hello+`"}}`, `{"digest":{"sha256":"`+sha256Hello+`"}},{"digest":{"sha256":"`+sha256Hello+`","sha512":"`+x+`"}}`)
	second := statement(`"sha256": "`+sha256Hello+`"`, `"sha256": "`+sha256Hello+`", "sha512": "`+y+`"`)
	alice, err := provenance.Open(seal(t, first, "alice"), keySet(t, 1, "alice"), nil)
	if err != nil {
		t.Fatal(err)
	}
	bob, err := provenance.Open(seal(t, second, "bob"), keySet(t, 1, "bob"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := verify.Artifact(hello, verify.CoveredBy(alice), alice, bob); !errors.Is(err, verify.CodeConflict) {
		t.Errorf("got %v", err)
	}
}

// What a Statement hands out is the caller's to change.
func TestStatementIsImmutable(t *testing.T) {
	hello := verifytest.Artifact(t, "hello", "hello")
	s, err := provenance.Open(seal(t, slsaStatement(), "alice"), keySet(t, 1, "alice"), nil)
	if err != nil {
		t.Fatal(err)
	}
	victim := public(t, "bob").Issuer()
	failed := provenance.SLSA{Builder: builderID, Signers: keySet(t, 1, "bob")}.Evaluate(hello, []verify.Claim{s})
	failed.Checks[0].Issuers[0] = victim
	s.Evidence().Check.Checks[0].Issuers[0] = victim
	s.Issuers()[0] = victim
	clear(s.Payload())
	clear(s.Predicate())
	s.Subjects()[0].Name = "overwritten"
	if _, err := verify.Artifact(hello, verify.IssuedBy(victim), s); err == nil {
		t.Error("a Statement of alice became one of bob")
	}
	if string(s.Payload()) != slsaStatement() || !json.Valid(s.Predicate()) || s.Subjects()[0].Name != "hello" {
		t.Error("the Statement was altered")
	}
	keys := keySet(t, 1, "alice")
	keys.Keys()[0] = public(t, "bob")
	if keys.Keys()[0].Fingerprint() != public(t, "alice").Fingerprint() {
		t.Error("the key set was altered")
	}
}

// Every cut and every changed byte of an envelope is refused, or says the same.
func TestOpenMutations(t *testing.T) {
	keys := keySet(t, 1, "alice")
	good := seal(t, statement(), "alice")
	want, err := provenance.Open(good, keys, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range good {
		if _, err := provenance.Open(good[:i], keys, nil); err == nil {
			t.Errorf("accepted when cut to %d bytes", i)
		}
		bad := append([]byte(nil), good...)
		bad[i] ^= 1
		if s, err := provenance.Open(bad, keys, nil); err == nil && string(s.Payload()) != string(want.Payload()) {
			t.Errorf("accepted another payload with byte %d changed", i)
		}
	}
}

func TestStatementCovers(t *testing.T) {
	sha512Hello := hexOf(verifytest.Artifact(t, "", "hello", hash.SHA512), hash.SHA512)
	sha1Hello := hexOf(verifytest.Artifact(t, "", "hello", hash.SHA1), hash.SHA1)
	zeros := strings.Repeat("0", 64)
	hello := verifytest.Artifact(t, "hello", "hello", hash.SHA256, hash.SHA512, hash.SHA1)
	other := verifytest.Artifact(t, "hello", "other", hash.SHA256, hash.SHA512, hash.SHA1)
	for _, test := range []struct {
		name     string
		subjects string
		artifact hash.Artifact
		code     verify.Code
	}{
		{"digest under another name", `{"name":"x","digest":{"sha256":"` + sha256Hello + `"}}`, hello, ""},
		{"both digests", `{"digest":{"sha256":"` + sha256Hello + `","sha512":"` + sha512Hello + `"}}`, hello, ""},
		{"second subject", `{"name":"x","digest":{"sha256":"` + zeros + `"}},{"digest":{"sha256":"` + sha256Hello + `"}}`, hello, ""},
		{"name of one, digest of another", `{"name":"hello","digest":{"sha256":"` + zeros + `"}},{"name":"hello","digest":{"sha256":"` + sha256Hello + `"}}`, hello, ""},
		{"malformed digest in another subject", `{"name":"x","digest":{"sha256":"00"}},{"digest":{"sha256":"` + sha256Hello + `"}}`, hello, ""},
		{"same name, other digest", `{"name":"hello","digest":{"sha256":"` + sha256Hello + `"}}`, other, verify.CodeConflict},
		{"other name, other digest", `{"name":"x","digest":{"sha256":"` + sha256Hello + `"}}`, other, verify.CodeNotCovered},
		{"one matches, one differs", `{"name":"x","digest":{"sha256":"` + sha256Hello + `","sha512":"` + strings.Repeat("0", 128) + `"}}`, hello, verify.CodeConflict},
		{"one subject matches, another half", `{"digest":{"sha256":"` + sha256Hello + `"}},{"name":"x","digest":{"sha1":"` + sha1Hello + `","sha256":"` + zeros + `"}}`, hello, verify.CodeConflict},
		{"two subjects, two sha512", `{"digest":{"sha256":"` + sha256Hello + `","sha512":"` + sha512Hello + `"}},{"digest":{"sha256":"` + sha256Hello + `","sha512":"` + strings.Repeat("0", 128) + `"}}`, hello, verify.CodeConflict},
		{"two subjects, one lies about what we did not measure", `{"digest":{"sha256":"` + sha256Hello + `","sha384":"` + strings.Repeat("0", 96) + `"}},{"digest":{"sha256":"` + sha256Hello + `","sha384":"` + strings.Repeat("1", 96) + `"}}`, hello, verify.CodeConflict},
		{"weak only", `{"name":"x","digest":{"sha1":"` + sha1Hello + `"}}`, hello, verify.CodeWeak},
		{"unknown only", `{"name":"hello","digest":{"gost":"` + zeros + `"}}`, hello, verify.CodeNotCovered},
		{"malformed digest in ours, by name", `{"name":"hello","digest":{"sha256":"` + strings.ToUpper(sha256Hello) + `"}}`, hello, provenance.CodeSubject},
		{"malformed digest in ours, by digest", `{"name":"x","digest":{"sha256":"` + sha256Hello + `","sha512":"00"}}`, hello, provenance.CodeSubject},
	} {
		t.Run(test.name, func(t *testing.T) {
			payload := statement(`{"name": "hello", "digest": {"sha256": "`+sha256Hello+`"}}`, test.subjects)
			s, err := provenance.Open(seal(t, payload, "alice"), keySet(t, 1, "alice"), nil)
			if err != nil {
				t.Fatal(err)
			}
			err = s.Covers(test.artifact)
			if got := verify.CodeOf(err); got != test.code {
				t.Errorf("code %q, want %q: %v", got, test.code, err)
			}
			// A contradiction must also reject where the policy is content.
			witness := verifytest.NewClaim("", test.artifact.Digests(), verifytest.Issuer("witness"))
			_, err = verify.Artifact(test.artifact, verify.CoveredBy(witness), witness, s)
			contradicts := test.code == verify.CodeConflict || test.code == provenance.CodeSubject
			if contradicts != errors.Is(err, verify.CodeConflict) {
				t.Errorf("beside a witness: %v", err)
			}
		})
	}
}

func hexOf(a hash.Artifact, alg hash.Algorithm) string {
	d, _ := a.Digests().Get(alg)
	return d.Hex()
}

func TestNewKeySet(t *testing.T) {
	alice, bob := public(t, "alice"), public(t, "bob")
	for _, test := range []struct {
		name      string
		threshold int
		keys      []provenance.Key
		ok        bool
	}{
		{"one", 1, []provenance.Key{alice}, true},
		{"all", 2, []provenance.Key{alice, bob}, true},
		{"none", 1, nil, false},
		{"zero", 0, []provenance.Key{alice}, false},
		{"negative", -1, []provenance.Key{alice}, false},
		{"too many", 2, []provenance.Key{alice}, false},
		{"one key twice is one key", 2, []provenance.Key{alice, alice.WithName("bob")}, false},
		{"the zero Key", 1, []provenance.Key{{}, alice}, false},
	} {
		s, err := provenance.NewKeySet(test.threshold, test.keys...)
		if (err == nil) != test.ok || err != nil && !errors.Is(err, provenance.CodeKeySet) {
			t.Errorf("%s: %v", test.name, err)
		}
		if !test.ok && (s.Threshold() != 0 || len(s.Keys()) != 0) {
			t.Errorf("%s: an unusable set: %v", test.name, s)
		}
	}
}

func FuzzOpen(f *testing.F) {
	keys := keySet(f, 1, "alice")
	f.Add([]byte(statement()))
	f.Add([]byte(slsaStatement()))
	f.Add([]byte(statement(`"sha256"`, `"sha512"`)))
	f.Add([]byte(`{"_type":"https://in-toto.io/Statement/v0.1","subject":[{"digest":{"gitTree":"00"}}],"predicateType":"x"}`))
	hello := verifytest.Artifact(f, "hello", "hello", hash.SHA256, hash.SHA512, hash.SHA1)
	policy := provenance.SLSA{Builder: builderID, Signers: keys, SourceURI: "https://example.org/hello"}
	f.Fuzz(func(t *testing.T, payload []byte) {
		s, err := provenance.Open(seal(t, string(payload), "alice"), keys, &provenance.Options{Limits: provenance.Limits{Bytes: 1 << 16, Depth: 32}})
		if err != nil {
			if verify.CodeOf(err) == "" {
				t.Fatalf("error without a code: %v", err)
			}
			return
		}
		if len(s.Subjects()) == 0 || s.PredicateType() == "" || !json.Valid(s.Payload()) {
			t.Fatalf("vacuous Statement from %q", payload)
		}
		if err := s.Covers(hello); err == nil && s.Digests(hello).Compare(hello.Digests()) != hash.Same {
			t.Fatalf("covers what its digests do not match: %q", payload)
		}
		if s.Covers(hello.Decoy()) == nil {
			t.Fatalf("covers a decoy: %q", payload)
		}
		_, _ = verify.Artifact(hello, policy, s)
	})
}

func FuzzOpenEnvelope(f *testing.F) {
	keys := keySet(f, 1, "alice")
	f.Add(seal(f, statement(), "alice"))
	f.Add([]byte(fmt.Sprintf(`{"payload":%q,"payloadType":%q,"signatures":[{"sig":""}]}`, base64.StdEncoding.EncodeToString([]byte(statement())), provenance.PayloadType)))
	f.Fuzz(func(t *testing.T, envelope []byte) {
		s, err := provenance.Open(envelope, keys, nil)
		if err == nil && string(s.Payload()) != statement() {
			t.Fatalf("a forgery: %q", envelope)
		}
	})
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package provenance_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"testing"
	"time"

	"github.com/tallystick/tallystick/provenance"
	"github.com/tallystick/tallystick/verify"
)

func TestParseKey(t *testing.T) {
	alice := signer("alice")
	public := alice.Public().(ed25519.PublicKey)
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	privateDER, err := x509.MarshalPKCS8PrivateKey(alice)
	if err != nil {
		t.Fatal(err)
	}
	pkix := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	private := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: privateDER}))
	json := fmt.Sprintf(`{"keyid":"anything","keytype":"ed25519","scheme":"ed25519","keyval":{"public":%q,"private":""}}`, hex.EncodeToString(public))
	want, err := provenance.NewKey(public)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, in string
		ok       bool
	}{
		{"PEM", pkix, true},
		{"PEM in white space", "\n\n" + pkix + "\n", true},
		{"JSON", json, true},
		{"empty", "", false},
		{"text", "hello", false},
		{"two blocks", pkix + pkix, false},
		{"private PEM", private, false},
		{"private JSON", fmt.Sprintf(`{"keytype":"ed25519","scheme":"ed25519","keyval":{"public":%q,"private":"00"}}`, hex.EncodeToString(public)), false},
		{"JSON with two types", `{"keytype":"rsa",` + json[1:], false},
		{"JSON with a case variant", `{"KeyType":"ed25519",` + json[1:], false},
		{"trailing JSON", json + json, false},
		{"unknown type", `{"keytype":"gost","scheme":"gost","keyval":{"public":"00"}}`, false},
		{"short", `{"keytype":"ed25519","scheme":"ed25519","keyval":{"public":"00"}}`, false},
		{"null", `null`, false},
		{"empty object", `{}`, false},
	} {
		k, err := provenance.ParseKey([]byte(test.in))
		if (err == nil) != test.ok || err != nil && !errors.Is(err, provenance.CodeKey) {
			t.Errorf("%s: %v", test.name, err)
		}
		if test.ok && k.Fingerprint() != want.Fingerprint() {
			t.Errorf("%s: fingerprint %s, want %s", test.name, k.Fingerprint(), want.Fingerprint())
		}
	}
}

func TestCertificateBoundsItsKey(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	until := time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: from, NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	k, err := provenance.ParseKey(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	if err != nil {
		t.Fatal(err)
	}
	set, err := provenance.NewKeySet(1, k)
	if err != nil {
		t.Fatal(err)
	}
	envelope, err := provenance.Sign(provenance.PayloadType, []byte(statement()), key)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		at   time.Time
		code verify.Code
	}{
		{from.Add(-time.Second), provenance.CodeKeyTime},
		{from, ""},
		{until, ""},
		{until.Add(time.Second), provenance.CodeKeyTime},
	} {
		s, err := provenance.Open(envelope, set, &provenance.Options{Time: test.at})
		if got := verify.CodeOf(err); got != test.code {
			t.Errorf("at %v: code %q, want %q: %v", test.at, got, test.code, err)
		}
		if err == nil && !s.Evidence().Time.Equal(test.at) {
			t.Errorf("evidence is as of %v, want %v", s.Evidence().Time, test.at)
		}
	}
}

// The zero Key has no identity and verifies nothing.
func TestZeroKey(t *testing.T) {
	var k provenance.Key
	if k.Fingerprint() != "" || k.Verify(nil, nil) == nil || k.Verify([]byte("m"), make([]byte, 64)) == nil {
		t.Error("the zero Key is good for something")
	}
}

func FuzzParseKey(f *testing.F) {
	f.Add([]byte(`{"keytype":"ed25519","scheme":"ed25519","keyval":{"public":"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"}}`))
	f.Add([]byte("-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n"))
	f.Add([]byte("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		k, err := provenance.ParseKey(data)
		if err == nil && k.Fingerprint() == "" {
			t.Fatalf("a key without identity from %q", data)
		}
		if err != nil && !errors.Is(err, provenance.CodeKey) {
			t.Fatalf("untyped error %v", err)
		}
	})
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package provenance_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"strings"
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

// An RSA key from PEM verifies PKCS#1 v1.5 when told to, and then nothing else.
func TestWithScheme(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	pss, err := provenance.NewKey(rsaKey.Public())
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte("message"))
	sig, err := rsaKey.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	if pss.Verify([]byte("message"), sig) == nil {
		t.Error("a key for PSS verifies PKCS#1 v1.5")
	}
	v15, err := pss.WithName("n").WithScheme("rsa-pkcs1v15-sha256")
	if err != nil {
		t.Fatal(err)
	}
	if err := v15.Verify([]byte("message"), sig); err != nil || v15.Fingerprint() != pss.Fingerprint() || v15.Issuer().Name != "n" {
		t.Errorf("%v: %v", v15.Issuer(), err)
	}
	for _, scheme := range []string{"ed25519", "ecdsa-sha2-nistp256", "RSASSA-PSS-SHA256", "x"} {
		if k, err := v15.WithScheme(scheme); !errors.Is(err, provenance.CodeKey) || k.Fingerprint() != "" {
			t.Errorf("%s: %v", scheme, err)
		}
	}
	if _, err := (provenance.Key{}).WithScheme("ed25519"); !errors.Is(err, provenance.CodeKey) {
		t.Errorf("the zero Key: %v", err)
	}
}

func FuzzParseKey(f *testing.F) {
	f.Add([]byte(`{"keytype":"ed25519","scheme":"ed25519","keyval":{"public":"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"}}`))
	f.Add([]byte("-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n"))
	f.Add([]byte("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"))
	f.Add([]byte(`{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","use":"sig","alg":"EdDSA"}`))
	f.Add([]byte(`{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","key_ops":["verify"]}`))
	f.Add([]byte(`{"kty":"RSA","n":"` + strings.Repeat("_", 342) + `","e":"AQAB","kid":"a","x5c":[]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		k, err := provenance.ParseKey(data)
		if err == nil && k.Fingerprint() == "" {
			t.Fatalf("a key without identity from %q", data)
		}
		if err != nil && !errors.Is(err, provenance.CodeKey) {
			t.Fatalf("untyped error %v", err)
		}
		if err == nil && (k.Verify([]byte("m"), make([]byte, 64)) == nil || k.Verify([]byte("m"), nil) == nil) {
			t.Fatalf("a key that verifies zeros from %q", data)
		}
	})
}

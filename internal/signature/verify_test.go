// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package signature_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"sync"
	"testing"

	"github.com/tallystick/tallystick/internal/signature"
)

var (
	ed25519Key = sync.OnceValue(func() ed25519.PrivateKey {
		return ed25519.NewKeyFromSeed([]byte("tallystick test seed of 32 bytes"))
	})
	p256Key = newECDSA(elliptic.P256())
	p384Key = newECDSA(elliptic.P384())
	p521Key = newECDSA(elliptic.P521())
	rsaKey  = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 2048)) })
)

func newECDSA(c elliptic.Curve) func() *ecdsa.PrivateKey {
	return sync.OnceValue(func() *ecdsa.PrivateKey { return must(ecdsa.GenerateKey(c, rand.Reader)) })
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// every is each kind of key with each scheme that is its own.
func every() []struct {
	signer crypto.Signer
	scheme string
} {
	return []struct {
		signer crypto.Signer
		scheme string
	}{
		{ed25519Key(), "ed25519"},
		{p256Key(), "ecdsa-sha2-nistp256"},
		{p384Key(), "ecdsa-sha2-nistp384"},
		{p521Key(), "ecdsa-sha2-nistp521"},
		{p384Key(), "ecdsa-sha2-nistp256"}, // as in-toto-golang labels it
		{rsaKey(), "rsassa-pss-sha256"},
		{rsaKey(), "rsassa-pss-sha384"},
		{rsaKey(), "rsassa-pss-sha512"},
		{rsaKey(), "rsa-pkcs1v15-sha256"},
		{rsaKey(), "rsa-pkcs1v15-sha384"},
		{rsaKey(), "rsa-pkcs1v15-sha512"},
	}
}

func TestSignVerify(t *testing.T) {
	message := []byte("a message")
	for _, tt := range every() {
		t.Run(tt.scheme, func(t *testing.T) {
			sig, err := signature.Sign(tt.signer, tt.scheme, message)
			if err != nil {
				t.Fatal(err)
			}
			k, err := signature.New(tt.signer.Public(), tt.scheme)
			if err != nil {
				t.Fatal(err)
			}
			if err := k.Verify(message, sig); err != nil {
				t.Error(err)
			}
		})
	}
}

// vectors are keys and signatures made with OpenSSL, see testdata/README.md.
var vectors = []struct {
	key, scheme, sig string
	want             error
}{
	{"ed25519.pub", "ed25519", "ed25519.sig", nil},
	{"ecdsa-nistp256.pub", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256.sig", nil},
	{"ecdsa-nistp384.pub", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384.sig", nil},
	{"ecdsa-nistp384.pub", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384.sig", nil},
	{"ecdsa-nistp521.pub", "ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521.sig", nil},
	{"ecdsa-nistp256.pub", "ecdsa-sha2-nistp521", "ecdsa-sha2-nistp256.sig", nil},
	{"rsa.pub", "", "rsassa-pss-sha256.sig", nil},
	{"rsa.pub", "rsassa-pss-sha256", "rsassa-pss-sha256.sig", nil},
	{"rsa.pub", "rsassa-pss-sha256", "rsassa-pss-sha256.salt0.sig", nil},
	{"rsa.pub", "rsassa-pss-sha256", "rsassa-pss-sha256.salt20.sig", nil},
	{"rsa.pub", "rsassa-pss-sha256", "rsassa-pss-sha256.saltmax.sig", nil},
	{"rsa.pub", "rsassa-pss-sha384", "rsassa-pss-sha384.sig", nil},
	{"rsa.pub", "rsassa-pss-sha512", "rsassa-pss-sha512.sig", nil},
	{"rsa.pub", "rsa-pkcs1v15-sha256", "rsa-pkcs1v15-sha256.sig", nil},
	{"rsa.pub", "rsa-pkcs1v15-sha384", "rsa-pkcs1v15-sha384.sig", nil},
	{"rsa.pub", "rsa-pkcs1v15-sha512", "rsa-pkcs1v15-sha512.sig", nil},

	{"rsa.pub", "rsassa-pss-sha256", "rsassa-pss-sha256.mgfsha1.sig", signature.ErrSignature},
	{"rsa.pub", "rsa-pkcs1v15-sha256", "rsa-pkcs1v15-sha1.sig", signature.ErrSignature},
	{"rsa.pub", "rsassa-pss-sha384", "rsassa-pss-sha256.sig", signature.ErrSignature},
	{"rsa.pub", "rsassa-pss-sha256", "rsa-pkcs1v15-sha256.sig", signature.ErrSignature},
	{"rsa.pub", "rsa-pkcs1v15-sha256", "rsassa-pss-sha256.sig", signature.ErrSignature},
	{"rsa.pub", "rsa-pkcs1v15-sha512", "rsa-pkcs1v15-sha256.sig", signature.ErrSignature},
	{"ecdsa-nistp384.pub", "", "ecdsa-sha2-nistp256.sig", signature.ErrSignature},
	{"ed25519.pub", "", "ecdsa-sha2-nistp256.sig", signature.ErrSignature},
}

func vectorKey(tb testing.TB, name, scheme string) *signature.Key {
	tb.Helper()
	k, err := signature.ParsePEM(testdata(tb, name))
	if err != nil {
		tb.Fatal(err)
	}
	if k, err = k.WithScheme(scheme); err != nil {
		tb.Fatal(err)
	}
	return k
}

func TestOpenSSLVectors(t *testing.T) {
	for _, tt := range vectors {
		t.Run(tt.scheme+" "+tt.sig, func(t *testing.T) {
			err := vectorKey(t, tt.key, tt.scheme).Verify(testdata(t, "message"), testdata(t, tt.sig))
			if !errors.Is(err, tt.want) {
				t.Errorf("Verify() = %v, want %v", err, tt.want)
			}
		})
	}
}

// Signatures that go-securesystemslib ships with its keys.
func TestPublishedLinks(t *testing.T) {
	for _, tt := range []struct{ name, pem, sig string }{
		{"test-ecdsa", sslibECDSAPEM, "304502201fbb03c0937504182a48c66f9218bdcb2e99a07ada273e92e5e543867f98c8d7022100dbfa7bbf74fd76d76c1d08676419cba85bbd81dfb000f3ac6a786693ddc508f5"},
		{"test-ed25519", string(block("PUBLIC KEY", ed25519SPKI(must(hex.DecodeString(sslibEd25519Hex)), nil))), "4c8b7605a9195d4ddba54493bbb5257a9836c1d16056a027fd77e97b95a4f3e36f8bc3c9c9960387d68187760b3072a30c44f992c5bf8f7497c303a3b0a32403"},
	} {
		k, err := signature.ParsePEM([]byte(tt.pem))
		if err != nil {
			t.Fatal(err)
		}
		signed := `{"_type":"link","byproducts":{},"command":[],"environment":{},"materials":{},"name":"` + tt.name + `","products":{}}`
		if err := k.Verify([]byte(signed), must(hex.DecodeString(tt.sig))); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// A signature verifies under the key and the scheme that made it and under no other
// of the eleven pairs; only two names for one curve are one scheme.
func TestSchemeConfusion(t *testing.T) {
	message := []byte("a message")
	for i, a := range every() {
		sig := must(signature.Sign(a.signer, a.scheme, message))
		for j, b := range every() {
			same := i == j || a.signer == b.signer && a.signer == p384Key()
			err := must(signature.New(b.signer.Public(), b.scheme)).Verify(message, sig)
			if same && err != nil || !same && !errors.Is(err, signature.ErrSignature) {
				t.Errorf("signed with %s, verified with %s: %v", a.scheme, b.scheme, err)
			}
		}
	}
}

// Every truncation, every changed bit, an added byte and another message are refused.
func TestVerifyMutations(t *testing.T) {
	message := []byte("a message")
	for _, tt := range every() {
		t.Run(tt.scheme, func(t *testing.T) {
			k := must(signature.New(tt.signer.Public(), tt.scheme))
			sig := must(signature.Sign(tt.signer, tt.scheme, message))
			refused := func(what string, message, sig []byte) {
				t.Helper()
				if err := k.Verify(message, sig); !errors.Is(err, signature.ErrSignature) {
					t.Errorf("%s: Verify() = %v", what, err)
				}
			}
			for n := range sig {
				refused(fmt.Sprint("first bytes ", n), message, sig[:n])
				refused(fmt.Sprint("last bytes ", n), message, sig[len(sig)-n:])
				if n%4 != 0 && (tt.scheme == "ecdsa-sha2-nistp384" || tt.scheme == "ecdsa-sha2-nistp521") {
					continue // slow, and P-256 is tried with each
				}
				changed := bytes.Clone(sig)
				changed[n] ^= 1 << (n % 8)
				refused(fmt.Sprint("changed byte ", n), message, changed)
			}
			refused("byte added", message, append(bytes.Clone(sig), 0))
			refused("zero added in front", message, append([]byte{0}, sig...))
			refused("twice", message, append(bytes.Clone(sig), sig...))
			refused("zeros", message, make([]byte, len(sig)))
			refused("ones", message, bytes.Repeat([]byte{0xff}, len(sig)))
			refused("a megabyte", message, make([]byte, 1<<20))
			refused("other message", []byte("a massage"), sig)
			refused("no message", nil, sig)
			refused("longer message", append(bytes.Clone(message), 0), sig)
			refused("hex", message, []byte(hex.EncodeToString(sig)))
			refused("message and signature exchanged", sig, message)
		})
	}
}

// A signature of a length that cannot be is refused by its length, and the error says so.
func TestSignatureLength(t *testing.T) {
	for _, tt := range []struct {
		signer          crypto.Signer
		size            int
		expected, found string
	}{
		{ed25519Key(), 63, "64 bytes", "63 bytes"},
		{ed25519Key(), 65, "64 bytes", "65 bytes"},
		{p256Key(), 1 << 20, "DER or 64 bytes", "1048576 bytes"},
		{p521Key(), 142, "DER or 132 bytes", "142 bytes"},
		{rsaKey(), 255, "256 bytes", "255 bytes"},
		{rsaKey(), 257, "256 bytes", "257 bytes"},
	} {
		err := must(signature.New(tt.signer.Public(), "")).Verify([]byte("a message"), make([]byte, tt.size))
		wantReason(t, err, signature.ErrSignature)
		var e *signature.Error
		if errors.As(err, &e) && (e.Expected != tt.expected || e.Found != tt.found) {
			t.Errorf("%v, want expected %s, found %s", err, tt.expected, tt.found)
		}
	}
}

func TestECDSAForms(t *testing.T) {
	message := []byte("a message")
	for _, tt := range []struct {
		key  *ecdsa.PrivateKey
		size int // of one number
	}{{p256Key(), 32}, {p384Key(), 48}, {p521Key(), 66}} {
		t.Run(tt.key.Params().Name, func(t *testing.T) {
			k := must(signature.New(tt.key.Public(), ""))
			sig := must(signature.Sign(tt.key, "", message))
			var n struct{ R, S *big.Int }
			if _, err := asn1.Unmarshal(sig, &n); err != nil {
				t.Fatal(err)
			}
			raw := func(r, s *big.Int, size int) []byte {
				return append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...)
			}
			order := tt.key.Params().N
			negS := new(big.Int).Sub(order, n.S)
			zero := new(big.Int)
			for _, form := range []struct {
				name string
				sig  []byte
				good bool
			}{
				{"DER", sig, true},
				{"r||s", raw(n.R, n.S, tt.size), true},
				// Anyone can do this; it is why a signature is no identifier.
				{"DER of r, -s", seq(integer(n.R), integer(negS)), true},
				{"r||-s", raw(n.R, negS, tt.size), true},
				{"s||r", raw(n.S, n.R, tt.size), false},
				{"r||s with a byte more each", raw(n.R, n.S, tt.size+1), false},
				{"r||s with a byte more", append(raw(n.R, n.S, tt.size), 0), false},
				{"r||zero byte||s", slices.Concat(n.R.FillBytes(make([]byte, tt.size)), []byte{0}, n.S.FillBytes(make([]byte, tt.size))), false},
				{"r||s with a byte less", raw(n.R, n.S, tt.size)[1:], false},
				{"zero||s", raw(zero, n.S, tt.size), false},
				{"r||zero", raw(n.R, zero, tt.size), false},
				{"zero||zero", raw(zero, zero, tt.size), false},
				{"order||order", raw(order, order, tt.size), false},
				{"DER: zeros", seq(integer(zero), integer(zero)), false},
				{"DER: r + order", seq(integer(new(big.Int).Add(n.R, order)), integer(n.S)), false},
				{"DER: s + order", seq(integer(n.R), integer(new(big.Int).Add(n.S, order))), false},
				{"DER: s - order", seq(integer(n.R), integer(new(big.Int).Sub(n.S, order))), false},
				{"DER: third number", seq(integer(n.R), integer(n.S), integer(n.S)), false},
				{"DER: byte after", append(bytes.Clone(sig), 0), false},
				{"BER: leading zeros", seq(der(0x02, []byte{0, 0}, n.R.Bytes()), integer(n.S)), false},
				{"BER: long length", slices.Concat([]byte{0x30, 0x82, 0, byte(len(integer(n.R)) + len(integer(n.S)))}, integer(n.R), integer(n.S)), false},
				{"BER: indefinite length", slices.Concat([]byte{0x30, 0x80}, integer(n.R), integer(n.S), []byte{0, 0}), false},
			} {
				err := k.Verify(message, form.sig)
				if form.good && err != nil || !form.good && !errors.Is(err, signature.ErrSignature) {
					t.Errorf("%s: Verify() = %v, want good = %v", form.name, err, form.good)
				}
			}
		})
	}
}

// s + N is a second name of an RSA signature s (RFC 8017 section 5.2.2 wants s below N).
func TestRSASignatureAboveModulus(t *testing.T) {
	k := must(signature.New(rsaKey().Public(), ""))
	for i := range 1000 {
		message := fmt.Appendf(nil, "message %d", i)
		sig := must(signature.Sign(rsaKey(), "", message))
		s := new(big.Int).SetBytes(sig)
		if s.Add(s, rsaKey().N).BitLen() > 2048 {
			continue
		}
		wantReason(t, k.Verify(message, s.FillBytes(make([]byte, 256))), signature.ErrSignature)
		return
	}
	t.Skip("the modulus is so large that no signature has a second name")
}

func TestZeroKey(t *testing.T) {
	for _, k := range []*signature.Key{nil, {}} {
		wantReason(t, k.Verify([]byte("m"), forged()), signature.ErrMalformed)
		wantReason(t, k.Verify(nil, nil), signature.ErrMalformed)
		_, err := k.WithScheme("")
		wantReason(t, err, signature.ErrMalformed)
	}
	var k signature.Key
	if k.Fingerprint() != "" || k.KeyID() != "" || k.InTotoKeyID() != "" || len(k.SPKI()) != 0 {
		t.Error("the zero Key has an identity")
	}
}

func TestConcurrentUse(t *testing.T) {
	message := []byte("a message")
	for _, tt := range every() {
		k := must(signature.New(tt.signer.Public(), tt.scheme))
		sig := must(signature.Sign(tt.signer, tt.scheme, message))
		fingerprint, id := k.Fingerprint(), k.KeyID()
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				if err := k.Verify(message, sig); err != nil {
					t.Error(err)
				}
				if k.Fingerprint() != fingerprint || k.KeyID() != id {
					t.Error("the identity changed")
				}
				k.SPKI()[0] = 0
			})
		}
		wg.Wait()
	}
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

//lint:file-ignore SA1019 These tests make the broken ECDSA keys that a caller can make.

package signature_test

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"math/big"
	"testing"

	"github.com/tallystick/tallystick/internal/signature"
)

func TestNew(t *testing.T) {
	for _, tt := range []struct {
		name           string
		pub            any
		scheme         string
		wantType, want string
	}{
		{"Ed25519", ed25519Key().Public(), "", "ed25519", "ed25519"},
		{"P-256", p256Key().Public(), "", "ecdsa", "ecdsa-sha2-nistp256"},
		{"P-384", p384Key().Public(), "", "ecdsa", "ecdsa-sha2-nistp384"},
		{"P-521", p521Key().Public(), "", "ecdsa", "ecdsa-sha2-nistp521"},
		{"P-521 labelled P-256", p521Key().Public(), "ecdsa-sha2-nistp256", "ecdsa", "ecdsa-sha2-nistp256"},
		{"RSA", rsaKey().Public(), "", "rsa", "rsassa-pss-sha256"},
		{"RSA PKCS#1 v1.5", rsaKey().Public(), "rsa-pkcs1v15-sha512", "rsa", "rsa-pkcs1v15-sha512"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k, err := signature.New(tt.pub, tt.scheme)
			if err != nil {
				t.Fatal(err)
			}
			if k.Type() != tt.wantType || k.Scheme() != tt.want {
				t.Errorf("Type, Scheme = %s, %s, want %s, %s", k.Type(), k.Scheme(), tt.wantType, tt.want)
			}
		})
	}
}

func TestNewRefuses(t *testing.T) {
	onCurve := must(ecdsa.ParseUncompressedPublicKey(elliptic.P256(), must(p256Key().PublicKey.Bytes())))
	offCurve := &ecdsa.PublicKey{Curve: elliptic.P256(), X: big.NewInt(1), Y: big.NewInt(1)}
	negative := &ecdsa.PublicKey{Curve: elliptic.P256(), X: big.NewInt(-1), Y: big.NewInt(1)}
	for _, tt := range []struct {
		name   string
		pub    any
		scheme string
		want   signature.Reason
	}{
		{"nil", nil, "", signature.ErrMalformed},
		{"nil *ecdsa.PublicKey", (*ecdsa.PublicKey)(nil), "", signature.ErrMalformed},
		{"nil *rsa.PublicKey", (*rsa.PublicKey)(nil), "", signature.ErrMalformed},
		{"nil ed25519.PublicKey", ed25519.PublicKey(nil), "", signature.ErrMalformed},
		{"empty ECDSA key", &ecdsa.PublicKey{}, "", signature.ErrMalformed},
		{"ECDSA key without a point", &ecdsa.PublicKey{Curve: elliptic.P256()}, "", signature.ErrMalformed},
		{"ECDSA key without a curve", &ecdsa.PublicKey{X: big.NewInt(1), Y: big.NewInt(1)}, "", signature.ErrMalformed},
		{"ECDSA point off the curve", offCurve, "", signature.ErrMalformed},
		{"ECDSA negative coordinate", negative, "", signature.ErrMalformed},
		{"ECDSA P-224", &ecdsa.PublicKey{Curve: elliptic.P224(), X: big.NewInt(1), Y: big.NewInt(1)}, "", signature.ErrUnknown},
		{"ECDSA on a curve of the caller's own", &ecdsa.PublicKey{Curve: elliptic.P256().Params(), X: onCurve.X, Y: onCurve.Y}, "", signature.ErrUnknown},
		{"empty RSA key", &rsa.PublicKey{}, "", signature.ErrMalformed},
		{"RSA modulus 0", &rsa.PublicKey{N: new(big.Int), E: 3}, "", signature.ErrMalformed},
		{"RSA modulus negative", &rsa.PublicKey{N: new(big.Int).Neg(modulus(2048)), E: 3}, "", signature.ErrMalformed},
		{"RSA exponent 0", &rsa.PublicKey{N: modulus(2048)}, "", signature.ErrWeak},
		{"RSA exponent -1", &rsa.PublicKey{N: modulus(2048), E: -1}, "", signature.ErrWeak},
		{"RSA 1024", &rsa.PublicKey{N: modulus(1024), E: 3}, "", signature.ErrWeak},
		{"X25519", must(ecdh.X25519().NewPublicKey(bytes.Repeat([]byte{9}, 32))), "", signature.ErrUnknown},
		{"bytes", []byte("key"), "", signature.ErrUnknown},
		{"a value, not a pointer", rsaKey().PublicKey, "", signature.ErrUnknown},

		{"unknown scheme", p256Key().Public(), "ecdsa-sha2-nistp224", signature.ErrUnknown},
		{"scheme in upper case", ed25519Key().Public(), "Ed25519", signature.ErrUnknown},
		{"scheme of hostile text", ed25519Key().Public(), "\x1b[2J\n" + string(make([]byte, 1<<20)), signature.ErrUnknown},
		{"Ed25519 under an RSA scheme", ed25519Key().Public(), "rsassa-pss-sha256", signature.ErrMismatch},
		{"Ed25519 under an ECDSA scheme", ed25519Key().Public(), "ecdsa-sha2-nistp256", signature.ErrMismatch},
		{"ECDSA under ed25519", p256Key().Public(), "ed25519", signature.ErrMismatch},
		{"RSA under an ECDSA scheme", rsaKey().Public(), "ecdsa-sha2-nistp256", signature.ErrMismatch},
		{"ECDSA under an RSA scheme", p256Key().Public(), "rsa-pkcs1v15-sha256", signature.ErrMismatch},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k, err := signature.New(tt.pub, tt.scheme)
			if k != nil {
				t.Error("a key was returned")
			}
			wantReason(t, err, tt.want)
		})
	}
}

// Nothing that the caller holds can change a Key afterwards.
func TestKeyIsItsOwn(t *testing.T) {
	message := []byte("a message")

	ed := bytes.Clone(ed25519Key().Public().(ed25519.PublicKey))
	r := &rsa.PublicKey{N: new(big.Int).Set(rsaKey().N), E: rsaKey().E}
	ec := must(ecdsa.ParseUncompressedPublicKey(elliptic.P256(), must(p256Key().PublicKey.Bytes())))
	keys := []*signature.Key{
		must(signature.New(ed25519.PublicKey(ed), "")),
		must(signature.New(r, "")),
		must(signature.New(ec, "")),
	}
	sigs := [][]byte{
		must(signature.Sign(ed25519Key(), "", message)),
		must(signature.Sign(rsaKey(), "", message)),
		must(signature.Sign(p256Key(), "", message)),
	}
	var before []string
	for _, k := range keys {
		before = append(before, k.Fingerprint()+k.KeyID()+k.Public())
	}
	ed[3] ^= 1
	r.N.Add(r.N, big.NewInt(2))
	r.E = 1
	ec.X.Add(ec.X, big.NewInt(1))
	ec.Curve = elliptic.P521()
	for i, k := range keys {
		clear(k.SPKI())
		if k.Fingerprint()+k.KeyID()+k.Public() != before[i] {
			t.Errorf("%s: the identity changed", k.Type())
		}
		if err := k.Verify(message, sigs[i]); err != nil {
			t.Errorf("%s: %v", k.Type(), err)
		}
	}

	// Another scheme is another Key.
	pss := keys[1]
	pkcs1 := must(pss.WithScheme("rsa-pkcs1v15-sha256"))
	if pss.Scheme() != "rsassa-pss-sha256" || pss.Verify(message, sigs[1]) != nil {
		t.Error("WithScheme changed its receiver")
	}
	if pkcs1.Fingerprint() != pss.Fingerprint() {
		t.Error("the scheme changed the fingerprint")
	}
	wantReason(t, pkcs1.Verify(message, sigs[1]), signature.ErrSignature)
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package signature_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
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

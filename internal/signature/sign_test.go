// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package signature_test

import (
	"crypto"
	"crypto/ed25519"
	"errors"
	"io"
	"testing"

	"github.com/tallystick/tallystick/internal/signature"
)

// A badSigner has a good key and does something else with it.
type badSigner struct {
	crypto.Signer
	sign func(digest []byte, opts crypto.SignerOpts) ([]byte, error)
}

func (s badSigner) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return s.sign(digest, opts)
}

func TestSignRefuses(t *testing.T) {
	errToken := errors.New("the token is not plugged in")
	for _, tt := range []struct {
		name   string
		signer crypto.Signer
		scheme string
		want   error
	}{
		{"no signer", nil, "", signature.ErrMalformed},
		{"no public key", withPublic{}, "", signature.ErrMalformed},
		{"unknown scheme", ed25519Key(), "ed448", signature.ErrUnknown},
		{"scheme of another type", ed25519Key(), "rsassa-pss-sha256", signature.ErrMismatch},
		{"weak key", withPublic{pub: neutral()}, "", signature.ErrWeak},
		{"signer fails", badSigner{p256Key(), func([]byte, crypto.SignerOpts) ([]byte, error) { return nil, errToken }}, "", errToken},
		{"signer fails, as a reason", badSigner{p256Key(), func([]byte, crypto.SignerOpts) ([]byte, error) { return nil, errToken }}, "", signature.ErrSigner},
		{"signer returns nothing", badSigner{p256Key(), func([]byte, crypto.SignerOpts) ([]byte, error) { return nil, nil }}, "", signature.ErrSigner},
		{"signer signs something else", badSigner{p256Key(), func(d []byte, o crypto.SignerOpts) ([]byte, error) {
			d[0] ^= 1
			return p256Key().Sign(nil, d, o)
		}}, "", signature.ErrSigner},
		{"signer uses PKCS#1 v1.5 where PSS is asked for", badSigner{rsaKey(), func(d []byte, o crypto.SignerOpts) ([]byte, error) {
			return rsaKey().Sign(nil, d, o.HashFunc())
		}}, "", signature.ErrSigner},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sig, err := signature.Sign(tt.signer, tt.scheme, []byte("a message"))
			if sig != nil {
				t.Error("a signature was returned")
			}
			if !errors.Is(err, tt.want) {
				t.Errorf("Sign() = %v, want %v", err, tt.want)
			}
		})
	}
}

// A withPublic signer shows the public key that it is told to.
type withPublic struct {
	crypto.Signer
	pub crypto.PublicKey
}

func (s withPublic) Public() crypto.PublicKey { return s.pub }

// neutral is the Ed25519 point of order 1.
func neutral() ed25519.PublicKey {
	pub := make(ed25519.PublicKey, ed25519.PublicKeySize)
	pub[0] = 1
	return pub
}

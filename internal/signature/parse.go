// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package signature

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/hex"
)

// Parse returns the key that TUF and in-toto metadata describe with the members
// keytype, scheme and keyval.public, as securesystemslib writes them.
//
//	keytype                                            public
//	ed25519                                            64 hex digits
//	ecdsa, ecdsa-sha2-nistp256, -nistp384, -nistp521   PEM block PUBLIC KEY
//	rsa                                                PEM block PUBLIC KEY or RSA PUBLIC KEY
//
// The PEM block is read as by [ParsePEM], but a certificate is refused: keyval has a
// member of its own for it. An empty scheme means the default of the material, see
// [New]. The hex-encoded ECDSA points of old Sigstore roots are refused: TUF wants
// PEM, and today's TUF clients of Go and Python take nothing else.
//
// Errors: [ErrUnknown] when the keytype or the scheme is unknown, whatever the
// material; [ErrMismatch] when keytype, scheme and material do not fit together;
// and those of [ParsePEM].
func Parse(keytype, scheme, public string) (*Key, error) {
	want, ok := lookupType(keytype)
	if !ok {
		return nil, fail(ErrUnknown, "keytype", "", quote(keytype))
	}
	if _, ok := lookupScheme(scheme); !ok && scheme != "" {
		return nil, fail(ErrUnknown, "scheme", "", quote(scheme))
	}
	if len(public) > MaxKeySize {
		return nil, fail(ErrTooLarge, "key", "at most "+bytesN(MaxKeySize), bytesN(len(public)))
	}
	var pub crypto.PublicKey
	if want == typeEd25519 {
		raw, err := hex.DecodeString(public)
		if err != nil {
			return nil, fail(ErrMalformed, "Ed25519 key", "64 hex digits", "something else")
		}
		pub = ed25519.PublicKey(raw)
	} else {
		block, err := decodePEM([]byte(public))
		if err != nil {
			return nil, err
		}
		if pub, err = publicKey(block); err != nil {
			return nil, err
		}
	}
	if got := typeOf(pub); got != want {
		return nil, fail(ErrMismatch, "key material", keytype, got)
	}
	k, err := New(pub, scheme)
	if err != nil {
		return nil, err
	}
	k.typeName = keytype
	k.public = public
	k.publicInToto = public
	return k, nil
}

func typeOf(pub crypto.PublicKey) string {
	switch pub.(type) {
	case ed25519.PublicKey:
		return typeEd25519
	case *ecdsa.PublicKey:
		return typeECDSA
	case *rsa.PublicKey:
		return typeRSA
	}
	return "another"
}

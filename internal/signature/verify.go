// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package signature

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"math/big"
)

// Verify returns nil only when sig is a good signature of this key, under its
// scheme, over the message. Every other outcome is an error with [ErrSignature],
// or [ErrMalformed] for the zero Key.
//
// Ed25519: 64 bytes, verified as RFC 8032 section 5.1.7 without the cofactor, S
// below the group order. ECDSA: strict DER of the two numbers, or r||s, each as
// long as the curve's field (64, 96 or 132 bytes together). RSA: exactly as long as
// the modulus; PSS with a salt of any length, with one hash for message and MGF1.
//
// The message is hashed as it is; its size is not limited here.
func (k *Key) Verify(message, sig []byte) error {
	if k == nil {
		return fail(ErrMalformed, "key", "a public key", "none")
	}
	switch pub := k.pub.(type) {
	case ed25519.PublicKey:
		if len(sig) != ed25519.SignatureSize {
			return fail(ErrSignature, "Ed25519 signature", "64 bytes", bytesN(len(sig)))
		}
		if !ed25519.Verify(pub, message, sig) {
			return fail(ErrSignature, "Ed25519 signature", "a good one", "another")
		}
	case *ecdsa.PublicKey:
		size := (pub.Curve.Params().BitSize + 7) / 8
		// The longest DER: two numbers with a leading zero, and seven to nine bytes around them.
		if len(sig) > 2*size+9 {
			return fail(ErrSignature, "ECDSA signature", "DER or "+bytesN(2*size), bytesN(len(sig)))
		}
		sum := digest(k.hash, message)
		if ecdsa.VerifyASN1(pub, sum, sig) {
			return nil
		}
		// A short DER signature may have the length of a raw one, so DER is tried first.
		if len(sig) == 2*size && ecdsa.Verify(pub, sum, new(big.Int).SetBytes(sig[:size]), new(big.Int).SetBytes(sig[size:])) {
			return nil
		}
		return fail(ErrSignature, "ECDSA signature", "a good one", "another")
	case *rsa.PublicKey:
		if len(sig) != pub.Size() {
			return fail(ErrSignature, "RSA signature", bytesN(pub.Size()), bytesN(len(sig)))
		}
		sum := digest(k.hash, message)
		var err error
		if k.scheme.pss {
			err = rsa.VerifyPSS(pub, k.hash, sum, sig, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthAuto, Hash: k.hash})
		} else {
			err = rsa.VerifyPKCS1v15(pub, k.hash, sum, sig)
		}
		if err != nil {
			return fail(ErrSignature, "RSA signature with "+k.schemeName, "a good one", "another")
		}
	default:
		return fail(ErrMalformed, "key", "a public key", "none")
	}
	return nil
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package signature

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
)

// Sign signs the message with s under the scheme, in the form that [Key.Verify]
// accepts: Ed25519 64 bytes, ECDSA DER, RSA-PSS with a salt as long as the hash,
// PKCS#1 v1.5. The empty scheme means the default of the key, see [New].
//
// The signature is verified before it is returned, so that a faulty signer is
// found here and not by the receiver.
//
// Errors: those of [New] for the public key and the scheme, [ErrSigner] when s
// fails or returns something else than a good signature.
func Sign(s crypto.Signer, scheme string, message []byte) ([]byte, error) {
	if s == nil {
		return nil, fail(ErrMalformed, "signer", "a private key", "none")
	}
	k, err := New(s.Public(), scheme)
	if err != nil {
		return nil, err
	}
	var sig []byte
	switch k.pub.(type) {
	case ed25519.PublicKey:
		sig, err = s.Sign(rand.Reader, message, crypto.Hash(0))
	case *ecdsa.PublicKey:
		sig, err = s.Sign(rand.Reader, digest(k.hash, message), k.hash)
	case *rsa.PublicKey:
		var opts crypto.SignerOpts = k.hash
		if k.scheme.pss {
			opts = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: k.hash}
		}
		sig, err = s.Sign(rand.Reader, digest(k.hash, message), opts)
	}
	if err != nil {
		return nil, &Error{Reason: ErrSigner, What: "signer", Err: err}
	}
	if err := k.Verify(message, sig); err != nil {
		return nil, &Error{Reason: ErrSigner, What: "signer", Expected: "a good signature", Found: "another"}
	}
	return sig, nil
}

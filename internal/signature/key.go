// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package signature

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math"
	"math/big"
	"strings"
)

// Bounds of an RSA modulus in bits. Below, the key can be factored or soon will
// be; above, one verification takes long enough to be an attack.
const (
	minRSABits = 2048
	maxRSABits = 16384
)

// A Key is one public key and the one scheme it verifies with. It is immutable and
// safe for concurrent use. The zero Key verifies nothing and has no identity.
type Key struct {
	pub    crypto.PublicKey // ed25519.PublicKey, *ecdsa.PublicKey or *rsa.PublicKey, our own copy
	hash   crypto.Hash      // zero for Ed25519
	scheme scheme
	spki   []byte

	fingerprint string

	// How the key is spelled in metadata, for interchange and key ids.
	typeName, schemeName string
	public               string // keyval.public
	publicInToto         string // the same as the in-toto tools spell it
}

// New returns the key with the scheme. The empty scheme means ed25519 for Ed25519,
// ecdsa-sha2-nistp256, -nistp384 or -nistp521 by the curve for ECDSA, and
// rsassa-pss-sha256 for RSA. pub is an ed25519.PublicKey, *ecdsa.PublicKey or
// *rsa.PublicKey; its value is copied.
//
// Errors: [ErrUnknown] for another type of key, another curve or an unknown
// scheme, [ErrMismatch] for a scheme of another type of key, [ErrWeak],
// [ErrMalformed], and [ErrPrivate] for a private key.
func New(pub crypto.PublicKey, scheme string) (*Key, error) {
	k, err := newKey(pub)
	if err != nil {
		return nil, err
	}
	return k.WithScheme(scheme)
}

// WithScheme returns the same key for use with another scheme of its type; the
// empty scheme means the default, as for [New].
func (k *Key) WithScheme(name string) (*Key, error) {
	if k == nil || k.pub == nil {
		return nil, fail(ErrMalformed, "key", "a public key", "none")
	}
	if name == "" {
		name = defaultScheme(k.pub)
	}
	s, ok := lookupScheme(name)
	if !ok {
		return nil, fail(ErrUnknown, "scheme", "", quote(name))
	}
	if s.keytype != k.scheme.keytype {
		return nil, fail(ErrMismatch, "scheme", "one for "+k.scheme.keytype, quote(name))
	}
	c := *k
	c.scheme = s
	c.schemeName = name
	if s.hash != 0 {
		c.hash = s.hash
	}
	return &c, nil
}

// newKey judges the material, copies it and leaves the scheme's name open.
func newKey(pub crypto.PublicKey) (*Key, error) {
	k := &Key{}
	switch pub := pub.(type) {
	case ed25519.PublicKey:
		if err := checkEd25519(pub); err != nil {
			return nil, err
		}
		k.pub = ed25519.PublicKey(bytes.Clone(pub))
		k.scheme.keytype = typeEd25519
	case *ecdsa.PublicKey:
		c, h, err := copyECDSA(pub)
		if err != nil {
			return nil, err
		}
		k.pub, k.hash = c, h
		k.scheme.keytype = typeECDSA
	case *rsa.PublicKey:
		if err := checkRSA(pub); err != nil {
			return nil, err
		}
		k.pub = &rsa.PublicKey{N: new(big.Int).Set(pub.N), E: pub.E}
		k.scheme.keytype = typeRSA
	case nil:
		return nil, fail(ErrMalformed, "key", "a public key", "none")
	case ed25519.PrivateKey, *ed25519.PrivateKey, *ecdsa.PrivateKey, *rsa.PrivateKey:
		return nil, fail(ErrPrivate, "key", "a public key", "a private key")
	default:
		return nil, fail(ErrUnknown, "key type", "", fmt.Sprintf("%T", pub))
	}
	spki, err := x509.MarshalPKIXPublicKey(k.pub)
	if err != nil {
		return nil, fail(ErrMalformed, "key", "a public key that has an encoding", "none")
	}
	k.spki = spki
	sum := sha256.Sum256(spki)
	k.fingerprint = "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:])
	k.typeName = k.scheme.keytype
	if p, ok := k.pub.(ed25519.PublicKey); ok {
		k.public = hex.EncodeToString(p)
		k.publicInToto = k.public
	} else {
		k.public = string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki}))
		k.publicInToto = strings.TrimSpace(k.public)
	}
	return k, nil
}

// checkRSA refuses what RFC 8017 section 3.1 rules out and what is too weak or too
// costly. The bound on the exponent is that of crypto/rsa on every platform.
func checkRSA(pub *rsa.PublicKey) error {
	if pub == nil || pub.N == nil || pub.N.Sign() <= 0 {
		return fail(ErrMalformed, "RSA modulus", "a positive number", "none")
	}
	if n := pub.N.BitLen(); n < minRSABits || n > maxRSABits {
		return fail(ErrWeak, "RSA modulus", "2048 to 16384 bits", bits(n))
	}
	if pub.N.Bit(0) == 0 {
		return fail(ErrWeak, "RSA modulus", "an odd number", "an even one")
	}
	if pub.E < 3 || pub.E&1 == 0 || int64(pub.E) > math.MaxInt32 {
		return fail(ErrWeak, "RSA exponent", "an odd number from 3 to 2147483647", fmt.Sprint(pub.E))
	}
	return nil
}

// copyECDSA returns a copy of a key that is a point on one of our curves, with the
// hash that belongs to the curve.
func copyECDSA(pub *ecdsa.PublicKey) (*ecdsa.PublicKey, crypto.Hash, error) {
	//lint:ignore SA1019 Only compared with nil; Bytes would panic.
	if pub == nil || pub.Curve == nil || pub.X == nil || pub.Y == nil {
		return nil, 0, fail(ErrMalformed, "ECDSA key", "a curve and a point", "none")
	}
	var h crypto.Hash
	switch pub.Curve {
	case elliptic.P256():
		h = crypto.SHA256
	case elliptic.P384():
		h = crypto.SHA384
	case elliptic.P521():
		h = crypto.SHA512
	default:
		return nil, 0, fail(ErrUnknown, "ECDSA curve", "P-256, P-384 or P-521", "another curve")
	}
	point, err := pub.Bytes()
	if err == nil {
		pub, err = ecdsa.ParseUncompressedPublicKey(pub.Curve, point)
	}
	if err != nil {
		return nil, 0, fail(ErrMalformed, "ECDSA key", "a point on the curve", "something else")
	}
	return pub, h, nil
}

func defaultScheme(pub crypto.PublicKey) string {
	switch pub := pub.(type) {
	case ed25519.PublicKey:
		return "ed25519"
	case *ecdsa.PublicKey:
		switch pub.Curve {
		case elliptic.P384():
			return "ecdsa-sha2-nistp384"
		case elliptic.P521():
			return "ecdsa-sha2-nistp521"
		}
		return "ecdsa-sha2-nistp256"
	}
	return "rsassa-pss-sha256"
}

// SPKI returns a copy of the key as a DER SubjectPublicKeyInfo (RFC 5280 section
// 4.1.2.7), encoded by this package: one key has one encoding.
func (k *Key) SPKI() []byte { return bytes.Clone(k.spki) }

// Type returns the key type by its securesystemslib name. For a key from [Parse]
// it is the name that was given, which may be an alias such as
// ecdsa-sha2-nistp256.
func (k *Key) Type() string { return k.typeName }

// Scheme returns the scheme's name. For ECDSA that may name another curve than the
// key's, see the package documentation.
func (k *Key) Scheme() string { return k.schemeName }

// Public returns the key as metadata spells it in keyval.public. For a key from
// [Parse] it is the text that was given, so that the key id stays what it was;
// else 64 lower-case hex digits for Ed25519 and a PEM block PUBLIC KEY (PKIX) with
// a final newline for the others. Parse(k.Type(), k.Scheme(), k.Public()) returns
// an equal key.
func (k *Key) Public() string { return k.public }

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package provenance

import (
	"bytes"
	"crypto"
	"errors"
	"slices"
	"time"

	"github.com/tallystick/tallystick/internal/signature"
	"github.com/tallystick/tallystick/internal/strictjson"
	"github.com/tallystick/tallystick/verify"
)

// A Key is a public key that the caller trusts for something. Its identity is
// the key material: two spellings of one key, or one key under two ids, are the
// same key. The zero Key verifies nothing.
type Key struct {
	key         *signature.Key
	name        string
	from, until time.Time
}

// ParseKey reads one public key in any of these forms:
//
//   - PEM: PUBLIC KEY (PKIX), RSA PUBLIC KEY (PKCS#1), or CERTIFICATE, whose
//     dates then bound the validity of the key (nothing else in it is looked at)
//   - the JSON of securesystemslib and in-toto: an object with the members
//     keytype, scheme and keyval.public
//   - a JSON Web Key (RFC 7517): kty OKP with crv Ed25519, EC, or RSA. Its use and
//     key_ops, if it has them, must be for verifying; a kid decides nothing, and
//     certificates in it are not looked at
//
// Keys are Ed25519, ECDSA on P-256, P-384 or P-521 (with the hash of their
// size), or RSA with 2048 to 16384 bits; RSA keys in PEM verify RSASSA-PSS with
// SHA-256, and other schemes come from the scheme member in JSON, the alg of a JWK,
// or [Key.WithScheme].
// PEM and its DER are read strictly: one block, nothing around it, one encoding for
// one key. The exception is an Ed25519 key whose AlgorithmIdentifier has NULL
// parameters, which RFC 8410 forbids and keys in use have.
//
// Everything else is a [*verify.Error] with [CodeKey]: also a private key, which
// does not belong where public keys are read.
func ParseKey(data []byte) (Key, error) {
	data = bytes.TrimSpace(data)
	switch {
	case bytes.HasPrefix(data, []byte("{")):
		return parseJSONKey(data)
	case bytes.HasPrefix(data, []byte("-----BEGIN CERTIFICATE-----")):
		cert, k, err := signature.ParseCertificate(data)
		if err != nil {
			return Key{}, keyError(err)
		}
		return Key{key: k, from: cert.NotBefore, until: cert.NotAfter}, nil
	}
	k, err := signature.ParsePEM(data)
	if err != nil {
		return Key{}, keyError(err)
	}
	return Key{key: k}, nil
}

var (
	keySchema = strictjson.NewSchema(slices.Concat(
		[]string{"keyid", "keytype", "scheme", "keyval", "keyid_hash_algorithms"}, jwkMembers)...)
	keyvalSchema = strictjson.NewSchema("public", "private", "certificate")
)

// parseJSONKey reads the two forms in one pass. No key is both.
func parseJSONKey(data []byte) (Key, error) {
	var (
		keytype, scheme, public, private string
		jwk                              jwk
		isInToto, isJWK                  bool
	)
	d := strictjson.NewDecoder(data, strictjson.Limits{Bytes: signature.MaxKeySize, Depth: 8})
	err := d.Object(keySchema, func(name string) (err error) {
		switch name {
		case "keytype":
			isInToto = true
			keytype, err = d.String()
		case "scheme":
			isInToto = true
			scheme, err = d.String()
		case "keyval":
			isInToto = true
			return d.Object(keyvalSchema, func(name string) (err error) {
				switch name {
				case "public":
					public, err = d.String()
				case "private":
					private, err = d.String()
				default:
					err = d.Skip()
				}
				return err
			})
		default:
			isJWK = isJWK || name == "kty"
			err = jwk.member(d, name)
		}
		return err
	})
	if err == nil {
		err = d.End()
	}
	switch {
	case err != nil:
		return Key{}, keyError(err)
	case private != "":
		return Key{}, keyError(signature.ErrPrivate)
	case isInToto && isJWK:
		return Key{}, keyError(&signature.Error{Reason: signature.ErrMismatch, What: "key in JSON",
			Expected: "keytype, scheme and keyval, or kty", Found: "both"})
	case !isInToto && !isJWK:
		return Key{}, keyError(&signature.Error{Reason: signature.ErrUnknown, What: "key in JSON",
			Expected: "one key, with keytype, scheme and keyval, or with kty", Found: "neither"})
	}
	var k *signature.Key
	if isJWK {
		k, err = jwk.key()
	} else {
		k, err = signature.Parse(keytype, scheme, public)
	}
	if err != nil {
		return Key{}, keyError(err)
	}
	return Key{key: k}, nil
}

// NewKey returns a key that a program already has: an ed25519.PublicKey,
// *ecdsa.PublicKey or *rsa.PublicKey. The limits and errors are those of
// [ParseKey].
func NewKey(public crypto.PublicKey) (Key, error) {
	k, err := signature.New(public, "")
	if err != nil {
		return Key{}, keyError(err)
	}
	return Key{key: k}, nil
}

func keyError(err error) error {
	return &verify.Error{Code: CodeKey, What: "public key", Err: err}
}

// WithName returns the key with a display name for reports. It decides nothing.
func (k Key) WithName(name string) Key {
	k.name = name
	return k
}

// WithScheme returns the key for use with another signature scheme of its type, by
// the names of securesystemslib: rsassa-pss-sha256, rsa-pkcs1v15-sha256 and the
// same with sha384 and sha512 for an RSA key from PEM, which does not say. A key
// verifies with one scheme only. A scheme that is not one of its type is a
// [*verify.Error] with [CodeKey].
func (k Key) WithScheme(scheme string) (Key, error) {
	key, err := k.key.WithScheme(scheme)
	if err != nil {
		return Key{}, keyError(err)
	}
	k.key = key
	return k, nil
}

// WithValidity returns the key restricted to verification times from the first
// to the second instant, both included; a zero time is no bound. A window that
// the key already has is replaced.
func (k Key) WithValidity(from, until time.Time) Key {
	k.from, k.until = from, until
	return k
}

// ValidAt reports whether the key may be used at a verification time.
func (k Key) ValidAt(t time.Time) bool {
	return !t.Before(k.from) && (k.until.IsZero() || !t.After(k.until))
}

// Fingerprint returns "SHA256:" and the unpadded base64 of the SHA-256 of the DER
// SubjectPublicKeyInfo; "" for the zero Key.
func (k Key) Fingerprint() string {
	if k.key == nil {
		return ""
	}
	return k.key.Fingerprint()
}

// Issuer returns the key as whose word it is in a report.
func (k Key) Issuer() verify.Issuer {
	return verify.Issuer{ID: k.Fingerprint(), Name: k.name}
}

// Verify returns nil only if sig is a good signature of the key over the
// message. It knows no time; [Open] does.
func (k Key) Verify(message, sig []byte) error {
	if k.key == nil {
		return keyError(errors.New("the zero Key"))
	}
	return k.key.Verify(message, sig)
}

// ids returns what metadata may call this key. The key is not the zero Key.
func (k Key) ids() []string {
	return []string{k.key.KeyID(), k.key.InTotoKeyID(), k.key.Fingerprint()}
}

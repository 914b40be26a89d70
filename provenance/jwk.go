// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package provenance

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/tallystick/tallystick/internal/safe"
	"github.com/tallystick/tallystick/internal/signature"
	"github.com/tallystick/tallystick/internal/strictjson"
)

// A jwk is a JSON Web Key (RFC 7517), public and asymmetric: RFC 7518 section 6 has
// EC and RSA, RFC 8037 section 2 has OKP.
type jwk struct {
	kty, crv, alg, use string
	x, y, n, e         string // in base64url
	hasUse, hasAlg     bool
	ops                []string // nil if there is no key_ops
}

// jwkMembers are the names that mean something to us. The third row is private: no
// public key has one.
var jwkMembers = []string{
	"kty", "use", "key_ops", "alg", "kid",
	"crv", "x", "y", "n", "e",
	"d", "p", "q", "dp", "dq", "qi", "oth", "k",
}

// member reads one member. The decoder is at its value.
func (j *jwk) member(d *strictjson.Decoder, name string) (err error) {
	switch name {
	case "kty":
		j.kty, err = d.String()
	case "use":
		j.hasUse = true
		j.use, err = d.String()
	case "alg":
		j.hasAlg = true
		j.alg, err = d.String()
	case "key_ops":
		j.ops = []string{}
		err = d.Array(func(int) error {
			op, err := d.String()
			j.ops = append(j.ops, op)
			return err
		})
	case "crv":
		j.crv, err = d.String()
	case "x":
		j.x, err = d.String()
	case "y":
		j.y, err = d.String()
	case "n":
		j.n, err = d.String()
	case "e":
		j.e, err = d.String()
	case "d", "p", "q", "dp", "dq", "qi", "oth", "k":
		return signature.ErrPrivate
	default:
		err = d.Skip()
	}
	return err
}

// key returns the key, if all members agree about what it is.
func (j *jwk) key() (*signature.Key, error) {
	if err := j.purpose(); err != nil {
		return nil, err
	}
	var pub crypto.PublicKey
	var schemes map[string]string // by alg
	foreign := ""                 // members of other types of key
	switch j.kty {
	case "OKP":
		foreign = j.y + j.n + j.e
		if j.crv != "Ed25519" {
			return nil, jwkError(signature.ErrUnknown, "crv", "Ed25519", safe.Quote(j.crv))
		}
		// RFC 8037 section 3.1 has EdDSA, RFC 9864 section 2.2 the curve's name.
		schemes = map[string]string{"EdDSA": "ed25519", "Ed25519": "ed25519"}
		x, err := jwkBytes("x", j.x, ed25519.PublicKeySize)
		if err != nil {
			return nil, err
		}
		pub = ed25519.PublicKey(x)
	case "EC":
		foreign = j.n + j.e
		var curve elliptic.Curve
		switch j.crv {
		case "P-256":
			curve, schemes = elliptic.P256(), map[string]string{"ES256": "ecdsa-sha2-nistp256"}
		case "P-384":
			curve, schemes = elliptic.P384(), map[string]string{"ES384": "ecdsa-sha2-nistp384"}
		case "P-521":
			curve, schemes = elliptic.P521(), map[string]string{"ES512": "ecdsa-sha2-nistp521"}
		default:
			return nil, jwkError(signature.ErrUnknown, "crv", "P-256, P-384 or P-521", safe.Quote(j.crv))
		}
		size := (curve.Params().BitSize + 7) / 8
		x, err := jwkBytes("x", j.x, size)
		if err != nil {
			return nil, err
		}
		y, err := jwkBytes("y", j.y, size)
		if err != nil {
			return nil, err
		}
		if pub, err = ecdsa.ParseUncompressedPublicKey(curve, slices.Concat([]byte{4}, x, y)); err != nil {
			return nil, jwkError(signature.ErrMalformed, "x and y", "a point on the curve", "something else")
		}
	case "RSA":
		foreign = j.crv + j.x + j.y
		schemes = map[string]string{
			"PS256": "rsassa-pss-sha256", "PS384": "rsassa-pss-sha384", "PS512": "rsassa-pss-sha512",
			"RS256": "rsa-pkcs1v15-sha256", "RS384": "rsa-pkcs1v15-sha384", "RS512": "rsa-pkcs1v15-sha512",
		}
		n, err := jwkInt("n", j.n)
		if err != nil {
			return nil, err
		}
		e, err := jwkInt("e", j.e)
		if err != nil {
			return nil, err
		}
		if e.BitLen() > 31 {
			return nil, jwkError(signature.ErrWeak, "e", "at most 31 bits", fmt.Sprintf("%d bits", e.BitLen()))
		}
		pub = &rsa.PublicKey{N: n, E: int(e.Int64())}
	case "oct":
		return nil, signature.ErrPrivate
	default:
		return nil, jwkError(signature.ErrUnknown, "kty", "OKP, EC or RSA", safe.Quote(j.kty))
	}
	if foreign != "" {
		return nil, jwkError(signature.ErrMismatch, "members", "those of an "+j.kty+" key", "others too")
	}
	scheme := ""
	if j.hasAlg {
		var ok bool
		if scheme, ok = schemes[j.alg]; !ok {
			return nil, jwkError(signature.ErrMismatch, "alg", "one for this "+j.kty+" key", safe.Quote(j.alg))
		}
	}
	return signature.New(pub, scheme)
}

// purpose refuses a key that is not for verifying signatures (RFC 7517 sections 4.2
// and 4.3).
func (j *jwk) purpose() error {
	if j.hasUse && j.use != "sig" {
		return jwkError(signature.ErrMismatch, "use", "sig", safe.Quote(j.use))
	}
	if j.ops == nil {
		return nil
	}
	for i, op := range j.ops {
		if op != "verify" && op != "sign" || slices.Contains(j.ops[:i], op) {
			return jwkError(signature.ErrMismatch, "key_ops", "verify", safe.Quote(op))
		}
	}
	if !slices.Contains(j.ops, "verify") {
		return jwkError(signature.ErrMismatch, "key_ops", "verify", "not that")
	}
	return nil
}

// jwkBytes decodes base64url (RFC 7515 section 2) of so many bytes.
func jwkBytes(name, s string, size int) ([]byte, error) {
	b, err := jwkBase64(name, s)
	if err == nil && len(b) != size {
		err = jwkError(signature.ErrMalformed, name, fmt.Sprintf("%d bytes", size), fmt.Sprintf("%d", len(b)))
	}
	return b, err
}

// jwkInt decodes a positive integer without leading zeros (RFC 7518 section 2,
// Base64urlUInt).
func jwkInt(name, s string) (*big.Int, error) {
	b, err := jwkBase64(name, s)
	if err == nil && (len(b) == 0 || b[0] == 0) {
		err = jwkError(signature.ErrMalformed, name, "a positive integer without leading zeros", "something else")
	}
	return new(big.Int).SetBytes(b), err
}

func jwkBase64(name, s string) ([]byte, error) {
	// encoding/base64 skips line ends.
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || strings.ContainsAny(s, "\r\n") {
		return nil, jwkError(signature.ErrMalformed, name, "base64url without padding", "something else")
	}
	return b, nil
}

func jwkError(reason signature.Reason, what, expected, found string) error {
	return &signature.Error{Reason: reason, What: "JWK " + what, Expected: expected, Found: found}
}

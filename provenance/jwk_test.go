// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package provenance_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"strings"
	"testing"

	"github.com/tallystick/tallystick/internal/signature"
	"github.com/tallystick/tallystick/provenance"
	"github.com/tallystick/tallystick/verify"
)

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// The keys and signatures that the standards print.
func TestJWKOfTheStandards(t *testing.T) {
	for _, test := range []struct{ name, key, signed, sig string }{
		{"RFC 8037 appendix A", `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`,
			"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
			"hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"},
		{"RFC 7515 appendix A.3", `{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}`,
			"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
			"DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"},
	} {
		k, err := provenance.ParseKey([]byte(test.key))
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		sig, err := base64.RawURLEncoding.DecodeString(test.sig)
		if err != nil {
			t.Fatal(err)
		}
		if err := k.Verify([]byte(test.signed), sig); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

// edit returns the JWK with members replaced, or removed where they are nil.
func edit(jwk map[string]any, with map[string]any) []byte {
	jwk = maps.Clone(jwk)
	for name, v := range with {
		if jwk[name] = v; v == nil {
			delete(jwk, name)
		}
	}
	data, err := json.Marshal(jwk)
	if err != nil {
		panic(err)
	}
	return data
}

func TestParseJWK(t *testing.T) {
	type m = map[string]any
	ed := signer("alice")
	edJWK := m{"kty": "OKP", "crv": "Ed25519", "x": b64(ed.Public().(ed25519.PublicKey))}
	ec := func(curve elliptic.Curve, name string) (*ecdsa.PrivateKey, m) {
		k, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		point, err := k.PublicKey.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		half := len(point) / 2
		return k, m{"kty": "EC", "crv": name, "x": b64(point[1 : half+1]), "y": b64(point[half+1:])}
	}
	p256, p256JWK := ec(elliptic.P256(), "P-256")
	p384, p384JWK := ec(elliptic.P384(), "P-384")
	p521, p521JWK := ec(elliptic.P521(), "P-521")
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	rsaJWK := m{"kty": "RSA", "n": b64(rsaKey.N.Bytes()), "e": "AQAB"}
	point := p256JWK["x"].(string)

	message := []byte("message")
	sum256, sum384, sum512 := sha256.Sum256(message), sha512.Sum384(message), sha512.Sum512(message)
	sums := map[crypto.Hash][]byte{crypto.SHA256: sum256[:], crypto.SHA384: sum384[:], crypto.SHA512: sum512[:], 0: message}
	pss := func(h crypto.Hash) crypto.SignerOpts { return &rsa.PSSOptions{SaltLength: 20, Hash: h} }

	for _, test := range []struct {
		name string
		key  crypto.Signer
		jwk  []byte
		opts crypto.SignerOpts
	}{
		{"Ed25519", ed, edit(edJWK, nil), crypto.Hash(0)},
		{"Ed25519, alg EdDSA", ed, edit(edJWK, m{"alg": "EdDSA"}), crypto.Hash(0)},
		{"Ed25519, alg Ed25519", ed, edit(edJWK, m{"alg": "Ed25519"}), crypto.Hash(0)},
		{"for signatures", ed, edit(edJWK, m{"use": "sig", "key_ops": []string{"verify"}, "kid": "x"}), crypto.Hash(0)},
		{"sign beside verify", ed, edit(edJWK, m{"key_ops": []string{"sign", "verify"}}), crypto.Hash(0)},
		{"unknown members", ed, edit(edJWK, m{"x5c": []string{"x"}, "ext": true}), crypto.Hash(0)},
		{"P-256", p256, edit(p256JWK, m{"alg": "ES256"}), crypto.SHA256},
		{"P-384", p384, edit(p384JWK, m{"alg": "ES384"}), crypto.SHA384},
		{"P-521", p521, edit(p521JWK, m{"alg": "ES512"}), crypto.SHA512},
		{"RSA without alg", rsaKey, edit(rsaJWK, nil), pss(crypto.SHA256)},
		{"PS256", rsaKey, edit(rsaJWK, m{"alg": "PS256"}), pss(crypto.SHA256)},
		{"PS384", rsaKey, edit(rsaJWK, m{"alg": "PS384"}), pss(crypto.SHA384)},
		{"PS512", rsaKey, edit(rsaJWK, m{"alg": "PS512"}), pss(crypto.SHA512)},
		{"RS256", rsaKey, edit(rsaJWK, m{"alg": "RS256"}), crypto.SHA256},
		{"RS384", rsaKey, edit(rsaJWK, m{"alg": "RS384"}), crypto.SHA384},
		{"RS512", rsaKey, edit(rsaJWK, m{"alg": "RS512"}), crypto.SHA512},
	} {
		k, err := provenance.ParseKey(test.jwk)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		want, err := provenance.NewKey(test.key.Public())
		if err != nil {
			t.Fatal(err)
		}
		if k.Fingerprint() != want.Fingerprint() {
			t.Errorf("%s: another key", test.name)
		}
		sig, err := test.key.Sign(rand.Reader, sums[test.opts.HashFunc()], test.opts)
		if err != nil {
			t.Fatal(err)
		}
		if err := k.Verify(message, sig); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		sig[len(sig)-1] ^= 1
		if k.Verify(message, sig) == nil {
			t.Errorf("%s: verifies another signature", test.name)
		}
	}

	short := func(s any) string { return s.(string)[:len(s.(string))-4] }
	// 32 bytes are 43 characters, of which the last has two bits too many.
	stray := []byte(edJWK["x"].(string))
	stray[42]++ // from a multiple of four to the next
	if b, err := base64.RawURLEncoding.DecodeString(string(stray)); err != nil || b64(b) != edJWK["x"] {
		t.Fatal("the control does not decode to the same key")
	}
	both, err := base64.RawURLEncoding.DecodeString(p256JWK["x"].(string))
	if err != nil {
		t.Fatal(err)
	}
	rest, err := base64.RawURLEncoding.DecodeString(p256JWK["y"].(string))
	if err != nil {
		t.Fatal(err)
	}
	both = append(both, rest...)
	for _, test := range []struct {
		name   string
		jwk    []byte
		reason error
	}{
		{"no kty", edit(edJWK, m{"kty": nil}), nil},
		{"kty in lower case", edit(edJWK, m{"kty": "okp"}), signature.ErrUnknown},
		{"kty AKP", edit(edJWK, m{"kty": "AKP"}), signature.ErrUnknown},
		{"symmetric", edit(m{"kty": "oct"}, nil), signature.ErrPrivate},
		{"symmetric, with the secret", edit(m{"kty": "oct", "k": "AAAA"}, nil), signature.ErrPrivate},
		{"private Ed25519", edit(edJWK, m{"d": b64(ed.Seed())}), signature.ErrPrivate},
		{"private EC", edit(p256JWK, m{"d": point}), signature.ErrPrivate},
		{"private RSA", edit(rsaJWK, m{"d": "AQAB"}), signature.ErrPrivate},
		{"private RSA, a prime", edit(rsaJWK, m{"p": "AQAB"}), signature.ErrPrivate},
		{"private RSA, the other prime", edit(rsaJWK, m{"q": "AQAB"}), signature.ErrPrivate},
		{"private RSA, dp", edit(rsaJWK, m{"dp": "AQAB"}), signature.ErrPrivate},
		{"private RSA, dq", edit(rsaJWK, m{"dq": "AQAB"}), signature.ErrPrivate},
		{"private RSA, qi", edit(rsaJWK, m{"qi": "AQAB"}), signature.ErrPrivate},
		{"private RSA, other primes", edit(rsaJWK, m{"oth": []int{}}), signature.ErrPrivate},
		{"private with an empty secret", edit(edJWK, m{"d": ""}), signature.ErrPrivate},
		{"private in a case variant", edit(edJWK, m{"D": ""}), nil},

		{"X25519", edit(edJWK, m{"crv": "X25519"}), signature.ErrUnknown},
		{"no crv", edit(edJWK, m{"crv": nil}), signature.ErrUnknown},
		{"secp256k1", edit(p256JWK, m{"crv": "secp256k1"}), signature.ErrUnknown},
		{"EC without crv", edit(p256JWK, m{"crv": nil}), signature.ErrUnknown},
		{"another curve", edit(p256JWK, m{"crv": "P-384"}), signature.ErrMalformed},
		{"Ed25519 without x", edit(edJWK, m{"x": nil}), signature.ErrMalformed},
		{"Ed25519 too short", edit(edJWK, m{"x": short(edJWK["x"])}), signature.ErrMalformed},
		{"Ed25519 too long", edit(edJWK, m{"x": b64(make([]byte, 33))}), signature.ErrMalformed},
		{"Ed25519 of small order", edit(edJWK, m{"x": b64(make([]byte, 32))}), signature.ErrWeak},
		{"EC without y", edit(p256JWK, m{"y": nil}), signature.ErrMalformed},
		{"EC, short x", edit(p256JWK, m{"x": short(point)}), signature.ErrMalformed},
		{"EC, x with a leading zero", edit(p256JWK, m{"x": b64(make([]byte, 33))}), signature.ErrMalformed},
		{"EC, a byte of y in x", edit(p256JWK, m{"x": b64(both[:33]), "y": b64(both[33:])}), signature.ErrMalformed},
		{"EC, a byte of x in y", edit(p256JWK, m{"x": b64(both[:31]), "y": b64(both[31:])}), signature.ErrMalformed},
		{"EC, off the curve", edit(p256JWK, m{"y": point}), signature.ErrMalformed},
		{"EC, point of zeros", edit(p256JWK, m{"x": b64(make([]byte, 32)), "y": b64(make([]byte, 32))}), signature.ErrMalformed},
		{"RSA of 1024 bits", edit(rsaJWK, m{"n": b64(rsaKey.N.Bytes()[:128])}), signature.ErrWeak},
		{"RSA of 32768 bits", edit(rsaJWK, m{"n": b64(bytes.Repeat([]byte{0xff}, 4096))}), signature.ErrWeak},
		{"RSA, even modulus", edit(rsaJWK, m{"n": b64(new(big.Int).Sub(rsaKey.N, big.NewInt(1)).Bytes())}), signature.ErrWeak},
		{"RSA, n with a leading zero", edit(rsaJWK, m{"n": b64(append([]byte{0}, rsaKey.N.Bytes()...))}), signature.ErrMalformed},
		{"RSA without n", edit(rsaJWK, m{"n": nil}), signature.ErrMalformed},
		{"RSA without e", edit(rsaJWK, m{"e": nil}), signature.ErrMalformed},
		{"RSA, e with a leading zero", edit(rsaJWK, m{"e": "AAEAAQ"}), signature.ErrMalformed},
		{"RSA, e = 0", edit(rsaJWK, m{"e": "AA"}), signature.ErrMalformed},
		{"RSA, e = 1", edit(rsaJWK, m{"e": "AQ"}), signature.ErrWeak},
		{"RSA, e = 4", edit(rsaJWK, m{"e": "BA"}), signature.ErrWeak},
		{"RSA, e of 32 bits", edit(rsaJWK, m{"e": "_____w"}), signature.ErrWeak},
		{"RSA, e of 65 bits that ends like 65537", edit(rsaJWK, m{"e": b64([]byte{1, 0, 0, 0, 0, 0, 1, 0, 1})}), signature.ErrWeak},

		{"padded", edit(edJWK, m{"x": edJWK["x"].(string) + "="}), signature.ErrMalformed},
		{"standard alphabet", edit(edJWK, m{"x": "/" + edJWK["x"].(string)[1:]}), signature.ErrMalformed},
		{"line end", edit(edJWK, m{"x": edJWK["x"].(string) + "\n"}), signature.ErrMalformed},
		{"stray bits", edit(edJWK, m{"x": string(stray)}), signature.ErrMalformed},
		{"x is a number", edit(edJWK, m{"x": 1}), nil},
		{"x twice", []byte(`{"x":"AAAA",` + string(edit(edJWK, nil))[1:]), nil},
		{"a case variant", edit(edJWK, m{"KTY": "OKP"}), nil},

		{"for encryption", edit(edJWK, m{"use": "enc"}), signature.ErrMismatch},
		{"use empty", edit(edJWK, m{"use": ""}), signature.ErrMismatch},
		{"no operation", edit(edJWK, m{"key_ops": []string{}}), signature.ErrMismatch},
		{"sign only", edit(edJWK, m{"key_ops": []string{"sign"}}), signature.ErrMismatch},
		{"encrypt too", edit(edJWK, m{"key_ops": []string{"verify", "encrypt"}}), signature.ErrMismatch},
		{"verify twice", edit(edJWK, m{"key_ops": []string{"verify", "verify"}}), signature.ErrMismatch},
		{"key_ops a string", edit(edJWK, m{"key_ops": "verify"}), nil},
		{"alg of another type", edit(edJWK, m{"alg": "ES256"}), signature.ErrMismatch},
		{"alg of another curve", edit(p256JWK, m{"alg": "ES384"}), signature.ErrMismatch},
		{"alg for encryption", edit(rsaJWK, m{"alg": "RSA-OAEP"}), signature.ErrMismatch},
		{"alg none", edit(edJWK, m{"alg": "none"}), signature.ErrMismatch},
		{"alg empty", edit(edJWK, m{"alg": ""}), signature.ErrMismatch},
		{"members of EC in OKP", edit(edJWK, m{"y": point}), signature.ErrMismatch},
		{"members of RSA in EC", edit(p256JWK, m{"n": "AQAB"}), signature.ErrMismatch},
		{"members of EC in RSA", edit(rsaJWK, m{"crv": "P-256"}), signature.ErrMismatch},
		{"JWK and in-toto key", edit(edJWK, m{"keytype": "ed25519", "scheme": "ed25519", "keyval": m{"public": strings.Repeat("00", 32)}}), signature.ErrMismatch},
		{"JWK with a scheme", edit(edJWK, m{"scheme": "ed25519"}), signature.ErrMismatch},
		{"a set of keys", []byte(`{"keys":[` + string(edit(edJWK, nil)) + `]}`), nil},
		{"data after it", append(edit(edJWK, nil), '1'), nil},
	} {
		k, err := provenance.ParseKey(test.jwk)
		if err == nil || !errors.Is(err, provenance.CodeKey) || test.reason != nil && !errors.Is(err, test.reason) || k.Fingerprint() != "" {
			t.Errorf("%s: key %s, error %v, want %v", test.name, k.Fingerprint(), err, test.reason)
		}
		if err != nil && strings.Contains(err.Error(), b64(ed.Seed())) {
			t.Errorf("%s: the error shows the secret: %v", test.name, err)
		}
	}
}

// Who hands over a set of keys learns that one is wanted.
func TestParseKeyOfNoKind(t *testing.T) {
	for _, in := range []string{`{}`, `{"keys": [{"kty": "OKP"}]}`, `{"x": "AA"}`} {
		_, err := provenance.ParseKey([]byte(in))
		if verify.CodeOf(err) != provenance.CodeKey || !strings.Contains(fmt.Sprint(err), "one key") {
			t.Errorf("%s: %v", in, err)
		}
	}
}

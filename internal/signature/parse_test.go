// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package signature_test

import (
	"crypto/x509"
	"strings"
	"testing"

	"github.com/tallystick/tallystick/internal/signature"
)

func TestParse(t *testing.T) {
	p256, p384 := string(testdata(t, "ecdsa-nistp256.pub")), string(testdata(t, "ecdsa-nistp384.pub"))
	rsaPEM, pkcs1 := string(testdata(t, "rsa.pub")), string(testdata(t, "rsa.pkcs1.pub"))
	for _, tt := range []struct {
		name, keytype, scheme, public string
		wantScheme                    string
		same                          string // a PEM file with the same key
	}{
		{"Ed25519", "ed25519", "ed25519", sslibEd25519Hex, "ed25519", ""},
		{"Ed25519 in upper case", "ed25519", "ed25519", strings.ToUpper(sslibEd25519Hex), "ed25519", ""},
		{"Ed25519 without scheme", "ed25519", "", sslibEd25519Hex, "ed25519", ""},
		{"ECDSA", "ecdsa", "ecdsa-sha2-nistp256", p256, "ecdsa-sha2-nistp256", p256},
		{"ECDSA, key type named after the scheme", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", p256, "ecdsa-sha2-nistp256", p256},
		{"ECDSA P-384", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384", p384, "ecdsa-sha2-nistp384", p384},
		{"ECDSA P-384 labelled P-256", "ecdsa", "ecdsa-sha2-nistp256", p384, "ecdsa-sha2-nistp256", p384},
		{"ECDSA P-384 labelled P-256 twice", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", p384, "ecdsa-sha2-nistp256", p384},
		{"ECDSA P-384 without scheme", "ecdsa", "", p384, "ecdsa-sha2-nistp384", p384},
		{"ECDSA without final newline", "ecdsa", "ecdsa-sha2-nistp256", strings.TrimSpace(p256), "ecdsa-sha2-nistp256", p256},
		{"RSA", "rsa", "rsassa-pss-sha256", rsaPEM, "rsassa-pss-sha256", rsaPEM},
		{"RSA without scheme", "rsa", "", rsaPEM, "rsassa-pss-sha256", rsaPEM},
		{"RSA PKCS#1", "rsa", "rsa-pkcs1v15-sha256", pkcs1, "rsa-pkcs1v15-sha256", rsaPEM},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k, err := signature.Parse(tt.keytype, tt.scheme, tt.public)
			if err != nil {
				t.Fatal(err)
			}
			if k.Type() != tt.keytype || k.Scheme() != tt.wantScheme || k.Public() != tt.public {
				t.Errorf("Type, Scheme, Public = %q, %q, %q; they were given as %q, %q, %q",
					k.Type(), k.Scheme(), k.Public(), tt.keytype, tt.scheme, tt.public)
			}
			same := must(signature.Parse("ed25519", "", sslibEd25519Hex))
			if tt.same != "" {
				same = must(signature.ParsePEM([]byte(tt.same)))
			}
			if k.Fingerprint() != same.Fingerprint() {
				t.Error("another fingerprint than the same key elsewhere")
			}
			again, err := signature.Parse(k.Type(), k.Scheme(), k.Public())
			if err != nil || again.KeyID() != k.KeyID() || again.InTotoKeyID() != k.InTotoKeyID() {
				t.Errorf("the way out and in again: %v", err)
			}
		})
	}
}

// A key from New survives the way through metadata, with its key id.
func TestInterchange(t *testing.T) {
	for _, tt := range every() {
		k := must(signature.New(tt.signer.Public(), tt.scheme))
		again, err := signature.Parse(k.Type(), k.Scheme(), k.Public())
		if err != nil {
			t.Errorf("%s: %v", tt.scheme, err)
			continue
		}
		if again.KeyID() != k.KeyID() || again.Fingerprint() != k.Fingerprint() {
			t.Errorf("%s: another key id or fingerprint", tt.scheme)
		}
		inToto, err := signature.Parse(k.Type(), k.Scheme(), strings.TrimSpace(k.Public()))
		if err != nil || inToto.InTotoKeyID() != k.InTotoKeyID() {
			t.Errorf("%s: another in-toto key id (%v)", tt.scheme, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	ec, rsaPEM, ed := string(testdata(t, "ecdsa-nistp256.pub")), string(testdata(t, "rsa.pub")), string(testdata(t, "ed25519.pub"))
	for _, tt := range []struct {
		name, keytype, scheme, public string
		want                          signature.Reason
	}{
		{"unknown key type", "dilithium", "ed25519", sslibEd25519Hex, signature.ErrUnknown},
		{"unknown key type, no material", "sphincs+", "x", "", signature.ErrUnknown},
		{"no key type", "", "", sslibEd25519Hex, signature.ErrUnknown},
		{"hostile key type", "\x1b]0;x\a" + strings.Repeat("A", 1<<20), "", "", signature.ErrUnknown},
		{"key type in upper case", "RSA", "", rsaPEM, signature.ErrUnknown},
		{"key type that is a scheme", "rsassa-pss-sha256", "rsassa-pss-sha256", rsaPEM, signature.ErrUnknown},
		{"unknown scheme", "rsa", "rsassa-pss-sha3", rsaPEM, signature.ErrUnknown},
		{"weak hash", "rsa", "rsa-pkcs1v15-sha1", rsaPEM, signature.ErrUnknown},
		{"unknown scheme, damaged material", "rsa", "rsassa-pss-sha3", "x", signature.ErrUnknown},
		{"known key type, unknown curve", "ecdsa", "", heidiPEM, signature.ErrUnknown},

		{"scheme of another type", "rsa", "ecdsa-sha2-nistp256", rsaPEM, signature.ErrMismatch},
		{"scheme of another type, fitting the material", "rsa", "ecdsa-sha2-nistp256", ec, signature.ErrMismatch},
		{"ed25519 with an RSA scheme", "ed25519", "rsassa-pss-sha256", sslibEd25519Hex, signature.ErrMismatch},
		{"rsa with an ECDSA key", "rsa", "rsassa-pss-sha256", ec, signature.ErrMismatch},
		{"rsa with an Ed25519 key", "rsa", "rsassa-pss-sha256", ed, signature.ErrMismatch},
		{"ecdsa with an RSA key", "ecdsa", "ecdsa-sha2-nistp256", rsaPEM, signature.ErrMismatch},
		{"ecdsa with an RSA key, no scheme", "ecdsa", "", rsaPEM, signature.ErrMismatch},
		{"ecdsa with an Ed25519 key", "ecdsa", "ecdsa-sha2-nistp256", ed, signature.ErrMismatch},

		{"ed25519 empty", "ed25519", "ed25519", "", signature.ErrMalformed},
		{"ed25519 two bytes", "ed25519", "ed25519", "abcd", signature.ErrMalformed},
		{"ed25519 63 digits", "ed25519", "ed25519", sslibEd25519Hex[1:], signature.ErrMalformed},
		{"ed25519 65 digits", "ed25519", "ed25519", sslibEd25519Hex + "0", signature.ErrMalformed},
		{"ed25519 private and public", "ed25519", "ed25519", sslibEd25519Hex + sslibEd25519Hex, signature.ErrMalformed},
		{"ed25519 not hex", "ed25519", "ed25519", "g" + sslibEd25519Hex[1:], signature.ErrMalformed},
		{"ed25519 with newline", "ed25519", "ed25519", sslibEd25519Hex[1:] + "\n", signature.ErrMalformed},
		{"ed25519 as PEM", "ed25519", "ed25519", ed, signature.ErrMalformed},
		{"ed25519 small order", "ed25519", "ed25519", "01" + strings.Repeat("0", 62), signature.ErrWeak},
		{"rsa empty", "rsa", "rsassa-pss-sha256", "", signature.ErrMalformed},
		{"rsa hex", "rsa", "rsassa-pss-sha256", sslibEd25519Hex, signature.ErrMalformed},
		{"rsa 1024", "rsa", "rsassa-pss-sha256", string(testdata(t, "refused-rsa1024.pub")), signature.ErrWeak},
		{"rsa certificate", "rsa", "rsassa-pss-sha256", string(testdata(t, "rsa.crt")), signature.ErrMalformed},
		{"rsa private", "rsa", "rsassa-pss-sha256", string(block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey()))), signature.ErrPrivate},
		{"ecdsa hex point, as in old Sigstore roots", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256",
			"04cbc5cab2684160323c25cd06c3307178a6b1d1c9b949328453ae473c5ba7527e35b13f298b41633382241f3fd8526c262d43b45adee5c618fa0642c82b8a9803", signature.ErrMalformed},
		{"ecdsa text before", "ecdsa", "ecdsa-sha2-nistp256", "x" + ec, signature.ErrMalformed},
		{"too large PEM", "rsa", "rsassa-pss-sha256", strings.Repeat(" ", signature.MaxKeySize+1), signature.ErrTooLarge},
		{"too large hex", "ed25519", "ed25519", strings.Repeat("0", signature.MaxKeySize+1), signature.ErrTooLarge},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k, err := signature.Parse(tt.keytype, tt.scheme, tt.public)
			if k != nil {
				t.Error("a key was returned")
			}
			wantReason(t, err, tt.want)
		})
	}
}

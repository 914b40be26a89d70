// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package signature_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tallystick/tallystick/internal/signature"
)

func testdata(tb testing.TB, name string) []byte {
	tb.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func block(label string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der})
}

// der encodes one element.
func der(tag byte, content ...[]byte) []byte {
	body := slices.Concat(content...)
	n := len(body)
	switch {
	case n < 0x80:
		return append([]byte{tag, byte(n)}, body...)
	case n < 0x100:
		return append([]byte{tag, 0x81, byte(n)}, body...)
	}
	return append([]byte{tag, 0x82, byte(n >> 8), byte(n)}, body...)
}

func seq(content ...[]byte) []byte { return der(0x30, content...) }
func bitString(b []byte) []byte    { return der(0x03, []byte{0}, b) }
func integer(n *big.Int) []byte    { return must(asn1.Marshal(n)) }
func oid(o ...int) []byte          { return must(asn1.Marshal(asn1.ObjectIdentifier(o))) }

var (
	null       = []byte{0x05, 0x00}
	oidEd25519 = oid(1, 3, 101, 112)
	oidRSA     = oid(1, 2, 840, 113549, 1, 1, 1)
	oidEC      = oid(1, 2, 840, 10045, 2, 1)
	oidP256    = oid(1, 2, 840, 10045, 3, 1, 7)
)

func ed25519SPKI(key []byte, params []byte) []byte {
	return seq(seq(oidEd25519, params), bitString(key))
}

func rsaSPKI(n *big.Int, e int64) []byte {
	return seq(seq(oidRSA, null), bitString(seq(integer(n), integer(big.NewInt(e)))))
}

// modulus is an odd number with so many bits. Nothing that is checked when a key is
// read needs it to be a product of two primes.
func modulus(bits int) *big.Int {
	n := new(big.Int).Lsh(big.NewInt(1), uint(bits-1))
	return n.Add(n, big.NewInt(1))
}

// evenEd25519 is a good public key whose last bit is zero, as DER wants unused bits.
func evenEd25519() []byte {
	seed := make([]byte, ed25519.SeedSize)
	for {
		pub := ed25519.NewKeyFromSeed(seed)[ed25519.SeedSize:]
		if pub[31]&1 == 0 {
			return pub
		}
		seed[0]++
	}
}

// One key has one fingerprint, however it is written.
func TestSpellingsOfOneKey(t *testing.T) {
	crlf := func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n")) }
	rsaPEM, ecPEM, edPEM := testdata(t, "rsa.pub"), testdata(t, "ecdsa-nistp256.pub"), testdata(t, "ed25519.pub")
	first, _ := pem.Decode(edPEM)
	raw := first.Bytes[len(first.Bytes)-32:]

	for _, tt := range []struct {
		name      string
		spellings map[string][]byte
	}{
		{"RSA", map[string][]byte{
			"PKIX":             rsaPEM,
			"PKCS#1":           testdata(t, "rsa.pkcs1.pub"),
			"certificate":      testdata(t, "rsa.crt"),
			"no final newline": bytes.TrimSpace(rsaPEM),
			"CRLF":             crlf(rsaPEM),
			"white space":      []byte("\n \t" + string(rsaPEM) + "\n\n  "),
		}},
		{"ECDSA", map[string][]byte{"PKIX": ecPEM, "CRLF": crlf(ecPEM)}},
		{"Ed25519", map[string][]byte{
			"PKIX":            edPEM,
			"NULL parameters": block("PUBLIC KEY", ed25519SPKI(raw, null)),
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			want, err := signature.ParsePEM(tt.spellings["PKIX"])
			if err != nil {
				t.Fatal(err)
			}
			b, _ := pem.Decode(tt.spellings["PKIX"])
			if !bytes.Equal(want.SPKI(), b.Bytes) {
				t.Error("SPKI() is not what OpenSSL wrote")
			}
			for name, text := range tt.spellings {
				k, err := signature.ParsePEM(text)
				if err != nil {
					t.Errorf("%s: %v", name, err)
					continue
				}
				if k.Fingerprint() != want.Fingerprint() || !bytes.Equal(k.SPKI(), want.SPKI()) {
					t.Errorf("%s: another identity than PKIX", name)
				}
				if k.KeyID() != want.KeyID() || k.Public() != want.Public() {
					t.Errorf("%s: another key id than PKIX", name)
				}
			}
		})
	}
}

func TestFingerprintIsThatOfOpenSSL(t *testing.T) {
	// openssl pkey -pubin -in ed25519.pub -outform DER | openssl dgst -sha256 -binary | base64
	const want = "SHA256:zCmRv/to2XOm+JV2ehPuB9U9daSvM5GIyJRho6UDN/4"
	k, err := signature.ParsePEM(testdata(t, "ed25519.pub"))
	if err != nil {
		t.Fatal(err)
	}
	if got := k.Fingerprint(); got != want {
		t.Errorf("Fingerprint() = %s, want %s", got, want)
	}
}

func TestParsePEMRefuses(t *testing.T) {
	good := string(testdata(t, "ed25519.pub"))
	other := string(testdata(t, "ecdsa-nistp256.pub"))
	goodBlock, _ := pem.Decode([]byte(good))
	raw := goodBlock.Bytes[len(goodBlock.Bytes)-32:]
	rsaBlock, _ := pem.Decode(testdata(t, "rsa.pub"))
	pkcs1Block, _ := pem.Decode(testdata(t, "rsa.pkcs1.pub"))
	ecBlock, _ := pem.Decode(testdata(t, "ecdsa-nistp256.pub"))
	point := ecBlock.Bytes[len(ecBlock.Bytes)-65:]
	offCurve := bytes.Clone(point)
	offCurve[64] ^= 1
	n := modulus(2048)
	exponentReason := signature.ErrWeak
	if strconv.IntSize == 32 { // crypto/x509 cannot hold the number
		exponentReason = signature.ErrMalformed
	}
	even := new(big.Int).Sub(n, big.NewInt(1))

	for _, tt := range []struct {
		name string
		data []byte
		want signature.Reason
	}{
		{"empty", nil, signature.ErrMalformed},
		{"white space", []byte("\n\n"), signature.ErrMalformed},
		{"not PEM", []byte("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5"), signature.ErrMalformed},
		{"no END", []byte(good[:len(good)-10]), signature.ErrMalformed},
		{"another END", []byte(strings.Replace(good, "END PUBLIC", "END RSA PUBLIC", 1)), signature.ErrMalformed},
		{"text before", []byte("This is the key:\n" + good), signature.ErrMalformed},
		{"text after", []byte(good + "That was the key.\n"), signature.ErrMalformed},
		{"NUL after", []byte(good + "\x00"), signature.ErrMalformed},
		{"byte order mark before", []byte("\ufeff" + good), signature.ErrMalformed},
		{"two keys", []byte(good + other), signature.ErrMalformed},
		{"one key twice", []byte(good + good), signature.ErrMalformed},
		{"damaged block, then a good one", []byte(strings.Replace(other, "M", "!", 1) + good), signature.ErrMalformed},
		{"BEGIN without END, then a good one", []byte("-----BEGIN PUBLIC KEY-----\n" + good), signature.ErrMalformed},
		{"headers", []byte(strings.Replace(good, "KEY-----\n", "KEY-----\nComment: mine\n\n", 1)), signature.ErrMalformed},
		{"label CERTIFICATE REQUEST", block("CERTIFICATE REQUEST", goodBlock.Bytes), signature.ErrMalformed},
		{"label public key", block("public key", goodBlock.Bytes), signature.ErrMalformed},
		{"empty block", block("PUBLIC KEY", nil), signature.ErrMalformed},
		{"PKCS#1 as PUBLIC KEY", block("PUBLIC KEY", pkcs1Block.Bytes), signature.ErrMalformed},
		{"PKIX as RSA PUBLIC KEY", block("RSA PUBLIC KEY", rsaBlock.Bytes), signature.ErrMalformed},
		{"key as CERTIFICATE", block("CERTIFICATE", rsaBlock.Bytes), signature.ErrMalformed},
		{"too large", []byte(good + strings.Repeat("\n", signature.MaxKeySize)), signature.ErrTooLarge},

		{"DER: byte after", block("PUBLIC KEY", append(bytes.Clone(goodBlock.Bytes), 0)), signature.ErrMalformed},
		{"DER: byte after PKCS#1", block("RSA PUBLIC KEY", append(bytes.Clone(pkcs1Block.Bytes), 0)), signature.ErrMalformed},
		{"DER: third number in RSA key", block("PUBLIC KEY", seq(seq(oidRSA, null), bitString(seq(integer(n), integer(big.NewInt(3)), integer(n))))), signature.ErrMalformed},
		{"DER: third number in PKCS#1", block("RSA PUBLIC KEY", seq(integer(n), integer(big.NewInt(3)), integer(n))), signature.ErrMalformed},
		{"DER: RSA without parameters", block("PUBLIC KEY", seq(seq(oidRSA), bitString(seq(integer(n), integer(big.NewInt(3)))))), signature.ErrMalformed},
		{"DER: ECDSA without curve", block("PUBLIC KEY", seq(seq(oidEC), bitString(point))), signature.ErrMalformed},
		{"DER: third element in SPKI", block("PUBLIC KEY", seq(seq(oidEC, oidP256), bitString(point), null)), signature.ErrMalformed},
		{"Ed25519 and a third element in SPKI", block("PUBLIC KEY", seq(seq(oidEd25519), bitString(raw), null)), signature.ErrMalformed},
		{"Ed25519 and a third element in the algorithm", block("PUBLIC KEY", seq(seq(oidEd25519, null, null), bitString(raw))), signature.ErrMalformed},
		{"Ed25519 with NULL and a byte after", block("PUBLIC KEY", append(ed25519SPKI(raw, null), 0)), signature.ErrMalformed},
		{"ECDSA and a third element in the algorithm", block("PUBLIC KEY", seq(seq(oidEC, oidP256, null), bitString(point))), signature.ErrMalformed},
		{"DER: byte after ECDSA", block("PUBLIC KEY", append(bytes.Clone(ecBlock.Bytes), 0)), signature.ErrMalformed},
		{"DER: byte after RSA", block("PUBLIC KEY", append(bytes.Clone(rsaBlock.Bytes), 0)), signature.ErrMalformed},
		{"certificate as PUBLIC KEY", bytes.ReplaceAll(testdata(t, "rsa.crt"), []byte("CERTIFICATE"), []byte("PUBLIC KEY")), signature.ErrMalformed},
		{"Ed25519 with a curve", block("PUBLIC KEY", ed25519SPKI(raw, oidP256)), signature.ErrMalformed},
		{"Ed25519 with 31 bytes", block("PUBLIC KEY", ed25519SPKI(raw[:31], nil)), signature.ErrMalformed},
		{"Ed25519 with 33 bytes", block("PUBLIC KEY", ed25519SPKI(append(bytes.Clone(raw), 0), nil)), signature.ErrMalformed},
		{"Ed25519 with 2 bytes", block("PUBLIC KEY", ed25519SPKI(raw[:2], nil)), signature.ErrMalformed},
		{"Ed25519 with no bytes", block("PUBLIC KEY", ed25519SPKI(nil, nil)), signature.ErrMalformed},
		{"Ed25519 with an unused bit", block("PUBLIC KEY", seq(seq(oidEd25519), der(0x03, []byte{1}, evenEd25519()))), signature.ErrMalformed},
		{"ECDSA point off the curve", block("PUBLIC KEY", seq(seq(oidEC, oidP256), bitString(offCurve))), signature.ErrMalformed},
		{"ECDSA point at infinity", block("PUBLIC KEY", seq(seq(oidEC, oidP256), bitString([]byte{0}))), signature.ErrMalformed},
		{"ECDSA point of another curve", block("PUBLIC KEY", seq(seq(oidEC, oid(1, 3, 132, 0, 34)), bitString(point))), signature.ErrMalformed},
		{"ECDSA compressed point", testdata(t, "refused-compressed.pub"), signature.ErrMalformed},
		{"ECDSA explicit parameters", testdata(t, "refused-explicit.pub"), signature.ErrMalformed},

		{"RSA 1024", testdata(t, "refused-rsa1024.pub"), signature.ErrWeak},
		{"RSA 1024 certificate", testdata(t, "refused-rsa1024.crt"), signature.ErrWeak},
		{"RSA 2047", block("PUBLIC KEY", rsaSPKI(modulus(2047), 65537)), signature.ErrWeak},
		{"RSA 16385", block("PUBLIC KEY", rsaSPKI(modulus(16385), 65537)), signature.ErrWeak},
		{"RSA 1024 PKCS#1", block("RSA PUBLIC KEY", seq(integer(modulus(1024)), integer(big.NewInt(65537)))), signature.ErrWeak},
		{"RSA even modulus", block("PUBLIC KEY", rsaSPKI(even, 65537)), signature.ErrWeak},
		{"RSA exponent 1", block("PUBLIC KEY", rsaSPKI(n, 1)), signature.ErrWeak},
		{"RSA exponent 2", block("PUBLIC KEY", rsaSPKI(n, 2)), signature.ErrWeak},
		{"RSA exponent 65536", block("PUBLIC KEY", rsaSPKI(n, 65536)), signature.ErrWeak},
		{"RSA exponent 2^31+1", block("PUBLIC KEY", rsaSPKI(n, 1<<31+1)), exponentReason},
		{"RSA exponent 0", block("PUBLIC KEY", rsaSPKI(n, 0)), signature.ErrMalformed},
		{"RSA exponent -3", block("PUBLIC KEY", rsaSPKI(n, -3)), signature.ErrMalformed},
		{"RSA negative modulus", block("PUBLIC KEY", rsaSPKI(new(big.Int).Neg(n), 3)), signature.ErrMalformed},

		{"P-224", []byte(heidiPEM), signature.ErrUnknown},
		{"secp256k1", testdata(t, "refused-secp256k1.pub"), signature.ErrUnknown},
		{"Ed448", testdata(t, "refused-ed448.pub"), signature.ErrUnknown},
		{"X25519", testdata(t, "refused-x25519.pub"), signature.ErrUnknown},
		{"DSA", testdata(t, "refused-dsa.pub"), signature.ErrUnknown},
		{"RSA-PSS as key algorithm", testdata(t, "refused-rsapss.pub"), signature.ErrUnknown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k, err := signature.ParsePEM(tt.data)
			if k != nil {
				t.Error("a key was returned")
			}
			wantReason(t, err, tt.want)
		})
	}
}

// The bounds themselves are good.
func TestRSABounds(t *testing.T) {
	for _, tt := range []struct {
		name string
		der  []byte
	}{
		{"2048 bits, exponent 3", rsaSPKI(modulus(2048), 3)},
		{"16384 bits, exponent 2^31-1", rsaSPKI(modulus(16384), 1<<31-1)},
	} {
		if _, err := signature.ParsePEM(block("PUBLIC KEY", tt.der)); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// A private key is refused under any label, and the error does not repeat it.
func TestPrivateKeys(t *testing.T) {
	pkcs8 := must(x509.MarshalPKCS8PrivateKey(ed25519Key()))
	sec1 := must(x509.MarshalECPrivateKey(p256Key()))
	pkcs1 := x509.MarshalPKCS1PrivateKey(rsaKey())
	public := testdata(t, "ed25519.pub")
	for _, tt := range []struct {
		name string
		data []byte
	}{
		{"PKCS#8", block("PRIVATE KEY", pkcs8)},
		{"PKCS#1", block("RSA PRIVATE KEY", pkcs1)},
		{"SEC 1", block("EC PRIVATE KEY", sec1)},
		{"encrypted", block("ENCRYPTED PRIVATE KEY", pkcs8)},
		{"OpenSSH", block("OPENSSH PRIVATE KEY", pkcs8)},
		{"after a public key", slices.Concat(public, block("PRIVATE KEY", pkcs8))},
		{"before a public key", slices.Concat(block("PRIVATE KEY", pkcs8), public)},
		{"truncated", block("PRIVATE KEY", pkcs8)[:60]},
		{"PKCS#8 as PUBLIC KEY", block("PUBLIC KEY", pkcs8)},
		{"PKCS#1 as PUBLIC KEY", block("PUBLIC KEY", pkcs1)},
		{"PKCS#1 as RSA PUBLIC KEY", block("RSA PUBLIC KEY", pkcs1)},
		{"SEC 1 as PUBLIC KEY", block("PUBLIC KEY", sec1)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := signature.ParsePEM(tt.data)
			wantReason(t, err, signature.ErrPrivate)
			_, err2 := signature.Parse("rsa", "", string(tt.data))
			wantReason(t, err2, signature.ErrPrivate)
			if err == nil || err2 == nil {
				return
			}
			for _, secret := range [][]byte{pkcs8, sec1, pkcs1} {
				for _, text := range []string{err.Error(), err2.Error()} {
					if s := base64.StdEncoding.EncodeToString(secret); strings.Contains(text, s[:16]) || strings.Contains(text, s[len(s)-24:]) {
						t.Errorf("the error repeats the key: %s", text)
					}
				}
			}
		})
	}
	for _, key := range []any{ed25519Key(), p256Key(), rsaKey()} {
		_, err := signature.New(key, "")
		wantReason(t, err, signature.ErrPrivate)
	}
}

func TestParseCertificate(t *testing.T) {
	cert, k, err := signature.ParseCertificate(testdata(t, "rsa.crt"))
	if err != nil {
		t.Fatal(err)
	}
	if cert.Subject.CommonName != "tallystick-test" {
		t.Errorf("common name %q", cert.Subject.CommonName)
	}
	if f, err := signature.Fingerprint(cert.PublicKey); err != nil || f != k.Fingerprint() {
		t.Errorf("Fingerprint = %s, %v; the key has %s", f, err, k.Fingerprint())
	}
	if err := k.Verify(testdata(t, "message"), testdata(t, "rsassa-pss-sha256.sig")); err != nil {
		t.Error(err)
	}

	for _, tt := range []struct {
		name string
		data []byte
		want signature.Reason
	}{
		{"a key", testdata(t, "rsa.pub"), signature.ErrMalformed},
		{"under another label", bytes.ReplaceAll(testdata(t, "rsa.crt"), []byte("CERTIFICATE"), []byte("PUBLIC KEY")), signature.ErrMalformed},
		{"not DER", block("CERTIFICATE", []byte("not DER")), signature.ErrMalformed},
		{"two", slices.Concat(testdata(t, "rsa.crt"), testdata(t, "rsa.crt")), signature.ErrMalformed},
		{"weak key", testdata(t, "refused-rsa1024.crt"), signature.ErrWeak},
		{"P-224", block("CERTIFICATE", selfSigned(t, elliptic.P224())), signature.ErrUnknown},
		{"Ed448", testdata(t, "refused-ed448.crt"), signature.ErrUnknown},
		{"nothing", nil, signature.ErrMalformed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, k, err := signature.ParseCertificate(tt.data)
			if c != nil || k != nil {
				t.Error("something was returned")
			}
			wantReason(t, err, tt.want)
		})
	}
}

func selfSigned(t *testing.T, c elliptic.Curve) []byte {
	t.Helper()
	key := must(ecdsa.GenerateKey(c, rand.Reader))
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	return must(x509.CreateCertificate(rand.Reader, template, template, key.Public(), key))
}

// wantReason checks the type of an error and that its text is fit to print.
func wantReason(t *testing.T, err error, want signature.Reason) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("error %v, want %v", err, want)
		return
	}
	var e *signature.Error
	if !errors.As(err, &e) || e.Reason != want || e.What == "" {
		t.Errorf("error %#v, want a *signature.Error", err)
	}
	for _, r := range err.Error() {
		if r < ' ' || r > '~' {
			t.Errorf("error text is not plain ASCII: %q", err)
			break
		}
	}
	if len(err.Error()) > 300 {
		t.Errorf("error text of %d bytes", len(err.Error()))
	}
}

// A key that crypto/x509 reads is read here with the same value.
func TestAgainstX509(t *testing.T) {
	for _, name := range []string{"rsa.pub", "ecdsa-nistp256.pub", "ecdsa-nistp384.pub", "ecdsa-nistp521.pub", "ed25519.pub"} {
		b, _ := pem.Decode(testdata(t, name))
		pub, err := x509.ParsePKIXPublicKey(b.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		k, err := signature.New(pub, "")
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(k.SPKI(), b.Bytes) {
			t.Errorf("%s: another encoding", name)
		}
	}
	if _, err := signature.New(ed25519.PublicKey(nil), ""); err == nil {
		t.Error("an empty Ed25519 key was accepted")
	}
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package signature

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
)

// ParsePEM returns the key in data, with its default scheme (see [New];
// [Key.WithScheme] changes it).
//
// data is exactly one PEM block (RFC 7468): PUBLIC KEY (PKIX, RFC 5280), RSA PUBLIC
// KEY (PKCS#1, RFC 8017 appendix A.1.1) or CERTIFICATE, whose key is returned
// without any judgement on the certificate; use [ParseCertificate] to judge it.
// White space may stand around the block. Any other text before or after it, a
// second block and headers inside it are refused, although RFC 7468 allows text:
// tools disagree about which block of such a file counts, and a key file must
// mean one key. Inside the block the encoding must be DER, with one exception:
// an Ed25519 AlgorithmIdentifier may carry NULL parameters, which RFC 8410 section
// 3 forbids, because keys of rebuilders in the field do.
//
// Errors: those of [New], and [ErrPrivate] for a private key, [ErrTooLarge].
func ParsePEM(data []byte) (*Key, error) {
	block, err := decodePEM(data)
	if err != nil {
		return nil, err
	}
	if block.Type == "CERTIFICATE" {
		_, k, err := certificate(block.Bytes)
		return k, err
	}
	pub, err := publicKey(block)
	if err != nil {
		return nil, err
	}
	return New(pub, "")
}

// ParseCertificate returns the X.509 certificate in a PEM block CERTIFICATE and its
// key with the default scheme. It checks the form of the file, as [ParsePEM] does,
// and the key; dates, chain, usages and names are the caller's business.
func ParseCertificate(data []byte) (*x509.Certificate, *Key, error) {
	block, err := decodePEM(data)
	if err != nil {
		return nil, nil, err
	}
	if block.Type != "CERTIFICATE" {
		return nil, nil, fail(ErrMalformed, "PEM block", "CERTIFICATE", quote(block.Type))
	}
	return certificate(block.Bytes)
}

func certificate(der []byte) (*x509.Certificate, *Key, error) {
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, nil, fail(ErrMalformed, "certificate", "DER of an X.509 certificate", "something else")
	}
	if c.PublicKey == nil {
		return nil, nil, fail(ErrUnknown, "certificate", "an RSA, ECDSA or Ed25519 key", "another algorithm")
	}
	k, err := New(c.PublicKey, "")
	if err != nil {
		return nil, nil, err
	}
	return c, k, nil
}

// decodePEM returns the only block in data.
func decodePEM(data []byte) (*pem.Block, error) {
	if len(data) > MaxKeySize {
		return nil, fail(ErrTooLarge, "key", "at most "+bytesN(MaxKeySize), bytesN(len(data)))
	}
	const begin = "-----BEGIN "
	data = bytes.TrimSpace(data)
	// A private key is named as such wherever it stands, also between other blocks.
	// Base64 has no space, so this finds labels only.
	if bytes.Contains(data, []byte("PRIVATE KEY")) {
		return nil, fail(ErrPrivate, "PEM block", "a public key", "a private key")
	}
	if !bytes.HasPrefix(data, []byte(begin)) {
		return nil, fail(ErrMalformed, "PEM", "a block and nothing before it", "something else")
	}
	if bytes.Count(data, []byte("-----BEGIN")) != 1 {
		return nil, fail(ErrMalformed, "PEM", "one block", "several")
	}
	block, rest := pem.Decode(data)
	if block == nil {
		return nil, fail(ErrMalformed, "PEM", "a block", "a damaged one")
	}
	if len(bytes.TrimSpace(rest)) != 0 {
		return nil, fail(ErrMalformed, "PEM", "nothing after the block", "something")
	}
	if len(block.Headers) != 0 {
		return nil, fail(ErrMalformed, "PEM block", "no headers", "some")
	}
	return block, nil
}

// spki is SubjectPublicKeyInfo.
type spki struct {
	Algorithm pkix.AlgorithmIdentifier
	Key       asn1.BitString
}

// publicKey decodes the public key in a block of one of the two types for it.
func publicKey(block *pem.Block) (crypto.PublicKey, error) {
	der := block.Bytes
	if looksPrivate(der) {
		return nil, fail(ErrPrivate, "PEM block", "a public key", "a private key under another name")
	}
	switch block.Type {
	case "RSA PUBLIC KEY":
		pub, err := x509.ParsePKCS1PublicKey(der)
		if err != nil || !bytes.Equal(x509.MarshalPKCS1PublicKey(pub), der) {
			return nil, fail(ErrMalformed, "RSA PUBLIC KEY", "DER of a PKCS#1 RSAPublicKey", "something else")
		}
		return pub, nil
	case "PUBLIC KEY":
		return parseSPKI(der)
	}
	return nil, fail(ErrMalformed, "PEM block", "a public key", quote(block.Type))
}

func parseSPKI(der []byte) (crypto.PublicKey, error) {
	var (
		oidRSA     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
		oidEC      = asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}
		oidEd25519 = asn1.ObjectIdentifier{1, 3, 101, 112}
	)
	malformed := fail(ErrMalformed, "PUBLIC KEY", "DER of a SubjectPublicKeyInfo", "something else")
	var info spki
	if _, err := asn1.Unmarshal(der, &info); err != nil {
		return nil, malformed
	}
	alg := info.Algorithm.Algorithm
	switch {
	case alg.Equal(oidEd25519):
		// Both encodings are fixed (RFC 8410 section 4): without parameters,
		// and the one with NULL that we tolerate. New checks the length.
		const plain, withNull = "\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00", "\x30\x2c\x30\x07\x06\x03\x2b\x65\x70\x05\x00\x03\x21\x00"
		for _, prefix := range []string{plain, withNull} {
			if key, ok := bytes.CutPrefix(der, []byte(prefix)); ok {
				return ed25519.PublicKey(key), nil
			}
		}
		return nil, malformed
	case alg.Equal(oidEC):
		// RFC 5480 section 2.1.1: a named curve. Say apart that a curve is
		// unknown and that a point is none.
		var curve asn1.ObjectIdentifier
		if _, err := asn1.Unmarshal(info.Algorithm.Parameters.FullBytes, &curve); err != nil {
			return nil, malformed
		}
		if !knownCurve(curve) {
			return nil, fail(ErrUnknown, "ECDSA curve", "P-256, P-384 or P-521", quote(curve.String()))
		}
	case alg.Equal(oidRSA):
	default:
		return nil, fail(ErrUnknown, "key algorithm", "RSA, ECDSA or Ed25519", quote(alg.String()))
	}
	pub, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, malformed
	}
	// encoding/asn1 and crypto/x509 skip what follows the last member of a sequence.
	// Nothing may.
	if again, err := x509.MarshalPKIXPublicKey(pub); err != nil || !bytes.Equal(again, der) {
		return nil, malformed
	}
	return pub, nil
}

// knownCurve reports whether the curve is one of ours (RFC 5480 section
// 2.1.1.1).
func knownCurve(curve asn1.ObjectIdentifier) bool {
	return curve.Equal(asn1.ObjectIdentifier{1, 2, 840, 10045, 3, 1, 7}) || // secp256r1
		curve.Equal(asn1.ObjectIdentifier{1, 3, 132, 0, 34}) || // secp384r1
		curve.Equal(asn1.ObjectIdentifier{1, 3, 132, 0, 35}) // secp521r1
}

// looksPrivate recognises a private key under a false name: PKCS#8, PKCS#1 and SEC 1
// private keys all are sequences that start with the version number 0 or 1, and
// no public key is.
func looksPrivate(der []byte) bool {
	var seq, version asn1.RawValue
	if _, err := asn1.Unmarshal(der, &seq); err != nil || seq.Tag != asn1.TagSequence {
		return false
	}
	if _, err := asn1.Unmarshal(seq.Bytes, &version); err != nil {
		return false
	}
	return version.Class == asn1.ClassUniversal && version.Tag == asn1.TagInteger &&
		len(version.Bytes) == 1 && version.Bytes[0] <= 1
}

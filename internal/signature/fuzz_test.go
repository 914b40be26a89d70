// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package signature_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tallystick/tallystick/internal/signature"
)

// checkParsed is what must hold for whatever a parser returns.
func checkParsed(t *testing.T, k *signature.Key, err error) {
	t.Helper()
	if err != nil {
		if k != nil {
			t.Error("a key beside an error")
		}
		var e *signature.Error
		if !errors.As(err, &e) || len(err.Error()) > 300 {
			t.Errorf("error %T %q", err, err)
		}
		return
	}
	pub, err := x509.ParsePKIXPublicKey(k.SPKI())
	if err != nil {
		t.Fatalf("SPKI: %v", err)
	}
	same, err := signature.New(pub, k.Scheme())
	if err != nil || same.Fingerprint() != k.Fingerprint() {
		t.Errorf("through SPKI: %v", err)
	}
	again, err := signature.Parse(k.Type(), k.Scheme(), k.Public())
	if err != nil || again.KeyID() != k.KeyID() || again.Fingerprint() != k.Fingerprint() {
		t.Errorf("through metadata: %v", err)
	}
	for _, size := range []int{0, 64, 96, 132, 256} {
		if k.Verify([]byte("message"), make([]byte, size)) == nil {
			t.Errorf("a signature of %d zeros is good", size)
		}
	}
	if k.Verify([]byte("message"), forged()) == nil {
		t.Error("the forged signature is good")
	}
	if n := len(k.Fingerprint()); n != len("SHA256:")+43 {
		t.Errorf("fingerprint of %d bytes", n)
	}
}

func FuzzParsePEM(f *testing.F) {
	for _, pattern := range []string{"*.pub", "*.crt"} {
		for _, name := range must(filepath.Glob(filepath.Join("testdata", pattern))) {
			f.Add(must(os.ReadFile(name)))
		}
	}
	f.Add([]byte(heidiPEM + carolPEM))
	f.Add(block("PUBLIC KEY", ed25519SPKI(make([]byte, 32), null)))
	f.Add(block("PUBLIC KEY", rsaSPKI(modulus(2048), 1<<31+1)))
	f.Add(block("PUBLIC KEY", rsaSPKI(modulus(16384), 3)))
	f.Fuzz(func(t *testing.T, data []byte) {
		k, err := signature.ParsePEM(data)
		checkParsed(t, k, err)
		_, k, err = signature.ParseCertificate(data)
		checkParsed(t, k, err)
		// Without the armour, so that the fuzzer reaches the DER.
		k, err = signature.ParsePEM(block("PUBLIC KEY", data))
		checkParsed(t, k, err)
	})
}

func FuzzParse(f *testing.F) {
	f.Add("ed25519", "ed25519", sslibEd25519Hex)
	f.Add("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", sslibECDSAPEM)
	f.Add("ecdsa", "", gracePEM)
	f.Add("rsa", "rsassa-pss-sha256", alicePEM)
	f.Add("rsa", "rsa-pkcs1v15-sha512", string(testdata(f, "rsa.pkcs1.pub")))
	f.Add("ed448", "x", "")
	f.Fuzz(func(t *testing.T, keytype, scheme, public string) {
		k, err := signature.Parse(keytype, scheme, public)
		checkParsed(t, k, err)
		if err == nil && (k.Type() != keytype || k.Public() != public || scheme != "" && k.Scheme() != scheme) {
			t.Error("not the spelling that was given")
		}
	})
}

// FuzzVerify compares with the standard library, asked in the plainest way.
func FuzzVerify(f *testing.F) {
	message := testdata(f, "message")
	for i, tt := range vectors {
		f.Add(uint8(i), message, testdata(f, tt.sig))
		f.Add(uint8(i), []byte("another message"), testdata(f, tt.sig))
	}
	for i, name := range map[uint8]string{1: "ecdsa-sha2-nistp256.sig", 2: "ecdsa-sha2-nistp384.sig", 4: "ecdsa-sha2-nistp521.sig"} {
		var n struct{ R, S *big.Int }
		if _, err := asn1.Unmarshal(testdata(f, name), &n); err != nil {
			f.Fatal(err)
		}
		size := map[uint8]int{1: 32, 2: 48, 4: 66}[i]
		f.Add(i, message, slices.Concat(n.R.FillBytes(make([]byte, size)), n.S.FillBytes(make([]byte, size))))
	}
	f.Fuzz(func(t *testing.T, i uint8, message, sig []byte) {
		tt := vectors[int(i)%len(vectors)]
		k := vectorKey(t, tt.key, tt.scheme)
		before := bytes.Clone(sig)
		err := k.Verify(message, sig)
		if !bytes.Equal(sig, before) {
			t.Error("Verify changed the signature")
		}
		if want := reference(t, k, message, sig); (err == nil) != want {
			t.Errorf("%s %s: Verify() = %v, want good = %v", tt.key, tt.scheme, err, want)
		}
		if err != nil && !errors.Is(err, signature.ErrSignature) {
			t.Errorf("Verify() = %v", err)
		}
	})
}

func reference(t *testing.T, k *signature.Key, message, sig []byte) bool {
	t.Helper()
	s256, s384, s512 := sha256.Sum256(message), sha512.Sum384(message), sha512.Sum512(message)
	switch pub := must(x509.ParsePKIXPublicKey(k.SPKI())).(type) {
	case ed25519.PublicKey:
		return ed25519.Verify(pub, message, sig)
	case *ecdsa.PublicKey:
		sum := map[int][]byte{256: s256[:], 384: s384[:], 521: s512[:]}[pub.Params().BitSize]
		if ecdsa.VerifyASN1(pub, sum, sig) {
			return true
		}
		half := len(sig) / 2
		return len(sig) == map[int]int{256: 64, 384: 96, 521: 132}[pub.Params().BitSize] &&
			ecdsa.Verify(pub, sum, new(big.Int).SetBytes(sig[:half]), new(big.Int).SetBytes(sig[half:]))
	case *rsa.PublicKey:
		var err error
		switch k.Scheme() {
		case "rsassa-pss-sha256":
			err = rsa.VerifyPSS(pub, crypto.SHA256, s256[:], sig, nil)
		case "rsassa-pss-sha384":
			err = rsa.VerifyPSS(pub, crypto.SHA384, s384[:], sig, nil)
		case "rsassa-pss-sha512":
			err = rsa.VerifyPSS(pub, crypto.SHA512, s512[:], sig, nil)
		case "rsa-pkcs1v15-sha256":
			err = rsa.VerifyPKCS1v15(pub, crypto.SHA256, s256[:], sig)
		case "rsa-pkcs1v15-sha384":
			err = rsa.VerifyPKCS1v15(pub, crypto.SHA384, s384[:], sig)
		case "rsa-pkcs1v15-sha512":
			err = rsa.VerifyPKCS1v15(pub, crypto.SHA512, s512[:], sig)
		default:
			t.Fatal(k.Scheme())
		}
		return err == nil
	}
	t.Fatal("another type of key")
	return false
}

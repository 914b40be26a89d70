// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	//lint:ignore SA1019 OpenPGP keys of functionaries may be DSA keys; they only verify here.
	"crypto/dsa"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cryptobyteasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// A dsaKey is the public key of DSA (FIPS 186-4 section 4.1) in an OpenPGP key.
type dsaKey struct {
	pub  dsa.PublicKey
	spki []byte
}

// dsaSizes are the sizes of p and q in bits that FIPS 186-4 section 4.2 accepts.
// The smallest pair in its list, 1024 and 160, is as weak as RSA with 1024 bits and
// is refused like that.
var dsaSizes = [][2]int{{2048, 224}, {2048, 256}, {3072, 256}}

// parseDSA reads the numbers of a key, in hex. What takes long to see is checked by
// verify, whose work is bounded.
func parseDSA(p, q, g, y string) (*dsaKey, error) {
	k := new(dsaKey)
	for _, n := range []struct {
		text string
		to   **big.Int
	}{{p, &k.pub.P}, {q, &k.pub.Q}, {g, &k.pub.G}, {y, &k.pub.Y}} {
		raw, err := hex.DecodeString(n.text)
		if err != nil || len(raw) == 0 || len(raw) > 512 {
			return nil, errors.New("p, q, g and y must be numbers in hex")
		}
		*n.to = new(big.Int).SetBytes(raw)
	}
	good := false
	for _, size := range dsaSizes {
		good = good || k.pub.P.BitLen() == size[0] && k.pub.Q.BitLen() == size[1]
	}
	if !good {
		return nil, fmt.Errorf("a DSA key of %d bits with a subgroup of %d: must be 2048 with 224 or 256, or 3072 with 256", k.pub.P.BitLen(), k.pub.Q.BitLen())
	}
	one := big.NewInt(1)
	last := new(big.Int).Sub(k.pub.P, one) // p-1
	if new(big.Int).Rem(last, k.pub.Q).Sign() != 0 {
		return nil, errors.New("a DSA key whose q does not divide p-1")
	}
	for _, n := range []*big.Int{k.pub.G, k.pub.Y} {
		if n.Cmp(one) <= 0 || n.Cmp(last) >= 0 {
			return nil, errors.New("a DSA key with g or y outside of 2 to p-2")
		}
	}
	var err error
	k.spki, err = k.marshal()
	return k, err
}

// marshal returns the SubjectPublicKeyInfo (RFC 3279 section 2.3.2).
func (k *dsaKey) marshal() ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(cryptobyteasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cryptobyteasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{1, 2, 840, 10040, 4, 1})
			b.AddASN1(cryptobyteasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1BigInt(k.pub.P)
				b.AddASN1BigInt(k.pub.Q)
				b.AddASN1BigInt(k.pub.G)
			})
		})
		b.AddASN1(cryptobyteasn1.BIT_STRING, func(b *cryptobyte.Builder) {
			b.AddUint8(0)
			b.AddASN1BigInt(k.pub.Y)
		})
	})
	return b.Bytes()
}

// fingerprint is what signature.Key.Fingerprint returns for other keys.
func (k *dsaKey) fingerprint() string {
	sum := sha256.Sum256(k.spki)
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:])
}

// dsaAttempts is how many attempts of other keys one of verify is charged as: four
// powers where the verification itself needs two.
const dsaAttempts = 4

// verify returns nil if the value is the DER of a good signature over what has the
// digest, and the key is one that its owner alone can sign with: q is prime, and g
// and y are of that order. Whether p is prime is not looked at, which would take
// ten times as long: who makes such a key for himself could as well publish the
// private one.
func (k *dsaKey) verify(digest, value []byte) error {
	var r, s big.Int
	input := cryptobyte.String(value)
	var sequence cryptobyte.String
	if len(value) > 128 || !input.ReadASN1(&sequence, cryptobyteasn1.SEQUENCE) || !input.Empty() ||
		!sequence.ReadASN1Integer(&r) || !sequence.ReadASN1Integer(&s) || !sequence.Empty() {
		return errors.New("not the DER of two numbers")
	}
	// FIPS 186-4 section 4.6: the leftmost bits. Package dsa leaves that to its
	// callers.
	digest = digest[:min(len(digest), k.pub.Q.BitLen()/8)]
	if !dsa.Verify(&k.pub, digest, &r, &s) {
		return errors.New("not a signature of the key")
	}
	one := big.NewInt(1)
	for _, n := range []*big.Int{k.pub.G, k.pub.Y} {
		if new(big.Int).Exp(n, k.pub.Q, k.pub.P).Cmp(one) != 0 {
			return errors.New("a DSA key with g or y outside of its subgroup")
		}
	}
	if !k.pub.Q.ProbablyPrime(0) {
		return errors.New("a DSA key whose q is not prime")
	}
	return nil
}

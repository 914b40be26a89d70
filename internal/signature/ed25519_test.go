// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package signature_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
	"math/big"
	"slices"
	"testing"

	"github.com/tallystick/tallystick/internal/signature"
)

// smallOrder is the eight points of the curve whose order divides 8, in their
// canonical encodings, with the order.
var smallOrder = []struct {
	order int
	hex   string
}{
	{1, "0100000000000000000000000000000000000000000000000000000000000000"},
	{2, "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"},
	{4, "0000000000000000000000000000000000000000000000000000000000000000"},
	{4, "0000000000000000000000000000000000000000000000000000000000000080"},
	{8, "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"},
	{8, "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85"},
	{8, "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"},
	{8, "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"},
}

// forged is a signature that takes no private key: R is the neutral element and S
// is zero, so that the equation S·B = R + h·A holds whenever h·A is neutral.
func forged() []byte {
	sig := make([]byte, ed25519.SignatureSize)
	sig[0] = 1
	return sig
}

// The attack: with a public key of small order one signature fits many messages.
func TestEd25519SmallOrder(t *testing.T) {
	for _, tt := range smallOrder {
		t.Run(fmt.Sprintf("order %d %s", tt.order, tt.hex[62:]), func(t *testing.T) {
			pub := ed25519.PublicKey(must(hex.DecodeString(tt.hex)))

			const messages = 100
			good := 0
			for i := range messages {
				if ed25519.Verify(pub, fmt.Appendf(nil, "message %d", i), forged()) {
					good++
				}
			}
			// Expected: one in order. The bound is far off, so that luck has no say.
			if good < messages/tt.order/3 {
				t.Fatalf("crypto/ed25519 accepts the forgery for %d of %d messages only; is the attack gone?", good, messages)
			}

			_, err := signature.New(pub, "")
			wantReason(t, err, signature.ErrWeak)
			_, err = signature.Parse("ed25519", "ed25519", tt.hex)
			wantReason(t, err, signature.ErrWeak)
			_, err = signature.ParsePEM(block("PUBLIC KEY", ed25519SPKI(pub, nil)))
			wantReason(t, err, signature.ErrWeak)
		})
	}
}

// The numbers from the field's prime p to 2^255-1 are second names of 0 to 18, with
// either sign bit. One of them verifies today where it names a point:
// two encodings, two fingerprints, one key.
func TestEd25519NonCanonical(t *testing.T) {
	p := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	for i := range int64(19) {
		for _, sign := range []byte{0, 0x80} {
			y := new(big.Int).Add(p, big.NewInt(i))
			enc := y.FillBytes(make([]byte, 32))
			slices.Reverse(enc)
			enc[31] |= sign
			_, err := signature.New(ed25519.PublicKey(enc), "")
			wantReason(t, err, signature.ErrMalformed)
		}
	}
	// The neutral element with the sign bit set, x = 0: small order all the same.
	neutral := make([]byte, 32)
	neutral[0], neutral[31] = 1, 0x80
	_, err := signature.New(ed25519.PublicKey(neutral), "")
	wantReason(t, err, signature.ErrWeak)
}

// For every y that is no point, crypto/ed25519 refuses each signature; the key is
// refused here. For every other y the key is taken.
func TestEd25519PointOnCurve(t *testing.T) {
	points := 0
	for i := range 200 {
		enc := make([]byte, 32)
		enc[0], enc[1] = byte(i), 1 // y from 256, which is clear of the small orders
		onCurve := ed25519OnCurve(enc)
		_, err := signature.New(ed25519.PublicKey(enc), "")
		if onCurve {
			points++
			if err != nil {
				t.Errorf("y = %d: %v", 256+i, err)
			}
			continue
		}
		wantReason(t, err, signature.ErrMalformed)
	}
	if points < 60 || points > 140 {
		t.Errorf("%d of 200 are points; about half should be", points)
	}
}

// ed25519OnCurve asks the definition: is there an x with x² = (y²-1)/(d·y²+1)?
func ed25519OnCurve(enc []byte) bool {
	p := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	d, _ := new(big.Int).SetString("52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3", 16)
	le := bytes.Clone(enc)
	slices.Reverse(le)
	y := new(big.Int).SetBytes(le)
	y2 := new(big.Int).Mul(y, y)
	u := new(big.Int).Sub(y2, big.NewInt(1))
	v := new(big.Int).Mul(d, y2)
	v.Add(v, big.NewInt(1)).ModInverse(v.Mod(v, p), p)
	x2 := u.Mul(u, v)
	return new(big.Int).ModSqrt(x2.Mod(x2, p), p) != nil
}

// S + L is a second name of S (RFC 8032 section 5.1.7 wants S below L).
func TestEd25519NonCanonicalS(t *testing.T) {
	l, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	message := []byte("a message")
	k := must(signature.New(ed25519Key().Public(), ""))
	sig := ed25519.Sign(ed25519Key(), message)
	if err := k.Verify(message, sig); err != nil {
		t.Fatal(err)
	}
	s := bytes.Clone(sig[32:])
	slices.Reverse(s)
	n := new(big.Int).SetBytes(s)
	for range 8 {
		n.Add(n, l)
		if n.BitLen() > 256 {
			break
		}
		s = n.FillBytes(make([]byte, 32))
		slices.Reverse(s)
		wantReason(t, k.Verify(message, slices.Concat(sig[:32], s)), signature.ErrSignature)
	}
}

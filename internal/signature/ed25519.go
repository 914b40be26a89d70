// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package signature

import (
	"bytes"
	"crypto/ed25519"
	"math/big"
	"slices"
)

// checkEd25519 refuses the public keys that crypto/ed25519 takes but nobody owns.
//
// A point of small order (there are eight) multiplied by the challenge hash takes
// at most eight values, so one signature that needs no private key verifies for
// one message in eight or for all of them. RFC 8032 section 5.1.3 wants y below
// p; Go accepts y+p for the few small values where it fits, which would give one
// point two encodings and so two fingerprints.
func checkEd25519(pub ed25519.PublicKey) error {
	if len(pub) != ed25519.PublicKeySize {
		return fail(ErrMalformed, "Ed25519 key", "32 bytes", bytesN(len(pub)))
	}
	// The encoding is y in little-endian order, the top bit is the sign of x.
	enc := bytes.Clone(pub)
	enc[31] &= 0x7f
	slices.Reverse(enc)
	y := new(big.Int).SetBytes(enc)

	one := big.NewInt(1)
	p := new(big.Int).Lsh(one, 255)
	p.Sub(p, big.NewInt(19))
	if y.Cmp(p) >= 0 {
		return fail(ErrMalformed, "Ed25519 key", "a canonical encoding", "y not below the field's prime")
	}
	// d = -121665/121666, and the curve is -x² + y² = 1 + d·x²·y², so that
	// x² = u/v with u = y² - 1 and v = d·y² + 1. v is never zero, since -d has
	// no square root.
	d := new(big.Int).ModInverse(big.NewInt(121666), p)
	d.Mul(d, big.NewInt(-121665)).Mod(d, p)
	y2 := new(big.Int).Mul(y, y)
	y2.Mod(y2, p)
	u := new(big.Int).Sub(y2, one)
	v := new(big.Int).Mul(d, y2)
	v.Add(v, one)

	// Small order, by y alone: 1 (y = 1), 2 (y = -1), 4 (y = 0), and 8, whose
	// double has y = 0, so that x² = -y² and thus d·y⁴ + 2·y² - 1 = 0.
	// Order 1 and 2 are u = 0, and (d·y² + 1)·y² + y² - 1 = v·y² + u.
	order8 := new(big.Int).Mul(v, y2)
	order8.Add(order8, u).Mod(order8, p)
	u.Mod(u, p)
	if y.Sign() == 0 || u.Sign() == 0 || order8.Sign() == 0 {
		return fail(ErrWeak, "Ed25519 key", "a point of large order", "one of small order")
	}
	// u/v has a square root when u·v has.
	if u.Mul(u, v); big.Jacobi(u.Mod(u, p), p) != 1 {
		return fail(ErrMalformed, "Ed25519 key", "a point on the curve", "something else")
	}
	return nil
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package dsse

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"testing"

	"github.com/tallystick/tallystick/internal/signature"
	"github.com/tallystick/tallystick/internal/strictjson"
	"github.com/tallystick/tallystick/internal/tally"
)

// BenchmarkVerify is what the goal is about: from the JSON of an envelope to its
// payload, with one good Ed25519 signature. BenchmarkBare is the signature alone,
// over bytes that lie ready.
func BenchmarkVerify(b *testing.B) {
	for _, size := range []int{1 << 10, 8 << 20} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			envelope, key, _, _ := benchEnvelope(b, size)
			keys := []tally.Key{key}
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				e, err := Parse(envelope, strictjson.Limits{})
				if err != nil {
					b.Fatal(err)
				}
				o, err := tally.Count(e.PAE(), e.Tally(), keys, nil)
				if err != nil || o.Distinct != 1 {
					b.Fatal(o, err)
				}
			}
		})
	}
}

func BenchmarkBare(b *testing.B) {
	for _, size := range []int{1 << 10, 8 << 20} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			_, _, public, payload := benchEnvelope(b, size)
			message := PAE("application/vnd.in-toto+json", payload)
			sig := ed25519.Sign(benchKey(), message)
			b.SetBytes(int64(size))
			for b.Loop() {
				if !ed25519.Verify(public, message, sig) {
					b.Fatal("bad signature")
				}
			}
		})
	}
}

func benchKey() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)) }

func benchEnvelope(b *testing.B, size int) (envelope []byte, key *signature.Key, public ed25519.PublicKey, payload []byte) {
	b.Helper()
	payload = bytes.Repeat([]byte("statement "), size/10+1)[:size]
	public = benchKey().Public().(ed25519.PublicKey)
	key, err := signature.New(public, "")
	if err != nil {
		b.Fatal(err)
	}
	const payloadType = "application/vnd.in-toto+json"
	sig := ed25519.Sign(benchKey(), PAE(payloadType, payload))
	if envelope, err = Encode(payloadType, payload, []tally.Signature{{Hint: key.KeyID(), Bytes: sig}}); err != nil {
		b.Fatal(err)
	}
	return envelope, key, public, payload
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package provenance_test

import (
	"crypto/ed25519"
	"fmt"
	"strings"
	"testing"

	"github.com/tallystick/tallystick/provenance"
)

// BenchmarkOpen is the way from the bytes of an envelope to a Statement; internal/dsse
// has the part that ends with a verified payload.
func BenchmarkOpen(b *testing.B) {
	for _, size := range []int{1 << 10, 8 << 20} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			payload := statement(`"Key": 1`, `"text": "`+strings.Repeat("x", size-len(statement())-8)+`"`)
			envelope, keys := seal(b, payload, "alice"), keySet(b, 1, "alice")
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := provenance.Open(envelope, keys, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkBareSignature is what of that cannot be saved.
func BenchmarkBareSignature(b *testing.B) {
	for _, size := range []int{1 << 10, 8 << 20} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			message := make([]byte, size)
			sig := ed25519.Sign(signer("alice"), message)
			public := signer("alice").Public().(ed25519.PublicKey)
			b.SetBytes(int64(size))
			for b.Loop() {
				if !ed25519.Verify(public, message, sig) {
					b.Fatal("bad signature")
				}
			}
		})
	}
}

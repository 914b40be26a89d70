// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package canonicaljson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/tallystick/tallystick/internal/strictjson"
)

// targets returns TUF targets metadata of about 14 MB.
func targets(indent string) []byte {
	var b bytes.Buffer
	b.WriteString(`{"_type":"targets","expires":"2030-01-01T00:00:00Z","spec_version":"1.0.31","targets":{`)
	for i := range 100_000 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `"packages/%06d/release-%06d.tar.gz":{"hashes":{"sha256":"%064x"},"length":%d}`, i, i*7919%1_000_003, i*1_000_003, 1000+i)
	}
	b.WriteString(`},"version":1}`)
	if indent != "" {
		var out bytes.Buffer
		json.Indent(&out, b.Bytes(), "", indent)
		return out.Bytes()
	}
	return b.Bytes()
}

func BenchmarkCanonical(b *testing.B) {
	for name, in := range map[string][]byte{
		"canonical": targets(""),
		"indented":  targets(" "),
		"unsorted":  bytes.ReplaceAll(targets(""), []byte(`"hashes"`), []byte(`"z"`)),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(in)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Canonical(in, strictjson.Limits{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package strictjson

import (
	"bytes"
	"fmt"
	"testing"
)

// targets returns TUF targets metadata of about 14 MB.
func targets() []byte {
	var b bytes.Buffer
	b.WriteString(`{"_type":"targets","expires":"2030-01-01T00:00:00Z","spec_version":"1.0.31","targets":{`)
	for i := range 100_000 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `"packages/%06d/release-%06d.tar.gz":{"hashes":{"sha256":"%064x"},"length":%d}`, i, i*7919%1_000_003, i*1_000_003, 1000+i)
	}
	b.WriteString(`},"version":1}`)
	return b.Bytes()
}

func BenchmarkValidate(b *testing.B) {
	var million bytes.Buffer
	million.WriteString(`{"m":0`)
	for i := range 1_000_000 {
		fmt.Fprintf(&million, `,"%x":0`, i)
	}
	million.WriteString(`}`)
	for name, in := range map[string][]byte{
		"targets":         targets(),
		"million members": million.Bytes(),
		"small":           []byte(`{"_type":"link","name":"build","materials":{},"products":{"a":{"sha256":"00"}}}`),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(in)))
			b.ReportAllocs()
			for b.Loop() {
				if err := Validate(in, Limits{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkDecode reads every member of the targets into strings and integers.
func BenchmarkDecode(b *testing.B) {
	in := targets()
	top := NewSchema("_type", "expires", "spec_version", "targets", "version")
	target := NewSchema("hashes", "length", "custom")
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		d := NewDecoder(in, Limits{})
		err := d.Object(top, func(name string) error {
			if name != "targets" {
				return d.Skip()
			}
			return d.Map(func(string) error {
				return d.Object(target, func(name string) (err error) {
					switch name {
					case "hashes":
						err = d.Map(func(string) error {
							_, err := d.String()
							return err
						})
					case "length":
						_, err = d.Int64()
					default:
						err = d.Skip()
					}
					return err
				})
			})
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash

import (
	"bytes"
	"errors"
	"testing"
)

// However the reads before a directory look, it is counted from its beginning, and
// wherever the reads are cut.
func TestZipDirectoryScan(t *testing.T) {
	header := append([]byte("PK\x01\x02"), make([]byte, 42)...)
	header[28] = 3
	header = append(header, "abc"...)
	directory := bytes.Repeat(header, 10)
	type read struct {
		p   []byte
		off int64
	}
	for what, before := range map[string][]read{
		"nothing":                  nil,
		"others just before":       {{[]byte("PK\x01\x03 something"), 986}},
		"half of a header":         {{header[:30], 100}},
		"a header without content": {{header[:46], 100}},
		"a tail that is no header": {{[]byte("..."), 2000}, {[]byte("PK\x06\x07"), 1500}},
	} {
		for _, max := range []int{10, 9} {
			for cut := 1; cut <= len(directory); cut++ {
				z := &zipDirectory{plan: &plan{TreeOptions: TreeOptions{MaxFiles: max, MaxNameBytes: 30}}}
				for _, r := range before {
					if err := z.read(r.p, r.off); err != nil {
						t.Fatal(what, err)
					}
				}
				var err error
				for at := 0; at < len(directory) && err == nil; at += cut {
					err = z.read(directory[at:min(at+cut, len(directory))], 1000+int64(at))
				}
				if (err == nil) != (max == 10) || err != nil && !errors.Is(err, CodeLimit) {
					t.Fatalf("after %s, read by %d, at most %d: %v", what, cut, max, err)
				}
			}
		}
	}
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash

import (
	"encoding/binary"
	"fmt"
)

const (
	// What is in the central directory of a zip archive beside names: this
	// much for each entry, and once more this much to begin with. Real
	// archives have some dozen bytes of extra fields for each.
	zipExtraEach  = 1 << 10
	zipExtraFirst = 1 << 20
)

// A zipDirectory holds the central directory to the limits while archive/zip reads
// it, since that takes memory for all of it before anybody else can look. Where
// the directory is, is for archive/zip to find; it is what a run of reads that each
// begin where the one before ended begins with.
type zipDirectory struct {
	plan *plan

	at, next      int64 // where the run is, and where a header should be
	head          []byte
	none          bool // the run is not, or no longer, one of headers
	entries       int
	names, extras int64
}

// read looks at what was just read from off on.
func (z *zipDirectory) read(p []byte, off int64) error {
	u16 := binary.LittleEndian.Uint16
	// The Zip64 record: archive/zip makes room for as many entries as it says.
	if len(p) >= 40 && string(p[:4]) == "PK\x06\x06" && binary.LittleEndian.Uint64(p[32:]) > uint64(z.plan.MaxFiles) {
		return z.tooMany()
	}
	if off != z.at || z.none {
		*z = zipDirectory{plan: z.plan, next: off, head: z.head[:0]}
	}
	z.at = off + int64(len(p))
	for z.next < z.at {
		from := max(z.next+int64(len(z.head))-off, 0)
		z.head = append(z.head, p[from:min(from+zipDirectoryLen-int64(len(z.head)), int64(len(p)))]...)
		if n := min(len(z.head), 4); string(z.head[:n]) != "PK\x01\x02"[:n] {
			z.none = true
			return nil
		}
		if len(z.head) < zipDirectoryLen {
			return nil
		}
		name, extra := int64(u16(z.head[28:])), int64(u16(z.head[30:]))+int64(u16(z.head[32:]))
		z.head = z.head[:0]
		z.next += zipDirectoryLen + name + extra
		z.entries++
		z.names += name
		z.extras += extra
		switch {
		case z.entries > z.plan.MaxFiles:
			return z.tooMany()
		case z.names > z.plan.MaxNameBytes:
			return z.plan.limit("", "MaxNameBytes", z.plan.MaxNameBytes, "bytes of names")
		case z.extras > zipExtraFirst+int64(z.entries)*zipExtraEach:
			return &Error{Code: CodeLimit, Detail: fmt.Sprintf("%d bytes of extra fields and comments for %d entries", z.extras, z.entries)}
		}
	}
	return nil
}

func (z *zipDirectory) tooMany() error {
	return z.plan.limit("", "MaxFiles", int64(z.plan.MaxFiles), "entries")
}

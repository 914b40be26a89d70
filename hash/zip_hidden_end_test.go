// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/tallystick/tallystick/hash"
)

// A Zip64 end, with a directory of its own before it, is the comment of the last
// entry. Its locator stands where some readers, such as Python's zipfile, look
// whatever the end record says: they see setup.py with other content. archive/zip
// does not look there.
func TestZipHiddenZip64(t *testing.T) {
	archive := func(hide bool) []byte {
		evil, good := "evil\n", "good\n"
		carrier := strings.Repeat("-", 400)
		z := append(zlocal("logo.bin", 0, 0, 0, 0, 0), carrier...)
		hidden := uint32(len(z))
		hid := string(zlocal("setup.py", 0, 0, crcOf(evil), uint32(len(evil)), uint32(len(evil)))) + evil
		carrier += hid
		z = append(z, hid...)
		binary.LittleEndian.PutUint32(z[14:], crcOf(carrier))
		binary.LittleEndian.PutUint32(z[18:], uint32(len(carrier)))
		binary.LittleEndian.PutUint32(z[22:], uint32(len(carrier)))
		second := uint32(len(z))
		z = append(append(z, zlocal("setup.py", 0, 0, crcOf(good), uint32(len(good)), uint32(len(good)))...), good...)
		at := len(z)
		z = append(z, zcentral("logo.bin", "", 0, 0, crcOf(carrier), uint32(len(carrier)), uint32(len(carrier)), 0)...)
		entry := func(comment []byte) []byte {
			return zcentral("setup.py", string(comment), 0, 0, crcOf(good), uint32(len(good)), uint32(len(good)), second)
		}
		other := zcentral("setup.py", "", 0, 0, crcOf(evil), uint32(len(evil)), uint32(len(evil)), hidden)
		otherAt := uint64(len(z) + len(entry(nil)))
		comment := append(other, le("PK\x06\x06", uint64(44), uint16(45), uint16(45), uint32(0), uint32(0),
			uint64(1), uint64(1), uint64(len(other)), otherAt)...)
		comment = append(comment, le("PK\x06\x07", uint32(0), otherAt+uint64(len(other)), uint32(1))...)
		if !hide {
			comment = append(comment, ' ')
		}
		z = append(z, entry(comment)...)
		return append(z, zend(2, uint32(len(z)-at), uint32(at))...)
	}
	control := archive(false)
	if _, err := hash.MeasureZip(t.Context(), bytes.NewReader(control), int64(len(control)), nil); err != nil {
		t.Fatal("the control is not accepted:", err)
	}
	refuseZip(t, archive(true))
}

// Two Zip64 fields in the central directory: readers take the first or the last.
func TestZipTwoZip64Fields(t *testing.T) {
	for fields := 1; fields <= 2; fields++ {
		good := "good\n"
		z := append(zlocal("f", 0, 0, crcOf(good), uint32(len(good)), uint32(len(good))), good...)
		at := uint32(len(z))
		entry := zcentral("f", "", 0, 0, crcOf(good), 0xffffffff, 0xffffffff, 0)
		extra := le(uint16(1), uint16(16), uint64(len(good)), uint64(len(good)))
		if fields == 2 {
			extra = append(extra, le(uint16(1), uint16(16), uint64(3), uint64(3))...)
		}
		binary.LittleEndian.PutUint16(entry[30:], uint16(len(extra)))
		z = append(append(z, entry...), extra...)
		z = append(z, zend(1, uint32(len(z))-at, at)...)
		if fields == 1 {
			if _, err := hash.MeasureZip(t.Context(), bytes.NewReader(z), int64(len(z)), nil); err != nil {
				t.Fatal("the control is not accepted:", err)
			}
			continue
		}
		refuseZip(t, z)
	}
}

// Offsets that the archive states never reach the caller's reader when they lie
// outside of the archive: what it answers would decide about the code.
func TestZipOffsetsOutside(t *testing.T) {
	for _, off := range []uint64{1 << 63, 1<<64 - 1, 1<<63 - 1, 1 << 40} {
		z := zlocal("f", 0, 0, 0, 0, 0)
		at := uint32(len(z))
		entry := zcentral("f", "", 0, 0, 0, 0, 0, 0xffffffff)
		extra := le(uint16(1), uint16(8), off)
		binary.LittleEndian.PutUint16(entry[30:], uint16(len(extra)))
		z = append(append(z, entry...), extra...)
		z = append(z, zend(1, uint32(len(z))-at, at)...)
		r := &boundedReaderAt{data: z}
		if _, err := hash.MeasureZip(t.Context(), r, int64(len(z)), nil); !errors.Is(err, hash.CodeArchive) {
			t.Errorf("offset %d: %v", int64(off), err)
		}
		if r.outside {
			t.Errorf("offset %d: the reader was asked for it", int64(off))
		}
	}
}

type boundedReaderAt struct {
	data    []byte
	outside bool
}

func (r *boundedReaderAt) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off > int64(len(r.data)) {
		r.outside = true
		return 0, errors.New("offset outside of the archive")
	}
	n := copy(p, r.data[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/tallystick/tallystick/hash"
)

// A repeatedReader is head, then unit again and again, then tail. It counts what
// is read of it.
type repeatedReader struct {
	head, unit, tail []byte
	times            int64
	read             int64
}

func (r *repeatedReader) size() int64 {
	return int64(len(r.head)) + r.times*int64(len(r.unit)) + int64(len(r.tail))
}

func (r *repeatedReader) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) {
		at := off + int64(n)
		middle := at - int64(len(r.head))
		end := middle - r.times*int64(len(r.unit))
		switch {
		case middle < 0:
			n += copy(p[n:], r.head[at:])
		case end < 0:
			n += copy(p[n:], r.unit[middle%int64(len(r.unit)):])
		case end < int64(len(r.tail)):
			n += copy(p[n:], r.tail[end:])
		default:
			r.read += int64(n)
			return n, io.EOF
		}
	}
	r.read += int64(n)
	return n, nil
}

func directoryHeader(name, extra, comment int) []byte {
	b := append([]byte("PK\x01\x02"), make([]byte, 42)...)
	binary.LittleEndian.PutUint16(b[28:], uint16(name))
	binary.LittleEndian.PutUint16(b[30:], uint16(extra))
	binary.LittleEndian.PutUint16(b[32:], uint16(comment))
	return append(b, bytes.Repeat([]byte("n"), name+extra+comment)...)
}

// directoryEnd returns the end of a central directory at offset at, with a Zip64 record if
// records do not fit otherwise.
func directoryEnd(records, size, at uint64) []byte {
	var b []byte
	le := binary.LittleEndian
	if records > 0xfffe {
		b = append(b, "PK\x06\x06"...)
		b = le.AppendUint64(b, 44)
		b = le.AppendUint16(le.AppendUint16(b, 45), 45)
		b = le.AppendUint32(le.AppendUint32(b, 0), 0)
		for _, v := range []uint64{records, records, size, at} {
			b = le.AppendUint64(b, v)
		}
		b = append(b, "PK\x06\x07"...)
		b = le.AppendUint32(b, 0)
		b = le.AppendUint64(b, at+size)
		b = le.AppendUint32(b, 1)
		records = 0xffff
	}
	b = append(b, "PK\x05\x06"...)
	b = le.AppendUint32(b, 0)
	b = le.AppendUint16(le.AppendUint16(b, uint16(records)), uint16(records))
	b = le.AppendUint32(le.AppendUint32(b, uint32(min(size, 0xffffffff))), uint32(min(at, 0xffffffff)))
	return le.AppendUint16(b, 0)
}

// A central directory of 100 MB is refused when the limits say so, before there is
// memory taken for it.
func TestZipDirectoryBombs(t *testing.T) {
	const size = 100 << 20
	for _, c := range []struct {
		what    string
		unit    []byte
		records func(times int64) uint64 // that it says it has
		opts    hash.TreeOptions
		names   string // of the option, in the error
	}{
		{"many entries", directoryHeader(8, 0, 0), func(n int64) uint64 { return uint64(n) }, hash.TreeOptions{MaxFiles: 1000}, "TreeOptions.MaxFiles"},
		{"many entries, few stated", directoryHeader(8, 0, 0), func(n int64) uint64 { return uint64(n % 65536) }, hash.TreeOptions{MaxFiles: 1000}, "TreeOptions.MaxFiles"},
		{"long names", directoryHeader(60_000, 0, 0), func(n int64) uint64 { return uint64(n) }, hash.TreeOptions{MaxNameBytes: 1 << 20}, "TreeOptions.MaxNameBytes"},
		{"long extra fields", directoryHeader(8, 60_000, 0), func(n int64) uint64 { return uint64(n) }, hash.TreeOptions{}, "extra fields and comments"},
		{"long comments", directoryHeader(8, 0, 60_000), func(n int64) uint64 { return uint64(n) }, hash.TreeOptions{}, "extra fields and comments"},
		{"no entries and many stated", []byte{0}, func(n int64) uint64 { return uint64(n / 40) }, hash.TreeOptions{MaxFiles: 1000}, "TreeOptions.MaxFiles"},
	} {
		t.Run(c.what, func(t *testing.T) {
			r := &repeatedReader{unit: c.unit, times: size / int64(len(c.unit))}
			length, at := uint64(r.times*int64(len(c.unit))), uint64(0)
			if len(c.unit) == 1 {
				length, at = 0, length
			}
			r.tail = directoryEnd(c.records(r.times), length, at)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := hash.MeasureZip(t.Context(), r, r.size(), &c.opts)
			runtime.ReadMemStats(&after)
			wantError(t, err, hash.CodeLimit, "")
			if err != nil && !strings.Contains(err.Error(), c.names) {
				t.Errorf("error %v, want one about %s", err, c.names)
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > 16<<20 || r.read > 4<<20 {
				t.Errorf("took %d bytes of memory and read %d", used, r.read)
			}
		})
	}
}

// The limits are met exactly, wherever the reads are cut.
func TestZipDirectoryLimits(t *testing.T) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	names := 0
	for i := range 300 {
		name := strings.Repeat("n", i+1)
		names += len(name)
		if _, err := w.CreateHeader(&zip.FileHeader{Name: name, Extra: make([]byte, i), Comment: strings.Repeat("c", 300-i)}); err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	for _, c := range []struct {
		opts hash.TreeOptions
		fits bool
	}{
		{hash.TreeOptions{MaxFiles: 300}, true}, {hash.TreeOptions{MaxFiles: 299}, false}, {hash.TreeOptions{MaxFiles: 1}, false},
		{hash.TreeOptions{MaxNameBytes: int64(names)}, true}, {hash.TreeOptions{MaxNameBytes: int64(names) - 1}, false},
	} {
		_, err := hash.MeasureZip(t.Context(), bytes.NewReader(b.Bytes()), int64(b.Len()), &c.opts)
		if (err == nil) != c.fits || err != nil && !errors.Is(err, hash.CodeLimit) {
			t.Errorf("MaxFiles %d, MaxNameBytes %d: %v", c.opts.MaxFiles, c.opts.MaxNameBytes, err)
		}
	}
}

func TestZipNameEncodings(t *testing.T) {
	const dos, unix = 0, 3
	for _, c := range []struct {
		what string
		name string
		host uint16
		utf8 bool
		ok   bool
	}{
		{"ASCII", "plain", dos, false, true},
		{"UTF-8, marked", "na\u00efve", dos, true, true},
		{"UTF-8, marked, on Unix", "na\u00efve", unix, true, true},
		{"UTF-8, not marked, on Unix", "na\u00efve", unix, false, true},
		{"UTF-8, not marked", "na\u00efve", dos, false, false},
		{"Latin-1, not marked, on Unix", "na\xefve", unix, false, true},
		{"code page 437, not marked", "na\x8bve", dos, false, false},
		{"not UTF-8 and marked", "na\xefve", dos, true, false},
		{"not UTF-8 and marked, on Unix", "na\xefve", unix, true, false},
	} {
		t.Run(c.what, func(t *testing.T) {
			var b bytes.Buffer
			w := zip.NewWriter(&b)
			h := &zip.FileHeader{Name: c.name, NonUTF8: true, Flags: 0, CreatorVersion: c.host << 8}
			if _, err := w.CreateHeader(h); err != nil {
				t.Fatal(err)
			}
			w.Close()
			data := b.Bytes()
			if c.utf8 {
				data[7] |= 8
				data[bytes.Index(data, []byte("PK\x01\x02"))+9] |= 8
			}
			tree, err := hash.MeasureZip(t.Context(), bytes.NewReader(data), int64(len(data)), nil)
			if !c.ok {
				wantError(t, err, hash.CodeName, c.name)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, found := tree.Lookup(c.name); !found {
				t.Error(names(tree))
			}
		})
	}
}

// Content that looks like a directory is content.
func TestZipOfDirectories(t *testing.T) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.CreateHeader(&zip.FileHeader{Name: "f", Method: zip.Store})
	if err != nil {
		t.Fatal(err)
	}
	f.Write(bytes.Repeat(directoryHeader(3, 0, 0), 100))
	w.Close()
	if _, err := hash.MeasureZip(t.Context(), bytes.NewReader(b.Bytes()), int64(b.Len()), &hash.TreeOptions{MaxFiles: 1}); err != nil {
		t.Error(err)
	}
}

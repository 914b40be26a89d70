// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// maxLinkTarget is the length of the longest link target in a zip archive.
const maxLinkTarget = 64 << 10

// MeasureZip measures a zip archive of the given size without extracting it. The
// tree is that of the folder which the archive would extract to, as for
// [MeasureTar], and so is what is refused. For a Go module zip, the h1 in go.sum
// is DirHash("") of the tree.
//
// Backslashes in names are refused too, since half of the extractors take them
// for separators, and so is with [CodeArchive] all that lets two readers see
// different content: an entry whose local header disagrees with the central
// directory, an alternative Unicode name that differs, entries that overlap or
// have something between them, encryption and unknown compressions. Execute
// bits are known only where the archive was made on Unix.
func MeasureZip(ctx context.Context, r io.ReaderAt, size int64, opts *TreeOptions) (*Tree, error) {
	p, err := newPlan(opts)
	if err != nil {
		return nil, err
	}
	raw := &sourceReaderAt{ctx: ctx, r: r}
	t, err := measureZip(ctx, p, raw, size)
	if ctxErr := ctx.Err(); ctxErr != nil {
		return nil, ctxErr
	}
	if err != nil && raw.err != nil {
		return nil, &Error{Code: CodeRead, Err: raw.err}
	}
	return t, err
}

// A sourceReaderAt remembers where the last read was and what failed.
type sourceReaderAt struct {
	ctx  context.Context
	r    io.ReaderAt
	last int64
	err  error // other than io.EOF
}

func (s *sourceReaderAt) ReadAt(p []byte, off int64) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	s.last = off
	n, err := s.r.ReadAt(p, off)
	if n < 0 || n > len(p) {
		n, err = 0, errors.New("reader returned an impossible count")
	}
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

func measureZip(ctx context.Context, p *plan, raw *sourceReaderAt, size int64) (*Tree, error) {
	zr, err := zip.NewReader(raw, size)
	// ErrInsecurePath depends on a setting of the process; we look ourselves.
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, &Error{Code: CodeArchive, Err: err}
	}
	if err := checkLayout(raw, zr.File); err != nil {
		return nil, err
	}
	a := newArchiver(p, func() int64 { return size })
	k := newWorker(ctx, p)
	for _, f := range zr.File {
		if err := a.zipEntry(k, f); err != nil {
			return nil, err
		}
	}
	return a.tree(), nil
}

func (a *archiver) zipEntry(k *worker, f *zip.File) error {
	mode := f.Mode()
	typ := File
	switch {
	case strings.HasSuffix(f.Name, "/"):
		typ = Dir
		if mode.Type() != os.ModeDir {
			return &Error{Code: CodeArchive, Name: f.Name, Detail: "is named like a folder and is none"}
		}
	case mode&os.ModeSymlink != 0:
		typ = Link
	case mode.IsDir():
		return &Error{Code: CodeArchive, Name: f.Name, Detail: "is a folder and not named like one"}
	case !mode.IsRegular():
		return &Error{Code: CodeNotRegular, Name: f.Name, Detail: describeMode(mode)}
	}
	if strings.Contains(f.Name, `\`) {
		return &Error{Code: CodeName, Name: f.Name, Detail: "has a backslash, which extractors do not agree on"}
	}
	name, err := entryName(f.Name, typ == Dir)
	if err != nil {
		return err
	}
	if name == "" {
		return &Error{Code: CodeName, Name: f.Name, Detail: "is the root of the tree"}
	}
	if f.Flags&1 != 0 {
		return &Error{Code: CodeArchive, Name: name, Detail: "is encrypted"}
	}
	n, err := a.enter(name, typ)
	if err != nil || n == nil {
		return err
	}
	if f.UncompressedSize64 > uint64(a.MaxBytes) {
		return a.limit(name, "MaxBytes", a.MaxBytes, "bytes")
	}
	size := int64(f.UncompressedSize64)
	switch typ {
	case Dir:
		if size != 0 {
			return &Error{Code: CodeArchive, Name: name, Detail: "is a folder and has content"}
		}
		return nil
	case Link:
		if size == 0 || size > maxLinkTarget {
			return &Error{Code: CodeArchive, Name: name, Detail: fmt.Sprintf("has a link target of %d bytes, want 1 to %d", size, maxLinkTarget)}
		}
		rc, err := f.Open()
		if err != nil {
			return &Error{Code: CodeArchive, Name: name, Err: err}
		}
		defer rc.Close()
		n.data, err = io.ReadAll(io.LimitReader(rc, maxLinkTarget+1))
		if err != nil {
			return &Error{Code: CodeArchive, Name: name, Err: err}
		}
		if int64(len(n.data)) != size || bytes.IndexByte(n.data, 0) >= 0 {
			return &Error{Code: CodeArchive, Name: name, Detail: "has no proper link target"}
		}
		return a.keep(string(n.data), name)
	}
	n.size = size
	if unix := f.CreatorVersion >> 8; (unix == 3 || unix == 19) && f.ExternalAttrs>>16 != 0 {
		n.exec = execOf(mode&0o100 != 0)
	}
	if err := a.grow(size, name); err != nil {
		return err
	}
	rc, err := f.Open()
	if err != nil {
		return &Error{Code: CodeArchive, Name: name, Err: err}
	}
	defer rc.Close()
	return a.measure(k, rc, name, size, n.data)
}

// checkLayout compares every entry of the central directory with the local
// header that it points to: readers that go through the file from its start see
// only the latter. Entries must lie one after another from the first byte on.
func checkLayout(raw *sourceReaderAt, files []*zip.File) error {
	type span struct {
		start, end int64
		f          *zip.File
	}
	spans := make([]span, 0, len(files))
	var buf []byte
	for _, f := range files {
		refuse := func(detail string) error {
			return &Error{Code: CodeArchive, Name: f.Name, Detail: detail}
		}
		// archive/zip does not tell where the local header is, but it
		// reads it to find the content, and nothing else.
		raw.last = -1
		data, err := f.DataOffset()
		if err != nil {
			return &Error{Code: CodeArchive, Name: f.Name, Err: err}
		}
		const fixed = 30
		start := raw.last
		if start < 0 || data-start < fixed || data-start > fixed+2*0xffff {
			return refuse("has no local header")
		}
		buf = slices.Grow(buf[:0], int(data-start))[:data-start]
		if _, err := raw.ReadAt(buf, start); err != nil {
			return &Error{Code: CodeArchive, Name: f.Name, Err: err}
		}
		u16, u32 := binary.LittleEndian.Uint16, binary.LittleEndian.Uint32
		nameLen := int64(u16(buf[26:]))
		if string(buf[:4]) != "PK\x03\x04" || fixed+nameLen+int64(u16(buf[28:])) != data-start {
			return refuse("has no local header")
		}
		if string(buf[fixed:fixed+nameLen]) != f.Name {
			return &Error{Code: CodeName, Name: f.Name, Detail: "has another name in its local header"}
		}
		if u16(buf[6:]) != f.Flags || u16(buf[8:]) != f.Method {
			return refuse("has other flags or another compression in its local header")
		}
		descriptor := f.Flags&8 != 0
		crc, packed, unpacked := u32(buf[14:]), u32(buf[18:]), u32(buf[22:])
		if !descriptor || crc != 0 || packed != 0 || unpacked != 0 {
			if crc != f.CRC32 || !sizeMatches(packed, f.CompressedSize64) || !sizeMatches(unpacked, f.UncompressedSize64) {
				return refuse("has other sizes or another checksum in its local header")
			}
		}
		for _, extra := range [][]byte{f.Extra, buf[fixed+nameLen:]} {
			if other, ok := unicodeName(extra); ok && other != f.Name {
				return &Error{Code: CodeName, Name: f.Name, Detail: "has another name in its Unicode path field"}
			}
		}
		if f.CompressedSize64 > 1<<62 {
			return refuse("has an impossible size")
		}
		spans = append(spans, span{start, data + int64(f.CompressedSize64), f})
	}
	slices.SortFunc(spans, func(a, b span) int {
		if a.start < b.start {
			return -1
		}
		return 1
	})
	end, slack := int64(0), int64(0)
	for _, s := range spans {
		if s.start < end {
			return &Error{Code: CodeArchive, Name: s.f.Name, Detail: "overlaps another entry"}
		}
		if s.start > end+slack {
			return &Error{Code: CodeArchive, Name: s.f.Name, Detail: "has something before it that belongs to no entry"}
		}
		end, slack = s.end, 0
		if s.f.Flags&8 != 0 {
			slack = 24 // the longest data descriptor
		}
	}
	return nil
}

// sizeMatches compares a size in a local header, which is all ones when the
// real one stands in an extra field.
func sizeMatches(local uint32, size uint64) bool {
	return local == 0xffffffff || uint64(local) == size
}

// unicodeName returns the name in an Info-ZIP Unicode Path extra field, which
// some readers prefer (APPNOTE.TXT 4.6.9).
func unicodeName(extra []byte) (string, bool) {
	for len(extra) >= 4 {
		id := binary.LittleEndian.Uint16(extra)
		n := int(binary.LittleEndian.Uint16(extra[2:]))
		extra = extra[4:]
		if n > len(extra) {
			break
		}
		if id == 0x7075 && n >= 5 {
			return string(extra[5:n]), true
		}
		extra = extra[n:]
	}
	return "", false
}

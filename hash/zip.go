// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash

import (
	"archive/zip"
	"bufio"
	"bytes"
	"cmp"
	"compress/flate"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
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
// directory, an alternative Unicode name that differs, entries that overlap,
// bytes that belong to no entry (a program in front, a signing block before the
// directory), encryption and compressions other than deflate. Execute bits are
// known only where the archive was made on Unix.
//
// Names are raw bytes, as everywhere. Those that are marked as UTF-8 have to be;
// those that are neither marked nor ASCII are accepted where the archive was made
// on Unix, whose tools leave names alone and do not mark them, and refused
// otherwise, since readers take them for different code pages.
//
// The limits hold for the central directory too, before there is memory taken for
// all of it; what it has beside names is limited to 1 MiB and 1 KiB for each entry.
func MeasureZip(ctx context.Context, r io.ReaderAt, size int64, opts *TreeOptions) (*Tree, error) {
	p, err := newPlan(opts)
	if err != nil {
		return nil, err
	}
	return p.progress.during(func() (*Tree, error) { return measureZip(ctx, p, r, size) })
}

func measureZip(ctx context.Context, p *plan, r io.ReaderAt, size int64) (*Tree, error) {
	raw := &sourceReaderAt{ctx: ctx, r: r, size: size, directory: &zipDirectory{plan: p}}
	t, err := buildZip(ctx, p, raw, size)
	if ctxErr := ctx.Err(); ctxErr != nil {
		return nil, ctxErr
	}
	if err != nil && raw.err != nil {
		return nil, &Error{Code: CodeRead, Err: raw.err}
	}
	return t, err
}

// A sourceReaderAt remembers where the last run of reads began and what failed.
type sourceReaderAt struct {
	ctx  context.Context
	r    io.ReaderAt
	size int64

	mu       sync.Mutex
	run, end int64 // the last reads, each of which began where the one before ended
	err      error // the first, other than io.EOF

	directory *zipDirectory // while archive/zip looks for the directory and reads it
	refused   error         // by directory
}

func (s *sourceReaderAt) ReadAt(p []byte, off int64) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	// The archive says where its entries are. If that is nowhere in it, the
	// archive is at fault and not the reader.
	if off < 0 || off > s.size {
		return 0, errors.New("an offset is outside of the archive")
	}
	n, err := s.r.ReadAt(p, off)
	if n < 0 || n > len(p) {
		n, err = 0, errors.New("reader returned an impossible count")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if off != s.end {
		s.run = off
	}
	s.end = off + int64(n)
	if err != nil && err != io.EOF && s.err == nil {
		s.err = err
	}
	if s.directory != nil && s.refused == nil {
		s.refused = s.directory.read(p[:n], off)
	}
	if s.refused != nil {
		return 0, s.refused
	}
	return n, err
}

// lastRun returns where the last run of reads began and forgets about it.
func (s *sourceReaderAt) lastRun() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	run := s.run
	s.run, s.end = -1, -1
	return run
}

// A zipArchiver reads one zip archive.
type zipArchiver struct {
	*archiver
	pool    *pool
	size    int64 // of the archive
	content int64 // that the entries promise
	number  int64 // of the entry
	batch   []zipMeasurement
	weight  int64 // bytes of batch
}

// A zipMeasurement is an entry to be read.
type zipMeasurement struct {
	n      *node
	f      *zip.File
	number int64
}

func buildZip(ctx context.Context, p *plan, raw *sourceReaderAt, size int64) (*Tree, error) {
	zr, err := zip.NewReader(raw, size)
	raw.directory = nil
	if raw.refused != nil {
		return nil, raw.refused
	}
	// ErrInsecurePath depends on a setting of the process; we look ourselves.
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, &Error{Code: CodeArchive, Err: err}
	}
	directory := raw.lastRun()
	zr.RegisterDecompressor(zip.Deflate, func(r io.Reader) io.ReadCloser {
		b := bufio.NewReader(r)
		return &inflater{flate.NewReader(b), b}
	})
	if err := checkLayout(raw, zr, directory, size); err != nil {
		return nil, err
	}
	p.recorded = p.Metadata & SpecialBits
	a := &zipArchiver{archiver: newArchiver(p), pool: newPool(ctx, p), size: size}
	for _, f := range zr.File {
		if a.pool.failed() {
			break
		}
		a.number++
		if err := a.entry(f); err != nil {
			a.pool.fail(a.number, err)
		}
	}
	a.flush()
	if err := a.pool.wait(); err != nil {
		return nil, err
	}
	return a.tree(), nil
}

// entry puts one entry into the tree; its content is read later.
func (a *zipArchiver) entry(f *zip.File) error {
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
		typ = 0
	}
	if strings.Contains(f.Name, `\`) {
		return &Error{Code: CodeName, Name: f.Name, Detail: "has a backslash, which extractors do not agree on"}
	}
	if err := checkEncoding(f); err != nil {
		return err
	}
	name, err := entryName(f.Name, typ == Dir)
	if err != nil {
		return err
	}
	if name == "" {
		return &Error{Code: CodeName, Name: f.Name, Detail: "is the root of the tree"}
	}
	if typ == 0 {
		if n, err := a.enter(name, 0); err != nil || n == nil {
			return err
		}
		return a.goOn(a.number, &Error{Code: CodeNotRegular, Name: name, Detail: describeMode(mode)})
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
	n.size = int64(f.UncompressedSize64)
	if typ == File {
		if err := a.grow(n.size, name); err != nil {
			return err
		}
	}
	// What is promised is all that is read, so the bomb is seen before it
	// goes off.
	a.content += n.size
	if err := a.checkRatio(a.content, a.size, name); err != nil {
		return err
	}
	unix := madeOnUnix(f) && f.ExternalAttrs>>16 != 0
	if unix && typ != Link {
		a.note(n, mode)
	}
	switch typ {
	case Dir:
		return emptyFolder(f, name)
	case Link:
		size := n.size
		n.size = 0
		n.data, err = readTarget(f, name, size)
		if err != nil {
			return err
		}
		return a.keep(string(n.data), name)
	}
	if unix {
		n.exec = execOf(mode&0o100 != 0)
	}
	a.batch = append(a.batch, zipMeasurement{n, f, a.number})
	a.weight += n.size
	if len(a.batch) == maxBatch || a.weight >= maxBatchBytes {
		a.flush()
	}
	return nil
}

// madeOnUnix reports whether the maker of an entry says so: 3 is Unix and 19 macOS
// (APPNOTE.TXT 4.4.2).
func madeOnUnix(f *zip.File) bool {
	host := f.CreatorVersion >> 8
	return host == 3 || host == 19
}

// checkEncoding refuses a name that readers turn into different characters. Bit 11
// of the flags says UTF-8, and its absence code page 437, which few writers mean
// (APPNOTE.TXT appendix D).
func checkEncoding(f *zip.File) error {
	if f.Flags&(1<<11) != 0 {
		if !utf8.ValidString(f.Name) {
			return &Error{Code: CodeName, Name: f.Name, Detail: "is marked as UTF-8 and is not"}
		}
		return nil
	}
	ascii := !strings.ContainsFunc(f.Name, func(r rune) bool { return r >= utf8.RuneSelf })
	if !ascii && !madeOnUnix(f) {
		return &Error{Code: CodeName, Name: f.Name, Detail: "is not ASCII and not marked as UTF-8, so readers do not agree on it"}
	}
	return nil
}

// emptyFolder makes sure that a folder has no content, packed content included, in
// which whoever reads the archive from its start could find entries. Some tools
// write the two bytes that are an empty deflated stream.
func emptyFolder(f *zip.File, name string) error {
	bad := &Error{Code: CodeArchive, Name: name, Detail: "is a folder and has content"}
	if f.CompressedSize64 == 0 && f.UncompressedSize64 == 0 {
		return nil
	}
	if f.UncompressedSize64 != 0 || f.CompressedSize64 > 16 {
		return bad
	}
	r, err := f.Open()
	if err != nil {
		return bad
	}
	defer r.Close()
	if n, err := io.Copy(io.Discard, r); n != 0 || err != nil {
		return bad
	}
	return nil
}

// An inflater refuses packed content that goes on after the end of the deflated
// stream: whoever reads the archive from its start sees other entries there.
type inflater struct {
	io.ReadCloser
	packed *bufio.Reader
}

func (i *inflater) Read(p []byte) (int, error) {
	n, err := i.ReadCloser.Read(p)
	if err == io.EOF {
		if _, more := i.packed.ReadByte(); more != io.EOF {
			return n, errors.New("the packed content goes on after its end")
		}
	}
	return n, err
}

// readTarget returns the content of an entry that is a link.
func readTarget(f *zip.File, name string, size int64) ([]byte, error) {
	if size == 0 || size > maxLinkTarget {
		return nil, &Error{Code: CodeArchive, Name: name, Detail: fmt.Sprintf("has a link target of %d bytes, want 1 to %d", size, maxLinkTarget)}
	}
	rc, err := f.Open()
	if err != nil {
		return nil, &Error{Code: CodeArchive, Name: name, Err: err}
	}
	defer rc.Close()
	target, err := io.ReadAll(io.LimitReader(rc, maxLinkTarget+1))
	if err != nil {
		return nil, &Error{Code: CodeArchive, Name: name, Err: err}
	}
	if int64(len(target)) != size || bytes.IndexByte(target, 0) >= 0 {
		return nil, &Error{Code: CodeArchive, Name: name, Detail: "has no proper link target"}
	}
	return target, nil
}

// flush hands the batch to the workers.
func (a *zipArchiver) flush() {
	if len(a.batch) == 0 {
		return
	}
	batch := a.batch
	a.batch, a.weight = nil, 0
	a.pool.submit(func(k *worker) {
		for _, m := range batch {
			if a.pool.skip(m.number) {
				return
			}
			if err := k.readZip(m.f, m.n); err != nil {
				a.pool.fail(m.number, err)
			}
		}
	})
}

func (k *worker) readZip(f *zip.File, n *node) error {
	rc, err := f.Open()
	if err != nil {
		return &Error{Code: CodeArchive, Name: n.name, Err: err}
	}
	defer rc.Close()
	return k.readEntry(rc, n.name, n.size, n.data, nil)
}

// Lengths of the records of a zip archive without their variable parts
// (APPNOTE.TXT 4.3).
const (
	zipLocalLen     = 30
	zipDirectoryLen = 46
	zipEndLen       = 22
	zipEnd64Len     = 56 + 20 // with its locator
)

// checkLayout makes sure that every byte of the archive belongs to something
// that is measured, and that whoever reads it from the start sees what the
// central directory says: local headers that agree with it, one entry after
// another from the first byte on, then the directory, then its end.
func checkLayout(raw *sourceReaderAt, zr *zip.Reader, directory, size int64) error {
	type span struct {
		start, data, end int64
		f                *zip.File
	}
	spans := make([]span, 0, len(zr.File))
	directoryLen := int64(0)
	for _, f := range zr.File {
		// archive/zip does not tell where the local header is, but it
		// reads it to find the content, and nothing else.
		raw.lastRun()
		data, err := f.DataOffset()
		if err != nil {
			return &Error{Code: CodeArchive, Name: f.Name, Err: err}
		}
		start := raw.lastRun()
		if start < 0 || data-start < zipLocalLen || data-start > zipLocalLen+2*0xffff || f.CompressedSize64 > 1<<62 {
			return &Error{Code: CodeArchive, Name: f.Name, Detail: "has no local header"}
		}
		spans = append(spans, span{start, data, data + int64(f.CompressedSize64), f})
		directoryLen += zipDirectoryLen + int64(len(f.Name)+len(f.Extra)+len(f.Comment))
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.start, b.start) })
	end, descriptor := int64(0), false
	for _, s := range spans {
		if s.start < end {
			return &Error{Code: CodeArchive, Name: s.f.Name, Detail: "overlaps another entry"}
		}
		if !closes(s.start-end, descriptor) {
			return &Error{Code: CodeArchive, Name: s.f.Name, Detail: "has something before it that belongs to no entry"}
		}
		end, descriptor = s.end, s.f.Flags&8 != 0
	}
	// Now that they do not overlap, all of them together are not longer than
	// the archive.
	var buf []byte
	for _, s := range spans {
		buf = slices.Grow(buf[:0], int(s.data-s.start))[:s.data-s.start]
		if _, err := raw.ReadAt(buf, s.start); err != nil {
			return &Error{Code: CodeArchive, Name: s.f.Name, Err: err}
		}
		if err := checkLocal(s.f, buf); err != nil {
			return err
		}
	}
	if len(spans) == 0 {
		directory = 0
	}
	rest := size - directory - directoryLen - zipEndLen - int64(len(zr.Comment))
	if !closes(directory-end, descriptor) || rest != 0 && rest != zipEnd64Len {
		return &Error{Code: CodeArchive, Detail: "has something around its central directory that belongs to no entry"}
	}
	return checkEnd(raw, directory, directoryLen, rest, size-int64(len(zr.Comment)), len(zr.File))
}

// checkEnd makes sure that whoever finds the central directory from its stated
// length, from its stated offset, or from the Zip64 record finds the same one.
// archive/zip is content when one of them leads to a directory.
func checkEnd(raw *sourceReaderAt, directory, length, rest, end int64, entries int) error {
	refuse := &Error{Code: CodeArchive, Detail: "states another central directory than the one that is there"}
	// Some readers look for the locator of a Zip64 record whether or not the end
	// refers to one. A comment of the last entry may end with it.
	if locator := make([]byte, 20); rest == 0 && end >= zipEndLen+20 {
		if _, err := raw.ReadAt(locator, end-zipEndLen-20); err != nil {
			return &Error{Code: CodeArchive, Err: err}
		}
		if string(locator[:4]) == "PK\x06\x07" {
			return refuse
		}
	}
	b := make([]byte, rest+zipEndLen)
	if _, err := raw.ReadAt(b, end-int64(len(b))); err != nil {
		return &Error{Code: CodeArchive, Err: err}
	}
	u16, u32, u64 := binary.LittleEndian.Uint16, binary.LittleEndian.Uint32, binary.LittleEndian.Uint64
	e, n := b[rest:], uint64(entries)
	agree := func(stated, most, real uint64) bool { return stated == real || rest > 0 && stated == most }
	if string(e[:4]) != "PK\x05\x06" || u32(e[4:]) != 0 ||
		!agree(uint64(u16(e[8:])), 0xffff, n) || !agree(uint64(u16(e[10:])), 0xffff, n) ||
		!agree(uint64(u32(e[12:])), 0xffffffff, uint64(length)) || entries > 0 && !agree(uint64(u32(e[16:])), 0xffffffff, uint64(directory)) {
		return refuse
	}
	if rest > 0 && (string(b[:4]) != "PK\x06\x06" || u64(b[4:]) != zipEnd64Len-20-12 || u64(b[24:]) != n || u64(b[32:]) != n ||
		u64(b[40:]) != uint64(length) || u64(b[48:]) != uint64(directory) ||
		string(b[56:60]) != "PK\x06\x07" || u64(b[64:]) != uint64(directory+length)) {
		return refuse
	}
	return nil
}

// closes reports whether a gap after an entry is as it should be: nothing, or
// the data descriptor, which has three or four fields of 4 bytes, two of which
// may be 8 long.
func closes(gap int64, descriptor bool) bool {
	if !descriptor {
		return gap == 0
	}
	return gap == 12 || gap == 16 || gap == 20 || gap == 24
}

// checkLocal compares the local header of an entry with the central directory.
func checkLocal(f *zip.File, local []byte) error {
	refuse := func(detail string) error {
		return &Error{Code: CodeArchive, Name: f.Name, Detail: detail}
	}
	u16, u32 := binary.LittleEndian.Uint16, binary.LittleEndian.Uint32
	nameEnd := zipLocalLen + int(u16(local[26:]))
	if string(local[:4]) != "PK\x03\x04" || nameEnd+int(u16(local[28:])) != len(local) {
		return refuse("has no local header")
	}
	if string(local[zipLocalLen:nameEnd]) != f.Name {
		return &Error{Code: CodeName, Name: f.Name, Detail: "has another name in its local header"}
	}
	// Bits 1 and 2 only tell how hard the compressor tried.
	if (u16(local[6:])^f.Flags)&^6 != 0 || u16(local[8:]) != f.Method {
		return refuse("has other flags or another compression in its local header")
	}
	extra := local[nameEnd:]
	crc, packed, unpacked := u32(local[14:]), uint64(u32(local[18:])), uint64(u32(local[22:]))
	// Zip64 (APPNOTE.TXT 4.5.3): the larger sizes stand in an extra field.
	big, ok := extraField(extra, 1)
	if !ok {
		return refuse("has two Zip64 fields")
	}
	if packed == 0xffffffff || unpacked == 0xffffffff {
		for _, size := range []*uint64{&unpacked, &packed} {
			if *size == 0xffffffff && len(big) >= 8 {
				*size = binary.LittleEndian.Uint64(big)
				big = big[8:]
			}
		}
	}
	// With a data descriptor after the content they may be left out, and
	// Info-ZIP then guesses the packed size. A deflated stream knows its end.
	deferred := f.Flags&8 != 0
	agree := func(local, directory uint64) bool { return local == directory || deferred && local == 0 }
	guess := deferred && f.Method == zip.Deflate
	if !agree(uint64(crc), uint64(f.CRC32)) || !agree(unpacked, f.UncompressedSize64) ||
		!agree(packed, f.CompressedSize64) && !guess {
		return refuse("has other sizes or another checksum in its local header")
	}
	if _, ok := extraField(f.Extra, 1); !ok {
		return refuse("has two Zip64 fields")
	}
	for _, extra := range [][]byte{f.Extra, extra} {
		// Info-ZIP Unicode Path, which some readers prefer (4.6.9).
		field, ok := extraField(extra, 0x7075)
		if !ok || len(field) >= 5 && string(field[5:]) != f.Name {
			return &Error{Code: CodeName, Name: f.Name, Detail: "has another name in its Unicode path field"}
		}
	}
	return nil
}

// extraField returns the extra field of a kind. It is ok if there is none, and
// not if there are two: readers take the first or the last.
func extraField(extra []byte, kind uint16) (field []byte, ok bool) {
	for len(extra) >= 4 {
		id := binary.LittleEndian.Uint16(extra)
		n := int(binary.LittleEndian.Uint16(extra[2:]))
		extra = extra[4:]
		if n > len(extra) {
			break
		}
		if id == kind {
			if field != nil {
				return nil, false
			}
			field = extra[:n:n]
		}
		extra = extra[n:]
	}
	return field, true
}

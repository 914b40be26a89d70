// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// maxTarPadding is how many zero bytes may follow the end marker of a tar
// archive. Writers fill up records of usually 10 KiB.
const maxTarPadding = 1 << 20

// MeasureTar measures a tar archive, plain or compressed with gzip, without
// extracting it. The tree is that of the folder which the archive would extract
// to, with folders that are only implied; a single folder at the top is not
// stripped. For other compressions pass a decompressing r; the limit on the
// ratio then does not see the compressed size.
//
// Refused with [CodeName]: names that are absolute, empty, lead out of the tree,
// begin with a drive letter, have a NUL or need cleaning; names that repeat, or
// are a file or link and have entries below them. With [CodeNotRegular]:
// devices, FIFOs and unknown types. With [CodeArchive]: what is not a tar, lacks
// its end marker, has something other than zeros after it, or a global PAX header
// that changes entries. Hard links are recorded as files, and must name a file
// that came before and that the options do not leave out. Limits and other errors
// are those of [MeasureTree].
func MeasureTar(ctx context.Context, r io.Reader, opts *TreeOptions) (*Tree, error) {
	p, err := newPlan(opts)
	if err != nil {
		return nil, err
	}
	return p.progress.during(func() (*Tree, error) { return measureTar(ctx, p, r) })
}

func measureTar(ctx context.Context, p *plan, r io.Reader) (*Tree, error) {
	raw := &sourceReader{ctx: ctx, r: r}
	a, err := newTarArchiver(ctx, p, raw)
	var t *Tree
	if err == nil {
		t, err = a.measure()
	}
	switch {
	case err == nil:
		return t, nil
	// What the decoders made of an error below them does not matter.
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case raw.err != nil:
		return nil, &Error{Code: CodeRead, Err: raw.err}
	case a != nil && a.stream.err != nil:
		return nil, a.stream.err
	}
	return nil, err
}

// A sourceReader counts what was read and remembers why it ended.
type sourceReader struct {
	ctx context.Context
	r   io.Reader
	n   int64
	err error // other than io.EOF
}

func (s *sourceReader) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := s.r.Read(p)
	if n < 0 || n > len(p) {
		n, err = 0, errors.New("reader returned an impossible count")
	}
	s.n += int64(n)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// A tarStream is the archive after decompression. It counts what passes and the
// zeros at the end of that, and holds it to the limit on the ratio, so that
// skipped content counts too.
type tarStream struct {
	r        io.Reader
	raw      *sourceReader
	p        *plan
	n, zeros int64
	err      error  // the limit
	meta     []byte // what tar.Reader.Next read
	capture  bool
}

func (s *tarStream) Read(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.r.Read(p)
	s.n += int64(n)
	if s.capture && len(s.meta) < 8<<20 {
		s.meta = append(s.meta, p[:n]...)
	}
	i := n
	for i > 0 && p[i-1] == 0 {
		i--
	}
	if i > 0 {
		s.zeros = 0
	}
	s.zeros += int64(n - i)
	if s.err = s.p.checkRatio(s.n, s.raw.n, ""); s.err != nil {
		return 0, s.err
	}
	return n, err
}

func (a *tarArchiver) measure() (*Tree, error) {
	for {
		padding := -a.stream.n & 511
		a.stream.meta, a.stream.capture = a.stream.meta[:0], true
		hdr, err := a.tr.Next()
		a.stream.capture = false
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, &Error{Code: CodeArchive, Err: err}
		}
		if err := checkMeta(hdr.Name, a.stream.meta[padding:]); err != nil {
			return nil, err
		}
		if err := a.entry(hdr); err != nil {
			return nil, err
		}
		a.contentEnd = a.stream.n
	}
	if err := a.end(); err != nil {
		return nil, err
	}
	return a.tree(), nil
}

// end checks what follows the last entry. The padding of its content is less
// than a block, so 1024 zeros after the content contain the two blocks of the
// end marker.
func (a *tarArchiver) end() error {
	if min(a.stream.zeros, a.stream.n-a.contentEnd) < 1024 {
		return &Error{Code: CodeArchive, Detail: "ends without an end marker; it may be truncated"}
	}
	marker := a.stream.n
	for {
		if err := a.k.ctx.Err(); err != nil {
			return err
		}
		_, err := a.stream.Read(a.k.buf)
		padding := a.stream.n - marker
		if a.stream.zeros < padding {
			return &Error{Code: CodeArchive, Detail: "has data after its end marker"}
		}
		if padding > maxTarPadding {
			return &Error{Code: CodeArchive, Detail: fmt.Sprintf("has more than %d bytes of padding", maxTarPadding)}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return &Error{Code: CodeArchive, Err: err}
		}
	}
}

// A tarArchiver reads one tar archive.
type tarArchiver struct {
	*archiver
	k          *worker
	tr         *tar.Reader
	stream     *tarStream
	contentEnd int64  // where the content of the last entry ended
	content    int64  // of all files, including the holes of sparse ones
	root       bool   // there was an entry for the root
	groups     uint32 // of hard links
}

func newTarArchiver(ctx context.Context, p *plan, raw *sourceReader) (*tarArchiver, error) {
	buffered := bufio.NewReaderSize(raw, chunkSize)
	var plain io.Reader = buffered
	magic, _ := buffered.Peek(6)
	if strings.HasPrefix(string(magic), "\x1f\x8b") {
		gz, err := gzip.NewReader(buffered)
		if err != nil {
			return nil, &Error{Code: CodeArchive, Detail: "gzip", Err: err}
		}
		plain = gz
	}
	for _, c := range []struct{ magic, name string }{
		{"BZh", "bzip2"},
		{"\xfd7zXZ\x00", "xz"},
		{"\x28\xb5\x2f\xfd", "zstd"},
	} {
		if strings.HasPrefix(string(magic), c.magic) {
			return nil, &Error{Code: CodeArchive, Detail: "is compressed with " + c.name + "; pass a reader that decompresses it"}
		}
	}
	p.recorded = p.Metadata & (SpecialBits | HardLinks)
	a := &tarArchiver{
		archiver: newArchiver(p),
		k:        newWorker(ctx, p),
		stream:   &tarStream{r: plain, raw: raw, p: p},
	}
	a.tr = tar.NewReader(a.stream)
	return a, nil
}

// entry puts one entry into the tree.
func (a *tarArchiver) entry(hdr *tar.Header) error {
	var typ EntryType
	special := ""
	switch hdr.Typeflag {
	case tar.TypeXGlobalHeader:
		if err := a.count(1, hdr.Name); err != nil {
			return err
		}
		return checkGlobal(hdr)
	case tar.TypeReg, tar.TypeCont, tar.TypeGNUSparse, tar.TypeLink:
		typ = File
	case tar.TypeDir:
		typ = Dir
	case tar.TypeSymlink:
		typ = Link
	default:
		special = describeTarType(hdr.Typeflag)
	}
	name, err := entryName(hdr.Name, typ == Dir)
	if err != nil {
		return err
	}
	if name == "" {
		if a.root {
			return &Error{Code: CodeName, Name: hdr.Name, Detail: "is in the archive twice"}
		}
		a.root = true
		return nil
	}
	if special != "" {
		if n, err := a.enter(name, 0); err != nil || n == nil {
			return err
		}
		return a.goOn(int64(len(a.failures)), &Error{Code: CodeNotRegular, Name: name, Detail: special})
	}
	// Some readers take it for content, others for a size that means nothing.
	if (typ != File || hdr.Typeflag == tar.TypeLink) && hdr.Size != 0 {
		return &Error{Code: CodeArchive, Name: name, Detail: "is no regular file and has a size"}
	}
	if err := checkRecords(hdr); err != nil {
		return err
	}
	n, err := a.enter(name, typ)
	if err != nil {
		return err
	}
	if n == nil {
		// It is left out, and has to be read all the same: only then is it
		// known where its content ends.
		if err := a.grow(hdr.Size, name); err != nil {
			return err
		}
		if _, err := copyChunks(a.k.ctx, io.Discard, &digester{}, a.tr, a.k.buf); err != nil {
			return withName(err, name)
		}
		return nil
	}
	switch {
	case hdr.Typeflag == tar.TypeLink:
		target, err := entryName(hdr.Linkname, false)
		if err != nil {
			return err
		}
		t, ok := a.byName[target]
		if !ok || t.n.typ != File || t.n == n {
			return &Error{Code: CodeArchive, Name: name, Detail: fmt.Sprintf("is a hard link to %s, which is no earlier file of the archive or is left out", shown(target))}
		}
		n.size, n.exec, n.notes = t.n.size, t.n.exec, t.n.notes
		copy(n.data, t.n.data)
		if t.n.group == 0 {
			a.groups++
			t.n.group = a.groups
		}
		n.group = t.n.group
		if err := a.grow(n.size, name); err != nil {
			return err
		}
		a.progress.did(1, n.size)
		return nil
	case typ == Dir:
		a.note(n, hdr.FileInfo().Mode())
	case typ == Link:
		if hdr.Linkname == "" {
			return &Error{Code: CodeArchive, Name: name, Detail: "is a link to nothing"}
		}
		n.data = []byte(hdr.Linkname)
		return a.keep(hdr.Linkname, name)
	case typ == File:
		n.size, n.exec = hdr.Size, execOf(hdr.Mode&0o100 != 0)
		a.note(n, hdr.FileInfo().Mode())
		if err := a.grow(n.size, name); err != nil {
			return err
		}
		return a.k.readEntry(a.tr, name, n.size, n.data, func(m int) error {
			a.content += int64(m)
			return a.checkRatio(a.content, a.stream.raw.n, name)
		})
	}
	return nil
}

// checkMeta looks at the headers that Next read for one entry: a second one of a
// kind, or a GNU one beside a PAX one, are merged by some readers and not by others.
func checkMeta(name string, b []byte) error {
	seen := map[byte]bool{}
	for len(b) >= 512 {
		typ := b[156]
		if typ != 'x' && typ != 'L' && typ != 'K' {
			if string(b[257:263]) == "ustar\x00" && string(b[508:512]) == "tar\x00" {
				return &Error{Code: CodeArchive, Name: name, Detail: "has a header in the form of star, whose prefix readers do not agree on"}
			}
			return nil
		}
		if seen[typ] || seen['x'] || typ == 'x' && len(seen) > 0 {
			return &Error{Code: CodeArchive, Name: name, Detail: "has several extended headers, which readers do not agree on"}
		}
		seen[typ] = true
		size, err := strconv.ParseInt(strings.Trim(string(b[124:136]), " \x00"), 8, 32)
		if err != nil {
			break
		}
		b = b[min(int64(len(b)), 512+(size+511)&^511):]
	}
	return &Error{Code: CodeArchive, Name: name, Detail: "has extended headers that end nowhere"}
}

// checkRecords refuses PAX records that archive/tar did not heed, because there is
// a GNU header for the same, or no sparse file, and that other extractors do.
func checkRecords(hdr *tar.Header) error {
	name, linkname, size := hdr.Name, hdr.Linkname, strconv.FormatInt(hdr.Size, 10)
	_, sparse := hdr.PAXRecords["GNU.sparse.name"]
	for key, value := range hdr.PAXRecords {
		ok := true
		switch key {
		case "path":
			ok = value == name || sparse && value != ""
		case "linkpath":
			ok = value == linkname
		case "GNU.sparse.name":
			ok = value == name
		case "GNU.sparse.realsize", "GNU.sparse.size":
			ok = value == size
		}
		if !ok {
			return &Error{Code: CodeArchive, Name: name, Detail: "has a PAX record " + key + " that says something else"}
		}
	}
	return nil
}

// checkGlobal refuses a global PAX header that says something about the entries
// after it: archive/tar leaves that out and other extractors do not. The
// comment of git archive is harmless.
func checkGlobal(hdr *tar.Header) error {
	for key := range hdr.PAXRecords {
		switch {
		case key == "path", key == "linkpath", key == "size", key == "hdrcharset", strings.HasPrefix(key, "GNU.sparse."):
			return &Error{Code: CodeArchive, Name: key, Detail: "a global PAX header sets this for all entries"}
		}
	}
	return nil
}

func describeTarType(flag byte) string {
	switch flag {
	case tar.TypeChar, tar.TypeBlock:
		return "is a device, not a regular file"
	case tar.TypeFifo:
		return "is a FIFO, not a regular file"
	}
	return fmt.Sprintf("is of the unknown tar type %q", flag)
}

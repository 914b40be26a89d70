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
// that came before. Limits and other errors are those of [MeasureTree].
func MeasureTar(ctx context.Context, r io.Reader, opts *TreeOptions) (*Tree, error) {
	p, err := newPlan(opts)
	if err != nil {
		return nil, err
	}
	raw := &sourceReader{ctx: ctx, r: r}
	t, err := measureTar(ctx, p, raw)
	if ctxErr := ctx.Err(); ctxErr != nil {
		return nil, ctxErr
	}
	if err != nil && raw.err != nil {
		// What the decoder made of it does not matter.
		return nil, &Error{Code: CodeRead, Err: raw.err}
	}
	return t, err
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

// A zeroCounter counts what passes and the zeros at its end.
type zeroCounter struct {
	r        io.Reader
	n, zeros int64
}

func (z *zeroCounter) Read(p []byte) (int, error) {
	n, err := z.r.Read(p)
	z.n += int64(n)
	i := n
	for i > 0 && p[i-1] == 0 {
		i--
	}
	if i > 0 {
		z.zeros = 0
	}
	z.zeros += int64(n - i)
	return n, err
}

func measureTar(ctx context.Context, p *plan, raw *sourceReader) (*Tree, error) {
	buffered := bufio.NewReaderSize(raw, chunkSize)
	var plain io.Reader = buffered
	magic, _ := buffered.Peek(6)
	switch {
	case strings.HasPrefix(string(magic), "\x1f\x8b"):
		gz, err := gzip.NewReader(buffered)
		if err != nil {
			return nil, &Error{Code: CodeArchive, Detail: "gzip", Err: err}
		}
		plain = gz
	default:
		for _, c := range []struct{ magic, name string }{
			{"BZh", "bzip2"},
			{"\xfd7zXZ\x00", "xz"},
			{"\x28\xb5\x2f\xfd", "zstd"},
		} {
			if strings.HasPrefix(string(magic), c.magic) {
				return nil, &Error{Code: CodeArchive, Detail: "is compressed with " + c.name + ", pass a reader that decompresses it"}
			}
		}
	}
	stream := &zeroCounter{r: plain}
	a := newArchiver(p, func() int64 { return raw.n })
	k := newWorker(ctx, p)
	tr := tar.NewReader(stream)
	var content int64 // where the content of the last entry ended
	root := false
	for {
		hdr, err := tr.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, &Error{Code: CodeArchive, Err: err}
		}
		if err := a.tarEntry(k, tr, hdr, &root); err != nil {
			return nil, err
		}
		content = stream.n
	}
	// The padding of the last content is less than a block, so this many
	// zeros after it contain the two blocks of the marker.
	if min(stream.zeros, stream.n-content) < 1024 {
		return nil, &Error{Code: CodeArchive, Detail: "ends without an end marker; it may be truncated"}
	}
	end := stream.n
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		_, err := stream.Read(k.buf)
		if stream.zeros < stream.n-end {
			return nil, &Error{Code: CodeArchive, Detail: "has data after its end marker"}
		}
		if stream.n-end > maxTarPadding {
			return nil, &Error{Code: CodeArchive, Detail: fmt.Sprintf("has more than %d bytes of padding", maxTarPadding)}
		}
		if err == io.EOF {
			return a.tree(), nil
		}
		if err != nil {
			return nil, &Error{Code: CodeArchive, Err: err}
		}
	}
}

// tarEntry puts one entry into the tree.
func (a *archiver) tarEntry(k *worker, tr *tar.Reader, hdr *tar.Header, root *bool) error {
	var typ EntryType
	switch hdr.Typeflag {
	case tar.TypeXGlobalHeader:
		return checkGlobal(hdr)
	case tar.TypeReg, tar.TypeCont, tar.TypeGNUSparse, tar.TypeLink:
		typ = File
	case tar.TypeDir:
		typ = Dir
	case tar.TypeSymlink:
		typ = Link
	default:
		return &Error{Code: CodeNotRegular, Name: hdr.Name, Detail: describeTarType(hdr.Typeflag)}
	}
	name, err := entryName(hdr.Name, typ == Dir)
	if err != nil {
		return err
	}
	if name == "" {
		if *root {
			return &Error{Code: CodeName, Name: hdr.Name, Detail: "is in the archive twice"}
		}
		*root = true
		return nil
	}
	if typ != File && hdr.Size != 0 {
		return &Error{Code: CodeArchive, Name: name, Detail: fmt.Sprintf("is a %s and has content", typ)}
	}
	n, err := a.enter(name, typ)
	if err != nil || n == nil {
		return err
	}
	switch {
	case hdr.Typeflag == tar.TypeLink:
		target, err := entryName(hdr.Linkname, false)
		if err != nil {
			return err
		}
		t, ok := a.byName[target]
		if !ok || t.n.typ != File || t.n == n {
			return &Error{Code: CodeArchive, Name: name, Detail: "is a hard link to no earlier file of the archive"}
		}
		n.size, n.exec = t.n.size, t.n.exec
		copy(n.data, t.n.data)
		return a.grow(n.size, name)
	case typ == Link:
		if hdr.Linkname == "" {
			return &Error{Code: CodeArchive, Name: name, Detail: "is a link to nothing"}
		}
		n.data = []byte(hdr.Linkname)
		return a.keep(hdr.Linkname, name)
	case typ == File:
		n.size, n.exec = hdr.Size, execOf(hdr.Mode&0o100 != 0)
		if err := a.grow(n.size, name); err != nil {
			return err
		}
		return a.measure(k, tr, name, n.size, n.data)
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

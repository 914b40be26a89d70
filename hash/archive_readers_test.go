// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash_test

import (
	"archive/tar"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"testing"

	"github.com/tallystick/tallystick/hash"
)

func tarHeader(name string, typ byte, size int, link string) []byte {
	h := make([]byte, 512)
	copy(h, name)
	copy(h[100:], "0000644\x000000000\x000000000\x00")
	copy(h[124:], fmt.Sprintf("%011o\x00%011o\x00", size, 0))
	h[156] = typ
	copy(h[157:], link)
	copy(h[257:], "ustar\x0000")
	return tarSum(h)
}

func tarSum(h []byte) []byte {
	copy(h[148:], "        ")
	n := 0
	for _, c := range h {
		n += int(c)
	}
	copy(h[148:], fmt.Sprintf("%06o\x00 ", n))
	return h
}

func tarPad(s string) string { return s + strings.Repeat("\x00", (512-len(s)%512)%512) }

func tarEntry(name string, typ byte, content string) string {
	return string(tarHeader(name, typ, len(content), "")) + tarPad(content)
}

func tarPAX(key, value string) string {
	for n := 0; ; n++ {
		if r := fmt.Sprintf("%d %s=%s\n", n, key, value); len(r) == n {
			return tarEntry("pax", 'x', r)
		}
	}
}

// Each archive extracts to something else with GNU tar 1.34 or Python's tarfile
// than the tree says; the comments say to what.
func TestTarReadersDisagree(t *testing.T) {
	star := tarHeader("raw", '0', 3, "")
	copy(star[345:], strings.Repeat("p", 131)+"00000000001 00000000001 ")
	copy(star[508:], "tar\x00")
	star = tarSum(star)
	link := string(tarHeader("lnk", '2', 0, "raw-t"))
	file := tarEntry("raw.txt", '0', "hi\n")
	end := strings.Repeat("\x00", 10240)
	if tree, err := hash.MeasureTar(t.Context(), strings.NewReader(tarPAX("path", "pax.txt")+file+end), nil); err != nil || tree.Len() != 1 {
		t.Fatalf("the control is not accepted: %v", err)
	}
	for _, test := range []struct{ name, archive string }{
		// We: gnu.txt. GNU tar: pax.txt. Python: the first of the two.
		{"GNU long name, PAX path", tarEntry("@", 'L', "gnu.txt\x00") + tarPAX("path", "pax.txt") + file},
		{"PAX path, GNU long name", tarPAX("path", "pax.txt") + tarEntry("@", 'L', "gnu.txt\x00") + file},
		// We: a link to gnu-t. GNU tar: to pax-t.
		{"GNU long link, PAX linkpath", tarEntry("@", 'K', "gnu-t\x00") + tarPAX("linkpath", "pax-t") + link},
		// We: raw.txt. Python: pax1.txt.
		{"two PAX headers", tarPAX("path", "pax1.txt") + tarPAX("mtime", "1") + file},
		// We: raw.txt. GNU tar and Python: sparse.txt.
		{"sparse name of a file that is not sparse", tarPAX("GNU.sparse.name", "sparse.txt") + file},
		// We: 3 bytes. GNU tar and Python: 2 and 9.
		{"sparse real size", tarPAX("GNU.sparse.realsize", "2") + file},
		{"sparse size", tarPAX("GNU.sparse.size", "9") + file},
		// We: raw.txt. GNU tar: ".", Python: "".
		{"empty PAX path", tarPAX("path", "") + file},
		// We: a prefix of 131 bytes. GNU tar and Python: of 155.
		{"star prefix without its end", string(star) + tarPad("hi\n")},
	} {
		t.Run(test.name, func(t *testing.T) {
			tree, err := hash.MeasureTar(t.Context(), strings.NewReader(test.archive+end), nil)
			if !errors.Is(err, hash.CodeArchive) {
				t.Errorf("got %v", err)
			}
			if err == nil {
				for e := range tree.Entries() {
					t.Errorf("accepted: %s %s %s, %d bytes", e.Type(), e.Name(), e.Target(), e.Size())
				}
			}
		})
	}
}

func le(parts ...any) []byte {
	var b bytes.Buffer
	for _, p := range parts {
		if s, ok := p.(string); ok {
			b.WriteString(s)
			continue
		}
		binary.Write(&b, binary.LittleEndian, p)
	}
	return b.Bytes()
}

// zlocal, zcentral and zend are the records of a zip file, APPNOTE 4.3.
func zlocal(name string, method, flags uint16, crc uint32, packed, size uint32) []byte {
	return le("PK\x03\x04", uint16(20), flags, method, uint16(0), uint16(0x21), crc, packed, size, uint16(len(name)), uint16(0), name)
}

func zcentral(name, comment string, method, flags uint16, crc uint32, packed, size, off uint32) []byte {
	mode := uint32(0o100644 << 16)
	if name[len(name)-1] == '/' {
		mode = 0o40755<<16 | 0x10
	}
	return le("PK\x01\x02", uint16(3<<8|20), uint16(20), flags, method, uint16(0), uint16(0x21), crc, packed, size, uint16(len(name)), uint16(0), uint16(len(comment)), uint16(0), uint16(0), mode, off, name, comment)
}

func zend(n uint16, size, off uint32) []byte {
	return le("PK\x05\x06", uint16(0), uint16(0), n, n, size, off, uint16(0))
}

func zdeflate(s string) string {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, 9)
	if err != nil {
		panic(err)
	}
	io.WriteString(w, s)
	w.Close()
	return b.String()
}

func crcOf(s string) uint32 { return crc32.ChecksumIEEE([]byte(s)) }

func refuseZip(t *testing.T, data []byte) {
	t.Helper()
	tree, err := hash.MeasureZip(t.Context(), bytes.NewReader(data), int64(len(data)), nil)
	if !errors.Is(err, hash.CodeArchive) {
		t.Errorf("got %v", err)
	}
	if err == nil {
		for e := range tree.Entries() {
			t.Errorf("accepted: %s, %d bytes", e.Name(), e.Size())
		}
	}
}

// Another directory than the one that is read, found by readers that trust the
// length in the end record or the Zip64 record, such as Python's zipfile: they see
// one entry, setup.py, with the content that is hidden in logo.bin.
func TestZipTwoDirectories(t *testing.T) {
	for _, zip64 := range []bool{false, true} {
		t.Run(map[bool]string{false: "end record", true: "zip64 record"}[zip64], func(t *testing.T) {
			evil := "evil\n"
			hid := append(zlocal("setup.py", 0, 0, crcOf(evil), uint32(len(evil)), uint32(len(evil))), evil...)
			carrier := strings.Repeat("-", 400) + string(hid)
			var z []byte
			l1 := append(zlocal("logo.bin", 0, 0, crcOf(carrier), uint32(len(carrier)), uint32(len(carrier))), carrier...)
			hidOff := uint32(len(l1) - len(hid))
			good := "good\n"
			l2off := uint32(len(l1))
			z = append(z, l1...)
			z = append(z, zlocal("setup.py", 0, 0, crcOf(good), uint32(len(good)), uint32(len(good)))...)
			z = append(z, good...)
			dir := uint32(len(z))
			cdA := zcentral("logo.bin", "", 0, 0, crcOf(carrier), uint32(len(carrier)), uint32(len(carrier)), 0)
			// directory B is the comment of the last entry of A. Readers that
			// find the directory from its end and size shift all offsets.
			mk := func(off uint32) []byte {
				return zcentral("setup.py", "", 0, 0, crcOf(evil), uint32(len(evil)), uint32(len(evil)), off)
			}
			lenB := uint32(len(mk(0)))
			lenA := uint32(len(cdA)) + uint32(len(zcentral("setup.py", "", 0, 0, 0, 0, 0, 0))) + lenB
			if zip64 {
				// Python: directory offset is given absolutely through concat
				cdB := mk(hidOff)
				// offset of B in the file:
				offB := dir + lenA - lenB
				cdA = append(cdA, zcentral("setup.py", string(cdB), 0, 0, crcOf(good), uint32(len(good)), uint32(len(good)), l2off)...)
				z = append(z, cdA...)
				rec := uint64(len(z))
				z = append(z, le("PK\x06\x06", uint64(44), uint16(45), uint16(45), uint32(0), uint32(0), uint64(1), uint64(1), uint64(lenB), uint64(offB))...)
				z = append(z, le("PK\x06\x07", uint32(0), rec, uint32(1))...)
				z = append(z, zend(2, lenA, dir)...)
			} else {
				// with size lenB, offset dir: concat = lenA-lenB
				cdB := mk(hidOff - (lenA - lenB))
				cdA = append(cdA, zcentral("setup.py", string(cdB), 0, 0, crcOf(good), uint32(len(good)), uint32(len(good)), l2off)...)
				z = append(z, cdA...)
				z = append(z, zend(2, lenB, dir)...)
			}
			refuseZip(t, z)
		})
	}
}

// The deflate stream ends long before the compressed size does: whoever reads
// from the start finds another entry there.
func TestZipSlackAfterDeflate(t *testing.T) {
	good, evil := "good\n", "evil\n"
	packed := zdeflate(good)
	slack := string(le("PK\x07\x08", crcOf(good), uint32(len(packed)), uint32(len(good))))
	slack += string(zlocal("evil.py", 0, 0, crcOf(evil), uint32(len(evil)), uint32(len(evil)))) + evil
	all := packed + slack
	z := append(zlocal("good.py", 8, 8, 0, 0, 0), all...)
	z = append(z, le("PK\x07\x08", crcOf(good), uint32(len(all)), uint32(len(good)))...)
	dir := uint32(len(z))
	cd := zcentral("good.py", "", 8, 8, crcOf(good), uint32(len(all)), uint32(len(good)), 0)
	z = append(append(z, cd...), zend(1, uint32(len(cd)), dir)...)
	refuseZip(t, z)
}

// The same in a folder, whose content nobody looks at.
func TestZipContentOfFolder(t *testing.T) {
	evil := "evil\n"
	packed := zdeflate("")
	slack := string(le("PK\x07\x08", uint32(0), uint32(len(packed)), uint32(0)))
	slack += string(zlocal("evil.py", 0, 0, crcOf(evil), uint32(len(evil)), uint32(len(evil)))) + evil
	all := packed + slack
	z := append(zlocal("d/", 8, 8, 0, 0, 0), all...)
	z = append(z, le("PK\x07\x08", uint32(0), uint32(len(all)), uint32(0))...)
	dir := uint32(len(z))
	cd := zcentral("d/", "", 8, 8, 0, uint32(len(all)), 0, 0)
	z = append(append(z, cd...), zend(1, uint32(len(cd)), dir)...)
	refuseZip(t, z)
}

// The two bytes of an empty deflated stream, which some tools write for a folder,
// hide nothing.
func TestZipEmptyStreamOfFolder(t *testing.T) {
	packed := zdeflate("")
	z := append(zlocal("d/", 8, 0, 0, uint32(len(packed)), 0), packed...)
	dir := uint32(len(z))
	cd := zcentral("d/", "", 8, 0, 0, uint32(len(packed)), 0, 0)
	z = append(append(z, cd...), zend(1, uint32(len(cd)), dir)...)
	tree, err := hash.MeasureZip(t.Context(), bytes.NewReader(z), int64(len(z)), nil)
	if err != nil || tree.Len() != 1 {
		t.Errorf("got %v", err)
	}
}

// Many entries that share one large local header cost no more than its length.
func TestZipSharedLocalHeader(t *testing.T) {
	extra := strings.Repeat("\x99\x99\x00\x00", 16000)
	z := zlocal("a", 0, 0, 0, 0, 0)
	binary.LittleEndian.PutUint16(z[28:], uint16(len(extra)))
	z = append(z, extra...)
	dir := uint32(len(z))
	const n = 2000
	one := zcentral("a", "", 0, 0, 0, 0, 0, 0)
	z = append(append(z, bytes.Repeat(one, n)...), zend(n, uint32(n*len(one)), dir)...)
	read := &countingReaderAt{r: bytes.NewReader(z)}
	if _, err := hash.MeasureZip(t.Context(), read, int64(len(z)), nil); err == nil {
		t.Error("accepted")
	}
	// archive/zip reads the fixed part of each, which cannot be helped.
	if limit := int64(20 * len(z)); read.n > limit {
		t.Errorf("%d bytes were read of %d", read.n, len(z))
	}
}

type countingReaderAt struct {
	r io.ReaderAt
	n int64
}

func (c *countingReaderAt) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.r.ReadAt(p, off)
	c.n += int64(n)
	return n, err
}

// What is left out has to be read all the same: an end in its content is no end.
func TestTarTruncatedInWhatIsLeftOut(t *testing.T) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	addTar(t, w, &tar.Header{Name: "a", Mode: 0o644, Size: 1}, "x")
	addTar(t, w, &tar.Header{Name: "z.bin", Mode: 0o644, Size: 4096}, strings.Repeat("\x00", 4096))
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	for _, exclude := range [][]string{nil, {"z.bin"}} {
		if _, err := hash.MeasureTar(t.Context(), bytes.NewReader(b.Bytes()), &hash.TreeOptions{Exclude: exclude}); !errors.Is(err, hash.CodeArchive) {
			t.Errorf("without an end, exclude %v: %v", exclude, err)
		}
	}
}

// A pattern for folders leaves out no link of the same name.
func TestTarLinkBehindLeftOutFolder(t *testing.T) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	addTar(t, w, &tar.Header{Name: "build/", Typeflag: tar.TypeDir, Mode: 0o755}, "")
	addTar(t, w, &tar.Header{Name: "build", Typeflag: tar.TypeSymlink, Linkname: "/etc"}, "")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := hash.MeasureTar(t.Context(), &b, &hash.TreeOptions{Exclude: []string{"build/"}}); !errors.Is(err, hash.CodeName) {
		t.Errorf("got %v", err)
	}
}

// Of content that is left out nothing is known, so a hard link to it cannot be
// measured.
func TestTarHardLinkToLeftOut(t *testing.T) {
	data := tarOf(t, regular("b.o"), hardLink("a", "b.o"))
	_, err := hash.MeasureTar(t.Context(), bytes.NewReader(data), &hash.TreeOptions{Exclude: []string{"*.o"}})
	wantError(t, err, hash.CodeArchive, "a")
	if err != nil && !strings.Contains(err.Error(), "b.o, which is no earlier file of the archive or is left out") {
		t.Error(err)
	}
}

// Headers that are no entries, and content that is left out, count too: a stream
// without end is not read without end.
func TestTarWithoutEnd(t *testing.T) {
	var global, excluded bytes.Buffer
	w := tar.NewWriter(&global)
	addTar(t, w, &tar.Header{Typeflag: tar.TypeXGlobalHeader, Name: "g", PAXRecords: map[string]string{"comment": "x"}}, "")
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	w = tar.NewWriter(&excluded)
	addTar(t, w, &tar.Header{Name: "z", Mode: 0o644, Size: 1 << 40}, "")
	for name, r := range map[string]io.Reader{
		"global headers": &repeated{p: global.Bytes()},
		"left out":       &repeated{p: append(excluded.Bytes(), make([]byte, 1<<20)...)},
	} {
		limited := &hash.TreeOptions{MaxFiles: 10, MaxBytes: 1000, MaxNameBytes: 1000, Exclude: []string{"z"}}
		if _, err := hash.MeasureTar(t.Context(), r, limited); !errors.Is(err, hash.CodeLimit) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func addTar(t *testing.T, w *tar.Writer, h *tar.Header, content string) {
	t.Helper()
	if err := w.WriteHeader(h); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, content); err != nil {
		t.Fatal(err)
	}
}

// repeated gives out the same bytes again and again, up to 64 MiB.
type repeated struct {
	p   []byte
	off int
	n   int
}

func (r *repeated) Read(p []byte) (int, error) {
	if r.n > 64<<20 {
		return 0, errors.New("nothing has stopped it")
	}
	n := copy(p, r.p[r.off:])
	r.off = (r.off + n) % len(r.p)
	r.n += n
	return n, nil
}

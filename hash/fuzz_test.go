// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/tallystick/tallystick/hash"
)

func small() *hash.TreeOptions {
	return &hash.TreeOptions{
		Algorithms: []hash.Algorithm{hash.SHA256, hash.GitTree, hash.DirHash},
		MaxFiles:   100, MaxBytes: 1 << 20, MaxDepth: 20, MaxNameBytes: 1 << 16, Workers: 2,
	}
}

// checkTree states what holds for every tree that an archive can give.
func checkTree(t *testing.T, tree *hash.Tree, err error) {
	t.Helper()
	if err != nil {
		if _, ok := errors.AsType[*hash.Error](err); !ok || tree != nil {
			t.Fatalf("%v, %v", tree, err)
		}
		return
	}
	last, size := "", int64(0)
	for e := range tree.Entries() {
		name := e.Name()
		if name <= last {
			t.Fatalf("%q after %q", name, last)
		}
		last = name
		size += e.Size()
		for part := range strings.SplitSeq(name, "/") {
			if part == "" || part == "." || part == ".." || strings.Contains(part, "\x00") {
				t.Fatalf("name %q", name)
			}
		}
		if i := strings.LastIndexByte(name, '/'); i >= 0 {
			if up, ok := tree.Lookup(name[:i]); !ok || up.Type() != hash.Dir {
				t.Fatalf("%q is below %v", name, up.Type())
			}
		}
		if ok := e.Type() == hash.File; ok != e.Digests().Strong() {
			t.Fatalf("%q: %s, %v", name, e.Type(), e.Digests())
		}
	}
	if tree.Len() > 100 || tree.Size() != size || size > 1<<20 {
		t.Fatal(tree.Len(), tree.Size())
	}
	if tree.Len() > 0 {
		if err := tree.Match(tree.Manifest()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := tree.GitTree(hash.GitTree); err != nil {
		t.Fatal(err)
	}
	if _, err := tree.DirHash(""); err != nil && !errors.Is(err, hash.CodeName) && !errors.Is(err, hash.CodeNotRegular) {
		t.Fatal(err)
	}
	tree.Collisions()
	tree.WindowsReserved()
}

func FuzzMeasureTar(f *testing.F) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range []tar.Header{
		{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"comment": "c"}},
		{Typeflag: tar.TypeDir, Name: "d/", Mode: 0o755},
		{Typeflag: tar.TypeReg, Name: "d/f", Mode: 0o755},
		{Typeflag: tar.TypeSymlink, Name: "l", Linkname: "../x"},
		{Typeflag: tar.TypeLink, Name: "h", Linkname: "d/f"},
		{Typeflag: tar.TypeReg, Name: strings.Repeat("n", 150), PAXRecords: map[string]string{"VENDOR.x": "y"}},
	} {
		if err := w.WriteHeader(&h); err != nil {
			f.Fatal(err)
		}
	}
	w.Close()
	f.Add(b.Bytes())
	f.Add(gzipOf(b.Bytes()))
	f.Add(make([]byte, 1024))
	f.Fuzz(func(t *testing.T, data []byte) {
		tree, err := hash.MeasureTar(t.Context(), bytes.NewReader(data), small())
		checkTree(t, tree, err)
	})
}

func FuzzMeasureZip(f *testing.F) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, h := range []zip.FileHeader{{Name: "d/"}, {Name: "d/f", Method: zip.Deflate}, {Name: "g"}} {
		o, err := w.CreateHeader(&h)
		if err != nil {
			f.Fatal(err)
		}
		if h.Name != "d/" {
			o.Write([]byte("content"))
		}
	}
	link := zip.FileHeader{Name: "l"}
	link.SetMode(os.ModeSymlink | 0o777)
	o, _ := w.CreateHeader(&link)
	o.Write([]byte("target"))
	raw, _ := w.CreateRaw(&zip.FileHeader{Name: "raw", CRC32: 0x8587d865, CompressedSize64: 3, UncompressedSize64: 3})
	raw.Write([]byte("abc"))
	w.Close()
	f.Add(b.Bytes())
	f.Add([]byte("PK\x05\x06\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		tree, err := hash.MeasureZip(t.Context(), bytes.NewReader(data), int64(len(data)), small())
		checkTree(t, tree, err)
	})
}

// Entries are cut from the input, so that repeats and collisions are common.
func FuzzNewManifest(f *testing.F) {
	f.Add([]byte("1a\x002b\x003c\x00"))
	f.Add([]byte("1a\x001a\x00"))
	f.Add([]byte("1a\x004b\x00\x00"))
	data := []byte("x")
	a, err := hash.Measure(context.Background(), bytes.NewReader(data))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var entries []hash.ManifestEntry
		for field := range bytes.SplitSeq(data, []byte{0}) {
			if len(field) == 0 {
				continue
			}
			e := hash.ManifestEntry{Name: string(field[1:]), Type: hash.EntryType(field[0] & 7)}
			if field[0]&8 != 0 {
				e.Digests = a.Digests()
			}
			if field[0]&16 != 0 {
				e.Target = "t"
			}
			if field[0]&32 != 0 {
				e.Size = new(int64(field[0]) - 100)
			}
			entries = append(entries, e)
		}
		m, err := hash.NewManifest(entries...)
		if (err == nil) != (m != nil) {
			t.Fatal(m, err)
		}
		if err != nil {
			return
		}
		last := ""
		n := 0
		for e := range m.Entries() {
			if e.Name <= last || e.Type == hash.File && e.Digests.Len() == 0 || e.Type != hash.Link && e.Target != "" {
				t.Fatalf("%+v after %q", e, last)
			}
			if again, ok := m.Lookup(e.Name); !ok || again.Name != e.Name {
				t.Fatal(again)
			}
			last = e.Name
			n++
		}
		if n == 0 || n != m.Len() || n != len(entries) {
			t.Fatal(n, m.Len(), len(entries))
		}
	})
}

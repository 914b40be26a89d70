// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package gomod_test

import (
	"bytes"
	"io/fs"
	"maps"
	"os"
	"testing"
	"testing/fstest"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/provenance/gomod"
)

const (
	realVersion = "v0.0.1-go1.26.8.linux-amd64"
	realH1      = "h1:ZOmGe1OnfREDMIdb1Qi4G9JSuDPBLGExZMQ4nis1RXM="
)

// realFiles returns files of the public database.
func realFiles(t testing.TB) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	dir := os.DirFS("testdata/sum.golang.org")
	err := fs.WalkDir(dir, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(dir, name)
		files[name] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func lookupReal(t testing.TB, files fs.FS) (*gomod.Module, error) {
	t.Helper()
	return open(t, files, nil).Lookup(t.Context(), toolchainPath, realVersion)
}

// checkReal checks that a lookup is refused, or says what the real one says: a
// few bits of a signature's base64 mean nothing.
func checkReal(t testing.TB, files fs.FS) (accepted bool) {
	t.Helper()
	m, err := lookupReal(t, files)
	if (m == nil) != (err != nil) {
		t.Fatalf("module %v and error %v", m, err)
	}
	if err != nil {
		return false
	}
	if got, err := hash.FormatH1(m.DirHash()); err != nil || got != realH1 {
		t.Fatalf("accepted with %s, %v", got, err)
	}
	return true
}

// The public database, with every changed byte and every truncation of the
// lookup, and with every changed hash and truncation of the tiles.
func TestMutations(t *testing.T) {
	files := realFiles(t)
	lookup := lookupFile(t, toolchainPath, realVersion)
	if !checkReal(t, files) {
		t.Fatal("the real files are refused")
	}
	const size = 66332798 // of the tree in the lookup
	for name, f := range files {
		// Bytes that matter: not the last base64 character of the signature
		// in front of its padding, two bits of which mean nothing, and of a tile
		// the hashes that the tree had at the time.
		step, end := 1, len(f.Data)-len("o=\n")
		if tile, err := tlog.ParseTilePath(name); err == nil {
			width := min(int64(tile.W), size>>(8*tile.L)-tile.N<<8)
			step, end = 509, int(width)*32 // every hash would take long
		} else if name != lookup {
			t.Fatal(name)
		}
		for i := 0; i < len(f.Data); i += step {
			data := bytes.Clone(f.Data)
			data[i] ^= 1
			if checkReal(t, with(files, name, data)) && i < end {
				t.Errorf("%s: byte %d does not matter", name, i)
			}
			if checkReal(t, with(files, name, f.Data[:i])) {
				t.Errorf("%s: accepted when cut to %d bytes", name, i)
			}
		}
		if checkReal(t, with(files, name, append(bytes.Clone(f.Data), "\n"...))) {
			t.Errorf("%s: accepted with a line more", name)
		}
		if checkReal(t, with(files, name, nil)) {
			t.Errorf("%s: accepted without it", name)
		}
	}
}

// Whatever is in the lookup and in the tile of the record, the outcome is an error
// or the truth.
func FuzzLookup(f *testing.F) {
	files := realFiles(f)
	lookup := lookupFile(f, toolchainPath, realVersion)
	const leaf = "tile/8/0/x241/187"
	answer, tile := files[lookup].Data, files[leaf].Data
	f.Add(answer, tile)
	f.Add(answer, tile[:32])
	f.Add(answer[:200], tile)
	f.Add(replace(answer, "61743986", "61743987"), tile)
	f.Add(replace(answer, "66332798", "0"), tile)
	f.Add(bytes.ReplaceAll(answer, []byte("\n"), []byte("\r\n")), tile)
	f.Add([]byte("1\na\n\ngo.sum database tree\n1\n"), []byte{})
	f.Fuzz(func(t *testing.T, answer, tile []byte) {
		mutated := maps.Clone(files)
		mutated[lookup] = &fstest.MapFile{Data: answer}
		mutated[leaf] = &fstest.MapFile{Data: tile}
		checkReal(t, mutated)
	})
}

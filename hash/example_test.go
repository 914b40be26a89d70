// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/tallystick/tallystick/hash"
)

func ExampleMeasure() {
	a, err := hash.Measure(context.Background(), strings.NewReader("abc"), hash.SHA256, hash.SHA1)
	if err != nil {
		log.Fatal(err)
	}
	for d := range a.Digests().All() {
		fmt.Println(d)
	}
	// Output:
	// sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad
	// sha1:a9993e364706816aba3e25717850c26c9cd0d89d
}

// exampleFolder writes a small source tree.
func exampleFolder() (dir string, done func()) {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	for name, content := range map[string]string{"go.mod": "module m\n", "m.go": "package m\n", "sub/sub.go": "package sub\n"} {
		os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o777)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			log.Fatal(err)
		}
	}
	return dir, func() { os.RemoveAll(dir) }
}

func ExampleMeasureFile() {
	dir, done := exampleFolder()
	defer done()
	a, err := hash.MeasureFile(context.Background(), filepath.Join(dir, "m.go"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(a.Size(), a.Digests())

	_, err = hash.MeasureFile(context.Background(), dir)
	fmt.Println(errors.Is(err, hash.CodeNotRegular))
	// Output:
	// 10 sha256:4aa8b7c674470695884aab61a414c5a11c9e2e283df176cad2013bd4a059a7b5
	// true
}

func ExampleMeasureTree() {
	dir, done := exampleFolder()
	defer done()
	tree, err := hash.MeasureTree(context.Background(), dir, &hash.TreeOptions{
		Algorithms: []hash.Algorithm{hash.DirHash, hash.GitTree},
		Exclude:    []string{"/.git/"},
	})
	if err != nil {
		log.Fatal(err)
	}
	for e := range tree.Entries() {
		fmt.Println(e.Type(), e.Name(), e.Size())
	}
	// What go.sum has, for a module of this content and name.
	d, err := tree.DirHash("example.com/m@v1.0.0")
	if err != nil {
		log.Fatal(err)
	}
	h1, _ := hash.FormatH1(d)
	fmt.Println(h1)
	// What git write-tree prints.
	id, err := tree.GitTree(hash.GitTree)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(id.Hex())
	// Output:
	// file go.mod 9
	// file m.go 10
	// folder sub 0
	// file sub/sub.go 12
	// h1:KPmcKkFzOrIb3sezUBIRL2TM74QhOuGudUTsFurnLqA=
	// d3447cb91b1ed3dc81859acbc1ac236d4e7e48b6
}

func ExampleTreeOptions_previous() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	var last *hash.Tree
	for _, content := range []string{"one", "two"} {
		if err := os.WriteFile(filepath.Join(dir, "file"), []byte(content), 0o666); err != nil {
			log.Fatal(err)
		}
		tree, err := hash.MeasureTree(ctx, dir, &hash.TreeOptions{Previous: last})
		if err != nil {
			log.Fatal(err)
		}
		if last != nil {
			for _, c := range hash.Diff(last, tree).Changed {
				fmt.Println("changed:", hash.EscapeName(c.Name))
			}
		}
		fmt.Println(len(tree.Reused()), "files not read")
		last = tree
	}
	// Output:
	// 0 files not read
	// changed: file
	// 0 files not read
}

func ExampleTree_Match() {
	dir, done := exampleFolder()
	defer done()
	ctx := context.Background()
	tree, err := hash.MeasureTree(ctx, dir, nil)
	if err != nil {
		log.Fatal(err)
	}
	// Usually somebody else says what should be there.
	m := tree.Manifest()

	os.WriteFile(filepath.Join(dir, "m.go"), []byte("package evil\n"), 0o644)
	os.WriteFile(filepath.Join(dir, "sub", "init.go"), nil, 0o644)
	os.Remove(filepath.Join(dir, "go.mod"))
	tree, err = hash.MeasureTree(ctx, dir, nil)
	if err != nil {
		log.Fatal(err)
	}
	if mismatch, ok := errors.AsType[*hash.MismatchError](tree.Match(m)); ok {
		fmt.Println("missing", mismatch.Missing)
		fmt.Println("extra", mismatch.Extra)
		for _, c := range mismatch.Changed {
			fmt.Println("changed", c.Name, c.Differences[0])
		}
	}
	// Output:
	// missing [go.mod]
	// extra [sub/init.go]
	// changed m.go {size 10 13}
}

func ExampleCopy() {
	want, err := hash.ParseDigest("sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
	if err != nil {
		log.Fatal(err)
	}
	claimed, err := hash.NewSet(want)
	if err != nil {
		log.Fatal(err)
	}
	var staged bytes.Buffer
	a, err := hash.Copy(context.Background(), &staged, strings.NewReader("abc"))
	if err != nil {
		log.Fatal(err)
	}
	// Nobody may use what was staged before this.
	if a.Digests().Compare(claimed) != hash.Same {
		log.Fatal("not what was claimed")
	}
	fmt.Println(staged.String())
	// Output: abc
}

func ExampleFS() {
	dir, done := exampleFolder()
	defer done()
	tree, err := hash.MeasureTree(context.Background(), dir, nil)
	if err != nil {
		log.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		log.Fatal(err)
	}
	defer root.Close()
	fsys, err := hash.FS(root, tree.Manifest())
	if err != nil {
		log.Fatal(err)
	}
	content, err := fs.ReadFile(fsys, "m.go")
	fmt.Printf("%q %v\n", content, err)

	os.WriteFile(filepath.Join(dir, "m.go"), []byte("package x\n"), 0o644)
	_, err = fs.ReadFile(fsys, "m.go")
	fmt.Println(errors.Is(err, hash.CodeMismatch))
	// Output:
	// "package m\n" <nil>
	// true
}

func ExampleMeasureTar() {
	var tarball bytes.Buffer
	w := tar.NewWriter(&tarball)
	w.WriteHeader(&tar.Header{Name: "m-1.0/run", Mode: 0o755, Size: 3})
	w.Write([]byte("abc"))
	w.Close()

	tree, err := hash.MeasureTar(context.Background(), &tarball, &hash.TreeOptions{Algorithms: []hash.Algorithm{hash.GitTreeSHA256}})
	if err != nil {
		log.Fatal(err)
	}
	// The tree of the folder at the top, as git has it.
	tree, err = tree.Select(func(e hash.Entry) (string, bool) {
		return strings.CutPrefix(e.Name(), "m-1.0/")
	})
	if err != nil {
		log.Fatal(err)
	}
	a, err := tree.Artifact("m")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(a)
	// Output:
	// m (3 bytes, gitTree:sha256:e8fb74217a8330f7ef6da2232251ac27c394a7f676fc0b168242d4700bab0477)
}

func ExampleMeasureZip() {
	var archive bytes.Buffer
	w := zip.NewWriter(&archive)
	for _, content := range []string{"good", "evil"} {
		f, err := w.Create("example.com/m@v1.0.0/m.go")
		if err != nil {
			log.Fatal(err)
		}
		f.Write([]byte(content))
	}
	w.Close()

	_, err := hash.MeasureZip(context.Background(), bytes.NewReader(archive.Bytes()), int64(archive.Len()), nil)
	fmt.Println(err)
	// Output:
	// hash/name: example.com/m@v1.0.0/m.go: is in the archive twice
}

func ExampleDiff() {
	dir, done := exampleFolder()
	defer done()
	ctx := context.Background()
	before, err := hash.MeasureTree(ctx, dir, nil)
	if err != nil {
		log.Fatal(err)
	}
	os.Rename(filepath.Join(dir, "m.go"), filepath.Join(dir, "n.go"))
	after, err := hash.MeasureTree(ctx, dir, nil)
	if err != nil {
		log.Fatal(err)
	}
	d := hash.Diff(before, after)
	fmt.Println(d.Equal, "equal, missing", d.Missing, "extra", d.Extra)
	// Output:
	// 3 equal, missing [m.go] extra [n.go]
}

func ExampleParseSums() {
	dir, done := exampleFolder()
	defer done()
	tree, err := hash.MeasureTree(context.Background(), dir, nil)
	if err != nil {
		log.Fatal(err)
	}
	m, err := hash.ParseSums([]byte(
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  go.mod\n"+
			"4aa8b7c674470695884aab61a414c5a11c9e2e283df176cad2013bd4a059a7b5 *m.go\n"), hash.SHA256)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(tree.Match(m))
	// Output:
	// hash/mismatch: 0 missing, 1 extra, 1 changed; changed go.mod; extra sub/sub.go
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/tallystick/tallystick/hash"
)

// serve writes a tree, and returns its folder and the file system of its
// manifest.
func serve(t *testing.T, files map[string]string) (dir string, fsys fs.FS) {
	t.Helper()
	dir = t.TempDir()
	plant(t, dir, files)
	tree, err := hash.MeasureTree(t.Context(), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	return dir, serveManifest(t, dir, tree.Manifest())
}

func serveManifest(t *testing.T, dir string, m *hash.Manifest) fs.FS {
	t.Helper()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	fsys, err := hash.FS(root, m)
	if err != nil {
		t.Fatal(err)
	}
	return fsys
}

func TestFS(t *testing.T) {
	files := variety()
	_, fsys := serve(t, files)
	if err := fstest.TestFS(fsys, "README", "a/b", "a/c/d/e", "nested/nothing", "sub/tool", "empty"); err != nil {
		t.Error(err)
	}
	for name, content := range files {
		if strings.HasSuffix(name, "/") || strings.HasPrefix(content, "->") {
			continue
		}
		got, err := fs.ReadFile(fsys, strings.TrimSuffix(name, "*"))
		if err != nil || string(got) != content {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	info, err := fs.Stat(fsys, "run")
	if err != nil || info.Mode() != 0o555 || info.Size() != 10 || !info.ModTime().IsZero() {
		t.Error(info, err)
	}
	sub, err := fs.Sub(fsys, "a/c")
	if err != nil {
		t.Fatal(err)
	}
	if err := fstest.TestFS(sub, "d/e"); err != nil {
		t.Error(err)
	}
}

// Each way to put something else in the place of a file.
func TestFSRefuses(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, []byte("content"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what string
		do   func(dir string) error
		want error
		not  error
	}{
		{"other content", func(d string) error { return os.WriteFile(d+"/a/f", []byte("CONTENT"), 0o666) }, hash.CodeMismatch, fs.ErrNotExist},
		{"longer", func(d string) error { return os.WriteFile(d+"/a/f", []byte("content and more"), 0o666) }, hash.CodeMismatch, nil},
		{"empty", func(d string) error { return os.Truncate(d+"/a/f", 0) }, hash.CodeMismatch, nil},
		{"execute bit", func(d string) error { return os.Chmod(d+"/a/f", 0o755) }, hash.CodeMismatch, nil},
		{"missing", func(d string) error { return os.Remove(d + "/a/f") }, hash.CodeMismatch, fs.ErrNotExist},
		{"folder missing", func(d string) error { return os.Rename(d+"/a", d+"/b") }, hash.CodeMismatch, fs.ErrNotExist},
		{"folder", func(d string) error { return errors.Join(os.Remove(d+"/a/f"), os.Mkdir(d+"/a/f", 0o777)) }, hash.CodeMismatch, nil},
		{"link to the same content", func(d string) error { return errors.Join(os.Rename(d+"/a/f", d+"/a/g"), os.Symlink("g", d+"/a/f")) }, hash.CodeMismatch, nil},
		{"link out to the same content", func(d string) error { return errors.Join(os.Remove(d+"/a/f"), os.Symlink(outside, d+"/a/f")) }, hash.CodeMismatch, nil},
		{"folder is a link in the tree", func(d string) error { return errors.Join(os.Rename(d+"/a", d+"/b"), os.Symlink("b", d+"/a")) }, hash.CodeMismatch, nil},
		{"folder is a file", func(d string) error {
			return errors.Join(os.RemoveAll(d+"/a"), os.WriteFile(d+"/a", []byte("content"), 0o666))
		}, hash.CodeMismatch, nil},
		{"sparse and huge", func(d string) error { return os.Truncate(d+"/a/f", 1<<40) }, hash.CodeMismatch, nil},
	} {
		t.Run(c.what, func(t *testing.T) {
			dir, fsys := serve(t, map[string]string{"a/f": "content", "z": "z"})
			if got, err := fs.ReadFile(fsys, "a/f"); err != nil || string(got) != "content" {
				t.Fatal(got, err)
			}
			if err := c.do(filepath.ToSlash(dir)); err != nil {
				t.Fatal(err)
			}
			_, err1 := fsys.Open("a/f")
			content, err2 := fs.ReadFile(fsys, "a/f")
			_, err3 := fs.Stat(fsys, "a/f")
			for _, err := range []error{err1, err2, err3} {
				if _, ok := errors.AsType[*fs.PathError](err); !ok || !errors.Is(err, c.want) || c.not != nil && errors.Is(err, c.not) {
					t.Errorf("error %v, want %v", err, c.want)
				}
			}
			if content != nil {
				t.Errorf("and gives %q", content)
			}
			// The rest is as good as before.
			if got, err := fs.ReadFile(fsys, "z"); err != nil || string(got) != "z" {
				t.Error(got, err)
			}
		})
	}
}

func TestFSNotListed(t *testing.T) {
	dir, fsys := serve(t, map[string]string{"f": "x", "l": "->f", "d/g": "y"})
	plant(t, dir, map[string]string{"later": "x", "d/later": "x"})
	for name, want := range map[string]error{
		"later": fs.ErrNotExist, "d/later": fs.ErrNotExist, "F": fs.ErrNotExist, "f/x": fs.ErrNotExist,
		"l": hash.CodeNotRegular, "": fs.ErrInvalid, "/f": fs.ErrInvalid, "d/../f": fs.ErrInvalid, "../f": fs.ErrInvalid,
	} {
		if f, err := fsys.Open(name); f != nil || !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", name, err, want)
		}
	}
	if _, err := fs.ReadFile(fsys, "d"); !errors.Is(err, hash.CodeNotRegular) {
		t.Error(err)
	}
	var list []string
	fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		list = append(list, name)
		return err
	})
	if got := fmt.Sprint(list); got != "[. d d/g f]" {
		t.Error(got)
	}
}

// What was opened stays what it was.
func TestFSSwapAfterOpen(t *testing.T) {
	content := strings.Repeat("verified ", 100_000)
	dir, fsys := serve(t, map[string]string{"f": content})
	f, err := fsys.Open("f")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	head := make([]byte, 9)
	if _, err := io.ReadFull(f, head); err != nil {
		t.Fatal(err)
	}
	// In place, through the same inode, and by a rename.
	name := filepath.Join(dir, "f")
	if err := os.WriteFile(name, []byte(strings.Repeat("evil     ", 100_000)), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Rename(name, name+"2"), os.WriteFile(name, []byte("evil"), 0o666)); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(f)
	if err != nil || string(head)+string(rest) != content {
		t.Errorf("the open file changed: %d bytes, %v", len(rest), err)
	}
	if _, err := fsys.Open("f"); !errors.Is(err, hash.CodeMismatch) {
		t.Error(err)
	}
}

// Somebody replaces the file all the time; whoever opens it gets the listed
// content or an error.
func TestFSRace(t *testing.T) {
	dir, fsys := serve(t, map[string]string{"f": "good"})
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				os.WriteFile(filepath.Join(dir, "f"), []byte("evil"), 0o666)
				os.WriteFile(filepath.Join(dir, "f"), []byte("good"), 0o666)
			}
		}
	})
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for range 500 {
				if got, err := fs.ReadFile(fsys, "f"); err == nil && string(got) != "good" {
					t.Errorf("got %q", got)
				}
			}
		})
	}
	readers.Wait()
	close(stop)
	wg.Wait()
}

func TestFSManifests(t *testing.T) {
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	good := set(t, "sha256=a")
	manifest := func(entries ...hash.ManifestEntry) *hash.Manifest {
		m, err := hash.NewManifest(entries...)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	for _, c := range []struct {
		what string
		root *os.Root
		m    *hash.Manifest
		code hash.Code
		name string
	}{
		{"no root", nil, manifest(hash.ManifestEntry{Name: "a", Digests: good}), hash.CodeOptions, ""},
		{"no manifest", root, nil, hash.CodeOptions, ""},
		{"empty manifest", root, &hash.Manifest{}, hash.CodeOptions, ""},
		{"escape", root, manifest(hash.ManifestEntry{Name: "../a", Digests: good}), hash.CodeName, "../a"},
		{"absolute", root, manifest(hash.ManifestEntry{Name: "/a", Digests: good}), hash.CodeName, "/a"},
		{"the root", root, manifest(hash.ManifestEntry{Name: ".", Type: hash.Dir}), hash.CodeName, "."},
		{"not UTF-8", root, manifest(hash.ManifestEntry{Name: "a\xff", Digests: good}), hash.CodeName, "a\xff"},
		{"below a file", root, manifest(hash.ManifestEntry{Name: "a", Digests: good}, hash.ManifestEntry{Name: "a/b", Digests: good}), hash.CodeName, "a"},
		{"below a link", root, manifest(hash.ManifestEntry{Name: "a", Type: hash.Link, Target: "x"}, hash.ManifestEntry{Name: "a/b", Digests: good}), hash.CodeName, "a"},
	} {
		fsys, err := hash.FS(c.root, c.m)
		if fsys != nil {
			t.Errorf("%s is served", c.what)
		}
		wantError(t, err, c.code, c.name)
	}
}

// A manifest whose digests prove nothing hands out nothing.
func TestFSDigests(t *testing.T) {
	dir := t.TempDir()
	plant(t, dir, map[string]string{"f": "abc"})
	for claim, ok := range map[string]bool{
		"sha256:" + abc256: true,
		"gitBlob:f2ba8f84ab5c1bce84a7b441cb1959cfc7093b7f": false,
		"md5:900150983cd24fb0d6963f7d28e17f72":             false,
		"dirHash:" + abc256:                                false,
		"gitCommit:" + abc256:                              false,
	} {
		s, err := hash.NewSet(digest(t, claim))
		if err != nil {
			t.Fatal(err)
		}
		m, err := hash.NewManifest(hash.ManifestEntry{Name: "f", Digests: s})
		if err != nil {
			t.Fatal(err)
		}
		_, err = serveManifest(t, dir, m).Open("f")
		if ok != (err == nil) || !ok && !errors.Is(err, hash.CodeMismatch) {
			t.Errorf("%s: %v", claim, err)
		}
	}
}

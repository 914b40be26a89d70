// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package hash

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// A brokenFolder cannot do some steps with some names.
type brokenFolder struct {
	folder
	name   string
	broken func(step, name string) error
}

func (b brokenFolder) names(buf []byte) ([]string, error) {
	if err := b.broken("names", b.name); err != nil {
		return nil, err
	}
	return b.folder.names(buf)
}

func (b brokenFolder) openFolder(name string) (folder, error) {
	if err := b.broken("openFolder", name); err != nil {
		return nil, err
	}
	f, err := b.folder.openFolder(name)
	if err != nil {
		return nil, err
	}
	return brokenFolder{f, name, b.broken}, nil
}

func (b brokenFolder) openFile(name string) (openFile, error) {
	if err := b.broken("openFile", name); err != nil {
		return nil, err
	}
	return b.folder.openFile(name)
}

func (b brokenFolder) lstat(name string) (stat, error) {
	if err := b.broken("lstat", name); err != nil {
		return stat{}, err
	}
	return b.folder.lstat(name)
}

func (b brokenFolder) readLink(name string) ([]byte, error) {
	if err := b.broken("readLink", name); err != nil {
		return nil, err
	}
	return b.folder.readLink(name)
}

func breaking(open func(string) (folder, error), broken func(step, name string) error) func(string) (folder, error) {
	return func(dir string) (folder, error) {
		f, err := open(dir)
		return brokenFolder{f, ".", broken}, err
	}
}

func goOn(error) error { return nil }

// describe lists errors by name and code.
func describe(errs []error) (list []string) {
	for _, err := range errs {
		e := err.(*Error)
		list = append(list, e.Name+" "+string(e.Code))
	}
	return list
}

// wantPartial fails if a tree could be taken for a whole one.
func wantPartial(t *testing.T, tree *Tree) {
	t.Helper()
	refused := func(what string, err error) {
		t.Helper()
		if e, ok := err.(*Error); !ok || e.Code != CodePartial || !errors.Is(err, tree.Errors()[0].(*Error).Code) {
			t.Errorf("%s: %v, want %s", what, err, CodePartial)
		}
	}
	_, err := tree.DirHash("")
	refused("DirHash", err)
	_, err = tree.GitTree(GitTreeSHA256)
	refused("GitTree", err)
	_, err = tree.Artifact("x")
	refused("Artifact", err)
	var entries []ManifestEntry
	for i := range tree.nodes {
		entries = append(entries, tree.claim(i))
	}
	m, err := NewManifest(entries...)
	if err != nil {
		t.Fatal(err)
	}
	refused("Match", tree.Match(m))
	if m := tree.Manifest(); m.Len() != 0 || tree.Match(m) == nil {
		t.Errorf("a manifest of %d entries", m.Len())
	}
	if d := Diff(tree, tree); d.Same() || d.Equal+len(d.Changed) < tree.Len() || len(d.Missing)+len(d.Extra) != 0 {
		t.Errorf("Diff with itself: %+v", d)
	}
	some, err := tree.Select(func(e Entry) (string, bool) { return "only/" + e.Name(), e.Type() == File })
	if err != nil {
		t.Fatal(err)
	}
	_, err = some.DirHash("")
	refused("Select", err)
}

func TestOnError(t *testing.T) {
	algs := []Algorithm{SHA256, GitBlobSHA256, DirHash}
	for kind, open := range map[string]func(string) (folder, error){"native": openRootFolder, "portable": openRootHandle} {
		for _, workers := range []int{1, 4} {
			t.Run(fmt.Sprint(kind, workers), func(t *testing.T) {
				dir := t.TempDir()
				write := func(name string) {
					full := filepath.Join(dir, name)
					if err := errors.Join(os.MkdirAll(filepath.Dir(full), 0o777), os.WriteFile(full, []byte(name), 0o666)); err != nil {
						t.Fatal(err)
					}
				}
				good := []string{"a/good", "b/good", "f/good", "good", "z"}
				for _, name := range append([]string{"a/eio", "c-unopened/f", "d-unlisted/f", "e/changing", "f/vanished"}, good...) {
					write(name)
				}
				if err := errors.Join(syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o666), os.Symlink("a", filepath.Join(dir, "link"))); err != nil {
					t.Skip(err)
				}
				wholly, err := measureTree(t.Context(), dir, &TreeOptions{Algorithms: algs, Exclude: []string{"fifo"}}, open)
				if err != nil {
					t.Fatal(err)
				}
				var busy atomic.Bool
				told := 0
				var last Progress
				opts := &TreeOptions{Algorithms: algs, Workers: workers, Progress: func(p Progress) { last = p }, OnError: func(err error) error {
					if busy.Swap(true) {
						t.Error("two calls at once")
					}
					defer busy.Store(false)
					told++
					return nil
				}}
				size := 0
				tree, err := measureTree(t.Context(), dir, opts, breaking(open, func(step, name string) error {
					switch step + " " + name {
					case "openFile eio", "openFolder c-unopened", "names d-unlisted", "readLink link":
						return syscall.EIO
					case "lstat vanished":
						return fs.ErrNotExist
					case "openFile changing":
						size++
						return os.WriteFile(filepath.Join(dir, "e", "changing"), make([]byte, size), 0o666)
					}
					return nil
				}))
				if err != nil {
					t.Fatal(err)
				}
				want := []string{"a/eio hash/read", "c-unopened hash/read", "d-unlisted hash/read", "e/changing hash/changed",
					"f/vanished hash/changed", "fifo hash/not-regular", "link hash/read"}
				if got := describe(tree.Errors()); !slices.Equal(got, want) || told != len(want) {
					t.Errorf("told %d times, errors\n%q, want\n%q", told, got, want)
				}
				var files []string
				for e := range tree.Entries() {
					if e.Type() == File {
						files = append(files, e.Name())
					} else if e.Type() != Dir || e.Name()[0] == 'c' || e.Name()[0] == 'd' {
						t.Errorf("%v %q is in the tree", e.Type(), e.Name())
					}
				}
				if !slices.Equal(files, good) {
					t.Errorf("files %q, want %q", files, good)
				}
				if n := int64(len(good) + 2); last.Files != n || last.KnownFiles != n || last.Bytes != last.KnownBytes {
					t.Errorf("progress at the end %+v", last)
				}
				wantPartial(t, tree)
				d := Diff(wholly, tree)
				var changed []string
				for _, c := range d.Changed {
					changed = append(changed, c.Name+" "+c.Differences[0].Field+" "+c.Differences[0].Want)
				}
				if want := []string{"a/eio measured measured", "c-unopened measured measured", "d-unlisted measured measured", "e/changing measured measured",
					"f/vanished measured measured", "fifo measured not there", "link measured measured"}; !slices.Equal(changed, want) {
					t.Errorf("changed %q", changed)
				}
				if !slices.Equal(d.Missing, []string{"c-unopened/f", "d-unlisted/f"}) || len(d.Extra) != 0 || d.Equal != len(good)+4 {
					t.Errorf("%+v", d)
				}
				if d := Diff(tree, wholly); !slices.Equal(d.Extra, []string{"c-unopened/f", "d-unlisted/f"}) || len(d.Missing) != 0 {
					t.Errorf("%+v", d)
				}
			})
		}
	}
}

// The error that the callback returns ends the measurement; if there are several,
// the first in the order of the walk.
func TestOnErrorEnds(t *testing.T) {
	dir := t.TempDir()
	for i := range 300 {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%03d", i)), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for range 20 {
		tree, err := measureTree(t.Context(), dir, &TreeOptions{Workers: 4, OnError: func(err error) error {
			if e := err.(*Error); e.Name > "150" {
				return fmt.Errorf("mine: %w", err)
			}
			return nil
		}}, breaking(openRootFolder, func(step, name string) error {
			if step == "openFile" && strings.HasSuffix(name, "7") {
				return syscall.EIO
			}
			return nil
		}))
		if tree != nil || err == nil || err.Error() != "mine: hash/read: 157: input/output error" {
			t.Fatal(tree, err)
		}
	}
}

func TestOnErrorIsNotAsked(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a", "b"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("content"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	for _, c := range []struct {
		what   string
		opts   TreeOptions
		broken func(step, name string) error
		want   error
	}{
		{"limit", TreeOptions{MaxBytes: 10}, nil, CodeLimit},
		{"names", TreeOptions{MaxNameBytes: 1}, nil, CodeLimit},
		{"context", TreeOptions{}, func(step, name string) error {
			if step == "openFile" {
				cancel()
			}
			return nil
		}, context.Canceled},
		{"root", TreeOptions{}, func(step, name string) error {
			if step == "names" {
				return syscall.EIO
			}
			return nil
		}, CodeRead},
	} {
		t.Run(c.what, func(t *testing.T) {
			c.opts.OnError = func(err error) error {
				t.Errorf("asked about %v", err)
				return nil
			}
			ctx := ctx
			if c.want != context.Canceled {
				ctx = t.Context()
			}
			broken := c.broken
			if broken == nil {
				broken = func(string, string) error { return nil }
			}
			tree, err := measureTree(ctx, dir, &c.opts, breaking(openRootFolder, broken))
			if tree != nil || !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
		})
	}
	// The names of what is left out take memory too.
	long := strings.Repeat("n", 200)
	if err := syscall.Mkfifo(filepath.Join(dir, long), 0o666); err != nil {
		t.Skip(err)
	}
	_, err := MeasureTree(t.Context(), dir, &TreeOptions{MaxNameBytes: 100, OnError: goOn})
	if !errors.Is(err, CodeLimit) {
		t.Error(err)
	}
}

// Folders that change while they are visited keep their entries, the root too.
func TestOnErrorChangedFolder(t *testing.T) {
	dir := t.TempDir()
	if err := errors.Join(os.Mkdir(filepath.Join(dir, "d"), 0o777), os.WriteFile(filepath.Join(dir, "d", "f"), nil, 0o666)); err != nil {
		t.Fatal(err)
	}
	tree, err := measureTree(t.Context(), dir, &TreeOptions{OnError: goOn, Algorithms: []Algorithm{DirHash, GitTreeSHA256}},
		breaking(openRootFolder, func(step, name string) error {
			if step == "lstat" && name == "f" {
				// With other times, as the clock may not have moved.
				then := time.Unix(1e9, 0)
				return errors.Join(os.Mkdir(filepath.Join(dir, "d", "new"), 0o777), os.Mkdir(filepath.Join(dir, "new"), 0o777),
					os.Chtimes(filepath.Join(dir, "d"), then, then), os.Chtimes(dir, then, then))
			}
			return nil
		}))
	if err != nil {
		t.Fatal(err)
	}
	if got := describe(tree.Errors()); !slices.Equal(got, []string{"d hash/changed", ". hash/changed"}) {
		t.Errorf("%q", got)
	}
	if _, ok := tree.Lookup("d/f"); !ok || tree.Len() != 2 {
		t.Error(tree.Len())
	}
	wantPartial(t, tree)
	if d := Diff(tree, tree); len(d.Changed) != 2 || d.Changed[0].Name != "." || d.Equal != 1 {
		t.Errorf("%+v", d)
	}
}

// Deep in the tree a folder above that was closed to save descriptors is gone.
// What is left of it is out of reach, the rest is measured.
func TestOnErrorAbove(t *testing.T) {
	for kind, open := range map[string]func(string) (folder, error){"native": openRootFolder, "portable": openRootHandle} {
		t.Run(kind, func(t *testing.T) {
			dir := t.TempDir()
			deep := filepath.Join(dir, strings.Repeat("d/", maxFrames+20))
			if err := errors.Join(os.MkdirAll(deep, 0o777), os.WriteFile(filepath.Join(deep, "last"), nil, 0o666),
				os.WriteFile(filepath.Join(dir, "d", "z"), nil, 0o666), os.WriteFile(filepath.Join(dir, "d", "d", "z"), nil, 0o666)); err != nil {
				t.Fatal(err)
			}
			done := false
			tree, err := measureTree(t.Context(), dir, &TreeOptions{OnError: goOn}, breaking(open, func(step, name string) error {
				if step == "lstat" && name == "last" && !done {
					done = true
					return os.Rename(filepath.Join(dir, "d", "d"), filepath.Join(dir, "moved"))
				}
				return nil
			}))
			if err != nil {
				t.Fatal(err)
			}
			if got := describe(tree.Errors()); !slices.Contains(got, "d/d hash/changed") {
				t.Errorf("%q", got)
			}
			_, last := tree.Lookup(strings.Repeat("d/", maxFrames+20) + "last")
			_, below := tree.Lookup("d/z")
			_, unreached := tree.Lookup("d/d/z")
			if !last || !below || unreached {
				t.Error(last, below, unreached)
			}
		})
	}
}

func TestOnErrorArchives(t *testing.T) {
	type entry struct {
		name    string
		special bool
	}
	tarOf := func(entries []entry) []byte {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		for _, e := range entries {
			h := &tar.Header{Name: e.name, Mode: 0o644, Size: 1}
			if e.special {
				h.Typeflag, h.Size = tar.TypeFifo, 0
			}
			if err := w.WriteHeader(h); err != nil {
				t.Fatal(err)
			}
			io.WriteString(w, "x"[:h.Size])
		}
		w.Close()
		return b.Bytes()
	}
	zipOf := func(entries []entry) []byte {
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		for _, e := range entries {
			h := &zip.FileHeader{Name: e.name}
			h.SetMode(0o644)
			if e.special {
				h.SetMode(0o644 | os.ModeNamedPipe)
			}
			f, err := w.CreateHeader(h)
			if err != nil {
				t.Fatal(err)
			}
			if !e.special {
				io.WriteString(f, "x")
			}
		}
		w.Close()
		return b.Bytes()
	}
	for _, c := range []struct {
		what    string
		entries []entry
		exclude string
		code    Code // of the error
		errs    []string
	}{
		{"special files", []entry{{"a", false}, {"d/z", true}, {"d/fifo", true}, {"b", false}}, "none", "", []string{"d/z hash/not-regular", "d/fifo hash/not-regular"}},
		{"excluded", []entry{{"a", false}, {"d/fifo", true}}, "fifo", "", nil},
		{"name taken after", []entry{{"a", true}, {"a", false}}, "none", CodeName, nil},
		{"name taken before", []entry{{"a", false}, {"a", true}}, "none", CodeName, nil},
		{"twice", []entry{{"a", true}, {"a", true}}, "none", CodeName, nil},
		{"entries below", []entry{{"a", true}, {"a/b", false}}, "none", CodeName, nil},
		{"escapes", []entry{{"../a", true}}, "none", CodeName, nil},
	} {
		opts := &TreeOptions{OnError: goOn, Exclude: []string{c.exclude}, Algorithms: []Algorithm{DirHash, GitTreeSHA256}}
		z := zipOf(c.entries)
		for kind, measure := range map[string]func() (*Tree, error){
			"tar": func() (*Tree, error) { return MeasureTar(t.Context(), bytes.NewReader(tarOf(c.entries)), opts) },
			"zip": func() (*Tree, error) { return MeasureZip(t.Context(), bytes.NewReader(z), int64(len(z)), opts) },
		} {
			t.Run(c.what+"/"+kind, func(t *testing.T) {
				tree, err := measure()
				if c.code != "" {
					if !errors.Is(err, c.code) {
						t.Errorf("error %v, want %s", err, c.code)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if got := describe(tree.Errors()); !slices.Equal(got, c.errs) {
					t.Errorf("errors %q", got)
				}
				if _, ok := tree.Lookup("d/fifo"); ok {
					t.Error("the FIFO is in the tree")
				}
				if c.errs != nil {
					wantPartial(t, tree)
				}
			})
		}
	}
	broken := tarOf([]entry{{"a", false}})[:600]
	if _, err := MeasureTar(t.Context(), bytes.NewReader(broken), &TreeOptions{OnError: goOn}); err == nil {
		t.Error("a truncated archive is measured")
	}
	failing := io.MultiReader(bytes.NewReader(broken), brokenReader{})
	if _, err := MeasureTar(t.Context(), failing, &TreeOptions{OnError: goOn}); !errors.Is(err, CodeRead) {
		t.Error(err)
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, syscall.EIO }

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux || darwin || freebsd || netbsd || openbsd

package hash_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tallystick/tallystick/hash"
	"golang.org/x/sys/unix"
)

// old is far enough from the present that new files are old for it.
const old = time.Hour

// remeasure measures a folder with a previous tree and makes sure that the
// result is that of a full measurement, apart from what was not read.
func remeasure(t *testing.T, dir string, opts hash.TreeOptions, previous *hash.Tree, reused ...string) *hash.Tree {
	t.Helper()
	full, err := hash.MeasureTree(t.Context(), dir, &opts)
	if err != nil {
		t.Fatal(err)
	}
	opts.Previous = previous
	tree, err := hash.MeasureTree(t.Context(), dir, &opts)
	if err != nil {
		t.Fatal(err)
	}
	if d := hash.Diff(full, tree); !d.Same() || !slices.Equal(full.Algorithms(), tree.Algorithms()) || full.Size() != tree.Size() {
		t.Errorf("missing %q, extra %q, changed %+v", d.Missing, d.Extra, d.Changed)
	}
	if got := tree.Reused(); !slices.Equal(got, reused) {
		t.Errorf("reused %q, want %q", got, reused)
	}
	for e := range tree.Entries() {
		if e.Reused() != slices.Contains(reused, e.Name()) {
			t.Errorf("%q reused: %v", e.Name(), e.Reused())
		}
	}
	says := slices.ContainsFunc(tree.NotCovered(), func(s string) bool { return strings.Contains(s, "not read again") })
	if says != (len(reused) > 0) {
		t.Errorf("%q with %d files reused", tree.NotCovered(), len(reused))
	}
	if len(full.Reused()) > 0 {
		t.Error("a full measurement reuses something")
	}
	return tree
}

// overwrite gives a file another content of the same size, and then the
// modification time that it had.
func overwrite(t *testing.T, name, content string) {
	t.Helper()
	before, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err1 := f.WriteString(content)
	if err := errors.Join(err1, f.Close(), os.Chtimes(name, before.ModTime(), before.ModTime())); err != nil {
		t.Fatal(err)
	}
	after, err := os.Stat(name)
	if err != nil || after.Size() != before.Size() || !after.ModTime().Equal(before.ModTime()) {
		t.Fatal("the file is not as it was meant to be", err)
	}
}

func TestPrevious(t *testing.T) {
	two := []hash.Algorithm{hash.SHA256, hash.SHA512}
	all := []string{"a/b", "a/b.c", "c", "run"}
	type change struct {
		what         string
		before, then hash.TreeOptions
		change       func(t *testing.T, dir string)
		previous     func(t *testing.T, tree *hash.Tree) *hash.Tree // nil: it began an hour later
		reused       []string
	}
	later := func(d time.Duration) func(*testing.T, *hash.Tree) *hash.Tree {
		return func(_ *testing.T, tree *hash.Tree) *hash.Tree { return hash.Later(tree, d) }
	}
	inDir := func(f func(dir string) error) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			if err := f(dir); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, c := range []change{
		{what: "nothing changes", reused: all},
		{what: "younger than the previous measurement", previous: later(0)},
		{what: "as old as the previous measurement, within the margin", previous: later(hash.ClockMargin / 2)},
		{what: "same size, modification time restored", reused: []string{"a/b", "a/b.c", "run"},
			change: func(t *testing.T, dir string) { overwrite(t, filepath.Join(dir, "c"), "X") }},
		{what: "another inode with all the rest", reused: []string{"a/b", "a/b.c", "run"},
			change: func(t *testing.T, dir string) {
				info, _ := os.Stat(filepath.Join(dir, "c"))
				err := errors.Join(os.WriteFile(filepath.Join(dir, "new"), []byte("X"), 0o644), os.Chmod(filepath.Join(dir, "new"), 0o644),
					os.Chtimes(filepath.Join(dir, "new"), info.ModTime(), info.ModTime()), os.Rename(filepath.Join(dir, "new"), filepath.Join(dir, "c")))
				if err != nil {
					t.Fatal(err)
				}
			}},
		{what: "chmod", reused: []string{"a/b", "a/b.c", "run"}, change: inDir(func(dir string) error { return os.Chmod(filepath.Join(dir, "c"), 0o755) })},
		{what: "chmod to and fro", reused: []string{"a/b", "a/b.c", "c"}, change: inDir(func(dir string) error {
			return errors.Join(os.Chmod(filepath.Join(dir, "run"), 0o700), os.Chmod(filepath.Join(dir, "run"), 0o755))
		})},
		{what: "grows", reused: []string{"a/b", "a/b.c", "run"}, change: inDir(func(dir string) error { return os.WriteFile(filepath.Join(dir, "c"), []byte("longer"), 0) })},
		{what: "files swap names", reused: []string{"a/b.c", "run"}, change: inDir(func(dir string) error {
			c, b, x := filepath.Join(dir, "c"), filepath.Join(dir, "a", "b"), filepath.Join(dir, "x")
			return errors.Join(os.Rename(c, x), os.Rename(b, c), os.Rename(x, b))
		})},
		{what: "a file becomes a link, a link a file, a folder another", reused: []string{"a/b", "a/b.c", "run"}, change: inDir(func(dir string) error {
			c, l, e := filepath.Join(dir, "c"), filepath.Join(dir, "l"), filepath.Join(dir, "empty")
			return errors.Join(os.Remove(c), os.Remove(l), os.Remove(e), os.Symlink("a/b", c), os.WriteFile(l, []byte("c"), 0o666), os.Mkdir(e+"2", 0o777))
		})},
		{what: "a link to elsewhere, a file less and one more", reused: []string{"a/b.c", "c", "run"}, change: inDir(func(dir string) error {
			l := filepath.Join(dir, "l")
			return errors.Join(os.Remove(l), os.Symlink("elsewhere", l), os.Remove(filepath.Join(dir, "a", "b")), os.WriteFile(filepath.Join(dir, "a", "a"), nil, 0o666))
		})},
		{what: "a hard link more, which changes the file", reused: []string{"a/b", "a/b.c", "run"},
			change: inDir(func(dir string) error { return os.Link(filepath.Join(dir, "c"), filepath.Join(dir, "d")) })},
		{what: "the folder has moved", reused: all, change: inDir(func(dir string) error {
			return errors.Join(os.Rename(dir, dir+"2"), os.Rename(dir+"2", dir))
		})},
		{what: "fewer algorithms", reused: all, before: hash.TreeOptions{Algorithms: two}, then: hash.TreeOptions{Algorithms: two[1:]}},
		{what: "the other algorithm", before: hash.TreeOptions{Algorithms: two[:1]}, then: hash.TreeOptions{Algorithms: two[1:]}},
		{what: "more algorithms", then: hash.TreeOptions{Algorithms: two}},
		{what: "identities", reused: all, before: hash.TreeOptions{Algorithms: []hash.Algorithm{hash.GitTree, hash.DirHash, hash.MD5}},
			then: hash.TreeOptions{Algorithms: []hash.Algorithm{hash.DirHash, hash.GitBlob}}},
		{what: "excluded now", then: hash.TreeOptions{Exclude: []string{"a"}}, reused: []string{"c", "run"}},
		{what: "excluded before", before: hash.TreeOptions{Exclude: []string{"a"}}, reused: []string{"c", "run"}},
		{what: "selected", reused: []string{"a/b", "c"}, previous: func(t *testing.T, tree *hash.Tree) *hash.Tree {
			s, err := hash.Later(tree, old).Select(func(e hash.Entry) (string, bool) { return e.Name(), e.Name() != "run" && e.Name() != "a/b.c" })
			if err != nil {
				t.Fatal(err)
			}
			return s
		}},
		{what: "selected under other names", reused: []string{"a/b", "a/b.c"}, previous: func(t *testing.T, tree *hash.Tree) *hash.Tree {
			s, err := hash.Later(tree, old).Select(func(e hash.Entry) (string, bool) {
				return strings.Replace(strings.Replace(strings.Replace(e.Name(), "run", "x", 1), "c", "run", 1), "b.run", "b.c", 1), true
			})
			if err != nil {
				t.Fatal(err)
			}
			return s
		}},
		{what: "the zero Tree", previous: func(*testing.T, *hash.Tree) *hash.Tree { return new(hash.Tree) }},
		{what: "an archive", previous: func(t *testing.T, tree *hash.Tree) *hash.Tree {
			archive, err := hash.MeasureTar(t.Context(), bytes.NewReader(tarOfFile(t, "c", []byte("c"))), nil)
			if err != nil {
				t.Fatal(err)
			}
			return hash.Later(archive, old)
		}},
	} {
		t.Run(c.what, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "d")
			plant(t, dir, map[string]string{"a/b": "below", "a/b.c": "beside", "c": "c", "run*": "x", "l": "->c", "empty/": ""})
			tree, err := hash.MeasureTree(t.Context(), dir, &c.before)
			if err != nil {
				t.Fatal(err)
			}
			if c.change != nil {
				c.change(t, dir)
			}
			if c.previous == nil {
				c.previous = later(old)
			}
			remeasure(t, dir, c.then, c.previous(t, tree), c.reused...)
		})
	}
}

// A file that changes right after it was read may keep all of its times where the
// clock of the file system is coarse. A rigged clock stands in for one.
func TestPreviousRacy(t *testing.T) {
	dir := t.TempDir()
	plant(t, dir, map[string]string{"f": "before"})
	info, err := os.Stat(filepath.Join(dir, "f"))
	if err != nil {
		t.Fatal(err)
	}
	tree, err := hash.MeasureTree(t.Context(), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	began := hash.Began(tree)
	for _, c := range []struct {
		after  time.Duration // of the measurement's beginning, since the file's last change
		reused []string
	}{
		{-time.Hour, nil}, {-1, nil}, {0, nil}, {1, nil}, {hash.ClockMargin - 1, nil}, {hash.ClockMargin, nil},
		{hash.ClockMargin + 1, []string{"f"}}, {time.Hour, []string{"f"}},
	} {
		previous := hash.Later(tree, info.ModTime().Add(c.after).Sub(began))
		remeasure(t, dir, hash.TreeOptions{}, previous, c.reused...)
	}
	// A modification time that somebody set does not make a file old, nor
	// young again.
	for _, set := range []time.Duration{-10 * old, 10 * old} {
		name := filepath.Join(dir, "f")
		mtime := time.Now().Add(set)
		if err := os.Chtimes(name, mtime, mtime); err != nil {
			t.Fatal(err)
		}
		var st unix.Stat_t
		if err := unix.Lstat(name, &st); err != nil {
			t.Fatal(err)
		}
		tree, err := hash.MeasureTree(t.Context(), dir, nil)
		if err != nil {
			t.Fatal(err)
		}
		latest := time.Unix(0, max(st.Ctim.Nano(), st.Mtim.Nano())).Add(hash.ClockMargin)
		remeasure(t, dir, hash.TreeOptions{}, hash.Later(tree, latest.Sub(hash.Began(tree))))
		remeasure(t, dir, hash.TreeOptions{}, hash.Later(tree, latest.Add(1).Sub(hash.Began(tree))), "f")
	}
}

// Reused entries are reused again, those that changed between are not lost.
func TestPreviousChain(t *testing.T) {
	dir := t.TempDir()
	plant(t, dir, map[string]string{"a": "1", "b": "2", "c": "3"})
	a, err := hash.MeasureTree(t.Context(), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	overwrite(t, filepath.Join(dir, "b"), "X")
	b := remeasure(t, dir, hash.TreeOptions{}, hash.Later(a, old), "a", "c")
	// b began when a file of it, b, was as young as a clock can tell.
	remeasure(t, dir, hash.TreeOptions{}, b)
	c := remeasure(t, dir, hash.TreeOptions{}, hash.Later(b, old), "a", "b", "c")
	overwrite(t, filepath.Join(dir, "a"), "Y")
	d := remeasure(t, dir, hash.TreeOptions{}, hash.Later(c, old), "b", "c")
	// Whatever happened between is nothing to an older tree.
	remeasure(t, dir, hash.TreeOptions{}, hash.Later(a, old), "c")
	if err := d.Match(a.Manifest()); !errors.Is(err, hash.CodeMismatch) {
		t.Error(err)
	}
}

// A tree that lacks something is no base for another one.
func TestPreviousPartial(t *testing.T) {
	dir := t.TempDir()
	plant(t, dir, map[string]string{"a": "1"})
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o666); err != nil {
		t.Skip(err)
	}
	partial, err := hash.MeasureTree(t.Context(), dir, &hash.TreeOptions{OnError: func(error) error { return nil }})
	if err != nil || len(partial.Errors()) != 1 {
		t.Fatal(err)
	}
	os.Remove(fifo)
	remeasure(t, dir, hash.TreeOptions{}, hash.Later(partial, old))
	// The other way round: what could not be measured is not reused.
	whole, err := hash.MeasureTree(t.Context(), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(fifo, 0o666); err != nil {
		t.Fatal(err)
	}
	_, err = hash.MeasureTree(t.Context(), dir, &hash.TreeOptions{Previous: hash.Later(whole, old)})
	wantError(t, err, hash.CodeNotRegular, "fifo")
}

// Another folder with the same names, sizes and times, and one with names of the
// same files.
func TestPreviousOfAnotherFolder(t *testing.T) {
	one, two, three := t.TempDir(), t.TempDir(), t.TempDir()
	at := time.Now().Add(-10 * old)
	for dir, content := range map[string]string{one: "one", two: "two"} {
		plant(t, dir, map[string]string{"f": content})
		if err := os.Chtimes(filepath.Join(dir, "f"), at, at); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Link(filepath.Join(one, "f"), filepath.Join(three, "f")); err != nil {
		t.Skip(err)
	}
	tree, err := hash.MeasureTree(t.Context(), one, nil)
	if err != nil {
		t.Fatal(err)
	}
	remeasure(t, two, hash.TreeOptions{}, hash.Later(tree, old))
	// That is one file, whatever the folder.
	remeasure(t, three, hash.TreeOptions{}, hash.Later(tree, old), "f")
}

// Names of one file are each looked up, and none is an old content of another.
func TestPreviousHardLinks(t *testing.T) {
	dir := t.TempDir()
	plant(t, dir, map[string]string{"a": "1", "c": "3"})
	if err := os.Link(filepath.Join(dir, "a"), filepath.Join(dir, "b")); err != nil {
		t.Skip(err)
	}
	tree, err := hash.MeasureTree(t.Context(), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	tree = hash.Later(tree, old)
	remeasure(t, dir, hash.TreeOptions{}, tree, "a", "b", "c")
	// c becomes another name of a, which changes the times of a and b too.
	if err := errors.Join(os.Remove(filepath.Join(dir, "c")), os.Link(filepath.Join(dir, "a"), filepath.Join(dir, "c"))); err != nil {
		t.Fatal(err)
	}
	remeasure(t, dir, hash.TreeOptions{}, tree)
	overwrite(t, filepath.Join(dir, "b"), "X")
	tree = remeasure(t, dir, hash.TreeOptions{}, tree)
	remeasure(t, dir, hash.TreeOptions{}, hash.Later(tree, old), "a", "b", "c")
}

// Where there are no descriptors of folders nothing is reused, and what was
// measured there is no base for others.
func TestPreviousPortable(t *testing.T) {
	dir := t.TempDir()
	plant(t, dir, variety())
	native, err := hash.MeasureTree(t.Context(), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	portable, err := hash.MeasureTreePortable(t.Context(), dir, &hash.TreeOptions{Previous: hash.Later(native, old)})
	if err != nil || len(portable.Reused()) != 0 {
		t.Error(err, portable.Reused())
	}
	// Two that know no times at all would agree about them.
	second, err := hash.MeasureTreePortable(t.Context(), dir, &hash.TreeOptions{Previous: hash.Later(portable, old)})
	if err != nil || len(second.Reused()) != 0 {
		t.Error(err, second.Reused())
	}
	again, err := hash.MeasureTree(t.Context(), dir, &hash.TreeOptions{Previous: hash.Later(portable, old)})
	if err != nil || len(again.Reused()) != 0 {
		t.Error(err, again.Reused())
	}
	archive, err := hash.MeasureTar(t.Context(), bytes.NewReader(tarOfFile(t, "README", []byte("x"))), &hash.TreeOptions{Previous: hash.Later(native, old)})
	if err != nil || len(archive.Reused()) != 0 {
		t.Error(err, archive.Reused())
	}
}

// Limits and progress count what is not read.
func TestPreviousCounts(t *testing.T) {
	dir := t.TempDir()
	plant(t, dir, map[string]string{"a": "12345", "b/c": "12345"})
	tree, err := hash.MeasureTree(t.Context(), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	var last hash.Progress
	opts := hash.TreeOptions{MaxBytes: 10, Progress: func(p hash.Progress) { last = p }}
	remeasure(t, dir, opts, hash.Later(tree, old), "a", "b/c")
	if (last != hash.Progress{Files: 2, Bytes: 10, KnownFiles: 2, KnownBytes: 10}) {
		t.Error(last)
	}
	_, err = hash.MeasureTree(t.Context(), dir, &hash.TreeOptions{MaxBytes: 9, Previous: hash.Later(tree, old)})
	wantError(t, err, hash.CodeLimit, "b/c")
}

// While somebody writes to files and keeps their size, each measurement is based
// on the one before, with the margin as small as the clock of Linux allows. When
// the writer is done the result has to be right.
func TestPreviousRace(t *testing.T) {
	dir := t.TempDir()
	files := map[string]string{}
	for i := range 200 {
		files[fmt.Sprint(i)] = "0000"
	}
	plant(t, dir, files)
	var last *hash.Tree
	next, reused := 0, 0
	for range 10 {
		stop := make(chan struct{})
		var writer sync.WaitGroup
		writer.Go(func() {
			for ; ; next++ {
				f, err := os.OpenFile(filepath.Join(dir, fmt.Sprint(next%len(files))), os.O_WRONLY, 0)
				if err != nil {
					t.Error(err)
					return
				}
				for i := range 50 {
					f.WriteAt(fmt.Appendf(nil, "%04d", i*next%10000), 0)
				}
				f.Close()
				select {
				case <-stop:
					return
				default:
				}
			}
		})
		for range 10 {
			tree, err := hash.MeasureTree(context.WithoutCancel(t.Context()), dir, &hash.TreeOptions{Previous: last})
			switch {
			case err == nil:
				reused += len(tree.Reused())
				last = hash.Later(tree, hash.ClockMargin-20*time.Millisecond)
			case !errors.Is(err, hash.CodeChanged):
				t.Error(err)
			}
		}
		close(stop)
		writer.Wait()
		full, err1 := hash.MeasureTree(t.Context(), dir, nil)
		tree, err2 := hash.MeasureTree(t.Context(), dir, &hash.TreeOptions{Previous: last})
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		if d := hash.Diff(full, tree); !d.Same() {
			t.Fatalf("%d files of %d wrong", len(d.Changed), len(files))
		}
	}
	t.Logf("reused %d", reused)
}

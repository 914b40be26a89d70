// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tallystick/tallystick/hash"
)

type measureFunc func(context.Context, string, *hash.TreeOptions) (*hash.Tree, error)

// bothWalkers runs a test with descriptors and with the portable folders.
func bothWalkers(t *testing.T, test func(t *testing.T, measure measureFunc)) {
	t.Run("native", func(t *testing.T) { test(t, hash.MeasureTree) })
	t.Run("portable", func(t *testing.T) { test(t, hash.MeasureTreePortable) })
}

// wantError fails unless err is an *Error of the code about the name.
func wantError(t *testing.T, err error, code hash.Code, name string) {
	t.Helper()
	e, ok := errors.AsType[*hash.Error](err)
	if !ok || e.Code != code || e.Name != name {
		t.Errorf("error %v, want %s about %q", err, code, name)
	}
}

func TestMeasureTree(t *testing.T) {
	bothWalkers(t, func(t *testing.T, measure measureFunc) {
		dir := t.TempDir()
		plant(t, dir, variety())
		tree, err := measure(t.Context(), dir, nil)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		var size int64
		for e := range tree.Entries() {
			line := fmt.Sprintf("%s %s", e.Type(), e.Name())
			switch e.Type() {
			case hash.File:
				line += fmt.Sprintf(" %d %v", e.Size(), e.Executable())
				a, err := hash.MeasureFile(t.Context(), filepath.Join(dir, e.Name()))
				if err != nil || a.Digests().Compare(e.Digests()) != hash.Same {
					t.Errorf("%s: %v, alone %v (%v)", e.Name(), e.Digests(), a, err)
				}
				of, ok := e.Artifact()
				of2, ok2 := tree.FileArtifact(e.Name())
				if !ok || !ok2 || of.String() != of2.String() || of.Name() != e.Name() || of.Size() != e.Size() {
					t.Errorf("artifacts %v and %v", of, of2)
				}
			case hash.Link:
				line += " " + e.Target()
			}
			if _, ok := e.Artifact(); ok != (e.Type() == hash.File) || ok != (e.Digests().Len() == 1) {
				t.Errorf("%s is an artifact: %v, digests: %v", e.Name(), ok, e.Digests())
			}
			size += e.Size()
			got = append(got, line)
			if found, ok := tree.Lookup(e.Name()); !ok || found != e {
				t.Errorf("Lookup(%q) = %v, %v", e.Name(), found, ok)
			}
		}
		want := []string{
			"file README 6 false",
			"folder a",
			"file a-b 12 false",
			"file a.b 27 false",
			"file a/b 7 false",
			"folder a/c",
			"folder a/c/d",
			"file a/c/d/e 4 false",
			"link a/up ../README",
			"file a0 14 false",
			"file crlf 6 false",
			"link dangling /nowhere/at all",
			"file empty 0 false",
			"link folder link a",
			"link link README",
			"file naïve 5 false",
			"folder nested",
			"folder nested/nothing",
			"folder nothing",
			"link out ../../..",
			"file run 10 true",
			"folder sub",
			"file sub/.hidden 1 false",
			"file sub/tool 1 true",
		}
		if !slices.Equal(got, want) {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if tree.Len() != len(want) || tree.Size() != size || size != 93 {
			t.Errorf("Len %d, Size %d of %d", tree.Len(), tree.Size(), size)
		}
		for _, name := range []string{"", "a/", "/a", "A", "sub/", "zzz", "a/b/c"} {
			if e, ok := tree.Lookup(name); ok || e.Type() != 0 {
				t.Errorf("Lookup(%q) = %q", name, e.Name())
			}
		}
		if len(tree.NotCovered()) == 0 || len(tree.Excluded()) != 0 {
			t.Error("NotCovered", tree.NotCovered(), "Excluded", tree.Excluded())
		}
	})
}

func TestMeasureTreeEmpty(t *testing.T) {
	bothWalkers(t, func(t *testing.T, measure measureFunc) {
		tree, err := measure(t.Context(), t.TempDir(), &hash.TreeOptions{
			Algorithms: []hash.Algorithm{hash.DirHash, hash.GitTree, hash.GitTreeSHA256}})
		if err != nil {
			t.Fatal(err)
		}
		a, err := tree.Artifact("nothing")
		if err != nil {
			t.Fatal(err)
		}
		// The object names of git's empty tree are well known; x/mod gives
		// the SHA-256 of nothing.
		const want = "nothing (0 bytes, gitTree:4b825dc642cb6eb9a060e54bf8d69288fbee4904" +
			" gitTree:sha256:6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321" +
			" dirHash:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855)"
		if a.String() != want {
			t.Errorf("got  %s\nwant %s", a, want)
		}
	})
}

func TestMeasureTreeRefusesRoot(t *testing.T) {
	bothWalkers(t, func(t *testing.T, measure measureFunc) {
		dir := t.TempDir()
		plant(t, dir, map[string]string{"f": "x", "l": "->d", "d/g": "y"})
		file := filepath.Join(dir, "f")
		_, err := measure(t.Context(), file, nil)
		wantError(t, err, hash.CodeRead, file)
		missing := filepath.Join(dir, "missing")
		_, err = measure(t.Context(), missing, nil)
		wantError(t, err, hash.CodeRead, missing)
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%v is not fs.ErrNotExist", err)
		}
		_, err = measure(t.Context(), "", nil)
		wantError(t, err, hash.CodeRead, "")
		// The caller's own path may hold links.
		tree, err := measure(t.Context(), filepath.Join(dir, "l"), nil)
		if err != nil || names(tree) != `"g"` {
			t.Error(tree, err)
		}
	})
}

// Results are the same whatever the number of workers.
func TestMeasureTreeDeterministic(t *testing.T) {
	dir := t.TempDir()
	files := map[string]string{}
	for i := range 500 {
		files[fmt.Sprintf("%d/%d/%d", i%3, i%7, i)] = strings.Repeat("x", i*17)
	}
	files["0/big"] = strings.Repeat("big", 1<<20)
	plant(t, dir, files)
	var first *hash.Tree
	bothWalkers(t, func(t *testing.T, measure measureFunc) {
		for _, workers := range []int{1, 2, 0, 33} {
			opts := everything()
			opts.Workers = workers
			tree, err := measure(t.Context(), dir, opts)
			if err != nil {
				t.Fatal(err)
			}
			if first == nil {
				first = tree
			}
			sameTree(t, first, tree)
		}
	})
}

func TestMeasureTreeOptions(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		what string
		opts hash.TreeOptions
		code hash.Code
		name string
	}{
		{"negative files", hash.TreeOptions{MaxFiles: -1}, hash.CodeOptions, "MaxFiles"},
		{"negative bytes", hash.TreeOptions{MaxBytes: -1}, hash.CodeOptions, "MaxBytes"},
		{"negative depth", hash.TreeOptions{MaxDepth: -1}, hash.CodeOptions, "MaxDepth"},
		{"negative names", hash.TreeOptions{MaxNameBytes: -1}, hash.CodeOptions, "MaxNameBytes"},
		{"negative ratio", hash.TreeOptions{MaxRatio: -1}, hash.CodeOptions, "MaxRatio"},
		{"negative workers", hash.TreeOptions{Workers: -1}, hash.CodeOptions, "Workers"},
		{"invalid algorithm", hash.TreeOptions{Algorithms: []hash.Algorithm{0}}, hash.CodeAlgorithm, ""},
		{"unknown algorithm", hash.TreeOptions{Algorithms: []hash.Algorithm{200}}, hash.CodeAlgorithm, ""},
		{"commit", hash.TreeOptions{Algorithms: []hash.Algorithm{hash.GitCommit}}, hash.CodeAlgorithm, "gitCommit"},
		{"malformed pattern", hash.TreeOptions{Exclude: []string{"a", "["}}, hash.CodeOptions, "["},
		{"empty pattern", hash.TreeOptions{Exclude: []string{""}}, hash.CodeOptions, ""},
		{"pattern of the root", hash.TreeOptions{Exclude: []string{"/"}}, hash.CodeOptions, "/"},
		{"pattern that is not clean", hash.TreeOptions{Exclude: []string{"a//b"}}, hash.CodeOptions, "a//b"},
		{"pattern above the root", hash.TreeOptions{Exclude: []string{"../x"}}, hash.CodeOptions, "../x"},
	} {
		t.Run(c.what, func(t *testing.T) {
			_, err := hash.MeasureTree(t.Context(), dir, &c.opts)
			wantError(t, err, c.code, c.name)
			_, err = hash.MeasureTar(t.Context(), bytes.NewReader(nil), &c.opts)
			wantError(t, err, c.code, c.name)
			_, err = hash.MeasureZip(t.Context(), bytes.NewReader(nil), 0, &c.opts)
			wantError(t, err, c.code, c.name)
		})
	}
}

func TestLimits(t *testing.T) {
	dir := t.TempDir()
	// 5 entries, 3 levels, 30 bytes, 15 bytes of names and targets.
	plant(t, dir, map[string]string{"a/b/c": strings.Repeat("x", 20), "d": strings.Repeat("y", 10), "e": "->target"})
	data := command(t, dir, "tar", "--format=ustar", "--sort=name", "-cf", "-", "a", "d", "e")
	zipName := filepath.Join(t.TempDir(), "z.zip")
	command(t, dir, "zip", "-q", "-r", "-y", zipName, "a", "d", "e")
	zipData, err := os.ReadFile(zipName)
	if err != nil {
		t.Fatal(err)
	}
	measures := map[string]measureFunc{
		"native":   hash.MeasureTree,
		"portable": hash.MeasureTreePortable,
		"tar": func(ctx context.Context, _ string, opts *hash.TreeOptions) (*hash.Tree, error) {
			return hash.MeasureTar(ctx, bytes.NewReader(data), opts)
		},
		"zip": func(ctx context.Context, _ string, opts *hash.TreeOptions) (*hash.Tree, error) {
			return hash.MeasureZip(ctx, bytes.NewReader(zipData), int64(len(zipData)), opts)
		},
	}
	for kind, measure := range measures {
		for _, c := range []struct {
			option  string
			at, low hash.TreeOptions
		}{
			{"MaxFiles", hash.TreeOptions{MaxFiles: 5}, hash.TreeOptions{MaxFiles: 4}},
			{"MaxBytes", hash.TreeOptions{MaxBytes: 30}, hash.TreeOptions{MaxBytes: 29}},
			{"MaxBytes", hash.TreeOptions{MaxBytes: 30}, hash.TreeOptions{MaxBytes: 1}},
			{"MaxDepth", hash.TreeOptions{MaxDepth: 3}, hash.TreeOptions{MaxDepth: 2}},
			{"MaxNameBytes", hash.TreeOptions{MaxNameBytes: 17}, hash.TreeOptions{MaxNameBytes: 16}},
		} {
			t.Run(kind+"/"+c.option, func(t *testing.T) {
				if _, err := measure(t.Context(), dir, &c.at); err != nil {
					t.Errorf("at the limit: %v", err)
				}
				_, err := measure(t.Context(), dir, &c.low)
				if !errors.Is(err, hash.CodeLimit) || !strings.Contains(err.Error(), "TreeOptions."+c.option) {
					t.Errorf("error %v, want %s naming %s", err, hash.CodeLimit, c.option)
				}
			})
		}
	}
}

// The names in a folder are held to the limit while it is listed, and forgotten
// when it is given up.
func TestNamesOfLargeFolder(t *testing.T) {
	bothWalkers(t, func(t *testing.T, measure measureFunc) {
		dir := t.TempDir()
		files := map[string]string{"a": "1"}
		for i := range 100 {
			files[fmt.Sprintf("d/%0200d", i)] = ""
			files[fmt.Sprintf("e/%0200d", i)] = ""
		}
		plant(t, dir, files)
		const all = 3 + 2*100*202
		if _, err := measure(t.Context(), dir, &hash.TreeOptions{MaxNameBytes: all}); err != nil {
			t.Error(err)
		}
		_, err := measure(t.Context(), dir, &hash.TreeOptions{MaxNameBytes: all - 1})
		wantError(t, err, hash.CodeLimit, fmt.Sprintf("e/%0200d", 99))
		_, err = measure(t.Context(), dir, &hash.TreeOptions{MaxNameBytes: 15_000})
		wantError(t, err, hash.CodeLimit, "d")
	})
}

func TestBombs(t *testing.T) {
	// Larger by a third than what the limit on the ratio leaves alone.
	zeros := make([]byte, 22<<20)
	content := tarOfFile(t, "zeros", zeros)
	// Zeros are packed once and put together from members, which is the same
	// stream: packing takes the most time here.
	const piece = 2 << 20
	packed := gzipOf(zeros[:piece])
	bomb := gzipOf(content[:512])
	for range len(zeros) / piece {
		bomb = append(bomb, packed...)
	}
	bomb = append(bomb, gzipOf(content[512+len(zeros):])...)
	t.Run("tar.gz", func(t *testing.T) {
		_, err := hash.MeasureTar(t.Context(), bytes.NewReader(bomb), nil)
		if !errors.Is(err, hash.CodeLimit) || !strings.Contains(err.Error(), "MaxRatio") {
			t.Error(err)
		}
		// What is left out is decompressed all the same.
		_, err = hash.MeasureTar(t.Context(), bytes.NewReader(bomb), &hash.TreeOptions{Exclude: []string{"zeros"}})
		if !errors.Is(err, hash.CodeLimit) || !strings.Contains(err.Error(), "MaxRatio") {
			t.Error(err)
		}
		if _, err := hash.MeasureTar(t.Context(), bytes.NewReader(bomb), &hash.TreeOptions{MaxRatio: 2000}); err != nil {
			t.Error(err)
		}
		if _, err := hash.MeasureTar(t.Context(), bytes.NewReader(content), nil); err != nil {
			t.Error("not compressed:", err)
		}
	})
	t.Run("tar.gz of endless zeros", func(t *testing.T) {
		_, err := hash.MeasureTar(t.Context(), bytes.NewReader(bytes.Repeat(packed, 9)), nil)
		if !errors.Is(err, hash.CodeArchive) && !errors.Is(err, hash.CodeLimit) {
			t.Error(err)
		}
	})
	t.Run("sparse tar", func(t *testing.T) {
		dir := t.TempDir()
		f, err := os.Create(filepath.Join(dir, "sparse"))
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
		if err := os.Truncate(f.Name(), 1<<34); err != nil {
			t.Skip(err)
		}
		for _, format := range []string{"gnu", "pax"} {
			data := command(t, dir, "tar", "--format="+format, "-S", "-cf", "-", "sparse")
			if len(data) > 1<<20 {
				t.Skip("this tar does not store holes")
			}
			_, err = hash.MeasureTar(t.Context(), bytes.NewReader(data), nil)
			if !errors.Is(err, hash.CodeLimit) || !strings.Contains(err.Error(), "MaxRatio") {
				t.Error(format, err)
			}
		}
	})
	t.Run("zip", func(t *testing.T) {
		name := filepath.Join(t.TempDir(), "z")
		os.WriteFile(name, zeros, 0o600)
		command(t, filepath.Dir(name), "zip", "-q", "z.zip", "z")
		data, _ := os.ReadFile(name + ".zip")
		_, err := hash.MeasureZip(t.Context(), bytes.NewReader(data), int64(len(data)), nil)
		if !errors.Is(err, hash.CodeLimit) || !strings.Contains(err.Error(), "MaxRatio") {
			t.Error(err)
		}
		if _, err := hash.MeasureZip(t.Context(), bytes.NewReader(data), int64(len(data)), &hash.TreeOptions{MaxRatio: 2000}); err != nil {
			t.Error(err)
		}
	})
}

func TestExclude(t *testing.T) {
	dir := t.TempDir()
	plant(t, dir, map[string]string{
		".git/config": "x", "sub/.git/config": "x", "sub/.git2": "x", "a.o": "x", "sub/b.o": "x", "sub/c.c": "x",
		"build/x": "x", "sub/build": "file", "doc/[x]": "x", "deep/er/build/y": "y", "l.o": "->x",
	})
	for _, c := range []struct {
		patterns []string
		want     string // excluded
	}{
		{nil, ``},
		{[]string{".git"}, `".git" "sub/.git"`},
		{[]string{"/.git"}, `".git"`},
		{[]string{"*.o"}, `"a.o" "l.o" "sub/b.o"`},
		{[]string{"sub/*.o"}, `"sub/b.o"`},
		{[]string{"/*.o"}, `"a.o" "l.o"`},
		{[]string{"build"}, `"build" "deep/er/build" "sub/build"`},
		{[]string{"build/"}, `"build" "deep/er/build"`},
		{[]string{"b*d/"}, `"build" "deep/er/build"`},
		{[]string{"/sub/build/"}, ``},
		{[]string{"build/", "build"}, `"build" "deep/er/build" "sub/build"`},
		{[]string{"sub"}, `"sub"`},
		{[]string{`\[x]`}, `"doc/[x]"`},
		{[]string{"deep/*/build"}, `"deep/er/build"`},
		{[]string{"nothing", "SUB", "x"}, `"build/x"`},
		{[]string{"*"}, `".git" "a.o" "build" "deep" "doc" "l.o" "sub"`},
	} {
		t.Run(strings.Join(c.patterns, " "), func(t *testing.T) {
			opts := everything()
			opts.Exclude = c.patterns
			tree, err := hash.MeasureTree(t.Context(), dir, opts)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, name := range tree.Excluded() {
				got = append(got, fmt.Sprintf("%q", name))
				if _, ok := tree.Lookup(name); ok {
					t.Errorf("%q is there all the same", name)
				}
			}
			if s := strings.Join(got, " "); s != c.want {
				t.Errorf("got %s, want %s", s, c.want)
			}
			data := command(t, dir, "tar", "-cf", "-", ".")
			fromTar, err := hash.MeasureTar(t.Context(), bytes.NewReader(data), opts)
			if err != nil {
				t.Fatal(err)
			}
			sameTree(t, tree, fromTar)
			if !slices.Equal(tree.Excluded(), fromTar.Excluded()) {
				t.Errorf("tar: %q", fromTar.Excluded())
			}
		})
	}
}

func TestMeasureTreeCancelled(t *testing.T) {
	bothWalkers(t, func(t *testing.T, measure measureFunc) {
		dir := t.TempDir()
		plant(t, dir, variety())
		before := runtime.NumGoroutine()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := measure(ctx, dir, nil); err != context.Canceled {
			t.Error(err)
		}
		// Somewhere in the middle.
		for n := range 40 {
			if _, err := measure(&dyingContext{Context: t.Context(), left: n}, dir, nil); err != context.Canceled {
				t.Errorf("after %d: %v", n, err)
			}
		}
		noMoreGoroutines(t, before)
	})
}

// The error is the first by the order of the walk, whatever the workers do.
func TestMeasureTreeFirstError(t *testing.T) {
	bothWalkers(t, func(t *testing.T, measure measureFunc) {
		dir := t.TempDir()
		files := map[string]string{}
		for i := range 300 {
			files[fmt.Sprintf("%c/%03d", 'a'+i%5, i)] = strings.Repeat("x", i)
		}
		plant(t, dir, files)
		before := runtime.NumGoroutine()
		for range 50 {
			_, err := measure(t.Context(), dir, &hash.TreeOptions{MaxBytes: 300 * 299 / 2 / 2})
			wantError(t, err, hash.CodeLimit, "c/217")
			if t.Failed() {
				break
			}
		}
		noMoreGoroutines(t, before)
	})
}

// Options, trees and manifests are shared by many goroutines.
func TestMeasureManyTrees(t *testing.T) {
	dir := t.TempDir()
	plant(t, dir, variety())
	opts := everything()
	opts.Exclude = []string{"*.o", "crlf"}
	want, err := hash.MeasureTree(t.Context(), dir, opts)
	if err != nil {
		t.Fatal(err)
	}
	m := want.Manifest()
	again := *opts
	again.Previous = hash.Later(want, time.Hour)
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			measure, opts := hash.MeasureTree, opts
			switch i % 4 {
			case 0:
				measure = hash.MeasureTreePortable
			case 1:
				opts = &again
			}
			tree, err := measure(t.Context(), dir, opts)
			if err != nil {
				t.Error(err)
				return
			}
			sameTree(t, want, tree)
			if err := tree.Match(m); err != nil {
				t.Error(err)
			}
			tree.Collisions()
		})
	}
	wg.Wait()
}

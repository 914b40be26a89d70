// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/tallystick/tallystick/hash"
)

func TestMeasureDefault(t *testing.T) {
	a, err := hash.Measure(t.Context(), strings.NewReader("abc"))
	if err != nil || a.Digests().String() != "sha256:"+abc256 || a.Size() != 3 || a.Name() != "" || a.IsZero() {
		t.Error(a, err)
	}
	b := a.WithName("new\nname")
	if a.Name() != "" || b.Name() != "new\nname" || b.String() != `new\nname (3 bytes, sha256:`+abc256+`)` {
		t.Error(a, b)
	}
	empty, err := hash.Measure(t.Context(), strings.NewReader(""))
	if err != nil || empty.Size() != 0 || empty.IsZero() {
		t.Error(empty, err)
	}
	if !(hash.Artifact{}).IsZero() {
		t.Error("the zero artifact was measured")
	}
}

// However the reader cuts the stream, the digests are those of the whole.
func TestMeasureChunks(t *testing.T) {
	data := bytes.Repeat([]byte("0123456789"), 30_000)
	algs := []hash.Algorithm{hash.SHA512, hash.SHA256, hash.MD5, hash.SHA256}
	want, err := hash.Measure(t.Context(), bytes.NewReader(data), algs...)
	if err != nil || want.Digests().Len() != 3 {
		t.Fatal(want, err)
	}
	for name, r := range map[string]io.Reader{
		"one byte":       iotest.OneByteReader(bytes.NewReader(data)),
		"half":           iotest.HalfReader(bytes.NewReader(data)),
		"data and EOF":   iotest.DataErrReader(bytes.NewReader(data)),
		"several pieces": io.MultiReader(bytes.NewReader(data[:100_000]), bytes.NewReader(nil), bytes.NewReader(data[100_000:])),
	} {
		got, err := hash.Measure(t.Context(), r, algs...)
		if err != nil || got.String() != want.String() {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

type funcReader func([]byte) (int, error)

func (f funcReader) Read(p []byte) (int, error) { return f(p) }

type funcWriter func([]byte) (int, error)

func (f funcWriter) Write(p []byte) (int, error) { return f(p) }

func TestMeasureRefuses(t *testing.T) {
	broken := errors.New("broken")
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		what string
		ctx  context.Context
		r    io.Reader
		algs []hash.Algorithm
		want error
	}{
		{"git blob of a stream", t.Context(), strings.NewReader("x"), []hash.Algorithm{hash.GitBlob}, hash.CodeAlgorithm},
		{"tree of a stream", t.Context(), strings.NewReader("x"), []hash.Algorithm{hash.DirHash}, hash.CodeAlgorithm},
		{"commit", t.Context(), strings.NewReader("x"), []hash.Algorithm{hash.GitCommit}, hash.CodeAlgorithm},
		{"invalid algorithm", t.Context(), strings.NewReader("x"), []hash.Algorithm{hash.SHA256, 0}, hash.CodeAlgorithm},
		{"unknown algorithm", t.Context(), strings.NewReader("x"), []hash.Algorithm{99}, hash.CodeAlgorithm},
		{"broken reader", t.Context(), iotest.ErrReader(broken), nil, broken},
		{"broken reader", t.Context(), iotest.ErrReader(broken), nil, hash.CodeRead},
		{"reader that breaks later", t.Context(), io.MultiReader(strings.NewReader("x"), iotest.ErrReader(broken)), nil, broken},
		{"truncated", t.Context(), iotest.ErrReader(io.ErrUnexpectedEOF), nil, io.ErrUnexpectedEOF},
		{"reader without progress", t.Context(), funcReader(func([]byte) (int, error) { return 0, nil }), nil, io.ErrNoProgress},
		{"negative count", t.Context(), funcReader(func([]byte) (int, error) { return -1, nil }), nil, hash.CodeRead},
		{"impossible count", t.Context(), funcReader(func(p []byte) (int, error) { return len(p) + 1, nil }), nil, hash.CodeRead},
		{"cancelled", cancelled, strings.NewReader("x"), nil, context.Canceled},
		{"cancelled while reading", &dyingContext{Context: t.Context(), left: 3}, iotest.OneByteReader(strings.NewReader("xxxxxx")), nil, context.Canceled},
	} {
		t.Run(c.what, func(t *testing.T) {
			a, err := hash.Measure(c.ctx, c.r, c.algs...)
			if !a.IsZero() || !errors.Is(err, c.want) {
				t.Errorf("%v, %v, want %v", a, err, c.want)
			}
		})
	}
}

func TestCopy(t *testing.T) {
	data := strings.Repeat("abc", 100_000)
	var dst bytes.Buffer
	a, err := hash.Copy(t.Context(), &dst, strings.NewReader(data))
	want, _ := hash.Measure(t.Context(), strings.NewReader(data))
	if err != nil || dst.String() != data || a.String() != want.String() {
		t.Error(a, err)
	}
	full := errors.New("disk full")
	for _, c := range []struct {
		what string
		w    io.Writer
		want error
	}{
		{"failing", funcWriter(func([]byte) (int, error) { return 0, full }), full},
		{"failing after a part", funcWriter(func(p []byte) (int, error) { return len(p) / 2, full }), full},
		{"failing after all", funcWriter(func(p []byte) (int, error) { return len(p), full }), full},
		{"short", funcWriter(func(p []byte) (int, error) { return len(p) - 1, nil }), io.ErrShortWrite},
		{"long", funcWriter(func(p []byte) (int, error) { return len(p) + 1, nil }), io.ErrShortWrite},
	} {
		a, err := hash.Copy(t.Context(), c.w, strings.NewReader(data))
		if !a.IsZero() || !errors.Is(err, c.want) || !errors.Is(err, hash.CodeWrite) {
			t.Errorf("%s: %v, %v", c.what, a, err)
		}
	}
	a, err = hash.Copy(&dyingContext{Context: t.Context(), left: 2}, &dst, strings.NewReader(data))
	if !a.IsZero() || err != context.Canceled {
		t.Error(a, err)
	}
}

func TestMeasureFile(t *testing.T) {
	dir := t.TempDir()
	plant(t, dir, map[string]string{"f": "abc", "l": "->f", "d/": "", "dangling": "->nothing", "loop": "->loop"})
	in := func(name string) string { return filepath.Join(dir, name) }
	a, err := hash.MeasureFile(t.Context(), in("f"), hash.SHA256, hash.GitBlob, hash.GitBlobSHA256)
	const want = "sha256:" + abc256 + " gitBlob:f2ba8f84ab5c1bce84a7b441cb1959cfc7093b7f gitBlob:sha256:"
	if err != nil || a.Name() != "f" || a.Size() != 3 || !strings.HasPrefix(a.Digests().String(), want) {
		t.Error(a, err)
	}
	if a, err := hash.MeasureFile(t.Context(), in("l")); err != nil || a.Digests().String() != "sha256:"+abc256 {
		t.Error(a, err)
	}
	for name, code := range map[string]hash.Code{"d": hash.CodeNotRegular, "missing": hash.CodeRead, "dangling": hash.CodeRead, "loop": hash.CodeRead} {
		a, err := hash.MeasureFile(t.Context(), in(name))
		if !a.IsZero() {
			t.Error(a)
		}
		wantError(t, err, code, in(name))
	}
	if _, err := hash.MeasureFile(t.Context(), in("missing")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v is not fs.ErrNotExist", err)
	}
	_, err = hash.MeasureFile(t.Context(), in("f"), hash.GitTree)
	wantError(t, err, hash.CodeAlgorithm, "gitTree")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := hash.MeasureFile(ctx, in("f")); err != context.Canceled {
		t.Error(err)
	}
}

// An alteringContext alters a file each time it is asked whether to go on, which
// is between the chunks.
type alteringContext struct {
	context.Context
	alter func()
}

func (c alteringContext) Err() error {
	c.alter()
	return nil
}

// A file is altered while it is read: always, or only in the first pass.
func TestChangingFile(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "f")
	before := bytes.Repeat([]byte("x"), 200_000)
	touch := func(do func(f *os.File) error) func() {
		return func() {
			f, err := os.OpenFile(name, os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if err := do(f); err != nil {
				t.Fatal(err)
			}
		}
	}
	size := int64(len(before))
	alterations := map[string]func(){
		"grows":         touch(func(f *os.File) error { size += 10; return f.Truncate(size) }),
		"shrinks":       touch(func(f *os.File) error { size -= 10; return f.Truncate(size) }),
		"other content": touch(func(f *os.File) error { _, err := f.WriteAt([]byte("y"), 7); return err }),
		"execute bit":   func() { i, _ := os.Stat(name); os.Chmod(name, i.Mode()^0o100) },
	}
	// As measured through each door. The tree is just this file.
	doors := map[string]func(context.Context) (hash.Artifact, error){
		"MeasureFile": func(ctx context.Context) (hash.Artifact, error) { return hash.MeasureFile(ctx, name) },
	}
	for door, measure := range map[string]measureFunc{"native": hash.MeasureTree, "portable": hash.MeasureTreePortable} {
		doors[door] = func(ctx context.Context) (hash.Artifact, error) {
			tree, err := measure(ctx, dir, &hash.TreeOptions{Workers: 1})
			if err != nil {
				return hash.Artifact{}, err
			}
			a, _ := tree.FileArtifact("f")
			return a, nil
		}
	}
	for what, alter := range alterations {
		for door, measure := range doors {
			t.Run(what+"/"+door, func(t *testing.T) {
				reset := func() {
					size = int64(len(before))
					os.Remove(name)
					if err := os.WriteFile(name, before, 0o644); err != nil {
						t.Fatal(err)
					}
				}
				reset()
				a, err := measure(alteringContext{t.Context(), alter})
				if !errors.Is(err, hash.CodeChanged) {
					t.Errorf("%v, %v", a, err)
				}
				// A change at one moment is got over, or noticed, and the
				// result is that of one state.
				for at := range 20 {
					reset()
					n := 0
					a, err := measure(alteringContext{t.Context(), func() {
						if n++; n == at {
							alter()
						}
					}})
					if err != nil {
						if !errors.Is(err, hash.CodeChanged) {
							t.Error(at, err)
						}
						continue
					}
					content, err := os.ReadFile(name)
					if err != nil {
						t.Fatal(err)
					}
					now, _ := hash.Measure(t.Context(), bytes.NewReader(content))
					then, _ := hash.Measure(t.Context(), bytes.NewReader(before))
					if a.Digests().Compare(now.Digests()) != hash.Same && a.Digests().Compare(then.Digests()) != hash.Same {
						t.Errorf("altered at %d: the digest of what never was", at)
					}
				}
			})
		}
	}
}

func TestDecoy(t *testing.T) {
	a, err := hash.Measure(t.Context(), strings.NewReader("abc"), hash.SHA256, hash.SHA512, hash.MD5)
	if err != nil {
		t.Fatal(err)
	}
	a = a.WithName("n")
	d := a.Decoy()
	if d.Name() != "n" || d.Size() != 3 || d.Digests().Len() != 3 {
		t.Error(d)
	}
	for alg := range map[hash.Algorithm]bool{hash.SHA256: true, hash.SHA512: true, hash.MD5: true} {
		x, _ := a.Digests().Get(alg)
		y, ok := d.Digests().Get(alg)
		if !ok || x == y || len(y.Bytes()) != alg.Size() {
			t.Error(x, y)
		}
		if digest(t, y.String()) != y {
			t.Errorf("%s is not a proper digest", y)
		}
	}
	if a.Digests().Compare(d.Digests()) != hash.Different {
		t.Error("the decoy is not different")
	}
	if again := a.Decoy(); again.String() != d.String() {
		t.Error("the decoy depends on something else")
	}
	if other := d.Decoy(); other.Digests().Compare(d.Digests()) != hash.Different {
		t.Error("a decoy is its own decoy")
	}
	if !(hash.Artifact{}).Decoy().IsZero() {
		t.Error("a decoy of nothing is something")
	}
}

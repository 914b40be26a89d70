// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"testing/iotest"

	"github.com/tallystick/tallystick/hash"
)

// Large content is hashed by one goroutine for each algorithm. Through every
// door, the digests are those of each algorithm alone.
func TestBigContent(t *testing.T) {
	if runtime.GOMAXPROCS(0) == 1 {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	}
	data := make([]byte, 6<<20+12345)
	for i := range data {
		data[i] = byte(i * i >> 7)
	}
	var algs []hash.Algorithm
	var ds []hash.Digest
	for _, a := range []hash.Algorithm{hash.SHA256, hash.SHA512, hash.SHA3_256, hash.BLAKE2b, hash.SHA1, hash.MD5} {
		algs = append(algs, a)
		one, err := hash.Measure(t.Context(), bytes.NewReader(data), a)
		if err != nil {
			t.Fatal(err)
		}
		d, _ := one.Digests().Get(a)
		ds = append(ds, d)
	}
	all, err := hash.NewSet(ds...)
	if err != nil {
		t.Fatal(err)
	}
	before := runtime.NumGoroutine()
	dir := t.TempDir()
	name := filepath.Join(dir, "f")
	if err := os.WriteFile(name, data, 0o666); err != nil {
		t.Fatal(err)
	}
	var copied bytes.Buffer
	file := func(tree *hash.Tree, err error) (hash.Artifact, error) {
		if err != nil {
			return hash.Artifact{}, err
		}
		a, _ := tree.FileArtifact("f")
		return a, nil
	}
	opts := &hash.TreeOptions{Algorithms: algs}
	doors := map[string]func() (hash.Artifact, error){
		"Measure": func() (hash.Artifact, error) { return hash.Measure(t.Context(), bytes.NewReader(data), algs...) },
		"Measure in odd pieces": func() (hash.Artifact, error) {
			return hash.Measure(t.Context(), iotest.HalfReader(iotest.DataErrReader(bytes.NewReader(data))), algs...)
		},
		"Copy":        func() (hash.Artifact, error) { return hash.Copy(t.Context(), &copied, bytes.NewReader(data), algs...) },
		"MeasureFile": func() (hash.Artifact, error) { return hash.MeasureFile(t.Context(), name, algs...) },
		"MeasureTree": func() (hash.Artifact, error) { return file(hash.MeasureTree(t.Context(), dir, opts)) },
		"portable":    func() (hash.Artifact, error) { return file(hash.MeasureTreePortable(t.Context(), dir, opts)) },
		"MeasureTar": func() (hash.Artifact, error) {
			return file(hash.MeasureTar(t.Context(), bytes.NewReader(tarOfFile(t, "f", data)), opts))
		},
		"MeasureZip": func() (hash.Artifact, error) {
			h := zipHeader("f")
			h.Comment = string(data)
			z := zipOf(t, h)
			return file(hash.MeasureZip(t.Context(), bytes.NewReader(z), int64(len(z)), opts))
		},
	}
	for door, measure := range doors {
		a, err := measure()
		if err != nil || a.Size() != int64(len(data)) || a.Digests().String() != all.String() {
			t.Errorf("%s: %v, %v", door, a, err)
		}
	}
	if !bytes.Equal(copied.Bytes(), data) {
		t.Error("Copy did not copy")
	}

	// Given up in the middle.
	broken := errors.New("broken")
	for what, give := range map[string]func() error{
		"reader": func() error {
			_, err := hash.Measure(t.Context(), io.MultiReader(bytes.NewReader(data), iotest.ErrReader(broken)), algs...)
			return err
		},
		"writer": func() error {
			n := 0
			_, err := hash.Copy(t.Context(), funcWriter(func(p []byte) (int, error) {
				if n += len(p); n > 5<<20 {
					return 0, broken
				}
				return len(p), nil
			}), bytes.NewReader(data), algs...)
			return err
		},
	} {
		if err := give(); !errors.Is(err, broken) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := hash.MeasureFile(&dyingContext{Context: t.Context(), left: 66}, name, algs...); err != context.Canceled {
		t.Error(err)
	}
	noMoreGoroutines(t, before)
}

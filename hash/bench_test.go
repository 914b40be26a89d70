// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tallystick/tallystick/hash"
)

// benchTree writes files of some kilobytes, 40 in a folder.
func benchTree(b *testing.B, files int) (dir string, size int64) {
	dir = b.TempDir()
	content := bytes.Repeat([]byte("0123456789abcdef"), 1024)
	for i := range files {
		name := filepath.Join(dir, fmt.Sprintf("a/%d/%d/file-%d.go", i/1600, i/40, i))
		os.MkdirAll(filepath.Dir(name), 0o777)
		n := 1 + i*7919%len(content)
		if err := os.WriteFile(name, content[:n], 0o666); err != nil {
			b.Fatal(err)
		}
		size += int64(n)
	}
	return dir, size
}

func BenchmarkMeasureTree(b *testing.B) {
	const files = 4000
	dir, size := benchTree(b, files)
	for name, measure := range map[string]measureFunc{"native": hash.MeasureTree, "portable": hash.MeasureTreePortable} {
		for _, c := range []struct {
			name string
			opts *hash.TreeOptions
		}{
			{"sha256", nil},
			{"sha256+sha512", &hash.TreeOptions{Algorithms: []hash.Algorithm{hash.SHA256, hash.SHA512}}},
			{"progress", &hash.TreeOptions{Progress: func(hash.Progress) {}}},
			{"one worker", &hash.TreeOptions{Workers: 1}},
			{"ten patterns", &hash.TreeOptions{Exclude: []string{".git", "*.o", "*.a", "build/", "*~", "/x/*.c", "[ab]*.tmp", "node_modules", "*.swp", "z?"}}},
		} {
			b.Run(name+"/"+c.name, func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(size)
				for b.Loop() {
					if _, err := measure(b.Context(), dir, c.opts); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/files, "ns/file")
			})
		}
	}
}

// A folder is measured again, with and without the tree from before. The sources of
// the Go toolchain are 15,000 files.
func BenchmarkPrevious(b *testing.B) {
	out, err := exec.Command("go", "env", "GOROOT").Output()
	dir := strings.TrimSpace(string(out))
	if err != nil || dir == "" {
		dir, _ = benchTree(b, 4000)
	}
	tree, err := hash.MeasureTree(b.Context(), dir, nil)
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		name     string
		previous *hash.Tree
	}{{"full", nil}, {"previous", hash.Later(tree, time.Hour)}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			reused := 0
			for b.Loop() {
				tree, err := hash.MeasureTree(b.Context(), dir, &hash.TreeOptions{Previous: c.previous})
				if err != nil {
					b.Fatal(err)
				}
				reused = len(tree.Reused())
			}
			b.ReportMetric(float64(reused), "reused")
		})
	}
}

func BenchmarkMeasureFile(b *testing.B) {
	name := filepath.Join(b.TempDir(), "f")
	const size = 64 << 20
	if err := os.WriteFile(name, make([]byte, size), 0o666); err != nil {
		b.Fatal(err)
	}
	for _, algs := range [][]hash.Algorithm{{hash.SHA256}, {hash.SHA256, hash.SHA512}, {hash.SHA256, hash.SHA512, hash.BLAKE2b}} {
		b.Run(fmt.Sprint(algs), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(size)
			for b.Loop() {
				if _, err := hash.MeasureFile(b.Context(), name, algs...); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkGitTree(b *testing.B) {
	dir, _ := benchTree(b, 4000)
	tree, err := hash.MeasureTree(b.Context(), dir, &hash.TreeOptions{Algorithms: []hash.Algorithm{hash.GitTreeSHA256, hash.DirHash}})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("GitTree", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			tree.GitTree(hash.GitTreeSHA256)
		}
	})
	b.Run("DirHash", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			tree.DirHash("")
		}
	})
}

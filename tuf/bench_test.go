// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package tuf_test

import (
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/tallystick/tallystick/tuf"
	"github.com/tallystick/tallystick/tuf/tuftest"
)

// crowd returns a repository with n targets in one role, and its configuration.
func crowd(b *testing.B, n int) tuf.Config {
	repo := tuftest.New(&tuftest.Options{Seed: []byte("crowd"), Time: start})
	for i := range n {
		repo.AddTarget(fmt.Sprintf("packages/%02x/package-%d.tar.gz", i%256, i), fmt.Append(nil, i))
	}
	repo.Publish()
	server := httptest.NewServer(repo)
	b.Cleanup(server.Close)
	return tuf.Config{
		Root:        repo.Root(),
		MetadataURL: server.URL + tuftest.MetadataPath,
		TargetsURL:  server.URL + tuftest.TargetsPath,
		Dir:         b.TempDir(),
	}
}

func client(b *testing.B, c tuf.Config) *tuf.Client {
	b.Helper()
	client, err := tuf.NewClient(c)
	if err != nil {
		b.Fatal(err)
	}
	return client
}

// A refresh that downloads everything, and one that finds nothing new.
func BenchmarkRefresh(b *testing.B) {
	for _, n := range []int{10, 10_000, 100_000} {
		config := crowd(b, n)
		b.Run(fmt.Sprintf("first/targets=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for i := range b.N {
				config.Dir = filepath.Join(b.TempDir(), fmt.Sprint(i))
				if _, err := client(b, config).RefreshAt(b.Context(), start); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("again/targets=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			c := client(b, config)
			for range b.N {
				if _, err := c.RefreshAt(b.Context(), start); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkTarget(b *testing.B) {
	config := crowd(b, 100_000)
	s, err := client(b, config).RefreshAt(b.Context(), start)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := s.Target(b.Context(), fmt.Sprintf("packages/%02x/package-%d.tar.gz", i%1000%256, i%1000)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDownload(b *testing.B) {
	const size = 64 << 20
	repo := tuftest.New(&tuftest.Options{Seed: []byte("download"), Time: start})
	file := filepath.Join(b.TempDir(), "big")
	f, err := os.Create(file)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := io.CopyN(f, zeros{}, size); err != nil {
		b.Fatal(err)
	}
	f.Close()
	if err := repo.Add("targets", tuftest.Target{Path: "big", File: file}); err != nil {
		b.Fatal(err)
	}
	repo.Publish()
	server := httptest.NewServer(repo)
	defer server.Close()
	c := client(b, tuf.Config{Root: repo.Root(), MetadataURL: server.URL + tuftest.MetadataPath, TargetsURL: server.URL + tuftest.TargetsPath, Dir: b.TempDir()})
	s, err := c.RefreshAt(b.Context(), start)
	if err != nil {
		b.Fatal(err)
	}
	target, err := s.Target(b.Context(), "big")
	if err != nil {
		b.Fatal(err)
	}
	dst := filepath.Join(b.TempDir(), "x")
	for _, cached := range []bool{false, true} {
		b.Run(fmt.Sprintf("cached=%t", cached), func(b *testing.B) {
			b.SetBytes(size)
			b.ReportAllocs()
			for range b.N {
				if !cached {
					os.Remove(dst)
				}
				if _, err := c.Download(b.Context(), target, dst); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

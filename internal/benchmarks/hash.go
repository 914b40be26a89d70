// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/in-toto/in-toto-golang/in_toto"
	"golang.org/x/mod/sumdb/dirhash"

	"github.com/tallystick/tallystick/hash"
)

// hashCases measures trees and files.
func (m *maker) hashCases(ctx context.Context) error {
	if m.wanted("tree") {
		m.add(treeCase("tree", "SHA-256 of "+m.tree, m.tree))
	}
	if m.wanted("tree-two") {
		m.add(twoCase("tree-two", "SHA-256 and SHA-512 of "+m.tree, m.tree))
	}
	if m.wanted("tree-exclude") {
		m.add(benchmark{Name: "tree-exclude", About: "ten exclude patterns; the third line is our time without them", Contenders: []contender{
			inside("tallystick", m.tree, "tree", append([]string{"sha256", "."}, excludes...)...),
			inside("in-toto-golang", m.tree, "in-toto", append([]string{"sha256", "."}, excludes...)...),
			inside("tallystick, no pattern", m.tree, "tree", "sha256", "."),
			inside("in-toto-golang, no pattern", m.tree, "in-toto", "sha256", "."),
		}})
	}
	if !m.big {
		return nil
	}
	if m.wanted("large-tree") || m.wanted("large-tree-two") {
		large := filepath.Join(m.dir, "tree")
		if err := makeTree(large, 90_000, 14<<10); err != nil {
			return err
		}
		if m.wanted("large-tree") {
			m.add(treeCase("large-tree", "SHA-256 of 90,000 files, 1.3 GB", large))
		}
		if m.wanted("large-tree-two") {
			m.add(twoCase("large-tree-two", "SHA-256 and SHA-512 of the same", large))
		}
	}
	if m.wanted("file") {
		file := filepath.Join(m.dir, "file")
		if err := makeFile(file, 2<<30); err != nil {
			return err
		}
		b := benchmark{Name: "file", About: "one file of 2 GiB", Contenders: []contender{
			inside("tallystick sha256", m.dir, "file", file, "sha256"),
			inside("crypto/sha256, io.Copy", m.dir, "plain", file),
			inside("in-toto-golang sha256", m.dir, "in-toto", "sha256", file),
			inside("tallystick sha256 sha512", m.dir, "file", file, "sha256", "sha512"),
			inside("tallystick sha256, then sha512", m.dir, "serial", file, "sha256", "sha512"),
			inside("tallystick sha256 sha512 blake2b", m.dir, "file", file, "sha256", "sha512", "blake2b"),
			inside("tallystick sha256, then sha512, then blake2b", m.dir, "serial", file, "sha256", "sha512", "blake2b"),
		}}
		b.tool("openssl", m.dir, "openssl", "dgst", "-sha256", file)
		b.tool("sha256sum", m.dir, "sha256sum", file)
		m.add(b)
	}
	return nil
}

// excludes are ten patterns that match little, as those of a build tool do.
var excludes = []string{"*.pyc", "*.o", "*.tmp", "*~", ".git", ".DS_Store", "node_modules", "*.swp", "*.orig", "*.rej"}

func treeCase(name, about, tree string) benchmark {
	b := benchmark{Name: name, About: about, Contenders: []contender{
		inside("tallystick", tree, "tree", "sha256", "."),
		inside("in-toto-golang RecordArtifacts", tree, "in-toto", "sha256", "."),
		inside("x/mod dirhash", tree, "dirhash", tree),
	}}
	cores := runtime.NumCPU()
	parallel := func(tool string) string {
		return fmt.Sprintf("find . -type f -print0 | xargs -0 -P%d -n 256 %s >/dev/null", cores, tool)
	}
	b.shell("openssl", fmt.Sprintf("openssl, xargs -P%d", cores), tree, parallel("openssl dgst -sha256"))
	b.shell("sha256sum", fmt.Sprintf("sha256sum, xargs -P%d", cores), tree, parallel("sha256sum"))
	b.tool("rhash", tree, "rhash", "--sha256", "-r", "-o", os.DevNull, ".")
	b.shell("b3sum", fmt.Sprintf("b3sum (BLAKE3), xargs -P%d", cores), tree, parallel("b3sum"))
	return b
}

func twoCase(name, about, tree string) benchmark {
	b := benchmark{Name: name, About: about, Contenders: []contender{
		inside("tallystick", tree, "tree", "sha256,sha512", "."),
		inside("in-toto-golang RecordArtifacts", tree, "in-toto", "sha256,sha512", "."),
	}}
	b.tool("rhash", tree, "rhash", "--sha256", "--sha512", "-r", "-o", os.DevNull, ".")
	return b
}

// tool adds a program if it is installed.
func (b *benchmark) tool(name, dir string, argv ...string) {
	if _, err := exec.LookPath(argv[0]); err != nil {
		b.Missing = append(b.Missing, name)
		return
	}
	b.Contenders = append(b.Contenders, contender{name, dir, argv})
}

func (b *benchmark) shell(program, name, dir, script string) {
	if _, err := exec.LookPath(program); err != nil {
		b.Missing = append(b.Missing, program)
		return
	}
	b.Contenders = append(b.Contenders, contender{name, dir, []string{"sh", "-c", script}})
}

func treeChild(ctx context.Context, args []string) error {
	algs, err := algorithms(strings.Split(args[0], ",")...)
	if err != nil {
		return err
	}
	tree, err := hash.MeasureTree(ctx, args[1], &hash.TreeOptions{Algorithms: algs, Exclude: args[2:]})
	if err == nil && tree.Len() == 0 {
		err = errors.New("nothing was measured")
	}
	return err
}

func recordArtifactsChild(_ context.Context, args []string) error {
	artifacts, err := in_toto.RecordArtifacts([]string{args[1]}, strings.Split(args[0], ","), args[2:], nil, false, false)
	if err == nil && len(artifacts) == 0 {
		err = errors.New("nothing was measured")
	}
	return err
}

func dirhashChild(_ context.Context, args []string) error {
	_, err := dirhash.HashDir(args[0], "", dirhash.Hash1)
	return err
}

func fileChild(ctx context.Context, args []string) error {
	algs, err := algorithms(args[1:]...)
	if err != nil {
		return err
	}
	_, err = hash.MeasureFile(ctx, args[0], algs...)
	return err
}

// serialChild reads the file once for each algorithm.
func serialChild(ctx context.Context, args []string) error {
	for _, name := range args[1:] {
		if err := fileChild(ctx, []string{args[0], name}); err != nil {
			return err
		}
	}
	return nil
}

// plainChild is the floor for one core: the hash function of the standard library
// fed by io.Copy.
func plainChild(_ context.Context, args []string) error {
	f, err := os.Open(args[0])
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(sha256.New(), f)
	return err
}

func algorithms(names ...string) ([]hash.Algorithm, error) {
	var algs []hash.Algorithm
	for _, n := range names {
		a, err := hash.ParseAlgorithm(n)
		if err != nil {
			return nil, err
		}
		algs = append(algs, a)
	}
	return algs, nil
}

// makeTree makes n files of about the given size, 100 to a folder.
func makeTree(dir string, n, size int) error {
	r := rand.New(rand.NewPCG(1, 2))
	buf := make([]byte, 2*size)
	for i := range n {
		sub := filepath.Join(dir, fmt.Sprintf("%03d", i/10_000), fmt.Sprintf("%02d", i/100%100))
		if i%100 == 0 {
			if err := os.MkdirAll(sub, 0o777); err != nil {
				return err
			}
		}
		b := buf[:r.IntN(2*size)]
		fill(b, r)
		if err := os.WriteFile(filepath.Join(sub, fmt.Sprintf("file%02d", i%100)), b, 0o666); err != nil {
			return err
		}
	}
	return nil
}

func makeFile(name string, size int64) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	r := rand.New(rand.NewPCG(3, 4))
	b := make([]byte, 1<<20)
	for ; size > 0; size -= int64(len(b)) {
		fill(b, r)
		if _, err := f.Write(b); err != nil {
			f.Close()
			return err
		}
	}
	return f.Close()
}

func fill(b []byte, r *rand.Rand) {
	for i := 0; i+8 <= len(b); i += 8 {
		v := r.Uint64()
		for j := range 8 {
			b[i+j] = byte(v >> (8 * j))
		}
	}
}

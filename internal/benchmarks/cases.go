// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	"github.com/in-toto/in-toto-golang/in_toto"
	"golang.org/x/mod/sumdb/dirhash"

	"github.com/tallystick/tallystick/hash"
)

// allCases returns the cases whose name matches, and makes what they work on.
func allCases(ctx context.Context, tree, dir string, big bool, only *regexp.Regexp) ([]benchmark, error) {
	var cases []benchmark
	add := func(b benchmark) { cases = append(cases, b) }
	if name := "tree"; only.MatchString(name) {
		add(treeCase(name, "SHA-256 of "+tree, tree))
	}
	if name := "tree-two"; only.MatchString(name) {
		add(twoCase(name, "SHA-256 and SHA-512 of "+tree, tree))
	}
	if name := "tree-exclude"; only.MatchString(name) {
		add(benchmark{name: name, about: "ten exclude patterns; the third line is our time without them", contenders: []contender{
			inside("tallystick", tree, "tree", append([]string{"sha256", "."}, excludes...)...),
			inside("in-toto-golang", tree, "in-toto", append([]string{"sha256", "."}, excludes...)...),
			inside("tallystick, no pattern", tree, "tree", "sha256", "."),
			inside("in-toto-golang, no pattern", tree, "in-toto", "sha256", "."),
		}})
	}
	if !big {
		return cases, nil
	}
	if name := "large-tree"; only.MatchString(name) || only.MatchString(name+"-two") {
		large := filepath.Join(dir, "tree")
		if err := makeTree(large, 90_000, 14<<10); err != nil {
			return nil, err
		}
		if only.MatchString(name) {
			add(treeCase(name, "SHA-256 of 90,000 files, 1.3 GB", large))
		}
		if name += "-two"; only.MatchString(name) {
			add(twoCase(name, "SHA-256 and SHA-512 of the same", large))
		}
	}
	if name := "file"; only.MatchString(name) {
		file := filepath.Join(dir, "file")
		if err := makeFile(file, 2<<30); err != nil {
			return nil, err
		}
		b := benchmark{name: name, about: "one file of 2 GiB", contenders: []contender{
			inside("tallystick sha256", dir, "file", file, "sha256"),
			inside("crypto/sha256, io.Copy", dir, "plain", file),
			inside("in-toto-golang sha256", dir, "in-toto", "sha256", file),
			inside("tallystick sha256 sha512", dir, "file", file, "sha256", "sha512"),
			inside("tallystick sha256, then sha512", dir, "serial", file, "sha256", "sha512"),
			inside("tallystick sha256 sha512 blake2b", dir, "file", file, "sha256", "sha512", "blake2b"),
			inside("tallystick sha256, then sha512, then blake2b", dir, "serial", file, "sha256", "sha512", "blake2b"),
		}}
		b.tool("openssl", dir, "openssl", "dgst", "-sha256", file)
		b.tool("sha256sum", dir, "sha256sum", file)
		add(b)
	}
	return cases, nil
}

// excludes are ten patterns that match little, as those of a build tool do.
var excludes = []string{"*.pyc", "*.o", "*.tmp", "*~", ".git", ".DS_Store", "node_modules", "*.swp", "*.orig", "*.rej"}

func treeCase(name, about, tree string) benchmark {
	b := benchmark{name: name, about: about, contenders: []contender{
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
	b := benchmark{name: name, about: about, contenders: []contender{
		inside("tallystick", tree, "tree", "sha256,sha512", "."),
		inside("in-toto-golang RecordArtifacts", tree, "in-toto", "sha256,sha512", "."),
	}}
	b.tool("rhash", tree, "rhash", "--sha256", "--sha512", "-r", "-o", os.DevNull, ".")
	return b
}

// tool adds a program if it is installed.
func (b *benchmark) tool(name, dir string, argv ...string) {
	if _, err := exec.LookPath(argv[0]); err != nil {
		b.missing = append(b.missing, name)
		return
	}
	b.contenders = append(b.contenders, contender{name, dir, argv})
}

func (b *benchmark) shell(program, name, dir, script string) {
	if _, err := exec.LookPath(program); err != nil {
		b.missing = append(b.missing, program)
		return
	}
	b.contenders = append(b.contenders, contender{name, dir, []string{"sh", "-c", script}})
}

// child is one run of a contender that is Go code.
func child(ctx context.Context, what string, args []string) error {
	switch what {
	case "tree":
		algs, err := algorithms(strings.Split(args[0], ",")...)
		if err != nil {
			return err
		}
		tree, err := hash.MeasureTree(ctx, args[1], &hash.TreeOptions{Algorithms: algs, Exclude: args[2:]})
		if err == nil && tree.Len() == 0 {
			err = errors.New("nothing was measured")
		}
		return err
	case "in-toto":
		artifacts, err := in_toto.RecordArtifacts([]string{args[1]}, strings.Split(args[0], ","), args[2:], nil, false, false)
		if err == nil && len(artifacts) == 0 {
			err = errors.New("nothing was measured")
		}
		return err
	case "dirhash":
		_, err := dirhash.HashDir(args[0], "", dirhash.Hash1)
		return err
	case "file":
		algs, err := algorithms(args[1:]...)
		if err != nil {
			return err
		}
		_, err = hash.MeasureFile(ctx, args[0], algs...)
		return err
	case "serial":
		algs, err := algorithms(args[1:]...)
		if err != nil {
			return err
		}
		for _, a := range algs {
			if _, err := hash.MeasureFile(ctx, args[0], a); err != nil {
				return err
			}
		}
		return nil
	case "plain":
		f, err := os.Open(args[0])
		if err != nil {
			return err
		}
		defer f.Close()
		return plain(f)
	}
	return fmt.Errorf("no child %q", what)
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

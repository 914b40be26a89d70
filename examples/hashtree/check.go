// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/tallystick/tallystick/hash"
)

// compare holds the folder or archive against a list. The error is a
// *hash.MismatchError if they differ.
func (s *settings) compare(ctx context.Context, stdout, stderr io.Writer) error {
	data, err := os.ReadFile(s.check)
	if err != nil {
		return err
	}
	manifest, whole, err := s.parse(data)
	if err != nil {
		return fmt.Errorf("%s: %w", hash.EscapeName(s.check), err)
	}
	// Measure what the list states, or what was asked for.
	algs := s.algorithms
	if algs == nil {
		for e := range manifest.Entries() {
			for d := range e.Digests.All() {
				if !slices.Contains(algs, d.Algorithm()) {
					algs = append(algs, d.Algorithm())
				}
			}
		}
	}
	tree, err := s.measure(ctx, stderr, algs)
	if err != nil {
		return err
	}
	if !whole {
		if tree, err = onlyFiles(tree, stderr); err != nil {
			return err
		}
	}
	if err := tree.Match(manifest); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%d entries, all as listed\n", manifest.Len())
	return nil
}

// parse reads a list in one of the formats that list writes. whole says that the
// list has all that a tree has.
func (s *settings) parse(data []byte) (m *hash.Manifest, whole bool, err error) {
	first, _, _ := bytes.Cut(withoutComments(data), []byte("\n"))
	switch {
	case bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")):
		m, err = parseListing(data)
		return m, true, err
	case bytes.Contains(first, []byte(") = ")):
		m, err = hash.ParseTagged(data)
		return m, false, err
	}
	alg, err := s.sumsAlgorithm(string(first))
	if err != nil {
		return nil, false, err
	}
	m, err = hash.ParseSums(data, alg)
	return m, false, err
}

func withoutComments(data []byte) []byte {
	for bytes.HasPrefix(data, []byte("#")) {
		_, data, _ = bytes.Cut(data, []byte("\n"))
	}
	return data
}

// sumsAlgorithm returns the algorithm of a list that does not name it: the one of
// -algs, or the usual one with as many digits.
func (s *settings) sumsAlgorithm(line string) (hash.Algorithm, error) {
	switch len(s.algorithms) {
	case 0:
	case 1:
		return s.algorithms[0], nil
	default:
		return 0, fmt.Errorf("a list in the format sums has one algorithm, -algs names %d", len(s.algorithms))
	}
	digits, _, _ := strings.Cut(strings.TrimPrefix(line, `\`), " ")
	for _, a := range []hash.Algorithm{hash.SHA256, hash.SHA384, hash.SHA512, hash.SHA224, hash.SHA1, hash.MD5} {
		if len(digits) == 2*a.Size() {
			return a, nil
		}
	}
	return 0, fmt.Errorf("no algorithm has digests of %d digits; name it with -algs", len(digits))
}

// onlyFiles drops what lists of digests cannot hold, and says so.
func onlyFiles(tree *hash.Tree, stderr io.Writer) (*hash.Tree, error) {
	links := 0
	files, err := tree.Select(func(e hash.Entry) (string, bool) {
		if e.Type() == hash.Link {
			links++
			fmt.Fprintf(stderr, "not covered: link %s\n", hash.EscapeName(e.Name()))
		}
		return e.Name(), e.Type() == hash.File
	})
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(stderr, "not covered: execute bits, folders, %d links\n", links)
	return files, nil
}

// printDelta prints all differences, one in a line.
func printDelta(w io.Writer, d *hash.Delta) {
	for _, c := range d.Changed {
		var what []string
		for _, f := range c.Differences {
			what = append(what, fmt.Sprintf("%s %s, listed %s", f.Field, f.Got, f.Want))
		}
		fmt.Fprintf(w, "changed %s: %s\n", hash.EscapeName(c.Name), strings.Join(what, "; "))
	}
	for _, name := range d.Missing {
		fmt.Fprintf(w, "missing %s\n", hash.EscapeName(name))
	}
	for _, name := range d.Extra {
		fmt.Fprintf(w, "extra %s\n", hash.EscapeName(name))
	}
	fmt.Fprintf(w, "%d as listed, %d changed, %d missing, %d extra\n", d.Equal, len(d.Changed), len(d.Missing), len(d.Extra))
}

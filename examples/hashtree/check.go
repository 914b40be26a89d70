// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
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
	data, err := readList(s.check)
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
	var identities []hash.Algorithm
	if whole != nil {
		if identities, err = whole.identityAlgorithms(); err != nil {
			return fmt.Errorf("%s: %w", hash.EscapeName(s.check), err)
		}
	}
	tree, err := s.measure(ctx, stderr, append(algs, identities...))
	if err != nil {
		return err
	}
	if whole == nil {
		if tree, err = onlyFiles(tree, stderr); err != nil {
			return err
		}
	}
	if err := tree.Match(manifest); err != nil {
		return err
	}
	for _, alg := range identities {
		got, err := identity(tree, alg, s.prefix)
		if err != nil {
			return err
		}
		if want := whole.Identities[alg.String()]; got != want {
			return fmt.Errorf("%w %s: %s, listed %q", errIdentity, alg, got, want)
		}
	}
	fmt.Fprintf(stdout, "%d entries, all as listed\n", manifest.Len())
	return nil
}

// errIdentity begins the line about a digest of the whole that differs, although
// all entries are as listed.
var errIdentity = errors.New("changed identity")

// readList reads the list of -check. It does not wait for a FIFO.
func readList(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	const max = 1 << 30
	if !info.Mode().IsRegular() || info.Size() > max {
		return nil, fmt.Errorf("%s: no regular file of at most %d bytes", hash.EscapeName(name), max)
	}
	return os.ReadFile(name)
}

// parse reads a list in one of the formats that list writes. whole is not nil if
// the list has all that a tree has.
func (s *settings) parse(data []byte) (m *hash.Manifest, whole *listing, err error) {
	first, _, _ := bytes.Cut(withoutComments(data), []byte("\n"))
	digits, _, _ := bytes.Cut(bytes.TrimPrefix(first, []byte(`\`)), []byte(" "))
	_, notHex := hex.DecodeString(string(digits))
	switch {
	case bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")):
		return parseListing(data)
	case notHex != nil && bytes.Contains(first, []byte(") = ")):
		m, err = withoutDot(hash.ParseTagged(data))
		return m, nil, err
	}
	alg, err := s.sumsAlgorithm(string(first))
	if err != nil {
		return nil, nil, err
	}
	m, err = withoutDot(hash.ParseSums(data, alg))
	return m, nil, err
}

// withoutDot takes "./" off the names of a list, which find puts before them. The
// library leaves names alone.
func withoutDot(m *hash.Manifest, err error) (*hash.Manifest, error) {
	if err != nil {
		return nil, err
	}
	entries := slices.Collect(m.Entries())
	for i := range entries {
		entries[i].Name = strings.TrimPrefix(entries[i].Name, "./")
	}
	return hash.NewManifest(entries...) // a name that now repeats is an error
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
	for _, names := range tree.Collisions() {
		fmt.Fprintf(stderr, "one name on some file systems: %s\n", strings.Join(escaped(names), ", "))
	}
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

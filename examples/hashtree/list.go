// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/tallystick/tallystick/hash"
)

// A listing is a tree in JSON. Names and link targets are escaped as by
// hash.EscapeName, so that any bytes survive.
type listing struct {
	Identities map[string]string `json:"identities,omitempty"`
	Entries    []listed          `json:"entries"`
	Excluded   []string          `json:"excluded,omitempty"`
	Collisions [][]string        `json:"collisions,omitempty"`
	NotCovered []string          `json:"notCovered"`
}

type listed struct {
	Name       string            `json:"name"`
	Type       string            `json:"type"` // file, folder or link
	Size       *int64            `json:"size,omitempty"`
	Executable *bool             `json:"executable,omitempty"`
	Target     string            `json:"target,omitempty"`
	Digests    map[string]string `json:"digests,omitempty"`
}

// list prints what was measured in the format asked for.
func (s *settings) list(w, stderr io.Writer, tree *hash.Tree) error {
	identities := map[string]string{}
	for _, a := range s.identities {
		var err error
		if identities[a.String()], err = identity(tree, a, s.prefix); err != nil {
			return err
		}
	}
	if s.format == "json" {
		return listJSON(w, tree, identities)
	}
	if s.format == "" && s.identities != nil {
		for _, a := range s.identities {
			fmt.Fprintf(w, "%s %s\n", a, identities[a.String()])
		}
		return nil
	}
	// Comments, which sha256sum -c skips.
	for _, a := range s.identities {
		fmt.Fprintf(w, "# %s %s\n", a, identities[a.String()])
	}
	files, err := onlyFiles(tree, stderr)
	if err != nil {
		return err
	}
	var entries []hash.ManifestEntry
	for e := range files.Entries() {
		if e.Type() == hash.File {
			entries = append(entries, hash.ManifestEntry{Name: e.Name(), Digests: e.Digests()})
		}
	}
	if len(entries) == 0 {
		return nil // no files, no lines
	}
	manifest, err := hash.NewManifest(entries...)
	if err != nil {
		return err
	}
	for _, a := range s.algorithms {
		lines, err := manifest.Sums, error(nil)
		if s.format == "tag" {
			lines = manifest.Tagged
		}
		b, err := lines(a)
		if err != nil {
			return err
		}
		if _, err := w.Write(b); err != nil {
			return err
		}
	}
	return nil
}

func identity(tree *hash.Tree, alg hash.Algorithm, prefix string) (string, error) {
	if alg != hash.DirHash {
		d, err := tree.GitTree(alg)
		return d.Hex(), err
	}
	d, err := tree.DirHash(prefix)
	if err != nil {
		return "", err
	}
	return hash.FormatH1(d)
}

func listJSON(w io.Writer, tree *hash.Tree, identities map[string]string) error {
	l := listing{Identities: identities, Entries: []listed{}, NotCovered: tree.NotCovered()}
	l.Excluded = escaped(tree.Excluded())
	for _, names := range tree.Collisions() {
		l.Collisions = append(l.Collisions, escaped(names))
	}
	for e := range tree.Entries() {
		item := listed{Name: hash.EscapeName(e.Name()), Type: e.Type().String()}
		switch e.Type() {
		case hash.File:
			size, executable := e.Size(), e.Executable()
			item.Size = &size
			if e.ExecutableKnown() {
				item.Executable = &executable
			}
			item.Digests = map[string]string{}
			for d := range e.Digests().All() {
				item.Digests[d.Algorithm().String()] = d.Hex()
			}
		case hash.Link:
			item.Target = hash.EscapeName(e.Target())
		}
		l.Entries = append(l.Entries, item)
	}
	return l.encode(w)
}

func escaped(names []string) []string {
	var list []string
	for _, name := range names {
		list = append(list, hash.EscapeName(name))
	}
	return list
}

func (l listing) encode(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(l)
}

// identityAlgorithms returns the algorithms of the identities in the list.
func (l *listing) identityAlgorithms() ([]hash.Algorithm, error) {
	var algs []hash.Algorithm
	for name := range l.Identities {
		a, err := hash.ParseAlgorithm(name)
		if err != nil {
			return nil, err
		}
		algs = append(algs, a)
	}
	slices.Sort(algs)
	return algs, nil
}

// parseListing reads what listJSON has written, and nothing else: encoding/json
// takes repeated members, unknown ones and other spellings, so that a list could
// say two things.
func parseListing(data []byte) (*hash.Manifest, *listing, error) {
	l := new(listing)
	if err := json.Unmarshal(data, l); err != nil {
		return nil, nil, err
	}
	var again bytes.Buffer
	if err := l.encode(&again); err != nil {
		return nil, nil, err
	}
	if !bytes.Equal(again.Bytes(), data) {
		return nil, nil, errors.New("this JSON is not as hashtree writes it, byte for byte")
	}
	m, err := l.manifest()
	return m, l, err
}

func (l *listing) manifest() (*hash.Manifest, error) {
	var entries []hash.ManifestEntry
	for _, item := range l.Entries {
		name, err := hash.UnescapeName(item.Name)
		if err != nil {
			return nil, err
		}
		e := hash.ManifestEntry{Name: name, Size: item.Size, Executable: item.Executable}
		switch item.Type {
		case hash.File.String():
			e.Type = hash.File
			var unknown []string
			if e.Digests, unknown, err = hash.ParseSet(item.Digests); err != nil {
				return nil, err
			}
			if len(unknown) > 0 {
				return nil, fmt.Errorf("unknown algorithms %q", unknown)
			}
		case hash.Dir.String():
			e.Type = hash.Dir
		case hash.Link.String():
			e.Type = hash.Link
			if e.Target, err = hash.UnescapeName(item.Target); err != nil {
				return nil, err
			}
		default:
			return nil, fmt.Errorf("unknown type %q", item.Type)
		}
		entries = append(entries, e)
	}
	if len(entries) == 0 {
		return nil, errors.New("the list is empty, and would be one of anything")
	}
	return hash.NewManifest(entries...)
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash

import (
	"iter"
	"slices"
	"sort"
	"strings"
)

// A Manifest is a claim about a tree: what somebody says that is in it. It is
// immutable. The zero Manifest is empty and matches nothing.
type Manifest struct {
	entries []ManifestEntry // sorted by name
	folders bool            // folders are listed, so an unlisted one is extra
}

// A ManifestEntry is what a manifest says about one name. Only the name and, for
// files, the digests are needed; what is left at its zero value is not compared.
type ManifestEntry struct {
	// Name from the root of the tree, as raw bytes.
	Name string
	// Type is File if it is zero.
	Type EntryType
	// Digests of a file, at least one; of a link, those of its target's text,
	// as git has them.
	Digests Set
	// Size of a file in bytes, nil if not stated.
	Size *int64
	// Executable bit of a file, nil if not stated.
	Executable *bool
	// Target of a link, which must be stated unless there are digests.
	Target string

	// What [TreeOptions.Metadata] recorded, if the entry is from the
	// [Tree.Manifest] of a tree; no list that was read has it. Names in it
	// are those of that tree: an entry under another name differs.
	facts *facts
}

// NewManifest makes a manifest. No entries at all, a file without digests, a
// link without a target, and properties that the type of an entry does not have
// are an [*Error] with [CodeOptions]; an empty name and one that repeats are one
// with [CodeName].
func NewManifest(entries ...ManifestEntry) (*Manifest, error) {
	if len(entries) == 0 {
		return nil, &Error{Code: CodeOptions, Detail: "a manifest without entries"}
	}
	m := &Manifest{entries: slices.Clone(entries)}
	for i := range m.entries {
		e := &m.entries[i]
		if e.Name == "" {
			return nil, &Error{Code: CodeName, Detail: "empty name in a manifest"}
		}
		if e.Type == 0 {
			e.Type = File
		}
		refuse := func(detail string) (*Manifest, error) {
			return nil, &Error{Code: CodeOptions, Name: e.Name, Detail: detail}
		}
		switch {
		case e.Type > Link:
			return refuse("invalid type")
		case e.Type == File && e.Digests.Len() == 0:
			return refuse("no digest for a file")
		case e.Type == Link && e.Target == "" && e.Digests.Len() == 0:
			return refuse("no target for a link")
		case e.Type == Dir && e.Digests.Len() != 0:
			return refuse("a folder has no digests")
		case e.Type != File && (e.Size != nil || e.Executable != nil):
			return refuse("only files have sizes and execute bits")
		case e.Type != Link && e.Target != "":
			return refuse("only links have targets")
		case e.Size != nil && *e.Size < 0:
			return refuse("negative size")
		}
		// The caller keeps the pointers.
		if e.Size != nil {
			e.Size = new(*e.Size)
		}
		if e.Executable != nil {
			e.Executable = new(*e.Executable)
		}
		m.folders = m.folders || e.Type == Dir
	}
	slices.SortStableFunc(m.entries, func(a, b ManifestEntry) int { return strings.Compare(a.Name, b.Name) })
	for i := range m.entries[1:] {
		if m.entries[i].Name == m.entries[i+1].Name {
			return nil, &Error{Code: CodeName, Name: m.entries[i].Name, Detail: "twice in a manifest"}
		}
	}
	return m, nil
}

// Manifest returns what the tree holds as a claim, for other trees to be
// matched with. It lists folders, also when there are none. That of a partial
// tree is empty and so matches nothing, see [Tree.Errors].
func (t *Tree) Manifest() *Manifest {
	if t.errs != nil {
		return &Manifest{}
	}
	m := &Manifest{folders: true, entries: make([]ManifestEntry, len(t.nodes))}
	for i := range t.nodes {
		m.entries[i] = t.claim(i)
	}
	return m
}

// claim returns the i-th entry of the tree as a manifest lists it.
func (t *Tree) claim(i int) ManifestEntry {
	e := Entry{t.nodes[i], t}
	c := ManifestEntry{Name: e.n.name, Type: e.n.typ, Digests: e.Digests(), Target: e.Target(), facts: e.facts()}
	if e.n.typ == File {
		c.Size = new(e.n.size)
		if e.ExecutableKnown() {
			c.Executable = new(e.Executable())
		}
	}
	return c
}

// Len returns the number of entries, 0 for nil.
func (m *Manifest) Len() int {
	if m == nil {
		return 0
	}
	return len(m.entries)
}

// Entries returns the entries, sorted by the bytes of their names.
func (m *Manifest) Entries() iter.Seq[ManifestEntry] {
	return func(yield func(ManifestEntry) bool) {
		for i := range m.Len() {
			if !yield(m.at(i)) {
				return
			}
		}
	}
}

// Lookup returns the entry with exactly the given name.
func (m *Manifest) Lookup(name string) (ManifestEntry, bool) {
	i, ok := sort.Find(m.Len(), func(i int) int { return strings.Compare(name, m.entries[i].Name) })
	if !ok {
		return ManifestEntry{}, false
	}
	return m.at(i), true
}

// at returns a copy that shares no pointer with m.
func (m *Manifest) at(i int) ManifestEntry {
	e := m.entries[i]
	if e.Size != nil {
		e.Size = new(*e.Size)
	}
	if e.Executable != nil {
		e.Executable = new(*e.Executable)
	}
	return e
}

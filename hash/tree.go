// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash

import (
	"fmt"
	"iter"
	"slices"
	"sort"
	"strings"
)

// An EntryType says what an entry of a tree is.
type EntryType uint8

const (
	File EntryType = iota + 1 // a regular file
	Dir                       // a folder
	Link                      // a symbolic link
)

// String returns "file", "folder", "link" or "invalid".
func (t EntryType) String() string {
	switch t {
	case File:
		return "file"
	case Dir:
		return "folder"
	case Link:
		return "link"
	}
	return "invalid"
}

// A Tree is a fact about a folder or an archive: its entries, each measured.
// It is immutable. Only [MeasureTree], [MeasureZip], [MeasureTar] and
// [Tree.Select] make one; the zero Tree is empty and was never measured.
type Tree struct {
	nodes      []*node // sorted by name
	algs       []Algorithm
	identities []Algorithm
	size       int64
	excluded   []string
	errs       []error // of what could not be measured, each an *Error
	notCovered []string
	measured   bool
	began      int64 // before the first entry was looked at, in ns; 0 for archives
	metadata   Metadata
	firstNames map[uint32]string // of groups of nodes
}

// A node is one entry of a tree, or of several trees: it is not altered after
// it was measured.
type node struct {
	name string
	// data is the digests in the order of Tree.algs for a file, the target
	// for a link.
	data   []byte
	size   int64
	stamp  *stamp   // of a file, nil if the source of the tree has none
	xattrs *[]Xattr // nil if there are none
	group  uint32   // files with the same one are one file; 0 if there is no other
	typ    EntryType
	exec   execBit
	notes  notes
	reused bool // data is from a previous tree
}

type execBit uint8

const (
	execUnknown execBit = iota // the source does not record it
	execNo
	execYes
)

func execOf(yes bool) execBit {
	if yes {
		return execYes
	}
	return execNo
}

// An Entry is one entry of a [Tree]. The zero Entry belongs to no tree.
type Entry struct {
	n *node
	t *Tree
}

// Name returns the name from the root of the tree, as raw bytes with "/"
// between the elements. Print it with [EscapeName].
func (e Entry) Name() string {
	if e.n == nil {
		return ""
	}
	return e.n.name
}

// Type returns File, Dir or Link.
func (e Entry) Type() EntryType {
	if e.n == nil {
		return 0
	}
	return e.n.typ
}

// Executable reports whether e is a file that its owner may execute, which is
// also what git records.
func (e Entry) Executable() bool { return e.n != nil && e.n.exec == execYes }

// ExecutableKnown reports whether the source of the tree records execute bits of
// files. Archives that were not made on Unix and file systems of Windows do not.
func (e Entry) ExecutableKnown() bool { return e.n != nil && e.n.exec != execUnknown }

// Size returns the number of bytes of a file, 0 for others.
func (e Entry) Size() int64 {
	if e.n == nil {
		return 0
	}
	return e.n.size
}

// Digests returns the digests of a file; the set is empty for others.
func (e Entry) Digests() Set {
	if e.n == nil || e.n.typ != File {
		return Set{}
	}
	ds := make([]Digest, len(e.t.algs))
	data := e.n.data
	for i, a := range e.t.algs {
		ds[i].alg = a
		data = data[copy(ds[i].sum[:a.Size()], data):]
	}
	return Set{ds}
}

// Target returns the target of a link, as raw bytes. It was not followed and
// may be anything.
func (e Entry) Target() string {
	if e.n == nil || e.n.typ != Link {
		return ""
	}
	return string(e.n.data)
}

// Artifact returns a file of a tree as a fact of its own, with the name of the
// entry. The result is false for folders and links.
func (e Entry) Artifact() (Artifact, bool) {
	if e.n == nil || e.n.typ != File {
		return Artifact{}, false
	}
	return Artifact{name: e.n.name, size: e.n.size, digests: e.Digests()}, true
}

// sum returns the raw digest of a file by one algorithm, nil if not measured.
func (t *Tree) sum(n *node, alg Algorithm) []byte {
	off := 0
	for _, a := range t.algs {
		if a == alg {
			return n.data[off : off+a.Size()]
		}
		off += a.Size()
	}
	return nil
}

func (t *Tree) measuredBy(alg Algorithm) bool { return slices.Contains(t.algs, alg) }

// Len returns the number of entries.
func (t *Tree) Len() int { return len(t.nodes) }

// Size returns the number of bytes of all files.
func (t *Tree) Size() int64 { return t.size }

// Entries returns all entries, sorted by the bytes of their names. The root
// itself is none of them.
func (t *Tree) Entries() iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		for _, n := range t.nodes {
			if !yield(Entry{n, t}) {
				return
			}
		}
	}
}

// Lookup returns the entry with exactly the given name.
func (t *Tree) Lookup(name string) (Entry, bool) {
	if i, ok := t.index(name); ok {
		return Entry{t.nodes[i], t}, true
	}
	return Entry{}, false
}

func (t *Tree) index(name string) (int, bool) {
	return sort.Find(len(t.nodes), func(i int) int { return strings.Compare(name, t.nodes[i].name) })
}

// Algorithms returns what was measured of every file.
func (t *Tree) Algorithms() []Algorithm { return slices.Clone(t.algs) }

// Excluded returns the sorted names of what [TreeOptions.Exclude] or
// [Tree.Select] left out. What is in an excluded folder is not listed.
func (t *Tree) Excluded() []string { return slices.Clone(t.excluded) }

// Errors returns why entries could not be measured that [TreeOptions.OnError]
// went on without, in the order of the walk; each is an [*Error] whose Name is
// that of the entry. A tree with errors is partial. Its entries are facts, but it
// stands for nothing: [Tree.Match], [Tree.DirHash], [Tree.GitTree] and
// [Tree.Artifact] fail with [CodePartial], [Tree.Manifest] is empty, and [Diff]
// always finds a difference. Whoever goes by [Tree.Entries] has to look here.
func (t *Tree) Errors() []error { return slices.Clone(t.errs) }

// whole returns an error if the tree was not measured, or not all of it.
func (t *Tree) whole() error {
	if !t.measured {
		return &Error{Code: CodeOptions, Detail: "the zero Tree was never measured"}
	}
	if t.errs != nil {
		return &Error{Code: CodePartial, Detail: fmt.Sprintf("%d entries could not be measured", len(t.errs)), Err: t.errs[0]}
	}
	return nil
}

// NotCovered says in words which properties of the entries were not measured,
// so that equal trees may differ in them. Whether something was excluded is
// told by [Tree.Excluded].
func (t *Tree) NotCovered() []string { return slices.Clone(t.notCovered) }

// FileArtifact returns the file with exactly the given name as a fact of its
// own. The result is false if there is no entry of this name or it is not a
// file.
func (t *Tree) FileArtifact(name string) (Artifact, bool) {
	e, _ := t.Lookup(name)
	return e.Artifact()
}

// Artifact returns the tree as one fact under the given name: its digests are
// the identities among [TreeOptions.Algorithms], or DirHash if there were none.
// DirHash is computed with prefix "". Empty trees have identities too: the hash
// of an empty list and the git empty tree.
//
// An identity covers what its definition covers: a dirHash the names and
// contents of files; a git tree also execute bits and links; neither empty
// folders. Errors are those of [Tree.DirHash] and [Tree.GitTree].
func (t *Tree) Artifact(name string) (Artifact, error) {
	ids := t.identities
	if len(ids) == 0 {
		ids = []Algorithm{DirHash}
	}
	var ds []Digest
	for _, a := range ids {
		var d Digest
		var err error
		if a == DirHash {
			d, err = t.DirHash("")
		} else {
			d, err = t.GitTree(a)
		}
		if err != nil {
			return Artifact{}, err
		}
		ds = append(ds, d)
	}
	return Artifact{name: name, size: t.size, digests: Set{ds}}, nil
}

// finish sorts the entries and adds up their sizes.
func (t *Tree) finish() {
	slices.SortFunc(t.nodes, func(a, b *node) int { return strings.Compare(a.name, b.name) })
	slices.Sort(t.excluded)
	t.size = 0
	unknown, reused := false, 0
	for _, n := range t.nodes {
		t.size += n.size
		if n.reused {
			reused++
		}
		if n.group != 0 && t.firstNames[n.group] == "" {
			if t.firstNames == nil {
				t.firstNames = make(map[uint32]string)
			}
			t.firstNames[n.group] = n.name
		}
		unknown = unknown || n.typ == File && n.exec == execUnknown
	}
	t.measured = true
	t.notCovered = t.metadataNotCovered()
	if reused > 0 {
		t.notCovered = append(t.notCovered, fmt.Sprintf("content of %d files, which were not read again", reused))
	}
	if unknown {
		t.notCovered = append(t.notCovered, "execute bits that the source does not record")
	}
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash

import (
	"io/fs"
	"slices"
	"strings"
)

// Metadata says what is recorded of entries beyond the type and the execute bit
// of the owner. Values can be or'ed together. See [TreeOptions.Metadata].
type Metadata uint8

const (
	// SpecialBits are the setuid, setgid and sticky bits of files and
	// folders: see [Entry.Special]. Zip archives that were not made on Unix,
	// and Windows, do not have them.
	SpecialBits Metadata = 1 << iota
	// HardLinks are which names of the tree stand for one file: see
	// [Entry.HardLink]. Folders on systems that have descriptors for them
	// and tar archives have them.
	HardLinks
	// Xattrs are the extended attributes of files and folders that the
	// process may see, access control lists among them: see [Entry.Xattrs].
	// Folders on Linux have them. Those of links are not read.
	Xattrs

	allMetadata = SpecialBits | HardLinks | Xattrs
)

// An Xattr is an extended attribute. Both of its fields are raw bytes.
type Xattr struct{ Name, Value string }

// maxXattrBytes is how long the names and values of the extended attributes of
// one entry may be together. File systems of Linux allow less or not much more.
const maxXattrBytes = 1 << 20

// notes are what was recorded of a node by the bits of Metadata.
type notes uint8

const (
	bitsKnown notes = 1 << iota
	setuid
	setgid
	sticky
	xattrsKnown
)

func bitNotes(mode fs.FileMode) notes {
	n := bitsKnown
	if mode&fs.ModeSetuid != 0 {
		n |= setuid
	}
	if mode&fs.ModeSetgid != 0 {
		n |= setgid
	}
	if mode&fs.ModeSticky != 0 {
		n |= sticky
	}
	return n
}

// note records the special bits of a file or folder, if they are wanted.
func (p *plan) note(n *node, mode fs.FileMode) {
	if p.recorded&SpecialBits != 0 {
		n.notes |= bitNotes(mode)
	}
}

// noteXattrs records extended attributes and accounts for their memory.
func (b *builder) noteXattrs(n *node, list []Xattr) error {
	n.notes |= xattrsKnown
	if len(list) == 0 {
		return nil
	}
	slices.SortFunc(list, func(a, b Xattr) int { return strings.Compare(a.Name, b.Name) })
	n.xattrs = &list
	return b.keepXattrs(list, n.name)
}

func (b *builder) keepXattrs(list []Xattr, name string) error {
	size := 0
	for _, x := range list {
		size += len(x.Name) + len(x.Value)
	}
	return b.keepBytes(size, name)
}

// Metadata returns what of [TreeOptions.Metadata] was recorded. What the source
// of the tree cannot tell is not part of it.
func (t *Tree) Metadata() Metadata { return t.metadata }

// Special returns the setuid, setgid and sticky bits of a file or folder. They are
// not known unless [SpecialBits] were asked for and the source has them.
func (e Entry) Special() (bits fs.FileMode, known bool) {
	if e.n == nil || e.n.notes&bitsKnown == 0 {
		return 0, false
	}
	if e.n.notes&setuid != 0 {
		bits |= fs.ModeSetuid
	}
	if e.n.notes&setgid != 0 {
		bits |= fs.ModeSetgid
	}
	if e.n.notes&sticky != 0 {
		bits |= fs.ModeSticky
	}
	return bits, true
}

// HardLink returns the first, by its bytes, of the names in the tree that stand
// for the same file as e. That is the name of e itself if there is no other. The
// result is "" for folders and links, and unless [HardLinks] were asked for and
// the source has them. Names outside the tree are not known.
func (e Entry) HardLink() string {
	if e.n == nil || e.n.typ != File || e.t.metadata&HardLinks == 0 {
		return ""
	}
	if first, ok := e.t.firstNames[e.n.group]; ok {
		return first
	}
	return e.n.name
}

// Xattrs returns the extended attributes of a file or folder, sorted by name. They
// are not known unless [Xattrs] were asked for and the source has them.
func (e Entry) Xattrs() (list []Xattr, known bool) {
	if e.n == nil || e.n.notes&xattrsKnown == 0 {
		return nil, false
	}
	if e.n.xattrs != nil {
		list = slices.Clone(*e.n.xattrs)
	}
	return list, true
}

// groupHardLinks finds the files that are one. Their stamps say so.
func groupHardLinks(nodes []*node) {
	type file struct{ dev, ino uint64 }
	first := make(map[file]*node, len(nodes))
	groups := uint32(0)
	for _, n := range nodes {
		if n.stamp == nil {
			continue
		}
		f := file{n.stamp.dev, n.stamp.ino}
		other := first[f]
		if other == nil {
			first[f] = n
			continue
		}
		if other.group == 0 {
			groups++
			other.group = groups
		}
		n.group = other.group
	}
}

// metadataNotCovered says what was not recorded.
func (t *Tree) metadataNotCovered() []string {
	list := []string{"owners and groups"}
	if t.metadata&SpecialBits == 0 {
		list = append(list, "permissions other than the owner's execute bit")
	} else {
		list = append(list, "permissions other than the owner's execute bit and the setuid, setgid and sticky bits")
		if t.lacks(bitsKnown) {
			list = append(list, "setuid, setgid and sticky bits that the source does not record")
		}
	}
	list = append(list, "times")
	if t.metadata&Xattrs == 0 {
		list = append(list, "extended attributes and access control lists")
	} else {
		list = append(list, "extended attributes of links, and those that the process may not see")
		if t.lacks(xattrsKnown) {
			list = append(list, "extended attributes that the source does not record")
		}
	}
	if t.metadata&HardLinks == 0 {
		list = append(list, "which names are hard links of one file")
	} else {
		list = append(list, "names outside the tree that are hard links of a file in it")
	}
	return list
}

// lacks reports whether something is not known of a file or folder, such as one
// that only the names below it imply.
func (t *Tree) lacks(known notes) bool {
	return slices.ContainsFunc(t.nodes, func(n *node) bool { return n.typ != Link && n.notes&known == 0 })
}

// facts are what a manifest says about the metadata of an entry of a tree.
type facts struct {
	bits                   fs.FileMode
	bitsKnown, xattrsKnown bool
	hardLink               string // "" if it is not known
	xattrs                 []Xattr
}

// facts returns nil if nothing was recorded.
func (e Entry) facts() *facts {
	if e.t.metadata == 0 {
		return nil
	}
	f := &facts{hardLink: e.HardLink()}
	f.bits, f.bitsKnown = e.Special()
	f.xattrs, f.xattrsKnown = e.Xattrs()
	return f
}

// differences compares what both sides recorded.
func (f *facts) differences(e Entry) []Difference {
	if f == nil || e.t.metadata == 0 {
		return nil
	}
	var ds []Difference
	if got, known := e.Special(); known && f.bitsKnown && got != f.bits {
		ds = append(ds, Difference{"special", specialString(f.bits), specialString(got)})
	}
	if got := e.HardLink(); got != "" && f.hardLink != "" && got != f.hardLink {
		ds = append(ds, Difference{"hardLink", shown(f.hardLink), shown(got)})
	}
	if got, known := e.Xattrs(); known && f.xattrsKnown {
		ds = append(ds, xattrDifferences(f.xattrs, got)...)
	}
	return ds
}

func specialString(bits fs.FileMode) string {
	var names []string
	for _, b := range []struct {
		bit  fs.FileMode
		name string
	}{{fs.ModeSetuid, "setuid"}, {fs.ModeSetgid, "setgid"}, {fs.ModeSticky, "sticky"}} {
		if bits&b.bit != 0 {
			names = append(names, b.name)
		}
	}
	if names == nil {
		return "none"
	}
	return strings.Join(names, ",")
}

// xattrDifferences walks over both sorted lists at once.
func xattrDifferences(want, got []Xattr) []Difference {
	var ds []Difference
	text := func(x Xattr) string { return shown(x.Name) + "=" + shown(x.Value) }
	none := func(x Xattr) string { return "no " + shown(x.Name) }
	for len(want) > 0 || len(got) > 0 {
		switch {
		case len(got) == 0 || len(want) > 0 && want[0].Name < got[0].Name:
			ds = append(ds, Difference{"xattr", text(want[0]), none(want[0])})
			want = want[1:]
		case len(want) == 0 || got[0].Name < want[0].Name:
			ds = append(ds, Difference{"xattr", none(got[0]), text(got[0])})
			got = got[1:]
		default:
			if want[0].Value != got[0].Value {
				ds = append(ds, Difference{"xattr", text(want[0]), text(got[0])})
			}
			want, got = want[1:], got[1:]
		}
	}
	return ds
}

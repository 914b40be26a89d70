// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash

import "time"

// A stamp is what the file system said about a file while its content was read.
// Every write sets the change time, and no system call puts it back.
type stamp struct {
	dev, ino     uint64
	mtime, ctime int64 // ns
	mode         uint32
}

func (s stat) stamp() stamp {
	return stamp{s.dev, s.ino, s.mtime, s.ctime, uint32(s.mode)}
}

// clockMargin is how far the time that a file system writes down may lag behind
// the clock: FAT counts in 2 seconds, older ones in 1, and Linux takes the time
// of its last tick, which is at most 10 ms ago.
const clockMargin = 3 * time.Second

// A previous finds the files that need not be read again.
//
// Why their digests are right: let the previous measurement have begun at b, and
// let a file in it have the change time c, with c < b - clockMargin. The digest
// was that of the content at some time after b: when it was read, or, if it was
// reused already, when its stamp was looked at, which this very argument shows.
// Whoever wrote to the file since then made its change time later than
// b - clockMargin, so if the file has the change time c nobody did. For the next
// measurement the same holds with its own beginning, so a tree needs no more than
// one such time, however long the chain of reuse behind it.
//
// It takes a clock that does not go backwards and a file system that goes by that
// clock and updates the change time.
type previous struct {
	tree *Tree
	// before is the time that change and modification times must be below, in
	// ns. A file that changed later could have changed once more, after it was
	// read, within one tick of the file system's clock (git calls it racy).
	before int64
	next   int // the node that is probably asked for next
}

// newPrevious returns nil if nothing of the previous tree can be reused.
func newPrevious(p *plan) *previous {
	t := p.Previous
	if t == nil || t.whole() != nil || !t.covers(p) {
		return nil
	}
	return &previous{tree: t, before: t.began - int64(clockMargin)}
}

// covers reports whether all that p asks for was measured for t.
func (t *Tree) covers(p *plan) bool {
	for _, a := range p.algs {
		if !t.measuredBy(a) {
			return false
		}
	}
	return p.recorded&Xattrs&^t.metadata == 0
}

// find returns the node of a file in the previous tree if the file is unchanged,
// and nil otherwise.
func (v *previous) find(name string, now stat) *node {
	if v == nil {
		return nil
	}
	nodes := v.tree.nodes
	i := v.next
	if i >= len(nodes) || nodes[i].name != name {
		var ok bool
		if i, ok = v.tree.index(name); !ok {
			return nil
		}
	}
	v.next = i + 1
	n := nodes[i]
	if n.typ != File || n.stamp == nil || n.size != now.size || *n.stamp != now.stamp() {
		return nil
	}
	if n.stamp.mtime >= v.before || n.stamp.ctime >= v.before {
		return nil
	}
	return n
}

// reuse fills in a file from an unchanged one of a previous tree.
func (b *builder) reuse(v *previous, n, old *node) error {
	data := n.data[:0]
	for _, a := range b.algs {
		data = append(data, v.tree.sum(old, a)...)
	}
	*n.stamp = *old.stamp
	n.reused = true
	if b.recorded&Xattrs == 0 {
		return nil
	}
	n.notes |= xattrsKnown
	if n.xattrs = old.xattrs; n.xattrs == nil {
		return nil
	}
	return b.keepXattrs(*n.xattrs, n.name)
}

// Reused returns the sorted names of the files that were not read, because
// [TreeOptions.Previous] has digests of them and they look unchanged. See also
// [Entry.Reused].
func (t *Tree) Reused() []string {
	var names []string
	for _, n := range t.nodes {
		if n.reused {
			names = append(names, n.name)
		}
	}
	return names
}

// Reused reports whether e is a file that was not read: its digests come from
// [TreeOptions.Previous].
func (e Entry) Reused() bool { return e.n != nil && e.n.reused }

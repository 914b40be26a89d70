// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// A builder collects the entries of a tree and holds it to the limits. Only one
// goroutine adds entries; what adjusts the counts of bytes may run beside it.
type builder struct {
	*plan
	nodes     []*node
	excluded  []string
	seen      int // entries, excluded ones too
	nameBytes atomic.Int64
	bytes     atomic.Int64

	failuresMu sync.Mutex
	failures   []failure // that the caller goes on after

	// Nodes, digests and stamps are cut from slabs: one allocation for many
	// files, and a node does not move while a worker fills it in.
	nodeSlab  []node
	dataSlab  []byte
	stampSlab []stamp
}

const slabSize = 256

// count accounts for entries before anything is kept of them.
func (b *builder) count(n int, name string) error {
	b.seen += n
	if b.seen > b.MaxFiles {
		return b.limit(name, "MaxFiles", int64(b.MaxFiles), "entries")
	}
	return nil
}

// keep accounts for the memory of a name or link target.
func (b *builder) keep(text, name string) error {
	return b.keepBytes(len(text), name)
}

func (b *builder) keepBytes(n int, name string) error {
	if b.nameBytes.Add(int64(n)) > b.MaxNameBytes {
		return b.limit(name, "MaxNameBytes", b.MaxNameBytes, "bytes of names")
	}
	return nil
}

// grow accounts for content. n is negative when a file turned out smaller than
// it promised.
func (b *builder) grow(n int64, name string) error {
	// Neither can overflow: both are at most MaxBytes before.
	if n > b.MaxBytes || b.bytes.Add(n) > b.MaxBytes {
		return b.limit(name, "MaxBytes", b.MaxBytes, "bytes")
	}
	b.progress.found(0, n)
	return nil
}

// leaveOut records an entry that the options leave out.
func (b *builder) leaveOut(name string) error {
	b.excluded = append(b.excluded, name)
	return b.keep(name, name)
}

func (p *plan) checkDepth(name string) error {
	if strings.Count(name, "/") >= p.MaxDepth {
		return p.limit(name, "MaxDepth", int64(p.MaxDepth), "elements in a name")
	}
	return nil
}

// add makes the node of an entry.
func (b *builder) add(name string, typ EntryType) (*node, error) {
	if err := b.checkDepth(name); err != nil {
		return nil, err
	}
	if err := b.keep(name, name); err != nil {
		return nil, err
	}
	if len(b.nodeSlab) == 0 {
		b.nodeSlab = make([]node, slabSize)
	}
	n := &b.nodeSlab[0]
	b.nodeSlab = b.nodeSlab[1:]
	n.name, n.typ = name, typ
	b.nodes = append(b.nodes, n)
	if typ == File {
		b.progress.found(1, 0)
		if len(b.dataSlab) < b.stride {
			b.dataSlab = make([]byte, slabSize*b.stride)
		}
		n.data = b.dataSlab[:b.stride:b.stride]
		b.dataSlab = b.dataSlab[b.stride:]
	}
	return n, nil
}

// newStamp returns room for what will be known when a file is read.
func (b *builder) newStamp() *stamp {
	if len(b.stampSlab) == 0 {
		b.stampSlab = make([]stamp, slabSize)
	}
	s := &b.stampSlab[0]
	b.stampSlab = b.stampSlab[1:]
	return s
}

// A failure is an entry that could not be measured.
type failure struct {
	number int64 // its place in the order of the walk
	err    error
}

// goOn asks the caller whether to go on after an error, and returns nil if so.
func (b *builder) goOn(number int64, err error) error {
	// Not what only wraps one: the error must be about an entry.
	e, ok := err.(*Error)
	if b.OnError == nil || !ok || e.Code != CodeRead && e.Code != CodeNotRegular && e.Code != CodeChanged {
		return err
	}
	if e.Name == "" {
		err = withName(err, ".") // the root
	}
	b.failuresMu.Lock()
	defer b.failuresMu.Unlock()
	if err := b.OnError(err); err != nil {
		return err
	}
	b.failures = append(b.failures, failure{number, err})
	return nil
}

// tree returns the tree. Nodes without a type could not be measured.
func (b *builder) tree() *Tree {
	t := &Tree{nodes: b.nodes, algs: b.algs, identities: b.identities, excluded: b.excluded, began: b.began, metadata: b.recorded}
	slices.SortFunc(b.failures, func(a, b failure) int { return cmp.Compare(a.number, b.number) })
	for _, f := range b.failures {
		t.errs = append(t.errs, f.err)
	}
	if t.errs != nil {
		t.nodes = slices.DeleteFunc(t.nodes, func(n *node) bool { return n.typ == 0 })
	}
	t.finish()
	return t
}

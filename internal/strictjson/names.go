// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package strictjson

import (
	"bytes"
	"hash/maphash"
	"slices"
)

// names is the set of member names of each object that is open, for finding
// duplicates.
//
// All objects share three stacks. The object opened last is on top of each, and
// closing it cuts them back, so siblings reuse memory and clearing costs no more
// than was used. An object of few members is searched one by one; a larger one
// has a hash table. The hash is seeded for each decoder, so nobody can prepare
// names that collide.
type names struct {
	data  []byte   // the input
	list  []name   // the names in order of appearance
	text  []byte   // what names with escapes decode to
	slots []uint32 // hash tables with linear probing: index into the list of the object, plus one
	seed  maphash.Seed
}

// A name is a part of the input, or of the decoded text if it has escapes.
type name struct {
	start, size uint32
	hash        uint32 // once the object has a table
	decoded     bool
}

// A scope is one open object: where its parts of the stacks begin.
type scope struct {
	list, text, slots int
	size              int // slots in the table: zero or a power of two
}

const (
	fewNames  = 8
	firstSize = 4 * fewNames
)

func (s *names) open() scope {
	return scope{list: len(s.list), text: len(s.text), slots: len(s.slots)}
}

func (s *names) close(o *scope) {
	s.list = s.list[:o.list]
	s.text = s.text[:o.text]
	s.slots = s.slots[:o.slots]
}

// none reports whether the object has no names yet.
func (s *names) none(o *scope) bool { return len(s.list) == o.list }

// last returns the name added last, decoded. It is valid until the next add.
func (s *names) last() []byte { return s.bytes(s.list[len(s.list)-1]) }

func (s *names) bytes(n name) []byte {
	from := s.data
	if n.decoded {
		from = s.text
	}
	return from[n.start : n.start+n.size]
}

// add adds to the object on top of the stacks the name with the given text,
// which is at start in the data, and reports whether it is new.
func (s *names) add(o *scope, data []byte, start int, text []byte, escaped bool) bool {
	s.data = data
	n := name{start: uint32(start), size: uint32(len(text))}
	if escaped {
		n.start = uint32(len(s.text))
		s.text = appendDecoded(s.text, text)
		n.size = uint32(len(s.text)) - n.start
		n.decoded = true
	}
	if s.list == nil {
		s.list = make([]name, 0, 4*fewNames)
	}
	s.list = append(s.list, n)
	mine := s.list[o.list:]
	last := len(mine) - 1

	if last < fewNames {
		for _, other := range mine[:last] {
			if other.size == n.size && bytes.Equal(s.bytes(other), s.bytes(n)) {
				return false
			}
		}
		return true
	}
	if 2*len(mine) > o.size {
		return s.grow(o)
	}
	mine[last].hash = s.hash(n)
	return s.insert(o, last)
}

// grow gives the object a table, or one of twice the size, and inserts all its
// names. It reports whether the last of them is new; the others are known to be.
func (s *names) grow(o *scope) bool {
	mine := s.list[o.list:]
	hashed := len(mine) - 1
	if o.size == 0 {
		if s.seed == (maphash.Seed{}) {
			s.seed = maphash.MakeSeed()
		}
		hashed = 0
	}
	o.size = max(2*o.size, firstSize)
	s.slots = slices.Grow(s.slots[:o.slots], o.size)[:o.slots+o.size]
	clear(s.slots[o.slots:])
	isNew := true
	for i := range mine {
		if i >= hashed {
			mine[i].hash = s.hash(mine[i])
		}
		isNew = s.insert(o, i)
	}
	return isNew
}

func (s *names) hash(n name) uint32 { return uint32(maphash.Bytes(s.seed, s.bytes(n))) }

// insert enters the i-th name of the object into its table and reports whether
// it is new.
func (s *names) insert(o *scope, i int) bool {
	mine, table := s.list[o.list:], s.slots[o.slots:]
	n := mine[i]
	mask := uint32(o.size - 1)
	at := n.hash & mask
	for ; table[at] != 0; at = (at + 1) & mask {
		other := mine[table[at]-1]
		if other.hash == n.hash && other.size == n.size && bytes.Equal(s.bytes(other), s.bytes(n)) {
			return false
		}
	}
	table[at] = uint32(i + 1)
	return true
}

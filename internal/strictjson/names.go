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
	data  []byte // the input
	list  []name // the names in order of appearance
	text  []byte // what names with escapes decode to
	slots []slot // hash tables with linear probing
	seed  maphash.Seed
}

// A name is a part of the input, or of the decoded text if it has escapes. As no
// input has more than 2 GiB, the highest bit of the size is free to say which.
type name struct{ start, size uint32 }

const decoded = 1 << 31

// A slot of a hash table has the index of a name in the list of its object, plus
// one, and the hash, so that most names are told apart without a look at them.
type slot struct{ index, hash uint32 }

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
	if n.size&decoded != 0 {
		return s.text[n.start : n.start+n.size&^decoded]
	}
	return s.data[n.start : n.start+n.size]
}

// add adds to the object on top of the stacks the name with the given text,
// which is at start in the input, and reports whether it is new.
func (s *names) add(o *scope, start int, text []byte, escaped bool) bool {
	n := name{uint32(start), uint32(len(text))}
	if escaped {
		n.start = uint32(len(s.text))
		s.text = appendDecoded(s.text, text)
		n.size = (uint32(len(s.text)) - n.start) | decoded
		text = s.text[n.start:]
	}
	if len(s.list) == cap(s.list) {
		s.list = append(make([]name, 0, max(2*len(s.list), 4*fewNames)), s.list...)
	}
	s.list = append(s.list, n)
	mine := s.list[o.list:]
	last := len(mine) - 1

	if last < fewNames {
		for _, other := range mine[:last] {
			if bytes.Equal(s.bytes(other), text) {
				return false
			}
		}
		return true
	}
	if 4*len(mine) > 3*o.size {
		s.grow(o)
	}
	if last == fewNames {
		for i := range last {
			s.insert(o, i)
		}
	}
	return s.insert(o, last)
}

// grow gives the object a table, or one of twice the size. It moves the slots in
// the order of the old table, which is nearly that of the new one: at random
// each would be a cache miss.
func (s *names) grow(o *scope) {
	if s.seed == (maphash.Seed{}) {
		s.seed = maphash.MakeSeed()
	}
	o.size = max(2*o.size, firstSize)
	old, size := s.slots[o.slots:], o.slots+o.size
	if size > cap(s.slots) {
		s.slots = append(make([]slot, 0, size), s.slots[:o.slots]...)[:size]
	} else {
		old = slices.Clone(old)
		s.slots = s.slots[:size]
		clear(s.slots[o.slots:])
	}
	table, mask := s.slots[o.slots:], uint32(o.size-1)
	for _, entry := range old {
		if entry.index == 0 {
			continue
		}
		at := entry.hash & mask
		for table[at].index != 0 {
			at = (at + 1) & mask
		}
		table[at] = entry
	}
}

// insert enters the i-th name of the object into its table and reports whether
// it is new.
func (s *names) insert(o *scope, i int) bool {
	mine, table := s.list[o.list:], s.slots[o.slots:]
	text := s.bytes(mine[i])
	hash := uint32(maphash.Bytes(s.seed, text))
	mask := uint32(len(table) - 1)
	at := hash & mask
	for ; table[at].index != 0; at = (at + 1) & mask {
		if table[at].hash == hash && bytes.Equal(s.bytes(mine[table[at].index-1]), text) {
			return false
		}
	}
	table[at] = slot{uint32(i + 1), hash}
	return true
}

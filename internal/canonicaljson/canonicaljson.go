// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

// Package canonicaljson computes the form over which TUF metadata and legacy in-toto
// metadata is signed: OLPC Canonical JSON (wiki.laptop.org, "Canonical
// JSON") as the securesystemslib libraries compute it.
//
// In the canonical form there is no white space, the members of an object are
// sorted by name, strings escape only the quote and the backslash, and numbers
// are integers. It differs from JSON in one way that matters: control characters
// are not escaped. A PEM key has raw line feeds in its canonical form, which is
// therefore something to hash and not something to parse.
//
// The libraries do not agree on everything. Where they differ on the bytes for
// one text, a signature could cover two meanings, so what they do is this:
//
//   - Names are sorted by code point, which is the order of their UTF-8 bytes.
//     Go and Python do so. JavaScript sorts by UTF-16 unit, where characters
//     outside the Basic Multilingual Plane come before U+E000 to U+FFFF. The
//     order of Go and Python is used here.
//   - Integers beyond an int64 are refused. Go refuses them, Python writes them
//     out at any length, JavaScript rounds beyond 2^53.
//   - -0 is refused. Go writes -0, Python and JavaScript write 0.
//   - Fractions and exponents are refused, as in Go and Python. JavaScript reads
//     1.0 and 1e2 as integers.
package canonicaljson

import (
	"bytes"
	"slices"

	"github.com/tallystick/tallystick/internal/strictjson"
)

// Canonical returns the canonical form of the one JSON value in raw, which may
// be the output of json.Marshal. All checks of [strictjson.Validate] apply, and
// errors are of type [*strictjson.Error]; a number that is not an integer is
// strictjson.WrongType, one beyond an int64 or -0 is strictjson.OutOfRange.
//
// If raw is in canonical form already, apart from white space around it, the
// result is that part of raw and not a copy. Otherwise it is new memory, of at
// most len(raw) bytes. Time is linear, apart from the sorting. Memory is the
// result, 12 bytes for each object and array, and 28 bytes for each member of
// the objects that are open at one time.
func Canonical(raw []byte, limits strictjson.Limits) ([]byte, error) {
	limits.Integers = true
	if err := strictjson.Validate(raw, limits); err != nil {
		return nil, err
	}
	w := writer{in: bytes.Trim(raw, " \t\r\n")}
	w.findEnds()
	w.value(0)
	if w.out == nil {
		return w.in[:w.same:w.same], nil
	}
	return w.out, nil
}

// A writer writes the canonical form of in, which has been validated: from here
// on nothing can be wrong with the input, and offsets fit 32 bits.
type writer struct {
	in []byte

	// What has been written is in[:same] for as long as it is the same as the
	// input, and only from the first difference on it is out.
	same int
	out  []byte

	ends []end // of each object and array, in order of their first bytes
	next int   // index in ends of the next object or array to come

	members []member // a stack: those of each open object
	keys    []byte   // names of one object that needed decoding
	text    []byte   // for one string
}

// An end says where an object or array ends, so that its inside is read only
// when it is written. Without it an object of n levels would be read n times.
type end struct {
	offset uint32 // behind the last byte
	next   uint32 // index of the first object or array that starts after it
	commas uint32 // in the object or array itself: one less than there are items
}

// A member is one member of an object, before it is written.
type member struct {
	name, nameEnd uint32 // the literal, with quotes
	key, keyEnd   uint32 // the name decoded: a part of the input or of keys
	decoded       bool   // the key is in keys
	value         uint32 // where the value starts
	next          uint32 // index of the first object or array that starts there or later
}

// findEnds fills in w.ends.
func (w *writer) findEnds() {
	var open []int
	for i := 0; i < len(w.in); i++ {
		switch w.in[i] {
		case '"':
			e, _ := strictjson.StringEnd(w.in, i)
			i = e - 1
		case '{', '[':
			open = append(open, len(w.ends))
			if len(w.ends) == cap(w.ends) {
				w.ends = slices.Grow(w.ends, max(len(w.ends), 16))
			}
			w.ends = append(w.ends, end{})
		case ',':
			w.ends[open[len(open)-1]].commas++
		case '}', ']':
			last := len(open) - 1
			e := &w.ends[open[last]]
			e.offset, e.next = uint32(i+1), uint32(len(w.ends))
			open = open[:last]
		}
	}
}

// value writes the value that starts at i and returns where it ends.
func (w *writer) value(i int) int {
	switch w.in[i] {
	case '{':
		return w.object(i)
	case '[':
		return w.array(i)
	case '"':
		e, escaped := strictjson.StringEnd(w.in, i)
		w.string(w.in[i:e], escaped)
		return e
	}
	e := w.scalarEnd(i)
	w.write(w.in[i:e])
	return e
}

func (w *writer) array(i int) int {
	this := w.next
	w.next++
	w.writeByte('[')
	for i = w.space(i + 1); w.in[i] != ']'; i = w.space(i) {
		if w.in[i] == ',' {
			w.writeByte(',')
			i = w.space(i + 1)
		}
		i = w.value(i)
	}
	w.writeByte(']')
	return int(w.ends[this].offset)
}

func (w *writer) object(i int) int {
	this := w.ends[w.next]
	first := len(w.members)
	w.members = slices.Grow(w.members, int(this.commas)+1)
	w.findMembers(i)
	slices.SortFunc(w.members[first:], func(a, b member) int { return bytes.Compare(w.key(a), w.key(b)) })
	w.keys = w.keys[:0]

	w.writeByte('{')
	for i := first; i < len(w.members); i++ {
		m := w.members[i]
		if i > first {
			w.writeByte(',')
		}
		w.string(w.in[m.name:m.nameEnd], m.decoded)
		w.writeByte(':')
		w.next = int(m.next)
		w.value(int(m.value))
	}
	w.writeByte('}')
	w.members = w.members[:first]
	w.next = int(this.next)
	return int(this.offset)
}

// findMembers puts the members of the object that starts at i on the stack.
func (w *writer) findMembers(i int) {
	next := w.next + 1
	for i = w.space(i + 1); w.in[i] != '}'; i = w.space(i) {
		if w.in[i] == ',' {
			i = w.space(i + 1)
		}
		e, escaped := strictjson.StringEnd(w.in, i)
		m := member{name: uint32(i), nameEnd: uint32(e), key: uint32(i + 1), keyEnd: uint32(e - 1)}
		if escaped {
			m.decoded = true
			m.key = uint32(len(w.keys))
			w.keys = strictjson.AppendString(w.keys, w.in[i:e])
			m.keyEnd = uint32(len(w.keys))
		}
		i = w.space(w.space(e) + 1) // the colon
		m.value, m.next = uint32(i), uint32(next)
		w.members = append(w.members, m)

		switch w.in[i] {
		case '{', '[':
			i, next = int(w.ends[next].offset), int(w.ends[next].next)
		case '"':
			i, _ = strictjson.StringEnd(w.in, i)
		default:
			i = w.scalarEnd(i)
		}
	}
}

func (w *writer) key(m member) []byte {
	if m.decoded {
		return w.keys[m.key:m.keyEnd]
	}
	return w.in[m.key:m.keyEnd]
}

// string writes the string that the literal stands for.
func (w *writer) string(literal []byte, escaped bool) {
	if !escaped {
		w.write(literal)
		return
	}
	w.text = strictjson.AppendString(w.text[:0], literal)
	w.writeByte('"')
	for text := w.text; len(text) > 0; {
		n := bytes.IndexAny(text, `"\`)
		if n < 0 {
			w.write(text)
			break
		}
		w.write(text[:n])
		w.writeByte('\\')
		w.writeByte(text[n])
		text = text[n+1:]
	}
	w.writeByte('"')
}

// write adds b to the canonical form.
func (w *writer) write(b []byte) {
	if w.out == nil {
		if bytes.HasPrefix(w.in[w.same:], b) {
			w.same += len(b)
			return
		}
		w.differ()
	}
	w.out = append(w.out, b...)
}

func (w *writer) writeByte(b byte) {
	if w.out == nil {
		if w.same < len(w.in) && w.in[w.same] == b {
			w.same++
			return
		}
		w.differ()
	}
	w.out = append(w.out, b)
}

// differ starts a copy. The canonical form is never longer than the input.
func (w *writer) differ() {
	w.out = append(make([]byte, 0, len(w.in)), w.in[:w.same]...)
}

// space returns the position of the first byte at or after i that is no white
// space.
func (w *writer) space(i int) int {
	for w.in[i] == ' ' || w.in[i] == '\n' || w.in[i] == '\t' || w.in[i] == '\r' {
		i++
	}
	return i
}

// scalarEnd returns where the number or word that starts at i ends.
func (w *writer) scalarEnd(i int) int {
	for i++; i < len(w.in); i++ {
		switch w.in[i] {
		case ',', ']', '}', ' ', '\n', '\t', '\r':
			return i
		}
	}
	return i
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

// Package strictjson decodes JSON that arrives before anybody has vouched for it.
//
// It is a pull decoder over bytes in memory: the caller asks for the value it
// expects and gets that value or an error, and every byte is checked on the
// way. It is stricter than RFC 8259 asks and than encoding/json is, because two
// parsers that understand the same signed bytes in two ways are an attack. It
// refuses
//
//   - everything outside the grammar of RFC 8259: trailing commas, leading
//     zeros, NaN, raw control characters in strings, a byte order mark, no input;
//   - two members of one object with the same name, compared after escapes are
//     decoded ("a" and "\u0061" are the same name), at any depth, skipped or not;
//   - in a typed object ([Decoder.Object]), a member whose name differs from a
//     known one only in case;
//   - invalid UTF-8, and an escaped surrogate that has no partner;
//   - numbers beyond a float64, and for [Decoder.Int64] all that is not an
//     integer literal within int64;
//   - input over the limits of size and depth, and data after the value.
//
// Time and memory are linear in the input. The duplicate check takes up to about
// 40 bytes for each member of the objects that are open at one time, and its
// hash is seeded, so that names cannot be chosen to collide.
//
// A typical use:
//
//	d := strictjson.NewDecoder(data, strictjson.Limits{})
//	err := d.Object(schema, func(name string) (err error) {
//		switch name {
//		case "version":
//			version, err = d.Int64()
//		case "expires":
//			expires, err = d.String()
//		default:
//			err = d.Skip()
//		}
//		return err
//	})
//	if err == nil {
//		err = d.End()
//	}
//
// Errors are sticky: after one every method returns it, so a value that failed
// cannot be read in another way, and an error that a callback forgets to return
// is not lost. What a callback returns replaces it, so callers may wrap errors.
package strictjson

import (
	"bytes"
	"math"
	"strconv"
)

// Defaults and hard maxima of [Limits].
const (
	DefaultBytes = 32 << 20
	DefaultDepth = 128

	maxBytes = math.MaxInt32 // offsets are kept in 32 bits
	maxDepth = 10_000        // nesting is recursion; this many frames fit any stack
)

// Limits bound the work that an input can cause. In each field zero means the
// default, and a negative number allows nothing.
type Limits struct {
	// Bytes is the largest input, in bytes. The default is [DefaultBytes],
	// 32 MiB; more than 2 GiB - 1 means 2 GiB - 1.
	Bytes int64

	// Depth is the largest number of arrays and objects that may be open at
	// once. The default is [DefaultDepth], 128; more than 10,000 means 10,000.
	Depth int

	// Integers, if true, allows no number that [Decoder.Int64] would refuse,
	// also in values that are skipped. Canonical JSON has no others.
	Integers bool
}

func (l Limits) withDefaults() Limits {
	if l.Bytes == 0 {
		l.Bytes = DefaultBytes
	}
	if l.Depth == 0 {
		l.Depth = DefaultDepth
	}
	l.Bytes = min(l.Bytes, maxBytes)
	l.Depth = min(l.Depth, maxDepth)
	return l
}

// A Decoder reads one JSON value. It is made by [NewDecoder] and is for one
// goroutine.
//
// Each place that holds a value (the top, an element, a member) is read by
// exactly one call of Object, Map, Array, String, Int64, Bool, Raw, Skip, or of
// Null that reports true. Reading none or a second one is a [Misuse] error.
type Decoder struct {
	data   []byte
	pos    int    // the next byte to read
	last   int    // where the value read last starts; for Reject
	depth  int    // arrays and objects open
	limits Limits // with defaults filled in
	ready  bool   // a value is due at pos and nobody has read it
	err    error  // why the decoding has ended

	seen    names
	scratch []byte // for decoding one string
}

// NewDecoder returns a decoder of the one value in data. The decoder and what
// [Decoder.Raw] returns refer to data, which must not change meanwhile. An
// input over the size limit is reported by the first method called.
func NewDecoder(data []byte, limits Limits) *Decoder {
	d := new(Decoder) // on the stack of the caller, as this is inlined
	d.start(data, limits)
	return d
}

func (d *Decoder) start(data []byte, limits Limits) {
	*d = Decoder{data: data, limits: limits.withDefaults(), ready: true, seen: names{data: data}}
	switch {
	case int64(len(data)) > d.limits.Bytes:
		d.err = &Error{Reason: TooLarge, Detail: strconv.Itoa(len(data)) + " bytes, the limit is " + strconv.FormatInt(d.limits.Bytes, 10)}
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		d.err = &Error{Reason: BadSyntax, Detail: "byte order mark"}
	}
}

// Validate reports whether data is exactly one value that this package accepts.
func Validate(data []byte, limits Limits) error {
	d := NewDecoder(data, limits)
	if err := d.Skip(); err != nil {
		return err
	}
	return d.End()
}

// Kind returns the kind of the next value without reading it. It looks at the
// first byte only; the value may still turn out to be malformed.
func (d *Decoder) Kind() (Kind, error) {
	k := d.peek()
	return k, d.err
}

// Offset returns the position in the input of what is read next, in bytes. After
// [Decoder.Kind] that is the first byte of the next value, and after a value was
// read the byte behind it, so that a caller can read a value and keep its bytes.
func (d *Decoder) Offset() int { return d.pos }

// Object reads an object whose members have a meaning that the caller knows:
// those named in s. It calls f for each member, in order of appearance; f must
// read the member's value. Members that s does not name reach f too, unless they
// equal a name of s under Unicode case folding, which is an error: another
// parser could take one for the other.
func (d *Decoder) Object(s *Schema, f func(name string) error) error {
	if s == nil && d.err == nil {
		return d.fail(Misuse, d.pos, "Object without a schema")
	}
	if !d.enter(Object) {
		return d.err
	}
	start := d.last
	o := d.seen.open()
	for d.member(&o) {
		name, known := s.exact[string(d.seen.last())]
		if !known {
			name = string(d.seen.last())
			if variant, found := s.variant(name); found {
				return d.fail(CaseVariant, d.last, quote(name)+" differs from "+quote(variant)+" only in case")
			}
		}
		if err := f(name); !d.settled(err) {
			return d.err
		}
	}
	d.last = start
	return d.err
}

// Map reads an object whose names are data, such as file names. It calls f for
// each member, in order of appearance; f must read the member's value. Names
// that differ only in case are different names.
func (d *Decoder) Map(f func(name string) error) error {
	if !d.enter(Object) {
		return d.err
	}
	start := d.last
	o := d.seen.open()
	for d.member(&o) {
		if err := f(string(d.seen.last())); !d.settled(err) {
			return d.err
		}
	}
	d.last = start
	return d.err
}

// Array reads an array. It calls f with the index of each element; f must read
// the element.
func (d *Decoder) Array(f func(i int) error) error {
	if !d.enter(Array) {
		return d.err
	}
	start := d.last
	for i := 0; d.element(i); i++ {
		if err := f(i); !d.settled(err) {
			return d.err
		}
	}
	d.last = start
	return d.err
}

// String reads a string and returns it with escapes decoded: always valid
// UTF-8, possibly with control characters, also NUL.
func (d *Decoder) String() (string, error) {
	if !d.expect(String) {
		return "", d.err
	}
	text, escaped, ok := d.scanString()
	if !ok {
		return "", d.err
	}
	if escaped {
		d.scratch = appendDecoded(d.scratch[:0], text)
		text = d.scratch
	}
	return string(text), nil
}

// Int64 reads an integer. The literal must have no fraction and no exponent
// ("1.0" and "1e3" are [WrongType]), must fit an int64 and must not be "-0",
// which parsers read in different ways ([OutOfRange]).
func (d *Decoder) Int64() (int64, error) {
	if !d.expect(Number) {
		return 0, d.err
	}
	literal, integer, ok := d.scanNumber()
	if !ok {
		return 0, d.err
	}
	if !integer {
		return 0, d.fail(WrongType, d.last, "expected an integer, found a number with a fraction or an exponent")
	}
	if string(literal) == "-0" {
		return 0, d.fail(OutOfRange, d.last, "negative zero")
	}
	if len(literal) > len("-9223372036854775808") { // ParseInt would copy it, and it may be all of the input
		return 0, d.fail(OutOfRange, d.last, "integer does not fit 64 bits")
	}
	n, err := strconv.ParseInt(string(literal), 10, 64)
	if err != nil {
		return 0, d.fail(OutOfRange, d.last, "integer does not fit 64 bits")
	}
	return n, nil
}

// Bool reads true or false.
func (d *Decoder) Bool() (bool, error) {
	if !d.expect(Bool) {
		return false, d.err
	}
	if d.data[d.pos] == 't' {
		return d.literal("true"), d.err
	}
	d.literal("false")
	return false, d.err
}

// Null reads null and reports true if that is the next value. Otherwise it
// reports false and reads nothing.
func (d *Decoder) Null() (bool, error) {
	if d.peek() != Null {
		return false, d.err
	}
	d.expect(Null)
	return d.literal("null"), d.err
}

// Raw reads any value, checks it fully, and returns its bytes, which are a part
// of the input.
func (d *Decoder) Raw() ([]byte, error) {
	if !d.skip() {
		return nil, d.err
	}
	return d.data[d.last:d.pos:d.pos], nil
}

// Skip reads any value and checks it fully.
func (d *Decoder) Skip() error {
	d.skip()
	return d.err
}

// End reports an error unless the value has been read and only white space
// follows it.
func (d *Decoder) End() error {
	if d.err != nil {
		return d.err
	}
	if d.ready || d.depth > 0 {
		return d.fail(Misuse, d.pos, "End before the value was read")
	}
	d.space()
	if d.pos < len(d.data) {
		return d.fail(TrailingData, d.pos, strconv.Itoa(len(d.data)-d.pos)+" bytes after the value")
	}
	return nil
}

// Reject returns a [BadValue] error, for a caller that finds a value well formed
// but not allowed. It points at the value that a callback has been called for
// and not read yet, or else at the value read last. After Object, Map or Array
// that is the whole object or array, so a missing member can be reported too.
// Like any error it ends the decoding. The detail must not hold text of the
// input that is not quoted.
func (d *Decoder) Reject(detail string) error {
	if d.err != nil {
		return d.err
	}
	at := d.last
	if d.ready {
		at = d.pos
	}
	d.err = &Error{Reason: BadValue, Offset: int64(at), Path: d.path(at), Detail: detail}
	return d.err
}

// skip reads the next value of any kind, and leaves its start in d.last.
func (d *Decoder) skip() (ok bool) {
	switch k := d.peek(); k {
	case Object:
		if !d.enter(Object) {
			return false
		}
		start := d.last
		o := d.seen.open()
		for d.member(&o) {
			if !d.skip() {
				return false
			}
		}
		d.last = start
	case Array:
		if !d.enter(Array) {
			return false
		}
		start := d.last
		for i := 0; d.element(i); i++ {
			if !d.skip() {
				return false
			}
		}
		d.last = start
	case String:
		d.expect(String)
		d.scanString()
	case Number:
		if d.limits.Integers {
			d.Int64()
		} else {
			d.expect(Number)
			d.scanNumber()
		}
	case Bool:
		d.Bool()
	case Null:
		d.Null()
	}
	return d.err == nil
}

// peek returns the kind of the value that is due, and moves to its first byte.
// It returns zero after an error.
func (d *Decoder) peek() Kind {
	if d.err != nil {
		return 0
	}
	if !d.ready {
		d.fail(Misuse, d.pos, "no value is due here: a callback must read exactly one")
		return 0
	}
	d.space()
	if d.pos == len(d.data) {
		d.fail(BadSyntax, d.pos, "unexpected end")
		return 0
	}
	k := kindOf(d.data[d.pos])
	if k == 0 {
		d.fail(BadSyntax, d.pos, "expected a value, found "+quoteByte(d.data[d.pos]))
	}
	return k
}

// expect claims the value that is due, if it is of the kind wanted.
func (d *Decoder) expect(want Kind) bool {
	k := d.peek()
	if k == 0 {
		return false
	}
	if k != want {
		d.fail(WrongType, d.pos, "expected "+want.String()+", found "+k.String())
		return false
	}
	d.ready = false
	d.last = d.pos
	return true
}

// enter claims an object or array and moves behind its opening bracket.
func (d *Decoder) enter(want Kind) bool {
	if !d.expect(want) {
		return false
	}
	if d.depth >= d.limits.Depth {
		d.fail(TooDeep, d.pos, "the limit is "+strconv.Itoa(d.limits.Depth))
		return false
	}
	d.depth++
	d.pos++
	return true
}

// settled reports whether the callback that returned err has read its value and
// all is well.
func (d *Decoder) settled(err error) bool {
	if err != nil {
		d.err = err // which may wrap ours
		return false
	}
	if d.ready {
		d.fail(Misuse, d.pos, "the callback did not read the value")
	}
	return d.err == nil
}

// element moves to the next element of an array, of which i have been read. It
// reports false at the end of the array and after an error.
func (d *Decoder) element(i int) bool {
	if !d.next(']', i == 0) {
		return false
	}
	d.ready = true
	return true
}

// member moves to the value of the next member of the object o, and leaves the
// name in d.seen. It reports false at the end of the object and after an error.
func (d *Decoder) member(o *scope) bool {
	if !d.next('}', d.seen.none(o)) {
		if d.err == nil {
			d.seen.close(o)
		}
		return false
	}
	if d.data[d.pos] != '"' {
		d.fail(BadSyntax, d.pos, "expected a member name, found "+quoteByte(d.data[d.pos]))
		return false
	}
	d.last = d.pos
	text, escaped, ok := d.scanString()
	if !ok {
		return false
	}
	if !d.seen.add(o, d.last+1, text, escaped) {
		d.fail(DuplicateMember, d.last, quote(string(d.seen.last())))
		return false
	}
	d.space()
	if d.pos == len(d.data) || d.data[d.pos] != ':' {
		d.fail(BadSyntax, d.pos, "expected ':' after a member name")
		return false
	}
	d.pos++
	d.ready = true
	return true
}

// next moves over the comma before the next item of an object or array, or over
// the closing bracket, and then reports false.
func (d *Decoder) next(closing byte, first bool) bool {
	if d.err != nil {
		return false
	}
	d.space()
	if d.pos == len(d.data) {
		d.fail(BadSyntax, d.pos, "unexpected end")
		return false
	}
	switch c := d.data[d.pos]; {
	case c == closing:
		d.pos++
		d.depth--
		return false
	case first:
		return true
	case c != ',':
		d.fail(BadSyntax, d.pos, "expected ',' or '"+string(closing)+"', found "+quoteByte(c))
		return false
	}
	d.pos++
	d.space()
	if d.pos == len(d.data) {
		d.fail(BadSyntax, d.pos, "unexpected end")
		return false
	}
	return true
}

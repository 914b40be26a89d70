// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"errors"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"
)

// maxPattern is the longest pattern, in bytes.
const maxPattern = 4096

// A pattern of an artifact rule, compiled once. It means what Python's
// fnmatch.fnmatchcase makes of it, because the reference implementation defines
// the patterns of the specification that way: "*" is any text and crosses "/",
// "?" is one character, "[...]" a set of characters, "[!...]" its complement,
// and nothing escapes. A character is a Unicode code point.
type pattern struct {
	// prefix is the literal text before the first wildcard. Names are sorted,
	// so it finds all candidates by binary search.
	prefix string
	// segments is what follows: it is empty for a literal, and otherwise its
	// first segment directly follows the prefix and "*" stands between two.
	segments []segment
}

// A segment is a part of a pattern without "*": each element is one character or
// a literal text.
type segment struct {
	elements []element
	// chars is the number of characters that the segment matches.
	chars int
	// literal is the whole segment if it is nothing but literal text.
	literal   string
	isLiteral bool
}

// An element is a literal text, a set of characters, or any one character if it
// is neither.
type element struct {
	text string
	set  *charSet
}

// A char is one character of a pattern. What comes from a parameter is quoted: it
// stands for itself.
type char struct {
	r      rune
	quoted bool
}

func plainChars(s string) []char {
	chars := make([]char, 0, len(s))
	for _, r := range s {
		chars = append(chars, char{r: r})
	}
	return chars
}

var (
	errEmptyPattern = errors.New("the pattern is empty")
	errNoMatch      = errors.New("the pattern can match nothing")
	errLongPattern  = errors.New("the pattern is too long")
)

// compilePattern refuses what could never match: a DISALLOW that cannot fire
// would protect nothing.
func compilePattern(p []char) (*pattern, error) {
	if len(p) == 0 {
		return nil, errEmptyPattern
	}
	if len(p) > maxPattern {
		return nil, errLongPattern
	}
	segments := []segment{{}}
	text := ""
	flush := func() {
		if text != "" {
			s := &segments[len(segments)-1]
			s.elements = append(s.elements, element{text: text})
			s.chars += utf8.RuneCountInString(text)
			text = ""
		}
	}
	for i := 0; i < len(p); i++ {
		c := p[i]
		switch {
		case !c.quoted && c.r == '*':
			flush()
			// A row of stars is one.
			if n := len(segments); n == 1 || len(segments[n-1].elements) > 0 {
				segments = append(segments, segment{})
			}
			continue
		case !c.quoted && c.r == '?':
			flush()
			s := &segments[len(segments)-1]
			s.elements = append(s.elements, element{})
			s.chars++
			continue
		case !c.quoted && c.r == '[':
			set, next, ok := parseSet(p, i+1)
			if !ok {
				break // not closed: a literal bracket
			}
			if set.empty() {
				return nil, errNoMatch
			}
			flush()
			s := &segments[len(segments)-1]
			s.elements = append(s.elements, element{set: set})
			s.chars++
			i = next - 1
			continue
		}
		text += string(c.r)
	}
	flush()

	out := &pattern{}
	if first := &segments[0]; len(first.elements) > 0 && first.elements[0].text != "" {
		out.prefix = first.elements[0].text
		first.chars -= utf8.RuneCountInString(out.prefix)
		first.elements = first.elements[1:]
	}
	if len(segments) > 1 || len(segments[0].elements) > 0 {
		out.segments = segments
	}
	for i := range segments {
		s := &segments[i]
		switch {
		case len(s.elements) == 0:
			s.isLiteral = true
		case len(s.elements) == 1 && s.elements[0].text != "":
			s.isLiteral, s.literal = true, s.elements[0].text
		}
	}
	return out, nil
}

// literalPattern matches exactly one name.
func literalPattern(name string) *pattern { return &pattern{prefix: name} }

// isLiteral reports whether p matches exactly its prefix.
func (p *pattern) isLiteral() bool { return len(p.segments) == 0 }

// isPrefix reports whether p matches all that starts with its prefix.
func (p *pattern) isPrefix() bool {
	return len(p.segments) == 2 && len(p.segments[0].elements) == 0 && len(p.segments[1].elements) == 0
}

// suffix returns the literal text with which all that p matches ends, often empty.
func (p *pattern) suffix() string {
	if len(p.segments) < 2 {
		return ""
	}
	return p.segments[len(p.segments)-1].literal
}

// charge is how many bytes of a name are searched for a literal text, or compared
// with one, at the price of one character of other patterns.
const charge = 32

// match reports whether p matches the whole of name. It spends what it costs,
// roughly in characters compared. Once nothing is left, the answer is false and
// means nothing.
func (p *pattern) match(name string, work *meter) bool {
	return strings.HasPrefix(name, p.prefix) && p.matchRest(name[len(p.prefix):], work)
}

// matchRest is match for what follows the prefix.
func (p *pattern) matchRest(name string, work *meter) bool {
	if !work.spend(1) {
		return false
	}
	if len(p.segments) == 0 {
		return name == ""
	}
	n, ok := p.segments[0].matchAt(name, work)
	if !ok {
		return false
	}
	name = name[n:]
	last := len(p.segments) - 1
	if last == 0 {
		return name == ""
	}
	// The leftmost place is good enough for each segment between two stars:
	// what follows then has the most room.
	for i := 1; i < last; i++ {
		n, ok := p.segments[i].find(name, work)
		if !ok {
			return false
		}
		name = name[n:]
	}
	return p.segments[last].matchEnd(name, work)
}

// matchAt reports whether the segment matches at the start of name, and how many
// bytes it takes.
func (s *segment) matchAt(name string, work *meter) (n int, ok bool) {
	if s.isLiteral {
		return len(s.literal), strings.HasPrefix(name, s.literal)
	}
	for i := range s.elements {
		e := &s.elements[i]
		if !work.spend(1 + len(e.text)/charge) {
			return 0, false
		}
		if e.text != "" {
			if !strings.HasPrefix(name[n:], e.text) {
				return 0, false
			}
			n += len(e.text)
			continue
		}
		r, size := utf8.DecodeRuneInString(name[n:])
		if size == 0 || e.set != nil && !e.set.contains(r) {
			return 0, false
		}
		n += size
	}
	return n, true
}

// find returns where the leftmost match of the segment ends.
func (s *segment) find(name string, work *meter) (end int, ok bool) {
	if s.isLiteral {
		i := strings.Index(name, s.literal)
		looked := i
		if i < 0 {
			looked = len(name)
		}
		if !work.spend(1 + looked/charge) {
			return 0, false
		}
		return i + len(s.literal), i >= 0
	}
	for i := 0; i < len(name) && !work.used(); {
		if n, ok := s.matchAt(name[i:], work); ok {
			return i + n, true
		}
		_, size := utf8.DecodeRuneInString(name[i:])
		i += size
	}
	return 0, false
}

// matchEnd reports whether the segment matches at the end of name.
func (s *segment) matchEnd(name string, work *meter) bool {
	if s.isLiteral {
		return strings.HasSuffix(name, s.literal)
	}
	if !work.spend(s.chars) {
		return false
	}
	i := len(name)
	for range s.chars {
		if i == 0 {
			return false
		}
		_, size := utf8.DecodeLastRuneInString(name[:i])
		i -= size
	}
	n, ok := s.matchAt(name[i:], work)
	return ok && i+n == len(name)
}

// A charSet is a set of characters: sorted ranges that do not touch.
type charSet struct {
	ranges []charRange
	negate bool
}

type charRange struct{ lo, hi rune }

func (s *charSet) contains(r rune) bool {
	// The first range that does not end before r is the only one that can have it.
	i := sort.Search(len(s.ranges), func(i int) bool { return s.ranges[i].hi >= r })
	return (i < len(s.ranges) && s.ranges[i].lo <= r) != s.negate
}

// empty reports whether s contains no character at all. Surrogates are none.
func (s *charSet) empty() bool {
	if !s.negate {
		return len(s.ranges) == 0
	}
	next := rune(0)
	for _, x := range s.ranges {
		if x.lo > next && !(next >= 0xd800 && x.lo <= 0xe000) {
			return false
		}
		next = max(next, x.hi+1)
	}
	return next > utf8.MaxRune
}

// parseSet reads the set whose opening bracket is before p[i], as CPython's
// fnmatch.translate does, and returns the index behind the closing one. A set
// without a closing bracket is not ok.
//
// "]" directly after "[" or "[!" is a member. "-" is a range where it stands
// between two members of which the first does not end a range; else a member. A
// range whose ends are in the wrong order is nothing, and what is left is read as
// if it had not been there: "[b-a!c]" is "[!c]".
func parseSet(p []char, i int) (set *charSet, next int, ok bool) {
	is := func(i int, r rune) bool { return i < len(p) && !p[i].quoted && p[i].r == r }
	first := i
	if is(i, '!') {
		first++
	}
	end := first
	if is(end, ']') {
		end++
	}
	for end < len(p) && !is(end, ']') {
		end++
	}
	if end >= len(p) {
		return nil, 0, false
	}

	// The text between the hyphens that make ranges: the last character of one
	// and the first of the next are the ends of a range.
	var chunks [][]char
	start := i
	for k := first + 1; ; {
		for k < end && !is(k, '-') {
			k++
		}
		if k >= end {
			break
		}
		chunks = append(chunks, slices.Clone(p[start:k]))
		start = k + 1
		k += 3
	}
	if rest := slices.Clone(p[start:end]); len(rest) > 0 {
		chunks = append(chunks, rest)
	} else {
		last := &chunks[len(chunks)-1]
		*last = append(*last, char{r: '-'})
	}
	for k := len(chunks) - 1; k > 0; k-- {
		before, after := chunks[k-1], chunks[k]
		if before[len(before)-1].r > after[0].r {
			chunks[k-1] = append(before[:len(before)-1], after[1:]...)
			chunks = slices.Delete(chunks, k, k+1)
		}
	}

	set = new(charSet)
	if c := chunks[0]; len(c) > 0 && c[0].r == '!' && !c[0].quoted {
		set.negate = true
		chunks[0] = c[1:]
	}
	add := func(lo, hi rune) { set.ranges = append(set.ranges, charRange{lo, hi}) }
	for k, chunk := range chunks {
		for _, c := range chunk {
			add(c.r, c.r)
		}
		if k == 0 {
			continue
		}
		if before := chunks[k-1]; len(before) > 0 {
			add(before[len(before)-1].r, chunk[0].r)
		} else {
			add('-', '-') // the hyphen has lost what was before it
		}
	}
	set.normalize()
	return set, end + 1, true
}

// normalize sorts the ranges and joins those that touch.
func (s *charSet) normalize() {
	slices.SortFunc(s.ranges, func(a, b charRange) int { return int(a.lo) - int(b.lo) })
	var joined []charRange
	for _, x := range s.ranges {
		if n := len(joined); n > 0 && x.lo <= joined[n-1].hi+1 {
			joined[n-1].hi = max(joined[n-1].hi, x.hi)
			continue
		}
		joined = append(joined, x)
	}
	s.ranges = joined
}

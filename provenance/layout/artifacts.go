// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"sort"
	"strings"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/internal/safe"
	"github.com/tallystick/tallystick/internal/strictjson"
)

// An artifactList is the materials or products of one piece of evidence, sorted
// by the bytes of their names. It is immutable once built. Links list hundreds
// of thousands of files, so digests stand in one block of memory and are
// compared there.
type artifactList struct {
	names []string
	refs  []digestRef
	sums  []byte
	kinds []digestKinds
	// dotted has the names with an element "..", which lead elsewhere.
	dotted []int
}

// A digestRef says where the digests of one artifact are.
type digestRef struct {
	off  uint32 // in sums
	kind uint32 // in kinds
}

// digestKinds are the algorithms of the digests of an artifact, in the order of
// their constants. Lists have few different ones.
type digestKinds []digestKind

type digestKind struct {
	alg  hash.Algorithm
	size int
	// strong: equal digests prove equal content. False also for a digest that
	// fewer functionaries than the threshold state: it can show that two
	// things differ, not that they are the same.
	strong bool
	// shared: strong, and all of the functionaries who count state it. Only
	// then are they all witnesses of content with this digest.
	shared bool
}

func (l *artifactList) len() int { return len(l.names) }

// find returns the index of the artifact with exactly this name, or -1.
func (l *artifactList) find(name string) int {
	if i, ok := slices.BinarySearch(l.names, name); ok {
		return i
	}
	return -1
}

// withPrefix returns the range of the names that start with prefix.
func (l *artifactList) withPrefix(prefix string) (lo, hi int) {
	if prefix == "" {
		return 0, len(l.names)
	}
	lo, _ = slices.BinarySearch(l.names, prefix)
	hi = lo + sort.Search(len(l.names)-lo, func(i int) bool { return !strings.HasPrefix(l.names[lo+i], prefix) })
	return lo, hi
}

// seek returns the first index at or after from whose name is not below name. It
// looks near from first: called for ascending names, it goes through the list
// once.
func (l *artifactList) seek(from int, name string) int {
	step := 1
	lo, hi := from, from
	for hi < len(l.names) && l.names[hi] < name {
		lo = hi + 1
		hi += step
		step *= 2
	}
	hi = min(hi, len(l.names))
	return lo + sort.Search(hi-lo, func(i int) bool { return l.names[lo+i] >= name })
}

// set returns the digests of an artifact; with sharedOnly only the strong ones
// that all functionaries state.
func (l *artifactList) set(i int, sharedOnly bool) hash.Set {
	var ds []hash.Digest
	sums := l.sums[l.refs[i].off:]
	for _, k := range l.kinds[l.refs[i].kind] {
		if k.shared || !sharedOnly {
			if d, err := hash.NewDigest(k.alg, sums[:k.size]); err == nil {
				ds = append(ds, d)
			}
		}
		sums = sums[k.size:]
	}
	s, err := hash.NewSet(ds...)
	if err != nil {
		return hash.Set{} // not reached: a list has no such digests
	}
	return s
}

// compare is hash.Set.Compare for artifact i of l and j of m.
func (l *artifactList) compare(i int, m *artifactList, j int) hash.Agreement {
	a, b := l.kinds[l.refs[i].kind], m.kinds[m.refs[j].kind]
	s, t := l.sums[l.refs[i].off:], m.sums[m.refs[j].off:]
	var equal, unequal, strong bool
	for len(a) > 0 && len(b) > 0 {
		x, y := a[0], b[0]
		if x.alg == y.alg {
			if bytes.Equal(s[:x.size], t[:y.size]) {
				equal = true
				strong = strong || x.strong && y.strong
			} else {
				unequal = true
			}
		}
		if x.alg <= y.alg {
			a, s = a[1:], s[x.size:]
		}
		if y.alg <= x.alg {
			b, t = b[1:], t[y.size:]
		}
	}
	switch {
	case equal && unequal:
		return hash.Conflicting
	case unequal:
		return hash.Different
	case strong:
		return hash.Same
	case equal:
		return hash.WeaklySame
	}
	return hash.Unrelated
}

// equal reports whether both lists have the same names with the same digests of
// the same algorithms.
func (l *artifactList) equal(m *artifactList) bool {
	if !slices.Equal(l.names, m.names) {
		return false
	}
	for i := range l.names {
		a, b := l.kinds[l.refs[i].kind], m.kinds[m.refs[i].kind]
		if !slices.Equal(a, b) {
			return false
		}
		n := 0
		for _, k := range a {
			n += k.size
		}
		if !bytes.Equal(l.sums[l.refs[i].off:][:n], m.sums[m.refs[i].off:][:n]) {
			return false
		}
	}
	return true
}

// A listBuilder makes an artifactList.
type listBuilder struct {
	names   []byte
	ends    []uint32 // of each name
	refs    []digestRef
	sums    []byte
	kinds   []digestKinds
	unknown string // the first algorithm that was ignored

	byAlgorithms map[algorithmSet]uint32 // index in kinds

	digests []sum // of the artifact that is being built
}

// A sum is a digest on its way into a list.
type sum struct {
	alg   hash.Algorithm
	size  int
	bytes [64]byte
}

func (b *listBuilder) addDigest(alg hash.Algorithm, value []byte) {
	s := sum{alg: alg, size: len(value)}
	copy(s.bytes[:], value)
	b.digests = append(b.digests, s)
}

// addSet adds an artifact with its digests.
func (b *listBuilder) addSet(name string, set hash.Set) error {
	b.digests = b.digests[:0]
	for d := range set.All() {
		b.addDigest(d.Algorithm(), d.Bytes())
	}
	b.names = append(b.names, name...)
	return b.add()
}

// add ends the artifact whose name was appended to names.
func (b *listBuilder) add() error {
	start := uint32(0)
	if len(b.ends) > 0 {
		start = b.ends[len(b.ends)-1]
	}
	if uint32(len(b.names)) == start {
		return fmt.Errorf("an artifact has an empty name")
	}
	b.ends = append(b.ends, uint32(len(b.names)))

	ds := b.digests
	if len(ds) > 1 {
		slices.SortFunc(ds, func(a, b sum) int { return int(a.alg) - int(b.alg) })
		for i := 1; i < len(ds); i++ {
			if ds[i].alg == ds[i-1].alg {
				return fmt.Errorf("two digests of %v for %s", ds[i].alg, safe.Quote(string(b.names[start:])))
			}
		}
	}
	ref := digestRef{off: uint32(len(b.sums)), kind: b.kindOf(ds)}
	for i := range ds {
		b.sums = append(b.sums, ds[i].bytes[:ds[i].size]...)
	}
	b.refs = append(b.refs, ref)
	return nil
}

// kindOf returns the index of the kinds of these digests. A link uses one
// combination of algorithms, as a rule, but a hostile one could use another one for
// each artifact.
func (b *listBuilder) kindOf(ds []sum) uint32 {
	var algs algorithmSet
	for i := range ds {
		algs |= 1 << ds[i].alg
	}
	if i, ok := b.byAlgorithms[algs]; ok {
		return i
	}
	kinds := make(digestKinds, len(ds))
	for i, d := range ds {
		kinds[i] = digestKind{d.alg, d.size, d.alg.Strong(), d.alg.Strong()}
	}
	if b.byAlgorithms == nil {
		b.byAlgorithms = map[algorithmSet]uint32{}
	}
	n := uint32(len(b.kinds))
	b.byAlgorithms[algs] = n
	b.kinds = append(b.kinds, kinds)
	return n
}

// finish sorts the list. Two artifacts of one name are an error.
func (b *listBuilder) finish() (*artifactList, error) {
	l := &artifactList{names: make([]string, len(b.ends)), refs: b.refs, sums: b.sums, kinds: b.kinds}
	all := string(b.names)
	start := uint32(0)
	for i, end := range b.ends {
		l.names[i] = all[start:end]
		start = end
	}
	if !slices.IsSorted(l.names) {
		sort.Sort((*byName)(l))
	}
	for i := 1; i < len(l.names); i++ {
		if l.names[i] == l.names[i-1] {
			return nil, fmt.Errorf("%s is listed twice", safe.Quote(l.names[i]))
		}
	}
	for i, name := range l.names {
		if strings.Contains(name, "..") && hasDotDot(name) {
			l.dotted = append(l.dotted, i)
		}
	}
	return l, nil
}

// hasDotDot reports whether an element of the name is "..".
func hasDotDot(name string) bool {
	for e := range strings.SplitSeq(name, "/") {
		if e == ".." {
			return true
		}
	}
	return false
}

type byName artifactList

func (l *byName) Len() int           { return len(l.names) }
func (l *byName) Less(i, j int) bool { return l.names[i] < l.names[j] }
func (l *byName) Swap(i, j int) {
	l.names[i], l.names[j] = l.names[j], l.names[i]
	l.refs[i], l.refs[j] = l.refs[j], l.refs[i]
}

// parseArtifacts reads the object of materials or products of a link:
// names, and for each an object of algorithms and hex digests. Algorithms that
// are not known are ignored, as the in-toto DigestSet specification demands; a
// malformed digest of a known one is an error.
func parseArtifacts(d *strictjson.Decoder, b *listBuilder) error {
	raw, err := d.Raw()
	if err != nil {
		return err
	}
	// From here on the syntax is known to be good and names to be distinct.
	s := rawScanner{data: raw}
	if s.peek() == 'n' {
		return nil // null: Go writes an empty map so
	}
	if !s.open('{') {
		return d.Reject("must be an object of artifacts")
	}
	for s.more('}') {
		b.names = s.string(b.names)
		if !s.open('{') {
			return d.Reject("the digests of an artifact must be an object")
		}
		b.digests = b.digests[:0]
		for s.more('}') {
			alg := s.raw()
			if s.peek() != '"' {
				return d.Reject("a digest must be a string")
			}
			if err := b.digest(alg, s.raw()); err != nil {
				return d.Reject(err.Error())
			}
		}
		if err := b.add(); err != nil {
			return d.Reject(err.Error())
		}
	}
	return nil
}

// digest adds a digest, given as two JSON strings, to the current artifact.
func (b *listBuilder) digest(alg, value []byte) error {
	if string(alg) == `"sha256"` && len(value) == 66 {
		var sum [32]byte
		if decodeHex(sum[:], value[1:65]) {
			b.addDigest(hash.SHA256, sum[:])
			return nil
		}
	}
	name := string(strictjson.AppendString(nil, alg))
	if _, err := hash.ParseAlgorithm(name); err != nil {
		if b.unknown == "" {
			b.unknown = name
		}
		return nil
	}
	d, err := hash.ParseDigest(name + ":" + string(strictjson.AppendString(nil, value)))
	if err != nil {
		return err
	}
	b.addDigest(d.Algorithm(), d.Bytes())
	return nil
}

// decodeHex decodes lower-case hex.
func decodeHex(dst, src []byte) bool {
	for i := range dst {
		hi, lo := hexValue(src[2*i]), hexValue(src[2*i+1])
		if hi > 15 || lo > 15 {
			return false
		}
		dst[i] = hi<<4 | lo
	}
	return true
}

func hexValue(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	}
	return 0xff
}

// A rawScanner goes over JSON whose syntax strictjson has accepted.
type rawScanner struct {
	data []byte
	pos  int
}

// peek returns the first byte of what comes next.
func (s *rawScanner) peek() byte {
	for {
		switch c := s.data[s.pos]; c {
		case ' ', '\t', '\r', '\n', ',', ':':
			s.pos++
		default:
			return c
		}
	}
}

// open moves behind an opening bracket, if there is one.
func (s *rawScanner) open(bracket byte) bool {
	if s.peek() != bracket {
		return false
	}
	s.pos++
	return true
}

// more reports whether there is another item, and else moves behind the closing
// bracket.
func (s *rawScanner) more(closing byte) bool {
	if s.peek() != closing {
		return true
	}
	s.pos++
	return false
}

// raw returns the string that comes next, with its quotes.
func (s *rawScanner) raw() []byte {
	s.peek()
	start := s.pos
	for i := start + 1; ; {
		n := bytes.IndexByte(s.data[i:], '"')
		i += n
		// The quote is escaped if an odd number of backslashes is before it.
		back := i
		for s.data[back-1] == '\\' {
			back--
		}
		i++
		if (i-1-back)%2 == 0 {
			s.pos = i
			return s.data[start:i]
		}
	}
}

// string appends the string that comes next.
func (s *rawScanner) string(dst []byte) []byte { return strictjson.AppendString(dst, s.raw()) }

// ambiguous returns two different names of a link's artifacts that mean the same
// path to a file system, such as foo and ./foo, if there are such.
func ambiguous(lists ...*artifactList) (a, b string, found bool) {
	var unclean map[string]string // by clean path
	for _, l := range lists {
		for _, name := range l.names {
			clean := path.Clean(name)
			if clean == name {
				continue
			}
			for _, other := range lists {
				if other.find(clean) >= 0 {
					return clean, name, true
				}
			}
			if first, ok := unclean[clean]; ok && first != name {
				return first, name, true
			}
			if unclean == nil {
				unclean = map[string]string{}
			}
			unclean[clean] = name
		}
	}
	return "", "", false
}

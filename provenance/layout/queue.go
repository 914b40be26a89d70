// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"cmp"
	"math/bits"
	"slices"
	"sort"
	"strings"
)

// A queue holds the artifacts of a list that no rule has consumed yet.
type queue struct {
	list  *artifactList
	words []uint64
	n     int

	// scanned is how many names were looked at for patterns whose end is
	// literal. When it was a multiple of the list, bySuffix is made.
	scanned  int
	bySuffix *suffixIndex
}

func newQueue(list *artifactList) *queue {
	n := list.len()
	q := &queue{list: list, words: make([]uint64, (n+63)/64), n: n}
	for i := range q.words {
		q.words[i] = ^uint64(0)
	}
	if n%64 != 0 {
		q.words[len(q.words)-1] = 1<<(n%64) - 1
	}
	return q
}

// next returns the first artifact of the queue at or after i, below end, or -1.
func (q *queue) next(i, end int) int {
	for i < end {
		if w := q.words[i/64] >> (i % 64); w != 0 {
			if i += bits.TrailingZeros64(w); i < end {
				return i
			}
			return -1
		}
		i = (i/64 + 1) * 64
	}
	return -1
}

func (q *queue) has(i int) bool { return q.words[i/64]>>(i%64)&1 != 0 }

func (q *queue) remove(i int) {
	q.words[i/64] &^= 1 << (i % 64)
	q.n--
}

// each calls f for every artifact of the queue whose name is the prefix and then
// something that the pattern matches, in ascending order; f may remove it. It ends
// early when the meter does.
func (q *queue) each(prefix string, p *pattern, work *meter, f func(i int)) {
	full := prefix + p.prefix
	if !work.spend(1 + len(full)/charge) {
		return
	}
	if p.isLiteral() {
		if i := q.list.find(full); i >= 0 && q.has(i) {
			f(i)
		}
		return
	}
	lo, hi := q.list.withPrefix(full)
	if p.isPrefix() {
		for i := q.next(lo, hi); i >= 0 && work.spend(1); i = q.next(i+1, hi) {
			f(i)
		}
		return
	}
	if some, ok := q.endingIn(p.suffix(), lo, hi, work); ok {
		for _, i := range some {
			if name := q.list.names[i]; p.matchRest(name[len(full):], work) && !work.used() {
				f(int(i))
			}
		}
		return
	}
	for i := q.next(lo, hi); i >= 0; i = q.next(i+1, hi) {
		if p.matchRest(q.list.names[i][len(full):], work) {
			f(i)
		}
		if work.used() {
			return
		}
	}
}

// indexAfter is how many times as many names as there are must have been looked
// at before an index pays.
const indexAfter = 4

// endingIn returns the artifacts of the queue in the range whose names end with
// the suffix, in ascending order, and perhaps others. It is not ok if it is better
// to look at all of them.
func (q *queue) endingIn(suffix string, lo, hi int, work *meter) (some []int32, ok bool) {
	if suffix == "" {
		return nil, false
	}
	if q.bySuffix == nil {
		if q.list.len() < 64 {
			return nil, false
		}
		if q.scanned += hi - lo; q.scanned <= indexAfter*q.list.len() {
			return nil, false
		}
		if !work.spend(8 * q.list.len()) {
			return nil, false
		}
		q.bySuffix = newSuffixIndex(q.list)
	}
	found := q.bySuffix.ending(suffix)
	if len(found) > (hi-lo)/2 {
		return nil, false
	}
	if !work.spend(len(found)) {
		return nil, true
	}
	for _, e := range found {
		if i := int(e.i); i >= lo && i < hi && q.has(i) {
			some = append(some, e.i)
		}
	}
	slices.Sort(some)
	return some, true
}

// A suffixIndex has the names of a list in the order of their last bytes, read
// backwards: those with the same end are neighbours.
type suffixIndex struct {
	list    *artifactList
	entries []suffixEntry
}

// A suffixEntry is an artifact and the last eight bytes of its name, the last one
// in front: most names differ there.
type suffixEntry struct {
	key uint64
	i   int32
}

// maxSuffix is how many bytes at the end of a name the index distinguishes. More
// would make long names dear to sort.
const maxSuffix = 64

func newSuffixIndex(list *artifactList) *suffixIndex {
	x := &suffixIndex{list, make([]suffixEntry, list.len())}
	for i, name := range list.names {
		x.entries[i] = suffixEntry{suffixKey(name), int32(i)}
	}
	slices.SortFunc(x.entries, func(a, b suffixEntry) int {
		if a.key != b.key {
			return cmp.Compare(a.key, b.key)
		}
		return compareBackwards(list.names[a.i], list.names[b.i], maxSuffix)
	})
	return x
}

func suffixKey(s string) uint64 {
	var key uint64
	for k := 1; k <= 8; k++ {
		key <<= 8
		if k <= len(s) {
			key |= uint64(s[len(s)-k])
		}
	}
	return key
}

// compareBackwards compares the last n bytes of a and b, the very last ones first.
func compareBackwards(a, b string, n int) int {
	for k := 1; k <= n; k++ {
		switch {
		case k > len(a) && k > len(b):
			return 0
		case k > len(a):
			return -1
		case k > len(b):
			return 1
		case a[len(a)-k] != b[len(b)-k]:
			return cmp.Compare(a[len(a)-k], b[len(b)-k])
		}
	}
	return 0
}

// ending returns the entries whose names end with the suffix, or with the last
// maxSuffix bytes of it.
func (x *suffixIndex) ending(suffix string) []suffixEntry {
	if len(suffix) > maxSuffix {
		suffix = suffix[len(suffix)-maxSuffix:]
	}
	lo := sort.Search(len(x.entries), func(k int) bool {
		return compareBackwards(x.list.names[x.entries[k].i], suffix, len(suffix)) >= 0
	})
	n := sort.Search(len(x.entries)-lo, func(k int) bool {
		return !strings.HasSuffix(x.list.names[x.entries[lo+k].i], suffix)
	})
	return x.entries[lo : lo+n]
}

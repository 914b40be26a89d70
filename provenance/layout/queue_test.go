// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// Whichever way a queue finds the names that a pattern matches, they are those that
// one finds by looking at each: also in a long list, after many patterns, and when
// some were consumed.
func TestQueueFindsWhatIsThere(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	word := func(most int) string {
		var b strings.Builder
		for range 1 + random.IntN(most) {
			b.WriteString([]string{"a", "b", "/", ".", "é", "\x00"}[random.IntN(6)])
		}
		return b.String()
	}
	indexed, matched := 0, 0
	for range 200 {
		// Some names have an end that is longer than what the index looks at.
		long := strings.Repeat("ab", maxSuffix/2)
		set := map[string]bool{}
		for len(set) < 65+random.IntN(200) {
			name := word(8)
			if random.IntN(4) == 0 {
				name += word(3) + long
			}
			set[name] = true
		}
		names := make([]string, 0, len(set))
		for name := range set {
			names = append(names, name)
		}
		list := listOf(t, names...)
		q := newQueue(list)
		left := slices.Clone(list.names)
		for range 40 {
			text := []string{"*" + word(2), word(2) + "*" + word(3), "*" + word(2) + "*" + word(2), "*" + word(1) + long, "*a" + long,
				"?*" + word(2), "[ab]*" + word(1), word(3), word(2) + "*", "*", "*" + word(2) + "?"}[random.IntN(11)]
			prefix := []string{"", "", "a", "a/"}[random.IntN(4)]
			p, err := compilePattern(plainChars(text))
			if err != nil {
				t.Fatal(err)
			}
			var got, want []string
			work := meter{left: math.MaxInt64, pause: meterPause}
			wide := random.IntN(5) > 0 // and take nothing away
			q.each(prefix, p, &work, func(i int) {
				got = append(got, list.names[i])
				if !wide && len(got)%3 == 0 {
					q.remove(i)
				}
			})
			for _, name := range left {
				if rest, ok := strings.CutPrefix(name, prefix); ok && matchSlowly(plainChars(text), []rune(rest)) {
					want = append(want, name)
				}
			}
			if !slices.Equal(got, want) {
				t.Fatalf("%q behind %q: %q, want %q", text, prefix, got, want)
			}
			if !wide {
				for k := 2; k < len(got); k += 3 {
					at, _ := slices.BinarySearch(left, got[k])
					left = slices.Delete(left, at, at+1)
				}
			}
			if q.n != len(left) {
				t.Fatalf("%d left, want %d", q.n, len(left))
			}
			if q.bySuffix != nil && p.suffix() != "" {
				indexed, matched = indexed+1, matched+len(got)
			}
		}
	}
	if indexed < 500 || matched < 500 {
		t.Errorf("with an index %d patterns, which matched %d times", indexed, matched)
	}
}

// Rules that name an artifact, or the start or the end of names, cost no more than
// what they match; and nothing is found once the work is used up.
func TestQueueWork(t *testing.T) {
	var names []string
	for i := range 1000 {
		names = append(names, fmt.Sprintf("a%03d.txt", i))
	}
	names = append(names, "a", "b.go", strings.Repeat("c", 1<<12))
	list := listOf(t, names...)
	for _, c := range []struct {
		pattern string
		most    int64
		found   int
	}{
		{"a", 1, 1},
		{"none", 1, 0},
		{strings.Repeat("c", 1<<12), 1 + 1<<12/charge, 1},
		{"a01*", 1 + 10, 10},
		{"*.go", 1 + 1 + 1, 1},
		{"*none", 1, 0},
		{"*.txt", 1 + 1000 + 1003, 1000}, // the index does not pay
		{"a[0]1*t", 1 + 1000 + 2*1003, 10},
	} {
		t.Run(c.pattern[:min(8, len(c.pattern))], func(t *testing.T) {
			p, err := compilePattern(plainChars(c.pattern))
			if err != nil {
				t.Fatal(err)
			}
			each := func(budget int64) (found int, spent int64) {
				q := newQueue(list)
				q.bySuffix = newSuffixIndex(list)
				work := meter{left: budget, pause: meterPause}
				q.each("", p, &work, func(int) { found++ })
				return found, budget - work.left
			}
			found, spent := each(1 << 30)
			if found != c.found || spent > c.most || spent < 1 {
				t.Errorf("found %d for %d, want %d for at most %d", found, spent, c.found, c.most)
			}
			if found, spent := each(0); found > 0 || spent < 1 {
				t.Errorf("found %d without a budget", found)
			}
			if c.found > 5 {
				if found, _ := each(4); found > 4 {
					t.Errorf("found %d for 4", found)
				}
			}
		})
	}
	// Making the index costs, and short lists do without.
	for n, want := range map[int]bool{63: false, 64: true} {
		q := newQueue(listOf(t, names[:n]...))
		p, err := compilePattern(plainChars("*none"))
		if err != nil {
			t.Fatal(err)
		}
		for i := range 10 {
			work := meter{left: 1 << 30, pause: meterPause}
			q.each("", p, &work, func(int) { t.Error("found") })
			if made := q.bySuffix != nil; made != (want && i >= indexAfter) {
				t.Errorf("%d names, pattern %d: index %v", n, i, made)
			} else if spent := int64(1<<30) - work.left; i == indexAfter && want && spent < int64(8*n) || spent < 1 {
				t.Errorf("pattern %d: spent %d", i, spent)
			}
		}
	}
}

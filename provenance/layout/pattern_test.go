// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// The files hold what fnmatch.fnmatchcase of Python 3 answers: on each line a
// pattern and those of the names below that it matches.
func TestPatternLikePython(t *testing.T) {
	for _, test := range []struct {
		file  string
		names []string
	}{
		{"testdata/fnmatch-sets.txt", strings.Split("abcdlmz-!][^\\&é", "")},
		{"testdata/fnmatch-patterns.txt", []string{"", "a", "ab", "abc", "a/b", "a/b/c", "abab", "b", "ba", "*", "?", "[a]", "aéb", "é",
			"ab.txt", "src/a.txt", ".hidden", "a\nb", "aaab", "bbab"}},
	} {
		data, err := os.ReadFile(test.file)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for line := range strings.Lines(string(data)) {
			var want []string
			if err := json.Unmarshal([]byte(line), &want); err != nil {
				t.Fatal(err)
			}
			n++
			text, want := want[0], want[1:]
			p, err := compilePattern(plainChars(text))
			if err != nil {
				if err != errNoMatch || len(want) > 0 {
					t.Errorf("%q: %v, but it matches %q", text, err, want)
				}
				continue
			}
			var got []string
			for _, name := range test.names {
				if matches(t, p, name) {
					got = append(got, name)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%q matches %q, want %q", text, got, want)
			}
		}
		if n < 100 {
			t.Errorf("%s has %d lines", test.file, n)
		}
	}
}

func matches(t testing.TB, p *pattern, name string) bool {
	work := meter{left: 1 << 40}
	ok := p.match(name, &work)
	if work.used() {
		t.Fatalf("out of work")
	}
	return ok
}

func TestPatternThatMatchesNothing(t *testing.T) {
	for _, text := range []string{"[z-a]", "a[z-a]", "*[z-a]*", "[!\x00-\U0010ffff]", "[!\x00-\ud7ff\ue000-\U0010ffff]"} {
		if _, err := compilePattern(plainChars(text)); err != errNoMatch {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := compilePattern(nil); err != errEmptyPattern {
		t.Errorf("empty: %v", err)
	}
	if _, err := compilePattern(plainChars(strings.Repeat("a", maxPattern+1))); err != errLongPattern {
		t.Errorf("long: %v", err)
	}
	for _, text := range []string{"[!z-a]", "[!a]", "[z-a-]", "[!\x01-\U0010ffff]", "[!\x00-b\ue000-\U0010ffff]", "[!\x00-\ud7ff\ue001-\U0010ffff]"} {
		if _, err := compilePattern(plainChars(text)); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// A pattern costs at most its length times that of the name, and says so.
func TestPatternWork(t *testing.T) {
	p, err := compilePattern(plainChars(strings.Repeat("*?a", 1000) + "*b"))
	if err != nil {
		t.Fatal(err)
	}
	name := strings.Repeat("a", 1<<20)
	work := meter{left: math.MaxInt64}
	if p.match(name, &work) {
		t.Error("matches")
	}
	if spent := math.MaxInt64 - work.left; spent > 4<<20 {
		t.Errorf("%d characters compared", spent)
	}
	for _, c := range []struct{ pattern, name string }{
		{"*" + strings.Repeat("?", 1000) + "b*c", name},
		{strings.Repeat("?", 4000) + "b", strings.Repeat("a", 4000)},
		{"*" + strings.Repeat("?", 4000) + "b", strings.Repeat("a", 4000)},
		{strings.Repeat("[!b]", 1000) + "b", strings.Repeat("a", 1000)},
	} {
		p, err = compilePattern(plainChars(c.pattern))
		if err != nil {
			t.Fatal(err)
		}
		work = meter{left: min(1<<20, int64(len(c.name))/2)}
		if p.match(c.name, &work) || !work.used() {
			t.Errorf("%.10s: the work is not bounded: %d left", c.pattern, work.left)
		}
	}
	// Searching a long name for a literal is cheaper, and not free.
	p, err = compilePattern(plainChars("*b*c"))
	if err != nil {
		t.Fatal(err)
	}
	work = meter{left: math.MaxInt64}
	if p.match(name, &work) {
		t.Error("matches")
	}
	if spent := math.MaxInt64 - work.left; spent < 1<<20/charge || spent > 1<<20 {
		t.Errorf("%d for a search through %d bytes", spent, len(name))
	}
}

// A set of many ranges is searched, not gone through.
func TestCharSet(t *testing.T) {
	var set charSet
	for r := rune(0); r < 10_000; r += 5 {
		set.ranges = append(set.ranges, charRange{r, r + 2})
	}
	for _, negate := range []bool{false, true} {
		set.negate = negate
		for r := rune(-1); r < 10_010; r++ {
			want := r >= 0 && r < 10_000 && r%5 < 3
			if set.contains(r) == (want == negate) {
				t.Fatalf("%d: %v", r, set.contains(r))
			}
		}
	}
}

// matchSlowly is fnmatchcase as one would write it down, over the same sets.
func matchSlowly(p []char, name []rune) bool {
	if len(p) == 0 {
		return len(name) == 0
	}
	switch c := p[0]; {
	case c.r == '*' && !c.quoted:
		for i := 0; i <= len(name); i++ {
			if matchSlowly(p[1:], name[i:]) {
				return true
			}
		}
		return false
	case len(name) == 0:
		return false
	case c.r == '?' && !c.quoted:
		return matchSlowly(p[1:], name[1:])
	case c.r == '[' && !c.quoted:
		if set, next, ok := parseSet(p, 1); ok {
			return set.contains(name[0]) && matchSlowly(p[next:], name[1:])
		}
		fallthrough
	default:
		return c.r == name[0] && matchSlowly(p[1:], name[1:])
	}
}

func FuzzPattern(f *testing.F) {
	f.Add("src/*.go", "src/main.go", "x")
	f.Add("*a?[b-d!]*{}", "xxabbbd", "*")
	f.Add("a*b*c", "abcabc", "")
	f.Add("[!é]?{}é", "aéxé", "x")
	f.Fuzz(func(t *testing.T, text, name, value string) {
		if len(text)+len(value) > 24 || len(name) > 24 || !utf8.ValidString(text) || !utf8.ValidString(name) || !utf8.ValidString(value) {
			return
		}
		chars, err := substitute(strings.ReplaceAll(text, "{}", "{v}"), map[string]string{"v": value})
		if err != nil {
			return
		}
		p, err := compilePattern(chars)
		if err != nil {
			if err != errNoMatch && err != errEmptyPattern {
				t.Fatal(err)
			}
			if err == errNoMatch && matchSlowly(chars, []rune(name)) {
				t.Fatalf("%q is said to match nothing, but matches %q", text, name)
			}
			return
		}
		if got, want := matches(t, p, name), matchSlowly(chars, []rune(name)); got != want {
			t.Fatalf("%q and %q: %v, want %v", text, name, got, want)
		}
		// The queue finds the same by its prefix, and by its suffix.
		var b listBuilder
		for _, n := range slices.Compact(slices.Sorted(slices.Values([]string{name, "a" + name, name + "z", "x"}))) {
			if n == "" {
				continue
			}
			b.names = append(b.names, n...)
			if err := b.add(); err != nil {
				t.Fatal(err)
			}
		}
		l, err := b.finish()
		if err != nil {
			t.Fatal(err)
		}
		queued := func(indexed bool) (got []string) {
			work := meter{left: 1 << 30}
			q := newQueue(l)
			if indexed {
				q.bySuffix = newSuffixIndex(l)
			}
			q.each("", p, &work, func(i int) { got = append(got, l.names[i]) })
			return got
		}
		var want []string
		for _, n := range l.names {
			if matchSlowly(chars, []rune(n)) {
				want = append(want, n)
			}
		}
		for _, indexed := range []bool{false, true} {
			if got := queued(indexed); !slices.Equal(got, want) {
				t.Fatalf("%q of %q: %q, want %q (index: %v)", text, l.names, got, want, indexed)
			}
		}
	})
}

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
	work := int64(1 << 40)
	ok := p.match(name, &work)
	if work < 0 {
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
	for _, text := range []string{"[!z-a]", "[!a]", "[z-a-]"} {
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
	work := int64(math.MaxInt64)
	if p.match(name, &work) {
		t.Error("matches")
	}
	if spent := math.MaxInt64 - work; spent > 4<<20 {
		t.Errorf("%d characters compared", spent)
	}
	p, err = compilePattern(plainChars("*" + strings.Repeat("?", 1000) + "b*c"))
	if err != nil {
		t.Fatal(err)
	}
	work = 1 << 20
	if p.match(name, &work) || work >= 0 {
		t.Errorf("the work is not bounded: %d left", work)
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
		// The queue finds the same by its prefix.
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
		work := int64(1 << 30)
		var got []string
		newQueue(l.len()).each(l, "", p, &work, func(i int) bool {
			got = append(got, l.names[i])
			return true
		})
		var want []string
		for _, n := range l.names {
			if matchSlowly(chars, []rune(n)) {
				want = append(want, n)
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%q of %q: %q, want %q", text, l.names, got, want)
		}
	})
}

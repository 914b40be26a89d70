// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash

import (
	"path"
	"strings"
)

// An excluder decides which entries [TreeOptions.Exclude] leaves out.
// Patterns without wildcards cost one look into a map, and those that are a star
// and an ending, such as "*.pyc", one comparison.
type excluder struct {
	baseNames map[string]scope
	fullNames map[string]scope
	endings,
	basePatterns,
	fullPatterns []pattern
}

type scope uint8

const (
	anyType scope = iota + 1
	onlyFolders
)

// wildcards are the bytes with a meaning in a pattern of package path.
const wildcards = "*?[\\"

type pattern struct {
	glob  string
	scope scope
}

func newExcluder(patterns []string) (excluder, error) {
	var x excluder
	for _, p := range patterns {
		glob, sc := p, anyType
		if strings.HasSuffix(glob, "/") {
			glob, sc = strings.TrimSuffix(glob, "/"), onlyFolders
		}
		full := strings.Contains(glob, "/")
		glob = strings.TrimPrefix(glob, "/")
		if _, err := path.Match(glob, ""); err != nil {
			return x, &Error{Code: CodeOptions, Name: p, Detail: "malformed Exclude pattern"}
		}
		// A pattern that no name can match excludes nothing, and its
		// author believes otherwise.
		if glob == "" || path.Clean(glob) != glob || glob == "." || glob == ".." || strings.HasPrefix(glob, "../") {
			return x, &Error{Code: CodeOptions, Name: p, Detail: "Exclude pattern matches no name"}
		}
		literal := !strings.ContainsAny(glob, wildcards)
		switch {
		case literal && full:
			addLiteral(&x.fullNames, glob, sc)
		case literal:
			addLiteral(&x.baseNames, glob, sc)
		case !full && glob[0] == '*' && !strings.ContainsAny(glob[1:], wildcards):
			x.endings = append(x.endings, pattern{glob[1:], sc})
		case full:
			x.fullPatterns = append(x.fullPatterns, pattern{glob, sc})
		default:
			x.basePatterns = append(x.basePatterns, pattern{glob, sc})
		}
	}
	return x, nil
}

func addLiteral(m *map[string]scope, name string, sc scope) {
	if *m == nil {
		*m = make(map[string]scope)
	}
	if (*m)[name] != anyType {
		(*m)[name] = sc
	}
}

// match reports whether the entry itself is excluded; what lies in an excluded
// folder is the caller's to skip.
func (x *excluder) match(name, base string, folder bool) bool {
	covers := func(sc scope) bool { return sc == anyType || sc == onlyFolders && folder }
	if covers(x.baseNames[base]) || covers(x.fullNames[name]) {
		return true
	}
	for _, p := range x.endings {
		if strings.HasSuffix(base, p.glob) && covers(p.scope) {
			return true
		}
	}
	for _, p := range x.basePatterns {
		if ok, _ := path.Match(p.glob, base); ok && covers(p.scope) {
			return true
		}
	}
	for _, p := range x.fullPatterns {
		if ok, _ := path.Match(p.glob, name); ok && covers(p.scope) {
			return true
		}
	}
	return false
}

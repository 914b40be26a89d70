// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Collisions returns the groups of names that are different bytes here and one
// name on a file system that ignores case or normalises Unicode, as those of
// Windows and macOS do by default. Extracting such a tree there loses files, and
// which one remains is chance. The groups and the names in them are sorted.
//
// Names are compared in Normalization Form C with simple case folding.
func (t *Tree) Collisions() [][]string {
	groups := make(map[string][]string)
	for _, n := range t.nodes {
		key := foldName(n.name)
		groups[key] = append(groups[key], n.name)
	}
	var found [][]string
	for _, names := range groups {
		if len(names) > 1 {
			found = append(found, names)
		}
	}
	slices.SortFunc(found, func(a, b []string) int { return strings.Compare(a[0], b[0]) })
	return found
}

func foldName(name string) string {
	ascii, upper := true, false
	for i := range len(name) {
		c := name[i]
		ascii = ascii && c < utf8.RuneSelf
		upper = upper || 'A' <= c && c <= 'Z'
	}
	if ascii {
		if upper {
			return strings.ToLower(name)
		}
		return name
	}
	name = norm.NFC.String(name)
	b := make([]byte, 0, len(name))
	for i := 0; i < len(name); {
		r, n := utf8.DecodeRuneInString(name[i:])
		if r == utf8.RuneError && n <= 1 {
			b = append(b, name[i])
		} else {
			b = utf8.AppendRune(b, foldRune(r))
		}
		i += n
	}
	return norm.NFC.String(string(b))
}

// foldRune returns one rune for all that are equal but for case.
func foldRune(r rune) rune {
	least := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		least = min(least, next)
	}
	if 'A' <= least && least <= 'Z' {
		least += 'a' - 'A'
	}
	return least
}

// WindowsReserved returns the sorted names that Windows cannot hold or takes for
// something else: device names such as "con" and "lpt1.txt", elements that end
// in a dot or a space, and the characters < > : " | ? * \ and below U+0020.
func (t *Tree) WindowsReserved() []string {
	var found []string
	for _, n := range t.nodes {
		// Names above were met before.
		if windowsReserved(n.name[strings.LastIndexByte(n.name, '/')+1:]) {
			found = append(found, n.name)
		}
	}
	return found
}

func windowsReserved(base string) bool {
	if strings.HasSuffix(base, ".") || strings.HasSuffix(base, " ") || strings.ContainsAny(base, `<>:"|?*\`) {
		return true
	}
	for i := range len(base) {
		if base[i] < 0x20 {
			return true
		}
	}
	stem, _, _ := strings.Cut(base, ".")
	stem = strings.ToLower(strings.TrimRight(stem, " "))
	switch stem {
	case "con", "prn", "aux", "nul", "conin$", "conout$":
		return true
	}
	for _, device := range []string{"com", "lpt"} {
		if n, ok := strings.CutPrefix(stem, device); ok {
			switch n {
			case "1", "2", "3", "4", "5", "6", "7", "8", "9", "0", "¹", "²", "³":
				return true
			}
		}
	}
	return false
}

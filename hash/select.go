// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash

import (
	"maps"
	"slices"
	"strings"
)

// Select returns a tree with some entries left out or under other names: pick is
// called for every entry in order and returns its new name and whether it is
// kept. Folders that the new names imply are part of the result, and what pick
// leaves out is in [Tree.Excluded], by its old name. The facts stay what they
// are; nothing is measured again. What is selected of a partial tree is partial,
// with the same [Tree.Errors].
//
// A new name that is empty, absolute or not clean, that repeats, or that lies
// below a file or link is an [*Error] with [CodeName].
func (t *Tree) Select(pick func(Entry) (name string, keep bool)) (*Tree, error) {
	if !t.measured {
		return nil, &Error{Code: CodeOptions, Detail: "the zero Tree was never measured"}
	}
	s := &Tree{algs: t.algs, identities: t.identities, excluded: t.Excluded(), errs: t.errs, began: t.began, metadata: t.metadata}
	byName := make(map[string]*node, len(t.nodes))
	for e := range t.Entries() {
		name, keep := pick(e)
		if !keep {
			s.excluded = append(s.excluded, e.n.name)
			continue
		}
		for part := range strings.SplitSeq(name, "/") {
			if err := checkElement(part); err != nil {
				return nil, &Error{Code: CodeName, Name: name, Detail: "is not a name in a tree"}
			}
		}
		if before := byName[name]; before != nil && !(before.typ == Dir && e.n.typ == Dir) {
			return nil, &Error{Code: CodeName, Name: name, Detail: "is selected twice"}
		}
		n := e.n
		if n.name != name {
			n = new(*n)
			n.name = name
		}
		byName[name] = n
	}
	// By name, so that the first error is always the same one. Folders that
	// are added have no parents that their children do not have.
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		for i := range len(name) {
			if name[i] != '/' {
				continue
			}
			up := name[:i]
			switch before := byName[up]; {
			case before == nil:
				n := &node{name: up, typ: Dir}
				byName[up] = n
			case before.typ != Dir:
				return nil, &Error{Code: CodeName, Name: up, Detail: "is a " + before.typ.String() + " and has entries below it"}
			}
		}
	}
	for _, n := range byName {
		s.nodes = append(s.nodes, n)
	}
	s.finish()
	return s, nil
}

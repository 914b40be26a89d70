// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A Delta says how a tree differs from what was wanted. All names are sorted by
// their bytes, and raw: print them with [EscapeName].
type Delta struct {
	Equal   int      // entries that are the same, in all that was compared
	Missing []string // wanted and not there
	Extra   []string // there and not wanted
	Changed []Change // there and different
}

// Same reports whether there is no difference.
func (d *Delta) Same() bool {
	return len(d.Missing) == 0 && len(d.Extra) == 0 && len(d.Changed) == 0
}

// A Change is an entry that differs from what was wanted.
type Change struct {
	Name        string
	Differences []Difference // at least one
}

// A Difference is one property in which an entry differs.
type Difference struct {
	// Field is "type", "size", "executable", "target", the name of an
	// algorithm, "digests" if no shared algorithm proves anything,
	// "special", "hardLink" or "xattr" (once for each attribute) if both
	// sides have such [Metadata], or "measured" if one of two trees is
	// partial.
	Field string
	// What was wanted and found, printable.
	Want, Got string
}

// A MismatchError says that a tree is not what a manifest lists. It answers
// [errors.Is] for [CodeMismatch].
type MismatchError struct {
	Delta
}

// Error returns one printable line with the numbers and the first names.
func (e *MismatchError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d missing, %d extra, %d changed", CodeMismatch, len(e.Missing), len(e.Extra), len(e.Changed))
	names := 0
	show := func(what, name string) {
		if names++; names <= 3 {
			fmt.Fprintf(&b, "; %s %s", what, shown(name))
		}
	}
	for _, c := range e.Changed {
		show("changed", c.Name)
	}
	for _, name := range e.Extra {
		show("extra", name)
	}
	for _, name := range e.Missing {
		show("missing", name)
	}
	if names > 3 {
		b.WriteString("; ...")
	}
	return b.String()
}

// Is reports whether target is CodeMismatch.
func (e *MismatchError) Is(target error) bool { return target == CodeMismatch }

// Match compares the tree with a manifest that lists all of it. The result is
// nil only if every entry of the manifest is there and the same, and nothing else
// is there; otherwise it is a [*MismatchError] with all differences. Two files
// are the same if every digest that both sides have is equal and at least one of
// those is strong, and if the size and execute bit are equal as far as both
// sides know them. A link is the same if its target is, byte by byte.
//
// Folders take part only if the manifest lists any, as the formats that list
// files cannot hold them. A link that the manifest does not list is always extra.
//
// An empty manifest and the zero Tree are an [*Error] with [CodeOptions]: they
// would match each other. A partial tree is one with [CodePartial].
func (t *Tree) Match(m *Manifest) error {
	if m.Len() == 0 {
		return &Error{Code: CodeOptions, Detail: "a manifest without entries matches nothing"}
	}
	if err := t.whole(); err != nil {
		return err
	}
	d := compare(len(m.entries), func(i int) ManifestEntry { return m.entries[i] }, t, m.folders)
	if d.Same() {
		return nil
	}
	return &MismatchError{*d}
}

// Diff compares two trees as [Tree.Match] would, folders included. Execute bits
// that one of the trees does not know are not compared.
//
// What a partial tree has in [Tree.Errors] is in [Delta.Changed] with the Field
// "measured", so that the trees are never the same; "." is the root. What is below
// a folder that could not be measured is missing or extra.
func Diff(want, got *Tree) *Delta {
	d := compare(len(want.nodes), want.claim, got, true)
	if want.errs != nil || got.errs != nil {
		d.addUnmeasured(want, got)
	}
	return d
}

// addUnmeasured moves the names that could not be measured in one of the trees
// to Changed.
func (d *Delta) addUnmeasured(want, got *Tree) {
	found := make(map[string]*Difference)
	note := func(t *Tree, side func(*Difference) *string) {
		for _, err := range t.errs {
			e, _ := errors.AsType[*Error](err)
			diff := found[e.Name]
			if diff == nil {
				diff = &Difference{Field: "measured"}
				found[e.Name] = diff
			}
			*side(diff) = e.Error()
		}
	}
	note(want, func(d *Difference) *string { return &d.Want })
	note(got, func(d *Difference) *string { return &d.Got })
	moved := func(name string) bool { return found[name] != nil }
	d.Missing = slices.DeleteFunc(d.Missing, moved)
	d.Extra = slices.DeleteFunc(d.Extra, moved)
	for name, diff := range found {
		diff.Want = cmp.Or(diff.Want, presence(want, name))
		diff.Got = cmp.Or(diff.Got, presence(got, name))
	}
	for i := range d.Changed {
		c := &d.Changed[i]
		if diff := found[c.Name]; diff != nil {
			c.Differences = append(c.Differences, *diff)
			delete(found, c.Name)
		}
	}
	for name, diff := range found {
		_, wanted := want.Lookup(name)
		_, there := got.Lookup(name)
		if wanted && there {
			d.Equal-- // a folder that changed, with all its entries
		}
		d.Changed = append(d.Changed, Change{name, []Difference{*diff}})
	}
	slices.SortFunc(d.Changed, func(a, b Change) int { return strings.Compare(a.Name, b.Name) })
}

func presence(t *Tree, name string) string {
	if _, ok := t.Lookup(name); ok || name == "." {
		return "measured"
	}
	return "not there"
}

// compare walks over both sorted lists at once.
func compare(n int, want func(int) ManifestEntry, got *Tree, folders bool) *Delta {
	d := &Delta{}
	j := 0
	extra := func() {
		if g := got.nodes[j]; folders || g.typ != Dir {
			d.Extra = append(d.Extra, g.name)
		}
		j++
	}
	for i := range n {
		w := want(i)
		for j < len(got.nodes) && got.nodes[j].name < w.Name {
			extra()
		}
		if j == len(got.nodes) || got.nodes[j].name != w.Name {
			d.Missing = append(d.Missing, w.Name)
			continue
		}
		if diffs := differences(w, Entry{got.nodes[j], got}); len(diffs) > 0 {
			d.Changed = append(d.Changed, Change{w.Name, diffs})
		} else {
			d.Equal++
		}
		j++
	}
	for j < len(got.nodes) {
		extra()
	}
	return d
}

func differences(want ManifestEntry, got Entry) []Difference {
	if want.Type != got.Type() {
		return []Difference{{"type", want.Type.String(), got.Type().String()}}
	}
	var ds []Difference
	switch want.Type {
	case Link:
		if want.Target != "" && want.Target != got.Target() {
			ds = append(ds, Difference{"target", EscapeName(want.Target), EscapeName(got.Target())})
		}
		if want.Digests.Len() != 0 {
			measured, err := measureBytes([]byte(got.Target()), want.Digests)
			if err != nil {
				// Cannot happen: the algorithms are chosen to fit.
				return append(ds, Difference{"digests", want.Digests.String(), shown(err.Error())})
			}
			ds = append(ds, digestDifferences(want.Digests, measured)...)
		}
	case File:
		if want.Size != nil && *want.Size != got.Size() {
			ds = append(ds, Difference{"size", strconv.FormatInt(*want.Size, 10), strconv.FormatInt(got.Size(), 10)})
		}
		if want.Executable != nil && got.ExecutableKnown() && *want.Executable != got.Executable() {
			ds = append(ds, Difference{"executable", strconv.FormatBool(*want.Executable), strconv.FormatBool(got.Executable())})
		}
		ds = append(ds, digestDifferences(want.Digests, got.Digests())...)
	}
	return append(ds, want.facts.differences(got)...)
}

func digestDifferences(want, got Set) []Difference {
	var ds []Difference
	switch want.Compare(got) {
	case Same:
	case Different, Conflicting:
		for w := range want.All() {
			if g, ok := got.Get(w.alg); ok && g != w {
				ds = append(ds, Difference{w.alg.String(), w.Hex(), g.Hex()})
			}
		}
	default:
		ds = append(ds, Difference{"digests", "a strong algorithm in common: " + want.String(), got.String()})
	}
	return ds
}

// measureBytes measures content by all algorithms of a claim that can be
// computed, or SHA256 if there is none.
func measureBytes(content []byte, claimed Set) (Set, error) {
	var algs []Algorithm
	for d := range claimed.All() {
		if kind := d.alg.info().kind; kind == ofStream || kind == ofBlob {
			algs = append(algs, d.alg)
		}
	}
	d, err := newDigester(algs)
	if err != nil {
		return Set{}, err
	}
	d.reset(int64(len(content)))
	d.Write(content)
	return d.set(), nil
}

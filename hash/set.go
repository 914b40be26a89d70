// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash

import (
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
)

// A Set holds at most one digest for each algorithm, all of the same content.
// A Set is immutable; the zero Set is empty and agrees with nothing.
type Set struct {
	digests []Digest // sorted by algorithm
}

// NewSet makes a Set. Two different digests of one algorithm, or an invalid
// digest, are an [*Error] with [CodeDigest].
func NewSet(digests ...Digest) (Set, error) {
	ds := slices.Clone(digests)
	slices.SortFunc(ds, func(a, b Digest) int { return int(a.alg) - int(b.alg) })
	for i, d := range ds {
		if !d.IsValid() {
			return Set{}, &Error{Code: CodeDigest, Detail: "the zero Digest cannot be in a set"}
		}
		if i > 0 && ds[i-1].alg == d.alg && ds[i-1] != d {
			return Set{}, &Error{Code: CodeDigest, Name: d.alg.String(), Detail: "two different digests in one set"}
		}
	}
	return Set{slices.Compact(ds)}, nil
}

// ParseSet reads an in-toto DigestSet: names of algorithms and lower-case hex.
// Algorithms that this package does not know are returned sorted in unknown,
// as the specification demands that they be ignored. A known algorithm with a
// malformed value is an [*Error] with [CodeDigest].
func ParseSet(values map[string]string) (set Set, unknown []string, err error) {
	var ds []Digest
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if _, err := ParseAlgorithm(name); err != nil {
			unknown = append(unknown, name)
			continue
		}
		d, err := parseDigest(name, values[name])
		if err != nil {
			return Set{}, nil, err
		}
		ds = append(ds, d)
	}
	set, err = NewSet(ds...)
	return set, unknown, err
}

// Len returns the number of digests.
func (s Set) Len() int { return len(s.digests) }

// Get returns the digest of an algorithm.
func (s Set) Get(alg Algorithm) (Digest, bool) {
	for _, d := range s.digests {
		if d.alg == alg {
			return d, true
		}
	}
	return Digest{}, false
}

// All returns the digests in the order of the algorithms' constants, strong
// ones first.
func (s Set) All() iter.Seq[Digest] { return slices.Values(s.digests) }

// Strong reports whether s has a digest of a strong algorithm.
func (s Set) Strong() bool {
	return slices.ContainsFunc(s.digests, func(d Digest) bool { return d.alg.Strong() })
}

// String returns the digests in the form of [Digest.String], separated by spaces.
func (s Set) String() string {
	var parts []string
	for _, d := range s.digests {
		parts = append(parts, d.String())
	}
	return strings.Join(parts, " ")
}

// MarshalJSON writes an object of algorithm names and lower-case hex.
func (s Set) MarshalJSON() ([]byte, error) {
	m := make(map[string]string, len(s.digests))
	for _, d := range s.digests {
		m[d.alg.String()] = d.Hex()
	}
	return json.Marshal(m)
}

// An Agreement is the outcome of comparing two sets over all algorithms that
// both have.
type Agreement uint8

const (
	// Unrelated: no shared algorithm, so the sets say nothing about each other.
	Unrelated Agreement = iota
	// Same: all shared digests are equal and at least one is strong.
	Same
	// WeaklySame: all shared digests are equal and none is strong. It
	// proves nothing.
	WeaklySame
	// Different: all shared digests differ.
	Different
	// Conflicting: some shared digests are equal and some differ. No content
	// has both; somebody made a collision or a mistake.
	Conflicting
)

// String returns the name of the constant in words.
func (a Agreement) String() string {
	switch a {
	case Unrelated:
		return "no shared algorithm"
	case Same:
		return "same"
	case WeaklySame:
		return "same by weak algorithms only"
	case Different:
		return "different"
	case Conflicting:
		return "conflicting"
	}
	return fmt.Sprintf("Agreement(%d)", uint8(a))
}

// Compare compares all algorithms that s and t share. Only [Same] means that
// the content is the same.
func (s Set) Compare(t Set) Agreement {
	var equal, unequal, strong bool
	for i, j := 0, 0; i < len(s.digests) && j < len(t.digests); {
		a, b := s.digests[i], t.digests[j]
		switch {
		case a.alg < b.alg:
			i++
			continue
		case a.alg > b.alg:
			j++
			continue
		case a == b:
			equal = true
			strong = strong || a.alg.Strong()
		default:
			unequal = true
		}
		i++
		j++
	}
	switch {
	case equal && unequal:
		return Conflicting
	case unequal:
		return Different
	case strong:
		return Same
	case equal:
		return WeaklySame
	}
	return Unrelated
}

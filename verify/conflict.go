// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"errors"
	"slices"

	"github.com/tallystick/tallystick/hash"
)

// findConflicts holds every claim that speaks about the artifact against what
// was measured and against every other.
func findConflicts(a hash.Artifact, claims []Claim) []Conflict {
	// By algorithm: the distinct digests and who states them.
	stated := map[hash.Algorithm][]Side{}
	state := func(set hash.Set, measured bool, by []Issuer) {
		for d := range set.All() {
			sides := stated[d.Algorithm()]
			i := slices.IndexFunc(sides, func(s Side) bool { return s.Digest == d.Hex() })
			if i < 0 {
				i = len(sides)
				sides = append(sides, Side{Measured: measured, Issuers: []Issuer{}, Digest: d.Hex()})
			}
			sides[i].Issuers = append(sides[i].Issuers, by...)
			stated[d.Algorithm()] = sides
		}
	}
	state(a.Digests(), true, nil)
	var other []Conflict
	for _, c := range claims {
		err := c.Covers(a)
		if errors.Is(err, CodeNotCovered) {
			continue
		}
		set := c.Digests(a)
		state(set, false, c.Issuers())
		if agreement := a.Digests().Compare(set); err != nil && agreement != hash.Different && agreement != hash.Conflicting {
			// It contradicts by something else than digests, such as the size.
			other = append(other, Conflict{
				Sides:  []Side{{Measured: true, Issuers: []Issuer{}}, {Issuers: c.Issuers()}},
				Detail: err.Error(),
			})
		}
	}
	var conflicts []Conflict
	for alg := hash.Algorithm(1); alg.Valid(); alg++ {
		if len(stated[alg]) > 1 {
			conflicts = append(conflicts, Conflict{Algorithm: alg.String(), Sides: stated[alg]})
		}
	}
	return append(conflicts, other...)
}

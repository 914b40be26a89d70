// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"errors"
	"slices"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/internal/safe"
)

// findConflicts holds every claim that means the artifact against what was
// measured and against every other.
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
			for _, issuer := range by {
				if !slices.ContainsFunc(sides[i].Issuers, func(j Issuer) bool { return issuer.ID == j.ID }) {
					sides[i].Issuers = append(sides[i].Issuers, issuer)
				}
			}
			stated[d.Algorithm()] = sides
		}
	}
	state(a.Digests(), true, nil)
	var other []Conflict
	for _, c := range claims {
		// Also what a claim states that shares no strong algorithm with us: it
		// may contradict another claim.
		set := c.Digests(a)
		state(set, false, c.Issuers())
		err := c.Covers(a)
		if errors.Is(err, CodeNotCovered) {
			continue
		}
		if agreement := a.Digests().Compare(set); err != nil && agreement != hash.Different && agreement != hash.Conflicting {
			// It contradicts by something else than digests, such as the size.
			other = append(other, Conflict{
				Sides:  []Side{{Measured: true, Issuers: []Issuer{}}, {Issuers: c.Issuers()}},
				Detail: safe.Line(err.Error()),
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

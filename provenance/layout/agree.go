// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/internal/safe"
	"github.com/tallystick/tallystick/verify"
)

// A group is the witnesses whose artifacts are exactly the same.
type group struct {
	evidence *evidence
	file     string
	signers  map[string]bool // fingerprints
}

// A camp is groups that agree with each other: they list the same artifacts with
// the same digests, though perhaps of more or fewer algorithms.
type camp struct {
	groups  []*group
	signers map[string]bool
}

// An agreement is what a camp agrees on.
type agreement struct {
	evidence *evidence
	signers  map[string]bool
}

// agree returns what the witnesses agree on. Without quorum, that is what all of
// them say, or nothing. With it, it is what the largest camp says, if that has as
// many functionaries as the threshold, no other camp has as many, and nobody
// agrees with two camps. The check says who differs from whom in what; it is nil if nobody does.
func agree(witnesses []witness, threshold int64, quorum bool) (*agreement, *verify.Check) {
	groups := groupWitnesses(witnesses)
	check := &verify.Check{Code: CodeDisagreement, Status: verify.Fail, Expected: "the same artifacts"}
	for _, g := range groups {
		for _, side := range []artifactSide{materials, products} {
			if name := g.evidence.lists[side].unproven(); name != "" && len(g.signers) > 1 {
				check.Found = fmt.Sprintf("%s and others have no strong digest of %s among %v", safe.Quote(g.file), safe.Quote(name), side)
				return nil, check
			}
		}
	}
	var camps []*camp
	var differences []string
	for _, g := range groups {
		joined := false
		for _, c := range camps {
			if d := c.difference(g); d != "" {
				if !quorum {
					// One is enough, and there may be many links.
					check.Found = d
					return nil, check
				}
				if len(differences) < maxTraceNames {
					differences = append(differences, d)
				}
			} else if !joined {
				joined = true
				c.groups = append(c.groups, g)
				maps.Copy(c.signers, g.signers)
			}
		}
		if !joined {
			camps = append(camps, &camp{[]*group{g}, maps.Clone(g.signers)})
		}
	}
	if len(camps) == 1 {
		return &agreement{merge(camps[0].groups, threshold), camps[0].signers}, nil
	}
	check.Found = strings.Join(differences, "; ")
	// Agreement by shared algorithms is not transitive. Where a group would fit
	// into two camps, who wins would be a matter of the order of the files.
	for i, c := range camps {
		for _, d := range camps[:i] {
			if g, h := c.meets(d); g != nil {
				check.Found += "; " + safe.Quote(h.file) + " and " + safe.Quote(g.file) + " agree, but not all on their sides"
				return nil, check
			}
		}
	}
	// One who says two things has said nothing.
	sides := map[string]int{}
	for _, c := range camps {
		for f := range c.signers {
			sides[f]++
		}
	}
	for _, c := range camps {
		maps.DeleteFunc(c.signers, func(f string, _ bool) bool { return sides[f] > 1 })
	}
	best, tie := 0, false
	for i, c := range camps {
		switch {
		case i == 0:
		case len(c.signers) > len(camps[best].signers):
			best, tie = i, false
		case len(c.signers) == len(camps[best].signers):
			tie = true
		}
	}
	winner := camps[best]
	check.Expected = fmt.Sprintf("%d functionaries who agree, and no other group of as many", threshold)
	if tie || int64(len(winner.signers)) < threshold {
		return nil, check
	}
	// Whose links agree must not depend on one who was left out.
	var kept []*group
	for _, g := range winner.groups {
		maps.DeleteFunc(g.signers, func(f string, _ bool) bool { return !winner.signers[f] })
		if len(g.signers) > 0 {
			kept = append(kept, g)
		}
	}
	check.Code, check.Status = CodeQuorum, verify.Pass
	check.Detail = fmt.Sprintf("%d of %d functionaries agree; %s", len(winner.signers), len(sides), check.Found)
	return &agreement{merge(kept, threshold), winner.signers}, check
}

// groupWitnesses puts those together who say exactly the same.
func groupWitnesses(witnesses []witness) []*group {
	var groups []*group
	for _, w := range witnesses {
		i := slices.IndexFunc(groups, func(g *group) bool {
			return g.evidence.lists[materials].equal(w.evidence.lists[materials]) &&
				g.evidence.lists[products].equal(w.evidence.lists[products])
		})
		if i < 0 {
			i = len(groups)
			groups = append(groups, &group{w.evidence, w.file, map[string]bool{}})
		}
		for _, k := range w.signers {
			groups[i].signers[k.key.Fingerprint()] = true
		}
	}
	return groups
}

// difference says in what the group differs from one of the camp, "" if in
// nothing.
func (c *camp) difference(g *group) string {
	for _, other := range c.groups {
		for _, side := range []artifactSide{materials, products} {
			if d := difference(other.evidence.lists[side], g.evidence.lists[side]); d != "" {
				return fmt.Sprintf("%s and %s differ in %v: %s", safe.Quote(other.file), safe.Quote(g.file), side, d)
			}
		}
	}
	return ""
}

// meets returns a group of each camp that agree with each other, nil if there are
// none.
func (c *camp) meets(d *camp) (g, h *group) {
	for _, g := range c.groups {
		for _, h := range d.groups {
			if (&camp{groups: []*group{h}}).difference(g) == "" {
				return g, h
			}
		}
	}
	return nil, nil
}

// merge joins what groups that agree say.
func merge(groups []*group, threshold int64) *evidence {
	if len(groups) == 1 {
		return groups[0].evidence
	}
	return newEvidence(mergeLists(groups, materials, threshold), mergeLists(groups, products, threshold))
}

// unproven returns the first artifact without a strong digest, "" if there is
// none. That two functionaries say the same of it does not mean that they had the
// same content.
func (l *artifactList) unproven() string {
	for i, ref := range l.refs {
		if !slices.ContainsFunc(l.kinds[ref.kind], func(k digestKind) bool { return k.strong }) {
			return l.names[i]
		}
	}
	return ""
}

// difference says in which artifacts two lists differ: "" if each artifact of one
// is in the other with the same digest by a strong algorithm.
func difference(a, b *artifactList) string {
	var names sampler
	at := 0
	note := func(name, why string) { names.add(name + " " + why) }
	for i, name := range a.names {
		j := b.seek(at, name)
		for ; at < j; at++ {
			note(b.names[at], "(only in the second)")
		}
		if at == b.len() || b.names[at] != name {
			note(name, "(only in the first)")
			continue
		}
		switch a.compare(i, b, at) {
		case hash.Same:
		case hash.Different, hash.Conflicting:
			note(name, "("+differing(a, i, b, at)+")")
		default:
			note(name, "(no shared strong algorithm)")
		}
		at++
	}
	for ; at < b.len(); at++ {
		note(b.names[at], "(only in the second)")
	}
	if names.count == 0 {
		return ""
	}
	return names.String()
}

// mergeLists joins lists that agree but give different algorithms. A digest that
// fewer functionaries than the threshold state proves nothing; one that not all
// state makes nobody a witness of content.
func mergeLists(groups []*group, side artifactSide, threshold int64) *artifactList {
	first := groups[0].evidence.lists[side]
	out := &artifactList{names: first.names, dotted: first.dotted}
	everybody := map[string]bool{}
	for _, g := range groups {
		maps.Copy(everybody, g.signers)
	}
	for i := range first.names {
		var kinds digestKinds
		ref := digestRef{off: uint32(len(out.sums))}
		for alg := hash.Algorithm(1); alg.Valid(); alg++ {
			proves, shares := map[string]bool{}, map[string]bool{}
			var found []byte
			for _, g := range groups {
				if sum, kind := g.evidence.lists[side].sum(i, alg); sum != nil {
					found = sum
					if kind.strong {
						maps.Copy(proves, g.signers)
					}
					if kind.shared {
						maps.Copy(shares, g.signers)
					}
				}
			}
			if found != nil {
				kinds = append(kinds, digestKind{alg, len(found), alg.Strong() && int64(len(proves)) >= threshold,
					alg.Strong() && len(shares) == len(everybody)})
				out.sums = append(out.sums, found...)
			}
		}
		at := slices.IndexFunc(out.kinds, func(k digestKinds) bool { return slices.Equal(k, kinds) })
		if at < 0 {
			at = len(out.kinds)
			out.kinds = append(out.kinds, kinds)
		}
		ref.kind = uint32(at)
		out.refs = append(out.refs, ref)
	}
	return out
}

// sum returns the digest of an artifact by one algorithm, nil if there is none.
func (l *artifactList) sum(i int, alg hash.Algorithm) ([]byte, digestKind) {
	sums := l.sums[l.refs[i].off:]
	for _, k := range l.kinds[l.refs[i].kind] {
		if k.alg == alg {
			return sums[:k.size], k
		}
		sums = sums[k.size:]
	}
	return nil, digestKind{}
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"fmt"
	"hash/maphash"
	"maps"
	"slices"
	"strings"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/internal/safe"
	"github.com/tallystick/tallystick/verify"
)

// A group is the witnesses whose artifacts are exactly the same.
type group struct {
	evidence  *evidence
	file      string
	signers   map[string]bool // fingerprints
	witnesses []*witness
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
	commands [][]string
}

// maxDissenters is how many links that differ are described.
const maxDissenters = 16

// agree returns what the witnesses agree on. Without quorum, that is what all of
// them say, or nothing. With it, it is what the largest camp says, if that has as
// many functionaries as the threshold, no other camp has as many, and nobody
// agrees with two camps. The check says who differs from whom in what; it is nil
// if nobody does.
func agree(witnesses []witness, threshold int64, quorum bool, work *meter) (*agreement, *verify.Check) {
	groups := groupWitnesses(witnesses)
	check := &verify.Check{Code: CodeDisagreement, Status: verify.Fail, Expected: "the same artifacts"}
	// Groups in different buckets differ, so only the others are compared.
	var camps []*camp
	var odd string
	for i, bucket := range buckets(groups) {
		if i > 0 && !quorum {
			// One is enough, and there may be many links.
			check.Found = differences(groups[0], bucket[0])
			return nil, check
		}
		among := makeCamps(bucket, work)
		if len(among) > 1 && !quorum && !work.used() {
			check.Found = among[0].differs(among[1].groups[0])
			return nil, check
		}
		if odd == "" {
			odd = meeting(among, work)
		}
		camps = append(camps, among...)
	}
	if work.used() {
		return nil, &verify.Check{Code: CodeLimit, Status: verify.Fail, Expected: "links that differ so little that comparing them costs no more than Limits.PatternWork", Found: "more"}
	}
	if len(camps) == 1 {
		if check.Found = groups[0].unproven(); check.Found != "" {
			return nil, check
		}
		a, _ := newAgreement(camps[0].groups, groups, camps[0].signers, threshold)
		return a, nil
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
	check.Found = winner.dissent(camps)
	// Agreement by shared algorithms is not transitive. Where a group would fit
	// into two camps, who wins would be a matter of the order of the files.
	if odd != "" {
		check.Found += "; " + odd
		return nil, check
	}
	// Such a group agrees with no other, so it is the whole camp.
	if found := winner.groups[0].unproven(); found != "" {
		check.Found = found + "; " + check.Found
		return nil, check
	}
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
	a, ok := newAgreement(kept, groups, winner.signers, threshold)
	if !ok {
		check.Found += "; those who signed for the artifacts of one side also signed for those of the other"
		return nil, check
	}
	check.Code, check.Status = CodeQuorum, verify.Pass
	check.Detail = fmt.Sprintf("%d of %d functionaries agree; %s", len(winner.signers), len(sides), check.Found)
	return a, check
}

// newAgreement joins what the kept groups say. It is not ok if nobody is left who
// has signed for the artifacts and for no others: functionaries whose sublayouts
// differ may have had the same people work for them.
func newAgreement(kept, all []*group, signers map[string]bool, threshold int64) (a *agreement, ok bool) {
	a = &agreement{evidence: merge(kept, threshold), signers: signers}
	ok = true
	for _, side := range []artifactSide{materials, products} {
		dissent := map[string]bool{}
		for _, g := range all {
			for _, w := range g.witnesses {
				if !slices.Contains(kept, g) {
					for _, i := range w.evidence.issuers[side] {
						dissent[i.ID] = true
					}
				}
			}
		}
		var issuers []verify.Issuer
		for _, g := range kept {
			for _, w := range g.witnesses {
				if !slices.ContainsFunc(w.signers, func(k *layoutKey) bool { return signers[k.fingerprint()] }) {
					continue
				}
				for _, i := range w.evidence.issuers[side] {
					if !dissent[i.ID] && !slices.ContainsFunc(issuers, func(j verify.Issuer) bool { return i.ID == j.ID }) {
						issuers = append(issuers, i)
					}
				}
			}
		}
		a.evidence.issuers[side] = issuers
		ok = ok && len(issuers) > 0
	}
	for _, g := range kept {
		for _, w := range g.witnesses {
			for _, command := range w.commands {
				if !slices.ContainsFunc(a.commands, func(c []string) bool { return slices.Equal(c, command) }) {
					a.commands = append(a.commands, command)
				}
			}
		}
	}
	return a, ok
}

// groupWitnesses puts those together who say exactly the same.
func groupWitnesses(witnesses []witness) []*group {
	var groups []*group
	seed := maphash.MakeSeed()
	byHash := map[uint64][]*group{}
	for i := range witnesses {
		w := &witnesses[i]
		var sum uint64
		if len(witnesses) > 1 {
			sum = w.evidence.hash(seed, everyAlgorithm)
		}
		at := slices.IndexFunc(byHash[sum], func(g *group) bool {
			return g.evidence.lists[materials].equal(w.evidence.lists[materials]) &&
				g.evidence.lists[products].equal(w.evidence.lists[products])
		})
		if at < 0 {
			at = len(byHash[sum])
			g := &group{w.evidence, w.file, map[string]bool{}, nil}
			byHash[sum] = append(byHash[sum], g)
			groups = append(groups, g)
		}
		g := byHash[sum][at]
		g.witnesses = append(g.witnesses, w)
		for _, k := range w.signers {
			g.signers[k.fingerprint()] = true
		}
	}
	return groups
}

// An algorithmSet has a bit for each algorithm.
type algorithmSet uint64

const everyAlgorithm = ^algorithmSet(0)

// common returns the algorithms of which the list has digests for all artifacts.
func (l *artifactList) common() algorithmSet {
	all := everyAlgorithm
	for _, kinds := range l.kinds {
		var here algorithmSet
		for _, k := range kinds {
			here |= 1 << k.alg
		}
		all &= here
	}
	return all
}

// hash returns a hash of the names and of the digests by the given algorithms.
func (e *evidence) hash(seed maphash.Seed, algs algorithmSet) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	for _, l := range e.lists {
		for i, name := range l.names {
			h.WriteString(name)
			h.WriteByte(0) // what it cannot tell apart is compared later
			sums := l.sums[l.refs[i].off:]
			for _, k := range l.kinds[l.refs[i].kind] {
				if algs&(1<<k.alg) != 0 {
					h.WriteByte(byte(k.alg))
					h.Write(sums[:k.size])
				}
				sums = sums[k.size:]
			}
		}
		h.WriteByte(1)
	}
	return h.Sum64()
}

// buckets puts groups together that may agree, in the order in which they come:
// they have the same names and the same digests by the algorithms that everybody
// states of every artifact. That takes time linear in what they say, and as a rule
// only groups that agree are left in a bucket.
func buckets(groups []*group) [][]*group {
	if len(groups) == 1 {
		return [][]*group{groups}
	}
	all := everyAlgorithm
	for _, g := range groups {
		all &= g.evidence.lists[materials].common() & g.evidence.lists[products].common()
	}
	seed := maphash.MakeSeed()
	var out [][]*group
	byHash := map[uint64]int{}
	for _, g := range groups {
		sum := g.evidence.hash(seed, all)
		i, ok := byHash[sum]
		if !ok {
			i = len(out)
			byHash[sum] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], g)
	}
	return out
}

// makeCamps puts each group into the first camp with which it agrees. Here each is
// compared with each, which the meter bounds.
func makeCamps(groups []*group, work *meter) []*camp {
	var camps []*camp
	for _, g := range groups {
		i := slices.IndexFunc(camps, func(c *camp) bool { return c.agrees(g, work) })
		if i < 0 {
			i = len(camps)
			camps = append(camps, &camp{signers: map[string]bool{}})
		}
		camps[i].groups = append(camps[i].groups, g)
		maps.Copy(camps[i].signers, g.signers)
	}
	return camps
}

// agrees reports whether the group agrees with all of the camp.
func (c *camp) agrees(g *group, work *meter) bool {
	for _, h := range c.groups {
		if !g.agrees(h, work) {
			return false
		}
	}
	return true
}

func (g *group) agrees(h *group, work *meter) bool {
	for _, side := range []artifactSide{materials, products} {
		a, b := g.evidence.lists[side], h.evidence.lists[side]
		if !work.spend(1 + a.len() + b.len()) {
			return false
		}
		if !a.agrees(b) {
			return false
		}
	}
	return true
}

// meeting names a group of each of two camps that agree with each other, if there
// are such.
func meeting(camps []*camp, work *meter) string {
	for i, c := range camps {
		for _, d := range camps[:i] {
			for _, g := range c.groups {
				for _, h := range d.groups {
					if g.agrees(h, work) {
						return safe.Quote(h.file) + " and " + safe.Quote(g.file) + " agree, but not all on their sides"
					}
				}
			}
		}
	}
	return ""
}

// dissent describes in what those of the other camps differ from this one.
func (c *camp) dissent(camps []*camp) string {
	var list []string
	more := 0
	for _, d := range camps {
		if d == c {
			continue
		}
		for _, g := range d.groups {
			for _, w := range g.witnesses {
				switch {
				case len(list) == maxDissenters:
					more++
				case w.file == g.file:
					list = append(list, c.differs(g))
				default:
					list = append(list, safe.Quote(w.file)+" says the same as "+safe.Quote(g.file))
				}
			}
		}
	}
	if more > 0 {
		list = append(list, fmt.Sprintf("and %d more links", more))
	}
	return strings.Join(list, "; ")
}

// differs says in what the group differs from one of the camp.
func (c *camp) differs(g *group) string {
	for _, h := range c.groups {
		if d := differences(h, g); d != "" {
			return d
		}
	}
	return ""
}

func differences(g, h *group) string {
	for _, side := range []artifactSide{materials, products} {
		if d := difference(g.evidence.lists[side], h.evidence.lists[side]); d != "" {
			return fmt.Sprintf("%s and %s differ in %v: %s", safe.Quote(g.file), safe.Quote(h.file), side, d)
		}
	}
	return ""
}

// merge joins what groups that agree say.
func merge(groups []*group, threshold int64) *evidence {
	if len(groups) == 1 {
		e := groups[0].evidence
		return newEvidence(e.lists[materials], e.lists[products])
	}
	return newEvidence(mergeLists(groups, materials, threshold), mergeLists(groups, products, threshold))
}

// unproven says for which artifact several functionaries have no strong digest, if
// there is one.
func (g *group) unproven() string {
	if len(g.signers) < 2 {
		return ""
	}
	for _, side := range []artifactSide{materials, products} {
		if name := g.evidence.lists[side].unproven(); name != "" {
			return fmt.Sprintf("%s and others have no strong digest of %s among %v", safe.Quote(g.file), safe.Quote(name), side)
		}
	}
	return ""
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

// agrees reports whether each artifact of one list is in the other with the same
// digest by a strong algorithm.
func (l *artifactList) agrees(m *artifactList) bool {
	if !slices.Equal(l.names, m.names) {
		return false
	}
	for i := range l.names {
		if l.compare(i, m, i) != hash.Same {
			return false
		}
	}
	return true
}

// difference says in which artifacts two lists differ: "" if they agree.
func difference(a, b *artifactList) string {
	var names sampler
	at := 0
	for i, name := range a.names {
		j := b.seek(at, name)
		for ; at < j; at++ {
			names.addf(b.names[at], func() string { return "(only in the second)" })
		}
		if at == b.len() || b.names[at] != name {
			names.addf(name, func() string { return "(only in the first)" })
			continue
		}
		switch a.compare(i, b, at) {
		case hash.Same:
		case hash.Different, hash.Conflicting:
			names.addf(name, func() string { return "(" + differing(a, i, "in the first", b, at, "in the second") + ")" })
		default:
			names.addf(name, func() string { return "(no shared strong algorithm)" })
		}
		at++
	}
	for ; at < b.len(); at++ {
		names.addf(b.names[at], func() string { return "(only in the second)" })
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
	byKinds := map[string]uint32{} // index in out.kinds
	var spelled []byte
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
		spelled = spelled[:0]
		for _, k := range kinds {
			spelled = fmt.Appendf(spelled, "%d,%t,%t;", k.alg, k.strong, k.shared)
		}
		at, ok := byKinds[string(spelled)]
		if !ok {
			at = uint32(len(out.kinds))
			byKinds[string(spelled)] = at
			out.kinds = append(out.kinds, kinds)
		}
		ref.kind = at
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

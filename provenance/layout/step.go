// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/internal/safe"
	"github.com/tallystick/tallystick/internal/strictjson"
	"github.com/tallystick/tallystick/verify"
)

// A stepResult is what was found for a step.
type stepResult struct {
	name string
	// functionaries are those whose evidence counted.
	functionaries []verify.Issuer
	evidence      *evidence // nil if there is not enough
	check         verify.Check
}

// A witness is a usable piece of evidence: a link or sublayout and who signed it.
type witness struct {
	file     string
	signers  []*layoutKey // distinct
	evidence *evidence
}

func isLimit(err error) bool {
	return errors.Is(err, strictjson.TooLarge) || errors.Is(err, strictjson.TooDeep) || codeOf(err, "") == CodeLimit
}

// collect looks for the evidence of a step, in the order of the source, and
// decides whether it suffices. Its check is a pass if so.
func (r *run) collect(s *step, links LinkSource, path []string) *stepResult {
	out := &stepResult{name: s.name}
	out.check = verify.Check{Code: CodeStep, Status: verify.Fail, What: "step " + safe.Quote(s.name)}
	threshold := verify.Check{Code: CodeThreshold, Status: verify.Fail, What: "functionaries of step " + safe.Quote(s.name)}

	var witnesses []witness
	for f, err := range r.find(s, links) {
		if err != nil {
			r.err = sourceError("links of step "+safe.Quote(s.name), err)
			break
		}
		if r.links++; r.links > r.limits.Links {
			r.exceeded(fmt.Sprintf("at most %d links (Limits.Links)", r.limits.Links))
		}
		if r.bytes += int64(len(f.Data)); r.bytes > r.limits.TotalBytes {
			r.exceeded(fmt.Sprintf("links of at most %d bytes in all (Limits.TotalBytes)", r.limits.TotalBytes))
		}
		if r.ended() {
			break
		}
		w, check := r.examine(f, s, links, path)
		threshold.Checks = append(threshold.Checks, check)
		if w != nil {
			witnesses = append(witnesses, *w)
		}
	}

	var names []string
	for _, w := range witnesses {
		for _, k := range w.signers {
			if !slices.ContainsFunc(out.functionaries, func(i verify.Issuer) bool { return i.ID == k.key.Fingerprint() }) {
				out.functionaries = append(out.functionaries, k.issuer())
				names = append(names, k.issuer().Name)
			}
		}
	}
	threshold.Issuers = out.functionaries
	threshold.Expected = fmt.Sprintf("%d of %d functionaries", s.threshold, len(s.pubkeys))
	if len(s.constraints) > 0 {
		threshold.Expected += " or of those with a certificate"
	}
	threshold.Found = fmt.Sprint(len(out.functionaries))
	if len(names) > 0 {
		threshold.Found += ": " + safe.Line(strings.Join(names, ", "))
	}
	if len(threshold.Checks) == 0 {
		threshold.Found += "; there is no link for the step"
	}
	threshold.Detail = strings.Join(s.unusable, "; ")
	enough := int64(len(out.functionaries)) >= s.threshold
	if enough {
		threshold.Status = verify.Pass
		threshold.Detail = strings.Join(append([]string{fmt.Sprintf("%d needed, found %s", s.threshold, threshold.Found)}, s.unusable...), "; ")
	}
	out.check.Checks = append(out.check.Checks, threshold)
	out.check.Issuers = out.functionaries
	if !enough {
		return out
	}

	merged, disagreement := merge(witnesses, s.threshold)
	if disagreement != "" {
		out.check.Checks = append(out.check.Checks, verify.Check{Code: CodeDisagreement, Status: verify.Fail,
			What: "agreement of the functionaries of step " + safe.Quote(s.name), Issuers: out.functionaries,
			Expected: "the same artifacts", Found: disagreement})
		return out
	}
	out.evidence = merged
	out.check.Status = verify.Pass
	return out
}

// find asks the source for the evidence of a step.
func (r *run) find(s *step, links LinkSource) func(func(File, error) bool) {
	if links == nil {
		return func(func(File, error) bool) {}
	}
	return links.Links(r.ctx, r.request(s.name, s.pubkeys))
}

func (r *run) request(step string, keys []*layoutKey) Request {
	req := Request{Step: step, MaxBytes: r.limits.LinkBytes}
	for _, k := range keys {
		req.KeyIDs = append(req.KeyIDs, k.id)
	}
	return req
}

// examine decides whether a file is evidence for the step, and for whom it
// counts. The witness is nil unless the check is a pass.
func (r *run) examine(f File, s *step, links LinkSource, path []string) (*witness, verify.Check) {
	check := verify.Check{Code: CodeLinkMalformed, Status: verify.Fail, What: "link " + safe.Quote(f.Name)}
	refuse := func(code verify.Code, err error) (*witness, verify.Check) {
		if isLimit(err) {
			code = CodeLimit
		}
		check.Code, check.Detail = codeOf(err, code), err.Error()
		return nil, check
	}
	limits := r.limits.json(r.limits.LinkBytes)
	env, err := f.env, f.Err
	if err == nil && int64(len(f.Data)) > r.limits.LinkBytes {
		err = coded(CodeLimit, "%d bytes, at most %d are read (Limits.LinkBytes)", len(f.Data), r.limits.LinkBytes)
	}
	if err == nil && env == nil {
		env, err = openEnvelope(f.Data, limits)
	}
	if err != nil {
		return refuse(CodeLinkMalformed, err)
	}
	// The signatures come first: nothing below parses what a stranger wrote.
	signers, reasons, err := env.count(s.pubkeys, r.at)
	if err != nil {
		return refuse(CodeLinkSignature, err)
	}
	certified, refused := env.certified(s.authorities, s.constraints, r.at)
	for _, k := range certified {
		signers = addKey(signers, k)
	}
	reasons = append(reasons, refused...)
	if len(signers) == 0 {
		check.Code = CodeLinkSignature
		check.Expected = "a signature of a functionary of the step"
		check.Found = fmt.Sprintf("%d signatures, none of them", len(env.signatures))
		check.Detail = strings.Join(reasons, "; ")
		return nil, check
	}
	for _, k := range signers {
		check.Issuers = append(check.Issuers, k.issuer())
	}
	w := &witness{file: f.Name, signers: signers}
	typ, err := payloadKind(env.payload, limits)
	if err != nil {
		return refuse(CodeLinkMalformed, err)
	}
	if typ == typeLayout {
		return r.sublayout(w, f, env, s, links, path, check)
	}
	if env.payloadType == "" && typ != typeLink {
		return refuse(CodeLinkMalformed, fmt.Errorf("the _type %s needs a DSSE envelope", safe.Quote(typ)))
	}
	l, err := parseLink(env.payload, typ, limits)
	if err != nil {
		return refuse(CodeLinkMalformed, err)
	}
	if l.name != s.name {
		check.Code = CodeLinkName
		check.Expected, check.Found = "a link of step "+safe.Quote(s.name), "one of step "+safe.Quote(l.name)
		return nil, check
	}
	w.evidence = l.evidence
	check.Code, check.Status = CodeLink, verify.Pass
	check.Detail = fmt.Sprintf("%d materials, %d products", l.evidence.lists[materials].len(), l.evidence.lists[products].len())
	for _, extra := range slices.Concat(reasons, l.notes) {
		check.Detail += "; " + extra
	}
	if len(s.command) > 0 && !slices.Equal(s.command, l.command) {
		c := verify.Check{Code: CodeCommand, Status: verify.Pass, What: "command in " + safe.Quote(f.Name),
			Expected: ruleText(s.command), Found: ruleText(l.command)}
		c.Detail = fmt.Sprintf("expected %s, found %s", c.Expected, c.Found)
		if r.opts.RequireCommands {
			c.Status, c.Detail = verify.Fail, ""
			check.Code, check.Status = CodeCommand, verify.Fail
			check.Checks = append(check.Checks, c)
			return nil, check
		}
		check.Checks = append(check.Checks, c)
	}
	return w, check
}

// sublayout verifies a layout that functionaries have handed in as evidence
// (specification 4.5): they are its project owners.
func (r *run) sublayout(w *witness, f File, env *envelope, s *step, links LinkSource, path []string, check verify.Check) (*witness, verify.Check) {
	check.Code = CodeSublayout
	check.What = "sublayout " + safe.Quote(f.Name)
	path = append(slices.Clone(path), s.name)
	if env.payloadType == payloadTypeLink {
		check.Detail = "a layout under the payload type of a link"
		return nil, check
	}
	if len(path) > r.limits.SublayoutDepth {
		r.exceeded(fmt.Sprintf("sublayouts nested at most %d deep (Limits.SublayoutDepth)", r.limits.SublayoutDepth))
	}
	if r.sublayouts++; r.sublayouts > r.limits.Sublayouts {
		r.exceeded(fmt.Sprintf("at most %d sublayouts (Limits.Sublayouts)", r.limits.Sublayouts))
	}
	if r.ended() {
		check.Detail = "not verified"
		return nil, check
	}
	below, err := links.Sublayout(r.ctx, f, r.request(s.name, w.signers))
	if err != nil {
		r.err = sourceError("links of a sublayout of step "+safe.Quote(s.name), err)
		return nil, check
	}
	result := r.layout(env.payload, below, nil, path, &check)
	if result == nil {
		check.Status = verify.Fail
		return nil, check
	}
	w.evidence = result.evidence()
	return w, check
}

// A group is the witnesses whose artifacts are exactly the same.
type group struct {
	evidence *evidence
	file     string
	signers  map[string]bool // fingerprints
}

// merge returns what the witnesses agree on, or says in what they differ.
func merge(witnesses []witness, threshold int64) (*evidence, string) {
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
	for i, a := range groups {
		for _, side := range []artifactSide{materials, products} {
			if name := a.evidence.lists[side].unproven(); name != "" && len(a.signers) > 1 {
				return nil, fmt.Sprintf("%s and others have no strong digest of %s among %v", safe.Quote(a.file), safe.Quote(name), side)
			}
		}
		for _, b := range groups[:i] {
			for _, side := range []artifactSide{materials, products} {
				if d := difference(b.evidence.lists[side], a.evidence.lists[side]); d != "" {
					return nil, fmt.Sprintf("%s and %s differ in %v: %s", safe.Quote(b.file), safe.Quote(a.file), side, d)
				}
			}
		}
	}
	if len(groups) == 1 {
		return groups[0].evidence, ""
	}
	return newEvidence(mergeLists(groups, materials, threshold), mergeLists(groups, products, threshold)), ""
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
// fewer functionaries than the threshold state proves nothing.
func mergeLists(groups []*group, side artifactSide, threshold int64) *artifactList {
	first := groups[0].evidence.lists[side]
	out := &artifactList{names: first.names, dotted: first.dotted}
	var b listBuilder
	for i := range first.names {
		b.digests = b.digests[:0]
		var weak []bool
		for alg := hash.Algorithm(1); alg.Valid(); alg++ {
			signers := map[string]bool{}
			var found []byte
			for _, g := range groups {
				if sum := g.evidence.lists[side].sum(i, alg); sum != nil {
					found = sum
					for f := range g.signers {
						signers[f] = true
					}
				}
			}
			if found != nil {
				b.addDigest(alg, found)
				weak = append(weak, int64(len(signers)) < threshold)
			}
		}
		kinds := make(digestKinds, len(b.digests))
		ref := digestRef{off: uint32(len(out.sums))}
		for k, d := range b.digests {
			kinds[k] = digestKind{d.alg, d.size, d.alg.Strong() && !weak[k]}
			out.sums = append(out.sums, d.bytes[:d.size]...)
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
func (l *artifactList) sum(i int, alg hash.Algorithm) []byte {
	sums := l.sums[l.refs[i].off:]
	for _, k := range l.kinds[l.refs[i].kind] {
		if k.alg == alg {
			return sums[:k.size]
		}
		sums = sums[k.size:]
	}
	return nil
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package provenance

import (
	"fmt"
	"slices"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/verify"
)

// Rebuilders decide about an artifact by the word of several who have built it
// independently.
//
// By the rule of package verify one of them who contradicts the others rejects
// whatever the policy says, and that is the zero MaxDissent:
//
//	policy, err := verify.AtLeast(2, alice, bob, carol)
//	result, err := verify.Artifact(artifact, policy, statements...)
//
// is the same. Where builds are not reproducible everywhere yet, MaxDissent lets some
// contradict, and the report names them.
type Rebuilders struct {
	// Policies say what each of the rebuilders must have attested, and with whose
	// signature: one policy for each.
	Policies []Policy
	// Threshold is how many must be satisfied, on the word of distinct issuers;
	// see [verify.AtLeast].
	Threshold int
	// MaxDissent is how many of the rebuilders may contradict the artifact. It
	// must be lower than Threshold, so that those who agree are more than those
	// who do not.
	//
	// A rebuilder contradicts with a Statement that satisfies its policy but for
	// the content: it has a subject with the artifact's name and another digest,
	// or one that agrees in one digest and differs in another. So the artifact
	// must have the name that rebuilders use; without it, one who built
	// something else is only silent. Whoever agrees and
	// contradicts in different Statements is no witness: that rejects always, and
	// so does a contradiction by anybody else.
	MaxDissent int
}

// Verify decides in the way of [verify.Artifact], except that up to MaxDissent
// rebuilders who contradict are left out of the claims. The report has a check with
// [CodeDissent] for each of their Statements, which says what they state.
func (r Rebuilders) Verify(a hash.Artifact, claims ...verify.Claim) (*verify.Result, error) {
	reject := func(code verify.Code, expected, found string) (*verify.Result, error) {
		return nil, verify.Reject(verify.Evidence{Check: verify.Check{Code: code, What: "rebuilders", Expected: expected, Found: found}})
	}
	var policies []verify.Policy
	for _, p := range r.Policies {
		if p == nil {
			return reject(CodePolicy, "a policy for each rebuilder", "none")
		}
		policies = append(policies, p)
	}
	if r.MaxDissent < 0 || r.MaxDissent > 0 && r.MaxDissent >= r.Threshold {
		return reject(CodePolicy, "fewer who may contradict than must agree", fmt.Sprintf("%d and %d", r.MaxDissent, r.Threshold))
	}
	policy, err := verify.AtLeast(r.Threshold, policies...)
	if err != nil {
		return reject(verify.CodeOf(err), "a threshold that can be reached", err.Error())
	}
	if r.MaxDissent == 0 {
		return verify.Artifact(a, policy, claims...)
	}

	var agreeing []verify.Claim
	var tolerated dissent
	dissenters := map[int]bool{} // indices of policies
	for _, c := range claims {
		s, ok := c.(*Statement)
		if !ok || s == nil || !s.contradicts(a) {
			agreeing = append(agreeing, c)
			continue
		}
		authors, check := r.authors(a, s, claims)
		if len(authors) == 0 {
			agreeing = append(agreeing, c) // a conflict
			continue
		}
		for _, i := range authors {
			dissenters[i] = true
		}
		tolerated.checks = append(tolerated.checks, verify.Check{Code: CodeDissent, Status: verify.Fail, Issuers: check.Issuers,
			What: "contradicts: " + check.What, Expected: a.Digests().String(), Found: s.Digests(a).String()})
	}
	if len(dissenters) == 0 || len(dissenters) > r.MaxDissent || r.wavers(a, agreeing, dissenters) {
		// The contradictions are conflicts.
		return verify.Artifact(a, policy, claims...)
	}
	tolerated.what = fmt.Sprintf("%d of at most %d rebuilders who may contradict", len(dissenters), r.MaxDissent)
	return verify.Artifact(a, verify.All(policy, tolerated), agreeing...)
}

// contradicts reports whether a Statement speaks about the artifact and says
// something else.
func (s *Statement) contradicts(a hash.Artifact) bool {
	err := s.Covers(a)
	return err != nil && !notCovered(err)
}

// authors returns the rebuilders, by index, whose policies a Statement satisfies but
// for the content, and the check of one of them.
func (r Rebuilders) authors(a hash.Artifact, s *Statement, claims []verify.Claim) (indices []int, check verify.Check) {
	for i, p := range r.Policies {
		c := evaluateAbout(p, a.Name(), &call{claims, maxWork}, 0, func(other *Statement) []Subject {
			if other != s {
				return nil
			}
			return s.subjects
		})
		if c.Status == verify.Pass {
			indices, check = append(indices, i), c
		}
	}
	return indices, check
}

// wavers reports whether one who contradicts also agrees.
func (r Rebuilders) wavers(a hash.Artifact, agreeing []verify.Claim, dissenters map[int]bool) bool {
	for _, c := range agreeing {
		s, ok := c.(*Statement)
		if !ok || s == nil || s.Covers(a) != nil {
			continue
		}
		authors, _ := r.authors(a, s, agreeing)
		if slices.ContainsFunc(authors, func(i int) bool { return dissenters[i] }) {
			return true
		}
	}
	return false
}

// dissent is a part of the policy that puts those who contradict into the report. It
// looks at nothing and rests on nobody's word.
type dissent struct {
	what   string
	checks []verify.Check
}

func (d dissent) Evaluate(hash.Artifact, []verify.Claim) verify.Check {
	return verify.Check{Code: CodeDissent, Status: verify.Pass, What: d.what, Checks: d.checks}
}

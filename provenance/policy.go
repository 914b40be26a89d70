// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package provenance

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/internal/safe"
	"github.com/tallystick/tallystick/verify"
)

// A Policy is a policy of this package: [SLSA], [VSA], [Attested], [Scanned],
// [Tested], or one of them through [Named]. One Statement among the claims must
// cover the artifact and satisfy the whole policy; two that satisfy half of it each
// do not. The check lists every Statement of the right type that was refused before
// one was found, with the reason.
//
// Every one of them binds what it accepts to [Signers], because the text of a
// predicate is whatever its signers wrote.
type Policy interface {
	verify.Policy

	// describe returns the code and the title of the policy's check.
	describe() (verify.Code, string)
	// problem returns what the policy lacks and has instead; nothing if it can
	// be evaluated.
	problem() (expected, found string)
	// accepts reports whether Statements with a predicate type are looked at.
	accepts(predicateType string) bool
	// try holds one Statement against the policy.
	try(t *trial) bool
}

// A dated policy is a Policy about an opinion that its authors may change. Who keeps
// the good one and hands it out beside the bad one that came later must not succeed.
type dated interface {
	// opinion returns what a Statement says about the thing that it is about, if
	// its word counts for the policy.
	opinion(s *Statement) (opinion, bool)
}

// An opinion is about a question, such as the policy of a verification summary.
type opinion struct {
	question string
	at       time.Time
	bad      bool
}

// maxChain bounds how deep policies about dependencies may nest.
const maxChain = 8

// maxWork bounds what deciding about dependencies may cost in one call, in steps.
// Without it, a few attestations that list each other would
// cost their number to the power of the depth.
const maxWork = 1 << 26

// Costs in such steps.
const (
	workLookup  = 16   // looking for a dependency in an attestation
	workSubject = 256  // comparing with a subject
	workTrial   = 4096 // reading a predicate, and one for each 8 bytes of it
)

// A call is what all trials of one evaluation share.
type call struct {
	claims []verify.Claim
	work   int // steps that are left
}

// spend takes steps, and reports whether there were as many.
func (c *call) spend(steps int) bool {
	c.work -= steps
	return c.work >= 0
}

// A trial is one Statement held against one policy: a list of checks, of which the
// first that fails decides.
type trial struct {
	s       *Statement
	name    string    // of the artifact or dependency that the Statement is about
	matched []Subject // the subjects that are it
	call    *call
	chain   int // how many policies about dependencies this one is inside of
	check   verify.Check
}

// evaluate implements Evaluate for a Policy. If only is not nil, no other Statement
// may satisfy it.
func evaluate(p Policy, a hash.Artifact, claims []verify.Claim, only *Statement) verify.Check {
	return evaluateAbout(p, a.Name(), &call{claims, maxWork}, 0, func(s *Statement) []Subject {
		if only != nil && s != only || s.Covers(a) != nil {
			return nil
		}
		matching, _ := s.about(a)
		return matching
	})
}

// evaluateAbout finds a Statement that satisfies the policy. about returns the
// subjects by which a Statement is about the thing in question.
func evaluateAbout(p Policy, name string, call *call, chain int, about func(*Statement) []Subject) verify.Check {
	check := verify.Check{Status: verify.Fail}
	check.Code, check.What = p.describe()
	if expected, found := p.problem(); expected != "" {
		check.Code, check.Expected, check.Found = CodePolicy, expected, found
		return check
	}
	if chain > maxChain {
		check.Code, check.Expected, check.Found = CodeLimit, fmt.Sprintf("policies about dependencies at most %d deep", maxChain), "more"
		return check
	}
	var refused []verify.Check
	var lastBad map[string]time.Time // by question; nil until something passes
	for _, c := range call.claims {
		s, ok := c.(*Statement)
		if !ok || s == nil || !p.accepts(s.predicateType) {
			continue
		}
		matched := about(s)
		if len(matched) == 0 {
			continue
		}
		if chain > 0 {
			call.spend(workTrial + len(s.predicate)/8)
		}
		t := &trial{s: s, name: name, matched: matched, call: call, chain: chain}
		t.check = verify.Check{Code: check.Code, Status: verify.Fail, Issuers: s.Issuers(),
			What: "attestation " + safe.Quote(s.predicateType) + " signed by " + issuerNames(s.issuers)}
		t.pass(CodeSubject, "subject "+listSubjects(matched))
		passed := p.try(t)
		if d, ok := p.(dated); ok && passed {
			if lastBad == nil {
				lastBad = lastBadOpinions(d, call, chain, about)
			}
			passed = t.notChanged(d, lastBad)
		}
		if passed {
			t.check.Status = verify.Pass
			check.Status = verify.Pass
			check.Issuers = t.check.Issuers
			check.Checks = append(refused, t.check)
			return check
		}
		refused = append(refused, t.check)
	}
	check.Expected = "one attestation that satisfies the whole policy"
	check.Found = fmt.Sprintf("%d about it, none of which does", len(refused))
	if len(refused) == 0 {
		check.Found = "no attestation of this kind about it"
	}
	// The nearest miss explains most.
	slices.SortStableFunc(refused, func(x, y verify.Check) int { return len(y.Checks) - len(x.Checks) })
	check.Checks = refused
	return check
}

// lastBadOpinions returns when the last bad opinion on each question was written down.
func lastBadOpinions(d dated, call *call, chain int, about func(*Statement) []Subject) map[string]time.Time {
	last := map[string]time.Time{}
	for _, c := range call.claims {
		s, ok := c.(*Statement)
		if !ok || s == nil || len(about(s)) == 0 {
			continue
		}
		if chain > 0 {
			call.spend(workTrial + len(s.predicate)/8)
		}
		if o, ok := d.opinion(s); ok && o.bad && o.at.After(last[o.question]) {
			last[o.question] = o.at
		}
	}
	return last
}

// notChanged decides whether no bad opinion is as young as the one on trial.
func (t *trial) notChanged(d dated, lastBad map[string]time.Time) bool {
	o, _ := d.opinion(t.s)
	if at, bad := lastBad[o.question]; bad && !o.at.After(at) {
		return t.fail(CodeAge, "that the opinion is the last", "one from after "+at.Format(time.RFC3339)+", when they said otherwise", o.at.Format(time.RFC3339))
	}
	return true
}

func (t *trial) add(c verify.Check) bool {
	t.check.Checks = append(t.check.Checks, c)
	return c.Status == verify.Pass
}

func (t *trial) pass(code verify.Code, what string) bool {
	return t.add(verify.Check{Code: code, Status: verify.Pass, What: what})
}

func (t *trial) fail(code verify.Code, what, expected, found string) bool {
	return t.add(verify.Check{Code: code, Status: verify.Fail, What: what, Expected: expected, Found: found})
}

// malformed fails with the error of a predicate that does not parse.
func (t *trial) malformed(err error) bool {
	return t.add(verify.Check{Code: verify.CodeOf(err), Status: verify.Fail, What: "predicate", Detail: err.Error()})
}

// equal compares a text exactly, if the policy has one.
func (t *trial) equal(code verify.Code, what, want, got string) bool {
	if want == "" {
		return true
	}
	if got != want {
		return t.fail(code, what, safe.Quote(want), safe.Quote(got))
	}
	return t.pass(code, what+" "+safe.Quote(got))
}

// signedBy decides whether enough of the signers stand behind the Statement; the
// outcome then rests on their word.
func (t *trial) signedBy(signers Signers) bool {
	check := signedBy(signers, t.s)
	if check.Status == verify.Pass {
		t.check.Issuers = check.Issuers
	}
	return t.add(check)
}

// maxSkew is how far the clock of a signer may be ahead.
const maxSkew = time.Minute

// notOlder decides whether a time that the predicate states is at most max before
// the verification time of the Statement. No demand is max of zero.
func (t *trial) notOlder(what string, at time.Time, max time.Duration) bool {
	if max == 0 {
		return true
	}
	now := t.s.evidence.Time
	expected := fmt.Sprintf("from %s to %s", now.Add(-max).Format(time.RFC3339), now.Format(time.RFC3339))
	if at.IsZero() {
		return t.fail(CodeAge, what, expected, "not stated")
	}
	if at.After(now.Add(maxSkew)) || at.Before(now.Add(-max)) {
		return t.fail(CodeAge, what, expected, at.Format(time.RFC3339))
	}
	return t.pass(CodeAge, what+" "+at.Format(time.RFC3339))
}

// identifies reports whether a policy may name something by a digest: by a strong
// one, or that of a git object, which most repositories have by SHA-1 only. The zero
// Digest asks for nothing.
func identifies(d hash.Digest) bool {
	switch d.Algorithm() {
	case hash.GitCommit, hash.GitTree, hash.GitBlob, hash.GitTag:
		return true
	}
	return !d.IsValid() || d.Algorithm().Strong()
}

// weakness says that a digest identifies something and proves nothing about bytes.
func weakness(d hash.Digest) string {
	if d.Algorithm().Strong() {
		return ""
	}
	return d.Algorithm().String() + " is weak: it identifies a revision and proves no content"
}

func listSubjects(subjects []Subject) string {
	list := ""
	for i, s := range subjects {
		if i == maxListed {
			return list + fmt.Sprintf(" and %d more", len(subjects)-i)
		}
		if i > 0 {
			list += ", "
		}
		list += safe.Quote(s.Name) + " " + s.Digests.String()
	}
	return list
}

func issuerNames(issuers []verify.Issuer) string {
	s := ""
	for i, issuer := range issuers {
		if i > 0 {
			s += ", "
		}
		s += issuer.String()
	}
	return s
}

// Attested is a policy about attestations of any type.
type Attested struct {
	// PredicateType is compared exactly.
	PredicateType string
	// Signers must have signed; as many as they say.
	Signers Signers
	// Accept, if not nil, has the last word about the predicate: it decodes
	// [Statement.Predicate], say, or looks at [Statement.Release]. An error
	// refuses the Statement. It must give the same answer each time.
	Accept func(*Statement) error
}

// Evaluate implements [verify.Policy].
func (p Attested) Evaluate(a hash.Artifact, claims []verify.Claim) verify.Check {
	return evaluate(p, a, claims, nil)
}

func (p Attested) describe() (verify.Code, string) {
	return CodeAttested, "attestation of type " + safe.Quote(p.PredicateType)
}

func (p Attested) problem() (expected, found string) {
	if p.PredicateType == "" || !usableSigners(p.Signers) {
		return "a predicate type and its signers", "a policy without them"
	}
	return "", ""
}

func (p Attested) accepts(predicateType string) bool { return predicateType == p.PredicateType }

func (p Attested) try(t *trial) bool {
	if !t.signedBy(p.Signers) {
		return false
	}
	if p.Accept == nil {
		return true
	}
	if err := p.Accept(t.s); err != nil {
		code := verify.CodeOf(err)
		if code == "" {
			code = CodePredicate
		}
		return t.add(verify.Check{Code: code, Status: verify.Fail, What: "predicate", Detail: safe.Line(err.Error())})
	}
	return t.pass(CodePredicate, "predicate accepted by the caller")
}

// Named is the policy p with one more demand: a subject that matches the artifact
// must have the artifact's name, byte by byte. That is how a verdict about "app" is
// not reached with an attestation about "app-debug" that has the same content. The
// name alone decides nothing.
func Named(p Policy) Policy { return named{p} }

type named struct{ Policy }

func (p named) Evaluate(a hash.Artifact, claims []verify.Claim) verify.Check {
	return evaluate(p, a, claims, nil)
}

func (p named) describe() (verify.Code, string) {
	if p.Policy == nil {
		return CodePolicy, "no policy"
	}
	return p.Policy.describe()
}

func (p named) problem() (expected, found string) {
	if p.Policy == nil {
		return "a policy", "none"
	}
	return p.Policy.problem()
}

func (p named) opinion(s *Statement) (opinion, bool) {
	if d, ok := p.Policy.(dated); ok {
		return d.opinion(s)
	}
	return opinion{}, false
}

func (p named) try(t *trial) bool {
	for _, s := range t.matched {
		if s.Name == t.name {
			return t.pass(CodeSubject, "name of the subject "+safe.Quote(s.Name)) && p.Policy.try(t)
		}
	}
	return t.fail(CodeSubject, "name of the subject", safe.Quote(t.name), listSubjects(t.matched))
}

// notCovered reports whether an error of Covers means "look at the next one".
func notCovered(err error) bool { return errors.Is(err, verify.CodeNotCovered) }

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/tallystick/tallystick/hash"
)

// A Policy says which claims must hold about an artifact. Combine policies with
// [All], [Any] and [AtLeast]; the parts are [CoveredBy], [IssuedBy] and the
// policies of other packages, such as provenance.SLSA.
type Policy interface {
	// Evaluate decides whether the claims satisfy the policy for the
	// artifact. A check with status Pass names in Issuers on whose word it
	// rests: issuers of claims among claims whose Covers(a) is nil. A pass
	// that rests on nobody's word supports nothing: it can narrow an [All],
	// but never be a verdict.
	//
	// Evaluate keeps no state, has no side effect, and returns the same for
	// the same arguments.
	Evaluate(a hash.Artifact, claims []Claim) Check
}

// maxPolicies bounds the parts of one combination.
const maxPolicies = 64

// CoveredBy is satisfied when the given claim covers the artifact. The claim must
// also be among the claims of the call, so that it is held against the others.
func CoveredBy(c Claim) Policy { return coveredBy{c} }

type coveredBy struct{ claim Claim }

func (p coveredBy) Evaluate(a hash.Artifact, claims []Claim) Check {
	check := Check{Code: CodeCovered, Status: Fail, What: "covered by a claim"}
	if isNil(p.claim) {
		check.Found = "no claim"
		return check
	}
	evidence := p.claim.Evidence()
	check.What = "covered by " + evidence.Check.What
	if !slices.ContainsFunc(claims, func(c Claim) bool { return identical(c, p.claim) }) {
		check.Expected = "the claim among the claims to cross-validate"
		check.Found = "it is not"
		return check
	}
	if err := p.claim.Covers(a); err != nil {
		return notCovered(check, err)
	}
	check.Status = Pass
	check.Issuers = p.claim.Issuers()
	return check
}

// identical is == for claims; types that == would panic on are never identical.
func identical(c, d Claim) bool {
	return c != nil && d != nil && reflect.ValueOf(c).Comparable() && reflect.ValueOf(d).Comparable() && c == d
}

// notCovered turns an error of Claim.Covers into a failed check.
func notCovered(check Check, err error) Check {
	check.Status = Fail
	if e, ok := err.(*Error); ok {
		check.Code, check.Expected, check.Found = e.Code, e.Expected, e.Found
	} else {
		check.Detail = err.Error()
	}
	return check
}

// IssuedBy is satisfied when a claim that covers the artifact was issued by the
// given issuer, perhaps together with others. Only the ID is compared.
func IssuedBy(issuer Issuer) Policy { return issuedBy{issuer} }

type issuedBy struct{ issuer Issuer }

func (p issuedBy) Evaluate(a hash.Artifact, claims []Claim) Check {
	check := Check{
		Code:     CodeIssuer,
		Status:   Fail,
		What:     "issued by " + p.issuer.String(),
		Expected: "a claim of this issuer that covers the artifact",
		Found:    "no claim of this issuer",
	}
	if p.issuer.ID == "" {
		check.Found = "an issuer without an ID"
		return check
	}
	for _, c := range claims {
		if !slices.ContainsFunc(c.Issuers(), func(i Issuer) bool { return i.ID == p.issuer.ID }) {
			continue
		}
		if err := c.Covers(a); err != nil {
			check.Found = "a claim of this issuer that does not cover it"
			check.Detail = err.Error()
			continue
		}
		return Check{Code: CodeIssuer, Status: Pass, What: check.What, Issuers: []Issuer{p.issuer}}
	}
	return check
}

// Requires is satisfied when something else was accepted before: the source that
// a binary was built from, say. The report of that verification becomes a part of
// this one, with its time and what it did not cover. It does not look at the artifact of the call, so it can only narrow:
// use it inside [All].
func Requires(r *Result) Policy { return requires{r} }

type requires struct{ result *Result }

func (p requires) Evaluate(hash.Artifact, []Claim) Check {
	if p.result == nil || p.result.report == nil {
		return Check{Code: CodeNoPolicy, Status: Fail, What: "something accepted before", Found: "no result"}
	}
	return Check{
		Code:   CodeRequires,
		Status: Pass,
		What:   "accepted before: " + p.result.artifact.String(),
		Checks: p.result.report.Checks,

		required: p.result.report,
	}
}

// All is satisfied when every part is. It rests on the word of all of them. More
// than 64 parts are never satisfied, here and in [Any].
func All(first Policy, rest ...Policy) Policy {
	return combination{CodeAll, len(rest) + 1, parts(first, rest)}
}

// Any is satisfied when at least one part is. It rests on the word of the first
// part that passes, so inside of [AtLeast] put the part that nobody else stands for
// first.
func Any(first Policy, rest ...Policy) Policy {
	return combination{CodeAny, 1, parts(first, rest)}
}

// AtLeast is satisfied when n of the parts are, on the word of distinct issuers:
// parts that share a key behind them count once, and a part that rests on
// nobody's word does not count. So n independent witnesses agree. It is an
// [*Error] with [CodeThreshold] if n is less than one or more than there are
// parts, and with [CodeLimit] for more than 64 parts.
func AtLeast(n int, policies ...Policy) (Policy, error) {
	if n < 1 || n > len(policies) {
		return nil, &Error{Code: CodeThreshold, What: "threshold of a policy",
			Expected: fmt.Sprintf("1 to %d, the number of policies", len(policies)), Found: fmt.Sprint(n)}
	}
	if len(policies) > maxPolicies {
		return nil, &Error{Code: CodeLimit, What: "parts of a policy",
			Expected: fmt.Sprintf("at most %d", maxPolicies), Found: fmt.Sprint(len(policies))}
	}
	return combination{CodeAtLeast, n, slices.Clone(policies)}, nil
}

func parts(first Policy, rest []Policy) []Policy {
	return append([]Policy{first}, rest...)
}

type combination struct {
	code  Code
	n     int
	parts []Policy
}

func (p combination) Evaluate(a hash.Artifact, claims []Claim) Check {
	check := Check{Code: p.code, Status: Fail}
	if len(p.parts) > maxPolicies {
		check.Code, check.What = CodeLimit, "parts of a policy"
		check.Expected, check.Found = fmt.Sprintf("at most %d", maxPolicies), fmt.Sprint(len(p.parts))
		return check
	}
	var passed []Check
	for _, part := range p.parts {
		c := Check{Code: CodeNoPolicy, Status: Fail, What: "no policy"}
		if part != nil {
			c = part.Evaluate(a, claims)
		}
		check.Checks = append(check.Checks, c)
		if c.Status == Pass {
			passed = append(passed, c)
		}
	}
	count := len(passed)
	chosen := passed
	switch p.code {
	case CodeAll:
		check.What = fmt.Sprintf("all of %d", len(p.parts))
	case CodeAny:
		check.What = fmt.Sprintf("any of %d", len(p.parts))
		chosen = passed[:min(1, count)]
	case CodeAtLeast:
		check.What = fmt.Sprintf("at least %d of %d, by distinct issuers", p.n, len(p.parts))
		chosen = disjoint(passed, p.n)
		count = len(chosen)
	}
	if count < p.n {
		check.Expected = fmt.Sprint(p.n)
		check.Found = fmt.Sprint(count)
		if p.code == CodeAtLeast && len(passed) > count {
			check.Detail = fmt.Sprintf("%d passed, but parts that rest on the same key count once", len(passed))
		}
		return check
	}
	check.Status = Pass
	for _, c := range chosen {
		for _, i := range c.Issuers {
			if !slices.Contains(check.Issuers, i) {
				check.Issuers = append(check.Issuers, i)
			}
		}
	}
	return check
}

// maxSearch bounds the search for distinct issuers, in steps. It is far more
// than any policy needs whose parts have a few issuers each, and when it runs out
// the best selection so far counts, which can only be too small.
const maxSearch = 1 << 14

// disjoint returns up to n of the checks such that no two share an issuer.
func disjoint(checks []Check, n int) []Check {
	var best, chosen []Check
	used := map[string]bool{}
	steps := 0
	var search func(rest []Check)
	search = func(rest []Check) {
		if len(chosen) > len(best) {
			best = slices.Clone(chosen)
		}
		for i, c := range rest {
			if len(best) >= n || len(chosen)+len(rest)-i <= len(best) || steps == maxSearch {
				return
			}
			steps++
			if len(c.Issuers) == 0 || slices.ContainsFunc(c.Issuers, func(i Issuer) bool { return used[i.ID] }) {
				continue
			}
			for _, i := range c.Issuers {
				used[i.ID] = true
			}
			chosen = append(chosen, c)
			search(rest[i+1:])
			chosen = chosen[:len(chosen)-1]
			for _, i := range c.Issuers {
				delete(used, i.ID)
			}
		}
	}
	search(checks)
	return best
}

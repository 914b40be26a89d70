// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/tallystick/tallystick/hash"
)

// A Result is the verdict "accepted". Only [Artifact] makes one; the zero Result
// is no verdict and its Report is nil.
type Result struct {
	artifact hash.Artifact
	report   *Report
}

// Artifact returns what was accepted.
func (r *Result) Artifact() hash.Artifact { return r.artifact }

// Report returns the report of the verification. Do not modify it.
func (r *Result) Report() *Report { return r.report }

// Artifact decides whether the claims satisfy the policy for a measured
// artifact. It returns a Result exactly when they do, and otherwise a
// [*RejectedError] with a report that says why.
//
// All claims are held against each other and against what was measured, also
// those that the policy does not need: a contradiction rejects even when the
// policy is satisfied. A policy that is satisfied by other content than that
// which the claims cover is vacuous and rejects too; this is found out by
// evaluating it a second time on [hash.Artifact.Decoy].
//
// Artifact does no I/O and reads no clock. The same arguments give the same
// report.
func Artifact(a hash.Artifact, p Policy, claims ...Claim) (*Result, error) {
	root, conflicts := decide(a, p, claims)
	verdict := Accepted
	if root.Status != Pass || len(conflicts) > 0 {
		verdict = Rejected
	}
	checks := []Check{root}
	var at time.Time
	var notCovered []string
	for _, c := range claims {
		if isNil(c) {
			continue
		}
		e := c.Evidence()
		checks = append(checks, stance(a, c, e))
		if !e.Time.IsZero() && (at.IsZero() || e.Time.Before(at)) {
			at = e.Time
		}
		notCovered = append(notCovered, e.NotCovered...)
	}
	report := newReport(verdict, at, checks, notCovered)
	if !a.IsZero() {
		report.Subject = &Subject{Name: hash.EscapeName(a.Name()), Size: a.Size(), Digests: a.Digests()}
	}
	if len(conflicts) > 0 {
		report.Conflicts = conflicts
		report.Codes = slices.Insert(slices.DeleteFunc(report.Codes, func(c Code) bool { return c == CodeConflict }), 0, CodeConflict)
	}
	if verdict == Rejected {
		return nil, &RejectedError{Report: report}
	}
	return &Result{artifact: a, report: report}, nil
}

// stance is the line of a report about one claim: what it says about this
// artifact, and how it came to be believed.
func stance(a hash.Artifact, c Claim, e Evidence) Check {
	check := e.Check
	check.Issuers = c.Issuers()
	err := c.Covers(a)
	switch {
	case err == nil || check.Status != Pass:
		return check
	case errors.Is(err, CodeNotCovered):
		check = Check{Code: CodeNotCovered, Status: NotRun, What: "says nothing about this artifact: " + e.Check.What}
	default:
		check = Check{Code: CodeConflict, Status: Fail, What: "contradicts: " + e.Check.What}
	}
	check.Issuers = c.Issuers()
	check.Detail = err.Error()
	check.Checks = []Check{e.Check}
	return check
}

// decide returns the outcome of the policy, as a check that passes only for
// good reason, and the contradictions.
func decide(a hash.Artifact, p Policy, claims []Claim) (Check, []Conflict) {
	if a.IsZero() {
		return Check{Code: CodeArtifact, Status: Fail, What: "the artifact", Expected: "a measured artifact", Found: "the zero Artifact"}, nil
	}
	for i, c := range claims {
		if check, ok := soundClaim(i, c, a); !ok {
			return check, nil
		}
	}
	conflicts := findConflicts(a, claims)
	if p == nil {
		return Check{Code: CodeNoPolicy, Status: Fail, What: "the policy", Found: "none"}, conflicts
	}
	root := p.Evaluate(a, claims)
	if root.Status != Pass {
		root.Status = Fail
		if root.Code == "" {
			root.What = "the policy gave no answer"
		}
		return root, conflicts
	}
	vacuous := Check{Code: CodeVacuous, Status: Fail, What: "the policy depends on the content", Checks: []Check{root}}
	if len(root.Issuers) == 0 {
		vacuous.Expected = "a pass that rests on the word of an issuer"
		vacuous.Found = "one that rests on nobody's"
		return vacuous, conflicts
	}
	for _, i := range root.Issuers {
		if !standsBehind(i, a, claims) {
			vacuous.Expected = "issuers of claims that cover the artifact"
			vacuous.Found = i.String()
			return vacuous, conflicts
		}
	}
	if p.Evaluate(a.Decoy(), claims).Status == Pass {
		vacuous.Expected = "a policy that other content does not satisfy"
		vacuous.Found = "it accepts content that nobody has seen"
		return vacuous, conflicts
	}
	return root, conflicts
}

// soundClaim reports whether a claim keeps the contract as far as can be seen.
func soundClaim(i int, c Claim, a hash.Artifact) (Check, bool) {
	check := Check{Code: CodeClaim, Status: Fail, What: fmt.Sprintf("claim %d", i+1)}
	if isNil(c) {
		check.Found = "nil"
		return check, false
	}
	issuers := c.Issuers()
	if len(issuers) == 0 || slices.ContainsFunc(issuers, func(i Issuer) bool { return i.ID == "" }) {
		check.Expected = "issuers with an ID"
		check.Found = "none"
		return check, false
	}
	if e := c.Evidence(); e.Check.Status != Pass {
		check.Expected = "evidence that passed"
		check.Found = string(e.Check.Status)
		return check, false
	}
	if c.Covers(a) == nil && a.Digests().Compare(c.Digests(a)) != hash.Same {
		check.Expected = "digests that are those of the artifact that it covers"
		check.Found = c.Digests(a).String()
		return check, false
	}
	return Check{}, true
}

// isNil reports whether c is nil or a nil pointer.
func isNil(c Claim) bool {
	if c == nil {
		return true
	}
	v := reflect.ValueOf(c)
	return v.Kind() == reflect.Pointer && v.IsNil()
}

func standsBehind(i Issuer, a hash.Artifact, claims []Claim) bool {
	return slices.ContainsFunc(claims, func(c Claim) bool {
		return slices.ContainsFunc(c.Issuers(), func(j Issuer) bool { return i.ID == j.ID }) && c.Covers(a) == nil
	})
}

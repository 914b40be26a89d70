// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package provenance

import (
	"errors"
	"fmt"
	"time"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/internal/safe"
	"github.com/tallystick/tallystick/verify"
)

// A SubjectMode says how several artifacts and the subjects of Statements have to
// fit. The zero SubjectMode is none.
type SubjectMode uint8

const (
	// Each: every artifact is accepted for itself, perhaps by the word of
	// different Statements.
	Each SubjectMode = iota + 1
	// Together: one Statement satisfies the policy for all of the artifacts.
	Together
	// Exactly: the same, and that Statement has no other subject than these
	// artifacts. So nothing is missing of what was built together.
	Exactly
)

// String returns the mode in lower case.
func (m SubjectMode) String() string {
	switch m {
	case Each:
		return "each"
	case Together:
		return "together"
	case Exactly:
		return "exactly"
	}
	return "invalid"
}

// VerifySubjects decides about several artifacts at once, files or trees, in the way
// that [verify.Artifact] decides about one: all of them are accepted, and there is a
// Result for each in their order, or none is and the error is a
// [*verify.RejectedError] whose report says for each what was found.
//
// A subject is an artifact if a strong digest says so; see [Statement]. For a tree
// that is dirHash, or gitTree by SHA-256, if it was measured with them
// ([hash.Tree.Artifact]). A policy demands the names of artifacts with [Named].
func VerifySubjects(mode SubjectMode, p Policy, artifacts []hash.Artifact, claims ...verify.Claim) ([]*verify.Result, error) {
	root := verify.Check{Code: CodeSubject, Status: verify.Fail, What: fmt.Sprintf("%d artifacts, %v", len(artifacts), mode)}
	reject := func(code verify.Code, expected, found string) ([]*verify.Result, error) {
		root.Code, root.Expected, root.Found = code, expected, found
		return nil, verify.Reject(verify.Evidence{Check: root})
	}
	switch {
	case p == nil:
		return reject(CodePolicy, "a policy", "none")
	case len(artifacts) == 0:
		return reject(verify.CodeArtifact, "an artifact", "none")
	case mode == Each:
		batch := decideAll(p, artifacts, claims)
		return batch.results, batch.err(root)
	case mode != Together && mode != Exactly:
		return reject(CodePolicy, "each, together or exactly", "no mode")
	}
	// Every artifact for itself first: if that fails it explains most, and
	// contradictions come to light.
	batch := decideAll(p, artifacts, claims)
	if batch.rejected > 0 {
		return nil, batch.err(root)
	}
	for _, c := range claims {
		s, ok := c.(*Statement)
		if !ok || s == nil || !p.accepts(s.predicateType) {
			continue
		}
		check := verify.Check{Code: CodeSubject, Status: verify.Fail,
			What: "attestation " + safe.Quote(s.predicateType) + " signed by " + issuerNames(s.issuers)}
		if missing := s.missing(artifacts); missing > 0 {
			check.Expected, check.Found = "that all are subjects", fmt.Sprintf("%d that are not", missing)
			root.Checks = append(root.Checks, check)
			continue
		}
		if other := s.others(artifacts); mode == Exactly && len(other) > 0 {
			check.Expected, check.Found = "no other subject", fmt.Sprintf("%d: %s", len(other), listSubjects(other))
			root.Checks = append(root.Checks, check)
			continue
		}
		batch := decideAll(pinned{p, s}, artifacts, claims)
		if batch.rejected == 0 {
			return batch.results, nil
		}
		check.Expected, check.Found = "the policy for all", fmt.Sprintf("%d rejected", batch.rejected)
		check.Checks = batch.checks
		root.Checks = append(root.Checks, check)
	}
	return reject(CodeSubject, "one attestation for all", "none")
}

// A batch is the outcome for several artifacts.
type batch struct {
	results  []*verify.Result
	checks   []verify.Check // one for each artifact
	rejected int
	time     time.Time
}

func decideAll(p verify.Policy, artifacts []hash.Artifact, claims []verify.Claim) batch {
	var b batch
	for _, a := range artifacts {
		check := verify.Check{Code: CodeSubject, Status: verify.Pass, What: "artifact " + hash.EscapeName(a.Name()) + " " + a.Digests().String()}
		result, err := verify.Artifact(a, p, claims...)
		report := &verify.Report{}
		if rejected, ok := errors.AsType[*verify.RejectedError](err); ok {
			report = rejected.Report
			check.Status = verify.Fail
			check.Code = rejected.Code()
			for _, c := range report.Conflicts {
				check.Checks = append(check.Checks, verify.Check{Code: verify.CodeConflict, Status: verify.Fail, What: "conflict", Detail: c.String()})
			}
			b.rejected++
		} else {
			report = result.Report()
		}
		check.Checks = append(check.Checks, report.Checks...)
		if !report.Time.IsZero() && (b.time.IsZero() || report.Time.Before(b.time)) {
			b.time = report.Time
		}
		b.checks = append(b.checks, check)
		b.results = append(b.results, result)
	}
	if b.rejected > 0 {
		b.results = nil
	}
	return b
}

// err returns the verdict, nil if it is to accept.
func (b batch) err(root verify.Check) error {
	if b.rejected == 0 {
		return nil
	}
	root.Checks = b.checks
	root.Expected, root.Found = "that all are accepted", fmt.Sprintf("%d of %d rejected", b.rejected, len(b.checks))
	return verify.Reject(verify.Evidence{Check: root, Time: b.time})
}

// missing counts the artifacts that are no subject.
func (s *Statement) missing(artifacts []hash.Artifact) int {
	n := 0
	for _, a := range artifacts {
		if s.Covers(a) != nil {
			n++
		}
	}
	return n
}

// others returns the subjects that are none of the artifacts.
func (s *Statement) others(artifacts []hash.Artifact) []Subject {
	is := make([]bool, len(s.subjects))
	for _, a := range artifacts {
		for d := range a.Digests().All() {
			for _, i := range s.byDigest[d] {
				is[i] = is[i] || a.Digests().Compare(s.subjects[i].Digests) == hash.Same
			}
		}
	}
	var other []Subject
	for i, subject := range s.subjects {
		if !is[i] {
			other = append(other, subject)
		}
	}
	return other
}

// pinned is a policy that only one Statement may satisfy.
type pinned struct {
	Policy
	only *Statement
}

func (p pinned) Evaluate(a hash.Artifact, claims []verify.Claim) verify.Check {
	return evaluate(p.Policy, a, claims, p.only)
}

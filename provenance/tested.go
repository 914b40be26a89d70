// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package provenance

import (
	"fmt"
	"slices"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/internal/safe"
	"github.com/tallystick/tallystick/verify"
)

// Tested is a [Policy] about tests: one attestation of the type test-result v0.1
// among the claims must cover the artifact and have PASSED with no failed test. A test
// result names nobody who ran the tests, and no time: whose it is, the Signers say,
// and how old it is cannot be told.
type Tested struct {
	// Signers are the keys of who ran the tests, or identities of another kind.
	Signers Signers
	// Tests must all be among the tests that have passed, compared exactly.
	Tests []string
	// Warnings allows the result WARNED and tests that have passed with one.
	Warnings bool
	// Configuration is a digest that one of the configurations of the run must
	// have, so that it is known what was tested.
	Configuration hash.Digest
}

// Evaluate implements [verify.Policy].
func (p Tested) Evaluate(a hash.Artifact, claims []verify.Claim) verify.Check {
	return evaluate(p, a, claims, nil)
}

func (p Tested) describe() (verify.Code, string) { return CodeTest, "test result" }

func (p Tested) accepts(predicateType string) bool { return predicateType == TestResultV01 }

func (p Tested) problem() (expected, found string) {
	switch {
	case !usableSigners(p.Signers):
		return "signers of the test result", "none"
	case slices.Contains(p.Tests, ""):
		return "names of tests", "an empty one"
	case !identifies(p.Configuration):
		return "a strong digest or that of a git object", p.Configuration.String()
	}
	return "", ""
}

func (p Tested) try(t *trial) bool {
	r, err := t.s.TestResult()
	if err != nil {
		return t.malformed(err)
	}
	if !t.signedBy(p.Signers) {
		return false
	}
	switch {
	case r.Result != testPassed && (r.Result != testWarned || !p.Warnings):
		return t.fail(CodeTest, "result", testPassed, r.Result)
	case len(r.Failed) > 0:
		return t.fail(CodeTest, "failedTests", "none", fmt.Sprintf("%d, such as %s", len(r.Failed), safe.Quote(r.Failed[0])))
	case len(r.Warned) > 0 && !p.Warnings:
		return t.fail(CodeTest, "warnedTests", "none", fmt.Sprintf("%d, such as %s", len(r.Warned), safe.Quote(r.Warned[0])))
	}
	t.pass(CodeTest, "result "+r.Result)
	passed := map[string]bool{}
	for _, list := range [][]string{r.Passed, r.Warned} {
		for _, test := range list {
			passed[test] = true
		}
	}
	for _, test := range p.Tests {
		if !passed[test] {
			return t.fail(CodeTest, "test "+safe.Quote(test), "passed", "not among those that have")
		}
	}
	if len(p.Tests) > 0 {
		t.pass(CodeTest, fmt.Sprintf("%d tests passed as demanded", len(p.Tests)))
	}
	if !p.Configuration.IsValid() {
		return true
	}
	for _, c := range r.Configuration {
		if d, ok := c.Digests.Get(p.Configuration.Algorithm()); ok && d == p.Configuration && c.malformed == nil {
			return t.add(verify.Check{Code: CodeTest, Status: verify.Pass, What: "configuration " + safe.Quote(c.Name) + " " + d.String(), Detail: weakness(d)})
		}
	}
	return t.fail(CodeTest, "configuration", p.Configuration.String(), fmt.Sprintf("%d, none of them it", len(r.Configuration)))
}

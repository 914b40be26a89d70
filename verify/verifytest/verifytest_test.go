// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package verifytest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/verify"
	"github.com/tallystick/tallystick/verify/verifytest"
)

// recorder is a test that is expected to fail.
type recorder struct {
	testing.TB
	failures []string
}

func (r *recorder) Helper()           {}
func (r *recorder) Error(args ...any) { r.failures = append(r.failures, fmt.Sprint(args...)) }
func (r *recorder) Errorf(format string, args ...any) {
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

// broken is a claim with one method replaced.
type broken struct {
	verify.Claim
	covers   func(hash.Artifact) error
	digests  func(hash.Artifact) hash.Set
	issuers  func() []verify.Issuer
	evidence func() verify.Evidence
}

func (c *broken) Covers(a hash.Artifact) error {
	if c.covers != nil {
		return c.covers(a)
	}
	return c.Claim.Covers(a)
}

func (c *broken) Digests(a hash.Artifact) hash.Set {
	if c.digests != nil {
		return c.digests(a)
	}
	return c.Claim.Digests(a)
}

func (c *broken) Issuers() []verify.Issuer {
	if c.issuers != nil {
		return c.issuers()
	}
	return c.Claim.Issuers()
}

func (c *broken) Evidence() verify.Evidence {
	if c.evidence != nil {
		return c.evidence()
	}
	return c.Claim.Evidence()
}

// Each broken promise of a claim is found.
func TestClaimContract(t *testing.T) {
	app := verifytest.Artifact(t, "app", "the release")
	good := verifytest.NewClaim("app", app.Digests(), verifytest.Issuer("alice"))
	verifytest.TestClaim(t, good, app)
	shared := []verify.Issuer{verifytest.Issuer("alice")}
	evidence := good.Evidence()
	evidence.Check.Checks = []verify.Check{{Code: "test/part", Status: verify.Pass, What: "part", Checks: []verify.Check{{Code: "test/deep", Status: verify.Pass, What: "deep"}}}}
	for _, test := range []struct {
		name  string
		claim verify.Claim
		want  string
	}{
		{"nil", nil, "nil"},
		{"covers nothing", &broken{Claim: good, covers: func(hash.Artifact) error { return verify.CodeNotCovered }}, "does not cover the artifact"},
		{"covers everything", &broken{Claim: good, covers: func(hash.Artifact) error { return nil }}, "covers other content"},
		{"contradicts everything", &broken{Claim: good, covers: func(a hash.Artifact) error { return verify.Match(a, app.Digests(), true) }}, "of another name"},
		{"states digests of everything", &broken{Claim: good, digests: func(hash.Artifact) hash.Set { return app.Digests() }}, "states digests"},
		{"states nothing", &broken{Claim: good, digests: func(hash.Artifact) hash.Set { return hash.Set{} }}, "its digests"},
		{"nobody", &broken{Claim: good, issuers: func() []verify.Issuer { return nil }}, "no issuer"},
		{"nameless", &broken{Claim: good, issuers: func() []verify.Issuer { return []verify.Issuer{{Name: "alice"}} }}, "without an ID"},
		{"shared issuers", &broken{Claim: good, issuers: func() []verify.Issuer { return shared }}, "own list of issuers"},
		{"failed evidence", &broken{Claim: good, evidence: func() verify.Evidence { return verify.Evidence{} }}, "evidence without pass"},
		{"shared evidence", &broken{Claim: good, evidence: func() verify.Evidence { return evidence }}, "own evidence"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := &recorder{TB: t}
			verifytest.TestClaim(r, test.claim, app)
			if got := strings.Join(r.failures, "\n"); !strings.Contains(got, test.want) {
				t.Errorf("found %q, want %q", got, test.want)
			}
		})
	}
}

type policyFunc func(hash.Artifact, []verify.Claim) verify.Check

func (f policyFunc) Evaluate(a hash.Artifact, claims []verify.Claim) verify.Check {
	return f(a, claims)
}

// Each broken promise of a policy is found.
func TestPolicyContract(t *testing.T) {
	app := verifytest.Artifact(t, "app", "the release")
	alice := verifytest.Issuer("alice")
	claim := verifytest.NewClaim("app", app.Digests(), alice)
	verifytest.TestPolicy(t, verify.IssuedBy(alice), app, claim)
	pass := verify.Check{Code: "test/pass", Status: verify.Pass, What: "anything", Issuers: []verify.Issuer{alice}}
	calls := 0
	for _, test := range []struct {
		name   string
		policy verify.Policy
		want   string
	}{
		{"nil", nil, "nil"},
		{"rejects all", policyFunc(func(hash.Artifact, []verify.Claim) verify.Check { return verify.Check{} }), "does not accept"},
		{"accepts all", policyFunc(func(hash.Artifact, []verify.Claim) verify.Check { return pass }), "passes the artifact without claims"},
		{"accepts the zero Artifact", verify.Any(verify.IssuedBy(alice), policyFunc(func(a hash.Artifact, _ []verify.Claim) verify.Check {
			if a.IsZero() {
				return pass
			}
			return verify.Check{}
		})), "passes the zero Artifact"},
		{"changes its mind", policyFunc(func(a hash.Artifact, claims []verify.Claim) verify.Check {
			c := verify.IssuedBy(alice).Evaluate(a, claims)
			calls++
			c.Detail = fmt.Sprint(calls)
			return c
		}), "two evaluations differ"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := &recorder{TB: t}
			verifytest.TestPolicy(r, test.policy, app, claim)
			if got := strings.Join(r.failures, "\n"); !strings.Contains(got, test.want) {
				t.Errorf("found %q, want %q", got, test.want)
			}
		})
	}
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

// Package verifytest helps to test implementations of verify.Policy and
// verify.Claim, as testing/fstest does for file systems.
//
// [TestPolicy] and [TestClaim] check the contracts that verify.Artifact relies
// on. [NewClaim] makes a stand-in for a signed claim, for tests only.
package verifytest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"reflect"
	"testing"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/verify"
)

// TestPolicy checks that the policy accepts the artifact with these claims, and
// that it keeps the contract of verify.Policy: it rejects without claims, it
// rejects other content and the zero Artifact, it rests on issuers of claims that
// cover the artifact, and it gives the same answer each time.
func TestPolicy(t testing.TB, p verify.Policy, a hash.Artifact, claims ...verify.Claim) {
	t.Helper()
	if p == nil {
		t.Error("the policy is nil")
		return
	}
	if _, err := verify.Artifact(a, p, claims...); err != nil {
		t.Errorf("does not accept the artifact with its claims: %v", err)
	}
	for _, c := range []struct {
		what   string
		a      hash.Artifact
		claims []verify.Claim
	}{
		{"the artifact without claims", a, nil},
		{"other content", a.Decoy(), claims},
		{"the zero Artifact", hash.Artifact{}, claims},
		{"the zero Artifact without claims", hash.Artifact{}, nil},
	} {
		if check := p.Evaluate(c.a, c.claims); check.Status == verify.Pass {
			t.Errorf("passes %s: %s", c.what, check.What)
		}
	}
	first := p.Evaluate(a, claims)
	if first.Code == "" || first.What == "" {
		t.Errorf("check without code or description: %+v", first)
	}
	if second := p.Evaluate(a, claims); !reflect.DeepEqual(first, second) {
		t.Errorf("two evaluations differ:\n%+v\n%+v", first, second)
	}
}

// TestClaim checks that the claim covers the artifact and keeps the contract of
// verify.Claim: it is silent about other content of another name and about the
// zero Artifact, it states digests that agree with the artifact, it names
// issuers, and its evidence passed.
func TestClaim(t testing.TB, c verify.Claim, a hash.Artifact) {
	t.Helper()
	if c == nil {
		t.Error("the claim is nil")
		return
	}
	if err := c.Covers(a); err != nil {
		t.Errorf("does not cover the artifact: %v", err)
	}
	if got := c.Digests(a).Compare(a.Digests()); got != hash.Same {
		t.Errorf("its digests and those of the artifact are %v", got)
	}
	if c.Covers(a.Decoy()) == nil {
		t.Error("covers other content")
	}
	other := a.Decoy().WithName("a name that no claim has")
	if err := c.Covers(other); !errors.Is(err, verify.CodeNotCovered) {
		t.Errorf("Covers(other content of another name) = %v, want %v", err, verify.CodeNotCovered)
	}
	if got := c.Digests(other); got.Len() > 0 {
		t.Errorf("states digests of other content of another name: %v", got)
	}
	if err := c.Covers(hash.Artifact{}); !errors.Is(err, verify.CodeNotCovered) {
		t.Errorf("Covers(zero Artifact) = %v, want %v", err, verify.CodeNotCovered)
	}
	issuers := c.Issuers()
	if len(issuers) == 0 {
		t.Error("has no issuer")
	}
	for _, i := range issuers {
		if i.ID == "" {
			t.Error("has an issuer without an ID")
		}
	}
	if len(issuers) > 0 {
		issuers[0].ID = "overwritten by the caller"
		if c.Issuers()[0] == issuers[0] {
			t.Error("hands out its own list of issuers, which a caller can overwrite")
		}
	}
	if e := c.Evidence(); overwrite(&e.Check) && reflect.DeepEqual(c.Evidence(), e) {
		t.Error("hands out its own evidence, which a caller can overwrite")
	}
	e := c.Evidence()
	if e.Check.Status != verify.Pass || e.Check.Code == "" || e.Check.What == "" {
		t.Errorf("evidence without pass, code or description: %+v", e.Check)
	}
	if _, err := verify.Artifact(a, verify.CoveredBy(c), c); err != nil {
		t.Errorf("is not enough for CoveredBy: %v", err)
	}
}

// overwrite alters the deepest parts of a check that a caller can reach, and
// reports whether there are any.
func overwrite(c *verify.Check) bool {
	done := false
	for i := range c.Issuers {
		c.Issuers[i].ID = "overwritten by the caller"
		done = true
	}
	for i := range c.Checks {
		c.Checks[i].What = "overwritten by the caller"
		overwrite(&c.Checks[i])
		done = true
	}
	return done
}

// Artifact measures content under a name.
func Artifact(t testing.TB, name, content string, algs ...hash.Algorithm) hash.Artifact {
	t.Helper()
	a, err := hash.Measure(context.Background(), bytes.NewReader([]byte(content)), algs...)
	if err != nil {
		t.Fatal(err)
	}
	return a.WithName(name)
}

// Issuer returns an issuer with the given name and an ID that follows from it.
func Issuer(name string) verify.Issuer {
	sum := sha256.Sum256([]byte("verifytest issuer " + name))
	return verify.Issuer{ID: "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:]), Name: name}
}

// NewClaim returns a claim about an artifact of the given name with the given
// digests, as if these issuers had signed it. Nothing was verified: use it to
// test policies, never to decide anything.
func NewClaim(name string, digests hash.Set, issuers ...verify.Issuer) verify.Claim {
	return &claim{name, digests, issuers}
}

type claim struct {
	name    string
	digests hash.Set
	issuers []verify.Issuer
}

func (c *claim) Issuers() []verify.Issuer { return append([]verify.Issuer(nil), c.issuers...) }

func (c *claim) Covers(a hash.Artifact) error {
	return verify.Match(a, c.digests, a.Name() == c.name)
}

func (c *claim) Digests(a hash.Artifact) hash.Set {
	return verify.About(a, c.digests, a.Name() == c.name)
}

func (c *claim) Evidence() verify.Evidence {
	return verify.Evidence{Check: verify.Check{
		Code:   "verifytest/claim",
		Status: verify.Pass,
		What:   "stand-in claim about " + hash.EscapeName(c.name),
	}}
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"slices"
	"time"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/internal/safe"
)

// A Claim is a statement about content that somebody signed, and whose
// signatures, freshness and chain of trust have been checked before the value
// existed. Packages tuf, provenance, provenance/layout and provenance/gomod
// make claims; whoever implements one promises the same. A claim is immutable
// and safe for concurrent use. Package verifytest has a test for implementers.
type Claim interface {
	// Issuers returns whose word it is: every key that made a signature
	// which counted, over something that states this content. Whoever signed
	// only what came before or beside it is not an issuer. There is at least
	// one, and the list belongs to the caller.
	Issuers() []Issuer

	// Covers returns nil if the claim says that an artifact with exactly this
	// content is genuine. It returns an error e with
	// errors.Is(e, CodeNotCovered) if the claim says nothing about the
	// artifact: the next claim is looked at. Any other error means that the
	// claim speaks about this artifact and contradicts it, which rejects
	// whatever the policy says. [Match] makes the decision for most claims.
	Covers(a hash.Artifact) error

	// Digests returns all that the claim states about the artifact, or about
	// the one that it means by the artifact's name: more algorithms than
	// were measured perhaps, or others, so that claims can be held against
	// each other. It is empty if the claim means something else; [About]
	// makes that decision for most claims.
	Digests(a hash.Artifact) hash.Set

	// Evidence returns how the claim was established, for the report. It
	// belongs to the caller, see [Evidence.Clone].
	Evidence() Evidence
}

// Evidence is how a claim came to be believed, or why it was not.
type Evidence struct {
	// Check has one line for the claim as a whole and the single checks
	// below it. Its status is Pass for every Claim.
	Check Check
	// Time is the time of the checks that depend on time; zero if none does.
	Time time.Time
	// NotCovered says in words what was left unchecked.
	NotCovered []string
}

// Clone returns a copy that shares nothing with e.
func (e Evidence) Clone() Evidence {
	e.Check = e.Check.clone()
	e.NotCovered = slices.Clone(e.NotCovered)
	return e
}

// An Issuer is somebody whose word counts: a public key, a log, or an identity
// that other signatures prove.
type Issuer struct {
	// ID is the identity: "SHA256:" and the unpadded base64 of the SHA-256 of
	// the DER SubjectPublicKeyInfo, the name of a log, or an identity of another
	// kind that nothing else is written like (see provenance.Opener). Issuers
	// are distinct when their IDs are.
	ID string
	// Name is for people and decides nothing.
	Name string
}

// String returns the ID and, after a space, the name.
func (i Issuer) String() string {
	if i.Name == "" {
		return safe.Line(i.ID)
	}
	return safe.Line(i.ID + " " + i.Name)
}

// MarshalText returns what String returns.
func (i Issuer) MarshalText() ([]byte, error) { return []byte(i.String()), nil }

// About returns the stated digests if they are about the artifact, and none if
// they are about something else, for implementations of [Claim.Digests]. about is
// as for [Match]; digests of which one is equal are about the artifact anyway.
func About(a hash.Artifact, stated hash.Set, about bool) hash.Set {
	switch a.Digests().Compare(stated) {
	case hash.Same, hash.WeaklySame, hash.Conflicting:
		return stated
	}
	if about && !a.IsZero() {
		return stated
	}
	return hash.Set{}
}

// Match decides whether stated digests cover an artifact, for implementations
// of [Claim.Covers]. All shared algorithms are compared and a strong one must be
// among them. about says that the claim means this very artifact, by its name or
// because it has one subject only; then other digests are a contradiction, else
// the claim is about something else. Digests of which some agree and some
// differ are always a contradiction.
func Match(a hash.Artifact, stated hash.Set, about bool) error {
	if a.IsZero() {
		return errorf(CodeNotCovered, "nothing was measured")
	}
	agreement := a.Digests().Compare(stated)
	e := &Error{
		Code:     CodeNotCovered,
		What:     "digests of " + safe.Quote(a.Name()),
		Expected: stated.String(),
		Found:    a.Digests().String(),
	}
	switch {
	case agreement == hash.Same:
		return nil
	case agreement == hash.WeaklySame:
		e.Code = CodeWeak
	case agreement == hash.Conflicting, agreement == hash.Different && about:
		e.Code = CodeConflict
	}
	return e
}

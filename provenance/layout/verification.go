// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"fmt"
	"iter"
	"slices"
	"sync"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/internal/safe"
	"github.com/tallystick/tallystick/verify"
)

// A Verification is a layout whose supply chain was followed. Only [Verify] makes
// one. It is immutable and safe for concurrent use.
//
// As a [verify.Claim] it is about the products of the layout, which are those of
// its last step: the specification (4.5.1) says so of sublayouts, and it holds for
// the layout that is not part of another one too. The artifacts of the single
// steps are claims of their own, see [Verification.Products] and
// [Verification.Materials].
type Verification struct {
	steps    []*stepResult
	last     *Artifacts // the products of the last step
	evidence verify.Evidence
}

var _ verify.Claim = (*Verification)(nil)

func newVerification(r *result, e verify.Evidence) *Verification {
	v := &Verification{steps: r.steps, evidence: e}
	last := r.steps[len(r.steps)-1]
	v.evidence.Check.Issuers = slices.Clone(last.evidence.issuers[products])
	v.last = newArtifacts(last, products, v.evidence)
	return v
}

// Issuers returns the keys of the functionaries of the last step who signed for its
// products. The project owners, who signed the layout, and the functionaries of
// other steps said nothing about this content, so they do not count as witnesses
// of it; the evidence names them. Where the evidence for the step is a sublayout,
// they are the functionaries of its last step, not those who signed the sublayout.
func (v *Verification) Issuers() []verify.Issuer { return v.artifacts().Issuers() }

// Covers says whether a measured artifact is a product of the layout; see
// [Artifacts.Covers].
func (v *Verification) Covers(a hash.Artifact) error { return v.artifacts().Covers(a) }

// Digests returns all that the layout states about a product.
func (v *Verification) Digests(a hash.Artifact) hash.Set { return v.artifacts().Digests(a) }

// Evidence returns the trace of the whole verification: the signatures, the expiry,
// for each step who did it and every artifact rule in order with what it consumed
// and what it left, and the inspections.
func (v *Verification) Evidence() verify.Evidence { return v.artifacts().Evidence() }

// artifacts is nil, which covers nothing, for the zero Verification.
func (v *Verification) artifacts() *Artifacts {
	if v == nil {
		return nil
	}
	return v.last
}

// Steps returns the names of the steps in the order of the layout.
func (v *Verification) Steps() []string {
	if v == nil {
		return nil
	}
	names := make([]string, len(v.steps))
	for i, s := range v.steps {
		names[i] = s.name
	}
	return names
}

// Products returns the products of a step, on which its functionaries agree. A
// step that the layout does not have is a [*verify.Error] with [CodeNoStep].
func (v *Verification) Products(step string) (*Artifacts, error) { return v.of(step, products) }

// Materials returns the materials of a step: what went into it, such as a source
// tree. The error is that of [Verification.Products].
func (v *Verification) Materials(step string) (*Artifacts, error) { return v.of(step, materials) }

func (v *Verification) of(step string, side artifactSide) (*Artifacts, error) {
	if v == nil {
		v = new(Verification)
	}
	for _, s := range v.steps {
		if s.name == step {
			return newArtifacts(s, side, v.evidence), nil
		}
	}
	return nil, &verify.Error{Code: CodeNoStep, What: "step " + safe.Quote(step)}
}

// Artifacts are the materials or the products of a step of a verified layout: a
// [verify.Claim] about each of them. Its issuers are those who signed for them: the
// functionaries of the step whose links counted, or of the first or last step of a
// sublayout that stands for it. The zero Artifacts covers nothing.
type Artifacts struct {
	what     string
	list     *artifactList
	issuers  []verify.Issuer
	evidence verify.Evidence

	once sync.Once
	// byDigest finds an artifact by a strong digest that all issuers state, and
	// mentioned by any other strong one: it may contradict.
	byDigest, mentioned map[hash.Digest]int
}

var _ verify.Claim = (*Artifacts)(nil)

func newArtifacts(s *stepResult, side artifactSide, e verify.Evidence) *Artifacts {
	return &Artifacts{
		what:     fmt.Sprintf("%v of step %s", side, safe.Quote(s.name)),
		list:     s.evidence.lists[side],
		issuers:  s.evidence.issuers[side],
		evidence: e,
	}
}

// Issuers returns the keys of the functionaries.
func (a *Artifacts) Issuers() []verify.Issuer {
	if a == nil {
		return nil
	}
	return slices.Clone(a.issuers)
}

// Len returns the number of artifacts.
func (a *Artifacts) Len() int {
	if a == nil || a.list == nil {
		return 0
	}
	return a.list.len()
}

// All returns the names, as raw bytes in ascending order, and what is stated about
// each.
func (a *Artifacts) All() iter.Seq2[string, hash.Set] {
	return func(yield func(string, hash.Set) bool) {
		for i := range a.Len() {
			if !yield(a.list.names[i], a.list.set(i, false)) {
				return
			}
		}
	}
}

// Lookup returns what is stated about the artifact of exactly this name.
func (a *Artifacts) Lookup(name string) (hash.Set, bool) {
	if a.Len() == 0 {
		return hash.Set{}, false
	}
	i := a.list.find(name)
	if i < 0 {
		return hash.Set{}, false
	}
	return a.list.set(i, false), true
}

// Manifest returns the artifacts as a list that a measured tree can be held
// against with [hash.Tree.Match]. The errors are those of [hash.NewManifest]: there
// are no artifacts, or one has no digests.
func (a *Artifacts) Manifest() (*hash.Manifest, error) {
	entries := make([]hash.ManifestEntry, 0, a.Len())
	for name, set := range a.All() {
		entries = append(entries, hash.ManifestEntry{Name: name, Digests: set})
	}
	return hash.NewManifest(entries...)
}

// Covers says whether the measured artifact is one of these. If there is one of
// exactly its name, that one is meant, and other content is a contradiction;
// otherwise any one with the same content will do, for a name is only a label.
func (a *Artifacts) Covers(m hash.Artifact) error {
	i, named := a.lookup(m)
	if i < 0 {
		return &verify.Error{Code: verify.CodeNotCovered, What: "artifact " + safe.Quote(m.Name()), Expected: "one of the " + a.describe(),
			Found: m.Digests().String()}
	}
	if err := verify.Match(m, a.list.set(i, false), named); err != nil {
		return err
	}
	// What only some of the issuers state is not the word of all of them.
	return verify.Match(m, a.list.set(i, true), false)
}

func (a *Artifacts) describe() string {
	if a == nil || a.what == "" {
		return "artifacts of a verified layout"
	}
	return a.what
}

// lookup returns the index of the artifact that m is about, or -1.
func (a *Artifacts) lookup(m hash.Artifact) (i int, named bool) {
	if a.Len() == 0 || m.IsZero() {
		return -1, false
	}
	if i := a.list.find(m.Name()); i >= 0 {
		return i, true
	}
	a.once.Do(func() {
		a.byDigest, a.mentioned = make(map[hash.Digest]int, a.Len()), map[hash.Digest]int{}
		for i := range a.Len() {
			for d := range a.list.set(i, true).All() {
				if _, ok := a.byDigest[d]; !ok {
					a.byDigest[d] = i
				}
			}
		}
		for i := range a.Len() {
			for d := range a.list.set(i, false).All() {
				if _, ok := a.byDigest[d]; !ok && d.Algorithm().Strong() {
					if _, ok := a.mentioned[d]; !ok {
						a.mentioned[d] = i
					}
				}
			}
		}
	})
	for _, index := range []map[hash.Digest]int{a.byDigest, a.mentioned} {
		for d := range m.Digests().All() {
			if i, ok := index[d]; ok {
				return i, false
			}
		}
	}
	return -1, false
}

// Digests returns all that is stated about the artifact, or about the one of its
// name.
func (a *Artifacts) Digests(m hash.Artifact) hash.Set {
	if i, _ := a.lookup(m); i >= 0 {
		return a.list.set(i, false)
	}
	return hash.Set{}
}

// Evidence returns the trace of the verification that they come from.
func (a *Artifacts) Evidence() verify.Evidence {
	if a == nil {
		return verify.Evidence{}
	}
	return a.evidence.Clone()
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package tuf

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/internal/safe"
	"github.com/tallystick/tallystick/verify"
)

// Target returns what the repositories agree to say about the target with the
// given path (TAP 4). The mappings are looked at in order, as far as their paths
// match. The repositories of a mapping are asked in order, until as many as its
// threshold say the same. If they do not, and the mapping is not terminating, the
// next one is looked at.
//
// Two repositories say the same if they state the same length and the same digest
// for every algorithm that both name, of which one is strong. Each two of those
// who agree must do so. They count as two only if no key can sign for both, at
// a root since the one that the caller trusts or on the way from there to the target.
//
// A repository that cannot be reached, or whose metadata is rejected, is no vote.
// If the threshold is then not reached the search ends, terminating or not:
// otherwise whoever can cut the line to a repository could choose another mapping.
//
// Without agreement the error is a [*verify.RejectedError] with the answer of each
// repository in the report. Its code is [verify.CodeConflict] if repositories
// contradict each other, and the report has who says what as a conflict;
// [CodeTargetNotFound] if no mapping matches or nobody lists the target; and
// [CodeMapThreshold] otherwise. If a repository could not answer for a reason that
// is no verdict, that [*verify.Error] is the cause of the rejection.
func (s *MapSnapshot) Target(ctx context.Context, path string) (*MapTarget, error) {
	if s.c == nil || s.c.repositories == nil {
		return nil, errZero("MapSnapshot", "MapClient.Snapshot")
	}
	what := "target " + safe.Quote(path)
	var tried []*outcome
	for i := range s.c.mappings {
		m := &s.c.mappings[i]
		if !m.covers(path) {
			continue
		}
		o, err := s.consult(ctx, m, i+1, path)
		if err != nil {
			return nil, err
		}
		if o.group != nil {
			return s.agreed(path, what, tried, o)
		}
		tried = append(tried, o)
		if m.terminating || o.broken() {
			break
		}
	}
	return nil, s.reject(what, tried)
}

// An answer is that of one repository.
type answer struct {
	MapAnswer                 // Target is nil if there is none
	keys      map[string]bool // that can sign for it
	absent    bool            // the repository is fine and does not list the target
	err       error           // why there is no answer, if that is no verdict
	check     verify.Check
	open      []string // what was not covered
}

func (a *answer) quoted() string { return safe.Quote(a.Repository) }

// agrees reports whether two repositories say the same about the target.
func (a *answer) agrees(b *answer) bool {
	x, y := a.Target.file, b.Target.file
	return x.length == y.length && x.hashes.Compare(y.hashes) == hash.Same
}

// contradicts is more than not to agree: there may be nothing to compare.
func (a *answer) contradicts(b *answer) bool {
	x, y := a.Target.file, b.Target.file
	got := x.hashes.Compare(y.hashes)
	return x.length != y.length || got == hash.Different || got == hash.Conflicting
}

// independent reports whether no key can sign for both.
func (a *answer) independent(b *answer) bool {
	for k := range a.keys {
		if b.keys[k] {
			return false
		}
	}
	return true
}

// ask asks the mirrors of a repository in turn, until one has verified metadata
// that lists the target or does not.
func (s *MapSnapshot) ask(ctx context.Context, name, path string) (*answer, error) {
	a := &answer{MapAnswer: MapAnswer{Repository: name}}
	a.check = verify.Check{Code: CodeRepository, Status: verify.Fail, What: "repository " + a.quoted()}
	for _, m := range s.mirrors[name] {
		snapshot, err := m.refresh(ctx, s.at)
		var t *Target
		if err == nil {
			t, err = snapshot.Target(ctx, path)
		}
		if err == nil {
			a.Target = t
			a.keys = snapshot.keysBehind(t)
			a.check.Status = verify.Pass
			a.check.Issuers = t.Issuers()
			a.check.Detail = fmt.Sprintf("states %d bytes, %s", t.Length(), t.Hashes())
			e := t.Evidence()
			a.check.Checks = append(a.check.Checks, e.Check)
			a.leave(e.NotCovered)
			return a, nil
		}
		if r, ok := errors.AsType[*verify.RejectedError](err); ok {
			a.leave(r.Report.NotCovered)
		}
		if ctx.Err() != nil {
			return nil, err
		}
		a.check.Checks = append(a.check.Checks, failed("metadata from "+m.client.metadata.Redacted(), err))
		if verify.CodeOf(err) == CodeTargetNotFound {
			a.absent = true
			a.err = nil
			a.check.Code = CodeTargetNotFound
			a.check.Expected, a.check.Found = "the target", "verified metadata without it"
			return a, nil
		}
		if e, ok := err.(*verify.Error); ok && a.err == nil {
			a.err = e
		}
		a.check.Expected, a.check.Found = "an answer", "none that could be verified"
	}
	return a, nil
}

// leave takes down what was not covered of this repository.
func (a *answer) leave(open []string) {
	for _, s := range open {
		if s = "repository " + a.quoted() + ": " + s; !slices.Contains(a.open, s) {
			a.open = append(a.open, s)
		}
	}
}

// notCovered joins what was not covered, each once.
func notCovered(outcomes []*outcome) []string {
	var list []string
	for _, o := range outcomes {
		for _, a := range o.answers {
			for _, s := range a.open {
				if !slices.Contains(list, s) {
					list = append(list, s)
				}
			}
		}
	}
	return list
}

// keysBehind returns the keys that can sign for the target, or for what leads to
// it: those of the root and of those from the caller's to there, who have chosen it,
// and those that signed for each targets role on the way. Keys of timestamp and
// snapshot decide about no content.
func (s *Snapshot) keysBehind(t *Target) map[string]bool {
	keys := maps.Clone(s.workflow.rootKeys)
	for _, line := range t.evidence().Check.Checks {
		for _, i := range line.Issuers {
			if i.Name != roleTimestamp && i.Name != roleSnapshot {
				keys[i.ID] = true
			}
		}
	}
	return keys
}

// failed is the line for something that ended in an error.
func failed(what string, err error) verify.Check {
	c := verify.Check{Code: verify.CodeOf(err), Status: verify.Fail, What: what}
	if r, ok := errors.AsType[*verify.RejectedError](err); ok {
		c.Checks = r.Report.Checks
		return c
	}
	c.Detail = err.Error()
	return c
}

// An outcome is what came of one mapping.
type outcome struct {
	number  int // from 1
	mapping *mapping
	answers []*answer
	group   []*answer // who agree; nil if they are too few
	most    int       // the largest number that agree
}

// votes are the answers that state something.
func (o *outcome) votes() []*answer {
	var votes []*answer
	for _, a := range o.answers {
		if a.Target != nil {
			votes = append(votes, a)
		}
	}
	return votes
}

// broken reports whether a repository could not say whether it has the target.
func (o *outcome) broken() bool {
	return slices.ContainsFunc(o.answers, func(a *answer) bool { return a.Target == nil && !a.absent })
}

// consult asks the repositories of a mapping. An error means that the caller has
// ended it.
func (s *MapSnapshot) consult(ctx context.Context, m *mapping, number int, path string) (*outcome, error) {
	o := &outcome{number: number, mapping: m}
	for _, name := range m.repositories {
		a, err := s.ask(ctx, name, path)
		if err != nil {
			return nil, err
		}
		o.answers = append(o.answers, a)
		if group := agreement(o.votes(), m.threshold); len(group) >= m.threshold {
			o.group = group
			break
		} else if len(group) > o.most {
			o.most = len(group)
		}
	}
	return o, nil
}

// maxAgreement bounds the search for an agreement, in steps. When it runs out the
// best one so far counts, which can only be too small.
const maxAgreement = 1 << 14

// agreement returns up to n votes of which each two agree and are independent. Of
// several such groups it is the one whose members come first.
func agreement(votes []*answer, n int) []*answer {
	var best, chosen []*answer
	steps := 0
	var search func(rest []*answer)
	search = func(rest []*answer) {
		if len(chosen) > len(best) {
			best = slices.Clone(chosen)
		}
		for i, a := range rest {
			if len(best) >= n || len(chosen)+len(rest)-i <= len(best) || steps == maxAgreement {
				return
			}
			steps++
			if slices.ContainsFunc(chosen, func(b *answer) bool { return !a.agrees(b) || !a.independent(b) }) {
				continue
			}
			chosen = append(chosen, a)
			search(rest[i+1:])
			chosen = chosen[:len(chosen)-1]
		}
	}
	search(votes)
	return best
}

// agreed makes the claim.
func (s *MapSnapshot) agreed(path, what string, tried []*outcome, o *outcome) (*MapTarget, error) {
	t, err := newMapTarget(s.c, path, o.group)
	if err != nil {
		return nil, &verify.Error{Code: verify.CodeConflict, What: what, Err: err}
	}
	check := verify.Check{Code: CodeTarget, Status: verify.Pass, What: what, Detail: t.summary(o.number, o.mapping)}
	for _, earlier := range tried {
		check.Checks = append(check.Checks, earlier.check())
	}
	for _, a := range o.votes() {
		t.answers = append(t.answers, a.MapAnswer)
	}
	for _, a := range o.answers {
		check.Checks = append(check.Checks, a.beside(o.group))
	}
	for _, name := range o.mapping.repositories[len(o.answers):] {
		check.Checks = append(check.Checks, verify.Check{Code: CodeRepository, Status: verify.NotRun,
			What: "repository " + safe.Quote(name), Detail: "not asked: the threshold was reached before"})
	}
	t.evidence = verify.Evidence{Check: check, Time: s.at, NotCovered: notCovered(append(tried, o))}.Clone()
	return t, nil
}

// beside returns the line of an answer beside those that agree.
func (a *answer) beside(group []*answer) verify.Check {
	c := a.check
	if a.Target == nil || slices.Contains(group, a) {
		return c
	}
	c.Status = verify.NotRun
	for _, b := range group {
		switch {
		case a.contradicts(b):
			c.Code, c.Status = verify.CodeConflict, verify.Fail
			c.Expected = "what repository " + b.quoted() + " states"
			c.Found, c.Detail = c.Detail, "outvoted"
			return c
		case !a.agrees(b):
			c.Detail += "; no vote: no strong hash to compare with repository " + b.quoted()
		case !a.independent(b):
			c.Detail += "; no vote of its own: it shares a key with repository " + b.quoted()
		}
	}
	return c
}

// conflicts returns who says what, where votes contradict each other.
func (o *outcome) conflicts() []verify.Conflict {
	votes := o.votes()
	var list []verify.Conflict
	var lengths verify.Conflict
	stated := map[hash.Algorithm][]verify.Side{}
	for _, a := range votes {
		for d := range a.Target.file.hashes.All() {
			sides := stated[d.Algorithm()]
			i := slices.IndexFunc(sides, func(s verify.Side) bool { return s.Digest == d.Hex() })
			if i < 0 {
				i = len(sides)
				sides = append(sides, verify.Side{Digest: d.Hex(), Issuers: []verify.Issuer{}})
			}
			sides[i].Issuers = append(sides[i].Issuers, a.named()...)
			stated[d.Algorithm()] = sides
		}
		lengths.Sides = append(lengths.Sides, verify.Side{Issuers: a.named()})
		if lengths.Detail != "" {
			lengths.Detail += ", "
		}
		lengths.Detail += fmt.Sprintf("repository %s states %d bytes", a.quoted(), a.Target.Length())
	}
	for alg := hash.Algorithm(1); alg.Valid(); alg++ {
		if len(stated[alg]) > 1 {
			list = append(list, verify.Conflict{Algorithm: alg.String(), Sides: stated[alg]})
		}
	}
	if slices.ContainsFunc(votes, func(a *answer) bool { return a.Target.Length() != votes[0].Target.Length() }) {
		list = append(list, lengths)
	}
	return list
}

// named returns the issuers of an answer under the name of the repository too.
func (a *answer) named() []verify.Issuer {
	list := a.Target.Issuers()
	for i := range list {
		list[i].Name = a.quoted() + " " + list[i].Name
	}
	return list
}

// finding says why there is no agreement.
func (o *outcome) finding() verify.Check {
	c := verify.Check{Code: CodeMapThreshold, Status: verify.Fail, What: fmt.Sprintf("mapping %d of the map file", o.number)}
	c.Expected = fmt.Sprintf("the same from %d of %d repositories", o.mapping.threshold, len(o.mapping.repositories))
	c.Found = fmt.Sprintf("it from %d", o.most)
	if len(o.conflicts()) > 0 {
		c.Code = verify.CodeConflict
	} else if !slices.ContainsFunc(o.answers, func(a *answer) bool { return !a.absent }) {
		c.Code = CodeTargetNotFound
	}
	votes := o.votes()
	for i, a := range votes {
		for _, b := range votes[:i] {
			if a.agrees(b) && !a.independent(b) {
				c.Detail = fmt.Sprintf("repositories %s and %s share a key and count once", b.quoted(), a.quoted())
			}
		}
	}
	return c
}

// check is the line for a mapping that came to nothing, with the answers below.
func (o *outcome) check() verify.Check {
	c := o.finding()
	for _, a := range o.answers {
		c.Checks = append(c.Checks, a.check)
	}
	return c
}

// reject makes the verdict. The first line says what decided: a conflict, or else
// the last mapping.
func (s *MapSnapshot) reject(what string, tried []*outcome) error {
	e := verify.Evidence{Check: verify.Check{Code: CodeTarget, Status: verify.Fail, What: what}, Time: s.at, NotCovered: notCovered(tried)}
	if len(tried) == 0 {
		e.Check.Checks = []verify.Check{verify.Check(*found(CodeTargetNotFound, what, "a mapping whose paths match", "none"))}
		return verify.Reject(e)
	}
	var conflicts []verify.Conflict
	decisive := tried[len(tried)-1]
	for _, o := range slices.Backward(tried) {
		if more := o.conflicts(); len(more) > 0 {
			conflicts = append(more, conflicts...)
			decisive = o
		}
	}
	e.Check.Checks = append(e.Check.Checks, decisive.finding())
	for _, o := range tried {
		e.Check.Checks = append(e.Check.Checks, o.check())
	}
	err := verify.Reject(e.Clone())
	if conflicts != nil {
		err.Report.Conflicts = conflicts
	}
	for _, a := range tried[len(tried)-1].answers {
		if a.err != nil {
			err.Err = a.err
			break
		}
	}
	return err
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package provenance

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/internal/safe"
	"github.com/tallystick/tallystick/verify"
)

// A Dependency is a demand of [SLSA] on what went into a build: its
// resolvedDependencies, or materials. So a chain can be demanded: from the sources
// over the compiler to the binary.
//
// Every dependency that the demand is about must satisfy it, and there must be one
// at least, because otherwise leaving a dependency out would satisfy it. Nothing
// says that a build used no more than it lists, except its builder.
type Dependency struct {
	// About says whether the demand is about a dependency; nil means each. It
	// must give the same answer each time.
	About func(Resource) bool
	// Policy must be satisfied by an attestation about the dependency, which is
	// among the claims of the call with the others. Nobody has measured the
	// dependency here, so what counts are the digests that the provenance
	// states: the attestation must have a subject with the same, of which one is
	// strong. A repository (its URI begins with "git+", "git:" or "ssh:", or it
	// states a gitCommit) may be recognised by its commit alone, and then the
	// report says that this is weak. Attestations about the dependency that
	// contradict its digests or each other reject. One whose subject has the
	// name of the artifact itself, and other content, contradicts the artifact:
	// if a compiler was built with itself, measure it under another name.
	Policy Policy
	// Verdicts are what was accepted before: a dependency that is one of these
	// artifacts, by its digests, satisfies the demand too.
	Verdicts []*verify.Result
}

func (d Dependency) problem() (expected, found string) {
	if d.Policy == nil && len(d.Verdicts) == 0 {
		return "a policy or verdicts about dependencies", "neither"
	}
	for _, v := range d.Verdicts {
		if v == nil || v.Report() == nil {
			return "verdicts", "none"
		}
	}
	// What the policy itself lacks is found out when it is evaluated.
	return "", ""
}

func (p SLSA) tryDependencies(t *trial, build *Provenance) bool {
	for _, d := range p.Dependencies {
		if !t.add(d.check(t, build.Dependencies)) {
			return false
		}
	}
	return true
}

func (d Dependency) check(t *trial, dependencies []Resource) verify.Check {
	check := verify.Check{Code: CodeDependency, Status: verify.Fail, What: "dependencies of the build", Expected: "each covered by a further claim"}
	n, failed, weak := 0, 0, 0
	known := map[[3]string]verify.Check{}
	for _, dep := range dependencies {
		if d.About != nil && !d.About(dep) {
			continue
		}
		n++
		// What is the same is looked at once: there may be many.
		key := [3]string{dep.Name, dep.URI, dep.Digests.String()}
		c, ok := known[key]
		if !ok || dep.malformed != nil {
			c = d.one(t, dep)
			known[key] = c
		}
		if t.call.work < 0 {
			// Whatever was found since then does not count.
			check.Code, check.Found = CodeLimit, "more"
			check.Expected = fmt.Sprintf("at most %d steps of work on dependencies", maxWork)
			return check
		}
		switch {
		case c.Status != verify.Pass:
			failed++
		case c.Detail != "":
			weak++
		}
		if len(check.Checks) < maxListed || c.Status != verify.Pass && failed <= maxListed {
			check.Checks = append(check.Checks, c)
		}
	}
	switch {
	case n == 0:
		check.Found = fmt.Sprintf("%d dependencies, none of them one that the demand is about", len(dependencies))
	case failed > 0:
		check.Found = fmt.Sprintf("%d of %d not covered", failed, n)
	default:
		check.Status = verify.Pass
		check.Expected = ""
		check.What = fmt.Sprintf("dependencies of the build: all %d covered", n)
		if weak > 0 {
			// Reports for people do not show all that lies deep.
			check.Detail = fmt.Sprintf("%d of them recognised by a weak digest", weak)
		}
	}
	return check
}

// one decides about one dependency.
func (d Dependency) one(t *trial, dep Resource) verify.Check {
	name := strings.TrimSpace(safe.Quote(dep.URI) + " " + dep.Digests.String())
	check := verify.Check{Code: CodeDependency, Status: verify.Fail, What: "dependency " + name}
	if dep.malformed != nil {
		check.Expected, check.Detail = "digests that are well formed", dep.malformed.Error()
		return check
	}
	set, repository := dep.Digests, false
	if isRepository(dep) {
		set, repository = revisions(dep), true
	}
	if set.Len() == 0 {
		check.Expected, check.Found = "a digest", "none"
		return check
	}

	// Whatever is said about it must be one thing.
	all := slices.Collect(set.All())
	t.call.spend(workLookup * len(t.call.claims))
	for _, c := range t.call.claims {
		s, ok := c.(*Statement)
		if !ok || s == nil {
			continue
		}
		for _, subject := range s.withDigest(set, t.call) {
			all = slices.AppendSeq(all, subject.Digests.All())
		}
	}
	if _, err := hash.NewSet(all...); err != nil {
		check.Code, check.Detail = verify.CodeConflict, err.Error()
		return check
	}

	for _, v := range d.Verdicts {
		switch v.Artifact().Digests().Compare(set) {
		case hash.Same:
			check.Status = verify.Pass
			check.Checks = []verify.Check{verify.Requires(v).Evaluate(hash.Artifact{}, nil)}
			return check
		case hash.Conflicting:
			check.Code, check.Expected, check.Found = verify.CodeConflict, v.Artifact().Digests().String(), set.String()
			return check
		}
	}
	if d.Policy == nil {
		check.Expected = "one of the artifacts accepted before"
		check.Found = "another"
		return check
	}
	weak := false
	c := evaluateAbout(d.Policy, dep.Name, t.call, t.chain+1, func(s *Statement) []Subject {
		subjects := s.withDigest(set, t.call)
		same := false
		for _, subject := range subjects {
			if subject.malformed != nil {
				return nil
			}
			switch set.Compare(subject.Digests) {
			case hash.Same:
				same = true
			case hash.WeaklySame:
				same = same || repository
				weak = weak || repository
			}
		}
		if !same {
			return nil
		}
		return subjects
	})
	check.Status = c.Status
	check.Checks = []verify.Check{c}
	if weak && c.Status == verify.Pass {
		check.Detail = "recognised by a weak digest of its revision, which proves no content"
	}
	return check
}

// isRepository reports whether a dependency is a repository, and not a file at a URL
// of the same form, whose SHA-1 identifies nothing.
func isRepository(dep Resource) bool {
	src, err := parseSource(dep.URI)
	_, commit := dep.Digests.Get(hash.GitCommit)
	return err == nil && (commit || src.scheme != "https" || strings.HasPrefix(dep.URI, "git+"))
}

// withDigest returns the subjects that have one of the digests; nothing once the call
// has no steps left.
func (s *Statement) withDigest(set hash.Set, call *call) []Subject {
	seen := map[int]bool{}
	var subjects []Subject
	for d := range set.All() {
		for _, i := range s.byDigest[d] {
			if !call.spend(workSubject) {
				return nil
			}
			if !seen[i] {
				seen[i] = true
				subjects = append(subjects, s.subjects[i])
			}
		}
	}
	return subjects
}

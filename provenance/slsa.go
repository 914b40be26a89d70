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

// SLSA is a policy about who built an artifact from what: at least one SLSA
// provenance v1 Statement among the claims must cover the artifact and satisfy
// every field that is set. Two Statements that satisfy half of it each do not.
//
// Builder and Signers are required, because a builder id is only text: whoever
// signs provenance can write any id into it. The policy binds the id to those who
// may speak for it.
type SLSA struct {
	// Builder is runDetails.builder.id, compared exactly.
	Builder string
	// Signers are the keys of the builder, or its identities of another kind; as
	// many as they say must have signed the Statement.
	Signers Signers
	// BuildType is buildDefinition.buildType, compared exactly.
	BuildType string
	// SourceURI is the repository that must be among
	// buildDefinition.resolvedDependencies, such as
	// "https://example.org/team/project". A leading "git+", the case of the
	// host, a dot at its end, the port of the scheme, and a final ".git" make
	// no difference; all else does. Every dependency with that URI must satisfy
	// SourceRef and SourceDigest, and a dependency that begins with "git+" and
	// is no such URI (it has a user name, say) rejects. That something was a dependency does not say
	// that it was the only one: externalParameters, which say what the build
	// was asked to build, depend on the build type and are not compared.
	SourceURI string
	// SourceRef is the full ref after the "@" of the dependency's URI, such as
	// "refs/tags/v1.2.3", compared exactly.
	SourceRef string
	// SourceDigest is a digest that the dependency must have, such as the
	// gitCommit. A commit by SHA-1 is allowed, as real provenance has no other;
	// the report then says that it is weak. It identifies a revision and never
	// proves that bytes are right.
	SourceDigest hash.Digest
}

// Evaluate implements [verify.Policy].
func (p SLSA) Evaluate(a hash.Artifact, claims []verify.Claim) verify.Check {
	check := verify.Check{Code: CodeSLSA, Status: verify.Fail, What: "SLSA provenance by builder " + safe.Quote(p.Builder)}
	var want source
	switch {
	case p.Builder == "" || !usableSigners(p.Signers):
		check.Code, check.Expected, check.Found = CodePolicy, "a builder id and its keys", "a policy without them"
		return check
	case p.SourceURI == "" && (p.SourceRef != "" || p.SourceDigest.IsValid()):
		check.Code, check.Expected, check.Found = CodePolicy, "SourceURI beside SourceRef and SourceDigest", "none"
		return check
	case p.SourceURI != "":
		var err error
		if want, err = parseSource(p.SourceURI); err != nil || want.ref != "" {
			check.Code, check.Expected, check.Found = CodePolicy, "SourceURI of a repository, without a ref", safe.Quote(p.SourceURI)
			return check
		}
	}
	var candidates []verify.Check
	for _, c := range claims {
		s, ok := c.(*Statement)
		if !ok || s == nil || s.predicateType != SLSAProvenanceV1 || s.Covers(a) != nil {
			continue
		}
		candidate := p.evaluate(s, want)
		if candidate.Status == verify.Pass {
			check.Status = verify.Pass
			check.Issuers = candidate.Issuers
			check.Checks = candidate.Checks
			return check
		}
		candidates = append(candidates, candidate)
	}
	check.Expected = "one attestation that satisfies the whole policy"
	check.Found = fmt.Sprintf("%d that cover the artifact, none of which does", len(candidates))
	if len(candidates) == 0 {
		check.Found = "no SLSA provenance v1 that covers the artifact"
	}
	// The nearest miss explains most.
	slices.SortStableFunc(candidates, func(x, y verify.Check) int { return len(y.Checks) - len(x.Checks) })
	check.Checks = candidates
	return check
}

// evaluate holds one Statement against the whole policy.
func (p SLSA) evaluate(s *Statement, want source) verify.Check {
	check := verify.Check{Code: CodeSLSA, Status: verify.Fail, What: "attestation signed by " + issuerNames(s.issuers), Issuers: s.Issuers()}
	fail := func(code verify.Code, what, expected, found string) verify.Check {
		check.Checks = append(check.Checks, verify.Check{Code: code, Status: verify.Fail, What: what, Expected: expected, Found: found})
		return check
	}
	pass := func(code verify.Code, what string) {
		check.Checks = append(check.Checks, verify.Check{Code: code, Status: verify.Pass, What: what})
	}
	build, err := s.Provenance()
	if err != nil {
		return fail(verify.CodeOf(err), "SLSA provenance", "", err.Error())
	}
	signers := signedBy(p.Signers, s)
	check.Checks = append(check.Checks, signers)
	if signers.Status != verify.Pass {
		return check
	}
	check.Issuers = signers.Issuers
	if build.BuilderID != p.Builder {
		return fail(CodeBuilder, "builder.id", safe.Quote(p.Builder), safe.Quote(build.BuilderID))
	}
	pass(CodeBuilder, "builder.id "+safe.Quote(build.BuilderID))
	if p.BuildType != "" {
		if build.BuildType != p.BuildType {
			return fail(CodeBuildType, "buildType", safe.Quote(p.BuildType), safe.Quote(build.BuildType))
		}
		pass(CodeBuildType, "buildType "+safe.Quote(build.BuildType))
	}
	if p.SourceURI != "" {
		source := p.checkSource(build, want)
		check.Checks = append(check.Checks, source)
		if source.Status != verify.Pass {
			return check
		}
	}
	check.Status = verify.Pass
	return check
}

func (p SLSA) checkSource(build *Provenance, want source) verify.Check {
	check := verify.Check{Code: CodeSource, Status: verify.Fail, What: "source " + safe.Quote(p.SourceURI)}
	found := false
	for _, dep := range build.Dependencies {
		have, err := parseSource(dep.URI)
		if err != nil {
			if strings.HasPrefix(strings.ToLower(dep.URI), "git+") {
				// It is a repository, and which one cannot be told: it
				// could be the one that is asked for, at another ref.
				check.Expected, check.Found = "repositories that can be told apart", safe.Quote(dep.URI)+": "+err.Error()
				return check
			}
			continue // a package, an image or something else that is no repository
		}
		ref := have.ref
		have.ref = ""
		if have != want {
			continue
		}
		found = true
		if p.SourceRef != "" && ref != p.SourceRef {
			check.Expected, check.Found = safe.Quote(p.SourceRef), "ref "+safe.Quote(ref)
			return check
		}
		if p.SourceDigest.IsValid() {
			d, ok := dep.Digests.Get(p.SourceDigest.Algorithm())
			if dep.malformed != nil || !ok || d != p.SourceDigest {
				check.Expected, check.Found = p.SourceDigest.String(), dep.Digests.String()
				return check
			}
			if !p.SourceDigest.Algorithm().Strong() {
				check.Detail = p.SourceDigest.Algorithm().String() + " is weak: it identifies a revision and proves no content"
			}
		}
	}
	if !found {
		check.Expected = "the repository among resolvedDependencies"
		check.Found = fmt.Sprintf("%d dependencies, none of them it", len(build.Dependencies))
		return check
	}
	check.Status = verify.Pass
	return check
}

func issuerNames(issuers []verify.Issuer) string {
	s := ""
	for i, issuer := range issuers {
		if i > 0 {
			s += ", "
		}
		s += issuer.String()
	}
	return s
}

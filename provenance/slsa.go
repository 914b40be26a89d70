// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package provenance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/internal/safe"
	"github.com/tallystick/tallystick/internal/strictjson"
	"github.com/tallystick/tallystick/verify"
)

// SLSA is a [Policy] about who built an artifact from what, stated by SLSA
// provenance v1 or v0.2: one such Statement among the claims must cover the artifact
// and satisfy every field that is set.
//
// Builder and Signers are required, because a builder id is only text: whoever
// signs provenance can write any id into it. The policy binds the id to those who
// may speak for it. For Statements of both versions see [Provenance].
type SLSA struct {
	// Builder is the id of the builder, compared exactly.
	Builder string
	// Signers are the keys of the builder, or its identities of another kind; as
	// many as they say must have signed the Statement.
	Signers Signers
	// PredicateType, if not empty, is the only version of provenance that is
	// looked at.
	PredicateType string
	// BuildType is compared exactly.
	BuildType string

	// SourceURI is the repository that the build was asked to build, such as
	// "https://example.org/team/project". A leading "git+", the case of the
	// host, a dot at its end, the port of the scheme, and a final ".git" make
	// no difference; all else does.
	//
	// It must be among the dependencies, and every dependency with that URI
	// must satisfy SourceRef, SourceTag and SourceDigest. A dependency that
	// begins with "git+" and is no such URI (it has a user name, say) rejects.
	//
	// Where provenance also says what was asked for, that must be this repository
	// too, and agree with the dependencies: invocation.configSource of version
	// 0.2, and the externalParameters of the build types of GitHub Actions
	// workflows and of slsa-github-generator. Of other build types it is not
	// known where they say it. Then that something was a dependency does not say
	// that it was the only one, and Parameters should be set.
	SourceURI string
	// SourceRef is the full ref, such as "refs/tags/v1.2.3", compared exactly.
	SourceRef string
	// SourceTag is a semantic version, such as "v1.2.3-rc.1". The ref must be
	// a tag with this version, with or without a "v". Versions are full and
	// compared exactly, prerelease and build included: "v1.2" is not "v1.2.0".
	SourceTag string
	// SourceDigest is a digest that the source must have, such as the
	// gitCommit. A commit by SHA-1 is allowed, as real provenance has no other;
	// the report then says that it is weak. It identifies a revision and never
	// proves that bytes are right. Older provenance calls it "sha1".
	SourceDigest hash.Digest
	// EntryPoint is what was run in the source, compared exactly:
	// configSource.entryPoint of version 0.2, and of the build types above the
	// path of the workflow or of the configuration.
	EntryPoint string

	// Parameters are the external parameters (parameters of the invocation in
	// version 0.2) and their values in JSON. The values must be equal; the order
	// of members and white space make no difference, and a number is the text
	// that it was written as. A parameter that is not listed here rejects,
	// unless OtherParameters is true. An empty map allows no parameters; nil
	// compares none, and the report says so.
	Parameters      map[string]string
	OtherParameters bool

	// MaxAge, if not zero, is how long before the verification time of the
	// Statement the build may have finished. Provenance that does not say when
	// it did is refused.
	MaxAge time.Duration

	// Dependencies are demands on what went into the build.
	Dependencies []Dependency
}

// Evaluate implements [verify.Policy].
func (p SLSA) Evaluate(a hash.Artifact, claims []verify.Claim) verify.Check {
	return evaluate(p, a, claims, nil)
}

func (p SLSA) describe() (verify.Code, string) {
	return CodeSLSA, "SLSA provenance by builder " + safe.Quote(p.Builder)
}

func (p SLSA) accepts(predicateType string) bool {
	if p.PredicateType != "" {
		return predicateType == p.PredicateType
	}
	return predicateType == SLSAProvenanceV1 || predicateType == SLSAProvenanceV02
}

func (p SLSA) problem() (expected, found string) {
	source, err := parseSource(p.SourceURI)
	_, isVersion := parseVersion(p.SourceTag)
	switch {
	case p.Builder == "" || !usableSigners(p.Signers):
		return "a builder id and its signers", "a policy without them"
	case p.PredicateType != "" && p.PredicateType != SLSAProvenanceV1 && p.PredicateType != SLSAProvenanceV02:
		return "a predicate type of SLSA provenance", safe.Quote(p.PredicateType)
	case p.SourceURI == "" && (p.SourceRef != "" || p.SourceTag != "" || p.SourceDigest.IsValid() || p.EntryPoint != ""):
		return "SourceURI beside SourceRef, SourceTag, SourceDigest and EntryPoint", "none"
	case p.SourceURI != "" && (err != nil || source.ref != ""):
		return "SourceURI of a repository, without a ref", safe.Quote(p.SourceURI)
	case p.SourceRef != "" && p.SourceTag != "":
		return "SourceRef or SourceTag", "both"
	case p.SourceTag != "" && !isVersion:
		return "a full semantic version as SourceTag", safe.Quote(p.SourceTag)
	case !identifies(p.SourceDigest):
		return "a strong digest or that of a git object", p.SourceDigest.String()
	case p.OtherParameters && p.Parameters == nil:
		return "OtherParameters beside Parameters", "none"
	case p.MaxAge < 0:
		return "an age", p.MaxAge.String()
	}
	for name, value := range p.Parameters {
		if strictjson.Validate([]byte(value), strictjson.Limits{}) != nil {
			return "values in JSON", "parameter " + safe.Quote(name)
		}
	}
	for _, d := range p.Dependencies {
		if expected, found := d.problem(); expected != "" {
			return expected, found
		}
	}
	return "", ""
}

func (p SLSA) try(t *trial) bool {
	build, err := t.s.Provenance()
	if err != nil {
		return t.malformed(err)
	}
	return t.signedBy(p.Signers) &&
		t.equal(CodeBuilder, "builder.id", p.Builder, build.BuilderID) &&
		t.equal(CodeBuildType, "buildType", p.BuildType, build.BuildType) &&
		p.trySource(t, build) &&
		p.tryParameters(t, build) &&
		t.notOlder("end of the build", build.FinishedOn, p.MaxAge) &&
		p.tryDependencies(t, build)
}

func (p SLSA) trySource(t *trial, build *Provenance) bool {
	if p.SourceURI == "" {
		return true
	}
	asked, entryPoint, err := build.asked()
	if err != nil {
		return t.add(verify.Check{Code: CodeSource, Status: verify.Fail, What: "what the build was asked to build", Detail: err.Error()})
	}
	return t.add(p.checkSource(build, asked)) && t.equal(CodeSource, "entry point", p.EntryPoint, entryPoint)
}

// checkSource holds what was asked for and the dependencies against the policy.
func (p SLSA) checkSource(build *Provenance, asked []askedSource) verify.Check {
	check := verify.Check{Code: CodeSource, Status: verify.Fail, What: "source " + safe.Quote(p.SourceURI)}
	fail := func(expected, found string) verify.Check {
		check.Expected, check.Found = expected, found
		return check
	}
	want, _ := parseSource(p.SourceURI)
	refs := map[string]bool{}
	var digests []hash.Digest
	for _, a := range asked {
		ref := a.ref
		a.ref = ""
		if a.source != want {
			return fail("that "+a.where+" names it", safe.Quote(a.resource.URI))
		}
		if problem := p.checkRef(ref); problem != "" {
			return fail(problem, a.where+" with ref "+safe.Quote(ref))
		}
		if a.resource.malformed != nil {
			return fail("digests that are well formed", a.where+": "+a.resource.malformed.Error())
		}
		refs[ref] = true
		digests = slices.AppendSeq(digests, revisions(a.resource).All())
	}
	found := false
	for _, dep := range build.Dependencies {
		have, err := parseSource(dep.URI)
		if err != nil {
			if strings.HasPrefix(strings.ToLower(dep.URI), "git+") {
				// It is a repository, and which one cannot be told: it
				// could be the one that is asked for, at another ref.
				return fail("repositories that can be told apart", safe.Quote(dep.URI)+": "+err.Error())
			}
			continue // a package, an image or something else that is no repository
		}
		ref := have.ref
		have.ref = ""
		if have != want {
			continue
		}
		found = true
		// Where it was said which ref was asked for, a dependency may leave
		// that out, but not say something else.
		if ref != "" || len(asked) == 0 {
			if problem := p.checkRef(ref); problem != "" {
				return fail(problem, "a dependency with ref "+safe.Quote(ref))
			}
			if len(asked) > 0 && !refs[ref] {
				return fail("the ref that was asked for", "a dependency with ref "+safe.Quote(ref))
			}
		}
		set := revisions(dep)
		if p.SourceDigest.IsValid() {
			d, ok := set.Get(p.SourceDigest.Algorithm())
			if dep.malformed != nil || !ok || d != p.SourceDigest {
				return fail(p.SourceDigest.String(), dep.Digests.String())
			}
			check.Detail = weakness(d)
		}
		digests = slices.AppendSeq(digests, set.All())
	}
	if !found {
		return fail("the repository among the dependencies", fmt.Sprintf("%d dependencies, none of them it", len(build.Dependencies)))
	}
	if len(refs) > 1 {
		return fail("one ref", fmt.Sprintf("%d that were asked for", len(refs)))
	}
	if _, err := hash.NewSet(digests...); err != nil && len(asked) > 0 {
		return fail("one revision, asked for and resolved", err.Error())
	}
	check.Status = verify.Pass
	for _, demand := range []string{p.SourceRef, p.SourceTag} {
		if demand != "" {
			check.What += " at " + safe.Quote(demand)
		}
	}
	if p.SourceDigest.IsValid() {
		check.What += " " + p.SourceDigest.String()
	}
	return check
}

// checkRef returns what is demanded of the ref, if ref is not it.
func (p SLSA) checkRef(ref string) string {
	if p.SourceRef != "" && ref != p.SourceRef {
		return safe.Quote(p.SourceRef)
	}
	if version, _ := parseVersion(p.SourceTag); p.SourceTag != "" && !isTag(ref, version) {
		return "a tag of version " + safe.Quote(p.SourceTag)
	}
	return ""
}

// revisions returns the digests of a repository. Provenance v0.2 writes the commit as
// "sha1", which can mean nothing else of a repository, so it is also a gitCommit.
func revisions(r Resource) hash.Set {
	sha1, ok := r.Digests.Get(hash.SHA1)
	if !ok {
		return r.Digests
	}
	commit, err := hash.NewDigest(hash.GitCommit, sha1.Bytes())
	if err != nil {
		return r.Digests
	}
	ds := append(slices.Collect(r.Digests.All()), commit)
	set, err := hash.NewSet(ds...)
	if err != nil {
		return hash.Set{} // the two names disagree, so it has no revision
	}
	return set
}

func (p SLSA) tryParameters(t *trial, build *Provenance) bool {
	if p.Parameters == nil {
		t.add(verify.Check{Code: CodeParameters, Status: verify.NotRun, What: "external parameters", Detail: "the policy names none"})
		return true
	}
	for _, name := range slices.Sorted(maps.Keys(p.Parameters)) {
		got, ok := build.ExternalParameters[name]
		if !ok {
			return t.fail(CodeParameters, "external parameter "+safe.Quote(name), safe.Quote(p.Parameters[name]), "none")
		}
		if !equalJSON([]byte(p.Parameters[name]), got) {
			return t.fail(CodeParameters, "external parameter "+safe.Quote(name), safe.Quote(p.Parameters[name]), safe.Quote(string(got)))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(build.ExternalParameters)) {
		if _, known := p.Parameters[name]; !known && !p.OtherParameters {
			return t.fail(CodeParameters, "external parameters", "those that the policy names", safe.Quote(name))
		}
	}
	return t.pass(CodeParameters, fmt.Sprintf("external parameters: %d as demanded", len(p.Parameters)))
}

// equalJSON compares two values that strictjson has accepted.
func equalJSON(a, b []byte) bool {
	decode := func(data []byte) (v any, err error) {
		d := json.NewDecoder(bytes.NewReader(data))
		d.UseNumber()
		err = d.Decode(&v)
		return v, err
	}
	x, errX := decode(a)
	y, errY := decode(b)
	return errX == nil && errY == nil && reflect.DeepEqual(x, y)
}

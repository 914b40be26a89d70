// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package provenance_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/provenance"
	"github.com/tallystick/tallystick/verify"
	"github.com/tallystick/tallystick/verify/verifytest"
)

// about returns a Statement about something with the digests.
func about(typ, body, digests string) string {
	return strings.Replace(predicate(typ, body), `{"name": "hello", "digest": {"sha256": "`+sha256Hello+`"}}`, `{"name": "dep", "digest": `+digests+`}`, 1)
}

// The chain of the tests: hello was built from a commit with a compiler, and the
// compiler was built from another commit.
const (
	gccDigest  = `{"sha256": "1111111111111111111111111111111111111111111111111111111111111111"}`
	helloBuild = `{"buildDefinition": {"buildType": "x", "resolvedDependencies": [
			{"uri": "pkg:deb/debian/gcc@12", "digest": {"sha256": "1111111111111111111111111111111111111111111111111111111111111111"}},
			{"uri": "git+https://example.org/hello@refs/tags/v1.0.0", "digest": {"gitCommit": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}}]},
		"runDetails": {"builder": {"id": "https://builder.example/v1"}}}`
	gccBuild = `{"buildDefinition": {"buildType": "x", "resolvedDependencies": [
			{"uri": "git+https://example.org/gcc@refs/tags/v12.0.0", "digest": {"gitCommit": "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"}}]},
		"runDetails": {"builder": {"id": "https://distribution.example/v1"}}}`
	reviewType = "https://example.org/review/v1"
)

func isPackage(r provenance.Resource) bool { return strings.HasPrefix(r.URI, "pkg:") }
func isSource(r provenance.Resource) bool  { return strings.HasPrefix(r.URI, "git+") }

func TestDependencies(t *testing.T) {
	const v1 = provenance.SLSAProvenanceV1
	hello := verifytest.Artifact(t, "hello", "hello")
	alice := keySet(t, 1, "alice")
	reviewed := provenance.Attested{PredicateType: reviewType, Signers: alice}
	compiler := provenance.SLSA{Builder: "https://distribution.example/v1", Signers: alice}
	deep := compiler
	deep.Dependencies = []provenance.Dependency{{About: isSource, Policy: reviewed}}
	of := func(ds ...provenance.Dependency) provenance.SLSA {
		return provenance.SLSA{Builder: builderID, Signers: alice, Dependencies: ds}
	}
	binary := predicate(v1, helloBuild)
	gcc := about(v1, gccBuild, gccDigest)
	review := func(commit string) string {
		return about(reviewType, `{}`, `{"gitCommit": "`+strings.Repeat(commit, 40)+`"}`)
	}
	sourced := func(uri, algorithm string) string {
		return predicate(v1, fmt.Sprintf(`{"buildDefinition": {"buildType": "x", "resolvedDependencies": [{"uri": %q, "digest": {%q: %q}}]}, "runDetails": {"builder": {"id": %q}}}`,
			uri, algorithm, strings.Repeat("a", 40), builderID))
	}
	sum := strings.Repeat("1", 64)
	loop := make([]provenance.Dependency, 1)
	loop[0].Policy = provenance.SLSA{Builder: builderID, Signers: alice, Dependencies: loop}
	itself := predicate(v1, fmt.Sprintf(`{"buildDefinition": {"buildType": "x", "resolvedDependencies": [{"digest": {"sha256": %q}}]}, "runDetails": {"builder": {"id": %q}}}`, sha256Hello, builderID))

	for _, test := range []struct {
		name     string
		policy   provenance.SLSA
		payloads []string
		code     verify.Code
	}{
		{"the compiler", of(provenance.Dependency{About: isPackage, Policy: compiler}), []string{binary, gcc}, ""},
		{"compiler and source", of(provenance.Dependency{About: isPackage, Policy: compiler}, provenance.Dependency{About: isSource, Policy: reviewed}), []string{binary, gcc, review("a")}, ""},
		{"the whole chain", of(provenance.Dependency{About: isPackage, Policy: deep}, provenance.Dependency{About: isSource, Policy: reviewed}), []string{binary, gcc, review("a"), review("b")}, ""},
		{"source called sha1", of(provenance.Dependency{About: isSource, Policy: reviewed}), []string{replaced(t, binary, "gitCommit", "sha1"), review("a")}, ""},
		{"review called sha1", of(provenance.Dependency{About: isSource, Policy: reviewed}), []string{replaced(t, binary, "gitCommit", "sha1"), replaced(t, review("a"), "gitCommit", "sha1")}, ""},
		{"source without git+", of(provenance.Dependency{Policy: reviewed}), []string{sourced("https://example.org/hello", "gitCommit"), review("a")}, ""},
		{"source over ssh, called sha1", of(provenance.Dependency{Policy: reviewed}), []string{sourced("ssh://example.org/hello", "sha1"), review("a")}, ""},
		{"0.2", of(provenance.Dependency{Policy: reviewed}), []string{predicate(provenance.SLSAProvenanceV02, configV02), review("a")}, ""},

		{"no attestation about the compiler", of(provenance.Dependency{About: isPackage, Policy: compiler}), []string{binary}, provenance.CodeDependency},
		{"about another compiler", of(provenance.Dependency{About: isPackage, Policy: compiler}), []string{binary, replaced(t, gcc, sum, strings.Repeat("2", 64))}, provenance.CodeDependency},
		{"by another builder", of(provenance.Dependency{About: isPackage, Policy: compiler}), []string{binary, replaced(t, gcc, "distribution.example", "evil.example")}, provenance.CodeBuilder},
		{"each, and the source is not covered", of(provenance.Dependency{Policy: compiler}), []string{binary, gcc}, provenance.CodeDependency},
		{"the chain ends too early", of(provenance.Dependency{About: isPackage, Policy: deep}), []string{binary, gcc, review("a")}, provenance.CodeDependency},
		{"none that the demand is about", of(provenance.Dependency{About: func(provenance.Resource) bool { return false }, Policy: compiler}), []string{binary, gcc}, provenance.CodeDependency},
		{"no dependencies at all", of(provenance.Dependency{Policy: compiler}), []string{predicate(v1, `{"buildDefinition": {"buildType": "x"}, "runDetails": {"builder": {"id": "https://builder.example/v1"}}}`), gcc}, provenance.CodeDependency},
		{"no digest", of(provenance.Dependency{About: isPackage, Policy: compiler}), []string{replaced(t, binary, `"pkg:deb/debian/gcc@12", "digest"`, `"pkg:deb/debian/gcc@12", "x"`), gcc}, provenance.CodeDependency},
		{"malformed digest beside", of(provenance.Dependency{About: isPackage, Policy: compiler}), []string{replaced(t, binary, `{"sha256": "1`, `{"sha512": "", "sha256": "1`), gcc}, provenance.CodeDependency},
		{"malformed digest in the attestation", of(provenance.Dependency{About: isPackage, Policy: compiler}), []string{binary, replaced(t, gcc, gccDigest, `{"sha512": "", "sha256": "`+sum+`"}`)}, provenance.CodeDependency},
		{"weak digest of a package", of(provenance.Dependency{About: isPackage, Policy: compiler}), []string{
			replaced(t, binary, gccDigest, `{"md5": "11111111111111111111111111111111"}`), replaced(t, gcc, gccDigest, `{"md5": "11111111111111111111111111111111"}`)}, provenance.CodeDependency},
		{"SHA-1 of a file at a URL", of(provenance.Dependency{Policy: reviewed}), []string{sourced("https://example.org/gcc.tar.gz", "sha1"), replaced(t, review("a"), "gitCommit", "sha1")}, provenance.CodeDependency},
		{"SHA-1 of a file at a URL in upper case", of(provenance.Dependency{Policy: reviewed}), []string{sourced("HTTPS://example.org/gcc.tar.gz", "sha1"), review("a")}, provenance.CodeDependency},
		{"SHA-1 of a file that is called a commit elsewhere", of(provenance.Dependency{Policy: reviewed}), []string{sourced("https://example.org/gcc.tar.gz", "sha1"), review("a")}, provenance.CodeDependency},
		{"one digest equal, one differs", of(provenance.Dependency{About: isPackage, Policy: compiler}), []string{
			replaced(t, binary, gccDigest, `{"sha512": "`+strings.Repeat("3", 128)+`", "sha256": "`+sum+`"}`),
			replaced(t, gcc, gccDigest, `{"sha512": "`+strings.Repeat("4", 128)+`", "sha256": "`+sum+`"}`)}, verify.CodeConflict},
		{"two attestations that contradict", of(provenance.Dependency{About: isPackage, Policy: compiler}), []string{binary, gcc,
			about(reviewType, `{}`, `{"sha512": "`+strings.Repeat("4", 128)+`", "sha256": "`+sum+`"}`),
			about(reviewType, `{}`, `{"sha512": "`+strings.Repeat("5", 128)+`", "sha256": "`+sum+`"}`)}, verify.CodeConflict},
		{"two names of a commit that disagree", of(provenance.Dependency{About: isSource, Policy: reviewed}), []string{
			replaced(t, binary, `{"gitCommit": "`, `{"sha1": "`+strings.Repeat("c", 40)+`", "gitCommit": "`), review("a")}, provenance.CodeDependency},
		{"the policy of the dependency lacks signers", of(provenance.Dependency{About: isPackage, Policy: provenance.Attested{PredicateType: v1}}), []string{binary, gcc}, provenance.CodePolicy},
		{"a policy inside of itself", provenance.SLSA{Builder: builderID, Signers: alice, Dependencies: loop}, []string{itself}, provenance.CodeLimit},
	} {
		t.Run(test.name, func(t *testing.T) {
			code, report := decide(t, test.policy, test.payloads...)
			if (code == "") != (test.code == "") || code != "" && !slices.Contains(report.Codes, test.code) {
				t.Errorf("codes %q, want %q\n%s", report.Codes, test.code, report)
			}
			if weak := strings.Contains(report.String(), "weak"); code == "" && weak != strings.Contains(strings.Join(test.payloads, ""), reviewType) {
				t.Errorf("says weak: %v\n%s", weak, report)
			}
		})
	}

	// Claims of other kinds are no attestations and harm nothing.
	witness := verifytest.NewClaim("", hello.Digests(), verifytest.Issuer("witness"))
	if _, err := verify.Artifact(hello, of(provenance.Dependency{About: isPackage, Policy: compiler}), witness, open(t, binary), open(t, gcc)); err != nil {
		t.Error(err)
	}

	// A dependency that was accepted before.
	gccArtifact := verifytest.Artifact(t, "gcc", "gcc", hash.SHA256, hash.SHA512)
	gccSet := `{"sha256": "` + hexOf(gccArtifact, hash.SHA256) + `"}`
	gccClaim := open(t, about(v1, gccBuild, gccSet))
	verdict, err := verify.Artifact(gccArtifact, compiler, gccClaim)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, digests string
		code          verify.Code
	}{
		{"accepted before", gccSet, ""},
		{"another", gccDigest, provenance.CodeDependency},
		{"one digest equal, one differs", `{"sha256": "` + hexOf(gccArtifact, hash.SHA256) + `", "sha512": "` + strings.Repeat("3", 128) + `"}`, verify.CodeConflict},
	} {
		_, err := verify.Artifact(hello, of(provenance.Dependency{About: isPackage, Verdicts: []*verify.Result{verdict}}), open(t, strings.Replace(binary, gccDigest, test.digests, 1)))
		if got := verify.CodeOf(err); got != test.code && !errors.Is(err, test.code) {
			t.Errorf("%s: code %q, want %q: %v", test.name, got, test.code, err)
		}
	}
}

// Many dependencies and many subjects cost no more than the bound allows.
func TestDependenciesAreBounded(t *testing.T) {
	alice := keySet(t, 1, "alice")
	var deps, subjects strings.Builder
	for i := range 600 {
		if i > 0 {
			deps.WriteByte(',')
			subjects.WriteByte(',')
		}
		fmt.Fprintf(&deps, `{"uri": "pkg:x/%d", "digest": %s}`, i, gccDigest)
		fmt.Fprintf(&subjects, `{"name": "%d", "digest": %s}`, i, gccDigest)
	}
	binary := predicate(provenance.SLSAProvenanceV1, `{"buildDefinition": {"buildType": "x", "resolvedDependencies": [`+deps.String()+`]}, "runDetails": {"builder": {"id": "`+builderID+`"}}}`)
	gcc := strings.Replace(predicate(reviewType, `{}`), `{"name": "hello", "digest": {"sha256": "`+sha256Hello+`"}}`, subjects.String(), 1)
	p := provenance.SLSA{Builder: builderID, Signers: alice, Dependencies: []provenance.Dependency{{Policy: provenance.Attested{PredicateType: reviewType, Signers: alice}}}}
	if _, report := decide(t, p, binary, gcc); !slices.Contains(report.Codes, provenance.CodeLimit) {
		t.Errorf("codes %q", report.Codes)
	}
	// The same for many attestations that are about something else.
	claims := slices.Repeat([]verify.Claim{open(t, predicate(reviewType, `{}`))}, 7500)
	check := p.Evaluate(verifytest.Artifact(t, "hello", "hello"), append(claims, open(t, binary)))
	if check.Status != verify.Fail || check.Code != provenance.CodeSLSA || !strings.Contains(fmt.Sprintf("%+v", check), string(provenance.CodeLimit)) {
		t.Errorf("no limit for looking at attestations: %+v", check)
	}
}

// Attestations that list each other cost a bounded amount, however deep the policy.
func TestChainsAreBounded(t *testing.T) {
	alice := keySet(t, 1, "alice")
	binary := predicate(provenance.SLSAProvenanceV1, `{"buildDefinition": {"buildType": "x", "resolvedDependencies": [{"digest": `+gccDigest+`}]}, "runDetails": {"builder": {"id": "`+builderID+`"}}}`)
	payloads := []string{binary}
	for range 20 {
		payloads = append(payloads, strings.Replace(binary, `{"name": "hello", "digest": {"sha256": "`+sha256Hello+`"}}`, `{"name": "dep", "digest": `+gccDigest+`}`, 1))
	}
	var p provenance.Policy = provenance.Attested{PredicateType: reviewType, Signers: alice}
	for range 7 {
		p = provenance.SLSA{Builder: builderID, Signers: alice, Dependencies: []provenance.Dependency{{Policy: p}}}
	}
	// Without the bound, 20 to the power of 6 policies are evaluated.
	if _, report := decide(t, p, payloads...); !slices.Contains(report.Codes, provenance.CodeLimit) {
		t.Errorf("codes %q", report.Codes)
	}
}

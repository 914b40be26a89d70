// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package provenance_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/provenance"
	"github.com/tallystick/tallystick/verify"
	"github.com/tallystick/tallystick/verify/verifytest"
)

const builderID = "https://builder.example/v1"

// slsaStatement returns SLSA provenance about "hello" with texts replaced.
func slsaStatement(replace ...string) string {
	return strings.NewReplacer(replace...).Replace(`{
		"_type": "https://in-toto.io/Statement/v1",
		"subject": [{"name": "hello", "digest": {"sha256": "` + sha256Hello + `"}}],
		"predicateType": "https://slsa.dev/provenance/v1",
		"predicate": {
			"buildDefinition": {
				"buildType": "https://builder.example/make",
				"externalParameters": {"target": "all"},
				"resolvedDependencies": [
					{"uri": "pkg:deb/debian/gcc@12", "digest": {"sha256": "` + strings.Repeat("1", 64) + `"}},
					{"uri": "git+https://example.org/team/hello@refs/tags/v1.0.0", "digest": {"gitCommit": "` + strings.Repeat("a", 40) + `"}}
				]
			},
			"runDetails": {"builder": {"id": "` + builderID + `"}}
		}
	}`)
}

func TestSLSA(t *testing.T) {
	builder := keySet(t, 1, "builder")
	commit, err := hash.ParseDigest("gitCommit:" + strings.Repeat("a", 40))
	if err != nil {
		t.Fatal(err)
	}
	otherCommit, err := hash.ParseDigest("gitCommit:" + strings.Repeat("b", 40))
	if err != nil {
		t.Fatal(err)
	}
	whole := provenance.SLSA{
		Builder:      builderID,
		Signers:      builder,
		BuildType:    "https://builder.example/make",
		SourceURI:    "https://example.org/team/hello",
		SourceRef:    "refs/tags/v1.0.0",
		SourceDigest: commit,
	}
	with := func(f func(*provenance.SLSA)) provenance.SLSA {
		p := whole
		f(&p)
		return p
	}
	type signed struct {
		payload string
		by      []string
	}
	good := signed{slsaStatement(), []string{"builder"}}
	edited := func(from, to string) []signed { return []signed{{slsaStatement(from, to), []string{"builder"}}} }

	for _, test := range []struct {
		name       string
		policy     provenance.SLSA
		statements []signed
		code       verify.Code
	}{
		{"whole policy", whole, []signed{good}, ""},
		{"builder only", provenance.SLSA{Builder: builderID, Signers: builder}, []signed{good}, ""},
		{"git suffix and host case", with(func(p *provenance.SLSA) { p.SourceURI = "git+https://Example.org/team/hello.git" }), []signed{good}, ""},
		{"a good one behind a bad one", whole, []signed{{slsaStatement("refs/tags/v1.0.0", "refs/heads/x"), []string{"builder"}}, good}, ""},
		{"two of two builder keys", with(func(p *provenance.SLSA) { p.Signers = keySet(t, 2, "builder", "alice") }), []signed{{slsaStatement(), []string{"builder", "alice"}}}, ""},

		{"empty policy", provenance.SLSA{}, []signed{good}, provenance.CodePolicy},
		{"no builder", with(func(p *provenance.SLSA) { p.Builder = "" }), []signed{good}, provenance.CodePolicy},
		{"no signers", with(func(p *provenance.SLSA) { p.Signers = provenance.KeySet{} }), []signed{good}, provenance.CodePolicy},
		{"ref without source", with(func(p *provenance.SLSA) { p.SourceURI = "" }), []signed{good}, provenance.CodePolicy},
		{"source with ref", with(func(p *provenance.SLSA) { p.SourceURI += "@refs/tags/v1.0.0" }), []signed{good}, provenance.CodePolicy},
		{"no claim", whole, nil, provenance.CodeSLSA},
		{"another predicate", whole, edited("slsa.dev/provenance/v1", "slsa.dev/provenance/v1.1"), provenance.CodeSLSA},
		{"signed by a trusted key that is not the builder's", whole, []signed{{slsaStatement(), []string{"alice"}}}, provenance.CodeSigner},
		{"one of two builder keys", with(func(p *provenance.SLSA) { p.Signers = keySet(t, 2, "builder", "alice") }), []signed{good}, provenance.CodeSigner},
		{"another builder", whole, edited(builderID, builderID+"/evil"), provenance.CodeBuilder},
		{"builder prefix", whole, edited(builderID, strings.TrimSuffix(builderID, "1")), provenance.CodeBuilder},
		{"another build type", whole, edited("builder.example/make", "builder.example/sh"), provenance.CodeBuildType},
		{"another repository", whole, edited("team/hello", "team/hallo"), provenance.CodeSource},
		{"repository path case", whole, edited("team/hello", "Team/hello"), provenance.CodeSource},
		{"another host", whole, edited("git+https://example.org/", "git+https://example.org.evil/"), provenance.CodeSource},
		{"user name in the source", whole, edited("git+https://example.org/", "git+https://example.org@evil/"), provenance.CodeSource},
		{"escaped slash", whole, edited("team/hello", "team%2fhello"), provenance.CodeSource},
		{"another scheme", whole, edited("git+https:", "git+http:"), provenance.CodeSource},
		{"another ref", whole, edited("refs/tags/v1.0.0", "refs/tags/v1.0.1"), provenance.CodeSource},
		{"ref prefix", whole, edited("refs/tags/v1.0.0", "refs/tags/v1.0.0-rc1"), provenance.CodeSource},
		{"no ref", whole, edited("@refs/tags/v1.0.0", ""), provenance.CodeSource},
		{"another commit", with(func(p *provenance.SLSA) { p.SourceDigest = otherCommit }), []signed{good}, provenance.CodeSource},
		{"no commit", whole, edited("gitCommit", "gost"), provenance.CodeSource},
		{"source twice, once spelled otherwise", whole, edited(`"resolvedDependencies": [`, `"resolvedDependencies": [{"uri":"git+https://example.org:443/team/hello@refs/heads/evil"},`), provenance.CodeSource},
		{"source twice, once with a user name", whole, edited(`"resolvedDependencies": [`, `"resolvedDependencies": [{"uri":"git+ssh://git@example.org/team/hello@refs/heads/evil"},`), provenance.CodeSource},
		{"commit beside nonsense", whole, edited(`{"gitCommit"`, `{"sha256": "00", "gitCommit"`), provenance.CodeSource},
		{"too many dependencies", whole, edited(`"resolvedDependencies": [`, `"resolvedDependencies": [`+strings.Repeat(`{},`, 100_000)), provenance.CodeLimit},
		{"builder key out of its dates", with(func(p *provenance.SLSA) {
			p.Signers, _ = provenance.NewKeySet(1, public(t, "builder").WithValidity(time.Time{}, time.Unix(0, 0)))
		}), []signed{good}, provenance.CodeKeyTime},
		{"source twice, once evil", whole, edited(`"resolvedDependencies": [`, `"resolvedDependencies": [{"uri":"git+https://example.org/team/hello@refs/heads/evil","digest":{}},`), provenance.CodeSource},
		{"no mixing of halves", whole, []signed{
			{slsaStatement("builder.example/make", "builder.example/sh"), []string{"builder"}},
			{slsaStatement("team/hello", "team/hallo"), []string{"builder"}},
		}, provenance.CodeSource}, // the nearest miss comes first
		{"no builder id", whole, edited(`"id": "`+builderID+`"`, ``), provenance.CodeMalformed},
		{"case variant in the predicate", whole, edited(`"buildType"`, `"BuildType": "", "buildType"`), provenance.CodeMalformed},
		{"predicate null", whole, edited(`"runDetails": {`, `"runDetails": null, "x": {`), provenance.CodeMalformed},
		{"other content", whole, edited(sha256Hello, strings.Repeat("0", 64)), verify.CodeConflict},
	} {
		t.Run(test.name, func(t *testing.T) {
			hello := verifytest.Artifact(t, "hello", "hello")
			var claims []verify.Claim
			for _, s := range test.statements {
				statement, err := provenance.Open(seal(t, s.payload, s.by...), keySet(t, 1, "builder", "alice"), nil)
				if err != nil {
					t.Fatal(err)
				}
				claims = append(claims, statement)
			}
			_, err := verify.Artifact(hello, test.policy, claims...)
			if got := verify.CodeOf(err); got != test.code {
				t.Fatalf("code %q, want %q: %v", got, test.code, err)
			}
			if err == nil {
				verifytest.TestPolicy(t, test.policy, hello, claims...)
			}
		})
	}
}

func TestSLSAReportSaysWeak(t *testing.T) {
	commit, err := hash.ParseDigest("gitCommit:" + strings.Repeat("a", 40))
	if err != nil {
		t.Fatal(err)
	}
	s, err := provenance.Open(seal(t, slsaStatement(), "builder"), keySet(t, 1, "builder"), nil)
	if err != nil {
		t.Fatal(err)
	}
	p := provenance.SLSA{Builder: builderID, Signers: keySet(t, 1, "builder"), SourceURI: "https://example.org/team/hello", SourceDigest: commit}
	result, err := verify.Artifact(verifytest.Artifact(t, "hello", "hello"), p, s)
	if err != nil {
		t.Fatal(err)
	}
	if text := result.Report().String(); !strings.Contains(text, "gitCommit is weak") {
		t.Errorf("the report does not say that the commit is weak:\n%s", text)
	}
}

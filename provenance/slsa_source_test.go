// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package provenance_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/provenance"
	"github.com/tallystick/tallystick/verify"
	"github.com/tallystick/tallystick/verify/verifytest"
)

func digest(t testing.TB, s string) hash.Digest {
	t.Helper()
	d, err := hash.ParseDigest(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// decide holds "hello" against Statements that alice has signed, under a policy. An
// acceptance must keep the contract of policies.
func decide(t *testing.T, p verify.Policy, payloads ...string) (verify.Code, *verify.Report) {
	t.Helper()
	hello := verifytest.Artifact(t, "hello", "hello")
	var claims []verify.Claim
	for _, payload := range payloads {
		claims = append(claims, open(t, payload))
	}
	result, err := verify.Artifact(hello, p, claims...)
	if err != nil {
		return verify.CodeOf(err), err.(*verify.RejectedError).Report
	}
	verifytest.TestPolicy(t, p, hello, claims...)
	return "", result.Report()
}

// replaced replaces a text that must be there.
func replaced(t testing.TB, s, from, to string) string {
	t.Helper()
	if from == "" {
		return s
	}
	edited := strings.ReplaceAll(s, from, to)
	if edited == s {
		t.Fatalf("nothing replaced: %s", from)
	}
	return edited
}

const (
	aCommit     = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	workflowURL = "https://actions.github.io/buildtypes/workflow/v1"
	workflowV1  = `{"buildDefinition": {"buildType": "https://actions.github.io/buildtypes/workflow/v1",
			"externalParameters": {"workflow": {"ref": "refs/tags/v1.2.3", "repository": "https://example.org/team/hello", "path": ".github/workflows/release.yml"}},
			"resolvedDependencies": [{"uri": "git+https://example.org/team/hello@refs/tags/v1.2.3", "digest": {"gitCommit": "` + aCommit + `"}}]},
		"runDetails": {"builder": {"id": "https://builder.example/v1"}, "metadata": {"finishedOn": "2026-07-01T10:00:00Z"}}}`
	containerV1 = `{"buildDefinition": {"buildType": "https://slsa.dev/container-based-build/v0.1?draft",
			"externalParameters": {"source": {"uri": "git+https://example.org/team/hello@refs/tags/v1.2.3", "digest": {"sha1": "` + aCommit + `"}}, "configPath": ".github/workflows/release.yml"},
			"resolvedDependencies": [{"uri": "git+https://example.org/team/hello@refs/tags/v1.2.3", "digest": {"gitCommit": "` + aCommit + `"}}]},
		"runDetails": {"builder": {"id": "https://builder.example/v1"}, "metadata": {"finishedOn": "2026-07-01T10:00:00Z"}}}`
	configV02 = `{"builder": {"id": "https://builder.example/v1"}, "buildType": "https://builder.example/make",
		"invocation": {"configSource": {"uri": "git+https://example.org/team/hello@refs/tags/v1.2.3", "digest": {"sha1": "` + aCommit + `"}, "entryPoint": ".github/workflows/release.yml"}, "parameters": {}},
		"metadata": {"buildFinishedOn": "2026-07-01T10:00:00Z"},
		"materials": [{"uri": "git+https://example.org/team/hello@refs/tags/v1.2.3", "digest": {"sha1": "` + aCommit + `"}}]}`
)

// Where provenance says what a build was asked for, that must be the source of the
// policy and agree with what was resolved.
func TestSLSASource(t *testing.T) {
	const v1, v02 = provenance.SLSAProvenanceV1, provenance.SLSAProvenanceV02
	whole := provenance.SLSA{
		Builder: builderID, Signers: keySet(t, 1, "alice"),
		SourceURI: "https://example.org/team/hello", SourceTag: "1.2.3", SourceDigest: digest(t, "gitCommit:"+aCommit),
		EntryPoint: ".github/workflows/release.yml",
	}
	dep := `{"uri": "git+https://example.org/team/hello@refs/tags/v1.2.3"`
	for _, test := range []struct {
		name, typ, body, from, to string
		code                      verify.Code
	}{
		{"workflow", v1, workflowV1, "", "", ""},
		{"workflow of the older build type", v1, workflowV1, workflowURL, "https://slsa-framework.github.io/github-actions-buildtypes/workflow/v1", ""},
		{"workflow: no ref in the dependency", v1, workflowV1, "hello@refs/tags/v1.2.3", "hello", ""},
		{"container", v1, containerV1, "", "", ""},
		{"config of 0.2", v02, configV02, "", "", ""},
		{"0.2: no ref in the material", v02, configV02, `"materials": [` + dep, `"materials": [{"uri": "git+https://example.org/team/hello"`, ""},
		{"0.2: no config, but the material", v02, replaced(t, configV02, "configSource", "x"), "", "", provenance.CodeSource}, // the entry point goes with it

		{"workflow: another repository asked for", v1, workflowV1, `"repository": "https://example.org/team/hello"`, `"repository": "https://example.org/team/hallo"`, provenance.CodeSource},
		{"workflow: another ref asked for", v1, workflowV1, `"ref": "refs/tags/v1.2.3"`, `"ref": "refs/tags/v1.2.4"`, provenance.CodeSource},
		{"workflow: a branch of that name", v1, workflowV1, `"ref": "refs/tags/v1.2.3"`, `"ref": "refs/heads/v1.2.3"`, provenance.CodeSource},
		{"workflow: no ref", v1, workflowV1, `"ref": "refs/tags/v1.2.3", `, ``, provenance.CodeSource},
		{"workflow: ref in the repository too", v1, workflowV1, `"repository": "https://example.org/team/hello"`, `"repository": "https://example.org/team/hello@refs/tags/v1.2.3"`, provenance.CodeSource},
		{"workflow: no repository", v1, workflowV1, `"repository"`, `"x"`, provenance.CodeSource},
		{"workflow: user name in the repository", v1, workflowV1, `"repository": "https://`, `"repository": "https://user@`, provenance.CodeSource},
		{"workflow: repository in another case", v1, workflowV1, `"repository": "`, `"Repository": "https://example.org/evil", "repository": "`, provenance.CodeSource},
		{"workflow: not there", v1, workflowV1, `"workflow":`, `"flow":`, provenance.CodeSource},
		{"workflow: null", v1, workflowV1, `"workflow": {`, `"workflow": null, "x": {`, provenance.CodeSource},
		{"workflow: a text", v1, workflowV1, `"workflow": {`, `"workflow": "x", "x": {`, provenance.CodeSource},
		{"workflow: another file", v1, workflowV1, `release.yml`, `test.yml`, provenance.CodeSource},
		{"workflow: another repository resolved", v1, workflowV1, "git+https://example.org/team/hello", "git+https://example.org/team/hallo", provenance.CodeSource},
		{"workflow: another ref resolved", v1, workflowV1, "hello@refs/tags/v1.2.3", "hello@refs/heads/main", provenance.CodeSource},
		{"workflow: another spelling of the version resolved", v1, workflowV1, "hello@refs/tags/v1.2.3", "hello@refs/tags/1.2.3", provenance.CodeSource},
		{"workflow: another commit resolved", v1, workflowV1, aCommit, strings.Repeat("b", 40), provenance.CodeSource},
		{"workflow: nothing resolved", v1, workflowV1, `"resolvedDependencies"`, `"x"`, provenance.CodeSource},
		{"container: another repository asked for", v1, containerV1, `"source": {"uri": "git+https://example.org/team/hello`, `"source": {"uri": "git+https://example.org/team/hallo`, provenance.CodeSource},
		{"container: no source", v1, containerV1, `"source":`, `"x":`, provenance.CodeSource},
		{"container: another commit asked for", v1, containerV1, `"sha1": "` + aCommit, `"sha1": "` + strings.Repeat("b", 40), provenance.CodeSource},
		{"container: malformed commit asked for", v1, containerV1, `"sha1": "` + aCommit, `"sha1": "`, provenance.CodeSource},
		{"container: another configuration", v1, containerV1, `release.yml`, `test.yml`, provenance.CodeSource},
		{"container: configuration a number", v1, containerV1, `".github/workflows/release.yml"`, `1`, provenance.CodeSource},
		{"container: source a list", v1, containerV1, `"source": {`, `"source": [], "x": {`, provenance.CodeSource},
		{"0.2: another repository asked for", v02, configV02, `"configSource": {"uri": "git+https://example.org/team/hello`, `"configSource": {"uri": "git+https://example.org/team/hallo`, provenance.CodeSource},
		{"0.2: another ref asked for", v02, configV02, `"configSource": ` + dep, `"configSource": {"uri": "git+https://example.org/team/hello@refs/tags/v1.2.4"`, provenance.CodeSource},
		{"0.2: another ref in the material", v02, configV02, `"materials": [` + dep, `"materials": [{"uri": "git+https://example.org/team/hello@refs/heads/main"`, provenance.CodeSource},
		{"0.2: another commit asked for", v02, configV02, `"sha1": "` + aCommit + `"}, "entryPoint"`, `"sha1": "` + strings.Repeat("b", 40) + `"}, "entryPoint"`, provenance.CodeSource},
		{"0.2: another commit in the material", v02, configV02, `"sha1": "` + aCommit + `"}}]`, `"sha1": "` + strings.Repeat("b", 40) + `"}}]`, provenance.CodeSource},
		{"0.2: two names of the commit that disagree", v02, configV02, `"sha1": "` + aCommit + `"}}]`, `"sha1": "` + aCommit + `", "gitCommit": "` + strings.Repeat("b", 40) + `"}}]`, provenance.CodeSource},
		{"0.2: no material", v02, configV02, `"materials"`, `"x"`, provenance.CodeSource},
		{"0.2: another entry point", v02, configV02, `release.yml`, `test.yml`, provenance.CodeSource},
		{"0.2: another builder", v02, configV02, builderID, builderID + "/evil", provenance.CodeBuilder},
		{"0.2 as 1", v1, configV02, "", "", provenance.CodeMalformed},
		{"1 as 0.2", v02, workflowV1, "", "", provenance.CodeMalformed},
	} {
		t.Run(test.name, func(t *testing.T) {
			if code, report := decide(t, whole, predicate(test.typ, replaced(t, test.body, test.from, test.to))); code != test.code {
				t.Errorf("code %q, want %q\n%s", code, test.code, report)
			}
		})
	}

	t.Run("two refs asked for", func(t *testing.T) {
		p := whole
		p.SourceTag = ""
		p.EntryPoint = ""
		body := replaced(t, workflowV1, workflowURL, "https://github.com/slsa-framework/slsa-github-generator/delegator-generic@v0")
		if code, report := decide(t, p, predicate(v1, body)); code != "" {
			t.Errorf("delegated: %q\n%s", code, report)
		}
		body = replaced(t, body, `"workflow":`, `"source": {"uri": "git+https://example.org/team/hello@refs/heads/main"}, "workflow":`)
		if code, report := decide(t, p, predicate(v1, body)); code != provenance.CodeSource {
			t.Errorf("two refs: %q\n%s", code, report)
		}
		// Not asked about by the policy, but still two stories.
		body = replaced(t, workflowV1, "hello@refs/tags/v1.2.3", "hello@refs/heads/main")
		if code, report := decide(t, p, predicate(v1, body)); code != provenance.CodeSource {
			t.Errorf("asked and resolved differ: %q\n%s", code, report)
		}
		body = replaced(t, replaced(t, workflowV1, `"ref": "refs/tags/v1.2.3", `, ``), "hello@refs/tags/v1.2.3", "hello")
		if code, report := decide(t, p, predicate(v1, body)); code != provenance.CodeSource {
			t.Errorf("no ref anywhere: %q\n%s", code, report)
		}
		for _, body := range []string{replaced(t, workflowV1, `"workflow":`, `"flow":`), replaced(t, containerV1, `"source":`, `"x":`)} {
			if code, report := decide(t, p, predicate(v1, body)); code != provenance.CodeSource {
				t.Errorf("does not say what was asked for: %q\n%s", code, report)
			}
		}
		p.SourceDigest = hash.Digest{}
		body = replaced(t, containerV1, `"sha1": "`+aCommit, `"sha1": "`+strings.Repeat("b", 40))
		if code, report := decide(t, p, predicate(v1, body)); code != provenance.CodeSource {
			t.Errorf("two commits: %q\n%s", code, report)
		}
	})
	t.Run("one version only", func(t *testing.T) {
		p := whole
		p.PredicateType = v1
		if code, _ := decide(t, p, predicate(v02, configV02)); code != provenance.CodeSLSA {
			t.Errorf("0.2 where 1 is demanded: %q", code)
		}
		if code, _ := decide(t, p, predicate(v1, workflowV1)); code != "" {
			t.Errorf("1: %q", code)
		}
	})
}

// Provenance of real builders, signed anew, satisfies a policy as one would write it.
func TestRealProvenanceUnderPolicy(t *testing.T) {
	for _, test := range []struct {
		file string
		p    provenance.SLSA
	}{
		{"npm-provenance-v0.2.json", provenance.SLSA{Builder: "https://github.com/actions/runner", BuildType: "https://github.com/npm/cli/gha/v2",
			SourceURI: "https://github.com/sigstore/sigstore-js", SourceRef: "refs/heads/main", EntryPoint: ".github/workflows/release.yml",
			SourceDigest: digest(t, "gitCommit:dae8bd8eb433a4147b4655c00fe73e0f22bc0fb1"), Parameters: map[string]string{}}},
		{"npm-demo-v0.2.json", provenance.SLSA{Builder: "https://github.com/npm/slsa-provenance@0.0.1",
			SourceURI: "https://github.com/github/slsa-provenance", SourceRef: "refs/heads/demo", EntryPoint: "demo"}},
		{"npm-provenance-v1.json", provenance.SLSA{Builder: "https://github.com/actions/runner/github-hosted",
			SourceURI: "https://github.com/sigstore/sigstore-js", SourceRef: "refs/heads/main", EntryPoint: ".github/workflows/release.yml",
			SourceDigest: digest(t, "gitCommit:f0b49a04e5a62250e0f60fb128004a73110fe311"),
			Parameters:   map[string]string{"workflow": `{"path": ".github/workflows/release.yml", "repository": "https://github.com/sigstore/sigstore-js", "ref": "refs/heads/main"}`}}},
		{"generator-generic-v0.2.json", provenance.SLSA{Builder: "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_generic_slsa3.yml@refs/tags/v1.8.0",
			SourceURI: "https://github.com/slsa-framework/example-package", SourceRef: "refs/tags/v14.2", SourceDigest: digest(t, "gitCommit:6cf671f47f3752f97b9f5bff511e37b938fe10d2")}},
		{"generator-delegator-v1.json", provenance.SLSA{Builder: "https://github.com/slsa-framework/example-trw/.github/workflows/builder_high-perms_slsa3.yml@refs/tags/v1.9.0",
			SourceURI: "https://github.com/slsa-framework/example-package", SourceRef: "refs/tags/v14", Parameters: map[string]string{"vars": "{}"}, OtherParameters: true}},
		{"generator-container-v1.json", provenance.SLSA{Builder: "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/builder_container-based_slsa3.yml@refs/tags/v2.1.0",
			SourceURI: "https://github.com/slsa-framework/example-package", SourceRef: "refs/tags/v14.2", EntryPoint: ".github/configs-docker/config-tag-v14.2.toml"}},
	} {
		test.p.Signers = keySet(t, 1, "alice")
		var payload map[string]any
		if err := json.Unmarshal([]byte(realData(t, test.file)), &payload); err != nil {
			t.Fatal(err)
		}
		payload["subject"] = []any{map[string]any{"name": "hello", "digest": map[string]any{"sha256": sha256Hello}}}
		data, err := json.Marshal(payload)
		if err != nil {
			t.Fatal(err)
		}
		if code, report := decide(t, test.p, string(data)); code != "" {
			t.Errorf("%s: %q\n%s", test.file, code, report)
		}
		// A tag that is not a full version is no version.
		test.p.SourceRef, test.p.SourceTag = "", "v14.2.0"
		if code, _ := decide(t, test.p, string(data)); code != provenance.CodeSource {
			t.Errorf("%s: tag v14.2.0: %q", test.file, code)
		}
	}
}

func TestSLSATag(t *testing.T) {
	for _, test := range []struct {
		ref, tag string
		code     verify.Code
	}{
		{"refs/tags/v1.2.3", "v1.2.3", ""},
		{"refs/tags/v1.2.3", "1.2.3", ""},
		{"refs/tags/1.2.3", "v1.2.3", ""},
		{"refs/tags/v1.2.3-alpha.2", "v1.2.3-alpha.2", ""},
		{"refs/tags/v1.2.3+build.7", "v1.2.3+build.7", ""},
		{"refs/tags/v1.2.3-alpha.2", "v1.2.3-alpha.1", provenance.CodeSource},
		{"refs/tags/v1.2.3-alpha.2", "v1.2.3", provenance.CodeSource},
		{"refs/tags/v1.2.3", "v1.2.3-alpha.2", provenance.CodeSource},
		{"refs/tags/v1.2.3+build.8", "v1.2.3+build.7", provenance.CodeSource},
		{"refs/tags/v1.2.3+build.8", "v1.2.3", provenance.CodeSource},
		{"refs/tags/v1.2", "v1.2.0", provenance.CodeSource},
		{"refs/tags/v1", "v1.0.0", provenance.CodeSource},
		{"refs/tags/v1.2.30", "v1.2.3", provenance.CodeSource},
		{"refs/tags/vv1.2.3", "v1.2.3", provenance.CodeSource},
		{"refs/heads/v1.2.3", "v1.2.3", provenance.CodeSource},
		{"v1.2.3", "v1.2.3", provenance.CodeSource},
		{"refs/tags/release/v1.2.3", "v1.2.3", provenance.CodeSource},
		{"refs/tags/v1.2.3", "v1.2", provenance.CodePolicy},
		{"refs/tags/v1", "v1", provenance.CodePolicy},
		{"refs/tags/latest", "latest", provenance.CodePolicy},
		{"refs/tags/v1.02.3", "v1.02.3", provenance.CodePolicy},
		{"refs/tags/V1.2.3", "V1.2.3", provenance.CodePolicy},
	} {
		p := provenance.SLSA{Builder: builderID, Signers: keySet(t, 1, "alice"), SourceURI: "https://example.org/team/hello", SourceTag: test.tag}
		for _, payload := range []string{
			slsaStatement("refs/tags/v1.0.0", test.ref),
			predicate(provenance.SLSAProvenanceV1, strings.ReplaceAll(workflowV1, "refs/tags/v1.2.3", test.ref)),
			predicate(provenance.SLSAProvenanceV02, strings.ReplaceAll(configV02, "refs/tags/v1.2.3", test.ref)),
		} {
			if code, report := decide(t, p, payload); code != test.code {
				t.Errorf("ref %s, tag %s: code %q, want %q\n%s", test.ref, test.tag, code, test.code, report)
			}
		}
	}
}

func TestSLSAParameters(t *testing.T) {
	for _, test := range []struct {
		name       string
		parameters string // of the provenance
		want       map[string]string
		others     bool
		code       verify.Code
	}{
		{"equal", `{"a": 1, "b": {"x": "y", "z": [true, null]}}`, map[string]string{"a": "1", "b": ` {"z":[true,null], "x":"\u0079"}`}, false, ""},
		{"none demanded, none there", `{}`, map[string]string{}, false, ""},
		{"none demanded, absent", `null`, map[string]string{}, false, ""},
		{"not compared", `{"a": 1}`, nil, false, ""},
		{"others allowed", `{"a": 1, "evil": 2}`, map[string]string{"a": "1"}, true, ""},
		{"null is a value", `{"a": null}`, map[string]string{"a": "null"}, false, ""},

		{"another value", `{"a": 2}`, map[string]string{"a": "1"}, false, provenance.CodeParameters},
		{"another kind", `{"a": "1"}`, map[string]string{"a": "1"}, false, provenance.CodeParameters},
		{"another spelling of a number", `{"a": 1.0}`, map[string]string{"a": "1"}, false, provenance.CodeParameters},
		{"a number that floats take for it", `{"a": 9007199254740993}`, map[string]string{"a": "9007199254740992"}, false, provenance.CodeParameters},
		{"missing", `{}`, map[string]string{"a": "1"}, false, provenance.CodeParameters},
		{"missing, though null is demanded", `{}`, map[string]string{"a": "null"}, false, provenance.CodeParameters},
		{"missing with others", `{"b": 1}`, map[string]string{"a": "1"}, true, provenance.CodeParameters},
		{"one more", `{"a": 1, "evil": 2}`, map[string]string{"a": "1"}, false, provenance.CodeParameters},
		{"one where none is allowed", `{"evil": 2}`, map[string]string{}, false, provenance.CodeParameters},
		{"in another case", `{"A": 1}`, map[string]string{"a": "1"}, false, provenance.CodeParameters},
		{"one more inside", `{"a": {"x": 1, "y": 2}}`, map[string]string{"a": `{"x": 1}`}, false, provenance.CodeParameters},
		{"order of a list", `{"a": [1, 2]}`, map[string]string{"a": `[2, 1]`}, false, provenance.CodeParameters},
		{"value is no JSON", `{"a": 1}`, map[string]string{"a": "x"}, false, provenance.CodePolicy},
		{"value with a duplicate", `{"a": {}}`, map[string]string{"a": `{"x":1,"x":1}`}, false, provenance.CodePolicy},
		{"two values", `{"a": 1}`, map[string]string{"a": "1 1"}, false, provenance.CodePolicy},
		{"others without any", `{}`, nil, true, provenance.CodePolicy},
	} {
		p := provenance.SLSA{Builder: builderID, Signers: keySet(t, 1, "alice"), Parameters: test.want, OtherParameters: test.others}
		for _, payload := range []string{
			slsaStatement(`{"target": "all"}`, test.parameters),
			predicate(provenance.SLSAProvenanceV02, strings.Replace(configV02, `"parameters": {}`, `"parameters": `+test.parameters, 1)),
		} {
			code, report := decide(t, p, payload)
			if code != test.code {
				t.Errorf("%s: code %q, want %q\n%s", test.name, code, test.code, report)
			}
			if test.want == nil && code == "" && !strings.Contains(report.String(), "the policy names none") {
				t.Errorf("%s: the report does not say that parameters were not compared:\n%s", test.name, report)
			}
		}
	}
}

// at opens a payload at a time.
func at(t testing.TB, payload string, when time.Time) *provenance.Statement {
	t.Helper()
	s, err := provenance.Open(seal(t, payload, "alice"), keySet(t, 1, "alice"), &provenance.Options{Time: when})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAge(t *testing.T) {
	finished := time.Date(2026, 7, 1, 10, 0, 0, 0, time.UTC)
	alice := keySet(t, 1, "alice")
	hello := verifytest.Artifact(t, "hello", "hello")
	for _, kind := range []struct {
		name, payload, stated string
		policy                func(max time.Duration) verify.Policy
		undated               verify.Code
	}{
		{"v1", predicate(provenance.SLSAProvenanceV1, workflowV1), "finishedOn", func(max time.Duration) verify.Policy {
			return provenance.SLSA{Builder: builderID, Signers: alice, MaxAge: max}
		}, provenance.CodeAge},
		{"v0.2", predicate(provenance.SLSAProvenanceV02, configV02), "buildFinishedOn", func(max time.Duration) verify.Policy {
			return provenance.SLSA{Builder: builderID, Signers: alice, MaxAge: max}
		}, provenance.CodeAge},
		{"summary", predicate(provenance.VerificationSummaryV1, vsa), "timeVerified", func(max time.Duration) verify.Policy {
			return provenance.VSA{Verifier: "https://verifier.example/", Signers: alice, ResourceURI: "pkg:generic/hello@1.0.0", Levels: []string{"SLSA_BUILD_LEVEL_3"}, MaxAge: max}
		}, provenance.CodeMalformed},
		{"scan", predicate(provenance.VulnsV02, clean), "scanFinishedOn", func(max time.Duration) verify.Policy {
			return provenance.Scanned{Scanner: "pkg:generic/scanner@1", Signers: alice, MaxAge: max}
		}, provenance.CodeMalformed},
		{"database", predicate(provenance.VulnsV02, replaced(t, clean, "2026-06-30T00:00:00Z", "2026-07-01T10:00:00Z")), "lastUpdate", func(max time.Duration) verify.Policy {
			return provenance.Scanned{Scanner: "pkg:generic/scanner@1", Signers: alice, MaxAge: 1000 * time.Hour, MaxDatabaseAge: max}
		}, provenance.CodeAge},
	} {
		for _, test := range []struct {
			name string
			now  time.Time
			max  time.Duration
			code verify.Code
		}{
			{"at once", finished, time.Hour, ""},
			{"just in time", finished.Add(time.Hour), time.Hour, ""},
			{"signer's clock ahead", finished.Add(-time.Minute), time.Hour, ""},
			{"too old", finished.Add(time.Hour + time.Second), time.Hour, provenance.CodeAge},
			{"from the future", finished.Add(-time.Minute - time.Second), time.Hour, provenance.CodeAge},
			{"negative age", finished, -time.Hour, provenance.CodePolicy},
		} {
			_, err := verify.Artifact(hello, kind.policy(test.max), at(t, kind.payload, test.now))
			if got := verify.CodeOf(err); got != test.code && !(kind.name == "database" && test.name == "from the future" && got == provenance.CodeAge) {
				t.Errorf("%s, %s: code %q, want %q: %v", kind.name, test.name, got, test.code, err)
			}
		}
		undated := replaced(t, kind.payload, `"`+kind.stated+`"`, `"x"`)
		if _, err := verify.Artifact(hello, kind.policy(time.Hour), at(t, undated, finished)); verify.CodeOf(err) != kind.undated {
			t.Errorf("%s, undated: %v", kind.name, err)
		}
	}
	// Nothing is asked about the age, so it need not be stated.
	if _, err := verify.Artifact(hello, provenance.SLSA{Builder: builderID, Signers: alice}, at(t, slsaStatement(), finished)); err != nil {
		t.Error(err)
	}
}

func TestSLSAPolicyProblems(t *testing.T) {
	whole := provenance.SLSA{Builder: builderID, Signers: keySet(t, 1, "alice"), SourceURI: "https://example.org/team/hello"}
	for _, test := range []struct {
		name string
		f    func(*provenance.SLSA)
	}{
		{"another predicate type", func(p *provenance.SLSA) { p.PredicateType = "https://slsa.dev/provenance/v0.1" }},
		{"tag without source", func(p *provenance.SLSA) { p.SourceURI, p.SourceTag = "", "v1.0.0" }},
		{"entry point without source", func(p *provenance.SLSA) { p.SourceURI, p.EntryPoint = "", "x" }},
		{"digest without source", func(p *provenance.SLSA) { p.SourceURI, p.SourceDigest = "", digest(t, "gitCommit:"+aCommit) }},
		{"ref and tag", func(p *provenance.SLSA) { p.SourceRef, p.SourceTag = "refs/tags/v1.0.0", "v1.0.0" }},
		{"SHA-1 of bytes", func(p *provenance.SLSA) { p.SourceDigest = digest(t, "sha1:"+aCommit) }},
		{"source with a user", func(p *provenance.SLSA) { p.SourceURI = "https://u@example.org/team/hello" }},
		{"empty demand on dependencies", func(p *provenance.SLSA) { p.Dependencies = []provenance.Dependency{{}} }},
		{"nil verdict", func(p *provenance.SLSA) { p.Dependencies = []provenance.Dependency{{Verdicts: []*verify.Result{nil}}} }},
		{"zero verdict", func(p *provenance.SLSA) { p.Dependencies = []provenance.Dependency{{Verdicts: []*verify.Result{{}}}} }},
	} {
		p := whole
		test.f(&p)
		if code, report := decide(t, p, slsaStatement()); code != provenance.CodePolicy {
			t.Errorf("%s: %q\n%s", test.name, code, report)
		}
	}
}

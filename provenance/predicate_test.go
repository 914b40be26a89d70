// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package provenance_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/provenance"
	"github.com/tallystick/tallystick/verify"
)

// predicate returns a Statement about "hello" with a predicate, with texts replaced.
func predicate(typ, body string, replace ...string) string {
	body = strings.NewReplacer(replace...).Replace(body)
	return fmt.Sprintf(`{"_type": %q, "subject": [{"name": "hello", "digest": {"sha256": %q}}], "predicateType": %q, "predicate": %s}`,
		provenance.StatementV1, sha256Hello, typ, body)
}

// open opens a payload that alice has signed.
func open(t testing.TB, payload string) *provenance.Statement {
	t.Helper()
	s, err := provenance.Open(seal(t, payload, "alice"), keySet(t, 1, "alice"), nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// typed reads the predicate of a Statement with the method for its type.
func typed(s *provenance.Statement) (any, error) {
	switch s.PredicateType() {
	case provenance.SLSAProvenanceV1, provenance.SLSAProvenanceV02:
		return s.Provenance()
	case provenance.VerificationSummaryV1:
		return s.VerificationSummary()
	case provenance.LinkV03, provenance.LinkV02:
		return s.Link()
	case provenance.TestResultV01:
		return s.TestResult()
	case provenance.VulnsV02, provenance.VulnsV01:
		return s.Vulns()
	case provenance.ReleaseV02, provenance.ReleaseV01:
		return s.Release()
	case provenance.SCAIV03, provenance.SCAIV02:
		return s.AttributeReport()
	default:
		return s.Files()
	}
}

// The examples of the specifications parse.
func TestSpecificationExamples(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "spec.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	// These say nothing that the method for their type is about.
	refused := map[string]verify.Code{
		"release-4":   provenance.CodePredicateType, // npm's own type, shown for comparison
		"spdx2-1":     provenance.CodeMalformed,     // an outline without files
		"cyclonedx-1": provenance.CodeMalformed,     // a library and no file
	}
	lines := 0
	for scan := bufio.NewScanner(bytes.NewReader(data)); scan.Scan(); {
		var line struct {
			Example   string
			Statement json.RawMessage
		}
		if err := json.Unmarshal(scan.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		lines++
		_, err := typed(open(t, string(line.Statement)))
		if got := verify.CodeOf(err); got != refused[line.Example] {
			t.Errorf("%s: code %q, want %q: %v", line.Example, got, refused[line.Example], err)
		}
	}
	if lines < 20 {
		t.Errorf("only %d examples", lines)
	}
}

func realData(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "real", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// What real builders write is understood.
func TestRealProvenance(t *testing.T) {
	for _, test := range []struct{ file, builder, buildType, config, dependency, invocation string }{
		{"npm-provenance-v0.2.json", "https://github.com/actions/runner", "https://github.com/npm/cli/gha/v2",
			"git+https://github.com/sigstore/sigstore-js@refs/heads/main", "git+https://github.com/sigstore/sigstore-js@refs/heads/main", "4735384265-1"},
		{"npm-demo-v0.2.json", "https://github.com/npm/slsa-provenance@0.0.1", "https://github.com/npm/slsa-provenance/gha@v0",
			"git+https://github.com/github/slsa-provenance@refs/heads/demo", "git+https://github.com/github/slsa-provenance", "3024091546-4"},
		{"npm-provenance-v1.json", "https://github.com/actions/runner/github-hosted", "https://slsa-framework.github.io/github-actions-buildtypes/workflow/v1",
			"", "git+https://github.com/sigstore/sigstore-js@refs/heads/main", "https://github.com/sigstore/sigstore-js/actions/runs/5904696764/attempts/1"},
		// It spells buildInvocationID.
		{"generator-generic-v0.2.json", "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_generic_slsa3.yml@refs/tags/v1.8.0",
			"https://github.com/slsa-framework/slsa-github-generator/generic@v1", "git+https://github.com/slsa-framework/example-package@refs/tags/v14.2",
			"git+https://github.com/slsa-framework/example-package@refs/tags/v14.2", "5758776304-1"},
		{"generator-delegator-v1.json", "https://github.com/slsa-framework/example-trw/.github/workflows/builder_high-perms_slsa3.yml@refs/tags/v1.9.0",
			"https://github.com/slsa-framework/slsa-github-generator/delegator-generic@v0", "", "git+https://github.com/slsa-framework/example-package@refs/tags/v14",
			"https://github.com/slsa-framework/example-package/actions/runs/5947345503/attempts/1"},
		{"generator-container-v1.json", "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/builder_container-based_slsa3.yml@refs/tags/v2.1.0",
			"https://slsa.dev/container-based-build/v0.1?draft", "", "git+https://github.com/slsa-framework/example-package@refs/tags/v14.2",
			"https://github.com/slsa-framework/example-package/actions/runs/13530999644/attempts/1"},
	} {
		p, err := open(t, realData(t, test.file)).Provenance()
		if err != nil {
			t.Errorf("%s: %v", test.file, err)
			continue
		}
		config := ""
		if p.ConfigSource != nil {
			config = p.ConfigSource.URI
		}
		if p.BuilderID != test.builder || p.BuildType != test.buildType || config != test.config || p.InvocationID != test.invocation ||
			len(p.Dependencies) == 0 || p.Dependencies[0].URI != test.dependency || p.Dependencies[0].Digests.Len() != 1 {
			t.Errorf("%s: %+v", test.file, p)
		}
	}
}

// A VSA as a real verifier has signed it. Its subject is a machine image, which is
// known by a number and not by a digest, so it can cover nothing.
func TestRealVSA(t *testing.T) {
	key, err := provenance.ParseKey([]byte(realData(t, "gce-vsa.pem")))
	if err != nil {
		t.Fatal(err)
	}
	keys, err := provenance.NewKeySet(1, key)
	if err != nil {
		t.Fatal(err)
	}
	s, err := provenance.Open([]byte(realData(t, "gce-vsa.dsse.json")), keys, nil)
	if err != nil {
		t.Fatal(err)
	}
	v, err := s.VerificationSummary()
	if err != nil {
		t.Fatal(err)
	}
	if v.VerifierID != "https://bcid.corp.google.com/verifier/bcid_package_enforcer/v0.1" || v.Result != "PASSED" ||
		!slices.Equal(v.Levels, []string{"BCID_L1", "SLSA_BUILD_LEVEL_2"}) ||
		!v.TimeVerified.Equal(time.Date(2024, 6, 12, 7, 24, 34, 351608000, time.UTC)) ||
		v.ResourceURI != "gce_image://gke-node-images:gke-12615-gke1418000-cos-101-17162-463-29-c-cgpv1-pre" {
		t.Errorf("%+v", v)
	}
}

const (
	slsa02 = `{"builder": {"id": "https://builder.example/v1"}, "buildType": "make",
		"invocation": {"configSource": {"uri": "git+https://example.org/hello@refs/tags/v1.0.0", "digest": {"sha1": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}, "entryPoint": "all"},
			"parameters": {"A": 1}, "environment": {"B": [2]}}, "buildConfig": 7,
		"metadata": {"buildInvocationId": "17", "buildStartedOn": "2026-07-01T10:00:00Z", "buildFinishedOn": "2026-07-01T12:30:00+02:00",
			"completeness": {"parameters": true, "environment": false, "materials": true}, "reproducible": true},
		"materials": [{"uri": "pkg:deb/debian/gcc@12", "digest": {"sha256": "1111111111111111111111111111111111111111111111111111111111111111"}}, {}]}`
	slsa1 = `{"buildDefinition": {"buildType": "make", "externalParameters": {"A": 1}, "internalParameters": {"B": [2]},
			"resolvedDependencies": [{"name": "gcc", "uri": "pkg:deb/debian/gcc@12", "downloadLocation": "https://d.example/", "mediaType": "application/x", "content": "eA==", "annotations": {"x": 1},
				"digest": {"sha256": "1111111111111111111111111111111111111111111111111111111111111111"}}]},
		"runDetails": {"builder": {"id": "https://builder.example/v1", "version": {"a": "1"}, "builderDependencies": [{"uri": "x"}]},
			"metadata": {"invocationId": "17", "startedOn": "2026-07-01T10:00:00Z", "finishedOn": "2026-07-01T10:30:00.5Z"},
			"byproducts": [{"name": "log", "digest": {"sha256": "00"}}]}}`
	vsa = `{"verifier": {"id": "https://verifier.example/", "version": {"tool": "1.2"}}, "timeVerified": "2026-07-01T10:00:00Z", "resourceUri": "pkg:generic/hello@1.0.0",
		"policy": {"uri": "https://verifier.example/policy", "digest": {"sha256": "1111111111111111111111111111111111111111111111111111111111111111"}},
		"inputAttestations": [{"uri": "https://x.example/", "digest": {"sha256": "2222222222222222222222222222222222222222222222222222222222222222"}}],
		"verificationResult": "PASSED", "verifiedLevels": ["SLSA_BUILD_LEVEL_3"], "dependencyLevels": {"SLSA_BUILD_LEVEL_2": 5, "SLSA_BUILD_LEVEL_1": "18"}, "slsaVersion": "1.0"}`
	link = `{"name": "build", "command": ["make", "all"], "materials": [{"name": "hello.c", "digest": {"sha256": "1111111111111111111111111111111111111111111111111111111111111111"}}],
		"byproducts": {"return-value": 0}, "environment": {"PATH": "/bin"}}`
	link02     = `{"name": "build", "command": "make all", "materials": {"hello.c": {"sha256": "1111111111111111111111111111111111111111111111111111111111111111"}}, "byproducts": {"return-value": 0}}`
	testResult = `{"result": "PASSED", "configuration": [{"name": "ci.yml", "digest": {"sha256": "1111111111111111111111111111111111111111111111111111111111111111"}}],
		"url": "https://ci.example/1", "passedTests": ["a", "b"], "warnedTests": [], "failedTests": []}`
	vulns = `{"scanner": {"uri": "pkg:generic/scanner@1", "version": "1", "db": {"uri": "https://db.example", "version": "7", "lastUpdate": "2026-06-30T00:00:00Z"},
			"result": [{"id": "CVE-1", "severity": [{"method": "nvd", "score": "medium"}, {"method": "cvss_score", "score": "5.2"}], "annotations": [{}]}]},
		"metadata": {"scanStartedOn": "2026-07-01T09:00:00Z", "scanFinishedOn": "2026-07-01T10:00:00Z"}}`
	release = `{"purl": "pkg:npm/@scope/name@1.0.0", "packageId": "12"}`
	scai    = `{"attributes": [{"attribute": "REPRODUCIBLE", "target": {"name": "t"}, "conditions": {"flags": "-O2"}, "evidence": {"uri": "https://e.example/"}}], "producer": {"uri": "https://p.example/"}}`
	spdx    = `{"spdxVersion": "SPDX-2.3", "files": [{"fileName": "./a/b.c", "checksums": [{"algorithm": "SHA256", "checksumValue": "1111111111111111111111111111111111111111111111111111111111111111"}, {"algorithm": "ADLER32", "checksumValue": "1"}]},
		{"fileName": "c", "checksums": [{"algorithm": "SHA1", "checksumValue": "2222222222222222222222222222222222222222"}]}], "packages": [{"name": "p"}]}`
	cyclonedx = `{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"type": "library", "name": "lib", "components": [
		{"type": "file", "name": "lib/x.so", "hashes": [{"alg": "SHA-256", "content": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}]}]}, {"type": "library", "name": "y"}]}`
)

func TestProvenance(t *testing.T) {
	ones, _ := hash.ParseDigest("sha256:" + strings.Repeat("1", 64))
	for typ, body := range map[string]string{provenance.SLSAProvenanceV1: slsa1, provenance.SLSAProvenanceV02: slsa02} {
		p, err := open(t, predicate(typ, body)).Provenance()
		if err != nil {
			t.Fatal(err)
		}
		if p.BuilderID != "https://builder.example/v1" || p.BuildType != "make" || p.InvocationID != "17" ||
			string(p.ExternalParameters["A"]) != "1" || string(p.InternalParameters["B"]) != "[2]" {
			t.Errorf("%s: %+v", typ, p)
		}
		if !p.StartedOn.Equal(time.Date(2026, 7, 1, 10, 0, 0, 0, time.UTC)) || p.FinishedOn.Sub(p.StartedOn).Round(time.Second*2) != 30*time.Minute {
			t.Errorf("%s: from %v to %v", typ, p.StartedOn, p.FinishedOn)
		}
		if d, _ := p.Dependencies[0].Digests.Get(hash.SHA256); p.Dependencies[0].URI != "pkg:deb/debian/gcc@12" || d != ones {
			t.Errorf("%s: %+v", typ, p.Dependencies)
		}
	}
	p, _ := open(t, predicate(provenance.SLSAProvenanceV02, slsa02)).Provenance()
	if p.ConfigSource.URI != "git+https://example.org/hello@refs/tags/v1.0.0" || p.ConfigSource.Digests.Len() != 1 || p.EntryPoint != "all" ||
		!p.Complete.Parameters || p.Complete.Environment || !p.Complete.Materials || !p.Reproducible || len(p.Dependencies) != 2 {
		t.Errorf("%+v", p)
	}
	p, _ = open(t, predicate(provenance.SLSAProvenanceV1, slsa1)).Provenance()
	if p.BuilderVersion["a"] != "1" || p.BuilderDependencies[0].URI != "x" || p.Byproducts[0].Name != "log" || p.Byproducts[0].Digests.Len() != 0 ||
		p.ConfigSource != nil || p.Dependencies[0].Name != "gcc" || p.Dependencies[0].DownloadLocation != "https://d.example/" || p.Dependencies[0].MediaType != "application/x" {
		t.Errorf("%+v", p)
	}
	// Optional members may be null.
	p, err := open(t, predicate(provenance.SLSAProvenanceV1, `{"buildDefinition": {"buildType": "x", "externalParameters": null, "resolvedDependencies": null},
		"runDetails": {"builder": {"id": "y", "version": null}, "metadata": null, "byproducts": null}}`)).Provenance()
	if err != nil || p.BuilderID != "y" || p.Dependencies != nil || !p.FinishedOn.IsZero() {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestOtherPredicates(t *testing.T) {
	for _, test := range []struct {
		typ, body string
		good      func(any) bool
	}{
		{provenance.VerificationSummaryV1, vsa, func(v any) bool {
			s := v.(*provenance.VerificationSummary)
			return s.VerifierID == "https://verifier.example/" && s.VerifierVersion["tool"] == "1.2" && s.Policy.URI == "https://verifier.example/policy" &&
				s.Policy.Digests.Len() == 1 && len(s.InputAttestations) == 1 && s.DependencyLevels["SLSA_BUILD_LEVEL_2"] == 5 && s.DependencyLevels["SLSA_BUILD_LEVEL_1"] == 18 && s.SLSAVersion == "1.0"
		}},
		{provenance.LinkV03, link, func(v any) bool {
			l := v.(*provenance.Link)
			return l.Name == "build" && slices.Equal(l.Command, []string{"make", "all"}) && l.Materials[0].Name == "hello.c" && l.Materials[0].Digests.Len() == 1 &&
				string(l.Byproducts["return-value"]) == "0" && string(l.Environment["PATH"]) == `"/bin"`
		}},
		{provenance.LinkV02, link02, func(v any) bool {
			l := v.(*provenance.Link)
			return l.Name == "build" && slices.Equal(l.Command, []string{"make all"}) && l.Materials[0].Name == "hello.c" && l.Materials[0].Digests.Len() == 1
		}},
		{provenance.LinkV02, strings.Replace(link02, `"make all"`, `["make", "all"]`, 1), func(v any) bool {
			return slices.Equal(v.(*provenance.Link).Command, []string{"make", "all"})
		}},
		{provenance.TestResultV01, testResult, func(v any) bool {
			r := v.(*provenance.TestResult)
			return r.Result == "PASSED" && r.Configuration[0].Name == "ci.yml" && r.URL == "https://ci.example/1" && slices.Equal(r.Passed, []string{"a", "b"}) && r.Warned == nil && r.Failed == nil
		}},
		{provenance.VulnsV02, vulns, func(v any) bool {
			r := v.(*provenance.Vulns)
			return r.ScannerURI == "pkg:generic/scanner@1" && r.ScannerVersion == "1" && r.DatabaseURI == "https://db.example" && r.DatabaseVersion == "7" &&
				r.DatabaseUpdated.Month() == time.June && len(r.Found) == 1 && r.Found[0].ID == "CVE-1" && r.Found[0].Severity[1] == provenance.Severity{Method: "cvss_score", Score: "5.2"} &&
				r.FinishedOn.Sub(r.StartedOn) == time.Hour
		}},
		{provenance.VulnsV01, strings.NewReplacer(`{"id"`, `{"vulnerability": {"id"`, `"annotations": [{}]}`, `"annotations": [{}]}}`).Replace(vulns), func(v any) bool {
			r := v.(*provenance.Vulns)
			return len(r.Found) == 1 && r.Found[0].ID == "CVE-1" && len(r.Found[0].Severity) == 2
		}},
		{provenance.ReleaseV01, release, func(v any) bool {
			return *v.(*provenance.Release) == provenance.Release{PURL: "pkg:npm/@scope/name@1.0.0", PackageID: "12"}
		}},
		{provenance.ReleaseV01, `{"purl": "pkg:oci/my-image@sha256%3Afedcba09?repository_url=r.example/a@b&tag=v1", "releaseId": "12"}`, func(v any) bool {
			return v.(*provenance.Release).PackageID == "12"
		}},
		{provenance.SCAIV03, scai, func(v any) bool {
			r := v.(*provenance.AttributeReport)
			a := r.Attributes[0]
			return a.Name == "REPRODUCIBLE" && a.Target.Name == "t" && string(a.Conditions["flags"]) == `"-O2"` && a.Evidence.URI == "https://e.example/" && r.Producer.URI == "https://p.example/"
		}},
		{provenance.SCAIV02, `{"attributes": [{"attribute": "x"}]}`, func(v any) bool {
			r := v.(*provenance.AttributeReport)
			return r.Attributes[0].Target == nil && r.Attributes[0].Evidence == nil && r.Producer == nil
		}},
		{provenance.SPDX, spdx, func(v any) bool {
			m := v.(*hash.Manifest)
			e, ok := m.Lookup("a/b.c")
			return m.Len() == 2 && ok && e.Digests.String() == "sha256:"+strings.Repeat("1", 64)
		}},
		{provenance.CycloneDX + "/v1.6", cyclonedx, func(v any) bool {
			m := v.(*hash.Manifest)
			e, ok := m.Lookup("lib/x.so")
			return m.Len() == 1 && ok && e.Digests.String() == "sha256:"+strings.Repeat("a", 64)
		}},
	} {
		got, err := typed(open(t, predicate(test.typ, test.body)))
		if err != nil || !test.good(got) {
			t.Errorf("%s: %+v, %v", test.typ, got, err)
		}
	}
}

// Each refusal is one change of a predicate that is fine.
func TestPredicateRefusals(t *testing.T) {
	items := func(item string, n int) string { return strings.TrimSuffix(strings.Repeat(item+",", n), ",") }
	for _, test := range []struct {
		name, typ, body string
		from, to        string
		code            verify.Code
	}{
		{"no builder id", provenance.SLSAProvenanceV1, slsa1, `"id": "https://builder.example/v1"`, `"x": 1`, provenance.CodeMalformed},
		{"builder id null", provenance.SLSAProvenanceV1, slsa1, `"https://builder.example/v1"`, `null`, provenance.CodeMalformed},
		{"builder id a number", provenance.SLSAProvenanceV1, slsa1, `"https://builder.example/v1"`, `1`, provenance.CodeMalformed},
		{"no build type", provenance.SLSAProvenanceV1, slsa1, `"buildType": "make",`, ``, provenance.CodeMalformed},
		{"builder id in another case", provenance.SLSAProvenanceV1, slsa1, `"version"`, `"ID": "x", "version"`, provenance.CodeMalformed},
		{"builder id twice", provenance.SLSAProvenanceV1, slsa1, `"buildType": "make",`, `"buildtype": "x", "buildType": "make",`, provenance.CodeMalformed},
		{"invocation id in two spellings", provenance.SLSAProvenanceV1, slsa1, `"invocationId"`, `"invocationID": "x", "invocationId"`, provenance.CodeMalformed},
		{"bad time", provenance.SLSAProvenanceV1, slsa1, `2026-07-01T10:30:00.5Z`, `2026-07-01 10:30`, provenance.CodeMalformed},
		{"time without zone", provenance.SLSAProvenanceV1, slsa1, `10:30:00.5Z`, `10:30:00.5`, provenance.CodeMalformed},
		{"time zero", provenance.SLSAProvenanceV1, slsa1, `2026-07-01T10:30:00.5Z`, `0001-01-01T00:00:00Z`, provenance.CodeMalformed},
		{"dependency null", provenance.SLSAProvenanceV1, slsa1, `[{"name": "gcc"`, `[null, {"name": "gcc"`, provenance.CodeMalformed},
		{"dependencies an object", provenance.SLSAProvenanceV1, slsa1, `"builderDependencies": [{"uri": "x"}]`, `"builderDependencies": {}`, provenance.CodeMalformed},
		{"parameters a list", provenance.SLSAProvenanceV1, slsa1, `{"A": 1}`, `[1]`, provenance.CodeMalformed},
		{"too many dependencies", provenance.SLSAProvenanceV1, slsa1, `[{"uri": "x"}]`, `[` + items("{}", 100_001) + `]`, provenance.CodeLimit},
		{"too many parameters", provenance.SLSAProvenanceV1, slsa1, `{"A": 1}`, `{` + manyMembers(100_001) + `}`, provenance.CodeLimit},
		{"too many digests", provenance.SLSAProvenanceV1, slsa1, `{"uri": "x"}`, `{"digest": {` + manyDigests() + `}}`, provenance.CodeLimit},
		{"predicate null", provenance.SLSAProvenanceV1, slsa1, slsa1, `null`, provenance.CodeMalformed},
		{"0.2: no builder id", provenance.SLSAProvenanceV02, slsa02, `"id"`, `"x"`, provenance.CodeMalformed},
		{"0.2: no build type", provenance.SLSAProvenanceV02, slsa02, `"buildType"`, `"x"`, provenance.CodeMalformed},
		{"0.2: case variant in configSource", provenance.SLSAProvenanceV02, slsa02, `"entryPoint"`, `"URI": "x", "entryPoint"`, provenance.CodeMalformed},
		{"0.2: invocation id in two spellings", provenance.SLSAProvenanceV02, slsa02, `"buildInvocationId"`, `"buildInvocationID": "x", "buildInvocationId"`, provenance.CodeMalformed},
		{"0.2: completeness not a bool", provenance.SLSAProvenanceV02, slsa02, `"parameters": true`, `"parameters": "true"`, provenance.CodeMalformed},

		{"vsa: no verifier", provenance.VerificationSummaryV1, vsa, `"id"`, `"x"`, provenance.CodeMalformed},
		{"vsa: no time", provenance.VerificationSummaryV1, vsa, `"timeVerified"`, `"x"`, provenance.CodeMalformed},
		{"vsa: no resource", provenance.VerificationSummaryV1, vsa, `"resourceUri"`, `"x"`, provenance.CodeMalformed},
		{"vsa: no policy URI", provenance.VerificationSummaryV1, vsa, `{"uri": "https://verifier.example/policy"`, `{"x": ""`, provenance.CodeMalformed},
		{"vsa: policy null", provenance.VerificationSummaryV1, vsa, `"policy":`, `"policy": null, "x":`, provenance.CodeMalformed},
		{"vsa: no result", provenance.VerificationSummaryV1, vsa, `"verificationResult"`, `"x"`, provenance.CodeMalformed},
		{"vsa: result in lower case", provenance.VerificationSummaryV1, vsa, `"PASSED"`, `"passed"`, provenance.CodeMalformed},
		{"vsa: input without digest", provenance.VerificationSummaryV1, vsa, `"inputAttestations": [`, `"inputAttestations": [{"uri": "x"},`, provenance.CodeMalformed},
		{"vsa: level a number", provenance.VerificationSummaryV1, vsa, `["SLSA_BUILD_LEVEL_3"]`, `[3]`, provenance.CodeMalformed},
		{"vsa: negative count", provenance.VerificationSummaryV1, vsa, `: 5`, `: -5`, provenance.CodeMalformed},
		{"vsa: count with a zero before", provenance.VerificationSummaryV1, vsa, `"18"`, `"018"`, provenance.CodeMalformed},
		{"vsa: too many levels", provenance.VerificationSummaryV1, vsa, `["SLSA_BUILD_LEVEL_3"]`, `[` + items(`""`, 100_001) + `]`, provenance.CodeLimit},

		{"link: no name", provenance.LinkV03, link, `"name": "build"`, `"name": ""`, provenance.CodeMalformed},
		{"link: command a text in 0.3", provenance.LinkV03, link, `["make", "all"]`, `"make"`, provenance.CodeMalformed},
		{"link: materials a map in 0.3", provenance.LinkV03, link02, `"make all"`, `[]`, provenance.CodeMalformed},
		{"link: material without name", provenance.LinkV03, link, `{"name": "hello.c"`, `{"x": "hello.c"`, provenance.CodeMalformed},
		{"link: material without digest", provenance.LinkV03, link, `"materials": [`, `"materials": [{"name": "x"},`, provenance.CodeMalformed},
		{"link: two materials with one name", provenance.LinkV03, link, `"materials": [`, `"materials": [{"name": "hello.c", "digest": {"x": ""}},`, provenance.CodeMalformed},
		{"link: materials a list in 0.2", provenance.LinkV02, link, `["make", "all"]`, `"make"`, provenance.CodeMalformed},

		{"test: no result", provenance.TestResultV01, testResult, `"result"`, `"x"`, provenance.CodeMalformed},
		{"test: unknown result", provenance.TestResultV01, testResult, `"PASSED"`, `"PASS"`, provenance.CodeMalformed},
		{"test: no configuration", provenance.TestResultV01, testResult, `"configuration"`, `"x"`, provenance.CodeMalformed},

		{"vulns: no scanner", provenance.VulnsV02, vulns, `"uri": "pkg:generic/scanner@1"`, `"x": ""`, provenance.CodeMalformed},
		{"vulns: no result", provenance.VulnsV02, vulns, `"result"`, `"x"`, provenance.CodeMalformed},
		{"vulns: result null", provenance.VulnsV02, vulns, `"result": [`, `"result": null, "x": [`, provenance.CodeMalformed},
		{"vulns: no end", provenance.VulnsV02, vulns, `"scanFinishedOn"`, `"x"`, provenance.CodeMalformed},
		{"vulns: no id", provenance.VulnsV02, vulns, `"id"`, `"x"`, provenance.CodeMalformed},
		{"vulns: nested in 0.2", provenance.VulnsV02, vulns, `{"id"`, `{"vulnerability": {"id": "CVE-1"}, "x"`, provenance.CodeMalformed},
		{"vulns: two ids in 0.1", provenance.VulnsV01, vulns, `{"id"`, `{"vulnerability": {"id": "CVE-0"}, "id"`, provenance.CodeMalformed},
		{"vulns: severity a text", provenance.VulnsV02, vulns, `{"method": "nvd", "score": "medium"}`, `"medium"`, provenance.CodeMalformed},
		{"vulns: vulnerability null", provenance.VulnsV02, vulns, `[{"id"`, `[null, {"id"`, provenance.CodeMalformed},

		{"release: no purl", provenance.ReleaseV01, release, `"purl"`, `"x"`, provenance.CodeMalformed},
		{"release: no version", provenance.ReleaseV01, release, `name@1.0.0`, `name`, provenance.CodeMalformed},
		{"release: empty version", provenance.ReleaseV01, release, `name@1.0.0`, `name@`, provenance.CodeMalformed},
		{"release: version in a qualifier", provenance.ReleaseV01, release, `name@1.0.0`, `name?x=/y@1`, provenance.CodeMalformed},
		{"release: no purl scheme", provenance.ReleaseV01, release, `pkg:npm`, `npm`, provenance.CodeMalformed},
		{"release: two ids", provenance.ReleaseV01, release, `"packageId"`, `"releaseId": "1", "packageId"`, provenance.CodeMalformed},

		{"scai: no attribute", provenance.SCAIV03, scai, `"attribute":`, `"x":`, provenance.CodeMalformed},
		{"scai: no attributes", provenance.SCAIV03, scai, scai, `{"attributes": []}`, provenance.CodeMalformed},
		{"scai: evidence a text", provenance.SCAIV03, scai, `{"uri": "https://e.example/"}`, `"x"`, provenance.CodeMalformed},

		{"spdx: no version", provenance.SPDX, spdx, `"spdxVersion"`, `"x"`, provenance.CodeMalformed},
		{"spdx: no files", provenance.SPDX, spdx, `"files"`, `"x"`, provenance.CodeMalformed},
		{"spdx: no name", provenance.SPDX, spdx, `"fileName": "c"`, `"x": "c"`, provenance.CodeMalformed},
		{"spdx: no digest that is known", provenance.SPDX, spdx, `"SHA1"`, `"MD6"`, provenance.CodeMalformed},
		{"spdx: cut digest", provenance.SPDX, spdx, `22"`, `2"`, provenance.CodeMalformed},
		{"spdx: upper case", provenance.SPDX, spdx, `"2222`, `"AA22`, provenance.CodeMalformed},
		{"spdx: algorithm twice", provenance.SPDX, spdx, `"ADLER32", "checksumValue": "1"`, `"SHA256", "checksumValue": "` + strings.Repeat("2", 64) + `"`, provenance.CodeMalformed},
		{"spdx: two files with one name", provenance.SPDX, spdx, `"c"`, `"./a/b.c"`, provenance.CodeMalformed},
		{"cyclonedx: no format", provenance.CycloneDX, cyclonedx, `"bomFormat"`, `"x"`, provenance.CodeMalformed},
		{"cyclonedx: no file", provenance.CycloneDX, cyclonedx, `"type": "file"`, `"type": "data"`, provenance.CodeMalformed},
		{"cyclonedx: no digest", provenance.CycloneDX, cyclonedx, `"hashes"`, `"x"`, provenance.CodeMalformed},
		{"cyclonedx: too deep", provenance.CycloneDX, cyclonedx, `"components": [`, strings.Repeat(`"components": [{`, 16) + `"components": [`, provenance.CodeLimit},
	} {
		t.Run(test.name, func(t *testing.T) {
			body := strings.Replace(test.body, test.from, test.to, 1)
			if body == test.body {
				t.Fatal("nothing replaced")
			}
			if test.name == "cyclonedx: too deep" {
				body = strings.TrimSuffix(body, "]}") + "]" + strings.Repeat("}]", 16) + "}"
			}
			got, err := typed(open(t, predicate(test.typ, body)))
			if code := verify.CodeOf(err); code != test.code {
				t.Errorf("code %q, want %q: %v, %v", code, test.code, got, err)
			}
			if _, ok := errors.AsType[*verify.Error](err); !ok {
				t.Errorf("not a *verify.Error: %T", err)
			}
		})
	}
	for _, subjects := range []string{
		`{"digest": {"sha256": "` + sha256Hello + `"}}`,
		`{"name": "a", "digest": {"sha256": "` + sha256Hello + `"}}, {"name": "a", "digest": {"sha512": "00"}}`,
	} {
		payload := strings.Replace(predicate(provenance.LinkV03, link), `{"name": "hello", "digest": {"sha256": "`+sha256Hello+`"}}`, subjects, 1)
		if _, err := open(t, payload).Link(); !errors.Is(err, provenance.CodeMalformed) {
			t.Errorf("link with products %s: %v", subjects, err)
		}
	}
}

func manyMembers(n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `"%d":0`, i)
	}
	return b.String()
}

// A method for another type than the predicate's gives nothing.
func TestPredicateOfAnotherType(t *testing.T) {
	s := open(t, predicate("https://example.org/other/v1", `{}`))
	_, err1 := s.Provenance()
	_, err2 := s.VerificationSummary()
	_, err3 := s.Link()
	_, err4 := s.TestResult()
	_, err5 := s.Vulns()
	_, err6 := s.Release()
	_, err7 := s.AttributeReport()
	_, err8 := s.Files()
	for i, err := range []error{err1, err2, err3, err4, err5, err6, err7, err8} {
		if !errors.Is(err, provenance.CodePredicateType) {
			t.Errorf("method %d: %v", i+1, err)
		}
	}
}

// What a predicate hands out is the caller's to change.
func TestPredicateIsACopy(t *testing.T) {
	s := open(t, predicate(provenance.SLSAProvenanceV1, slsa1))
	p, err := s.Provenance()
	if err != nil {
		t.Fatal(err)
	}
	_ = append(p.ExternalParameters["A"], "EVIL"...)
	copy(p.ExternalParameters["A"], "9")
	copy(p.InternalParameters["B"], "{9}")
	again, err := s.Provenance()
	if err != nil || string(again.ExternalParameters["A"]) != "1" || string(again.InternalParameters["B"]) != "[2]" {
		t.Errorf("altered: %+v, %v", again, err)
	}
}

// One fuzz target for each predicate type, over the bytes of the predicate.
func fuzzPredicate(f *testing.F, types []string, seeds ...string) {
	keys := keySet(f, 1, "alice")
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, typ := range types {
			s, err := provenance.Open(seal(t, predicate(typ, string(body)), "alice"), keys, &provenance.Options{Limits: provenance.Limits{Bytes: 1 << 16}})
			if err != nil {
				continue
			}
			got, err := typed(s)
			if e, ok := errors.AsType[*verify.Error](err); err != nil && (!ok || e.Code == "") {
				t.Fatalf("%s: error without a code: %v", typ, err)
			}
			if err != nil {
				continue
			}
			// What parses has what must be there.
			whole := true
			switch p := got.(type) {
			case *provenance.Provenance:
				whole = p.BuilderID != "" && p.BuildType != ""
			case *provenance.VerificationSummary:
				whole = p.VerifierID != "" && !p.TimeVerified.IsZero() && p.ResourceURI != "" && p.Policy.URI != "" && (p.Result == "PASSED" || p.Result == "FAILED")
			case *provenance.Link:
				whole = p.Name != ""
				for _, m := range p.Materials {
					whole = whole && m.Name != ""
				}
			case *provenance.TestResult:
				whole = p.Result != ""
			case *provenance.Vulns:
				whole = p.ScannerURI != "" && !p.FinishedOn.IsZero()
				for _, v := range p.Found {
					whole = whole && v.ID != ""
				}
			case *provenance.Release:
				whole = strings.HasPrefix(p.PURL, "pkg:")
			case *provenance.AttributeReport:
				whole = len(p.Attributes) > 0
			case *hash.Manifest:
				whole = p.Len() > 0
			}
			if !whole {
				t.Fatalf("%s: not whole: %+v", typ, got)
			}
		}
	})
}

func FuzzProvenance(f *testing.F) {
	fuzzPredicate(f, []string{provenance.SLSAProvenanceV1, provenance.SLSAProvenanceV02}, slsa1, slsa02)
}
func FuzzVerificationSummary(f *testing.F) {
	fuzzPredicate(f, []string{provenance.VerificationSummaryV1}, vsa)
}
func FuzzLink(f *testing.F) {
	fuzzPredicate(f, []string{provenance.LinkV03, provenance.LinkV02}, link, link02)
}
func FuzzTestResult(f *testing.F) { fuzzPredicate(f, []string{provenance.TestResultV01}, testResult) }
func FuzzVulns(f *testing.F) {
	fuzzPredicate(f, []string{provenance.VulnsV02, provenance.VulnsV01}, vulns)
}
func FuzzRelease(f *testing.F)         { fuzzPredicate(f, []string{provenance.ReleaseV01}, release) }
func FuzzAttributeReport(f *testing.F) { fuzzPredicate(f, []string{provenance.SCAIV03}, scai) }
func FuzzFiles(f *testing.F) {
	fuzzPredicate(f, []string{provenance.SPDX, provenance.CycloneDX}, spdx, cyclonedx)
}

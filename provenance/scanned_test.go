// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package provenance_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tallystick/tallystick/provenance"
	"github.com/tallystick/tallystick/verify"
	"github.com/tallystick/tallystick/verify/verifytest"
)

// clean is a scan that found nothing.
const clean = `{"scanner": {"uri": "pkg:generic/scanner@1", "db": {"lastUpdate": "2026-06-30T00:00:00Z"}, "result": []},
	"metadata": {"scanStartedOn": "2026-07-01T09:00:00Z", "scanFinishedOn": "2026-07-01T10:00:00Z"}}`

func TestScanned(t *testing.T) {
	now := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	hello := verifytest.Artifact(t, "hello", "hello")
	whole := provenance.Scanned{Scanner: "pkg:generic/scanner@1", Signers: keySet(t, 1, "alice"), MaxAge: 24 * time.Hour}
	below := func(method, score string) provenance.Scanned {
		p := whole
		p.Below = provenance.Severity{Method: method, Score: score}
		return p
	}
	with := func(f func(*provenance.Scanned)) provenance.Scanned {
		p := whole
		f(&p)
		return p
	}
	found := func(severities ...string) string {
		return replaced(t, clean, `"result": []`, fmt.Sprintf(`"result": [{"id": "CVE-1", "severity": [%s]}]`, strings.Join(severities, ",")))
	}
	const nvd, high, cvss = `{"method": "nvd", "score": "medium"}`, `{"method": "nvd", "score": "HIGH"}`, `{"method": "cvss_score", "score": "5.2"}`
	for _, test := range []struct {
		name   string
		policy provenance.Scanned
		body   string
		code   verify.Code
	}{
		{"nothing found", whole, clean, ""},
		{"nothing found, a limit set", below("nvd", "high"), clean, ""},
		{"young database", with(func(p *provenance.Scanned) { p.MaxDatabaseAge = 48 * time.Hour }), clean, ""},
		{"below a word", below("nvd", "high"), found(nvd, cvss), ""},
		{"below a word in another case", below("nvd", "Critical"), found(high), ""},
		{"below a number", below("cvss_score", "7.0"), found(nvd, cvss), ""},
		{"below a number of two digits", below("cvss_score", "10"), found(cvss), ""},

		{"found, none tolerated", whole, found(nvd), provenance.CodeVulnerability},
		{"found without severity", whole, found(), provenance.CodeVulnerability},
		{"at the word", below("nvd", "medium"), found(nvd), provenance.CodeVulnerability},
		{"above the word", below("nvd", "medium"), found(high), provenance.CodeVulnerability},
		{"at the number", below("cvss_score", "5.2"), found(cvss), provenance.CodeVulnerability},
		{"a number as text would be below", below("cvss_score", "7"), found(`{"method": "cvss_score", "score": "10.0"}`), provenance.CodeVulnerability},
		{"no score by the method", below("cvss_score", "7.0"), found(nvd), provenance.CodeVulnerability},
		{"method in another case", below("NVD", "high"), found(nvd), provenance.CodeVulnerability},
		{"no severity", below("nvd", "high"), found(), provenance.CodeVulnerability},
		{"a word where numbers are compared", below("nvd", "7.0"), found(nvd), provenance.CodeVulnerability},
		{"a number where words are compared", below("cvss_score", "high"), found(cvss), provenance.CodeVulnerability},
		{"unknown word", below("nvd", "high"), found(`{"method": "nvd", "score": "unknown"}`), provenance.CodeVulnerability},
		{"empty score", below("nvd", "high"), found(`{"method": "nvd", "score": ""}`), provenance.CodeVulnerability},
		{"infinite score", below("x", "7.0"), found(`{"method": "x", "score": "-Inf"}`), provenance.CodeVulnerability},
		{"negative score", below("x", "7.0"), found(`{"method": "x", "score": "-1"}`), provenance.CodeVulnerability},
		{"two scores by the method, one too high", below("nvd", "high"), found(nvd, high), provenance.CodeVulnerability},
		{"one bad among good", below("nvd", "high"), replaced(t, found(nvd), `"result": [`, `"result": [{"id": "CVE-2", "severity": [`+high+`]},`), provenance.CodeVulnerability},
		{"another scanner", whole, replaced(t, clean, "scanner@1", "scanner@2"), provenance.CodeScanner},
		{"old database", with(func(p *provenance.Scanned) { p.MaxDatabaseAge = time.Hour }), clean, provenance.CodeAge},
		{"not signed by the scanner", with(func(p *provenance.Scanned) { p.Signers = keySet(t, 1, "bob") }), clean, provenance.CodeSigner},
		{"malformed", whole, replaced(t, clean, `"result"`, `"x"`), provenance.CodeMalformed},

		{"no scanner", with(func(p *provenance.Scanned) { p.Scanner = "" }), clean, provenance.CodePolicy},
		{"no signers", with(func(p *provenance.Scanned) { p.Signers = nil }), clean, provenance.CodePolicy},
		{"no age", with(func(p *provenance.Scanned) { p.MaxAge = 0 }), clean, provenance.CodePolicy},
		{"negative age of the database", with(func(p *provenance.Scanned) { p.MaxDatabaseAge = -1 }), clean, provenance.CodePolicy},
		{"score without method", below("", "high"), clean, provenance.CodePolicy},
		{"method without score", below("nvd", ""), clean, provenance.CodePolicy},
		{"score that is none", below("nvd", "bad"), clean, provenance.CodePolicy},
		{"exponent", below("nvd", "1e1"), clean, provenance.CodePolicy},
		{"two dots", below("nvd", "1.2.3"), clean, provenance.CodePolicy},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, typ := range []string{provenance.VulnsV02, provenance.VulnsV01} {
				s := at(t, predicate(typ, test.body), now)
				_, err := verify.Artifact(hello, test.policy, s)
				if got := verify.CodeOf(err); got != test.code {
					t.Errorf("code %q, want %q: %v", got, test.code, err)
				}
				if err == nil {
					verifytest.TestPolicy(t, test.policy, hello, s)
				}
			}
		})
	}
}

// An older scan does not count beside a later one that has found something, whatever
// their order.
func TestLastScanCounts(t *testing.T) {
	now := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	hello := verifytest.Artifact(t, "hello", "hello")
	p := provenance.Scanned{Scanner: "pkg:generic/scanner@1", Signers: keySet(t, 1, "alice"), MaxAge: 24 * time.Hour,
		Below: provenance.Severity{Method: "nvd", Score: "high"}}
	finished := func(body, hour string) string {
		return replaced(t, body, `"scanFinishedOn": "2026-07-01T10`, `"scanFinishedOn": "2026-07-01T`+hour)
	}
	found := func(severity string) string {
		return replaced(t, clean, `"result": []`, `"result": [{"id": "CVE-1", "severity": [{"method": "nvd", "score": "`+severity+`"}]}]`)
	}
	payload := func(body string) string { return predicate(provenance.VulnsV02, body) }
	elsewhere := strings.ReplaceAll(payload(finished(found("high"), "11")), sha256Hello, strings.Repeat("1", 64))
	for _, test := range []struct {
		name, other string
		code        verify.Code
	}{
		{"earlier", payload(finished(found("high"), "09")), ""},
		{"tolerated", payload(finished(found("low"), "11")), ""},
		{"by another scanner", payload(replaced(t, finished(found("high"), "11"), "scanner@1", "scanner@2")), ""},
		{"of another type", predicate("https://example.org/vulns", finished(found("high"), "11")), ""},
		{"of another file", strings.Replace(elsewhere, `"hello"`, `"other"`, 1), ""},

		{"later", payload(finished(found("high"), "11")), provenance.CodeAge},
		{"at the same time", payload(found("critical")), provenance.CodeAge},
		{"later, in an older version of the type", predicate(provenance.VulnsV01, finished(found("high"), "11")), provenance.CodeAge},
		{"from the future", payload(finished(found("high"), "23")), provenance.CodeAge},
	} {
		good, other := at(t, payload(clean), now), at(t, test.other, now)
		for _, policy := range []provenance.Policy{p, &p, provenance.Named(p)} {
			for _, claims := range [][]verify.Claim{{good, other}, {other, good}} {
				_, err := verify.Artifact(hello, policy, claims...)
				rejected, _ := errors.AsType[*verify.RejectedError](err)
				if got := err == nil; got != (test.code == "") || !got && !slices.Contains(rejected.Report.Codes, test.code) {
					t.Errorf("%s, %T: %v, want %q", test.name, policy, err, test.code)
				}
			}
		}
	}

	// The order of two later ones makes no difference either.
	good, other := at(t, payload(clean), now), at(t, payload(finished(found("high"), "11")), now)
	for _, claims := range [][]verify.Claim{{at(t, payload(finished(found("high"), "09")), now), other, good}, {other, at(t, payload(finished(found("high"), "09")), now), good}} {
		if _, err := verify.Artifact(hello, p, claims...); err == nil {
			t.Error("accepted beside an earlier and a later scan that found something")
		}
	}

	// What nobody of the signers says takes nothing back.
	both := keySet(t, 1, "alice", "mallory")
	mine, err := provenance.Open(seal(t, payload(clean), "alice"), both, &provenance.Options{Time: now})
	if err != nil {
		t.Fatal(err)
	}
	forged, err := provenance.Open(seal(t, payload(finished(found("high"), "11")), "mallory"), both, &provenance.Options{Time: now})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := verify.Artifact(hello, p, mine, forged); err != nil {
		t.Error(err)
	}
}

func TestTested(t *testing.T) {
	ones := digest(t, "sha256:"+strings.Repeat("1", 64))
	whole := provenance.Tested{Signers: keySet(t, 1, "alice"), Tests: []string{"a", "b"}, Configuration: ones}
	with := func(f func(*provenance.Tested)) provenance.Tested {
		p := whole
		f(&p)
		return p
	}
	warnings := with(func(p *provenance.Tested) { p.Warnings = true })
	warned := replaced(t, replaced(t, testResult, "PASSED", "WARNED"), `["a", "b"], "warnedTests": []`, `["a"], "warnedTests": ["b"]`)
	for _, test := range []struct {
		name   string
		policy provenance.Tested
		body   string
		code   verify.Code
	}{
		{"whole policy", whole, testResult, ""},
		{"signers only", provenance.Tested{Signers: whole.Signers}, testResult, ""},
		{"warnings allowed", warnings, warned, ""},
		{"warnings allowed, none there", warnings, testResult, ""},

		{"FAILED", whole, replaced(t, testResult, "PASSED", "FAILED"), provenance.CodeTest},
		{"WARNED", whole, warned, provenance.CodeTest},
		{"PASSED with a failed test", whole, replaced(t, testResult, `"failedTests": []`, `"failedTests": ["c"]`), provenance.CodeTest},
		{"PASSED with a warned test", whole, replaced(t, testResult, `"warnedTests": []`, `"warnedTests": ["c"]`), provenance.CodeTest},
		{"FAILED with warnings allowed", warnings, replaced(t, testResult, "PASSED", "FAILED"), provenance.CodeTest},
		{"a test that did not run", with(func(p *provenance.Tested) { p.Tests = []string{"a", "c"} }), testResult, provenance.CodeTest},
		{"name of a test in another case", with(func(p *provenance.Tested) { p.Tests = []string{"A"} }), testResult, provenance.CodeTest},
		{"another configuration", whole, replaced(t, testResult, strings.Repeat("1", 64), strings.Repeat("2", 64)), provenance.CodeTest},
		{"no configuration", whole, replaced(t, testResult, `"configuration": [{`, `"configuration": [], "x": [{`), provenance.CodeTest},
		{"malformed digest of the configuration", whole, replaced(t, testResult, `{"sha256": "1`, `{"sha512": "", "sha256": "1`), provenance.CodeTest},
		{"not signed by the tester", with(func(p *provenance.Tested) { p.Signers = keySet(t, 1, "bob") }), testResult, provenance.CodeSigner},
		{"malformed", whole, replaced(t, testResult, `"result"`, `"x"`), provenance.CodeMalformed},

		{"no signers", with(func(p *provenance.Tested) { p.Signers = nil }), testResult, provenance.CodePolicy},
		{"empty name of a test", with(func(p *provenance.Tested) { p.Tests = []string{""} }), testResult, provenance.CodePolicy},
		{"SHA-1 of the configuration", with(func(p *provenance.Tested) { p.Configuration = digest(t, "sha1:"+aCommit) }), testResult, provenance.CodePolicy},
	} {
		t.Run(test.name, func(t *testing.T) {
			if code, report := decide(t, test.policy, predicate(provenance.TestResultV01, test.body)); code != test.code {
				t.Errorf("code %q, want %q\n%s", code, test.code, report)
			}
		})
	}
	if code, _ := decide(t, whole, predicate("https://in-toto.io/attestation/test-result/v0.2", testResult)); code != provenance.CodeTest {
		t.Errorf("another type: %q", code)
	}
}

func TestAttested(t *testing.T) {
	const typ = "https://example.org/review/v1"
	alice := keySet(t, 1, "alice")
	errCoded := &verify.Error{Code: "example/review", What: "review"}
	for _, test := range []struct {
		name   string
		policy provenance.Attested
		code   verify.Code
	}{
		{"type and signers", provenance.Attested{PredicateType: typ, Signers: alice}, ""},
		{"accepted by the caller", provenance.Attested{PredicateType: typ, Signers: alice, Accept: func(s *provenance.Statement) error {
			if string(s.Predicate()) != `{"ok":true}` {
				return errors.New("not ok")
			}
			return nil
		}}, ""},
		{"refused by the caller", provenance.Attested{PredicateType: typ, Signers: alice, Accept: func(*provenance.Statement) error { return errors.New("no") }}, provenance.CodePredicate},
		{"refused with a code", provenance.Attested{PredicateType: typ, Signers: alice, Accept: func(*provenance.Statement) error { return errCoded }}, "example/review"},
		{"another type", provenance.Attested{PredicateType: typ + "0", Signers: alice}, provenance.CodeAttested},
		{"another signer", provenance.Attested{PredicateType: typ, Signers: keySet(t, 1, "bob")}, provenance.CodeSigner},
		{"the caller is not asked about what others signed", provenance.Attested{PredicateType: typ, Signers: keySet(t, 1, "bob"), Accept: func(*provenance.Statement) error { return errCoded }}, provenance.CodeSigner},
		{"no type", provenance.Attested{Signers: alice}, provenance.CodePolicy},
		{"no signers", provenance.Attested{PredicateType: typ}, provenance.CodePolicy},
	} {
		t.Run(test.name, func(t *testing.T) {
			if code, report := decide(t, test.policy, predicate(typ, `{"ok":true}`)); code != test.code {
				t.Errorf("code %q, want %q\n%s", code, test.code, report)
			}
		})
	}
}

func TestNamed(t *testing.T) {
	p := provenance.Attested{PredicateType: "https://example.org/test/v1", Signers: keySet(t, 1, "alice")}
	for _, test := range []struct {
		name, subjects string
		policy         provenance.Policy
		code           verify.Code
	}{
		{"its name", `{"name": "hello", "digest": {"sha256": "` + sha256Hello + `"}}`, provenance.Named(p), ""},
		{"one of two names", `{"name": "x", "digest": {"sha256": "` + sha256Hello + `"}}, {"name": "hello", "digest": {"sha256": "` + sha256Hello + `"}}`, provenance.Named(p), ""},
		{"another name, not asked", `{"name": "x", "digest": {"sha256": "` + sha256Hello + `"}}`, p, ""},
		{"another name", `{"name": "x", "digest": {"sha256": "` + sha256Hello + `"}}`, provenance.Named(p), provenance.CodeSubject},
		{"a path that ends in it", `{"name": "./hello", "digest": {"sha256": "` + sha256Hello + `"}}`, provenance.Named(p), provenance.CodeSubject},
		{"no name", `{"digest": {"sha256": "` + sha256Hello + `"}}`, provenance.Named(p), provenance.CodeSubject},
		{"the name of another subject", `{"name": "x", "digest": {"sha256": "` + sha256Hello + `"}}, {"name": "hello", "digest": {"gost": "1"}}`, provenance.Named(p), provenance.CodeSubject},
		{"the policy below", `{"name": "hello", "digest": {"sha256": "` + sha256Hello + `"}}`, provenance.Named(provenance.Attested{PredicateType: p.PredicateType, Signers: keySet(t, 1, "bob")}), provenance.CodeSigner},
		{"no policy", `{"name": "hello", "digest": {"sha256": "` + sha256Hello + `"}}`, provenance.Named(nil), provenance.CodePolicy},
	} {
		payload := statement(`{"name": "hello", "digest": {"sha256": "`+sha256Hello+`"}}`, test.subjects)
		code, report := decide(t, test.policy, payload)
		if code != test.code {
			t.Errorf("%s: code %q, want %q\n%s", test.name, code, test.code, report)
		}
		if code == "" && !strings.Contains(report.String(), "subject") {
			t.Errorf("%s: the matched subject is not in the report:\n%s", test.name, report)
		}
	}
}

// Every attestation that was refused is in the report with its reason, also when
// another satisfies the policy.
func TestRefusedAreListed(t *testing.T) {
	p := provenance.SLSA{Builder: builderID, Signers: keySet(t, 1, "alice"), BuildType: "https://builder.example/make"}
	bad1, bad2 := slsaStatement("builder.example/make", "builder.example/sh"), slsaStatement(builderID, "https://other.example/")
	code, report := decide(t, p, bad1, bad2, slsaStatement())
	text := report.String()
	if code != "" || !strings.Contains(text, "builder.example/sh") || !strings.Contains(text, "other.example") {
		t.Errorf("code %q:\n%s", code, text)
	}
	code, report = decide(t, p, bad1, bad2)
	text = report.String()
	if code != provenance.CodeBuildType || !strings.Contains(text, "builder.example/sh") || !strings.Contains(text, "other.example") {
		t.Errorf("code %q:\n%s", code, text)
	}
}

// A verdict rests on those whom the policy binds, not on everybody who signed.
func TestPolicyRestsOnItsSigners(t *testing.T) {
	s, err := provenance.Open(seal(t, statement(), "alice", "bob"), keySet(t, 2, "alice", "bob"), nil)
	if err != nil {
		t.Fatal(err)
	}
	p := provenance.Attested{PredicateType: "https://example.org/test/v1", Signers: keySet(t, 1, "alice")}
	check := p.Evaluate(verifytest.Artifact(t, "hello", "hello"), []verify.Claim{s})
	if check.Status != verify.Pass || len(check.Issuers) != 1 || check.Issuers[0].Name != "alice" {
		t.Errorf("%v rests on %v", check.Status, check.Issuers)
	}
}

// Only what is weak is called so.
func TestStrongDigestIsNotCalledWeak(t *testing.T) {
	p := provenance.Tested{Signers: keySet(t, 1, "alice"), Configuration: digest(t, "sha256:"+strings.Repeat("1", 64))}
	code, report := decide(t, p, predicate(provenance.TestResultV01, testResult))
	if code != "" || strings.Contains(report.String(), "weak") {
		t.Errorf("%q\n%s", code, report)
	}
	p.Configuration = digest(t, "gitBlob:"+aCommit)
	code, report = decide(t, p, predicate(provenance.TestResultV01, replaced(t, testResult, `"sha256": "`+strings.Repeat("1", 64), `"gitBlob": "`+aCommit)))
	if code != "" || !strings.Contains(report.String(), "weak") {
		t.Errorf("%q\n%s", code, report)
	}
}

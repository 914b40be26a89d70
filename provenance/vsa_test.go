// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package provenance_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/tallystick/tallystick/provenance"
	"github.com/tallystick/tallystick/verify"
	"github.com/tallystick/tallystick/verify/verifytest"
)

func TestVSA(t *testing.T) {
	whole := provenance.VSA{
		Verifier: "https://verifier.example/", Signers: keySet(t, 1, "alice"), ResourceURI: "pkg:generic/hello@1.0.0",
		Levels: []string{"SLSA_BUILD_LEVEL_2"}, PolicyURI: "https://verifier.example/policy", PolicyDigest: digest(t, "sha256:"+strings.Repeat("1", 64)),
	}
	with := func(f func(*provenance.VSA)) provenance.VSA {
		p := whole
		f(&p)
		return p
	}
	levels := func(list ...string) provenance.VSA { return with(func(p *provenance.VSA) { p.Levels = list }) }
	const have = `["SLSA_BUILD_LEVEL_3"]`
	for _, test := range []struct {
		name     string
		policy   provenance.VSA
		from, to string
		code     verify.Code
	}{
		{"whole policy", whole, "", "", ""},
		{"the very level", levels("SLSA_BUILD_LEVEL_3"), "", "", ""},
		{"no digest of the policy asked for", with(func(p *provenance.VSA) { p.PolicyDigest = whole.PolicyDigest; p.Levels = nil }), "", "", ""},
		{"level only", provenance.VSA{Verifier: whole.Verifier, Signers: whole.Signers, ResourceURI: whole.ResourceURI, Levels: whole.Levels}, "", "", ""},
		{"another track beside", whole, have, `["SLSA_BUILD_LEVEL_3", "SLSA_SOURCE_LEVEL_1", "REVIEWED"]`, ""},
		{"levels of two tracks and one of their own", levels("SLSA_SOURCE_LEVEL_1", "REVIEWED", "SLSA_BUILD_LEVEL_1"), have, `["SLSA_BUILD_LEVEL_3", "SLSA_SOURCE_LEVEL_1", "REVIEWED"]`, ""},

		{"FAILED", whole, "PASSED", "FAILED", provenance.CodeVerified},
		{"FAILED as a level", whole, have, `["SLSA_BUILD_LEVEL_3", "FAILED"]`, provenance.CodeLevel},
		{"UNEVALUATED", whole, have, `["SLSA_BUILD_LEVEL_UNEVALUATED"]`, provenance.CodeLevel},
		{"UNEVALUATED beside", whole, have, `["SLSA_BUILD_LEVEL_3", "SLSA_SOURCE_LEVEL_UNEVALUATED"]`, provenance.CodeLevel},
		{"unevaluated in lower case", whole, have, `["SLSA_BUILD_LEVEL_3", "x_unevaluated"]`, provenance.CodeLevel},
		{"UNEVALUATED where only the policy is asked for", with(func(p *provenance.VSA) { p.Levels = nil }), have, `["SLSA_BUILD_LEVEL_UNEVALUATED"]`, provenance.CodeLevel},
		{"lower level", whole, have, `["SLSA_BUILD_LEVEL_1"]`, provenance.CodeLevel},
		{"higher level in another track", whole, have, `["SLSA_SOURCE_LEVEL_3"]`, provenance.CodeLevel},
		{"two levels of one track", whole, have, `["SLSA_BUILD_LEVEL_3", "SLSA_BUILD_LEVEL_1"]`, provenance.CodeLevel},
		{"no level", whole, have, `[]`, provenance.CodeLevel},
		{"levels absent", whole, `"verifiedLevels"`, `"x"`, provenance.CodeLevel},
		{"level of two digits", whole, have, `["SLSA_BUILD_LEVEL_10"]`, provenance.CodeLevel},
		{"level with a sign", whole, have, `["SLSA_BUILD_LEVEL_+3"]`, provenance.CodeLevel},
		{"level in lower case", whole, have, `["slsa_build_level_3"]`, provenance.CodeLevel},
		{"level of another's own track", levels("BCID_LEVEL_2"), have, `["BCID_LEVEL_3"]`, provenance.CodeLevel},
		{"one of two levels", levels("SLSA_BUILD_LEVEL_2", "REVIEWED"), "", "", provenance.CodeLevel},
		{"another verifier", whole, `"id": "https://verifier.example/"`, `"id": "https://verifier.example/x"`, provenance.CodeVerifier},
		{"another resource", whole, "pkg:generic/hello@1.0.0", "pkg:generic/hello@1.0.1", provenance.CodeVerified},
		{"another policy", whole, `"https://verifier.example/policy"`, `"https://verifier.example/policy2"`, provenance.CodeVerified},
		{"another version of the policy", whole, strings.Repeat("1", 64), strings.Repeat("2", 64), provenance.CodeVerified},
		{"no digest of the policy", whole, `"policy": {"uri": "https://verifier.example/policy", "digest"`, `"policy": {"uri": "https://verifier.example/policy", "x"`, provenance.CodeVerified},
		{"malformed digest of the policy", whole, `"digest": {"sha256": "1`, `"digest": {"sha512": "00", "sha256": "1`, provenance.CodeVerified},
		{"not the verifier's key", with(func(p *provenance.VSA) { p.Signers = keySet(t, 1, "bob") }), "", "", provenance.CodeSigner},
		{"one of two keys", with(func(p *provenance.VSA) { p.Signers = keySet(t, 2, "alice", "bob") }), "", "", provenance.CodeSigner},
		{"malformed", whole, `"timeVerified"`, `"x"`, provenance.CodeMalformed},

		{"no verifier", with(func(p *provenance.VSA) { p.Verifier = "" }), "", "", provenance.CodePolicy},
		{"no signers", with(func(p *provenance.VSA) { p.Signers = nil }), "", "", provenance.CodePolicy},
		{"no resource", with(func(p *provenance.VSA) { p.ResourceURI = "" }), "", "", provenance.CodePolicy},
		{"neither level nor policy", provenance.VSA{Verifier: whole.Verifier, Signers: whole.Signers, ResourceURI: whole.ResourceURI}, "", "", provenance.CodePolicy},
		{"digest without policy", with(func(p *provenance.VSA) { p.PolicyURI = "" }), "", "", provenance.CodePolicy},
		{"MD5", with(func(p *provenance.VSA) { p.PolicyDigest = digest(t, "md5:"+strings.Repeat("1", 32)) }), "", "", provenance.CodePolicy},
		{"empty level", levels(""), "", "", provenance.CodePolicy},
		{"FAILED demanded", levels("FAILED"), "", "", provenance.CodePolicy},
		{"UNEVALUATED demanded", levels("SLSA_BUILD_LEVEL_UNEVALUATED"), "", "", provenance.CodePolicy},
	} {
		t.Run(test.name, func(t *testing.T) {
			if code, report := decide(t, test.policy, predicate(provenance.VerificationSummaryV1, replaced(t, vsa, test.from, test.to))); code != test.code {
				t.Errorf("code %q, want %q\n%s", code, test.code, report)
			}
		})
	}
	// A verifier may take its word back.
	for _, test := range []struct {
		name, from, to string
		code           verify.Code
	}{
		{"later", "", "", provenance.CodeAge},
		{"at the same time", "T11", "T10", provenance.CodeAge},
		{"earlier", "T11", "T09", ""},
		{"by another policy", "example/policy", "example/policy2", ""},
		{"of another resource", "hello@1.0.0", "hello@1.0.1", ""},
		{"another verifier", `"id": "https://verifier.example/"`, `"id": "https://verifier.example/x"`, ""},
	} {
		failed := replaced(t, replaced(t, replaced(t, vsa, "PASSED", "FAILED"), "T10", "T11"), test.from, test.to)
		code, report := decide(t, whole, predicate(provenance.VerificationSummaryV1, vsa), predicate(provenance.VerificationSummaryV1, failed))
		if (code == "") != (test.code == "") || code != "" && !slices.Contains(report.Codes, test.code) {
			t.Errorf("FAILED %s: codes %q, want %q\n%s", test.name, report.Codes, test.code, report)
		}
	}
	both := keySet(t, 1, "alice", "mallory")
	var claims []verify.Claim
	for name, body := range map[string]string{"alice": vsa, "mallory": replaced(t, replaced(t, vsa, "PASSED", "FAILED"), "T10", "T11")} {
		s, err := provenance.Open(seal(t, predicate(provenance.VerificationSummaryV1, body), name), both, nil)
		if err != nil {
			t.Fatal(err)
		}
		claims = append(claims, s)
	}
	if _, err := verify.Artifact(verifytest.Artifact(t, "hello", "hello"), whole, claims...); err != nil {
		t.Error(err)
	}
	if code, _ := decide(t, whole, predicate("https://slsa.dev/verification_summary/v0.2", vsa)); code != provenance.CodeVSA {
		t.Errorf("another predicate type: %q", code)
	}
}

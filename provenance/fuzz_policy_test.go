// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package provenance_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tallystick/tallystick/provenance"
	"github.com/tallystick/tallystick/verify"
	"github.com/tallystick/tallystick/verify/verifytest"
)

// Whatever somebody signs, a policy neither panics nor accepts what does not say what
// it demands.
func FuzzPolicies(f *testing.F) {
	types := []string{provenance.SLSAProvenanceV1, provenance.SLSAProvenanceV02, provenance.VerificationSummaryV1, provenance.VulnsV02, provenance.TestResultV01}
	for i, body := range []string{workflowV1, configV02, vsa, vulns, testResult} {
		f.Add(uint8(i), []byte(body))
	}
	f.Add(uint8(0), []byte(containerV1))
	f.Add(uint8(0), []byte(helloBuild))
	alice := keySet(f, 1, "alice")
	now := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	hello := verifytest.Artifact(f, "hello", "hello")
	review := about(reviewType, `{}`, `{"gitCommit": "`+aCommit+`"}`)
	policies := []verify.Policy{
		provenance.SLSA{
			Builder: builderID, Signers: alice, SourceURI: "https://example.org/team/hello", SourceTag: "v1.2.3", SourceDigest: digest(f, "gitCommit:"+aCommit),
			EntryPoint: ".github/workflows/release.yml", MaxAge: 24 * time.Hour, Parameters: map[string]string{}, OtherParameters: true,
			Dependencies: []provenance.Dependency{{About: isSource, Policy: provenance.Attested{PredicateType: reviewType, Signers: alice}}},
		},
		provenance.VSA{Verifier: "https://verifier.example/", Signers: alice, ResourceURI: "pkg:generic/hello@1.0.0", Levels: []string{"SLSA_BUILD_LEVEL_2"}},
		provenance.Scanned{Scanner: "pkg:generic/scanner@1", Signers: alice, MaxAge: 24 * time.Hour, Below: provenance.Severity{Method: "nvd", Score: "high"}},
		provenance.Tested{Signers: alice, Tests: []string{"a"}},
	}
	f.Fuzz(func(t *testing.T, kind uint8, body []byte) {
		typ := types[int(kind)%len(types)]
		open := func(payload string) *provenance.Statement {
			s, err := provenance.Open(seal(t, payload, "alice"), alice, &provenance.Options{Time: now, Limits: provenance.Limits{Bytes: 1 << 16}})
			if err != nil {
				return nil
			}
			return s
		}
		s := open(predicate(typ, string(body)))
		if s == nil {
			return
		}
		for _, p := range policies {
			if _, err := verify.Artifact(hello, p, s, open(review)); err != nil {
				continue
			}
			got, err := typed(s)
			if err != nil {
				t.Fatalf("accepted what does not parse: %v", err)
			}
			good := false
			switch v := got.(type) {
			case *provenance.Provenance:
				good = v.BuilderID == builderID && !v.FinishedOn.IsZero() && strings.Contains(string(body), aCommit) && len(v.Dependencies) > 0
			case *provenance.VerificationSummary:
				good = v.Result == "PASSED" && v.ResourceURI == "pkg:generic/hello@1.0.0" && len(v.Levels) > 0
			case *provenance.Vulns:
				good = v.ScannerURI == "pkg:generic/scanner@1"
				for _, found := range v.Found {
					good = good && len(found.Severity) > 0
				}
			case *provenance.TestResult:
				good = v.Result == "PASSED" && len(v.Failed) == 0 && len(v.Passed) > 0
			}
			if !good {
				t.Fatalf("%s accepted: %s", typ, body)
			}
		}
	})
}

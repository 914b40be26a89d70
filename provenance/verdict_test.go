// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package provenance_test

import (
	"crypto"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/provenance"
	"github.com/tallystick/tallystick/verify"
	"github.com/tallystick/tallystick/verify/verifytest"
)

// verdict returns the outcome of holding content named "hello" against provenance.
func verdict(t testing.TB, content string) (*verify.Result, *verify.RejectedError) {
	t.Helper()
	july := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)
	s, err := provenance.Open(seal(t, slsaStatement(), "builder"), keySet(t, 1, "builder"), &provenance.Options{Time: july})
	if err != nil {
		t.Fatal(err)
	}
	result, err := verify.Artifact(verifytest.Artifact(t, "hello", content, hash.SHA256, hash.SHA512),
		provenance.SLSA{Builder: builderID, Signers: keySet(t, 1, "builder")}, s)
	rejected, _ := errors.AsType[*verify.RejectedError](err)
	return result, rejected
}

func summary(edit func(*provenance.VerificationSummary)) provenance.VerificationSummary {
	v := provenance.VerificationSummary{
		VerifierID:        "https://verifier.example/v1",
		VerifierVersion:   map[string]string{"tallystick": "v1.0.0"},
		TimeVerified:      time.Date(2026, 7, 2, 10, 0, 0, 0, time.UTC),
		ResourceURI:       "pkg:generic/hello@1.0.0",
		Policy:            provenance.InputAttestation("https://verifier.example/policy", []byte("the policy")),
		InputAttestations: []provenance.Resource{provenance.InputAttestation("", []byte("an attestation"))},
		Levels:            []string{"SLSA_BUILD_LEVEL_2", "EXAMPLE_REVIEWED"},
		DependencyLevels:  map[string]int64{"SLSA_BUILD_LEVEL_1": 3},
		SLSAVersion:       "1.0",
	}
	if edit != nil {
		edit(&v)
	}
	return v
}

// A summary says PASSED about what was accepted, even if the report was tampered with.
func TestSignPassedIsAboutTheArtifact(t *testing.T) {
	accepted, _ := verdict(t, "hello")
	other := verifytest.Artifact(t, "other", "other")
	accepted.Report().Subject.Name, accepted.Report().Subject.Digests = other.Name(), other.Digests()
	envelope, err := provenance.SignPassed(accepted, summary(nil), signer("verifier"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := provenance.Open(envelope, keySet(t, 1, "verifier"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if s.Covers(accepted.Artifact()) != nil || s.Covers(other) == nil {
		t.Errorf("it is about %v", s.Subjects())
	}
}

func TestSignVerdict(t *testing.T) {
	accepted, _ := verdict(t, "hello")
	_, rejected := verdict(t, "hallo")
	failed := summary(func(v *provenance.VerificationSummary) { v.Levels = nil })
	for _, test := range []struct {
		name     string
		envelope func() ([]byte, error)
		content  string
		want     provenance.VerificationSummary
	}{
		{"passed", func() ([]byte, error) { return provenance.SignPassed(accepted, summary(nil), signer("verifier")) }, "hello",
			summary(func(v *provenance.VerificationSummary) { v.Result = "PASSED" })},
		{"passed, the least that it takes", func() ([]byte, error) {
			return provenance.SignPassed(accepted, provenance.VerificationSummary{VerifierID: "v", ResourceURI: "r", Policy: provenance.Resource{URI: "p"}}, signer("verifier"))
		}, "hello", provenance.VerificationSummary{VerifierID: "v", ResourceURI: "r", Policy: provenance.Resource{URI: "p"}, Result: "PASSED",
			TimeVerified: time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)}},
		{"failed", func() ([]byte, error) { return provenance.SignFailed(rejected, failed, signer("verifier")) }, "hallo",
			summary(func(v *provenance.VerificationSummary) { v.Result, v.Levels = "FAILED", []string{"FAILED"} })},
	} {
		t.Run(test.name, func(t *testing.T) {
			envelope, err := test.envelope()
			if err != nil {
				t.Fatal(err)
			}
			s, err := provenance.Open(envelope, keySet(t, 1, "verifier"), &provenance.Options{PredicateType: provenance.VerificationSummaryV1})
			if err != nil {
				t.Fatal(err)
			}
			artifact := verifytest.Artifact(t, "hello", test.content)
			verifytest.TestClaim(t, s, artifact)
			subject := s.Subjects()[0]
			if _, ok := subject.Digests.Get(hash.SHA512); !ok || subject.Name != "hello" || len(s.Subjects()) != 1 {
				t.Errorf("subjects %v", s.Subjects())
			}
			got, err := s.VerificationSummary()
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(*got, test.want) {
				t.Errorf("got  %+v\nwant %+v", *got, test.want)
			}
		})
	}
}

// Another verifier takes the word of the one who signed.
func TestVerdictSatisfiesPolicy(t *testing.T) {
	accepted, _ := verdict(t, "hello")
	_, rejected := verdict(t, "hallo")
	july := time.Date(2026, 7, 3, 0, 0, 0, 0, time.UTC)
	open := func(envelope []byte, err error) *provenance.Statement {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		s, err := provenance.Open(envelope, keySet(t, 1, "verifier"), &provenance.Options{Time: july})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	passed := open(provenance.SignPassed(accepted, summary(nil), signer("verifier")))
	failed := open(provenance.SignFailed(rejected, summary(func(v *provenance.VerificationSummary) { v.Levels = nil }), signer("verifier")))
	digest, _ := summary(nil).Policy.Digests.Get(hash.SHA256)
	policy := provenance.VSA{
		Verifier: "https://verifier.example/v1", Signers: keySet(t, 1, "verifier"), ResourceURI: "pkg:generic/hello@1.0.0",
		Levels: []string{"SLSA_BUILD_LEVEL_1", "EXAMPLE_REVIEWED"}, PolicyURI: "https://verifier.example/policy", PolicyDigest: digest, MaxAge: 24 * time.Hour,
	}
	verifytest.TestPolicy(t, policy, verifytest.Artifact(t, "hello", "hello"), passed)
	for _, artifact := range []string{"hallo", "hello"} {
		if _, err := verify.Artifact(verifytest.Artifact(t, "x", artifact), policy, failed); err == nil {
			t.Errorf("%s is accepted on the word FAILED", artifact)
		}
	}
	lenient := provenance.VSA{Verifier: policy.Verifier, Signers: policy.Signers, ResourceURI: policy.ResourceURI, PolicyURI: policy.PolicyURI}
	if _, err := verify.Artifact(verifytest.Artifact(t, "hello", "hallo"), lenient, failed); !errors.Is(err, provenance.CodeVerified) {
		t.Errorf("without levels FAILED is %v", err)
	}
}

func TestSignVerdictRefuses(t *testing.T) {
	accepted, _ := verdict(t, "hello")
	_, rejected := verdict(t, "hallo")
	type V = provenance.VerificationSummary
	long := slices.Repeat([]string{"x"}, 2)
	for _, test := range []struct {
		name string
		edit func(*V)
	}{
		{"no verifier", func(v *V) { v.VerifierID = "" }},
		{"no resource", func(v *V) { v.ResourceURI = "" }},
		{"no policy", func(v *V) { v.Policy = provenance.Resource{} }},
		{"an input without a digest", func(v *V) { v.InputAttestations = []provenance.Resource{{URI: "x"}} }},
		{"a negative count", func(v *V) { v.DependencyLevels = map[string]int64{"x": -1} }},
		{"text that is none", func(v *V) { v.VerifierID = "a\xff" }},
		{"an input that is no text", func(v *V) { v.InputAttestations = []provenance.Resource{provenance.InputAttestation("\xff", nil)} }},
		{"a version that is no text", func(v *V) { v.VerifierVersion = map[string]string{"x": "\xff"} }},
		{"a level that is no text", func(v *V) { v.DependencyLevels = map[string]int64{"\xff": 1} }},
		{"a year that RFC 3339 has not", func(v *V) { v.TimeVerified = time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC) }},
	} {
		if e, err := provenance.SignPassed(accepted, summary(test.edit), signer("verifier")); e != nil || !errors.Is(err, provenance.CodeVerdict) {
			t.Errorf("%s, passed: %s, %v", test.name, e, err)
		}
		noLevels := summary(test.edit)
		noLevels.Levels = nil
		if e, err := provenance.SignFailed(rejected, noLevels, signer("verifier")); e != nil || !errors.Is(err, provenance.CodeVerdict) {
			t.Errorf("%s, failed: %s, %v", test.name, e, err)
		}
	}
	for name, edit := range map[string]func(*V){
		"says FAILED": func(v *V) { v.Result = "FAILED" },
		"says yes":    func(v *V) { v.Result = "passed" },
		"level":       func(v *V) { v.Levels = []string{"FAILED"} },
		"level twice": func(v *V) { v.Levels = long },
		"empty level": func(v *V) { v.Levels = []string{""} },
	} {
		if e, err := provenance.SignPassed(accepted, summary(edit), signer("verifier")); e != nil || !errors.Is(err, provenance.CodeVerdict) {
			t.Errorf("an acceptance with %s: %s, %v", name, e, err)
		}
	}
	for name, edit := range map[string]func(*V){
		"says PASSED": func(v *V) { v.Levels, v.Result = nil, "PASSED" },
		"levels":      nil,
	} {
		if e, err := provenance.SignFailed(rejected, summary(edit), signer("verifier")); e != nil || !errors.Is(err, provenance.CodeVerdict) {
			t.Errorf("a rejection with %s: %s, %v", name, e, err)
		}
	}
	// There must be a verdict, about an artifact, at a time.
	open, err := provenance.Open(nil, keySet(t, 1, "builder"), nil)
	if open != nil {
		t.Fatal(open)
	}
	aboutNothing, _ := errors.AsType[*verify.RejectedError](err)
	for name, r := range map[string]*verify.RejectedError{"none": nil, "no report": {}, "a rejection of an envelope": aboutNothing} {
		v := summary(func(v *V) { v.Levels = nil })
		if e, err := provenance.SignFailed(r, v, signer("verifier")); e != nil || !errors.Is(err, provenance.CodeVerdict) {
			t.Errorf("%s: %s, %v", name, e, err)
		}
	}
	for name, r := range map[string]*verify.Result{"none": nil, "the zero Result": {}} {
		if e, err := provenance.SignPassed(r, summary(nil), signer("verifier")); e != nil || !errors.Is(err, provenance.CodeVerdict) {
			t.Errorf("%s: %s, %v", name, e, err)
		}
	}
	timeless := verifytest.NewClaim("hello", accepted.Artifact().Digests(), verifytest.Issuer("x"))
	result, err := verify.Artifact(accepted.Artifact(), verify.CoveredBy(timeless), timeless)
	if err != nil {
		t.Fatal(err)
	}
	if e, err := provenance.SignPassed(result, summary(func(v *V) { v.TimeVerified = time.Time{} }), signer("verifier")); result.Report().Time.IsZero() && (e != nil || !errors.Is(err, provenance.CodeVerdict)) {
		t.Errorf("without a time: %s, %v", e, err)
	}
	for _, signers := range [][]crypto.Signer{nil, {nil}} {
		if e, err := provenance.SignPassed(accepted, summary(nil), signers...); e != nil || !errors.Is(err, provenance.CodeKey) {
			t.Errorf("without a signer: %s, %v", e, err)
		}
	}
}

// A name that is no text is left out, and the digests say all.
func TestSignVerdictOfStrangeName(t *testing.T) {
	for name, want := range map[string]string{"a b": "a b", "a\xff": "", "a\n": "", `a\b`: ""} {
		a := verifytest.Artifact(t, name, "hello")
		c := verifytest.NewClaim(name, a.Digests(), verifytest.Issuer("x"))
		result, err := verify.Artifact(a, verify.CoveredBy(c), c)
		if err != nil {
			t.Fatal(err)
		}
		envelope, err := provenance.SignPassed(result, summary(nil), signer("verifier"))
		if err != nil {
			t.Fatal(err)
		}
		s, err := provenance.Open(envelope, keySet(t, 1, "verifier"), nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Subjects()[0].Name; got != want || s.Covers(a) != nil || strings.Contains(got, "\n") {
			t.Errorf("%q: subject %q", name, got)
		}
	}
}

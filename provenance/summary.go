// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package provenance

import (
	"time"

	"github.com/tallystick/tallystick/internal/strictjson"
)

// VerificationSummaryV1 is the predicate type of a SLSA Verification Summary
// Attestation (VSA) v1.
const VerificationSummaryV1 = "https://slsa.dev/verification_summary/v1"

// Values of a VSA's verificationResult.
const (
	summaryPassed = "PASSED"
	summaryFailed = "FAILED"
)

// A VerificationSummary is what a SLSA VSA v1 says: that somebody has verified the
// subjects. It is plain data: policies take the Statement that it comes from.
type VerificationSummary struct {
	VerifierID      string            // verifier.id, never empty
	VerifierVersion map[string]string // verifier.version
	TimeVerified    time.Time         // never zero
	ResourceURI     string            // what the artifact was verified as, never empty
	Policy          Resource          // it has a URI
	// InputAttestations are those that the verifier looked at. Each has a digest.
	InputAttestations []Resource
	// Result is "PASSED" or "FAILED".
	Result string
	// Levels is verifiedLevels, such as "SLSA_BUILD_LEVEL_3". A summary that
	// PASSED may have levels that say that nothing was evaluated.
	Levels []string
	// DependencyLevels counts the transitive dependencies at each level.
	DependencyLevels map[string]int64
	SLSAVersion      string
}

var (
	summarySchema = strictjson.NewSchema("verifier", "timeVerified", "resourceUri", "policy", "inputAttestations",
		"verificationResult", "verifiedLevels", "dependencyLevels", "slsaVersion")
	verifierSchema = strictjson.NewSchema("id", "version")
)

// VerificationSummary returns the predicate as a SLSA VSA v1. Errors are those of
// [Statement.Provenance].
func (s *Statement) VerificationSummary() (*VerificationSummary, error) {
	d, err := s.typed(VerificationSummaryV1)
	if err != nil {
		return nil, err
	}
	v := new(VerificationSummary)
	err = d.Object(summarySchema, func(name string) error {
		switch name {
		case "verifier":
			return d.object(verifierSchema, func(name string) error {
				switch name {
				case "id":
					return d.string(&v.VerifierID)
				case "version":
					return d.stringMap(&v.VerifierVersion)
				}
				return d.Skip()
			})
		case "timeVerified":
			return d.time(&v.TimeVerified)
		case "resourceUri":
			return d.string(&v.ResourceURI)
		case "policy":
			return d.resource(&v.Policy)
		case "inputAttestations":
			return d.resources(&v.InputAttestations)
		case "verificationResult":
			return d.string(&v.Result)
		case "verifiedLevels":
			return d.strings(&v.Levels)
		case "dependencyLevels":
			return d.dict(func(name string) error {
				n, err := d.count()
				if v.DependencyLevels == nil {
					v.DependencyLevels = map[string]int64{}
				}
				v.DependencyLevels[name] = n
				return err
			})
		case "slsaVersion":
			return d.string(&v.SLSAVersion)
		}
		return d.Skip()
	})
	if err == nil {
		switch {
		case v.VerifierID == "":
			err = d.missing("verifier.id")
		case v.TimeVerified.IsZero():
			err = d.missing("timeVerified")
		case v.ResourceURI == "":
			err = d.missing("resourceUri")
		case v.Policy.URI == "":
			err = d.missing("policy.uri")
		case v.Result != summaryPassed && v.Result != summaryFailed:
			err = d.Reject("verificationResult is neither PASSED nor FAILED")
		}
		for _, in := range v.InputAttestations {
			if err == nil && in.Digests.Len() == 0 && len(in.unknown) == 0 && in.malformed == nil {
				err = d.missing("digest of an input attestation")
			}
		}
	}
	if err := d.finish(s, err); err != nil {
		return nil, err
	}
	return v, nil
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package provenance

import (
	"crypto"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/internal/safe"
	"github.com/tallystick/tallystick/verify"
)

// SignPassed writes a verdict down as a SLSA Verification Summary Attestation v1
// that says PASSED about the accepted artifact, in a DSSE envelope as by [Sign]. It
// needs the Result, which only verify.Artifact makes.
//
// The summary v says what the verdict itself does not know: VerifierID, ResourceURI
// and Policy.URI are required, InputAttestations are made by [InputAttestation], and
// Levels are what the policy of this verifier has established. A zero TimeVerified
// means the time of the report. Result is empty or says PASSED.
//
// A summary that lacks something or contradicts the verdict is a [*verify.Error]
// with [CodeVerdict]; other errors are those of Sign.
func SignPassed(result *verify.Result, v VerificationSummary, signers ...crypto.Signer) ([]byte, error) {
	if result == nil || result.Report() == nil {
		return nil, verdictError("verdict", "a Result of verify.Artifact", "none")
	}
	for i, level := range v.Levels {
		if level == "" || strings.EqualFold(level, summaryFailed) || slices.Contains(v.Levels[:i], level) {
			return nil, verdictError("verifiedLevels", "levels, each once", safe.Quote(level))
		}
	}
	// Not the subject of the report, which is the caller's as soon as it is handed out.
	a := result.Artifact()
	subject := &verify.Subject{Name: hash.EscapeName(a.Name()), Size: a.Size(), Digests: a.Digests()}
	return signSummary(subject, result.Report().Time, summaryPassed, v, signers)
}

// SignFailed writes a rejection down as SignPassed does an acceptance. It says
// FAILED, whatever the summary says: Result is empty or says so too, and Levels are
// empty. The rejection must be one of verify.Artifact, which is about an artifact.
func SignFailed(rejected *verify.RejectedError, v VerificationSummary, signers ...crypto.Signer) ([]byte, error) {
	if rejected == nil || rejected.Report == nil {
		return nil, verdictError("verdict", "a rejection with a report", "none")
	}
	if len(v.Levels) > 0 {
		return nil, verdictError("verifiedLevels", "none, since the verdict is a rejection", safe.Quote(v.Levels[0]))
	}
	v.Levels = []string{summaryFailed}
	return signSummary(rejected.Report.Subject, rejected.Report.Time, summaryFailed, v, signers)
}

// InputAttestation returns the entry of a VerificationSummary for an attestation that
// was looked at: where it can be found, which may be empty, and the SHA-256 of its
// bytes.
func InputAttestation(uri string, attestation []byte) Resource {
	sum := sha256.Sum256(attestation)
	d, _ := hash.NewDigest(hash.SHA256, sum[:]) // of the right length
	digests, _ := hash.NewSet(d)
	return Resource{URI: uri, Digests: digests}
}

func signSummary(about *verify.Subject, at time.Time, outcome string, v VerificationSummary, signers []crypto.Signer) ([]byte, error) {
	if v.TimeVerified.IsZero() {
		v.TimeVerified = at
	}
	switch {
	case v.Result != "" && v.Result != outcome:
		return nil, verdictError("verificationResult", outcome, safe.Quote(v.Result))
	case about == nil || about.Digests.Len() == 0:
		return nil, verdictError("verdict", "one about an artifact", "none")
	}
	type resource struct {
		URI    string   `json:"uri,omitempty"`
		Digest hash.Set `json:"digest,omitzero"`
	}
	inputs := []resource{}
	for _, in := range v.InputAttestations {
		inputs = append(inputs, resource{in.URI, in.Digests})
	}
	if v.Levels == nil {
		v.Levels = []string{}
	}
	text := slices.Concat([]string{v.VerifierID, v.ResourceURI, v.Policy.URI, v.SLSAVersion}, v.Levels)
	for level := range v.DependencyLevels {
		text = append(text, level)
	}
	for name, version := range v.VerifierVersion {
		text = append(text, name, version)
	}
	for _, in := range inputs {
		text = append(text, in.URI)
	}
	for _, t := range text {
		if !utf8.ValidString(t) { // encoding/json would write another text
			return nil, verdictError("verification summary", "text in UTF-8", safe.Quote(t))
		}
	}
	type verifier struct {
		ID      string            `json:"id"`
		Version map[string]string `json:"version,omitempty"`
	}
	type summary struct {
		Verifier          verifier         `json:"verifier"`
		TimeVerified      string           `json:"timeVerified"`
		ResourceURI       string           `json:"resourceUri"`
		Policy            resource         `json:"policy"`
		InputAttestations []resource       `json:"inputAttestations"`
		Result            string           `json:"verificationResult"`
		Levels            []string         `json:"verifiedLevels"`
		DependencyLevels  map[string]int64 `json:"dependencyLevels,omitempty"`
		SLSAVersion       string           `json:"slsaVersion,omitempty"`
	}
	type subject struct {
		Name   string   `json:"name,omitempty"`
		Digest hash.Set `json:"digest"`
	}
	type statement struct {
		Type          string    `json:"_type"`
		Subject       []subject `json:"subject"`
		PredicateType string    `json:"predicateType"`
		Predicate     summary   `json:"predicate"`
	}
	// The name in a report is escaped. One that needed it is not text, and is left
	// out: it decides nothing.
	name := about.Name
	if strings.Contains(name, `\`) || !utf8.ValidString(name) {
		name = ""
	}
	payload, err := json.Marshal(statement{
		Type:          StatementV1,
		Subject:       []subject{{name, about.Digests}},
		PredicateType: VerificationSummaryV1,
		Predicate: summary{
			Verifier:          verifier{v.VerifierID, v.VerifierVersion},
			TimeVerified:      v.TimeVerified.UTC().Format(time.RFC3339),
			ResourceURI:       v.ResourceURI,
			Policy:            resource{v.Policy.URI, v.Policy.Digests},
			InputAttestations: inputs,
			Result:            outcome,
			Levels:            v.Levels,
			DependencyLevels:  v.DependencyLevels,
			SLSAVersion:       v.SLSAVersion,
		},
	})
	if err != nil {
		return nil, &verify.Error{Code: CodeVerdict, What: "verification summary", Err: err}
	}
	// What we would not read, nobody should have to: a summary that lacks what it
	// must have, or has a count or a time that is none.
	s, failure := parseStatement(payload, Limits{}.withDefaults())
	if failure != nil {
		return nil, &verify.Error{Code: CodeVerdict, What: failure.What, Err: errors.New(failure.Detail)}
	}
	if _, err := s.VerificationSummary(); err != nil {
		return nil, &verify.Error{Code: CodeVerdict, What: "verification summary", Err: err}
	}
	return Sign(PayloadType, payload, signers...)
}

func verdictError(what, expected, found string) error {
	return &verify.Error{Code: CodeVerdict, What: what, Expected: expected, Found: found}
}

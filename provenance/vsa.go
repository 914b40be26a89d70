// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package provenance

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/internal/safe"
	"github.com/tallystick/tallystick/verify"
)

// VSA is a [Policy] that takes a verifier's word: one SLSA verification summary v1
// among the claims must cover the artifact, have PASSED, and satisfy every field that
// is set. Verifier, Signers and ResourceURI are required, and one of Levels and
// PolicyURI.
//
// A summary with a level that is FAILED or ends in "_UNEVALUATED" is refused, and so
// is one with two levels of one track. So is one that the verifier has taken back: if
// another summary among the claims, of the same resource by the same policy and of the
// same time or later, says that verification FAILED.
type VSA struct {
	// Verifier is verifier.id, compared exactly. It is only text, so the policy
	// binds it to those who may speak for it.
	Verifier string
	// Signers are the keys of the verifier, or its identities of another kind.
	Signers Signers
	// ResourceURI is what the artifact must have been verified as, compared
	// exactly. A summary that allows content as one package, or for one
	// environment, says nothing about another.
	ResourceURI string
	// Levels must all be among the verified levels. SLSA_BUILD_LEVEL_2 is
	// satisfied by SLSA_BUILD_LEVEL_3 too, and so on for each track of the form
	// SLSA_..._LEVEL_n; any other level is compared exactly.
	Levels []string
	// PolicyURI is policy.uri, compared exactly.
	PolicyURI string
	// PolicyDigest must be among the digests of the policy.
	PolicyDigest hash.Digest
	// MaxAge, if not zero, is how long before the verification time of the
	// Statement timeVerified may be.
	MaxAge time.Duration
}

// Evaluate implements [verify.Policy].
func (p VSA) Evaluate(a hash.Artifact, claims []verify.Claim) verify.Check {
	return evaluate(p, a, claims, nil)
}

func (p VSA) describe() (verify.Code, string) {
	return CodeVSA, "verification summary by " + safe.Quote(p.Verifier)
}

func (p VSA) accepts(predicateType string) bool { return predicateType == VerificationSummaryV1 }

func (p VSA) problem() (expected, found string) {
	switch {
	case p.Verifier == "" || !usableSigners(p.Signers):
		return "a verifier id and its signers", "a policy without them"
	case p.ResourceURI == "":
		return "a resource URI", "none"
	case len(p.Levels) == 0 && p.PolicyURI == "":
		return "levels or the URI of a policy", "neither"
	case p.PolicyDigest.IsValid() && p.PolicyURI == "":
		return "PolicyURI beside PolicyDigest", "none"
	case !identifies(p.PolicyDigest):
		return "a strong digest or that of a git object", p.PolicyDigest.String()
	case p.MaxAge < 0:
		return "an age", p.MaxAge.String()
	}
	for _, level := range p.Levels {
		if level == "" || badLevel(level) {
			return "levels that somebody can have", safe.Quote(level)
		}
	}
	return "", ""
}

func (p VSA) try(t *trial) bool {
	v, err := t.s.VerificationSummary()
	if err != nil {
		return t.malformed(err)
	}
	return t.signedBy(p.Signers) &&
		t.equal(CodeVerifier, "verifier.id", p.Verifier, v.VerifierID) &&
		t.equal(CodeVerified, "verificationResult", summaryPassed, v.Result) &&
		t.equal(CodeVerified, "resourceUri", p.ResourceURI, v.ResourceURI) &&
		t.equal(CodeVerified, "policy.uri", p.PolicyURI, v.Policy.URI) &&
		p.tryDigest(t, v) &&
		p.tryLevels(t, v.Levels) &&
		t.notOlder("timeVerified", v.TimeVerified, p.MaxAge)
}

func (p VSA) opinion(s *Statement) (opinion, bool) {
	if signedBy(p.Signers, s).Status != verify.Pass {
		return opinion{}, false
	}
	v, err := s.VerificationSummary()
	if err != nil || v.VerifierID != p.Verifier || v.ResourceURI != p.ResourceURI {
		return opinion{}, false
	}
	return opinion{question: v.Policy.URI, at: v.TimeVerified, bad: v.Result == summaryFailed}, true
}

func (p VSA) tryDigest(t *trial, v *VerificationSummary) bool {
	if !p.PolicyDigest.IsValid() {
		return true
	}
	d, _ := v.Policy.Digests.Get(p.PolicyDigest.Algorithm())
	if v.Policy.malformed != nil || d != p.PolicyDigest {
		return t.fail(CodeVerified, "policy.digest", p.PolicyDigest.String(), v.Policy.Digests.String())
	}
	return t.add(verify.Check{Code: CodeVerified, Status: verify.Pass, What: "policy.digest " + d.String(), Detail: weakness(d)})
}

func (p VSA) tryLevels(t *trial, levels []string) bool {
	tracks := map[string]bool{}
	for _, level := range levels {
		if badLevel(level) {
			return t.fail(CodeLevel, "verifiedLevels", "levels that were verified", safe.Quote(level))
		}
		if track, _, ok := parseLevel(level); ok {
			if tracks[track] {
				return t.fail(CodeLevel, "verifiedLevels", "one level of each track", "two of "+safe.Quote(track))
			}
			tracks[track] = true
		}
	}
	for _, want := range p.Levels {
		if !slices.ContainsFunc(levels, func(have string) bool { return reaches(have, want) }) {
			return t.fail(CodeLevel, "verifiedLevels", want, listLevels(levels))
		}
		t.pass(CodeLevel, "verified level "+safe.Quote(want))
	}
	return true
}

// badLevel reports whether a level says that there is none, in any track.
func badLevel(level string) bool {
	return strings.EqualFold(level, summaryFailed) || strings.HasSuffix(strings.ToUpper(level), "_UNEVALUATED")
}

// parseLevel reads SLSA_<TRACK>_LEVEL_<n>, where n is one digit.
func parseLevel(level string) (track string, n int, ok bool) {
	i := strings.LastIndex(level, "_LEVEL_")
	if i < 0 || !strings.HasPrefix(level, "SLSA_") || i <= len("SLSA_") {
		return "", 0, false
	}
	digits := level[i+len("_LEVEL_"):]
	n, err := strconv.Atoi(digits)
	return level[:i], n, err == nil && len(digits) == 1
}

// reaches reports whether one level is at least another.
func reaches(have, want string) bool {
	if have == want {
		return true
	}
	haveTrack, h, ok1 := parseLevel(have)
	wantTrack, w, ok2 := parseLevel(want)
	return ok1 && ok2 && haveTrack == wantTrack && h >= w
}

func listLevels(levels []string) string {
	if len(levels) == 0 {
		return "none"
	}
	s := ""
	for i, level := range levels {
		if i == maxListed {
			return s + fmt.Sprintf(" and %d more", len(levels)-i)
		}
		if i > 0 {
			s += ", "
		}
		s += safe.Quote(level)
	}
	return s
}

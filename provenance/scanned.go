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

// Scanned is a [Policy] about scans for vulnerabilities: one attestation of the type
// vulns v0.2 or v0.1 among the claims must cover the artifact, be by the scanner, be
// young enough, and have found nothing, or nothing bad enough. All fields but
// MaxDatabaseAge and Below are required.
//
// The last scan counts: if another attestation among the claims says that the same
// scanner, at the same time or later, has found what is not tolerated, this one does
// not satisfy the policy. Whoever hands over the attestations may still leave that one
// out, so MaxAge should be short.
//
// A scan says what one scanner knew on one day. That nothing was found does not say
// that nothing is there.
type Scanned struct {
	// Scanner is scanner.uri, compared exactly. It is only text, so the policy
	// binds it to those who may speak for it.
	Scanner string
	// Signers are the keys of who ran the scanner, or identities of another kind.
	Signers Signers
	// MaxAge is how long before the verification time of the Statement the scan
	// may have finished.
	MaxAge time.Duration
	// MaxDatabaseAge, if not zero, is the same for the last update of the
	// scanner's database.
	MaxDatabaseAge time.Duration
	// Below, if it has a method, tolerates vulnerabilities that have a score by
	// this method, compared exactly, and only scores by it that are lower than
	// this one. Without a method no vulnerability is tolerated.
	//
	// Attestations do not say what a score means: scanners name methods as they
	// like. So nothing is converted from one method to another. A score is a
	// decimal number, such as "7.0", or one of the words of the rating scale of
	// CVSS v3.1 and v4.0 in any case: none, low, medium, high, critical, in this
	// order. Numbers are compared with numbers and words with words. A
	// vulnerability that has another kind of score by the method, or none, is
	// not tolerated.
	Below Severity
}

// Evaluate implements [verify.Policy].
func (p Scanned) Evaluate(a hash.Artifact, claims []verify.Claim) verify.Check {
	return evaluate(p, a, claims, nil)
}

func (p Scanned) describe() (verify.Code, string) {
	return CodeScan, "scan by " + safe.Quote(p.Scanner)
}

func (p Scanned) accepts(predicateType string) bool {
	return predicateType == VulnsV02 || predicateType == VulnsV01
}

func (p Scanned) problem() (expected, found string) {
	switch {
	case p.Scanner == "" || !usableSigners(p.Signers):
		return "a scanner and its signers", "a policy without them"
	case p.MaxAge <= 0 || p.MaxDatabaseAge < 0:
		return "an age", fmt.Sprintf("%v and %v", p.MaxAge, p.MaxDatabaseAge)
	case p.Below.Method == "" && p.Below.Score != "":
		return "the method of a severity", "none"
	case p.Below.Method != "":
		if _, ok := parseScore(p.Below.Score); !ok {
			return "a number, or one of " + strings.Join(ratings, ", "), safe.Quote(p.Below.Score)
		}
	}
	return "", ""
}

func (p Scanned) try(t *trial) bool {
	v, err := t.s.Vulns()
	if err != nil {
		return t.malformed(err)
	}
	return t.signedBy(p.Signers) &&
		t.equal(CodeScanner, "scanner.uri", p.Scanner, v.ScannerURI) &&
		t.notOlder("end of the scan", v.FinishedOn, p.MaxAge) &&
		t.notOlder("last update of the database", v.DatabaseUpdated, p.MaxDatabaseAge) &&
		p.tryFound(t, v.Found)
}

func (p Scanned) opinion(s *Statement) (opinion, bool) {
	if signedBy(p.Signers, s).Status != verify.Pass {
		return opinion{}, false
	}
	v, err := s.Vulns()
	if err != nil || v.ScannerURI != p.Scanner {
		return opinion{}, false
	}
	return opinion{at: v.FinishedOn, bad: slices.ContainsFunc(v.Found, func(v Vulnerability) bool { return !p.tolerates(v) })}, true
}

func (p Scanned) tryFound(t *trial, found []Vulnerability) bool {
	check := verify.Check{Code: CodeVulnerability, Status: verify.Pass, What: "nothing found"}
	if p.Below.Method != "" {
		check.What = fmt.Sprintf("%d vulnerabilities, all below %s by %s", len(found), safe.Quote(p.Below.Score), safe.Quote(p.Below.Method))
	}
	bad := 0
	for _, v := range found {
		if p.tolerates(v) {
			continue
		}
		if bad++; bad <= maxListed {
			check.Checks = append(check.Checks, verify.Check{Code: CodeVulnerability, Status: verify.Fail,
				What: "vulnerability " + safe.Quote(v.ID), Found: listSeverity(v.Severity)})
		}
	}
	if bad > 0 {
		check.Status = verify.Fail
		check.What = "vulnerabilities"
		check.Expected = "none"
		if p.Below.Method != "" {
			check.Expected = fmt.Sprintf("none but below %s by %s", safe.Quote(p.Below.Score), safe.Quote(p.Below.Method))
		}
		check.Found = fmt.Sprint(bad)
	}
	return t.add(check)
}

// tolerates reports whether a vulnerability is not bad enough to be one.
func (p Scanned) tolerates(v Vulnerability) bool {
	if p.Below.Method == "" {
		return false
	}
	limit, _ := parseScore(p.Below.Score)
	scored := false
	for _, s := range v.Severity {
		if s.Method != p.Below.Method {
			continue
		}
		score, ok := parseScore(s.Score)
		if !ok || score.rating != limit.rating || score.value >= limit.value {
			return false
		}
		scored = true
	}
	return scored
}

// A score is a number, or a place on the scale of words.
type score struct {
	rating bool
	value  float64
}

// ratings are the words of CVSS v3.1, section 5, and v4.0, section 6.
var ratings = []string{"none", "low", "medium", "high", "critical"}

func parseScore(s string) (score, bool) {
	if i := slices.Index(ratings, strings.ToLower(s)); i >= 0 {
		return score{true, float64(i)}, true
	}
	if s == "" || strings.Trim(s, "0123456789.") != "" || s[0] == '.' {
		return score{}, false
	}
	v, err := strconv.ParseFloat(s, 64)
	return score{false, v}, err == nil
}

func listSeverity(list []Severity) string {
	s := "no severity"
	for i, severity := range list {
		if i == maxListed {
			return s + fmt.Sprintf(" and %d more", len(list)-i)
		}
		if i == 0 {
			s = ""
		} else {
			s += ", "
		}
		s += safe.Quote(severity.Method) + " " + safe.Quote(severity.Score)
	}
	return s
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/internal/safe"
)

// Schema is the value of a report's "schema" member. A change of meaning, or a
// member that goes away, gets another schema; new members do not.
const Schema = "tallystick/report/v1"

// Verdict is the outcome of a verification.
type Verdict string

const (
	// Accepted: the policy is satisfied and nothing contradicts. There is a
	// [Result].
	Accepted Verdict = "accepted"
	// Rejected: everything else. There is a [RejectedError].
	Rejected Verdict = "rejected"
)

// A Report says what was checked, against what, said by whom, with what
// outcome. It has the same form for both verdicts. A Report is for people and
// for logs: it is plain data, and holding one proves nothing. Only a [Result]
// does.
//
// # JSON
//
// A report in JSON is one object with these members, always present unless
// said otherwise:
//
//	schema      "tallystick/report/v1"
//	verdict     "accepted" or "rejected"
//	time        RFC 3339, UTC: the time for which validity was checked; the earliest,
//	            if claims were checked for several. Absent if nothing depended on it
//	subject     the artifact: name (escaped as by hash.EscapeName), size in bytes,
//	            digests (algorithm: lower-case hex). Absent if none was reached
//	codes       codes of the checks that made the verdict, most important first
//	checks      array of checks, in the order in which they were made
//	conflicts   array of contradictions; any one of them rejects
//	notCovered  array of strings: what was left unchecked
//
// A check has these members, of which code, status and what are always present:
//
//	code        a stable code such as "layout/threshold"
//	status      "pass", "fail" or "not-run"
//	what        the thing checked
//	issuers     array of strings: fingerprints of the keys on whose word it rests
//	            ("SHA256:" and base64), or names of logs; after a space, a name for people
//	expected    what would have passed
//	found       what there was
//	detail      more words
//	checks      array of checks from which this one follows
//
// A conflict has the member algorithm, and sides: an array of objects with
// digest (lower-case hex), issuers (who states it) and, on the side that was
// measured, "measured": true. A contradiction that is not about digests has
// detail instead of an algorithm.
type Report struct {
	Schema     string     `json:"schema"`
	Verdict    Verdict    `json:"verdict"`
	Time       time.Time  `json:"time,omitzero"`
	Subject    *Subject   `json:"subject,omitempty"`
	Codes      []Code     `json:"codes"`
	Checks     []Check    `json:"checks"`
	Conflicts  []Conflict `json:"conflicts"`
	NotCovered []string   `json:"notCovered"`
}

// Subject is the artifact that a report is about.
type Subject struct {
	Name    string   `json:"name"` // escaped with hash.EscapeName
	Size    int64    `json:"size"` // bytes
	Digests hash.Set `json:"digests"`
}

// A Conflict is a contradiction between claims, or between a claim and what was
// measured.
type Conflict struct {
	Algorithm string `json:"algorithm,omitempty"`
	Sides     []Side `json:"sides"`
	Detail    string `json:"detail,omitempty"`
}

// A Side is one of several digests that cannot all be right.
type Side struct {
	Measured bool     `json:"measured,omitempty"` // this is what was measured
	Issuers  []Issuer `json:"issuers"`            // who states it
	Digest   string   `json:"digest"`             // lower-case hex; empty if it is not about digests
}

// String returns the conflict in one line.
func (c Conflict) String() string {
	var sides []string
	for _, s := range c.Sides {
		var who []string
		if s.Measured {
			who = append(who, "measured")
		}
		if len(s.Issuers) > 0 {
			who = append(who, "said by "+issuerList(s.Issuers))
		}
		side := strings.Join(who, ", ")
		if s.Digest != "" {
			side = s.Digest + " " + side
		}
		sides = append(sides, side)
	}
	s := strings.Join(sides, "; ")
	if c.Algorithm != "" {
		s = c.Algorithm + ": " + s
	}
	if c.Detail != "" {
		s += ": " + c.Detail
	}
	return safe.Line(s)
}

func newReport(v Verdict, at time.Time, checks []Check, notCovered []string) *Report {
	r := &Report{
		Schema:     Schema,
		Verdict:    v,
		Codes:      []Code{},
		Checks:     make([]Check, len(checks)),
		Conflicts:  []Conflict{},
		NotCovered: []string{},
	}
	r.earliest(at)
	list := unchecked{seen: map[string]bool{}}
	list.add(notCovered...)
	for i, c := range checks {
		c = c.clone()
		c.printable()
		r.Checks[i] = c
		c.eachRequired(func(required *Report) {
			r.earliest(required.Time)
			list.add(required.NotCovered...)
		})
	}
	r.NotCovered = append(r.NotCovered, list.lines()...)
	if v == Accepted {
		r.Codes = passedCodes(r.Codes, r.Checks)
	} else {
		r.Codes = failedCodes(r.Codes, r.Checks)
	}
	return r
}

// earliest lowers the time of the report.
func (r *Report) earliest(at time.Time) {
	if !at.IsZero() && (r.Time.IsZero() || at.Before(r.Time)) {
		r.Time = at.UTC()
	}
}

// maxNotCovered bounds the lines about what was not covered.
const maxNotCovered = 200

// unchecked collects what was not covered, each once.
type unchecked struct {
	seen map[string]bool
	list []string
	more int
}

func (u *unchecked) add(texts ...string) {
	for _, s := range texts {
		if u.seen[s] {
			continue
		}
		if len(u.list) == maxNotCovered {
			u.more++
			continue
		}
		u.seen[s] = true
		u.list = append(u.list, safe.Line(s))
	}
}

func (u *unchecked) lines() []string {
	if u.more > 0 {
		return append(u.list, fmt.Sprintf("%d more things", u.more))
	}
	return u.list
}

// eachRequired calls f for the reports that checks have brought in.
func (c Check) eachRequired(f func(*Report)) {
	if c.required != nil {
		f(c.required)
	}
	for _, below := range c.Checks {
		below.eachRequired(f)
	}
}

// JSON returns the report in its documented form, indented, with a newline.
func (r *Report) JSON() ([]byte, error) {
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("verify: report: %w", err)
	}
	return append(b, '\n'), nil
}

// String returns the report for people, in lines of text that end in a newline.
// What led to a failure is shown whole; below checks that passed it folds what
// lies deeper than a few levels, which [Report.JSON] has.
func (r *Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s", strings.ToUpper(string(r.Verdict)))
	if r.Subject != nil {
		fmt.Fprintf(&b, "  %s (%d bytes)", r.Subject.Name, r.Subject.Size)
	}
	b.WriteByte('\n')
	if r.Subject != nil {
		for d := range r.Subject.Digests.All() {
			fmt.Fprintf(&b, "  %s\n", d)
		}
	}
	if !r.Time.IsZero() {
		fmt.Fprintf(&b, "  as of %s\n", r.Time.Format(time.RFC3339))
	}
	if r.Verdict == Rejected {
		var list []string
		for _, c := range r.Codes {
			list = append(list, string(c))
		}
		fmt.Fprintf(&b, "  because of %s\n", strings.Join(list, ", "))
	}
	for _, c := range r.Conflicts {
		fmt.Fprintf(&b, "  CONFLICT  %s\n", c)
	}
	for i, c := range r.Checks {
		fold := foldPolicy
		if i > 0 {
			fold = foldClaim
		}
		c.write(&b, 1, fold)
	}
	if len(r.NotCovered) > 0 {
		b.WriteString("  not covered:\n")
		for _, s := range r.NotCovered {
			fmt.Fprintf(&b, "    %s\n", s)
		}
	}
	return b.String()
}

// The depths from which the parts of a passed check are only counted: in the
// first check of a report, which is the policy, and in the evidence for claims.
const (
	foldPolicy = 3
	foldClaim  = 2
)

func (c Check) write(b *strings.Builder, depth, fold int) {
	folded := 0
	if c.Status == Pass && depth >= fold {
		folded = c.count() - 1
		c.Checks = nil
	}
	indent := strings.Repeat("  ", depth)
	mark := map[Status]string{Pass: "ok  ", NotRun: "skip"}[c.Status]
	if mark == "" {
		mark = "FAIL"
	}
	fmt.Fprintf(b, "%s%s  %s", indent, mark, c.What)
	if c.Status != Pass {
		fmt.Fprintf(b, "  [%s]", c.Code)
	}
	switch {
	case folded == 1:
		b.WriteString(" (1 check)")
	case folded > 1:
		fmt.Fprintf(b, " (%d checks)", folded)
	}
	b.WriteByte('\n')
	line := func(label, text string) {
		if text != "" {
			fmt.Fprintf(b, "%s        %s%s\n", indent, label, text)
		}
	}
	if c.Status != Pass {
		line("expected: ", c.Expected)
		line("found:    ", c.Found)
	}
	line("", c.Detail)
	if len(c.Checks) == 0 {
		// The leaves tell whose word it is; repeating it above adds nothing.
		line("by ", issuerList(c.Issuers))
	}
	for _, below := range c.Checks {
		below.write(b, depth+1, fold)
	}
}

// count returns the number of checks from c down.
func (c Check) count() int {
	n := 1
	for _, below := range c.Checks {
		n += below.count()
	}
	return n
}

// issuerList returns the issuers for people: names first, fingerprints cut to
// what tells them apart.
func issuerList(issuers []Issuer) string {
	const enough = len("SHA256:") + 16
	var list []string
	for _, i := range issuers {
		id := i.ID
		if strings.HasPrefix(id, "SHA256:") && len(id) > enough {
			id = id[:enough] + "..."
		}
		if i.Name != "" {
			id = i.Name + " (" + id + ")"
		}
		list = append(list, safe.Line(id))
	}
	slices.Sort(list)
	return strings.Join(slices.Compact(list), ", ")
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"slices"

	"github.com/tallystick/tallystick/internal/safe"
)

// Status is the outcome of one check.
type Status string

const (
	// Pass: what was checked is so.
	Pass Status = "pass"
	// Fail: it is not, or could not be found out; a check without a status
	// is reported so too.
	Fail Status = "fail"
	// NotRun: skipped, with the reason in Detail. It never counts as a pass
	// and never is the cause of a failure: if something had to run, the check
	// above it, or a check of its own, fails.
	NotRun Status = "not-run"
)

// A Check is one line of a report: what was checked, against what, said by
// whom, with what outcome. Checks nest: the outcome of one follows from those
// below it. Text is printable; what came from outside in unauthenticated form is
// in double quotes.
type Check struct {
	Code     Code     `json:"code"`
	Status   Status   `json:"status"`
	What     string   `json:"what"`
	Issuers  []Issuer `json:"issuers,omitempty"` // on whose word the outcome rests
	Expected string   `json:"expected,omitempty"`
	Found    string   `json:"found,omitempty"`
	Detail   string   `json:"detail,omitempty"`
	Checks   []Check  `json:"checks,omitempty"`

	// required is the report that this check brings into another one.
	required *Report
}

// clone returns a copy that shares nothing with c.
func (c Check) clone() Check {
	c.Issuers = slices.Clone(c.Issuers)
	c.Checks = slices.Clone(c.Checks)
	for i := range c.Checks {
		c.Checks[i] = c.Checks[i].clone()
	}
	return c
}

// printable makes every text in c printable. c is a clone, so that nobody who
// kept the original can alter a report.
func (c *Check) printable() {
	if c.Status != Pass && c.Status != NotRun {
		c.Status = Fail // the zero Check must not look like a success
	}
	c.What = safe.Line(c.What)
	c.Expected = safe.Line(c.Expected)
	c.Found = safe.Line(c.Found)
	c.Detail = safe.Line(c.Detail)
	if c.Code == "" {
		c.Code = CodeNoPolicy // whoever made it gave no answer
	}
	for i := range c.Checks {
		c.Checks[i].printable()
	}
}

// firstFailure returns the check that explains a failure best: the first failed
// one, and below it again the first failed one. What stands below a passed check
// did not matter, and neither did what was not run: a check that had to run and
// did not is a failure.
func firstFailure(checks []Check) (Check, bool) {
	for _, c := range checks {
		if c.Status != Fail {
			continue
		}
		if below, ok := firstFailure(c.Checks); ok {
			return below, true
		}
		return c, true
	}
	return Check{}, false
}

// failedCodes appends the codes of the checks that made a rejection, causes
// before what follows from them, each once.
func failedCodes(list []Code, checks []Check) []Code {
	for _, c := range checks {
		if c.Status == Fail {
			list = appendCode(failedCodes(list, c.Checks), c.Code)
		}
	}
	return list
}

// passedCodes is the same for an acceptance.
func passedCodes(list []Code, checks []Check) []Code {
	for _, c := range checks {
		if c.Status == Pass {
			list = appendCode(passedCodes(list, c.Checks), c.Code)
		}
	}
	return list
}

func appendCode(list []Code, c Code) []Code {
	if slices.Contains(list, c) {
		return list
	}
	return append(list, c)
}

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
	Pass   Status = "pass"
	Fail   Status = "fail"
	NotRun Status = "not-run" // skipped, with the reason in Detail; never counts as Pass
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
}

// printable returns c with every text made printable, and copies its slices, so
// that nobody who kept the original can alter a report.
func (c Check) printable() Check {
	if c.Status == "" {
		c.Status = Fail // the zero Check must not look like a success
	}
	c.What = safe.Line(c.What)
	c.Expected = safe.Line(c.Expected)
	c.Found = safe.Line(c.Found)
	c.Detail = safe.Line(c.Detail)
	c.Issuers = append([]Issuer(nil), c.Issuers...)
	if c.Checks != nil {
		below := make([]Check, len(c.Checks))
		for i := range c.Checks {
			below[i] = c.Checks[i].printable()
		}
		c.Checks = below
	}
	return c
}

// failures calls f for the checks with the outcome fail, then for those that
// did not run.
func failures(checks []Check, f func(Check) bool) bool {
	for _, status := range []Status{Fail, NotRun} {
		for _, c := range checks {
			if c.Status == status && !f(c) {
				return false
			}
		}
	}
	return true
}

// firstFailure returns the check that explains a failure best: the first failed
// one, and below it again the first failed one. What stands below a passed check
// did not matter.
func firstFailure(checks []Check) (first Check, ok bool) {
	failures(checks, func(c Check) bool {
		if first, ok = firstFailure(c.Checks); !ok {
			first, ok = c, true
		}
		return false
	})
	return first, ok
}

// failedCodes appends the codes of the checks that made a rejection, causes
// before what follows from them, each once.
func failedCodes(list []Code, checks []Check) []Code {
	failures(checks, func(c Check) bool {
		list = appendCode(failedCodes(list, c.Checks), c.Code)
		return true
	})
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

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"github.com/tallystick/tallystick/verify"
)

// How much of a rejection is shown: a person has one screen. JSON has all of it.
const (
	maxPassed     = 4
	maxFailed     = 2
	maxNotCovered = 5
)

// brief returns the report without most of what is not the reason of a rejection.
func brief(r *verify.Report) *verify.Report {
	if r.Verdict != verify.Rejected {
		return r
	}
	short := *r
	short.Checks = reasons(r.Checks)
	if more := len(r.NotCovered) - maxNotCovered; more > 0 {
		short.NotCovered = append(r.NotCovered[:maxNotCovered:maxNotCovered], fmt.Sprintf("%d more things; --json lists them", more))
	}
	return &short
}

// reasons returns the checks that failed, without what lies below others if all of
// it passed, and without what was not checked because something else had failed.
func reasons(checks []verify.Check) []verify.Check {
	var out []verify.Check
	count := map[verify.Status]int{}
	code := map[verify.Status]verify.Code{} // of the last one
	for _, c := range checks {
		count[c.Status]++
		code[c.Status] = c.Code
		limit := maxPassed
		switch c.Status {
		case verify.Fail:
			limit = maxFailed
			c.Checks = reasons(c.Checks)
		case verify.NotRun:
			limit = 0
		default:
			if c.Checks = reasons(c.Checks); allPassed(c.Checks) {
				c.Checks = nil
			}
		}
		if count[c.Status] <= limit {
			out = append(out, c)
		}
	}
	if more := count[verify.Fail] - maxFailed; more > 0 {
		out = append(out, verify.Check{Code: code[verify.Fail], Status: verify.Fail, What: fmt.Sprintf("%d more that failed; --json lists them", more)})
	}
	if more := count[verify.Pass] - maxPassed; more > 0 {
		out = append(out, verify.Check{Status: verify.Pass, What: fmt.Sprintf("%d more of which none failed", more)})
	}
	if count[verify.NotRun] > 0 {
		out = append(out, verify.Check{Code: code[verify.NotRun], Status: verify.NotRun, What: fmt.Sprintf("%d not checked, since something else failed", count[verify.NotRun])})
	}
	return out
}

func allPassed(checks []verify.Check) bool {
	for _, c := range checks {
		if c.Status != verify.Pass || !allPassed(c.Checks) {
			return false
		}
	}
	return true
}

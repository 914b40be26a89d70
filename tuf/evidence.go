// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package tuf

import (
	"slices"
	"time"

	"github.com/tallystick/tallystick/verify"
)

// An evidence is what has been found out so far: one line for each role in the
// order of trust, and what was wrong in the cache, which decides nothing.
type evidence struct {
	at    time.Time
	lines []verify.Check
	notes []verify.Check

	offline bool // the repository was not asked
}

// with returns the evidence below one check. It shares no memory with e: callers
// may write into what they get, and e is part of what other targets are believed by.
func (e evidence) with(code verify.Code, status verify.Status, what string, more ...verify.Check) verify.Evidence {
	var notCovered []string
	if e.offline {
		notCovered = []string{"whether the repository has newer metadata: it was not asked (Config.Offline)"}
	}
	return verify.Evidence{
		Check: verify.Check{
			Code:   code,
			Status: status,
			What:   what,
			Checks: slices.Concat(e.lines, more, e.notes),
		},
		Time:       e.at,
		NotCovered: notCovered,
	}.Clone()
}

// reject turns a finding into the verdict. Other errors are no verdict and stay
// what they are.
func (e evidence) reject(err error, code verify.Code, what string) error {
	f, ok := err.(*finding)
	if !ok {
		return err
	}
	return verify.Reject(e.with(code, verify.Fail, what, verify.Check(*f)))
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tallystick/tallystick/internal/safe"
)

// An Error says that something could not be done, or is not so. Packages above
// this one return it where there is no verdict to report, for example when the
// caller's own key does not parse or a server does not answer.
type Error struct {
	Code     Code
	What     string // the thing checked, in words
	Expected string // what would have been right, where that says more
	Found    string
	Err      error // the cause, if there is one
}

// Error returns one printable line.
func (e *Error) Error() string {
	s := string(e.Code) + describe(e.What, e.Expected, e.Found)
	if e.Err != nil {
		s += ": " + safe.Line(e.Err.Error())
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is the code of e. An error with [CodeWeak] is also
// one with [CodeNotCovered].
func (e *Error) Is(target error) bool {
	c, ok := target.(Code)
	return ok && (c == e.Code || c == CodeNotCovered && e.Code == CodeWeak)
}

// A RejectedError is the verdict "rejected". It carries the whole report.
type RejectedError struct {
	Report *Report
	// Err is the cause where the rejection has one outside the report, such
	// as the error of the caller's context.
	Err error
}

// Reject makes the verdict "rejected" out of a check that has failed. It is for
// packages that check claims, which reject before there is an artifact to decide
// about. Whatever status the check has, it is reported as failed.
func Reject(e Evidence) *RejectedError {
	e.Check.Status = Fail
	return &RejectedError{Report: newReport(Rejected, e.Time, []Check{e.Check}, e.NotCovered)}
}

// Code returns the most important code of the report.
func (e *RejectedError) Code() Code {
	if e == nil || e.Report == nil || len(e.Report.Codes) == 0 {
		return ""
	}
	return e.Report.Codes[0]
}

// Error returns one printable line about the first check that failed.
func (e *RejectedError) Error() string {
	if e.Report == nil {
		return "rejected"
	}
	if len(e.Report.Conflicts) > 0 {
		return "rejected: " + string(CodeConflict) + ": " + e.Report.Conflicts[0].String()
	}
	if c, ok := firstFailure(e.Report.Checks); ok {
		s := "rejected: " + string(c.Code) + describe(c.What, c.Expected, c.Found)
		if c.Detail != "" {
			s += ": " + safe.Line(c.Detail)
		}
		return s
	}
	return "rejected"
}

// Unwrap returns the cause.
func (e *RejectedError) Unwrap() error { return e.Err }

// Is reports whether target is one of the codes that made the verdict.
func (e *RejectedError) Is(target error) bool {
	c, ok := target.(Code)
	return ok && e.Report != nil && slices.Contains(e.Report.Codes, c)
}

func describe(what, expected, found string) string {
	var parts []string
	if expected != "" {
		parts = append(parts, "expected "+expected)
	}
	if found != "" {
		parts = append(parts, "found "+found)
	}
	s := ""
	if what != "" {
		s = ": " + what
	}
	if len(parts) > 0 {
		s += ": " + strings.Join(parts, ", ")
	}
	return safe.Line(s)
}

func errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, What: fmt.Sprintf(format, args...)}
}

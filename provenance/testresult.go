// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package provenance

import "github.com/tallystick/tallystick/internal/strictjson"

// TestResultV01 is the predicate type of the result of tests.
const TestResultV01 = "https://in-toto.io/attestation/test-result/v0.1"

// Values of a test result.
const (
	testPassed = "PASSED"
	testWarned = "WARNED"
	testFailed = "FAILED"
)

// A TestResult is what one run of tests had as its result. There is no time in it.
type TestResult struct {
	Result        string     // "PASSED", "WARNED" or "FAILED"
	Configuration []Resource // of the run
	URL           string     // of the run
	// Passed, Warned and Failed are names of tests.
	Passed, Warned, Failed []string
}

var testResultSchema = strictjson.NewSchema("result", "configuration", "url", "passedTests", "warnedTests", "failedTests")

// TestResult returns the predicate as a test result v0.1. Errors are those of
// [Statement.Provenance].
func (s *Statement) TestResult() (*TestResult, error) {
	d, err := s.typed(TestResultV01)
	if err != nil {
		return nil, err
	}
	r := new(TestResult)
	configured := false
	err = d.Object(testResultSchema, func(name string) error {
		switch name {
		case "result":
			return d.string(&r.Result)
		case "configuration":
			configured = true
			return d.resources(&r.Configuration)
		case "url":
			return d.string(&r.URL)
		case "passedTests":
			return d.strings(&r.Passed)
		case "warnedTests":
			return d.strings(&r.Warned)
		case "failedTests":
			return d.strings(&r.Failed)
		}
		return d.Skip()
	})
	switch {
	case err != nil:
	case r.Result != testPassed && r.Result != testWarned && r.Result != testFailed:
		err = d.Reject("result is none of PASSED, WARNED and FAILED")
	case !configured:
		err = d.missing("configuration")
	}
	if err := d.finish(s, err); err != nil {
		return nil, err
	}
	return r, nil
}

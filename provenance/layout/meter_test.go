// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/tallystick/tallystick/verify"
)

// A single rule over many artifacts ends when the context does.
func TestRuleIsInterrupted(t *testing.T) {
	var names []string
	for i := range 2000 {
		names = append(names, fmt.Sprintf("%02000d", i))
	}
	list := listOf(t, names...)
	ev := newEvidence(list, list)
	asked := 0
	run := ruleRun{what: "materials", rules: rulesOf(t, []string{"ALLOW", "*1?1?1*x"}, []string{"DISALLOW", "*x"}), evidence: ev, side: materials,
		work: &meter{left: math.MaxInt64, pause: meterPause, ended: func() bool { asked++; return asked == 2 }}, hints: &meter{}}
	check := run.run()
	if asked != 2 || !run.work.stopped || check.Status != verify.NotRun || check.Checks[0].Status != verify.NotRun || check.Checks[1].Status != verify.NotRun {
		t.Errorf("asked %d times: %+v", asked, check)
	}
	if !strings.Contains(check.Checks[0].Detail, "has ended") {
		t.Errorf("detail %q", check.Checks[0].Detail)
	}
}

// The search for near misses has a budget, without which a rejection stays one.
func TestHintsAreBounded(t *testing.T) {
	var names []string
	for i := range 1000 {
		names = append(names, fmt.Sprintf("dir/%d", i))
	}
	list, there := listOf(t, "x/999"), listOf(t, names...)
	ev, other := newEvidence(list, list), newEvidence(there, there)
	for budget, want := range map[int64]bool{math.MaxInt64: true, 100: false} {
		for _, rules := range [][]rule{
			rulesOf(t, []string{"MATCH", "*", "WITH", "PRODUCTS", "FROM", "other"}, []string{"DISALLOW", "*"}),
		} {
			run := ruleRun{rules: rules, evidence: ev, side: materials, others: map[string]*evidence{"other": other},
				work: &meter{left: math.MaxInt64}, hints: &meter{left: budget}}
			check := run.run()
			if check.Status != verify.Fail {
				t.Errorf("budget %d: %+v", budget, check)
			}
			if got := strings.Contains(check.Checks[1].Detail, "but there is"); got != want {
				t.Errorf("budget %d: %s", budget, check.Checks[1].Detail)
			}
		}
		run := ruleRun{rules: rulesOf(t, []string{"REQUIRE", "x/999"}), evidence: other, side: materials,
			work: &meter{left: math.MaxInt64}, hints: &meter{left: budget}}
		check := run.run()
		if got := strings.Contains(check.Checks[0].Found, "but there is"); check.Status != verify.Fail || got != want {
			t.Errorf("budget %d: %+v", budget, check)
		}
	}
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/internal/safe"
	"github.com/tallystick/tallystick/verify"
)

// A Runner performs inspections: commands that a layout wants to be run on the
// final product at the time of verification (specification 4.3.2). Running what
// a layout says is a decision that only the caller can make, so this package
// has no Runner of its own.
type Runner interface {
	// Run runs the command and returns what was there before and after it. An
	// error that is [CodeInspection] for errors.Is says that the inspection
	// is not to be run, any other one that it failed; the layout is not
	// accepted either way.
	Run(ctx context.Context, in Inspection) (InspectionResult, error)
}

// An Inspection is one that a verified layout asks for.
type Inspection struct {
	Name    string
	Command []string // never empty
	// Sublayout has the names of the steps that lead to the sublayout whose
	// inspection it is; it is empty for the layout itself. The command comes
	// from a functionary then, not from the project owner.
	Sublayout []string
}

// An InspectionResult is what a Runner found.
type InspectionResult struct {
	// Materials are the artifacts before the command, Products those after.
	Materials, Products map[string]hash.Set
	// ExitCode is that of the command; it rejects unless it is 0.
	ExitCode int
}

// signedInspection looks for the signed link of an inspection of a sublayout, with
// which those who signed the sublayout say that they have done the inspection
// (specification 4.5.3). All of them must have signed it. The result is nil if
// there is no such link, and its check is a pass if the inspection need not be run.
func (r *run) signedInspection(in *inspection, links LinkSource, signers []*layoutKey, path []string) *stepResult {
	if len(path) == 0 {
		return nil // the specification allows it for sublayouts only
	}
	found := r.collect(&step{name: in.name, threshold: int64(len(signers)), pubkeys: signers, inspection: in}, links, path)
	what := "signed link of inspection " + safe.Quote(in.name)
	if len(found.check.Checks[0].Checks) == 0 {
		return nil
	}
	found.check.Code, found.check.What = CodeInspection, what
	found.check.Checks[0].What = "those who signed the sublayout have signed the link of its inspection"
	if found.check.Status == verify.Pass {
		found.check.What = "inspection " + safe.Quote(in.name)
		found.check.Detail = "not run, for those who signed the sublayout have signed a link about it"
		r.note(path, "inspection "+safe.Quote(in.name)+": a signed link says that it was done")
	}
	return found
}

// performs returns nil if the link is one of the inspection that succeeded.
func (l *link) performs(in *inspection) error {
	if !slices.Equal(l.command, in.run) {
		return fmt.Errorf("the command is %s, must be %s", ruleText(l.command), ruleText(in.run))
	}
	if l.returned != "0" {
		return fmt.Errorf("the return value in the byproducts is %s, must be 0", safe.Quote(l.returned))
	}
	return nil
}

// inspect runs one inspection. The check has its outcome; the evidence is nil
// unless that is a pass.
func (r *run) inspect(in *inspection, path []string) (*evidence, verify.Check) {
	check := verify.Check{Code: CodeInspection, Status: verify.Fail, What: "inspection " + safe.Quote(in.name)}
	if r.opts.Runner == nil {
		check.Expected = "to run " + ruleText(in.run)
		check.Found = "not run, for there is no runner"
		check.Detail = "the commands of a layout run only where the verifier is told to run them, and this layout is accepted only with them"
		return nil, check
	}
	result, err := r.opts.Runner.Run(r.ctx, Inspection{Name: in.name, Command: slices.Clone(in.run), Sublayout: slices.Clone(path)})
	switch {
	case errors.Is(err, CodeInspection):
		check.Expected, check.Found, check.Detail = "to run "+ruleText(in.run), "not run", err.Error()
		return nil, check
	case err != nil:
		check.Detail = err.Error()
		r.cause = errors.Join(r.cause, err)
		return nil, check
	case result.ExitCode != 0:
		check.Expected, check.Found = "exit code 0", fmt.Sprint(result.ExitCode)
		return nil, check
	}
	var lists [2]*artifactList
	for side, m := range []map[string]hash.Set{result.Materials, result.Products} {
		var b listBuilder
		for _, name := range slices.Sorted(maps.Keys(m)) {
			if err := b.addSet(name, m[name]); err != nil {
				check.Detail = err.Error()
				return nil, check
			}
		}
		if lists[side], err = b.finish(); err != nil {
			check.Detail = err.Error()
			return nil, check
		}
	}
	if a, b, found := ambiguous(lists[0], lists[1]); found {
		check.Detail = fmt.Sprintf("the names %s and %s mean one path", safe.Quote(a), safe.Quote(b))
		return nil, check
	}
	check.Status = verify.Pass
	check.Detail = "ran " + strings.TrimSpace(ruleText(in.run))
	return newEvidence(lists[0], lists[1]), check
}

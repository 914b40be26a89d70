// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tallystick/tallystick/internal/safe"
	"github.com/tallystick/tallystick/internal/strictjson"
	"github.com/tallystick/tallystick/verify"
)

// A stepResult is what was found for a step.
type stepResult struct {
	name string
	// functionaries are those whose evidence counted.
	functionaries []verify.Issuer
	evidence      *evidence  // nil if there is not enough
	commands      [][]string // with which it was done, as they say
	check         verify.Check
}

// A witness is a usable piece of evidence: a link or sublayout and who signed it.
type witness struct {
	file     string
	signers  []*layoutKey // distinct
	evidence *evidence
	commands [][]string // one of a link; of a sublayout those of its last step
}

// maxUnusable is how many links of a step that cannot be used are listed.
const maxUnusable = 64

func isLimit(err error) bool {
	return errors.Is(err, strictjson.TooLarge) || errors.Is(err, strictjson.TooDeep) || codeOf(err, "") == CodeLimit
}

// collect looks for the evidence of a step, in the order of the source, and
// decides whether it suffices. Its check is a pass if so.
func (r *run) collect(s *step, links LinkSource, path []string) *stepResult {
	out := &stepResult{name: s.name}
	out.check = verify.Check{Code: CodeStep, Status: verify.Fail, What: "step " + safe.Quote(s.name)}
	threshold := verify.Check{Code: CodeThreshold, Status: verify.Fail, What: "functionaries of step " + safe.Quote(s.name)}

	var witnesses []witness
	unusable := 0
	for f, err := range r.find(s, links) {
		if err != nil {
			r.err = sourceError("links of step "+safe.Quote(s.name), err)
			break
		}
		if f.once != nil {
			if r.once[f.once] {
				continue
			}
			if r.once == nil {
				r.once = map[*onceFile]bool{}
			}
			r.once[f.once] = true
		}
		if r.links += max(1, f.others); r.links > r.limits.Links {
			r.exceeded(fmt.Sprintf("at most %d links (Limits.Links)", r.limits.Links))
		}
		if r.bytes += int64(len(f.Data)) + f.othersSize; r.bytes > r.limits.TotalBytes {
			r.exceeded(fmt.Sprintf("links of at most %d bytes in all (Limits.TotalBytes)", r.limits.TotalBytes))
		}
		if r.ended() {
			break
		}
		if f.others > 0 {
			r.note(path, f.Name+": "+f.Err.Error())
			continue
		}
		w, check := r.examine(f, s, links, path)
		if w != nil {
			witnesses = append(witnesses, *w)
		} else if unusable++; unusable > maxUnusable {
			continue // anyone can put files there
		}
		threshold.Checks = append(threshold.Checks, check)
	}

	var names []string
	for _, w := range witnesses {
		for _, k := range w.signers {
			if !slices.ContainsFunc(out.functionaries, func(i verify.Issuer) bool { return i.ID == k.fingerprint() }) {
				out.functionaries = append(out.functionaries, k.issuer())
				names = append(names, k.issuer().Name)
			}
		}
	}
	threshold.Issuers = slices.Clone(out.functionaries)
	threshold.Expected = fmt.Sprintf("%d of %d functionaries", s.threshold, len(s.pubkeys))
	if len(s.constraints) > 0 {
		threshold.Expected += " or of those with a certificate"
	}
	threshold.Found = fmt.Sprint(len(out.functionaries))
	if len(names) > 0 {
		threshold.Found += ": " + safe.Line(strings.Join(names, ", "))
	}
	if len(threshold.Checks) == 0 {
		threshold.Found += "; there is no link for the step"
	} else if missing := s.missing(out.functionaries); missing != "" && int64(len(out.functionaries)) < s.threshold {
		threshold.Found += "; no usable link of " + missing
	}
	if more := unusable - maxUnusable; more > 0 {
		s.unusable = append(s.unusable, fmt.Sprintf("%d more links that cannot be used are not listed", more))
	}
	threshold.Detail = strings.Join(s.unusable, "; ")
	enough := int64(len(out.functionaries)) >= s.threshold
	if enough {
		threshold.Status = verify.Pass
		threshold.Detail = strings.Join(append([]string{fmt.Sprintf("%d needed, found %s", s.threshold, threshold.Found)}, s.unusable...), "; ")
	}
	out.check.Checks = append(out.check.Checks, threshold)
	out.check.Issuers = out.functionaries
	if !enough {
		return out
	}

	agreed, check := agree(witnesses, s.threshold, r.opts.Quorum, &r.work)
	if check != nil {
		check.What = "agreement of the functionaries of step " + safe.Quote(s.name)
		out.check.Checks = append(out.check.Checks, *check)
	}
	if agreed == nil {
		return out
	}
	out.functionaries = slices.DeleteFunc(out.functionaries, func(i verify.Issuer) bool { return !agreed.signers[i.ID] })
	out.check.Issuers = out.functionaries
	out.evidence, out.commands = agreed.evidence, agreed.commands
	out.check.Status = verify.Pass
	return out
}

// missing names the keys of the step that are not in the list.
func (s *step) missing(found []verify.Issuer) string {
	var names []string
	for _, k := range s.pubkeys {
		if !slices.ContainsFunc(found, func(i verify.Issuer) bool { return i.ID == k.fingerprint() }) {
			names = append(names, k.issuer().Name)
		}
	}
	if more := len(names) - maxTraceNames; more > 0 {
		names = append(names[:maxTraceNames], fmt.Sprintf("%d more", more))
	}
	return safe.Line(strings.Join(names, ", "))
}

// find asks the source for the evidence of a step.
func (r *run) find(s *step, links LinkSource) func(func(File, error) bool) {
	if links == nil {
		return func(func(File, error) bool) {}
	}
	return links.Links(r.ctx, r.request(s.name, s.pubkeys))
}

func (r *run) request(step string, keys []*layoutKey) Request {
	req := Request{Step: step, MaxBytes: r.limits.LinkBytes, limits: r.limits.json(r.limits.LinkBytes)}
	for _, k := range keys {
		req.KeyIDs = append(req.KeyIDs, k.id)
	}
	return req
}

// examine decides whether a file is evidence for the step, and for whom it
// counts. The witness is nil unless the check is a pass.
func (r *run) examine(f File, s *step, links LinkSource, path []string) (*witness, verify.Check) {
	check := verify.Check{Code: CodeLinkMalformed, Status: verify.Fail, What: "link " + safe.Quote(f.Name)}
	refuse := func(code verify.Code, err error) (*witness, verify.Check) {
		if isLimit(err) {
			code = CodeLimit
		}
		check.Code, check.Detail = codeOf(err, code), err.Error()
		return nil, check
	}
	limits := r.limits.json(r.limits.LinkBytes)
	env, err := f.env, f.Err
	if err == nil && env == nil {
		env, err = openEnvelope(f.Data, limits)
	}
	if err != nil {
		return refuse(CodeLinkMalformed, err)
	}
	// The signatures come first: nothing below parses what a stranger wrote.
	t, err := env.count(s.pubkeys, r.at)
	if err != nil {
		r.trySignatures(t.work)
		return refuse(CodeLinkSignature, err)
	}
	certified := env.certified(s.authorities, s.constraints, r.at)
	for i, k := range certified.signed {
		// A subkey counts for its main key, also by certificate.
		if main, ok := s.subkeys[k.fingerprint()]; ok {
			certified.signed[i] = s.pubkeys[slices.IndexFunc(s.pubkeys, func(p *layoutKey) bool { return p.fingerprint() == main })]
		}
	}
	t.add(certified)
	if r.trySignatures(t.work); r.ended() {
		check.Detail = "not looked at"
		return nil, check
	}
	signers := t.signed
	if len(signers) == 0 {
		check.Code = CodeLinkSignature
		check.Expected = "a signature of a functionary of the step"
		check.Found = fmt.Sprintf("%d signatures, none of them", len(env.signatures))
		check.Detail = strings.Join(t.reasons, "; ")
		if t.unfinished {
			check.Code, check.Found = CodeLimit, fmt.Sprintf("%d signatures, of which not all could be tried", len(env.signatures))
		}
		return nil, check
	}
	for _, k := range signers {
		check.Issuers = append(check.Issuers, k.issuer())
	}
	w := &witness{file: f.Name, signers: signers}
	typ, err := payloadKind(env.payload, limits)
	if err != nil {
		return refuse(CodeLinkMalformed, err)
	}
	if typ == typeLayout && s.inspection == nil {
		return r.sublayout(w, f, env, s, links, path, check)
	}
	if env.payloadType == "" && typ != typeLink {
		return refuse(CodeLinkMalformed, fmt.Errorf("the _type %s needs a DSSE envelope", safe.Quote(typ)))
	}
	l, err := parseLink(env.payload, typ, limits)
	if err != nil {
		return refuse(CodeLinkMalformed, err)
	}
	if l.name != s.name {
		check.Code = CodeLinkName
		check.Expected, check.Found = "a link of step "+safe.Quote(s.name), "one of step "+safe.Quote(l.name)
		return nil, check
	}
	w.evidence = l.evidence
	check.Code, check.Status = CodeLink, verify.Pass
	check.Detail = plural(l.evidence.lists[materials].len(), "material") + ", " + plural(l.evidence.lists[products].len(), "product")
	for _, extra := range slices.Concat(t.reasons, l.notes) {
		check.Detail += "; " + extra
	}
	if s.inspection != nil {
		if err := l.performs(s.inspection); err != nil {
			return refuse(CodeInspection, err)
		}
	}
	w.evidence.issuers = [2][]verify.Issuer{check.Issuers, check.Issuers}
	w.commands = [][]string{l.command}
	if !r.checkCommands(&check, s, w) {
		return nil, check
	}
	return w, check
}

// checkCommands compares the commands of a witness with that of the step. A
// difference is a finding; it is not ok only with Options.RequireCommands.
func (r *run) checkCommands(check *verify.Check, s *step, w *witness) (ok bool) {
	if len(s.command) == 0 {
		return true
	}
	for _, command := range w.commands {
		if slices.Equal(s.command, command) {
			continue
		}
		c := verify.Check{Code: CodeCommand, Status: verify.Pass, What: "command in " + safe.Quote(w.file),
			Expected: ruleText(s.command), Found: ruleText(command)}
		c.Detail = fmt.Sprintf("expected %s, found %s", c.Expected, c.Found)
		if r.opts.RequireCommands {
			c.Status, c.Detail = verify.Fail, ""
			check.Code, check.Status = CodeCommand, verify.Fail
		}
		check.Checks = append(check.Checks, c)
		if r.opts.RequireCommands {
			return false
		}
	}
	return true
}

// sublayout verifies a layout that functionaries have handed in as evidence
// (specification 4.5): they are its project owners.
func (r *run) sublayout(w *witness, f File, env *envelope, s *step, links LinkSource, path []string, check verify.Check) (*witness, verify.Check) {
	check.Code = CodeSublayout
	check.What = "sublayout " + safe.Quote(f.Name)
	path = append(slices.Clone(path), s.name)
	if env.payloadType == payloadTypeLink {
		check.Detail = "a layout under the payload type of a link"
		return nil, check
	}
	if len(path) > r.limits.SublayoutDepth {
		r.exceeded(fmt.Sprintf("sublayouts nested at most %d deep (Limits.SublayoutDepth)", r.limits.SublayoutDepth))
	}
	if r.sublayouts++; r.sublayouts > r.limits.Sublayouts {
		r.exceeded(fmt.Sprintf("at most %d sublayouts (Limits.Sublayouts)", r.limits.Sublayouts))
	}
	if r.ended() {
		check.Detail = "not verified"
		return nil, check
	}
	below, err := links.Sublayout(r.ctx, f, r.request(s.name, w.signers))
	if err != nil {
		r.err = sourceError("links of a sublayout of step "+safe.Quote(s.name), err)
		return nil, check
	}
	result := r.layout(env.payload, below, nil, w.signers, path, &check)
	if result == nil {
		check.Status = verify.Fail
		return nil, check
	}
	w.evidence, w.commands = result.evidence(), result.steps[len(result.steps)-1].commands
	if !r.checkCommands(&check, s, w) {
		return nil, check
	}
	return w, check
}

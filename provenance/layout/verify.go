// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tallystick/tallystick/internal/clock"
	"github.com/tallystick/tallystick/internal/safe"
	"github.com/tallystick/tallystick/internal/tally"
	"github.com/tallystick/tallystick/provenance"
	"github.com/tallystick/tallystick/verify"
)

// Verify decides whether the supply chain that a layout describes was followed
// (specification 5.2): every one of the layout keys has signed the layout, it has
// not expired, for every step enough of its functionaries have handed in links
// that agree, every artifact rule holds, and every inspection has succeeded.
//
// layout is the signed layout in JSON: a DSSE envelope or the older form. keys
// are the keys of the project owner; all of them must have signed, whatever the
// threshold of the set is.
//
// A Verification is returned exactly when all of that holds. Otherwise the error
// is a [*verify.RejectedError] whose report has the whole trace, or, when there is
// no verdict, a [*verify.Error]: the options or keys make no sense, the source
// does not work, or the context has ended.
func Verify(ctx context.Context, layout []byte, keys provenance.KeySet, links LinkSource, opts Options) (*Verification, error) {
	owners := layoutOwners(keys, opts.OpenPGPKeys)
	switch {
	case len(owners) == 0:
		return nil, &verify.Error{Code: CodeOptions, What: "layout keys", Found: "none"}
	case links == nil:
		return nil, &verify.Error{Code: CodeOptions, What: "link source", Found: "nil"}
	}
	if err := opts.check(); err != nil {
		return nil, err
	}
	if err := distinctOwners(owners); err != nil {
		return nil, err
	}
	r := &run{ctx: ctx, opts: &opts, limits: opts.Limits.withDefaults(), at: clock.At(opts.Time)}
	r.work = meter{left: r.limits.PatternWork, pause: meterPause, ended: r.ended}
	r.hints = meter{left: maxHints, pause: meterPause, ended: r.ended}

	r.signatures = r.limits.SignatureWork

	root := verify.Check{Code: CodeVerified, Status: verify.Fail, What: "layout"}
	env, ok := r.authenticate(layout, owners, &root)
	var result *result
	if ok {
		result = r.layout(env.payload, links, opts.Parameters, nil, nil, &root)
	}
	if r.err != nil {
		return nil, r.err
	}
	if r.limit != nil {
		root.Status = verify.Fail
		root.Checks = slices.Insert(root.Checks, 0, *r.limit)
	}
	r.note(nil, "byproducts and environment in links")
	if !opts.RequireCommands {
		r.note(nil, "commands in links: differences are listed and decide nothing")
	}
	evidence := verify.Evidence{Check: root, Time: r.at, NotCovered: r.notes}
	if result == nil || root.Status != verify.Pass {
		rejected := verify.Reject(evidence)
		rejected.Err = r.cause
		return nil, rejected
	}
	return newVerification(result, evidence), nil
}

// maxHints bounds the search for near misses, in the terms of Limits.PatternWork.
const maxHints = 1 << 24

// A run is one call of Verify.
type run struct {
	ctx    context.Context
	opts   *Options
	limits Limits
	at     time.Time

	// What has been used up, at all levels.
	links, sublayouts int
	bytes             int64
	once              map[*onceFile]bool
	work              meter
	signatures        int64 // what may still be spent on them
	hints             meter // for explanations

	notes []string
	limit *verify.Check // a limit that rejects everything
	cause error         // an error of the runner
	err   error         // why there is no verdict
}

// A result is a layout that was verified.
type result struct {
	steps []*stepResult
}

// evidence gives the artifacts that stand for the layout as a whole (specification
// 4.5.1), with those who signed for them.
func (r *result) evidence() *evidence {
	first, last := r.steps[0].evidence, r.steps[len(r.steps)-1].evidence
	e := newEvidence(first.lists[materials], last.lists[products])
	e.issuers = [2][]verify.Issuer{first.issuers[materials], last.issuers[products]}
	return e
}

// ended reports whether the run has to stop.
func (r *run) ended() bool {
	if r.err == nil && r.ctx.Err() != nil {
		r.err = &verify.Error{Code: CodeSource, What: "verification", Err: context.Cause(r.ctx)}
	}
	return r.err != nil || r.limit != nil
}

// exceeded notes a limit that rejects everything.
func (r *run) exceeded(expected string) {
	if r.limit == nil {
		r.limit = &verify.Check{Code: CodeLimit, Status: verify.Fail, What: "work", Expected: expected, Found: "more"}
	}
}

// trySignatures takes off what it has cost to try the signatures of a file.
func (r *run) trySignatures(work int64) {
	if r.signatures -= work; r.signatures < 0 {
		r.exceeded(fmt.Sprintf("signatures that cost at most %d bytes to try (Limits.SignatureWork)", r.limits.SignatureWork))
	}
}

// note adds to what the report lists as not covered.
func (r *run) note(path []string, notes ...string) {
	const most = 64
	for _, s := range notes {
		if len(path) > 0 {
			s = "sublayout of " + stepPath(path) + ": " + s
		}
		if len(r.notes) < most && !slices.Contains(r.notes, s) {
			r.notes = append(r.notes, s)
		}
	}
}

// stepPath names nested steps for people.
func stepPath(path []string) string {
	quoted := make([]string, len(path))
	for i, name := range path {
		quoted[i] = safe.Quote(name)
	}
	return strings.Join(quoted, " / ")
}

// An owner is a key of the project owner, of either kind.
type owner struct {
	issuer verify.Issuer
	key    provenance.Key
	pgp    *layoutKey
}

func layoutOwners(keys provenance.KeySet, pgp []OpenPGPKey) []owner {
	var owners []owner
	for _, k := range keys.Keys() {
		owners = append(owners, owner{issuer: k.Issuer(), key: k})
	}
	for _, k := range pgp {
		owners = append(owners, owner{issuer: k.Issuer(), pgp: k.k})
	}
	return owners
}

// distinctOwners returns a [*verify.Error] if one private key could sign for two
// owners.
func distinctOwners(owners []owner) error {
	seen := map[string]int{}
	for i, o := range owners {
		keys := []string{o.issuer.ID}
		if o.pgp != nil {
			keys = append(keys, o.pgp.subkeys()...)
		}
		for _, k := range keys {
			if first, ok := seen[k]; ok && first != i {
				return &verify.Error{Code: CodeOptions, What: "layout keys", Expected: "keys and subkeys that are all different",
					Found: fmt.Sprintf("%s in both %v and %v", k, owners[first].issuer, o.issuer)}
			}
			seen[k] = i
		}
	}
	return nil
}

// countOwners says which of the owners have signed the envelope.
func (e *envelope) countOwners(owners []owner, at time.Time) (signed []verify.Issuer, t tallied, err error) {
	var list []tally.Key
	var plain []owner
	var pgp []*layoutKey
	for _, o := range owners {
		if o.pgp != nil {
			pgp = append(pgp, o.pgp)
		} else {
			plain = append(plain, o)
			list = append(list, o.key)
		}
	}
	outcome, err := tally.Count(e.message, e.signatures, list, nil)
	if err != nil {
		return nil, t, err
	}
	for i, o := range plain {
		if outcome.Signed[i] >= 0 && o.issuer.ID != "" {
			signed = append(signed, o.issuer)
		}
	}
	t = tallied{reasons: unusedSignatures(e, outcome), unfinished: outcome.Unfinished, work: outcome.Work}
	by, err := e.countPGP(pgp, at)
	for _, k := range by.signed {
		signed = append(signed, k.issuer())
	}
	t.add(by)
	return signed, t, err
}

// authenticate opens the layout's envelope and checks its signatures.
func (r *run) authenticate(layout []byte, owners []owner, root *verify.Check) (*envelope, bool) {
	env, err := openEnvelope(layout, r.limits.json(r.limits.LayoutBytes))
	if err != nil {
		root.Checks = append(root.Checks, failed(codeOf(err, jsonCode(err)), "layout", err))
		return nil, false
	}
	// What was signed as a link must not become a layout.
	if env.payloadType == payloadTypeLink {
		root.Checks = append(root.Checks, failed(CodeMalformed, "layout", errors.New("the payload type is that of a link")))
		return nil, false
	}
	check := verify.Check{Code: CodeSignature, Status: verify.Pass, What: "signatures of the layout",
		Expected: fmt.Sprintf("all of %d keys", len(owners))}
	signed, t, err := env.countOwners(owners, r.at)
	if r.trySignatures(t.work); err != nil || r.ended() {
		if err == nil {
			return nil, false
		}
		root.Checks = append(root.Checks, failed(CodeLimit, check.What, err))
		return nil, false
	}
	var missing []string
	for _, o := range owners {
		if !slices.ContainsFunc(signed, func(i verify.Issuer) bool { return i.ID == o.issuer.ID }) {
			missing = append(missing, o.issuer.String())
			check.Status = verify.Fail
		}
	}
	check.Issuers = signed
	check.Found = fmt.Sprintf("%d", len(signed))
	if len(missing) > 0 {
		check.Found += ", not " + strings.Join(missing, ", ")
	}
	check.Detail = strings.Join(t.reasons, "; ")
	if t.unfinished && check.Status != verify.Pass {
		check.Code = CodeLimit
		check.Found += "; not all signatures could be tried"
	}
	root.Checks = append(root.Checks, check)
	root.Issuers = signed
	if check.Status != verify.Pass {
		return nil, false
	}
	for _, o := range owners {
		if o.pgp == nil && !o.key.ValidAt(r.at) {
			root.Checks = append(root.Checks, verify.Check{Code: CodeKey, Status: verify.Fail, Issuers: []verify.Issuer{o.issuer},
				What: "validity of the layout key", Expected: "one that is valid at " + r.at.Format(time.RFC3339), Found: "a time outside its dates"})
			return nil, false
		}
	}
	return env, true
}

func failed(code verify.Code, what string, err error) verify.Check {
	return verify.Check{Code: code, Status: verify.Fail, What: what, Detail: err.Error()}
}

// layout verifies the payload of a layout whose signatures are good, and fills in
// its check. The result is nil unless it was accepted. For a sublayout, signers are
// those who signed it, and path has the steps that lead to it.
func (r *run) layout(payload []byte, links LinkSource, params map[string]string, signers []*layoutKey, path []string, root *verify.Check) *result {
	l, err := parseLayout(payload, &r.limits, params)
	if err != nil {
		root.Status = verify.Fail
		root.Checks = append(root.Checks, failed(codeOf(err, jsonCode(err)), "layout", err))
		return nil
	}
	r.note(path, l.notes...)

	root.Status = verify.Pass
	add := func(c verify.Check) {
		if c.Status != verify.Pass {
			root.Status = verify.Fail
		}
		root.Checks = append(root.Checks, c)
	}
	expiry := verify.Check{Code: CodeExpired, Status: verify.Pass, What: "expiry of the layout",
		Expected: "a time up to " + l.expires.Format(time.RFC3339), Found: r.at.Format(time.RFC3339Nano)}
	expiry.Detail = "valid up to " + l.expires.Format(time.RFC3339)
	// EXPIRES is the time after which it is expired (specification 4.3).
	if r.at.After(l.expires) {
		expiry.Status, expiry.Detail = verify.Fail, ""
	}
	add(expiry)
	if expiry.Status != verify.Pass {
		return nil
	}

	steps := make([]*stepResult, len(l.steps))
	others := map[string]*evidence{}
	complete := true
	for i, s := range l.steps {
		if r.ended() {
			return nil
		}
		steps[i] = r.collect(s, links, path)
		others[s.name] = steps[i].evidence
		complete = complete && steps[i].evidence != nil
	}
	for i, s := range l.steps {
		if r.ended() {
			return nil
		}
		r.applyRules(&steps[i].check, "step "+safe.Quote(s.name), &s.rules, steps[i].evidence, others, complete)
		add(steps[i].check)
	}
	if root.Status != verify.Pass {
		for _, in := range l.inspections {
			add(verify.Check{Code: CodeInspection, Status: verify.NotRun, What: "inspection " + safe.Quote(in.name),
				Detail: "the steps were not accepted"})
		}
		return nil
	}
	if !r.inspections(l, others, links, signers, path, add) {
		return nil
	}
	return &result{steps}
}

// inspections runs the inspections and then applies their rules, which may name
// each other.
func (r *run) inspections(l *layoutFile, others map[string]*evidence, links LinkSource, signers []*layoutKey, path []string, add func(verify.Check)) bool {
	checks := make([]verify.Check, len(l.inspections))
	complete := true
	for i, in := range l.inspections {
		if r.ended() {
			return false
		}
		found := r.signedInspection(in, links, signers, path)
		if r.ended() {
			return false
		}
		if found != nil && found.check.Status == verify.Pass {
			others[in.name], checks[i] = found.evidence, found.check
		} else {
			others[in.name], checks[i] = r.inspect(in, path)
			// A command that was interrupted has shown nothing, whatever it returned.
			if r.ended() {
				return false
			}
			if found != nil {
				// Somebody has tried; the report says what was wrong.
				checks[i].Checks = append(checks[i].Checks, found.check)
			}
		}
		complete = complete && others[in.name] != nil
	}
	passed := true
	for i, in := range l.inspections {
		r.applyRules(&checks[i], "inspection "+safe.Quote(in.name), &in.rules, others[in.name], others, complete)
		passed = passed && checks[i].Status == verify.Pass
		add(checks[i])
	}
	return passed
}

// applyRules adds the rules of both sides to the check of a step or inspection.
func (r *run) applyRules(check *verify.Check, name string, rules *[2][]rule, e *evidence, others map[string]*evidence, complete bool) {
	for _, side := range []artifactSide{materials, products} {
		what := fmt.Sprintf("%v of %s", side, name)
		if !complete {
			if len(rules[side]) > 0 {
				check.Checks = append(check.Checks, verify.Check{Code: CodeRule, Status: verify.NotRun, What: what,
					Detail: "there is not enough evidence to apply the rules"})
				if check.Status == verify.Pass {
					check.Status = verify.NotRun
				}
			}
			continue
		}
		rr := ruleRun{what: what, rules: rules[side], evidence: e, side: side, others: others, work: &r.work, hints: &r.hints}
		c := rr.run()
		if c.Status != verify.Pass && check.Status != verify.Fail {
			check.Status = c.Status
		}
		check.Checks = append(check.Checks, c)
	}
}

// jsonCode returns the code of a parse error.
func jsonCode(err error) verify.Code {
	if isLimit(err) {
		return CodeLimit
	}
	return CodeMalformed
}

// sourceError makes the error for a source that does not work.
func sourceError(what string, err error) error {
	if e, ok := errors.AsType[*verify.Error](err); ok && e.Code == CodeOptions {
		return e
	}
	return &verify.Error{Code: CodeSource, What: what, Err: err}
}

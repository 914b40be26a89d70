// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"fmt"
	"path"
	"strings"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/internal/safe"
	"github.com/tallystick/tallystick/verify"
)

// Names in the trace are bounded: so many are listed for each rule.
const (
	maxTraceNames = 5
	maxNearMisses = 3
)

// evidence is the materials and products that stand for a step or inspection.
type evidence struct {
	lists [2]*artifactList // by artifactSide
	// other has for each artifact of a side the index of the artifact of the
	// same name on the other side, or -1. It is made when needed.
	other [2][]int32
	// issuers are those who signed for the artifacts of a side. For a sublayout
	// they are functionaries of that, not those who handed it in.
	issuers [2][]verify.Issuer
}

func newEvidence(mats, prods *artifactList) *evidence {
	return &evidence{lists: [2]*artifactList{mats, prods}}
}

func (e *evidence) counterparts(side artifactSide) []int32 {
	if e.other[side] == nil {
		here, there := e.lists[side], e.lists[1-side]
		e.other[side] = make([]int32, here.len())
		at := 0
		for i, name := range here.names {
			e.other[side][i] = -1
			if at = there.seek(at, name); at < there.len() && there.names[at] == name {
				e.other[side][i] = int32(at)
			}
		}
	}
	return e.other[side]
}

// A ruleRun applies the rules of one side of a step (specification 4.3.3.1).
type ruleRun struct {
	what     string // such as `materials of step "build"`
	rules    []rule
	evidence *evidence
	side     artifactSide
	// others finds the evidence of the steps that MATCH may name.
	others map[string]*evidence
	work   *meter
	// hints is what explanations may cost, which are left out when it is used up.
	hints *meter
}

// run returns a check with one check below it for every rule, in order.
func (r *ruleRun) run() verify.Check {
	list := r.evidence.lists[r.side]
	q := newQueue(list)
	total := verify.Check{Code: CodeRule, Status: verify.Pass, What: r.what,
		Detail: plural(list.len(), "artifact") + ", " + plural(len(r.rules), "rule")}
	for i := range r.rules {
		check := verify.Check{Code: CodeRule, Status: verify.NotRun, What: fmt.Sprintf("rule %d: %s", i+1, r.rules[i].text),
			Detail: "a rule before it has failed"}
		if total.Status == verify.Pass {
			r.apply(i, q, list, &check)
			if total.Status = check.Status; check.Status == verify.Fail {
				// It has to say where, for the error shows it alone.
				check.What = r.what + ", " + check.What
			}
		}
		total.Checks = append(total.Checks, check)
	}
	if total.Status == verify.Pass && q.n > 0 {
		total.Detail += fmt.Sprintf("; %d left and allowed, because no rule disallows them: %s", q.n, r.sample(q, list))
	}
	return total
}

// sample names some of what is left in the queue.
func (r *ruleRun) sample(q *queue, list *artifactList) string {
	var names sampler
	for i := q.next(0, list.len()); i >= 0 && len(names.names) < maxTraceNames; i = q.next(i+1, list.len()) {
		names.add(list.names[i])
	}
	names.count = q.n
	return names.String()
}

// apply applies one rule and fills in its check.
func (r *ruleRun) apply(n int, q *queue, list *artifactList, check *verify.Check) {
	rule := &r.rules[n]
	var consumed sampler
	var misses []string
	missed := 0
	consume := func(i int) {
		q.remove(i)
		consumed.add(list.names[i])
	}
	check.Status, check.Detail = verify.Pass, ""
	switch rule.word {
	case ruleAllow:
		q.each("", rule.pattern, r.work, func(i int) {
			consume(i)
		})

	case ruleCreate, ruleDelete:
		// CREATE is about products that are no materials, DELETE about
		// materials that are no products; elsewhere they consume nothing.
		if rule.word == ruleCreate && r.side == products || rule.word == ruleDelete && r.side == materials {
			other := r.evidence.counterparts(r.side)
			q.each("", rule.pattern, r.work, func(i int) {
				if other[i] < 0 {
					consume(i)
				}
			})
		}

	case ruleModify:
		other := r.evidence.counterparts(r.side)
		q.each("", rule.pattern, r.work, func(i int) {
			if other[i] < 0 {
				return
			}
			switch list.compare(i, r.evidence.lists[1-r.side], int(other[i])) {
			case hash.Different, hash.Conflicting:
				consume(i)
			}
		})

	case ruleMatch:
		r.match(rule, q, list, consume, func(i int, why func() string) {
			if missed++; missed <= maxNearMisses {
				misses = append(misses, safe.Quote(list.names[i])+" "+why())
			}
		})

	case ruleDisallow:
		var found sampler
		var first []int
		disallow := func(i int) {
			found.add(list.names[i])
			if len(first) < maxNearMisses {
				first = append(first, i)
			}
		}
		q.each("", rule.pattern, r.work, disallow)
		// Names are compared byte by byte everywhere. Here that alone would let
		// dir/../foo pass where foo is disallowed.
		for _, i := range list.dotted {
			name := list.names[i]
			if !r.work.spend(1 + len(name)/charge) {
				break
			}
			if q.has(i) && !rule.pattern.match(name, r.work) && rule.pattern.match(path.Clean(name), r.work) {
				disallow(i)
			}
		}
		if found.count > 0 {
			check.Status = verify.Fail
			check.Expected = "no artifact like this left"
			check.Found = found.String()
			for _, i := range first {
				if why := r.explain(n, list.names[i], i); why != "" {
					misses = append(misses, why)
				}
			}
			check.Detail = strings.Join(misses, "; ")
			return
		}

	case ruleRequire:
		if i := list.find(rule.pattern.prefix); i < 0 || !q.has(i) {
			check.Status = verify.Fail
			check.Expected = "an artifact " + safe.Quote(rule.pattern.prefix)
			check.Found = "none"
			if i >= 0 {
				check.Found = "a rule before this one has consumed it"
			} else if like := similar(list, rule.pattern.prefix, r.hints); like != "" {
				check.Found = "none; but there is " + like
			}
			return
		}
	}
	if r.work.stopped {
		check.Status, check.Detail = verify.NotRun, "the verification has ended"
		return
	}
	if r.work.used() {
		check.Code, check.Status = CodeLimit, verify.Fail
		check.Expected = "patterns that cost no more than Limits.PatternWork"
		check.Found = "more"
		return
	}
	check.Found = fmt.Sprintf("consumed %d, left %d", consumed.count, q.n)
	check.Detail = check.Found
	if consumed.count > 0 {
		check.Detail += ": " + consumed.String()
	}
	if len(misses) > 0 {
		check.Detail += fmt.Sprintf("; %d not matched: %s", missed, strings.Join(misses, "; "))
	}
}

// match applies MATCH (specification 4.3.3.2). Prefixes are compared byte by byte
// and never joined or cleaned as paths.
func (r *ruleRun) match(rule *rule, q *queue, list *artifactList, consume func(int), miss func(int, func() string)) {
	there := r.others[rule.from].lists[rule.side]
	at := 0
	q.each(rule.source, rule.pattern, r.work, func(i int) {
		rest := list.names[i][len(rule.source):]
		if (rule.source != "" || rule.dest != "") && escapes(rest) {
			miss(i, func() string { return "is not inside the prefix" })
			return
		}
		// Names come in ascending order, so do their counterparts.
		name := rest
		if rule.dest != "" {
			name = rule.dest + rest
		}
		if at = there.seek(at, name); at == there.len() || there.names[at] != name {
			miss(i, func() string { return "is not among the " + rule.other() })
			return
		}
		switch list.compare(i, there, at) {
		case hash.Same:
			consume(i)
		case hash.Different, hash.Conflicting:
			miss(i, func() string {
				return "has another digest in the " + rule.other() + ": " + differing(list, i, "here", there, at, "there")
			})
		default:
			miss(i, func() string { return "shares no strong algorithm with the " + rule.other() })
		}
	})
}

// other names the set of artifacts that a MATCH compares with.
func (r *rule) other() string {
	s := r.side.String() + " of " + safe.Quote(r.from)
	if r.dest != "" {
		s += " in " + safe.Quote(r.dest)
	}
	return s
}

// escapes reports whether the rest of a name behind a prefix leads out of it.
func escapes(rest string) bool {
	return strings.HasPrefix(rest, "/") || strings.Contains(rest, "..") && hasDotDot(rest)
}

// explain says why an artifact that rule n disallows was not consumed by a MATCH
// before it: a near miss.
func (r *ruleRun) explain(n int, name string, i int) string {
	list := r.evidence.lists[r.side]
	for k := range r.rules[:n] {
		rule := &r.rules[k]
		if rule.word != ruleMatch {
			continue
		}
		there := r.others[rule.from].lists[rule.side]
		if !strings.HasPrefix(name, rule.source) || !rule.pattern.match(name[len(rule.source):], r.hints) {
			// The same name under another prefix?
			base := path.Base(name)
			if rule.source != "" && rule.pattern.match(base, r.hints) && there.find(rule.dest+base) >= 0 {
				return fmt.Sprintf("%s is outside the prefix %s of rule %d", safe.Quote(name), safe.Quote(rule.source), k+1)
			}
			continue
		}
		rest := name[len(rule.source):]
		j := there.find(rule.dest + rest)
		switch {
		case (rule.source != "" || rule.dest != "") && escapes(rest):
			return fmt.Sprintf("%s leads out of the prefix of rule %d", safe.Quote(name), k+1)
		case j < 0:
			why := fmt.Sprintf("rule %d: %s is not among the %s", k+1, safe.Quote(rule.dest+rest), rule.other())
			if like := similar(there, rule.dest+rest, r.hints); like != "" {
				why += "; but there is " + like
			}
			return why
		case list.compare(i, there, j) == hash.Unrelated, list.compare(i, there, j) == hash.WeaklySame:
			return fmt.Sprintf("rule %d: %s shares no strong algorithm with the %s", k+1, safe.Quote(name), rule.other())
		default:
			return fmt.Sprintf("rule %d: %s has another digest in the %s: %s", k+1, safe.Quote(name), rule.other(), differing(list, i, "here", there, j, "there"))
		}
	}
	return ""
}

// differing names the first digest that differs, and says where each of them is.
func differing(l *artifactList, i int, here string, m *artifactList, j int, there string) string {
	theirs := m.set(j, false)
	for d := range l.set(i, false).All() {
		if e, ok := theirs.Get(d.Algorithm()); ok && d != e {
			return fmt.Sprintf("%v %s, %v %s", d, here, e, there)
		}
	}
	return "no shared algorithm"
}

// similar returns a name of the list, quoted, that a person could take for the
// given one: the same path spelled differently, or the same last element. It looks
// at as many as the meter allows.
func similar(l *artifactList, name string, work *meter) string {
	clean, base := path.Clean(name), path.Base(name)
	like := ""
	for _, other := range l.names {
		if other == name {
			continue
		}
		if !work.spend(1 + len(other)/charge) {
			break
		}
		if path.Clean(other) == clean {
			return safe.Quote(other)
		}
		if like == "" && strings.HasSuffix(other, base) && path.Base(other) == base {
			like = safe.Quote(other)
		}
	}
	return like
}

// A sampler counts names and keeps the first few, quoted.
type sampler struct {
	names []string
	count int
}

func (s *sampler) add(name string) { s.addf(name, nil) }

// addf is add with a remark, which is made only if it is kept.
func (s *sampler) addf(name string, why func() string) {
	if s.count++; len(s.names) == maxTraceNames {
		return
	}
	name = safe.Quote(name)
	if why != nil {
		name += " " + why()
	}
	s.names = append(s.names, name)
}

func (s *sampler) String() string {
	list := strings.Join(s.names, ", ")
	if more := s.count - len(s.names); more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	return list
}

// plural returns a number of things.
func plural(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprintf("%d %s", n, thing)
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tallystick/tallystick/internal/safe"
	"github.com/tallystick/tallystick/internal/strictjson"
)

// A layoutFile is a parsed layout (specification 4.3). Its parameters are filled
// in. It is not altered after it was made.
type layoutFile struct {
	expires     time.Time
	keys        map[string]*layoutKey
	authorities authorities
	steps       []*step
	inspections []*inspection
	notes       []string // what was left unchecked
}

// A step is a step of a layout (4.3.1).
type step struct {
	name      string
	threshold int64
	pubkeys   []*layoutKey // usable and with distinct public keys
	unusable  []string     // why others are not
	// subkeys has the fingerprint of the main key, which is the one that counts,
	// by that of each OpenPGP subkey.
	subkeys map[string]string
	// constraints say which certificates make somebody a functionary.
	constraints []constraint
	authorities *authorities // of the layout
	rules       [2][]rule    // by artifactSide
	command     []string
	// inspection is set for one of a sublayout that is looked for as if it were a
	// step, see signedInspection.
	inspection *inspection
}

// An inspection is an inspection of a layout (4.3.2).
type inspection struct {
	name  string
	rules [2][]rule
	run   []string
}

var (
	layoutSchema = strictjson.NewSchema("_type", "expires", "readme", "keys", "steps", "inspect",
		"rootcas", "intermediatecas", "trustBundles")
	stepSchema = strictjson.NewSchema("_type", "name", "threshold", "expected_materials", "expected_products",
		"pubkeys", "expected_command", "cert_constraints", "certConstraints")
	inspectionSchema = strictjson.NewSchema("_type", "name", "expected_materials", "expected_products", "run")
)

// A rawStep holds what needs the whole layout to be judged.
type rawStep struct {
	name        string
	hasName     bool
	threshold   *int64
	pubkeys     []string
	command     []string
	rules       [2][][]string
	constraints []constraint
}

// parseLayout reads the payload of a layout. Its signatures have been checked.
func parseLayout(payload []byte, limits *Limits, params map[string]string) (*layoutFile, error) {
	l := &layoutFile{keys: map[string]*layoutKey{}}
	var typ, expires string
	var steps, inspections []rawStep
	rules := 0
	d := strictjson.NewDecoder(payload, limits.json(limits.LayoutBytes))
	err := d.Object(layoutSchema, func(name string) (err error) {
		switch name {
		case "_type":
			typ, err = d.String()
			if err == nil && typ != "layout" {
				err = d.Reject("must be layout, is " + safe.Quote(typ))
			}
		case "expires":
			expires, err = d.String()
			if err == nil {
				if l.expires, err = parseTime(expires); err != nil {
					err = d.Reject(err.Error())
				}
			}
		case "readme":
			err = d.Skip()
		case "keys":
			err = nullOr(d, func() error {
				return d.Map(func(id string) error {
					if len(l.keys) == limits.Keys {
						return coded(CodeLimit, "more than %d keys (Limits.Keys)", limits.Keys)
					}
					k, err := parseKey(d, id, limits.json(limits.LayoutBytes))
					l.keys[id] = k
					return err
				})
			})
		case "steps":
			steps, err = parseSteps(d, stepSchema, "step", limits, &rules)
		case "inspect":
			inspections, err = parseSteps(d, inspectionSchema, "inspection", limits, &rules)
		case "rootcas":
			err = l.authorities.parseRoots(d)
		case "intermediatecas":
			err = l.authorities.parseIntermediates(d)
		case "trustBundles":
			err = l.authorities.parseBundles(d)
		default:
			l.note("the member %s of the layout was ignored", safe.Quote(name))
			err = d.Skip()
		}
		return err
	})
	if err == nil {
		err = d.End()
	}
	switch {
	case err != nil:
		return nil, err
	case typ == "":
		return nil, coded(CodeMalformed, "the layout has no _type")
	case expires == "":
		return nil, coded(CodeMalformed, "the layout has no expires")
	case len(steps) == 0:
		return nil, coded(CodeVacuous, "the layout has no steps, so it would vouch for everything")
	}
	return l, l.resolve(steps, inspections, params)
}

func (l *layoutFile) note(format string, args ...any) {
	const most = 32
	if len(l.notes) < most {
		l.notes = append(l.notes, fmt.Sprintf(format, args...))
	}
}

// nullOr reads null, which Go writes for an empty list or map, or calls f.
func nullOr(d *strictjson.Decoder, f func() error) error {
	if null, err := d.Null(); null || err != nil {
		return err
	}
	return f()
}

// parseSteps reads the steps, or the inspections, which have fewer members.
func parseSteps(d *strictjson.Decoder, schema *strictjson.Schema, typ string, limits *Limits, rules *int) ([]rawStep, error) {
	var list []rawStep
	err := nullOr(d, func() error {
		return d.Array(func(i int) error {
			if i == limits.Steps {
				return coded(CodeLimit, "more than %d steps or inspections (Limits.Steps)", limits.Steps)
			}
			s, err := parseStep(d, schema, typ, limits, rules)
			list = append(list, s)
			return err
		})
	})
	return list, err
}

func parseStep(d *strictjson.Decoder, schema *strictjson.Schema, typ string, limits *Limits, rules *int) (rawStep, error) {
	var s rawStep
	hasType := false
	err := d.Object(schema, func(name string) (err error) {
		if typ == "inspection" && (name == "threshold" || name == "pubkeys" || name == "expected_command" || name == "cert_constraints" || name == "certConstraints") ||
			typ == "step" && name == "run" {
			return coded(CodeUnsupported, "the member %s in %s %s", safe.Quote(name), typ, safe.Quote(s.name))
		}
		switch name {
		case "_type":
			hasType = true
			var t string
			if t, err = d.String(); err == nil && t != typ {
				err = d.Reject("must be " + typ + ", is " + safe.Quote(t))
			}
		case "name":
			s.hasName = true
			if s.name, err = d.String(); err == nil && s.name == "" {
				err = d.Reject("the name is empty")
			}
		case "threshold":
			var n int64
			if n, err = d.Int64(); err == nil {
				s.threshold = &n
			}
		case "pubkeys":
			s.pubkeys, err = stringList(d, limits.Keys)
		case "expected_command", "run":
			s.command, err = parseCommand(d)
		case "expected_materials":
			s.rules[materials], err = parseRules(d, limits, rules)
		case "expected_products":
			s.rules[products], err = parseRules(d, limits, rules)
		case "cert_constraints", "certConstraints":
			if s.constraints != nil {
				return d.Reject("a second list of constraints")
			}
			s.constraints, err = parseConstraints(d)
		default:
			// A member that we do not know could demand a check that we
			// would not make.
			err = coded(CodeUnsupported, "the member %s in %s %s", safe.Quote(name), typ, safe.Quote(s.name))
		}
		return err
	})
	switch {
	case err != nil:
	case !hasType:
		err = d.Reject("has no _type")
	case !s.hasName:
		err = d.Reject("has no name")
	}
	return s, err
}

func stringList(d *strictjson.Decoder, most int) ([]string, error) {
	var list []string
	err := nullOr(d, func() error {
		return d.Array(func(i int) error {
			if i == most {
				return coded(CodeLimit, "a list of more than %d", most)
			}
			s, err := d.String()
			list = append(list, s)
			return err
		})
	})
	return list, err
}

// maxWords bounds the words of commands and rules.
const maxWords = 1 << 16

// parseCommand reads a command: a list of words. A single string, as in the
// example of ITE-6, is a command of one word.
func parseCommand(d *strictjson.Decoder) ([]string, error) {
	if k, err := d.Kind(); err == nil && k == strictjson.String {
		s, err := d.String()
		return []string{s}, err
	}
	return stringList(d, maxWords)
}

func parseRules(d *strictjson.Decoder, limits *Limits, rules *int) ([][]string, error) {
	var list [][]string
	err := nullOr(d, func() error {
		return d.Array(func(int) error {
			if *rules++; *rules > limits.Rules {
				return coded(CodeLimit, "more than %d rules (Limits.Rules)", limits.Rules)
			}
			k, err := d.Kind()
			if err == nil && k != strictjson.Array {
				return d.Reject("a rule must be a list of words")
			}
			words, err := stringList(d, 16)
			list = append(list, words)
			return err
		})
	})
	return list, err
}

// resolve judges what refers to other parts of the layout.
func (l *layoutFile) resolve(steps, inspections []rawStep, params map[string]string) error {
	names := map[string]bool{} // true for steps
	for i, s := range slices.Concat(steps, inspections) {
		if _, ok := names[s.name]; ok {
			return coded(CodeMalformed, "two steps or inspections are named %s", safe.Quote(s.name))
		}
		names[s.name] = i < len(steps)
	}
	for _, raw := range steps {
		s := &step{name: raw.name}
		if err := l.resolveKeys(s, &raw); err != nil {
			return err
		}
		var err error
		if s.rules, err = resolveRules(&raw, params, func(from string) bool { return names[from] }); err != nil {
			return fmt.Errorf("step %s: %w", safe.Quote(s.name), err)
		}
		s.command = l.fillCommand("step", &raw, params)
		l.steps = append(l.steps, s)
	}
	for _, raw := range inspections {
		in := &inspection{name: raw.name}
		var err error
		in.rules, err = resolveRules(&raw, params, func(from string) bool {
			_, known := names[from]
			return known
		})
		if err != nil {
			return fmt.Errorf("inspection %s: %w", safe.Quote(in.name), err)
		}
		if in.run = l.fillCommand("inspection", &raw, params); len(in.run) == 0 {
			return coded(CodeMalformed, "inspection %s has nothing to run", safe.Quote(in.name))
		}
		l.inspections = append(l.inspections, in)
	}
	for _, id := range slices.Sorted(maps.Keys(l.keys)) {
		if k := l.keys[id]; !k.usable() {
			l.note("key %s in the layout could not be used: %v", safe.Quote(id), k.unusable)
		}
	}
	return nil
}

// resolveKeys finds the functionaries of a step and judges its threshold.
func (l *layoutFile) resolveKeys(s *step, raw *rawStep) error {
	name := safe.Quote(raw.name)
	if raw.threshold == nil {
		return coded(CodeMalformed, "step %s has no threshold", name)
	}
	if s.threshold = *raw.threshold; s.threshold < 1 {
		return coded(CodeMalformed, "step %s has the threshold %d", name, s.threshold)
	}
	if len(raw.pubkeys) == 0 && len(raw.constraints) == 0 {
		return coded(CodeMalformed, "step %s names no functionary", name)
	}
	s.constraints, s.authorities = raw.constraints, &l.authorities
	if len(s.constraints) > 0 && len(l.authorities.anchors) == 0 {
		l.note("step %s has certificate constraints, but the layout names no certificate authority", name)
	}
	distinct := map[string]bool{}
	s.subkeys = map[string]string{}
	for _, id := range raw.pubkeys {
		k := l.keys[id]
		switch {
		case k == nil:
			return coded(CodeMalformed, "step %s names the key %s, which is not among the keys", name, safe.Quote(id))
		case !k.usable() && !k.openPGP:
			return coded(CodeKey, "step %s needs the key %s: %w", name, safe.Quote(id), k.unusable)
		case !k.usable():
			s.unusable = append(s.unusable, fmt.Sprintf("key %s: %v", safe.Quote(id), k.unusable))
		default:
			main := k.fingerprint()
			for _, sub := range k.subkeys() {
				if other, ok := s.subkeys[sub]; ok && other != main {
					return coded(CodeKey, "step %s: a subkey of %s is also one of another key of the step", name, safe.Quote(id))
				}
				s.subkeys[sub] = main
			}
			// One public key under two ids is one functionary.
			if !distinct[main] {
				distinct[main] = true
				s.pubkeys = append(s.pubkeys, k)
			}
		}
	}
	// One who has it would be two functionaries.
	for _, k := range s.pubkeys {
		if main, ok := s.subkeys[k.fingerprint()]; ok && main != k.fingerprint() {
			return coded(CodeKey, "step %s: the key %s is also a subkey of another key of the step", name, safe.Quote(k.id))
		}
	}
	if s.threshold > int64(len(s.pubkeys)) && len(s.constraints) == 0 {
		why := ""
		if len(s.unusable) > 0 {
			why = "; " + strings.Join(s.unusable, "; ")
		}
		return coded(CodeThreshold, "step %s has the threshold %d and %d usable keys%s", name, s.threshold, len(s.pubkeys), why)
	}
	return nil
}

// resolveRules compiles the rules of a step; known says which steps MATCH may
// name.
func resolveRules(raw *rawStep, params map[string]string, known func(string) bool) (out [2][]rule, err error) {
	for side, list := range raw.rules {
		for i, words := range list {
			r, err := parseRule(words, params)
			if err == nil && r.word == ruleMatch && !known(r.from) {
				err = coded(CodeMalformed, "rule %s: there is no step %s", safe.Quote(r.text), safe.Quote(r.from))
			}
			if err != nil {
				return out, fmt.Errorf("%v, rule %d: %w", artifactSide(side), i+1, err)
			}
			out[side] = append(out[side], r)
		}
	}
	return out, nil
}

// fillCommand fills the parameters into a command.
func (l *layoutFile) fillCommand(what string, raw *rawStep, params map[string]string) []string {
	out := make([]string, len(raw.command))
	for i, word := range raw.command {
		var undefined []string
		out[i], undefined = substituteText(word, params)
		for _, name := range undefined {
			l.note("{%s} in the command of %s %s has no value and was left as it is", name, what, safe.Quote(raw.name))
		}
	}
	return out
}

// parseTime reads YYYY-MM-DDTHH:MM:SSZ (specification 4.2.2) and nothing else.
func parseTime(s string) (time.Time, error) {
	const form = "2006-01-02T15:04:05Z"
	t, err := time.Parse(form, s)
	// time.Parse takes fractions of a second, and one-digit hours.
	if err != nil || t.Format(form) != s {
		return time.Time{}, fmt.Errorf("%s is not a time in UTC of the form YYYY-MM-DDTHH:MM:SSZ", safe.Quote(s))
	}
	return t, nil
}

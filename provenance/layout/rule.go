// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tallystick/tallystick/internal/safe"
	"github.com/tallystick/tallystick/verify"
)

// A ruleWord is the first word of an artifact rule (specification 4.3.3).
type ruleWord string

const (
	ruleCreate   ruleWord = "CREATE"
	ruleDelete   ruleWord = "DELETE"
	ruleModify   ruleWord = "MODIFY"
	ruleAllow    ruleWord = "ALLOW"
	ruleDisallow ruleWord = "DISALLOW"
	ruleRequire  ruleWord = "REQUIRE"
	ruleMatch    ruleWord = "MATCH"
)

// artifactSide is one of the two sets of artifacts of a step.
type artifactSide uint8

const (
	materials artifactSide = iota
	products
)

func (s artifactSide) String() string {
	if s == materials {
		return "materials"
	}
	return "products"
}

// A rule is one artifact rule with its parameters filled in.
type rule struct {
	word    ruleWord
	pattern *pattern // for REQUIRE the name
	text    string   // for people

	// Of MATCH. The prefixes end in a slash or are empty.
	source, dest string
	side         artifactSide // of the other step
	from         string       // the other step
}

// A codedError is an error in a layout or link, with its code.
type codedError struct {
	code verify.Code
	err  error
}

func (e *codedError) Error() string { return e.err.Error() }
func (e *codedError) Unwrap() error { return e.err }

func coded(code verify.Code, format string, args ...any) error {
	return &codedError{code, fmt.Errorf(format, args...)}
}

// codeOf returns the code of an error in a layout or link.
func codeOf(err error, otherwise verify.Code) verify.Code {
	if e, ok := errors.AsType[*codedError](err); ok {
		return e.code
	}
	return otherwise
}

// parseRule reads a rule. The words of the grammar may have any case, as in the
// reference implementation; names and patterns are exact.
func parseRule(words []string, params map[string]string) (rule, error) {
	r := rule{text: ruleText(words)}
	if len(words) == 0 {
		return r, coded(CodeMalformed, "a rule is empty")
	}
	malformed := func(why string) (rule, error) {
		return r, coded(CodeMalformed, "rule %s: %s", safe.Quote(r.text), why)
	}
	r.word = ruleWord(asciiUpper(words[0]))
	rest := words[1:]
	switch r.word {
	case ruleCreate, ruleDelete, ruleModify, ruleAllow, ruleDisallow, ruleRequire:
		if len(rest) != 1 {
			return malformed(string(r.word) + " takes one pattern")
		}
	case ruleMatch:
		if len(rest) == 0 {
			return malformed("MATCH takes a pattern")
		}
	default:
		return malformed("unknown rule word")
	}
	chars, err := substitute(rest[0], params)
	if err != nil {
		return r, coded(CodeParameter, "rule %s: %w", safe.Quote(r.text), err)
	}
	if r.word == ruleRequire {
		// REQUIRE names one artifact; a "*" in it is an asterisk.
		name := text(chars)
		if name == "" {
			return r, coded(CodePattern, "rule %s: the name is empty", safe.Quote(r.text))
		}
		r.pattern = literalPattern(name)
		return r, nil
	}
	if r.pattern, err = compilePattern(chars); err != nil {
		return r, coded(CodePattern, "rule %s: %w", safe.Quote(r.text), err)
	}
	if r.word != ruleMatch {
		return r, nil
	}

	// [IN source] WITH (MATERIALS|PRODUCTS) [IN dest] FROM step
	rest = rest[1:]
	take := func(word string) (string, bool) {
		if len(rest) < 2 || asciiUpper(rest[0]) != word {
			return "", false
		}
		s := rest[1]
		rest = rest[2:]
		return s, true
	}
	value := func(s string) string {
		chars, e := substitute(s, params)
		if e != nil && err == nil {
			err = coded(CodeParameter, "rule %s: %w", safe.Quote(r.text), e)
		}
		return text(chars)
	}
	prefix := func() string {
		s, ok := take("IN")
		if !ok {
			return ""
		}
		if s = value(s); s == "" && err == nil {
			err = coded(CodeMalformed, "rule %s: the prefix after IN is empty", safe.Quote(r.text))
		}
		if !strings.HasSuffix(s, "/") {
			s += "/"
		}
		return s
	}
	r.source = prefix()
	with, ok := take("WITH")
	switch {
	case ok && asciiUpper(with) == "MATERIALS":
		r.side = materials
	case ok && asciiUpper(with) == "PRODUCTS":
		r.side = products
	default:
		return malformed("MATCH needs WITH MATERIALS or WITH PRODUCTS")
	}
	r.dest = prefix()
	from, ok := take("FROM")
	if !ok || len(rest) > 0 {
		return malformed("MATCH ends with FROM and the name of a step")
	}
	r.from = value(from)
	return r, err
}

// asciiUpper is strings.ToUpper without the letters of other scripts that have
// upper-case forms in ASCII.
func asciiUpper(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r - 'a' + 'A'
		}
		return r
	}, s)
}

// ruleText returns a rule in one line; words that are not plain are quoted.
func ruleText(words []string) string {
	parts := make([]string, len(words))
	for i, w := range words {
		if q := safe.Quote(w); w == "" || strings.ContainsAny(w, " ") || len(q) != len(w)+2 {
			w = q
		}
		parts[i] = w
	}
	return strings.Join(parts, " ")
}

// substitute replaces each {name} with the value of the parameter. A value is
// literal text: a "*" in it is an asterisk. A name without a value is an error,
// for a rule that names nothing would protect nothing.
func substitute(s string, params map[string]string) ([]char, error) {
	var out []char
	for len(s) > 0 {
		name, rest, ok := parameter(s)
		if !ok {
			r, _ := utf8.DecodeRuneInString(s)
			out = append(out, char{r: r})
			s = rest
			continue
		}
		value, ok := params[name]
		if !ok {
			return nil, fmt.Errorf("the parameter {%s} has no value", name)
		}
		for _, r := range value {
			out = append(out, char{r, true})
		}
		s = rest
	}
	return out, nil
}

// substituteText replaces each {name} that has a value, and returns the names
// that have none. It is for commands, where {print} may be part of a program.
func substituteText(s string, params map[string]string) (out string, undefined []string) {
	var b strings.Builder
	for len(s) > 0 {
		name, rest, ok := parameter(s)
		value, defined := params[name]
		if ok && !defined && !slices.Contains(undefined, name) {
			undefined = append(undefined, name)
		}
		if ok && defined {
			b.WriteString(value)
		} else {
			b.WriteString(s[:len(s)-len(rest)])
		}
		s = rest
	}
	return b.String(), undefined
}

// maxParameterName is the longest name of a parameter, in bytes.
const maxParameterName = 128

// parameter splits a {name} off the start of s, or else one character.
func parameter(s string) (name, rest string, ok bool) {
	if s[0] == '{' {
		end := 1
		for end < len(s) && end <= maxParameterName && isParameterByte(s[end]) {
			end++
		}
		if end > 1 && end < len(s) && s[end] == '}' {
			return s[1:end], s[end+1:], true
		}
	}
	_, size := utf8.DecodeRuneInString(s)
	return "", s[size:], false
}

func isParameterByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-'
}

// isParameterName reports whether s is [A-Za-z0-9_-]+ and not too long.
func isParameterName(s string) bool {
	for _, c := range []byte(s) {
		if !isParameterByte(c) {
			return false
		}
	}
	return s != "" && len(s) <= maxParameterName
}

func text(chars []char) string {
	var b strings.Builder
	for _, c := range chars {
		b.WriteRune(c.r)
	}
	return b.String()
}

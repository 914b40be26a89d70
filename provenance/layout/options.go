// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/tallystick/tallystick/internal/safe"
	"github.com/tallystick/tallystick/internal/strictjson"
	"github.com/tallystick/tallystick/verify"
)

// Options change what [Verify] does. The zero Options are safe.
type Options struct {
	// Time is the time for which validity is checked. Zero means now.
	Time time.Time

	// OpenPGPKeys are further keys of the project owner, which must all have
	// signed the layout as well. If there are any, the key set may be the
	// zero KeySet.
	OpenPGPKeys []OpenPGPKey

	// Parameters are the values of the {name}s in the rules and commands of
	// the layout. A value is literal text: a "*" in it is an asterisk. They do
	// not reach sublayouts, whose owners do not know them. A rule with a
	// {name} that has no value rejects; in a command it stays as it is.
	Parameters map[string]string

	// Runner runs the inspections. Without one, a layout that has an
	// inspection, at any level, is not accepted.
	Runner Runner

	// Quorum accepts a step whose functionaries disagree when those who agree
	// are at least as many as the threshold and more than any other group:
	// independent rebuilders of a binary, for example, of whom one was broken
	// into. Those who differ are in the report with the artifacts in which they
	// do, and do not count. One who has signed two links that differ counts on
	// neither side. Without Quorum, any disagreement rejects.
	Quorum bool

	// RequireCommands rejects evidence of a step whose command is not the
	// expected one. The specification warns that commands are easily forged
	// and lets verifiers only report a difference, which is the default. A
	// step without an expected command expects none in particular.
	RequireCommands bool

	// Limits bound the work.
	Limits Limits
}

// Limits bound the work that metadata can cause. In each field zero means the
// default and a negative number allows nothing. An exceeded limit rejects with
// [CodeLimit]; one that concerns a single link (LinkBytes, Depth) makes that link
// unusable.
type Limits struct {
	// LayoutBytes is the largest layout, in bytes: 32 MiB.
	LayoutBytes int64
	// LinkBytes is the largest link, in bytes: 256 MiB.
	LinkBytes int64
	// TotalBytes is the size of all links and sublayouts together: 2 GiB.
	TotalBytes int64
	// Depth is the nesting of JSON: 64.
	Depth int
	// Keys is the number of keys of a layout, and of one step: 1,024.
	Keys int
	// Steps is the number of steps, and that of inspections, of a layout: 1,024.
	Steps int
	// Rules is the number of rules of a layout: 65,536.
	Rules int
	// Links is the number of links looked at, at all levels: 100,000.
	Links int
	// Sublayouts is the number of sublayouts verified, at all levels: 1,024.
	Sublayouts int
	// SublayoutDepth is how deep sublayouts may be nested: 16.
	SublayoutDepth int
	// PatternWork is what rules may cost at all levels: one for each artifact
	// that a pattern is held against, and roughly one for each character that
	// is compared where it is more than a name or a prefix; and with Quorum one
	// for each artifact of two links that have to be compared because they give
	// different algorithms: 2^30.
	PatternWork int64
	// SignatureWork is what it may cost to try signatures, at all levels, in
	// bytes that are hashed; the arithmetic of a signature counts as 128 KiB:
	// 16 GiB, about a minute. The signatures of one file are bounded besides,
	// to about a second: what is beyond that is not tried.
	SignatureWork int64
}

func (l Limits) withDefaults() Limits {
	setDefault(&l.LayoutBytes, 32<<20)
	setDefault(&l.LinkBytes, 256<<20)
	setDefault(&l.TotalBytes, 2<<30)
	setDefault(&l.Depth, 64)
	setDefault(&l.Keys, 1024)
	setDefault(&l.Steps, 1024)
	setDefault(&l.Rules, 1<<16)
	setDefault(&l.Links, 100_000)
	setDefault(&l.Sublayouts, 1024)
	setDefault(&l.SublayoutDepth, 16)
	setDefault(&l.PatternWork, 1<<30)
	setDefault(&l.SignatureWork, 16<<30)
	return l
}

func setDefault[T int | int64](v *T, value T) {
	switch {
	case *v == 0:
		*v = value
	case *v < 0:
		*v = 0
	}
}

// json returns the limits of a JSON text of at most so many bytes.
func (l *Limits) json(bytes int64) strictjson.Limits {
	if bytes == 0 {
		bytes = -1 // zero would mean the default there
	}
	depth := l.Depth
	if depth == 0 {
		depth = -1
	}
	return strictjson.Limits{Bytes: bytes, Depth: depth}
}

// check returns a [*verify.Error] for options that make no sense.
func (o *Options) check() error {
	for i, k := range o.OpenPGPKeys {
		if k.k == nil {
			return &verify.Error{Code: CodeOptions, What: fmt.Sprintf("OpenPGP key %d", i+1), Found: "the zero OpenPGPKey"}
		}
	}
	for name, value := range o.Parameters {
		if !isParameterName(name) {
			return &verify.Error{Code: CodeOptions, What: "parameter " + safe.Quote(name),
				Expected: fmt.Sprintf("a name of letters, digits, _ and -, of at most %d bytes", maxParameterName)}
		}
		if !utf8.ValidString(value) {
			return &verify.Error{Code: CodeOptions, What: "value of the parameter " + name, Expected: "UTF-8"}
		}
	}
	return nil
}

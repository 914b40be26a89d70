// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/tallystick/tallystick/internal/strictjson"
)

// Bundle returns the links of a bundle (attestation framework, bundle layer):
// JSON Lines, one envelope on each. Each link is offered to the step that it names.
// The data must not be altered afterwards.
//
// Lines that are no links, such as attestations of other kinds, are ignored, as
// that specification demands; the report says which. A line over
// [Limits.LinkBytes] is reported like any other link that cannot be used, and all
// lines count for [Limits.Links] and [Limits.TotalBytes]. A bundle as a whole is
// signed by nobody, so whoever passes it on can leave out lines: that leads to a
// rejection, for evidence is missing then. Sublayouts name no step and are not
// found; use [DirLinks] for them.
func Bundle(data []byte) LinkSource {
	return &memoryLinks{read: func(limits strictjson.Limits) *linkIndex { return indexBundle(data, limits) }}
}

// maxLines is how many lines of a bundle are looked at.
const maxLines = 1 << 20

func indexBundle(data []byte, limits strictjson.Limits) *linkIndex {
	index := &linkIndex{limits: limits, byStep: map[string][]File{}}
	unusable := func(f File) {
		f.once = new(onceFile)
		index.unusable = append(index.unusable, f)
	}
	var ignored []string
	other := File{Name: "bundle"}
	n := 0
	for line := range bytes.Lines(data) {
		if n++; n > maxLines {
			unusable(File{Name: "bundle", Err: coded(CodeLimit, "more than %d lines: the others were not looked at", maxLines)})
			break
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		f := index.add(fmt.Sprintf("line %d", n), line)
		switch {
		case f.Err == nil:
		case isLimit(f.Err):
			f.Data = nil
			f.othersSize = int64(len(line))
			unusable(f)
		default:
			if other.others++; len(ignored) < maxTraceNames {
				ignored = append(ignored, fmt.Sprintf("%s (%v)", f.Name, f.Err))
			}
			other.othersSize += int64(len(line))
		}
	}
	if other.others > 0 {
		if more := other.others - len(ignored); more > 0 {
			ignored = append(ignored, fmt.Sprintf("and %d more", more))
		}
		other.Err = fmt.Errorf("%s ignored, for they are no links: %s", plural(other.others, "line"), strings.Join(ignored, "; "))
		unusable(other)
	}
	return index
}

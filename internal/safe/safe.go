// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

// Package safe prepares text that came from outside for errors and reports.
package safe

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxQuote is how much of an unauthenticated text is quoted, in bytes.
const maxQuote = 128

// Quote returns s in double quotes with everything escaped that is not
// printable, cut after 128 bytes. Use it for whatever somebody else wrote.
func Quote(s string) string {
	if len(s) <= maxQuote {
		return strconv.Quote(s)
	}
	cut := maxQuote
	for cut > maxQuote-utf8.UTFMax && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return fmt.Sprintf("%s... (%d bytes)", strconv.Quote(s[:cut]), len(s))
}

// Line returns s with everything replaced by an escape that is not printable,
// newlines included: the last guard of reports, for text that was composed by
// us from parts that should already be quoted.
func Line(s string) string {
	clean := true
	for i, r := range s {
		if !unicode.IsPrint(r) || r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD") {
			clean = false
			break
		}
	}
	if clean {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if unicode.IsPrint(r) && !(r == utf8.RuneError && n == 1) {
			b.WriteString(s[:n])
		} else {
			q := strconv.Quote(s[:n])
			b.WriteString(q[1 : len(q)-1])
		}
		s = s[n:]
	}
	return b.String()
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/tallystick/tallystick/hash"
)

// A meter shows progress on one line of a terminal.
type meter struct {
	w     io.Writer
	width int // of what is shown
}

// newMeter returns nil if w is no terminal.
func newMeter(w io.Writer) *meter {
	f, ok := w.(*os.File)
	if !ok {
		return nil
	}
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return nil
	}
	return &meter{w: w}
}

func (m *meter) show(p hash.Progress) {
	line := fmt.Sprintf("%d of %d files, %.1f of %.1f MB", p.Files, p.KnownFiles, float64(p.Bytes)/1e6, float64(p.KnownBytes)/1e6)
	// Spaces over what is longer than the new line: not every terminal knows
	// how to clear a line.
	fmt.Fprintf(m.w, "\r%-*s", m.width, line)
	m.width = len(line)
}

func (m *meter) erase() {
	if m.width > 0 {
		fmt.Fprintf(m.w, "\r%s\r", strings.Repeat(" ", m.width))
		m.width = 0
	}
}

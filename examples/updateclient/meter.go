// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"os"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// A meter shows on a terminal how far a download is.
type meter struct {
	w   io.Writer // nil shows nothing
	bar *progressbar.ProgressBar
}

// newMeter returns a meter that shows nothing unless w is a terminal.
func newMeter(w io.Writer, quiet bool) *meter {
	f, ok := w.(*os.File)
	if quiet || !ok || !term.IsTerminal(int(f.Fd())) {
		return &meter{}
	}
	return &meter{w: w}
}

// show is called for each piece that arrives, and begins again for a new attempt.
func (m *meter) show(_ string, received, length int64) {
	if m.w == nil {
		return
	}
	if m.bar == nil {
		// Not the path: others chose it, and this goes to the terminal as it is.
		m.bar = progressbar.NewOptions64(length,
			progressbar.OptionSetWriter(m.w),
			progressbar.OptionSetDescription("downloading"),
			progressbar.OptionShowBytes(true),
			progressbar.OptionSetPredictTime(true),
			progressbar.OptionSetWidth(30),
			progressbar.OptionClearOnFinish(),
		)
	}
	m.bar.Set64(received)
}

// finish leaves the terminal as it was.
func (m *meter) finish() {
	if m.bar != nil {
		m.bar.Clear()
	}
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/tallystick/tallystick/hash"
)

// screen returns what a terminal of one line shows.
func screen(written string) string {
	var line []byte
	at := 0
	for _, c := range []byte(written) {
		if c == '\r' {
			at = 0
			continue
		}
		line = append(line[:at], append([]byte{c}, line[min(at+1, len(line)):]...)...)
		at++
	}
	return string(bytes.TrimRight(line, " "))
}

func TestMeter(t *testing.T) {
	var b bytes.Buffer
	m := &meter{w: &b}
	m.erase()
	if b.Len() != 0 {
		t.Errorf("erased nothing with %q", b.String())
	}
	for _, step := range []struct {
		p    hash.Progress
		want string
	}{
		{hash.Progress{Files: 1, Bytes: 2e6, KnownFiles: 1000, KnownBytes: 3e9}, "1 of 1000 files, 2.0 of 3000.0 MB"},
		{hash.Progress{Files: 9, Bytes: 250_000, KnownFiles: 10, KnownBytes: 3e6}, "9 of 10 files, 0.2 of 3.0 MB"},
	} {
		m.show(step.p)
		if got := screen(b.String()); got != step.want {
			t.Errorf("shows %q, want %q", got, step.want)
		}
	}
	m.erase()
	if got := screen(b.String()); got != "" {
		t.Errorf("%q is left over", got)
	}
}

// Standard error that goes to a file or a pipe has no progress in it.
func TestMeterNeedsTerminal(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "f"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	if newMeter(f) != nil || newMeter(w) != nil || newMeter(new(bytes.Buffer)) != nil {
		t.Error("not a terminal, and progress is shown")
	}
	// The null device is a character device, as terminals are.
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if newMeter(null) == nil {
		t.Error("no progress on a character device")
	}
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// An installation that is examined cannot make the program wait.
func TestFIFOInsteadOfVersion(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "VERSION"), 0o666); err != nil {
		t.Skipf("no FIFO here: %v", err)
	}
	if _, _, err := toolchainOf(dir, "linux", "amd64"); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("got %v", err)
	}
	if _, err := readAllowances(filepath.Join(dir, "VERSION")); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("-allow: %v", err)
	}
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package hash

import (
	"os"
	"syscall"
)

// openFile opens for reading without ever waiting: opening a FIFO that took
// the place of a file would otherwise block, and a terminal must not become
// ours.
func openFile(name string) (*os.File, error) {
	return os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
}

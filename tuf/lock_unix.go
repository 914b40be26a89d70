// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package tuf

import (
	"errors"
	"os"
	"syscall"
)

// tryLock locks an open folder until it is closed, and reports false if another
// process has it locked. File systems without locks count as locked: the
// comparison of versions is there with and without.
func tryLock(dir *os.File) bool {
	err := syscall.Flock(int(dir.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	return !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR)
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package tuf

import (
	"errors"
	"os"
	"syscall"
)

// lockName is a file only for the lock, which nobody else can open. The folder
// itself would not do: whoever may read it could lock it and stop all updates.
const lockName = ".lock"

// tryLock locks the cache until unlock is called, and reports busy if another
// process has it locked. Where the file cannot be opened, as when it belongs to
// another user or the folder is read-only, or on file systems without locks, it
// counts as locked: the comparison of versions is there with and without.
func tryLock(dir *os.Root) (unlock func(), busy bool) {
	f, err := dir.OpenFile(lockName, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return func() {}, false
	}
	if _, busy := lockFile(f); busy {
		f.Close()
		return nil, true
	}
	return func() { f.Close() }, false
}

// lockFile locks a file until it is closed, which the end of the process does too.
func lockFile(f *os.File) (held, busy bool) {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	return err == nil, errors.Is(err, syscall.EWOULDBLOCK) || errors.Is(err, syscall.EINTR)
}

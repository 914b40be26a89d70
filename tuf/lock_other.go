// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package tuf

import "os"

// tryLock does nothing where there are no such locks.
func tryLock(*os.Root) (unlock func(), busy bool) { return func() {}, false }

func lockFile(*os.File) (held, busy bool) { return false, false }

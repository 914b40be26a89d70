// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package tuf

import "os"

// tryLock does nothing where a folder cannot be locked.
func tryLock(*os.File) bool { return true }

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash

import (
	"os"
	"syscall"
)

// sameStamp reports whether a file looks untouched between two stats of one
// descriptor. The change time catches a write that put the modification time
// back.
func sameStamp(a, b os.FileInfo) bool {
	if a.Size() != b.Size() || !a.ModTime().Equal(b.ModTime()) {
		return false
	}
	x, ok1 := a.Sys().(*syscall.Stat_t)
	y, ok2 := b.Sys().(*syscall.Stat_t)
	return ok1 && ok2 && x.Ctim == y.Ctim && x.Ino == y.Ino && x.Dev == y.Dev
}

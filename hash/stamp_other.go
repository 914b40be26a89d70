// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package hash

import "os"

// sameStamp reports whether a file looks untouched between two stats of one
// descriptor, as far as the portable os package can tell.
func sameStamp(a, b os.FileInfo) bool {
	return a.Size() == b.Size() && a.ModTime().Equal(b.ModTime()) && os.SameFile(a, b)
}

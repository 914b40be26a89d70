// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !(linux || darwin || freebsd || netbsd || openbsd)

package hash

func openRootFolder(dir string) (folder, error) { return openRootHandle(dir) }

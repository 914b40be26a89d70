// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash

import "syscall"

// MakeZeroDevice makes a device as /dev/zero is one: 1, 5.
func MakeZeroDevice(name string) error {
	return syscall.Mknod(name, syscall.S_IFCHR|0o666, 1<<8|5)
}

// LimitDescriptors limits how many files this process may have open.
func LimitDescriptors(n uint64) error {
	return syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: n, Max: 4096})
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package tuf_test

import "syscall"

func mkfifo(name string) error { return syscall.Mkfifo(name, 0o600) }

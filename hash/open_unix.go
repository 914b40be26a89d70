// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package hash

import "syscall"

// dontWait is for opening files: opening a FIFO that took the place of a file
// would otherwise block, and a terminal must not become ours.
const dontWait = syscall.O_NONBLOCK | syscall.O_NOCTTY

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package hash

// dontWait is for opening files. There is nothing to say here.
const dontWait = 0

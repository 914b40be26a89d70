// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

//go:build race

package hash_test

// raceEnabled is for tests that take minutes with the race detector, and that
// others do the work of.
const raceEnabled = true

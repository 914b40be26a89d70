// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

// Package clock is the one place of the library that reads the clock.
package clock

import "time"

// At returns t, or the present if t is zero, in UTC. Every check that depends on
// time takes it from the caller's options through At, once.
func At(t time.Time) time.Time {
	if t.IsZero() {
		t = time.Now()
	}
	return t.UTC()
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash

import (
	"context"
	"time"
)

// MeasureTreePortable is MeasureTree as it is on systems without openat.
func MeasureTreePortable(ctx context.Context, dir string, opts *TreeOptions) (*Tree, error) {
	return measureTree(ctx, dir, opts, openRootHandle)
}

// MaxFrames is for tests that go deeper.
const MaxFrames = maxFrames

// Later returns a tree whose measurement began later than it did, so that tests
// need not wait until files are old enough to be reused.
func Later(t *Tree, d time.Duration) *Tree {
	c := *t
	c.began += int64(d)
	return &c
}

// ClockMargin is how much older than a measurement a file must be.
const ClockMargin = clockMargin

// Began returns when the measurement of a tree began.
func Began(t *Tree) time.Time { return time.Unix(0, t.began) }

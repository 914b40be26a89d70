// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash

import "context"

// MeasureTreePortable is MeasureTree as it is on systems without openat.
func MeasureTreePortable(ctx context.Context, dir string, opts *TreeOptions) (*Tree, error) {
	return measureTree(ctx, dir, opts, openRootHandle)
}

// MaxFrames is for tests that go deeper.
const MaxFrames = maxFrames

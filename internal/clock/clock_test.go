// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package clock

import (
	"testing"
	"time"
)

func TestAt(t *testing.T) {
	zone := time.FixedZone("east", 3600)
	given := time.Date(2026, 6, 1, 1, 0, 0, 0, zone)
	if got := At(given); !got.Equal(given) || got.Location() != time.UTC {
		t.Errorf("At(%v) = %v", given, got)
	}
	before := time.Now()
	if got := At(time.Time{}); got.Before(before) || got.After(time.Now()) || got.Location() != time.UTC {
		t.Errorf("At(zero) = %v", got)
	}
}

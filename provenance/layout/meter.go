// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package layout

// A meter is what rules, and the comparison of links that differ, may still cost:
// at all levels together, see [Limits.PatternWork]. It also looks at the context
// now and then, so that a single rule over many artifacts can be interrupted.
type meter struct {
	left int64 // negative: used up
	// pause is what may be spent until the context is looked at again.
	pause   int64
	ended   func() bool // may be nil
	stopped bool        // by the context
}

// meterPause is some milliseconds of work.
const meterPause = 1 << 18

// spend takes n off and reports whether the work may go on. Once it may not, all
// answers that depend on it mean nothing.
func (m *meter) spend(n int) bool {
	m.left -= int64(n)
	if m.left < 0 {
		return false
	}
	if m.pause -= int64(n); m.pause <= 0 {
		m.pause = meterPause
		if m.ended != nil && m.ended() {
			m.left, m.stopped = -1, true
			return false
		}
	}
	return true
}

// used reports whether there is nothing left.
func (m *meter) used() bool { return m.left < 0 }

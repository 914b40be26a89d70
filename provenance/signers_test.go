// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package provenance

import (
	"testing"

	"github.com/tallystick/tallystick/verify"
)

// A policy that forgets to look whether it has signers at all does not pass, nor
// panic.
func TestSignedByNobody(t *testing.T) {
	for _, nobody := range []Signers{nil, KeySet{}, (*KeySet)(nil), IssuerSet{}, (*IssuerSet)(nil)} {
		if c := signedBy(nobody, new(Statement)); c.Status != verify.Fail || c.Code != CodePolicy {
			t.Errorf("%#v: %+v", nobody, c)
		}
	}
}

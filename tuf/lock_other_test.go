// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package tuf_test

import (
	"errors"
	"testing"
)

func holdFile(t *testing.T, name string, hold bool) (release func()) {
	t.Skip("no locks on this system")
	return nil
}

func kill() error { return errors.ErrUnsupported }

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package hash

import "errors"

// MakeZeroDevice is for Linux, where we know its numbers.
func MakeZeroDevice(name string) error { return errors.ErrUnsupported }

// LimitDescriptors is for Linux.
func LimitDescriptors(n uint64) error { return errors.ErrUnsupported }

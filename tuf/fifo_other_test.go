// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package tuf_test

import "errors"

func mkfifo(string) error { return errors.ErrUnsupported }

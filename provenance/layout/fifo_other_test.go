// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package layout_test

import "errors"

func makeFIFO(string) error { return errors.ErrUnsupported }

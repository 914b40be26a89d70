// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package hash

import "os"

func openFile(name string) (*os.File, error) { return os.Open(name) }

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

// Package gomod makes claims out of the Go checksum database.
package gomod

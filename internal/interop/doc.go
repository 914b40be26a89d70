// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

// Package interop holds tests that run this library beside the ones that it
// must agree with: go-securesystemslib, in-toto-golang and go-tuf, with their
// test data. They are in a module of their own so that none of these, nor what
// they depend on, becomes a dependency of the library.
//
// Tests that need metadata which is not in a module look for the folder in the
// environment variable TALLYSTICK_INTEROP and are skipped without it.
package interop

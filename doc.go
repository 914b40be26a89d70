// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

// Package tallystick is the documentation of a library that verifies the
// integrity of software: source trees, compilers and their libraries, third-party
// modules, binaries, updates.
//
// A tally stick was split in two, and a debt was genuine when the halves matched.
// This library holds what it measures against what others have signed, and what
// they have signed against each other:
//
//   - a fact is something that was read to its end and hashed: package hash;
//   - a claim is a statement whose signatures, freshness and chain of trust were
//     checked: packages tuf, provenance, provenance/layout, provenance/gomod;
//   - a policy says which claims must hold, and the verdict says what was checked,
//     against what, said by whom, with what outcome: package verify.
//
// Two claims that disagree about the same thing are a conflict, and a conflict
// rejects even when the policy is satisfied.
//
// Begin with examples/minimal, which decides about one file, or with
// examples/quickstart, which plays a whole release and the attacks on it:
//
//	go run ./examples/quickstart
//	go run ./examples/quickstart -attack list
//
// This package has no code.
package tallystick

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

//go:build darwin || freebsd || netbsd || openbsd

package hash

func (d *descriptor) metadata() Metadata { return SpecialBits | HardLinks }

func (d *descriptor) xattrs() ([]Xattr, error) { return nil, nil }

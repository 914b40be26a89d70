// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash

import (
	"crypto/sha512"
	"fmt"
)

// An Artifact is a fact: content that this package has read to its end and
// measured, or a tree of such content. Only the functions of this package make
// one. The zero Artifact was never measured and no claim covers it.
type Artifact struct {
	name    string
	size    int64
	digests Set
}

// Name returns the label of the artifact as raw bytes: the path that was
// measured, or what [Artifact.WithName] gave it. A name is not measured and
// decides nothing; print it with [EscapeName].
func (a Artifact) Name() string { return a.name }

// WithName returns the same fact under another label.
func (a Artifact) WithName(name string) Artifact {
	a.name = name
	return a
}

// Size returns the number of bytes read; for a tree, of all its files together.
func (a Artifact) Size() int64 { return a.size }

// Digests returns what was measured.
func (a Artifact) Digests() Set { return a.digests }

// IsZero reports whether a was never measured.
func (a Artifact) IsZero() bool { return a.digests.Len() == 0 }

// String returns the name, size and digests in one printable line.
func (a Artifact) String() string {
	return fmt.Sprintf("%s (%d bytes, %s)", EscapeName(a.name), a.size, a.digests)
}

// Decoy returns an artifact of the same name and size whose digests no known
// content has: each is derived from the digest of a by a one-way function.
// A policy that accepts a decoy does not look at content, which is how package
// verify finds it out. The result depends on a alone.
func (a Artifact) Decoy() Artifact {
	ds := make([]Digest, 0, a.digests.Len())
	for d := range a.digests.All() {
		sum := sha512.Sum512([]byte("tallystick decoy\n" + d.String()))
		decoy := Digest{alg: d.alg}
		copy(decoy.sum[:d.alg.Size()], sum[:])
		ds = append(ds, decoy)
	}
	a.digests = Set{ds}
	return a
}

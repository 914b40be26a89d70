// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package tuf

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/internal/safe"
	"github.com/tallystick/tallystick/verify"
)

// A Target is what a repository says about one file: a [verify.Claim] on the word
// of the role that lists it. Only [Snapshot.Target] makes one. It is immutable and
// safe for concurrent use; the zero Target covers nothing.
type Target struct {
	path       string
	file       targetFile
	consistent bool
	issuers    []verify.Issuer        // as in the line of the role; copied for callers
	evidence   func() verify.Evidence // makes it; most callers never ask
}

func newTarget(s *Snapshot, n *node, path string, file targetFile) (*Target, error) {
	if !file.hashes.Strong() {
		return nil, found(CodeWeakHash, "target "+safe.Quote(path), "a hash that proves something, such as sha256", file.hashes.String())
	}
	how, role := s.evidence(n), n.name // not n, which holds the metadata
	return &Target{
		path:       path,
		file:       file,
		consistent: s.workflow.root.consistent,
		// Not those of the roles above: they vouch for a role and not for content.
		issuers: n.line.Issuers,
		evidence: func() verify.Evidence {
			e := how.with(CodeTarget, verify.Pass, "target "+safe.Quote(path))
			e.Check.Detail = fmt.Sprintf("%d bytes, %s, listed by role %s", file.length, file.hashes, quoteRole(role))
			return e
		},
	}, nil
}

// Path returns the path of the target in the repository. It was chosen by others:
// do not use it as a file name as it is.
func (t *Target) Path() string { return t.path }

// Length returns the length of the file in bytes.
func (t *Target) Length() int64 { return t.file.length }

// Hashes returns the digests of the file; at least one is strong. Hashes of
// algorithms that package hash does not know are left out.
func (t *Target) Hashes() hash.Set { return t.file.hashes }

// Custom returns a copy of the custom object of the target, whose meaning is up to
// the repository and its users, as it stands in the signed metadata. It is nil
// if there is none.
func (t *Target) Custom() json.RawMessage { return bytes.Clone(t.file.custom) }

// Issuers returns the keys of the role that lists the target whose signatures
// counted, under the name of that role. Those of its delegators, who vouch for the
// role and not for the content, are in the evidence.
func (t *Target) Issuers() []verify.Issuer { return slices.Clone(t.issuers) }

// Covers returns nil if the artifact has the length and the hashes of the target.
// An artifact with the name of the target and another content contradicts it.
func (t *Target) Covers(a hash.Artifact) error {
	if err := verify.Match(a, t.file.hashes, t.path != "" && a.Name() == t.path); err != nil {
		return err
	}
	if a.Size() != t.file.length {
		return &verify.Error{Code: CodeLength, What: "target " + safe.Quote(t.path),
			Expected: fmt.Sprintf("%d bytes", t.file.length), Found: fmt.Sprintf("%d bytes", a.Size())}
	}
	return nil
}

// Digests returns what Hashes returns, if the artifact has the name of the target
// or one of its hashes.
func (t *Target) Digests(a hash.Artifact) hash.Set {
	return verify.About(a, t.file.hashes, t.path != "" && a.Name() == t.path)
}

// Evidence returns one check for each role from the root to the one that lists
// the target, with its version, the keys that signed, the threshold and the
// expiry.
func (t *Target) Evidence() verify.Evidence {
	if t.evidence == nil {
		return verify.Evidence{}
	}
	return t.evidence()
}

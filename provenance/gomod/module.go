// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package gomod

import (
	"bytes"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/verify"
)

// A Module is what a checksum database says about one module version. Only
// [Database.Lookup] makes one. It is a [verify.Claim] about the files of the
// module as one artifact: [hash.MeasureZip] of the module's zip, or
// [hash.Tree.DirHash] of its folder, with the algorithm hash.DirHash. An artifact
// of the name [Module.String] must have that content; artifacts of other names are
// somebody else's unless they have it.
type Module struct {
	path, version string
	record        record
	head          []byte
	issuer        verify.Issuer
	evidence      verify.Evidence
}

var _ verify.Claim = (*Module)(nil)

// Path returns the module path.
func (m *Module) Path() string { return m.path }

// Version returns the version, such as "v1.2.3".
func (m *Module) Version() string { return m.version }

// String returns "path@version", or "" for the zero Module and nil.
func (m *Module) String() string {
	if m == nil || m.path == "" {
		return ""
	}
	return m.path + "@" + m.version
}

// DirHash returns the h1 hash of the module's files, whose names begin with
// "path@version/".
func (m *Module) DirHash() hash.Digest { return m.record.zip }

// GoModHash returns the h1 hash of the module's go.mod: that of a tree with the
// one file "go.mod".
func (m *Module) GoModHash() hash.Digest { return m.record.goMod }

// TreeHead returns the newest signed tree head of those that were checked. Keep
// it and pass it as [Options.Latest] next time, to find out when the database
// shows another history.
func (m *Module) TreeHead() []byte { return bytes.Clone(m.head) }

// Issuers returns the database; see [Database.Issuer].
func (m *Module) Issuers() []verify.Issuer {
	if m.issuer.ID == "" {
		return nil
	}
	return []verify.Issuer{m.issuer}
}

// Covers implements [verify.Claim].
func (m *Module) Covers(a hash.Artifact) error {
	return verify.Match(a, m.digests(), m.path != "" && a.Name() == m.String())
}

// Digests implements [verify.Claim].
func (m *Module) Digests(a hash.Artifact) hash.Set {
	return verify.About(a, m.digests(), m.path != "" && a.Name() == m.String())
}

func (m *Module) digests() hash.Set {
	set, err := hash.NewSet(m.record.zip)
	if err != nil {
		return hash.Set{} // the zero Module: matches nothing
	}
	return set
}

// Evidence implements [verify.Claim].
func (m *Module) Evidence() verify.Evidence {
	return m.evidence.Clone()
}

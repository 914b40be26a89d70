// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package provenance

import (
	"strings"

	"github.com/tallystick/tallystick/internal/strictjson"
)

// Predicate types of releases in a package registry. Version 0.2 of the
// specification still shows the type of 0.1.
const (
	ReleaseV01 = "https://in-toto.io/attestation/release/v0.1"
	ReleaseV02 = "https://in-toto.io/attestation/release/v0.2"
)

// A Release says that the subjects of the Statement are all files of one release.
type Release struct {
	// PURL is the package URL of the release, with a version.
	PURL string
	// PackageID stays the same for all releases of a package; "" if not stated.
	// In version 0.1 its name was releaseId.
	PackageID string
}

var releaseSchema = strictjson.NewSchema("purl", "packageId", "releaseId")

// Release returns the predicate as a release. Errors are those of
// [Statement.Provenance].
func (s *Statement) Release() (*Release, error) {
	d, err := s.typed(ReleaseV02, ReleaseV01)
	if err != nil {
		return nil, err
	}
	r := new(Release)
	err = d.Object(releaseSchema, func(name string) error {
		switch name {
		case "purl":
			return d.string(&r.PURL)
		case "packageId", "releaseId":
			return d.once(&r.PackageID)
		}
		return d.Skip()
	})
	if err == nil && !purlHasVersion(r.PURL) {
		err = d.missing("purl with a version")
	}
	if err := d.finish(s, err); err != nil {
		return nil, err
	}
	return r, nil
}

// purlHasVersion reports whether a package URL names a version. Parts of the name
// may begin with an at-sign, as "pkg:npm/@scope/name@1.0.0".
func purlHasVersion(purl string) bool {
	purl, ok := strings.CutPrefix(purl, "pkg:")
	purl, _, _ = strings.Cut(purl, "#")
	purl, _, _ = strings.Cut(purl, "?")
	i := strings.LastIndexByte(purl, '@')
	slash := strings.LastIndexByte(purl, '/')
	return ok && slash > 0 && i > slash+1 && i+1 < len(purl)
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package provenance

import (
	"strings"

	"golang.org/x/mod/semver"
)

// parseVersion returns a full semantic version in normal form: three numbers, an
// optional prerelease and build, with or without a "v" before it. "1.2" is not one.
func parseVersion(s string) (version string, ok bool) {
	if !strings.HasPrefix(s, "v") {
		s = "v" + s
	}
	// Canonical fills in what is missing, so this is true of full versions only.
	return s, semver.IsValid(s) && semver.Canonical(s)+semver.Build(s) == s
}

// isTag reports whether a full ref is a tag of the version.
func isTag(ref, version string) bool {
	tag, ok := strings.CutPrefix(ref, "refs/tags/")
	if !ok {
		return false
	}
	v, ok := parseVersion(tag)
	return ok && v == version
}

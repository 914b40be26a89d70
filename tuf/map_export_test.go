// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package tuf

// A ParsedMapping is a mapping of a map file as this package understands it.
type ParsedMapping struct {
	Paths, Repositories []string
	Threshold           int
	Terminating         bool
}

// ParseMap reads a map file under the default limits.
func ParseMap(data []byte) (urls map[string][]string, mappings []ParsedMapping, err error) {
	limits, err := MapLimits{}.withDefaults()
	if err != nil {
		return nil, nil, err
	}
	m, err := parseMap(data, limits)
	if err != nil {
		return nil, nil, err
	}
	for _, p := range m.mappings {
		mappings = append(mappings, ParsedMapping{p.paths, p.repositories, p.threshold, p.terminating})
	}
	return m.urls, mappings, nil
}

// MapCovers reports whether a mapping with this pattern is about a target.
func MapCovers(pattern, path string) bool {
	m := mapping{paths: []string{pattern}}
	return m.covers(path)
}

// RepositoryDir returns the name of a repository's folder.
func RepositoryDir(name string) string { return repositoryDir(name) }

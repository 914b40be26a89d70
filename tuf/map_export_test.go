// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package tuf

import (
	"strings"

	"github.com/tallystick/tallystick/hash"
)

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

// Agreement returns the size of the largest agreement of votes that say the same,
// each with its keys, up to n.
func Agreement(n int, keys ...[]string) int {
	t := &Target{}
	t.file.hashes, _, _ = hash.ParseSet(map[string]string{"sha256": strings.Repeat("0", 64)})
	var votes []*answer
	for _, list := range keys {
		a := &answer{MapAnswer: MapAnswer{Target: t}, keys: map[string]bool{}}
		for _, k := range list {
			a.keys[k] = true
		}
		votes = append(votes, a)
	}
	return len(agreement(votes, n))
}

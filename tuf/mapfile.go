// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package tuf

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/tallystick/tallystick/internal/safe"
	"github.com/tallystick/tallystick/internal/strictjson"
	"github.com/tallystick/tallystick/verify"
)

// MapLimits bound a map file. A zero field means the default; a negative one is a
// [CodeConfig] error.
type MapLimits struct {
	// Bytes is the largest map file, 1 MiB by default.
	Bytes int64
	// Repositories is how many there may be, 64 by default.
	Repositories int
	// URLs is how many a repository may have, 16 by default.
	URLs int
	// Mappings is how many there may be, 1024 by default.
	Mappings int
}

func (l MapLimits) withDefaults() (MapLimits, error) {
	var err error
	set := func(name string, v *int, value int) {
		if *v < 0 && err == nil {
			err = &verify.Error{Code: CodeConfig, What: "MapLimits." + name, Expected: "a number that is not negative", Found: fmt.Sprint(*v)}
		}
		if *v == 0 {
			*v = value
		}
	}
	if l.Bytes < 0 {
		return l, &verify.Error{Code: CodeConfig, What: "MapLimits.Bytes", Expected: "a number that is not negative", Found: fmt.Sprint(l.Bytes)}
	}
	if l.Bytes == 0 {
		l.Bytes = 1 << 20
	}
	set("Repositories", &l.Repositories, 64)
	set("URLs", &l.URLs, 16)
	set("Mappings", &l.Mappings, 1024)
	return l, err
}

var (
	mapSchema     = strictjson.NewSchema("repositories", "mapping")
	mappingSchema = strictjson.NewSchema("paths", "repositories", "threshold", "terminating")
)

// A mapFile says which repositories must agree on which targets (TAP 4).
type mapFile struct {
	urls     map[string][]string // by name of the repository
	mappings []mapping
}

// A mapping is one entry of a map file.
type mapping struct {
	paths        []string // patterns
	repositories []string // names, each once
	threshold    int
	terminating  bool
}

// covers reports whether the mapping is about a target.
func (m *mapping) covers(path string) bool {
	return slices.ContainsFunc(m.paths, func(p string) bool {
		// TAP 4 says of this one pattern that it matches all files.
		return p == "*" || matchPath(p, path)
	})
}

// parseMap reads a map file and checks that each mapping can be satisfied.
func parseMap(data []byte, limits MapLimits) (*mapFile, error) {
	bad := func(err error) error {
		if e, ok := err.(*verify.Error); ok {
			return e
		}
		return &verify.Error{Code: CodeConfig, What: "MapConfig.Map", Expected: "a map file as in TAP 4", Found: err.Error()}
	}
	if int64(len(data)) > limits.Bytes {
		return nil, tooMany("size of the map file", limits.Bytes, "bytes", "MapLimits.Bytes")
	}
	m := &mapFile{urls: map[string][]string{}}
	d := strictjson.NewDecoder(data, jsonLimits(data))
	seen := members{}
	folded := map[string]string{}
	err := d.Object(mapSchema, func(name string) error {
		seen[name] = true
		switch name {
		case "repositories":
			return d.Map(func(name string) error {
				if len(m.urls) == limits.Repositories {
					return tooMany("repositories in the map file", int64(limits.Repositories), "", "MapLimits.Repositories")
				}
				if name == "" {
					return d.Reject("a repository without a name")
				}
				// Their folders may lie where names are compared without regard to case.
				dir := strings.ToLower(repositoryDir(name))
				if other, ok := folded[dir]; ok {
					return d.Reject("repositories " + safe.Quote(other) + " and " + safe.Quote(name) + " differ only in case")
				}
				folded[dir] = name
				urls, err := decodeStrings(d, limits.URLs, "URLs of a repository", "MapLimits.URLs")
				m.urls[name] = urls
				return err
			})
		case "mapping":
			return d.Array(func(i int) error {
				if i == limits.Mappings {
					return tooMany("mappings in the map file", int64(limits.Mappings), "", "MapLimits.Mappings")
				}
				next, err := decodeMapping(d)
				m.mappings = append(m.mappings, next)
				return err
			})
		}
		return d.Skip()
	})
	if err == nil {
		err = seen.require(d, "repositories", "mapping")
	}
	if err == nil && len(m.mappings) == 0 {
		err = d.Reject("no mapping")
	}
	if err == nil {
		err = d.End()
	}
	if err != nil {
		return nil, bad(err)
	}
	for i, mapping := range m.mappings {
		for _, name := range mapping.repositories {
			if _, ok := m.urls[name]; !ok {
				return nil, bad(fmt.Errorf("mapping %d: no repository %s in the file", i+1, safe.Quote(name)))
			}
		}
	}
	return m, nil
}

func decodeMapping(d *strictjson.Decoder) (mapping, error) {
	var m mapping
	var threshold int64
	seen := members{}
	err := d.Object(mappingSchema, func(name string) (err error) {
		seen[name] = true
		switch name {
		case "paths":
			m.paths, err = decodeStrings(d, 0, "", "")
			if err == nil && slices.ContainsFunc(m.paths, func(p string) bool { return len(p) > maxPattern }) {
				err = d.Reject(fmt.Sprintf("a pattern of more than %d bytes", maxPattern))
			}
		case "repositories":
			var names []string
			names, err = decodeStrings(d, 0, "", "")
			for _, n := range names {
				if !slices.Contains(m.repositories, n) { // of which there are not many
					m.repositories = append(m.repositories, n)
				}
			}
		case "threshold":
			threshold, err = d.Int64()
		case "terminating":
			m.terminating, err = d.Bool()
		default:
			err = d.Skip()
		}
		return err
	})
	if err == nil {
		// None has a default: whoever misspells one would get another policy.
		err = seen.require(d, "paths", "repositories", "threshold", "terminating")
	}
	if err == nil && (threshold < 1 || threshold > int64(len(m.repositories))) {
		err = d.Reject(fmt.Sprintf("a threshold of %d of %d repositories", threshold, len(m.repositories)))
	}
	m.threshold = int(threshold)
	return m, err
}

// decodeStrings reads an array of at least one string. A limit of zero is none.
func decodeStrings(d *strictjson.Decoder, limit int, what, field string) ([]string, error) {
	var list []string
	err := d.Array(func(i int) error {
		if limit > 0 && i == limit {
			return tooMany(what, int64(limit), "", field)
		}
		s, err := d.String()
		list = append(list, s)
		return err
	})
	if err == nil && len(list) == 0 {
		err = d.Reject("expected at least one")
	}
	return list, err
}

func tooMany(what string, limit int64, unit, field string) error {
	if unit != "" {
		unit = " " + unit
	}
	return &verify.Error{Code: CodeLimit, What: what, Expected: fmt.Sprintf("at most %d%s (%s)", limit, unit, field), Found: "more"}
}

// repositoryDir returns the name of a repository's folder: one element of a path,
// not hidden, and no device.
func repositoryDir(name string) string {
	dir := escapeElement(name)
	base, _, _ := strings.Cut(dir, ".")
	if strings.HasPrefix(dir, ".") || slices.ContainsFunc(deviceNames(), func(s string) bool { return strings.EqualFold(s, base) }) {
		dir = fmt.Sprintf("%%%02X", dir[0]) + dir[1:]
	}
	if s, ok := strings.CutSuffix(dir, "."); ok { // Windows would not keep it
		dir = s + "%2E"
	}
	if len(dir) > 200 {
		sum := sha256.Sum256([]byte(name))
		dir = "%" + hex.EncodeToString(sum[:])
	}
	return dir
}

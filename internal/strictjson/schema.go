// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package strictjson

import "strings"

// A Schema lists the members that a typed object may have. It is immutable and
// may be shared.
type Schema struct {
	names []string
	exact map[string]string // each name to itself, so that reading one allocates nothing
}

// NewSchema returns the schema with the names given. It may have none: then all
// members are unknown.
func NewSchema(names ...string) *Schema {
	s := &Schema{exact: make(map[string]string, len(names))}
	for _, name := range names {
		if _, ok := s.exact[name]; !ok {
			s.names = append(s.names, name)
			s.exact[name] = name
		}
	}
	return s
}

// variant returns the known name that equals name under Unicode simple case
// folding, which is what encoding/json matches by: besides A and a, it equates
// k with U+212A (the Kelvin sign) and s with U+017F (the long s).
func (s *Schema) variant(name string) (known string, found bool) {
	for _, known := range s.names {
		if strings.EqualFold(known, name) {
			return known, true
		}
	}
	return "", false
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package provenance

import (
	"encoding/json"

	"github.com/tallystick/tallystick/internal/strictjson"
)

// Predicate types of links in attestations (ITE-6).
const (
	LinkV03 = "https://in-toto.io/attestation/link/v0.3"
	LinkV02 = "https://in-toto.io/Link/v0.2"
)

// A Link is what a link attestation says, in version 0.3 or 0.2: how the subjects of
// the Statement, the products, were made in one step. Links of layouts are in package
// provenance/layout.
type Link struct {
	Name    string   // of the step, never empty
	Command []string // one element in version 0.2 if it was written as one text
	// Materials have a name and a digest each, and no two have the same name.
	// Those of version 0.2 are in the order in which they were written.
	Materials   []Resource
	Byproducts  map[string]json.RawMessage // the values are JSON
	Environment map[string]json.RawMessage // the values are JSON
}

var linkSchema = strictjson.NewSchema("name", "command", "materials", "byproducts", "environment")

// Link returns the predicate as a link. The subjects of the Statement must have
// names, all of them different, as they are the products. Errors are those of
// [Statement.Provenance].
func (s *Statement) Link() (*Link, error) {
	d, err := s.typed(LinkV03, LinkV02)
	if err != nil {
		return nil, err
	}
	l := new(Link)
	err = d.Object(linkSchema, func(name string) error {
		switch name {
		case "name":
			return d.string(&l.Name)
		case "command":
			if kind, err := d.Kind(); s.predicateType == LinkV02 && err == nil && kind == strictjson.String {
				l.Command = make([]string, 1)
				return d.string(&l.Command[0])
			}
			return d.strings(&l.Command)
		case "materials":
			if s.predicateType == LinkV03 {
				return d.resources(&l.Materials)
			}
			return d.dict(func(name string) (err error) {
				r := Resource{Name: name}
				r.Digests, r.unknown, r.malformed, err = parseDigests(d.Decoder)
				l.Materials = append(l.Materials, r)
				return err
			})
		case "byproducts":
			return d.raw(&l.Byproducts)
		case "environment":
			return d.raw(&l.Environment)
		}
		return d.Skip()
	})
	if err == nil && l.Name == "" {
		err = d.missing("name of the step")
	}
	names := map[string]bool{}
	for _, m := range l.Materials {
		if err != nil {
			break
		}
		if m.Name == "" || m.Digests.Len() == 0 && len(m.unknown) == 0 && m.malformed == nil {
			err = d.Reject("a material without a name or digest")
		} else if names[m.Name] {
			err = d.Reject("two materials with one name")
		}
		names[m.Name] = true
	}
	if err == nil && (len(s.byName) != len(s.subjects)) {
		err = d.Reject("products without a name, or two with one name")
	}
	if err := d.finish(s, err); err != nil {
		return nil, err
	}
	return l, nil
}

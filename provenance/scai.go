// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package provenance

import (
	"encoding/json"

	"github.com/tallystick/tallystick/internal/strictjson"
)

// Predicate types of SCAI attribute reports.
const (
	SCAIV03 = "https://in-toto.io/attestation/scai/v0.3"
	SCAIV02 = "https://in-toto.io/attestation/scai/attribute-report/v0.2"
)

// An AttributeReport is what a SCAI attestation says about the subjects, in version
// 0.3 or 0.2.
type AttributeReport struct {
	Attributes []Attribute // at least one
	Producer   *Resource   // of the subjects, nil if not stated
}

// An Attribute is one property that somebody asserts.
type Attribute struct {
	Name       string                     // never empty
	Target     *Resource                  // what has the attribute; nil for the subjects
	Conditions map[string]json.RawMessage // the values are JSON
	Evidence   *Resource                  // nil if not stated
}

var (
	reportSchema    = strictjson.NewSchema("attributes", "producer")
	attributeSchema = strictjson.NewSchema("attribute", "target", "conditions", "evidence")
)

// AttributeReport returns the predicate as a SCAI attribute report. Errors are
// those of [Statement.Provenance].
func (s *Statement) AttributeReport() (*AttributeReport, error) {
	d, err := s.typed(SCAIV03, SCAIV02)
	if err != nil {
		return nil, err
	}
	r := new(AttributeReport)
	err = d.Object(reportSchema, func(name string) error {
		switch name {
		case "attributes":
			return d.array(func() error {
				var a Attribute
				if err := d.Object(attributeSchema, func(name string) error {
					switch name {
					case "attribute":
						return d.string(&a.Name)
					case "target":
						return d.optional(&a.Target)
					case "conditions":
						return d.raw(&a.Conditions)
					case "evidence":
						return d.optional(&a.Evidence)
					}
					return d.Skip()
				}); err != nil {
					return err
				}
				if a.Name == "" {
					return d.missing("attribute")
				}
				r.Attributes = append(r.Attributes, a)
				return nil
			})
		case "producer":
			return d.optional(&r.Producer)
		}
		return d.Skip()
	})
	if err == nil && len(r.Attributes) == 0 {
		err = d.missing("attributes")
	}
	if err := d.finish(s, err); err != nil {
		return nil, err
	}
	return r, nil
}

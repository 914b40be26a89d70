// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash

import (
	"encoding/json"
	"errors"
	"unicode/utf8"

	"github.com/tallystick/tallystick/internal/strictjson"
)

// maxManifestJSON is the longest artifact map, in bytes.
const maxManifestJSON = 256 << 20

// ParseArtifacts reads the materials or products of an in-toto link: a JSON object
// of names and DigestSets, {"name": {"sha256": "hex"}}. The JSON is read strictly:
// an object with two members of one name, invalid UTF-8 and data after the object
// are an [*Error] with [CodeManifest]. Algorithms that this package does not know
// are ignored, as the specification demands; a file that has no other one is an
// [*Error] with [CodeOptions], as is an object with nothing in it. A digest that
// its algorithm does not allow is one with [CodeDigest].
func ParseArtifacts(data []byte) (*Manifest, error) {
	var entries []ManifestEntry
	d := strictjson.NewDecoder(data, strictjson.Limits{Bytes: maxManifestJSON})
	err := d.Map(func(name string) error {
		values := make(map[string]string)
		err := d.Map(func(alg string) error {
			value, err := d.String()
			values[alg] = value
			return err
		})
		if err != nil {
			return err
		}
		set, _, err := ParseSet(values)
		if err != nil {
			return err
		}
		entries = append(entries, ManifestEntry{Name: name, Digests: set})
		return nil
	})
	if err == nil {
		err = d.End()
	}
	if bad, ok := errors.AsType[*strictjson.Error](err); ok {
		return nil, &Error{Code: CodeManifest, Err: bad}
	}
	if err != nil {
		return nil, err
	}
	return NewManifest(entries...)
}

// Artifacts returns the manifest in the form that [ParseArtifacts] reads, sorted
// by name. An entry that is not a file is an [*Error] with [CodeNotRegular], and
// one whose name is not UTF-8, which JSON cannot hold, one with [CodeName].
func (m *Manifest) Artifacts() ([]byte, error) {
	if m.Len() == 0 {
		return nil, &Error{Code: CodeOptions, Detail: "a manifest without entries"}
	}
	b := []byte{'{'}
	for i, e := range m.entries {
		if e.Type != File {
			return nil, &Error{Code: CodeNotRegular, Name: e.Name, Detail: "is a " + e.Type.String() + ", which an artifact map cannot hold"}
		}
		if !utf8.ValidString(e.Name) {
			return nil, &Error{Code: CodeName, Name: e.Name, Detail: "is not UTF-8"}
		}
		name, err := json.Marshal(e.Name)
		if err != nil {
			return nil, &Error{Code: CodeName, Name: e.Name, Err: err}
		}
		digests, err := json.Marshal(e.Digests)
		if err != nil {
			return nil, &Error{Code: CodeDigest, Name: e.Name, Err: err}
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, name...)
		b = append(b, ':')
		b = append(b, digests...)
	}
	return append(b, '}'), nil
}

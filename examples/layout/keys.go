// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/provenance"
	"github.com/tallystick/tallystick/provenance/layout"
)

// maxKey is more than any key takes, in bytes.
const maxKey = 1 << 20

// readKeys reads the keys of the project owners.
func readKeys(files []string) (set provenance.KeySet, openPGP []layout.OpenPGPKey, err error) {
	var keys []provenance.Key
	for _, file := range files {
		data, err := readFile(file, maxKey)
		if err != nil {
			return set, nil, err
		}
		if isOpenPGP(data) {
			key, err := layout.ParseOpenPGPKey(data)
			if err != nil {
				return set, nil, fmt.Errorf("%s: %w", hash.EscapeName(file), err)
			}
			openPGP = append(openPGP, key)
			continue
		}
		key, err := provenance.ParseKey(data)
		if err != nil {
			return set, nil, fmt.Errorf("%s: %w", hash.EscapeName(file), err)
		}
		keys = append(keys, key.WithName(hash.EscapeName(filepath.Base(file))))
	}
	if len(keys) == 0 {
		return set, openPGP, nil
	}
	// All of them must have signed, whatever the threshold.
	set, err = provenance.NewKeySet(1, keys...)
	return set, openPGP, err
}

// isOpenPGP says which of the two parsers a key is for: both kinds are JSON, and only
// OpenPGP keys have a method. What it is, the parsers decide.
func isOpenPGP(data []byte) bool {
	var members map[string]json.RawMessage
	return json.Unmarshal(data, &members) == nil && members["method"] != nil
}

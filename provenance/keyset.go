// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package provenance

import (
	"fmt"
	"slices"

	"github.com/tallystick/tallystick/internal/tally"
	"github.com/tallystick/tallystick/verify"
)

// A KeySet is a list of trusted keys of which a number must have signed. It is
// immutable. The zero KeySet trusts nobody, and everything that needs one
// refuses it.
type KeySet struct {
	threshold int
	keys      []Key
	tally     []tally.Key // the keys
	ids       [][]string  // of each key, what metadata may call it
}

// NewKeySet returns the set in which any threshold of the keys, counted as
// distinct public keys, must have signed. Listing a key twice adds nothing; the
// first name and validity count. A threshold below one or above the number of
// distinct keys, and the zero Key, are a [*verify.Error] with [CodeKeySet].
func NewKeySet(threshold int, keys ...Key) (KeySet, error) {
	var distinct []Key
	for i, k := range keys {
		if k.Fingerprint() == "" {
			return KeySet{}, &verify.Error{Code: CodeKeySet, What: fmt.Sprintf("key %d", i+1), Found: "the zero Key"}
		}
		if !slices.ContainsFunc(distinct, func(d Key) bool { return d.Fingerprint() == k.Fingerprint() }) {
			distinct = append(distinct, k)
		}
	}
	if threshold < 1 || threshold > len(distinct) {
		return KeySet{}, &verify.Error{Code: CodeKeySet, What: "threshold of a key set",
			Expected: fmt.Sprintf("1 to %d, the number of distinct keys", len(distinct)), Found: fmt.Sprint(threshold)}
	}
	s := KeySet{threshold: threshold, keys: distinct}
	for _, k := range distinct {
		s.tally = append(s.tally, k)
		s.ids = append(s.ids, k.ids())
	}
	return s, nil
}

// hinted reports whether an id in metadata could mean a key.
func (s KeySet) hinted(key int, id string) bool { return slices.Contains(s.ids[key], id) }

// Threshold returns how many keys must have signed; 0 for the zero KeySet.
func (s KeySet) Threshold() int { return s.threshold }

// Keys returns the distinct keys.
func (s KeySet) Keys() []Key { return slices.Clone(s.keys) }

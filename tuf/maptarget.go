// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package tuf

import (
	"errors"
	"fmt"
	"slices"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/verify"
)

// A MapTarget is what several repositories agree to say about one file: a
// [verify.Claim] on the word of all of them. Only [MapSnapshot.Target] makes one.
// It is immutable and safe for concurrent use; the zero MapTarget covers nothing.
type MapTarget struct {
	client   *MapClient
	path     string
	members  []MapAnswer // who agree, in the order of the mapping
	answers  []MapAnswer
	hashes   hash.Set // all that any member states
	issuers  []verify.Issuer
	evidence verify.Evidence
}

// A MapAnswer is what one repository says about a target.
type MapAnswer struct {
	Repository string
	Target     *Target
}

// newMapTarget joins what the members say. They agree, so the sets have no
// contradiction.
func newMapTarget(c *MapClient, path string, members []*answer) (*MapTarget, error) {
	t := &MapTarget{client: c, path: path}
	var digests []hash.Digest
	for _, m := range members {
		t.members = append(t.members, m.MapAnswer)
		for _, i := range m.Target.issuers {
			i.Name = m.quoted() + " " + i.Name
			t.issuers = append(t.issuers, i)
		}
		for d := range m.Target.file.hashes.All() {
			if !slices.Contains(digests, d) {
				digests = append(digests, d)
			}
		}
	}
	var err error
	t.hashes, err = hash.NewSet(digests...)
	return t, err
}

// Path returns the path of the target. It was chosen by others: do not use it as a
// file name as it is.
func (t *MapTarget) Path() string { return t.path }

// Length returns the length of the file in bytes.
func (t *MapTarget) Length() int64 {
	if len(t.members) == 0 {
		return 0
	}
	return t.members[0].Target.Length()
}

// Hashes returns the digests that any of the repositories in agreement states. At
// least one is strong, and is stated by all of each two.
func (t *MapTarget) Hashes() hash.Set { return t.hashes }

// Repositories returns the names of the repositories that agree, in the order of
// the mapping.
func (t *MapTarget) Repositories() []string {
	var names []string
	for _, m := range t.members {
		names = append(names, m.Repository)
	}
	return names
}

// Answers returns what each repository says that was asked and lists the target,
// also those who were outvoted. Give all of them to [verify.Artifact], beside the
// MapTarget, if any disagreement shall reject. Custom objects are found here too,
// on which repositories need not agree.
func (t *MapTarget) Answers() []MapAnswer { return slices.Clone(t.answers) }

// Issuers returns the keys that signed for the target in each of the repositories
// that agree; see [Target.Issuers].
func (t *MapTarget) Issuers() []verify.Issuer { return slices.Clone(t.issuers) }

// Covers returns nil if each of the repositories that agree covers the artifact;
// see [Target.Covers]. It is not enough that the hashes of one of them were
// measured: that one could say something else than the others in these hashes.
func (t *MapTarget) Covers(a hash.Artifact) error {
	silent := verify.Match(a, hash.Set{}, false)
	if len(t.members) == 0 {
		return silent
	}
	silent = nil
	for _, m := range t.members {
		err := m.Target.Covers(a)
		if err != nil && !errors.Is(err, verify.CodeNotCovered) {
			return err
		}
		if err != nil && silent == nil {
			silent = err
		}
	}
	return silent
}

// Digests returns what Hashes returns, if the artifact has the name of the target
// or one of its hashes.
func (t *MapTarget) Digests(a hash.Artifact) hash.Set {
	return verify.About(a, t.hashes, t.path != "" && a.Name() == t.path)
}

// Evidence returns the answer of each repository that was asked, with the roles
// behind it, and of the mappings before that came to no result.
func (t *MapTarget) Evidence() verify.Evidence { return t.evidence.Clone() }

// summary describes the agreement in words.
func (t *MapTarget) summary(number int, m *mapping) string {
	return fmt.Sprintf("%d bytes, %s; by mapping %d of the map file, whose threshold is %d of %d repositories",
		t.Length(), t.hashes, number, m.threshold, len(m.repositories))
}

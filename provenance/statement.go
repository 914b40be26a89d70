// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package provenance

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/internal/safe"
	"github.com/tallystick/tallystick/internal/strictjson"
	"github.com/tallystick/tallystick/verify"
)

// The values of a Statement's _type member that are understood.
const (
	StatementV1  = "https://in-toto.io/Statement/v1"
	StatementV01 = "https://in-toto.io/Statement/v0.1"
)

// A Statement is a verified in-toto Statement: its signatures were good and
// enough. Only [Open] makes one. It is a [verify.Claim] about its subjects.
//
// A subject is recognised by its digests, never by its name. A Statement is
// silent about content that no subject's digest matches, with one exception: if
// a subject has exactly the artifact's name and another digest, the Statement
// contradicts the artifact.
type Statement struct {
	payload       []byte
	typ           string
	predicateType string
	predicate     []byte // raw JSON, empty if there is none
	subjects      []Subject
	issuers       []verify.Issuer
	evidence      verify.Evidence
}

// A Subject is content that a Statement is about.
type Subject struct {
	// Name is what the Statement calls it, as raw bytes; it may be empty and
	// decides nothing. Print it with hash.EscapeName.
	Name string
	// Digests are those whose algorithm is known.
	Digests hash.Set

	unknown   []string // algorithms that are not known
	malformed error    // one of the digests is not what its algorithm demands
}

var (
	statementSchema = strictjson.NewSchema("_type", "subject", "predicateType", "predicate")
	subjectSchema   = strictjson.NewSchema("name", "digest", "uri", "content", "downloadLocation", "mediaType", "annotations")
)

// parseStatement reads the payload of an envelope, in-toto Attestation Framework
// "Statement" v1 and v0.1.
func parseStatement(payload []byte, limits Limits) (*Statement, *verify.Check) {
	s := &Statement{payload: payload}
	d := strictjson.NewDecoder(payload, limits.json())
	var tooMany bool
	err := d.Object(statementSchema, func(name string) (err error) {
		switch name {
		case "_type":
			s.typ, err = d.String()
		case "predicateType":
			s.predicateType, err = d.String()
		case "predicate":
			s.predicate, err = d.Raw()
		case "subject":
			return d.Array(func(i int) error {
				if i == limits.Subjects {
					tooMany = true
					return d.Reject(fmt.Sprintf("more than %d subjects", limits.Subjects))
				}
				subject, err := parseSubject(d)
				s.subjects = append(s.subjects, subject)
				return err
			})
		case "type", "predicate_type", "subjects":
			// Other readers take these for the members above.
			return d.Reject("alias of a member of a Statement")
		default:
			err = d.Skip()
		}
		return err
	})
	if err == nil {
		err = d.End()
	}
	fail := &verify.Check{Code: CodeMalformed, Status: verify.Fail, What: "Statement"}
	switch {
	case err != nil:
		fail.Code, fail.Detail = malformedOrLimit(err), err.Error()
		if tooMany {
			fail.Code = CodeLimit
		}
	case s.typ != StatementV1 && s.typ != StatementV01:
		fail.What = "_type of the Statement"
		fail.Expected, fail.Found = StatementV1+" or "+StatementV01, safe.Quote(s.typ)
	case s.predicateType == "":
		fail.What = "predicateType of the Statement"
		fail.Expected, fail.Found = "a type", "none"
	case len(s.subjects) == 0:
		fail.Code = CodeSubject
		fail.What = "subjects of the Statement"
		fail.Expected, fail.Found = "at least one", "none"
	default:
		for i, subject := range s.subjects {
			if subject.Digests.Len() == 0 && len(subject.unknown) == 0 && subject.malformed == nil {
				fail.Code = CodeSubject
				fail.What = fmt.Sprintf("subject %d %s", i+1, safe.Quote(subject.Name))
				fail.Expected, fail.Found = "a digest", "none"
				return nil, fail
			}
		}
		return s, nil
	}
	return nil, fail
}

func parseSubject(d *strictjson.Decoder) (Subject, error) {
	var s Subject
	err := d.Object(subjectSchema, func(name string) (err error) {
		switch name {
		case "name":
			s.Name, err = d.String()
			return err
		case "digest":
			s.Digests, s.unknown, s.malformed, err = parseDigests(d)
			return err
		}
		return d.Skip()
	})
	return s, err
}

// parseDigests reads a DigestSet. A malformed value is returned beside the good
// ones: whether it matters depends on whether the subject is the one looked for.
func parseDigests(d *strictjson.Decoder) (set hash.Set, unknown []string, malformed, err error) {
	values := map[string]string{}
	if err = d.Map(func(name string) error {
		if len(values) == maxDigests {
			return d.Reject(fmt.Sprintf("more than %d digests", maxDigests))
		}
		v, err := d.String()
		values[name] = v
		return err
	}); err != nil {
		return hash.Set{}, nil, nil, err
	}
	if set, unknown, err = hash.ParseSet(values); err == nil {
		return set, unknown, nil, nil
	}
	// Once more without the bad ones, to know which subject this is.
	malformed = err
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if _, _, err := hash.ParseSet(map[string]string{name: values[name]}); err != nil {
			delete(values, name)
		}
	}
	set, unknown, err = hash.ParseSet(values)
	if err != nil {
		return hash.Set{}, nil, malformed, nil
	}
	return set, unknown, malformed, nil
}

// Type returns the _type of the Statement, [StatementV1] or [StatementV01].
func (s *Statement) Type() string { return s.typ }

// PredicateType returns the type of the predicate, never empty.
func (s *Statement) PredicateType() string { return s.predicateType }

// Predicate returns a copy of the predicate as it was signed, in JSON; nil if
// there is none. It is free of duplicate members at any depth.
func (s *Statement) Predicate() []byte { return slices.Clone(s.predicate) }

// Payload returns a copy of the bytes that were signed.
func (s *Statement) Payload() []byte { return slices.Clone(s.payload) }

// Subjects returns what the Statement is about. There is at least one.
func (s *Statement) Subjects() []Subject { return slices.Clone(s.subjects) }

// Issuers returns the trusted keys that signed.
func (s *Statement) Issuers() []verify.Issuer { return slices.Clone(s.issuers) }

// Evidence returns how the Statement was verified.
func (s *Statement) Evidence() verify.Evidence { return s.evidence }

// Covers implements [verify.Claim].
func (s *Statement) Covers(a hash.Artifact) error {
	var covered, silent error
	found := false
	silent = &verify.Error{Code: verify.CodeNotCovered, What: "subjects of the Statement",
		Expected: a.Digests().String(), Found: s.subjectList()}
	for _, subject := range s.subjects {
		named := subject.Name != "" && subject.Name == a.Name()
		err := verify.Match(a, subject.Digests, named)
		switch {
		case subject.malformed != nil && (err == nil || named):
			// It is ours and says something that is no digest.
			return &verify.Error{Code: CodeSubject, What: "subject " + safe.Quote(subject.Name), Err: subject.malformed}
		case err == nil:
			found = true
		case errors.Is(err, verify.CodeWeak):
			silent = err
		case errors.Is(err, verify.CodeNotCovered):
		case a.Digests().Compare(subject.Digests) == hash.Conflicting:
			return err
		default:
			// The name with other digests: it only means this artifact if no
			// other subject does.
			covered = err
		}
	}
	switch {
	case found:
		return nil
	case covered != nil:
		return covered
	}
	return silent
}

// Digests implements [verify.Claim].
func (s *Statement) Digests(a hash.Artifact) hash.Set {
	var named hash.Set
	for _, subject := range s.subjects {
		switch a.Digests().Compare(subject.Digests) {
		case hash.Same, hash.Conflicting:
			return subject.Digests
		}
		if subject.Name != "" && subject.Name == a.Name() {
			named = subject.Digests
		}
	}
	return named
}

// subjectList names the first few subjects, for an error.
func (s *Statement) subjectList() string {
	const most = 3
	var list []string
	for _, subject := range s.subjects[:min(most, len(s.subjects))] {
		list = append(list, strings.TrimSpace(safe.Quote(subject.Name)+" "+subject.Digests.String()))
	}
	if n := len(s.subjects) - most; n > 0 {
		list = append(list, fmt.Sprintf("and %d more", n))
	}
	return strings.Join(list, ", ")
}

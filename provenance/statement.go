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
// enough. Only [Open] and [OpenWith] make one. It is a [verify.Claim] about its
// subjects.
//
// A subject is recognised by its digests, never by its name. A Statement is
// silent about content that no subject's digest matches, with one exception: if
// a subject has exactly the artifact's name and another digest, and no other
// subject matches, the Statement contradicts the artifact. Subjects that match
// must not contradict each other.
type Statement struct {
	payload       []byte
	typ           string
	predicateType string
	predicate     []byte // raw JSON, empty if there is none
	subjects      []Subject
	byDigest      map[hash.Digest][]int // indices of subjects
	byName        map[string][]int
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

// errLimit is wrapped by errors about a limit of this package.
var errLimit = errors.New("limit")

var (
	statementSchema = strictjson.NewSchema("_type", "subject", "predicateType", "predicate")
	subjectSchema   = strictjson.NewSchema("name", "digest", "uri", "content", "downloadLocation", "mediaType", "annotations")
)

// parseStatement reads the payload of an envelope, in-toto Attestation Framework
// "Statement" v1 and v0.1.
func parseStatement(payload []byte, limits Limits) (*Statement, *verify.Check) {
	s := &Statement{payload: payload}
	d := strictjson.NewDecoder(payload, limits.json())
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
				if i >= limits.Subjects {
					return fmt.Errorf("%w: more than %d subjects", errLimit, max(0, limits.Subjects))
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
	s.index()
	fail := &verify.Check{Code: CodeMalformed, Status: verify.Fail, What: "Statement"}
	switch {
	case err != nil:
		fail.Code, fail.Detail = malformedOrLimit(err), err.Error()
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
			return fmt.Errorf("%w: more than %d digests", errLimit, maxDigests)
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

// index prepares the search for subjects, of which there may be many.
func (s *Statement) index() {
	s.byDigest = make(map[hash.Digest][]int, len(s.subjects))
	s.byName = make(map[string][]int, len(s.subjects))
	for i, subject := range s.subjects {
		for d := range subject.Digests.All() {
			s.byDigest[d] = append(s.byDigest[d], i)
		}
		if subject.Name != "" {
			s.byName[subject.Name] = append(s.byName[subject.Name], i)
		}
	}
}

// about returns the subjects that share a digest with the artifact, and those that
// have its name.
func (s *Statement) about(a hash.Artifact) (matching, named []Subject) {
	var seen map[int]bool
	for d := range a.Digests().All() {
		for _, i := range s.byDigest[d] {
			if !seen[i] {
				if seen == nil {
					seen = map[int]bool{}
				}
				seen[i] = true
				matching = append(matching, s.subjects[i])
			}
		}
	}
	for _, i := range s.byName[a.Name()] {
		named = append(named, s.subjects[i])
	}
	return matching, named
}

// notCovered says in words which digests were left unchecked.
func (s *Statement) notCovered() []string {
	var list []string
	unknown, malformed := 0, 0
	for _, subject := range s.subjects {
		if subject.malformed != nil {
			if malformed++; malformed <= maxListed {
				list = append(list, fmt.Sprintf("subject %s: malformed digest", safe.Quote(subject.Name)))
			}
		}
		for _, alg := range subject.unknown {
			if unknown++; unknown <= maxListed {
				list = append(list, fmt.Sprintf("digest %s of subject %s: unknown algorithm", safe.Quote(alg), safe.Quote(subject.Name)))
			}
		}
	}
	if more := unknown - maxListed; more > 0 {
		list = append(list, fmt.Sprintf("%d more digests of unknown algorithms", more))
	}
	if more := malformed - maxListed; more > 0 {
		list = append(list, fmt.Sprintf("%d more subjects with a malformed digest", more))
	}
	if s.predicateType == SLSAProvenanceV1 || s.predicateType == SLSAProvenanceV02 {
		list = append(list, "external parameters of SLSA provenance, but for what a policy demands")
	}
	return list
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

// Issuers returns the trusted keys that signed, or whom else the [Opener] names.
func (s *Statement) Issuers() []verify.Issuer { return slices.Clone(s.issuers) }

// Evidence returns how the Statement was verified.
func (s *Statement) Evidence() verify.Evidence { return s.evidence.Clone() }

// Covers implements [verify.Claim].
func (s *Statement) Covers(a hash.Artifact) error {
	matching, named := s.about(a)
	for _, subjects := range [][]Subject{matching, named} {
		for _, subject := range subjects {
			if subject.malformed != nil {
				// It is ours and says something that is no digest.
				return &verify.Error{Code: CodeSubject, What: "subject " + safe.Quote(subject.Name), Err: subject.malformed}
			}
		}
	}
	if len(matching) > 0 {
		// All that these say, together, must be true of the artifact.
		all, err := union(matching)
		if err != nil {
			return &verify.Error{Code: verify.CodeConflict, What: "subjects of the Statement that are this artifact", Err: err}
		}
		return verify.Match(a, all, false)
	}
	for _, subject := range named {
		if err := verify.Match(a, subject.Digests, true); err != nil && !errors.Is(err, verify.CodeNotCovered) {
			return err
		}
	}
	return &verify.Error{Code: verify.CodeNotCovered, What: "subjects of the Statement",
		Expected: a.Digests().String(), Found: s.subjectList()}
}

// Digests implements [verify.Claim].
func (s *Statement) Digests(a hash.Artifact) hash.Set {
	matching, named := s.about(a)
	if len(matching) == 0 {
		matching = named
	}
	if all, err := union(matching); err == nil {
		return all
	}
	// They contradict each other, which Covers says; what can be stated
	// without a contradiction is that of one of them.
	return matching[0].Digests
}

// union returns the digests of all the subjects.
func union(subjects []Subject) (hash.Set, error) {
	var ds []hash.Digest
	for _, subject := range subjects {
		for d := range subject.Digests.All() {
			ds = append(ds, d)
		}
	}
	return hash.NewSet(ds...)
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

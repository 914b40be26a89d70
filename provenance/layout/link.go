// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"errors"
	"fmt"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/internal/safe"
	"github.com/tallystick/tallystick/internal/strictjson"
)

// A link is the decoded payload of a link (specification 4.4), whichever of its
// forms it came in. Of the byproducts only what an inspection needs is kept, and
// nothing of the environment: no rule can speak about them.
type link struct {
	name     string
	command  []string
	returned string // byproducts.return-value, as JSON; empty if there is none
	evidence *evidence
	notes    []string
}

// The _type and predicateType of metadata.
const (
	typeLayout      = "layout"
	typeLink        = "link"
	typeStatementV1 = "https://in-toto.io/Statement/v1"
	typeStatement01 = "https://in-toto.io/Statement/v0.1"
	predicateLink03 = "https://in-toto.io/attestation/link/v0.3"
	predicateLink02 = "https://in-toto.io/Link/v0.2"
)

var (
	typeSchema       = strictjson.NewSchema("_type")
	linkSchema       = strictjson.NewSchema("_type", "name", "command", "materials", "products", "byproducts", "environment")
	statementSchema  = strictjson.NewSchema("_type", "subject", "predicateType", "predicate", "type", "predicate_type")
	predicateSchema  = strictjson.NewSchema("name", "command", "materials", "byproducts", "environment")
	descriptorSchema = strictjson.NewSchema("name", "uri", "digest", "content", "downloadLocation", "mediaType", "annotations")
)

// payloadKind returns the _type of a payload.
func payloadKind(payload []byte, limits strictjson.Limits) (typ string, err error) {
	found := errors.New("found")
	d := strictjson.NewDecoder(payload, limits)
	err = d.Object(typeSchema, func(name string) error {
		if name != "_type" {
			return d.Skip()
		}
		var err error
		if typ, err = d.String(); err == nil {
			err = found // the rest is read by whoever knows the type
		}
		return err
	})
	switch {
	case errors.Is(err, found):
		return typ, nil
	case err != nil:
		return "", err
	}
	return "", errors.New("no _type")
}

// parseLink reads a payload of the given _type.
func parseLink(payload []byte, typ string, limits strictjson.Limits) (*link, error) {
	switch typ {
	case typeLink:
		return parsePlainLink(payload, limits)
	case typeStatementV1, typeStatement01:
		return parseStatement(payload, limits)
	}
	return nil, fmt.Errorf("unknown _type %s", safe.Quote(typ))
}

func parsePlainLink(payload []byte, limits strictjson.Limits) (*link, error) {
	l := new(link)
	var lists [2]listBuilder
	var typ string
	d := strictjson.NewDecoder(payload, limits)
	err := d.Object(linkSchema, func(name string) (err error) {
		switch name {
		case "_type":
			typ, err = d.String()
		case "name":
			l.name, err = d.String()
		case "command":
			l.command, err = parseCommand(d)
		case "materials":
			err = parseArtifacts(d, &lists[materials])
		case "products":
			err = parseArtifacts(d, &lists[products])
		case "byproducts":
			err = l.parseByproducts(d)
		case "environment":
			err = d.Skip()
		default:
			l.note("the member %s was ignored", safe.Quote(name))
			err = d.Skip()
		}
		return err
	})
	if err == nil {
		err = d.End()
	}
	if err == nil && typ != typeLink {
		err = errors.New("the _type is not link")
	}
	return l.finish(&lists, err)
}

// parseStatement reads a Statement with a link predicate (ITE-6): its subjects are
// the products.
func parseStatement(payload []byte, limits strictjson.Limits) (*link, error) {
	l := new(link)
	var lists [2]listBuilder
	var predicateType string
	var predicate []byte
	hasSubject := false
	d := strictjson.NewDecoder(payload, limits)
	err := d.Object(statementSchema, func(name string) (err error) {
		switch name {
		case "_type":
			err = d.Skip()
		case "subject":
			hasSubject = true
			err = d.Array(func(int) error { return parseDescriptor(d, &lists[products]) })
		case "predicateType":
			predicateType, err = d.String()
		case "predicate":
			predicate, err = d.Raw()
		case "type", "predicate_type":
			// Some readers take these for the members with the right names.
			err = d.Reject("not a member of a Statement")
		default:
			l.note("the member %s was ignored", safe.Quote(name))
			err = d.Skip()
		}
		return err
	})
	if err == nil {
		err = d.End()
	}
	switch {
	case err != nil:
	case predicateType != predicateLink03 && predicateType != predicateLink02:
		err = fmt.Errorf("predicate type %s, must be %s", safe.Quote(predicateType), predicateLink03)
	case !hasSubject:
		// It may be empty: a step without products.
		err = errors.New("no subject")
	case predicate == nil:
		err = errors.New("no predicate")
	default:
		err = l.parsePredicate(predicate, predicateType, &lists[materials], limits)
	}
	return l.finish(&lists, err)
}

func (l *link) parsePredicate(data []byte, predicateType string, b *listBuilder, limits strictjson.Limits) error {
	d := strictjson.NewDecoder(data, limits)
	err := d.Object(predicateSchema, func(name string) (err error) {
		switch name {
		case "name":
			l.name, err = d.String()
		case "command":
			l.command, err = parseCommand(d)
		case "materials":
			if predicateType == predicateLink02 {
				return parseArtifacts(d, b)
			}
			err = nullOr(d, func() error {
				return d.Array(func(int) error { return parseDescriptor(d, b) })
			})
		case "byproducts":
			err = l.parseByproducts(d)
		case "environment":
			err = d.Skip()
		default:
			l.note("the member %s of the predicate was ignored", safe.Quote(name))
			err = d.Skip()
		}
		return err
	})
	if err == nil {
		err = d.End()
	}
	return err
}

// parseByproducts reads the return value of the command. The byproducts are opaque
// (specification 4.4), so nothing about them is an error.
func (l *link) parseByproducts(d *strictjson.Decoder) error {
	if k, err := d.Kind(); err != nil || k != strictjson.Object {
		return d.Skip()
	}
	return d.Map(func(name string) error {
		if name != "return-value" {
			return d.Skip()
		}
		raw, err := d.Raw()
		l.returned = string(raw)
		return err
	})
}

// parseDescriptor reads a ResourceDescriptor, of which a link needs the name and
// the digest.
func parseDescriptor(d *strictjson.Decoder, b *listBuilder) error {
	var name string
	digests := map[string]string{}
	err := d.Object(descriptorSchema, func(member string) (err error) {
		switch member {
		case "name":
			name, err = d.String()
		case "digest":
			err = d.Map(func(alg string) error {
				digests[alg], err = d.String()
				return err
			})
		default:
			err = d.Skip()
		}
		return err
	})
	if err != nil {
		return err
	}
	if name == "" || len(digests) == 0 {
		return d.Reject("name and digest are required")
	}
	set, unknown, err := hash.ParseSet(digests)
	if err == nil {
		err = b.addSet(name, set)
	}
	if err != nil {
		return d.Reject(err.Error())
	}
	if len(unknown) > 0 && b.unknown == "" {
		b.unknown = unknown[0]
	}
	return nil
}

func (l *link) note(format string, args ...any) {
	const most = 4
	if len(l.notes) < most {
		l.notes = append(l.notes, fmt.Sprintf(format, args...))
	}
}

// finish makes the lists of artifacts. err is what went wrong before.
func (l *link) finish(lists *[2]listBuilder, err error) (*link, error) {
	if err != nil {
		return nil, err
	}
	if l.name == "" {
		return nil, errors.New("the link has no name")
	}
	var out [2]*artifactList
	for side := range lists {
		if u := lists[side].unknown; u != "" {
			l.note("digests of the unknown algorithm %s were ignored", safe.Quote(u))
		}
		if out[side], err = lists[side].finish(); err != nil {
			return nil, fmt.Errorf("%v: %w", artifactSide(side), err)
		}
	}
	if a, b, found := ambiguous(out[0], out[1]); found {
		return nil, coded(CodeLinkAmbiguous, "the names %s and %s mean one path", safe.Quote(a), safe.Quote(b))
	}
	l.evidence = newEvidence(out[materials], out[products])
	return l, nil
}

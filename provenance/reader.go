// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package provenance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/tallystick/tallystick/internal/safe"
	"github.com/tallystick/tallystick/internal/strictjson"
	"github.com/tallystick/tallystick/verify"
)

// An EnvelopeKind says in which form an envelope was found.
type EnvelopeKind string

const (
	// KindDSSE is an envelope that stood alone.
	KindDSSE EnvelopeKind = "dsse"
	// KindBundle is the dsseEnvelope of a sigstore bundle. Its signature is
	// usually by the key of a certificate in the bundle, which is trusted only
	// as far as the bundle's certificate chain and log entries are; none of
	// that is looked at here. With a KeySet it verifies if the key is in it.
	KindBundle EnvelopeKind = "sigstore-bundle"
	// KindPEP740 is the envelope of a Python attestation object, written anew as
	// a DSSE envelope with the same signature. What goes for KindBundle goes for
	// its verification_material.
	KindPEP740 EnvelopeKind = "pep740"
)

// An Envelope is a DSSE envelope that [ReadEnvelopes] has found. Nothing in it is
// verified, and its signatures and payload may turn out to be malformed.
type Envelope struct {
	Kind EnvelopeKind
	// Where says where it was found, such as "line 3" or
	// "attestations[0].bundle"; "" if it was all there is.
	Where string
	// DSSE is the envelope in JSON, for [Open].
	DSSE []byte
	// Document is the JSON object that the envelope was found in, for an
	// [Opener] that knows its kind: the bundle or the attestation object, or the
	// envelope itself.
	Document []byte
}

// Ignored is something in a file of attestations that is none that we know.
type Ignored struct {
	Where  string // as in Envelope
	Reason string // printable
}

// Envelopes are what [ReadEnvelopes] has found, at least one.
type Envelopes struct {
	Envelopes []Envelope
	// Ignored is what was passed over: unknown lines, and elements of lists that
	// have no envelope.
	Ignored []Ignored
}

// ReadLimits bound what [ReadEnvelopes] may cost. A zero field means its default,
// and a negative one allows nothing.
type ReadLimits struct {
	Bytes     int64 // of all that is read, default 64 MiB
	Depth     int   // nesting of JSON, default 64
	Lines     int   // and elements of lists, default 10,000
	Envelopes int   // default 1,000
}

func (l ReadLimits) withDefaults() ReadLimits {
	if l.Bytes == 0 {
		l.Bytes = 64 << 20
	}
	if l.Depth == 0 {
		l.Depth = 64
	}
	if l.Lines == 0 {
		l.Lines = 10_000
	}
	if l.Envelopes == 0 {
		l.Envelopes = 1_000
	}
	return l
}

// ReadEnvelopes reads a file of attestations to its end and returns the envelopes
// in it. It knows, by their members and not by a name:
//
//   - a DSSE envelope
//   - a sigstore bundle with one (its member dsseEnvelope)
//   - the document of the npm registry about a package, and that of GitHub about
//     an artifact: an object with a list attestations of objects with a bundle
//   - a Python attestation object (PEP 740), and the index's provenance object with
//     attestation_bundles of them
//   - lines of any of these, as in .intoto.jsonl (in-toto attestation bundles) and
//     in files of several sigstore bundles
//
// The file is one JSON document, or else one for each line. Lines and elements that
// are something else are ignored, as the in-toto specification demands, and
// reported. JSON is held to the same strictness as everywhere in this package.
//
// Nothing is verified: hand each envelope to [Open] or [OpenWith]. What stands
// around an envelope (npm's predicateType, the publisher of a Python package) is
// signed by nobody and not looked at.
//
// Input without any envelope, and more than the limits allow, is a
// [*verify.RejectedError] with [CodeMalformed] or [CodeLimit]. If r fails, the error
// is a [*verify.Error] with [CodeRead].
func ReadEnvelopes(r io.Reader, limits ReadLimits) (*Envelopes, error) {
	f := &envelopeFinder{limits: limits.withDefaults()}
	data, err := io.ReadAll(io.LimitReader(r, max(0, f.limits.Bytes)+1))
	if err != nil {
		return nil, &verify.Error{Code: CodeRead, What: "attestations", Err: err}
	}
	reject := func(err error) (*Envelopes, error) {
		return nil, verify.Reject(verify.Evidence{Check: verify.Check{
			Code: malformedOrLimit(err), What: "file of attestations", Detail: err.Error()}})
	}
	if int64(len(data)) > f.limits.Bytes {
		return reject(fmt.Errorf("%w: more than %d bytes", errLimit, max(0, f.limits.Bytes)))
	}
	// One document, which may be spread over lines, or one on each line. What is
	// good as the one is not good as the other, unless it is one line.
	whole := strictjson.Validate(data, f.json())
	if whole == nil {
		f.document("", data)
	} else {
		f.lines(data)
	}
	switch {
	case f.err != nil:
		return reject(f.err)
	case len(f.found.Envelopes) > 0:
		return &f.found, nil
	case whole != nil:
		return reject(fmt.Errorf("no envelope; as one document: %w", whole))
	}
	return reject(fmt.Errorf("no envelope: %s", f.found.Ignored[0].Reason))
}

// An envelopeFinder collects what is found.
type envelopeFinder struct {
	limits ReadLimits
	found  Envelopes
	parts  int   // lines and elements so far
	err    error // a limit that was exceeded
}

// part counts a line or an element of a list, and reports whether it is within the
// limit. What is ignored is listed, so its number must have a bound too.
func (f *envelopeFinder) part() bool {
	if f.parts++; f.parts > f.limits.Lines {
		f.err = fmt.Errorf("%w: more than %d lines and elements of lists", errLimit, max(0, f.limits.Lines))
		return false
	}
	return true
}

func (f *envelopeFinder) json() strictjson.Limits {
	return strictjson.Limits{Bytes: f.limits.Bytes, Depth: f.limits.Depth}
}

func (f *envelopeFinder) lines(data []byte) {
	number := 0
	for line := range bytes.Lines(data) {
		number++
		if !f.part() {
			return
		}
		if line = bytes.Trim(line, " \t\r\n"); len(line) > 0 {
			f.document(fmt.Sprintf("line %d", number), line)
		}
		if f.err != nil {
			return
		}
	}
}

func (f *envelopeFinder) ignore(where, reason string) {
	f.found.Ignored = append(f.found.Ignored, Ignored{where, reason})
}

func (f *envelopeFinder) add(kind EnvelopeKind, where string, envelope, document []byte) {
	if len(f.found.Envelopes) >= f.limits.Envelopes {
		f.err = fmt.Errorf("%w: more than %d envelopes", errLimit, max(0, f.limits.Envelopes))
		return
	}
	f.found.Envelopes = append(f.found.Envelopes, Envelope{kind, where, envelope, document})
}

var (
	// documentMembers are those by which documents are told apart.
	documentMembers = []string{
		"payload", "payloadType", "signatures",
		"dsseEnvelope", "mediaType", "messageSignature", "verificationMaterial",
		"attestations",
		"envelope", "version", "verification_material",
		"attestation_bundles",
	}
	documentSchema       = strictjson.NewSchema(documentMembers...)
	elementSchema        = strictjson.NewSchema("bundle", "predicateType")
	publisherSchema      = strictjson.NewSchema("publisher", "attestations")
	pythonEnvelopeSchema = strictjson.NewSchema("statement", "signature")
)

// members returns those of a JSON object by which it can be told what it is.
func (f *envelopeFinder) members(data []byte) (map[string][]byte, error) {
	members := map[string][]byte{}
	d := strictjson.NewDecoder(data, f.json())
	err := d.Object(documentSchema, func(name string) error {
		if !slices.Contains(documentMembers, name) {
			return d.Skip()
		}
		raw, err := d.Raw()
		members[name] = slices.Clip(raw)
		return err
	})
	if err == nil {
		err = d.End()
	}
	return members, err
}

// document takes one JSON object, of any known form.
func (f *envelopeFinder) document(where string, data []byte) {
	members, err := f.members(data)
	if err != nil {
		f.ignore(where, err.Error())
		return
	}
	forms := 0
	for _, name := range []string{"payload", "dsseEnvelope", "attestations", "envelope", "attestation_bundles"} {
		if members[name] != nil {
			forms++
		}
	}
	switch {
	case forms > 1:
		f.ignore(where, "members of several forms of attestation")
	case members["payload"] != nil && members["payloadType"] != nil && members["signatures"] != nil:
		f.add(KindDSSE, where, data, data)
	case members["dsseEnvelope"] != nil:
		f.add(KindBundle, where, members["dsseEnvelope"], data)
	case members["attestations"] != nil:
		f.list(where, "attestations", members["attestations"], f.bundleElement)
	case members["attestation_bundles"] != nil:
		f.list(where, "attestation_bundles", members["attestation_bundles"], f.publisher)
	case members["envelope"] != nil:
		f.python(where, data, members)
	case members["messageSignature"] != nil:
		f.ignore(where, "a sigstore bundle without a DSSE envelope")
	default:
		f.ignore(where, "no form of attestation that is known")
	}
}

// list hands out the elements of a list.
func (f *envelopeFinder) list(where, name string, data []byte, element func(where string, data []byte)) {
	if where != "" {
		where += ": "
	}
	d := strictjson.NewDecoder(data, f.json())
	count := 0
	err := d.Array(func(i int) error {
		raw, err := d.Raw()
		if err != nil {
			return err
		}
		if !f.part() {
			return f.err
		}
		count++
		element(fmt.Sprintf("%s%s[%d]", where, name, i), raw)
		return f.err // an error ends it
	})
	switch {
	case f.err != nil:
	case err != nil:
		f.ignore(where+name, err.Error())
	case count == 0:
		f.ignore(where+name, "an empty list")
	}
}

// bundleElement takes an element of npm's and GitHub's lists.
func (f *envelopeFinder) bundleElement(where string, data []byte) {
	var bundle, envelope []byte
	d := strictjson.NewDecoder(data, f.json())
	err := d.Object(elementSchema, func(name string) (err error) {
		if name != "bundle" {
			return d.Skip()
		}
		bundle, err = d.Raw()
		return err
	})
	if err == nil && bundle != nil {
		d = strictjson.NewDecoder(bundle, f.json())
		err = d.Object(documentSchema, func(name string) (err error) {
			if name != "dsseEnvelope" {
				return d.Skip()
			}
			envelope, err = d.Raw()
			return err
		})
	}
	switch {
	case err != nil:
		f.ignore(where, err.Error())
	case envelope == nil:
		f.ignore(where, "no sigstore bundle with a DSSE envelope")
	default:
		f.add(KindBundle, where+".bundle", envelope, bundle)
	}
}

// publisher takes an element of a Python index's attestation_bundles.
func (f *envelopeFinder) publisher(where string, data []byte) {
	var attestations []byte
	d := strictjson.NewDecoder(data, f.json())
	err := d.Object(publisherSchema, func(name string) (err error) {
		if name != "attestations" {
			return d.Skip()
		}
		attestations, err = d.Raw()
		return err
	})
	switch {
	case err != nil:
		f.ignore(where, err.Error())
	case attestations == nil:
		f.ignore(where, "no attestations")
	default:
		f.list(where, "attestations", attestations, func(where string, data []byte) {
			members, err := f.members(data)
			if err != nil {
				f.ignore(where, err.Error())
				return
			}
			f.python(where, data, members)
		})
	}
}

// python takes an attestation object of PEP 740 ("Index hosted attestations",
// "Attestation objects"). Its signature is that of a DSSE envelope of the in-toto
// payload type around the statement.
func (f *envelopeFinder) python(where string, data []byte, members map[string][]byte) {
	if members["envelope"] == nil || members["verification_material"] == nil {
		f.ignore(where, "no Python attestation object")
		return
	}
	if v := members["version"]; string(v) != "1" {
		f.ignore(where, "version "+safe.Quote(string(v))+" of a Python attestation object, want 1")
		return
	}
	type signature struct {
		Sig string `json:"sig"`
	}
	envelope := struct {
		Payload     string      `json:"payload"`
		PayloadType string      `json:"payloadType"`
		Signatures  []signature `json:"signatures"`
	}{PayloadType: PayloadType, Signatures: make([]signature, 1)}
	var hasStatement, hasSignature bool
	d := strictjson.NewDecoder(members["envelope"], f.json())
	err := d.Object(pythonEnvelopeSchema, func(name string) (err error) {
		switch name {
		case "statement":
			hasStatement = true
			envelope.Payload, err = d.String()
		case "signature":
			hasSignature = true
			envelope.Signatures[0].Sig, err = d.String()
		default:
			err = d.Skip()
		}
		return err
	})
	var dsse []byte
	if err == nil && hasStatement && hasSignature {
		dsse, err = json.Marshal(envelope)
	}
	switch {
	case err != nil:
		f.ignore(where, err.Error())
	case dsse == nil:
		f.ignore(where, "a Python attestation object without statement or signature")
	default:
		f.add(KindPEP740, where, dsse, data)
	}
}

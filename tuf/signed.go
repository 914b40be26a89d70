// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package tuf

import (
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/tallystick/tallystick/internal/canonicaljson"
	"github.com/tallystick/tallystick/internal/safe"
	"github.com/tallystick/tallystick/internal/signature"
	"github.com/tallystick/tallystick/internal/strictjson"
	"github.com/tallystick/tallystick/verify"
)

// Bounds that no honest repository comes near.
const (
	maxDepth      = 64
	maxSignatures = 1024 // of one file
	maxKeys       = 1024 // of one role
	maxPattern    = 4096 // bytes of one; to match it takes time for each of them
)

var (
	envelopeSchema  = strictjson.NewSchema("signed", "signatures")
	signatureSchema = strictjson.NewSchema("keyid", "sig")
)

// An envelope is a metadata file of which only the form is known: JSON, with a
// signed member and signatures (specification section 4.2).
type envelope struct {
	what       string // the file, for findings
	signed     []byte // as in the file
	message    []byte // its canonical form, which was signed
	signatures []signatureEntry
}

type signatureEntry struct{ keyID, sig string }

func jsonLimits(data []byte) strictjson.Limits {
	return strictjson.Limits{Bytes: int64(len(data)), Depth: maxDepth}
}

// openEnvelope reads all that is not signed, and checks that what is signed is JSON.
//
// What is signed may be nearly all of a large file, and finding its canonical form
// checks it anyway. So that it is not read twice, the rest is read with an empty
// object in its place; that must be exactly where the decoder finds the member.
func openEnvelope(what string, raw []byte) (*envelope, error) {
	if from, to, ok := locateSigned(raw); ok {
		rest := slices.Concat(raw[:from], []byte("{}"), raw[to:])
		e, err := decodeEnvelope(what, rest)
		if err == nil && &e.signed[0] == &rest[from] {
			e.signed = raw[from:to:to]
			limits := jsonLimits(raw)
			limits.Depth-- // one is around it
			e.message, err = canonicaljson.Canonical(e.signed, limits)
		}
		if err == nil && e.message != nil {
			return e, nil
		}
		// Once more, for the reason and the place of it.
	}
	e, err := decodeEnvelope(what, raw)
	if err == nil {
		e.message, err = canonicaljson.Canonical(e.signed, jsonLimits(raw))
	}
	if err != nil {
		return nil, malformed(what, err)
	}
	return e, nil
}

func decodeEnvelope(what string, raw []byte) (*envelope, error) {
	e := &envelope{what: what}
	d := strictjson.NewDecoder(raw, jsonLimits(raw))
	seen := members{}
	ids := map[string]bool{}
	err := d.Object(envelopeSchema, func(name string) (err error) {
		seen[name] = true
		switch name {
		case "signed":
			if kind, _ := d.Kind(); kind != strictjson.Object {
				return d.Reject("what is signed is an object")
			}
			e.signed, err = d.Raw()
		case "signatures":
			err = d.Array(func(i int) error {
				if i == maxSignatures {
					return d.Reject(fmt.Sprintf("more than %d signatures", maxSignatures))
				}
				s, err := decodeSignature(d)
				if err != nil {
					return err
				}
				if ids[s.keyID] {
					return d.Reject("two signatures with the key id " + safe.Quote(s.keyID))
				}
				ids[s.keyID] = true
				e.signatures = append(e.signatures, s)
				return nil
			})
		default:
			err = d.Skip()
		}
		return err
	})
	if err == nil {
		err = seen.require(d, "signed", "signatures")
	}
	if err == nil {
		err = d.End()
	}
	return e, err
}

func decodeSignature(d *strictjson.Decoder) (s signatureEntry, err error) {
	seen := members{}
	err = d.Object(signatureSchema, func(name string) (err error) {
		seen[name] = true
		switch name {
		case "keyid":
			s.keyID, err = d.String()
		case "sig":
			s.sig, err = d.String()
		default:
			err = d.Skip()
		}
		return err
	})
	if err == nil {
		err = seen.require(d, "keyid", "sig")
	}
	return s, err
}

// members are those that an object has.
type members map[string]bool

// require refuses the object read last if one is missing.
func (m members) require(d *strictjson.Decoder, names ...string) error {
	for _, name := range names {
		if !m[name] {
			return d.Reject("no member " + name)
		}
	}
	return nil
}

func malformed(what string, err error) error {
	return found(CodeMalformed, what, "metadata as in section 4 of the TUF specification", err.Error())
}

// A keyText is a key as metadata spells it. It is judged only when a signature
// refers to it, so that keys of unknown types do no harm and many keys no work.
type keyText struct{ keytype, scheme, public string }

func (k keyText) parse() (*signature.Key, error) {
	return signature.Parse(k.keytype, k.scheme, k.public)
}

// A role is who may sign, and how many must.
type role struct {
	name      string
	keyIDs    []string           // as listed
	keys      map[string]keyText // by key id; shared with other roles
	threshold int64
}

// fingerprints returns the identities of the keys that can be used.
func (r *role) fingerprints() map[string]bool {
	set := map[string]bool{}
	for _, id := range r.keyIDs {
		if text, ok := r.keys[id]; ok {
			if key, err := text.parse(); err == nil {
				set[key.Fingerprint()] = true
			}
		}
	}
	return set
}

// A signing is the outcome of counting the signatures of one file.
type signing struct {
	role    *role
	issuers []verify.Issuer // distinct keys of the role that signed
	ignored []verify.Check  // what could not be counted, and why
}

// verify counts the public keys of the role that signed the file; they must be
// at least as many as the threshold. One key counts once whatever its key ids.
// Signatures by others are none of our business and are passed over.
func (e *envelope) verify(r *role) (*signing, error) {
	s := &signing{role: r}
	mine := make(map[string]bool, len(r.keyIDs))
	for _, id := range r.keyIDs {
		mine[id] = true
	}
	counted := map[string]bool{}
	ignore := func(id, why string) {
		s.ignored = append(s.ignored, verify.Check{
			Code:   CodeKey,
			Status: verify.NotRun,
			What:   "signature with key id " + safe.Quote(id),
			Detail: why,
		})
	}
	for _, entry := range e.signatures {
		if !mine[entry.keyID] {
			continue
		}
		text, ok := r.keys[entry.keyID]
		if !ok {
			ignore(entry.keyID, "the role lists the key id and nobody lists the key")
			continue
		}
		key, err := text.parse()
		if err != nil {
			ignore(entry.keyID, err.Error())
			continue
		}
		sig, err := hex.DecodeString(entry.sig)
		if err != nil {
			ignore(entry.keyID, "the signature is not hex")
			continue
		}
		if err := key.Verify(e.message, sig); err != nil {
			ignore(entry.keyID, err.Error())
			continue
		}
		if f := key.Fingerprint(); !counted[f] {
			counted[f] = true
			s.issuers = append(s.issuers, verify.Issuer{ID: f, Name: quoteRole(r.name)})
		} else {
			ignore(entry.keyID, "the same public key has been counted")
		}
	}
	if r.threshold < 1 || int64(len(s.issuers)) < r.threshold {
		f := found(CodeSignatureThreshold, e.what,
			fmt.Sprintf("signatures of %d of the %d keys of role %s", r.threshold, len(r.keyIDs), quoteRole(r.name)),
			fmt.Sprintf("%d", len(s.issuers)))
		f.Issuers = s.issuers
		f.Checks = s.ignored
		return nil, f
	}
	return s, nil
}

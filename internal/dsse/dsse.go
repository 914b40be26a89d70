// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

// Package dsse reads and writes Dead Simple Signing Envelopes, version 1.0.2 of
// the protocol and envelope documents of secure-systems-lab/dsse. It finds the
// bytes; package tally decides whose signatures they are.
package dsse

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/tallystick/tallystick/internal/strictjson"
	"github.com/tallystick/tallystick/internal/tally"
)

// An Envelope is a parsed envelope. Nothing in it is verified.
type Envelope struct {
	PayloadType string
	Payload     []byte // decoded
	Signatures  []Signature
}

// A Signature is one element of the envelope's signatures.
type Signature struct {
	tally.Signature
	// Raw is the JSON object as it stands in the envelope, for members that
	// other documents add to it, such as certificates.
	Raw []byte
}

var (
	envelopeSchema  = strictjson.NewSchema("payload", "payloadType", "signatures")
	signatureSchema = strictjson.NewSchema("keyid", "sig")
)

// ErrLimit is wrapped by the errors of [Parse] about too many signatures.
var ErrLimit = errors.New("limit")

// Parse reads one envelope in JSON. Unknown members are ignored, as the protocol
// demands; the known ones must be there once, under their exact names.
//
// Base64 may use the standard or the URL alphabet and may be padded or not, but
// one text must not mix alphabets, hold white space or have bits after its end.
// A payload that breaks this is an error. A signature that does is kept with its
// reason: one bad signature must not make the others useless. No signatures at
// all, or more than [tally.MaxSignatures], are an error.
func Parse(data []byte, limits strictjson.Limits) (*Envelope, error) {
	e := new(Envelope)
	var hasPayload, hasType, hasSignatures bool
	d := strictjson.NewDecoder(data, limits)
	err := d.Object(envelopeSchema, func(name string) error {
		switch name {
		case "payload":
			s, err := d.String()
			if err != nil {
				return err
			}
			hasPayload = true
			if e.Payload, err = decodeBase64(s); err != nil {
				return d.Reject(err.Error())
			}
			return nil
		case "payloadType":
			hasType = true
			var err error
			e.PayloadType, err = d.String()
			return err
		case "signatures":
			hasSignatures = true
			return d.Array(func(i int) error {
				if i == tally.MaxSignatures {
					return fmt.Errorf("%w: more than %d signatures", ErrLimit, tally.MaxSignatures)
				}
				raw, err := d.Raw()
				if err != nil {
					return err
				}
				s, err := parseSignature(raw, limits)
				if err != nil {
					return fmt.Errorf("signatures[%d]: %w", i, err)
				}
				e.Signatures = append(e.Signatures, s)
				return nil
			})
		}
		return d.Skip()
	})
	if err == nil {
		err = d.End()
	}
	switch {
	case err != nil:
		return nil, err
	case !hasPayload || !hasType || !hasSignatures:
		return nil, errors.New("not a DSSE envelope: payload, payloadType and signatures are required")
	case len(e.Signatures) == 0:
		return nil, errors.New("a DSSE envelope without signatures")
	}
	return e, nil
}

func parseSignature(raw []byte, limits strictjson.Limits) (Signature, error) {
	s := Signature{Raw: raw}
	hasSig := false
	d := strictjson.NewDecoder(raw, limits)
	err := d.Object(signatureSchema, func(name string) error {
		var err error
		switch name {
		case "keyid":
			// Optional, and some tools write null for "none".
			if null, err := d.Null(); null || err != nil {
				return err
			}
			s.Hint, err = d.String()
			return err
		case "sig":
			hasSig = true
			var text string
			if text, err = d.String(); err == nil {
				s.Bytes, s.Err = decodeBase64(text)
			}
			return err
		}
		return d.Skip()
	})
	if err != nil {
		return Signature{}, err
	}
	if !hasSig {
		return Signature{}, errors.New("no sig")
	}
	return s, nil
}

// decodeBase64 is strict where encoding/base64 is not: it skips line ends.
func decodeBase64(s string) ([]byte, error) {
	enc := base64.StdEncoding
	if strings.ContainsAny(s, "-_") {
		enc = base64.URLEncoding
	}
	if strings.ContainsAny(s, "\r\n") {
		return nil, errors.New("white space in base64")
	}
	if !strings.HasSuffix(s, "=") {
		enc = enc.WithPadding(base64.NoPadding)
	}
	b, err := enc.Strict().DecodeString(s)
	if err != nil {
		return nil, errors.New("not base64")
	}
	return b, nil
}

// PAE returns the bytes that are signed: the pre-authentication encoding of the
// protocol document.
func PAE(payloadType string, payload []byte) []byte {
	head := fmt.Sprintf("DSSEv1 %d %s %d ", len(payloadType), payloadType, len(payload))
	return append(append(make([]byte, 0, len(head)+len(payload)), head...), payload...)
}

// PAE returns the bytes that the envelope's signatures are over.
func (e *Envelope) PAE() []byte { return PAE(e.PayloadType, e.Payload) }

// Tally returns the signatures for [tally.Count].
func (e *Envelope) Tally() []tally.Signature {
	sigs := make([]tally.Signature, len(e.Signatures))
	for i, s := range e.Signatures {
		sigs[i] = s.Signature
	}
	return sigs
}

// Encode writes an envelope in JSON. The signatures' Hint becomes the keyid.
func Encode(payloadType string, payload []byte, sigs []tally.Signature) ([]byte, error) {
	type signature struct {
		KeyID string `json:"keyid,omitempty"`
		Sig   []byte `json:"sig"`
	}
	envelope := struct {
		Payload     []byte      `json:"payload"`
		PayloadType string      `json:"payloadType"`
		Signatures  []signature `json:"signatures"`
	}{Payload: payload, PayloadType: payloadType}
	for _, s := range sigs {
		envelope.Signatures = append(envelope.Signatures, signature{s.Hint, s.Bytes})
	}
	return json.Marshal(envelope)
}

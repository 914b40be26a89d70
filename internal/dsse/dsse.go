// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

// Package dsse reads and writes Dead Simple Signing Envelopes, version 1.0.2 of
// the protocol and envelope documents of secure-systems-lab/dsse. It finds the
// bytes; package tally decides whose signatures they are.
package dsse

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/tallystick/tallystick/internal/strictjson"
	"github.com/tallystick/tallystick/internal/tally"
)

// An Envelope is a parsed envelope. Nothing in it is verified.
type Envelope struct {
	PayloadType string
	Payload     []byte // decoded; a part of signed
	Signatures  []Signature

	signed []byte            // what PAE returns
	tally  []tally.Signature // what Tally returns

	// Room for what most envelopes have: one signature, of a short kind.
	first      [1]Signature
	firstTally [1]tally.Signature
	firstBytes [96]byte
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

// inToto is the payload type that nearly all envelopes have.
const inToto = "application/vnd.in-toto+json"

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
	e.Signatures, e.tally = e.first[:0], e.firstTally[:0]
	var payload []byte
	var hasPayload, hasType, hasSignatures bool
	d := strictjson.NewDecoder(data, limits)
	err := d.Object(envelopeSchema, func(name string) (err error) {
		switch name {
		case "payload":
			hasPayload = true
			if payload, err = text(d, limits); err != nil {
				return err
			}
			// Decoded when the payload type is known; bad text is reported
			// here, where it stands.
			if _, err := decodedLen(payload); err != nil {
				return d.Reject(err.Error())
			}
			return nil
		case "payloadType":
			hasType = true
			var t []byte
			if t, err = text(d, limits); string(t) == inToto {
				e.PayloadType = inToto
			} else {
				e.PayloadType = string(t)
			}
			return err
		case "signatures":
			hasSignatures = true
			return d.Array(func(i int) error {
				if i == tally.MaxSignatures {
					return fmt.Errorf("%w: more than %d signatures", ErrLimit, tally.MaxSignatures)
				}
				var room []byte
				if i == 0 {
					room = e.firstBytes[:]
				}
				s, err := parseSignature(d, data, limits, room)
				e.Signatures, e.tally = append(e.Signatures, s), append(e.tally, s.Signature)
				return err
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
	if err := e.decode(payload); err != nil {
		return nil, fmt.Errorf("payload: %w", err)
	}
	return e, nil
}

// decode puts the payload where it is signed, behind the head of its PAE: payloads
// may be large, and are copied nowhere else.
func (e *Envelope) decode(payload []byte) error {
	size, err := decodedLen(payload)
	if err != nil {
		return err
	}
	head := len("DSSEv1    ") + 2*len("9223372036854775807") + len(e.PayloadType)
	signed := appendHead(make([]byte, 0, head+size), e.PayloadType, size)
	head = len(signed)
	signed = signed[:head+size]
	if err := decodeBase64(signed[head:], payload); err != nil {
		return err
	}
	e.signed, e.Payload = signed, signed[head:]
	return nil
}

// text reads a string without copying it, unless it has escapes.
func text(d *strictjson.Decoder, limits strictjson.Limits) ([]byte, error) {
	if k, err := d.Kind(); err != nil || k != strictjson.String {
		_, err := d.String() // says what is wrong
		return nil, err
	}
	raw, err := d.Raw()
	if err != nil {
		return nil, err
	}
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw[1 : len(raw)-1], nil // between the quotes
	}
	s, err := strictjson.NewDecoder(raw, limits).String()
	return []byte(s), err
}

// parseSignature reads one signature. Its bytes are put into room if they fit.
func parseSignature(d *strictjson.Decoder, data []byte, limits strictjson.Limits, room []byte) (Signature, error) {
	var s Signature
	hasSig := false
	if _, err := d.Kind(); err != nil {
		return Signature{}, err
	}
	start := d.Offset()
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
			var sig []byte
			if sig, err = text(d, limits); err == nil {
				s.Bytes, s.Err = decoded(sig, room)
			}
			return err
		}
		return d.Skip()
	})
	if err == nil && !hasSig {
		err = d.Reject("no sig")
	}
	if err != nil {
		return Signature{}, err
	}
	end := d.Offset()
	s.Raw = data[start:end:end]
	return s, nil
}

// PAE returns the bytes that are signed: the pre-authentication encoding of the
// protocol document.
func PAE(payloadType string, payload []byte) []byte {
	head := appendHead(nil, payloadType, len(payload))
	return append(append(make([]byte, 0, len(head)+len(payload)), head...), payload...)
}

// appendHead appends what stands before the payload in its PAE.
func appendHead(b []byte, payloadType string, size int) []byte {
	b = append(b, "DSSEv1 "...)
	b = strconv.AppendInt(b, int64(len(payloadType)), 10)
	b = append(b, ' ')
	b = append(b, payloadType...)
	b = append(b, ' ')
	b = strconv.AppendInt(b, int64(size), 10)
	return append(b, ' ')
}

// PAE returns the bytes that the envelope's signatures are over. Payload is a part
// of them.
func (e *Envelope) PAE() []byte { return e.signed }

// Tally returns the signatures for [tally.Count], as they were parsed.
func (e *Envelope) Tally() []tally.Signature { return e.tally }

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

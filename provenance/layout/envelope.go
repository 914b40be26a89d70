// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/tallystick/tallystick/internal/canonicaljson"
	"github.com/tallystick/tallystick/internal/dsse"
	"github.com/tallystick/tallystick/internal/safe"
	"github.com/tallystick/tallystick/internal/strictjson"
	"github.com/tallystick/tallystick/internal/tally"
)

// An envelope is signed metadata before anybody has looked at the signatures.
type envelope struct {
	payload    []byte // what is decoded once the signatures are good
	message    []byte // what the signatures are over
	signatures []tally.Signature
	// certificates has the PEM text beside each signature, often empty.
	certificates []string
	// pgp has what there is beside each signature if it is one of OpenPGP.
	pgp []pgpSignature
	// payloadType is that of DSSE, empty in the older form.
	payloadType string
}

var (
	envelopeSchema  = strictjson.NewSchema("signed", "signatures", "payload", "payloadType")
	signatureSchema = strictjson.NewSchema("keyid", "sig", "method", "cert", "certificate", "other_headers", "signature")
)

// The payload types of in-toto metadata in DSSE. The second one is that of a
// Statement with a link predicate in particular (attestation framework,
// envelope).
const (
	payloadType     = "application/vnd.in-toto+json"
	payloadTypeLink = "application/vnd.in-toto.link+json"
)

// openEnvelope reads a DSSE envelope (ITE-5) or the older form with the members
// signed and signatures, whose signatures are over the canonical JSON of signed.
// That is computed from the bytes in the file, with all members that others have
// put there, and the same bytes are decoded later.
func openEnvelope(data []byte, limits strictjson.Limits) (*envelope, error) {
	e := new(envelope)
	var signatures []byte
	isDSSE := false
	d := strictjson.NewDecoder(data, limits)
	err := d.Object(envelopeSchema, func(name string) (err error) {
		switch name {
		case "signed":
			if k, err := d.Kind(); err != nil {
				return err
			} else if k != strictjson.Object {
				return d.Reject("must be an object")
			}
			e.payload, err = d.Raw()
		case "signatures":
			signatures, err = d.Raw()
		case "payload", "payloadType":
			isDSSE = true
			err = d.Skip()
		default:
			err = d.Skip()
		}
		return err
	})
	if err == nil {
		err = d.End()
	}
	switch {
	case err != nil:
		return nil, err
	case isDSSE && e.payload != nil:
		return nil, errors.New("both a DSSE envelope and metadata with a member signed")
	case isDSSE:
		if err := countSignatures(signatures, limits); err != nil {
			return nil, err
		}
		return openDSSE(data, limits)
	case e.payload == nil || signatures == nil:
		return nil, errors.New("neither a DSSE envelope nor metadata with the members signed and signatures")
	}
	if err = e.parseSignatures(signatures, limits); err != nil {
		return nil, err
	}
	if e.message, err = canonicaljson.Canonical(e.payload, limits); err != nil {
		return nil, fmt.Errorf("canonical form of signed: %w", err)
	}
	return e, nil
}

// countSignatures refuses more signatures than are tried.
func countSignatures(signatures []byte, limits strictjson.Limits) error {
	if signatures == nil {
		return errors.New("no signatures")
	}
	d := strictjson.NewDecoder(signatures, limits)
	return d.Array(func(i int) error {
		if i == tally.MaxSignatures {
			return errManySignatures()
		}
		return d.Skip()
	})
}

func errManySignatures() error {
	return coded(CodeLimit, "more than %d signatures", tally.MaxSignatures)
}

func openDSSE(data []byte, limits strictjson.Limits) (*envelope, error) {
	e, err := dsse.Parse(data, limits)
	if err != nil {
		return nil, err
	}
	// Before anything in it is parsed: a signature over other data of the same
	// key must not be taken for one over a layout or link.
	if e.PayloadType != payloadType && e.PayloadType != payloadTypeLink {
		return nil, fmt.Errorf("payload type %s, must be %s", safe.Quote(e.PayloadType), payloadType)
	}
	out := &envelope{payload: e.Payload, message: e.PAE(), signatures: e.Tally(), payloadType: e.PayloadType}
	for _, s := range e.Signatures {
		d := strictjson.NewDecoder(s.Raw, limits)
		var cert certificateMember
		err := d.Object(signatureSchema, func(name string) error {
			if isCertificate(name) {
				return cert.read(d)
			}
			return d.Skip()
		})
		if err != nil {
			return nil, err
		}
		out.certificates = append(out.certificates, cert.text)
	}
	return out, nil
}

// parseSignatures reads the signatures of the older form: hex. One that is not
// hex is kept with its reason, for it must not make the others useless.
func (e *envelope) parseSignatures(data []byte, limits strictjson.Limits) error {
	d := strictjson.NewDecoder(data, limits)
	err := d.Array(func(i int) error {
		if i == tally.MaxSignatures {
			return errManySignatures()
		}
		var s tally.Signature
		var sig string
		var pgp pgpSignature
		var headers, value string
		openPGP := false
		var cert certificateMember
		err := d.Object(signatureSchema, func(name string) (err error) {
			switch name {
			case "keyid":
				s.Hint, err = d.String()
			case "sig":
				sig, err = d.String()
			case "cert", "certificate":
				err = cert.read(d)
			case "other_headers":
				openPGP = true
				headers, err = d.String()
			case "signature":
				value, err = d.String()
			default:
				err = d.Skip()
			}
			return err
		})
		if err != nil {
			return err
		}
		switch s.Bytes, err = hex.DecodeString(sig); {
		case openPGP:
			s.Bytes, s.Err = nil, errOpenPGP
			var err1, err2 error
			pgp.headers, err1 = hex.DecodeString(headers)
			pgp.value, err2 = hex.DecodeString(value)
			if err1 != nil || err2 != nil || len(pgp.value) == 0 {
				pgp.err = errors.New("not hex")
			}
		case sig == "":
			s.Err = errors.New("no signature")
		case err != nil:
			s.Bytes, s.Err = nil, errors.New("not hex")
		}
		e.pgp = append(e.pgp, pgp)
		e.signatures = append(e.signatures, s)
		e.certificates = append(e.certificates, cert.text)
		return nil
	})
	if err == nil {
		err = d.End()
	}
	return err
}

// errOpenPGP stands for a signature that only an OpenPGP key can have made.
var errOpenPGP = errors.New("an OpenPGP signature")

// A certificateMember is the certificate beside a signature, which is called cert
// or certificate (ITE-7). Two different ones are none.
type certificateMember struct {
	text  string
	clash bool
}

func isCertificate(name string) bool { return name == "cert" || name == "certificate" }

func (c *certificateMember) read(d *strictjson.Decoder) error {
	return nullOr(d, func() error {
		s, err := d.String()
		switch {
		case err != nil || s == "" || c.clash:
		case c.text != "" && c.text != s:
			c.text, c.clash = "", true
		default:
			c.text = s
		}
		return err
	})
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"errors"
	"fmt"
	"time"

	"github.com/tallystick/tallystick/internal/safe"
	"github.com/tallystick/tallystick/internal/signature"
	"github.com/tallystick/tallystick/internal/strictjson"
	"github.com/tallystick/tallystick/internal/tally"
	"github.com/tallystick/tallystick/verify"
)

// A layoutKey is a key of a layout's keys, under its id there.
type layoutKey struct {
	id  string
	key *signature.Key
	// unusable says why there is no key, where that does not make the whole
	// layout useless: its type or scheme is not known.
	unusable error
	openPGP  bool
	// pgp is set for an OpenPGP key, and key is then that of its main key, or nil
	// if that is one of DSA.
	pgp *pgpKey
	// name is the common name of the certificate, if it was one that let the
	// key count.
	name string
}

var (
	keySchema    = strictjson.NewSchema("keyid", "keyid_hash_algorithms", "keytype", "scheme", "keyval", "type", "method", "hashes", "creation_time", "validity_period", "subkeys")
	keyvalSchema = strictjson.NewSchema("public", "private", "certificate")
)

// usable reports whether there is a key that verifies.
func (k *layoutKey) usable() bool { return k.fingerprint() != "" }

// fingerprint returns the identity of the public key, "" if there is none.
func (k *layoutKey) fingerprint() string {
	switch {
	case k.pgp != nil && len(k.pgp.all) > 0:
		return k.pgp.all[0].fingerprint()
	case k.key != nil:
		return k.key.Fingerprint()
	}
	return ""
}

// issuer returns the functionary as whose word it is in a report. The name is the
// start of the id, by which people know link files.
func (k *layoutKey) issuer() verify.Issuer {
	if k.name != "" {
		return verify.Issuer{ID: k.fingerprint(), Name: safe.Quote(k.name)}
	}
	return verify.Issuer{ID: k.fingerprint(), Name: keyIDPrefix(k.id)}
}

// keyIDPrefix returns the first eight characters of a key id, as in file names
// (specification 4.4).
func keyIDPrefix(id string) string {
	n := 0
	for i := range id {
		if n == 8 {
			return id[:i]
		}
		n++
	}
	return id
}

// parseKey reads a public key of a layout (specification 4.2.1).
func parseKey(d *strictjson.Decoder, id string, limits strictjson.Limits) (*layoutKey, error) {
	if k, err := d.Kind(); err != nil {
		return nil, err
	} else if k != strictjson.Object {
		return nil, d.Reject("must be an object")
	}
	raw, err := d.Raw()
	if err != nil {
		return nil, err
	}
	k, err := parsePlainKey(raw, id, limits)
	if err == nil && k.openPGP {
		k, err = parsePGP(raw, id, limits)
	}
	if err != nil && !isCoded(err) {
		err = coded(CodeMalformed, "key %s: %w", safe.Quote(id), err)
	}
	return k, err
}

func isCoded(err error) bool { return codeOf(err, "") != "" }

// parsePlainKey reads a key unless it is an OpenPGP key, which has a member
// "method".
func parsePlainKey(data []byte, id string, limits strictjson.Limits) (*layoutKey, error) {
	k := &layoutKey{id: id}
	d := strictjson.NewDecoder(data, limits)
	var keyID, keytype, scheme, public, private, certificate string
	var hasKeyID bool
	err := d.Object(keySchema, func(name string) (err error) {
		switch name {
		case "keyid":
			hasKeyID = true
			keyID, err = d.String()
		case "keytype":
			keytype, err = d.String()
		case "scheme":
			scheme, err = d.String()
		case "method":
			k.openPGP = true
			err = d.Skip()
		case "keyval":
			kind, err := d.Kind()
			if err != nil {
				return err
			}
			if kind != strictjson.Object {
				return d.Reject("must be an object")
			}
			return d.Object(keyvalSchema, func(name string) (err error) {
				switch name {
				case "public":
					// An object in OpenPGP keys.
					if k, err := d.Kind(); err != nil || k != strictjson.String {
						return d.Skip()
					}
					public, err = d.String()
				case "private":
					private, err = d.String()
				case "certificate":
					certificate, err = d.String()
				default:
					err = d.Skip()
				}
				return err
			})
		default:
			err = d.Skip()
		}
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case hasKeyID && keyID != id:
		return nil, coded(CodeKey, "the key under the id %s calls itself %s", safe.Quote(id), safe.Quote(keyID))
	case private != "":
		return nil, coded(CodeKey, "key %s: a private key in a layout", safe.Quote(id))
	case k.openPGP:
		return k, nil
	}
	if certificate != "" {
		return k, k.fromCertificate(certificate, keytype, scheme, public)
	}
	k.key, err = signature.Parse(keytype, scheme, public)
	return k, k.judge(err)
}

// judge sets k aside if err says that its type or scheme is not known. Other
// errors make the layout useless.
func (k *layoutKey) judge(err error) error {
	if errors.Is(err, signature.ErrUnknown) {
		k.key, k.unusable = nil, err
		return nil
	}
	if err != nil {
		return coded(CodeKey, "key %s: %w", safe.Quote(k.id), err)
	}
	return nil
}

// fromCertificate takes the key from a certificate that stands beside it or in
// its place. The layout names the key itself, so only that is looked at.
func (k *layoutKey) fromCertificate(certificate, keytype, scheme, public string) error {
	_, certified, err := signature.ParseCertificate([]byte(certificate))
	if err != nil {
		return k.judge(err)
	}
	if public == "" {
		k.key, err = certified.WithScheme(scheme)
		return k.judge(err)
	}
	if k.key, err = signature.Parse(keytype, scheme, public); err != nil {
		return k.judge(err)
	}
	if k.key.Fingerprint() != certified.Fingerprint() {
		return coded(CodeKey, "key %s: the certificate is for another key", safe.Quote(k.id))
	}
	return nil
}

// A tallied is what came out of trying the signatures of an envelope.
type tallied struct {
	signed     []*layoutKey // distinct
	reasons    []string     // for each signature that was of no use
	unfinished bool         // not all could be tried
	work       int64        // what it cost, in the terms of tally.MaxWork
}

// count says which of the keys, of whatever kind, have signed the envelope:
// distinct ones, and for each signature that was of no use the reason.
func (e *envelope) count(keys []*layoutKey, at time.Time) (t tallied, err error) {
	var plain []*layoutKey
	var list []tally.Key
	for _, k := range keys {
		if k.pgp == nil {
			plain = append(plain, k)
			list = append(list, k.key)
		}
	}
	o, err := tally.Count(e.message, e.signatures, list, func(i int, hint string) bool { return plain[i].id == hint })
	if err != nil {
		return t, &codedError{CodeLimit, err}
	}
	for i, k := range plain {
		if o.Signed[i] >= 0 && k.usable() {
			t.signed = addKey(t.signed, k)
		}
	}
	t.reasons, t.unfinished, t.work = unusedSignatures(e, o), o.Unfinished, o.Work
	pgp, err := e.countPGP(keys, at)
	t.add(pgp)
	return t, err
}

// add joins what came out for other keys.
func (t *tallied) add(u tallied) {
	for _, k := range u.signed {
		t.signed = addKey(t.signed, k)
	}
	t.reasons = append(t.reasons, u.reasons...)
	t.unfinished = t.unfinished || u.unfinished
	t.work += u.work
}

// unusedSignatures says why signatures were of no use, for the first few.
func unusedSignatures(e *envelope, o tally.Outcome) []string {
	const most = 8
	var list []string
	for i, reason := range o.Reasons {
		if reason == nil || reason == errOpenPGP {
			continue
		}
		if len(list) == most {
			return append(list, "and more")
		}
		list = append(list, fmt.Sprintf("signature %d with key id %s: %v", i+1, safe.Quote(e.signatures[i].Hint), reason))
	}
	return list
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	stdhash "hash"
	"math/big"
	"strings"
	"time"

	"github.com/tallystick/tallystick/internal/safe"
	"github.com/tallystick/tallystick/internal/signature"
	"github.com/tallystick/tallystick/internal/strictjson"
	"github.com/tallystick/tallystick/internal/tally"
	"github.com/tallystick/tallystick/verify"
)

// Metadata signed with OpenPGP keys, as the Python tools write it with the help
// of GnuPG. It holds no OpenPGP packets: a signature is the value and the hashed
// part of what would be a version 4 signature packet (RFC 4880 section 5.2.3),
// and a key is its numbers in hex.

// An OpenPGPKey is an OpenPGP key of a project owner, see [Options.OpenPGPKeys].
// The zero OpenPGPKey verifies nothing.
type OpenPGPKey struct{ k *layoutKey }

// ParseOpenPGPKey reads an OpenPGP key in the JSON that in-toto has for it: an
// object with the members type ("rsa", "dsa" or "eddsa"), method, keyid and keyval,
// and perhaps subkeys, creation_time and validity_period. Anything else is a
// [*verify.Error] with [CodeOptions]: also RSA keys of less than 2048 bits, and DSA
// keys of other sizes than 2048 bits with a subgroup of 224 or 256, or 3072 with 256.
func ParseOpenPGPKey(data []byte) (OpenPGPKey, error) {
	fail := func(err error) (OpenPGPKey, error) {
		return OpenPGPKey{}, &verify.Error{Code: CodeOptions, What: "OpenPGP key", Err: err}
	}
	p, err := parsePGP(data, "", strictjson.Limits{Bytes: 1 << 20, Depth: 16})
	if err != nil {
		return fail(err)
	}
	if p.unusable != nil {
		return fail(p.unusable)
	}
	return OpenPGPKey{p}, nil
}

// Issuer returns the key as whose word it is in a report: that of the main key.
func (k OpenPGPKey) Issuer() verify.Issuer {
	if k.k == nil {
		return verify.Issuer{}
	}
	return k.k.issuer()
}

// A pgpKey is a main key with its subkeys. Whichever of them signs, it is the
// main key that counts.
type pgpKey struct {
	all []pgpPublic // the main key first
}

// subkeys returns the fingerprints of the OpenPGP subkeys, if there are any.
func (k *layoutKey) subkeys() []string {
	if k.pgp == nil {
		return nil
	}
	var list []string
	for _, sub := range k.pgp.all[1:] {
		list = append(list, sub.fingerprint())
	}
	return list
}

// A pgpPublic is one public key of an OpenPGP key.
type pgpPublic struct {
	id      string         // the fingerprint of OpenPGP in hex, as the metadata states it
	key     *signature.Key // nil for DSA
	rsa     *rsa.PublicKey
	dsa     *dsaKey
	expires time.Time // zero: never
}

// fingerprint returns the identity of the public key: that of its material, not of
// OpenPGP, which includes a date.
func (p *pgpPublic) fingerprint() string {
	if p.dsa != nil {
		return p.dsa.fingerprint()
	}
	return p.key.Fingerprint()
}

var (
	pgpSchema       = strictjson.NewSchema("keyid", "keytype", "scheme", "type", "method", "hashes", "keyval", "creation_time", "validity_period", "subkeys")
	pgpPublicSchema = strictjson.NewSchema("n", "e", "q", "p", "g", "y")
)

// maxSubkeys bounds the subkeys of one key.
const maxSubkeys = 64

// pgpFields is the JSON of a main key or subkey.
type pgpFields struct {
	keyID, typ, method, private string
	n, e, q, p, g, y            string
	created, validity           *int64
	subkeys                     []pgpFields
}

func parsePGPFields(d *strictjson.Decoder, sub bool) (f pgpFields, err error) {
	seconds := func() (*int64, error) {
		if null, err := d.Null(); null || err != nil {
			return nil, err
		}
		n, err := d.Int64()
		if err == nil && (n < 0 || n > 1<<40) {
			err = d.Reject("not a number of seconds")
		}
		return &n, err
	}
	err = d.Object(pgpSchema, func(name string) (err error) {
		switch name {
		case "keyid":
			f.keyID, err = d.String()
		case "type":
			f.typ, err = d.String()
		case "method":
			f.method, err = d.String()
		case "creation_time":
			f.created, err = seconds()
		case "validity_period":
			f.validity, err = seconds()
		case "keyval":
			err = d.Object(keyvalSchema, func(name string) (err error) {
				switch name {
				case "private":
					f.private, err = d.String()
				case "public":
					err = d.Object(pgpPublicSchema, func(name string) (err error) {
						switch name {
						case "n":
							f.n, err = d.String()
						case "e":
							f.e, err = d.String()
						case "q":
							f.q, err = d.String()
						case "p":
							f.p, err = d.String()
						case "g":
							f.g, err = d.String()
						case "y":
							f.y, err = d.String()
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
		case "subkeys":
			if sub {
				return d.Reject("a subkey with subkeys")
			}
			err = nullOr(d, func() error {
				return d.Map(func(id string) error {
					if len(f.subkeys) == maxSubkeys {
						return coded(CodeLimit, "more than %d subkeys", maxSubkeys)
					}
					s, err := parsePGPFields(d, true)
					if err == nil && s.keyID != id {
						err = coded(CodeKey, "the subkey under the id %s calls itself %s", safe.Quote(id), safe.Quote(s.keyID))
					}
					f.subkeys = append(f.subkeys, s)
					return err
				})
			})
		default:
			err = d.Skip()
		}
		return err
	})
	return f, err
}

// parsePGP reads an OpenPGP key. id is the one that it stands under, if it does.
func parsePGP(data []byte, id string, limits strictjson.Limits) (*layoutKey, error) {
	d := strictjson.NewDecoder(data, limits)
	f, err := parsePGPFields(d, false)
	if err == nil {
		err = d.End()
	}
	if err != nil {
		return nil, err
	}
	if id == "" {
		id = f.keyID
	}
	k := &layoutKey{id: id, openPGP: true, pgp: new(pgpKey)}
	main, err := f.public()
	if err != nil {
		return k, k.judge(err)
	}
	k.key = main.key
	k.pgp.all = append(k.pgp.all, main)
	for _, s := range f.subkeys {
		// A subkey that cannot be used, such as one for encryption, takes
		// nothing from the others.
		if sub, err := s.public(); err == nil {
			if !main.expires.IsZero() && (sub.expires.IsZero() || sub.expires.After(main.expires)) {
				sub.expires = main.expires
			}
			k.pgp.all = append(k.pgp.all, sub)
		}
	}
	return k, nil
}

// public makes the key of the numbers.
func (f *pgpFields) public() (p pgpPublic, err error) {
	p.id = strings.ToLower(f.keyID)
	if raw, err := hex.DecodeString(p.id); err != nil || len(raw) != 20 {
		return p, errors.New("the id of an OpenPGP key must be its fingerprint, 40 hex digits")
	}
	if f.private != "" {
		return p, errors.New("a private key")
	}
	switch {
	case f.validity == nil || *f.validity == 0:
	case f.created == nil:
		return p, errors.New("a validity period without a creation time")
	default:
		p.expires = time.Unix(*f.created+*f.validity, 0).UTC()
	}
	switch f.typ {
	case "rsa":
		n, err1 := hex.DecodeString(f.n)
		e, err2 := hex.DecodeString(f.e)
		exponent := new(big.Int).SetBytes(e)
		if err1 != nil || err2 != nil || len(n) == 0 || len(n) > 4096 || !exponent.IsInt64() || exponent.Int64() > 1<<31-1 {
			return p, errors.New("n and e must be numbers in hex")
		}
		modulus := new(big.Int).SetBytes(n)
		p.rsa = &rsa.PublicKey{N: modulus, E: int(exponent.Int64())}
		p.key, err = signature.New(p.rsa, "rsa-pkcs1v15-sha256") // which judges it
	case "eddsa":
		q, err1 := hex.DecodeString(f.q)
		if err1 == nil && len(q) == ed25519.PublicKeySize+1 && q[0] == 0x40 {
			q = q[1:] // the prefix of a native point (RFC 6637bis)
		}
		if err1 != nil || len(q) != ed25519.PublicKeySize {
			return p, errors.New("q must be an Ed25519 point in hex")
		}
		p.key, err = signature.New(ed25519.PublicKey(q), "ed25519")
	case "dsa":
		p.dsa, err = parseDSA(f.p, f.q, f.g, f.y)
	default:
		err = fmt.Errorf("OpenPGP key type %s: %w", safe.Quote(f.typ), signature.ErrUnknown)
	}
	return p, err
}

// A pgpSignature is what stands beside the value of a signature.
type pgpSignature struct {
	headers []byte // other_headers: the hashed part
	value   []byte
	err     error
}

// fits returns nil if a signature with these headers can be one of this public
// key, at the given time.
func (p *pgpPublic) fits(h *pgpHeaders, at time.Time) error {
	switch {
	case !p.makes(h.algorithm):
		return errors.New("a signature of another kind of key")
	case h.issuer != "" && h.issuer != p.id:
		return errors.New("the issuer is another key")
	case h.lifetime > 0 && at.After(h.created.Add(h.lifetime)):
		return errors.New("the signature has expired")
	case !p.expires.IsZero() && at.After(p.expires):
		return errors.New("the key has expired")
	}
	return nil
}

// makes reports whether the key can make signatures of the algorithm.
func (p *pgpPublic) makes(algorithm byte) bool {
	switch {
	case p.rsa != nil:
		return algorithm == pgpRSA || algorithm == pgpRSASign
	case p.dsa != nil:
		return algorithm == pgpDSA
	}
	return algorithm == pgpEdDSA
}

// verify returns nil if the value is a good signature over what has the digest.
func (p *pgpPublic) verify(digest, value []byte) error {
	switch {
	case p.dsa != nil:
		return p.dsa.verify(digest, value)
	case p.rsa == nil:
		return p.key.Verify(digest, value)
	}
	// A number has no leading zeros, but a signature is as long as the modulus.
	if size := p.rsa.Size(); len(value) < size {
		value = append(make([]byte, size-len(value)), value...)
	}
	return rsa.VerifyPKCS1v15(p.rsa, crypto.SHA256, digest, value)
}

// attempts is how many attempts of plain keys one of this key costs.
func (p *pgpPublic) attempts() int {
	if p.dsa != nil {
		return dsaAttempts
	}
	return 1
}

// digest returns the SHA-256 of what is signed (RFC 4880 section 5.2.4): the
// message, which the state has seen, the hashed part, and a trailer with its
// length. The state stays as it is.
func (s *pgpSignature) digest(message stdhash.Cloner) ([]byte, error) {
	h, err := message.Clone()
	if err != nil {
		return nil, err
	}
	h.Write(s.headers)
	h.Write(binary.BigEndian.AppendUint32([]byte{4, 0xff}, uint32(len(s.headers))))
	return h.Sum(nil), nil
}

// The public key algorithms of RFC 4880 section 9.1 that sign, and EdDSA.
const (
	pgpRSA     = 1
	pgpRSASign = 3
	pgpDSA     = 17
	pgpEdDSA   = 22
)

// pgpHeaders is the hashed part of a signature.
type pgpHeaders struct {
	algorithm byte
	created   time.Time
	lifetime  time.Duration // 0: for ever
	issuer    string        // fingerprint, hex; empty if there is none
}

// parsePGPHeaders reads version 4, type 0 (binary document), the algorithms and
// the hashed subpackets (RFC 4880 section 5.2.3), and nothing behind them.
func parsePGPHeaders(data []byte) (h pgpHeaders, err error) {
	if len(data) < 6 {
		return h, errors.New("other_headers is too short")
	}
	h.algorithm = data[2]
	switch {
	case data[0] != 4:
		return h, fmt.Errorf("an OpenPGP signature of version %d", data[0])
	case data[1] != 0:
		return h, fmt.Errorf("an OpenPGP signature of type %d", data[1])
	case h.algorithm != pgpRSA && h.algorithm != pgpRSASign && h.algorithm != pgpDSA && h.algorithm != pgpEdDSA:
		return h, fmt.Errorf("the OpenPGP algorithm %d", h.algorithm)
	case data[3] != 8:
		return h, fmt.Errorf("the OpenPGP hash algorithm %d, must be 8 for SHA-256", data[3])
	case int(binary.BigEndian.Uint16(data[4:])) != len(data)-6:
		return h, errors.New("the length of the hashed subpackets is wrong")
	}
	seen := map[byte]bool{}
	for rest := data[6:]; len(rest) > 0; {
		var body []byte
		if body, rest, err = nextSubpacket(rest); err != nil {
			return h, err
		}
		typ, critical := body[0]&0x7f, body[0]&0x80 != 0
		body = body[1:]
		known := true
		switch {
		case typ == 2 && len(body) == 4:
			h.created = time.Unix(int64(binary.BigEndian.Uint32(body)), 0).UTC()
		case typ == 3 && len(body) == 4:
			h.lifetime = time.Duration(binary.BigEndian.Uint32(body)) * time.Second
		case typ == 16 && len(body) == 8: // the issuer's key id, a part of its fingerprint
		case typ == 33 && len(body) == 21 && body[0] == 4:
			h.issuer = hex.EncodeToString(body[1:])
		case typ == 2, typ == 3, typ == 33:
			return h, fmt.Errorf("the OpenPGP subpacket %d is malformed", typ)
		default:
			known = false
		}
		if critical && !known {
			return h, fmt.Errorf("the critical OpenPGP subpacket %d is not known", typ)
		}
		if known && seen[typ] {
			return h, fmt.Errorf("two OpenPGP subpackets %d", typ)
		}
		seen[typ] = true
	}
	if h.lifetime > 0 && h.created.IsZero() {
		return h, errors.New("a lifetime without a creation time")
	}
	return h, nil
}

// nextSubpacket splits off a subpacket without its length.
func nextSubpacket(data []byte) (body, rest []byte, err error) {
	short := errors.New("an OpenPGP subpacket is cut off")
	n, head := int(data[0]), 1
	switch {
	case n >= 255:
		if len(data) < 5 {
			return nil, nil, short
		}
		n, head = int(binary.BigEndian.Uint32(data[1:])), 5
	case n >= 192:
		if len(data) < 2 {
			return nil, nil, short
		}
		n, head = (n-192)<<8+int(data[1])+192, 2
	}
	if n == 0 || n > len(data)-head {
		return nil, nil, short
	}
	return data[head : head+n], data[head+n:], nil
}

// perLook is what it costs to see that a signature cannot be one of a key, in the
// terms of tally.PerAttempt.
const perLook = 1 << 10

// countPGP says which of the keys have made an OpenPGP signature of the envelope.
// Every signature is tried with every key: a key id is a hint. The message is
// hashed once, for the first signature that can be one of the keys.
func (e *envelope) countPGP(keys []*layoutKey, at time.Time) (t tallied, err error) {
	var message stdhash.Cloner
	left := tally.MaxWork
	defer func() { t.work = int64(tally.MaxWork - left) }()
	for i := range e.pgp {
		s := &e.pgp[i]
		if s.headers == nil && s.err == nil {
			continue // another kind of signature
		}
		var h pgpHeaders
		why := s.err
		if why == nil {
			h, why = parsePGPHeaders(s.headers)
		}
		if why != nil {
			t.reasons = append(t.reasons, fmt.Sprintf("OpenPGP signature %d: %v", i+1, why))
			continue
		}
		var digest []byte
		good := false
		for _, k := range keys {
			if k.pgp == nil {
				continue
			}
			for j := range k.pgp.all {
				p := &k.pgp.all[j]
				err := p.fits(&h, at)
				if left -= perLook; err == nil {
					left -= p.attempts() * tally.PerAttempt
				}
				if left < 0 {
					return t, coded(CodeLimit, "more OpenPGP signatures and keys to try than one file may have")
				}
				if err == nil && digest == nil {
					if message == nil {
						sum := sha256.New()
						sum.Write(e.message)
						message = sum.(stdhash.Cloner) // as package hash promises
					}
					left -= len(s.headers)
					if digest, err = s.digest(message); err != nil {
						return t, err
					}
				}
				if err == nil {
					err = p.verify(digest, s.value)
				}
				if err == nil {
					good = true
					t.signed = addKey(t.signed, k)
					break
				}
				if why == nil || strings.EqualFold(e.signatures[i].Hint, p.id) {
					why = err
				}
			}
		}
		if !good && why != nil {
			t.reasons = append(t.reasons, fmt.Sprintf("OpenPGP signature %d: %v", i+1, why))
		}
	}
	return t, nil
}

// addKey adds a key unless the same public key is in the list.
func addKey(list []*layoutKey, k *layoutKey) []*layoutKey {
	for _, other := range list {
		if other.fingerprint() == k.fingerprint() {
			return list
		}
	}
	return append(list, k)
}

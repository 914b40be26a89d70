// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package tuf

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/internal/safe"
	"github.com/tallystick/tallystick/internal/strictjson"
)

// Names of the top-level roles.
const (
	roleRoot      = "root"
	roleTimestamp = "timestamp"
	roleSnapshot  = "snapshot"
	roleTargets   = "targets"
)

var topLevel = []string{roleRoot, roleTimestamp, roleSnapshot, roleTargets}

var (
	rootSchema       = strictjson.NewSchema("_type", "spec_version", "version", "expires", "consistent_snapshot", "keys", "roles")
	rootRolesSchema  = strictjson.NewSchema(append(topLevel, "mirrors")...)
	listSchema       = strictjson.NewSchema("_type", "spec_version", "version", "expires", "meta")
	targetsSchema    = strictjson.NewSchema("_type", "spec_version", "version", "expires", "targets", "delegations")
	roleSchema       = strictjson.NewSchema("keyids", "threshold")
	keySchema        = strictjson.NewSchema("keytype", "scheme", "keyval")
	keyvalSchema     = strictjson.NewSchema("public")
	metaSchema       = strictjson.NewSchema("version", "length", "hashes")
	targetFileSchema = strictjson.NewSchema("length", "hashes", "custom")
)

// A header is what the metadata of every role has.
type header struct {
	version int64
	expires time.Time
}

// decode reads the members of h, reports those of no header as unknown to it, and
// checks the type and the version of the specification.
func (h *header) decode(d *strictjson.Decoder, typ, name string) (known bool, err error) {
	switch name {
	case "_type":
		s, err := d.String()
		if err == nil && s != typ {
			err = d.Reject("expected " + typ + ", found " + safe.Quote(s))
		}
		return true, err
	case "spec_version":
		s, err := d.String()
		if err != nil {
			return true, err
		}
		if major, rest, ok := strings.Cut(s, "."); major != "1" || !ok || rest == "" {
			return true, found(CodeSpecVersion, typ+" metadata", "version 1.x of the TUF specification", safe.Quote(s))
		}
		return true, nil
	case "version":
		h.version, err = d.Int64()
		if err == nil && h.version < 1 {
			err = d.Reject("a version is at least 1")
		}
		return true, err
	case "expires":
		s, err := d.String()
		if err != nil {
			return true, err
		}
		// The specification writes YYYY-MM-DDTHH:MM:SSZ. Any RFC 3339 time
		// says the same without doubt; UnmarshalText takes nothing else.
		if err := h.expires.UnmarshalText([]byte(s)); err != nil {
			return true, d.Reject("expected a time such as 2026-12-31T00:00:00Z, found " + safe.Quote(s))
		}
		h.expires = h.expires.UTC()
		return true, nil
	}
	return false, nil
}

// root is the content of root.json (specification section 4.3).
type root struct {
	header
	consistent bool
	roles      map[string]*role // the four of topLevel
}

// decodeDocument reads the signed member of a file. other is called for each
// member that is not part of the header.
func decodeDocument(what, typ string, signed []byte, schema *strictjson.Schema, required []string,
	other func(d *strictjson.Decoder, name string) error) (header, error) {
	var h header
	d := strictjson.NewDecoder(signed, jsonLimits(signed))
	seen := members{}
	err := d.Object(schema, func(name string) error {
		seen[name] = true
		if known, err := h.decode(d, typ, name); known || err != nil {
			return err
		}
		return other(d, name)
	})
	if err == nil {
		err = seen.require(d, append([]string{"_type", "spec_version", "version", "expires"}, required...)...)
	}
	if err == nil {
		err = d.End()
	}
	if f, ok := err.(*finding); ok {
		f.What = what
		return h, f
	}
	if err != nil {
		return h, malformed(what, err)
	}
	return h, nil
}

func decodeRoot(what string, signed []byte) (*root, error) {
	r := &root{roles: map[string]*role{}}
	var keys map[string]keyText
	h, err := decodeDocument(what, roleRoot, signed, rootSchema, []string{"keys", "roles"},
		func(d *strictjson.Decoder, name string) (err error) {
			switch name {
			case "consistent_snapshot":
				r.consistent, err = d.Bool()
			case "keys":
				keys, err = decodeKeys(d)
			case "roles":
				err = d.Object(rootRolesSchema, func(name string) error {
					if !slices.Contains(topLevel, name) {
						return d.Skip()
					}
					role := &role{name: name}
					if err := decodeRole(d, role); err != nil {
						return err
					}
					if len(role.keyIDs) == 0 {
						return d.Reject("role " + name + " has no keys")
					}
					r.roles[name] = role
					return nil
				})
				if err == nil && len(r.roles) < len(topLevel) {
					err = d.Reject("not all of " + strings.Join(topLevel, ", "))
				}
			default:
				err = d.Skip()
			}
			return err
		})
	if err != nil {
		return nil, err
	}
	r.header = h
	for _, role := range r.roles {
		role.keys = keys
	}
	return r, nil
}

// rotated reports whether role has other keys in next than in r.
func (r *root) rotated(next *root, name string) bool {
	a, b := r.roles[name].fingerprints(), next.roles[name].fingerprints()
	if len(a) != len(b) {
		return true
	}
	for f := range a {
		if !b[f] {
			return true
		}
	}
	return false
}

// keysRotated reports whether the keys change that section 5.3.11 is about.
func (r *root) keysRotated(next *root) bool {
	return r.rotated(next, roleTimestamp) || r.rotated(next, roleSnapshot)
}

func decodeRole(d *strictjson.Decoder, r *role) error {
	seen := members{}
	err := d.Object(roleSchema, func(name string) error {
		seen[name] = true
		if known, err := r.decodeMember(d, name); known || err != nil {
			return err
		}
		return d.Skip()
	})
	if err == nil {
		err = seen.require(d, "keyids", "threshold")
	}
	return err
}

func (r *role) decodeMember(d *strictjson.Decoder, name string) (known bool, err error) {
	switch name {
	case "keyids":
		return true, d.Array(func(i int) error {
			if i == maxKeys {
				return d.Reject(fmt.Sprintf("more than %d keys", maxKeys))
			}
			id, err := d.String()
			r.keyIDs = append(r.keyIDs, id)
			return err
		})
	case "threshold":
		r.threshold, err = d.Int64()
		if err == nil && r.threshold < 1 {
			err = d.Reject("a threshold is at least 1")
		}
		return true, err
	}
	return false, nil
}

// decodeKeys reads keys by key id. A key whose public part is missing is of a
// type that we do not know, or of no use.
func decodeKeys(d *strictjson.Decoder) (map[string]keyText, error) {
	keys := map[string]keyText{}
	err := d.Map(func(id string) error {
		var k keyText
		err := d.Object(keySchema, func(name string) (err error) {
			switch name {
			case "keytype":
				k.keytype, err = d.String()
			case "scheme":
				k.scheme, err = d.String()
			case "keyval":
				err = d.Object(keyvalSchema, func(name string) (err error) {
					if name == "public" {
						k.public, err = d.String()
						return err
					}
					return d.Skip()
				})
			default:
				err = d.Skip()
			}
			return err
		})
		keys[id] = k
		return err
	})
	return keys, err
}

// A list is the content of timestamp.json or snapshot.json (specification
// sections 4.4 and 4.6): the current version of other files.
type list struct {
	header
	meta map[string]pin // by file name
}

// A pin is what a list says about one file.
type pin struct {
	version int64
	length  int64    // bytes; negative if not stated
	hashes  hash.Set // empty if not stated
}

func decodeList(what, typ string, signed []byte) (*list, error) {
	l := &list{meta: map[string]pin{}}
	h, err := decodeDocument(what, typ, signed, listSchema, []string{"meta"},
		func(d *strictjson.Decoder, name string) error {
			if name != "meta" {
				return d.Skip()
			}
			return d.Map(func(file string) error {
				p, err := decodePin(d)
				l.meta[file] = p
				return err
			})
		})
	if err != nil {
		return nil, err
	}
	l.header = h
	need := roleSnapshot
	if typ == roleSnapshot {
		need = roleTargets
	}
	if _, ok := l.meta[need+".json"]; !ok {
		return nil, found(CodeMalformed, what, need+".json among the files listed", "it is not")
	}
	return l, nil
}

func decodePin(d *strictjson.Decoder) (pin, error) {
	p := pin{length: -1}
	seen := members{}
	err := d.Object(metaSchema, func(name string) (err error) {
		seen[name] = true
		switch name {
		case "version":
			p.version, err = d.Int64()
			if err == nil && p.version < 1 {
				err = d.Reject("a version is at least 1")
			}
		case "length":
			p.length, err = decodeLength(d)
		case "hashes":
			p.hashes, err = decodeHashes(d)
		default:
			err = d.Skip()
		}
		return err
	})
	if err == nil {
		err = seen.require(d, "version")
	}
	return p, err
}

// fits reports whether a file is the one that p pins, by length and hashes. Its
// version is not known before it is decoded.
func (p pin) fits(what string, raw []byte) error {
	if p.length >= 0 && int64(len(raw)) != p.length {
		return found(CodeMixAndMatch, what, fmt.Sprintf("%d bytes", p.length), fmt.Sprintf("%d bytes", len(raw)))
	}
	if p.hashes.Len() == 0 {
		return nil
	}
	a, err := hash.Measure(context.Background(), bytes.NewReader(raw), algorithms(p.hashes)...)
	if err != nil {
		return found(CodeMixAndMatch, what, p.hashes.String(), err.Error())
	}
	if got := a.Digests().Compare(p.hashes); got != hash.Same && got != hash.WeaklySame {
		return found(CodeMixAndMatch, what, p.hashes.String(), a.Digests().String())
	}
	return nil
}

func algorithms(s hash.Set) []hash.Algorithm {
	var list []hash.Algorithm
	for d := range s.All() {
		list = append(list, d.Algorithm())
	}
	return list
}

func decodeLength(d *strictjson.Decoder) (int64, error) {
	n, err := d.Int64()
	if err == nil && n < 0 {
		err = d.Reject("a length is at least 0")
	}
	return n, err
}

// decodeHashes reads digests by algorithm. Algorithms that we do not know are
// passed over, but one that we know there must be. Hex digits may be of either
// case. Names are in lower case; two that differ in nothing else, as sha256 and
// SHA256, mean one hash to some readers and another to others, and are refused.
func decodeHashes(d *strictjson.Decoder) (hash.Set, error) {
	digests := make([]hash.Digest, 0, 2)
	var seen [hash.MD5 + 1]bool
	err := d.Map(func(name string) error {
		digits, err := d.String()
		if err != nil {
			return err
		}
		folded, err := hash.ParseAlgorithm(strings.ToLower(name))
		if err != nil || folded > hash.MD5 {
			return nil // those after MD5 identify trees and git objects, not files
		}
		if seen[folded] {
			return d.Reject("two hashes for " + folded.String())
		}
		seen[folded] = true
		alg, err := hash.ParseAlgorithm(name)
		if err != nil {
			return nil
		}
		sum, err := hex.DecodeString(digits)
		if err == nil {
			var digest hash.Digest
			if digest, err = hash.NewDigest(alg, sum); err == nil {
				digests = append(digests, digest)
				return nil
			}
		}
		return d.Reject(fmt.Sprintf("expected %d hex digits, found %s", 2*alg.Size(), safe.Quote(digits)))
	})
	if err == nil && len(digests) == 0 {
		err = d.Reject("no hash of a known algorithm")
	}
	if err != nil {
		return hash.Set{}, err
	}
	set, err := hash.NewSet(digests...)
	if err != nil {
		return hash.Set{}, d.Reject(err.Error())
	}
	return set, nil
}

// targets is the content of targets.json and of the files of delegated roles
// (specification section 4.5).
type targets struct {
	header
	files       index // of targetFile by path
	delegations delegations
}

// A targetFile is what metadata says about one target.
type targetFile struct {
	length int64
	hashes hash.Set
	custom []byte // JSON; nil if there is none
}

// decodeTargets reads what is signed, which openEnvelope has accepted.
func decodeTargets(what string, signed []byte) (*targets, error) {
	t := &targets{}
	decode := func(signed []byte) (header, error) {
		return decodeDocument(what, roleTargets, signed, targetsSchema, []string{"targets"},
			func(d *strictjson.Decoder, name string) (err error) {
				switch name {
				case "targets":
					err = d.Map(func(string) error {
						_, err := decodeTargetFile(d)
						return err
					})
				case "delegations":
					t.delegations, err = decodeDelegations(d)
				default:
					err = d.Skip()
				}
				return err
			})
	}
	rest := signed
	if from, to := findMember(signed, "targets"); from > 0 && signed[from] == '{' {
		var plain bool
		if t.files, plain = newIndex(signed[from:to:to]); plain {
			// There may be a million of them, and they have been looked at.
			rest = slices.Concat(signed[:from], []byte("{}"), signed[to:])
		}
	}
	var err error
	if t.header, err = decode(rest); err != nil && len(rest) < len(signed) {
		if _, e := decode(signed); e != nil {
			err = e // which knows the place in the file
		}
	}
	if err != nil {
		return nil, err
	}
	return t, nil
}

// file returns what the metadata says about a target.
func (t *targets) file(path string) (targetFile, bool, error) {
	entry, ok := t.files.find(path)
	if !ok {
		return targetFile{}, false, nil
	}
	d := strictjson.NewDecoder(entry, jsonLimits(entry))
	file, err := decodeTargetFile(d)
	if err != nil {
		return targetFile{}, false, malformed("target "+safe.Quote(path), err) // cannot be: it was read before
	}
	return file, true, nil
}

func decodeTargetFile(d *strictjson.Decoder) (targetFile, error) {
	var t targetFile
	var length, hashes bool // seen; there are many targets, so no map
	err := d.Object(targetFileSchema, func(name string) (err error) {
		switch name {
		case "length":
			length = true
			t.length, err = decodeLength(d)
		case "hashes":
			hashes = true
			t.hashes, err = decodeHashes(d)
		case "custom":
			if kind, _ := d.Kind(); kind != strictjson.Object {
				return d.Reject("custom is an object")
			}
			t.custom, err = d.Raw()
			t.custom = bytes.Clone(t.custom) // do not keep the whole file for it
		default:
			err = d.Skip()
		}
		return err
	})
	if err == nil && !(length && hashes) {
		err = d.Reject("a target has length and hashes")
	}
	return t, err
}

// quoteRole returns the name of a role for people. Names of delegated roles are
// whatever a delegator wrote.
func quoteRole(name string) string {
	if slices.Contains(topLevel, name) {
		return name
	}
	return safe.Quote(name)
}

// fileLabel returns the name of a role's file for people.
func fileLabel(role string) string {
	if slices.Contains(topLevel, role) {
		return role + ".json"
	}
	return safe.Quote(role + ".json")
}

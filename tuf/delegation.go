// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package tuf

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tallystick/tallystick/internal/safe"
	"github.com/tallystick/tallystick/internal/strictjson"
)

var (
	delegationsSchema = strictjson.NewSchema("keys", "roles", "succinct_roles")
	delegatedSchema   = strictjson.NewSchema("name", "keyids", "threshold", "paths", "path_hash_prefixes", "terminating")
	succinctSchema    = strictjson.NewSchema("keyids", "threshold", "bit_length", "name_prefix")
)

// delegations are those of one targets role: either roles in order of priority,
// or succinct hash bins (TAP 15), or none.
type delegations struct {
	roles    []delegatedRole
	succinct *succinct
}

type delegatedRole struct {
	role
	terminating bool
	paths       []string // patterns
	prefixes    []string // of the path's SHA-256 in lower-case hex
}

type succinct struct {
	role
	bits   uint // 1 to 32
	prefix string
}

func decodeDelegations(d *strictjson.Decoder) (delegations, error) {
	var s delegations
	var keys map[string]keyText
	seen := members{}
	names := map[string]bool{}
	err := d.Object(delegationsSchema, func(name string) (err error) {
		seen[name] = true
		switch name {
		case "keys":
			keys, err = decodeKeys(d)
		case "roles":
			err = d.Array(func(int) error {
				r, err := decodeDelegated(d)
				if err != nil {
					return err
				}
				if names[r.name] {
					return d.Reject("two delegations to " + safe.Quote(r.name))
				}
				names[r.name] = true
				s.roles = append(s.roles, r)
				return nil
			})
		case "succinct_roles":
			s.succinct, err = decodeSuccinct(d)
		default:
			err = d.Skip()
		}
		return err
	})
	if err == nil {
		err = seen.require(d, "keys")
	}
	if err == nil && seen["roles"] == seen["succinct_roles"] {
		err = d.Reject("delegations have either roles or succinct_roles")
	}
	for i := range s.roles {
		s.roles[i].keys = keys
	}
	if s.succinct != nil {
		s.succinct.keys = keys
	}
	return s, err
}

func decodeDelegated(d *strictjson.Decoder) (delegatedRole, error) {
	var r delegatedRole
	seen := members{}
	err := d.Object(delegatedSchema, func(name string) (err error) {
		seen[name] = true
		if known, err := r.decodeMember(d, name); known || err != nil {
			return err
		}
		switch name {
		case "name":
			r.name, err = decodeRoleName(d)
		case "terminating":
			r.terminating, err = d.Bool()
		case "paths":
			err = d.Array(func(int) error {
				p, err := d.String()
				if len(p) > maxPattern {
					return d.Reject(fmt.Sprintf("a pattern of more than %d bytes", maxPattern))
				}
				r.paths = append(r.paths, p)
				return err
			})
		case "path_hash_prefixes":
			err = d.Array(func(int) error {
				p, err := d.String()
				if err != nil {
					return err
				}
				p = strings.ToLower(p)
				if p == "" || len(p) > 2*sha256.Size || strings.Trim(p, "0123456789abcdef") != "" {
					return d.Reject("expected 1 to 64 hex digits, found " + safe.Quote(p))
				}
				r.prefixes = append(r.prefixes, p)
				return nil
			})
		default:
			err = d.Skip()
		}
		return err
	})
	if err == nil {
		// Older metadata leaves terminating out.
		err = seen.require(d, "name", "keyids", "threshold")
	}
	if err == nil && seen["paths"] && seen["path_hash_prefixes"] {
		err = d.Reject("a delegation has paths or path_hash_prefixes, not both")
	}
	return r, err
}

// decodeRoleName refuses names that mean a file of a top-level role.
func decodeRoleName(d *strictjson.Decoder) (string, error) {
	name, err := d.String()
	if err == nil && (name == "" || slices.Contains(topLevel, name)) {
		err = d.Reject(safe.Quote(name) + " is no name for a delegated role")
	}
	return name, err
}

func decodeSuccinct(d *strictjson.Decoder) (*succinct, error) {
	s := &succinct{}
	seen := members{}
	err := d.Object(succinctSchema, func(name string) (err error) {
		seen[name] = true
		if known, err := s.decodeMember(d, name); known || err != nil {
			return err
		}
		switch name {
		case "bit_length":
			n, err := d.Int64()
			if err == nil && (n < 1 || n > 32) {
				err = d.Reject("a bit_length is 1 to 32")
			}
			s.bits = uint(n)
			return err
		case "name_prefix":
			s.prefix, err = d.String()
			return err
		}
		return d.Skip()
	})
	if err == nil {
		err = seen.require(d, "keyids", "threshold", "bit_length", "name_prefix")
	}
	return s, err
}

// children returns the roles to which the search for a target goes on, in order,
// and whether the last one ends the search of what was to come later: nothing
// behind a terminating delegation is looked at (specification section 5.6.7.2).
//
// Metadata may have many long patterns: it ends early with the context, whose error
// the caller looks at.
func (s *delegations) children(ctx context.Context, path string) (list []*role, terminating bool) {
	if s.succinct != nil {
		return []*role{s.succinct.bin(path)}, false
	}
	sum := sha256.Sum256([]byte(path))
	digest := hex.EncodeToString(sum[:])
	for i := range s.roles {
		r := &s.roles[i]
		if !r.covers(ctx, path, digest) {
			continue
		}
		list = append(list, &r.role)
		if r.terminating {
			return list, true
		}
	}
	return list, false
}

// covers reports whether the delegation is about the target with the given path
// and SHA-256 of the path. One with neither paths nor prefixes is about none.
func (r *delegatedRole) covers(ctx context.Context, path, digest string) bool {
	return slices.ContainsFunc(r.paths, func(p string) bool { return ctx.Err() == nil && matchPath(p, path) }) ||
		slices.ContainsFunc(r.prefixes, func(p string) bool { return strings.HasPrefix(digest, p) })
}

// bin returns the bin of a target: the leading bits of the path's SHA-256 are its
// number, and its name ends in that number in hex, with as many digits as the
// last bin needs (TAP 15).
func (s *succinct) bin(path string) *role {
	sum := sha256.Sum256([]byte(path))
	number := binary.BigEndian.Uint32(sum[:]) >> (32 - s.bits)
	r := s.role
	r.name = fmt.Sprintf("%s-%0*x", s.prefix, (s.bits+3)/4, number)
	return &r
}

// matchPath reports whether a path matches a pattern: element by element between
// slashes, as the shell does, with * for any characters, ? for one and [a-z] or
// [!a-z] for one of a set. None of them matches a slash.
func matchPath(pattern, path string) bool {
	for {
		p, patternRest, more := strings.Cut(pattern, "/")
		s, pathRest, morePath := strings.Cut(path, "/")
		if more != morePath || !matchElement(p, s) {
			return false
		}
		if !more {
			return true
		}
		pattern, path = patternRest, pathRest
	}
}

// matchElement backtracks to the last star only, so it takes at most len(p)
// times len(s) steps.
func matchElement(p, s string) bool {
	star, back := -1, 0
	i, j := 0, 0
	for j < len(s) {
		if i < len(p) && p[i] == '*' {
			star, back = i, j
			i++
			continue
		}
		if i < len(p) {
			if n, m, ok := matchOne(p[i:], s[j:]); ok {
				i += n
				j += m
				continue
			}
		}
		if star < 0 {
			return false
		}
		_, m := utf8.DecodeRuneInString(s[back:])
		back += m
		i, j = star+1, back
	}
	return strings.Trim(p[i:], "*") == ""
}

// matchOne matches the first character of s against the first thing in p, which
// is no star, and returns the bytes of both.
func matchOne(p, s string) (n, m int, ok bool) {
	c, m := utf8.DecodeRuneInString(s)
	switch p[0] {
	case '?':
		return 1, m, true
	case '[':
		if set, n, ok := cutSet(p); ok {
			return n, m, inSet(set, c)
		}
		// Not closed: a bracket like any other character.
	}
	r, n := utf8.DecodeRuneInString(p)
	return n, m, r == c
}

// cutSet returns what is between the brackets at the start of p, and the bytes of
// it all. A bracket right behind the opening one, or behind the ! there, is a
// member.
func cutSet(p string) (set string, n int, ok bool) {
	from := 1
	if from < len(p) && p[from] == '!' {
		from++
	}
	if from < len(p) && p[from] == ']' {
		from++
	}
	end := strings.IndexByte(p[min(from, len(p)):], ']')
	if end < 0 {
		return "", 0, false
	}
	return p[1 : from+end], from + end + 1, true
}

func inSet(set string, c rune) bool {
	set, negated := strings.CutPrefix(set, "!")
	list := []rune(set)
	in := false
	for i := 0; i < len(list); i++ {
		if i+2 < len(list) && list[i+1] == '-' {
			in = in || list[i] <= c && c <= list[i+2]
			i += 2
			continue
		}
		in = in || list[i] == c
	}
	return in != negated
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package gomod

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/tallystick/tallystick/internal/safe"
	"github.com/tallystick/tallystick/internal/signature"
	"github.com/tallystick/tallystick/verify"
)

// PublicKey is the verifier key of the public database, sum.golang.org, as every
// go command since Go 1.13 has it built in: knownGOSUMDB in
// src/cmd/go/internal/modfetch/key.go of GOROOT. The form is that of
// golang.org/x/mod/sumdb/note.
const PublicKey = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"

// Options say which database is read. A nil *Options and zero fields mean the
// defaults.
type Options struct {
	// Key is the verifier key of the database. Default [PublicKey].
	Key string

	// Latest is a signed tree head of the same database that the caller
	// keeps from an earlier time, such as $GOPATH/pkg/sumdb/NAME/latest of
	// the go command or [Module.TreeHead]. Each lookup must then be from the
	// same history, or it is rejected with [CodeFork]. The tiles that prove
	// this must be among the files. Empty means that there is none.
	Latest []byte
}

// A Database is a Go checksum database that is read from files. It is immutable
// and safe for concurrent use if its files are.
type Database struct {
	files    fs.FS
	verifier note.Verifier
	issuer   verify.Issuer
	latest   *head // nil if none was given
}

// NewDatabase returns the database whose files are in files: "lookup/..." and
// "tile/8/...", named as on the server. The go command keeps what it has used in
// $GOMODCACHE/cache/download/sumdb/NAME, so
//
//	root, err := os.OpenRoot(filepath.Join(modcache, "cache/download/sumdb/sum.golang.org"))
//	db, err := gomod.NewDatabase(root.FS(), nil)
//
// needs no network. No file is trusted: all content is held against the
// signature. Nothing is written. The files must outlive the database.
//
// Errors are a [*verify.Error] with [CodeOptions] and, for a Latest that the
// key has not signed, a [*verify.RejectedError] with [CodeSignature].
func NewDatabase(files fs.FS, opts *Options) (*Database, error) {
	if opts == nil {
		opts = &Options{}
	}
	if files == nil {
		return nil, optionsError("files of the database", "a file system", "nil")
	}
	key := opts.Key
	if key == "" {
		key = PublicKey
	}
	d := &Database{files: files}
	var err error
	if d.verifier, d.issuer, err = parseKey(key); err != nil {
		return nil, err
	}
	if len(opts.Latest) > 0 {
		h, err := d.open(opts.Latest)
		if err != nil {
			check := verify.Check{
				Code:     CodeSignature,
				What:     "tree head from an earlier time",
				Expected: "one that is signed by " + d.issuer.String(),
				Found:    err.Error(),
			}
			return nil, verify.Reject(verify.Evidence{Check: check})
		}
		d.latest = h
	}
	return d, nil
}

// parseKey returns the verifier and the identity of its key. The identity is the
// fingerprint and not the name in front of the key: that is whatever was written
// there, and might be the fingerprint of somebody else.
func parseKey(key string) (note.Verifier, verify.Issuer, error) {
	bad := optionsError("verifier key of the database", "a key in the form of golang.org/x/mod/sumdb/note", safe.Quote(key))
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return nil, verify.Issuer{}, bad
	}
	// NewVerifier has checked the form and that it is Ed25519: NAME+HASH+BASE64,
	// of which only the last may hold more plus signs; its first byte is the
	// algorithm. The base64 is compared with its one spelling.
	_, rest, _ := strings.Cut(key, "+")
	_, encoded, _ := strings.Cut(rest, "+")
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(raw) != 1+ed25519.PublicKeySize || !strings.HasSuffix(key, "+"+base64.StdEncoding.EncodeToString(raw)) {
		return nil, verify.Issuer{}, bad
	}
	fingerprint, err := signature.Fingerprint(ed25519.PublicKey(raw[1:]))
	if err != nil {
		bad.Err = err
		return nil, verify.Issuer{}, bad
	}
	return verifier, verify.Issuer{ID: fingerprint, Name: verifier.Name()}, nil
}

func optionsError(what, expected, found string) *verify.Error {
	return &verify.Error{Code: CodeOptions, What: what, Expected: expected, Found: found}
}

// Issuer returns the identity of the database: the fingerprint of its key, with
// the name of the log for people. Use it with [verify.IssuedBy].
func (d *Database) Issuer() verify.Issuer { return d.issuer }

// Lookup returns what the database says about a module version.
//
// What the signature does not support is a [*verify.RejectedError] with
// [CodeSignature], [CodeFork], [CodeInclusion] or [CodeRecord]. Files that are
// not there are a [*verify.Error] with [CodeNotFound], for which
// errors.Is(err, fs.ErrNotExist) holds too; files that cannot be read are one with
// [CodeRead], and a path or version that no module can have one with
// [CodeOptions].
func (d *Database) Lookup(ctx context.Context, path, version string) (*Module, error) {
	if err := module.Check(path, version); err != nil {
		return nil, &verify.Error{Code: CodeOptions, What: "module to look up", Err: err}
	}
	epath, err := module.EscapePath(path)
	if err != nil {
		return nil, &verify.Error{Code: CodeOptions, What: "module to look up", Err: err}
	}
	eversion, err := module.EscapeVersion(version)
	if err != nil {
		return nil, &verify.Error{Code: CodeOptions, What: "module to look up", Err: err}
	}
	v := &lookup{db: d, ctx: ctx}
	data, err := readFile(ctx, d.files, "lookup/"+epath+"@"+eversion, maxLookup)
	if err != nil {
		return nil, err
	}
	id, text, msg, err := tlog.ParseRecord(data)
	if err != nil {
		return nil, d.reject(path, version, verify.Check{
			Code:     CodeRecord,
			What:     "form of the lookup",
			Expected: "an id, the lines of a record, a blank line and a signed tree head",
			Found:    "something else",
		})
	}
	return v.run(id, text, msg, path, version)
}

// A lookup is one verification.
type lookup struct {
	db     *Database
	ctx    context.Context
	checks []verify.Check // those that passed
}

func (v *lookup) pass(c verify.Check) {
	c.Status = verify.Pass
	c.Issuers = []verify.Issuer{v.db.issuer}
	v.checks = append(v.checks, c)
}

func (v *lookup) run(id int64, text, msg []byte, path, version string) (*Module, error) {
	d := v.db
	reject := func(c verify.Check) error { return d.reject(path, version, c, v.checks...) }

	// The signature comes first: nothing else is worth a look without it.
	own, err := d.open(msg)
	if err != nil {
		return nil, reject(verify.Check{
			Code:     CodeSignature,
			What:     "tree head of the lookup",
			Expected: "one that is signed by " + d.issuer.String(),
			Found:    err.Error(),
		})
	}
	v.pass(verify.Check{Code: CodeSignature, What: "signed tree head", Found: own.String()})

	heads := []*head{own}
	newest := own
	if d.latest != nil {
		check, err := v.consistent(own, d.latest)
		if err != nil {
			return nil, err
		}
		if check.Status == verify.Fail {
			return nil, reject(check)
		}
		v.pass(check)
		heads = append(heads, d.latest)
		if d.latest.tree.N > own.tree.N {
			newest = d.latest
		}
	}

	check, err := v.included(id, text, heads)
	if err != nil {
		return nil, err
	}
	if check.Status == verify.Fail {
		return nil, reject(check)
	}
	v.pass(check)

	// Only now: before, these lines were anybody's.
	r, check := parseRecord(text, path, version)
	if check.Status == verify.Fail {
		return nil, reject(check)
	}
	v.pass(check)
	return &Module{
		path: path, version: version,
		record: r,
		head:   bytes.Clone(newest.msg),
		issuer: d.issuer,
		evidence: verify.Evidence{
			Check:      d.check(path, version, verify.Pass, v.checks...),
			NotCovered: d.notCovered(),
		},
	}, nil
}

// included says whether text is record id in the tree of one of the heads, which
// are known to be of one history. The first one for which the tiles are at hand
// decides.
func (v *lookup) included(id int64, text []byte, heads []*head) (verify.Check, error) {
	check := verify.Check{Code: CodeInclusion, Status: verify.Fail, What: fmt.Sprintf("inclusion of record %d", id)}
	var missing error
	for _, h := range heads {
		if id < 0 || id >= h.tree.N {
			check.Expected, check.Found = "a record in the tree", fmt.Sprintf("a tree of %d records", h.tree.N)
			continue
		}
		hashes, err := h.reader(v.ctx, v.db.files).ReadHashes([]int64{tlog.StoredHashIndex(0, id)})
		if err != nil && isFileError(err) {
			if !errors.Is(err, CodeNotFound) {
				return check, err
			}
			missing = err
			continue
		}
		switch {
		case err != nil:
			check.Expected, check.Found = "tiles with the hash of the "+h.String(), err.Error()
		case hashes[0] != tlog.RecordHash(text):
			check.Expected = "hash " + hashes[0].String()
			check.Found = "hash " + tlog.RecordHash(text).String()
		default:
			check.Status = verify.Pass
			check.Expected, check.Found = "", ""
			check.Detail = "in the " + h.String()
		}
		return check, nil
	}
	if missing != nil {
		return check, missing
	}
	return check, nil
}

func (d *Database) check(path, version string, status verify.Status, checks ...verify.Check) verify.Check {
	return verify.Check{
		Code:    CodeModule,
		Status:  status,
		What:    path + "@" + version + " in the checksum database",
		Issuers: []verify.Issuer{d.issuer},
		Checks:  checks,
	}
}

func (d *Database) reject(path, version string, failed verify.Check, passed ...verify.Check) error {
	failed.Status = verify.Fail
	checks := append(passed[:len(passed):len(passed)], failed)
	return verify.Reject(verify.Evidence{
		Check:      d.check(path, version, verify.Fail, checks...),
		NotCovered: d.notCovered(),
	})
}

func (d *Database) notCovered() []string {
	list := []string{
		"when the checksum database made its record: tree heads carry no time",
		"whether the checksum database shows everybody the same history",
	}
	if d.latest == nil {
		list = append(list, "whether its history extends one seen earlier: no earlier tree head was given")
	}
	return list
}

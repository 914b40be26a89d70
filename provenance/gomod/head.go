// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package gomod

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/tallystick/tallystick/internal/safe"
	"github.com/tallystick/tallystick/verify"
)

// maxRecords bounds the size of a tree. The public database has less than 2^27
// records; the arithmetic of tile coordinates is done in int64 and must not
// overflow for a size that a key holder made up.
const maxRecords = 1 << 48

// A head is a tree head whose signature was verified.
type head struct {
	tree tlog.Tree
	msg  []byte
}

// open verifies a signed tree head. The error is printable.
func (d *Database) open(msg []byte) (*head, error) {
	n, err := note.Open(msg, note.VerifierList(d.verifier))
	if err != nil {
		if e, ok := errors.AsType[*note.UnverifiedNoteError](err); ok && len(e.Note.UnverifiedSigs) > 0 {
			s := e.Note.UnverifiedSigs[0]
			return nil, fmt.Errorf("unauthenticated signature %s with another key", safe.Quote(fmt.Sprintf("%s+%08x", s.Name, s.Hash)))
		}
		return nil, errors.New(safe.Line(err.Error()))
	}
	tree, err := tlog.ParseTree([]byte(n.Text))
	if err != nil {
		return nil, errors.New("a signed text that is no tree head")
	}
	if tree.N > maxRecords {
		return nil, fmt.Errorf("a tree of %d records, more than %d", tree.N, int64(maxRecords))
	}
	return &head{tree, bytes.Clone(msg)}, nil
}

func (h *head) String() string {
	return fmt.Sprintf("tree of %d records, %s", h.tree.N, h.tree.Hash)
}

// reader returns the hashes of the tree: those that it returns without error are
// in the tree.
func (h *head) reader(ctx context.Context, files fs.FS) tlog.HashReader {
	return tlog.TileHashReader(h.tree, &tileReader{ctx, files})
}

// consistent says whether one of the heads is the beginning of the other. The
// status is Pass or Fail.
func (v *lookup) consistent(a, b *head) (verify.Check, error) {
	older, newer := a, b
	if older.tree.N > newer.tree.N {
		older, newer = newer, older
	}
	check := verify.Check{
		Code:   CodeFork,
		Status: verify.Fail,
		What:   "one history with the tree head from an earlier time",
	}
	got := newer.tree.Hash
	if older.tree.N < newer.tree.N {
		var err error
		got, err = tlog.TreeHash(older.tree.N, newer.reader(v.ctx, v.db.files))
		if err != nil {
			if isFileError(err) {
				return check, err
			}
			check.Code = CodeInclusion
			check.Expected, check.Found = "tiles with the hash of the "+newer.String(), err.Error()
			return check, nil
		}
	}
	if got != older.tree.Hash {
		// Both were signed with one key: this proves that its holder lies to
		// somebody, or lost it.
		check.Expected = "the signed " + older.String()
		check.Found = fmt.Sprintf("another beginning, %s, of the signed %s", got, newer)
		return check, nil
	}
	check.Status = verify.Pass
	check.Detail = fmt.Sprintf("the tree of %d records begins with that of %d", newer.tree.N, older.tree.N)
	return check, nil
}

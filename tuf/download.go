// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package tuf

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/internal/safe"
	"github.com/tallystick/tallystick/verify"
)

// Download gets a target and puts it where dst says, a file path of the caller's
// choice. It returns the artifact that was measured on the way, under the path of
// the target as its name.
//
// The bytes go to a temporary file beside dst that is renamed to dst when length
// and all hashes are right and the disk has it all. So dst never holds anything
// that was not verified: it is the old file, or none, or the new one. If dst is
// a file with the right content already, nothing is downloaded. A link at dst is
// replaced, not followed.
//
// When a download of more than 1 MiB breaks off, what has arrived stays beside dst
// as .tallystick-HASH.part, and the next Download of the same content into that
// folder asks only for the rest; so it does after the process was killed, on systems
// whose locks tell that it was. All bytes are verified together; if they turn
// out wrong, it begins again from nothing.
//
// With [Config].Offline it only recognises a file that is there.
//
// The error is a [*verify.RejectedError] with [CodeLength] or [CodeHash] if the
// server sent another file, and a [*verify.Error] if it could not be had or kept.
func (c *Client) Download(ctx context.Context, t *Target, dst string) (hash.Artifact, error) {
	if c.busy == nil {
		return hash.Artifact{}, errZero("Client", "NewClient")
	}
	if t == nil || !t.file.hashes.Strong() {
		return hash.Artifact{}, &verify.Error{Code: CodeConfig, What: "Download", Expected: "a target", Found: "none"}
	}
	if dst != "" && os.IsPathSeparator(dst[len(dst)-1]) {
		// Without the separator it would be another path, beside the folder.
		return hash.Artifact{}, storageError(safe.Quote(dst), errors.New("is a folder"))
	}
	dir, err := c.open(filepath.Dir(dst), false)
	if err != nil {
		return hash.Artifact{}, storageError("the folder of "+safe.Quote(dst), err)
	}
	defer dir.Close()
	name := filepath.Base(dst)
	info, err := dir.Lstat(name)
	switch {
	case err == nil && info.IsDir():
		return hash.Artifact{}, storageError(safe.Quote(dst), errors.New("is a folder"))
	case err == nil && info.Mode().IsRegular() && info.Size() == t.file.length:
		if a, ok := t.matchFile(ctx, dir, name); ok {
			return a, nil
		}
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return hash.Artifact{}, storageError(safe.Quote(dst), err)
	}

	if t.file.length > c.limits.Target {
		return hash.Artifact{}, &verify.Error{Code: CodeLimit, What: "target " + safe.Quote(t.path),
			Expected: fmt.Sprintf("at most %d bytes (Limits.Target)", c.limits.Target), Found: fmt.Sprintf("%d bytes", t.file.length)}
	}
	if c.offline {
		return hash.Artifact{}, &verify.Error{Code: CodeOffline, What: "target " + safe.Quote(t.path),
			Expected: "the file at " + safe.Quote(dst) + " already", Found: "it is not, and Config.Offline forbids to download it"}
	}
	urls, err := c.targetURLs(t)
	if err != nil {
		return hash.Artifact{}, err
	}
	var a hash.Artifact
	err = c.retry(ctx, func() (err error) {
		a, err = c.stage(ctx, t, urls, dir, name)
		return err
	})
	if err != nil {
		return hash.Artifact{}, err
	}
	if err := dir.Sync("."); err != nil {
		return hash.Artifact{}, storageError("the folder of "+safe.Quote(dst), err)
	}
	return a, nil
}

// minPartial is the least that is worth keeping of a download that broke off.
const minPartial = 1 << 20

// stage downloads to a temporary file in dir and renames that to name.
func (c *Client) stage(ctx context.Context, t *Target, urls []*url.URL, dir folder, name string) (a hash.Artifact, err error) {
	partial := t.partialName()
	c.rescue(t, dir, partial)
	f, err := t.createTemp(dir)
	if err != nil {
		return a, err
	}
	placed := false
	defer func() {
		f.Close()
		if !placed { // also when Progress panics
			dir.Remove(f.name)
		}
	}()
	old := openPartial(dir, partial, t.file.length)
	if old != nil {
		defer old.close()
	}
	a, err = c.fetchTarget(ctx, t, urls, f, old)
	if _, rejected := errors.AsType[*verify.RejectedError](err); rejected && old != nil {
		// Perhaps it was the old part that is wrong.
		dir.Remove(partial)
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return a, storageError(safe.Quote(f.name), err)
		}
		if err := f.Truncate(0); err != nil {
			return a, storageError(safe.Quote(f.name), err)
		}
		a, err = c.fetchTarget(ctx, t, urls, f, nil)
	}
	switch {
	case err == nil:
	case errors.Is(err, CodeTransport), errors.Is(err, CodeSlow), errors.Is(err, CodeCanceled):
		// One that is complete but for the end of the answer would not be asked for the rest.
		if info, e := f.Stat(); e == nil && c.worthKeeping(t, info) {
			f.rename(partial) // to no harm if it fails
		}
		return a, err
	default:
		return a, err
	}
	if err := f.Sync(); err != nil {
		return a, storageError(safe.Quote(f.name), err)
	}
	if err := f.rename(name); err != nil {
		return a, storageError(safe.Quote(name), err)
	}
	placed = true
	if old != nil {
		dir.Remove(partial)
	}
	return a, nil
}

// A temp is a file that is locked as long as somebody is at work on it.
type temp struct {
	file
	dir  folder
	name string
	held bool // the lock
}

func (t *Target) createTemp(dir folder) (*temp, error) {
	const what = "a temporary file at the destination"
	for range 10 {
		name := t.hiddenName() + "-" + rand.Text() + tempSuffix
		f, err := dir.Create(name, 0o666)
		if err != nil {
			return nil, storageError(what, err)
		}
		held, busy := f.Lock()
		if _, err = dir.Lstat(name); err == nil && !busy {
			return &temp{f, dir, name, held}, nil
		}
		f.Close() // a rescuer came in between, and has removed it
	}
	return nil, storageError(what, errors.New("others remove it"))
}

// rename ends the work on the file. The lock is held to the end, or a rescuer might
// take the file for one left behind. Where an open file cannot be renamed there are
// no such locks.
func (f *temp) rename(to string) error {
	if !f.held {
		if err := f.Close(); err != nil {
			return err
		}
	}
	return f.dir.Rename(f.name, to)
}

// hiddenName returns the beginning of names for what is not yet this content.
func (t *Target) hiddenName() string {
	sum := sha256.Sum256([]byte(t.file.hashes.String()))
	return ".tallystick-" + hex.EncodeToString(sum[:16])
}

const tempSuffix = ".tmp"

// partialName returns the name for a part of this content.
func (t *Target) partialName() string { return t.hiddenName() + ".part" }

// worthKeeping reports whether a file can be the beginning of a later download.
func (c *Client) worthKeeping(t *Target, part fs.FileInfo) bool {
	return part.Size() >= c.minPartial && part.Size() < t.file.length
}

// rescue makes use of what a process has left that was killed while it downloaded the
// same: the longest becomes the part to go on from, and the others are removed. The
// lock tells which belong to processes that are at work; without locks nothing is
// touched. Nothing depends on its success.
func (c *Client) rescue(t *Target, dir folder, partial string) {
	list, err := dir.List(".")
	if err != nil {
		return
	}
	for _, e := range list {
		if strings.HasPrefix(e.Name(), t.hiddenName()+"-") && strings.HasSuffix(e.Name(), tempSuffix) && e.Type().IsRegular() {
			c.rescueFile(t, dir, e.Name(), partial)
		}
	}
}

func (c *Client) rescueFile(t *Target, dir folder, name, partial string) {
	f, err := dir.Open(name)
	if err != nil {
		return
	}
	defer f.Close()
	if held, _ := f.Lock(); !held {
		return
	}
	info, err := f.Stat()
	if err != nil {
		return
	}
	best, err := dir.Lstat(partial)
	if c.worthKeeping(t, info) && (err != nil || best.Size() < info.Size()) {
		dir.Rename(name, partial)
	} else {
		dir.Remove(name)
	}
}

// A part is the beginning of a file. It is only read: its bytes are copied into a
// file that nobody else has open.
type part struct {
	f    file
	size int64
}

func (p *part) close() { p.f.Close() }

// openPartial opens what an earlier download has left, if it is of use.
func openPartial(dir folder, name string, length int64) *part {
	info, err := dir.Lstat(name)
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 || info.Size() >= length {
		return nil
	}
	f, err := dir.Open(name)
	if err != nil {
		return nil
	}
	return &part{f, info.Size()}
}

// fetchTarget downloads from the first URL that has the file.
func (c *Client) fetchTarget(ctx context.Context, t *Target, urls []*url.URL, w io.Writer, old *part) (a hash.Artifact, err error) {
	for _, u := range urls {
		if a, err = c.download(ctx, t, u, w, old); !errors.Is(err, CodeNotFound) {
			break
		}
	}
	return a, err
}

// matchFile reports whether a file is the target already.
func (t *Target) matchFile(ctx context.Context, dir folder, name string) (hash.Artifact, bool) {
	a, err := dir.Measure(ctx, name, algorithms(t.file.hashes)...)
	if err != nil {
		return hash.Artifact{}, false
	}
	a = a.WithName(t.path)
	return a, t.Covers(a) == nil
}

// targetURLs returns where the target is. In consistent snapshots one of its
// hashes stands before its name, and it is there under each of them or at least
// one: strong ones come first, in the order of package hash.
func (c *Client) targetURLs(t *Target) ([]*url.URL, error) {
	if c.files == nil {
		return nil, &verify.Error{Code: CodeConfig, What: "Config.TargetsURL", Expected: "a URL", Found: "none"}
	}
	elements := strings.Split(t.path, "/")
	for i, e := range elements {
		// A server would resolve these, to a file somewhere else.
		if e == "." || e == ".." {
			return nil, &verify.Error{Code: CodeConfig, What: "target " + safe.Quote(t.path),
				Expected: "a path that names a file below Config.TargetsURL", Found: "an element " + safe.Quote(e)}
		}
		elements[i] = escapeElement(e)
	}
	dir, name := elements[:len(elements)-1], elements[len(elements)-1]
	names := []string{name}
	if t.consistent {
		names = nil
		for d := range t.file.hashes.All() {
			names = append(names, d.Hex()+"."+name)
		}
	}
	var urls []*url.URL
	for _, name := range names {
		u, err := below(c.files, strings.Join(append(slices.Clone(dir), name), "/"))
		if err != nil {
			return nil, err
		}
		urls = append(urls, u)
	}
	return urls, nil
}

// download streams the target to w, the old part first, and measures it on the way.
func (c *Client) download(ctx context.Context, t *Target, u *url.URL, w io.Writer, old *part) (hash.Artifact, error) {
	var have int64
	if old != nil {
		have = old.size
	}
	b, err := c.get(ctx, u, have)
	if err != nil {
		return hash.Artifact{}, err
	}
	defer b.Close()
	reject := func(code verify.Code, expected, got string) error {
		e := t.Evidence()
		e.Check.Checks = append(e.Check.Checks, verify.Check{Code: code, Status: verify.Fail,
			What: "content of target " + safe.Quote(t.path), Expected: expected, Found: got, Detail: "from " + b.url})
		return verify.Reject(e)
	}
	want := fmt.Sprintf("%d bytes", t.file.length)
	if b.length >= 0 && b.length != t.file.length-b.offset {
		return hash.Artifact{}, reject(CodeLength, want, fmt.Sprintf("%d bytes", b.offset+b.length))
	}
	var src io.Reader = b
	if b.offset > 0 {
		src = io.MultiReader(io.NewSectionReader(old.f, 0, old.size), b)
	}
	src = oneMore(src, t.file.length)
	if c.progress != nil {
		src = &progressReader{r: src, t: t, report: c.progress}
	}
	a, err := hash.Copy(ctx, w, src, algorithms(t.file.hashes)...)
	if err != nil {
		if e, ok := errors.AsType[*verify.Error](err); ok {
			return hash.Artifact{}, e // from the body
		}
		if ctx.Err() != nil {
			return hash.Artifact{}, &verify.Error{Code: CodeCanceled, What: b.url, Err: context.Cause(ctx)}
		}
		return hash.Artifact{}, storageError("the temporary file for "+safe.Quote(t.path), err)
	}
	a = a.WithName(t.path)
	if a.Size() > t.file.length {
		return hash.Artifact{}, reject(CodeLength, want, "more")
	}
	if a.Size() < t.file.length {
		return hash.Artifact{}, reject(CodeLength, want, fmt.Sprintf("%d bytes", a.Size()))
	}
	if a.Digests().Compare(t.file.hashes) != hash.Same {
		return hash.Artifact{}, reject(CodeHash, t.file.hashes.String(), a.Digests().String())
	}
	return a, nil
}

// A progressReader tells how far a download is.
type progressReader struct {
	r      io.Reader
	t      *Target
	got    int64
	report func(path string, received, length int64)
}

func (p *progressReader) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	if n > 0 {
		p.got += int64(n)
		p.report(p.t.path, min(p.got, p.t.file.length), p.t.file.length)
	}
	return n, err
}

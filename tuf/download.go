// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package tuf

import (
	"context"
	"crypto/rand"
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
// The error is a [*verify.RejectedError] with [CodeLength] or [CodeHash] if the
// server sent another file, and a [*verify.Error] if it could not be had or kept.
func (c *Client) Download(ctx context.Context, t *Target, dst string) (hash.Artifact, error) {
	if t == nil || !t.file.hashes.Strong() {
		return hash.Artifact{}, &verify.Error{Code: CodeConfig, What: "Download", Expected: "a target", Found: "none"}
	}
	dir, err := os.OpenRoot(filepath.Dir(dst))
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
		if a, ok := t.matchFile(ctx, dst); ok {
			return a, nil
		}
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return hash.Artifact{}, storageError(safe.Quote(dst), err)
	}

	urls, err := c.targetURLs(t)
	if err != nil {
		return hash.Artifact{}, err
	}
	temp := ".tallystick-" + rand.Text() + ".part"
	f, err := dir.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return hash.Artifact{}, storageError("a temporary file beside "+safe.Quote(dst), err)
	}
	var a hash.Artifact
	for _, u := range urls {
		if a, err = c.download(ctx, t, u, f); !errors.Is(err, CodeNotFound) {
			break
		}
	}
	if err == nil {
		if err = f.Sync(); err != nil {
			err = storageError(safe.Quote(dst), err)
		}
	}
	if e := f.Close(); err == nil && e != nil {
		err = storageError(safe.Quote(dst), e)
	}
	if err == nil {
		if err = dir.Rename(temp, name); err != nil {
			err = storageError(safe.Quote(dst), err)
		}
	}
	if err != nil {
		dir.Remove(temp)
		return hash.Artifact{}, err
	}
	if err := syncDir(dir, "."); err != nil {
		return hash.Artifact{}, storageError("the folder of "+safe.Quote(dst), err)
	}
	return a, nil
}

// matchFile reports whether a file is the target already.
func (t *Target) matchFile(ctx context.Context, name string) (hash.Artifact, bool) {
	a, err := hash.MeasureFile(ctx, name, algorithms(t.file.hashes)...)
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

// download streams the target to w and measures it on the way.
func (c *Client) download(ctx context.Context, t *Target, u *url.URL, w io.Writer) (hash.Artifact, error) {
	b, err := c.get(ctx, u)
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
	if b.length >= 0 && b.length != t.file.length {
		return hash.Artifact{}, reject(CodeLength, want, fmt.Sprintf("%d bytes", b.length))
	}
	// One byte more than expected is enough to know that there are too many.
	src := io.LimitReader(b, t.file.length+1)
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

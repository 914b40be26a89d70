// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tallystick/tallystick/internal/safe"
)

// copy copies the product files into the working directory. Contents are copied,
// never linked, so that no command can reach the originals through them.
func (r *Runner) copy(ctx context.Context, dirs *folders) error {
	work, err := os.OpenRoot(dirs.work)
	if err != nil {
		return fail(CodeTemp, "copy of the product files", "", err)
	}
	defer work.Close()
	entries, files := 0, 0
	left := r.opts.MaxBytes
	err = fs.WalkDir(r.opts.Products, ".", func(name string, d fs.DirEntry, err error) error {
		what := "product " + safe.Quote(name)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return fail(CodeProducts, what, "", err)
		case name == ".":
			if !d.IsDir() {
				return fail(CodeProducts, "product files", "no folder", nil)
			}
			return nil
		}
		if entries++; entries > r.opts.MaxFiles {
			return limitOf("more than %d files and folders", r.opts.MaxFiles)
		}
		local, err := filepath.Localize(name)
		if err != nil {
			return fail(CodeProducts, what, "a name that cannot be written here", err)
		}
		switch {
		case d.IsDir():
			if info, err := d.Info(); err == nil && os.SameFile(info, dirs.baseInfo) {
				return fail(CodeOptions, "temporary folder", "it is part of the product files", nil)
			}
			if err := work.Mkdir(local, 0o700); err != nil {
				return fail(CodeTemp, what, "", err)
			}
			return nil
		case d.Type().IsRegular():
			files++
			n, err := copyFile(ctx, work, local, r.opts.Products, name, left)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if errors.Is(err, errTooLarge) {
				return limitOf("more than %d bytes", r.opts.MaxBytes)
			}
			if err != nil {
				return fail(CodeProducts, what, "", err)
			}
			left -= n
			return nil
		}
		return fail(CodeProducts, what, "neither a file nor a folder: "+d.Type().String(), nil)
	})
	if err == nil && files == 0 {
		return fail(CodeProducts, "product files", "none, so there is nothing to inspect", nil)
	}
	return err
}

var errTooLarge = errors.New("too large")

// copyFile copies one file of at most limit bytes.
func copyFile(ctx context.Context, work *os.Root, local string, products fs.FS, name string, limit int64) (n int64, err error) {
	in, err := products.Open(name)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return 0, err
	}
	if !info.Mode().IsRegular() {
		return 0, errors.New("it was replaced while it was copied")
	}
	mode := fs.FileMode(0o600)
	if info.Mode()&0o100 != 0 {
		mode = 0o700
	}
	out, err := work.OpenFile(local, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	for {
		if ctx.Err() != nil {
			return n, ctx.Err()
		}
		m, err := io.CopyN(out, in, min(1<<20, limit-n+1))
		if n += m; n > limit {
			return n, errTooLarge
		}
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}

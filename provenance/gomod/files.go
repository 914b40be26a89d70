// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package gomod

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"path"
	"strconv"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/tallystick/tallystick/internal/safe"
	"github.com/tallystick/tallystick/verify"
)

const (
	// tileHeight is that of the go command; a tile has up to 256 hashes.
	tileHeight = 8
	tileWidth  = 1 << tileHeight
	// maxLookup is far more than two lines and a tree head need, in bytes.
	maxLookup = 64 << 10
)

// readFile reads one file of at most max bytes. The go command makes its cache
// files before it fills them and so takes an empty one for none.
func readFile(ctx context.Context, files fs.FS, name string, max int64) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	data, err := readAll(files, name, max)
	switch {
	case err == nil && len(data) == 0, errors.Is(err, fs.ErrNotExist):
		return nil, &verify.Error{Code: CodeNotFound, What: "file of the checksum database " + safe.Quote(name), Found: "none", Err: fs.ErrNotExist}
	case err != nil:
		return nil, &verify.Error{Code: CodeRead, What: "file of the checksum database " + safe.Quote(name), Err: err}
	case int64(len(data)) > max:
		return nil, &verify.Error{Code: CodeRead, What: "file of the checksum database " + safe.Quote(name),
			Expected: "at most " + strconv.FormatInt(max, 10) + " bytes", Found: "more"}
	}
	return data, nil
}

func readAll(files fs.FS, name string, max int64) ([]byte, error) {
	if s, ok := files.(fs.StatFS); ok {
		// Before opening, because to open a FIFO blocks.
		info, err := s.Stat(name)
		if err != nil {
			return nil, err
		}
		if !info.Mode().IsRegular() {
			return nil, errors.New("not a regular file")
		}
	}
	f, err := files.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, max+1))
}

// isFileError reports whether err says that files could not be had, so that
// nothing was decided about their content.
func isFileError(err error) bool {
	_, ok := errors.AsType[*verify.Error](err)
	return ok || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// A tileReader reads tiles for tlog.TileHashReader, which checks them.
type tileReader struct {
	ctx   context.Context
	files fs.FS
}

func (r *tileReader) Height() int { return tileHeight }

// SaveTiles is called with tiles that were found good. Nothing is saved here.
func (r *tileReader) SaveTiles([]tlog.Tile, [][]byte) {}

func (r *tileReader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, t := range tiles {
		var err error
		if data[i], err = r.readTile(t); err != nil {
			return nil, err
		}
	}
	return data, nil
}

// readTile reads a tile or the beginning of a wider one in its place: the tree
// only grows, and a cache holds the width that it needed at the time. The full
// tile is the usual one, so it is tried second.
func (r *tileReader) readTile(t tlog.Tile) ([]byte, error) {
	exact, err := r.read(t)
	if !errors.Is(err, CodeNotFound) || t.W == tileWidth {
		return exact, err
	}
	wide := t
	wide.W = tileWidth
	for _, wide.W = range append([]int{tileWidth}, r.widths(wide.Path()+".p")...) {
		if wide.W <= t.W {
			continue
		}
		data, wideErr := r.read(wide)
		if errors.Is(wideErr, CodeNotFound) {
			continue
		}
		if wideErr != nil {
			return nil, wideErr
		}
		if len(data) != wide.W*tlog.HashSize {
			return data, nil // of the wrong length, which TileHashReader says
		}
		return data[:t.W*tlog.HashSize], nil
	}
	return nil, err
}

func (r *tileReader) read(t tlog.Tile) ([]byte, error) {
	return readFile(r.ctx, r.files, t.Path(), int64(t.W*tlog.HashSize))
}

// widths lists the partial tiles in a folder, if the file system can list.
func (r *tileReader) widths(folder string) []int {
	entries, err := fs.ReadDir(r.files, path.Clean(folder))
	if err != nil {
		return nil // a file system without folders has the tiles it has
	}
	var list []int
	for _, e := range entries {
		w, err := strconv.Atoi(e.Name())
		if err == nil && w > 0 && w < tileWidth && strconv.Itoa(w) == e.Name() {
			list = append(list, w)
		}
	}
	return list
}

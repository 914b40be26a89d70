// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package tuf

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/tallystick/tallystick/hash"
)

// A folder is where files are kept: the cache, or the place of a download. Names
// have slashes, and none leads out of it. There is one on disk, and those of the
// tests, which stop or fail at every point.
type folder interface {
	Stat(name string) (fs.FileInfo, error)
	Lstat(name string) (fs.FileInfo, error)
	Open(name string) (file, error)
	// Create makes a new file for writing; one that exists is an error.
	Create(name string, perm fs.FileMode) (file, error)
	Mkdir(name string, perm fs.FileMode) error
	Rename(from, to string) error
	Remove(name string) error
	// Sync makes last what was made, renamed and removed in a folder.
	Sync(name string) error
	// List returns entries of a folder, at most maxListed, in no order.
	List(name string) ([]fs.DirEntry, error)
	// Measure reads a whole file; see [hash.MeasureFile].
	Measure(ctx context.Context, name string, algs ...hash.Algorithm) (hash.Artifact, error)
	// Lock locks the folder for others who do the same, until unlock is
	// called; busy says that one of them has done so.
	Lock() (unlock func(), busy bool)
	Close() error
}

// A file is one that is open.
type file interface {
	io.Reader
	io.ReaderAt
	io.Writer
	io.Seeker
	io.Closer
	Stat() (fs.FileInfo, error)
	Sync() error
	Truncate(size int64) error
	// Lock locks a file that was made, until it is closed or the process ends.
	// held is false where the system has no such locks too.
	Lock() (held, busy bool)
}

const maxListed = 1 << 16

// A disk is a folder on disk.
type disk struct{ *os.Root }

// openDisk opens a folder. With create it is made, with those above it, such that it
// is there after the machine has stopped.
func openDisk(name string, create bool) (folder, error) {
	if create {
		if err := makeFolder(name); err != nil {
			return nil, err
		}
	}
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	return disk{root}, nil
}

func makeFolder(name string) error {
	name = filepath.Clean(name)
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		return nil
	}
	above := filepath.Dir(name)
	if above != name {
		if err := makeFolder(above); err != nil {
			return err
		}
	}
	if err := os.Mkdir(name, 0o755); err != nil {
		// Somebody else may have made it meanwhile.
		if info, e := os.Stat(name); e == nil && info.IsDir() {
			return nil
		}
		return err
	}
	root, err := os.OpenRoot(above)
	if err != nil {
		return nil // one that may be written and not read; it was made
	}
	defer root.Close()
	return disk{root}.Sync(".")
}

func (d disk) Open(name string) (file, error) {
	f, err := d.Root.Open(name)
	if err != nil {
		return nil, err
	}
	return diskFile{f}, nil
}

func (d disk) Create(name string, perm fs.FileMode) (file, error) {
	f, err := d.Root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return nil, err
	}
	return diskFile{f}, nil
}

func (d disk) Sync(name string) error {
	if runtime.GOOS == "windows" {
		return nil // a folder cannot be synced there
	}
	f, err := d.Root.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

func (d disk) List(name string) ([]fs.DirEntry, error) {
	f, err := d.Root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	list, err := f.ReadDir(maxListed)
	if errors.Is(err, io.EOF) {
		err = nil // it is empty
	}
	return list, err
}

func (d disk) Measure(ctx context.Context, name string, algs ...hash.Algorithm) (hash.Artifact, error) {
	return hash.MeasureFile(ctx, filepath.Join(d.Name(), name), algs...)
}

func (d disk) Lock() (unlock func(), busy bool) { return tryLock(d.Root) }

type diskFile struct{ *os.File }

func (f diskFile) Lock() (held, busy bool) { return lockFile(f.File) }

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash

import (
	"os"
	"sync/atomic"
)

// A folder is an open folder. What is in it is reached through it and by the
// last element of a name alone, so that nothing that happens to the path above
// it matters. There are two: a descriptor with openat, and an os.Root where
// there is no openat.
//
// No method follows a link or waits for somebody at the other end of a FIFO.
// Errors are bare causes, without a path.
type folder interface {
	// names returns the next names in the folder, none at its end. A folder
	// is listed once. buf is room for it to work in.
	names(buf []byte) ([]string, error)
	// stat describes the folder itself.
	stat() (stat, error)
	// lstat describes what a name in it stands for.
	lstat(name string) (stat, error)
	// openFolder opens a folder in it. The caller compares its stat.
	openFolder(name string) (folder, error)
	// openFile opens a file in it. The caller compares its stat.
	openFile(name string) (openFile, error)
	// readLink returns the target of a link in it.
	readLink(name string) ([]byte, error)
	// metadata returns what this kind of folder can tell.
	metadata() Metadata
	// xattrs returns the extended attributes of the folder itself.
	xattrs() ([]Xattr, error)
	close()
}

// An openFile is an open file.
type openFile interface {
	stat() (stat, error)
	// read is io.Reader's Read, but returns 0, nil at the end.
	read(p []byte) (int, error)
	xattrs() ([]Xattr, error)
	close()
}

// A stat is what the file system says about something.
type stat struct {
	mode         os.FileMode // type and permission bits
	size         int64
	dev, ino     uint64
	mtime, ctime int64       // ns
	info         os.FileInfo // instead of the last four, where there is no openat
}

// same reports whether a and b are the same object.
func (a stat) same(b stat) bool {
	if a.info != nil {
		return b.info != nil && os.SameFile(a.info, b.info)
	}
	return a.dev == b.dev && a.ino == b.ino && a.mode.Type() == b.mode.Type()
}

// untouched reports whether a and b are the same object and nothing was written
// to it between the two. A write within the resolution of the file system's
// clock, at most some milliseconds, can escape this.
func (a stat) untouched(b stat) bool {
	if !a.same(b) || a.mode != b.mode || a.size != b.size {
		return false
	}
	if a.info != nil {
		return sameStamp(a.info, b.info)
	}
	return a.mtime == b.mtime && a.ctime == b.ctime
}

// A sharedFolder is closed when its last user is done with it.
type sharedFolder struct {
	folder
	users atomic.Int32
	last  func() // what the last user does first, if not nil
}

func share(f folder) *sharedFolder {
	s := &sharedFolder{folder: f}
	s.users.Store(1)
	return s
}

func (s *sharedFolder) hold() *sharedFolder {
	s.users.Add(1)
	return s
}

func (s *sharedFolder) release() {
	if s.users.Add(-1) == 0 {
		if s.last != nil {
			s.last()
		}
		s.folder.close()
	}
}

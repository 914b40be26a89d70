// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash

import (
	"io"
	"os"
	"runtime"
)

// openRootHandle opens the folder that a walk starts at, where there is no
// openat. It is compiled everywhere so that it is tested everywhere.
func openRootHandle(dir string) (folder, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, cause(err)
	}
	return &rootHandle{root: root}, nil
}

// A rootHandle is an os.Root for each folder. An os.Root keeps a name inside the
// folder but follows links within it, so whoever opens compares what was opened
// with the lstat before.
type rootHandle struct {
	root     *os.Root
	borrowed bool // somebody else closes it
	list     *os.File
}

func (r *rootHandle) close() {
	if r.list != nil {
		r.list.Close()
	}
	if !r.borrowed {
		r.root.Close()
	}
}

func (r *rootHandle) stat() (stat, error) {
	info, err := r.root.Stat(".")
	return infoStat(info), cause(err)
}

func (r *rootHandle) lstat(name string) (stat, error) {
	info, err := r.root.Lstat(name)
	return infoStat(info), cause(err)
}

func (r *rootHandle) openFolder(name string) (folder, error) {
	// As the last element of a path, OpenRoot opens whatever is there, and
	// would wait at a FIFO. Before another one it must be a folder.
	root, err := r.root.OpenRoot(name + "/.")
	if err != nil {
		return nil, cause(err)
	}
	return &rootHandle{root: root}, nil
}

func (r *rootHandle) openFile(name string) (openFile, error) {
	f, err := r.root.OpenFile(name, os.O_RDONLY|dontWait, 0)
	if err != nil {
		return nil, cause(err)
	}
	return fileHandle{f}, nil
}

func (r *rootHandle) names([]byte) ([]string, error) {
	if r.list == nil {
		f, err := r.root.Open(".")
		if err != nil {
			return nil, cause(err)
		}
		r.list = f
	}
	names, err := r.list.Readdirnames(1024)
	if err == io.EOF {
		err = nil
	}
	if err != nil || len(names) == 0 {
		r.list.Close()
		r.list = nil
	}
	return names, cause(err)
}

func (r *rootHandle) readLink(name string) ([]byte, error) {
	target, err := r.root.Readlink(name)
	return []byte(target), cause(err)
}

func (r *rootHandle) metadata() Metadata {
	if runtime.GOOS == "windows" {
		return 0
	}
	return SpecialBits
}

func (r *rootHandle) xattrs() ([]Xattr, error) { return nil, nil }

func (h fileHandle) xattrs() ([]Xattr, error) { return nil, nil }

type fileHandle struct{ f *os.File }

func (h fileHandle) close() { h.f.Close() }

func (h fileHandle) stat() (stat, error) {
	info, err := h.f.Stat()
	return infoStat(info), cause(err)
}

func (h fileHandle) read(p []byte) (int, error) {
	n, err := h.f.Read(p)
	if err == io.EOF {
		err = nil
	}
	return n, cause(err)
}

func infoStat(info os.FileInfo) stat {
	if info == nil {
		return stat{}
	}
	return stat{mode: info.Mode(), size: info.Size(), info: info}
}

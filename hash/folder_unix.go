// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux || darwin || freebsd || netbsd || openbsd

package hash

import (
	"os"

	"golang.org/x/sys/unix"
)

// O_NONBLOCK: a FIFO that took the place of a file must not make us wait.
// O_NOCTTY: a terminal that did must not become ours.
const openFlags = unix.O_RDONLY | unix.O_NOFOLLOW | unix.O_NONBLOCK | unix.O_CLOEXEC | unix.O_NOCTTY

// openRootFolder opens the folder that a walk starts at. Links in the path are
// followed: the caller chose it.
func openRootFolder(dir string) (folder, error) {
	return openDescriptor(unix.AT_FDCWD, dir, openFlags&^unix.O_NOFOLLOW|unix.O_DIRECTORY)
}

func openDescriptor(dirfd int, name string, flags int) (*descriptor, error) {
	for {
		fd, err := unix.Openat(dirfd, name, flags, 0)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return nil, err
		}
		return &descriptor{fd: fd}, nil
	}
}

// A descriptor is an open folder or file.
type descriptor struct{ fd int }

func (d *descriptor) close() { unix.Close(d.fd) }

func (d *descriptor) stat() (stat, error) {
	var st unix.Stat_t
	for {
		err := unix.Fstat(d.fd, &st)
		if err == unix.EINTR {
			continue
		}
		return statOf(&st), err
	}
}

func (d *descriptor) lstat(name string) (stat, error) {
	var st unix.Stat_t
	for {
		err := unix.Fstatat(d.fd, name, &st, unix.AT_SYMLINK_NOFOLLOW)
		if err == unix.EINTR {
			continue
		}
		return statOf(&st), err
	}
}

func (d *descriptor) openFolder(name string) (folder, error) {
	return openDescriptor(d.fd, name, openFlags|unix.O_DIRECTORY)
}

func (d *descriptor) openFile(name string) (openFile, error) {
	return openDescriptor(d.fd, name, openFlags)
}

func (d *descriptor) read(p []byte) (int, error) {
	for {
		n, err := unix.Read(d.fd, p)
		if err == unix.EINTR {
			continue
		}
		return max(n, 0), err
	}
}

func (d *descriptor) names(buf []byte) ([]string, error) {
	for {
		n, err := unix.ReadDirent(d.fd, buf)
		if err == unix.EINTR {
			continue
		}
		if err != nil || n <= 0 {
			return nil, err
		}
		// A batch may hold nothing but "." and "..", which are left out.
		if _, _, names := unix.ParseDirent(buf[:n], -1, nil); len(names) > 0 {
			return names, nil
		}
	}
}

func (d *descriptor) readLink(name string) ([]byte, error) {
	for size := 256; ; size *= 2 {
		buf := make([]byte, size)
		n, err := unix.Readlinkat(d.fd, name, buf)
		switch {
		case err == unix.EINTR:
		case err != nil:
			return nil, err
		case n < size:
			return buf[:n:n], nil
		}
	}
}

func statOf(st *unix.Stat_t) stat {
	s := stat{
		mode:  os.FileMode(st.Mode & 0o777),
		size:  st.Size,
		dev:   uint64(st.Dev),
		ino:   uint64(st.Ino),
		mtime: st.Mtim.Nano(),
		ctime: st.Ctim.Nano(),
	}
	for _, b := range [...]struct {
		is  bool
		bit os.FileMode
	}{
		{st.Mode&unix.S_ISUID != 0, os.ModeSetuid},
		{st.Mode&unix.S_ISGID != 0, os.ModeSetgid},
		{st.Mode&unix.S_ISVTX != 0, os.ModeSticky},
	} {
		if b.is {
			s.mode |= b.bit
		}
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
	case unix.S_IFDIR:
		s.mode |= os.ModeDir
	case unix.S_IFLNK:
		s.mode |= os.ModeSymlink
	case unix.S_IFIFO:
		s.mode |= os.ModeNamedPipe
	case unix.S_IFSOCK:
		s.mode |= os.ModeSocket
	case unix.S_IFBLK, unix.S_IFCHR:
		s.mode |= os.ModeDevice
	default:
		s.mode |= os.ModeIrregular
	}
	return s
}

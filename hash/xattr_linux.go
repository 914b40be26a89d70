// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash

import (
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

func (d *descriptor) metadata() Metadata { return allMetadata }

// xattrs returns the extended attributes of an open file or folder.
func (d *descriptor) xattrs() ([]Xattr, error) {
	return readXattrs(
		func(b []byte) (int, error) { return unix.Flistxattr(d.fd, b) },
		func(name string, b []byte) (int, error) { return unix.Fgetxattr(d.fd, name, b) })
}

// readXattrs calls list for the names, each with a NUL behind it, and get for the
// values. An attribute that goes meanwhile is not among the results; the change
// time tells of it.
func readXattrs(list func([]byte) (int, error), get func(string, []byte) (int, error)) ([]Xattr, error) {
	names, err := xattrBytes(list)
	if err == unix.ENOTSUP {
		return nil, nil // the file system has none
	}
	if err != nil {
		return nil, err
	}
	total := len(names)
	var xs []Xattr
	for name := range strings.SplitSeq(names, "\x00") {
		if name == "" {
			continue
		}
		value, err := xattrBytes(func(b []byte) (int, error) { return get(name, b) })
		if err == unix.ENODATA {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("extended attribute %s: %w", shown(name), err)
		}
		if total += len(value); total > maxXattrBytes {
			return nil, &Error{Code: CodeLimit, Detail: fmt.Sprintf("more than %d bytes of extended attributes", maxXattrBytes)}
		}
		xs = append(xs, Xattr{name, value})
	}
	return xs, nil
}

// xattrBytes asks for the size and then for the bytes, again if it grew meanwhile.
func xattrBytes(get func([]byte) (int, error)) (string, error) {
	for range 10 {
		size, err := get(nil)
		if err != nil || size <= 0 {
			return "", err
		}
		if size > maxXattrBytes {
			return "", unix.E2BIG
		}
		b := make([]byte, size)
		n, err := get(b)
		if err == unix.ERANGE {
			continue
		}
		if err != nil {
			return "", err
		}
		return string(b[:min(max(n, 0), size)]), nil
	}
	return "", unix.ERANGE
}

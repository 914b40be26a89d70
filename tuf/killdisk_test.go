// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package tuf

import "io/fs"

// SetPoint makes a client call point before everything that changes its disk, and in
// the middle of each write, with the number of the operation.
func SetPoint(c *Client, point func(op int)) {
	ops := -1
	next := func() { ops++; point(ops) }
	open := c.open
	c.open = func(name string, create bool) (folder, error) {
		next()
		f, err := open(name, create)
		if err != nil {
			return nil, err
		}
		return pointFolder{f, next}, nil
	}
}

type pointFolder struct {
	folder
	next func()
}

func (f pointFolder) Create(name string, perm fs.FileMode) (file, error) {
	f.next()
	n, err := f.folder.Create(name, perm)
	if err != nil {
		return nil, err
	}
	return pointFile{n, f.next}, nil
}

func (f pointFolder) Mkdir(name string, perm fs.FileMode) error {
	f.next()
	return f.folder.Mkdir(name, perm)
}

func (f pointFolder) Rename(from, to string) error { f.next(); return f.folder.Rename(from, to) }
func (f pointFolder) Remove(name string) error     { f.next(); return f.folder.Remove(name) }
func (f pointFolder) Sync(name string) error       { f.next(); return f.folder.Sync(name) }

type pointFile struct {
	file
	next func()
}

func (f pointFile) Write(p []byte) (int, error) {
	n, err := f.file.Write(p[:len(p)/2])
	if err != nil {
		return n, err
	}
	f.next()
	m, err := f.file.Write(p[len(p)/2:])
	return n + m, err
}

func (f pointFile) Sync() error { f.next(); return f.file.Sync() }

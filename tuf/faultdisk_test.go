// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package tuf

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tallystick/tallystick/hash"
)

// SetDisk makes a client keep its files on d.
func SetDisk(c *Client, d *FaultDisk) {
	c.open = func(name string, create bool) (folder, error) { return d.open(name, create) }
}

// A FaultDisk is a file system in memory that can fail at every operation which
// changes something, and knows what would be left if the process or the machine
// stopped there.
//
// Each name has two states: as programs see it, and as it is after the last sync of
// its folder. So has the content of each file.
type FaultDisk struct {
	mu      sync.Mutex
	names   map[string]*inode // as seen; a folder is an inode without data
	durable map[string]*inode // as synced
	clock   time.Time
	locks   map[*inode]bool
	dirLock map[string]bool

	ops   int // counted so far
	fault func(op int, what string) Fault
	log   []string

	watch bool
	left  [][]*FaultDisk // for each operation
}

type inode struct {
	dir          bool
	data, synced []byte // what is there is never written over, only more behind it
	time         time.Time
}

// A Fault is what happens at one operation.
type Fault int

const (
	Fine   Fault = iota
	Failed       // it returns an error, a write after half of the bytes
)

var errFault = errors.New("input/output error")

// NewFaultDisk returns a disk with an empty folder /.
func NewFaultDisk() *FaultDisk {
	d := &FaultDisk{names: map[string]*inode{}, durable: map[string]*inode{}, clock: time.Unix(1_700_000_000, 0),
		locks: map[*inode]bool{}, dirLock: map[string]bool{}}
	d.names["/"] = &inode{dir: true}
	d.durable["/"] = d.names["/"]
	return d
}

// Inject makes fault decide about each operation from now on, counted from 0. Nil
// makes all fine.
func (d *FaultDisk) Inject(fault func(op int, what string) Fault) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ops, d.fault, d.log, d.watch, d.left = 0, fault, nil, false, nil
}

// Watch makes all fine, and the disk remember what is left when everything stops
// before each operation from now on, or in the middle of a write. A process that is
// killed does nothing more, so one run shows what it leaves wherever that is.
func (d *FaultDisk) Watch() {
	d.Inject(nil)
	d.watch = true
}

// Left returns, for each operation since Watch and for the end, the disks that the
// next process may find: as programs saw it, and after a power cut.
func (d *FaultDisk) Left() [][]*FaultDisk {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append(slices.Clone(d.left), d.leftNow())
}

func (d *FaultDisk) leftNow() []*FaultDisk { return append(d.powerCuts(), d.clone()) }

// Log returns the operations since the last Inject.
func (d *FaultDisk) Log() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.log)
}

// Age makes time pass on the disk's clock.
func (d *FaultDisk) Age(by time.Duration) { d.clock = d.clock.Add(by) }

// Files returns the content of all files below a folder, by path from there.
func (d *FaultDisk) Files(dir string) map[string]string {
	d.mu.Lock()
	defer d.mu.Unlock()
	files := map[string]string{}
	for name, n := range d.names {
		if rest, ok := strings.CutPrefix(name, dir+"/"); ok && !n.dir {
			files[rest] = string(n.data)
		}
	}
	return files
}

// State returns a text that is the same for disks with the same files, but for the
// random part of names.
func (d *FaultDisk) State() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var list []string
	for name, n := range d.names {
		if i := strings.Index(name, tempPrefix); i >= 0 {
			name = name[:i+len(tempPrefix)]
		} else if strings.HasSuffix(name, tempSuffix) {
			name = path.Dir(name) + "/" + tempSuffix
		}
		list = append(list, fmt.Sprintf("%s %t %x", name, n.dir, sha256.Sum256(n.data)))
	}
	slices.Sort(list)
	return strings.Join(list, "\n")
}

// Put writes a file, and makes its folder, so that both last.
func (d *FaultDisk) Put(name string, data []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for dir := path.Dir(name); d.names[dir] == nil; dir = path.Dir(dir) {
		d.names[dir] = &inode{dir: true}
		d.durable[dir] = d.names[dir]
	}
	d.names[name] = &inode{data: bytes.Clone(data), synced: bytes.Clone(data), time: d.clock}
	d.durable[name] = d.names[name]
}

// Clone returns a copy as a new process would find it: nothing is locked.
func (d *FaultDisk) Clone() *FaultDisk {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.clone()
}

func (d *FaultDisk) clone() *FaultDisk {
	return d.copy(func(n *inode) []byte { return n.data }, d.names)
}

func (d *FaultDisk) copy(content func(*inode) []byte, names map[string]*inode) *FaultDisk {
	c := NewFaultDisk()
	c.clock = d.clock
	for name, n := range names {
		for dir := path.Dir(name); ; dir = path.Dir(dir) {
			if names[dir] == nil {
				n = nil // its folder is lost
				break
			}
			if dir == "/" {
				break
			}
		}
		if n != nil && name != "/" {
			data := slices.Clip(content(n)) // shared, as nobody writes into it
			c.names[name] = &inode{dir: n.dir, data: data, synced: data, time: n.time}
			c.durable[name] = c.names[name]
		}
	}
	return c
}

// powerCuts returns what may be on the disk after the power went now: every choice of
// the changes of names that were not synced, and content that was not synced lost
// in different ways.
func (d *FaultDisk) powerCuts() []*FaultDisk {
	var pending []string
	for name := range d.names {
		if d.durable[name] != d.names[name] {
			pending = append(pending, name)
		}
	}
	for name := range d.durable {
		if d.names[name] == nil {
			pending = append(pending, name)
		}
	}
	slices.Sort(pending)
	if len(pending) > 6 {
		panic(fmt.Sprintf("%d names not synced: %q", len(pending), pending))
	}
	losses := []func(*inode) []byte{
		func(n *inode) []byte { return n.synced },
		func(n *inode) []byte { return make([]byte, len(n.data)) },
		func(n *inode) []byte { return n.data[:len(n.data)/2] },
		func(n *inode) []byte { return n.data },
	}
	var list []*FaultDisk
	for choice := range 1 << len(pending) {
		names := maps.Clone(d.durable)
		for i, name := range pending {
			if choice>>i&1 == 0 {
				continue
			}
			if n := d.names[name]; n != nil {
				names[name] = n
			} else {
				delete(names, name)
			}
		}
		unsynced := false
		for _, n := range names {
			unsynced = unsynced || !n.dir && !bytes.Equal(n.data, n.synced)
		}
		for _, lose := range losses {
			list = append(list, d.copy(func(n *inode) []byte {
				if bytes.Equal(n.data, n.synced) {
					return n.data
				}
				return lose(n)
			}, names))
			if !unsynced {
				break // they are all the same
			}
		}
	}
	return list
}

// point counts an operation. If err is not nil it must not be done; half says that
// half of it is.
func (d *FaultDisk) point(what string) (half bool, err error) {
	if d.watch {
		d.left = append(d.left, d.leftNow())
	}
	op := d.ops
	d.ops++
	d.log = append(d.log, what)
	d.clock = d.clock.Add(time.Millisecond)
	if d.fault == nil {
		return false, nil
	}
	if d.fault(op, what) == Failed {
		return strings.HasPrefix(what, "write"), errFault
	}
	return false, nil
}

func (d *FaultDisk) open(name string, create bool) (folder, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	name = filepath.ToSlash(filepath.Clean(name))
	if create {
		if err := d.makeFolder(name); err != nil {
			return nil, err
		}
	}
	n := d.names[name]
	if n == nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	if !n.dir {
		return nil, errors.New("not a folder")
	}
	return faultFolder{d, name}, nil
}

// makeFolder does the same as that of disk.go.
func (d *FaultDisk) makeFolder(name string) error {
	if n := d.names[name]; n != nil && n.dir {
		return nil
	}
	if err := d.makeFolder(path.Dir(name)); err != nil {
		return err
	}
	if _, err := d.point("mkdir " + name); err != nil {
		return err
	}
	d.names[name] = &inode{dir: true}
	return d.syncFolder(path.Dir(name))
}

func (d *FaultDisk) syncFolder(dir string) error {
	if _, err := d.point("sync " + dir); err != nil {
		return err
	}
	inside := func(name string, _ *inode) bool { return name != "/" && path.Dir(name) == dir }
	maps.DeleteFunc(d.durable, inside)
	for name, n := range d.names {
		if inside(name, n) {
			d.durable[name] = n
		}
	}
	return nil
}

type faultFolder struct {
	d   *FaultDisk
	dir string
}

func (f faultFolder) path(name string) string { return path.Join(f.dir, name) }

func (f faultFolder) find(op, name string) (*inode, error) {
	n := f.d.names[f.path(name)]
	if n == nil {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
	}
	return n, nil
}

func (f faultFolder) Stat(name string) (fs.FileInfo, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	n, err := f.find("stat", name)
	if err != nil {
		return nil, err
	}
	return n.info(name), nil
}

func (f faultFolder) Lstat(name string) (fs.FileInfo, error) { return f.Stat(name) }

func (f faultFolder) Open(name string) (file, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	n, err := f.find("open", name)
	if err != nil {
		return nil, err
	}
	return &faultFile{d: f.d, name: f.path(name), n: n}, nil
}

func (f faultFolder) Create(name string, _ fs.FileMode) (file, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if f.d.names[f.path(name)] != nil {
		return nil, fs.ErrExist
	}
	if above := f.d.names[path.Dir(f.path(name))]; above == nil || !above.dir {
		return nil, fs.ErrNotExist
	}
	if _, err := f.d.point("create " + f.path(name)); err != nil {
		return nil, err
	}
	n := &inode{time: f.d.clock}
	f.d.names[f.path(name)] = n
	return &faultFile{d: f.d, name: f.path(name), n: n}, nil
}

func (f faultFolder) Mkdir(name string, _ fs.FileMode) error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if f.d.names[f.path(name)] != nil {
		return fs.ErrExist
	}
	if _, err := f.d.point("mkdir " + f.path(name)); err != nil {
		return err
	}
	f.d.names[f.path(name)] = &inode{dir: true}
	return nil
}

func (f faultFolder) Rename(from, to string) error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	n, err := f.find("rename", from)
	if err != nil {
		return err
	}
	if _, err := f.d.point("rename " + f.path(from) + " " + f.path(to)); err != nil {
		return err
	}
	delete(f.d.names, f.path(from))
	f.d.names[f.path(to)] = n
	return nil
}

func (f faultFolder) Remove(name string) error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if _, err := f.find("remove", name); err != nil {
		return err
	}
	if _, err := f.d.point("remove " + f.path(name)); err != nil {
		return err
	}
	delete(f.d.names, f.path(name))
	return nil
}

func (f faultFolder) Sync(name string) error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	return f.d.syncFolder(f.path(name))
}

func (f faultFolder) List(name string) ([]fs.DirEntry, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	var list []fs.DirEntry
	for p, n := range f.d.names {
		if p != "/" && path.Dir(p) == f.path(name) {
			list = append(list, fs.FileInfoToDirEntry(n.info(path.Base(p))))
		}
	}
	return list, nil
}

func (f faultFolder) Measure(ctx context.Context, name string, algs ...hash.Algorithm) (hash.Artifact, error) {
	f.d.mu.Lock()
	n, err := f.find("open", name)
	f.d.mu.Unlock()
	if err != nil {
		return hash.Artifact{}, err
	}
	return hash.Measure(ctx, bytes.NewReader(n.data), algs...)
}

func (f faultFolder) Lock() (unlock func(), busy bool) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if f.d.dirLock[f.dir] {
		return nil, true
	}
	f.d.dirLock[f.dir] = true
	return func() {
		f.d.mu.Lock()
		defer f.d.mu.Unlock()
		f.d.dirLock[f.dir] = false
	}, false
}

func (f faultFolder) Close() error { return nil }

type faultFile struct {
	d      *FaultDisk
	name   string
	n      *inode
	at     int64
	locked bool
}

func (f *faultFile) Read(p []byte) (int, error) {
	n, err := f.ReadAt(p, f.at)
	f.at += int64(n)
	if n > 0 {
		err = nil
	}
	return n, err
}

func (f *faultFile) ReadAt(p []byte, at int64) (int, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	return bytes.NewReader(f.n.data).ReadAt(p, at)
}

func (f *faultFile) Write(p []byte) (int, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	before := f.n.data
	if f.d.watch {
		f.put(p[:len(p)/2])
	}
	half, err := f.d.point("write " + f.name)
	f.n.data = before
	if half {
		p = p[:len(p)/2]
	} else if err != nil {
		return 0, err
	}
	f.put(p)
	f.n.time = f.d.clock
	f.at += int64(len(p))
	return len(p), err
}

func (f *faultFile) put(p []byte) {
	f.n.data = append(f.n.data[:f.at:cap(f.n.data)], p...) // at is the end, or 0 after Truncate
}

func (f *faultFile) Seek(offset int64, whence int) (int64, error) {
	if whence != io.SeekStart {
		return 0, errors.ErrUnsupported
	}
	f.at = offset
	return offset, nil
}

func (f *faultFile) Truncate(size int64) error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if _, err := f.d.point("truncate " + f.name); err != nil {
		return err
	}
	f.n.data = slices.Clone(f.n.data[:size]) // another array: the old one may be shared
	return nil
}

func (f *faultFile) Sync() error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if _, err := f.d.point("sync " + f.name); err != nil {
		return err
	}
	f.n.synced = f.n.data
	return nil
}

func (f *faultFile) Stat() (fs.FileInfo, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	return f.n.info(path.Base(f.name)), nil
}

func (f *faultFile) Lock() (held, busy bool) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if f.d.locks[f.n] {
		return false, true
	}
	f.d.locks[f.n], f.locked = true, true
	return true, false
}

func (f *faultFile) Close() error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if f.locked {
		delete(f.d.locks, f.n)
		f.locked = false
	}
	return nil
}

func (n *inode) info(name string) fs.FileInfo {
	return inodeInfo{name, n.dir, int64(len(n.data)), n.time}
}

type inodeInfo struct {
	name string
	dir  bool
	size int64
	time time.Time
}

func (i inodeInfo) Name() string       { return i.name }
func (i inodeInfo) Size() int64        { return i.size }
func (i inodeInfo) ModTime() time.Time { return i.time }
func (i inodeInfo) IsDir() bool        { return i.dir }
func (i inodeInfo) Sys() any           { return nil }
func (i inodeInfo) Mode() fs.FileMode {
	if i.dir {
		return fs.ModeDir | 0o755
	}
	return 0o644
}

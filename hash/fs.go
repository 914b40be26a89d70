// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxFSFile is the size of the largest file that FS hands out, in bytes.
const maxFSFile = 1 << 30

// FS returns a file system that holds what the manifest lists and hands out a
// file only after all of its bytes, read through root, have matched. It hands
// them out from memory, so that nothing that happens to the file after the check
// changes what a program reads, and checks again each time that a file is
// opened. Open is safe for concurrent use. The caller closes root, after which
// no file can be opened any more.
//
// Folders are what the names in the manifest make of them, and listing one reads
// nothing. Modes are read-only, with the execute bits that the manifest states;
// times are zero. Links, in the manifest or put in the place of a file or of a
// folder above it, are not followed: those in the manifest are not listed, and
// opening one fails with [CodeNotRegular].
//
// Opening fails with an [*fs.PathError], whose cause is a [*MismatchError] if the
// file is missing or not the one in the manifest, [fs.ErrNotExist] if the manifest
// does not list it, whether it is there or not, and otherwise an [*Error]; files
// of more than 1 GiB have [CodeLimit].
//
// A manifest with nothing in it is an [*Error] with [CodeOptions], and one with a
// name that is no valid path (see [fs.ValidPath]), or with a file that has
// something below it, one with [CodeName].
func FS(root *os.Root, m *Manifest) (fs.FS, error) {
	if root == nil {
		return nil, &Error{Code: CodeOptions, Detail: "no root"}
	}
	if m.Len() == 0 {
		return nil, &Error{Code: CodeOptions, Detail: "a manifest without entries"}
	}
	v := &verifiedFS{root: root, entries: make(map[string]*fsEntry)}
	top := &fsEntry{claim: ManifestEntry{Name: ".", Type: Dir}}
	v.entries["."] = top
	for e := range m.Entries() {
		if !fs.ValidPath(e.Name) || e.Name == "." {
			return nil, &Error{Code: CodeName, Name: e.Name, Detail: "is no path in a file system"}
		}
		// Sorted by name, a folder comes before what is in it.
		up := top
		for i := range len(e.Name) {
			if e.Name[i] == '/' {
				up = v.add(up, ManifestEntry{Name: e.Name[:i], Type: Dir})
				if up.claim.Type != Dir {
					return nil, &Error{Code: CodeName, Name: up.claim.Name, Detail: fmt.Sprintf("is a %s and has entries below it", up.claim.Type)}
				}
			}
		}
		v.add(up, e)
	}
	for _, e := range v.entries {
		slices.SortFunc(e.list, func(a, b *fsEntry) int { return strings.Compare(a.Name(), b.Name()) })
	}
	return v, nil
}

// A verifiedFS is what FS returns. It is not altered afterwards.
type verifiedFS struct {
	root    *os.Root
	entries map[string]*fsEntry
}

// An fsEntry is a file or folder in a listing: an fs.DirEntry.
type fsEntry struct {
	claim ManifestEntry
	fsys  *verifiedFS
	list  []*fsEntry // of a folder
}

func (v *verifiedFS) add(up *fsEntry, claim ManifestEntry) *fsEntry {
	if e := v.entries[claim.Name]; e != nil {
		return e
	}
	e := &fsEntry{claim: claim, fsys: v}
	v.entries[claim.Name] = e
	if claim.Type != Link {
		up.list = append(up.list, e)
	}
	return e
}

// Open opens a file or folder.
func (v *verifiedFS) Open(name string) (fs.File, error) {
	e, err := v.find("open", name)
	if err != nil {
		return nil, err
	}
	if e.claim.Type == Dir {
		return &fsFolder{fsEntry: e}, nil
	}
	content, err := v.read(&e.claim)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return &fsFile{*bytes.NewReader(content), e}, nil
}

// ReadFile returns the content of a file without copying it once more.
func (v *verifiedFS) ReadFile(name string) ([]byte, error) {
	e, err := v.find("read", name)
	if err != nil {
		return nil, err
	}
	if e.claim.Type == Dir {
		return nil, &fs.PathError{Op: "read", Path: name, Err: &Error{Code: CodeNotRegular, Detail: "is a folder, not a regular file"}}
	}
	content, err := v.read(&e.claim)
	if err != nil {
		return nil, &fs.PathError{Op: "read", Path: name, Err: err}
	}
	return content, nil
}

// find returns the entry of a file or folder.
func (v *verifiedFS) find(op, name string) (*fsEntry, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	e := v.entries[name]
	if e == nil {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
	}
	if e.claim.Type == Link {
		return nil, &fs.PathError{Op: op, Path: name, Err: &Error{Code: CodeNotRegular, Detail: "is a link, which is not followed"}}
	}
	return e, nil
}

// read returns the content of a file after it has matched.
func (v *verifiedFS) read(claim *ManifestEntry) ([]byte, error) {
	missing := func(err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return &MismatchError{Delta{Missing: []string{claim.Name}}}
		}
		return &Error{Code: CodeRead, Err: err}
	}
	other := func(st stat) error {
		return mismatched(claim, Difference{"type", File.String(), strings.TrimPrefix(describeMode(st.mode), "is a ")})
	}
	// From folder to folder, as the walker does it.
	dir := share(&rootHandle{root: v.root, borrowed: true})
	defer func() { dir.release() }()
	rest := claim.Name
	for {
		base, below, more := strings.Cut(rest, "/")
		st, err := dir.lstat(base)
		if err != nil {
			return nil, missing(err)
		}
		if !more {
			return v.readFile(dir, base, st, claim, missing, other)
		}
		if !st.mode.IsDir() {
			return nil, other(st)
		}
		next, err := dir.openFolder(base)
		if err != nil {
			return nil, missing(err)
		}
		dir.release()
		dir = share(next)
		if now, err := dir.stat(); err != nil || !now.same(st) {
			return nil, &Error{Code: CodeChanged, Detail: "a folder above it was replaced"}
		}
		rest = below
	}
}

func (v *verifiedFS) readFile(dir folder, base string, st stat, claim *ManifestEntry, missing func(error) error, other func(stat) error) ([]byte, error) {
	if !st.mode.IsRegular() {
		return nil, other(st)
	}
	f, err := dir.openFile(base)
	if err != nil {
		return nil, missing(err)
	}
	defer f.close()
	now, err := f.stat()
	switch {
	case err != nil:
		return nil, &Error{Code: CodeRead, Err: err}
	case !now.mode.IsRegular() || !now.same(st):
		return nil, &Error{Code: CodeChanged, Detail: "was replaced while it was opened"}
	case claim.Size != nil && now.size != *claim.Size:
		// Seen without reading it.
		return nil, mismatched(claim, Difference{"size", strconv.FormatInt(*claim.Size, 10), strconv.FormatInt(now.size, 10)})
	case now.size > maxFSFile:
		return nil, &Error{Code: CodeLimit, Detail: fmt.Sprintf("has %d bytes, more than %d", now.size, maxFSFile)}
	}
	// One more byte shows that it grows; it then fails to match.
	content := make([]byte, now.size+1)
	n := 0
	for n < len(content) {
		m, err := f.read(content[n:])
		if err != nil {
			return nil, &Error{Code: CodeRead, Err: err}
		}
		if m == 0 {
			break
		}
		n += m
	}
	content = content[:n:n]
	// From here on there is only what is in memory.
	if err := checkContent(claim, content, modeExec(now.mode)); err != nil {
		return nil, err
	}
	return content, nil
}

// checkContent compares content with what a manifest says about a file, by all
// algorithms that can be computed.
func checkContent(claim *ManifestEntry, content []byte, exec execBit) error {
	measured, err := measureBytes(content, claim.Digests)
	if err != nil {
		return err
	}
	n := &node{name: claim.Name, typ: File, size: int64(len(content)), exec: exec}
	t := &Tree{}
	for d := range measured.All() {
		t.algs = append(t.algs, d.alg)
		n.data = append(n.data, d.Bytes()...)
	}
	got := Entry{n, t}
	if diffs := differences(*claim, got); len(diffs) > 0 {
		return mismatched(claim, diffs...)
	}
	return nil
}

func mismatched(claim *ManifestEntry, diffs ...Difference) error {
	return &MismatchError{Delta{Changed: []Change{{claim.Name, diffs}}}}
}

// Name returns the last element of the name.
func (e *fsEntry) Name() string { return path.Base(e.claim.Name) }

// IsDir reports whether e is a folder.
func (e *fsEntry) IsDir() bool { return e.claim.Type == Dir }

// Type returns the type bits of the mode.
func (e *fsEntry) Type() fs.FileMode { return e.mode().Type() }

// Info describes the entry. For a file this reads and checks it.
func (e *fsEntry) Info() (fs.FileInfo, error) {
	if e.IsDir() {
		return fsInfo{e, 0}, nil
	}
	f, err := e.fsys.Open(e.claim.Name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.Stat()
}

func (e *fsEntry) mode() fs.FileMode {
	switch {
	case e.IsDir():
		return fs.ModeDir | 0o555
	case e.claim.Executable != nil && *e.claim.Executable:
		return 0o555
	}
	return 0o444
}

// An fsInfo describes a file or folder.
type fsInfo struct {
	e    *fsEntry
	size int64
}

func (i fsInfo) Name() string       { return i.e.Name() }
func (i fsInfo) Size() int64        { return i.size }
func (i fsInfo) Mode() fs.FileMode  { return i.e.mode() }
func (i fsInfo) ModTime() time.Time { return time.Time{} }
func (i fsInfo) IsDir() bool        { return i.e.IsDir() }
func (i fsInfo) Sys() any           { return nil }

// An fsFile is an open file: its content.
type fsFile struct {
	bytes.Reader
	e *fsEntry
}

func (f *fsFile) Stat() (fs.FileInfo, error) { return fsInfo{f.e, f.Size()}, nil }

func (f *fsFile) Close() error { return nil }

// An fsFolder is an open folder.
type fsFolder struct {
	*fsEntry
	next int
}

func (d *fsFolder) Stat() (fs.FileInfo, error) { return fsInfo{d.fsEntry, 0}, nil }

func (d *fsFolder) Close() error { return nil }

func (d *fsFolder) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: d.claim.Name, Err: errors.New("is a folder")}
}

func (d *fsFolder) ReadDir(n int) ([]fs.DirEntry, error) {
	rest := d.list[d.next:]
	if n > 0 {
		if len(rest) == 0 {
			return nil, io.EOF
		}
		rest = rest[:min(n, len(rest))]
	}
	d.next += len(rest)
	list := make([]fs.DirEntry, len(rest))
	for i, e := range rest {
		list[i] = e
	}
	return list, nil
}

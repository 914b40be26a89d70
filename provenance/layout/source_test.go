// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package layout_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/tallystick/tallystick/provenance/layout"
)

// names returns the files that a source offers for a step.
func names(t testing.TB, s layout.LinkSource, step string) []string {
	t.Helper()
	var list []string
	for f, err := range s.Links(context.Background(), layout.Request{Step: step, MaxBytes: 1000}) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, f.Name)
	}
	return list
}

func TestDirLinks(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.link", "a.b.link", "a.12345678.link", "a.123456789.link", "a.b.12345678.link", "a.b.c.link", "a.txt", ".link", ".12345678.link", "b*.link"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	s := layout.DirLinks(root.FS())
	for step, want := range map[string][]string{
		"a":           {"a.12345678.link", "a.b.link", "a.link"},
		"a.b":         {"a.b.12345678.link", "a.b.c.link", "a.b.link"},
		"a.123456789": {"a.123456789.link"},
		"*":           nil,
		"b*":          {"b*.link"},
		"./a":         nil,
		"":            nil,
		".12345678":   {".12345678.link"},
	} {
		if got := names(t, s, step); !slices.Equal(got, want) {
			t.Errorf("step %q: %q, want %q", step, got, want)
		}
	}
}

// A file over the limit is not read.
func TestDirLinksLimit(t *testing.T) {
	s := layout.DirLinks(fstest.MapFS{"a.link": {Data: make([]byte, 1001)}, "a.1.link": {Data: make([]byte, 1000)}})
	for f, err := range s.Links(context.Background(), layout.Request{Step: "a", MaxBytes: 1000}) {
		if err != nil {
			t.Fatal(err)
		}
		if large := f.Name == "a.link"; large != (f.Err != nil) || large != (f.Data == nil) {
			t.Errorf("%s: %d bytes, %v", f.Name, len(f.Data), f.Err)
		}
	}
}

// Files that cannot be used are reported; they neither stop the verification nor
// make it wait.
func TestDirLinksWithTraps(t *testing.T) {
	dir := t.TempDir()
	put := func(name string, data []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("secret", []byte("outside"))
	links := filepath.Join(dir, "links")
	if err := os.Mkdir(links, 0o700); err != nil {
		t.Fatal(err)
	}
	w := newWorld()
	for name, data := range w.links {
		put("links/"+name, data)
	}
	put("links/build.toolarge.link", []byte(strings.Repeat(" ", 5000)))
	if err := os.Mkdir(filepath.Join(links, "build.folder.link"), 0o700); err != nil {
		t.Fatal(err)
	}
	traps := 2
	if err := os.Symlink("nowhere", filepath.Join(links, "build.dangling.link")); err == nil {
		traps++
	}
	// A link out of the folder can be put there by anyone who can put links there.
	if err := os.Symlink("../secret", filepath.Join(links, "build.outside.link")); err == nil {
		traps++
	}
	if err := os.Symlink("build.circle.link", filepath.Join(links, "build.circle.link")); err == nil {
		traps++
	}
	if makeFIFO(filepath.Join(links, "build.fifo.link")) == nil {
		traps++
	}
	root, err := os.OpenRoot(links)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	w.opts.Limits.LinkBytes = 4000
	v, err := layout.Verify(context.Background(), w.sign(), keySet(t, "owner"), layout.DirLinks(root.FS()), w.opts)
	if err != nil {
		t.Fatalf("%v\n%s", err, report(t, err))
	}
	bad := 0
	for _, c := range v.Evidence().Check.Checks[3].Checks[0].Checks {
		if c.Status != "pass" {
			bad++
		}
	}
	if bad != traps {
		t.Errorf("%d files reported, want %d", bad, traps)
	}
}

// The links of a sublayout are not looked for outside of the folder.
func TestSublayoutFolderOutside(t *testing.T) {
	w, sub := withSublayout()
	w.put("build", sub, "bob")
	dir := t.TempDir()
	for name, data := range w.links {
		name = filepath.Join(dir, "links", strings.Replace(name, "/", "-", 1))
		if before, after, ok := strings.Cut(filepath.Base(name), "-"); ok {
			name = filepath.Join(dir, before, after)
		}
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	folder := "build." + id8("bob")
	if err := os.Symlink("../"+folder, filepath.Join(dir, "links", folder)); err != nil {
		t.Skip(err)
	}
	root, err := os.OpenRoot(filepath.Join(dir, "links"))
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	_, err = layout.Verify(context.Background(), w.sign(), keySet(t, "owner"), layout.DirLinks(root.FS()), w.opts)
	if !errors.Is(err, layout.CodeThreshold) {
		t.Errorf("got %v", err)
	}
	// A file system that does not confine would find them.
	if _, err = layout.Verify(context.Background(), w.sign(), keySet(t, "owner"), layout.DirLinks(os.DirFS(filepath.Join(dir, "links"))), w.opts); err != nil {
		t.Errorf("got %v", err)
	}
}

// Junk in a list of envelopes is reported and charged once, not for every step.
func TestEnvelopesJunkOnce(t *testing.T) {
	w := newWorld()
	var list [][]byte
	bytes := int64(0)
	for _, data := range w.links {
		list = append(list, data)
		bytes += int64(len(data))
	}
	for range 10 {
		list = append(list, []byte("junk"))
	}
	for _, c := range []struct {
		limits layout.Limits
		ok     bool
	}{
		{layout.Limits{Links: len(list), TotalBytes: bytes + 40}, true},
		{layout.Limits{Links: len(list) - 1}, false},
		{layout.Limits{TotalBytes: bytes + 39}, false},
	} {
		w.opts.Limits = c.limits
		v, err := layout.Verify(context.Background(), w.sign(), keySet(t, "owner"), layout.Envelopes(list...), w.opts)
		if (err == nil) != c.ok || err != nil && !errors.Is(err, layout.CodeLimit) {
			t.Errorf("%+v: %v", c.limits, err)
		}
		if err == nil {
			if text := string(marshal(v.Evidence())); strings.Count(text, string(layout.CodeLinkMalformed)) != 10 {
				t.Errorf("junk is not reported once: %s", text)
			}
		}
	}
}

// A fakeFS has one file; what it says of itself need not be true.
type fakeFS struct {
	name, content string
	size          int64
	dot           fs.File // "."
}

type fakeFile struct {
	fakeFS
	strings.Reader
}

func (f *fakeFile) Stat() (fs.FileInfo, error) { return f.fakeFS.info(), nil }
func (*fakeFile) Close() error                 { return nil }

type fakeInfo struct{ fakeFS }

func (i fakeInfo) Name() string               { return i.name }
func (i fakeInfo) Size() int64                { return i.size }
func (i fakeInfo) Mode() fs.FileMode          { return 0o600 }
func (i fakeInfo) ModTime() time.Time         { return now }
func (i fakeInfo) IsDir() bool                { return false }
func (i fakeInfo) Sys() any                   { return nil }
func (i fakeInfo) Type() fs.FileMode          { return 0 }
func (i fakeInfo) Info() (fs.FileInfo, error) { return i, nil }

func (f fakeFS) info() fakeInfo { return fakeInfo{f} }

func (f fakeFS) Open(name string) (fs.File, error) {
	if name == "." && f.dot != nil {
		return f.dot, nil
	}
	return &fakeFile{f, *strings.NewReader(f.content)}, nil
}

// A fakeDir lists one name, as often as is wanted.
type fakeDir struct {
	fakeFile
	left int
}

func (d *fakeDir) ReadDir(n int) ([]fs.DirEntry, error) {
	if d.left == 0 {
		return nil, io.EOF
	}
	n = min(n, d.left)
	d.left -= n
	list := make([]fs.DirEntry, n)
	for i := range list {
		list[i] = d.fakeFS.info()
	}
	return list, nil
}

// File systems may lie.
func TestDirLinksOfOddFileSystems(t *testing.T) {
	links := func(f fakeFS) (files []layout.File, err error) {
		for file, err := range layout.DirLinks(f).Links(context.Background(), layout.Request{Step: "a", MaxBytes: 1000}) {
			if err != nil {
				return nil, err
			}
			files = append(files, file)
		}
		return files, nil
	}
	f := fakeFS{name: "a.link", content: "content", size: 7}
	if _, err := links(f); err == nil {
		t.Error("a folder that is a file")
	}
	one := func(f fakeFS, n int) fakeFS {
		f.dot = &fakeDir{fakeFile{fakeFS: f}, n}
		return f
	}
	if files, err := links(one(f, 1)); err != nil || len(files) != 1 || string(files[0].Data) != "content" {
		t.Errorf("a file: %v, %v", files, err)
	}
	f.size = 3
	if files, err := links(one(f, 1)); err != nil || len(files) != 1 || files[0].Err == nil || files[0].Data != nil {
		t.Errorf("a file that has grown: %v, %v", files, err)
	}
	f.name = "no link"
	if _, err := links(one(f, 1<<20)); err != nil {
		t.Errorf("many files: %v", err)
	}
	if _, err := links(one(f, 1<<20+1)); err == nil || !strings.Contains(err.Error(), "1048576") {
		t.Errorf("too many files: %v", err)
	}
}

// unreadable is a file system with one file that cannot be opened.
type unreadable struct{ fs.FS }

func (u unreadable) Open(name string) (fs.File, error) {
	if strings.HasPrefix(name, "write.") {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return u.FS.Open(name)
}

func (u unreadable) Stat(name string) (fs.FileInfo, error) { return fs.Stat(u.FS, name) }

func TestUnreadableLink(t *testing.T) {
	w := newWorld()
	_, err := layout.Verify(context.Background(), w.sign(), keySet(t, "owner"), layout.DirLinks(unreadable{w.fs()}), w.opts)
	if !errors.Is(err, layout.CodeSource) || !errors.Is(err, fs.ErrPermission) {
		t.Errorf("got %v", err)
	}
}

// Each caller's own limits hold, whoever has used the source before.
func TestEnvelopesKeepNoLimits(t *testing.T) {
	w := newWorld()
	var list [][]byte
	longest := 0
	for _, data := range w.links {
		list = append(list, data)
		longest = max(longest, len(data))
	}
	shared := layout.Envelopes(list...)
	for _, c := range []struct {
		name   string
		limits layout.Limits
		ok     bool
	}{
		{"a small file", layout.Limits{LinkBytes: 10}, false},
		{"the defaults", layout.Limits{}, true},
		{"less than the longest", layout.Limits{LinkBytes: int64(longest) - 1}, false},
		{"the longest", layout.Limits{LinkBytes: int64(longest)}, true},
		{"nothing", layout.Limits{LinkBytes: -1}, false},
		{"the defaults again", layout.Limits{}, true},
	} {
		for name, source := range map[string]layout.LinkSource{"shared": shared, "fresh": layout.Envelopes(list...)} {
			opts := w.opts
			opts.Limits = c.limits
			_, err := layout.Verify(context.Background(), w.sign(), keySet(t, "owner"), source, opts)
			if (err == nil) != c.ok {
				t.Errorf("%s, %s source: %v", c.name, name, err)
			}
		}
	}
}

// brokenFS is a folder in which something is wrong with a file, or with the listing.
type brokenFS struct {
	fstest.MapFS
	stat func(name string) (fs.FileInfo, error)
	file func(fs.File) fs.File
}

func (b brokenFS) Stat(name string) (fs.FileInfo, error) {
	if b.stat != nil {
		return b.stat(name)
	}
	return fs.Stat(b.MapFS, name)
}

func (b brokenFS) Open(name string) (fs.File, error) {
	f, err := b.MapFS.Open(name)
	if err != nil || b.file == nil {
		return f, err
	}
	return b.file(f), nil
}

// brokenFile is a file of which some operations fail.
type brokenFile struct {
	fs.ReadDirFile
	statErr, readErr error
	mode             fs.FileMode
}

func (b brokenFile) Stat() (fs.FileInfo, error) {
	info, err := b.ReadDirFile.Stat()
	return brokenInfo{info, b.mode}, errors.Join(err, b.statErr)
}

func (b brokenFile) Read(p []byte) (int, error) {
	if b.readErr != nil {
		return 0, b.readErr
	}
	return b.ReadDirFile.Read(p)
}

type brokenInfo struct {
	fs.FileInfo
	mode fs.FileMode
}

func (b brokenInfo) Mode() fs.FileMode { return b.FileInfo.Mode() | b.mode }

// brokenList fails once and then says that it has ended.
type brokenList struct {
	fs.File
	failed bool
}

func (b *brokenList) ReadDir(int) ([]fs.DirEntry, error) {
	if b.failed {
		return nil, io.EOF
	}
	b.failed = true
	return nil, errors.New("disk failure")
}

type noDir struct{ fs.File }

func (noDir) ReadDir(int) ([]fs.DirEntry, error) { return nil, io.EOF }

// What somebody could have put there makes a file useless; a disk that fails means
// that nothing is known.
func TestDirLinksOfBrokenFileSystems(t *testing.T) {
	failure := errors.New("disk failure")
	wrap := func(b brokenFile) func(fs.File) fs.File {
		return func(f fs.File) fs.File {
			if _, ok := f.(fs.ReadDirFile); ok {
				return f // the folder itself
			}
			b.ReadDirFile = noDir{f}
			return b
		}
	}
	for _, c := range []struct {
		name  string
		fsys  brokenFS
		works bool
		says  string
	}{
		{"nothing is wrong", brokenFS{file: wrap(brokenFile{})}, true, ""},
		{"listing", brokenFS{file: func(f fs.File) fs.File {
			if _, ok := f.(fs.ReadDirFile); ok {
				return &brokenList{File: f}
			}
			return f
		}}, false, "disk failure"},
		{"gone since it was listed", brokenFS{stat: func(name string) (fs.FileInfo, error) { return nil, fs.ErrNotExist }}, true, "is no more"},
		{"stat", brokenFS{stat: func(name string) (fs.FileInfo, error) { return nil, failure }}, false, "disk failure"},
		{"stat of the open file", brokenFS{file: wrap(brokenFile{statErr: failure})}, false, "disk failure"},
		{"another file when it was opened", brokenFS{file: wrap(brokenFile{mode: fs.ModeNamedPipe})}, true, "not a regular file"},
		{"read", brokenFS{file: wrap(brokenFile{readErr: failure})}, false, "disk failure"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld()
			c.fsys.MapFS = w.fs()
			n := 0
			for f, err := range layout.DirLinks(c.fsys).Links(t.Context(), layout.Request{Step: "write", MaxBytes: 1 << 20}) {
				n++
				if (err == nil) != c.works || err != nil && !strings.Contains(err.Error(), c.says) {
					t.Errorf("error %v", err)
				}
				if err == nil && ((f.Err == nil) != (c.says == "") || (f.Data == nil) != (c.says != "") || f.Err != nil && !strings.Contains(f.Err.Error(), c.says)) {
					t.Errorf("file %v with %d bytes, want %q", f.Err, len(f.Data), c.says)
				}
			}
			if n != 1 {
				t.Errorf("%d files", n)
			}
		})
	}
}

// Who has seen enough is asked for no more files.
func TestDirLinksStop(t *testing.T) {
	w := newWorld()
	n := 0
	for range layout.DirLinks(w.fs()).Links(t.Context(), layout.Request{Step: "build", MaxBytes: 1 << 20}) {
		n++
		break
	}
	if n != 1 {
		t.Errorf("%d files", n)
	}
	w.opts.Limits.Links = 2 // of three
	if _, err := w.verify(t); !errors.Is(err, layout.CodeLimit) {
		t.Errorf("got %v", err)
	}
}

// The links of a sublayout are in the folder that is named as its file, whatever the
// ids of those who signed it are.
func TestSublayoutFolderOfFile(t *testing.T) {
	w, sub := withSublayout()
	old := "build." + id8("bob") + "/"
	for name, data := range w.links {
		if rest, ok := strings.CutPrefix(name, old); ok {
			delete(w.links, name)
			w.links["build.other/"+rest] = data
		}
	}
	w.links["build.other.link"] = dsse(sub, "bob")
	delete(w.links, "build."+id8("bob")+".link")
	if _, err := w.verify(t); err != nil {
		t.Errorf("%v\n%s", err, report(t, err))
	}
}

// A folder of a sublayout that cannot be looked at is not one that is not there.
func TestSublayoutFolderBroken(t *testing.T) {
	w, sub := withSublayout()
	w.put("build", sub, "bob")
	fsys := brokenFS{MapFS: w.fs()}
	fsys.stat = func(name string) (fs.FileInfo, error) {
		if !strings.HasSuffix(name, ".link") {
			return nil, errors.New("disk failure")
		}
		return fs.Stat(fsys.MapFS, name)
	}
	w.source = func(map[string][]byte) layout.LinkSource { return layout.DirLinks(fsys) }
	if _, err := w.verify(t); !errors.Is(err, layout.CodeSource) {
		t.Errorf("got %v", err)
	}
}

// Links in memory are as well Statements, and whoever asks for them bounds their size.
func TestMemoryLinks(t *testing.T) {
	w := newWorld()
	predicate := obj{"name": "write", "command": []string{}, "materials": []obj{}, "byproducts": obj{}, "environment": obj{}}
	write := dsse(statement("https://in-toto.io/Statement/v1", "https://in-toto.io/attestation/link/v0.3", files("src/main.go", "README"), predicate), "alice")
	w.links["write."+id8("alice")+".link"] = write
	for name, source := range map[string]func(map[string][]byte) layout.LinkSource{
		"bundle": func(map[string][]byte) layout.LinkSource { return layout.Bundle(bundle(w)) },
		"envelopes": func(links map[string][]byte) layout.LinkSource {
			return layout.Envelopes(slices.Collect(maps.Values(links))...)
		},
	} {
		w.source = source
		if _, err := w.verify(t); err != nil {
			t.Errorf("%s: %v\n%s", name, err, report(t, err))
		}
		for most, want := range map[int64]bool{int64(len(write)): true, int64(len(write)) - 1: false} {
			found := false
			for f, err := range source(w.links).Links(t.Context(), layout.Request{Step: "write", MaxBytes: most}) {
				found = found || err == nil && f.Err == nil
			}
			if found != want {
				t.Errorf("%s: of %d bytes within %d: %v", name, len(write), most, found)
			}
		}
	}
}

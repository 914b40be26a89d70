// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package hash

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A riggedFolder does something just before one of the steps of the walker, at
// the worst moment.
type riggedFolder struct {
	folder
	before func(step, name string)
}

func (r riggedFolder) names(buf []byte) ([]string, error) {
	r.before("names", "")
	return r.folder.names(buf)
}

func (r riggedFolder) openFolder(name string) (folder, error) {
	r.before("openFolder", name)
	f, err := r.folder.openFolder(name)
	if err != nil {
		return nil, err
	}
	return riggedFolder{f, r.before}, nil
}

func (r riggedFolder) openFile(name string) (openFile, error) {
	r.before("openFile", name)
	return r.folder.openFile(name)
}

func (r riggedFolder) lstat(name string) (stat, error) {
	r.before("lstat", name)
	return r.folder.lstat(name)
}

func (r riggedFolder) readLink(name string) ([]byte, error) {
	r.before("readLink", name)
	return r.folder.readLink(name)
}

// Between two steps of the walker something takes the place of something else.
func TestSwaps(t *testing.T) {
	outside := t.TempDir()
	write := func(name, content string) error {
		return os.WriteFile(name, []byte(content), 0o666)
	}
	if err := errors.Join(write(filepath.Join(outside, "f"), "outside"), write(filepath.Join(outside, "secret"), "outside")); err != nil {
		t.Fatal(err)
	}
	type swap struct {
		what string
		step string
		name string // of the victim, which the step is about
		put  func(name string) error
		want string // name in the error
	}
	replace := func(with func(name string) error) func(name string) error {
		return func(name string) error {
			// Renamed, so that its inode is not used again.
			if err := os.Rename(name, filepath.Join(filepath.Dir(filepath.Dir(name)), "moved")); err != nil {
				return err
			}
			return with(name)
		}
	}
	for _, c := range []swap{
		{"file by a link out", "openFile", "f", replace(func(n string) error { return os.Symlink(filepath.Join(outside, "f"), n) }), "d/f"},
		{"file by a FIFO", "openFile", "f", replace(func(n string) error { return syscall.Mkfifo(n, 0o666) }), "d/f"},
		{"file by a folder", "openFile", "f", replace(func(n string) error { return os.Mkdir(n, 0o777) }), "d/f"},
		{"file by nothing", "openFile", "f", replace(func(string) error { return nil }), "d/f"},
		{"file by a device", "openFile", "f", replace(MakeZeroDevice), "d/f"},
		{"file by another file", "openFile", "f", replace(func(n string) error { return write(n, "X") }), "d"},
		{"folder by a link out", "openFolder", "d", replace(func(n string) error { return os.Symlink(outside, n) }), "d"},
		{"folder by a FIFO", "openFolder", "d", replace(func(n string) error { return syscall.Mkfifo(n, 0o666) }), "d"},
		{"folder by a file", "openFolder", "d", replace(func(n string) error { return write(n, "X") }), "d"},
		{"folder by another folder", "openFolder", "d", replace(func(n string) error { return os.Mkdir(n, 0o777) }), "d"},
		{"folder by nothing", "openFolder", "d", replace(func(n string) error { return nil }), "d"},
		{"link by a file", "readLink", "l", replace(func(n string) error { return write(n, "X") }), "d/l"},
		{"link by a longer link", "readLink", "l", replace(func(n string) error { return os.Symlink("a much longer target", n) }), "d"},
		{"link by nothing", "readLink", "l", replace(func(n string) error { return nil }), "d/l"},
		{"entry by nothing", "lstat", "f", replace(func(n string) error { return nil }), "d/f"},
		{"an entry more, after the list", "openFile", "f", func(n string) error { return write(n+"2", "X") }, "d"},
		{"an entry more, while listed, each time", "names", "", func(n string) error {
			f, err := os.CreateTemp(filepath.Join(n, "d"), "")
			if err == nil {
				f.Close()
			}
			return err
		}, ""},
	} {
		for kind, open := range map[string]func(string) (folder, error){"native": openRootFolder, "portable": openRootHandle} {
			t.Run(c.what+"/"+kind, func(t *testing.T) {
				top := t.TempDir()
				dir := filepath.Join(top, "x")
				d := filepath.Join(dir, "d")
				if err := errors.Join(os.MkdirAll(d, 0o777), write(filepath.Join(d, "f"), "inside!"), os.Symlink("f", filepath.Join(d, "l"))); err != nil {
					t.Fatal(err)
				}
				victim := filepath.Join(d, c.name)
				if c.name == "d" {
					victim = d
				}
				if c.name == "" {
					victim = dir
				}
				done := false
				rig := func(step, name string) {
					if step != c.step || name != c.name || done {
						return
					}
					done = c.step != "names"
					if err := c.put(victim); err != nil {
						t.Skip(err)
					}
				}
				result := make(chan error)
				go func() {
					defer close(result)
					tree, err := measureTree(t.Context(), dir, &TreeOptions{Workers: 1}, func(dir string) (folder, error) {
						f, err := open(dir)
						if err != nil {
							return nil, err
						}
						return riggedFolder{f, rig}, nil
					})
					if tree != nil {
						for e := range tree.Entries() {
							t.Logf("%s %q %s", e.Type(), e.Name(), e.Digests())
						}
					}
					result <- err
				}()
				select {
				case err := <-result:
					e, ok := errors.AsType[*Error](err)
					if !ok || e.Code != CodeChanged {
						t.Fatalf("error %v, want %s", err, CodeChanged)
					}
					if c.want != "" && e.Name != c.want {
						t.Errorf("error %v is about %q, want %q", err, e.Name, c.want)
					}
				case <-time.After(time.Minute):
					t.Fatal("still waiting")
				}
			})
		}
	}
}

// A change that is over after the first attempt is got over.
func TestSecondAttempt(t *testing.T) {
	for kind, open := range map[string]func(string) (folder, error){"native": openRootFolder, "portable": openRootHandle} {
		t.Run(kind, func(t *testing.T) {
			dir := t.TempDir()
			name := filepath.Join(dir, "f")
			os.WriteFile(name, []byte("before"), 0o666)
			steps := map[string]int{}
			tree, err := measureTree(t.Context(), dir, &TreeOptions{Workers: 1}, func(dir string) (folder, error) {
				f, err := open(dir)
				return riggedFolder{f, func(step, _ string) {
					if steps[step]++; steps[step] == 1 && step == "openFile" {
						os.WriteFile(name, []byte("written in place"), 0o666)
					}
					if steps[step] == 1 && step == "names" {
						os.WriteFile(filepath.Join(dir, "g"), nil, 0o666)
					}
				}}, err
			})
			if err != nil {
				t.Fatal(err)
			}
			want, _ := Measure(t.Context(), strings.NewReader("written in place"))
			a, _ := tree.FileArtifact("f")
			if tree.Len() != 2 || a.Digests().Compare(want.Digests()) != Same || tree.Size() != a.Size() || steps["openFile"] != 3 {
				t.Error(tree.Len(), a, steps)
			}
		})
	}
}

// What a folder has listed counts no more when it is listed again or given up.
func TestNamesOfChangingFolder(t *testing.T) {
	dir := t.TempDir()
	for _, d := range []string{"d", "e"} {
		os.Mkdir(filepath.Join(dir, d), 0o777)
		for i := range 200 {
			if err := os.WriteFile(filepath.Join(dir, d, fmt.Sprintf("%0100d", i)), nil, 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	made := 0
	tree, err := measureTree(t.Context(), dir, &TreeOptions{MaxNameBytes: 35_000, OnError: func(error) error { return nil }}, func(path string) (folder, error) {
		f, err := openRootFolder(path)
		return riggedFolder{f, func(step, _ string) {
			if step == "names" {
				made++
				os.WriteFile(filepath.Join(dir, "d", fmt.Sprint(made)), nil, 0o666)
			}
		}}, err
	})
	if err != nil || len(tree.Errors()) != 1 || tree.Len() != 1+200 {
		t.Error(err, tree)
	}
}

// Deep in the tree, a folder above that is closed to save descriptors is swapped.
func TestSwapAboveOpenFolders(t *testing.T) {
	for kind, open := range map[string]func(string) (folder, error){"native": openRootFolder, "portable": openRootHandle} {
		for what, put := range map[string]func(other, name string) error{
			"by a link out":         os.Symlink,
			"by another folder":     os.Rename,
			"by a link in the tree": func(_, name string) error { return os.Symlink("other", name) },
		} {
			t.Run(what+"/"+kind, func(t *testing.T) {
				dir := t.TempDir()
				outside := t.TempDir()
				deep := strings.Repeat("d/", maxFrames+20)
				for _, root := range []string{dir, outside, filepath.Join(dir, "d", "other")} {
					if err := os.MkdirAll(filepath.Join(root, deep), 0o777); err != nil {
						t.Fatal(err)
					}
					os.WriteFile(filepath.Join(root, deep, "last"), nil, 0o666)
				}
				second := filepath.Join(dir, "d", "d")
				done := false
				_, err := measureTree(t.Context(), dir, &TreeOptions{Workers: 1}, func(path string) (folder, error) {
					f, err := open(path)
					return riggedFolder{f, func(step, name string) {
						if step == "lstat" && name == "last" && !done {
							done = true
							if err := errors.Join(os.Rename(second, second+"-moved"), put(filepath.Join(outside, "d", "d"), second)); err != nil {
								t.Error(err)
							}
						}
					}}, err
				})
				e, ok := errors.AsType[*Error](err)
				if !ok || e.Code != CodeChanged || e.Name != "d/d" {
					t.Errorf("error %v, want %s about d/d", err, CodeChanged)
				}
			})
		}
	}
}

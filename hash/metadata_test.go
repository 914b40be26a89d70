// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package hash_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tallystick/tallystick/hash"
)

func measureMetadata(t *testing.T, dir string, what hash.Metadata) *hash.Tree {
	t.Helper()
	tree, err := hash.MeasureTree(t.Context(), dir, &hash.TreeOptions{Metadata: what, Algorithms: everything().Algorithms})
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// wantDifferences compares two trees, both by Diff and by the manifest of one.
func wantDifferences(t *testing.T, want, got *hash.Tree, differences ...string) {
	t.Helper()
	list := func(changed []hash.Change) (lines []string) {
		for _, c := range changed {
			for _, d := range c.Differences {
				lines = append(lines, fmt.Sprintf("%s %s %s: %s", c.Name, d.Field, d.Want, d.Got))
			}
		}
		return lines
	}
	d := hash.Diff(want, got)
	if lines := list(d.Changed); !slices.Equal(lines, differences) || len(d.Missing)+len(d.Extra) > 0 {
		t.Errorf("Diff\n%q, want\n%q", lines, differences)
	}
	var changed []hash.Change
	if e, ok := errors.AsType[*hash.MismatchError](got.Match(want.Manifest())); ok {
		changed = e.Changed
	}
	if lines := list(changed); !slices.Equal(lines, differences) {
		t.Errorf("Match\n%q, want\n%q", lines, differences)
	}
	// A manifest that is made of the entries of another says the same.
	again, err := hash.NewManifest(slices.Collect(want.Manifest().Entries())...)
	if err != nil {
		t.Fatal(err)
	}
	if err := got.Match(again); (err != nil) != (len(differences) > 0) {
		t.Error(err)
	}
}

func TestSpecialBits(t *testing.T) {
	bothWalkers(t, func(t *testing.T, measure measureFunc) {
		dir := t.TempDir()
		plant(t, dir, map[string]string{"tool*": "x", "d/f": "y", "l": "->tool"})
		opts := &hash.TreeOptions{Metadata: hash.SpecialBits, Algorithms: everything().Algorithms}
		special := func(name string, mode os.FileMode) {
			t.Helper()
			full := filepath.Join(dir, name)
			if err := os.Chmod(full, mode); err != nil {
				t.Fatal(err)
			}
			if info, err := os.Stat(full); err != nil || info.Mode()&^os.ModeDir != mode {
				t.Skip("this system does not let us set the bits", err)
			}
		}
		tree := func() *hash.Tree {
			t.Helper()
			tree, err := measure(t.Context(), dir, opts)
			if err != nil {
				t.Fatal(err)
			}
			return tree
		}
		before := tree()
		plain, err := measure(t.Context(), dir, &hash.TreeOptions{Algorithms: opts.Algorithms})
		if err != nil {
			t.Fatal(err)
		}
		special("tool", 0o755|os.ModeSetuid)
		special("d", 0o755|os.ModeSetgid|os.ModeSticky)
		special("d/f", 0o644|os.ModeSetgid)
		after := tree()
		wantDifferences(t, before, after, "d special none: setgid,sticky", "d/f special none: setgid", "tool special none: setuid")
		wantDifferences(t, after, before, "d special setgid,sticky: none", "d/f special setgid: none", "tool special setuid: none")
		wantDifferences(t, after, tree())
		// Where one of them did not look there is nothing to compare.
		wantDifferences(t, plain, after)
		wantDifferences(t, after, plain)
		opts.Metadata = hash.HardLinks | hash.Xattrs
		wantDifferences(t, tree(), after)
		wantDifferences(t, after, tree())
		opts.Metadata = hash.SpecialBits
		// They are taken afresh also of files that are not read again.
		opts.Previous = hash.Later(plain, time.Hour)
		wantDifferences(t, after, tree())
		opts.Previous = hash.Later(tree(), time.Hour)
		again := tree()
		wantDifferences(t, after, again)
		tool, _ := again.Lookup("tool")
		if bits, known := tool.Special(); bits != fs.ModeSetuid || !known {
			t.Error("of a file that was not read again:", bits, known)
		}
		opts.Previous = nil
		for name, want := range map[string]struct {
			bits  fs.FileMode
			known bool
		}{
			"tool": {fs.ModeSetuid, true}, "d": {fs.ModeSetgid | fs.ModeSticky, true}, "d/f": {fs.ModeSetgid, true}, "l": {0, false},
		} {
			e, _ := after.Lookup(name)
			if bits, known := e.Special(); bits != want.bits || known != want.known {
				t.Errorf("%s: %v, %v", name, bits, known)
			}
			e, _ = plain.Lookup(name)
			if bits, known := e.Special(); bits != 0 || known {
				t.Errorf("%s, when nobody looked: %v, %v", name, bits, known)
			}
		}
		if after.Metadata() != hash.SpecialBits || plain.Metadata() != 0 ||
			!slices.Contains(plain.NotCovered(), "permissions other than the owner's execute bit") ||
			!slices.Contains(after.NotCovered(), "permissions other than the owner's execute bit and the setuid, setgid and sticky bits") ||
			slices.Contains(after.NotCovered(), "setuid, setgid and sticky bits that the source does not record") {
			t.Error(after.Metadata(), plain.NotCovered(), after.NotCovered())
		}
		// Selected entries keep what is known about them.
		selected, err := after.Select(func(e hash.Entry) (string, bool) { return "x/" + e.Name(), e.Type() == hash.File })
		if err != nil {
			t.Fatal(err)
		}
		e, _ := selected.Lookup("x/tool")
		if bits, known := e.Special(); bits != fs.ModeSetuid || !known || selected.Metadata() != hash.SpecialBits {
			t.Error(bits, known)
		}
	})
}

func TestHardLinks(t *testing.T) {
	dir := t.TempDir()
	plant(t, dir, map[string]string{"b": "same", "c": "same", "e": "same", "alone": "x", "l": "->b", "d/": ""})
	link := func(from, to string) {
		t.Helper()
		os.Remove(filepath.Join(dir, to))
		if err := os.Link(filepath.Join(dir, from), filepath.Join(dir, to)); err != nil {
			t.Skip(err)
		}
	}
	before := measureMetadata(t, dir, hash.HardLinks)
	if before.Metadata() != hash.HardLinks {
		t.Skip("hard links are not recorded on this system")
	}
	link("b", "c")
	link("e", "d/z")
	link("alone", filepath.Join("..", filepath.Base(dir)+"-outside"))
	defer os.Remove(dir + "-outside")
	os.Remove(filepath.Join(dir, "d", "z"))
	after := measureMetadata(t, dir, hash.HardLinks)
	wantDifferences(t, before, after, "c hardLink c: b")
	link("e", "d/z")
	four := measureMetadata(t, dir, hash.HardLinks)
	for name, want := range map[string]string{"b": "b", "c": "b", "d/z": "d/z", "e": "d/z", "alone": "alone", "l": "", "d": ""} {
		if e, _ := four.Lookup(name); e.HardLink() != want {
			t.Errorf("%s is a name of %q, want %q", name, e.HardLink(), want)
		}
	}
	// The groups are the same and the members are not.
	link("b", "e")
	link("b", "d/z")
	wantDifferences(t, four, measureMetadata(t, dir, hash.HardLinks), "d/z hardLink d/z: b", "e hardLink d/z: b")
	wantDifferences(t, measureMetadata(t, dir, 0), measureMetadata(t, dir, hash.HardLinks))
	wantDifferences(t, measureMetadata(t, dir, hash.HardLinks), measureMetadata(t, dir, 0))
	wantDifferences(t, measureMetadata(t, dir, hash.SpecialBits), measureMetadata(t, dir, hash.HardLinks))
	wantDifferences(t, measureMetadata(t, dir, hash.HardLinks), measureMetadata(t, dir, hash.SpecialBits))
	// Names change, and with them which one is first.
	selected, err := measureMetadata(t, dir, hash.HardLinks).Select(func(e hash.Entry) (string, bool) {
		return strings.Replace(e.Name(), "c", "a", 1), e.Name() != "b"
	})
	if err != nil {
		t.Fatal(err)
	}
	if e, _ := selected.Lookup("e"); e.HardLink() != "a" {
		t.Errorf("e is a name of %q", e.HardLink())
	}
	if !slices.Contains(four.NotCovered(), "names outside the tree that are hard links of a file in it") ||
		!slices.Contains(measureMetadata(t, dir, 0).NotCovered(), "which names are hard links of one file") {
		t.Error(four.NotCovered())
	}
}

// Archives tell what their format has, and that is what extracting them gives.
func TestMetadataOfArchives(t *testing.T) {
	dir := t.TempDir()
	plant(t, dir, map[string]string{"a": "same", "z": "other", "s/f": "x"})
	if err := errors.Join(os.Link(filepath.Join(dir, "a"), filepath.Join(dir, "b")), os.Chmod(filepath.Join(dir, "z"), 0o755|os.ModeSetuid),
		os.Chmod(filepath.Join(dir, "s"), 0o777|os.ModeSticky)); err != nil {
		t.Skip(err)
	}
	const all = hash.SpecialBits | hash.HardLinks | hash.Xattrs
	opts := &hash.TreeOptions{Metadata: all, Algorithms: everything().Algorithms}
	folder := measureMetadata(t, dir, all)
	if folder.Metadata()&hash.HardLinks == 0 {
		t.Skip("hard links are not recorded on this system")
	}
	data := command(t, dir, "tar", "--sort=name", "-cf", "-", "a", "b", "s", "z")
	fromTar, err := hash.MeasureTar(t.Context(), bytes.NewReader(data), opts)
	if err != nil {
		t.Fatal(err)
	}
	wantDifferences(t, folder, fromTar)
	if got := fromTar.Metadata(); got != hash.SpecialBits|hash.HardLinks {
		t.Error(got)
	}
	os.Remove(filepath.Join(dir, "b"))
	plant(t, dir, map[string]string{"b": "same"})
	os.Chmod(filepath.Join(dir, "z"), 0o755)
	os.Chmod(filepath.Join(dir, "s"), 0o777)
	wantDifferences(t, measureMetadata(t, dir, all), fromTar, "b hardLink b: a", "s special none: sticky", "z special none: setuid")

	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, mode := range map[string]fs.FileMode{"unix": 0o755 | os.ModeSetgid, "dos": 0, "link": 0o777 | os.ModeSymlink} {
		h := &zip.FileHeader{Name: name}
		if name != "dos" {
			h.SetMode(mode)
		}
		f, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if name == "link" {
			f.Write([]byte("unix"))
		}
	}
	w.Close()
	fromZip, err := hash.MeasureZip(t.Context(), bytes.NewReader(b.Bytes()), int64(b.Len()), opts)
	if err != nil {
		t.Fatal(err)
	}
	unix, _ := fromZip.Lookup("unix")
	dos, _ := fromZip.Lookup("dos")
	link, _ := fromZip.Lookup("link")
	if _, known := link.Special(); known || link.Target() != "unix" {
		t.Error("bits of a link are known")
	}
	bits, known := unix.Special()
	_, dosKnown := dos.Special()
	if bits != fs.ModeSetgid || !known || dosKnown || fromZip.Metadata() != hash.SpecialBits || unix.HardLink() != "" ||
		!slices.Contains(fromZip.NotCovered(), "setuid, setgid and sticky bits that the source does not record") {
		t.Error(bits, known, dosKnown, fromZip.Metadata(), fromZip.NotCovered())
	}

	// A second name of a setuid file is setuid too.
	b.Reset()
	tw := tar.NewWriter(&b)
	tw.WriteHeader(&tar.Header{Name: "a", Mode: 0o4755})
	tw.WriteHeader(&tar.Header{Name: "b", Typeflag: tar.TypeLink, Linkname: "a", Mode: 0o644})
	tw.Close()
	tree, err := hash.MeasureTar(t.Context(), &b, opts)
	if err != nil {
		t.Fatal(err)
	}
	e, _ := tree.Lookup("b")
	if bits, known := e.Special(); bits != fs.ModeSetuid || !known || e.HardLink() != "a" {
		t.Error(bits, known, e.HardLink())
	}
}

func TestMetadataOptions(t *testing.T) {
	_, err := hash.MeasureTree(t.Context(), t.TempDir(), &hash.TreeOptions{Metadata: 8})
	wantError(t, err, hash.CodeOptions, "Metadata")
	var zero hash.Entry
	bits, known := zero.Special()
	list, known2 := zero.Xattrs()
	if bits != 0 || known || list != nil || known2 || zero.HardLink() != "" {
		t.Error("the zero Entry knows something")
	}
	if runtime.GOOS == "linux" {
		if got := measureMetadata(t, t.TempDir(), hash.Xattrs).Metadata(); got != hash.Xattrs {
			t.Error(got)
		}
	}
}

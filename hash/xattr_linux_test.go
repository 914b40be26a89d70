// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tallystick/tallystick/hash"
	"golang.org/x/sys/unix"
)

func setXattr(t *testing.T, dir, name, attr, value string) {
	t.Helper()
	err := unix.Lsetxattr(filepath.Join(dir, name), attr, []byte(value), 0)
	if errors.Is(err, unix.ENOTSUP) || errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOSPC) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestXattrs(t *testing.T) {
	dir := t.TempDir()
	plant(t, dir, map[string]string{"f": "x", "d/": "", "plain": "y", "l": "->f"})
	before := measureMetadata(t, dir, hash.Xattrs)
	odd := "\x00\n\xff" + strings.Repeat("v", 600)
	setXattr(t, dir, "f", "user.b", odd)
	setXattr(t, dir, "f", "user.a\x1b", "")
	setXattr(t, dir, "d", "user.c", "3")
	after := measureMetadata(t, dir, hash.Xattrs)
	e, _ := after.Lookup("f")
	list, known := e.Xattrs()
	user := slices.DeleteFunc(list, func(x hash.Xattr) bool { return !strings.HasPrefix(x.Name, "user.") })
	if want := []hash.Xattr{{Name: "user.a\x1b"}, {Name: "user.b", Value: odd}}; !known || !slices.Equal(user, want) {
		t.Errorf("%q, %v", user, known)
	}
	list[0].Value = "of the caller"
	if again, _ := e.Xattrs(); slices.Contains(again, list[0]) {
		t.Error("the caller changes what was measured")
	}
	selected, err := after.Select(func(e hash.Entry) (string, bool) { return "x/" + e.Name(), e.Name() == "f" })
	if err != nil {
		t.Fatal(err)
	}
	unknown := "extended attributes that the source does not record"
	if e, _ := selected.Lookup("x"); e.Type() != hash.Dir || !slices.Contains(selected.NotCovered(), unknown) || slices.Contains(after.NotCovered(), unknown) {
		t.Errorf("%q, %q", selected.NotCovered(), after.NotCovered())
	}
	if e, _ := after.Lookup("l"); e.Type() != hash.Link {
		t.Error(e.Type())
	} else if _, known := e.Xattrs(); known {
		t.Error("those of a link are known")
	}
	cut := `\x00\n\xff` + strings.Repeat("v", 253) + "[...]" + strings.Repeat("v", 256)
	wantDifferences(t, before, after, "d xattr no user.c: user.c=3", `f xattr no user.a\x1b: user.a\x1b=`, "f xattr no user.b: user.b="+cut)
	setXattr(t, dir, "d", "user.c", "4")
	if err := unix.Removexattr(filepath.Join(dir, "f"), "user.a\x1b"); err != nil {
		t.Fatal(err)
	}
	changed := measureMetadata(t, dir, hash.Xattrs)
	wantDifferences(t, after, changed, "d xattr user.c=3: user.c=4", `f xattr user.a\x1b=: no user.a\x1b`)
	wantDifferences(t, changed, measureMetadata(t, dir, hash.Xattrs))
	wantDifferences(t, changed, measureMetadata(t, dir, 0))
	wantDifferences(t, measureMetadata(t, dir, 0), changed)
	wantDifferences(t, changed, measureMetadata(t, dir, hash.SpecialBits))
	wantDifferences(t, measureMetadata(t, dir, hash.SpecialBits), changed)

	// They take memory, which is limited.
	opts := &hash.TreeOptions{Metadata: hash.Xattrs, MaxNameBytes: 500}
	_, err = hash.MeasureTree(t.Context(), dir, opts)
	wantError(t, err, hash.CodeLimit, "f")
	// Files that are not read again keep theirs, and need some to keep.
	again := func(previous *hash.Tree, reused ...string) {
		t.Helper()
		tree := remeasure(t, dir, hash.TreeOptions{Metadata: hash.Xattrs}, hash.Later(previous, time.Hour), reused...)
		wantDifferences(t, changed, tree)
		if e, _ := tree.Lookup("f"); len(e.Digests().String()) == 0 {
			t.Error("no digest")
		} else if list, known := e.Xattrs(); !known || len(list) == 0 {
			t.Error(list, known)
		}
		opts.Previous = hash.Later(previous, time.Hour)
		_, err := hash.MeasureTree(t.Context(), dir, opts)
		wantError(t, err, hash.CodeLimit, "f")
	}
	again(changed, "f", "plain")
	again(measureMetadata(t, dir, 0))
	setXattr(t, dir, "f", "user.b", "short")
	again2 := remeasure(t, dir, hash.TreeOptions{Metadata: hash.Xattrs}, hash.Later(changed, time.Hour), "plain")
	if e, _ := again2.Lookup("f"); e.Reused() {
		t.Error("reused in spite of another attribute")
	}
}

// Somebody sets attributes while they are read. A tree that results has a state
// that was there.
func TestXattrsRace(t *testing.T) {
	dir := t.TempDir()
	plant(t, dir, map[string]string{"f": "x"})
	setXattr(t, dir, "f", "user.a", "0")
	setXattr(t, dir, "f", "user.b", "0")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := 1; ctx.Err() == nil; i++ {
			// The second follows the first.
			value := fmt.Append(nil, strings.Repeat("x", i%300))
			unix.Setxattr(filepath.Join(dir, "f"), "user.a", value, 0)
			unix.Setxattr(filepath.Join(dir, "f"), "user.b", value, 0)
			if i%5 == 0 {
				unix.Removexattr(filepath.Join(dir, "f"), "user.b")
			}
		}
	}()
	for range 300 {
		tree, err := hash.MeasureTree(t.Context(), dir, &hash.TreeOptions{Metadata: hash.Xattrs})
		if err != nil && !errors.Is(err, hash.CodeChanged) {
			t.Error(err)
		}
		if err == nil {
			e, _ := tree.Lookup("f")
			if list, known := e.Xattrs(); !known || len(list) == 0 {
				t.Error(list, known)
			}
		}
	}
	cancel()
	<-done
}

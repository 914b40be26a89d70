// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package layout_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/tallystick/tallystick/provenance"
	"github.com/tallystick/tallystick/provenance/layout"
	"github.com/tallystick/tallystick/verify"
	"github.com/tallystick/tallystick/verify/verifytest"
)

// interop returns the folder with metadata that others have signed.
func interop(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("TALLYSTICK_INTEROP")
	if dir == "" {
		t.Skip("TALLYSTICK_INTEROP does not name the folder with the metadata of others")
	}
	return filepath.Join(dir, "intoto")
}

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Metadata that the Python tools wrote: RSA keys with an empty member "private".
func TestInteropRust(t *testing.T) {
	dir := filepath.Join(interop(t), "in-toto-rs")
	owner, err := provenance.ParseKey(readFile(t, filepath.Join(dir, "test_verifylib/workdir/alice.pub")))
	if err != nil {
		t.Fatal(err)
	}
	keys, err := provenance.NewKeySet(1, owner)
	if err != nil {
		t.Fatal(err)
	}
	product := readFile(t, filepath.Join(dir, "test_verifylib/workdir/demo-project.tar.gz"))
	untar := runner(func(in layout.Inspection) (layout.InspectionResult, error) {
		// Stands for tar xzf: the content of the tarball is what the links say.
		return layout.InspectionResult{
			Materials: found(t, map[string]string{"demo-project.tar.gz": string(product)}),
		}, nil
	})
	for _, c := range []struct {
		name, layout, links string
		at                  time.Time
		runner              layout.Runner
		want                verify.Code
	}{
		{"valid", "test_verifylib/workdir/root.layout", "test_verifylib/links", time.Date(2022, 6, 1, 0, 0, 0, 0, time.UTC), untar, ""},
		{"without a runner", "test_verifylib/workdir/root.layout", "test_verifylib/links", time.Date(2022, 6, 1, 0, 0, 0, 0, time.UTC), nil, layout.CodeInspection},
		{"last second", "test_verifylib/workdir/root.layout", "test_verifylib/links", time.Date(2022, 12, 2, 18, 41, 7, 0, time.UTC), untar, ""},
		{"expired", "test_verifylib/workdir/root.layout", "test_verifylib/links", time.Date(2022, 12, 2, 18, 41, 8, 0, time.UTC), untar, layout.CodeExpired},
		{"other keys", "test_metadata/demo.layout", "test_metadata", time.Date(2016, 6, 1, 0, 0, 0, 0, time.UTC), untar, layout.CodeSignature},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := layout.Verify(context.Background(), readFile(t, filepath.Join(dir, c.layout)), keys,
				layout.DirLinks(os.DirFS(filepath.Join(dir, c.links))), layout.Options{Time: c.at, Runner: c.runner})
			if c.want == "" && err != nil {
				t.Errorf("rejected: %v\n%s", err, report(t, err))
			}
			if c.want != "" && !errors.Is(err, c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

// Links and a layout that were signed with OpenPGP keys by GnuPG.
func TestInteropOpenPGP(t *testing.T) {
	dir := filepath.Join(interop(t), "apt-transport-in-toto")
	owner, err := layout.ParseOpenPGPKey(readFile(t, filepath.Join(dir, "alice.in-toto-gpg-key.json")))
	if err != nil {
		t.Fatal(err)
	}
	links := func() fstest.MapFS {
		fsys := fstest.MapFS{}
		for _, name := range []string{"rebuild.5863835e.link", "rebuild.e946fc60.link"} {
			fsys[name] = &fstest.MapFile{Data: readFile(t, filepath.Join(dir, name))}
		}
		return fsys
	}
	const deb = "final-product_0.0.0.0-0_all.deb"
	inspect := func(folder string) layout.Runner {
		return runner(func(in layout.Inspection) (layout.InspectionResult, error) {
			content := found(t, map[string]string{deb: string(readFile(t, filepath.Join(dir, folder, deb)))})
			return layout.InspectionResult{Materials: content, Products: content}, nil
		})
	}
	at := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name, layout string
		edit         func(o *layout.Options, links fstest.MapFS)
		want         verify.Code
	}{
		{"good", "test.layout", func(*layout.Options, fstest.MapFS) {}, ""},
		{"bad", "test.layout", func(o *layout.Options, _ fstest.MapFS) { o.Runner = inspect("bad") }, layout.CodeRule},
		{"no runner", "test.layout", func(o *layout.Options, _ fstest.MapFS) { o.Runner = nil }, layout.CodeInspection},
		{"one link removed", "test.layout", func(_ *layout.Options, l fstest.MapFS) { delete(l, "rebuild.5863835e.link") }, layout.CodeThreshold},
		{"one link twice", "test.layout", func(_ *layout.Options, l fstest.MapFS) { l["rebuild.5863835e.link"] = l["rebuild.e946fc60.link"] }, layout.CodeThreshold},
		{"altered link", "test.layout", func(_ *layout.Options, l fstest.MapFS) {
			f := l["rebuild.5863835e.link"]
			f.Data = replace(t, `"95b066`, `"95b067`)(f.Data)
		}, layout.CodeLinkSignature},
		{"expired", "test.layout", func(o *layout.Options, _ fstest.MapFS) { o.Time = time.Date(2030, 1, 1, 0, 0, 1, 0, time.UTC) }, layout.CodeExpired},
		{"unsigned layout", "root.layout", func(*layout.Options, fstest.MapFS) {}, layout.CodeSignature},
		{"layout with other functionaries", "test.layout.docker", func(*layout.Options, fstest.MapFS) {}, layout.CodeThreshold},
	} {
		t.Run(c.name, func(t *testing.T) {
			opts := layout.Options{Time: at, OpenPGPKeys: []layout.OpenPGPKey{owner}, Runner: inspect("good")}
			fsys := links()
			c.edit(&opts, fsys)
			v, err := layout.Verify(context.Background(), readFile(t, filepath.Join(dir, c.layout)), provenance.KeySet{}, layout.DirLinks(fsys), opts)
			if c.want != "" {
				if !errors.Is(err, c.want) {
					t.Errorf("got %v, want %s", err, c.want)
				}
				return
			}
			if err != nil {
				t.Fatalf("%v\n%s", err, report(t, err))
			}
			verifytest.TestClaim(t, v, verifytest.Artifact(t, deb, string(readFile(t, filepath.Join(dir, "good", deb)))))
		})
	}
}

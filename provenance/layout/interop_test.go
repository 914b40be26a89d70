// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package layout_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tallystick/tallystick/provenance"
	"github.com/tallystick/tallystick/provenance/layout"
	"github.com/tallystick/tallystick/verify"
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

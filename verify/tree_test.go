// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package verify_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/verify"
	"github.com/tallystick/tallystick/verify/verifytest"
)

func tree(t *testing.T, files map[string]string) *hash.Tree {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		p := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	tree, err := hash.MeasureTree(t.Context(), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func TestSameTree(t *testing.T) {
	app := verifytest.Artifact(t, "app.tar.gz", "a tarball")
	claim := verifytest.NewClaim("app.tar.gz", app.Digests(), alice)
	recorded := tree(t, map[string]string{"main.go": "package main", "doc/README": "read me"}).Manifest()
	for _, test := range []struct {
		name  string
		files map[string]string
		names []string // that the report must show
	}{
		{"same", map[string]string{"main.go": "package main", "doc/README": "read me"}, nil},
		{"extra", map[string]string{"main.go": "package main", "doc/README": "read me", "m4/build-to-host.m4": "evil"}, []string{"extra file m4/build-to-host.m4"}},
		{"changed", map[string]string{"main.go": "package evil", "doc/README": "read me"}, []string{"changed file main.go"}},
		{"missing", map[string]string{"main.go": "package main"}, []string{"missing file doc/README"}},
		{"all at once", map[string]string{"main.go": "package evil", "x\n": ""}, []string{"changed file main.go", "missing file doc/README", `extra file x\n`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := verify.All(verify.IssuedBy(alice), verify.SameTree(tree(t, test.files), recorded))
			_, err := verify.Artifact(app, p, claim)
			if test.names == nil {
				if err != nil {
					t.Fatal(err)
				}
				verifytest.TestPolicy(t, p, app, claim)
				return
			}
			rejected, ok := errors.AsType[*verify.RejectedError](err)
			if !ok || rejected.Code() != hash.CodeMismatch {
				t.Fatalf("got %v", err)
			}
			for _, name := range test.names {
				if !strings.Contains(rejected.Report.String(), name) {
					t.Errorf("%q is not in the report:\n%s", name, rejected.Report)
				}
			}
		})
	}
}

// A tree is not the artifact: on its own the policy accepts nothing.
func TestSameTreeAlone(t *testing.T) {
	app := verifytest.Artifact(t, "app.tar.gz", "a tarball")
	claim := verifytest.NewClaim("app.tar.gz", app.Digests(), alice)
	files := tree(t, map[string]string{"main.go": "package main"})
	for _, test := range []struct {
		policy verify.Policy
		code   verify.Code
	}{
		{verify.SameTree(files, files.Manifest()), verify.CodeVacuous},
		{verify.All(verify.IssuedBy(alice), verify.SameTree(nil, files.Manifest())), verify.CodeNoPolicy},
		{verify.All(verify.IssuedBy(alice), verify.SameTree(files, nil)), verify.CodeNoPolicy},
		{verify.All(verify.IssuedBy(alice), verify.SameTree(files, &hash.Manifest{})), verify.CodeNoPolicy},
	} {
		if _, err := verify.Artifact(app, test.policy, claim); verify.CodeOf(err) != test.code {
			t.Errorf("got %v, want %s", err, test.code)
		}
	}
}

func TestRequires(t *testing.T) {
	source := verifytest.Artifact(t, "app.tar.gz", "a tarball")
	binary := verifytest.Artifact(t, "app", "a binary")
	sourceClaim, binaryClaim := verifytest.NewClaim("app.tar.gz", source.Digests(), alice), verifytest.NewClaim("app", binary.Digests(), bob)
	at := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	accepted, err := verify.Artifact(source, verify.IssuedBy(alice), &timed{sourceClaim, at})
	if err != nil {
		t.Fatal(err)
	}
	p := verify.All(verify.IssuedBy(bob), verify.Requires(accepted))
	result, err := verify.Artifact(binary, p, binaryClaim)
	if err != nil {
		t.Fatal(err)
	}
	verifytest.TestPolicy(t, p, binary, binaryClaim)
	if got := result.Report(); !got.Time.Equal(at) || !slices.Equal(got.NotCovered, []string{"file modes"}) {
		t.Errorf("time %v, not covered %v", got.Time, got.NotCovered)
	}
	if text := result.Report().String(); !strings.Contains(text, "accepted before: app.tar.gz") || !strings.Contains(text, alice.Name) {
		t.Errorf("the report does not have the other one in it:\n%s", text)
	}
	for _, test := range []struct {
		policy verify.Policy
		code   verify.Code
	}{
		{verify.Requires(accepted), verify.CodeVacuous},
		{verify.All(verify.IssuedBy(bob), verify.Requires(nil)), verify.CodeNoPolicy},
		{verify.All(verify.IssuedBy(bob), verify.Requires(new(verify.Result))), verify.CodeNoPolicy},
	} {
		if _, err := verify.Artifact(binary, test.policy, binaryClaim); verify.CodeOf(err) != test.code {
			t.Errorf("got %v, want %s", err, test.code)
		}
	}
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package layout_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/internal/signature"
	"github.com/tallystick/tallystick/provenance/layout"
	"github.com/tallystick/tallystick/verify/verifytest"
)

// tree measures a folder with the given files.
func tree(t testing.TB, content map[string]string, algs ...hash.Algorithm) *hash.Tree {
	t.Helper()
	dir := t.TempDir()
	for name, text := range content {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	measured, err := hash.MeasureTree(context.Background(), dir, &hash.TreeOptions{Algorithms: algs})
	if err != nil {
		t.Fatal(err)
	}
	return measured
}

// What is recorded with any kind of key, in either form, verifies.
func TestRecord(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, signer := range map[string]crypto.Signer{"Ed25519": key("alice"), "RSA": rsaKey, "P-384": p384} {
		for _, older := range []bool{false, true} {
			w := newWorld()
			k, err := signature.New(signer.Public(), "")
			if err != nil {
				t.Fatal(err)
			}
			id := k.InTotoKeyID()
			w.layout["keys"].(obj)[id] = obj{"keyid": id, "keytype": k.Type(), "scheme": k.Scheme(), "keyval": obj{"public": k.Public()}}
			w.layout["steps"] = []obj{step("compile", 1,
				rules([]string{"REQUIRE", "src/<é\u2028>.c"}),
				rules([]string{"CREATE", "app"}, []string{"MODIFY", "src/log"}, []string{"MATCH", "*", "WITH", "MATERIALS", "FROM", "compile"}, []string{"DISALLOW", "*"}))}
			w.step(0)["pubkeys"] = []string{id}
			w.step(0)["expected_command"] = []string{"cc", "<&>"}
			w.opts.RequireCommands = true
			before := map[string]string{"src/<é\u2028>.c": "main", "src/log": "1"}
			after := map[string]string{"src/<é\u2028>.c": "main", "src/log": "2", "app": "binary"}
			data, err := layout.Record(layout.Recording{Step: "compile", Command: []string{"cc", "<&>"}, Materials: tree(t, before, hash.SHA256, hash.SHA512),
				Products: tree(t, after), Stdout: "\xff", Environment: map[string]string{"LANG": "C"}, ExitCode: 1, Older: older}, signer)
			if err != nil {
				t.Fatal(err)
			}
			file, err := layout.LinkName("compile", signer.Public())
			if err != nil || file != "compile."+id[:8]+".link" {
				t.Fatalf("%s, %v", file, err)
			}
			w.links = map[string][]byte{file: data}
			v, err := w.verify(t)
			if err != nil {
				t.Fatalf("%s, older form %v: %v\n%s", name, older, err, report(t, err))
			}
			verifytest.TestClaim(t, v, verifytest.Artifact(t, "app", "binary"))
		}
	}
}

// A measured source tree is held against what went into a build.
func TestManifest(t *testing.T) {
	w := newWorld()
	v, err := w.verify(t)
	if err != nil {
		t.Fatal(err)
	}
	sources, err := v.Materials("build")
	if err != nil {
		t.Fatal(err)
	}
	m, err := sources.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	good := map[string]string{"src/main.go": "content of src/main.go", "README": "content of README"}
	if err := tree(t, good).Match(m); err != nil {
		t.Error(err)
	}
	good["extra"] = ""
	if err := tree(t, good).Match(m); !errors.Is(err, hash.CodeMismatch) {
		t.Errorf("an extra file: %v", err)
	}
	if _, err := (&layout.Artifacts{}).Manifest(); err == nil {
		t.Error("a manifest of nothing")
	}
}

func TestRecordRefuses(t *testing.T) {
	alice := key("alice")
	good := tree(t, map[string]string{"a": ""})
	weak := tree(t, map[string]string{"a": ""}, hash.MD5)
	cases := map[string]struct {
		r       layout.Recording
		signers []crypto.Signer
	}{
		"no step":           {layout.Recording{Products: good}, []crypto.Signer{alice}},
		"no signer":         {layout.Recording{Step: "a"}, nil},
		"nil signer":        {layout.Recording{Step: "a"}, []crypto.Signer{nil}},
		"step not UTF-8":    {layout.Recording{Step: "\xff"}, []crypto.Signer{alice}},
		"command not UTF-8": {layout.Recording{Step: "a", Command: []string{"\xff"}}, []crypto.Signer{alice}},
		"weak digests":      {layout.Recording{Step: "a", Materials: weak}, []crypto.Signer{alice}},
	}
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	if err := w.WriteHeader(&tar.Header{Name: "fifo", Typeflag: tar.TypeFifo}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	partial, err := hash.MeasureTar(t.Context(), &archive, &hash.TreeOptions{OnError: func(error) error { return nil }})
	if err != nil || len(partial.Errors()) != 1 {
		t.Fatalf("%v, errors %v", err, partial.Errors())
	}
	cases["partial tree"] = struct {
		r       layout.Recording
		signers []crypto.Signer
	}{layout.Recording{Step: "a", Products: partial}, []crypto.Signer{alice}}
	dir := t.TempDir()
	if os.Symlink("x", filepath.Join(dir, "link")) == nil {
		linked, err := hash.MeasureTree(context.Background(), dir, nil)
		if err != nil {
			t.Fatal(err)
		}
		cases["symbolic link"] = struct {
			r       layout.Recording
			signers []crypto.Signer
		}{layout.Recording{Step: "a", Products: linked}, []crypto.Signer{alice}}
	}
	if runtime.GOOS == "linux" {
		cases["name not UTF-8"] = struct {
			r       layout.Recording
			signers []crypto.Signer
		}{layout.Recording{Step: "a", Products: tree(t, map[string]string{"\xff": ""})}, []crypto.Signer{alice}}
	}
	for name, c := range cases {
		if data, err := layout.Record(c.r, c.signers...); data != nil || !errors.Is(err, layout.CodeOptions) {
			t.Errorf("%s: %q, %v", name, data, err)
		}
	}
	for _, step := range []string{"", "a/b"} {
		if name, err := layout.LinkName(step, alice.Public()); name != "" || !errors.Is(err, layout.CodeOptions) {
			t.Errorf("%q: %q, %v", step, name, err)
		}
	}
}

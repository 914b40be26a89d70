// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tallystick/tallystick/internal/signature"
)

// moduleDir returns the folder of a module in the module cache, for its test
// data.
func moduleDir(t testing.TB, module string) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).CombinedOutput()
	dir := strings.TrimSpace(string(out))
	if err != nil || dir == "" {
		t.Fatalf("go list -m %s: %v\n%s", module, err, out)
	}
	return dir
}

// interopFile returns a file below TALLYSTICK_INTEROP, or skips the test.
func interopFile(t testing.TB, name string) []byte {
	t.Helper()
	dir := os.Getenv("TALLYSTICK_INTEROP")
	if dir == "" {
		t.Skip("TALLYSTICK_INTEROP does not name a folder with metadata signed by others")
	}
	return read(t, filepath.Join(dir, filepath.FromSlash(name)))
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func privatePEM(t testing.TB, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// inTotoKeyID is the id that in-toto tools give a key.
func inTotoKeyID(t testing.TB, public crypto.PublicKey) string {
	t.Helper()
	k, err := signature.New(public, "")
	if err != nil {
		t.Fatal(err)
	}
	return k.InTotoKeyID()
}

// tarball returns a gzipped tar archive with one file in it.
func tarball(t testing.TB, name, content string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

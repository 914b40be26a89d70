// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
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

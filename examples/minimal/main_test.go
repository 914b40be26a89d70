// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tallystick/tallystick/provenance"
)

const attestation = `{
	"_type": "https://in-toto.io/Statement/v1",
	"subject": [{"name": "hello", "digest": {"sha256": "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"}}],
	"predicateType": "https://slsa.dev/provenance/v1",
	"predicate": {
		"buildDefinition": {"buildType": "https://builder.example/make", "externalParameters": {}},
		"runDetails": {"builder": {"id": "https://builder.example/v1"}}
	}
}`

func TestRun(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, content []byte) string {
		p := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, content, 0o666); err != nil {
			t.Fatal(err)
		}
		return p
	}
	signer := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	der, err := x509.MarshalPKIXPublicKey(signer.Public())
	if err != nil {
		t.Fatal(err)
	}
	envelope, err := provenance.Sign(provenance.PayloadType, []byte(attestation), signer)
	if err != nil {
		t.Fatal(err)
	}
	key := write("key.pem", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	good := write("attestation.json", envelope)
	file := write("hello", []byte("hello"))
	const builder = "https://builder.example/v1"
	for _, test := range []struct {
		name   string
		args   []string
		status int
		prints string
	}{
		{"accepted", []string{key, builder, good, file}, 0, "ACCEPTED"},
		{"other file", []string{key, builder, good, write("hallo", []byte("hallo"))}, 1, "provenance/slsa"},
		{"other content of that name", []string{key, builder, good, write("evil/hello", []byte("hallo"))}, 1, "verify/conflict"},
		{"other builder", []string{key, builder + "/x", good, file}, 1, "provenance/builder"},
		{"no attestation", []string{key, builder, write("empty", nil), file}, 1, "provenance/malformed"},
		{"no key", []string{good, builder, good, file}, 2, "provenance/key"},
		{"no file", []string{key, builder, good, filepath.Join(dir, "none")}, 2, "hash/read"},
		{"usage", []string{key}, 2, "usage"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out bytes.Buffer
			if status := run(t.Context(), test.args, &out, &out); status != test.status || !strings.Contains(out.String(), test.prints) {
				t.Errorf("exit %d, want %d and %q:\n%s", status, test.status, test.prints, out.String())
			}
		})
	}
}

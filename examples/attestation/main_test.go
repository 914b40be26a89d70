// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/provenance"
	"github.com/tallystick/tallystick/verify"
)

// The test binary is the program too, so that the tests run a process of its own.
func TestMain(m *testing.M) {
	if os.Getenv("ATTESTATION_TEST_RUN_MAIN") == "1" {
		main()
	}
	os.Exit(m.Run())
}

// program runs it in the folder, in this process.
func program(t *testing.T, dir string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	t.Chdir(dir)
	var out, errs bytes.Buffer
	status = run(t.Context(), args, &out, &errs)
	return status, out.String(), errs.String()
}

// process runs it in the folder, as a process of its own.
func process(t *testing.T, dir string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "ATTESTATION_TEST_RUN_MAIN=1")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && (!ok || exit.ExitCode() < 0) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

func signer(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

func sign(t *testing.T, payload string, names ...string) string {
	t.Helper()
	var signers []crypto.Signer
	for _, n := range names {
		signers = append(signers, signer(n))
	}
	e, err := provenance.Sign(provenance.PayloadType, []byte(payload), signers...)
	if err != nil {
		t.Fatal(err)
	}
	return string(e)
}

const builder = "https://builder.example/v1"

// slsa returns provenance about a subject, with texts replaced.
func slsa(digest string, replace ...string) string {
	return strings.NewReplacer(replace...).Replace(`{"_type":"https://in-toto.io/Statement/v1",` +
		`"subject":[{"name":"app","digest":` + digest + `}],` +
		`"predicateType":"https://slsa.dev/provenance/v1","predicate":{"buildDefinition":{"buildType":"https://builder.example/make",` +
		`"externalParameters":{},"resolvedDependencies":[{"uri":"git+https://example.org/team/app@refs/tags/v1.2.3","digest":{"gitCommit":"` + strings.Repeat("a", 40) + `"}}]},` +
		`"runDetails":{"builder":{"id":"` + builder + `"}}}}`)
}

func sha256Of(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}

// folder returns a folder with keys, artifacts and attestations.
func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"alice", "bob", "mallory"} {
		der, err := x509.MarshalPKIXPublicKey(signer(name).Public())
		if err != nil {
			t.Fatal(err)
		}
		write(name+".pub", string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})))
		x := base64.RawURLEncoding.EncodeToString(signer(name).Public().(ed25519.PublicKey))
		write(name+".jwk", `{"kty":"OKP","crv":"Ed25519","x":"`+x+`"}`)
	}
	private, err := x509.MarshalPKCS8PrivateKey(signer("alice"))
	if err != nil {
		t.Fatal(err)
	}
	write("private.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))

	write("app", "app")
	write("other/app", "another app")
	write("stranger", "nobody knows this")
	write("tree/main.c", "int main() {}\n")
	write("tree/lib/lib.c", "\n")
	tree, err := hash.MeasureTree(t.Context(), filepath.Join(dir, "tree"), nil)
	if err != nil {
		t.Fatal(err)
	}
	dirHash, err := tree.DirHash("")
	if err != nil {
		t.Fatal(err)
	}

	digest := `{"sha256":"` + sha256Of("app") + `"}`
	envelope := sign(t, slsa(digest), "alice")
	bundle := `{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{},"dsseEnvelope":` + envelope + `}`
	write("app.dsse.json", envelope)
	write("both.dsse.json", sign(t, slsa(digest), "alice", "bob"))
	write("app.intoto.jsonl", sign(t, slsa(digest), "mallory")+"\n# a comment\n"+envelope+"\n")
	write("strangers.intoto.jsonl", sign(t, slsa(digest), "mallory")+"\n"+sign(t, slsa(digest), "bob")+"\n")
	write("halves.intoto.jsonl", sign(t, slsa(digest, builder, builder+"x"), "alice")+"\n"+sign(t, slsa(digest, "team/app", "team/apps"), "alice")+"\n")
	write("app.sigstore.json", bundle)
	write("npm.json", `{"attestations":[{"predicateType":"x","bundle":`+bundle+`}]}`)
	write("tree.json", sign(t, slsa(`{"dirHash":"`+dirHash.Hex()+`"}`), "alice"))
	write("sha512.json", sign(t, slsa(`{"sha256":"`+sha256Of("app")+`","sha512":"`+strings.Repeat("0", 128)+`"}`), "alice"))
	write("test.json", sign(t, `{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":`+digest+`}],"predicateType":"https://example.org/test/v1"}`, "alice"))
	write("cut.json", envelope[:100])
	write("empty.json", "")
	return dir
}

func TestProgram(t *testing.T) {
	const v1 = provenance.SLSAProvenanceV1
	key := func(more ...string) []string {
		return append([]string{"--key", "alice.pub", "--predicate-type", v1}, more...)
	}
	built := func(more ...string) []string { return append(key("--builder", builder), more...) }
	source := func(more ...string) []string {
		return built(append([]string{"--source", "https://example.org/team/app"}, more...)...)
	}
	dir := folder(t)
	for _, test := range []struct {
		name   string
		args   []string
		status int
		output string // a part of it
	}{
		{"signed", key("app.dsse.json", "app"), 0, "accepted"},
		{"one dash", []string{"-key=alice.pub", "-predicate-type=" + v1, "app.dsse.json", "app"}, 0, "accepted"},
		{"a JWK", []string{"--key", "alice.jwk", "--predicate-type", v1, "app.dsse.json", "app"}, 0, "accepted"},
		{"built", built("app.dsse.json", "app"), 0, "accepted"},
		{"from the source", source("app.dsse.json", "app"), 0, "accepted"},
		{"at the ref", source("--ref", "refs/tags/v1.2.3", "app.dsse.json", "app"), 0, `at "refs/tags/v1.2.3"`},
		{"at the version", source("--tag", "1.2.3", "app.dsse.json", "app"), 0, `at "1.2.3"`},
		{"two keys in one flag", []string{"--key", "alice.pub,bob.pub", "--threshold", "2", "--predicate-type", v1, "both.dsse.json", "app"}, 0, "accepted"},
		{"two keys in two flags", []string{"--key", "alice.pub", "--key", "bob.pub", "--predicate-type", v1, "app.dsse.json", "app"}, 0, "accepted"},
		{"lines", source("app.intoto.jsonl", "app"), 0, "line 1: rejected: provenance/signature"},
		{"lines, unknown", source("app.intoto.jsonl", "app"), 0, "line 2: ignored"},
		{"a bundle", key("app.sigstore.json", "app"), 0, "certificates and log entries of the sigstore bundle"},
		{"npm", key("npm.json", "app"), 0, "attestations[0].bundle: certificates"},
		{"a folder", key("tree.json", "tree"), 0, "dirHash"},
		{"the same twice", key("app.dsse.json", "app", "./app"), 0, "accepted"},
		{"another type", []string{"--key", "alice.pub", "--predicate-type", "https://example.org/test/v1", "test.json", "app"}, 0, "accepted"},
		{"at a time", key("--at", "2026-01-01T00:00:00Z", "app.dsse.json", "app"), 0, "2026-01-01"},
		{"signature only", key("--signature-only", "app.dsse.json"), 0, "nothing was matched"},
		{"help", []string{"--help"}, 0, "predicate-type"},

		{"another key", []string{"--key", "mallory.pub", "--predicate-type", v1, "app.dsse.json", "app"}, 1, "provenance/signature"},
		{"threshold", []string{"--key", "alice.pub,bob.pub", "--threshold", "2", "--predicate-type", v1, "app.dsse.json", "app"}, 1, "provenance/signature"},
		{"another predicate type", []string{"--key", "alice.pub", "--predicate-type", v1 + ".1", "app.dsse.json", "app"}, 1, "provenance/predicate-type"},
		{"another file of the name", key("app.dsse.json", "other/app"), 1, "verify/conflict"},
		{"a file that is not covered", key("app.dsse.json", "stranger"), 1, "rejected"},
		{"one of two files", key("app.dsse.json", "app", "stranger"), 1, "accepted"},
		{"another folder", key("tree.json", "other"), 1, "rejected"},
		{"a folder where a file is meant", key("app.dsse.json", "tree"), 1, "rejected"},
		{"another builder", key("--builder", builder+"1", "app.dsse.json", "app"), 1, "provenance/builder"},
		{"another source", built("--source", "https://example.org/team/apps", "app.dsse.json", "app"), 1, "provenance/source"},
		{"another ref", source("--ref", "refs/heads/main", "app.dsse.json", "app"), 1, "provenance/source"},
		{"another version", source("--tag", "v1.2.4", "app.dsse.json", "app"), 1, "provenance/source"},
		{"halves", source("halves.intoto.jsonl", "app"), 1, "rejected"},
		{"one digest fits, one does not", key("sha512.json", "app"), 1, "verify/conflict"},
		{"nobody that is trusted", key("strangers.intoto.jsonl", "app"), 1, "provenance/signature"},
		{"cut", key("cut.json", "app"), 1, "provenance/malformed"},
		{"empty", key("empty.json", "app"), 1, "provenance/malformed"},
		{"signature only, another key", []string{"--key", "bob.pub", "--predicate-type", v1, "--signature-only", "app.dsse.json"}, 1, "provenance/signature"},
		{"signature only, one of two", key("--signature-only", "app.intoto.jsonl"), 1, "nothing was matched"},

		{"nothing", nil, 2, "no --key"},
		{"no predicate type", []string{"--key", "alice.pub", "app.dsse.json", "app"}, 2, "no --predicate-type"},
		{"no envelope", key(), 2, "no ENVELOPE"},
		{"no artifact", key("app.dsse.json"), 2, "--signature-only"},
		{"signature only, with an artifact", key("--signature-only", "app.dsse.json", "app"), 2, "matches nothing"},
		{"signature only, with a builder", built("--signature-only", "app.dsse.json"), 2, "matches nothing"},
		{"source without builder", key("--source", "https://example.org/team/app", "app.dsse.json", "app"), 2, "--builder"},
		{"tag without source", built("--tag", "v1.2.3", "app.dsse.json", "app"), 2, "--source"},
		{"builder of another type", []string{"--key", "alice.pub", "--predicate-type", "https://example.org/test/v1", "--builder", builder, "test.json", "app"}, 2, "--builder"},
		{"an empty builder", key("--builder", "", "app.dsse.json", "app"), 2, "empty"},
		{"an empty key name", []string{"--key", "alice.pub,", "--predicate-type", v1, "app.dsse.json", "app"}, 2, "no name"},
		{"a source that is none", built("--source", "https://user@example.org/team/app", "app.dsse.json", "app"), 2, "provenance/policy"},
		{"a version that is none", source("--tag", "v1.2", "app.dsse.json", "app"), 2, "provenance/policy"},
		{"threshold of none", []string{"--key", "alice.pub", "--threshold", "0", "--predicate-type", v1, "app.dsse.json", "app"}, 2, "provenance/key-set"},
		{"threshold with one key twice", []string{"--key", "alice.pub,alice.jwk", "--threshold", "2", "--predicate-type", v1, "both.dsse.json", "app"}, 2, "provenance/key-set"},
		{"a private key", []string{"--key", "private.pem", "--predicate-type", v1, "app.dsse.json", "app"}, 2, "provenance/key"},
		{"no such key", []string{"--key", "nobody.pub", "--predicate-type", v1, "app.dsse.json", "app"}, 2, "nobody.pub"},
		{"no such envelope", key("nothing.json", "app"), 2, "nothing.json"},
		{"no such artifact", key("app.dsse.json", "nothing"), 2, "nothing"},
		{"no such time", key("--at", "yesterday", "app.dsse.json", "app"), 2, "at"},
		{"the zero time", key("--at", "0001-01-01T00:00:00Z", "app.dsse.json", "app"), 2, "no such time"},
		{"a flag at the end", key("app.dsse.json", "app", "--json"), 2, "flags come first"},
	} {
		t.Run(test.name, func(t *testing.T) {
			status, stdout, stderr := program(t, dir, test.args...)
			if status != test.status || !strings.Contains(strings.ToLower(stdout+stderr), strings.ToLower(test.output)) {
				t.Errorf("status %d, want %d with %q\n%s%s", status, test.status, test.output, stdout, stderr)
			}
			if (status == 2) != (stderr != "" && stdout == "") && test.name != "help" {
				t.Errorf("status %d, but on stdout:\n%s\non stderr:\n%s", status, stdout, stderr)
			}
			if status == 2 || test.name == "help" {
				return
			}
			// The same in JSON, and the verdicts agree with the status.
			again, stdout, stderr := program(t, dir, append([]string{"--json"}, test.args...)...)
			if again != status || stderr != "" {
				t.Fatalf("with --json: status %d, want %d: %s", again, status, stderr)
			}
			d := json.NewDecoder(strings.NewReader(stdout))
			var verdicts []string
			for d.More() {
				var r struct{ Schema, Verdict string }
				if err := d.Decode(&r); err != nil || r.Schema != verify.Schema {
					t.Fatalf("%v: %+v", err, r)
				}
				verdicts = append(verdicts, r.Verdict)
			}
			rejected := slices.Contains(verdicts, "rejected")
			if len(verdicts) == 0 || rejected != (status == 1) {
				t.Errorf("status %d, verdicts %v", status, verdicts)
			}
		})
	}
}

// The process ends with the status.
func TestProcess(t *testing.T) {
	dir := folder(t)
	args := []string{"--key", "alice.pub", "--predicate-type", provenance.SLSAProvenanceV1, "app.dsse.json"}
	for status, artifact := range map[int]string{0: "app", 1: "stranger", 2: "nothing"} {
		if got, stdout, stderr := process(t, dir, append(args, artifact)...); got != status || (status == 2) != (stdout == "" && stderr != "") {
			t.Errorf("status %d, want %d\n%s%s", got, status, stdout, stderr)
		}
	}
}

// The package comment is what a stranger reads.
func TestUsageNamesAllFlags(t *testing.T) {
	source, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	_, _, usage := program(t, t.TempDir(), "--help")
	doc, _, _ := strings.Cut(string(source), "package main")
	for line := range strings.Lines(usage) {
		if name, ok := strings.CutPrefix(line, "  -"); ok {
			name = strings.Fields(name)[0]
			if !strings.Contains(doc, fmt.Sprintf("//\t--%s ", name)) {
				t.Errorf("the package comment says nothing about --%s", name)
			}
		}
	}
}

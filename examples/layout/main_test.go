// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/provenance"
	"github.com/tallystick/tallystick/provenance/layout"
	"github.com/tallystick/tallystick/verify"
)

type obj = map[string]any

// start runs the program with its temporary files in a folder of the test.
func start(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	t.Setenv("TMP", dir)
	var out, errs bytes.Buffer
	status = run(t.Context(), args, &out, &errs)
	left, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	return status, out.String(), errs.String()
}

func write(t *testing.T, name string, data []byte) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o666); err != nil {
		t.Fatal(err)
	}
	return name
}

func marshal(t *testing.T, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// key returns the private key of a person, which follows from the name.
func key(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

// id returns a key id; a layout may choose them.
func id(name string) string {
	sum := sha256.Sum256(key(name).Public().(ed25519.PublicKey))
	return hex.EncodeToString(sum[:])
}

// public returns the public key of a person in in-toto's JSON.
func public(name string) obj {
	return obj{"keytype": "ed25519", "scheme": "ed25519", "keyval": obj{"public": hex.EncodeToString(key(name).Public().(ed25519.PublicKey))}}
}

// publicPEM returns the public key of a person in PEM.
func publicPEM(t *testing.T, name string) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key(name).Public())
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

func measure(t *testing.T, files map[string]string) *hash.Tree {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		write(t, filepath.Join(dir, name), []byte(content))
	}
	tree, err := hash.MeasureTree(t.Context(), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// A chain is a layout with its links: alice writes the source, bob, carol and dave
// build the app from it.
type chain struct {
	dir    string
	layout obj
	owners []string
}

const (
	now     = "2026-06-01T12:00:00Z"
	expires = "2026-06-01T13:00:00Z"
)

func newChain(t *testing.T, build map[string]string) *chain {
	t.Helper()
	c := &chain{dir: t.TempDir(), owners: []string{"owner", "other owner"}}
	step := func(name string, threshold int, materials, products [][]string, people ...string) obj {
		ids := []string{}
		for _, p := range people {
			ids = append(ids, id(p))
		}
		return obj{"_type": "step", "name": name, "threshold": threshold, "pubkeys": ids,
			"expected_materials": materials, "expected_products": products, "expected_command": []string{}}
	}
	c.layout = obj{"_type": "layout", "expires": expires, "readme": "", "inspect": []obj{},
		"keys": obj{id("alice"): public("alice"), id("bob"): public("bob"), id("carol"): public("carol"), id("dave"): public("dave")},
		"steps": []obj{
			step("write", 1, [][]string{}, [][]string{{"CREATE", "main.c"}, {"DISALLOW", "*"}}, "alice"),
			step("build", 2, [][]string{{"MATCH", "*", "WITH", "PRODUCTS", "FROM", "write"}, {"DISALLOW", "*"}},
				[][]string{{"CREATE", "app"}, {"DISALLOW", "*"}}, "bob", "carol", "dave")}}
	source := measure(t, map[string]string{"main.c": "source"})
	c.record(t, layout.Recording{Step: "write", Products: source}, "alice")
	for person, app := range build {
		c.record(t, layout.Recording{Step: "build", Materials: source, Products: measure(t, map[string]string{"app": app})}, person)
	}
	write(t, filepath.Join(c.dir, "products", "app"), []byte("app"))
	write(t, filepath.Join(c.dir, "owner.pub"), publicPEM(t, "owner"))
	write(t, filepath.Join(c.dir, "other.json"), marshal(t, public("other owner")))
	write(t, filepath.Join(c.dir, "mallory.pub"), publicPEM(t, "mallory"))
	return c
}

var agreed = map[string]string{"bob": "app", "carol": "app"}

func (c *chain) link(step, person string) string {
	name, err := layout.LinkName(step, key(person).Public())
	if err != nil {
		panic(err)
	}
	return filepath.Join(c.dir, "links", name)
}

func (c *chain) record(t *testing.T, r layout.Recording, person string) {
	t.Helper()
	data, err := layout.Record(r, key(person))
	if err != nil {
		t.Fatal(err)
	}
	write(t, c.link(r.Step, person), data)
}

// inspection adds one.
func (c *chain) inspection(command ...string) {
	c.layout["inspect"] = []obj{{"_type": "inspection", "name": "check", "run": command,
		"expected_materials": [][]string{{"MATCH", "*", "WITH", "PRODUCTS", "FROM", "build"}, {"DISALLOW", "*"}}, "expected_products": [][]string{}}}
}

// verify signs the layout and runs the program on it. DIR in an argument is the
// folder of the chain.
func (c *chain) verify(t *testing.T, args ...string) (int, string, string) {
	t.Helper()
	var signers []crypto.Signer
	for _, o := range c.owners {
		signers = append(signers, key(o))
	}
	data, err := provenance.Sign(provenance.PayloadType, marshal(t, c.layout), signers...)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(c.dir, "root.layout"), data)
	for i, a := range args {
		args[i] = strings.ReplaceAll(a, "DIR", c.dir)
	}
	return start(t, args...)
}

// usual are the flags of most tests, and more.
func usual(more ...string) []string {
	return append([]string{"--layout", "DIR/root.layout", "--layout-keys", "DIR/owner.pub", "--link-dir", "DIR/links", "--at", now}, more...)
}

func needs(t *testing.T, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("%s is not installed", p)
		}
	}
}

func TestAccepted(t *testing.T) {
	for _, test := range []struct {
		name string
		args []string
	}{
		{"layout", usual()},
		{"one dash", []string{"-layout=DIR/root.layout", "-layout-keys=DIR/owner.pub", "-link-dir=DIR/links", "-at=" + now}},
		{"two owners", usual("--layout-keys", "DIR/other.json")},
		{"two owners with one flag", []string{"--layout-keys", "DIR/owner.pub", "DIR/other.json", "--layout", "DIR/root.layout", "--link-dir", "DIR/links", "--at", now}},
		{"keys by their other name", []string{"--layout", "DIR/root.layout", "--verification-keys", "DIR/other.json", "--link-dir", "DIR/links", "--at", now}},
		{"last second", usual("--at", expires)},
		{"other time zone", usual("--at", "2026-06-01T15:00:00+02:00")},
		{"artifact", usual("--artifact", "DIR/products/app")},
		{"two artifacts", usual("--artifact", "DIR/products/app", "--artifact", "DIR/products/../products/app")},
		{"parameter nobody needs", usual("--param", "x=y=z")},
		{"products that nobody inspects", usual("--products", "DIR/products")},
		{"inspection flag without inspections", usual("--products", "DIR/products", "--inspect")},
		{"quorum", usual("--quorum")},
	} {
		t.Run(test.name, func(t *testing.T) {
			status, stdout, stderr := newChain(t, agreed).verify(t, test.args...)
			if status != exitAccepted || stderr != "" || !strings.HasPrefix(stdout, "ACCEPTED") || strings.Contains(stdout, "FAIL") {
				t.Errorf("exit %d, stderr %q\n%s", status, stderr, stdout)
			}
			if slices.Contains(test.args, "--artifact") == strings.Contains(stdout, "no --artifact") {
				t.Errorf("says wrongly what was not covered:\n%s", stdout)
			}
		})
	}
}

func TestRejected(t *testing.T) {
	for _, test := range []struct {
		name string
		edit func(t *testing.T, c *chain)
		args []string
		want verify.Code
		text string
	}{
		{"wrong key", nil, []string{"--layout", "DIR/root.layout", "--layout-keys", "DIR/mallory.pub", "--link-dir", "DIR/links", "--at", now}, layout.CodeSignature, "mallory.pub"},
		{"one more key", nil, usual("--layout-keys", "DIR/mallory.pub"), layout.CodeSignature, "mallory.pub"},
		{"second key of one flag", nil, []string{"--layout-keys", "DIR/owner.pub", "DIR/mallory.pub", "--layout", "DIR/root.layout", "--link-dir", "DIR/links", "--at", now}, layout.CodeSignature, "mallory.pub"},
		{"expired", nil, usual("--at", "2026-06-01T13:00:01Z"), layout.CodeExpired, expires},
		{"expired, now", nil, []string{"--layout", "DIR/root.layout", "--layout-keys", "DIR/owner.pub", "--link-dir", "DIR/links"}, layout.CodeExpired, expires},
		{"missing link", func(t *testing.T, c *chain) {
			if err := os.Remove(c.link("build", "carol")); err != nil {
				t.Fatal(err)
			}
		}, usual(), layout.CodeThreshold, "build"},
		{"altered link", func(t *testing.T, c *chain) { write(t, c.link("write", "alice"), []byte("{}")) }, usual(), layout.CodeThreshold, "write"},
		{"link by somebody else", func(t *testing.T, c *chain) {
			c.record(t, layout.Recording{Step: "write"}, "mallory")
			if err := os.Rename(c.link("write", "mallory"), c.link("write", "alice")); err != nil {
				t.Fatal(err)
			}
		}, usual(), layout.CodeThreshold, "write"},
		{"tampered artifact", func(t *testing.T, c *chain) { write(t, filepath.Join(c.dir, "products", "app"), []byte("evil")) }, usual("--artifact", "DIR/products/app"), "", "app"},
		{"one of two artifacts", nil, usual("--artifact", "DIR/products/app", "--artifact", "DIR/owner.pub"), "", "REJECTED  owner.pub"},
		{"source is no product", func(t *testing.T, c *chain) { write(t, filepath.Join(c.dir, "main.c"), []byte("source")) }, usual("--artifact", "DIR/main.c"), "", "main.c"},
		{"disallowed product", func(t *testing.T, c *chain) {
			for _, p := range []string{"bob", "carol"} {
				c.record(t, layout.Recording{Step: "build", Products: measure(t, map[string]string{"app": "app", "evil": ""})}, p)
			}
		}, usual(), layout.CodeRule, "evil"},
		{"no layout", func(t *testing.T, c *chain) { c.layout = obj{} }, usual(), layout.CodeMalformed, "layout"},
		{"no JSON", nil, []string{"--layout", "DIR/owner.pub", "--layout-keys", "DIR/owner.pub", "--link-dir", "DIR/links"}, layout.CodeMalformed, ""},
		{"no steps", func(t *testing.T, c *chain) { c.layout["steps"] = []obj{} }, usual(), layout.CodeVacuous, ""},
		{"parameter without value", func(t *testing.T, c *chain) {
			c.layout["steps"].([]obj)[0]["expected_products"] = [][]string{{"CREATE", "{source}"}, {"DISALLOW", "*"}}
		}, usual("--param", "other=main.c"), layout.CodeParameter, "source"},
		{"parameter with a pattern", func(t *testing.T, c *chain) {
			c.layout["steps"].([]obj)[0]["expected_products"] = [][]string{{"CREATE", "{source}"}, {"DISALLOW", "*"}}
		}, usual("--param", "source=*"), layout.CodeRule, "main.c"},
		{"inspection without --inspect", func(t *testing.T, c *chain) { c.inspection("true") }, usual("--products", "DIR/products"), layout.CodeInspection, "not run"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newChain(t, agreed)
			if test.edit != nil {
				test.edit(t, c)
			}
			status, stdout, stderr := c.verify(t, slices.Clone(test.args)...)
			if status != exitRejected || stderr != "" || !strings.HasPrefix(stdout, "REJECTED") || !strings.Contains(stdout, string(test.want)) || !strings.Contains(stdout, test.text) {
				t.Errorf("exit %d, stderr %q\n%s", status, stderr, stdout)
			}
			if !strings.Contains(stdout, "ACCEPTED") && strings.Count(stdout, "\n") > 40 {
				t.Errorf("more than a screen:\n%s", stdout)
			}
		})
	}
}

func TestBundle(t *testing.T) {
	c := newChain(t, agreed)
	var lines [][]byte
	for _, file := range []string{c.link("write", "alice"), c.link("build", "bob"), c.link("build", "carol")} {
		data, err := readFile(file, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, bytes.TrimSpace(data))
	}
	flags := []string{"--layout", "DIR/root.layout", "--layout-keys", "DIR/owner.pub", "--bundle", "DIR/app.intoto.jsonl", "--at", now, "--artifact", "DIR/products/app"}
	for n, want := range map[int]int{len(lines): exitAccepted, len(lines) - 1: exitRejected} {
		write(t, filepath.Join(c.dir, "app.intoto.jsonl"), append(bytes.Join(lines[:n], []byte("\n")), "\nsomething else\n"...))
		if status, stdout, stderr := c.verify(t, slices.Clone(flags)...); status != want || stderr != "" || strings.Count(stdout, "line 1 ") > 0 {
			t.Errorf("%d of %d lines: exit %d: %s%s", n, len(lines), status, stdout, stderr)
		}
	}
}

func TestParameters(t *testing.T) {
	c := newChain(t, agreed)
	c.layout["steps"].([]obj)[0]["expected_products"] = [][]string{{"CREATE", "{name}.{suffix}"}, {"DISALLOW", "*"}}
	if status, stdout, stderr := c.verify(t, usual("--param", "name=main", "--param", "suffix=c")...); status != exitAccepted {
		t.Errorf("exit %d: %s%s", status, stdout, stderr)
	}
}

func TestInspect(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the commands are those of Unix")
	}
	needs(t, "sh", "grep")
	for _, test := range []struct {
		name    string
		app     string
		command []string
		status  int
		text    string
	}{
		{"succeeds", "app", []string{"grep", "-q", "app", "app"}, exitAccepted, "inspection"},
		{"exits with 3", "app", []string{"sh", "-c", "echo broken >&2; exit 3"}, exitRejected, "broken"},
		{"another product", "evil", []string{"true"}, exitRejected, "another digest"},
		{"missing program", "app", []string{"no-such-program"}, exitRejected, "no-such-program"},
		{"alters its copy", "app", []string{"sh", "-c", "echo evil >app"}, exitAccepted, "inspection"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newChain(t, agreed)
			c.inspection(test.command...)
			app := write(t, filepath.Join(c.dir, "products", "app"), []byte(test.app))
			status, stdout, stderr := c.verify(t, usual("--inspect", "--products", "DIR/products")...)
			if status != test.status || stderr != "" || !strings.Contains(stdout, test.text) {
				t.Errorf("exit %d, stderr %q\n%s", status, stderr, stdout)
			}
			if data, err := os.ReadFile(app); err != nil || string(data) != test.app {
				t.Errorf("the product is now %q, %v", data, err)
			}
		})
	}
}

func TestQuorum(t *testing.T) {
	disagreed := map[string]string{"bob": "app", "carol": "app", "dave": "evil"}
	status, stdout, _ := newChain(t, disagreed).verify(t, usual()...)
	if status != exitRejected || !strings.Contains(stdout, string(layout.CodeDisagreement)) {
		t.Errorf("without --quorum: exit %d\n%s", status, stdout)
	}
	status, stdout, _ = newChain(t, disagreed).verify(t, usual("--quorum", "--json", "--artifact", "DIR/products/app")...)
	if status != exitAccepted || !strings.Contains(stdout, string(layout.CodeQuorum)) || !strings.Contains(stdout, id("dave")[:8]) {
		t.Errorf("with --quorum: exit %d\n%s", status, stdout)
	}
}

// What the caller gave and cannot be used is no verdict.
func TestFailures(t *testing.T) {
	for _, test := range []struct {
		name string
		args []string
		want string
	}{
		{"nothing", nil, "--layout"},
		{"no keys", []string{"--layout", "DIR/root.layout"}, "--layout-keys"},
		{"flag without keys", []string{"--layout", "DIR/root.layout", "--layout-keys"}, "layout-keys"},
		{"empty key", usual("--layout-keys", ""), "layout-keys"},
		{"unknown flag", usual("--nonsense"), "nonsense"},
		{"argument", usual("DIR/links"), "DIR/links"},
		{"argument after dashes", usual("--", "DIR/links"), "DIR/links"},
		{"missing layout", usual("--layout", "DIR/none"), "none"},
		{"missing key", usual("--layout-keys", "DIR/none"), "none"},
		{"second key missing", usual("--layout-keys", "DIR/owner.pub", "DIR/none"), "none"},
		{"layout as key", usual("--layout-keys", "DIR/root.layout"), "root.layout"},
		{"private key", usual("--layout-keys", "DIR/private.pem"), "private"},
		{"OpenPGP key that is none", usual("--layout-keys", "DIR/pgp.json"), "pgp.json"},
		{"missing link folder", usual("--link-dir", "DIR/none"), "none"},
		{"link folder and bundle", usual("--bundle", "DIR/owner.pub"), "either"},
		{"missing bundle", []string{"--layout", "DIR/root.layout", "--layout-keys", "DIR/owner.pub", "--bundle", "DIR/none"}, "none"},
		{"bundle is a folder", []string{"--layout", "DIR/root.layout", "--layout-keys", "DIR/owner.pub", "--bundle", "DIR/links"}, "links"},
		{"link folder is a file", usual("--link-dir", "DIR/owner.pub"), "owner.pub"},
		{"bad time", usual("--at", "yesterday"), "yesterday"},
		{"zero time", usual("--at", "0001-01-01T00:00:00Z"), "0001"},
		{"bad parameter", usual("--param", "x"), "NAME=VALUE"},
		{"parameter without a name", usual("--param", "=x"), "NAME=VALUE"},
		{"parameter twice", usual("--param", "x=1", "--param", "x=2"), "already"},
		{"missing artifact", usual("--artifact", "DIR/none"), "none"},
		{"artifact is a folder", usual("--artifact", "DIR/links"), "links"},
		{"artifact is a folder and the layout bad", usual("--layout-keys", "DIR/mallory.pub", "--artifact", "DIR/links"), "links"},
		{"inspect without products", usual("--inspect"), "--products"},
		{"missing products", usual("--inspect", "--products", "DIR/none"), "none"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newChain(t, agreed)
			der, err := x509.MarshalPKCS8PrivateKey(key("owner"))
			if err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(c.dir, "private.pem"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
			write(t, filepath.Join(c.dir, "pgp.json"), []byte(`{"method": "pgp+rsa-pkcsv1.5"}`))
			status, stdout, stderr := c.verify(t, slices.Clone(test.args)...)
			if status != exitFailed || stdout != "" || !strings.Contains(stderr, strings.ReplaceAll(test.want, "DIR", c.dir)) {
				t.Errorf("exit %d, stdout %q, stderr %q, want %q", status, stdout, stderr, test.want)
			}
		})
	}
	if status, _, stderr := start(t, "-h"); status != exitAccepted || !strings.Contains(stderr, "layout-keys") {
		t.Errorf("-h: exit %d, %s", status, stderr)
	}
}

func TestJSON(t *testing.T) {
	c := newChain(t, agreed)
	for _, test := range []struct {
		name    string
		args    []string
		status  int
		verdict []verify.Verdict
		code    verify.Code // the first
	}{
		{"accepted", usual("--json"), exitAccepted, []verify.Verdict{verify.Accepted}, layout.CodeVerified},
		{"rejected", usual("--json", "--layout-keys", "DIR/mallory.pub", "--artifact", "DIR/products/app"), exitRejected, []verify.Verdict{verify.Rejected}, layout.CodeSignature},
		{"artifact", usual("--json", "--artifact", "DIR/products/app"), exitAccepted, []verify.Verdict{verify.Accepted}, ""},
		{"artifacts", usual("--json", "--artifact", "DIR/products/app", "--artifact", "DIR/owner.pub"), exitRejected, []verify.Verdict{verify.Accepted, verify.Rejected}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			status, stdout, stderr := c.verify(t, test.args...)
			if status != test.status || stderr != "" {
				t.Errorf("exit %d, stderr %q", status, stderr)
			}
			in := json.NewDecoder(strings.NewReader(stdout))
			for _, want := range test.verdict {
				var r struct {
					Schema     string         `json:"schema"`
					Verdict    verify.Verdict `json:"verdict"`
					Time       string         `json:"time"`
					Codes      []verify.Code  `json:"codes"`
					Checks     []any          `json:"checks"`
					Conflicts  []any          `json:"conflicts"`
					NotCovered []string       `json:"notCovered"`
				}
				if err := in.Decode(&r); err != nil {
					t.Fatal(err)
				}
				if r.Schema != verify.Schema || r.Verdict != want || r.Time != now || len(r.Codes) == 0 || len(r.Checks) == 0 || r.Conflicts == nil || r.NotCovered == nil ||
					test.code != "" && r.Codes[0] != test.code {
					t.Errorf("got %+v", r)
				}
			}
			if in.More() {
				t.Errorf("more than %d reports", len(test.verdict))
			}
		})
	}
}

// However much is wrong, the reasons fit on one screen.
func TestOneScreen(t *testing.T) {
	for name, build := range map[string]map[string]string{"missing links": nil, "rules": agreed} {
		t.Run(name, func(t *testing.T) {
			c := newChain(t, build)
			bad := map[string]string{}
			for i := range 50 {
				bad["evil"+strings.Repeat("x", i)] = "evil"
			}
			everything := measure(t, bad)
			steps := c.layout["steps"].([]obj)
			for i := range 200 {
				name := "step " + strings.Repeat("i", i)
				steps = append(steps, obj{"_type": "step", "name": name, "threshold": 1, "pubkeys": []string{id("alice")},
					"expected_materials": [][]string{}, "expected_products": [][]string{{"DISALLOW", "evil*"}}, "expected_command": []string{}})
				r := layout.Recording{Step: name}
				if i%2 == 0 {
					r.Products = everything
				}
				c.record(t, r, "alice")
			}
			c.layout["steps"] = steps
			status, stdout, stderr := c.verify(t, usual()...)
			if status != exitRejected || strings.Count(stdout, "\n") > 40 || len(stdout) > 8000 {
				t.Errorf("exit %d, stderr %q, %d lines\n%s", status, stderr, strings.Count(stdout, "\n"), stdout)
			}
		})
	}
}

// interop returns the folder with metadata that others have signed.
func interop(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("TALLYSTICK_INTEROP")
	if dir == "" {
		t.Skip("TALLYSTICK_INTEROP does not name the folder with the metadata of others")
	}
	return filepath.Join(dir, "intoto")
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	write(t, to, data)
}

func TestInterop(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the commands are those of Unix")
	}
	dir := interop(t)
	needs(t, "tar", "gzip")
	rust, apt := filepath.Join(dir, "in-toto-rs"), filepath.Join(dir, "apt-transport-in-toto")
	const deb = "final-product_0.0.0.0-0_all.deb"
	products, oneLink := t.TempDir(), t.TempDir()
	tarball := filepath.Join(rust, "test_verifylib", "workdir", "demo-project.tar.gz")
	copyFile(t, tarball, filepath.Join(products, "demo-project.tar.gz"))
	copyFile(t, filepath.Join(apt, "rebuild.5863835e.link"), filepath.Join(oneLink, "rebuild.5863835e.link"))
	rustFlags := []string{"--layout", filepath.Join(rust, "test_verifylib", "workdir", "root.layout"), "--layout-keys", filepath.Join(rust, "test_verifylib", "workdir", "alice.pub"),
		"--link-dir", filepath.Join(rust, "test_verifylib", "links"), "--at", "2022-06-01T00:00:00Z", "--inspect", "--products", products}
	aptFlags := []string{"--layout", filepath.Join(apt, "test.layout"), "--layout-keys", filepath.Join(apt, "alice.in-toto-gpg-key.json"),
		"--link-dir", apt, "--at", "2026-06-01T00:00:00Z", "--inspect", "--products", filepath.Join(apt, "good")}
	for _, test := range []struct {
		name  string
		flags []string
		more  []string
		want  int
	}{
		{"rust", rustFlags, nil, exitAccepted},
		{"rust, artifact", rustFlags, []string{"--artifact", tarball}, exitAccepted},
		{"rust, expired", rustFlags, []string{"--at", "2022-12-02T18:41:08Z"}, exitRejected},
		{"rust, other layout", rustFlags, []string{"--layout", filepath.Join(rust, "test_metadata", "demo.layout")}, exitRejected},
		{"rust, no inspection", rustFlags, []string{"--inspect=false"}, exitRejected},
		{"apt, good", aptFlags, nil, exitAccepted},
		{"apt, artifact", aptFlags, []string{"--artifact", filepath.Join(apt, "good", deb)}, exitAccepted},
		{"apt, bad", aptFlags, []string{"--products", filepath.Join(apt, "bad")}, exitRejected},
		{"apt, bad artifact", aptFlags, []string{"--artifact", filepath.Join(apt, "bad", deb)}, exitRejected},
		{"apt, one link", aptFlags, []string{"--link-dir", oneLink}, exitRejected},
		{"apt, root.layout", aptFlags, []string{"--layout", filepath.Join(apt, "root.layout")}, exitRejected},
		{"apt, test.layout.docker", aptFlags, []string{"--layout", filepath.Join(apt, "test.layout.docker")}, exitRejected},
	} {
		t.Run(test.name, func(t *testing.T) {
			status, stdout, stderr := start(t, slices.Concat(test.flags, test.more)...)
			if status != test.want || stderr != "" {
				t.Errorf("exit %d, want %d, stderr %q\n%s", status, test.want, stderr, stdout)
			}
		})
	}
}

// pythonTools runs the in-toto tools of Python in a folder.
type pythonTools struct{ dir string }

func newPythonTools(t *testing.T, people ...string) *pythonTools {
	t.Helper()
	needs(t, "in-toto-run", "in-toto-sign", "in-toto-verify")
	p := &pythonTools{t.TempDir()}
	for _, person := range people {
		write(t, filepath.Join(p.dir, person), marshal(t, p.key(t, person, true)))
		write(t, filepath.Join(p.dir, person+".pub"), marshal(t, p.key(t, person, false)))
	}
	return p
}

func (p *pythonTools) run(t *testing.T, wantFailure bool, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = p.dir
	out, err := cmd.CombinedOutput()
	if (err != nil) != wantFailure {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

// keyID returns the key id as the tools compute it, which our links have too.
func (p *pythonTools) keyID(t *testing.T, person string) string {
	t.Helper()
	data, err := layout.Record(layout.Recording{Step: "any", Older: true}, key(person))
	if err != nil {
		t.Fatal(err)
	}
	var metadata struct {
		Signatures []struct {
			KeyID string `json:"keyid"`
		} `json:"signatures"`
	}
	if err := json.Unmarshal(data, &metadata); err != nil || len(metadata.Signatures) != 1 {
		t.Fatalf("%v\n%s", err, data)
	}
	return metadata.Signatures[0].KeyID
}

// key returns a key as the tools store it.
func (p *pythonTools) key(t *testing.T, person string, private bool) obj {
	t.Helper()
	k := public(person)
	k["keyid_hash_algorithms"] = []string{"sha256", "sha512"}
	if private {
		k["keyid"] = p.keyID(t, person)
		k["keyval"].(obj)["private"] = hex.EncodeToString(key(person).Seed())
	}
	return k
}

// A pythonStep is a step of one person.
type pythonStep struct {
	name, person        string
	materials, products [][]string
}

// layout writes a layout and has it signed.
func (p *pythonTools) layout(t *testing.T, file, owner string, inspections []obj, list ...pythonStep) {
	t.Helper()
	keys, steps := obj{}, []obj{}
	for _, s := range list {
		keyid := p.keyID(t, s.person)
		k := p.key(t, s.person, false)
		k["keyid"] = keyid
		k["keyval"].(obj)["private"] = ""
		keys[keyid] = k
		steps = append(steps, obj{"_type": "step", "name": s.name, "threshold": 1, "pubkeys": []string{keyid},
			"expected_materials": s.materials, "expected_products": s.products, "expected_command": []string{}})
	}
	write(t, filepath.Join(p.dir, file), marshal(t, obj{"signatures": []obj{}, "signed": obj{"_type": "layout", "expires": "2100-01-01T00:00:00Z", "readme": "", "keys": keys, "steps": steps, "inspect": inspections}}))
	p.run(t, false, "in-toto-sign", "-f", file, "-k", owner, "-t", "ed25519")
}

// The in-toto tools of Python read what we write, and we what they do.
func TestPythonTools(t *testing.T) {
	p := newPythonTools(t, "owner", "alice")
	dir := p.dir
	links := filepath.Join(dir, "links")
	if err := os.Mkdir(links, 0o777); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "main.c"), []byte("source"))

	// Alice records the first step with theirs, bob the second one with ours.
	p.run(t, false, "in-toto-run", "-n", "build", "-t", "ed25519", "-k", "alice", "-m", "main.c", "-p", "app", "-d", links, "--", "cp", "main.c", "app")
	app := measure(t, map[string]string{"app": "source"})
	link, err := layout.Record(layout.Recording{Step: "pack", Materials: app, Products: app, Older: true}, key("bob"))
	if err != nil {
		t.Fatal(err)
	}
	name, err := layout.LinkName("pack", key("bob").Public())
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(links, name), link)

	root := filepath.Join(dir, "root.layout")
	p.layout(t, "root.layout", "owner", []obj{},
		pythonStep{"build", "alice", [][]string{{"ALLOW", "main.c"}, {"DISALLOW", "*"}}, [][]string{{"CREATE", "app"}, {"DISALLOW", "*"}}},
		pythonStep{"pack", "bob", [][]string{{"MATCH", "app", "WITH", "PRODUCTS", "FROM", "build"}, {"DISALLOW", "*"}}, [][]string{{"ALLOW", "app"}, {"DISALLOW", "*"}}})

	ours := []string{"--layout", root, "--layout-keys", filepath.Join(dir, "owner.pub"), "--link-dir", links, "--artifact", filepath.Join(dir, "app")}
	theirs := []string{"-l", "root.layout", "-t", "ed25519", "-k", "owner.pub", "--link-dir", links}
	if status, stdout, stderr := start(t, ours...); status != exitAccepted {
		t.Errorf("ours: exit %d: %s%s", status, stdout, stderr)
	}
	p.run(t, false, "in-toto-verify", theirs...)

	// Both reject once bob states another material.
	link, err = layout.Record(layout.Recording{Step: "pack", Materials: measure(t, map[string]string{"app": "evil"}), Products: app, Older: true}, key("bob"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(links, name), link)
	if status, stdout, stderr := start(t, ours...); status != exitRejected {
		t.Errorf("ours: exit %d: %s%s", status, stdout, stderr)
	}
	p.run(t, true, "in-toto-verify", theirs...)
}

// A sublayout with an inspection, all made with the tools of Python. They always run
// the inspection. We take the link that bob, who signed the sublayout, has signed
// about it (specification 4.5.3).
func TestPythonSublayout(t *testing.T) {
	p := newPythonTools(t, "owner", "bob", "dave")
	needs(t, "cp", "test")
	write(t, filepath.Join(p.dir, "main.c"), []byte("source"))
	folder := "build." + p.keyID(t, "bob")[:8]
	check := []string{"test", "-f", "app"}
	match := [][]string{{"MATCH", "app", "WITH", "PRODUCTS", "FROM", "compile"}, {"ALLOW", "*"}}
	p.layout(t, folder+".link", "bob", []obj{{"_type": "inspection", "name": "check", "run": check, "expected_materials": match, "expected_products": [][]string{}}},
		pythonStep{"compile", "dave", [][]string{{"ALLOW", "main.c"}, {"DISALLOW", "*"}}, [][]string{{"CREATE", "app"}, {"DISALLOW", "*"}}})
	p.layout(t, "root.layout", "owner", []obj{},
		pythonStep{"build", "bob", [][]string{{"ALLOW", "main.c"}, {"DISALLOW", "*"}}, [][]string{{"CREATE", "app"}, {"DISALLOW", "*"}}})
	record := func(step, person string, command ...string) {
		p.run(t, false, "in-toto-run", append([]string{"-n", step, "-t", "ed25519", "-k", person, "-d", folder, "-m", "main.c", "-p", "app", "--"}, command...)...)
	}
	if err := os.Mkdir(filepath.Join(p.dir, folder), 0o777); err != nil {
		t.Fatal(err)
	}
	record("compile", "dave", "cp", "main.c", "app")
	write(t, filepath.Join(p.dir, "products", "app"), []byte("source"))

	theirs := []string{"-l", "root.layout", "-t", "ed25519", "-k", "owner.pub"}
	ours := []string{"--layout", filepath.Join(p.dir, "root.layout"), "--layout-keys", filepath.Join(p.dir, "owner.pub"), "--link-dir", p.dir, "--artifact", filepath.Join(p.dir, "app")}
	verify := func(name string, ours []string, want int) {
		t.Helper()
		if status, stdout, stderr := start(t, ours...); status != want {
			t.Errorf("%s: exit %d, want %d: %s%s", name, status, want, stdout, stderr)
		}
		p.run(t, false, "in-toto-verify", theirs...)
	}
	verify("an inspection that nobody runs", ours, exitRejected)
	// The command is bob's and not the owner's, so the ready runner refuses it.
	verify("not run", append(ours, "--inspect", "--products", filepath.Join(p.dir, "products")), exitRejected)
	// Bob does the inspection where the product is, and signs that.
	p.run(t, false, "in-toto-run", append([]string{"-n", "check", "-t", "ed25519", "-k", "bob", "-d", folder, "-m", "app", "-p", "app", "--"}, check...)...)
	verify("signed", ours, exitAccepted)
	record("check", "dave", check...)
	if err := os.Rename(filepath.Join(p.dir, folder, "check."+p.keyID(t, "dave")[:8]+".link"), filepath.Join(p.dir, folder, "check."+p.keyID(t, "bob")[:8]+".link")); err != nil {
		t.Fatal(err)
	}
	verify("signed by a functionary of the sublayout", ours, exitRejected)
}

func TestSpread(t *testing.T) {
	for in, want := range map[string]string{
		"--layout-keys a b --layout c":        "--layout-keys a --layout-keys b --layout c",
		"-verification-keys a b c":            "-verification-keys a -verification-keys b -verification-keys c",
		"--layout-keys=a b":                   "--layout-keys=a b",
		"--layout-keys a -- b":                "--layout-keys a -- b",
		"--layout c d":                        "--layout c d",
		"--layout-keys --layout c":            "--layout-keys --layout c",
		"--layout-keys a --layout-keys b - c": "--layout-keys a --layout-keys b --layout-keys - --layout-keys c",
	} {
		if got := strings.Join(spread(strings.Fields(in)), " "); got != want {
			t.Errorf("%s became %s, want %s", in, got, want)
		}
	}
}

func TestMissingFilesAreTold(t *testing.T) {
	_, err := readFile(filepath.Join(t.TempDir(), "none"), 1)
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

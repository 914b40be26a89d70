// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tallystick/tallystick/tuf/tuftest"
)

// The test binary is the program too, so that the tests start what was built.
func TestMain(m *testing.M) {
	if os.Getenv("TUFCLIENT_IS_THE_PROGRAM") != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// A bench is a repository, a server and the folders of one client.
type bench struct {
	*tuftest.Repository
	t                          *testing.T
	server                     *httptest.Server
	root                       []byte // nil means the first of the repository
	dir, metadataDir, artifact string
	seen                       int // requests
}

func newBench(t *testing.T, opts *tuftest.Options) *bench {
	t.Helper()
	dir := t.TempDir()
	b := &bench{Repository: tuftest.New(opts), t: t, dir: dir, metadataDir: filepath.Join(dir, "metadata"), artifact: filepath.Join(dir, "targets")}
	b.Publish()
	b.server = httptest.NewServer(b)
	t.Cleanup(b.server.Close)
	for _, d := range []string{b.metadataDir, b.artifact} {
		if err := os.Mkdir(d, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// start runs the program and returns its exit status.
func (b *bench) start(at time.Time, args ...string) int {
	b.t.Helper()
	program, err := os.Executable()
	if err != nil {
		b.t.Fatal(err)
	}
	if !at.IsZero() {
		if _, err := exec.LookPath("faketime"); err != nil {
			b.t.Skip("the program faketime is not installed")
		}
		args = append([]string{at.Local().Format("2006-01-02 15:04:05"), program}, args...)
		program = "faketime"
	}
	c := exec.CommandContext(b.t.Context(), program, args...)
	// With the race detector every end of a program takes a second otherwise.
	c.Env = append(os.Environ(), "TUFCLIENT_IS_THE_PROGRAM=1", "GORACE="+os.Getenv("GORACE")+" atexit_sleep_ms=0")
	var stderr bytes.Buffer
	c.Stderr = &stderr
	err = c.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		if exit.ExitCode() != 1 || !strings.HasPrefix(stderr.String(), "tufclient: ") {
			b.t.Fatalf("exit status %d: %s", exit.ExitCode(), stderr.String())
		}
		b.t.Logf("%s", stderr.String())
		return 1
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return 0
}

func (b *bench) init() int {
	b.t.Helper()
	root := b.root
	if root == nil {
		root = b.Root()
	}
	name := filepath.Join(b.dir, "initial_root.json")
	if err := os.WriteFile(name, root, 0o666); err != nil {
		b.t.Fatal(err)
	}
	return b.start(time.Time{}, "--metadata-dir", b.metadataDir, "init", name)
}

func (b *bench) refreshAt(at time.Time) int {
	b.t.Helper()
	return b.start(at, "--metadata-url", b.server.URL+"/metadata", "--metadata-dir", b.metadataDir, "refresh")
}

func (b *bench) refresh() int {
	b.t.Helper()
	return b.refreshAt(time.Time{})
}

func (b *bench) downloadAt(at time.Time, names ...string) int {
	b.t.Helper()
	args := []string{"--metadata-url", b.server.URL + "/metadata", "--metadata-dir", b.metadataDir}
	for _, n := range names {
		args = append(args, "--target-name", n)
	}
	return b.start(at, append(args, "--target-dir", b.artifact, "--target-base-url", b.server.URL+"/targets", "download")...)
}

func (b *bench) download(names ...string) int {
	b.t.Helper()
	return b.downloadAt(time.Time{}, names...)
}

// want fails unless the exit status is the one wanted.
func (b *bench) want(status, want int) {
	b.t.Helper()
	if status != want {
		b.t.Fatalf("exit status %d, want %d", status, want)
	}
}

// wantVersions compares the versions of root, timestamp, snapshot and targets that
// the client trusts; 0 is none.
func (b *bench) wantVersions(want ...int64) {
	b.t.Helper()
	var got []int64
	for _, role := range []string{"root", "timestamp", "snapshot", "targets"} {
		var file struct{ Signed struct{ Version int64 } }
		data, err := os.ReadFile(filepath.Join(b.metadataDir, role+".json"))
		if err == nil {
			err = json.Unmarshal(data, &file)
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			b.t.Fatal(err)
		}
		got = append(got, file.Signed.Version)
	}
	if !slices.Equal(got, want) {
		b.t.Errorf("versions of root, timestamp, snapshot, targets %v, want %v", got, want)
	}
}

// files returns the names of the metadata files that the client keeps.
func (b *bench) files() []string {
	b.t.Helper()
	list, err := filepath.Glob(filepath.Join(b.metadataDir, "*.json"))
	if err != nil {
		b.t.Fatal(err)
	}
	for i := range list {
		list[i] = filepath.Base(list[i])
	}
	return list
}

// wantRequests compares the requests since the last call.
func (b *bench) wantRequests(want ...string) {
	b.t.Helper()
	all := b.Requests()
	var got []string
	for _, r := range all[b.seen:] {
		got = append(got, strings.TrimPrefix(strings.TrimPrefix(r, tuftest.MetadataPath), "/"))
	}
	b.seen = len(all)
	if !slices.Equal(got, want) {
		b.t.Errorf("requests %q, want %q", got, want)
	}
}

// wantDownloads compares the contents of the downloaded files, in any order.
func (b *bench) wantDownloads(want ...string) {
	b.t.Helper()
	entries, err := os.ReadDir(b.artifact)
	if err != nil {
		b.t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(b.artifact, e.Name()))
		if err != nil {
			b.t.Fatal(err)
		}
		got = append(got, string(data))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		b.t.Errorf("downloaded %q, want %q", got, want)
	}
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

type object = map[string]any

// signed returns the signed member of a metadata file, to be altered.
func (b *bench) signed(file []byte) object {
	b.t.Helper()
	var e struct{ Signed object }
	d := json.NewDecoder(bytes.NewReader(file))
	d.UseNumber()
	b.must(d.Decode(&e))
	return e.Signed
}

func marshal(v any) []byte {
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	return bytes.TrimSpace(buf.Bytes())
}

// serve makes the server send a file that the keys of a role have signed.
func (b *bench) serve(name, role string, signed object) {
	b.t.Helper()
	data, err := b.Sign(role, marshal(signed))
	b.must(err)
	b.Replace(name, data)
}

// A testKey is one of the tests' own, of any type.
type testKey struct {
	signer  crypto.Signer
	id      string
	keytype string
	scheme  string
}

func newKey(t *testing.T, keytype string) *testKey {
	t.Helper()
	k := &testKey{keytype: keytype}
	var err error
	switch keytype {
	case "ed25519":
		k.scheme = "ed25519"
		_, k.signer, err = ed25519.GenerateKey(rand.Reader)
	case "ecdsa":
		k.scheme = "ecdsa-sha2-nistp256"
		k.signer, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "rsa":
		k.scheme = "rsassa-pss-sha256"
		k.signer, err = rsa.GenerateKey(rand.Reader, 2048)
	}
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(marshal(k.json(t)))
	k.id = hex.EncodeToString(sum[:])
	return k
}

func (k *testKey) json(t *testing.T) object {
	t.Helper()
	public := ""
	if e, ok := k.signer.Public().(ed25519.PublicKey); ok {
		public = hex.EncodeToString(e)
	} else {
		der, err := x509.MarshalPKIXPublicKey(k.signer.Public())
		if err != nil {
			t.Fatal(err)
		}
		public = string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	}
	return object{"keytype": k.keytype, "scheme": k.scheme, "keyval": object{"public": public}}
}

// signWith returns a metadata file with signatures of our own keys. What we sign is
// plain enough that its compact JSON with sorted members is canonical, but for the
// line breaks in keys.
func signWith(t *testing.T, signed object, keys ...*testKey) []byte {
	t.Helper()
	message := bytes.ReplaceAll(marshal(signed), []byte(`\n`), []byte("\n"))
	signatures := []object{}
	for _, k := range keys {
		var sig []byte
		var err error
		switch k.keytype {
		case "ed25519":
			sig, err = k.signer.Sign(rand.Reader, message, crypto.Hash(0))
		case "ecdsa":
			sum := sha256.Sum256(message)
			sig, err = k.signer.Sign(rand.Reader, sum[:], crypto.SHA256)
		case "rsa":
			sum := sha256.Sum256(message)
			sig, err = k.signer.Sign(rand.Reader, sum[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256})
		}
		if err != nil {
			t.Fatal(err)
		}
		signatures = append(signatures, object{"keyid": k.id, "sig": hex.EncodeToString(sig)})
	}
	return marshal(object{"signatures": signatures, "signed": signed})
}

// setKeys gives a role in a root other keys.
func setKeys(t *testing.T, root object, role string, threshold int, keys ...*testKey) {
	t.Helper()
	ids := []string{}
	for _, k := range keys {
		root["keys"].(object)[k.id] = k.json(t)
		ids = append(ids, k.id)
	}
	root["roles"].(object)[role] = object{"keyids": ids, "threshold": threshold}
}

func days(n int) time.Time { return time.Now().Add(time.Duration(n) * 24 * time.Hour) }

// escaped is the path of a metadata file in a request.
func escaped(role string) string { return url.PathEscape(role) }

func TestFileName(t *testing.T) {
	seen := map[string]bool{}
	for _, path := range []string{"", ".", "..", "a/b", "a%2Fb", "../x", ".hidden", "a b", "a+b", "ä", "c:\\x", strings.Repeat("x", 500), strings.Repeat("x", 501)} {
		name := fileName(path)
		if name == "" || name[0] == '.' || len(name) > 200 || strings.ContainsAny(name, `/\: `) || seen[name] {
			t.Errorf("%q is stored as %q", path, name)
		}
		seen[name] = true
	}
}

func TestUsage(t *testing.T) {
	b := newBench(t, nil)
	for _, args := range [][]string{
		{},
		{"refresh"},
		{"--metadata-dir", b.metadataDir},
		{"--metadata-dir", b.metadataDir, "init"},
		{"--metadata-dir", b.metadataDir, "init", filepath.Join(b.dir, "no such file")},
		{"--metadata-dir", b.metadataDir, "update"},
		{"--metadata-dir", b.metadataDir, "--metadata-url", b.server.URL, "refresh"}, // before init
		{"--metadata-dir", b.metadataDir, "--metadata-url", b.server.URL, "refresh", "more"},
		{"--metadata-dir", b.metadataDir, "--metadata-url", b.server.URL, "download"},
		{"--metadata-dir", b.metadataDir, "--metadata-url", b.server.URL, "--target-name", "x", "download"},
		{"--metadata-dir", b.metadataDir, "--metadata-url", b.server.URL, "--target-name", "x", "--target-dir", b.artifact, "download"},
		{"--no-such-flag"},
	} {
		var stderr bytes.Buffer
		if run(t.Context(), args, &stderr) == nil {
			t.Errorf("%q is accepted", args)
		}
	}
	if len(b.Requests()) > 0 || len(b.files()) > 0 {
		t.Errorf("requests %v, files %v", b.Requests(), b.files())
	}
	b.want(b.init(), 0)
	b.wantRequests() // init makes none
	if fmt.Sprint(b.files()) != "[root.json]" {
		t.Errorf("files %v", b.files())
	}
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"testing"
	"time"

	sigstore "github.com/sigstore/sigstore/pkg/signature"
	"github.com/tallystick/tallystick/tuf"
	"github.com/theupdateframework/go-tuf/v2/metadata"
	"github.com/theupdateframework/go-tuf/v2/metadata/config"
	"github.com/theupdateframework/go-tuf/v2/metadata/updater"
)

const goTUF = "github.com/theupdateframework/go-tuf/v2"

// tufTime is the time of all TUF tests.
var tufTime = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// A tufClient is somebody who uses a repository: with this library and, from the
// same root, with go-tuf. Each keeps what it has seen in a folder of its own.
type tufClient struct {
	t                 testing.TB
	root              []byte
	metadata, targets string // URLs
	now               time.Time
	dir, peerDir      string
}

func newTUFClient(t testing.TB, server, metadataPath, targetsPath string, root []byte) *tufClient {
	return &tufClient{t: t, root: root, metadata: server + metadataPath, targets: server + targetsPath, now: tufTime,
		dir: filepath.Join(t.TempDir(), "cache"), peerDir: filepath.Join(t.TempDir(), "cache")}
}

// get refreshes, looks a target up and downloads it, in a new process so to speak.
func (c *tufClient) get(target string) ([]byte, error) {
	c.t.Helper()
	client, err := tuf.NewClient(tuf.Config{Root: c.root, MetadataURL: c.metadata, TargetsURL: c.targets, Dir: c.dir})
	if err != nil {
		return nil, err
	}
	snapshot, err := client.RefreshAt(c.t.Context(), c.now)
	if err != nil {
		return nil, err
	}
	found, err := snapshot.Target(c.t.Context(), target)
	if err != nil {
		return nil, err
	}
	dst := filepath.Join(c.t.TempDir(), "target")
	if _, err := client.Download(c.t.Context(), found, dst); err != nil {
		return nil, err
	}
	return os.ReadFile(dst)
}

// peerGet is get with go-tuf.
func (c *tufClient) peerGet(target string) ([]byte, error) {
	c.t.Helper()
	u, err := c.peer()
	if err != nil {
		return nil, err
	}
	if err := u.Refresh(); err != nil {
		return nil, err
	}
	info, err := u.GetTargetInfo(target)
	if err != nil {
		return nil, err
	}
	_, data, err := u.DownloadTarget(info, filepath.Join(c.t.TempDir(), "target"), "")
	return data, err
}

func (c *tufClient) peer() (*updater.Updater, error) {
	cfg, err := config.New(c.metadata, c.root)
	if err != nil {
		return nil, err
	}
	cfg.RemoteTargetsURL = c.targets
	cfg.LocalMetadataDir = c.peerDir
	cfg.LocalTargetsDir = filepath.Join(c.peerDir, "targets")
	u, err := updater.New(cfg)
	if err != nil {
		return nil, err
	}
	u.UnsafeSetRefTime(c.now)
	return u, nil
}

// A peerRepository is a repository that go-tuf's types write, in a folder behind
// a file server.
type peerRepository struct {
	t       testing.TB
	dir     string
	server  *httptest.Server
	expires time.Time

	root      *metadata.Metadata[metadata.RootType]
	timestamp *metadata.Metadata[metadata.TimestampType]
	snapshot  *metadata.Metadata[metadata.SnapshotType]
	roles     map[string]*metadata.Metadata[metadata.TargetsType] // targets and delegated ones
	// keys are those that sign for a role.
	keys map[string][]crypto.Signer
	// oldRoot are the root keys of the version before.
	oldRoot []crypto.Signer
}

func newPeerRepository(t testing.TB, consistent bool) *peerRepository {
	r := &peerRepository{t: t, dir: t.TempDir(), keys: map[string][]crypto.Signer{},
		// As go-tuf does it, with fractions of a second.
		expires: tufTime.AddDate(0, 1, 0).Add(123456789 * time.Nanosecond),
		roles:   map[string]*metadata.Metadata[metadata.TargetsType]{}}
	r.root = metadata.Root(r.expires)
	r.root.Signed.ConsistentSnapshot = consistent
	r.timestamp = metadata.Timestamp(r.expires)
	r.snapshot = metadata.Snapshot(r.expires)
	r.roles["targets"] = metadata.Targets(r.expires)
	for _, sub := range []string{"metadata", "targets"} {
		if err := os.Mkdir(filepath.Join(r.dir, sub), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	r.server = httptest.NewServer(http.FileServer(http.Dir(r.dir)))
	t.Cleanup(r.server.Close)
	return r
}

func (r *peerRepository) client() *tufClient {
	r.t.Helper()
	return newTUFClient(r.t, r.server.URL, "/metadata", "/targets", read(r.t, filepath.Join(r.dir, "metadata", "1.root.json")))
}

// setKeys gives a top-level role keys, all of which sign.
func (r *peerRepository) setKeys(role string, threshold int, keys ...crypto.Signer) {
	r.t.Helper()
	if role == "root" {
		r.oldRoot = r.keys[role]
	}
	of := r.root.Signed.Roles[role]
	of.KeyIDs, of.Threshold = []string{}, threshold
	r.keys[role] = keys
	for _, k := range keys {
		if err := r.root.Signed.AddKey(peerTUFKey(r.t, k), role); err != nil {
			r.t.Fatal(err)
		}
	}
}

// delegate gives a part of the targets of a role to another one.
func (r *peerRepository) delegate(from string, to metadata.DelegatedRole, keys ...crypto.Signer) {
	r.t.Helper()
	above := &r.roles[from].Signed
	if above.Delegations == nil {
		above.Delegations = &metadata.Delegations{Keys: map[string]*metadata.Key{}}
	}
	to.KeyIDs = []string{}
	above.Delegations.Roles = append(above.Delegations.Roles, to)
	for _, k := range keys {
		if err := above.AddKey(peerTUFKey(r.t, k), to.Name); err != nil {
			r.t.Fatal(err)
		}
	}
	r.keys[to.Name] = keys
	r.roles[to.Name] = metadata.Targets(r.expires)
}

// delegateBins makes the targets role delegate to succinct hash bins.
func (r *peerRepository) delegateBins(prefix string, bits int, key crypto.Signer) *metadata.SuccinctRoles {
	r.t.Helper()
	bins := &metadata.SuccinctRoles{KeyIDs: []string{}, Threshold: 1, BitLength: bits, NamePrefix: prefix}
	above := &r.roles["targets"].Signed
	above.Delegations = &metadata.Delegations{Keys: map[string]*metadata.Key{}, SuccinctRoles: bins}
	if err := above.AddKey(peerTUFKey(r.t, key), ""); err != nil {
		r.t.Fatal(err)
	}
	for _, name := range bins.GetRoles() {
		r.roles[name] = metadata.Targets(r.expires)
		r.keys[name] = []crypto.Signer{key}
	}
	return bins
}

// add adds a target to a role.
func (r *peerRepository) add(role, name, content string, algorithms ...string) {
	r.t.Helper()
	file, err := metadata.TargetFile().FromBytes(name, []byte(content), algorithms...)
	if err != nil {
		r.t.Fatal(err)
	}
	r.roles[role].Signed.Targets[name] = file
	names := []string{name}
	if r.root.Signed.ConsistentSnapshot {
		names = nil
		for _, sum := range file.Hashes {
			names = append(names, path.Join(path.Dir(name), hex.EncodeToString(sum)+"."+path.Base(name)))
		}
	}
	for _, n := range names {
		r.write(filepath.Join("targets", filepath.FromSlash(n)), []byte(content))
	}
}

func (r *peerRepository) write(name string, data []byte) {
	r.t.Helper()
	name = filepath.Join(r.dir, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// publish signs and writes everything. What was published before gets the next
// version.
func (r *peerRepository) publish() {
	r.t.Helper()
	for name, role := range r.roles {
		data := r.put(name, role.Signed.Version, sign(r.t, role, r.keys[name]...))
		r.snapshot.Signed.Meta[name+".json"] = pinned(role.Signed.Version, data)
		role.Signed.Version++
	}
	data := r.put("snapshot", r.snapshot.Signed.Version, sign(r.t, r.snapshot, r.keys["snapshot"]...))
	r.timestamp.Signed.Meta["snapshot.json"] = pinned(r.snapshot.Signed.Version, data)
	r.snapshot.Signed.Version++
	r.write("metadata/timestamp.json", sign(r.t, r.timestamp, r.keys["timestamp"]...))
	r.timestamp.Signed.Version++
}

// publishRoot signs the next version of the root, with the old keys too.
func (r *peerRepository) publishRoot() {
	r.t.Helper()
	data := sign(r.t, r.root, append(r.oldRoot, r.keys["root"]...)...)
	r.write(fmt.Sprintf("metadata/%d.root.json", r.root.Signed.Version), data)
	r.oldRoot = nil
	r.root.Signed.Version++
}

func (r *peerRepository) put(role string, version int64, data []byte) []byte {
	name := role + ".json"
	if r.root.Signed.ConsistentSnapshot {
		name = fmt.Sprintf("%d.%s", version, name)
	}
	r.write(filepath.Join("metadata", name), data)
	return data
}

func pinned(version int64, data []byte) *metadata.MetaFiles {
	meta := metadata.MetaFile(version)
	meta.Length = int64(len(data))
	// FromBytes is what computes hashes in go-tuf.
	file, err := metadata.TargetFile().FromBytes("", data, "sha256", "sha512")
	if err == nil {
		meta.Hashes = file.Hashes
	}
	return meta
}

func sign[T metadata.Roles](t testing.TB, m *metadata.Metadata[T], keys ...crypto.Signer) []byte {
	t.Helper()
	m.ClearSignatures()
	for _, k := range keys {
		if _, err := m.Sign(sigstoreSigner(t, k)); err != nil {
			t.Fatal(err)
		}
	}
	data, err := m.ToBytes(true)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func sigstoreSigner(t testing.TB, key crypto.Signer) sigstore.Signer {
	t.Helper()
	var s sigstore.Signer
	var err error
	switch key := key.(type) {
	case ed25519.PrivateKey:
		s, err = sigstore.LoadED25519Signer(key)
	case *ecdsa.PrivateKey:
		s, err = sigstore.LoadECDSASigner(key, crypto.SHA256)
	case *rsa.PrivateKey:
		s, err = sigstore.LoadRSAPSSSigner(key, crypto.SHA256, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256})
	default:
		t.Fatalf("key of type %T", key)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func peerTUFKey(t testing.TB, key crypto.Signer) *metadata.Key {
	t.Helper()
	k, err := metadata.KeyFromPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func newEd(t testing.TB) crypto.Signer {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newP256(t testing.TB) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newRSA(t testing.TB) crypto.Signer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

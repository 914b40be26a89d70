// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/tallystick/tallystick/tuf"
	"github.com/tallystick/tallystick/verify"
	"github.com/theupdateframework/go-tuf/v2/metadata"
)

// wantTarget fails the test unless we get the target, and go-tuf too.
func (c *tufClient) wantTarget(target, content string) {
	c.t.Helper()
	if data, err := c.get(target); err != nil || string(data) != content {
		c.t.Errorf("%s: we get %q, %v", target, data, err)
	}
	if data, err := c.peerGet(target); err != nil || string(data) != content {
		c.t.Errorf("%s: go-tuf gets %q, %v", target, data, err)
	}
}

// hashPrefix returns the first digits of the hash of a target's path.
func hashPrefix(target string, digits int) string {
	sum := sha256.Sum256([]byte(target))
	return hex.EncodeToString(sum[:])[:digits]
}

// A repository as go-tuf writes it: three types of key, thresholds, delegations by
// path, nested, by hash prefix.
func TestTUFPeerRepository(t *testing.T) {
	for _, consistent := range []bool{true, false} {
		t.Run(fmt.Sprintf("consistent snapshot %t", consistent), func(t *testing.T) {
			r := newPeerRepository(t, consistent)
			rsaKey := newRSA(t)
			r.setKeys("root", 2, newEd(t), newP256(t), rsaKey)
			r.setKeys("timestamp", 1, newEd(t))
			r.setKeys("snapshot", 1, newP256(t))
			r.setKeys("targets", 2, rsaKey, newP256(t))
			r.delegate("targets", metadata.DelegatedRole{Name: "team", Threshold: 2, Paths: []string{"team/*", "team/*/*"}}, newEd(t), newP256(t))
			r.delegate("targets", metadata.DelegatedRole{Name: "by hash", Threshold: 1, PathHashPrefixes: []string{hashPrefix("hashed", 3)}}, newP256(t))
			r.delegate("team", metadata.DelegatedRole{Name: "team/inner", Threshold: 1, Terminating: true, Paths: []string{"team/inner/*"}}, rsaKey)
			r.delegate("team", metadata.DelegatedRole{Name: "hidden", Threshold: 1, Paths: []string{"team/*/*"}}, newEd(t))
			r.add("targets", "app.tar.gz", "the release", "sha256", "sha512")
			r.add("team", "team/tool", "a tool")
			r.add("team/inner", "team/inner/part", "a part", "sha512")
			r.add("by hash", "hashed", "found by its hash")
			r.add("hidden", "team/other/part", "another part")
			r.add("hidden", "team/inner/hidden", "behind a terminating delegation")
			r.publishRoot()
			r.publish()

			c := r.client()
			for range 2 { // the second time out of the cache
				c.wantTarget("app.tar.gz", "the release")
				c.wantTarget("team/tool", "a tool")
				c.wantTarget("team/other/part", "another part")
				c.wantTarget("team/inner/part", "a part")
			}
			// Hash prefixes are hex, as the specification says. go-tuf's types
			// write them, but its client compares them with base64.
			if data, err := c.get("hashed"); err != nil || string(data) != "found by its hash" {
				t.Errorf("hashed: %q, %v", data, err)
			}
			for _, target := range []string{"nothing", "team/nothing", "team/inner/hidden"} {
				_, err := c.get(target)
				rejected(t, err, tuf.CodeTargetNotFound)
				if _, err := c.peerGet(target); err == nil {
					t.Errorf("go-tuf finds %s", target)
				}
			}

			// The next release.
			r.add("targets", "app.tar.gz", "the next release")
			r.publish()
			c.wantTarget("app.tar.gz", "the next release")
			c.wantTarget("team/tool", "a tool")
			fresh := r.client()
			fresh.wantTarget("app.tar.gz", "the next release")

			// Its expiry has a fraction of a second.
			c.now = r.expires.Add(-time.Nanosecond)
			c.wantTarget("app.tar.gz", "the next release")
			c.now = r.expires.Add(time.Nanosecond)
			_, err := c.get("app.tar.gz")
			rejected(t, err, tuf.CodeFreeze)
			if _, err := c.peerGet("app.tar.gz"); err == nil {
				t.Error("go-tuf accepts what has expired")
			}
		})
	}
}

func TestTUFPeerBins(t *testing.T) {
	for _, bits := range []int{1, 4, 5} {
		t.Run(fmt.Sprintf("%d bits", bits), func(t *testing.T) {
			r := newPeerRepository(t, true)
			key := newEd(t)
			for _, role := range []string{"root", "timestamp", "snapshot", "targets"} {
				r.setKeys(role, 1, key)
			}
			bins := r.delegateBins("bin", bits, newP256(t))
			for i := range 10 {
				name := fmt.Sprintf("dir/file %d", i)
				r.add(bins.GetRolesForTarget(name)[0].Name, name, "content of "+name)
			}
			r.publishRoot()
			r.publish()
			c := r.client()
			for i := range 10 {
				name := fmt.Sprintf("dir/file %d", i)
				if data, err := c.get(name); err != nil || string(data) != "content of "+name {
					t.Errorf("%s: %q, %v", name, data, err)
				}
			}
			_, err := c.get("dir/nothing")
			rejected(t, err, tuf.CodeTargetNotFound)
		})
	}
}

func TestTUFPeerRootRotation(t *testing.T) {
	r := newPeerRepository(t, true)
	for _, role := range []string{"root", "timestamp", "snapshot", "targets"} {
		r.setKeys(role, 1, newEd(t))
	}
	r.add("targets", "app", "one")
	r.publishRoot()
	r.publish()
	early, late := r.client(), r.client()
	early.wantTarget("app", "one")

	r.setKeys("root", 2, newEd(t), newP256(t), newEd(t))
	r.publishRoot()
	early.wantTarget("app", "one")
	r.setKeys("timestamp", 1, newP256(t))
	r.setKeys("snapshot", 1, newEd(t))
	r.publishRoot()
	r.add("targets", "app", "two")
	r.publish()
	early.wantTarget("app", "two")
	r.setKeys("targets", 1, newP256(t))
	r.setKeys("root", 1, newRSA(t))
	r.publishRoot()
	r.publish()
	early.wantTarget("app", "two")
	late.wantTarget("app", "two")

	// A root that only its own keys have signed.
	r.setKeys("root", 1, newEd(t))
	r.oldRoot = nil
	r.publishRoot()
	for _, c := range []*tufClient{early, late, r.client()} {
		_, err := c.get("app")
		rejected(t, err, tuf.CodeSignatureThreshold)
		if _, err := c.peerGet("app"); err == nil {
			t.Error("go-tuf accepts a root without the old keys")
		}
	}
}

// go-tuf's example of a signed repository.
func TestTUFPeerExample(t *testing.T) {
	dir := filepath.Join(moduleDir(t, goTUF), "examples", "multirepo")
	server := httptest.NewServer(http.FileServer(http.Dir(filepath.Join(dir, "repository"))))
	t.Cleanup(server.Close)
	c := newTUFClient(t, server.URL, "/metadata", "/targets", read(t, filepath.Join(dir, "client", "root.json")))
	for _, target := range []string{"map.json", "sigstore-tuf-root/root.json", "staging/root.json"} {
		c.wantTarget(target, string(read(t, filepath.Join(dir, "repository", "targets", filepath.FromSlash(target)))))
	}
	c.now = time.Date(2034, 9, 30, 11, 30, 0, 0, time.UTC)
	_, err := c.get("map.json")
	rejected(t, err, tuf.CodeFreeze)
}

// Roots of Sigstore's public-good instance: ECDSA keys, empty signatures of keys
// that have not signed, members that only their tools know. No more of that
// repository is in a module, so the refresh ends when the root is accepted.
func TestTUFSigstoreRoot(t *testing.T) {
	for _, test := range []struct {
		name, file string
		expires    time.Time
	}{
		{"in go-tuf's examples", filepath.Join(moduleDir(t, goTUF), "examples", "multirepo", "repository", "targets", "sigstore-tuf-root", "root.json"),
			time.Date(2023, 4, 18, 18, 13, 43, 0, time.UTC)},
		{"in sigstore", filepath.Join(moduleDir(t, "github.com/sigstore/sigstore"), "pkg", "tuf", "repository", "root.json"),
			time.Date(2025, 8, 19, 14, 33, 9, 0, time.UTC)},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := httptest.NewServer(http.NotFoundHandler())
			t.Cleanup(server.Close)
			root := read(t, test.file)
			c := newTUFClient(t, server.URL, "", "", root)
			c.now = test.expires.Add(-time.Second)
			_, err := c.get("trusted_root.json")
			if failed, ok := errors.AsType[*verify.Error](err); !ok || failed.Code != tuf.CodeNotFound {
				t.Errorf("within its validity: %v", err)
			}
			if cached := read(t, filepath.Join(c.dir, "root.json")); string(cached) != string(root) {
				t.Error("the root was not kept")
			}
			c.now = test.expires
			_, err = c.get("trusted_root.json")
			rejected(t, err, tuf.CodeFreeze)
		})
	}
}

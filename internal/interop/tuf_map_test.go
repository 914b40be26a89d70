// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/tuf"
	"github.com/tallystick/tallystick/tuf/tuftest"
	"github.com/tallystick/tallystick/verify"
	"github.com/theupdateframework/go-tuf/v2/metadata/multirepo"
)

// go-tuf's example for several repositories: a repository that distributes a map
// file and two trusted roots. We get these from it, and then use the map file. The
// repositories that it means are elsewhere, so their place is taken by others.
func TestTUFMapPeerExample(t *testing.T) {
	dir := filepath.Join(moduleDir(t, goTUF), "examples", "multirepo")
	server := httptest.NewServer(http.FileServer(http.Dir(filepath.Join(dir, "repository"))))
	t.Cleanup(server.Close)
	c := newTUFClient(t, server.URL, "/metadata", "/targets", read(t, filepath.Join(dir, "client", "root.json")))
	get := func(target string) []byte {
		data, err := c.get(target)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	mapFile := get("map.json")
	roots := map[string][]byte{"sigstore-tuf-root": get("sigstore-tuf-root/root.json"), "staging": get("staging/root.json")}

	// As it is: the file and the roots are fine. Nobody answers here.
	config := tuf.MapConfig{Map: mapFile, Roots: roots, Dir: t.TempDir(), Client: tuf.Config{
		HTTPClient: &http.Client{Transport: noNetwork{}}}}
	client, err := tuf.NewMapClient(config)
	if err != nil {
		t.Fatal(err)
	}
	if peer, err := multirepo.NewConfig(mapFile, roots); err != nil || len(peer.RepoMap.Mapping) != 3 {
		t.Fatalf("go-tuf: %v", err)
	}
	_, err = client.SnapshotAt(time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC)).Target(t.Context(), "rekor.pub")
	rejected(t, err, tuf.CodeMapThreshold)
	if !errors.Is(err, tuf.CodeTransport) {
		t.Errorf("does not say that nobody answered: %v", err)
	}

	// With repositories of our own at the addresses that the file names.
	for _, test := range []struct {
		name         string
		sameKeys     bool // as in the example, where both names have one root
		target, want string
		code         verify.Code
	}{
		{"the first mapping", false, "trusted_root.json", "staging", ""},
		{"the first mapping, another pattern", false, "fulcio.crt.pem", "staging", ""},
		{"a terminating mapping", false, "only-root.json", "", tuf.CodeTargetNotFound},
		{"two of two", false, "rekor.pub", "sigstore-tuf-root staging", ""},
		{"two of two names for one repository, so the next mapping", true, "rekor.pub", "sigstore-tuf-root", ""},
		{"the last mapping", false, "artifact", "sigstore-tuf-root", ""},
		{"nothing", false, "nothing", "", tuf.CodeTargetNotFound},
	} {
		t.Run(test.name, func(t *testing.T) {
			both := map[string]*tuftest.Repository{}
			roots := map[string][]byte{}
			replace := []string{}
			handler := http.NewServeMux()
			server := httptest.NewServer(handler)
			t.Cleanup(server.Close)
			for _, name := range []string{"sigstore-tuf-root", "staging"} {
				seed := []byte(name)
				if test.sameKeys {
					seed = []byte("one")
				}
				r := tuftest.New(&tuftest.Options{Seed: seed, Time: tufTime})
				for _, target := range []string{"trusted_root.json", "fulcio.crt.pem", "rekor.pub", "artifact"} {
					r.AddTarget(target, []byte("content of "+target))
				}
				if name == "sigstore-tuf-root" {
					r.AddTarget("only-root.json", []byte("x"))
				}
				r.Publish()
				both[name], roots[name] = r, r.Root()
				// Metadata at the URL itself and targets below it, as there.
				handler.HandleFunc("/"+name+"/", func(w http.ResponseWriter, req *http.Request) {
					rest := strings.TrimPrefix(req.URL.Path, "/"+name)
					if !strings.HasPrefix(rest, "/targets/") || strings.HasSuffix(rest, ".targets.json") {
						rest = "/metadata" + rest
					}
					req.URL.Path, req.URL.RawPath = rest, ""
					r.ServeHTTP(w, req)
				})
				replace = append(replace, `"`+name+`": ["https://tuf-repo-cdn.sigstore.dev"]`, `"`+name+`": ["`+server.URL+"/"+name+`"]`,
					`"`+name+`":   ["https://tuf-repo-cdn.sigstore.dev"]`, `"`+name+`": ["`+server.URL+"/"+name+`"]`)
			}
			local := strings.NewReplacer(replace...).Replace(string(mapFile))
			client, err := tuf.NewMapClient(tuf.MapConfig{Map: []byte(local), Roots: roots, Dir: t.TempDir()})
			if err != nil {
				t.Fatal(err)
			}
			found, err := client.SnapshotAt(tufTime).Target(t.Context(), test.target)
			if test.code != "" {
				rejected(t, err, test.code)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(found.Repositories(), " "); got != test.want {
				t.Errorf("agreement of %s, want %s", got, test.want)
			}
			dst := filepath.Join(t.TempDir(), "target")
			a, err := client.Download(t.Context(), found, dst)
			if err != nil {
				t.Fatal(err)
			}
			if data, err := os.ReadFile(dst); err != nil || string(data) != "content of "+test.target {
				t.Errorf("%q, %v", data, err)
			}
			if _, err := verify.Artifact(a, verify.CoveredBy(found), found); err != nil {
				t.Error(err)
			}
			// go-tuf's client finds the same, but for the names that are one.
			peer, err := multirepo.NewConfig([]byte(local), roots)
			if err != nil {
				t.Fatal(err)
			}
			peer.LocalMetadataDir, peer.LocalTargetsDir = t.TempDir(), t.TempDir()
			theirs, err := multirepo.New(peer)
			if err != nil {
				t.Fatal(err)
			}
			for _, u := range slices.Collect(maps.Values(theirs.TUFClients)) {
				u.UnsafeSetRefTime(tufTime)
			}
			info, names, err := theirs.GetTargetInfo(test.target)
			if err != nil {
				t.Fatal(err)
			}
			sum, _ := found.Hashes().Get(hash.SHA256)
			if info.Hashes["sha256"].String() != sum.Hex() || !test.sameKeys && strings.Join(names, " ") != test.want {
				t.Errorf("go-tuf: %v of %v, want %s", info.Hashes, names, sum)
			}
		})
	}
}

// noNetwork refuses to go anywhere.
type noNetwork struct{}

func (noNetwork) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("no network in tests")
}

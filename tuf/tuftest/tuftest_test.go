// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package tuftest_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/tallystick/tallystick/tuf"
	"github.com/tallystick/tallystick/tuf/tuftest"
)

var start = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// Two repositories that are told the same publish the same.
func TestSeed(t *testing.T) {
	build := func(seed string) *tuftest.Repository {
		r := tuftest.New(&tuftest.Options{Seed: []byte(seed), Time: start})
		r.AddTarget("b", []byte("b"))
		r.AddTarget("a", []byte("a"))
		if err := r.Delegate("targets", tuftest.Delegation{Name: "dev", Paths: []string{"*"}, Threshold: 2}); err != nil {
			t.Fatal(err)
		}
		r.Publish()
		return r
	}
	a, b, other := build("x"), build("x"), build("y")
	for _, name := range []string{"1.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json", "1.dev.json"} {
		if a.File(name) == nil || !bytes.Equal(a.File(name), b.File(name)) {
			t.Errorf("%s differs", name)
		}
		if bytes.Equal(a.File(name), other.File(name)) {
			t.Errorf("%s is the same for another seed", name)
		}
	}
}

func TestMistakes(t *testing.T) {
	r := tuftest.New(nil)
	if r.Root() != nil {
		t.Error("a root before the first publication")
	}
	for name, err := range map[string]error{
		"attack before a publication": r.Attack(tuftest.Freeze),
		"add to no role":              r.Add("nobody", tuftest.Target{Path: "x"}),
		"add to root":                 r.Add("root", tuftest.Target{Path: "x"}),
		"add no file":                 r.Add("targets", tuftest.Target{Path: "x", File: "does not exist"}),
		"add a channel":               r.Add("targets", tuftest.Target{Path: "x", Custom: make(chan int)}),
		"remove from no role":         r.RemoveTarget("nobody", "x"),
		"delegate to root":            r.Delegate("targets", tuftest.Delegation{Name: "root"}),
		"delegate to nobody":          r.Delegate("targets", tuftest.Delegation{}),
		"delegate from nobody":        r.Delegate("nobody", tuftest.Delegation{Name: "x"}),
		"bins of no bits":             r.DelegateBins("targets", "b", 0),
		"rotate nobody":               r.RotateKeys("nobody"),
		"threshold zero":              r.SetThreshold("root", 0, 1),
		"threshold out of reach":      r.SetThreshold("root", 3, 2),
		"expiry of nobody":            r.SetExpiry("nobody", start),
		"version of nobody":           r.SetVersion("nobody", 1),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	r.Publish()
	for _, a := range []tuftest.Attack{tuftest.Rollback, tuftest.MixAndMatch, "unheard of"} {
		if r.Attack(a) == nil {
			t.Errorf("attack %q: no error", a)
		}
	}
	if err := r.Attack(tuftest.Honest); err != nil {
		t.Error(err)
	}
}

// Nothing is served before the first publication, and changes only with the next.
func TestPublish(t *testing.T) {
	r := tuftest.New(nil)
	get := func(path string) (int, string) {
		w := httptest.NewRecorder()
		r.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		body, _ := io.ReadAll(w.Body)
		return w.Code, string(body)
	}
	r.SetConsistentSnapshot(false)
	r.AddTarget("dir/a b", []byte("one"))
	for _, path := range []string{"/metadata/timestamp.json", "/targets/dir/a%20b", "/"} {
		if code, _ := get(path); code != http.StatusNotFound {
			t.Errorf("%s before the first publication: %d", path, code)
		}
	}
	r.Publish()
	r.AddTarget("dir/a b", []byte("two"))
	if code, body := get("/targets/dir/a%20b"); code != http.StatusOK || body != "one" {
		t.Errorf("%d %q", code, body)
	}
	r.Publish()
	if code, body := get("/targets/dir/a%20b"); code != http.StatusOK || body != "two" {
		t.Errorf("%d %q", code, body)
	}
	if code, body := get("/metadata/timestamp.json"); code != http.StatusOK || body != string(r.File("timestamp.json")) {
		t.Errorf("%d", code)
	}
}

func Example() {
	repo := tuftest.New(nil)
	repo.AddTarget("app.tar.gz", []byte("the release"))
	repo.Publish()
	server := httptest.NewServer(repo)
	defer server.Close()

	_, err := tuf.NewClient(tuf.Config{
		Root:        repo.Root(),
		MetadataURL: server.URL + tuftest.MetadataPath,
		TargetsURL:  server.URL + tuftest.TargetsPath,
		Dir:         "cache", // t.TempDir() in a test
	})
	fmt.Println(err)

	err = repo.Attack(tuftest.WrongTarget)
	fmt.Println(err)
	// Output:
	// <nil>
	// <nil>
}

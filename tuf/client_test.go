// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package tuf_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/tuf"
	"github.com/tallystick/tallystick/tuf/tuftest"
	"github.com/tallystick/tallystick/verify"
	"github.com/tallystick/tallystick/verify/verifytest"
)

// start is the time of the first publication in tests.
var start = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// A fixture is a repository with a server and one client.
type fixture struct {
	*tuftest.Repository
	t      *testing.T
	server *httptest.Server
	config tuf.Config
	client *tuf.Client
	now    time.Time
	serve  atomic.Value // of http.HandlerFunc
}

// handle makes the server answer with h.
func (f *fixture) handle(h http.HandlerFunc) { f.serve.Store(h) }

func newFixture(t *testing.T, opts tuftest.Options) *fixture {
	t.Helper()
	if opts.Time.IsZero() {
		opts.Time = start
	}
	if opts.Seed == nil {
		opts.Seed = []byte(t.Name())
	}
	f := &fixture{Repository: tuftest.New(&opts), t: t, now: opts.Time.Add(time.Hour)}
	f.AddTarget("app.tar.gz", []byte("the release"))
	f.Publish()
	f.handle(f.ServeHTTP)
	f.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.serve.Load().(http.HandlerFunc)(w, r)
	}))
	t.Cleanup(f.server.Close)
	f.config = tuf.Config{
		Root:        f.Root(),
		MetadataURL: f.server.URL + tuftest.MetadataPath,
		TargetsURL:  f.server.URL + tuftest.TargetsPath,
		Dir:         filepath.Join(t.TempDir(), "cache"),
	}
	f.renew()
	return f
}

// renew makes another client with the same cache, as a new process would.
func (f *fixture) renew() {
	f.t.Helper()
	c, err := tuf.NewClient(f.config)
	if err != nil {
		f.t.Fatal(err)
	}
	f.client = c
}

func (f *fixture) refresh() *tuf.Snapshot {
	f.t.Helper()
	s, err := f.client.RefreshAt(f.t.Context(), f.now)
	if err != nil {
		f.t.Fatal(err)
	}
	return s
}

func (f *fixture) target(path string) *tuf.Target {
	f.t.Helper()
	target, err := f.refresh().Target(f.t.Context(), path)
	if err != nil {
		f.t.Fatal(err)
	}
	return target
}

func TestStraightPath(t *testing.T) {
	for _, test := range []struct {
		name string
		opts tuftest.Options
	}{
		{"consistent snapshots", tuftest.Options{}},
		{"without consistent snapshots", tuftest.Options{NotConsistent: true}},
		{"versions only", tuftest.Options{VersionsOnly: true}},
		{"versions only, without consistent snapshots", tuftest.Options{VersionsOnly: true, NotConsistent: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFixture(t, test.opts)
			if err := f.Add("targets", tuftest.Target{Path: "dir/ä b", Content: []byte("x"),
				Algorithms: []hash.Algorithm{hash.SHA512, hash.SHA256}, Custom: map[string]int{"n": 1}}); err != nil {
				t.Fatal(err)
			}
			f.Publish()
			target := f.target("dir/ä b")
			if target.Path() != "dir/ä b" || target.Length() != 1 || target.Hashes().Len() != 2 || string(target.Custom()) != `{"n":1}` {
				t.Errorf("target %q, %d bytes, %v, custom %s", target.Path(), target.Length(), target.Hashes(), target.Custom())
			}
			dst := filepath.Join(t.TempDir(), "file")
			a, err := f.client.Download(t.Context(), target, dst)
			if err != nil {
				t.Fatal(err)
			}
			if content, err := os.ReadFile(dst); err != nil || string(content) != "x" {
				t.Errorf("downloaded %q, %v", content, err)
			}
			verifytest.TestClaim(t, target, a)
			result, err := verify.Artifact(a, verify.CoveredBy(target), target)
			if err != nil {
				t.Fatal(err)
			}
			if r := result.Report(); !r.Time.Equal(f.now) {
				t.Errorf("report is as of %v, want %v", r.Time, f.now)
			}
		})
	}
}

func TestSecondRefresh(t *testing.T) {
	f := newFixture(t, tuftest.Options{})
	first := f.refresh()
	f.AddTarget("app.tar.gz", []byte("the next release"))
	f.Publish()
	if got := f.target("app.tar.gz").Length(); got != int64(len("the next release")) {
		t.Errorf("after an update: %d bytes", got)
	}
	old, err := first.Target(context.Background(), "app.tar.gz")
	if err != nil || old.Length() != int64(len("the release")) {
		t.Errorf("the first snapshot has changed: %v, %v", old, err)
	}
}

// Callers may write into the evidence, reports and issuers that they get.
func TestEvidenceIsACopy(t *testing.T) {
	f := newFixture(t, tuftest.Options{})
	s := f.refresh()
	issuer := func() string {
		t.Helper()
		target, err := s.Target(t.Context(), "app.tar.gz")
		if err != nil {
			t.Fatal(err)
		}
		checks := s.Evidence().Check.Checks
		return target.Issuers()[0].ID + " " + checks[len(checks)-1].Issuers[0].ID
	}
	var forge func(checks []verify.Check)
	forge = func(checks []verify.Check) {
		for i := range checks {
			for j := range checks[i].Issuers {
				checks[i].Issuers[j].ID = "forged"
			}
			forge(checks[i].Checks)
			checks[i].Detail = "forged"
		}
	}
	before := issuer()
	for _, test := range []struct {
		name  string
		write func()
	}{
		{"Snapshot.Evidence", func() { forge(s.Evidence().Check.Checks) }},
		{"Target.Evidence", func() { forge(f.target("app.tar.gz").Evidence().Check.Checks) }},
		{"Target.Issuers", func() {
			target, err := s.Target(t.Context(), "app.tar.gz")
			if err != nil {
				t.Fatal(err)
			}
			target.Issuers()[0].ID = "forged"
		}},
		{"the report of a rejection", func() {
			_, err := s.Target(t.Context(), "none")
			r, ok := errors.AsType[*verify.RejectedError](err)
			if !ok {
				t.Fatal(err)
			}
			forge(r.Report.Checks)
		}},
	} {
		test.write()
		if got := issuer(); got != before {
			t.Errorf("after a write into %s: issuers %s, want %s", test.name, got, before)
		}
	}
}

// Values that nobody has made do nothing.
func TestZeroValues(t *testing.T) {
	var c tuf.Client
	_, err := c.Refresh(t.Context())
	want(t, err, tuf.CodeConfig, true)
	_, err = c.Download(t.Context(), newFixture(t, tuftest.Options{}).target("app.tar.gz"), filepath.Join(t.TempDir(), "app"))
	want(t, err, tuf.CodeConfig, true)
	var s tuf.Snapshot
	_, err = s.Target(t.Context(), "app.tar.gz")
	want(t, err, tuf.CodeConfig, true)
	if e := s.Evidence(); len(e.Check.Checks) > 0 || e.Check.Status == verify.Pass || !s.Time().IsZero() || !s.Expires().IsZero() {
		t.Errorf("the zero Snapshot has evidence %+v of %v to %v", e, s.Time(), s.Expires())
	}
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package tuf_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/tuf"
	"github.com/tallystick/tallystick/tuf/tuftest"
	"github.com/tallystick/tallystick/verify"
)

// intercept answers requests for one file in place of the repository.
func (f *fixture) intercept(suffix string, h http.HandlerFunc) {
	repo := f.Repository
	f.handle(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.EscapedPath(), suffix) {
			h(w, r)
			return
		}
		repo.ServeHTTP(w, r)
	})
}

// What a server or a line can do wrong with any file.
func TestTransport(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("a request went elsewhere: %s", r.URL)
	}))
	defer elsewhere.Close()
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	zeros := make([]byte, 1<<20)
	for range 16 {
		z.Write(zeros)
	}
	z.Close()
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { http.Error(w, "no", code) }
	}
	for _, test := range []struct {
		name    string
		handler http.HandlerFunc
		code    verify.Code
		noRoot  bool // for a root it means that there is none
	}{
		{"403", status(403), tuf.CodeNotFound, true},
		{"404", status(404), tuf.CodeNotFound, true},
		{"204", status(204), tuf.CodeTransport, false},
		{"500", status(500), tuf.CodeTransport, false},
		{"redirect to another host", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL+r.URL.Path, http.StatusFound)
		}, tuf.CodeTransport, false},
		{"redirect to another scheme", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://"+r.Host+r.URL.Path, http.StatusFound)
		}, tuf.CodeTransport, false},
		{"redirect in a circle", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Path, http.StatusFound)
		}, tuf.CodeTransport, false},
		{"gzip", func(w http.ResponseWriter, r *http.Request) {
			if e := r.Header.Get("Accept-Encoding"); e != "identity" {
				t.Errorf("asked for encoding %q", e)
			}
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(bomb.Bytes())
		}, tuf.CodeTransport, false},
		{"cut", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "11")
			w.Write([]byte("the r"))
		}, tuf.CodeTransport, false},
		{"hang up", func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) }, tuf.CodeTransport, false},
	} {
		for _, file := range []string{"2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json", "app.tar.gz"} {
			t.Run(test.name+", "+file, func(t *testing.T) {
				f := newFixture(t, tuftest.Options{})
				f.intercept(file, test.handler)
				dst := filepath.Join(t.TempDir(), "app")
				err := f.update(dst)
				if test.noRoot && file == "2.root.json" {
					if err != nil {
						t.Error(err)
					}
					return
				}
				want(t, err, test.code, true)
				if !strings.Contains(err.Error(), file) {
					t.Errorf("does not name the URL: %v", err)
				}
				if list, _ := os.ReadDir(filepath.Dir(dst)); len(list) > 0 {
					t.Errorf("left behind: %v", list)
				}
				f.intercept("nothing", nil)
				if err := f.update(dst); err != nil {
					t.Errorf("afterwards: %v", err)
				}
			})
		}
	}
}

func TestRedirectOnTheSameHost(t *testing.T) {
	f := newFixture(t, tuftest.Options{})
	f.handle(func(w http.ResponseWriter, r *http.Request) {
		if rest, ok := strings.CutPrefix(r.URL.Path, "/old/"); ok {
			http.Redirect(w, r, tuftest.MetadataPath+rest, http.StatusMovedPermanently)
			return
		}
		f.ServeHTTP(w, r)
	})
	f.config.MetadataURL = f.server.URL + "/old"
	f.renew()
	f.refresh()
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// From https to http on the same host and the default ports.
func TestRedirectToPlainHTTP(t *testing.T) {
	f := newFixture(t, tuftest.Options{})
	f.config.MetadataURL = "https://repository.example/metadata"
	f.config.HTTPClient = &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.URL.Scheme != "https" {
			t.Errorf("a request in the clear: %s", r.URL)
		}
		w := httptest.NewRecorder()
		http.Redirect(w, r, "http://repository.example"+r.URL.Path, http.StatusFound)
		res := w.Result()
		res.Request = r
		return res, nil
	})}
	f.renew()
	_, err := f.client.RefreshAt(t.Context(), f.now)
	want(t, err, tuf.CodeTransport, true)
}

func TestRedirectsOfTheCallersClient(t *testing.T) {
	f := newFixture(t, tuftest.Options{})
	f.config.HTTPClient = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return errors.New("never") }}
	f.renew()
	f.intercept("/metadata/timestamp.json", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/other", http.StatusFound)
	})
	_, err := f.client.RefreshAt(t.Context(), f.now)
	want(t, err, tuf.CodeTransport, true)
	if !strings.Contains(err.Error(), "never") {
		t.Errorf("the caller's word was not heard: %v", err)
	}
}

func TestSizeLimits(t *testing.T) {
	for _, test := range []struct {
		name   string
		limits tuf.Limits
		opts   tuftest.Options
	}{
		{"root", tuf.Limits{Root: 10}, tuftest.Options{}},
		{"timestamp", tuf.Limits{Timestamp: 10}, tuftest.Options{}},
		{"snapshot", tuf.Limits{Snapshot: 10}, tuftest.Options{VersionsOnly: true}},
		{"targets", tuf.Limits{Targets: 10}, tuftest.Options{VersionsOnly: true}},
		{"stated", tuf.Limits{StatedLength: 10}, tuftest.Options{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFixture(t, test.opts)
			f.rotate("root")
			f.config.Limits = test.limits
			f.renew()
			requests := f.requestsOf(func() {
				_, err := f.client.RefreshAt(t.Context(), f.now)
				want(t, err, tuf.CodeLimit, true)
			})
			if test.name == "stated" && slices.Contains(requests, "2.snapshot.json") {
				t.Error("asked for a file that it would not take")
			}
		})
	}
	t.Run("stated length allows more", func(t *testing.T) {
		f := newFixture(t, tuftest.Options{})
		f.config.Limits = tuf.Limits{Snapshot: 10, Targets: 10}
		f.renew()
		f.refresh()
		f.refresh()
	})
}

// A server that sends nothing is too slow by any limits, and with any client.
func TestSilence(t *testing.T) {
	for _, test := range []struct {
		name   string
		limits tuf.Limits
	}{
		{"a rate that is a fraction", tuf.Limits{MinRate: 1, RateWindow: 100 * time.Millisecond}},
		{"a large rate", tuf.Limits{MinRate: 1 << 62, RateWindow: 100 * time.Millisecond}},
		{"the largest rate", tuf.Limits{MinRate: math.MaxInt64, RateWindow: 1001 * time.Millisecond}},
	} {
		for _, headers := range []bool{true, false} {
			if !headers && test.limits.RateWindow > time.Second {
				continue // the rate is about bodies
			}
			t.Run(fmt.Sprintf("%s, headers %t", test.name, headers), func(t *testing.T) {
				f := newFixture(t, tuftest.Options{})
				f.config.Limits = test.limits
				f.config.HTTPClient = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
				f.renew()
				f.intercept("", func(w http.ResponseWriter, r *http.Request) {
					if headers {
						http.NewResponseController(w).Flush()
					}
					<-r.Context().Done()
				})
				_, err := f.client.RefreshAt(t.Context(), f.now)
				want(t, err, tuf.CodeSlow, true)
			})
		}
	}
	t.Run("the longest window", func(t *testing.T) {
		f := newFixture(t, tuftest.Options{})
		f.config.Limits = tuf.Limits{RateWindow: math.MaxInt64}
		f.renew()
		f.refresh()
	})
}

// The largest number means that there is no limit, and nothing else: with an
// overflow nothing would be read, and the cached snapshot that protects against
// rollback be ignored.
func TestNoSizeLimits(t *testing.T) {
	for _, opts := range []tuftest.Options{{}, {VersionsOnly: true}} {
		f := newFixture(t, opts)
		const none = math.MaxInt64
		f.config.Limits = tuf.Limits{Root: none, Timestamp: none, Snapshot: none, Targets: none, StatedLength: none}
		f.renew()
		f.rotate("root")
		f.AddTarget("b", nil)
		f.Publish() // targets version 2
		s := f.refresh()
		for _, c := range s.Evidence().Check.Checks {
			if c.Code == tuf.CodeCache {
				t.Errorf("the cache was not read: %+v", c)
			}
		}
		if err := f.SetVersion("targets", 1); err != nil {
			t.Fatal(err)
		}
		f.Publish()
		_, err := f.client.RefreshAt(t.Context(), f.now)
		want(t, err, tuf.CodeRollback, false)
	}
}

// A length that a server only says costs no memory.
func TestLengthThatIsOnlySaid(t *testing.T) {
	f := newFixture(t, tuftest.Options{})
	f.config.Limits.Timestamp = math.MaxInt64 - 1
	f.renew()
	f.intercept("timestamp.json", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(math.MaxInt64-2))
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	_, err := f.client.RefreshAt(t.Context(), f.now)
	want(t, err, tuf.CodeTransport, true)
}

// No byte is asked for of a target that is larger than the caller allows.
func TestLimitOfTargets(t *testing.T) {
	f := newFixture(t, tuftest.Options{})
	target := f.target("app.tar.gz")
	for limit, code := range map[int64]verify.Code{target.Length(): ok, target.Length() - 1: tuf.CodeLimit} {
		f.config.Limits.Target = limit
		f.renew()
		requests := f.requestsOf(func() {
			_, err := f.client.Download(t.Context(), target, filepath.Join(t.TempDir(), "app"))
			if code != ok {
				want(t, err, code, true)
			} else if err != nil {
				t.Error(err)
			}
		})
		if (len(requests) > 0) != (code == ok) {
			t.Errorf("limit %d: requests %q", limit, requests)
		}
	}
}

// A target of the largest length that there is.
func TestLargestTarget(t *testing.T) {
	f := pinless(t)
	f.config.Limits.Target = math.MaxInt64
	f.renew()
	signed := f.signed("dev")
	at(signed, "targets", "dev/tool")["length"] = math.MaxInt64
	f.publish("dev", signed)
	target, err := f.lookUp()
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.client.Download(t.Context(), target, filepath.Join(t.TempDir(), "tool"))
	want(t, err, tuf.CodeLength, false)
	f.intercept("", func(w http.ResponseWriter, r *http.Request) {
		http.NewResponseController(w).Flush() // no Content-Length
		w.Write([]byte("a tool"))
	})
	_, err = f.client.Download(t.Context(), target, filepath.Join(t.TempDir(), "tool"))
	want(t, err, tuf.CodeLength, false)
	if !strings.Contains(err.Error(), "found 6 bytes") {
		t.Errorf("nothing was read: %v", err)
	}
}

func TestCancel(t *testing.T) {
	for _, file := range []string{"2.root.json", "timestamp.json", "1.targets.json", "app.tar.gz"} {
		t.Run(file, func(t *testing.T) {
			f := newFixture(t, tuftest.Options{})
			ctx, cancel := context.WithCancelCause(t.Context())
			cause := errors.New("the user went home")
			f.intercept(file, func(w http.ResponseWriter, r *http.Request) {
				w.Write([]byte("x"))
				http.NewResponseController(w).Flush()
				cancel(cause)
				<-r.Context().Done()
			})
			dst := filepath.Join(t.TempDir(), "app")
			s, err := f.client.RefreshAt(ctx, f.now)
			if err == nil {
				var target *tuf.Target
				if target, err = s.Target(ctx, "app.tar.gz"); err == nil {
					_, err = f.client.Download(ctx, target, dst)
				}
			}
			want(t, err, tuf.CodeCanceled, true)
			if !errors.Is(err, cause) {
				t.Errorf("does not wrap the cause: %v", err)
			}
			if list, _ := os.ReadDir(filepath.Dir(dst)); len(list) > 0 {
				t.Errorf("left behind: %v", list)
			}
		})
	}
}

func TestConfig(t *testing.T) {
	good := newFixture(t, tuftest.Options{}).config
	for _, test := range []struct {
		name string
		edit func(*tuf.Config)
	}{
		{"no root", func(c *tuf.Config) { c.Root = nil }},
		{"root is something else", func(c *tuf.Config) { c.Root = []byte("{}") }},
		{"root without signature", func(c *tuf.Config) {
			c.Root = bytes.Replace(c.Root, []byte(`"spec_version":"1.0.31"`), []byte(`"spec_version":"1.0.30"`), 1)
		}},
		{"no metadata URL", func(c *tuf.Config) { c.MetadataURL = "" }},
		{"URL of another kind", func(c *tuf.Config) { c.MetadataURL = "file:///x" }},
		{"URL without host", func(c *tuf.Config) { c.MetadataURL = "http:///x" }},
		{"URL with a query", func(c *tuf.Config) { c.TargetsURL = "http://h/x?y" }},
		{"URL with a fragment", func(c *tuf.Config) { c.TargetsURL = "http://h/x#y" }},
		{"no folder", func(c *tuf.Config) { c.Dir = "" }},
		{"negative limit", func(c *tuf.Config) { c.Limits.Roles = -1 }},
		{"fewer retries than none", func(c *tuf.Config) { c.Retries = -1 }},
		{"too many retries", func(c *tuf.Config) { c.Retries = 11 }},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := good
			test.edit(&c)
			client, err := tuf.NewClient(c)
			want(t, err, tuf.CodeConfig, true)
			if client != nil {
				t.Error("a client beside an error")
			}
		})
	}
	if _, err := os.Stat(good.Dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("NewClient wrote something: %v", err)
	}
}

func TestDownload(t *testing.T) {
	f := newFixture(t, tuftest.Options{})
	big := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	onDisk := filepath.Join(t.TempDir(), "big")
	if err := os.WriteFile(onDisk, big, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := f.Add("targets", tuftest.Target{Path: "big", File: onDisk}); err != nil {
		t.Fatal(err)
	}
	f.AddTarget("empty", nil)
	f.AddTarget("../outside", []byte("x"))
	f.AddTarget("a/../../outside", []byte("x"))
	f.AddTarget("/absolute", []byte("x"))
	f.AddTarget("odd /?#%25;\n\x7f+&ü", []byte("x"))
	f.Publish()

	t.Run("progress", func(t *testing.T) {
		var last, calls int64
		f.config.Progress = func(path string, received, length int64) {
			if path != "big" || received <= last || length != int64(len(big)) {
				t.Errorf("progress(%q, %d, %d) after %d", path, received, length, last)
			}
			last = received
			calls++
		}
		defer func() { f.config.Progress = nil; f.renew() }()
		f.renew()
		dst := filepath.Join(t.TempDir(), "x")
		a, err := f.client.Download(t.Context(), f.target("big"), dst)
		if err != nil {
			t.Fatal(err)
		}
		if a.Size() != int64(len(big)) || last != a.Size() || calls < 2 {
			t.Errorf("%v, progress up to %d in %d calls", a, last, calls)
		}
		if got, _ := os.ReadFile(dst); !bytes.Equal(got, big) {
			t.Error("other content")
		}
	})
	t.Run("empty", func(t *testing.T) {
		dst := filepath.Join(t.TempDir(), "x")
		if _, err := f.client.Download(t.Context(), f.target("empty"), dst); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(dst); err != nil || info.Size() != 0 {
			t.Errorf("%v, %v", info, err)
		}
	})
	t.Run("names", func(t *testing.T) {
		for path, good := range map[string]bool{"../outside": false, "a/../../outside": false, "/absolute": true, "odd /?#%25;\n\x7f+&ü": true} {
			target := f.target(path)
			dst := filepath.Join(t.TempDir(), "x")
			requests := f.requestsOf(func() {
				_, err := f.client.Download(t.Context(), target, dst)
				if good != (err == nil) {
					t.Errorf("%q: %v", path, err)
				}
				if !good {
					want(t, err, tuf.CodeConfig, true)
				}
			})
			if !good && len(requests) > 0 {
				t.Errorf("%q: requests %q", path, requests)
			}
		}
	})
	t.Run("there already", func(t *testing.T) {
		target := f.target("big")
		dst := filepath.Join(t.TempDir(), "x")
		if err := os.WriteFile(dst, big, 0o600); err != nil {
			t.Fatal(err)
		}
		requests := f.requestsOf(func() {
			a, err := f.client.Download(t.Context(), target, dst)
			if err != nil || target.Covers(a) != nil || a.Name() != "big" {
				t.Errorf("%v, %v", a, err)
			}
		})
		if len(requests) > 0 {
			t.Errorf("requests %q", requests)
		}
		// One byte of it changed.
		if err := os.WriteFile(dst, append([]byte("X"), big[1:]...), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := f.client.Download(t.Context(), target, dst); err != nil {
			t.Fatal(err)
		}
		if got, _ := os.ReadFile(dst); !bytes.Equal(got, big) {
			t.Error("the changed file is still there")
		}
	})
	t.Run("an old file survives a failure", func(t *testing.T) {
		f.attack(tuftest.WrongTarget)
		defer f.attack(tuftest.Honest)
		dst := filepath.Join(t.TempDir(), "x")
		if err := os.WriteFile(dst, []byte("old"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := f.client.Download(t.Context(), f.target("big"), dst)
		want(t, err, tuf.CodeHash, false)
		if got, _ := os.ReadFile(dst); string(got) != "old" {
			t.Errorf("now %.20q", got)
		}
		if list, _ := os.ReadDir(filepath.Dir(dst)); len(list) != 1 {
			t.Errorf("left behind: %v", list)
		}
	})
	t.Run("a link is replaced and not followed", func(t *testing.T) {
		dir := t.TempDir()
		precious := filepath.Join(dir, "precious")
		if err := os.WriteFile(precious, []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
		dst := filepath.Join(dir, "x")
		if err := os.Symlink(precious, dst); err != nil {
			t.Skip(err)
		}
		if _, err := f.client.Download(t.Context(), f.target("big"), dst); err != nil {
			t.Fatal(err)
		}
		if got, _ := os.ReadFile(precious); string(got) != "mine" {
			t.Error("wrote through the link")
		}
		if info, _ := os.Lstat(dst); !info.Mode().IsRegular() {
			t.Errorf("is %v", info.Mode())
		}
	})
	t.Run("places that cannot be", func(t *testing.T) {
		target := f.target("big")
		for _, dst := range []string{t.TempDir(), filepath.Join(t.TempDir(), "no", "folder"), "", ".."} {
			_, err := f.client.Download(t.Context(), target, dst)
			want(t, err, tuf.CodeStorage, true)
		}
		_, err := f.client.Download(t.Context(), nil, "x")
		want(t, err, tuf.CodeConfig, true)
		_, err = f.client.Download(t.Context(), &tuf.Target{}, "x")
		want(t, err, tuf.CodeConfig, true)
	})
	t.Run("without targets URL", func(t *testing.T) {
		target := f.target("big")
		c := f.config
		c.TargetsURL = ""
		client, err := tuf.NewClient(c)
		if err != nil {
			t.Fatal(err)
		}
		_, err = client.Download(t.Context(), target, filepath.Join(t.TempDir(), "x"))
		want(t, err, tuf.CodeConfig, true)
	})
	t.Run("lengths", func(t *testing.T) {
		target := f.target("big")
		for name, body := range map[string][]byte{"short": big[1:], "long": append(big[:len(big):len(big)], 'x'), "none": nil} {
			for _, chunked := range []bool{false, true} {
				f.intercept("big", func(w http.ResponseWriter, r *http.Request) {
					if chunked {
						http.NewResponseController(w).Flush()
					}
					w.Write(body)
				})
				_, err := f.client.Download(t.Context(), target, filepath.Join(t.TempDir(), "x"))
				if verify.CodeOf(err) != tuf.CodeLength {
					t.Errorf("%s, chunked %t: %v", name, chunked, err)
				}
			}
		}
		f.intercept("nothing", nil)
	})
	t.Run("two hashes, one wrong", func(t *testing.T) {
		p := pinless(t)
		signed := p.signed("targets")
		at(signed, "targets", "app.tar.gz", "hashes")["sha512"] = strings.Repeat("0", 128)
		p.publish("targets", signed)
		target := p.target("app.tar.gz")
		_, err := p.client.Download(t.Context(), target, filepath.Join(t.TempDir(), "x"))
		want(t, err, tuf.CodeHash, false)
	})
}

// The right hashes with another length are a contradiction.
func TestCoversLength(t *testing.T) {
	f := pinless(t)
	signed := f.signed("targets")
	at(signed, "targets", "app.tar.gz")["length"] = 99
	f.publish("targets", signed)
	a, err := hash.Measure(t.Context(), strings.NewReader("the release"))
	if err != nil {
		t.Fatal(err)
	}
	target := f.target("app.tar.gz")
	if err := target.Covers(a); !errors.Is(err, tuf.CodeLength) || errors.Is(err, verify.CodeNotCovered) {
		t.Errorf("covers an artifact of another length: %v", err)
	}
	_, err = verify.Artifact(a, verify.CoveredBy(target), target)
	if err == nil {
		t.Error("accepted")
	}
}

// The strongest hash names the file in a consistent snapshot, every time.
func TestTargetURL(t *testing.T) {
	f := newFixture(t, tuftest.Options{})
	if err := f.Add("targets", tuftest.Target{Path: "dir/x", Content: []byte("x"), Algorithms: []hash.Algorithm{hash.MD5, hash.SHA512, hash.SHA256}}); err != nil {
		t.Fatal(err)
	}
	f.Publish()
	target := f.target("dir/x")
	sha256, _ := target.Hashes().Get(hash.SHA256)
	for range 10 {
		got := f.requestsOf(func() {
			if _, err := f.client.Download(t.Context(), target, filepath.Join(t.TempDir(), "x")); err != nil {
				t.Fatal(err)
			}
		})
		if len(got) != 1 || got[0] != "dir/"+sha256.Hex()+".x" {
			t.Errorf("requests %q", got)
		}
	}
	// The repository has it under another hash only.
	sha512, _ := target.Hashes().Get(hash.SHA512)
	f.intercept(sha256.Hex()+".x", http.NotFound)
	got := f.requestsOf(func() {
		if _, err := f.client.Download(t.Context(), target, filepath.Join(t.TempDir(), "x")); err != nil {
			t.Fatal(err)
		}
	})
	if len(got) != 1 || got[0] != "dir/"+sha512.Hex()+".x" {
		t.Errorf("requests %q", got)
	}
}

func TestConcurrency(t *testing.T) {
	f := newFixture(t, tuftest.Options{})
	if err := f.DelegateBins("targets", "bin", 3); err != nil {
		t.Fatal(err)
	}
	for i := range 8 {
		if err := f.Add("bin", tuftest.Target{Path: fmt.Sprint(i), Content: make([]byte, i)}); err != nil {
			t.Fatal(err)
		}
	}
	f.Publish()
	shared := f.refresh()
	dir := t.TempDir()
	var group sync.WaitGroup
	for i := range 16 {
		group.Go(func() {
			s := shared
			if i%4 == 0 {
				var err error
				if s, err = f.client.RefreshAt(t.Context(), f.now); err != nil {
					t.Error(err)
					return
				}
			}
			target, err := s.Target(t.Context(), fmt.Sprint(i%8))
			if err == nil {
				_, err = f.client.Download(t.Context(), target, filepath.Join(dir, fmt.Sprint(i%3)))
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}

func TestWaitingForARefresh(t *testing.T) {
	f := newFixture(t, tuftest.Options{})
	entered, leave := make(chan bool), make(chan bool)
	f.intercept("timestamp.json", func(w http.ResponseWriter, r *http.Request) {
		entered <- true
		<-leave
	})
	done := make(chan error)
	go func() {
		_, err := f.client.RefreshAt(context.Background(), f.now)
		done <- err
	}()
	<-entered
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_, err := f.client.RefreshAt(ctx, f.now)
	want(t, err, tuf.CodeCanceled, true)
	close(leave)
	<-done
}

// Now is the default time: this repository expires tomorrow.
func TestNow(t *testing.T) {
	f := newFixture(t, tuftest.Options{Time: time.Now()})
	s, err := f.client.Refresh(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if d := time.Since(s.Time()); d < 0 || d > time.Hour {
		t.Errorf("as of %v", s.Time())
	}
	if d := time.Until(s.Expires()); d < 22*time.Hour || d > 24*time.Hour {
		t.Errorf("expires %v", s.Expires())
	}
}

// A download that broke off goes on where it stopped.
func TestResume(t *testing.T) {
	big := make([]byte, 3<<20)
	for i := range big {
		big[i] = byte(i >> 8)
	}
	const cut = 2 << 20
	setUp := func(t *testing.T) (f *fixture, dir string) {
		f = newFixture(t, tuftest.Options{NotConsistent: true})
		f.AddTarget("big", big)
		f.Publish()
		dir = t.TempDir()
		f.intercept("/big", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(len(big)))
			w.Write(big[:cut])
			http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		})
		_, err := f.client.Download(t.Context(), f.target("big"), filepath.Join(dir, "big"))
		want(t, err, tuf.CodeTransport, true)
		return f, dir
	}
	part := func(t *testing.T, dir string) string {
		list, err := filepath.Glob(filepath.Join(dir, ".tallystick-*.part"))
		if err != nil || len(list) != 1 {
			t.Fatalf("parts %v, %v", list, err)
		}
		return list[0]
	}
	var ranges []string
	// finish downloads from a server that is well again.
	finish := func(t *testing.T, f *fixture, dir string, h http.HandlerFunc) error {
		ranges = nil
		f.intercept("/big", func(w http.ResponseWriter, r *http.Request) {
			ranges = append(ranges, r.Header.Get("Range"))
			h(w, r)
		})
		a, err := f.client.Download(t.Context(), f.target("big"), filepath.Join(dir, "big"))
		if err != nil {
			return err
		}
		if got, _ := os.ReadFile(filepath.Join(dir, "big")); !bytes.Equal(got, big) || a.Size() != int64(len(big)) {
			t.Error("other content")
		}
		if list, _ := os.ReadDir(dir); len(list) != 1 {
			t.Errorf("left behind: %v", list)
		}
		return nil
	}
	for _, test := range []struct {
		name   string
		damage func(part string) error
		serve  func(f *fixture) http.HandlerFunc
		ranges string
		code   verify.Code
	}{
		{"the server agrees", nil, nil, "bytes=2097152-", ok},
		{"the server sends all", nil, func(f *fixture) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) { w.Write(big) }
		}, "bytes=2097152-", ok},
		{"the server sends another part", nil, func(f *fixture) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Range") != "" {
					r.Header.Set("Range", "bytes=7-")
				}
				f.ServeHTTP(w, r)
			}
		}, "bytes=2097152-|", ok},
		{"the server cannot", nil, func(f *fixture) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Range") != "" {
					http.Error(w, "no", http.StatusRequestedRangeNotSatisfiable)
					return
				}
				f.ServeHTTP(w, r)
			}
		}, "bytes=2097152-|", ok},
		{"the rest is wrong", nil, func(f *fixture) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				f.attack(tuftest.WrongTarget)
				f.ServeHTTP(w, r)
			}
		}, "bytes=2097152-|", tuf.CodeHash},
		{"the part is wrong", func(part string) error { return os.WriteFile(part, make([]byte, cut), 0o600) }, nil, "bytes=2097152-|", ok},
		{"the part is too long", func(part string) error { return os.WriteFile(part, make([]byte, len(big)), 0o600) }, nil, "", ok},
		{"the part is empty", func(part string) error { return os.Truncate(part, 0) }, nil, "", ok},
		{"the part is a link", func(part string) error {
			if err := os.Rename(part, part+".x"); err != nil {
				return err
			}
			return os.Symlink(part+".x", part)
		}, nil, "", ok},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, dir := setUp(t)
			p := part(t, dir)
			if info, err := os.Stat(p); err != nil || info.Size() != cut {
				t.Fatalf("part of %v, %v", info, err)
			}
			if test.damage != nil {
				if err := test.damage(p); err != nil {
					t.Skip(err)
				}
			}
			serve := http.HandlerFunc(f.ServeHTTP)
			if test.serve != nil {
				serve = test.serve(f)
			}
			if strings.Contains(test.name, "too long") || strings.Contains(test.name, "empty") || strings.Contains(test.name, "link") {
				// Such a part is not ours to remove; it is only not used.
				defer os.Remove(p)
				ranges = nil
				f.intercept("/big", func(w http.ResponseWriter, r *http.Request) {
					ranges = append(ranges, r.Header.Get("Range"))
					serve(w, r)
				})
				if _, err := f.client.Download(t.Context(), f.target("big"), filepath.Join(dir, "big")); err != nil {
					t.Error(err)
				}
			} else if err := finish(t, f, dir, serve); test.code != ok {
				want(t, err, test.code, false)
				if list, _ := os.ReadDir(dir); len(list) != 0 {
					t.Errorf("left behind: %v", list)
				}
			} else if err != nil {
				t.Error(err)
			}
			if got := strings.Join(ranges, "|"); got != test.ranges {
				t.Errorf("ranges %q, want %q", got, test.ranges)
			}
		})
	}
}

// The time that the old part takes on its way from the disk is not the server's.
func TestResumeFromASlowDisk(t *testing.T) {
	f := newFixture(t, tuftest.Options{NotConsistent: true})
	big := bytes.Repeat([]byte("0123456789abcdef"), 2<<16) // 2 MiB
	const cut = 3 << 19
	f.AddTarget("big", big)
	f.Publish()
	dst := filepath.Join(t.TempDir(), "big")
	f.intercept("/big", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(big)))
		w.Write(big[:cut])
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	target := f.target("big")
	_, err := f.client.Download(t.Context(), target, dst)
	want(t, err, tuf.CodeTransport, true)

	const window = 200 * time.Millisecond
	read := false
	f.config.Limits = tuf.Limits{MinRate: 10, RateWindow: window}
	f.config.Progress = func(_ string, received, _ int64) {
		if !read && received < cut {
			// As a disk would: a watch that runs meanwhile comes to its end.
			<-time.After(2 * window)
		}
		read = true
	}
	f.renew()
	f.handle(f.ServeHTTP)
	if _, err := f.client.Download(t.Context(), target, dst); err != nil {
		t.Error(err)
	}
}

// All bytes have come, but not the end of the answer. What is of no use for the
// next download does not stay.
func TestNoPartOfFullLength(t *testing.T) {
	f := newFixture(t, tuftest.Options{NotConsistent: true})
	big := make([]byte, 2<<20)
	f.AddTarget("big", big)
	f.Publish()
	dir := t.TempDir()
	f.intercept("/big", func(w http.ResponseWriter, r *http.Request) {
		http.NewResponseController(w).Flush()
		w.Write(big)
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	_, err := f.client.Download(t.Context(), f.target("big"), filepath.Join(dir, "big"))
	want(t, err, tuf.CodeTransport, true)
	if list, _ := os.ReadDir(dir); len(list) != 0 {
		t.Errorf("left behind: %v", list)
	}
}

// A path that ends in a separator names a folder, and not a file beside it.
func TestDestinationThatIsAFolder(t *testing.T) {
	f := newFixture(t, tuftest.Options{})
	target := f.target("app.tar.gz")
	for _, exists := range []bool{true, false} {
		parent := t.TempDir()
		dst := filepath.Join(parent, "out") + string(os.PathSeparator)
		if exists {
			if err := os.Mkdir(dst, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		_, err := f.client.Download(t.Context(), target, dst)
		want(t, err, tuf.CodeStorage, true)
		if info, err := os.Stat(filepath.Join(parent, "out")); err == nil && !info.IsDir() {
			t.Error("wrote a file in place of the folder")
		}
	}
}

func TestPanicInProgress(t *testing.T) {
	f := newFixture(t, tuftest.Options{})
	f.config.Progress = func(string, int64, int64) { panic("the caller's") }
	f.renew()
	target, dir := f.target("app.tar.gz"), t.TempDir()
	func() {
		defer func() {
			if r := recover(); r != "the caller's" {
				t.Errorf("recovered %v", r)
			}
		}()
		f.client.Download(t.Context(), target, filepath.Join(dir, "app"))
	}()
	if list, _ := os.ReadDir(dir); len(list) != 0 {
		t.Errorf("left behind: %v", list)
	}
}

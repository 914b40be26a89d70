// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package tuf_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tallystick/tallystick/tuf"
	"github.com/tallystick/tallystick/tuf/tuftest"
	"github.com/tallystick/tallystick/verify"
)

// retries makes the client retry without waiting, and returns how long it would have
// waited.
func (f *fixture) retries(n int) *[]time.Duration {
	f.config.Retries = n
	if f.config.HTTPClient == nil {
		// Package net/http itself repeats a request on a connection that was kept.
		f.config.HTTPClient = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	}
	f.renew()
	var pauses []time.Duration
	tuf.SetSleep(f.client, func(_ context.Context, pause time.Duration) error {
		pauses = append(pauses, pause)
		return nil
	})
	return &pauses
}

// What is tried again, and what is not.
func TestRetries(t *testing.T) {
	status := func(code int, after string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if after != "" {
				w.Header().Set("Retry-After", after)
			}
			http.Error(w, "no", code)
		}
	}
	hangUp := func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) }
	const all = 4 // requests with three retries
	for _, test := range []struct {
		name    string
		handler http.HandlerFunc
		tries   int
		code    verify.Code
		failure bool
	}{
		{"500", status(500, ""), all, tuf.CodeTransport, true},
		{"503", status(503, "2"), all, tuf.CodeTransport, true},
		{"599", status(599, "soon"), all, tuf.CodeTransport, true},
		{"503 for an hour", status(503, "3600"), 1, tuf.CodeTransport, true},
		{"503 for ever", status(503, "99999999999999999"), 1, tuf.CodeTransport, true},
		{"503 since before", status(503, "-1"), all, tuf.CodeTransport, true},
		{"hang up", hangUp, all, tuf.CodeTransport, true},
		{"cut", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "11")
			w.Write([]byte("the r"))
		}, all, tuf.CodeTransport, true},
		{"403", status(403, "1"), 1, tuf.CodeNotFound, true},
		{"404", status(404, ""), 1, tuf.CodeNotFound, true},
		{"410", status(410, ""), 1, tuf.CodeNotFound, true},
		{"429", status(429, "1"), 1, tuf.CodeTransport, true},
		{"204", status(204, ""), 1, tuf.CodeTransport, true},
		{"redirect elsewhere", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://elsewhere.example/", http.StatusFound)
		}, 1, tuf.CodeTransport, true},
		{"encoded", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "br")
		}, 1, tuf.CodeTransport, true},
		{"silence", func(w http.ResponseWriter, r *http.Request) {
			http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}, 1, tuf.CodeSlow, true},
		{"wrong content", func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("the rElease")) }, 1, "", false},
	} {
		for _, file := range []string{"timestamp.json", "1.targets.json", "app.tar.gz"} {
			t.Run(test.name+", "+file, func(t *testing.T) {
				t.Parallel()
				f := newFixture(t, tuftest.Options{})
				if test.name == "silence" { // only then, as a busy machine is slow too
					f.config.Limits.RateWindow = time.Second
				}
				pauses := f.retries(3)
				var tries atomic.Int32
				f.intercept(file, func(w http.ResponseWriter, r *http.Request) {
					tries.Add(1)
					test.handler(w, r)
				})
				dst := filepath.Join(t.TempDir(), "app")
				err := f.update(dst)
				if test.code != "" {
					want(t, err, test.code, test.failure)
				} else if _, ok := errors.AsType[*verify.RejectedError](err); !ok {
					t.Errorf("not rejected: %v", err)
				}
				if n := int(tries.Load()); n != test.tries || len(*pauses) != test.tries-1 {
					t.Errorf("%d requests and pauses of %v, want %d", n, *pauses, test.tries)
				}
				if list, _ := os.ReadDir(filepath.Dir(dst)); len(list) > 0 {
					t.Errorf("left behind: %v", list)
				}
			})
		}
	}
}

// Without being asked to, a client makes no request again.
func TestNoRetriesByDefault(t *testing.T) {
	f := newFixture(t, tuftest.Options{})
	var tries atomic.Int32
	f.intercept("timestamp.json", func(w http.ResponseWriter, r *http.Request) {
		tries.Add(1)
		http.Error(w, "no", http.StatusServiceUnavailable)
	})
	_, err := f.client.RefreshAt(t.Context(), f.now)
	want(t, err, tuf.CodeTransport, true)
	if n := tries.Load(); n != 1 {
		t.Errorf("%d requests", n)
	}
}

func TestRetrySucceeds(t *testing.T) {
	f := newFixture(t, tuftest.Options{})
	pauses := f.retries(2)
	var fail atomic.Int32
	f.intercept("", func(w http.ResponseWriter, r *http.Request) {
		if fail.Add(1)%3 != 0 {
			panic(http.ErrAbortHandler)
		}
		f.ServeHTTP(w, r)
	})
	if err := f.update(filepath.Join(t.TempDir(), "app")); err != nil {
		t.Error(err)
	}
	if n := len(*pauses); n != 2*5 { // four metadata files and the target
		t.Errorf("%d pauses", n)
	}
}

// A second, two, four and so on up to half a minute, and up to half as much more;
// or what the server asks for, if that is longer.
func TestPauses(t *testing.T) {
	for after, least := range map[int][]time.Duration{
		0: {1, 2, 4, 8, 16, 30, 30, 30, 30, 30},
		5: {5, 5, 5, 8, 16, 30, 30, 30, 30, 30},
	} {
		f := newFixture(t, tuftest.Options{})
		pauses := f.retries(10)
		f.intercept("timestamp.json", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", fmt.Sprint(after))
			http.Error(w, "no", http.StatusServiceUnavailable)
		})
		_, err := f.client.RefreshAt(t.Context(), f.now)
		want(t, err, tuf.CodeTransport, true)
		if len(*pauses) != len(least) {
			t.Fatalf("%d pauses", len(*pauses))
		}
		for i, p := range *pauses {
			if low := least[i] * time.Second; p < low || p > low*3/2 {
				t.Errorf("pause %d is %v", i, p)
			}
		}
	}
}

// A pause ends with the context.
func TestCancelInAPause(t *testing.T) {
	f := newFixture(t, tuftest.Options{})
	f.config.Retries = 10
	f.renew()
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("the user went home")
	f.intercept("timestamp.json", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "60")
		http.Error(w, "no", http.StatusServiceUnavailable)
		time.AfterFunc(50*time.Millisecond, func() { cancel(cause) })
	})
	_, err := f.client.RefreshAt(ctx, f.now)
	want(t, err, tuf.CodeCanceled, true)
	if !errors.Is(err, cause) || !strings.Contains(err.Error(), "a pause") {
		t.Errorf("not ended in the pause, or does not wrap the cause: %v", err)
	}
}

// A download that breaks off goes on where it stopped.
func TestRetryResumes(t *testing.T) {
	f := newFixture(t, tuftest.Options{NotConsistent: true})
	big := bytes.Repeat([]byte("0123456789abcdef"), 3<<16) // 3 MiB
	f.AddTarget("big", big)
	f.Publish()
	f.retries(5)
	target := f.target("big")
	var ranges []string
	f.intercept("/big", func(w http.ResponseWriter, r *http.Request) {
		at := r.Header.Get("Range")
		ranges = append(ranges, at)
		from := 0
		if at != "" {
			fmt.Sscanf(at, "bytes=%d-", &from)
			w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(big)-1, len(big)))
			w.Header().Set("Content-Length", fmt.Sprint(len(big)-from))
			w.WriteHeader(http.StatusPartialContent)
		}
		to := min(from+1<<20, len(big))
		w.Write(big[from:to])
		http.NewResponseController(w).Flush()
		if to < len(big) {
			panic(http.ErrAbortHandler)
		}
	})
	dst := filepath.Join(t.TempDir(), "big")
	if _, err := f.client.Download(t.Context(), target, dst); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(dst); !bytes.Equal(got, big) {
		t.Error("other content")
	}
	if got := strings.Join(ranges, "|"); got != "|bytes=1048576-|bytes=2097152-" {
		t.Errorf("ranges %q", got)
	}
	if list, _ := os.ReadDir(filepath.Dir(dst)); len(list) != 1 {
		t.Errorf("left behind: %v", list)
	}
}

// A server that cannot prove who it is will not be able to the next time.
func TestNoRetryOfABadCertificate(t *testing.T) {
	f := newFixture(t, tuftest.Options{})
	server := httptest.NewUnstartedServer(f)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	f.config.MetadataURL = server.URL + tuftest.MetadataPath
	pauses := f.retries(3)
	_, err := f.client.RefreshAt(t.Context(), f.now)
	want(t, err, tuf.CodeTransport, true)
	if len(*pauses) > 0 {
		t.Errorf("pauses of %v", *pauses)
	}
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package tuf_test

import (
	"bytes"
	"errors"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tallystick/tallystick/tuf"
	"github.com/tallystick/tallystick/tuf/tuftest"
	"github.com/tallystick/tallystick/verify"
)

// offline makes the next client do without the repository. Any request is a failure.
func (f *fixture) offline() {
	f.t.Helper()
	f.handle(func(w http.ResponseWriter, r *http.Request) { f.t.Errorf("a request: %s", r.URL) })
	f.config.Offline = true
	f.renew()
}

// content returns everything that is in a folder, by name.
func content(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.Walk(dir, func(name string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		files[name] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestOffline(t *testing.T) {
	const failure = true
	remove := func(names ...string) func(*fixture) {
		return func(f *fixture) {
			for _, name := range names {
				if err := os.RemoveAll(filepath.Join(f.config.Dir, name)); err != nil {
					f.t.Fatal(err)
				}
			}
		}
	}
	damage := func(name string) func(*fixture) {
		return func(f *fixture) {
			name := filepath.Join(f.config.Dir, name)
			data, err := os.ReadFile(name)
			if err == nil {
				err = os.WriteFile(name, bytes.Replace(data, []byte(`"1.0.31"`), []byte(`"1.0.13"`), 1), 0o600)
			}
			if err != nil {
				f.t.Fatal(err)
			}
		}
	}
	for _, test := range []struct {
		name    string
		do      func(*fixture)
		code    verify.Code // "" succeeds
		failure bool
	}{
		{"complete cache", func(*fixture) {}, "", false},
		{"cache without history", remove("root_history"), "", false},
		{"cache without history, caller's root is the last", func(f *fixture) {
			remove("root_history")(f)
			f.config.Root = f.File("2.root.json")
		}, "", false},
		{"root.json lost", remove("root.json"), "", false},
		{"no folder", remove("."), tuf.CodeOffline, failure},
		{"empty folder", remove("root.json", "root_history", "timestamp.json", "snapshot.json", "targets.json", "dev.json"), tuf.CodeOffline, failure},
		{"roots in between lost", func(f *fixture) {
			f.rotate("root")
			f.refresh()
			remove("root_history")(f)
		}, tuf.CodeOffline, failure},
		{"no timestamp", remove("timestamp.json"), tuf.CodeOffline, failure},
		{"no snapshot", remove("snapshot.json"), tuf.CodeOffline, failure},
		{"no targets", remove("targets.json"), tuf.CodeOffline, failure},
		{"no delegated role", remove("dev.json"), tuf.CodeOffline, failure},
		{"damaged timestamp", damage("timestamp.json"), tuf.CodeOffline, failure},
		{"damaged snapshot", damage("snapshot.json"), tuf.CodeOffline, failure},
		{"damaged targets", damage("targets.json"), tuf.CodeOffline, failure},
		{"damaged delegated role", damage("dev.json"), tuf.CodeOffline, failure},
		{"damaged root.json", damage("root.json"), "", false},
		{"timestamp of an earlier run", func(f *fixture) {
			old, err := os.ReadFile(filepath.Join(f.config.Dir, "timestamp.json"))
			f.Publish()
			f.refresh()
			if err == nil {
				err = os.WriteFile(filepath.Join(f.config.Dir, "timestamp.json"), old, 0o600)
			}
			if err != nil {
				f.t.Fatal(err)
			}
		}, tuf.CodeRollback, false},
		{"timestamp of an update that was interrupted", func(f *fixture) {
			f.Publish()
			if err := os.WriteFile(filepath.Join(f.config.Dir, "timestamp.json"), f.File("timestamp.json"), 0o600); err != nil {
				f.t.Fatal(err)
			}
		}, tuf.CodeOffline, failure},
		{"timestamp expired", func(f *fixture) { f.now = f.now.Add(2 * 24 * time.Hour) }, tuf.CodeExpired, false},
		{"root expired", func(f *fixture) { f.now = f.now.Add(2 * 365 * 24 * time.Hour) }, tuf.CodeExpired, false},
		{"delegated role expired", func(f *fixture) {
			if err := errors.Join(f.SetExpiry("timestamp", f.now.Add(1000*time.Hour)), f.SetExpiry("snapshot", f.now.Add(1000*time.Hour)),
				f.SetExpiry("dev", f.now.Add(time.Hour))); err != nil {
				f.t.Fatal(err)
			}
			f.Publish()
			if _, err := f.lookUp(); err != nil {
				f.t.Fatal(err)
			}
			f.now = f.now.Add(2 * time.Hour)
		}, tuf.CodeExpired, false},
		{"the caller's root has other timestamp keys", func(f *fixture) {
			f.rotate("timestamp")
			f.config.Root = f.File("3.root.json")
		}, tuf.CodeOffline, failure},
		{"the caller's root has one of two timestamp keys", func(f *fixture) {
			// Still signed well enough, and void all the same (5.3.11).
			root := decode(f.t, f.File("2.root.json"))["signed"].(object)
			role := at(root, "roles", "timestamp")
			role["keyids"] = append(role["keyids"].([]any), at(root, "roles", "targets")["keyids"].([]any)...)
			root["version"] = 3
			data, err := f.Sign("root", encode(f.t, root))
			if err != nil {
				f.t.Fatal(err)
			}
			f.config.Root = data
		}, tuf.CodeOffline, failure},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := pinless(t)
			f.rotate("root")
			if _, err := f.lookUp(); err != nil {
				t.Fatal(err)
			}
			test.do(f)
			f.offline()
			before := map[string]string{}
			if test.name != "no folder" {
				before = content(t, f.config.Dir)
			}
			target, err := f.lookUp()
			if test.code != "" {
				want(t, err, test.code, test.failure)
				if r, ok := errors.AsType[*verify.RejectedError](err); ok && len(r.Report.NotCovered) != 1 {
					t.Errorf("not covered: %q", r.Report.NotCovered)
				}
				if errors.Is(err, tuf.CodeFreeze) {
					t.Errorf("nobody withholds anything: %v", err)
				}
				if strings.HasPrefix(test.name, "damaged") && !strings.Contains(err.Error(), "was ignored") {
					t.Errorf("does not say why: %v", err)
				}
			} else {
				if err != nil {
					t.Fatal(err)
				}
				if e := target.Evidence(); len(e.NotCovered) != 1 || !strings.Contains(e.NotCovered[0], "not asked") || !e.Time.Equal(f.now) {
					t.Errorf("evidence at %v, not covered: %q", e.Time, e.NotCovered)
				}
			}
			if test.name == "no folder" {
				if _, err := os.Stat(f.config.Dir); !errors.Is(err, os.ErrNotExist) {
					t.Errorf("the folder was made: %v", err)
				}
			} else if after := content(t, f.config.Dir); !maps.Equal(before, after) {
				t.Error("the cache was written to")
			}
		})
	}
}

// A file that is there is recognised; nothing else can be had.
func TestOfflineDownload(t *testing.T) {
	f := newFixture(t, tuftest.Options{})
	dst := filepath.Join(t.TempDir(), "app.tar.gz")
	if err := f.update(dst); err != nil {
		t.Fatal(err)
	}
	f.offline()
	if err := f.update(dst); err != nil {
		t.Error(err)
	}
	for _, prepare := range []func() error{
		func() error { return os.WriteFile(dst, []byte("the rElease"), 0o600) },
		func() error { return os.Remove(dst) },
	} {
		if err := prepare(); err != nil {
			t.Fatal(err)
		}
		want(t, f.update(dst), tuf.CodeOffline, true)
	}
	if list, _ := os.ReadDir(filepath.Dir(dst)); len(list) > 0 {
		t.Errorf("left behind: %v", list)
	}
}

// Online nothing is said to be left out.
func TestOnlineCoversAll(t *testing.T) {
	f := newFixture(t, tuftest.Options{})
	if e := f.refresh().Evidence(); len(e.NotCovered) > 0 {
		t.Errorf("not covered: %q", e.NotCovered)
	}
	f.offline()
	if e := f.refresh().Evidence(); !slices.ContainsFunc(e.NotCovered, func(s string) bool { return strings.Contains(s, "Config.Offline") }) {
		t.Errorf("not covered: %q", e.NotCovered)
	}
}

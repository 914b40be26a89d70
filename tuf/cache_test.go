// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package tuf_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tallystick/tallystick/tuf"
	"github.com/tallystick/tallystick/tuf/tuftest"
	"github.com/tallystick/tallystick/verify"
)

func (f *fixture) rotate(role string) {
	f.t.Helper()
	if err := f.RotateKeys(role); err != nil {
		f.t.Fatal(err)
	}
	f.Publish()
}

// requestsOf returns the requests that run makes, without the common prefix.
func (f *fixture) requestsOf(run func()) []string {
	before := len(f.Requests())
	run()
	var list []string
	for _, r := range f.Requests()[before:] {
		list = append(list, strings.TrimPrefix(strings.TrimPrefix(r, tuftest.MetadataPath), tuftest.TargetsPath))
	}
	return list
}

// cacheFiles returns what is in the cache, without the lock of systems that have one.
func (f *fixture) cacheFiles() []os.DirEntry {
	f.t.Helper()
	list, err := os.ReadDir(f.config.Dir)
	if err != nil {
		f.t.Fatal(err)
	}
	return slices.DeleteFunc(list, func(e os.DirEntry) bool { return e.Name() == ".lock" })
}

func TestRequests(t *testing.T) {
	f := newFixture(t, tuftest.Options{})
	for _, test := range []struct {
		name string
		run  func()
		want []string
	}{
		{"first", func() { f.refresh() }, []string{"2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json"}},
		{"nothing new", func() { f.refresh() }, []string{"2.root.json", "timestamp.json"}},
		{"nothing new for a new process", func() { f.renew(); f.refresh() }, []string{"2.root.json", "timestamp.json"}},
		{"only the timestamp", func() { f.Publish(); f.refresh() }, []string{"2.root.json", "timestamp.json", "2.snapshot.json"}},
		{"new targets", func() { f.AddTarget("b", nil); f.Publish(); f.refresh() }, []string{"2.root.json", "timestamp.json", "3.snapshot.json", "2.targets.json"}},
		{"new root", func() { f.rotate("root"); f.refresh() }, []string{"2.root.json", "3.root.json", "timestamp.json", "4.snapshot.json"}},
		{"chain in the cache", func() { f.renew(); f.refresh() }, []string{"3.root.json", "timestamp.json"}},
	} {
		if got := f.requestsOf(test.run); !slices.Equal(got, test.want) {
			t.Errorf("%s: requests %q, want %q", test.name, got, test.want)
		}
	}
	if got := f.requestsOf(func() { f.renew() }); len(got) > 0 {
		t.Errorf("NewClient makes requests: %q", got)
	}
}

func TestCacheIsByteExact(t *testing.T) {
	f := newFixture(t, tuftest.Options{})
	if err := f.Delegate("targets", tuftest.Delegation{Name: "dev/ü", Paths: []string{"dev/*"}}); err != nil {
		t.Fatal(err)
	}
	if err := f.Add("dev/ü", tuftest.Target{Path: "dev/x"}); err != nil {
		t.Fatal(err)
	}
	f.rotate("root")
	f.target("dev/x")
	for file, served := range map[string]string{
		"root.json":                "2.root.json",
		"timestamp.json":           "timestamp.json",
		"snapshot.json":            "2.snapshot.json",
		"targets.json":             "2.targets.json",
		"dev%2F%C3%BC.json":        "1.dev/ü.json",
		"root_history/2.root.json": "2.root.json",
	} {
		got, err := os.ReadFile(filepath.Join(f.config.Dir, file))
		if err != nil {
			t.Error(err)
		} else if want := f.File(served); want == nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not %s", file, served)
		}
	}
	if list := f.cacheFiles(); len(list) != 6 {
		t.Errorf("in the cache: %v", list)
	}
}

// Whatever happens to one file of the cache, the next refresh succeeds and puts it
// right; and what is still good protects against rollback.
func TestDamagedCache(t *testing.T) {
	damages := map[string]func(name string, content []byte) error{
		"missing": func(name string, _ []byte) error { return os.Remove(name) },
		"empty":   func(name string, _ []byte) error { return os.WriteFile(name, nil, 0o600) },
		"cut":     func(name string, c []byte) error { return os.WriteFile(name, c[:len(c)/2], 0o600) },
		"zeros":   func(name string, c []byte) error { return os.WriteFile(name, make([]byte, len(c)), 0o600) },
		"flipped": func(name string, c []byte) error {
			c = bytes.Replace(c, []byte(`"spec_version":"1.0.31"`), []byte(`"spec_version":"1.0.13"`), 1)
			return os.WriteFile(name, c, 0o600)
		},
		"HTML":  func(name string, _ []byte) error { return os.WriteFile(name, []byte("<html>"), 0o600) },
		"large": func(name string, _ []byte) error { return os.Truncate(name, 100<<20) },
		"link out": func(name string, _ []byte) error {
			return replaceBy(name, func() error { return os.Symlink("/etc/passwd", name) })
		},
		"FIFO": func(name string, _ []byte) error {
			return replaceBy(name, func() error { return mkfifo(name) })
		},
		"of another role": func(name string, _ []byte) error {
			other, err := os.ReadFile(filepath.Join(filepath.Dir(name), "targets.json"))
			if err != nil {
				other, err = os.ReadFile(filepath.Join(filepath.Dir(name), "..", "targets.json"))
			}
			if strings.HasSuffix(name, "targets.json") {
				other = []byte("{}")
			}
			if err == nil {
				err = os.WriteFile(name, other, 0o600)
			}
			return err
		},
	}
	for _, file := range []string{"root.json", "root_history/2.root.json", "timestamp.json", "snapshot.json", "targets.json", "dev.json"} {
		for damage, do := range damages {
			t.Run(file+", "+damage, func(t *testing.T) {
				t.Parallel()
				if runtime.GOOS == "windows" && (damage == "FIFO" || damage == "link out") {
					t.Skip("not on this system")
				}
				f := pinless(t)
				f.rotate("root")
				if _, err := f.lookUp(); err != nil {
					t.Fatal(err)
				}
				name := filepath.Join(f.config.Dir, file)
				before, err := os.ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				if err := do(name, bytes.Clone(before)); err != nil {
					t.Fatal(err)
				}
				s := f.refresh()
				target, err := s.Target(t.Context(), "dev/tool")
				if err != nil {
					t.Fatal(err)
				}
				var said bool
				for _, c := range target.Evidence().Check.Checks {
					said = said || c.Code == tuf.CodeCache || slices.ContainsFunc(c.Checks, func(c verify.Check) bool { return c.Code == tuf.CodeCache })
				}
				if said != (damage != "missing") {
					t.Errorf("reported: %t", said)
				}
				after, err := os.ReadFile(name)
				if err != nil || !bytes.Equal(after, before) {
					t.Errorf("not put right: %v", err)
				}
			})
		}
	}
}

func replaceBy(name string, with func() error) error {
	if err := os.Remove(name); err != nil {
		return err
	}
	return with()
}

// The snapshot knows what the lost timestamp knew, and the timestamp what the lost
// snapshot knew.
func TestRollbackProtectionSurvivesDamage(t *testing.T) {
	for _, lost := range []string{"timestamp.json", "snapshot.json", "targets.json", "root.json"} {
		t.Run(lost, func(t *testing.T) {
			f := newFixture(t, tuftest.Options{})
			f.refresh()
			f.AddTarget("app.tar.gz", []byte("fixed"))
			f.Publish()
			f.refresh()
			if err := os.WriteFile(filepath.Join(f.config.Dir, lost), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			f.attack(tuftest.Rollback)
			_, err := f.client.RefreshAt(t.Context(), f.now)
			want(t, err, tuf.CodeRollback, false)
		})
	}
}

func TestRootChain(t *testing.T) {
	t.Run("rotations of all keys", func(t *testing.T) {
		f := newFixture(t, tuftest.Options{})
		for range 5 {
			for _, role := range []string{"root", "timestamp", "snapshot", "targets"} {
				if err := f.RotateKeys(role); err != nil {
					t.Fatal(err)
				}
			}
			f.AddTarget("more", nil)
			f.Publish()
		}
		f.refresh()
		if v := f.cached("root"); v != 6 {
			t.Errorf("root version %d", v)
		}
	})
	t.Run("thresholds", func(t *testing.T) {
		f := newFixture(t, tuftest.Options{})
		if err := f.SetThreshold("root", 3, 5); err != nil {
			t.Fatal(err)
		}
		if err := f.SetThreshold("timestamp", 2, 2); err != nil {
			t.Fatal(err)
		}
		f.Publish()
		e := f.refresh().Evidence().Check.Checks
		if len(e) != 4 || len(e[0].Issuers) != 5 || len(e[1].Issuers) != 2 {
			t.Errorf("evidence %+v", e)
		}
		if !strings.Contains(e[0].Detail, "5 of 5 keys signed, threshold 3") || !strings.Contains(e[0].What, "version 2") {
			t.Errorf("line of root: %q, %q", e[0].What, e[0].Detail)
		}
	})
	t.Run("signed by the old keys only", func(t *testing.T) {
		f := newFixture(t, tuftest.Options{})
		rotated := tuftest.New(&tuftest.Options{Time: start}) // another repository
		rotated.Publish()
		root := decode(t, rotated.Root())["signed"].(object)
		root["version"] = 2
		f.publish("root", root)
		_, err := f.client.RefreshAt(t.Context(), f.now)
		want(t, err, tuf.CodeSignatureThreshold, false)
		if !strings.Contains(err.Error(), "the new root itself lists") {
			t.Errorf("does not say which keys: %v", err)
		}
	})
	t.Run("signed by the new keys only", func(t *testing.T) {
		f := newFixture(t, tuftest.Options{})
		other := tuftest.New(&tuftest.Options{Time: start})
		other.Publish()
		other.SetVersion("root", 2)
		other.Publish()
		f.Replace("2.root.json", other.File("2.root.json"))
		_, err := f.client.RefreshAt(t.Context(), f.now)
		want(t, err, tuf.CodeSignatureThreshold, false)
		if v := f.cached("root"); v != 1 {
			t.Errorf("root version %d", v)
		}
	})
	t.Run("good roots before a bad one are kept", func(t *testing.T) {
		f := newFixture(t, tuftest.Options{})
		f.rotate("root")
		f.rotate("root")
		f.Replace("3.root.json", []byte("{}"))
		_, err := f.client.RefreshAt(t.Context(), f.now)
		want(t, err, tuf.CodeMalformed, false)
		if v := f.cached("root"); v != 2 {
			t.Errorf("root version %d", v)
		}
		f.Replace("3.root.json", nil)
		f.refresh()
	})
	t.Run("intermediate roots may have expired, the last must not", func(t *testing.T) {
		f := newFixture(t, tuftest.Options{})
		f.SetExpiry("root", start.Add(-time.Hour))
		f.rotate("root")
		_, err := f.client.RefreshAt(t.Context(), f.now)
		want(t, err, tuf.CodeFreeze, false)
		f.SetExpiry("root", time.Time{})
		f.rotate("root")
		f.refresh()
	})
	t.Run("limit of rotations", func(t *testing.T) {
		f := newFixture(t, tuftest.Options{})
		for range 5 {
			f.rotate("root")
		}
		f.config.Limits.RootRotations = 2
		f.renew()
		for range 2 {
			_, err := f.client.RefreshAt(t.Context(), f.now)
			want(t, err, tuf.CodeLimit, true)
		}
		f.refresh()
		if v := f.cached("root"); v != 6 {
			t.Errorf("root version %d", v)
		}
	})
	t.Run("older embedded root beside a newer cache", func(t *testing.T) {
		f := newFixture(t, tuftest.Options{})
		f.rotate("root")
		f.rotate("root")
		f.refresh()
		f.renew()
		// Nobody serves the roots in between any more.
		f.attack(tuftest.Honest)
		f.Replace("2.root.json", []byte("gone"))
		f.Replace("3.root.json", []byte("gone"))
		f.refresh()
		if v := f.cached("root"); v != 3 {
			t.Errorf("root version %d", v)
		}
	})
	t.Run("newer embedded root beside an older cache", func(t *testing.T) {
		f := newFixture(t, tuftest.Options{})
		f.attack(tuftest.FastForward)
		f.refresh()
		f.attack(tuftest.Honest)
		f.rotate("snapshot")
		f.config.Root = f.File("2.root.json")
		f.renew()
		f.refresh() // and so recovers
	})
	t.Run("cache of a client that keeps no history", func(t *testing.T) {
		f := newFixture(t, tuftest.Options{})
		f.rotate("root")
		f.rotate("root")
		f.refresh()
		if err := os.RemoveAll(filepath.Join(f.config.Dir, "root_history")); err != nil {
			t.Fatal(err)
		}
		f.refresh()
		if err := os.RemoveAll(filepath.Join(f.config.Dir, "root_history")); err != nil {
			t.Fatal(err)
		}
		// Who is on the way now hides the newer roots.
		f.Replace("2.root.json", f.File("1.root.json"))
		_, err := f.client.RefreshAt(t.Context(), f.now)
		want(t, err, tuf.CodeRollback, false)
		if v := f.cached("root"); v != 3 {
			t.Errorf("root version %d", v)
		}
	})
}

// The rotation of keys is dealt with even if the run that saw it was cut off
// before it could remove the timestamp and snapshot from the cache.
func TestInterruptedRecovery(t *testing.T) {
	f := newFixture(t, tuftest.Options{})
	f.attack(tuftest.FastForward)
	f.refresh()
	f.attack(tuftest.Honest)
	f.rotate("snapshot")
	// The state after the new root has reached the history and nothing else.
	if err := os.MkdirAll(filepath.Join(f.config.Dir, "root_history"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(f.config.Dir, "root_history", "2.root.json"), f.File("2.root.json"), 0o600); err != nil {
		t.Fatal(err)
	}
	f.refresh()
}

// With root.json gone, the history tells to which root the rest of the cache belongs:
// a rotation behind its end is dealt with, and one before it was, so that what is
// there still protects against rollback.
func TestRecoveryWithLostRoot(t *testing.T) {
	for _, test := range []struct {
		name string
		lose func(name string) error
	}{
		{"damaged", func(name string) error { return os.WriteFile(name, []byte("{"), 0o600) }},
		{"missing", os.Remove},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFixture(t, tuftest.Options{})
			root := filepath.Join(f.config.Dir, "root.json")
			f.attack(tuftest.FastForward)
			f.refresh()
			f.attack(tuftest.Honest)
			f.rotate("snapshot")
			if err := test.lose(root); err != nil {
				t.Fatal(err)
			}
			f.refresh()
			old := f.File("timestamp.json")
			f.Publish()
			f.refresh()
			f.rotate("root")
			if err := test.lose(root); err != nil {
				t.Fatal(err)
			}
			f.Replace("timestamp.json", old)
			_, err := f.client.RefreshAt(t.Context(), f.now)
			want(t, err, tuf.CodeRollback, false)
			if v := f.cached("root"); v != 3 {
				t.Errorf("root version %d in the cache", v)
			}
		})
	}
}

func TestUnwritableCache(t *testing.T) {
	f := newFixture(t, tuftest.Options{})
	if err := os.WriteFile(f.config.Dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := f.client.RefreshAt(t.Context(), f.now)
	want(t, err, tuf.CodeStorage, true)
	if err := os.Remove(f.config.Dir); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(f.config.Dir, "targets.json", "x"), 0o755); err != nil {
		t.Fatal(err)
	}
	_, err = f.client.RefreshAt(t.Context(), f.now)
	want(t, err, tuf.CodeStorage, true)
	if list, _ := filepath.Glob(filepath.Join(f.config.Dir, ".tmp*")); len(list) > 0 {
		t.Errorf("left behind: %v", list)
	}
}

// Names of roles are names of files only after they were escaped.
func TestNamesOfRoles(t *testing.T) {
	f := newFixture(t, tuftest.Options{})
	names := []string{"?", "#", "%", "/delegated", "../delegated", "..", ".", "a/../../b", "Root", "TIMESTAMP", "nul", "con.x",
		"2.root", "root.json", "root_history", "root_history/2.root", "\x00", "é", "\\x", "c:", strings.Repeat("long", 200)}
	for i, name := range names {
		path := fmt.Sprintf("file%d", i)
		if err := f.Delegate("targets", tuftest.Delegation{Name: name, Paths: []string{path}}); err != nil {
			t.Fatal(err)
		}
		if err := f.Add(name, tuftest.Target{Path: path}); err != nil {
			t.Fatal(err)
		}
	}
	f.Publish()
	s := f.refresh()
	for range 2 {
		for i := range names {
			if _, err := s.Target(t.Context(), fmt.Sprintf("file%d", i)); err != nil {
				t.Errorf("role %q: %v", names[i], err)
			}
		}
		s = f.refresh()
	}
	for _, name := range names {
		for _, top := range []string{"root.json", "timestamp.json", "snapshot.json", "targets.json", "nul.json", "con.x.json"} {
			if strings.EqualFold(tuf.CacheName(name), top) {
				t.Errorf("role %q is kept as %s", name, top)
			}
		}
	}
	if got := f.requestsOf(func() { f.refresh().Target(t.Context(), "file4") }); len(got) != 2 {
		t.Errorf("read from the network again: %q", got)
	}
	// All in the one folder, and nothing beside it.
	list := f.cacheFiles()
	if len(list) != 4+len(names) {
		t.Errorf("%d files", len(list))
	}
	for _, e := range list {
		if e.IsDir() {
			t.Errorf("a folder: %q", e.Name())
		}
	}
	if list, _ := os.ReadDir(filepath.Dir(f.config.Dir)); len(list) != 1 {
		t.Errorf("beside the cache: %v", list)
	}
	if !slices.ContainsFunc(f.Requests(), func(r string) bool { return strings.HasSuffix(r, "/1...%2Fdelegated.json") }) {
		t.Errorf("requests %q", f.Requests())
	}
}

// What a client has seen of each role, and what it is shown then. Versions only,
// so that nothing but the check in question stands in the way.
func TestSeenBefore(t *testing.T) {
	// timestampOf serves a timestamp that lists another version of the snapshot.
	timestampOf := func(f *fixture, version, snapshot int) {
		signed := decode(f.t, f.File("timestamp.json"))["signed"].(object)
		signed["version"] = version
		at(signed, "meta", "snapshot.json")["version"] = snapshot
		f.publish("timestamp", signed)
	}
	// snapshotAs serves another snapshot under a new version.
	snapshotAs := func(f *fixture, edit func(meta object)) {
		signed := decode(f.t, f.File("3.snapshot.json"))["signed"].(object)
		signed["version"] = 4
		edit(at(signed, "meta"))
		data, err := f.Sign("snapshot", encode(f.t, signed))
		if err != nil {
			f.t.Fatal(err)
		}
		f.Replace("4.snapshot.json", data)
		timestampOf(f, 4, 4)
	}
	lose := func(f *fixture, name string) {
		if err := os.Remove(filepath.Join(f.config.Dir, name)); err != nil {
			f.t.Fatal(err)
		}
	}
	for _, test := range []struct {
		name string
		show func(f *fixture)
		code verify.Code
	}{
		{"nothing new", func(f *fixture) {}, ok},
		{"older timestamp, same snapshot", func(f *fixture) { timestampOf(f, 2, 3) }, tuf.CodeRollback},
		{"same timestamp version, other content", func(f *fixture) { timestampOf(f, 3, 99) }, ok},
		{"older snapshot in a newer timestamp", func(f *fixture) { timestampOf(f, 4, 2) }, tuf.CodeRollback},
		{"the same, snapshot lost", func(f *fixture) { lose(f, "snapshot.json"); timestampOf(f, 4, 2) }, tuf.CodeRollback},
		{"the same, timestamp lost", func(f *fixture) { lose(f, "timestamp.json"); timestampOf(f, 4, 2) }, tuf.CodeRollback},
		{"older snapshot of the same versions, timestamp lost", func(f *fixture) {
			f.Publish()
			f.refresh()
			lose(f, "timestamp.json")
			timestampOf(f, 5, 3)
		}, tuf.CodeRollback},
		{"same targets in a newer snapshot", func(f *fixture) { snapshotAs(f, func(object) {}) }, ok},
		{"older targets in a newer snapshot", func(f *fixture) {
			snapshotAs(f, func(meta object) { at(meta, "targets.json")["version"] = 2 })
		}, tuf.CodeRollback},
		{"older delegated role in a newer snapshot", func(f *fixture) {
			snapshotAs(f, func(meta object) { at(meta, "dev.json")["version"] = 1 })
		}, tuf.CodeRollback},
		{"delegated role dropped", func(f *fixture) { snapshotAs(f, func(meta object) { delete(meta, "dev.json") }) }, tuf.CodeRollback},
		{"snapshot expired since", func(f *fixture) {
			f.now = f.now.Add(10 * 24 * time.Hour)
			signed := decode(f.t, f.File("timestamp.json"))["signed"].(object)
			signed["version"] = 4
			signed["expires"] = "2027-01-01T00:00:00Z"
			f.publish("timestamp", signed)
		}, tuf.CodeExpired},
		{"older root as the next", func(f *fixture) {
			f.rotate("timestamp")
			f.refresh()
			signed := decode(f.t, f.File("1.root.json"))["signed"].(object)
			data, err := f.Sign("root", encode(f.t, signed))
			if err != nil {
				f.t.Fatal(err)
			}
			f.Replace("3.root.json", data)
		}, tuf.CodeRollback},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := pinless(t)
			for range 2 {
				f.AddTarget("app.tar.gz", []byte("again"))
				if err := f.Add("dev", tuftest.Target{Path: "dev/tool", Content: []byte("a tool")}); err != nil {
					t.Fatal(err)
				}
				f.Publish()
			}
			if _, err := f.lookUp(); err != nil {
				t.Fatal(err)
			}
			before := f.cached("timestamp")
			test.show(f)
			_, err := f.lookUp()
			if test.code != ok {
				want(t, err, test.code, false)
				if test.name == "delegated role dropped" && !strings.Contains(err.Error(), "listed before") {
					t.Errorf("does not say what is missing: %v", err)
				}
			} else if err != nil {
				t.Error(err)
			}
			if !strings.Contains(test.name, "lost") && (f.cached("timestamp") < before || f.cached("snapshot") < 3) {
				t.Error("the cache went back")
			}
		})
	}
}

// The same version with another content is not what the role above lists.
func TestPins(t *testing.T) {
	for _, role := range []string{"snapshot", "targets"} {
		for _, shorter := range []bool{false, true} {
			f := newFixture(t, tuftest.Options{})
			signed := f.signed(role)
			expires := "2026-12-31T00:00:00Z"
			if shorter {
				expires = "2026-12-31T00:00:00+00:00"
			}
			signed["expires"] = expires
			f.publish(role, signed)
			_, err := f.client.RefreshAt(t.Context(), f.now)
			want(t, err, tuf.CodeMixAndMatch, false)
		}
	}
}

// A snapshot in the cache with the right version and another content is not used.
func TestPinsOfCachedSnapshot(t *testing.T) {
	f := newFixture(t, tuftest.Options{})
	f.refresh()
	snapshot := f.signed("snapshot")
	snapshot["expires"] = "2026-12-31T00:00:00Z"
	data, err := f.Sign("snapshot", encode(t, snapshot))
	if err != nil {
		t.Fatal(err)
	}
	f.Replace("1.snapshot.json", data)
	timestamp := f.signed("timestamp")
	timestamp["version"] = 2
	pin := at(timestamp, "meta", "snapshot.json")
	pin["length"] = len(data)
	pin["hashes"] = object{"sha256": fmt.Sprintf("%x", sha256.Sum256(data))}
	f.publish("timestamp", timestamp)
	f.refresh()
	if got, _ := os.ReadFile(filepath.Join(f.config.Dir, "snapshot.json")); !bytes.Equal(got, data) {
		t.Error("still the old snapshot")
	}
}

// A process that was slow does not put back what a faster one has written.
func TestTwoProcesses(t *testing.T) {
	for _, rotate := range []bool{false, true} {
		f := newFixture(t, tuftest.Options{})
		old := f.File("timestamp.json")
		entered, leave := make(chan bool), make(chan bool)
		var calls atomic.Int32
		f.intercept("timestamp.json", func(w http.ResponseWriter, r *http.Request) {
			answer := f.File("timestamp.json")
			if calls.Add(1) == 1 {
				entered <- true
				<-leave
				answer = old
			}
			w.Write(answer)
		})
		done := make(chan error)
		slow := f.client
		go func() {
			_, err := slow.RefreshAt(context.Background(), f.now)
			done <- err
		}()
		<-entered
		if rotate {
			if err := f.RotateKeys("timestamp"); err != nil {
				t.Fatal(err)
			}
		}
		f.AddTarget("new", nil)
		f.Publish()
		f.renew()
		f.refresh()
		close(leave)
		if err := <-done; err != nil {
			t.Errorf("the slow one fails: %v", err)
		}
		if v := f.cached("timestamp"); v != 2 {
			t.Errorf("rotated %t: timestamp version %d", rotate, v)
		}
		if v := f.cached("snapshot"); v != 2 {
			t.Errorf("rotated %t: snapshot version %d", rotate, v)
		}
	}
}

// The same with metadata of targets roles, which are pinned by the snapshot: with the
// one that is there now.
func TestSlowProcessKeepsOlderTargets(t *testing.T) {
	for _, file := range []string{"2.targets.json", "2.dev.json"} {
		f := pinless(t)
		if _, err := f.lookUp(); err != nil {
			t.Fatal(err)
		}
		change := func(content string) {
			f.AddTarget("app.tar.gz", []byte(content))
			if err := f.Add("dev", tuftest.Target{Path: "dev/tool", Content: []byte(content)}); err != nil {
				t.Fatal(err)
			}
			f.Publish()
		}
		change("two")
		slow := f.client
		f.intercept(file, func(w http.ResponseWriter, r *http.Request) {
			f.handle(f.ServeHTTP)
			change("three")
			f.renew()
			if _, err := f.lookUp(); err != nil {
				t.Error(err)
			}
			f.ServeHTTP(w, r)
		})
		s, err := slow.RefreshAt(t.Context(), f.now)
		if err == nil {
			_, err = s.Target(t.Context(), "dev/tool")
		}
		if err != nil {
			t.Errorf("the slow one fails: %v", err)
		}
		for _, role := range []string{"snapshot", "targets", "dev"} {
			if v := f.cached(role); v != 3 {
				t.Errorf("%s: %s version %d in the cache", file, role, v)
			}
		}
	}
}

// Two processes cross a rotation of the timestamp keys. What the fast one has kept
// since is not void for the slow one, who has the old root.json in mind.
func TestRotationDealtWithByAnotherProcess(t *testing.T) {
	f := newFixture(t, tuftest.Options{})
	f.refresh()
	f.rotate("timestamp")
	old := f.File("timestamp.json")
	f.Publish()
	f.Publish()
	other, err := tuf.NewClient(f.config)
	if err != nil {
		t.Fatal(err)
	}
	f.intercept("/3.root.json", func(w http.ResponseWriter, r *http.Request) {
		f.handle(f.ServeHTTP)
		if _, err := other.RefreshAt(t.Context(), f.now); err != nil {
			t.Error(err)
		}
		if err := f.RotateKeys("root"); err != nil { // a root 3, with the timestamp keys of root 2
			t.Error(err)
		}
		f.Publish()
		f.Replace("timestamp.json", old)
		f.ServeHTTP(w, r)
	})
	_, err = f.client.RefreshAt(t.Context(), f.now)
	want(t, err, tuf.CodeRollback, false)
	if v := f.cached("timestamp"); v != 4 {
		t.Errorf("timestamp version %d in the cache, want 4", v)
	}
}

// The slow one was told that there is no new root, and does not put its own in the
// place of that which the fast one has written.
func TestNewerRootOfAnotherProcess(t *testing.T) {
	f := newFixture(t, tuftest.Options{})
	other, err := tuf.NewClient(f.config)
	if err != nil {
		t.Fatal(err)
	}
	f.intercept("/2.root.json", func(w http.ResponseWriter, r *http.Request) {
		f.handle(f.ServeHTTP)
		f.rotate("timestamp")
		if _, err := other.RefreshAt(t.Context(), f.now); err != nil {
			t.Error(err)
		}
		http.NotFound(w, r)
	})
	_, err = f.client.RefreshAt(t.Context(), f.now)
	want(t, err, tuf.CodeSignatureThreshold, false)
	if root, timestamp := f.cached("root"), f.cached("timestamp"); root != 2 || timestamp != 2 {
		t.Errorf("root version %d, timestamp version %d", root, timestamp)
	}
	f.refresh()
}

// A client that is killed while it waits for any of its requests leaves a cache
// with which the next one comes to the same end, or refuses to go back.
func TestKilledAtEachRequest(t *testing.T) {
	f := newFixture(t, tuftest.Options{})
	f.attack(tuftest.FastForward)
	f.refresh()
	f.attack(tuftest.Honest)
	for range 2 {
		f.rotate("snapshot")
	}
	f.AddTarget("app.tar.gz", []byte("fixed"))
	f.Publish()
	var left []string // what each kill leaves behind
	f.intercept("", func(w http.ResponseWriter, r *http.Request) {
		dir := filepath.Join(t.TempDir(), "cache")
		if err := os.CopyFS(dir, os.DirFS(f.config.Dir)); err != nil {
			t.Error(err)
		}
		if err := os.WriteFile(filepath.Join(dir, ".tmp-killed"), []byte("half"), 0o600); err != nil {
			t.Error(err)
		}
		left = append(left, dir)
		f.ServeHTTP(w, r)
	})
	f.refresh()
	f.handle(f.ServeHTTP)
	if len(left) < 6 {
		t.Fatalf("%d requests", len(left))
	}
	for i, dir := range left {
		f.config.Dir = dir
		f.renew()
		s := f.refresh()
		if target, err := s.Target(t.Context(), "app.tar.gz"); err != nil || target.Length() != int64(len("fixed")) {
			t.Errorf("killed at request %d: %v", i, err)
		}
		f.attack(tuftest.Rollback)
		_, err := f.client.RefreshAt(t.Context(), f.now)
		want(t, err, tuf.CodeRollback, false)
		f.attack(tuftest.Honest)
	}
}

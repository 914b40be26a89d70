// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package tuf_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tallystick/tallystick/tuf"
	"github.com/tallystick/tallystick/tuf/tuftest"
	"github.com/tallystick/tallystick/verify"
)

// A scene is a repository without a network and a disk on which a client works: one
// that updates from what publication 2 has to publication 3.
type scene struct {
	repo   *tuftest.Repository
	before *tuf.FaultDisk // after publication 2
	old    [][]byte       // the timestamps of publications 1 and 2
	app    []byte         // as in publication 3
	middle func()         // called when a refresh has succeeded, if not nil
	had    []byte         // as downloaded before, nil if it was not
	first  bool           // the client has never run
}

var faultTime = start.Add(time.Hour)

const (
	faultCache = "/var/cache"
	faultDst   = "/out/app"
)

// fastForward among the roles whose keys are rotated means that the client has seen
// the highest version numbers before that.
const fastForward = "fast-forward"

// newScene makes a scene. The sizes are those of the target in publications 2 and 3.
func newScene(t testing.TB, first bool, sizes [2]int, rotate ...string) *scene {
	t.Helper()
	s := &scene{first: first, repo: tuftest.New(&tuftest.Options{Seed: []byte("scene"), Time: start})}
	publish := func(content []byte) {
		s.app = content
		s.repo.AddTarget("app", content)
		if err := s.repo.Add("dev", tuftest.Target{Path: "dev/tool", Content: content[:1]}); err != nil {
			t.Fatal(err)
		}
		s.repo.Publish()
		s.old = append(s.old, s.repo.File("timestamp.json"))
	}
	if err := s.repo.Delegate("targets", tuftest.Delegation{Name: "dev", Paths: []string{"dev/*"}}); err != nil {
		t.Fatal(err)
	}
	publish([]byte("one"))
	publish(bytes.Repeat([]byte("2"), sizes[0]))
	s.before = tuf.NewFaultDisk()
	s.before.Put("/out/something else", nil)
	if !first {
		if slices.Contains(rotate, fastForward) {
			if err := s.repo.Attack(tuftest.FastForward); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.run(s.before); err != nil {
			t.Fatal(err)
		}
		if err := s.repo.Attack(tuftest.Honest); err != nil {
			t.Fatal(err)
		}
		s.had = s.app
	}
	for _, role := range rotate {
		if role == fastForward {
			continue
		}
		if err := s.repo.RotateKeys(role); err != nil {
			t.Fatal(err)
		}
	}
	if sizes[1] > 0 {
		publish(bytes.Repeat([]byte("3"), sizes[1]))
	}
	return s
}

// client returns a new client, as of a new process.
func (s *scene) client(d *tuf.FaultDisk) *tuf.Client {
	c, err := tuf.NewClient(tuf.Config{
		Root:        s.repo.Root(),
		MetadataURL: "http://repository.example" + tuftest.MetadataPath,
		TargetsURL:  "http://repository.example" + tuftest.TargetsPath,
		Dir:         faultCache,
		HTTPClient: &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			w := httptest.NewRecorder()
			s.repo.ServeHTTP(w, r)
			return w.Result(), nil
		})},
	})
	if err != nil {
		panic(err)
	}
	tuf.SetDisk(c, d)
	tuf.SetMinPartial(c, 1<<10)
	return c
}

// run does everything that writes. It reports whether the refresh succeeded.
func (s *scene) run(d *tuf.FaultDisk) (refreshed bool, err error) {
	ctx, c := context.Background(), s.client(d)
	view, err := c.RefreshAt(ctx, faultTime)
	if err != nil {
		return false, err
	}
	if s.middle != nil {
		s.middle()
	}
	if _, err := view.Target(ctx, "dev/tool"); err != nil {
		return true, err
	}
	target, err := view.Target(ctx, "app")
	if err == nil {
		_, err = c.Download(ctx, target, faultDst)
	}
	return true, err
}

// check says what is wrong with what a run has left that was to go from publication
// 2 to 3 and did not come to its end. It uses the disk up.
func (s *scene) check(d *tuf.FaultDisk, refreshed bool) error {
	if got, ok := d.Files("/out")["app"]; !(ok && got == string(s.app)) && !(ok == (s.had != nil) && got == string(s.had)) {
		return fmt.Errorf("at the destination are %d bytes of neither the old nor the new file", len(got))
	}
	// Who is on the way now offers what was published before. What the client had seen
	// when it was stopped it must not take.
	seen := 1
	if s.first {
		seen = -1
	}
	if refreshed {
		seen = len(s.old) - 1
	}
	if seen > 0 { // the one before it, as all others are older still
		s.repo.Replace("timestamp.json", s.old[seen-1])
		_, err := s.client(d.Clone()).RefreshAt(context.Background(), faultTime)
		s.repo.Replace("timestamp.json", nil)
		if _, ok := errors.AsType[*verify.RejectedError](err); !ok {
			return fmt.Errorf("publication %d was not rejected: %v", seen, err)
		}
	}
	if _, err := s.run(d); err != nil {
		return fmt.Errorf("the next run fails: %w", err)
	}
	out := d.Files("/out")
	if out["app"] != string(s.app) {
		return errors.New("the next run downloads something else")
	}
	files, served := d.Files(faultCache), s.served()
	for name, served := range served {
		if files[name] != string(served) {
			return fmt.Errorf("%s in the cache is not what is served", name)
		}
	}
	for name := range files {
		base := path.Base(name)
		if served[name] == nil && !strings.HasPrefix(base, ".tmp-") {
			return fmt.Errorf("%s in the cache", name)
		}
	}
	for name := range out {
		if name != "app" && name != "something else" && !strings.HasPrefix(name, ".tallystick-") {
			return fmt.Errorf("%s beside the target", name)
		}
	}
	return nil
}

// served returns what the cache must hold in the end.
func (s *scene) served() map[string][]byte {
	files := map[string][]byte{"timestamp.json": s.repo.File("timestamp.json")}
	newest := func(format string) (data []byte, n int) {
		for {
			next := s.repo.File(fmt.Sprintf(format, n+1))
			if next == nil {
				return data, n
			}
			data = next
			n++
		}
	}
	var roots int
	files["root.json"], roots = newest("%d.root.json")
	files["snapshot.json"], _ = newest("%d.snapshot.json")
	files["targets.json"], _ = newest("%d.targets.json")
	files["dev.json"], _ = newest("%d.dev.json")
	for v := 2; v <= roots; v++ {
		files[fmt.Sprintf("root_history/%d.root.json", v)] = s.repo.File(fmt.Sprintf("%d.root.json", v))
	}
	return files
}

// scenes are the kinds of runs that are stopped. None is a part of another, for each
// takes a while.
func scenes(t *testing.T) map[string]func() *scene {
	small, large := [2]int{10, 12}, [2]int{10, 150 << 10}
	// Only the download is left to do: the metadata are those of the others.
	download := func() *scene {
		s := newScene(t, false, large)
		if _, err := s.client(s.before).RefreshAt(t.Context(), faultTime); err != nil {
			t.Fatal(err)
		}
		return s
	}
	return map[string]func() *scene{
		"first run, root rotated":      func() *scene { return newScene(t, true, small, "root") },
		"update":                       func() *scene { return newScene(t, false, small) },
		"rotation of root keys":        func() *scene { return newScene(t, false, small, "root") },
		"rotation of all keys":         func() *scene { return newScene(t, false, small, "root", "timestamp", "snapshot", "targets") },
		"recovery with snapshot keys":  func() *scene { return newScene(t, false, small, fastForward, "snapshot") },
		"recovery with timestamp keys": func() *scene { return newScene(t, false, small, fastForward, "timestamp", "root") },
		"large target":                 download,
		"large target, part of it there": func() *scene {
			s := download()
			s.leavePart(t, 64<<10)
			return s
		},
		"large target, a wrong part there": func() *scene {
			s := download()
			s.leavePart(t, 64<<10)
			for name, part := range s.before.Files("/out") {
				if strings.HasSuffix(name, ".part") {
					s.before.Put("/out/"+name, make([]byte, len(part)))
				}
			}
			return s
		},
	}
}

// leavePart makes a download break off after n bytes.
func (s *scene) leavePart(t *testing.T, n int) {
	t.Helper()
	d := s.before.Clone()
	c := s.client(d)
	view, err := c.RefreshAt(t.Context(), faultTime)
	if err != nil {
		t.Fatal(err)
	}
	target, err := view.Target(t.Context(), "app")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	tuf.SetProgress(c, func(_ string, received, _ int64) {
		if received >= int64(n) {
			cancel()
		}
	})
	if _, err := c.Download(ctx, target, faultDst); !errors.Is(err, tuf.CodeCanceled) {
		t.Fatal(err)
	}
	for name, part := range d.Files("/out") {
		if strings.HasSuffix(name, ".part") {
			s.before.Put("/out/"+name, []byte(part))
			return
		}
	}
	t.Fatal("no part was left")
}

// A client that is stopped at any operation on the disk, or whose machine is, leaves a
// cache with which the next one comes to the same end, and does not go back; and no
// file at the destination but the old one or the new one.
func TestKilledAtEachOperation(t *testing.T) {
	var mu sync.Mutex
	kinds := map[string]bool{}
	t.Cleanup(func() {
		for _, kind := range []string{"create", "write", "sync", "rename", "remove", "mkdir", "truncate"} {
			if !kinds[kind] {
				t.Errorf("no run does %s", kind)
			}
		}
	})
	for name, scene := range scenes(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := scene()
			d := s.before.Clone()
			d.Watch()
			refreshed := 0
			s.middle = func() { refreshed = len(d.Log()) }
			if _, err := s.run(d); err != nil {
				t.Fatal(err)
			}
			s.middle = nil
			log, left := d.Log(), d.Left()
			mu.Lock()
			for _, op := range log {
				kind, _, _ := strings.Cut(op, " ")
				kinds[kind] = true
			}
			mu.Unlock()
			done := map[string]bool{}
			for k, disks := range left {
				at := "the end"
				if k < len(log) {
					at = fmt.Sprintf("operation %d, %s", k, log[k])
				}
				for i, d := range disks {
					state := fmt.Sprint(k >= refreshed, d.State())
					if done[state] {
						continue // as after many an operation
					}
					done[state] = true
					if err := s.check(d, k >= refreshed); err != nil {
						t.Errorf("state %d at %s: %v", i, at, err)
					}
				}
			}
			t.Logf("%d operations, %d different states", len(log), len(done))
		})
	}
}

// The same with an error of the disk in place of the end, once or from there on. It is
// an error with tuf/storage, or does no harm; it is never a rejection, which would
// blame the repository.
func TestDiskFailsAtEachOperation(t *testing.T) {
	for name, scene := range scenes(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := scene()
			d := s.before.Clone()
			d.Inject(nil)
			if _, err := s.run(d); err != nil {
				t.Fatal(err)
			}
			log := d.Log()
			done := map[string]bool{}
			for k := range log {
				last := false // nothing was tried after the error
				for _, always := range []bool{false, true} {
					if always && last {
						break // it would be the same
					}
					d := s.before.Clone()
					d.Inject(func(op int, _ string) tuf.Fault {
						if op == k || always && op > k {
							return tuf.Failed
						}
						return tuf.Fine
					})
					refreshed, err := s.run(d)
					last = len(d.Log()) == k+1
					if err != nil {
						want(t, err, tuf.CodeStorage, true)
					}
					if err == nil && d.Files("/out")["app"] != string(s.app) {
						t.Errorf("operation %d, %s: no error and no file", k, log[k])
					}
					d.Inject(nil)
					state := fmt.Sprint(refreshed, d.State())
					if done[state] {
						continue // as after many an operation
					}
					done[state] = true
					if err := s.check(d, refreshed); err != nil {
						t.Errorf("operation %d, %s, always %t: %v", k, log[k], always, err)
					}
				}
			}
		})
	}
}

// A cache on a read-only file system serves offline, and as long as the repository
// has nothing new. What is new cannot be kept, and then rollback protection would not
// know it the next time: that is an error, and what is there stays of use.
func TestReadOnlyCache(t *testing.T) {
	nothing := [2]int{10, 0}
	readOnly := func(d *tuf.FaultDisk) *tuf.FaultDisk {
		d.Inject(func(int, string) tuf.Fault { return tuf.Failed })
		return d
	}
	s := newScene(t, false, nothing)
	if _, err := s.run(readOnly(s.before.Clone())); err != nil {
		t.Errorf("nothing new: %v", err)
	}
	for _, rotate := range [][]string{nil, {"root"}, {"timestamp"}} {
		s := newScene(t, false, [2]int{10, 12}, rotate...)
		d := readOnly(s.before.Clone())
		before := d.Files(faultCache)
		_, err := s.run(d)
		want(t, err, tuf.CodeStorage, true)
		if !maps.Equal(before, d.Files(faultCache)) {
			t.Error("the cache has changed")
		}
		c := s.client(d)
		tuf.SetOffline(c)
		view, err := c.RefreshAt(t.Context(), faultTime)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"app", "dev/tool"} {
			target, err := view.Target(t.Context(), path)
			if err != nil {
				t.Error(err)
			} else if path == "app" && target.Length() != 10 {
				t.Errorf("%d bytes", target.Length())
			}
		}
	}
}

// The same on a real disk.
func TestReadOnlyFolder(t *testing.T) {
	f := pinless(t)
	if _, err := f.lookUp(); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(f.config.Dir, 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(f.config.Dir, 0o755) })
	if err := os.WriteFile(filepath.Join(f.config.Dir, "x"), nil, 0o600); err == nil {
		t.Skip("the mode of the folder does not bind this user")
	}
	os.Remove(filepath.Join(f.config.Dir, ".lock")) // it is not needed to read
	if _, err := f.lookUp(); err != nil {
		t.Errorf("nothing new: %v", err)
	}
	f.Publish()
	_, err := f.lookUp()
	want(t, err, tuf.CodeStorage, true)
	f.offline()
	if _, err := f.lookUp(); err != nil {
		t.Errorf("offline: %v", err)
	}
}

// What killed processes have left in the cache goes away when it is old, and nothing
// else does.
func TestStaleFilesInCache(t *testing.T) {
	s := newScene(t, false, [2]int{10, 12}, "root")
	d := s.before
	for _, name := range []string{".tmp-old", "root_history/.tmp-old", "tmp-old", "note"} {
		d.Put(faultCache+"/"+name, []byte("{"))
	}
	d.Age(2 * time.Hour)
	d.Put(faultCache+"/.tmp-new", []byte("{"))
	if _, err := s.run(d); err != nil {
		t.Fatal(err)
	}
	files := d.Files(faultCache)
	for name, stays := range map[string]bool{".tmp-old": false, "root_history/.tmp-old": false, "tmp-old": true, "note": true, ".tmp-new": true} {
		if _, ok := files[name]; ok != stays {
			t.Errorf("%s is there: %t", name, ok)
		}
	}
}

// What a process has left that was killed while it downloaded is gone on from by the
// next; what another one is at work on is not.
func TestRescue(t *testing.T) {
	for _, test := range []struct {
		name string
		left []int // bytes of each file
		live bool  // somebody holds the first
		from int   // byte from which the download goes on
	}{
		{"one", []int{1 << 20}, false, 1 << 20},
		{"the longest of several", []int{5 << 18, 1 << 20, 9 << 17}, false, 5 << 18},
		{"one that is locked", []int{1 << 20}, true, 0},
		{"one of two", []int{5 << 18, 1 << 20}, true, 1 << 20},
		{"one that is too short", []int{1<<20 - 1}, false, 0},
		{"one that is complete", []int{3 << 19}, false, 0},
		{"one that is empty", []int{0}, false, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFixture(t, tuftest.Options{NotConsistent: true})
			big := bytes.Repeat([]byte("0123456789abcdef"), 3<<15) // 1.5 MiB
			f.AddTarget("big", big)
			f.Publish()
			dir := t.TempDir()
			target := f.target("big")
			var names []string
			for i, n := range test.left {
				names = append(names, filepath.Join(dir, fmt.Sprintf("%s-%d.tmp", tuf.HiddenName(target), i)))
				if err := os.WriteFile(names[i], big[:n], 0o600); err != nil {
					t.Fatal(err)
				}
			}
			bystanders := []string{"x.tmp", ".tallystick-0123.tmp", ".tallystick-0123.part"}
			for _, name := range bystanders {
				if err := os.WriteFile(filepath.Join(dir, name), []byte("mine"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			release := holdFile(t, names[0], test.live)
			defer release()
			want := ""
			if test.from > 0 {
				want = fmt.Sprintf("bytes=%d-", test.from)
			}
			f.intercept("/big", func(w http.ResponseWriter, r *http.Request) {
				if got := r.Header.Get("Range"); got != want {
					t.Errorf("range %q, want %q", got, want)
				}
				f.ServeHTTP(w, r)
			})
			if _, err := f.client.Download(t.Context(), target, filepath.Join(dir, "big")); err != nil {
				t.Fatal(err)
			}
			if got, _ := os.ReadFile(filepath.Join(dir, "big")); !bytes.Equal(got, big) {
				t.Error("other content")
			}
			stays := append([]string{"big"}, bystanders...)
			if test.live {
				stays = append(stays, filepath.Base(names[0]))
			}
			list, err := os.ReadDir(dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range list {
				if !slices.Contains(stays, e.Name()) {
					t.Errorf("left behind: %s", e.Name())
				}
			}
			if len(list) != len(stays) {
				t.Errorf("%d files, want %q", len(list), stays)
			}
		})
	}
}

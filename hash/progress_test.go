// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A slowFolder takes its time, by the clock of a synctest bubble.
type slowFolder struct{ folder }

func (s slowFolder) lstat(name string) (stat, error) {
	time.Sleep(30 * time.Millisecond)
	return s.folder.lstat(name)
}

type slowReader struct{ r *bytes.Reader }

func (s slowReader) Read(p []byte) (int, error) {
	time.Sleep(30 * time.Millisecond)
	return s.r.Read(p[:min(len(p), 512)])
}

func (s slowReader) ReadAt(p []byte, off int64) (int, error) {
	time.Sleep(30 * time.Millisecond)
	return s.r.ReadAt(p, off)
}

// slowMeasures are measurements of n files each, which take seconds.
func slowMeasures(t *testing.T, n int) map[string]func(context.Context, *TreeOptions) (*Tree, error) {
	dir := t.TempDir()
	var tarred, zipped bytes.Buffer
	tw, zw := tar.NewWriter(&tarred), zip.NewWriter(&zipped)
	for i := range n {
		name, content := fmt.Sprintf("f%03d", i), strings.Repeat("x", i*7)
		w, err := zw.Create(name)
		_, err2 := io.WriteString(w, content)
		if err := errors.Join(err, err2, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o666),
			tw.WriteHeader(&tar.Header{Name: name, Size: int64(len(content)), Mode: 0o644})); err != nil {
			t.Fatal(err)
		}
		io.WriteString(tw, content)
	}
	// A hard link is a file of the tree too.
	tw.WriteHeader(&tar.Header{Name: "hard", Typeflag: tar.TypeLink, Linkname: "f001", Mode: 0o644})
	if err := errors.Join(tw.Close(), zw.Close()); err != nil {
		t.Fatal(err)
	}
	slowly := func(open func(string) (folder, error)) func(context.Context, *TreeOptions) (*Tree, error) {
		return func(ctx context.Context, opts *TreeOptions) (*Tree, error) {
			return measureTree(ctx, dir, opts, func(dir string) (folder, error) {
				f, err := open(dir)
				return slowFolder{f}, err
			})
		}
	}
	return map[string]func(context.Context, *TreeOptions) (*Tree, error){
		"native":   slowly(openRootFolder),
		"portable": slowly(openRootHandle),
		"tar": func(ctx context.Context, opts *TreeOptions) (*Tree, error) {
			return MeasureTar(ctx, slowReader{bytes.NewReader(tarred.Bytes())}, opts)
		},
		"zip": func(ctx context.Context, opts *TreeOptions) (*Tree, error) {
			return MeasureZip(ctx, slowReader{bytes.NewReader(zipped.Bytes())}, int64(zipped.Len()), opts)
		},
	}
}

func TestProgress(t *testing.T) {
	for kind, measure := range slowMeasures(t, 100) {
		for _, takes := range []time.Duration{0, 250 * time.Millisecond} { // the callback
			t.Run(fmt.Sprint(kind, takes), func(t *testing.T) {
				// A goroutine that is left over in a bubble fails the test.
				synctest.Test(t, func(t *testing.T) {
					var calls []Progress
					var times []time.Time
					var busy atomic.Bool
					tree, err := measure(t.Context(), &TreeOptions{Progress: func(p Progress) {
						if busy.Swap(true) {
							t.Error("two calls at once")
						}
						calls, times = append(calls, p), append(times, time.Now())
						time.Sleep(takes)
						busy.Store(false)
					}})
					if err != nil {
						t.Fatal(err)
					}
					if busy.Load() || len(calls) < 8 {
						t.Fatalf("%d calls, the last one still on its way: %v", len(calls), busy.Load())
					}
					n := int64(tree.Len())
					if last, want := calls[len(calls)-1], (Progress{n, tree.Size(), n, tree.Size()}); last != want {
						t.Errorf("at the end %+v, want %+v", last, want)
					}
					for i, p := range calls {
						if p.Files > p.KnownFiles || p.Bytes > p.KnownBytes || i > 0 && (p.Files < calls[i-1].Files || p.Bytes < calls[i-1].Bytes) {
							t.Errorf("call %d: %+v", i, p)
						}
						if i > 0 && i < len(calls)-1 && times[i].Sub(times[i-1]) < progressEvery {
							t.Errorf("call %d is %v after the one before", i, times[i].Sub(times[i-1]))
						}
					}
					if first := calls[0]; first.KnownFiles >= n && kind != "zip" {
						t.Errorf("the first call knows all: %+v", first)
					}
				})
			})
		}
	}
}

// After a failure there is neither a last call nor a goroutine.
func TestProgressOfFailure(t *testing.T) {
	for kind, measure := range slowMeasures(t, 100) {
		for what, opts := range map[string]TreeOptions{"cancelled": {}, "limit": {MaxBytes: 7 * 90 * 91 / 2}} {
			t.Run(kind+"/"+what, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					calls := 0
					var last Progress
					opts.Progress = func(p Progress) {
						last = p
						if calls++; calls == 3 && what == "cancelled" {
							cancel()
						}
					}
					_, err := measure(ctx, &opts)
					if !errors.Is(err, context.Canceled) && !errors.Is(err, CodeLimit) {
						t.Fatal(err)
					}
					before := calls
					time.Sleep(time.Minute)
					if calls != before || calls < 3 || last.Files >= 100 {
						t.Errorf("%d calls, then %d; %+v", before, calls, last)
					}
				})
			})
		}
	}
}

func TestReporter(t *testing.T) {
	var calls []Progress
	r := &reporter{call: func(p Progress) { calls = append(calls, p) }}
	if _, err := r.during(func() (*Tree, error) { return nil, io.EOF }); err != io.EOF || calls != nil {
		t.Errorf("after a failure %+v", calls)
	}
	// A file that shrinks may be counted with more than is known of it.
	r.found(1, 10)
	r.did(2, 12)
	if r.report(); calls[0] != (Progress{1, 10, 1, 10}) {
		t.Errorf("%+v", calls)
	}
}

// What was read of a file that then changed is taken back.
func TestProgressOfSecondAttempt(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "f")
	if err := os.WriteFile(name, []byte("before"), 0o666); err != nil {
		t.Fatal(err)
	}
	root, err := openRootHandle(dir)
	if err != nil {
		t.Fatal(err)
	}
	p, err := newPlan(&TreeOptions{Progress: func(Progress) {}})
	if err != nil {
		t.Fatal(err)
	}
	rig := &meddling{folder: root, meddle: func() { os.WriteFile(name, []byte("in the meantime"), 0o666) }}
	tree, err := measureRoot(t.Context(), p, rig, dir)
	if err != nil {
		t.Fatal(err)
	}
	if done, known := p.progress.bytes.Load(), p.progress.knownBytes.Load(); done != 15 || known != 15 || tree.Size() != 15 || rig.opened != 2 {
		t.Errorf("%d of %d bytes, measured %d, opened %d times", done, known, tree.Size(), rig.opened)
	}
}

// A meddling folder does something to the first file after it was read.
type meddling struct {
	folder
	meddle func()
	opened int
}

func (m *meddling) openFile(name string) (openFile, error) {
	f, err := m.folder.openFile(name)
	m.opened++
	return &meddlingFile{f, m}, err
}

type meddlingFile struct {
	openFile
	m *meddling
}

func (f *meddlingFile) read(p []byte) (int, error) {
	n, err := f.openFile.read(p)
	if f.m.opened == 1 {
		f.m.meddle()
	}
	return n, err
}

// Nobody pays for reports that nobody asked for.
func TestNoProgress(t *testing.T) {
	p, err := newPlan(nil)
	if err != nil || p.progress != nil {
		t.Fatal(p.progress, err)
	}
	k := newWorker(t.Context(), p)
	tree := &Tree{}
	measure := func() (*Tree, error) {
		p.progress.found(1, 1)
		p.progress.did(1, 1)
		k.tell(1)
		k.untell()
		return tree, nil
	}
	if n := testing.AllocsPerRun(100, func() { p.progress.during(measure) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

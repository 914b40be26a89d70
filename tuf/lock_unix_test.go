// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package tuf_test

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/tallystick/tallystick/tuf"
	"github.com/tallystick/tallystick/tuf/tuftest"
)

func lock(t *testing.T, name string) (unlock func()) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		t.Skip(err)
	}
	return func() { f.Close() }
}

// Another user who may read the cache cannot stop updates with a lock on any of it.
func TestLockOfAReader(t *testing.T) {
	f := newFixture(t, tuftest.Options{})
	f.refresh()
	list, err := os.ReadDir(f.config.Dir)
	if err != nil {
		t.Fatal(err)
	}
	defer lock(t, f.config.Dir)()
	for _, e := range list {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			defer lock(t, filepath.Join(f.config.Dir, e.Name()))()
		}
	}
	f.Publish()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if _, err := f.client.RefreshAt(ctx, f.now); err != nil {
		t.Error(err)
	}
}

// A process of the same user is waited for.
func TestLockOfAnotherProcess(t *testing.T) {
	f := newFixture(t, tuftest.Options{})
	f.refresh()
	unlock := lock(t, filepath.Join(f.config.Dir, ".lock"))
	defer unlock()
	f.Publish()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := f.client.RefreshAt(ctx, f.now)
	want(t, err, tuf.CodeCanceled, true)
	if v := f.cached("timestamp"); v != 1 {
		t.Errorf("timestamp version %d was written in spite of the lock", v)
	}
	unlock()
	f.refresh()
}

// Whose lock file cannot be opened, as that of another user, goes on without.
func TestUnusableLock(t *testing.T) {
	f := newFixture(t, tuftest.Options{})
	if err := os.MkdirAll(filepath.Join(f.config.Dir, ".lock"), 0o700); err != nil {
		t.Fatal(err)
	}
	f.refresh()
}

// holdFile locks a file as a process that is at work on it does, if it is to.
func holdFile(t *testing.T, name string, hold bool) (release func()) {
	if !hold {
		return func() {}
	}
	return lock(t, name)
}

// kill ends this process at once.
func kill() error { return syscall.Kill(os.Getpid(), syscall.SIGKILL) }

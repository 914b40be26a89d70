// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package tuf_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/tallystick/tallystick/tuf"
	"github.com/tallystick/tallystick/tuf/tuftest"
	"github.com/tallystick/tallystick/verify"
)

// killAt is the environment variable that makes this program an updater which kills
// itself: the number of the operation, the URL of the server and a folder.
const killAt = "TALLYSTICK_TEST_KILL"

// TestUpdater is not a test but the program that TestKilledProcess kills.
func TestUpdater(t *testing.T) {
	value, ok := os.LookupEnv(killAt)
	if !ok {
		t.Skip("only in a process of TestKilledProcess")
	}
	var at int
	var url, dir string
	if _, err := fmt.Sscan(value, &at, &url, &dir); err != nil {
		t.Fatal(err)
	}
	if err := updateOnDisk(url, dir, at); err != nil {
		t.Fatal(err)
	}
}

// updateOnDisk refreshes and downloads, and ends this process at an operation of the
// disk; -1 is never.
func updateOnDisk(url, dir string, at int) error {
	root, err := os.ReadFile(filepath.Join(dir, "trusted.json"))
	if err != nil {
		return err
	}
	c, err := tuf.NewClient(tuf.Config{
		Root:        root,
		MetadataURL: url + tuftest.MetadataPath,
		TargetsURL:  url + tuftest.TargetsPath,
		Dir:         filepath.Join(dir, "cache"),
	})
	if err != nil {
		return err
	}
	tuf.SetPoint(c, func(op int) {
		if op == at {
			kill()
			select {} // until the signal is there
		}
	})
	s, err := c.RefreshAt(context.Background(), faultTime)
	if err != nil {
		return err
	}
	if _, err := s.Target(context.Background(), "dev/tool"); err != nil {
		return err
	}
	target, err := s.Target(context.Background(), "app")
	if err == nil {
		_, err = c.Download(context.Background(), target, filepath.Join(dir, "app"))
	}
	return err
}

// A process that updates is killed with kill -9 at each of its operations on a real
// disk. The next one comes to the end, and nobody can set it back.
func TestKilledProcess(t *testing.T) {
	if testing.Short() {
		t.Skip("starts many processes")
	}
	if runtime.GOOS == "windows" {
		t.Skip("no such signal on this system")
	}
	s := newScene(t, true, [2]int{10, 0})
	server := httptest.NewServer(s.repo)
	defer server.Close()
	before := t.TempDir()
	if err := os.WriteFile(filepath.Join(before, "trusted.json"), s.repo.Root(), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := updateOnDisk(server.URL, before, -1); err != nil {
		t.Fatal(err)
	}
	old := s.repo.File("timestamp.json")
	if err := s.repo.RotateKeys("snapshot"); err != nil {
		t.Fatal(err)
	}
	s.app = bytes.Repeat([]byte("3"), 12)
	s.repo.AddTarget("app", s.app)
	s.repo.Publish()

	for k := 0; ; k++ {
		dir := filepath.Join(t.TempDir(), "copy")
		if err := os.CopyFS(dir, os.DirFS(before)); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(os.Args[0], "-test.run=^TestUpdater$", "-test.count=1")
		cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d %s %s", killAt, k, server.URL, dir))
		out, err := cmd.CombinedOutput()
		if err == nil {
			if k < 20 {
				t.Errorf("only %d operations", k)
			}
			t.Logf("%d operations", k)
			break
		}
		if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != -1 {
			t.Fatalf("not killed at operation %d: %v\n%s", k, err, out)
		}
		if app, err := os.ReadFile(filepath.Join(dir, "app")); err != nil || len(app) != 10 && string(app) != string(s.app) {
			t.Errorf("operation %d: %d bytes at the destination, %v", k, len(app), err)
		}
		s.repo.Replace("timestamp.json", old)
		err = updateOnDisk(server.URL, dir, -1)
		s.repo.Replace("timestamp.json", nil)
		if _, ok := errors.AsType[*verify.RejectedError](err); !ok {
			t.Errorf("operation %d: what was published before is taken: %v", k, err)
		}
		if err := updateOnDisk(server.URL, dir, -1); err != nil {
			t.Errorf("operation %d: %v", k, err)
		}
		if app, err := os.ReadFile(filepath.Join(dir, "app")); string(app) != string(s.app) {
			t.Errorf("operation %d: %d bytes in the end, %v", k, len(app), err)
		}
		for name, served := range s.served() {
			if got, err := os.ReadFile(filepath.Join(dir, "cache", name)); !bytes.Equal(got, served) {
				t.Errorf("operation %d: %s in the cache is not what is served, %v", k, name, err)
			}
		}
	}
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package hash_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/tallystick/tallystick/hash"
	"golang.org/x/sys/unix"
)

// within fails the test if f does not end; a walker that waits for the other end
// of a FIFO would wait for ever.
func within(t *testing.T, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("still waiting")
	}
}

func TestTraps(t *testing.T) {
	for _, c := range []struct {
		what string
		set  func(t *testing.T, name string) error
	}{
		{"FIFO", func(t *testing.T, name string) error { return unix.Mkfifo(name, 0o600) }},
		{"socket", func(t *testing.T, name string) error {
			// The path of a socket is short.
			l, err := net.Listen("unix", filepath.Join(shortDir(t), "s"))
			if err != nil {
				return err
			}
			t.Cleanup(func() { l.Close() })
			return os.Rename(l.Addr().String(), name)
		}},
		{"device", func(t *testing.T, name string) error { return hash.MakeZeroDevice(name) }},
	} {
		t.Run(c.what, func(t *testing.T) {
			bothWalkers(t, func(t *testing.T, measure measureFunc) {
				dir := t.TempDir()
				plant(t, dir, variety())
				if err := c.set(t, filepath.Join(dir, "sub", "trap")); err != nil {
					t.Skip("cannot be made here:", err)
				}
				within(t, func() {
					_, err := measure(t.Context(), dir, nil)
					wantError(t, err, hash.CodeNotRegular, "sub/trap")
					if err != nil && !strings.Contains(strings.ToLower(err.Error()), strings.ToLower(c.what)) {
						t.Errorf("%v does not say what it is", err)
					}
					_, err = measure(t.Context(), filepath.Join(dir, "sub", "trap"), nil)
					wantError(t, err, hash.CodeRead, filepath.Join(dir, "sub", "trap"))
					if _, err := measure(t.Context(), dir, &hash.TreeOptions{Exclude: []string{"trap"}}); err != nil {
						t.Error("excluded:", err)
					}
				})
			})
		})
	}
}

func shortDir(t *testing.T) string {
	dir, err := os.MkdirTemp("", "s")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// Names are bytes.
func TestOddNames(t *testing.T) {
	odd := []string{"new\nline", `back\slash`, "carriage\rreturn", "bytes\xff\xfe", "\x1b[31mred", " ", "...", "-rf", "a\xcc", "\xe2\x80\xaertl", "*", "con", strings.Repeat("n", 255)}
	bothWalkers(t, func(t *testing.T, measure measureFunc) {
		dir := t.TempDir()
		for _, name := range odd {
			for _, full := range []string{name, "in/" + name, name + "d/f"} {
				if len(name) > 200 && full != name {
					continue
				}
				full = filepath.Join(dir, full)
				if err := os.MkdirAll(filepath.Dir(full), 0o777); err != nil {
					t.Skip(err)
				}
				if err := os.WriteFile(full, []byte(name), 0o666); err != nil {
					t.Skip(err)
				}
			}
		}
		tree, err := measure(t.Context(), dir, everything())
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range odd {
			e, ok := tree.Lookup(name)
			if !ok || e.Size() != int64(len(name)) {
				t.Errorf("%q is not there", name)
			}
			text, err := json.Marshal(hash.EscapeName(e.Name()))
			if err != nil {
				t.Fatal(err)
			}
			var read string
			if err := json.Unmarshal(text, &read); err != nil {
				t.Fatal(err)
			}
			back, err := hash.UnescapeName(read)
			if err != nil || back != name {
				t.Errorf("%q escaped and back is %q", name, back)
			}
		}
		_, err = tree.DirHash("")
		wantError(t, err, hash.CodeName, "in/new\nline")
	})
}

func TestDeepTree(t *testing.T) {
	// Made from the bottom up, as the path is longer than PATH_MAX.
	dir := t.TempDir()
	const levels = 600
	element := strings.Repeat("d", 30)
	top, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { exec.Command("rm", "-rf", dir).Run() })
	at := top
	for i := range levels {
		for _, err := range []error{
			at.WriteFile("0", []byte(strconv.Itoa(i)), 0o666),
			at.WriteFile("z", []byte(strconv.Itoa(i)), 0o666),
			at.Mkdir(element, 0o777),
			at.Mkdir("side", 0o777),
			at.WriteFile("side/f", []byte(strconv.Itoa(i)), 0o666),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		next, err := at.OpenRoot(element)
		if err != nil {
			t.Fatal(err)
		}
		at.Close()
		at = next
	}
	at.Close()
	bothWalkers(t, func(t *testing.T, measure measureFunc) {
		tree, err := measure(t.Context(), dir, everything())
		if err != nil {
			t.Fatal(err)
		}
		if tree.Len() != levels*5 {
			t.Errorf("%d entries, want %d", tree.Len(), levels*5)
		}
		for _, depth := range []int{0, 1, hash.MaxFrames - 1, hash.MaxFrames, hash.MaxFrames + 1, 599} {
			name := strings.Repeat(element+"/", depth) + "z"
			a, ok := tree.FileArtifact(name)
			want, _ := hash.Measure(t.Context(), strings.NewReader(strconv.Itoa(depth)), hash.SHA256)
			if !ok || a.Digests().Compare(want.Digests()) != hash.Same {
				t.Errorf("depth %d: %v", depth, a)
			}
		}
		if _, err := tree.GitTree(hash.GitTreeSHA256); err != nil {
			t.Error(err)
		}
		_, err = measure(t.Context(), dir, &hash.TreeOptions{MaxDepth: 599})
		if !errors.Is(err, hash.CodeLimit) {
			t.Error(err)
		}
	})
}

// naiveWalk is what a walker by path names does: look, then open.
func naiveWalk(dir string, see func(content []byte)) {
	list, _ := os.ReadDir(dir)
	for _, e := range list {
		full := filepath.Join(dir, e.Name())
		info, err := os.Lstat(full)
		switch {
		case err != nil:
		case info.IsDir():
			naiveWalk(full, see)
		case info.Mode().IsRegular():
			if content, err := os.ReadFile(full); err == nil {
				see(content)
			}
		}
	}
}

// Somebody swaps a folder, and a file, with links out of the tree all the time.
// Nothing outside may ever be read. The naive walker in the same test does read
// it, so the attack works.
func TestSwapRace(t *testing.T) {
	const secret = "outside"
	outside := t.TempDir()
	plant(t, outside, map[string]string{"f": secret, "g": secret, "h/f": secret})
	want, err := hash.Measure(t.Context(), strings.NewReader(secret))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	plant(t, dir, map[string]string{
		"a/d/f": "inside!", "a/d/g": "inside!", "a/d/h/f": "inside!", "a/f": "inside!",
		"a/link": "->" + filepath.ToSlash(outside), "a/filelink": "->" + filepath.Join(outside, "f"),
	})
	in := func(name string) string { return filepath.Join(dir, "a", name) }

	stop := make(chan struct{})
	var attacker sync.WaitGroup
	swaps := 0
	attacker.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			// With the folder there first, then with the link, so that
			// both are there half of the time.
			for _, name := range []string{"d", "f"} {
				link := map[string]string{"d": "link", "f": "filelink"}[name]
				os.Rename(in(name), in("kept"))
				os.Rename(in(link), in(name))
				os.Rename(in(name), in(link))
				os.Rename(in("kept"), in(name))
			}
			swaps++
		}
	})
	defer func() { close(stop); attacker.Wait(); t.Logf("%d swaps", swaps) }()

	escaped := 0
	for end := time.Now().Add(time.Minute); escaped == 0 && time.Now().Before(end); {
		naiveWalk(dir, func(content []byte) {
			if string(content) == secret {
				escaped++
			}
		})
	}
	if escaped == 0 {
		t.Skip("the attack does not work here: the naive walker never lost")
	}

	bothWalkers(t, func(t *testing.T, measure measureFunc) {
		var runs, clean int
		for end := time.Now().Add(time.Second); time.Now().Before(end); runs++ {
			tree, err := measure(t.Context(), dir, nil)
			if err != nil {
				if e, ok := errors.AsType[*hash.Error](err); !ok || e.Code != hash.CodeChanged && e.Code != hash.CodeRead {
					t.Fatalf("unexpected error %v", err)
				}
				continue
			}
			clean++
			for e := range tree.Entries() {
				if e.Type() == hash.File && e.Digests().Compare(want.Digests()) != hash.Different {
					t.Fatalf("%s was read outside of the tree", e.Name())
				}
			}
		}
		t.Logf("%d runs, %d without an error", runs, clean)
	})
}

// A reader that never ends would be the answer to a file that grows as fast as
// it is read.
func TestGrowingFile(t *testing.T) {
	bothWalkers(t, func(t *testing.T, measure measureFunc) {
		dir := t.TempDir()
		plant(t, dir, map[string]string{"log": strings.Repeat("x", 1<<20)})
		f, err := os.OpenFile(filepath.Join(dir, "log"), os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		var stop atomic.Bool
		var writer sync.WaitGroup
		writer.Go(func() {
			for n := 0; !stop.Load() && n < 1<<28; n += 4096 {
				f.Write(make([]byte, 4096))
			}
		})
		defer writer.Wait()
		defer stop.Store(true)
		within(t, func() {
			_, err := measure(t.Context(), dir, nil)
			if err != nil {
				wantError(t, err, hash.CodeChanged, "log")
			}
		})
	})
}

func TestUnreadable(t *testing.T) {
	dir := t.TempDir()
	plant(t, dir, map[string]string{"a/file": "x", "b/folder/f": "x"})
	os.Chmod(filepath.Join(dir, "a", "file"), 0)
	os.Chmod(filepath.Join(dir, "b", "folder"), 0)
	t.Cleanup(func() { os.Chmod(filepath.Join(dir, "b", "folder"), 0o777) })
	if os.Geteuid() == 0 {
		rerunUnprivileged(t, dir)
		return
	}
	bothWalkers(t, func(t *testing.T, measure measureFunc) {
		check := func(exclude, name string) {
			_, err := measure(t.Context(), dir, &hash.TreeOptions{Exclude: []string{exclude}})
			wantError(t, err, hash.CodeRead, name)
			if !errors.Is(err, os.ErrPermission) {
				t.Errorf("%v is not fs.ErrPermission", err)
			}
		}
		check("nothing", "a/file")
		check("file", "b/folder")
	})
	_, err := hash.MeasureFile(t.Context(), filepath.Join(dir, "a", "file"))
	wantError(t, err, hash.CodeRead, filepath.Join(dir, "a", "file"))
}

// noRaceSleep is for the environment of test binaries: with the race detector they
// would sleep for a second at their end.
func noRaceSleep() string { return "GORACE=" + os.Getenv("GORACE") + " atexit_sleep_ms=0" }

// rerunUnprivileged runs the current test again in a process that is not root,
// as for root nothing is unreadable.
func rerunUnprivileged(t *testing.T, dirs ...string) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Skip(err)
	}
	// The test binary stands where only we may go.
	copyTo := filepath.Join(shortDir(t), "test")
	data, err := os.ReadFile(exe)
	if err != nil {
		t.Skip(err)
	}
	if err := os.WriteFile(copyTo, data, 0o755); err != nil {
		t.Skip(err)
	}
	os.Chmod(filepath.Dir(copyTo), 0o755)
	tmp := shortDir(t)
	os.Chmod(tmp, 0o777)
	cmd := exec.Command(copyTo, "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Dir = tmp
	cmd.Env = append(os.Environ(), "TMPDIR="+tmp, "HOME="+tmp, noRaceSleep())
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.CombinedOutput()
	if errors.Is(err, os.ErrPermission) {
		t.Skip("cannot become another user:", err)
	}
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Fatalf("as another user: %v\n%s", err, out)
	}
}

// More files, and more folders one in another, than descriptors.
func TestFewDescriptors(t *testing.T) {
	const variable = "HASH_TEST_FEW_DESCRIPTORS"
	dir := os.Getenv(variable)
	if dir == "" {
		dir = t.TempDir()
		files := map[string]string{}
		for i := range 600 {
			files[fmt.Sprintf("%d/%d", i%300, i)] = "x"
		}
		files[strings.Repeat("d/", 300)+"f"] = "x"
		plant(t, dir, files)
		exe, err := os.Executable()
		if err != nil {
			t.Skip(err)
		}
		cmd := exec.Command(exe, "-test.run=^"+t.Name()+"$", "-test.v")
		cmd.Env = append(os.Environ(), variable+"="+dir, noRaceSleep())
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	const limit = 128
	bothWalkers(t, func(t *testing.T, measure measureFunc) {
		// The portable folders need two for each.
		n := uint64(limit)
		if strings.Contains(t.Name(), "portable") {
			n *= 2
		}
		if err := hash.LimitDescriptors(n); err != nil {
			t.Skip(err)
		}
		tree, err := measure(t.Context(), dir, &hash.TreeOptions{Workers: 4})
		if err != nil {
			t.Fatal(err)
		}
		if tree.Len() != 600+300+300+1 {
			t.Error(tree.Len())
		}
	})
}

// Pseudo files claim to be empty and are not.
func TestPseudoFile(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("no /proc")
	}
	_, err := hash.MeasureFile(t.Context(), "/proc/self/status")
	wantError(t, err, hash.CodeChanged, "/proc/self/status")
	bothWalkers(t, func(t *testing.T, measure measureFunc) {
		_, err := measure(t.Context(), "/proc/self/net/stat", nil)
		if err == nil {
			t.Error("pseudo files were measured as empty")
		}
	})
}

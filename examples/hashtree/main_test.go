// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func start(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = run(t.Context(), args, &out, &errs)
	return status, out.String(), errs.String()
}

// plant makes a folder with files.
func plant(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		p := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func write(t *testing.T, content string) string {
	t.Helper()
	p := filepath.Join(t.TempDir(), "list")
	if err := os.WriteFile(p, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
	return p
}

var hello = map[string]string{"hello": "hello", "sub/world": "world"}

const (
	sha256Hello = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
	sha256World = "486ea46224d1bb4fb680f34f7c9ad96a8f24ec88be73ea8e5a6c65260e9cb8a7"
)

func TestSums(t *testing.T) {
	status, stdout, _ := start(t, plant(t, hello))
	if want := sha256Hello + "  hello\n" + sha256World + "  sub/world\n"; status != exitGood || stdout != want {
		t.Errorf("exit %d:\n%swant\n%s", status, stdout, want)
	}
}

// What is listed checks again, in every format, and every difference is named.
func TestCheck(t *testing.T) {
	for _, format := range []string{"sums", "tag", "json"} {
		for _, algs := range []string{"sha256", "sha512", "sha384,blake2b"} {
			if format == "sums" && strings.Contains(algs, ",") {
				continue
			}
			t.Run(format+" "+algs, func(t *testing.T) {
				_, list, _ := start(t, "-format", format, "-algs", algs, plant(t, hello))
				file := write(t, list)
				if status, stdout, stderr := start(t, "-check", file, plant(t, hello)); status != exitGood || !strings.Contains(stdout, "all as listed") {
					t.Errorf("exit %d: %s%s", status, stdout, stderr)
				}
				other := plant(t, map[string]string{"hello": "hallo", "new\nfile": ""})
				status, stdout, stderr := start(t, "-check", file, other)
				if status != exitDifferent {
					t.Errorf("exit %d: %s", status, stderr)
				}
				for _, want := range []string{"changed hello: ", "missing sub/world\n", `extra new\nfile` + "\n", "1 changed, "} {
					if !strings.Contains(stdout, want) {
						t.Errorf("%q is not in\n%s", want, stdout)
					}
				}
			})
		}
	}
}

// find . -type f -exec sha256sum {} + prints names with ./ before them.
func TestNamesOfFind(t *testing.T) {
	dir := plant(t, hello)
	for _, list := range []string{
		sha256Hello + "  ./hello\n" + sha256World + "  ./sub/world\n",
		"SHA256 (./hello) = " + sha256Hello + "\nSHA256 (sub/world) = " + sha256World + "\n",
	} {
		if status, stdout, stderr := start(t, "-check", write(t, list), dir); status != exitGood {
			t.Errorf("exit %d: %s%s", status, stdout, stderr)
		}
	}
	list := write(t, sha256Hello+"  ./hello\n"+sha256World+"  hello\n")
	if status, _, stderr := start(t, "-check", list, dir); status != exitFailed || !strings.Contains(stderr, "hash/name") {
		t.Errorf("two digests of one file: exit %d: %s", status, stderr)
	}
}

func TestCollisions(t *testing.T) {
	dir := plant(t, map[string]string{"README": "1", "Readme": "2"})
	if list, _ := os.ReadDir(dir); len(list) < 2 {
		t.Skip("this file system ignores case")
	}
	for _, format := range []string{"sums", "tag"} {
		if status, _, stderr := start(t, "-format", format, dir); status != exitGood || !strings.Contains(stderr, "one name on some file systems: README, Readme\n") {
			t.Errorf("exit %d: %s", status, stderr)
		}
	}
}

func TestLinksAreNotCovered(t *testing.T) {
	dir := plant(t, hello)
	if err := os.Symlink("hello", filepath.Join(dir, "link")); err != nil {
		t.Skipf("no symbolic links here: %v", err)
	}
	list := write(t, sha256Hello+"  hello\n"+sha256World+"  sub/world\n")
	status, _, stderr := start(t, "-check", list, dir)
	if status != exitGood || !strings.Contains(stderr, "not covered: link link") {
		t.Errorf("exit %d, %s", status, stderr)
	}
	// A list that can hold links does.
	_, whole, _ := start(t, "-format", "json", dir)
	if err := os.Remove(filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if status, stdout, _ := start(t, "-check", write(t, whole), dir); status != exitDifferent || !strings.Contains(stdout, "missing link") {
		t.Errorf("exit %d, %s", status, stdout)
	}
}

func TestIdentity(t *testing.T) {
	// Made with x/mod's dirhash and with git write-tree.
	status, stdout, _ := start(t, "-identity", "dirHash,gitTree,gitTree:sha256", plant(t, hello))
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	if status != exitGood || len(lines) != 3 || !strings.HasPrefix(lines[0], "dirHash h1:") || len(lines[1]) != len("gitTree ")+40 || len(lines[2]) != len("gitTree:sha256 ")+64 {
		t.Fatalf("exit %d:\n%s", status, stdout)
	}
	_, prefixed, _ := start(t, "-identity", "dirHash", "-prefix", "hello@v1.0.0/", plant(t, hello))
	if prefixed == lines[0]+"\n" || !strings.HasPrefix(prefixed, "dirHash h1:") {
		t.Errorf("with a prefix: %s", prefixed)
	}
	if git, err := exec.LookPath("git"); err != nil {
		t.Log("git is not installed, its tree is not compared")
	} else {
		dir := plant(t, hello)
		id := ""
		for _, args := range [][]string{{"init", "-q"}, {"add", "."}, {"write-tree"}} {
			cmd := exec.Command(git, append([]string{"-C", dir, "-c", "core.autocrlf=false"}, args...)...)
			out, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			id = strings.TrimSpace(string(out))
		}
		if lines[1] != "gitTree "+id {
			t.Errorf("%s, git has %s", lines[1], id)
		}
		if _, excluded, _ := start(t, "-identity", "gitTree", "-exclude", ".git", dir); excluded != lines[1]+"\n" {
			t.Errorf("without .git: %s", excluded)
		}
	}
}

// An archive has the list of the folder that it was made of.
func TestArchive(t *testing.T) {
	dir := plant(t, hello)
	_, want, _ := start(t, dir)
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, content := range hello {
		f, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	archives := []string{write(t, b.String())}
	if tar, err := exec.LookPath("tar"); err == nil {
		name := filepath.Join(t.TempDir(), "a.tar.gz")
		if out, err := exec.Command(tar, "-C", dir, "-czf", name, "hello", "sub").CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		archives = append(archives, name)
	}
	for _, a := range archives {
		if status, got, stderr := start(t, a); status != exitGood || got != want {
			t.Errorf("exit %d: %s%s", status, got, stderr)
		}
	}
}

// The list is one that coreutils checks, odd names included.
func TestCoreutils(t *testing.T) {
	sha256sum, err := exec.LookPath("sha256sum")
	if err != nil || runtime.GOOS != "linux" {
		t.Skip("sha256sum of GNU coreutils is not here")
	}
	dir := plant(t, map[string]string{"plain": "a", "with space": "b", "new\nline": "c", `back\slash`: "d", "# hash": "e", "sub/f": "f"})
	for _, format := range []string{"sums", "tag"} {
		_, list, _ := start(t, "-format", format, dir)
		cmd := exec.Command(sha256sum, "--strict", "-c", "-")
		cmd.Dir = dir
		cmd.Stdin = strings.NewReader(list)
		if out, err := cmd.CombinedOutput(); err != nil || strings.Count(string(out), "OK") != 6 {
			t.Errorf("%s: %v\n%s\n%s", format, err, out, list)
		}
	}
}

func TestJSON(t *testing.T) {
	dir := plant(t, map[string]string{"odd\x1b\nname": "hello", "run": "x"})
	if err := os.Chmod(filepath.Join(dir, "run"), 0o755); err != nil {
		t.Fatal(err)
	}
	_, stdout, _ := start(t, "-format", "json", dir)
	var got listing
	if err := json.Unmarshal([]byte(stdout), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Entries) != 2 || got.Entries[0].Name != `odd\x1b\nname` || got.Entries[0].Digests["sha256"] != sha256Hello || len(got.NotCovered) == 0 {
		t.Errorf("got %+v", got)
	}
	if runtime.GOOS != "windows" && !*got.Entries[1].Executable {
		t.Error("the execute bit is lost")
	}
}

// A list that says two things, or that somebody has edited, is none.
func TestListsThatAreNone(t *testing.T) {
	dir := plant(t, hello)
	_, list, _ := start(t, "-format", "json", "-identity", "dirHash", dir)
	if status, stdout, stderr := start(t, "-check", write(t, list), dir); status != exitGood {
		t.Fatalf("the control: exit %d, %s%s", status, stdout, stderr)
	}
	for _, test := range []struct {
		name, from, to string
		status         int
		want           string
	}{
		{"two digests", `"sha256": "2cf`, `"sha256": "00", "sha256": "2cf`, exitFailed, "byte for byte"},
		{"case variant", `"entries"`, `"Entries": [], "entries"`, exitFailed, "byte for byte"},
		{"unknown member", `"entries"`, `"x": 1, "entries"`, exitFailed, "byte for byte"},
		{"other identity", `"dirHash": "h1:`, `"dirHash": "h1:A`, exitDifferent, "changed identity dirHash"},
	} {
		edited := strings.Replace(list, test.from, test.to, 1)
		status, stdout, stderr := start(t, "-check", write(t, edited), dir)
		if status != test.status || !strings.Contains(stdout+stderr, test.want) {
			t.Errorf("%s: exit %d, %s%s", test.name, status, stdout, stderr)
		}
	}
}

// A sums list whose first name looks like the other format is still one.
func TestNameLikeATag(t *testing.T) {
	dir := plant(t, map[string]string{"a) = b": "x"})
	_, list, _ := start(t, dir)
	if status, stdout, stderr := start(t, "-check", write(t, list), dir); status != exitGood {
		t.Errorf("exit %d, %s%s", status, stdout, stderr)
	}
}

// full is a device without space.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space") }

func TestOutputIsLost(t *testing.T) {
	for _, args := range [][]string{nil, {"-identity", "dirHash"}, {"-format", "json"}} {
		var errs bytes.Buffer
		if status := run(t.Context(), append(args, plant(t, hello)), full{}, &errs); status != exitFailed || !strings.Contains(errs.String(), "no space") {
			t.Errorf("%v: exit %d, %s", args, status, errs.String())
		}
	}
}

func TestErrorsAreEscaped(t *testing.T) {
	_, _, stderr := start(t, filepath.Join(t.TempDir(), "no\x1b[31mpe"))
	if strings.Contains(stderr, "\x1b") || !strings.Contains(stderr, `\x1b[31mpe`) {
		t.Errorf("%q", stderr)
	}
}

func TestFailures(t *testing.T) {
	dir := plant(t, hello)
	for _, test := range []struct {
		name string
		args []string
		want string
	}{
		{"no path", nil, "want one"},
		{"two paths", []string{dir, dir}, "want one"},
		{"unknown flag", []string{"-nonsense", dir}, "nonsense"},
		{"unknown algorithm", []string{"-algs", "sha257", dir}, "sha257"},
		{"two algorithms in sums", []string{"-algs", "sha256,sha512", dir}, "-format tag"},
		{"unknown format", []string{"-format", "xml", dir}, "xml"},
		{"file digest as identity", []string{"-identity", "sha256", dir}, "no identity"},
		{"identity as file digest", []string{"-algs", "dirHash", dir}, "dirHash"},
		{"missing", []string{filepath.Join(dir, "none")}, "none"},
		{"no archive", []string{filepath.Join(dir, "hello")}, "hash/"},
		{"device", []string{os.DevNull}, "neither"},
		{"no list", []string{"-check", filepath.Join(dir, "none"), dir}, "none"},
		{"empty list", []string{"-check", write(t, ""), dir}, "digits"},
		{"malformed list", []string{"-check", write(t, "hello\n"), dir}, "digits"},
		{"malformed JSON", []string{"-check", write(t, "{"), dir}, "JSON"},
		{"empty JSON", []string{"-check", write(t, "{\n  \"entries\": [],\n  \"notCovered\": []\n}\n"), dir}, "empty"},
		{"check and format", []string{"-check", "x", "-format", "json", dir}, "-check"},
		{"bad pattern", []string{"-exclude", "[", dir}, "["},
	} {
		t.Run(test.name, func(t *testing.T) {
			if runtime.GOOS == "windows" && test.name == "device" {
				t.Skip("no such device")
			}
			status, stdout, stderr := start(t, test.args...)
			if status != exitFailed || stdout != "" || !strings.Contains(stderr, test.want) {
				t.Errorf("exit %d, stdout %q, stderr %q, want %q", status, stdout, stderr, test.want)
			}
		})
	}
	if status, _, stderr := start(t, "-h"); status != exitGood || !strings.Contains(stderr, "-identity") {
		t.Errorf("-h: exit %d, %s", status, stderr)
	}
}

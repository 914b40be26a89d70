// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash_test

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tallystick/tallystick/hash"
	"golang.org/x/mod/sumdb/dirhash"
)

// goroot returns the source tree of the Go toolchain that runs the tests.
func goroot(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOROOT").Output()
	dir := strings.TrimSpace(string(out))
	if err != nil || dir == "" {
		t.Skipf("no GOROOT: go env: %v", err)
	}
	switch {
	case testing.Short():
		dir = filepath.Join(dir, "src", "crypto")
	case raceEnabled:
		dir = filepath.Join(dir, "src", "cmd")
	}
	return dir
}

func TestDirHashOfGOROOT(t *testing.T) {
	dir := goroot(t)
	want, err := dirhash.HashDir(dir, "go@v1", dirhash.Hash1)
	if err != nil {
		t.Skipf("x/mod cannot hash it: %v", err)
	}
	tree, err := hash.MeasureTree(t.Context(), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	d, err := tree.DirHash("go@v1")
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := hash.FormatH1(d); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// git runs git in dir, apart from all configuration of the user.
func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "HOME="+t.TempDir(),
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %q: %v\n%s", args, err, out)
	}
	return strings.TrimSuffix(string(out), "\n")
}

func needGit(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("no git")
	}
}

// plant writes a tree that has one of everything. A name that ends in "/" is a
// folder, one in "*" an executable file; content that begins with "->" is a link.
func plant(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		bare := strings.TrimSuffix(name, "*")
		full := filepath.Join(dir, filepath.FromSlash(bare))
		var err error
		target, link := strings.CutPrefix(content, "->")
		switch {
		case strings.HasSuffix(name, "/"):
			err = os.MkdirAll(full, 0o777)
		case link:
			os.MkdirAll(filepath.Dir(full), 0o777)
			err = os.Symlink(target, full)
		default:
			os.MkdirAll(filepath.Dir(full), 0o777)
			mode := os.FileMode(0o644)
			if bare != name {
				mode = 0o755
			}
			if err = os.WriteFile(full, []byte(content), mode); err == nil {
				err = os.Chmod(full, mode)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// variety is a tree in which each entry can go wrong in its own way.
func variety() map[string]string {
	return map[string]string{
		"README":          "hello\n",
		"empty":           "",
		"run*":            "#!/bin/sh\n",
		"a/b":             "below a",
		"a.b":             "sorts before a/ and after a",
		"a-b":             "so does this",
		"a0":              "sorts after a/",
		"a/c/d/e":         "deep",
		"link":            "->README",
		"a/up":            "->../README",
		"dangling":        "->/nowhere/at all",
		"out":             "->../../..",
		"folder link":     "->a",
		"nothing/":        "",
		"nested/nothing/": "",
		"sub/tool*":       "x",
		"na\xc3\xafve":    "UTF-8",
		"crlf":            "a\r\nb\r\n",
		"sub/.hidden":     "h",
	}
}

func TestGitTree(t *testing.T) {
	needGit(t)
	for _, c := range []struct {
		format string
		alg    hash.Algorithm
	}{{"sha1", hash.GitTree}, {"sha256", hash.GitTreeSHA256}} {
		for name, files := range map[string]map[string]string{
			"variety":             variety(),
			"empty":               nil,
			"only empty folders":  {"a/b/": "", "c/": ""},
			"one file":            {"f": "x"},
			"order of a and a.b":  {"a/x": "1", "a.b": "2", "a-": "->x"},
			"numbers and letters": {"10/x": "1", "1/x": "2", "1-/x": "3"},
		} {
			t.Run(c.format+"/"+name, func(t *testing.T) {
				dir := t.TempDir()
				if out, err := exec.Command("git", "init", "-q", "--object-format="+c.format, dir).CombinedOutput(); err != nil {
					t.Skipf("git cannot make a %s repository: %s", c.format, out)
				}
				plant(t, dir, files)
				git(t, dir, "-c", "core.autocrlf=false", "add", "-A", "-f")
				want := git(t, dir, "write-tree")
				tree, err := hash.MeasureTree(t.Context(), dir, &hash.TreeOptions{
					Algorithms: []hash.Algorithm{c.alg}, Exclude: []string{"/.git/"}})
				if err != nil {
					t.Fatal(err)
				}
				got, err := tree.GitTree(c.alg)
				if err != nil {
					t.Fatal(err)
				}
				if got.Hex() != want {
					t.Errorf("got  %s\nwant %s\n%s", got.Hex(), want, git(t, dir, "ls-tree", "-r", want))
				}
			})
		}
	}
}

func TestDirHashOfModuleZips(t *testing.T) {
	out, err := exec.Command("go", "env", "GOMODCACHE").Output()
	if err != nil {
		t.Skipf("no module cache: %v", err)
	}
	zips, _ := filepath.Glob(filepath.Join(strings.TrimSpace(string(out)), "cache/download/golang.org/*/*/@v/*.zip"))
	toolchains, _ := filepath.Glob(filepath.Join(strings.TrimSpace(string(out)), "cache/download/golang.org/toolchain/@v/*.zip"))
	if zips = append(zips, toolchains...); len(zips) == 0 {
		t.Skip("no module zips in the cache")
	}
	for _, name := range zips {
		t.Run(filepath.Base(filepath.Dir(filepath.Dir(name)))+"@"+filepath.Base(name), func(t *testing.T) {
			info, err := os.Stat(name)
			if err != nil || (testing.Short() || raceEnabled) && info.Size() > 1<<20 {
				t.Skip("too large for -short and -race")
			}
			// What the go command recorded is what x/mod says. For large
			// ones its word is enough.
			recorded, err := os.ReadFile(strings.TrimSuffix(name, "zip") + "ziphash")
			want := string(recorded)
			if err != nil || info.Size() <= 1<<20 {
				if want, err = dirhash.HashZip(name, dirhash.Hash1); err != nil {
					t.Fatal(err)
				}
			}
			d, err := measureZipFile(t, name).DirHash("")
			if err != nil {
				t.Fatal(err)
			}
			if got, _ := hash.FormatH1(d); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
			if len(recorded) > 0 && string(recorded) != want {
				t.Errorf("the go command recorded %s", recorded)
			}
		})
	}
}

// x/mod gives the same h1 for a zip with the good file twice, and for one whose
// other copy is evil; extractors take the one or the other. We take neither.
func TestModuleZipWithDuplicate(t *testing.T) {
	h1 := func(headers ...zip.FileHeader) (string, error) {
		data := zipOf(t, headers...)
		name := filepath.Join(t.TempDir(), "z")
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := hash.MeasureZip(t.Context(), bytes.NewReader(data), int64(len(data)), nil)
		theirs, _ := dirhash.HashZip(name, dirhash.Hash1)
		return theirs, err
	}
	const name = "example.com/m@v1.0.0/a"
	benign, err1 := h1(zip.FileHeader{Name: name, Comment: "good"}, zip.FileHeader{Name: name, Comment: "good"})
	evil, err2 := h1(zip.FileHeader{Name: name, Comment: "evil"}, zip.FileHeader{Name: name, Comment: "good"})
	if benign != evil {
		t.Error("x/mod tells them apart; this test is of no use any more")
	}
	wantError(t, err1, hash.CodeName, name)
	wantError(t, err2, hash.CodeName, name)
}

func TestDirHashRefuses(t *testing.T) {
	tree := treeOf(t, map[string]string{"a": "x"}, hash.SHA512)
	_, err := tree.DirHash("")
	wantError(t, err, hash.CodeAlgorithm, "dirHash")
	_, err = tree.Artifact("")
	wantError(t, err, hash.CodeAlgorithm, "dirHash")
	_, err = tree.GitTree(hash.GitTree)
	wantError(t, err, hash.CodeAlgorithm, "gitTree")
	_, err = tree.GitTree(hash.SHA256)
	wantError(t, err, hash.CodeAlgorithm, "sha256")
	_, err = tree.GitTree(0)
	wantError(t, err, hash.CodeAlgorithm, "invalid")
	tree = treeOf(t, map[string]string{"a": "x", "l": "->a"})
	_, err = tree.DirHash("")
	wantError(t, err, hash.CodeNotRegular, "l")
	tree = treeOf(t, map[string]string{"a": "x"})
	_, err = tree.DirHash("p\nq")
	wantError(t, err, hash.CodeName, "p\nq/")
}

// The prefix is joined as x/mod does it, whatever it looks like.
func TestDirHashPrefix(t *testing.T) {
	dir := t.TempDir()
	plant(t, dir, map[string]string{"a/b": "x", "c": "y", "a.b": "z"})
	tree, err := hash.MeasureTree(t.Context(), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, prefix := range []string{"", ".", "m@v1", "example.com/m@v1.2.3", "p/", "/p", "/", "p//q", "./p", "../p", "p/../q"} {
		files, err := dirhash.DirFiles(dir, prefix)
		if err != nil {
			t.Fatal(err)
		}
		content := map[string]string{}
		for _, f := range files {
			for name, text := range map[string]string{"a/b": "x", "c": "y", "a.b": "z"} {
				if strings.HasSuffix(f, name) {
					content[f] = text
				}
			}
		}
		want, err := dirhash.Hash1(files, func(name string) (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader(content[name])), nil
		})
		if err != nil {
			t.Fatal(err)
		}
		d, err := tree.DirHash(prefix)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := hash.FormatH1(d); got != want {
			t.Errorf("prefix %q: got %s, want %s", prefix, got, want)
		}
	}
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tallystick/tallystick/hash"
)

// A commit, a checkout and a release tarball of it are compared; a file that is
// only in the tarball is named.
func TestGitList(t *testing.T) {
	needGit(t)
	for _, c := range []struct {
		format string
		alg    hash.Algorithm
	}{{"sha256", hash.GitBlobSHA256}, {"sha1", hash.GitBlob}} {
		t.Run(c.format, func(t *testing.T) {
			dir := t.TempDir()
			if out, err := exec.Command("git", "init", "-q", "--object-format="+c.format, dir).CombinedOutput(); err != nil {
				t.Skipf("git cannot make a %s repository: %s", c.format, out)
			}
			files := variety()
			files["new\nline\t"] = "n"
			plant(t, dir, files)
			git(t, dir, "-c", "core.autocrlf=false", "add", "-A")
			git(t, dir, "commit", "-q", "-m", "x")
			list := command(t, dir, "git", "ls-tree", "-r", "-z", "HEAD")
			m, err := hash.ParseGitList(list)
			if err != nil {
				t.Fatal(err)
			}
			opts := &hash.TreeOptions{Algorithms: []hash.Algorithm{c.alg}, Exclude: []string{"/.git/"}}
			tree, err := hash.MeasureTree(t.Context(), dir, opts)
			if err != nil {
				t.Fatal(err)
			}
			if c.alg == hash.GitBlob {
				// Equal, and proved by nothing.
				for _, change := range mismatch(t, tree.Match(m)).Changed {
					if change.Differences[0].Field != "digests" {
						t.Errorf("%+v", change)
					}
				}
				return
			}
			if err := tree.Match(m); err != nil {
				t.Error(err)
			}
			git(t, dir, "archive", "-o", filepath.Join(dir, "a.tar"), "HEAD")
			if err := os.Remove(filepath.Join(dir, "link")); err != nil {
				t.Fatal(err)
			}
			plant(t, dir, map[string]string{"m4/build-to-host.m4": "evil", "README": "hellO\n", "link": "->a.b"})
			command(t, dir, "tar", "-rf", "a.tar", "m4/build-to-host.m4")
			data := command(t, dir, "cat", "a.tar")
			tarball, err := hash.MeasureTar(t.Context(), bytes.NewReader(data), opts)
			if err != nil {
				t.Fatal(err)
			}
			if e := mismatch(t, tarball.Match(m)); !slices.Equal(e.Extra, []string{"m4/build-to-host.m4"}) || len(e.Missing)+len(e.Changed) != 0 {
				t.Error(e)
			}
			opts.Exclude = append(opts.Exclude, "a.tar", "m4")
			tree, err = hash.MeasureTree(t.Context(), dir, opts)
			if err != nil {
				t.Fatal(err)
			}
			e := mismatch(t, tree.Match(m))
			if len(e.Changed) != 2 || e.Changed[0].Name != "README" || e.Changed[1].Name != "link" || e.Changed[1].Differences[0].Field != "gitBlob:sha256" || len(e.Missing)+len(e.Extra) != 0 {
				t.Errorf("%+v", e.Delta)
			}
		})
	}
}

func TestParseGitListRefuses(t *testing.T) {
	one, two := "100644 blob "+abc256[:40]+"\ta\x00", "100755 blob "+abc256[:40]+"\tb\x00"
	if m, err := hash.ParseGitList([]byte(one + two)); err != nil || m.Len() != 2 {
		t.Fatal(m, err)
	}
	for what, c := range map[string]struct {
		data string
		code hash.Code
	}{
		"nothing":            {"", hash.CodeOptions},
		"no NUL":             {strings.TrimSuffix(one+two, "\x00"), hash.CodeManifest},
		"lines":              {"100644 blob " + abc256[:40] + "\ta\n", hash.CodeManifest},
		"no tab":             {"100644 blob " + abc256[:40] + " a\x00", hash.CodeManifest},
		"with sizes":         {"100644 blob " + abc256[:40] + "       3\ta\x00", hash.CodeManifest},
		"not recursive":      {"040000 tree " + abc256[:40] + "\ta\x00", hash.CodeManifest},
		"submodule":          {one + "160000 commit " + abc256[:40] + "\tb\x00", hash.CodeNotRegular},
		"other mode":         {"100664 blob " + abc256[:40] + "\ta\x00", hash.CodeNotRegular},
		"no name":            {"100644 blob " + abc256[:40] + "\t\x00", hash.CodeName},
		"twice":              {one + one, hash.CodeName},
		"short":              {"100644 blob " + abc256[:39] + "\ta\x00", hash.CodeDigest},
		"two kinds of names": {one + "100644 blob " + abc256 + "\tb\x00", hash.CodeManifest},
		"empty record":       {one + "\x00", hash.CodeManifest},
	} {
		m, err := hash.ParseGitList([]byte(c.data))
		if e := hash.Code(""); m != nil || !errorsAsCode(err, &e) || e != c.code {
			t.Errorf("%s: %v, %v, want %s", what, m, err, c.code)
		}
	}
}

func FuzzParseGitList(f *testing.F) {
	f.Add([]byte("100644 blob " + abc256[:40] + "\ta\x00120000 blob " + abc256[:40] + "\tb\x00"))
	f.Add([]byte("100755 blob " + abc256 + "\ta\x00160000 commit " + abc256 + "\tb\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := hash.ParseGitList(data)
		if (m != nil) != (err == nil) {
			t.Fatal(m, err)
		}
		if err != nil {
			return
		}
		// Written again in the order of the names, it has the same length.
		n := 0
		for e := range m.Entries() {
			n += len("100644 blob ") + len("\t\x00") + len(e.Name)
			for d := range e.Digests.All() {
				n += len(d.Hex())
			}
			if e.Digests.Len() != 1 || strings.Contains(e.Name, "\x00") {
				t.Fatalf("%+v", e)
			}
		}
		if n != len(data) {
			t.Fatalf("%d of %d bytes are in the manifest", n, len(data))
		}
	})
}

func TestLinkDigests(t *testing.T) {
	tree := treeOf(t, map[string]string{"l": "->abc", "f": "x"})
	for claim, ok := range map[string]bool{"sha256:" + abc256: true, "gitBlob:f2ba8f84ab5c1bce84a7b441cb1959cfc7093b7f": false, "sha256:" + strings.Repeat("0", 64): false} {
		s, _ := hash.NewSet(digest(t, claim))
		f, _ := tree.FileArtifact("f")
		m, err := hash.NewManifest(hash.ManifestEntry{Name: "l", Type: hash.Link, Digests: s}, hash.ManifestEntry{Name: "f", Digests: f.Digests()})
		if err != nil {
			t.Fatal(err)
		}
		if err := tree.Match(m); ok != (err == nil) {
			t.Errorf("%s: %v", claim, err)
		}
	}
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash_test

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tallystick/tallystick/hash"
)

func TestNewManifest(t *testing.T) {
	type E = hash.ManifestEntry
	good := set(t, "sha256=a")
	for _, c := range []struct {
		what    string
		entries []E
		code    hash.Code
		name    string
	}{
		{"nothing", nil, hash.CodeOptions, ""},
		{"empty name", []E{{Digests: good}}, hash.CodeName, ""},
		{"no digests", []E{{Name: "a", Digests: good}, {Name: "b"}}, hash.CodeOptions, "b"},
		{"no target", []E{{Name: "a", Type: hash.Link}}, hash.CodeOptions, "a"},
		{"target of a file", []E{{Name: "a", Digests: good, Target: "x"}}, hash.CodeOptions, "a"},
		{"digests of a folder", []E{{Name: "a", Type: hash.Dir, Digests: good}}, hash.CodeOptions, "a"},
		{"size of a folder", []E{{Name: "a", Type: hash.Dir, Size: new(int64(0))}}, hash.CodeOptions, "a"},
		{"execute bit of a folder", []E{{Name: "a", Type: hash.Dir, Executable: new(true)}}, hash.CodeOptions, "a"},
		{"negative size", []E{{Name: "a", Digests: good, Size: new(int64(-1))}}, hash.CodeOptions, "a"},
		{"invalid type", []E{{Name: "a", Type: 4, Digests: good}}, hash.CodeOptions, "a"},
		{"twice", []E{{Name: "a", Digests: good}, {Name: "b", Digests: good}, {Name: "a", Digests: good}}, hash.CodeName, "a"},
		{"twice, as file and folder", []E{{Name: "a", Digests: good}, {Name: "a", Type: hash.Dir}}, hash.CodeName, "a"},
	} {
		t.Run(c.what, func(t *testing.T) {
			m, err := hash.NewManifest(c.entries...)
			if m != nil {
				t.Error(m)
			}
			wantError(t, err, c.code, c.name)
		})
	}

	size, executable := int64(5), true
	in := []E{
		{Name: "z", Digests: good, Size: &size, Executable: &executable},
		{Name: "a", Type: hash.Link, Target: "z"},
		{Name: "m", Type: hash.Dir},
	}
	m, err := hash.NewManifest(in...)
	if err != nil || m.Len() != 3 {
		t.Fatal(m, err)
	}
	// Nothing that the caller does later reaches it.
	in[0].Name, size, executable = "changed", 6, false
	e, ok := m.Lookup("z")
	if !ok || *e.Size != 5 || !*e.Executable || e.Type != hash.File {
		t.Errorf("%+v, %v", e, ok)
	}
	*e.Size, *e.Executable = 7, false
	var list []string
	for e := range m.Entries() {
		list = append(list, e.Name)
		if e.Size != nil && (*e.Size != 5 || !*e.Executable) {
			t.Errorf("%+v", e)
		}
	}
	if !slices.Equal(list, []string{"a", "m", "z"}) {
		t.Error(list)
	}
	if e, ok := m.Lookup("b"); ok || e.Name != "" {
		t.Error(e)
	}
	if (*hash.Manifest)(nil).Len() != 0 || new(hash.Manifest).Len() != 0 {
		t.Error("a manifest of nothing has entries")
	}
}

// treeOf measures a tree that is written on the spot.
func treeOf(t *testing.T, files map[string]string, algs ...hash.Algorithm) *hash.Tree {
	t.Helper()
	dir := t.TempDir()
	plant(t, dir, files)
	tree, err := hash.MeasureTree(t.Context(), dir, &hash.TreeOptions{Algorithms: algs})
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func mismatch(t *testing.T, err error) *hash.MismatchError {
	t.Helper()
	e, ok := errors.AsType[*hash.MismatchError](err)
	if !ok || !errors.Is(err, hash.CodeMismatch) || e.Same() {
		t.Fatalf("error %v, want a mismatch", err)
	}
	return e
}

// Each alteration of a tree is found, and nothing else.
func TestMatch(t *testing.T) {
	base := map[string]string{"a": "1", "b/c": "2", "b/d*": "3", "l": "->a", "e/": "", "z": "4"}
	m := treeOf(t, base).Manifest()
	if err := treeOf(t, base).Match(m); err != nil {
		t.Errorf("the same tree: %v", err)
	}
	type D = hash.Difference
	sum := func(content string) string {
		a, _ := hash.Measure(t.Context(), strings.NewReader(content))
		d, _ := a.Digests().Get(hash.SHA256)
		return d.Hex()
	}
	for _, c := range []struct {
		what   string
		remove []string
		add    map[string]string
		want   hash.Delta
	}{
		{"other content", nil, map[string]string{"a": "X"}, hash.Delta{Equal: 6, Changed: []hash.Change{{"a", []D{{"sha256", sum("1"), sum("X")}}}}}},
		{"other length", nil, map[string]string{"a": "11"}, hash.Delta{Equal: 6, Changed: []hash.Change{{"a", []D{{"size", "1", "2"}, {"sha256", sum("1"), sum("11")}}}}}},
		{"missing", []string{"z"}, nil, hash.Delta{Equal: 6, Missing: []string{"z"}}},
		{"extra", nil, map[string]string{"b/x": ""}, hash.Delta{Equal: 7, Extra: []string{"b/x"}}},
		{"extra link", nil, map[string]string{"b/x": "->/etc"}, hash.Delta{Equal: 7, Extra: []string{"b/x"}}},
		{"extra folder", nil, map[string]string{"b/x/": ""}, hash.Delta{Equal: 7, Extra: []string{"b/x"}}},
		{"missing folder", []string{"e/"}, nil, hash.Delta{Equal: 6, Missing: []string{"e"}}},
		{"execute bit lost", []string{"b/d*"}, map[string]string{"b/d": "3"}, hash.Delta{Equal: 6, Changed: []hash.Change{{"b/d", []D{{"executable", "true", "false"}}}}}},
		{"execute bit won", []string{"a"}, map[string]string{"a*": "1"}, hash.Delta{Equal: 6, Changed: []hash.Change{{"a", []D{{"executable", "false", "true"}}}}}},
		{"other target", nil, map[string]string{"l": "->./a"}, hash.Delta{Equal: 6, Changed: []hash.Change{{"l", []D{{"target", "a", "./a"}}}}}},
		{"link with the same content in place of a file", nil, map[string]string{"z": "->y", "y": "4"}, hash.Delta{Equal: 6, Extra: []string{"y"}, Changed: []hash.Change{{"z", []D{{"type", "file", "link"}}}}}},
		{"file in place of a link", nil, map[string]string{"l": "1"}, hash.Delta{Equal: 6, Changed: []hash.Change{{"l", []D{{"type", "link", "file"}}}}}},
		{"folder in place of a file", []string{"z"}, map[string]string{"z/": ""}, hash.Delta{Equal: 6, Changed: []hash.Change{{"z", []D{{"type", "file", "folder"}}}}}},
		{"renamed", []string{"a"}, map[string]string{"A": "1"}, hash.Delta{Equal: 6, Missing: []string{"a"}, Extra: []string{"A"}}},
		{"swapped", nil, map[string]string{"a": "4", "z": "1"}, hash.Delta{Equal: 5, Changed: []hash.Change{{"a", []D{{"sha256", sum("1"), sum("4")}}}, {"z", []D{{"sha256", sum("4"), sum("1")}}}}}},
		{"all at once", []string{"a", "z"}, map[string]string{"b/c": "X", "0": "", "zz": ""}, hash.Delta{Equal: 4, Missing: []string{"a", "z"}, Extra: []string{"0", "zz"}, Changed: []hash.Change{{"b/c", []D{{"sha256", sum("2"), sum("X")}}}}}},
		{"nothing left", []string{"a", "b/c", "b/d*", "l", "e/", "z"}, nil, hash.Delta{Missing: []string{"a", "b", "b/c", "b/d", "e", "l", "z"}}},
	} {
		t.Run(c.what, func(t *testing.T) {
			files := map[string]string{}
			for name, content := range base {
				if !slices.Contains(c.remove, name) {
					files[name] = content
				}
			}
			for name, content := range c.add {
				files[name] = content
			}
			tree := treeOf(t, files)
			e := mismatch(t, tree.Match(m))
			if !reflect.DeepEqual(e.Delta, c.want) {
				t.Errorf("got  %+v\nwant %+v", e.Delta, c.want)
			}
			if d := hash.Diff(treeOf(t, base), tree); !reflect.DeepEqual(*d, c.want) {
				t.Errorf("Diff: got  %+v\nwant %+v", *d, c.want)
			}
			if text := fmt.Sprintf("%d missing, %d extra, %d changed", len(c.want.Missing), len(c.want.Extra), len(c.want.Changed)); !strings.Contains(e.Error(), text) {
				t.Errorf("%v does not say %s", e, text)
			}
		})
	}
}

func TestMatchDigests(t *testing.T) {
	tree := treeOf(t, map[string]string{"f": "abc"}, hash.SHA256, hash.SHA1, hash.SHA512)
	a, _ := tree.FileArtifact("f")
	right := func(alg hash.Algorithm) hash.Digest {
		d, ok := a.Digests().Get(alg)
		if !ok {
			t.Fatal(alg)
		}
		return d
	}
	wrong := func(alg hash.Algorithm) hash.Digest {
		d, _ := a.Decoy().Digests().Get(alg)
		return d
	}
	other := digest(t, "sha384:"+(abc256 + abc256)[:96])
	for _, c := range []struct {
		what   string
		claims []hash.Digest
		fields string // "" for a match
	}{
		{"one strong", []hash.Digest{right(hash.SHA512)}, ""},
		{"two strong", []hash.Digest{right(hash.SHA256), right(hash.SHA512)}, ""},
		{"one that was not measured", []hash.Digest{right(hash.SHA256), other}, ""},
		{"only weak", []hash.Digest{right(hash.SHA1)}, "digests"},
		{"only what was not measured", []hash.Digest{other}, "digests"},
		{"weak, and strong that was not measured", []hash.Digest{right(hash.SHA1), other}, "digests"},
		{"one of two is wrong", []hash.Digest{right(hash.SHA256), wrong(hash.SHA512)}, "sha512"},
		{"a weak one is wrong", []hash.Digest{right(hash.SHA256), wrong(hash.SHA1)}, "sha1"},
		{"all are wrong", []hash.Digest{wrong(hash.SHA256), wrong(hash.SHA512), wrong(hash.SHA1)}, "sha256 sha512 sha1"},
	} {
		t.Run(c.what, func(t *testing.T) {
			set, err := hash.NewSet(c.claims...)
			if err != nil {
				t.Fatal(err)
			}
			m, err := hash.NewManifest(hash.ManifestEntry{Name: "f", Digests: set})
			if err != nil {
				t.Fatal(err)
			}
			err = tree.Match(m)
			if c.fields == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var fields []string
			for _, d := range mismatch(t, err).Changed[0].Differences {
				fields = append(fields, d.Field)
			}
			if got := strings.Join(fields, " "); got != c.fields {
				t.Errorf("differs in %s, want %s", got, c.fields)
			}
		})
	}
}

// A list of files cannot hold folders, and says nothing about them; links it
// cannot hold either, but what it does not list is extra.
func TestMatchFilesOnly(t *testing.T) {
	tree := treeOf(t, map[string]string{"a/b": "x", "empty/": ""})
	list := func(tree *hash.Tree) *hash.Manifest {
		var entries []hash.ManifestEntry
		for e := range tree.Entries() {
			if e.Type() == hash.File {
				entries = append(entries, hash.ManifestEntry{Name: e.Name(), Digests: e.Digests()})
			}
		}
		m, err := hash.NewManifest(entries...)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	if err := tree.Match(list(tree)); err != nil {
		t.Error(err)
	}
	linked := treeOf(t, map[string]string{"a/b": "x", "l": "->a/b"})
	e := mismatch(t, linked.Match(list(linked)))
	if !reflect.DeepEqual(e.Delta, hash.Delta{Equal: 1, Extra: []string{"l"}}) {
		t.Error(e)
	}
}

func TestMatchNothing(t *testing.T) {
	empty := treeOf(t, nil)
	some := treeOf(t, map[string]string{"a": "x"})
	for what, err := range map[string]error{
		"no manifest":             some.Match(nil),
		"zero manifest":           some.Match(&hash.Manifest{}),
		"empty tree with zero":    empty.Match(&hash.Manifest{}),
		"empty tree with its own": empty.Match(empty.Manifest()),
		"zero tree":               new(hash.Tree).Match(some.Manifest()),
		"zero tree with its own":  new(hash.Tree).Match(new(hash.Tree).Manifest()),
	} {
		if !errors.Is(err, hash.CodeOptions) {
			t.Errorf("%s: %v", what, err)
		}
	}
	mismatch(t, empty.Match(some.Manifest()))
	if _, err := new(hash.Tree).Artifact("x"); !errors.Is(err, hash.CodeOptions) {
		t.Error(err)
	}
	if _, err := new(hash.Tree).GitTree(hash.GitTree); !errors.Is(err, hash.CodeOptions) {
		t.Error(err)
	}
	var e hash.Entry
	if e.Name() != "" || e.Type() != 0 || e.Executable() || e.ExecutableKnown() || e.Size() != 0 || e.Digests().Len() != 0 || e.Target() != "" {
		t.Error("the zero entry is something")
	}
	if _, ok := e.Artifact(); ok {
		t.Error("the zero entry is an artifact")
	}
}

// Modes that an archive does not record are not compared, and this is said.
func TestUnknownExecuteBits(t *testing.T) {
	tree := treeOf(t, map[string]string{"run*": "run"})
	data := zipOf(t, zipHeader("run"))
	plain, err := hash.MeasureZip(t.Context(), bytes.NewReader(data), int64(len(data)), everything())
	if err != nil {
		t.Fatal(err)
	}
	e, _ := plain.Lookup("run")
	if e.Executable() || e.ExecutableKnown() {
		t.Error("a bit that is not there is known")
	}
	if d := hash.Diff(plain, tree); !d.Same() {
		t.Error(d)
	}
	if d := hash.Diff(tree, plain); !d.Same() {
		t.Error(d)
	}
	if err := tree.Match(plain.Manifest()); err != nil {
		t.Error(err)
	}
	if err := plain.Match(tree.Manifest()); err != nil {
		t.Error(err)
	}
	said := func(tree *hash.Tree) bool {
		return slices.ContainsFunc(tree.NotCovered(), func(s string) bool { return strings.HasPrefix(s, "execute bits") })
	}
	if !said(plain) || said(tree) {
		t.Error(plain.NotCovered(), tree.NotCovered())
	}
}

func TestMismatchErrorIsPrintable(t *testing.T) {
	tree := treeOf(t, map[string]string{"ok": "x"})
	m, err := hash.NewManifest(hash.ManifestEntry{Name: "\x1b[2Jevil\n", Digests: set(t, "sha256=a")})
	if err != nil {
		t.Fatal(err)
	}
	if s := tree.Match(m).Error(); strings.ContainsAny(s, "\x1b\n") || !strings.Contains(s, `\x1b[2Jevil\n`) {
		t.Errorf("%q", s)
	}
}

func TestSelect(t *testing.T) {
	tree := treeOf(t, map[string]string{"p@v/a": "1", "p@v/_go.mod": "2", "p@v/api/x": "3", "p@v/e/": "", "p@v/b/c*": "4", "p@v/l": "->a"}, hash.SHA256, hash.GitTreeSHA256)
	got, err := tree.Select(func(e hash.Entry) (string, bool) {
		name, ok := strings.CutPrefix(e.Name(), "p@v/")
		if !ok || strings.HasPrefix(name, "api") {
			return "", false
		}
		return strings.ReplaceAll(name, "_go.mod", "go.mod"), true
	})
	if err != nil {
		t.Fatal(err)
	}
	sameTree(t, treeOf(t, map[string]string{"a": "1", "go.mod": "2", "e/": "", "b/c*": "4", "l": "->a"}, hash.SHA256, hash.GitTreeSHA256), got)
	if !slices.Equal(got.Excluded(), []string{"p@v", "p@v/api", "p@v/api/x"}) {
		t.Errorf("excluded %q", got.Excluded())
	}
	if got.Size() != 3 || tree.Size() != 4 {
		t.Error(got.Size())
	}

	moved, err := tree.Select(func(e hash.Entry) (string, bool) { return "new/top/" + e.Name(), e.Type() != hash.Dir })
	if err != nil {
		t.Fatal(err)
	}
	if names(moved) != `"new" "new/top" "new/top/p@v" "new/top/p@v/_go.mod" "new/top/p@v/a" "new/top/p@v/api" "new/top/p@v/api/x" "new/top/p@v/b" "new/top/p@v/b/c" "new/top/p@v/l"` {
		t.Error(names(moved))
	}
	for what, c := range map[string]struct {
		pick func(hash.Entry) (string, bool)
		name string
	}{
		"all the same": {func(e hash.Entry) (string, bool) { return "x", e.Type() == hash.File }, "x"},
		"empty":        {func(e hash.Entry) (string, bool) { return "", true }, ""},
		"absolute":     {func(e hash.Entry) (string, bool) { return "/" + e.Name(), true }, "/p@v"},
		"out":          {func(e hash.Entry) (string, bool) { return "../" + e.Name(), true }, "../p@v"},
		"not clean":    {func(e hash.Entry) (string, bool) { return e.Name() + "/.", true }, "p@v/."},
		"NUL":          {func(e hash.Entry) (string, bool) { return e.Name() + "\x00", true }, "p@v\x00"},
		"below a file": {func(e hash.Entry) (string, bool) {
			return strings.Replace(e.Name(), "api", "a", 1), e.Type() != hash.Dir
		}, "p@v/a"},
		"file as folder": {func(e hash.Entry) (string, bool) { return strings.TrimSuffix(e.Name(), "/a"), true }, "p@v"},
	} {
		_, err := tree.Select(c.pick)
		if e, ok := errors.AsType[*hash.Error](err); !ok || e.Code != hash.CodeName || e.Name != c.name {
			t.Errorf("%s: %v", what, err)
		}
	}
	zero, err := new(hash.Tree).Select(func(e hash.Entry) (string, bool) { return e.Name(), true })
	if !errors.Is(err, hash.CodeOptions) || zero != nil {
		t.Error("Select makes a measured tree of the zero tree", err)
	}
}

func TestCollisions(t *testing.T) {
	tree := treeOf(t, map[string]string{
		"README": "", "readme": "", "ReadMe": "", "d/A": "", "d/b": "", "D/a": "", "other": "",
		"caf\u00e9": "", "cafe\u0301": "", "CAF\u00c9": "", // composed, decomposed, upper case
		"\u212a": "", "k": "", // the Kelvin sign
		"bad\xff": "", "BAD\xff": "", "bad\xfe": "",
	})
	got := fmt.Sprintf("%q", tree.Collisions())
	want := fmt.Sprintf("%q", [][]string{{"BAD\xff", "bad\xff"}, {"CAF\u00c9", "cafe\u0301", "caf\u00e9"}, {"D", "d"}, {"D/a", "d/A"}, {"README", "ReadMe", "readme"}, {"k", "\u212a"}})
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if none := treeOf(t, map[string]string{"a": "", "b": ""}).Collisions(); none != nil {
		t.Error(none)
	}
}

func TestWindowsReserved(t *testing.T) {
	reserved := []string{"CON", "aux.c", "COM1", "com\u00b9", "lpt9.tar.gz", "nul .txt", "a.", "a ", "a:b", "q?", "t\tb", `b\s`, "conin$", "sub/prn"}
	files := map[string]string{"console": "", "com": "", "com10": "", "aux-1": "", ".a": "", "sub/x.y": ""}
	for _, name := range reserved {
		files[name] = ""
	}
	slices.Sort(reserved)
	if got := treeOf(t, files).WindowsReserved(); !slices.Equal(got, reserved) {
		t.Errorf("got  %q\nwant %q", got, reserved)
	}
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tallystick/tallystick/hash"
)

// oddFiles are files whose names a list of digests can get wrong.
func oddFiles() map[string]string {
	return map[string]string{
		"a": "1", "b c/d": "2", "new\nline": "3", `back\slash`: "4", `back\nslash`: "5", "cr\r": "6", "*star": "7", " space ": "8",
		") = x": "9", "(": "10", "SHA256 (x) = y": "11", "bytes\xff": "12", "#comment": "13", `\`: "14", "\t": "15", "na\u00efve": "",
	}
}

// What coreutils write we read, and what we write they check.
func TestSumsOfCoreutils(t *testing.T) {
	dir := t.TempDir()
	files := oddFiles()
	plant(t, dir, files)
	for _, c := range []struct {
		tool string
		alg  hash.Algorithm
	}{{"sha256sum", hash.SHA256}, {"sha512sum", hash.SHA512}, {"sha384sum", hash.SHA384}, {"b2sum", hash.BLAKE2b}} {
		t.Run(c.tool, func(t *testing.T) {
			tree, err := hash.MeasureTree(t.Context(), dir, &hash.TreeOptions{Algorithms: []hash.Algorithm{c.alg}})
			if err != nil {
				t.Fatal(err)
			}
			var args []string
			var entries []hash.ManifestEntry
			for e := range tree.Entries() {
				if e.Type() == hash.File {
					args = append(args, e.Name())
					entries = append(entries, hash.ManifestEntry{Name: e.Name(), Digests: e.Digests()})
				}
			}
			m, err := hash.NewManifest(entries...)
			if err != nil {
				t.Fatal(err)
			}
			args = append([]string{"--"}, args...)
			for _, f := range []struct {
				flags []string
				parse func([]byte) (*hash.Manifest, error)
				write func(hash.Algorithm) ([]byte, error)
			}{
				{nil, func(b []byte) (*hash.Manifest, error) { return hash.ParseSums(b, c.alg) }, m.Sums},
				{[]string{"-b"}, func(b []byte) (*hash.Manifest, error) { return hash.ParseSums(b, c.alg) }, m.Sums},
				{[]string{"--tag"}, hash.ParseTagged, m.Tagged},
			} {
				theirs := command(t, dir, c.tool, append(f.flags, args...)...)
				read, err := f.parse(theirs)
				if err != nil {
					t.Fatal(err)
				}
				if err := tree.Match(read); err != nil {
					t.Errorf("%q: %v", f.flags, err)
				}
				ours, err := f.write(c.alg)
				if err != nil {
					t.Fatal(err)
				}
				// Some versions do not escape a carriage return.
				if len(f.flags) == 0 || f.flags[0] != "-b" {
					if got, want := string(ours), string(theirs); got != want && !strings.Contains(want, "cr\r") {
						t.Errorf("%q:\ngot\n%s\nwant\n%s", f.flags, got, want)
					}
				}
				list := filepath.Join(t.TempDir(), "list")
				if err := os.WriteFile(list, ours, 0o600); err != nil {
					t.Fatal(err)
				}
				cmd := exec.Command(c.tool, "--strict", "-c", list)
				cmd.Dir = dir
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Errorf("%q: %v\n%s\n%s", f.flags, err, out, ours)
				}
			}
		})
	}
}

func TestParseSums(t *testing.T) {
	const other = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4c72b9807785afee48bb"
	m, err := hash.ParseSums([]byte("# comment\n"+abc256+"  a\n"+other+" *b/ c\n\\"+abc256+`  n\nl\\`+"\n"+abc256+`  n\nl`), hash.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"a": abc256, "b/ c": other, "n\nl\\": abc256, `n\nl`: abc256} {
		if e, ok := m.Lookup(name); !ok || e.Digests.String() != "sha256:"+want || e.Type != hash.File || e.Size != nil || e.Executable != nil {
			t.Errorf("%q: %+v", name, e)
		}
	}
	if m.Len() != 4 {
		t.Error(m.Len())
	}
	long := strings.Repeat("0", 128)
	for what, c := range map[string]struct {
		data string
		alg  hash.Algorithm
		code hash.Code
	}{
		"nothing":             {"", hash.SHA256, hash.CodeOptions},
		"only a newline":      {"\n", hash.SHA256, hash.CodeOptions},
		"only comments":       {"# a\n#b\n", hash.SHA256, hash.CodeOptions},
		"empty line":          {abc256 + "  a\n\n" + abc256 + "  b\n", hash.SHA256, hash.CodeManifest},
		"two newlines":        {abc256 + "  a\n\n", hash.SHA256, hash.CodeManifest},
		"no name":             {abc256 + "  ", hash.SHA256, hash.CodeManifest},
		"one space":           {abc256 + " a", hash.SHA256, hash.CodeManifest},
		"tab":                 {abc256 + " \ta", hash.SHA256, hash.CodeManifest},
		"other mark":          {abc256 + " ?a", hash.SHA256, hash.CodeManifest},
		"short":               {abc256[1:] + "  a", hash.SHA256, hash.CodeManifest},
		"long":                {abc256 + "0  a", hash.SHA256, hash.CodeManifest},
		"sha256 for sha512":   {abc256 + "  a", hash.SHA512, hash.CodeManifest},
		"sha512 for sha256":   {long + "  a", hash.SHA256, hash.CodeManifest},
		"upper case":          {strings.ToUpper(abc256) + "  a", hash.SHA256, hash.CodeDigest},
		"no hex":              {"x" + abc256[1:] + "  a", hash.SHA256, hash.CodeDigest},
		"leading space":       {" " + abc256 + "  a", hash.SHA256, hash.CodeManifest},
		"unknown escape":      {`\` + abc256 + `  a\t`, hash.SHA256, hash.CodeManifest},
		"open escape":         {`\` + abc256 + `  a\`, hash.SHA256, hash.CodeManifest},
		"NUL":                 {abc256 + "  a\x00b", hash.SHA256, hash.CodeManifest},
		"twice":               {abc256 + "  a\n" + abc256 + "  a\n", hash.SHA256, hash.CodeName},
		"twice, once escaped": {abc256 + "  a\n\\" + abc256 + "  a\n", hash.SHA256, hash.CodeName},
		"algorithm of trees":  {abc256 + "  a", hash.DirHash, hash.CodeAlgorithm},
		"invalid algorithm":   {abc256 + "  a", 0, hash.CodeAlgorithm},
		"tagged":              {"SHA256 (a) = " + abc256, hash.SHA256, hash.CodeManifest},
	} {
		m, err := hash.ParseSums([]byte(c.data), c.alg)
		if e := hash.Code(""); m != nil || !errorsAsCode(err, &e) || e != c.code {
			t.Errorf("%s: %v, %v, want %s", what, m, err, c.code)
		}
	}
}

func TestParseTagged(t *testing.T) {
	md5 := "900150983cd24fb0d6963f7d28e17f72"
	m, err := hash.ParseTagged([]byte("SHA256 (a) = " + abc256 + "\nMD5 (a) = " + md5 + "\n# c\n\\SHA256 (n\\nl) = " + abc256 + "\nSHA256 (x) = y) = " + abc256 + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"a": "sha256:" + abc256 + " md5:" + md5, "n\nl": "sha256:" + abc256, "x) = y": "sha256:" + abc256} {
		if e, ok := m.Lookup(name); !ok || e.Digests.String() != want {
			t.Errorf("%q: %+v", name, e)
		}
	}
	for what, c := range map[string]struct {
		data string
		code hash.Code
	}{
		"nothing":            {"", hash.CodeOptions},
		"unknown tag":        {"SM3 (a) = " + abc256, hash.CodeAlgorithm},
		"tag in lower case":  {"sha256 (a) = " + abc256, hash.CodeAlgorithm},
		"no tag":             {" (a) = " + abc256, hash.CodeAlgorithm},
		"no name":            {"SHA256 () = " + abc256, hash.CodeName},
		"no spaces":          {"SHA256(a)= " + abc256, hash.CodeManifest},
		"no digest":          {"SHA256 (a) = ", hash.CodeDigest},
		"short":              {"SHA256 (a) = " + abc256[1:], hash.CodeDigest},
		"something after it": {"SHA256 (a) = " + abc256 + " ", hash.CodeDigest},
		"carriage return":    {"SHA256 (a) = " + abc256 + "\r\n", hash.CodeDigest},
		"other length":       {"SHA512 (a) = " + abc256, hash.CodeDigest},
		"twice":              {"SHA256 (a) = " + abc256 + "\nSHA256 (a) = " + abc256, hash.CodeName},
		"not tagged":         {abc256 + "  a", hash.CodeManifest},
		"empty line":         {"SHA256 (a) = " + abc256 + "\n\n", hash.CodeManifest},
	} {
		m, err := hash.ParseTagged([]byte(c.data))
		if e := hash.Code(""); m != nil || !errorsAsCode(err, &e) || e != c.code {
			t.Errorf("%s: %v, %v, want %s", what, m, err, c.code)
		}
	}
}

func TestSumsRefuse(t *testing.T) {
	tree := treeOf(t, map[string]string{"a": "x", "d/f": "y", "l": "->a"})
	_, err := tree.Manifest().Sums(hash.SHA256)
	wantError(t, err, hash.CodeNotRegular, "d")
	files := treeOf(t, map[string]string{"a": "x"}).Manifest()
	_, err = files.Sums(hash.SHA512)
	wantError(t, err, hash.CodeAlgorithm, "a")
	_, err = files.Tagged(hash.GitBlob)
	wantError(t, err, hash.CodeAlgorithm, "gitBlob")
	_, err = new(hash.Manifest).Sums(hash.SHA256)
	wantError(t, err, hash.CodeOptions, "")
	for a := hash.Algorithm(1); a.Valid(); a++ {
		m, err := hash.NewManifest(hash.ManifestEntry{Name: "f", Digests: set(t, a.String()+"=a")})
		if err != nil {
			t.Fatal(err)
		}
		data, err := m.Tagged(a)
		if err != nil {
			continue
		}
		again, err := hash.ParseTagged(data)
		if err != nil {
			t.Errorf("%s: %v", data, err)
		} else if e, _ := again.Lookup("f"); e.Digests.String() != set(t, a.String()+"=a").String() {
			t.Errorf("%s is read as %s", data, e.Digests)
		}
	}
}

func FuzzParseSums(f *testing.F) {
	f.Add([]byte("# c\n" + abc256 + "  a\n\\" + abc256 + ` *b\n\\` + "\n"))
	f.Add([]byte(abc256 + "  a\n" + abc256 + "  a\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := hash.ParseSums(data, hash.SHA256)
		roundTrip(t, m, err, (*hash.Manifest).Sums, func(b []byte) (*hash.Manifest, error) { return hash.ParseSums(b, hash.SHA256) })
	})
}

func FuzzParseTagged(f *testing.F) {
	f.Add([]byte("# c\nSHA256 (a) = " + abc256 + "\n\\SHA256 (b\\n\\\\) = " + abc256 + "\n"))
	f.Add([]byte("SHA256 () = x) = " + abc256 + "\nMD5 (a) = 900150983cd24fb0d6963f7d28e17f72\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := hash.ParseTagged(data)
		roundTrip(t, m, err, (*hash.Manifest).Tagged, hash.ParseTagged)
	})
}

// roundTrip writes a manifest and reads it again.
func roundTrip(t *testing.T, m *hash.Manifest, err error, write func(*hash.Manifest, hash.Algorithm) ([]byte, error), read func([]byte) (*hash.Manifest, error)) {
	t.Helper()
	if (m != nil) != (err == nil) {
		t.Fatal(m, err)
	}
	if err != nil {
		var code hash.Code
		if !errorsAsCode(err, &code) {
			t.Fatal(err)
		}
		return
	}
	if m.Len() == 0 {
		t.Fatal("an empty manifest")
	}
	first, err := write(m, hash.SHA256)
	if err != nil {
		return // there are other algorithms
	}
	again, err := read(first)
	if err != nil {
		t.Fatalf("%q: %v", first, err)
	}
	second, err := write(again, hash.SHA256)
	if err != nil || !bytes.Equal(first, second) || again.Len() != m.Len() {
		t.Fatalf("%q is then %q, %v", first, second, err)
	}
}

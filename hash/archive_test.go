// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tallystick/tallystick/hash"
)

// everything asks for what can be compared.
func everything() *hash.TreeOptions {
	return &hash.TreeOptions{Algorithms: []hash.Algorithm{hash.SHA256, hash.GitTreeSHA256}}
}

func command(t *testing.T, dir, name string, args ...string) []byte {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skip(err)
	}
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, &stderr)
	}
	return out
}

// sameTree fails unless both trees are equal in all that they know.
func sameTree(t *testing.T, want, got *hash.Tree) {
	t.Helper()
	if d := hash.Diff(want, got); !d.Same() {
		t.Errorf("missing %q, extra %q, changed %+v", d.Missing, d.Extra, d.Changed)
	}
	a, err1 := want.GitTree(hash.GitTreeSHA256)
	b, err2 := got.GitTree(hash.GitTreeSHA256)
	if err1 != nil || err2 != nil || a != b {
		t.Errorf("git trees %v (%v), %v (%v)", a, err1, b, err2)
	}
}

func measureDir(t *testing.T, dir string) *hash.Tree {
	t.Helper()
	tree, err := hash.MeasureTree(t.Context(), dir, everything())
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// An archive gives the tree of the folder that the real tool extracts it to, and
// that is the one it was made of.
func TestArchivesOfRealTools(t *testing.T) {
	src := filepath.Join(t.TempDir(), "src")
	files := variety()
	files["new\nline"] = "n"
	files["bytes\xff\xfe"] = "not UTF-8"
	long := strings.Repeat("long-name/", 25) + strings.Repeat("x", 200)
	files[long] = "a name for PAX and GNU headers"
	plant(t, src, files)
	want := measureDir(t, src)

	for _, args := range [][]string{
		{"-cf", "-", "."},
		{"-czf", "-", "."},
		{"--format=gnu", "-cf", "-", "."},
		{"--format=pax", "-cf", "-", "."},
		{"--format=posix", "--sort=name", "-b", "1", "-cf", "-", "."},
		{"--format=pax", "--sparse", "-czf", "-", "."},
	} {
		t.Run("tar "+strings.Join(args, " "), func(t *testing.T) {
			data := command(t, src, "tar", args...)
			got, err := hash.MeasureTar(t.Context(), bytes.NewReader(data), everything())
			if err != nil {
				t.Fatal(err)
			}
			sameTree(t, want, got)
			out := t.TempDir()
			name := filepath.Join(t.TempDir(), "a.tar")
			os.WriteFile(name, data, 0o600)
			command(t, out, "tar", "-xf", name)
			sameTree(t, measureDir(t, out), got)
		})
	}

	// unzip alters names with control characters, so these are only measured.
	t.Run("zip with odd names", func(t *testing.T) {
		name := filepath.Join(t.TempDir(), "a.zip")
		command(t, src, "zip", "-q", "-r", "-y", name, ".")
		sameTree(t, want, measureZipFile(t, name))
	})
	src = filepath.Join(t.TempDir(), "src")
	delete(files, "new\nline")
	delete(files, "bytes\xff\xfe")
	plant(t, src, files)
	want = measureDir(t, src)
	flat := filepath.Join(t.TempDir(), "flat")
	plant(t, flat, map[string]string{"a/b": "x", "c*": "y", "d/e/f": strings.Repeat("z", 100_000)})
	for _, c := range []struct {
		src  string
		args []string
	}{
		{src, []string{"-y"}},
		{src, []string{"-y", "-0"}},
		{src, []string{"-y", "-fz"}}, // Zip64
		{flat, []string{"-fd"}},      // data descriptors
		{flat, []string{"-D"}},       // no folders
		{flat, nil},                  // to a pipe
	} {
		t.Run("zip "+strings.Join(c.args, " "), func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "a.zip")
			if c.args == nil {
				os.WriteFile(name, command(t, c.src, "zip", "-q", "-r", "-", "."), 0o600)
			} else {
				command(t, c.src, "zip", append(c.args, "-q", "-r", name, ".")...)
			}
			got := measureZipFile(t, name)
			sameTree(t, measureDir(t, c.src), got)
			out := t.TempDir()
			command(t, out, "unzip", "-q", name)
			sameTree(t, measureDir(t, out), got)
		})
	}
}

func measureZipFile(t *testing.T, name string) *hash.Tree {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	tree, err := hash.MeasureZip(t.Context(), f, info.Size(), everything())
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func TestArchivesOfGit(t *testing.T) {
	needGit(t)
	dir := t.TempDir()
	files := variety()
	delete(files, "nothing/")
	delete(files, "nested/nothing/")
	plant(t, dir, files)
	want := measureDir(t, dir)
	git(t, dir, "init", "-q")
	git(t, dir, "-c", "core.autocrlf=false", "add", "-A")
	git(t, dir, "commit", "-q", "-m", "x")
	for _, format := range []string{"tar", "tar.gz", "zip"} {
		t.Run(format, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "a")
			git(t, dir, "archive", "--format="+format, "-o", name, "HEAD")
			if format == "zip" {
				sameTree(t, want, measureZipFile(t, name))
				return
			}
			f, err := os.Open(name)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			got, err := hash.MeasureTar(t.Context(), f, everything())
			if err != nil {
				t.Fatal(err)
			}
			sameTree(t, want, got)
		})
	}
	t.Run("a single folder at the top stays", func(t *testing.T) {
		name := filepath.Join(t.TempDir(), "a")
		git(t, dir, "archive", "--prefix=p-1/", "--format=tar", "-o", name, "HEAD")
		f, _ := os.Open(name)
		defer f.Close()
		got, err := hash.MeasureTar(t.Context(), f, everything())
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := got.Lookup("p-1/a/b"); !ok || e.Type() != hash.File {
			t.Error("p-1/a/b is not there")
		}
		stripped, err := got.Select(func(e hash.Entry) (string, bool) {
			return strings.CutPrefix(e.Name(), "p-1/")
		})
		if err != nil {
			t.Fatal(err)
		}
		sameTree(t, want, stripped)
	})
}

// tarOf writes a tar archive of headers; content is the name of the file.
func tarOf(t *testing.T, headers ...tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range headers {
		body := ""
		if h.Typeflag == 0 {
			h.Typeflag = tar.TypeReg
		}
		if h.Typeflag == tar.TypeReg {
			body = h.Name
			h.Size = int64(len(body))
		}
		if h.Mode == 0 && h.Typeflag != tar.TypeXGlobalHeader {
			h.Mode = 0o644
		}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipOf(data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(data)
	w.Close()
	return b.Bytes()
}

func regular(name string) tar.Header { return tar.Header{Name: name} }
func folder(name string) tar.Header {
	return tar.Header{Name: name, Typeflag: tar.TypeDir, Mode: 0o755}
}
func link(name, target string) tar.Header {
	return tar.Header{Name: name, Typeflag: tar.TypeSymlink, Linkname: target}
}
func hardLink(name, target string) tar.Header {
	return tar.Header{Name: name, Typeflag: tar.TypeLink, Linkname: target}
}

// Every name that leads out of the folder, or that extractors read in different
// ways, is refused in both kinds of archive.
func TestArchiveNames(t *testing.T) {
	for _, name := range []string{
		"../x", "a/../../x", "a/..", "..", "/x", "//x", "/", "./../x", "a/../b",
		`..\x`, `a\..\..\x`, `\x`, `\\server\share`, "C:/x", "c:x", `C:\x`,
		"a//b", "a/./b", "././a", ".", "./", "a/.",
	} {
		t.Run(name, func(t *testing.T) {
			// archive/tar would not write some of them.
			placeholder := strings.Repeat("N", len(name))
			data := tarOf(t, regular("first"), regular(placeholder))
			data = renameTar(data, placeholder, name)
			if _, err := hash.MeasureTar(t.Context(), bytes.NewReader(data), nil); !errors.Is(err, hash.CodeName) {
				t.Errorf("tar: %v", err)
			}
			data = zipOf(t, zip.FileHeader{Name: "first"}, zip.FileHeader{Name: name})
			if _, err := hash.MeasureZip(t.Context(), bytes.NewReader(data), int64(len(data)), nil); !errors.Is(err, hash.CodeName) && !errors.Is(err, hash.CodeArchive) {
				t.Errorf("zip: %v", err)
			}
		})
	}
	data := zipOf(t, zip.FileHeader{Name: "a\x00b"})
	if _, err := hash.MeasureZip(t.Context(), bytes.NewReader(data), int64(len(data)), nil); !errors.Is(err, hash.CodeName) {
		t.Errorf("NUL: %v", err)
	}
	data = zipOf(t, zip.FileHeader{Name: `a\b`})
	if _, err := hash.MeasureZip(t.Context(), bytes.NewReader(data), int64(len(data)), nil); !errors.Is(err, hash.CodeName) {
		t.Errorf("backslash in a zip: %v", err)
	}
	data = tarOf(t, regular(`a\b`), regular("./c"), folder("./"))
	tree, err := hash.MeasureTar(t.Context(), bytes.NewReader(data), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := names(tree); got != `"a\\b" "c"` {
		t.Error(got)
	}
}

// sizedTar is tarOf, but the header of "a" says that it has 5 bytes.
func sizedTar(t *testing.T, headers ...tar.Header) []byte {
	data := tarOf(t, headers...)
	for i := 0; i+512 <= len(data); i += 512 {
		if h := data[i : i+512]; h[0] == 'a' && h[257] == 'u' {
			copy(h[124:], "00000000005\x00")
			fixTarSum(h)
		}
	}
	return data
}

func fixTarSum(h []byte) {
	copy(h[148:156], "        ")
	sum := 0
	for _, c := range h {
		sum += int(c)
	}
	copy(h[148:], fmt.Sprintf("%06o\x00 ", sum))
}

// renameTar alters a name of the same length in a tar archive.
func renameTar(data []byte, old, name string) []byte {
	const block = 512
	for i := 0; i+block <= len(data); i += block {
		h := data[i : i+block]
		if !bytes.HasPrefix(h, append([]byte(old), 0)) {
			continue
		}
		copy(h, name)
		fixTarSum(h)
	}
	return data
}

func names(tree *hash.Tree) string {
	var s []string
	for e := range tree.Entries() {
		s = append(s, fmt.Sprintf("%q", e.Name()))
	}
	return strings.Join(s, " ")
}

func TestTarRefuses(t *testing.T) {
	good := tarOf(t, folder("d/"), regular("d/f"))
	gz := gzipOf(good)
	for _, c := range []struct {
		what string
		data []byte
		code hash.Code
		name string
	}{
		{"the same file twice", tarOf(t, regular("a"), regular("a")), hash.CodeName, "a"},
		{"the same file twice, once with ./", tarOf(t, regular("a"), regular("./a")), hash.CodeName, "a"},
		{"the same folder twice", tarOf(t, folder("a/"), folder("a/")), hash.CodeName, "a"},
		{"the root twice", tarOf(t, folder("./"), folder("./")), hash.CodeName, "./"},
		{"file, then folder", tarOf(t, regular("a"), folder("a/")), hash.CodeName, "a"},
		{"folder, then file", tarOf(t, folder("a/"), regular("a")), hash.CodeName, "a"},
		{"implied folder, then file", tarOf(t, regular("a/b"), regular("a")), hash.CodeName, "a"},
		{"implied folder, then link", tarOf(t, regular("a/b"), link("a", "/etc")), hash.CodeName, "a"},
		{"below a file", tarOf(t, regular("a"), regular("a/b")), hash.CodeName, "a"},
		{"below a link", tarOf(t, link("a", "/etc"), regular("a/passwd")), hash.CodeName, "a"},
		{"deep below a link", tarOf(t, link("a", "/etc"), regular("a/b/c/d")), hash.CodeName, "a"},
		{"link, then folder of the same name", tarOf(t, link("a", "/etc"), folder("a/")), hash.CodeName, "a"},
		{"device", tarOf(t, tar.Header{Name: "a", Typeflag: tar.TypeChar, Devmajor: 1, Devminor: 5}), hash.CodeNotRegular, "a"},
		{"block device", tarOf(t, tar.Header{Name: "a", Typeflag: tar.TypeBlock}), hash.CodeNotRegular, "a"},
		{"FIFO", tarOf(t, tar.Header{Name: "a", Typeflag: tar.TypeFifo}), hash.CodeNotRegular, "a"},
		{"hard link to nothing", tarOf(t, hardLink("a", "b")), hash.CodeArchive, "a"},
		{"hard link to a later file", tarOf(t, hardLink("a", "b"), regular("b")), hash.CodeArchive, "a"},
		{"hard link to itself", tarOf(t, hardLink("a", "a")), hash.CodeArchive, "a"},
		{"hard link to a folder", tarOf(t, folder("b/"), hardLink("a", "b")), hash.CodeArchive, "a"},
		{"hard link to a link", tarOf(t, link("b", "c"), hardLink("a", "b")), hash.CodeArchive, "a"},
		{"hard link out of the tree", tarOf(t, hardLink("a", "../../etc/passwd")), hash.CodeName, "../../etc/passwd"},
		{"hard link with content", sizedTar(t, regular("b"), hardLink("a", "b")), hash.CodeArchive, "a"},
		{"link with content", sizedTar(t, regular("b"), link("a", "b")), hash.CodeArchive, "a"},
		{"folder with content", sizedTar(t, regular("b"), folder("a/")), hash.CodeArchive, "a"},
		{"global path", tarOf(t, tar.Header{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"path": "evil"}}, regular("a")), hash.CodeArchive, "path"},
		{"nothing", nil, hash.CodeArchive, ""},
		{"no tar", []byte(strings.Repeat("not a tar archive at all ", 100)), hash.CodeArchive, ""},
		{"cut in a header", good[:100], hash.CodeArchive, ""},
		{"cut in the content", good[:512+512+2], hash.CodeArchive, "d/f"},
		{"cut before the end marker", good[:len(good)-1024], hash.CodeArchive, ""},
		{"half an end marker", good[:len(good)-512], hash.CodeArchive, ""},
		{"data after the end", append(bytes.Clone(good), "evil"...), hash.CodeArchive, ""},
		{"another archive after the end", append(bytes.Clone(good), good...), hash.CodeArchive, ""},
		{"data after zeros after the end", append(append(bytes.Clone(good), make([]byte, 100_000)...), 1), hash.CodeArchive, ""},
		{"endless padding", append(bytes.Clone(good), make([]byte, 2<<20)...), hash.CodeArchive, ""},
		{"bzip2", []byte("BZh91AY&SY"), hash.CodeArchive, ""},
		{"zstd", []byte("\x28\xb5\x2f\xfd\x00\x00\x00"), hash.CodeArchive, ""},
		{"xz", []byte("\xfd7zXZ\x00\x00\x00"), hash.CodeArchive, ""},
		{"gzip of nothing", gzipOf(nil), hash.CodeArchive, ""},
		{"cut gzip", gz[:len(gz)-8], hash.CodeArchive, ""},
		{"gzip with a wrong checksum", append(bytes.Clone(gz[:len(gz)-8]), "\x00\x00\x00\x00\x00\x00\x00\x00"...), hash.CodeArchive, ""},
		{"data after gzip", append(bytes.Clone(gz), "evil"...), hash.CodeArchive, ""},
		{"second gzip member with data", append(bytes.Clone(gz), gzipOf([]byte("evil"))...), hash.CodeArchive, ""},
		{"only a gzip header", []byte("\x1f\x8b"), hash.CodeArchive, ""},
	} {
		t.Run(c.what, func(t *testing.T) {
			tree, err := hash.MeasureTar(t.Context(), bytes.NewReader(c.data), nil)
			if tree != nil || !errors.Is(err, c.code) {
				t.Fatalf("tree %v, error %v, want %s", tree, err, c.code)
			}
			if e, ok := errors.AsType[*hash.Error](err); !ok || e.Name != c.name {
				t.Errorf("error %v names %q, want %q", err, e.Name, c.name)
			}
		})
	}
}

func TestTarAccepts(t *testing.T) {
	good := tarOf(t, folder("d/"), regular("d/f"))
	want, err := hash.MeasureTar(t.Context(), bytes.NewReader(good), everything())
	if err != nil {
		t.Fatal(err)
	}
	half := len(good) / 2
	global := tarOf(t, tar.Header{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"comment": "0123"}}, folder("d/"), regular("d/f"))
	for what, data := range map[string][]byte{
		"padding":             append(bytes.Clone(good), make([]byte, 10240)...),
		"gzip":                gzipOf(good),
		"two gzip members":    append(gzipOf(good[:half]), gzipOf(good[half:])...),
		"an empty member":     append(gzipOf(good), gzipOf(nil)...),
		"git's global header": global,
		"implied folder":      tarOf(t, regular("d/f")),
		"folder after file":   tarOf(t, regular("d/f"), folder("d/")),
	} {
		t.Run(what, func(t *testing.T) {
			got, err := hash.MeasureTar(t.Context(), bytes.NewReader(data), everything())
			if err != nil {
				t.Fatal(err)
			}
			// The content of a file is its name in the header.
			sameTree(t, want, got)
		})
	}
	t.Run("nothing but the end marker", func(t *testing.T) {
		got, err := hash.MeasureTar(t.Context(), bytes.NewReader(make([]byte, 1024)), everything())
		if err != nil || got.Len() != 0 {
			t.Fatal(got, err)
		}
	})
	t.Run("hard link", func(t *testing.T) {
		first := regular("a/b")
		first.Mode = 0o755
		got, err := hash.MeasureTar(t.Context(), bytes.NewReader(tarOf(t, first, hardLink("z", "./a/b"))), nil)
		if err != nil {
			t.Fatal(err)
		}
		x, _ := got.Lookup("a/b")
		y, _ := got.Lookup("z")
		if y.Type() != hash.File || y.Size() != 3 || !y.Executable() || x.Digests().Compare(y.Digests()) != hash.Same {
			t.Errorf("%v %v %v", y.Type(), y.Size(), y.Digests())
		}
	})
}

// zipOf writes a zip archive; the content of a file is its name, except that
// the comment of a header takes its place.
func zipOf(t *testing.T, headers ...zip.FileHeader) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, h := range headers {
		body := h.Name
		if h.Comment != "" {
			body, h.Comment = h.Comment, ""
		}
		f, err := w.CreateHeader(&h)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(h.Name, "/") {
			io.WriteString(f, body)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zipHeader(name string) zip.FileHeader { return zip.FileHeader{Name: name} }

func zipMode(name string, mode os.FileMode) zip.FileHeader {
	h := zip.FileHeader{Name: name}
	h.SetMode(mode)
	return h
}

func TestZipRefuses(t *testing.T) {
	type Z = zip.FileHeader
	good := zipOf(t, Z{Name: "aa"}, Z{Name: "bb"})
	edit := func(data []byte, old, new string, nth int) []byte {
		t.Helper()
		data = bytes.Clone(data)
		at := 0
		for ; nth > 0; nth-- {
			i := bytes.Index(data[at:], []byte(old))
			if i < 0 {
				t.Fatalf("no %q", old)
			}
			at += i + len(old)
		}
		copy(data[at-len(old):], new)
		return data
	}
	insert := func(at int, extra string) []byte {
		return append(append(bytes.Clone(good[:at]), extra...), good[at:]...)
	}
	// The offsets of the records.
	second := bytes.LastIndex(good, []byte("PK\x03\x04"))
	directory := bytes.Index(good, []byte("PK\x01\x02"))
	// The same content, but the second entry of the directory points to the
	// first local header: Fifield's overlapping bomb.
	overlap := bytes.Clone(good)
	secondDir := bytes.LastIndex(good, []byte("PK\x01\x02"))
	copy(overlap[secondDir:], good[directory:directory+46+2])
	overlap[secondDir+46], overlap[secondDir+47] = 'a', 'a'
	// With offsets that fit, so that only the additional bytes are wrong.
	add := func(data []byte, at, n int) { data[at] += byte(n) }
	between := insert(second, strings.Repeat("x", 40))
	add(between, secondDir+40+42, 40)
	add(between, len(between)-22+16, 40)
	beforeDirectory := insert(directory, strings.Repeat("x", 40))
	add(beforeDirectory, len(beforeDirectory)-22+16, 40)
	packed := bytes.Clone(good)
	packed[18] = 0x63
	encrypted := bytes.Clone(good)
	encrypted[6] |= 1
	encrypted[directory+8] |= 1

	for _, c := range []struct {
		what string
		data []byte
		code hash.Code
		name string
	}{
		{"the same file twice", zipOf(t, Z{Name: "a"}, Z{Name: "a"}), hash.CodeName, "a"},
		{"the same file twice, evil first", zipOf(t, Z{Name: "a", Comment: "evil"}, Z{Name: "a", Comment: "good"}), hash.CodeName, "a"},
		{"the same folder twice", zipOf(t, Z{Name: "a/"}, Z{Name: "a/"}), hash.CodeName, "a"},
		{"file and folder", zipOf(t, Z{Name: "a/"}, Z{Name: "a"}), hash.CodeName, "a"},
		{"below a file", zipOf(t, Z{Name: "a"}, Z{Name: "a/b"}), hash.CodeName, "a"},
		{"below a link", zipOf(t, zipMode("a", os.ModeSymlink|0o777), Z{Name: "a/b"}), hash.CodeName, "a"},
		{"FIFO", zipOf(t, zipMode("a", os.ModeNamedPipe|0o644)), hash.CodeNotRegular, "a"},
		{"device", zipOf(t, zipMode("a", os.ModeDevice|0o644)), hash.CodeNotRegular, "a"},
		{"socket", zipOf(t, zipMode("a", os.ModeSocket|0o644)), hash.CodeNotRegular, "a"},
		{"folder without a slash", zipOf(t, zipMode("a", os.ModeDir|0o755)), hash.CodeArchive, "a"},
		{"link with a slash", zipOf(t, zipMode("a/", os.ModeSymlink|0o755)), hash.CodeArchive, "a/"},
		{"another name in the local header", edit(good, "aa", "xx", 1), hash.CodeName, "aa"},
		{"another name in the directory", edit(good, "aa", "xx", 3), hash.CodeName, "xx"},
		{"another method in the local header", edit(good, "PK\x03\x04\x14\x00\x08\x00\x00\x00", "PK\x03\x04\x14\x00\x08\x00\x08\x00", 1), hash.CodeArchive, "aa"},
		{"other flags in the local header", edit(good, "PK\x03\x04\x14\x00\x08\x00", "PK\x03\x04\x14\x00\x00\x00", 1), hash.CodeArchive, "aa"},
		{"size in the local header", edit(good, "\x00\x00\x00\x00\x02\x00\x00\x00aa", "\x63\x00\x00\x00\x02\x00\x00\x00aa", 1), hash.CodeArchive, "aa"},
		{"something between, with offsets that fit", between, hash.CodeArchive, "bb"},
		{"something before the directory, with offsets that fit", beforeDirectory, hash.CodeArchive, ""},
		{"packed size in the local header", packed, hash.CodeArchive, "aa"},
		{"encrypted", encrypted, hash.CodeArchive, "aa"},
		{"overlapping entries", overlap, hash.CodeArchive, "aa"},
		{"something in front", insert(0, "#!/bin/sh\n"), hash.CodeArchive, ""},
		{"something between", insert(second, strings.Repeat("x", 40)), hash.CodeArchive, ""},
		{"something before the directory", insert(directory, strings.Repeat("x", 40)), hash.CodeArchive, ""},
		{"something after the end", append(bytes.Clone(good), "evil"...), hash.CodeArchive, ""},
		{"another archive after it", append(bytes.Clone(good), zipOf(t, Z{Name: "evil"})...), hash.CodeArchive, ""},
		{"another archive before it", append(zipOf(t, Z{Name: "evil"}), good...), hash.CodeArchive, ""},
		{"nothing", nil, hash.CodeArchive, ""},
		{"cut", good[:len(good)-1], hash.CodeArchive, ""},
		{"no zip", []byte(strings.Repeat("no zip ", 100)), hash.CodeArchive, ""},
		{"unknown compression", edit(edit(good, "\x14\x00\x08\x00\x00\x00", "\x14\x00\x08\x00\x63\x00", 3), "\x14\x00\x08\x00\x00\x00", "\x14\x00\x08\x00\x63\x00", 1), hash.CodeArchive, "aa"},
		{"another Unicode name", zipOf(t, Z{Name: "a", Extra: []byte("\x75\x70\x09\x00\x01\x00\x00\x00\x00evil")}), hash.CodeName, "a"},
		{"link to nothing", zipOf(t, func() Z { h := zipMode("a", os.ModeSymlink|0o777); h.Comment = "\x00"; return h }()), hash.CodeArchive, "a"},
	} {
		t.Run(c.what, func(t *testing.T) {
			tree, err := hash.MeasureZip(t.Context(), bytes.NewReader(c.data), int64(len(c.data)), nil)
			if tree != nil || !errors.Is(err, c.code) {
				t.Fatalf("tree %v, error %v, want %s", tree, err, c.code)
			}
			if e, _ := errors.AsType[*hash.Error](err); c.name != "" && e.Name != c.name {
				t.Errorf("error %v names %q, want %q", err, e.Name, c.name)
			}
		})
	}
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package gomod_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/dirhash"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/provenance/gomod"
	"github.com/tallystick/tallystick/verify"
	"github.com/tallystick/tallystick/verify/verifytest"
)

const (
	toolchainPath    = "golang.org/toolchain"
	toolchainVersion = "v0.0.1-go1.99.0.linux-amd64"
	toolchainName    = toolchainPath + "@" + toolchainVersion
)

// distribution is GOROOT as it is unpacked from a release.
func distribution() map[string]string {
	return map[string]string{
		"VERSION":                          "go1.99.0\n",
		"go.env":                           "GOTOOLCHAIN=auto\n",
		"bin/go":                           "the go command",
		"pkg/tool/linux_amd64/compile":     "the compiler",
		"src/go.mod":                       "module std\n",
		"src/cmd/go.mod":                   "module cmd\n",
		"src/fmt/print.go":                 "package fmt\n",
		"src/cmd/api/main.go":              "package main // in a folder named like a dropped one\n",
		"api/go1.txt":                      "pkg fmt\n",
		"doc/index.html":                   "<html>",
		"misc/README":                      "misc",
		"test/helloworld.go":               "package main\n",
		"src/testdata/name with spaces.go": "package main\n",
	}
}

// asModule returns what the module of a distribution has.
func asModule(files map[string]string) map[string]string {
	module := map[string]string{}
	for name, content := range files {
		top, _, _ := strings.Cut(name, "/")
		if slices.Contains([]string{"api", "doc", "misc", "test"}, top) {
			continue
		}
		if name == "go.mod" || strings.HasSuffix(name, "/go.mod") {
			name = strings.TrimSuffix(name, "go.mod") + "_go.mod"
		}
		module[toolchainName+"/"+name] = content
	}
	return module
}

func zipOf(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, files[name]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// hash1 is the h1 of a module zip as x/mod computes it.
func hash1(t testing.TB, files map[string]string) string {
	t.Helper()
	sum, err := dirhash.Hash1(slices.Collect(maps.Keys(files)), func(name string) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(files[name])), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

// lookUp returns what a database says that recorded exactly these files.
func lookUp(t testing.TB, path, version string, files map[string]string) *gomod.Module {
	t.Helper()
	db := newTestDB(t, "sum.example")
	db.records[path+"@"+version] = recordOf(path, version, hash1(t, files), h1("go.mod"))
	m, err := open(t, db.files(path, version), &gomod.Options{Key: db.key}).Lookup(t.Context(), path, version)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func write(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

func verifyToolchain(t testing.TB, m *gomod.Module, zip []byte, goroot string, opts *gomod.ToolchainOptions) (*gomod.Toolchain, error) {
	t.Helper()
	return gomod.VerifyToolchain(t.Context(), m, bytes.NewReader(zip), int64(len(zip)), goroot, opts)
}

// findings returns the lines of a report about single files: "code name".
func findings(checks []verify.Check) []string {
	var list []string
	for _, c := range checks {
		switch c.Code {
		case gomod.CodeDiffers, gomod.CodeExtra, gomod.CodeMissing, gomod.CodeUnused:
			list = append(list, string(c.Code)+" "+c.What)
		case gomod.CodeAllowed:
			if len(c.Checks) == 0 {
				list = append(list, string(c.Code)+" "+string(c.Status)+" "+c.What)
			}
		}
		list = append(list, findings(c.Checks)...)
	}
	return list
}

func sha256Of(t testing.TB, content string) hash.Digest {
	t.Helper()
	a, err := hash.Measure(t.Context(), strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	d, _ := a.Digests().Get(hash.SHA256)
	return d
}

func TestVerifyToolchain(t *testing.T) {
	files := distribution()
	module := asModule(files)
	m := lookUp(t, toolchainPath, toolchainVersion, module)
	zipped := zipOf(t, module)
	remove := func(names ...string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			for _, name := range names {
				if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	put := func(pairs ...string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			for i := 0; i < len(pairs); i += 2 {
				remove(pairs[i])(t, dir)
				write(t, dir, map[string]string{pairs[i]: pairs[i+1]})
			}
		}
	}
	link := func(name, target string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			remove(name)(t, dir)
			if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
				t.Skip(err)
			}
		}
	}
	folder := func(name string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			remove(name)(t, dir)
			if err := os.MkdirAll(filepath.Join(dir, name), 0o777); err != nil {
				t.Fatal(err)
			}
		}
	}
	fifo := func(name string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			remove(name)(t, dir)
			if err := mkfifo(filepath.Join(dir, name)); err != nil {
				t.Skip(err)
			}
		}
	}
	all := func(fs ...func(*testing.T, string)) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			for _, f := range fs {
				f(t, dir)
			}
		}
	}
	allow := func(list ...gomod.Allowance) []gomod.Allowance { return list }
	const env = "GOTOOLCHAIN=local\n"
	localEnv := put("go.env", env)
	pinned := gomod.Allowance{Name: "go.env", Digest: sha256Of(t, env)}

	for _, test := range []struct {
		name, describe string
		mutate         func(t *testing.T, dir string)
		allow          []gomod.Allowance
		code           verify.Code // "" accepts
		findings       []string
	}{
		{"distribution", "as released", all(), nil, "", nil},
		{"without dropped folders", "as many images are", remove("api", "doc", "misc", "test"), nil, "", nil},
		{"dropped folders altered", "nobody vouches for them", put("test/evil.go", "package evil"), nil, "", nil},
		{"FIFO in a dropped folder", "is not even looked at", fifo("test/pipe"), nil, "", nil},
		{"empty folder", "not content", folder("src/empty"), nil, "", nil},
		{"module cache", "with the names of the module", all(remove("api", "doc", "misc", "test", "src/go.mod", "src/cmd/go.mod"),
			put("src/_go.mod", "module std\n", "src/cmd/_go.mod", "module cmd\n")), nil, "", nil},
		{"module cache, used", "the go command has added go.mod", put("src/_go.mod", "module std\n", "src/cmd/_go.mod", "module cmd\n"), nil, "", nil},

		{"changed byte", "in the compiler", put("pkg/tool/linux_amd64/compile", "the Compiler"), nil, gomod.CodeDiffers, []string{"gomod/differs pkg/tool/linux_amd64/compile"}},
		{"grown", "", put("bin/go", "the go command "), nil, gomod.CodeDiffers, []string{"gomod/differs bin/go"}},
		{"emptied", "", put("bin/go", ""), nil, gomod.CodeDiffers, []string{"gomod/differs bin/go"}},
		{"extra file", "", put("src/fmt/evil.go", "package fmt"), nil, gomod.CodeExtra, []string{"gomod/extra src/fmt/evil.go"}},
		{"extra empty file", "", put("src/fmt/evil.go", ""), nil, gomod.CodeExtra, []string{"gomod/extra src/fmt/evil.go"}},
		{"extra hidden file", "", put("src/.evil.go", "x"), nil, gomod.CodeExtra, []string{"gomod/extra src/.evil.go"}},
		{"extra copy", "content that is recorded, elsewhere", put("src/evil.go", "package fmt\n"), nil, gomod.CodeExtra, []string{"gomod/extra src/evil.go"}},
		{"extra in a folder named like a dropped one", "", put("src/test/evil.go", "x"), nil, gomod.CodeExtra, []string{"gomod/extra src/test/evil.go"}},
		{"extra file named like a dropped folder", "", put("test", "x"), nil, gomod.CodeExtra, []string{"gomod/extra test"}},
		{"evil name", "that a terminal would obey", put("src/\x1b[2K\n\\ok.go", "x"), nil, gomod.CodeExtra, []string{`gomod/extra src/\x1b[2K\n\\ok.go`}},
		{"missing file", "", remove("src/fmt/print.go"), nil, gomod.CodeMissing, []string{"gomod/missing src/fmt/print.go"}},
		{"missing go.mod", "", remove("src/go.mod"), nil, gomod.CodeMissing, []string{"gomod/missing src/go.mod"}},
		{"renamed", "", all(remove("bin/go"), put("bin/Go", "the go command")), nil, gomod.CodeExtra, []string{"gomod/extra bin/Go", "gomod/missing bin/go"}},
		{"link to the same content", "", link("bin/go", "../bin/go2"), nil, gomod.CodeDiffers, []string{"gomod/differs bin/go"}},
		{"link out", "", link("src/evil", "/etc"), nil, gomod.CodeExtra, []string{"gomod/extra src/evil"}},
		{"link for a dropped folder", "", link("test", "/etc"), nil, gomod.CodeExtra, []string{"gomod/extra test"}},
		{"link for a folder", "to a folder with the same content", all(put("elsewhere/print.go", "package fmt\n"), link("src/fmt", "../elsewhere")), nil,
			gomod.CodeExtra, []string{"gomod/extra elsewhere/print.go", "gomod/extra src/fmt", "gomod/missing src/fmt/print.go"}},
		{"FIFO", "", fifo("src/pipe"), nil, gomod.CodeExtra, []string{"gomod/extra src/pipe"}},
		{"FIFO for a file", "", fifo("bin/go"), nil, gomod.CodeDiffers, []string{"gomod/differs bin/go"}},
		{"folder for a file", "", folder("bin/go"), nil, gomod.CodeDiffers, []string{"gomod/differs bin/go"}},
		{"file for a folder", "", put("src/fmt", "x"), nil, gomod.CodeExtra, []string{"gomod/extra src/fmt", "gomod/missing src/fmt/print.go"}},
		{"go.mod altered", "and the module's own name of it is right", all(put("src/go.mod", "evil"), put("src/_go.mod", "module std\n")), nil, gomod.CodeDiffers, []string{"gomod/differs src/go.mod"}},
		{"_go.mod altered", "", put("src/_go.mod", "evil"), nil, gomod.CodeDiffers, []string{"gomod/differs src/_go.mod"}},
		{"_go.mod only and altered", "", all(remove("src/go.mod"), put("src/_go.mod", "evil")), nil, gomod.CodeDiffers, []string{"gomod/differs src/_go.mod", "gomod/missing src/go.mod"}},
		{"_go.mod elsewhere", "", put("src/fmt/_go.mod", "module std\n"), nil, gomod.CodeExtra, []string{"gomod/extra src/fmt/_go.mod"}},
		{"several", "all are named, sorted", all(put("VERSION", "go1.98.0\n", "src/a.go", ""), remove("bin/go")), nil,
			gomod.CodeDiffers, []string{"gomod/differs VERSION", "gomod/missing bin/go", "gomod/extra src/a.go"}},
		{"nothing", "an empty GOROOT", func(t *testing.T, dir string) {
			for name := range files {
				remove(name)(t, dir)
			}
		}, nil, gomod.CodeMissing, nil},

		{"allowed", "with any content", localEnv, allow(gomod.Allowance{Name: "go.env"}), "", []string{"gomod/allowed pass go.env"}},
		{"allowed, pinned", "", localEnv, allow(pinned), "", []string{"gomod/allowed pass go.env"}},
		{"allowed, other content", "the allowance was for something else", put("go.env", "GOTOOLCHAIN=evil\n"), allow(pinned), gomod.CodeDiffers,
			[]string{"gomod/differs go.env", "gomod/allowed not-run go.env"}},
		{"allowed, missing", "an allowance with a digest is not for nothing", remove("go.env"), allow(pinned), gomod.CodeMissing,
			[]string{"gomod/missing go.env", "gomod/allowed not-run go.env"}},
		{"allowed, link", "", link("go.env", "elsewhere"), allow(pinned), gomod.CodeDiffers,
			[]string{"gomod/differs go.env", "gomod/allowed not-run go.env"}},
		{"allowed, missing, unpinned", "", remove("go.env"), allow(gomod.Allowance{Name: "go.env"}), "", []string{"gomod/allowed pass go.env"}},
		{"allowed, extra", "", put("bin/gopls", "x"), allow(gomod.Allowance{Name: "bin/gopls", Digest: sha256Of(t, "x")}), "", []string{"gomod/allowed pass bin/gopls"}},
		{"unused", "is said", all(), allow(gomod.Allowance{Name: "zz"}, gomod.Allowance{Name: "go.env"}), "", []string{"gomod/unused go.env", "gomod/unused zz"}},
		{"allowed, and another", "one does not excuse the other", all(localEnv, put("bin/go", "evil")), allow(pinned), gomod.CodeDiffers,
			[]string{"gomod/differs bin/go", "gomod/allowed pass go.env"}},
		{"no pattern", "names are exact", localEnv, allow(gomod.Allowance{Name: "*"}, gomod.Allowance{Name: "./go.env"}, gomod.Allowance{Name: "GO.ENV"}), gomod.CodeDiffers,
			[]string{"gomod/differs go.env", "gomod/unused *", "gomod/unused ./go.env", "gomod/unused GO.ENV"}},
		{"no folder", "an allowance is for one file", put("src/fmt/a.go", "x"), allow(gomod.Allowance{Name: "src/fmt"}), gomod.CodeExtra,
			[]string{"gomod/extra src/fmt/a.go", "gomod/unused src/fmt"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, files)
			test.mutate(t, dir)
			tc, err := verifyToolchain(t, m, zipped, dir, &gomod.ToolchainOptions{Allow: test.allow})
			var report *verify.Report
			if test.code == "" {
				if err != nil {
					t.Fatal(err)
				}
				result, err := verify.Artifact(tc.Artifact(), verify.CoveredBy(tc), tc)
				if err != nil {
					t.Fatal(err)
				}
				report = result.Report()
				if test.allow == nil {
					verifytest.TestClaim(t, tc, tc.Artifact())
				}
			} else {
				checkCode(t, err, test.code, true, "not covered")
				r, ok := errors.AsType[*verify.RejectedError](err)
				if !ok {
					t.FailNow()
				}
				report = r.Report
			}
			if got := findings(report.Checks); test.findings != nil && !slices.Equal(got, test.findings) || test.code == "" && len(got) != len(test.findings) {
				t.Errorf("findings %q, want %q", got, test.findings)
			}
			if strings.Contains(report.String(), "\x1b") {
				t.Error("a terminal sequence in the report")
			}
			_, statErr := os.Stat(filepath.Join(dir, "test"))
			if statErr == nil && test.mutate != nil && report.Verdict == verify.Accepted && !strings.Contains(report.String(), "folder test: not part") {
				t.Errorf("does not say that test is not covered:\n%s", report)
			}
		})
	}

	// What was allowed is nobody's word.
	dir := t.TempDir()
	write(t, dir, files)
	clean, err := verifyToolchain(t, m, zipped, dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	localEnv(t, dir)
	allowed, err := verifyToolchain(t, m, zipped, dir, &gomod.ToolchainOptions{Allow: allow(pinned)})
	if err != nil {
		t.Fatal(err)
	}
	if clean.Covers(allowed.Artifact()) == nil || allowed.Artifact().Size() != clean.Artifact().Size()-int64(len(files["go.env"])) {
		t.Errorf("the artifact has the allowed file in it: %v", allowed.Artifact())
	}
	if e := allowed.Evidence(); !slices.Contains(e.NotCovered, "the content of go.env: the difference is allowed by the caller") {
		t.Errorf("not covered: %q", e.NotCovered)
	}
}

// All files different and all of them allowed is no toolchain any more.
func TestVerifyToolchainVacuous(t *testing.T) {
	files := map[string]string{"VERSION": "go1.99.0\n"}
	module := asModule(files)
	m := lookUp(t, toolchainPath, toolchainVersion, module)
	_, err := verifyToolchain(t, m, zipOf(t, module), t.TempDir(), &gomod.ToolchainOptions{Allow: []gomod.Allowance{{Name: "VERSION"}}})
	checkCode(t, err, gomod.CodeFiles, true, "none")

	empty := map[string]string{}
	m = lookUp(t, toolchainPath, toolchainVersion, empty)
	_, err = verifyToolchain(t, m, zipOf(t, empty), t.TempDir(), nil)
	checkCode(t, err, gomod.CodeMismatch, true, "none")
}

func TestVerifyToolchainZip(t *testing.T) {
	files := distribution()
	module := asModule(files)
	m := lookUp(t, toolchainPath, toolchainVersion, module)
	dir := t.TempDir()
	write(t, dir, files)
	zipped := zipOf(t, module)
	altered := func(name, content string) map[string]string {
		c := maps.Clone(module)
		c[toolchainName+"/"+name] = content
		return c
	}
	// Two entries of one name: x/mod's h1 of it can be that of the good zip.
	twice := func() []byte {
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		for _, name := range append(slices.Sorted(maps.Keys(module)), toolchainName+"/bin/go") {
			f, err := w.Create(name)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(f, module[name]); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}()
	stray := map[string]string{toolchainName + "/VERSION": "go1.99.0\n", "golang.org/toolchain@v0.0.1-go1.98.0.linux-amd64/bin/go": "old"}
	both := asModule(files)
	both[toolchainName+"/src/go.mod"] = "evil"

	for _, test := range []struct {
		name    string
		m       *gomod.Module
		zip     []byte
		content string
	}{
		{"changed file", m, zipOf(t, altered("bin/go", "evil")), "h1:"},
		{"extra file", m, zipOf(t, altered("bin/evil", "evil")), "h1:"},
		{"not a zip", m, []byte("hello"), "hash/archive"},
		{"empty", m, nil, "hash/archive"},
		{"truncated", m, zipped[:len(zipped)-30], "hash/archive"},
		{"repeated entry", m, twice, "bin/go"},
		// The rest has the recorded hash, so the database itself is strange.
		{"other names", lookUp(t, toolchainPath, toolchainVersion, stray), zipOf(t, stray), "go1.98.0"},
		{"go.mod and _go.mod", lookUp(t, toolchainPath, toolchainVersion, both), zipOf(t, both), "src/go.mod"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := verifyToolchain(t, test.m, test.zip, dir, nil)
			checkCode(t, err, gomod.CodeMismatch, true, test.content)
		})
	}
}

func TestVerifyToolchainErrors(t *testing.T) {
	files := distribution()
	module := asModule(files)
	m := lookUp(t, toolchainPath, toolchainVersion, module)
	other := lookUp(t, "example.com/toolchain", "v1.0.0", module)
	zipped := bytes.NewReader(zipOf(t, module))
	dir := t.TempDir()
	write(t, dir, files)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	sha512, err := hash.Measure(t.Context(), strings.NewReader("x"), hash.SHA512)
	if err != nil {
		t.Fatal(err)
	}
	wrong, _ := sha512.Digests().Get(hash.SHA512)
	allow := func(list ...gomod.Allowance) *gomod.ToolchainOptions {
		return &gomod.ToolchainOptions{Allow: list}
	}
	for _, test := range []struct {
		name string
		ctx  context.Context
		m    *gomod.Module
		zip  io.ReaderAt
		dir  string
		opts *gomod.ToolchainOptions
		code verify.Code
	}{
		{"no module", t.Context(), nil, zipped, dir, nil, gomod.CodeOptions},
		{"zero module", t.Context(), &gomod.Module{}, zipped, dir, nil, gomod.CodeOptions},
		{"another module", t.Context(), other, zipped, dir, nil, gomod.CodeOptions},
		{"no zip", t.Context(), m, nil, dir, nil, gomod.CodeOptions},
		{"no GOROOT", t.Context(), m, zipped, filepath.Join(dir, "nowhere"), nil, hash.CodeRead},
		{"GOROOT is a file", t.Context(), m, zipped, filepath.Join(dir, "VERSION"), nil, hash.CodeRead},
		{"cancelled", cancelled, m, zipped, dir, nil, ""},
		{"unreadable zip", t.Context(), m, brokenReader{}, dir, nil, hash.CodeRead},
		{"too many files", t.Context(), m, zipped, dir, &gomod.ToolchainOptions{MaxFiles: 3}, hash.CodeLimit},
		{"too many bytes", t.Context(), m, zipped, dir, &gomod.ToolchainOptions{MaxBytes: 3}, hash.CodeLimit},
		{"negative limit", t.Context(), m, zipped, dir, &gomod.ToolchainOptions{MaxBytes: -1}, hash.CodeOptions},
		{"allowance without name", t.Context(), m, zipped, dir, allow(gomod.Allowance{}), gomod.CodeOptions},
		{"allowance twice", t.Context(), m, zipped, dir, allow(gomod.Allowance{Name: "a"}, gomod.Allowance{Name: "a", Digest: sha256Of(t, "x")}), gomod.CodeOptions},
		{"allowance with sha512", t.Context(), m, zipped, dir, allow(gomod.Allowance{Name: "a", Digest: wrong}), gomod.CodeOptions},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := gomod.VerifyToolchain(test.ctx, test.m, test.zip, zipped.Size(), test.dir, test.opts)
			checkCode(t, err, test.code, false, "")
		})
	}
}

type brokenReader struct{}

func (brokenReader) ReadAt([]byte, int64) (int, error) { return 0, fmt.Errorf("disk on fire") }

func TestToolchainModule(t *testing.T) {
	for _, test := range []struct {
		goVersion, goos, goarch, want string
	}{
		{"go1.26.8", "linux", "amd64", "golang.org/toolchain@v0.0.1-go1.26.8.linux-amd64"},
		{"go1.27rc1", "js", "wasm", "golang.org/toolchain@v0.0.1-go1.27rc1.js-wasm"},
		{"go1.21.0", "windows", "386", "golang.org/toolchain@v0.0.1-go1.21.0.windows-386"},
		{"devel go1.27-abcdef", "linux", "amd64", ""},
		{"go1.26.8 X:boringcrypto", "linux", "amd64", ""},
		{"go1.26.8-acme", "linux", "amd64", ""},
		{"1.26.8", "linux", "amd64", ""},
		{"go1.26.8\n", "linux", "amd64", ""},
		{"go1.26.8/../..", "linux", "amd64", ""},
		{"", "linux", "amd64", ""},
		{"go1.26.8", "", "amd64", ""},
		{"go1.26.8", "linux", "", ""},
		{"go1.26.8", "linux-amd64", "amd64", ""},
		{"go1.26.8", "../x", "amd64", ""},
	} {
		path, version, err := gomod.ToolchainModule(test.goVersion, test.goos, test.goarch)
		if test.want == "" {
			checkCode(t, err, gomod.CodeOptions, false, "")
			continue
		}
		if err != nil || path+"@"+version != test.want {
			t.Errorf("ToolchainModule(%q, %q, %q) = %s@%s, %v, want %s", test.goVersion, test.goos, test.goarch, path, version, err, test.want)
		}
	}
}

// Zero values cover nothing.
func TestZero(t *testing.T) {
	a := verifytest.Artifact(t, "", "content")
	for _, c := range []verify.Claim{&gomod.Module{}, &gomod.Toolchain{}} {
		if c.Covers(a) == nil || c.Covers(hash.Artifact{}) == nil || len(c.Issuers()) != 0 || c.Evidence().Check.Status == verify.Pass {
			t.Errorf("%T: the zero value says something", c)
		}
		if _, err := verify.Artifact(a, verify.CoveredBy(c), c); err == nil {
			t.Errorf("%T: the zero value is enough", c)
		}
	}
}

func TestModuleClaim(t *testing.T) {
	files := map[string]string{"example.com/m@v1.0.0/a.go": "package m\n", "example.com/m@v1.0.0/go.mod": "module example.com/m\n"}
	m := lookUp(t, "example.com/m", "v1.0.0", files)
	measure := func(files map[string]string, name string) hash.Artifact {
		b := zipOf(t, files)
		tree, err := hash.MeasureZip(t.Context(), bytes.NewReader(b), int64(len(b)), nil)
		if err != nil {
			t.Fatal(err)
		}
		a, err := tree.Artifact(name)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	verifytest.TestClaim(t, m, measure(files, "download.zip"))
	verifytest.TestClaim(t, m, measure(files, m.String()))
	files["example.com/m@v1.0.0/a.go"] = "package evil\n"
	if err := m.Covers(measure(files, "download.zip")); !errors.Is(err, verify.CodeNotCovered) {
		t.Errorf("another name: %v", err)
	}
	if err := m.Covers(measure(files, m.String())); !errors.Is(err, verify.CodeConflict) {
		t.Errorf("the same name: %v", err)
	}
	if err := m.Covers(verifytest.Artifact(t, m.String(), "x")); !errors.Is(err, verify.CodeNotCovered) {
		t.Errorf("no dirHash: %v", err)
	}
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/verify"
)

// toolchain runs the program and returns what it wrote.
func toolchain(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, &out, &errs)
	if code == 2 && out.Len() > 0 || code != 2 && errs.Len() > 0 {
		t.Errorf("exit %d with output %q and messages %q", code, &out, &errs)
	}
	return code, out.String(), errs.String()
}

// An installation is the toolchain that runs the test, and how it differs from
// the module by a comparison of our own.
type installation struct {
	goroot  string
	differs []string // sorted "code name"
	allow   string   // the file of -allow that accepts all of it
	program string
}

func install(t *testing.T) installation {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: reads a Go installation")
	}
	g, err := newGoCommand(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer g.close()
	modPath, version, err := toolchainOf(g.env.GOROOT, g.env.GOHOSTOS, g.env.GOHOSTARCH)
	if err != nil {
		t.Skipf("the Go that runs this test is no release: %v", err)
	}
	zip, err := g.download(t.Context(), modPath+"@"+version)
	if err != nil {
		t.Skipf("needs the toolchain's module, from the cache or the network: %v", err)
	}
	zip.Close()
	in := installation{goroot: g.env.GOROOT, program: filepath.Join(t.TempDir(), "toolchain.exe")}
	// A program of its own, because a race detector in it takes minutes.
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", in.program, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}

	// The go command has unpacked the module next to its zip.
	module := filesOf(t, filepath.Join(g.env.GOMODCACHE, "golang.org", "toolchain@"+version))
	goroot := filesOf(t, in.goroot)
	want := map[string]string{}
	for name, file := range module {
		if path.Base(name) == "_go.mod" {
			name = path.Join(path.Dir(name), "go.mod")
		}
		want[name] = file
	}
	var lines []string
	for name, file := range goroot {
		w, ok := want[name]
		if path.Base(name) == "_go.mod" {
			w, ok = module[name]
		}
		switch {
		case !ok:
			in.differs = append(in.differs, "gomod/extra "+name)
		case content(t, file) != content(t, w):
			in.differs = append(in.differs, "gomod/differs "+name)
		default:
			continue
		}
		line := name
		if c := content(t, file); strings.HasPrefix(c, "file ") {
			line += " sha256:" + strings.TrimPrefix(c, "file ")
		}
		lines = append(lines, line)
	}
	for name := range want {
		asModule := path.Join(path.Dir(name), "_"+path.Base(name))
		if goroot[name] == "" && (path.Base(name) != "go.mod" || goroot[asModule] == "") {
			in.differs = append(in.differs, "gomod/missing "+name)
			lines = append(lines, name)
		}
	}
	slices.Sort(in.differs)
	in.allow = filepath.Join(t.TempDir(), "allow")
	if err := os.WriteFile(in.allow, []byte("# known\n"+strings.Join(lines, "\n")+"\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	t.Logf("%s differs in %q", in.goroot, in.differs)
	return in
}

// filesOf returns the files of a Go installation, by name with slashes.
func filesOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, file)
		switch {
		case err != nil:
			return err
		case d.IsDir() && notInModule(name):
			return fs.SkipDir
		case !d.IsDir():
			files[filepath.ToSlash(name)] = file
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func notInModule(name string) bool {
	return slices.Contains([]string{"api", "doc", "misc", "test"}, name)
}

// content returns what tells a file from others.
func content(t *testing.T, name string) string {
	t.Helper()
	if info, err := os.Lstat(name); err != nil || !info.Mode().IsRegular() {
		return "no file"
	}
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("file %x", sha256.Sum256(data))
}

// run runs the program like a user.
func (in installation) run(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), in.program, args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// report decodes the output of -json.
func report(t *testing.T, output string) *verify.Report {
	t.Helper()
	var r struct {
		Schema  string
		Verdict verify.Verdict
		Codes   []verify.Code
		Checks  []check
	}
	if err := json.Unmarshal([]byte(output), &r); err != nil {
		t.Fatalf("%v:\n%s", err, output)
	}
	if r.Schema != verify.Schema {
		t.Errorf("schema %q", r.Schema)
	}
	return &verify.Report{Verdict: r.Verdict, Codes: r.Codes, Checks: plain(r.Checks)}
}

// check is verify.Check as JSON has it; issuers are not read back.
type check struct {
	Code   verify.Code
	Status verify.Status
	What   string
	Checks []check
}

func plain(list []check) (out []verify.Check) {
	for _, c := range list {
		out = append(out, verify.Check{Code: c.Code, Status: c.Status, What: c.What, Checks: plain(c.Checks)})
	}
	return out
}

// differences returns the failed checks of single files, sorted.
func differences(checks []verify.Check) (list []string) {
	for _, c := range checks {
		if c.Status == verify.Fail && len(c.Checks) == 0 {
			list = append(list, string(c.Code)+" "+c.What)
		}
		list = append(list, differences(c.Checks)...)
	}
	slices.Sort(list)
	return list
}

func TestInstallation(t *testing.T) {
	in := install(t)
	t.Run("as it is", in.testAsItIs)
	t.Run("tampered copy", in.testTamperedCopy)
}

// Settings of the user that switch the database off change nothing.
func (in installation) testAsItIs(t *testing.T) {
	t.Setenv("GOSUMDB", "off")
	t.Setenv("GONOSUMDB", "*")
	t.Setenv("GOPRIVATE", "*")
	t.Setenv("GOFLAGS", "-modfile=other.mod")
	wantCode, wantVerdict := 0, "ACCEPTED"
	if len(in.differs) > 0 {
		wantCode, wantVerdict = 1, "REJECTED"
	}
	code, out, msg := in.run(t)
	if code != wantCode || !strings.HasSuffix(out, wantVerdict+"\n") || !strings.Contains(out, "sum.golang.org") {
		t.Errorf("exit %d, want %d:\n%s%s", code, wantCode, out, msg)
	}
	// The tree head that the go command keeps was compared.
	if strings.Contains(out, "no earlier tree head") {
		t.Errorf("history not compared:\n%s", out)
	}
	for i, d := range in.differs {
		_, name, _ := strings.Cut(d, " ")
		if i < maxShown && !strings.Contains(out, name) {
			t.Errorf("%s is not named:\n%s", name, out)
		}
	}
	if lines := strings.Count(out, "\n"); lines > 24+min(len(in.differs), maxShown) {
		t.Errorf("%d lines are more than a screen:\n%s", lines, out)
	}
}

// A copy of GOROOT with one changed byte in the compiler, an extra file and a
// missing one, and with all of the differences that it had before allowed.
func (in installation) testTamperedCopy(t *testing.T) {
	exe := ""
	if runtime.GOOS == "windows" {
		exe = ".exe"
	}
	tools, err := filepath.Glob(filepath.Join(in.goroot, "pkg", "tool", "*", "compile"+exe))
	if err != nil || len(tools) != 1 {
		t.Skipf("no compiler in pkg/tool: %v, %v", tools, err)
	}
	compile, err := filepath.Rel(in.goroot, tools[0])
	if err != nil {
		t.Fatal(err)
	}

	// Before: everything that differs is allowed.
	code, out, msg := in.run(t, "-goroot", in.goroot, "-allow", in.allow, "-json")
	if code != 0 {
		t.Fatalf("exit %d:\n%s%s", code, out, msg)
	}
	if r := report(t, out); r.Verdict != verify.Accepted || len(differences(r.Checks)) != 0 {
		t.Errorf("verdict %s, differences %q", r.Verdict, differences(r.Checks))
	}
	for _, d := range in.differs {
		_, name, _ := strings.Cut(d, " ")
		if !strings.Contains(out, name) {
			t.Errorf("%s was allowed and is not in the report", name)
		}
	}

	dir := t.TempDir()
	copyTree(t, dir, in.goroot)
	data, err := os.ReadFile(tools[0])
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 1
	replaceFile(t, filepath.Join(dir, compile), data)
	replaceFile(t, filepath.Join(dir, "src", "fmt", "backdoor.go"), []byte("package fmt\n"))
	if err := os.Remove(filepath.Join(dir, "src", "fmt", "print.go")); err != nil {
		t.Fatal(err)
	}
	code, out, msg = in.run(t, "-goroot", dir, "-allow", in.allow, "-json")
	if code != 1 {
		t.Fatalf("exit %d:\n%s%s", code, out, msg)
	}
	r := report(t, out)
	want := []string{"gomod/differs " + filepath.ToSlash(compile), "gomod/extra src/fmt/backdoor.go", "gomod/missing src/fmt/print.go"}
	if got := differences(r.Checks); r.Verdict != verify.Rejected || !slices.Equal(got, want) {
		t.Errorf("verdict %s, differences %q, want %q", r.Verdict, got, want)
	}
}

// copyTree copies what is in the module; hard links do for it, as tampered files
// are replaced and not written to.
func copyTree(t *testing.T, dst, src string) {
	t.Helper()
	err := filepath.WalkDir(src, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(src, name)
		if err != nil {
			return err
		}
		to := filepath.Join(dst, rel)
		switch {
		case d.IsDir() && notInModule(rel):
			return fs.SkipDir
		case d.IsDir():
			return os.MkdirAll(to, 0o777)
		case d.Type() != 0:
			target, err := os.Readlink(name)
			if err != nil {
				return err
			}
			return os.Symlink(target, to)
		}
		if os.Link(name, to) == nil {
			return nil
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		return os.WriteFile(to, data, 0o666)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func replaceFile(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.Remove(name); err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o666); err != nil {
		t.Fatal(err)
	}
}

// Without a network and without the module there is no verdict.
func TestOffline(t *testing.T) {
	t.Setenv("GOPROXY", "off")
	t.Setenv("GOMODCACHE", t.TempDir())
	t.Setenv("GOPATH", t.TempDir())
	code, _, msg := toolchain(t, "-goroot", release(t))
	if code != 2 || !strings.Contains(msg, "network") || !strings.Contains(msg, "GOPROXY=off") {
		t.Errorf("exit %d: %s", code, msg)
	}
}

// The go command may have a module and no word of the database about it.
func TestNoRecord(t *testing.T) {
	g := &goCommand{}
	g.env.GOMODCACHE = t.TempDir()
	for range 2 {
		_, err := verifyFiles(t.Context(), g, "golang.org/toolchain", "v0.0.1-go1.26.8.linux-amd64", strings.NewReader(""), 0, t.TempDir(), nil)
		if err == nil || !strings.Contains(err.Error(), "GOSUMDB=sum.golang.org go mod download golang.org/toolchain@v0.0.1-go1.26.8.linux-amd64") {
			t.Errorf("error %v", err)
		}
		if err := os.MkdirAll(g.databaseDir(), 0o777); err != nil {
			t.Fatal(err)
		}
	}
}

// release returns a folder that looks like a release and has nothing in it.
func release(t *testing.T) string { return goroot(t, "go1.26.8\n", "linux_amd64") }

func goroot(t *testing.T, version string, tools ...string) string {
	dir := t.TempDir()
	if version != "" {
		replaceFile(t, filepath.Join(dir, "VERSION"), []byte(version))
	}
	for _, tool := range tools {
		if err := os.MkdirAll(filepath.Join(dir, "pkg", "tool", tool), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestNoVerdict(t *testing.T) {
	file := func(content string) string {
		name := filepath.Join(t.TempDir(), "allow")
		replaceFile(t, name, []byte(content))
		return name
	}
	for _, test := range []struct {
		name    string
		args    []string
		content string
	}{
		{"unknown flag", []string{"-x"}, "-x"},
		{"argument", []string{"/usr/local/go"}, "unexpected argument"},
		{"no folder", []string{"-goroot", filepath.Join(t.TempDir(), "nowhere")}, "no GOROOT"},
		{"no VERSION", []string{"-goroot", goroot(t, "")}, "built from a repository"},
		{"development version", []string{"-goroot", goroot(t, "devel go1.27-0123456789")}, "not a release"},
		{"another distributor", []string{"-goroot", goroot(t, "go1.26.8-acme\n")}, "not a release"},
		{"nonsense", []string{"-goroot", goroot(t, "\x1b[2J")}, `\x1b`},
		{"no allow file", []string{"-allow", filepath.Join(t.TempDir(), "nowhere")}, "-allow"},
		{"allow folder", []string{"-allow", t.TempDir()}, "-allow"},
		{"bad digest", []string{"-allow", file("# fine\n\ngo.env sha256:xyz\n")}, "line 3"},
		{"weak digest", []string{"-allow", file("go.env sha1:" + strings.Repeat("0", 40) + "\n")}, "line 1"},
		{"bad name", []string{"-allow", file("go.env\nsrc/\\q\n")}, "line 2"},
		{"digest only", []string{"-allow", file(" sha256:" + strings.Repeat("0", 64))}, "line 1: no name"},
		{"huge allow file", []string{"-allow", file(strings.Repeat("#", 2<<20))}, "more than"},
	} {
		t.Run(test.name, func(t *testing.T) {
			code, _, msg := toolchain(t, test.args...)
			if code != 2 || !strings.Contains(msg, test.content) || strings.Contains(msg, "\x1b") {
				t.Errorf("exit %d: %s", code, msg)
			}
		})
	}

	t.Run("platform", func(t *testing.T) {
		for _, test := range []struct{ dir, want string }{
			{goroot(t, "go1.26.8\ntime 2026-08-28T16:20:06Z\n", "plan9_386"), "v0.0.1-go1.26.8.plan9-386"},
			{goroot(t, "go1.26.8", "plan9_386", "linux_arm"), "v0.0.1-go1.26.8.hostos-hostarch"},
			{goroot(t, "go1.26.8\r\n"), "v0.0.1-go1.26.8.hostos-hostarch"},
		} {
			if _, version, err := toolchainOf(test.dir, "hostos", "hostarch"); err != nil || version != test.want {
				t.Errorf("version %q, %v, want %q", version, err, test.want)
			}
		}
	})
	t.Run("interrupted", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		var out, errs bytes.Buffer
		if code := run(ctx, nil, &out, &errs); code != 2 || out.Len() > 0 {
			t.Errorf("exit %d: %s%s", code, &out, &errs)
		}
	})
}

func TestReadAllowances(t *testing.T) {
	digest := "sha256:" + strings.Repeat("ab", 32)
	name := filepath.Join(t.TempDir(), "allow")
	replaceFile(t, name, []byte("# comment\r\n\r\n  go.env "+digest+" \r\na name with spaces\nsrc/x\\ny.go\t\nsrc/a:b\nlast "+digest))
	got, err := readAllowances(name)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, a := range got {
		list = append(list, fmt.Sprintf("%q %s", a.Name, a.Digest))
	}
	want := []string{`"go.env" ` + digest, `"a name with spaces" invalid`, `"src/x\ny.go" invalid`, `"src/a:b" invalid`, `"last" ` + digest}
	if !slices.Equal(list, want) {
		t.Errorf("got  %q\nwant %q", list, want)
	}
}

// What the go command says may come from a server.
func TestPrintable(t *testing.T) {
	if got, want := printable("not found:\n\tserver says \x1b[2J\xff"), `not found: server says \x1b[2J\xff`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := printable(strings.Repeat("é", 1000)); len(got) > 520 {
		t.Errorf("%d bytes: %q", len(got), got)
	}
}

// What the user has set, in the environment or with "go env -w", does not switch
// the database off.
func TestDownloadSettings(t *testing.T) {
	goenv := filepath.Join(t.TempDir(), "env")
	replaceFile(t, goenv, []byte("GOPRIVATE=*\nGONOSUMDB=*\nGONOPROXY=*\nGOINSECURE=*\nGOSUMDB=off\nGOPROXY=https://proxy.example\n"))
	t.Setenv("GOENV", goenv)
	for _, name := range []string{"GONOSUMDB", "GOSUMDB", "GOPROXY"} {
		t.Setenv(name, "")
	}
	t.Setenv("GOPRIVATE", "golang.org/*")
	g, err := newGoCommand(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer g.close()
	out, err := g.run(t.Context(), g.downloadSettings(), "env", "GOPRIVATE", "GONOSUMDB", "GONOPROXY", "GOINSECURE", "GOSUMDB", "GOPROXY")
	if err != nil {
		t.Fatal(err)
	}
	if want := "\n\n\n\nsum.golang.org\nhttps://proxy.example\n"; strings.ReplaceAll(string(out), "\r", "") != want {
		t.Errorf("settings %q, want %q", out, want)
	}
}

// An allowance that is accepted is spelled in one way but for spaces.
func FuzzParseAllowance(f *testing.F) {
	digest := "sha256:" + strings.Repeat("ab", 32)
	for _, seed := range []string{"go.env", "go.env " + digest, "a b " + digest, digest, " " + digest, "a sha1:00", `a\nb`, `a\q`, "src/a:b", "x :"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := parseAllowance(text)
		if err != nil {
			return
		}
		again := hash.EscapeName(a.Name)
		if a.Digest.IsValid() {
			if a.Digest.Algorithm() != hash.SHA256 {
				t.Fatalf("%q: digest %s", text, a.Digest)
			}
			again += " " + a.Digest.String()
		}
		if a.Name == "" || strings.ReplaceAll(again, " ", "") != strings.ReplaceAll(strings.TrimSpace(text), " ", "") {
			t.Fatalf("%q was read as %q", text, again)
		}
	})
}

func TestWithDatabase(t *testing.T) {
	for gosumdb, want := range map[string]string{
		"":                                      "sum.golang.org",
		"off":                                   "sum.golang.org",
		"sum.example+00000000+AAAA":             "sum.golang.org",
		"sum.golang.org https://mirror.example": "sum.golang.org https://mirror.example",
		"sum.golang.google.cn":                  "sum.golang.google.cn",
	} {
		if got := withDatabase(gosumdb); got != want {
			t.Errorf("withDatabase(%q) = %q, want %q", gosumdb, got, want)
		}
	}
}

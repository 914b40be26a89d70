// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

// Package archtest holds the rules of the architecture as tests: who may import
// whom, and what library code must not do. CONTRIBUTING.md says them in words.
package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/tallystick/tallystick"

// layers says which packages of this module a package may import, by folder.
// Packages below internal/ that are not listed may import each other and
// nothing else. Deeper folders follow their parent unless listed themselves.
var layers = map[string][]string{
	"hash":              {"internal"},
	"verify":            {"hash", "internal"},
	"verify/verifytest": {"hash", "verify", "internal"},
	"tuf":               {"hash", "verify", "tuf", "internal"},
	"provenance":        {"hash", "verify", "internal"},
	"provenance/layout": {"hash", "verify", "provenance", "provenance/layout", "internal"},
	// It starts processes: a program imports it, no other package does.
	"provenance/layout/inspect": {"hash", "verify", "provenance/layout", "internal"},
	"provenance/gomod":          {"hash", "verify", "provenance/gomod", "internal"},
	"verify/release":            {"hash", "verify", "tuf", "provenance", "provenance/layout", "provenance/gomod", "internal"},
	"internal":                  {"internal"},
	"examples":                  {"hash", "verify", "verify/release", "tuf", "tuf/tuftest", "provenance", "provenance/layout", "provenance/layout/inspect", "provenance/gomod"},
	".":                         {},
}

// dependencies are the modules that the core may require.
var dependencies = []string{"golang.org/x/crypto", "golang.org/x/mod", "golang.org/x/sys", "golang.org/x/text"}

// topLevel is everything that the top of the checkout may hold.
var topLevel = []string{
	"verify", "hash", "provenance", "tuf", "examples", "internal", "go.mod", "go.sum", "README.md", "doc.go",
	"LICENSE", "CHANGELOG.md", "SECURITY.md", "CONTRIBUTING.md", "staticcheck.conf",
}

// forbidden are functions and variables that library code must not use, each
// with the place that may, if there is one, and the reason.
var forbidden = []struct{ pkg, name, except, why string }{
	{"fmt", "Print", "", "a library never prints"},
	{"fmt", "Printf", "", "a library never prints"},
	{"fmt", "Println", "", "a library never prints"},
	{"os", "Stdin", "", "a library never talks to the terminal"},
	{"os", "Stdout", "", "a library never prints"},
	{"os", "Stderr", "", "a library never prints"},
	{"os", "Exit", "", "a library never exits"},
	{"os", "Getenv", "", "settings come from options"},
	{"os", "LookupEnv", "", "settings come from options"},
	{"os", "Environ", "", "settings come from options"},
	{"os", "ExpandEnv", "", "settings come from options"},
	{"os", "Getwd", "", "the working directory decides nothing"},
	{"os", "Chdir", "", "the working directory is not ours"},
	{"os", "TempDir", "", "where files go is up to the caller"},
	{"os", "CreateTemp", "", "where files go is up to the caller"},
	{"os", "MkdirTemp", "", "where files go is up to the caller"},
	{"os", "UserHomeDir", "", "settings come from options"},
	{"os", "UserCacheDir", "", "settings come from options"},
	{"os", "UserConfigDir", "", "settings come from options"},
	{"filepath", "Abs", "", "the working directory decides nothing"},
	{"os", "StartProcess", "", "a library starts no process"},
	{"unix", "Exec", "", "a library starts no process"},
	{"unix", "Getenv", "", "settings come from options"},
	{"unix", "Environ", "", "settings come from options"},
	{"syscall", "Exec", "", "a library starts no process"},
	{"syscall", "ForkExec", "", "a library starts no process"},
	{"syscall", "Getenv", "", "settings come from options"},
	{"time", "Now", "internal/clock", "time is an input"},
	{"time", "Since", "", "time is an input"},
	{"time", "Until", "", "time is an input"},
	{"time", "Sleep", "", "a library waits on a context"},
	{"time", "Tick", "", "a library waits on a context"},
	{"http", "DefaultClient", "", "it has no time-out and others can change it"},
	{"http", "Get", "", "the caller's client makes the requests"},
	{"http", "Post", "", "the caller's client makes the requests"},
	{"http", "PostForm", "", "the caller's client makes the requests"},
	{"http", "Head", "", "the caller's client makes the requests"},
	{"http", "DefaultTransport", "", "others can change it"},
	{"slog", "Default", "", "logging goes to the logger of the configuration"},
	{"slog", "Info", "", "logging goes to the logger of the configuration"},
	{"slog", "Warn", "", "logging goes to the logger of the configuration"},
	{"slog", "Error", "", "logging goes to the logger of the configuration"},
	{"slog", "Debug", "", "logging goes to the logger of the configuration"},
}

// forbiddenImports are packages that library code must not import, except from
// the folders named.
var forbiddenImports = map[string][]string{
	"os/exec":        {"provenance/layout/inspect"},
	"log":            nil,
	"plugin":         nil,
	"unsafe":         nil,
	"os/signal":      nil,
	"flag":           nil,
	"expvar":         nil,
	"math/rand":      nil,
	"math/rand/v2":   nil,
	"encoding/gob":   nil,
	"html/template":  nil,
	"text/template":  nil,
	"net/http":       {"tuf"},
	"net":            {"tuf"},
	"net/rpc":        nil,
	"net/smtp":       nil,
	"net/http/pprof": nil,
	"crypto/tls":     {"tuf"},
	"io/ioutil":      nil,
	"testing":        {"verify/verifytest"},
}

// pure are imports that package verify must not have: it does no I/O.
var pure = []string{"os", "io", "io/fs", "net", "net/http", "path/filepath", "syscall", "golang.org/x/sys/unix", "log/slog"}

func within(folder, parent string) bool {
	return parent == "." && folder == "." || folder == parent || strings.HasPrefix(folder, parent+"/")
}

// layerOf returns the rule for a folder: its own or that of the nearest parent.
func layerOf(folder string) (string, []string, bool) {
	for f := folder; ; f = path.Dir(f) {
		if allowed, ok := layers[f]; ok && (f != "." || folder == ".") {
			return f, allowed, true
		}
		if f == "." {
			return "", nil, false
		}
	}
}

// check returns what is wrong with one non-test file of the core module.
func check(folder, name, source string) []string {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return []string{err.Error()}
	}
	var wrong []string
	add := func(at token.Pos, format string, args ...any) {
		wrong = append(wrong, fmt.Sprintf("%s/%s:%d: ", folder, name, set.Position(at).Line)+fmt.Sprintf(format, args...))
	}
	if !strings.HasPrefix(source, "// Copyright 2026 The tallystick authors.\n// SPDX-License-Identifier: Apache-2.0\n") {
		add(file.Pos(), "no licence header")
	}
	library := !within(folder, "examples")
	rule, allowed, ok := layerOf(folder)
	if !ok {
		add(file.Pos(), "no rule says what this folder may import")
	}
	imports := map[string]string{} // local name to path
	for _, spec := range file.Imports {
		p, _ := strconv.Unquote(spec.Path.Value)
		local := path.Base(p)
		if spec.Name != nil {
			local = spec.Name.Name
			if local == "." {
				add(spec.Pos(), "dot import")
			}
		}
		imports[local] = p
		if inside, ok := strings.CutPrefix(p, module+"/"); ok {
			if !slices.ContainsFunc(allowed, func(a string) bool {
				own, _, _ := layerOf(inside)
				return inside == a || a == "internal" && within(inside, "internal") || a == rule && own == rule
			}) {
				add(spec.Pos(), "%s must not import %s", rule, inside)
			}
			continue
		}
		if strings.Contains(strings.Split(p, "/")[0], ".") && !slices.ContainsFunc(dependencies, func(d string) bool { return within(p, d) }) {
			add(spec.Pos(), "import of %s: not one of the core's dependencies", p)
		}
		if except, ok := forbiddenImports[p]; library && ok &&
			!slices.ContainsFunc(except, func(f string) bool { return within(folder, f) }) {
			add(spec.Pos(), "import of %s", p)
		}
		if folder == "verify" && slices.Contains(pure, p) {
			add(spec.Pos(), "verify does no I/O and must not import %s", p)
		}
	}
	for _, decl := range file.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
			add(f.Pos(), "func init")
		}
	}
	if !library {
		return wrong
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			// tuftest panics where a program that uses it is wrong, as package
			// testing would fail; it never sees input.
			if id, ok := n.Fun.(*ast.Ident); ok && (id.Name == "panic" && folder != "tuf/tuftest" || id.Name == "print" || id.Name == "println") {
				add(n.Pos(), "call of %s", id.Name)
			}
		case *ast.SelectorExpr:
			id, ok := n.X.(*ast.Ident)
			if !ok {
				break
			}
			if folder == "verify" && imports[id.Name] == module+"/hash" && (strings.HasPrefix(n.Sel.Name, "Measure") || n.Sel.Name == "FS" || n.Sel.Name == "Copy") {
				add(n.Pos(), "hash.%s: verify does no I/O", n.Sel.Name)
			}
			for _, f := range forbidden {
				if path.Base(imports[id.Name]) == f.pkg && n.Sel.Name == f.name && (f.except == "" || folder != f.except) {
					add(n.Pos(), "%s.%s: %s", f.pkg, f.name, f.why)
				}
			}
		}
		return true
	})
	return wrong
}

// top returns the top of the checkout.
func top(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestArchitecture(t *testing.T) {
	dir := top(t)
	files := 0
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, p)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if d.IsDir() {
			if d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && rel != "." {
				return filepath.SkipDir
			}
			if _, err := os.Stat(filepath.Join(p, "go.mod")); err == nil && rel != "." {
				return filepath.SkipDir // a nested module
			}
			return nil
		}
		if !strings.HasSuffix(rel, ".go") || strings.HasSuffix(rel, "_test.go") {
			return nil
		}
		source, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		files++
		for _, wrong := range check(path.Dir(rel), path.Base(rel), string(source)) {
			t.Error(wrong)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 10 {
		t.Errorf("only %d files were looked at", files)
	}
}

// The top level and the requirements are closed lists.
func TestTopLevel(t *testing.T) {
	entries, err := os.ReadDir(top(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue // what editors and systems leave there
		}
		if !slices.Contains(topLevel, e.Name()) {
			t.Errorf("%s does not belong at the top level", e.Name())
		}
	}
	mod, err := os.ReadFile(filepath.Join(top(t), "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(string(mod), "\n") {
		line = strings.TrimPrefix(strings.TrimSpace(line), "require ")
		if p, _, ok := strings.Cut(line, " v"); ok && !slices.Contains(dependencies, p) {
			t.Errorf("go.mod requires %s, which is not one of the core's dependencies", p)
		}
		if strings.HasPrefix(line, "replace") || strings.HasPrefix(line, "exclude") {
			t.Errorf("go.mod has %q, which does not bind users of the module", line)
		}
	}
}

// Each rule catches what it is there for.
func TestRules(t *testing.T) {
	const header = "// Copyright 2026 The tallystick authors.\n// SPDX-License-Identifier: Apache-2.0\n\npackage p\n\n"
	for _, test := range []struct{ folder, source, want string }{
		{"hash", header + `import "fmt"; func f() { fmt.Errorf("") }`, ""},
		{"examples/x", header + `import ("fmt"; "os/exec"; "` + module + `/hash"); func f() { fmt.Print(exec.ErrDot, hash.SHA1) }`, ""},
		{"tuf/internal/x", header + `import ("net/http"; "` + module + `/tuf")`, ""},
		{"internal/clock", header + `import "time"; var f = time.Now`, ""},

		{"hash", `package p`, "no licence header"},
		{"hash", header + `import "` + module + `/verify"`, "hash must not import verify"},
		{"verify", header + `import "` + module + `/tuf"`, "verify must not import tuf"},
		{"verify/x", header + `import "` + module + `/tuf"`, "verify must not import tuf"},
		{"tuf", header + `import "` + module + `/provenance"`, "tuf must not import provenance"},
		{"provenance", header + `import "` + module + `/provenance/layout"`, "provenance must not import provenance/layout"},
		{"provenance/layout/inspect", header + `import ("os/exec"; "` + module + `/provenance/layout")`, ""},
		{"examples/x", header + `import "` + module + `/provenance/layout/inspect"`, ""},
		{"provenance/layout/inspect", header + `import "` + module + `/provenance"`, "must not import provenance"},
		{"provenance/layout", header + `import "os/exec"`, "import of os/exec"},
		{"provenance/layout/x", header + `import "` + module + `/provenance/layout/inspect"`, "must not import provenance/layout/inspect"},
		{"verify/release", header + `import "` + module + `/provenance/layout/inspect"`, "must not import provenance/layout/inspect"},
		{"internal/x", header + `import "` + module + `/hash"`, "internal must not import hash"},
		{"examples/x", header + `import "` + module + `/internal/safe"`, "examples must not import internal/safe"},
		{"strange", header, "no rule says"},
		{"hash", header + `import "os/exec"`, "import of os/exec"},
		{"hash", header + `import "net/http"`, "import of net/http"},
		{"hash", header + `import "github.com/in-toto/in-toto-golang/in_toto"`, "not one of the core's dependencies"},
		{"hash", header + `import . "fmt"`, "dot import"},
		{"verify", header + `import "os"`, "verify does no I/O"},
		{"hash", header + `func init() {}`, "func init"},
		{"hash", header + `import "fmt"; func f() { fmt.Println() }`, "fmt.Println"},
		{"hash", header + `import x "fmt"; func f() { x.Println() }`, "fmt.Println"},
		{"hash", header + `import "os"; func f() { os.Exit(1) }`, "os.Exit"},
		{"hash", header + `import "os"; var f = os.Getenv("X")`, "os.Getenv"},
		{"hash", header + `import "time"; var f = time.Now`, "time.Now"},
		{"hash", header + `func f() { println() }`, "call of println"},
		{"hash", header + `func f() { panic(1) }`, "call of panic"},
		{"hash", header + `import "os"; var f = os.TempDir`, "os.TempDir"},
		{"hash", header + `import "golang.org/x/sys/unix"; var f = unix.Exec`, "unix.Exec"},
		{"tuf", header + `import "net/http"; var f = http.DefaultTransport`, "http.DefaultTransport"},
		{"verify", header + `import "` + module + `/hash"; var f = hash.MeasureFile`, "hash.MeasureFile"},
	} {
		wrong := strings.Join(check(test.folder, "f.go", test.source), "\n")
		if test.want == "" && wrong != "" || !strings.Contains(wrong, test.want) {
			t.Errorf("%s: %s\ngot %q, want %q", test.folder, strings.TrimPrefix(test.source, header), wrong, test.want)
		}
	}
}

// README.md shows code that is compiled and tested elsewhere.
func TestReadmeProgram(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(top(t), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(filepath.Join(top(t), "examples", "minimal", "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := 0
	for i, block := range strings.Split(string(readme), "```") {
		code, isGo := strings.CutPrefix(block, "go\n")
		if i%2 == 0 || !isGo {
			continue
		}
		blocks++
		if !strings.Contains(string(program), code) {
			t.Errorf("this is not in examples/minimal:\n%s", code)
		}
	}
	if blocks != 1 {
		t.Errorf("%d blocks of Go, want 1", blocks)
	}
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package inspect_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/provenance"
	"github.com/tallystick/tallystick/provenance/layout"
	"github.com/tallystick/tallystick/provenance/layout/inspect"
	"github.com/tallystick/tallystick/verify"
)

func needs(t testing.TB, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("%s is not installed", p)
		}
	}
}

// plant makes a folder with files.
func plant(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// open returns a folder as a file system that links cannot leave.
func open(t testing.TB, dir string) fs.FS {
	t.Helper()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return root.FS()
}

// snapshot returns all that is in a folder, with content and modes.
func snapshot(t testing.TB, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		fmt.Fprintln(&b, p, info.Mode(), info.ModTime())
		if d.Type().IsRegular() {
			data, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			fmt.Fprintf(&b, "%q\n", data)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// run runs a shell script as an inspection and checks that nothing is left.
func run(t testing.TB, opts inspect.Options, script string) (layout.InspectionResult, error) {
	t.Helper()
	needs(t, "sh")
	return runCommand(t, t.Context(), opts, layout.Inspection{Name: "check", Command: []string{"sh", "-c", script}})
}

func runCommand(t testing.TB, ctx context.Context, opts inspect.Options, in layout.Inspection) (layout.InspectionResult, error) {
	t.Helper()
	if opts.Temp == "" {
		opts.Temp = t.TempDir()
	}
	if opts.Products == nil {
		opts.Products = fstest.MapFS{"app": {Data: []byte("app")}, "doc/README": {Data: []byte("readme")}}
	}
	r, err := inspect.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	result, err := r.Run(ctx, in)
	left, readErr := os.ReadDir(opts.Temp)
	if readErr != nil {
		t.Fatal(readErr)
	}
	if len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	return result, err
}

// output runs a script that fails and returns what it printed.
func output(t testing.TB, opts inspect.Options, script string) string {
	t.Helper()
	_, err := run(t, opts, script+"\nexit 7")
	failed, ok := errors.AsType[*inspect.CommandError](err)
	if !ok || failed.Code != inspect.CodeExit || failed.ExitCode != 7 {
		t.Fatalf("got %v", err)
	}
	return string(failed.Stdout)
}

func sum(content string) string {
	s := sha256.Sum256([]byte(content))
	return "sha256:" + hex.EncodeToString(s[:])
}

func texts(m map[string]hash.Set) map[string]string {
	out := map[string]string{}
	for name, set := range m {
		out[name] = set.String()
	}
	return out
}

func TestMaterialsAndProducts(t *testing.T) {
	before := map[string]string{"app": sum("app"), "doc/README": sum("readme")}
	for _, c := range []struct {
		name, script string
		want         map[string]string
	}{
		{"nothing", "true", before},
		{"created", "mkdir sub; printf new >sub/new", map[string]string{"app": sum("app"), "doc/README": sum("readme"), "sub/new": sum("new")}},
		{"changed", "printf other >app", map[string]string{"app": sum("other"), "doc/README": sum("readme")}},
		{"deleted", "rm app", map[string]string{"doc/README": sum("readme")}},
		{"all deleted", "rm -r *", map[string]string{}},
		{"renamed", "mv app \"$(printf 'a\\nb')\"", map[string]string{"a\nb": sum("app"), "doc/README": sum("readme")}},
		{"home and temporary files are not products", `echo x >"$HOME/.x"; echo y >"$TMPDIR/y"`, before},
		{"locked folder", "mkdir locked; echo x >locked/x; chmod 0 locked; chmod 700 locked; mkdir \"$HOME/locked\"; echo >\"$HOME/locked/x\"; chmod 0 \"$HOME/locked\"", map[string]string{"app": sum("app"), "doc/README": sum("readme"), "locked/x": sum("x\n")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			result, err := run(t, inspect.Options{}, c.script)
			if err != nil {
				t.Fatal(err)
			}
			if got := texts(result.Materials); !maps.Equal(got, before) {
				t.Errorf("materials %v", got)
			}
			if got := texts(result.Products); !maps.Equal(got, c.want) || result.ExitCode != 0 {
				t.Errorf("products %v, exit code %d", got, result.ExitCode)
			}
		})
	}
}

func TestAlgorithms(t *testing.T) {
	result, err := run(t, inspect.Options{Algorithms: []hash.Algorithm{hash.SHA256, hash.SHA512}}, "true")
	if err != nil || result.Products["app"].Len() != 2 {
		t.Errorf("got %v, %v", result.Products, err)
	}
}

// The folder of the caller is not where the command works, and stays as it is.
func TestCallersFolder(t *testing.T) {
	dir := plant(t, map[string]string{"app": "app", "sub/file": "file"})
	if err := os.Chmod(filepath.Join(dir, "app"), 0o755); err != nil {
		t.Fatal(err)
	}
	before := snapshot(t, dir)
	opts := inspect.Options{Products: open(t, dir)}
	if out := output(t, opts, `pwd; env; ls -a .. ../..; echo evil >>app; chmod 0 sub/file; rm -rf ../work/sub; test -x app && echo executable`); strings.Contains(out, dir) || !strings.Contains(out, "executable") {
		t.Errorf("the command was told about %s, or the execute bit is lost:\n%s", dir, out)
	}
	if after := snapshot(t, dir); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
	// A hard link to the original would have more than one name.
	if out := output(t, opts, `ls -l app`); !strings.Contains(out, " 1 ") {
		t.Errorf("app is linked: %s", out)
	}
	// One inspection does not see what another has left.
	if out := output(t, opts, `cat app`); out != "app" {
		t.Errorf("got %q", out)
	}
}

func TestEnvironment(t *testing.T) {
	t.Setenv("TALLYSTICK_SECRET", "secret")
	t.Setenv("LD_LIBRARY_PATH", "/nowhere")
	out := output(t, inspect.Options{}, "env")
	var names []string
	for line := range strings.Lines(out) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		// Shells set these themselves.
		if name != "PWD" && name != "SHLVL" && name != "_" && name != "OLDPWD" {
			names = append(names, name)
		}
		if name == "PATH" && value != inspect.DefaultPath {
			t.Errorf("PATH is %s", value)
		}
	}
	slices.Sort(names)
	if got := strings.Join(names, " "); got != "HOME LC_ALL PATH TMPDIR" {
		t.Errorf("the environment has %s", got)
	}
}

func TestNoInput(t *testing.T) {
	if out := output(t, inspect.Options{}, `cat; if (: </dev/tty) 2>/dev/null; then echo terminal; fi`); out != "" {
		t.Errorf("the command has read %q", out)
	}
	// A session of its own has no terminal, also where the tests have one.
	if runtime.GOOS == "linux" {
		needs(t, "cut")
		if out := output(t, inspect.Options{}, `test "$(cut -d' ' -f6 /proc/$$/stat)" = $$ && echo leader`); out != "leader\n" {
			t.Error("the command is not in a session of its own")
		}
	}
}

// The words of a command are not looked at by a shell.
func TestNoShell(t *testing.T) {
	needs(t, "echo")
	_, err := runCommand(t, t.Context(), inspect.Options{}, layout.Inspection{Name: "x", Command: []string{"true; touch evil"}})
	if !errors.Is(err, inspect.CodeStart) {
		t.Errorf("got %v", err)
	}
	result, err := runCommand(t, t.Context(), inspect.Options{}, layout.Inspection{Name: "x", Command: []string{"echo", "$(touch evil)", ";", "touch", "evil", "*"}})
	if _, evil := result.Products["evil"]; err != nil || evil {
		t.Errorf("got %v, %v", result, err)
	}
}

func TestPrograms(t *testing.T) {
	needs(t, "sh")
	bin := plant(t, map[string]string{"mine": "#!/bin/sh\nexit 0\n", "data": "no program"})
	if err := os.Chmod(filepath.Join(bin, "mine"), 0o755); err != nil {
		t.Fatal(err)
	}
	// A program in the PATH of the caller, or in the product files, is not one.
	t.Setenv("PATH", bin)
	products := fstest.MapFS{"mine": {Data: []byte("#!/bin/sh\nexit 0\n"), Mode: 0o755}}
	for _, c := range []struct {
		name, program, path string
		want                verify.Code
	}{
		{"in the path of the options", "mine", bin, ""},
		{"in the second folder", "mine", "/bin:" + bin, ""},
		{"in the path of the caller", "mine", "", inspect.CodeStart},
		{"absolute", filepath.Join(bin, "mine"), "", ""},
		{"among the products", "./mine", "", ""},
		{"outside of the products", "../../../../../../../../../../../bin/true", "", inspect.CodeStart},
		{"not executable", "data", bin, inspect.CodeStart},
		{"missing", "no-such-program", "", inspect.CodeStart},
		{"folder", "..", "", inspect.CodeStart},
		{"none", "", "", inspect.CodeStart},
		{"NUL", "sh\x00", "", inspect.CodeStart},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := runCommand(t, t.Context(), inspect.Options{Products: products, Path: c.path}, layout.Inspection{Name: "x", Command: []string{c.program}})
			if c.want == "" && err != nil || c.want != "" && !errors.Is(err, c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestExitCode(t *testing.T) {
	result, err := run(t, inspect.Options{}, `echo progress; printf 'bad \033[31mthing' >&2; exit 3`)
	failed, ok := errors.AsType[*inspect.CommandError](err)
	if !ok || !errors.Is(err, inspect.CodeExit) || result.ExitCode != 3 || result.Materials != nil || result.Products != nil ||
		string(failed.Stdout) != "progress\n" || !strings.HasPrefix(string(failed.Stderr), "bad") {
		t.Fatalf("got %v, %v", result, err)
	}
	if errors.Is(err, layout.CodeInspection) {
		t.Error("it was run, but the error says that it was not")
	}
	if text := err.Error(); !strings.Contains(text, `"check"`) || !strings.Contains(text, `bad \x1b[31mthing`) || strings.ContainsAny(text, "\n\x1b") {
		t.Errorf("the error reads %q", text)
	}
	// Of long output, the end is shown.
	if _, err := run(t, inspect.Options{}, `printf '%1000s' first; printf reason; exit 1`); err == nil || !strings.HasSuffix(err.Error(), `reason"`) || len(err.Error()) > 300 {
		t.Errorf("got %v", err)
	}
	if _, err := run(t, inspect.Options{}, `kill -9 $$`); !errors.Is(err, inspect.CodeExit) {
		t.Errorf("killed by itself: %v", err)
	}
}

func TestTimeout(t *testing.T) {
	// The shell's child lives on if only the shell is killed, and the pipe with it.
	_, err := run(t, inspect.Options{Timeout: 50 * time.Millisecond}, `sleep 1000 & echo started; wait`)
	if !errors.Is(err, inspect.CodeTimeout) {
		t.Errorf("got %v", err)
	}
}

func TestOutput(t *testing.T) {
	for _, c := range []struct {
		name, script string
		want         verify.Code
	}{
		{"endless", `while :; do echo 0123456789; done`, inspect.CodeLimit},
		{"endless error", `while :; do echo 0123456789 >&2; done`, inspect.CodeLimit},
		{"one byte too many, at the end", `printf 12345678901`, inspect.CodeLimit},
		{"just enough", `printf 1234567890; printf 1234567890 >&2`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := run(t, inspect.Options{OutputBytes: 10}, c.script)
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			failed, ok := errors.AsType[*inspect.CommandError](err)
			if !ok || failed.Code != c.want || len(failed.Stdout)+len(failed.Stderr) != 10 {
				t.Errorf("got %v", err)
			}
		})
	}
}

// fifo returns the path of a FIFO. Whoever reads from it sees its end when the last
// process that has it open is gone.
func fifo(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "alive")
	if err := syscall.Mkfifo(name, 0o600); err != nil {
		t.Skipf("no FIFOs here: %v", err)
	}
	return name
}

// No process is left when the caller gives up.
func TestCancel(t *testing.T) {
	alive := fifo(t)
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan error, 1)
	go func() {
		f, err := os.Open(alive)
		if err != nil {
			gone <- err
			return
		}
		defer f.Close()
		r := bufio.NewReader(f)
		_, err = r.ReadString('\n')
		cancel()
		if err == nil {
			_, err = io.Copy(io.Discard, r)
		}
		gone <- err
	}()
	needs(t, "sh", "sleep")
	_, err := runCommand(t, ctx, inspect.Options{}, layout.Inspection{Name: "x",
		Command: []string{"sh", "-c", `exec 3>"$1"; sleep 1000 & echo ready >&3; wait`, "sh", alive}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if err := <-gone; err != nil {
		t.Error(err)
	}
}

// What a command leaves running is killed when it ends.
func TestLeftRunning(t *testing.T) {
	alive := fifo(t)
	gone := make(chan error, 1)
	go func() {
		_, err := os.ReadFile(alive)
		gone <- err
	}()
	needs(t, "sh", "sleep")
	_, err := runCommand(t, t.Context(), inspect.Options{}, layout.Inspection{Name: "x",
		Command: []string{"sh", "-c", `exec 3>"$1"; sleep 1000 & exit 0`, "sh", alive}})
	if err != nil {
		t.Error(err)
	}
	if err := <-gone; err != nil {
		t.Error(err)
	}
}

// A process that has left the group is out of reach, and the inspection fails.
func TestEscaped(t *testing.T) {
	needs(t, "sh", "setsid", "sleep")
	_, err := run(t, inspect.Options{}, `setsid sh -c 'touch "$HOME/away"; exec sleep 4' & while ! test -e "$HOME/away"; do :; done`)
	if !errors.Is(err, inspect.CodeProcess) {
		t.Errorf("got %v", err)
	}
}

func TestCanceledBefore(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := runCommand(t, ctx, inspect.Options{}, layout.Inspection{Name: "x", Command: []string{"true"}}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// Links and what is neither file nor folder are refused on both sides.
func TestNotRegular(t *testing.T) {
	secret := filepath.Join(plant(t, map[string]string{"secret": "secret"}), "secret")
	for _, c := range []struct {
		name string
		make func(dir string) error
	}{
		{"link to a file outside", func(dir string) error { return os.Symlink(secret, filepath.Join(dir, "link")) }},
		{"link to a file inside", func(dir string) error { return os.Symlink("app", filepath.Join(dir, "link")) }},
		{"link to a folder", func(dir string) error { return os.Symlink("/", filepath.Join(dir, "link")) }},
		{"dangling link", func(dir string) error { return os.Symlink("nowhere", filepath.Join(dir, "link")) }},
		{"FIFO", func(dir string) error { return syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o600) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := plant(t, map[string]string{"app": "app"})
			if err := c.make(dir); err != nil {
				t.Skip(err)
			}
			for _, products := range []fs.FS{open(t, dir), os.DirFS(dir)} {
				if _, err := run(t, inspect.Options{Products: products}, "true"); !errors.Is(err, inspect.CodeProducts) {
					t.Errorf("got %v", err)
				}
			}
		})
	}
	for name, script := range map[string]string{
		"link":             "ln -s app link",
		"link outside":     "ln -s " + secret + " link",
		"FIFO":             "mkfifo fifo",
		"folder is a link": "cd ..; mv work other; ln -s / work",
		"folder is gone":   "cd ..; rm -r work",
		"other folder":     "cd ..; mv work other; mkdir work; echo >work/fake",
	} {
		t.Run("left by the command: "+name, func(t *testing.T) {
			if result, err := run(t, inspect.Options{}, script); !errors.Is(err, inspect.CodeProducts) || result.Products != nil {
				t.Errorf("got %v, %v", texts(result.Products), err)
			}
		})
	}
	if data, err := os.ReadFile(secret); err != nil || string(data) != "secret" {
		t.Errorf("the file outside is %q, %v", data, err)
	}
}

func TestProducts(t *testing.T) {
	temp := t.TempDir()
	for _, c := range []struct {
		name string
		opts inspect.Options
		want verify.Code
	}{
		{"none", inspect.Options{Products: fstest.MapFS{}}, inspect.CodeProducts},
		{"only a folder", inspect.Options{Products: fstest.MapFS{"sub": {Mode: fs.ModeDir}}}, inspect.CodeProducts},
		{"unreadable", inspect.Options{Products: os.DirFS(filepath.Join(temp, "missing"))}, inspect.CodeProducts},
		{"a file", inspect.Options{Products: os.DirFS(filepath.Join(plant(t, map[string]string{"f": ""}), "f"))}, inspect.CodeProducts},
		{"too many", inspect.Options{MaxFiles: 2}, inspect.CodeLimit},
		{"too large", inspect.Options{MaxBytes: 8}, inspect.CodeLimit},
		{"just enough", inspect.Options{MaxFiles: 3, MaxBytes: 9}, ""},
		{"with the temporary folder inside", inspect.Options{Products: os.DirFS(temp), Temp: temp}, inspect.CodeOptions},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := run(t, c.opts, "true")
			if c.want == "" && err != nil || c.want != "" && !errors.Is(err, c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	// The copy itself stops, and not only what is measured afterwards.
	if _, err := run(t, inspect.Options{MaxFiles: 2}, "true"); err == nil || !strings.Contains(err.Error(), "more than 2 files and folders") {
		t.Errorf("got %v", err)
	}
	for name, script := range map[string]string{"many": "touch a b", "large": "printf 1234567 >app"} {
		if _, err := run(t, inspect.Options{MaxFiles: 4, MaxBytes: 12}, script); !errors.Is(err, inspect.CodeLimit) {
			t.Errorf("%s left: %v", name, err)
		}
	}
}

func TestSublayouts(t *testing.T) {
	in := layout.Inspection{Name: "x", Command: []string{"sh", "-c", "true"}, Sublayout: []string{"build"}}
	needs(t, "sh")
	if _, err := runCommand(t, t.Context(), inspect.Options{}, in); !errors.Is(err, layout.CodeInspection) {
		t.Errorf("got %v", err)
	}
	if _, err := runCommand(t, t.Context(), inspect.Options{Sublayouts: true}, in); err != nil {
		t.Error(err)
	}
}

func TestOptions(t *testing.T) {
	products := fstest.MapFS{"app": {}}
	temp := t.TempDir()
	for name, opts := range map[string]inspect.Options{
		"no products":      {Temp: temp},
		"no folder":        {Products: products},
		"relative folder":  {Products: products, Temp: "."},
		"missing folder":   {Products: products, Temp: filepath.Join(temp, "missing")},
		"relative path":    {Products: products, Temp: temp, Path: "/bin:."},
		"empty path":       {Products: products, Temp: temp, Path: "/bin:"},
		"negative timeout": {Products: products, Temp: temp, Timeout: -1},
		"negative output":  {Products: products, Temp: temp, OutputBytes: -1},
		"negative files":   {Products: products, Temp: temp, MaxFiles: -1},
		"negative bytes":   {Products: products, Temp: temp, MaxBytes: -1},
		"weak algorithm":   {Products: products, Temp: temp, Algorithms: []hash.Algorithm{hash.MD5}},
	} {
		if r, err := inspect.New(opts); !errors.Is(err, inspect.CodeOptions) || r != nil {
			t.Errorf("%s: got %v, %v", name, r, err)
		}
	}
	var none *inspect.Runner
	for _, r := range []*inspect.Runner{none, new(inspect.Runner)} {
		if _, err := r.Run(t.Context(), layout.Inspection{Name: "x", Command: []string{"true"}}); !errors.Is(err, inspect.CodeOptions) {
			t.Errorf("got %v", err)
		}
	}
}

// signed returns a layout with one step and one inspection, and its link.
func signed(t testing.TB, name, content string, command []string) ([]byte, provenance.KeySet, layout.LinkSource) {
	t.Helper()
	private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	key, err := provenance.NewKey(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	keys, err := provenance.NewKeySet(1, key)
	if err != nil {
		t.Fatal(err)
	}
	const id = "0707070707070707070707070707070707070707070707070707070707070707"
	payload, err := json.Marshal(map[string]any{
		"_type": "layout", "expires": "2030-01-01T00:00:00Z", "readme": "",
		"keys": map[string]any{id: map[string]any{"keytype": "ed25519", "scheme": "ed25519", "keyval": map[string]any{"public": hex.EncodeToString(private.Public().(ed25519.PublicKey))}}},
		"steps": []any{map[string]any{"_type": "step", "name": "build", "threshold": 1, "pubkeys": []string{id},
			"expected_materials": [][]string{}, "expected_products": [][]string{}, "expected_command": []string{}}},
		"inspect": []any{map[string]any{"_type": "inspection", "name": "untar", "run": command,
			"expected_materials": [][]string{{"MATCH", name, "WITH", "PRODUCTS", "FROM", "build"}, {"DISALLOW", "*"}},
			"expected_products":  [][]string{{"ALLOW", name}, {"REQUIRE", "hello"}, {"ALLOW", "hello"}, {"DISALLOW", "*"}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	envelope, err := provenance.Sign(provenance.PayloadType, payload, private)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := hash.MeasureTree(t.Context(), plant(t, map[string]string{name: content}), nil)
	if err != nil {
		t.Fatal(err)
	}
	link, err := layout.Record(layout.Recording{Step: "build", Products: tree}, private)
	if err != nil {
		t.Fatal(err)
	}
	return envelope, keys, layout.Envelopes(link)
}

// A layout is accepted only when its inspection was run and found what it should.
func TestVerify(t *testing.T) {
	needs(t, "tar")
	archive := func(files map[string]string) string {
		cmd := exec.Command("tar", append([]string{"-cf", "-"}, slices.Sorted(maps.Keys(files))...)...)
		cmd.Dir = plant(t, files)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	good := archive(map[string]string{"hello": "hello"})
	extra := archive(map[string]string{"hello": "hello", "evil": "evil"})
	for _, c := range []struct {
		name             string
		recorded, onDisk string
		command          []string
		want             verify.Code
		text             string
	}{
		{"good", good, good, []string{"tar", "xf", "app.tar"}, "", ""},
		{"another file on disk", good, extra, []string{"tar", "xf", "app.tar"}, layout.CodeRule, "app.tar"},
		{"an extra file in the archive", extra, extra, []string{"tar", "xf", "app.tar"}, layout.CodeRule, "evil"},
		{"command fails", good, good, []string{"tar", "xf", "missing.tar"}, inspect.CodeExit, "missing.tar"},
		{"command is missing", good, good, []string{"no-such-program"}, inspect.CodeStart, "no-such-program"},
		{"command does nothing", good, good, []string{"tar", "tf", "app.tar"}, layout.CodeRule, "hello"},
	} {
		t.Run(c.name, func(t *testing.T) {
			envelope, keys, links := signed(t, "app.tar", c.recorded, c.command)
			temp := t.TempDir()
			r, err := inspect.New(inspect.Options{Products: fstest.MapFS{"app.tar": {Data: []byte(c.onDisk)}}, Temp: temp})
			if err != nil {
				t.Fatal(err)
			}
			_, err = layout.Verify(t.Context(), envelope, keys, links, layout.Options{Time: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC), Runner: r})
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			rejected, ok := errors.AsType[*verify.RejectedError](err)
			if !ok || !errors.Is(err, c.want) || !strings.Contains(rejected.Report.String(), c.text) {
				t.Errorf("got %v", err)
			}
		})
	}
}

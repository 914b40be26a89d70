// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/tallystick/tallystick/tuf/tuftest"
)

// The test binary is the program too, so that a test can start and interrupt it.
func TestMain(m *testing.M) {
	if os.Getenv("UPDATECLIENT_IS_THE_PROGRAM") != "" {
		main()
	}
	os.Exit(m.Run())
}

// A place is a repository, a server and the folders of one user.
type place struct {
	*tuftest.Repository
	t      *testing.T
	server *httptest.Server
	dir    string

	mu     sync.Mutex
	handle http.HandlerFunc // instead of the repository, if it is not nil
}

func newPlace(t *testing.T) *place {
	t.Helper()
	p := &place{Repository: tuftest.New(nil), t: t, dir: t.TempDir()}
	p.AddTarget("dist/app.tar.gz", []byte("the release"))
	p.Publish()
	p.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		handle := p.handle
		p.mu.Unlock()
		if handle == nil {
			handle = p.ServeHTTP
		}
		handle(w, r)
	}))
	t.Cleanup(p.server.Close)
	p.write("root.json", p.Root())
	return p
}

func (p *place) setHandler(h http.HandlerFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.handle = h
}

func (p *place) write(name string, data []byte) string {
	p.t.Helper()
	name = filepath.Join(p.dir, name)
	if err := os.WriteFile(name, data, 0o666); err != nil {
		p.t.Fatal(err)
	}
	return name
}

func (p *place) output() string { return filepath.Join(p.dir, "out") }

func (p *place) args(more ...string) []string {
	return append([]string{"-metadata-url", p.server.URL + "/metadata", "-targets-url", p.server.URL + "/targets",
		"-root", filepath.Join(p.dir, "root.json"), "-cache", filepath.Join(p.dir, "cache"),
		"-target", "dist/app.tar.gz", "-o", p.output()}, more...)
}

func start(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = run(t.Context(), args, &out, &errs)
	return status, out.String(), errs.String()
}

// want fails unless the program ends with a status and says something.
func want(t *testing.T, wantStatus int, say string, args ...string) (stdout string) {
	t.Helper()
	status, stdout, stderr := start(t, args...)
	if status != wantStatus || !strings.Contains(stdout+stderr, say) {
		t.Fatalf("status %d, want %d and %q\n%s\n%s", status, wantStatus, say, stdout, stderr)
	}
	return stdout
}

func (p *place) wantOutput(content string) {
	p.t.Helper()
	data, err := os.ReadFile(p.output())
	if content == "" {
		if !os.IsNotExist(err) {
			p.t.Errorf("there is an output: %q, %v", data, err)
		}
		return
	}
	if err != nil || string(data) != content {
		p.t.Errorf("output %q, %v, want %q", data, err, content)
	}
}

// A report is what users of -json rely on.
type report struct {
	Schema, Verdict string
	Subject         struct {
		Name    string
		Size    int64
		Digests map[string]string
	}
	Codes      []string
	NotCovered []string
}

func parse(t *testing.T, stdout string) report {
	t.Helper()
	var r report
	if err := json.Unmarshal([]byte(stdout), &r); err != nil {
		t.Fatalf("%v: %s", err, stdout)
	}
	return r
}

func TestUpdate(t *testing.T) {
	p := newPlace(t)
	want(t, exitAccepted, "accepted "+p.output()+": 11 bytes, sha256:", p.args()...)
	p.wantOutput("the release")
	r := parse(t, want(t, exitAccepted, "", p.args("-json")...))
	if r.Schema != "tallystick/report/v1" || r.Verdict != "accepted" || r.Subject.Name != "dist/app.tar.gz" || r.Subject.Size != 11 || len(r.Subject.Digests["sha256"]) != 64 {
		t.Errorf("%+v", r)
	}

	p.AddTarget("dist/app.tar.gz", []byte("the next release"))
	p.Publish()
	want(t, exitAccepted, "16 bytes", p.args()...)
	p.wantOutput("the next release")

	// The output of a run without -o is in the working directory.
	t.Chdir(t.TempDir())
	args := p.args()
	want(t, exitAccepted, "accepted app.tar.gz", args[:len(args)-2]...)
	if _, err := os.Stat("app.tar.gz"); err != nil {
		t.Error(err)
	}
}

func TestRejected(t *testing.T) {
	p := newPlace(t)
	want(t, exitAccepted, "", p.args()...)
	p.AddTarget("dist/app.tar.gz", []byte("the next release"))
	p.Publish()
	for _, a := range []struct {
		attack tuftest.Attack
		code   string
	}{
		{tuftest.WrongTarget, "tuf/hash"},
		{tuftest.EndlessTarget, "tuf/length"},
		{tuftest.ForgedMetadata, "tuf/signature-threshold"},
		{tuftest.Rollback, "tuf/rollback"},
	} {
		if err := p.Attack(a.attack); err != nil {
			t.Fatal(err)
		}
		r := parse(t, want(t, exitRejected, "", p.args("-json")...))
		if r.Verdict != "rejected" || !slices.Contains(r.Codes, a.code) {
			t.Errorf("%s: %+v", a.attack, r)
		}
		want(t, exitRejected, "because of "+a.code, p.args()...)
		p.wantOutput("the release") // the old one stays
	}
	if err := p.Attack(tuftest.Honest); err != nil {
		t.Fatal(err)
	}
	want(t, exitRejected, "tuf/expired", p.args("-at", "2999-01-01T00:00:00Z")...)
	args := p.args()
	args[slices.Index(args, "dist/app.tar.gz")] = "no/such"
	want(t, exitRejected, "tuf/target-not-found", args...)
}

func TestFailed(t *testing.T) {
	p := newPlace(t)
	for _, test := range []struct {
		say  string
		args []string
	}{
		{"no -root", nil},
		{"unexpected argument", p.args("x")},
		{"flag provided but not defined", []string{"-x"}},
		{"no -cache", []string{"-root", "x"}},
		{"no -target", []string{"-root", "x", "-cache", "x"}},
		{"no -metadata-url and no -map", []string{"-root", "x", "-cache", "x", "-target", "x"}},
		{"no -targets-url", []string{"-root", "x", "-cache", "x", "-target", "x", "-metadata-url", "x"}},
		{"more than one -root", p.args("-root", "x")},
		{"no -metadata-url and -targets-url", p.args("-map", "x")},
		{"want NAME=FILE", []string{"-map", "x", "-root", "x", "-cache", "x", "-target", "x"}},
		{"two roots", []string{"-map", "x", "-root", "a=x", "-root", "a=y", "-cache", "x", "-target", "x"}},
		{"-root without a file", []string{"-map", "x", "-root", "a=", "-cache", "x", "-target", "x"}},
		{"are for -map", p.args("-targets-path", "x")},
		{"no -o", []string{"-root", "x", "-cache", "x", "-target", "x/..", "-metadata-url", "x", "-targets-url", "x"}},
		{"no such time", p.args("-at", "0001-01-01T00:00:00Z")},
		{"-timeout is negative", p.args("-timeout", "-1s")},
		{"tuf/config", p.args("-retries", "-1")},
		{"no such file", []string{"-map", filepath.Join(p.dir, "none"), "-root", "a=x", "-cache", "x", "-target", "x"}},
		{"no such file", append(p.args(), "-o", filepath.Join(p.dir, "none", "out"))},
		{"tuf/offline", p.args("-offline", "-cache", filepath.Join(p.dir, "empty"))},
	} {
		want(t, exitFailed, test.say, test.args...)
	}
	p.setHandler(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	want(t, exitFailed, "tuf/transport", p.args()...)
	p.setHandler(nil)
	if err := p.Attack(tuftest.Slow); err != nil {
		t.Fatal(err)
	}
	want(t, exitFailed, "not done within 100ms", p.args("-timeout", "100ms")...)
	p.wantOutput("")
	want(t, exitAccepted, "", "-h")
}

func TestOffline(t *testing.T) {
	p := newPlace(t)
	want(t, exitAccepted, "", p.args()...)
	p.server.Close()
	r := parse(t, want(t, exitAccepted, "", p.args("-offline", "-json")...))
	if r.Verdict != "accepted" || len(r.NotCovered) != 1 {
		t.Errorf("%+v", r)
	}
	p.write("out", []byte("THE RELEASE"))
	want(t, exitFailed, "tuf/offline", p.args("-offline")...)
}

func TestRetries(t *testing.T) {
	p := newPlace(t)
	var once sync.Once
	p.setHandler(func(w http.ResponseWriter, r *http.Request) {
		failed := false
		once.Do(func() { w.WriteHeader(http.StatusServiceUnavailable); failed = true })
		if !failed {
			p.ServeHTTP(w, r)
		}
	})
	want(t, exitAccepted, "", p.args("-retries", "1")...)
	p.wantOutput("the release")
}

func TestMap(t *testing.T) {
	p := newPlace(t)
	other := tuftest.New(nil)
	other.AddTarget("dist/app.tar.gz", []byte("the release"))
	other.Publish()
	down := false
	p.setHandler(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/vendor/"):
			http.StripPrefix("/vendor", p.Repository).ServeHTTP(w, r)
		case down:
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			http.StripPrefix("/auditor", other).ServeHTTP(w, r)
		}
	})
	mapFile := p.write("map.json", fmt.Appendf(nil, `{"repositories": {"vendor": [%q], "auditor": [%q]},
		"mapping": [{"paths": ["dist/*"], "repositories": ["vendor", "auditor"], "threshold": 2, "terminating": true}]}`,
		p.server.URL+"/vendor", p.server.URL+"/auditor"))
	args := []string{"-map", mapFile, "-root", "vendor=" + filepath.Join(p.dir, "root.json"), "-root", "auditor=" + p.write("other.json", other.Root()),
		"-cache", filepath.Join(p.dir, "cache"), "-target", "dist/app.tar.gz", "-o", p.output(), "-metadata-path", "metadata"}
	want(t, exitAccepted, "accepted", args...)
	p.wantOutput("the release")

	other.AddTarget("dist/app.tar.gz", []byte("the next release"))
	other.Publish()
	r := parse(t, want(t, exitRejected, "", append(args, "-json")...))
	if r.Verdict != "rejected" || r.Codes[0] != "verify/conflict" {
		t.Errorf("%+v", r)
	}
	p.wantOutput("the release")

	down = true
	stdout := want(t, exitFailed, "tuf/map-threshold", args...)
	if !strings.HasPrefix(stdout, "REJECTED") || !strings.Contains(stdout, `repository "auditor"`) {
		t.Errorf("no report of who could not be asked:\n%s", stdout)
	}
}

// pattern writes content of which each part is another.
func pattern(t *testing.T, name string, size int) {
	t.Helper()
	var b bytes.Buffer
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, "%015d\n", i)
	}
	if err := os.WriteFile(name, b.Bytes()[:size], 0o666); err != nil {
		t.Fatal(err)
	}
}

// Ctrl-C in the middle of a download, and then the rest.
func TestInterrupted(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a process cannot be sent an interrupt there")
	}
	const size, sent = 48 << 20, 32 << 20 // far more than is under way between the two ends
	p := newPlace(t)
	big := filepath.Join(p.dir, "big")
	pattern(t, big, size)
	if err := p.Add("targets", tuftest.Target{Path: "dist/app.tar.gz", File: big}); err != nil {
		t.Fatal(err)
	}
	p.Publish()
	half := make(chan bool, 1)
	p.setHandler(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, tuftest.TargetsPath) {
			p.ServeHTTP(w, r)
			return
		}
		f, err := os.Open(big)
		if err != nil {
			t.Error(err)
			return
		}
		defer f.Close()
		w.Header().Set("Content-Length", strconv.Itoa(size))
		if _, err := io.CopyN(w, f, sent); err != nil {
			t.Error(err)
		}
		half <- true
		<-r.Context().Done()
	})
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := func() (*exec.Cmd, *bytes.Buffer) {
		c := exec.CommandContext(t.Context(), program, p.args()...)
		c.Env = append(os.Environ(), "UPDATECLIENT_IS_THE_PROGRAM=1")
		var out bytes.Buffer
		c.Stdout, c.Stderr = &out, &out
		return c, &out
	}
	c, out := command()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	<-half
	if err := c.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	c.Wait()
	if status := c.ProcessState.ExitCode(); status != exitFailed || !strings.Contains(out.String(), "tuf/canceled") {
		t.Fatalf("status %d: %s", status, out)
	}
	p.wantOutput("")

	ranges := make(chan string, 2)
	p.setHandler(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, tuftest.TargetsPath) {
			ranges <- r.Header.Get("Range")
		}
		p.ServeHTTP(w, r)
	})
	c, out = command()
	if err := c.Run(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var from int
	if _, err := fmt.Sscanf(<-ranges, "bytes=%d-", &from); err != nil || from < 1<<20 || from > sent {
		t.Errorf("it goes on from byte %d: %v", from, err)
	}
	if len(ranges) > 0 {
		t.Error("more than one request for the rest")
	}
	got, err := os.ReadFile(p.output())
	if err != nil {
		t.Fatal(err)
	}
	if all, err := os.ReadFile(big); err != nil || !bytes.Equal(got, all) {
		t.Errorf("the file is wrong: %d bytes, %v", len(got), err)
	}
	left, err := filepath.Glob(filepath.Join(p.dir, ".tallystick-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestMeter(t *testing.T) {
	var b bytes.Buffer
	if m := newMeter(&b, false); m.w != nil {
		t.Error("progress is shown where there is no terminal")
	}
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if m := newMeter(null, false); m.w != nil {
		t.Error("progress is shown on the null device")
	}
	m := &meter{}
	m.show("path", 1, 2) // to no harm
	m.finish()
	m = &meter{w: &b}
	m.show("pa\x1b[31mth", 10<<20, 20<<20)
	m.show("pa\x1b[31mth", 1<<20, 20<<20) // it began again
	m.finish()
	if !strings.Contains(b.String(), "downloading") || strings.Contains(b.String(), "pa\x1b") {
		t.Errorf("shown: %q", b.String())
	}
}

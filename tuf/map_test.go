// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package tuf_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/tuf"
	"github.com/tallystick/tallystick/tuf/tuftest"
	"github.com/tallystick/tallystick/verify"
	"github.com/tallystick/tallystick/verify/verifytest"
)

// A mapFixture is several repositories on one server, each below its name.
type mapFixture struct {
	t       *testing.T
	repos   map[string]*tuftest.Repository
	server  *httptest.Server
	config  tuf.MapConfig
	entries []entry
	urls    map[string][]string

	mu   sync.Mutex
	down map[string]bool // first elements of paths that answer with 503
	hits map[string]int
	then func() // called for each request
}

// An entry is a mapping.
type entry struct {
	Paths        []string `json:"paths"`
	Repositories []string `json:"repositories"`
	Threshold    int      `json:"threshold"`
	Terminating  bool     `json:"terminating"`
}

func newMapFixture(t *testing.T, names ...string) *mapFixture {
	t.Helper()
	f := &mapFixture{t: t, repos: map[string]*tuftest.Repository{}, urls: map[string][]string{}, down: map[string]bool{}, hits: map[string]int{}}
	f.server = httptest.NewServer(f)
	t.Cleanup(f.server.Close)
	f.config = tuf.MapConfig{Roots: map[string][]byte{}, Dir: filepath.Join(t.TempDir(), "cache"), MetadataPath: "metadata"}
	for _, name := range names {
		f.add(name, tuftest.New(&tuftest.Options{Seed: []byte(t.Name() + name), Time: start}))
	}
	return f
}

func (f *mapFixture) add(name string, repo *tuftest.Repository) {
	repo.Publish()
	f.repos[name] = repo
	f.config.Roots[name] = repo.Root()
	f.urls[name] = []string{f.server.URL + "/" + name}
}

// put publishes the same target in some repositories.
func (f *mapFixture) put(path, content string, names ...string) {
	for _, name := range names {
		f.repos[name].AddTarget(path, []byte(content))
		f.repos[name].Publish()
	}
}

func (f *mapFixture) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	f.mu.Lock()
	f.hits[name]++
	down, then := f.down[name], f.then
	f.mu.Unlock()
	if then != nil {
		then()
	}
	repo := f.repos[strings.TrimPrefix(name, "mirror-of-")]
	if down || repo == nil {
		http.Error(w, "down", http.StatusServiceUnavailable)
		return
	}
	http.StripPrefix("/"+name, repo).ServeHTTP(w, r)
}

func (f *mapFixture) setDown(names ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.down)
	for _, n := range names {
		f.down[n] = true
	}
}

func (f *mapFixture) onRequest(then func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.then = then
}

// requests returns how many there were to each of these first elements of paths.
func (f *mapFixture) requests(names ...string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, name := range names {
		n += f.hits[name]
	}
	return n
}

func (f *mapFixture) mapJSON() []byte {
	data, err := json.Marshal(map[string]any{"repositories": f.urls, "mapping": f.entries})
	if err != nil {
		f.t.Fatal(err)
	}
	return data
}

func (f *mapFixture) client() *tuf.MapClient {
	f.t.Helper()
	f.config.Map = f.mapJSON()
	c, err := tuf.NewMapClient(f.config)
	if err != nil {
		f.t.Fatal(err)
	}
	return c
}

// look finds a target with a new client, as a new process would.
func (f *mapFixture) look(path string) (*tuf.MapTarget, error) {
	f.t.Helper()
	return f.client().SnapshotAt(start.Add(time.Hour)).Target(f.t.Context(), path)
}

func one(threshold int, terminating bool, names ...string) []entry {
	return []entry{{[]string{"*"}, names, threshold, terminating}}
}

// Who wins where, by the repositories in agreement or the code of the rejection.
func TestMapAgreement(t *testing.T) {
	all := []string{"A", "B", "C"}
	for _, test := range []struct {
		name    string
		content map[string]string // by repository; none means it is not listed
		down    []string
		entries []entry
		want    string // repositories joined by a space, or
		code    verify.Code
	}{
		{"threshold 2 of 2", map[string]string{"A": "x", "B": "x"}, nil, one(2, true, "A", "B"), "A B", ""},
		{"threshold 2 of 2, one differs", map[string]string{"A": "x", "B": "y"}, nil, one(2, true, "A", "B"), "", verify.CodeConflict},
		{"threshold 2 of 2, one differs in length", map[string]string{"A": "x", "B": "yy"}, nil, one(2, true, "A", "B"), "", verify.CodeConflict},
		{"threshold 2 of 2, one does not list it", map[string]string{"A": "x"}, nil, one(2, true, "A", "B"), "", tuf.CodeMapThreshold},
		{"threshold 2 of 2, none lists it", nil, nil, one(2, true, "A", "B"), "", tuf.CodeTargetNotFound},
		{"threshold 2 of 2, one down", map[string]string{"A": "x", "B": "x"}, []string{"B"}, one(2, true, "A", "B"), "", tuf.CodeMapThreshold},
		{"threshold 2 of 3, the first dissents", map[string]string{"A": "y", "B": "x", "C": "x"}, nil, one(2, true, all...), "B C", ""},
		{"threshold 2 of 3, the second dissents", map[string]string{"A": "x", "B": "y", "C": "x"}, nil, one(2, true, all...), "A C", ""},
		{"threshold 2 of 3, one down", map[string]string{"A": "x", "B": "x", "C": "x"}, []string{"A"}, one(2, true, all...), "B C", ""},
		{"threshold 2 of 3, one without it", map[string]string{"B": "x", "C": "x"}, nil, one(2, true, all...), "B C", ""},
		{"threshold 2 of 3, all differ", map[string]string{"A": "x", "B": "y", "C": "z"}, nil, one(2, true, all...), "", verify.CodeConflict},
		{"threshold 3 of 3, one dissents", map[string]string{"A": "x", "B": "x", "C": "z"}, nil, one(3, true, all...), "", verify.CodeConflict},
		{"threshold 1, in order", map[string]string{"A": "x", "B": "y"}, nil, one(1, true, "B", "A"), "B", ""},
		{"threshold 1, the first has none", map[string]string{"A": "x"}, nil, one(1, true, "B", "A"), "A", ""},
		{"threshold 1, the first is down", map[string]string{"A": "x", "B": "y"}, []string{"B"}, one(1, true, "B", "A"), "A", ""},
		{"a name twice counts once", map[string]string{"A": "x", "B": "x"}, nil, one(2, true, "A", "A", "B"), "A B", ""},

		{"the next mapping", map[string]string{"B": "x"}, nil, append(one(1, false, "A"), one(1, true, "B")...), "B", ""},
		{"terminating", map[string]string{"B": "x"}, nil, append(one(1, true, "A"), one(1, true, "B")...), "", tuf.CodeTargetNotFound},
		{"the next mapping after a conflict", map[string]string{"A": "x", "B": "y", "C": "z"}, nil, append(one(2, false, "A", "B"), one(1, true, "C")...), "C", ""},
		{"terminating at a conflict", map[string]string{"A": "x", "B": "y", "C": "z"}, nil, append(one(2, true, "A", "B"), one(1, true, "C")...), "", verify.CodeConflict},
		{"no next mapping after a line was cut", map[string]string{"A": "x", "B": "y"}, []string{"A"}, append(one(1, false, "A"), one(1, true, "B")...), "", tuf.CodeMapThreshold},
		{"the order of mappings", map[string]string{"A": "x", "B": "y"}, nil, append(one(1, true, "B"), one(1, true, "A")...), "B", ""},
		{"only mappings that match", map[string]string{"A": "x", "B": "y"}, nil,
			[]entry{{[]string{"other/*", "*.zip"}, []string{"A"}, 1, true}, {[]string{"no", "app.*"}, []string{"B"}, 1, true}}, "B", ""},
		{"no mapping matches", map[string]string{"A": "x"}, nil, []entry{{[]string{"other/*"}, []string{"A"}, 1, true}}, "", tuf.CodeTargetNotFound},
		{"the last mapping is not terminating", map[string]string{"B": "x"}, nil, one(1, false, "A"), "", tuf.CodeTargetNotFound},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newMapFixture(t, all...)
			for name, content := range test.content {
				f.put("app.tar", content, name)
			}
			f.setDown(test.down...)
			f.entries = test.entries
			target, err := f.look("app.tar")
			if test.code != "" {
				want(t, err, test.code, false)
				if target != nil {
					t.Errorf("a target beside %v", err)
				}
				if _, ok := errors.AsType[*verify.Error](err); ok != (test.down != nil) {
					t.Errorf("caused by a failure: %t: %v", ok, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(target.Repositories(), " "); got != test.want {
				t.Errorf("agreement of %s, want %s", got, test.want)
			}
			content := test.content[target.Repositories()[0]]
			a := verifytest.Artifact(t, "app.tar", content, hash.SHA256)
			verifytest.TestClaim(t, target, a)
			if target.Path() != "app.tar" || target.Length() != int64(len(content)) {
				t.Errorf("%s of %d bytes", target.Path(), target.Length())
			}
			if n := len(target.Issuers()); n != len(target.Repositories()) {
				t.Errorf("%d issuers: %v", n, target.Issuers())
			}
			if !target.Evidence().Time.Equal(start.Add(time.Hour)) {
				t.Errorf("evidence as of %v", target.Evidence().Time)
			}
		})
	}
}

// lines returns the lines of a report about repositories, by name.
func lines(checks []verify.Check, into map[string]verify.Check) map[string]verify.Check {
	if into == nil {
		into = map[string]verify.Check{}
	}
	for _, c := range checks {
		if name, ok := strings.CutPrefix(c.What, "repository "); ok {
			into[strings.Trim(name, `"`)] = c
		}
		lines(c.Checks, into)
	}
	return into
}

// Each repository's answer is in the evidence, and in the report of a rejection.
func TestMapReport(t *testing.T) {
	f := newMapFixture(t, "A", "B", "C", "D", "E", "F", "G")
	f.put("app", "x", "C", "E", "F", "G")
	f.put("app", "y", "B")
	f.setDown("A")
	f.entries = one(2, true, "A", "B", "D", "C", "E", "F")
	target, err := f.look("app")
	if err != nil {
		t.Fatal(err)
	}
	e := target.Evidence()
	got := lines(e.Check.Checks, nil)
	for name, want := range map[string]verify.Check{
		"A": {Code: tuf.CodeRepository, Status: verify.Fail},
		"B": {Code: verify.CodeConflict, Status: verify.Fail},
		"D": {Code: tuf.CodeTargetNotFound, Status: verify.Fail},
		"C": {Code: tuf.CodeRepository, Status: verify.Pass},
		"E": {Code: tuf.CodeRepository, Status: verify.Pass},
		"F": {Code: tuf.CodeRepository, Status: verify.NotRun},
	} {
		if c := got[name]; c.Code != want.Code || c.Status != want.Status {
			t.Errorf("repository %s: %s %s, want %s %s", name, c.Code, c.Status, want.Code, want.Status)
		}
	}
	if _, ok := got["G"]; ok {
		t.Error("a repository of no mapping is in the evidence")
	}
	if f.requests("F", "G") > 0 {
		t.Error("repositories were asked that no mapping needed")
	}
	if !strings.Contains(got["B"].Found, "1 bytes, sha256:") || !strings.Contains(got["B"].Expected, `repository "C"`) {
		t.Errorf("the dissenter: %+v", got["B"])
	}
	if text := (&verify.Report{Checks: []verify.Check{e.Check}}).String(); !strings.Contains(text, "HTTP status 503") || !strings.Contains(text, "outvoted") {
		t.Errorf("the report does not show who failed and who dissented:\n%s", text)
	}

	// Who wants every disagreement to reject, gives all answers.
	a := verifytest.Artifact(t, "app", "x", hash.SHA256)
	if _, err := verify.Artifact(a, verify.CoveredBy(target), target); err != nil {
		t.Error(err)
	}
	claims := []verify.Claim{target}
	var names []string
	for _, answer := range target.Answers() {
		claims = append(claims, answer.Target)
		names = append(names, answer.Repository)
	}
	if !slices.Equal(names, []string{"B", "C", "E"}) {
		t.Errorf("answers of %v", names)
	}
	_, err = verify.Artifact(a, verify.CoveredBy(target), claims...)
	want(t, err, verify.CodeConflict, false)

	// Without agreement: who says what.
	f.entries = one(2, true, "A", "B", "D", "C")
	_, err = f.look("app")
	want(t, err, verify.CodeConflict, false)
	rejected, _ := errors.AsType[*verify.RejectedError](err)
	if len(rejected.Report.Conflicts) != 1 || len(rejected.Report.Conflicts[0].Sides) != 2 ||
		rejected.Report.Conflicts[0].Sides[0].Issuers[0].Name != `"B" targets` || rejected.Report.Conflicts[0].Sides[1].Issuers[0].Name != `"C" targets` {
		t.Errorf("conflicts: %v", rejected.Report.Conflicts)
	}
	if got := lines(rejected.Report.Checks, nil); len(got) != 4 || got["A"].Status != verify.Fail || got["B"].Status != verify.Pass {
		t.Errorf("answers: %v", got)
	}
	if !errors.Is(err, tuf.CodeTransport) {
		t.Errorf("does not say that a repository is down: %v", err)
	}
	if !rejected.Report.Time.Equal(start.Add(time.Hour)) {
		t.Errorf("report as of %v", rejected.Report.Time)
	}
}

// Content of the same digest and another length is a contradiction too.
func TestMapLength(t *testing.T) {
	f := newMapFixture(t, "A", "B")
	f.put("app", "x", "A", "B")
	signed := strings.Replace(signedOf(t, f.repos["B"].File("2.targets.json")), `"length":1`, `"length":2`, 1)
	forged, err := f.repos["B"].Sign("targets", []byte(signed))
	if err != nil {
		t.Fatal(err)
	}
	repo := tuftest.New(&tuftest.Options{Seed: []byte(t.Name() + "B"), Time: start, VersionsOnly: true})
	repo.AddTarget("app", []byte("x"))
	repo.Publish()
	repo.Publish()
	repo.Replace("2.targets.json", forged)
	repo.Replace("1.targets.json", mustSign(t, repo, strings.Replace(signed, `"version":2`, `"version":1`, 1)))
	f.repos["B"] = repo
	f.config.Roots["B"] = repo.Root()
	f.entries = one(2, true, "A", "B")
	_, err = f.look("app")
	want(t, err, verify.CodeConflict, false)
	f.add("C", tuftest.New(&tuftest.Options{Seed: []byte(t.Name() + "C"), Time: start}))
	f.put("app", "x", "C")
	f.entries = one(2, true, "A", "B", "C")
	target, e := f.look("app")
	if e != nil {
		t.Fatal(e)
	}
	if c := lines(target.Evidence().Check.Checks, nil)["B"]; c.Code != verify.CodeConflict || c.Status != verify.Fail {
		t.Errorf("the dissenter: %+v", c)
	}
	if !strings.Contains(err.Error(), `"A" states 1 bytes`) || !strings.Contains(err.Error(), `"B" states 2 bytes`) {
		t.Error(err)
	}
}

func mustSign(t *testing.T, repo *tuftest.Repository, signed string) []byte {
	t.Helper()
	data, err := repo.Sign("targets", []byte(signed))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func signedOf(t *testing.T, file []byte) string {
	t.Helper()
	var e struct{ Signed json.RawMessage }
	if err := json.Unmarshal(file, &e); err != nil {
		t.Fatal(err)
	}
	return string(e.Signed)
}

// putHashes publishes a target with some hash algorithms.
func (f *mapFixture) putHashes(name, path, content string, algs ...hash.Algorithm) {
	f.t.Helper()
	if err := f.repos[name].Add("targets", tuftest.Target{Path: path, Content: []byte(content), Algorithms: algs}); err != nil {
		f.t.Fatal(err)
	}
	f.repos[name].Publish()
}

// Agreement is by strong hashes that are shared, of each two.
func TestMapHashes(t *testing.T) {
	f := newMapFixture(t, "A", "B", "C", "D")
	f.putHashes("A", "app", "x", hash.SHA256)
	f.putHashes("B", "app", "x", hash.SHA256, hash.SHA512)
	f.putHashes("C", "app", "x", hash.SHA512)
	f.putHashes("D", "app", "x", hash.SHA256, hash.SHA512)
	for _, test := range []struct {
		names []string
		n     int
		want  string
	}{
		{[]string{"A", "B"}, 2, "A B"},
		{[]string{"B", "C"}, 2, "B C"},
		{[]string{"A", "C"}, 2, ""},
		// A and B agree, and so do B and C; but A and C have nothing in common.
		{[]string{"A", "B", "C"}, 3, ""},
		{[]string{"A", "C", "B"}, 2, "A B"},
		{[]string{"A", "C", "B", "D"}, 3, "A B D"},
		{[]string{"C", "A", "B", "D"}, 3, "C B D"},
	} {
		f.entries = one(test.n, true, test.names...)
		target, err := f.look("app")
		if test.want == "" {
			want(t, err, tuf.CodeMapThreshold, false)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(target.Repositories(), " "); got != test.want {
			t.Errorf("%v: agreement of %s, want %s", test.names, got, test.want)
		}
	}
	// A weak hash that both have is none.
	f.putHashes("A", "weak", "x", hash.SHA256, hash.SHA1)
	f.putHashes("B", "weak", "x", hash.SHA512, hash.SHA1)
	f.entries = one(2, true, "A", "B")
	_, err := f.look("weak")
	want(t, err, tuf.CodeMapThreshold, false)
	// But one that differs is a contradiction, beside a strong one that does not.
	f.putHashes("A", "weak", "y", hash.SHA1)
	f.putHashes("B", "weak", "y", hash.SHA1)
	_, err = f.look("weak")
	want(t, err, tuf.CodeMapThreshold, false)
	if !strings.Contains(fmt.Sprint(err.(*verify.RejectedError).Report.Codes), "tuf/weak-hash") {
		t.Errorf("codes %v", err.(*verify.RejectedError).Report.Codes)
	}
}

// One of two who agree in SHA-512 may not smuggle in other content under a SHA-256
// that the other does not state.
func TestMapCoversForAll(t *testing.T) {
	f := newMapFixture(t, "A", "B")
	good, evil := "good", "evil"
	f.putHashes("B", "app", good, hash.SHA512)
	f.putHashes("A", "app", good, hash.SHA512, hash.SHA256)
	goodSum := verifytest.Artifact(t, "app", good, hash.SHA256).Digests()
	evilArtifact := verifytest.Artifact(t, "app", evil, hash.SHA256)
	a := f.repos["A"]
	g, _ := goodSum.Get(hash.SHA256)
	e, _ := evilArtifact.Digests().Get(hash.SHA256)
	repo := tuftest.New(&tuftest.Options{Seed: []byte(t.Name() + "A"), Time: start, VersionsOnly: true})
	repo.AddTarget("app", []byte(good))
	repo.Publish()
	signed := strings.Replace(signedOf(t, a.File("2.targets.json")), g.Hex(), e.Hex(), 1)
	repo.Replace("1.targets.json", mustSign(t, repo, strings.Replace(signed, `"version":2`, `"version":1`, 1)))
	f.repos["A"], f.config.Roots["A"] = repo, repo.Root()
	f.entries = one(2, true, "B", "A")
	target, err := f.look("app")
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(target.Repositories(), " "); got != "B A" {
		t.Fatalf("agreement of %s", got)
	}
	if err := target.Covers(evilArtifact); err == nil {
		t.Error("covers what one of them alone states")
	}
	if _, err := verify.Artifact(evilArtifact, verify.CoveredBy(target), target); err == nil {
		t.Error("accepted")
	}
	// Nor is the good one taken, of which one of them says something else.
	client := f.client()
	target, err = client.SnapshotAt(start.Add(time.Hour)).Target(t.Context(), "app")
	if err != nil {
		t.Fatal(err)
	}
	dst := filepath.Join(t.TempDir(), "app")
	_, err = client.Download(t.Context(), target, dst)
	want(t, err, tuf.CodeHash, false)
	if _, err := os.Stat(dst); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("there is a file: %v", err)
	}
	// A contradiction of one counts more than the silence of another.
	if err := target.Covers(verifytest.Artifact(t, "app", "other", hash.SHA256)); !errors.Is(err, verify.CodeConflict) {
		t.Errorf("other content of this name: %v", err)
	}
	if (&tuf.MapTarget{}).Covers(evilArtifact) == nil {
		t.Error("the zero MapTarget covers something")
	}
}

// Identity is key material and no name.
func TestMapSharedKeys(t *testing.T) {
	same := func(f *mapFixture, name string) *tuftest.Repository {
		return tuftest.New(&tuftest.Options{Seed: []byte(f.t.Name() + name), Time: start})
	}
	t.Run("two names for one repository", func(t *testing.T) {
		f := newMapFixture(t, "A", "C")
		f.add("B", same(f, "A"))
		f.put("app", "x", "A", "B", "C")
		f.entries = one(2, true, "A", "B")
		_, err := f.look("app")
		want(t, err, tuf.CodeMapThreshold, false)
		if !strings.Contains(err.Error(), `repositories "A" and "B" share a key and count once`) {
			t.Error(err)
		}
		f.entries = one(2, true, "A", "B", "C")
		target, err := f.look("app")
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(target.Repositories(), " "); got != "A C" {
			t.Errorf("agreement of %s", got)
		}
		if c := lines(target.Evidence().Check.Checks, nil)["B"]; c.Status != verify.NotRun || !strings.Contains(c.Detail, `shares a key with repository "A"`) {
			t.Errorf("the repository that did not count: %+v", c)
		}
	})
	t.Run("only the root key", func(t *testing.T) {
		f := newMapFixture(t, "A")
		b := same(f, "A")
		for _, role := range []string{"timestamp", "snapshot", "targets"} {
			if err := b.SetThreshold(role, 1, 2); err != nil { // other keys
				t.Fatal(err)
			}
		}
		f.add("B", b)
		f.put("app", "x", "A", "B")
		f.entries = one(2, true, "A", "B")
		_, err := f.look("app")
		want(t, err, tuf.CodeMapThreshold, false)
	})
	// Who has the key that both had once can give each of them new ones.
	t.Run("a root key that both have rotated", func(t *testing.T) {
		f := newMapFixture(t, "A")
		b := same(f, "A")
		for _, role := range []string{"timestamp", "snapshot", "targets"} {
			if err := b.SetThreshold(role, 1, 2); err != nil {
				t.Fatal(err)
			}
		}
		f.add("B", b)
		for _, repo := range f.repos {
			if err := repo.RotateKeys("root"); err != nil {
				t.Fatal(err)
			}
		}
		f.put("app", "x", "A", "B")
		f.entries = one(2, true, "A", "B")
		for range 2 { // the second time from the cache
			_, err := f.look("app")
			want(t, err, tuf.CodeMapThreshold, false)
		}
		// Whoever trusts the new roots does not depend on the old key.
		for name, repo := range f.repos {
			f.config.Roots[name] = repo.File("2.root.json")
		}
		if _, err := f.look("app"); err != nil {
			t.Error(err)
		}
	})
	t.Run("a root key of one before a rotation, a targets key of the other", func(t *testing.T) {
		f := newMapFixture(t, "A", "B")
		f.config.Roots["A"] = withRootKey(t, f.repos["A"], 1, f.repos["B"], "targets")
		if err := f.repos["A"].RotateKeys("root"); err != nil { // to one without that key
			t.Fatal(err)
		}
		f.put("app", "x", "A", "B")
		f.entries = one(2, true, "A", "B")
		_, err := f.look("app")
		want(t, err, tuf.CodeMapThreshold, false)
	})
	t.Run("a root key that came with a rotation", func(t *testing.T) {
		f := newMapFixture(t, "A", "B")
		f.put("app", "x", "A", "B")
		f.entries = one(2, true, "A", "B")
		f.repos["A"].Replace("2.root.json", withRootKey(t, f.repos["A"], 2, f.repos["B"], "root"))
		_, err := f.look("app")
		want(t, err, tuf.CodeMapThreshold, false)
	})
	t.Run("a root key that has not signed", func(t *testing.T) {
		f := newMapFixture(t, "A", "B")
		f.put("app", "x", "A", "B")
		f.entries = one(2, true, "A", "B")
		f.config.Roots["A"] = withRootKey(t, f.repos["A"], 1, f.repos["B"], "root")
		_, err := f.look("app")
		want(t, err, tuf.CodeMapThreshold, false)
	})
	t.Run("only the targets key", func(t *testing.T) {
		f := newMapFixture(t, "A")
		b := same(f, "A")
		for _, role := range []string{"root", "timestamp", "snapshot"} {
			if err := b.SetThreshold(role, 1, 2); err != nil {
				t.Fatal(err)
			}
		}
		f.add("B", b)
		f.put("app", "x", "A", "B")
		f.entries = one(2, true, "A", "B")
		_, err := f.look("app")
		want(t, err, tuf.CodeMapThreshold, false)
	})
	t.Run("only timestamp and snapshot keys", func(t *testing.T) {
		f := newMapFixture(t, "A")
		b := same(f, "A")
		for _, role := range []string{"root", "targets"} {
			if err := b.SetThreshold(role, 1, 2); err != nil {
				t.Fatal(err)
			}
		}
		f.add("B", b)
		f.put("app", "x", "A", "B")
		f.entries = one(2, true, "A", "B")
		if _, err := f.look("app"); err != nil {
			t.Error(err)
		}
	})
}

// withRootKey returns the first root of a repository as another version, in which a
// key that another repository has for a role may sign for the root too.
func withRootKey(t *testing.T, repo *tuftest.Repository, version int, from *tuftest.Repository, role string) []byte {
	t.Helper()
	var root, other struct {
		Keys  map[string]any
		Roles map[string]*struct {
			KeyIDs    []string `json:"keyids"`
			Threshold int      `json:"threshold"`
		}
	}
	var all map[string]any
	for _, err := range []error{
		json.Unmarshal([]byte(signedOf(t, repo.Root())), &root),
		json.Unmarshal([]byte(signedOf(t, repo.Root())), &all),
		json.Unmarshal([]byte(signedOf(t, from.Root())), &other),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	id := other.Roles[role].KeyIDs[0]
	root.Keys[id] = other.Keys[id]
	root.Roles["root"].KeyIDs = append(root.Roles["root"].KeyIDs, id)
	all["version"], all["keys"], all["roles"] = version, root.Keys, root.Roles
	signed, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	data, err := repo.Sign("root", signed)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// A repository whose metadata is rejected is no vote, and says why.
func TestMapRejectedRepository(t *testing.T) {
	f := newMapFixture(t, "A", "B")
	f.put("app", "x", "A", "B")
	f.entries = one(2, false, "A", "B")
	f.entries = append(f.entries, one(1, true, "A")...)
	if _, err := f.look("app"); err != nil {
		t.Fatal(err)
	}
	f.put("app", "y", "A", "B")
	if _, err := f.look("app"); err != nil {
		t.Fatal(err)
	}
	if err := f.repos["B"].Attack(tuftest.Rollback); err != nil {
		t.Fatal(err)
	}
	_, err := f.look("app")
	want(t, err, tuf.CodeMapThreshold, false)
	if !errors.Is(err, tuf.CodeRollback) {
		t.Errorf("does not say why: %v", err.(*verify.RejectedError).Report.Codes)
	}
}

// The URLs of a repository are tried in order, for metadata and for targets.
func TestMapMirrors(t *testing.T) {
	f := newMapFixture(t, "A")
	f.put("app", "x", "A")
	f.entries = one(1, true, "A")
	mirror := f.server.URL + "/mirror-of-A"
	f.urls["A"] = append(f.urls["A"], mirror)
	c := f.client()
	target, err := c.SnapshotAt(start.Add(time.Hour)).Target(t.Context(), "app")
	if err != nil {
		t.Fatal(err)
	}
	dst := filepath.Join(t.TempDir(), "app")
	if _, err := c.Download(t.Context(), target, dst); err != nil {
		t.Fatal(err)
	}
	if f.requests("mirror-of-A") > 0 {
		t.Error("the second URL was used although the first works")
	}

	f.setDown("A")
	c = f.client()
	target, err = c.SnapshotAt(start.Add(time.Hour)).Target(t.Context(), "app")
	if err != nil {
		t.Fatal(err)
	}
	dst = filepath.Join(t.TempDir(), "app")
	a, err := c.Download(t.Context(), target, dst)
	if data, _ := os.ReadFile(dst); err != nil || string(data) != "x" || a.Name() != "app" {
		t.Errorf("%q, %v, %v", data, a, err)
	}
	if c := lines(target.Evidence().Check.Checks, nil)["A"]; c.Status != verify.Pass || len(c.Checks) != 2 || c.Checks[0].Status != verify.Fail {
		t.Errorf("the evidence does not show the URL that failed: %+v", c)
	}

	f.setDown("A", "mirror-of-A")
	_, err = f.look("app")
	want(t, err, tuf.CodeMapThreshold, false)
	if got := lines(err.(*verify.RejectedError).Report.Checks, nil)["A"]; len(got.Checks) != 2 {
		t.Errorf("not all URLs are in the report: %+v", got)
	}
	_, err = c.Download(t.Context(), target, filepath.Join(t.TempDir(), "app"))
	want(t, err, tuf.CodeTransport, true)
	f.setDown()
	if err := f.repos["A"].Attack(tuftest.WrongTarget); err != nil {
		t.Fatal(err)
	}
	_, err = c.Download(t.Context(), target, filepath.Join(t.TempDir(), "app"))
	want(t, err, tuf.CodeHash, false)
	f.setDown("A")
	_, err = c.Download(t.Context(), target, filepath.Join(t.TempDir(), "app"))
	want(t, err, tuf.CodeHash, false)
	if !errors.Is(err, tuf.CodeTransport) || !strings.Contains(fmt.Sprint(err.(*verify.RejectedError).Report), "download from "+mirror+"/targets/") {
		t.Errorf("does not say what each URL had: %v", err.(*verify.RejectedError).Report)
	}
}

// A URL that fails does not matter when the next one knows.
func TestMapMirrorWithoutTarget(t *testing.T) {
	f := newMapFixture(t, "A", "B")
	f.put("app", "x", "B")
	f.urls["A"] = append(f.urls["A"], f.server.URL+"/mirror-of-A")
	f.setDown("A")
	f.entries = one(1, false, "A")
	_, err := f.look("app")
	want(t, err, tuf.CodeTargetNotFound, false)
	if _, ok := errors.AsType[*verify.Error](err); ok {
		t.Errorf("said to be caused by a failure: %v", err)
	}
	f.entries = append(f.entries, one(1, true, "B")...)
	if _, err := f.look("app"); err != nil {
		t.Error(err)
	}
}

// To find the largest agreement is hard in general. Here each three votes share a key.
func TestMapAgreementIsBounded(t *testing.T) {
	var keys [][]string
	for i := range 63 {
		keys = append(keys, []string{fmt.Sprint(i / 3)})
	}
	if n := tuf.Agreement(63, keys...); n < 2 || n > 21 {
		t.Errorf("%d votes", n)
	}
	if n := tuf.Agreement(21, keys...); n != 21 {
		t.Errorf("%d votes, want 21", n)
	}
}

// What one repository does not have, another in agreement does; all hashes count.
func TestMapDownload(t *testing.T) {
	f := newMapFixture(t, "A", "B")
	f.putHashes("A", "dir/app", "x", hash.SHA256)
	f.putHashes("B", "dir/app", "x", hash.SHA512, hash.SHA256)
	f.entries = one(2, true, "A", "B")
	c := f.client()
	target, err := c.SnapshotAt(start.Add(time.Hour)).Target(t.Context(), "dir/app")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.repos["A"].Attack(tuftest.WrongTarget); err != nil {
		t.Fatal(err)
	}
	dst := filepath.Join(t.TempDir(), "app")
	a, err := c.Download(t.Context(), target, dst)
	if err != nil {
		t.Fatal(err)
	}
	if data, _ := os.ReadFile(dst); string(data) != "x" || a.Digests().Len() != 2 {
		t.Errorf("%q with %s", data, a.Digests())
	}
	verifytest.TestClaim(t, target, a)

	for _, wrong := range []func() error{
		func() error { _, err := c.Download(t.Context(), nil, dst); return err },
		func() error { _, err := c.Download(t.Context(), &tuf.MapTarget{}, dst); return err },
		func() error { _, err := f.client().Download(t.Context(), target, dst); return err },
		func() error { _, err := (*tuf.MapClient)(nil).Download(t.Context(), &tuf.MapTarget{}, dst); return err },
		func() error {
			_, err := c.Download(t.Context(), target, filepath.Join(t.TempDir(), "no", "app"))
			if verify.CodeOf(err) == tuf.CodeStorage && !strings.Contains(err.Error(), "URLs") {
				return &verify.Error{Code: tuf.CodeConfig}
			}
			return err
		},
	} {
		want(t, wrong(), tuf.CodeConfig, true)
	}
}

// A view asks each repository once, whatever the answer; the next view asks again.
func TestMapSnapshotIsOneView(t *testing.T) {
	f := newMapFixture(t, "A", "B")
	f.put("app", "x", "A")
	f.entries = one(1, true, "B", "A")
	f.setDown("B")
	c := f.client()
	s := c.SnapshotAt(start.Add(time.Hour))
	if !s.Time().Equal(start.Add(time.Hour)) {
		t.Errorf("as of %v", s.Time())
	}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			if _, err := s.Target(t.Context(), "app"); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	before := f.requests("A", "B")
	f.setDown()
	f.put("app", "y", "A", "B")
	target, err := s.Target(t.Context(), "app")
	if err != nil {
		t.Fatal(err)
	}
	if got := f.requests("A", "B"); got != before {
		t.Errorf("%d more requests in the same view", got-before)
	}
	if err := target.Covers(verifytest.Artifact(t, "app", "x", hash.SHA256)); err != nil {
		t.Errorf("the view changed: %v", err)
	}
	target, err = c.SnapshotAt(start.Add(2*time.Hour)).Target(t.Context(), "app")
	if err != nil {
		t.Fatal(err)
	}
	if err := target.Covers(verifytest.Artifact(t, "app", "y", hash.SHA256)); err != nil || target.Repositories()[0] != "B" {
		t.Errorf("the next view: %v from %v", err, target.Repositories())
	}

	// The caller's own impatience is nobody's answer.
	s = c.SnapshotAt(start.Add(3 * time.Hour))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = s.Target(ctx, "app")
	want(t, err, tuf.CodeCanceled, true)
	if _, err := s.Target(t.Context(), "app"); err != nil {
		t.Errorf("after a canceled call: %v", err)
	}
	s = c.SnapshotAt(start.Add(4 * time.Hour))
	ctx, cancel = context.WithCancel(t.Context())
	f.onRequest(cancel)
	_, err = s.Target(ctx, "app")
	want(t, err, tuf.CodeCanceled, true)
	f.onRequest(nil)
	if target, err := s.Target(t.Context(), "app"); err != nil || target.Repositories()[0] != "B" {
		t.Errorf("after a call that was canceled in between: %v", err)
	}
	_, err = (&tuf.MapSnapshot{}).Target(t.Context(), "app")
	want(t, err, tuf.CodeConfig, true)
	_, err = (&tuf.MapClient{}).Snapshot().Target(t.Context(), "app")
	want(t, err, tuf.CodeConfig, true)
}

// Offline each repository is verified from its folder, and the evidence says so.
func TestMapOffline(t *testing.T) {
	f := newMapFixture(t, "A", "B")
	f.put("app", "x", "A", "B")
	f.entries = one(2, true, "A", "B")
	if _, err := f.look("app"); err != nil {
		t.Fatal(err)
	}
	f.put("app", "y", "A", "B")
	before := f.requests("A", "B")
	f.config.Client.Offline = true
	target, err := f.look("app")
	if err != nil {
		t.Fatal(err)
	}
	verifytest.TestClaim(t, target, verifytest.Artifact(t, "app", "x", hash.SHA256))
	_, err = f.look("nothing")
	want(t, err, tuf.CodeTargetNotFound, false)
	for _, open := range [][]string{target.Evidence().NotCovered, err.(*verify.RejectedError).Report.NotCovered} {
		if len(open) != 2 || !strings.HasPrefix(open[0], `repository "A": `) || !strings.HasPrefix(open[1], `repository "B": `) {
			t.Errorf("not covered: %q", open)
		}
	}
	if got := f.requests("A", "B"); got != before {
		t.Errorf("%d requests", got-before)
	}
}

// Each repository keeps its own folder, below the one of the caller.
func TestMapFolders(t *testing.T) {
	names := []string{"..", ".", "../../x", "a/b", "NUL", "com1.x", "trailing.", ".hidden", strings.Repeat("ä", 150), "plain"}
	f := newMapFixture(t)
	f.config.Dir = filepath.Join(t.TempDir(), "outer", "cache")
	for i, name := range names {
		repo := tuftest.New(&tuftest.Options{Seed: []byte(name), Time: start})
		repo.AddTarget("app", []byte("x"))
		f.add(fmt.Sprintf("r%d", i), repo)
		f.config.Roots[name] = repo.Root()
		f.urls[name] = f.urls[fmt.Sprintf("r%d", i)]
		delete(f.urls, fmt.Sprintf("r%d", i))
	}
	f.entries = one(len(names), true, names...)
	if _, err := f.look("app"); err != nil {
		t.Fatal(err)
	}
	outer, err := os.ReadDir(filepath.Dir(f.config.Dir))
	if err != nil || len(outer) != 1 {
		t.Errorf("beside the folder: %v, %v", outer, err)
	}
	dirs, err := os.ReadDir(f.config.Dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range dirs {
		got = append(got, d.Name())
		if _, err := os.Stat(filepath.Join(f.config.Dir, d.Name(), "targets.json")); err != nil {
			t.Error(err)
		}
	}
	if len(got) != len(names) {
		t.Errorf("%d folders for %d repositories: %v", len(got), len(names), got)
	}
	for _, want := range []string{"%2E%2E", "%2E", "%2E.%2F..%2Fx", "a%2Fb", "%4EUL", "%63om1.x", "trailing%2E", "%2Ehidden", "plain"} {
		if !slices.Contains(got, want) {
			t.Errorf("no folder %s: %v", want, got)
		}
	}
}

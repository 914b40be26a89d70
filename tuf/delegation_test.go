// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package tuf_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tallystick/tallystick/internal/canonicaljson"
	"github.com/tallystick/tallystick/internal/strictjson"
	"github.com/tallystick/tallystick/tuf"
	"github.com/tallystick/tallystick/tuf/tuftest"
	"github.com/tallystick/tallystick/verify"
)

func TestMatchPath(t *testing.T) {
	for _, test := range []struct {
		pattern, path string
		want          bool
	}{
		{"", "", true},
		{"foo.tgz", "foo.tgz", true},
		{"foo.tgz", "foo-tgz", false},
		{"targets/*.tgz", "targets/foo.tgz", true},
		{"targets/*.tgz", "targets/foo.txt", false},
		{"foo-version-?.tgz", "foo-version-2.tgz", true},
		{"foo-version-?.tgz", "foo-version-alpha.tgz", false},
		{"*.tgz", "foo.tgz", true},
		{"*.tgz", "targets/foo.tgz", false},
		{"*", "a", true},
		{"*", "", true},
		{"*", "a/b", false},
		{"*/*", "a/b", true},
		{"*/*", "a/b/c", false},
		{"a/*", "a/", true},
		{"a/?", "a/", false},
		{"a?b", "a/b", false},
		{"a[/]b", "a/b", false},
		{"a[!x]b", "a/b", false},
		{"?", "é", true},
		{"??", "é", false},
		{"[a-c]x", "bx", true},
		{"[a-c]x", "dx", false},
		{"[!a-c]x", "dx", true},
		{"[!a-c]x", "ax", false},
		{"[]]", "]", true},
		{"[!]]", "]", false},
		{"[a", "[a", true},
		{"[]", "[]", true},
		{"[", "[", true},
		{"[!", "[!", true},
		{"[a-]", "-", true},
		{"[z-a]", "m", false},
		{"*a*b*c", "xxaxxbxxc", true},
		{"*a*b*c", "xxaxxbxx", false},
		{"a**", "a", true},
		{`\*`, `\anything`, true},
		{"A", "a", false},
		{strings.Repeat("a*", 1000) + "b", strings.Repeat("a", 20000), false}, // takes no time
	} {
		if got := tuf.MatchPath(test.pattern, test.path); got != test.want {
			t.Errorf("matchPath(%.40q, %.40q) = %t", test.pattern, test.path, got)
		}
	}
}

// An arc is a delegation from one role to another.
type arc struct {
	from string
	tuftest.Delegation
}

func to(from, name string, paths ...string) arc {
	if paths == nil {
		paths = []string{"*"}
	}
	return arc{from, tuftest.Delegation{Name: name, Paths: paths}}
}

func terminating(a arc) arc {
	a.Terminating = true
	return a
}

// The order in which roles are searched for a target that nobody has, or until
// the one that has it.
func TestSearch(t *testing.T) {
	sum := sha256.Sum256([]byte("wanted"))
	digest := hex.EncodeToString(sum[:])
	for _, test := range []struct {
		name  string
		graph []arc
		has   string // the role that lists the target
		order string
	}{
		{"no delegation", nil, "", ""},
		{"one", []arc{to("targets", "A")}, "", "A"},
		{"in order", []arc{to("targets", "B"), to("targets", "A")}, "", "B A"},
		{"the first that has it", []arc{to("targets", "A"), to("targets", "B"), to("targets", "C")}, "B", "A B"},
		{"itself before others", []arc{to("targets", "A")}, "targets", ""},
		{"depth first", []arc{to("targets", "A"), to("targets", "B"), to("A", "C"), to("A", "D")}, "", "A C D B"},
		{"deep", []arc{to("targets", "A"), to("targets", "B"), to("A", "C"), to("C", "D")}, "", "A C D B"},
		{"terminating", []arc{terminating(to("targets", "A")), to("targets", "B")}, "", "A"},
		{"terminating below", []arc{to("targets", "A"), to("targets", "B"), terminating(to("A", "C")), to("A", "D")}, "", "A C"},
		{"below terminating", []arc{to("targets", "A"), to("targets", "B"), terminating(to("A", "C")), to("C", "D")}, "", "A C D"},
		{"terminating for other paths", []arc{terminating(to("targets", "A", "other")), to("targets", "B")}, "", "B"},
		{"has it behind terminating", []arc{terminating(to("targets", "A")), to("targets", "B")}, "B", "A"},
		{"other paths", []arc{to("targets", "A", "*.py"), to("targets", "B"), to("A", "C")}, "", "B"},
		{"other paths, listed anyway", []arc{to("targets", "A", "*.py")}, "A", ""},
		{"other paths further up", []arc{to("targets", "A", "*.py"), to("A", "B")}, "B", ""},
		{"other paths further down", []arc{to("targets", "A"), to("A", "B", "*.py")}, "B", "A"},
		{"cycle", []arc{to("targets", "A"), to("targets", "B"), to("B", "C"), to("C", "D"), to("D", "B")}, "", "A B C D"},
		{"to itself", []arc{to("targets", "A"), to("A", "A")}, "", "A"},
		{"twice", []arc{to("targets", "A"), to("targets", "B"), to("B", "C"), to("A", "C")}, "", "A C B"},
		{"twice, with other paths", []arc{to("targets", "A"), to("targets", "B"), to("B", "C"), to("A", "C", "*.py")}, "", "A B C"},
		{"prefix of the hash", []arc{
			{"targets", tuftest.Delegation{Name: "A", HashPrefixes: []string{"00000", digest[:3]}}},
			{"targets", tuftest.Delegation{Name: "B", HashPrefixes: []string{}}},
			{"targets", tuftest.Delegation{Name: "C", HashPrefixes: []string{digest}}},
			{"targets", tuftest.Delegation{Name: "D", HashPrefixes: []string{strings.ToUpper(digest[:7])}}},
		}, "", "A C D"},
		{"not a prefix of the hash", []arc{{"targets", tuftest.Delegation{Name: "A", HashPrefixes: []string{digest[1:4]}}}}, "A", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFixture(t, tuftest.Options{})
			for _, a := range test.graph {
				if err := f.Delegate(a.from, a.Delegation); err != nil {
					t.Fatal(err)
				}
			}
			if test.has != "" {
				if err := f.Add(test.has, tuftest.Target{Path: "wanted", Content: []byte("x")}); err != nil {
					t.Fatal(err)
				}
			}
			f.Publish()
			s := f.refresh()
			var target *tuf.Target
			var err error
			requests := f.requestsOf(func() { target, err = s.Target(t.Context(), "wanted") })
			for i, r := range requests {
				requests[i] = strings.TrimSuffix(strings.TrimPrefix(r, "1."), ".json")
			}
			if order := strings.Join(requests, " "); order != test.order {
				t.Errorf("searched %q, want %q", order, test.order)
			}
			visited := strings.Fields(test.order)
			if test.has == "targets" || test.has != "" && slices.Contains(visited, test.has) {
				if err != nil {
					t.Fatal(err)
				}
				// The delegators vouch for the role and not for the content.
				role := test.has
				if role != "targets" {
					role = `"` + role + `"`
				}
				if i := target.Issuers(); len(i) != 1 || i[0].Name != role {
					t.Errorf("issuers %v", i)
				}
			} else {
				want(t, err, tuf.CodeTargetNotFound, false)
			}
			// The second time from memory.
			if again := f.requestsOf(func() { s.Target(t.Context(), "wanted") }); len(again) > 0 {
				t.Errorf("requests %q", again)
			}
		})
	}
}

func TestSuccinctBins(t *testing.T) {
	for _, bits := range []int{1, 3, 4, 5, 9} { // names of one, two and three digits
		t.Run(fmt.Sprint(bits), func(t *testing.T) {
			f := newFixture(t, tuftest.Options{})
			if err := f.DelegateBins("targets", "bin", bits); err != nil {
				t.Fatal(err)
			}
			for i := range 20 {
				if err := f.Add("bin", tuftest.Target{Path: fmt.Sprint("dir/file", i), Content: make([]byte, i)}); err != nil {
					t.Fatal(err)
				}
			}
			f.Publish()
			s := f.refresh()
			for i := range 20 {
				target, err := s.Target(t.Context(), fmt.Sprint("dir/file", i))
				if err != nil {
					t.Fatal(err)
				}
				if target.Length() != int64(i) {
					t.Errorf("file %d has %d bytes", i, target.Length())
				}
			}
			_, err := s.Target(t.Context(), "no such file")
			want(t, err, tuf.CodeTargetNotFound, false)
			if bits < 9 { // of which there are many to sign
				f.rotate("bin-" + strings.Repeat("0", (bits+3)/4))
				f.target("dir/file7")
			}
		})
	}
}

// A role that two others delegate to must be signed as each of them says, whatever
// was found out on the other way.
func TestTwoDelegators(t *testing.T) {
	for _, opts := range []tuftest.Options{{}, {NotConsistent: true}} {
		f := newFixture(t, opts)
		for _, a := range []arc{
			to("targets", "A", "a/*"), to("targets", "B", "b/*"),
			to("A", "shared", "*/*"),
			{"B", tuftest.Delegation{Name: "shared", Paths: []string{"*/*"}, Unsigned: true}},
		} {
			if err := f.Delegate(a.from, a.Delegation); err != nil {
				t.Fatal(err)
			}
		}
		for _, path := range []string{"a/x", "b/x"} {
			if err := f.Add("shared", tuftest.Target{Path: path}); err != nil {
				t.Fatal(err)
			}
		}
		f.Publish()
		for _, order := range [][]string{{"a/x", "b/x"}, {"b/x", "a/x"}} {
			s := f.refresh()
			for _, path := range order {
				_, err := s.Target(t.Context(), path)
				if path == "a/x" && err != nil {
					t.Error(err)
				}
				if path == "b/x" {
					want(t, err, tuf.CodeSignatureThreshold, false)
				}
			}
		}
	}
}

// Two delegators have roles of one name, X, which delegate to Y, with other keys.
// The holder of A and the mirror show an X and a Y of their own while a target of A
// is looked up, and the honest X afterwards. What was accepted as A's Y must not
// pass as the Y of the honest X, which may list what A may not.
func TestSameNamesBelowTwoDelegators(t *testing.T) {
	f := newFixture(t, tuftest.Options{VersionsOnly: true})
	for _, a := range []arc{
		to("targets", "A", "a/*"), to("targets", "B", "b/*"), to("B", "X", "b/*"), to("X", "Y", "b/*"),
	} {
		if err := f.Delegate(a.from, a.Delegation); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Add("Y", tuftest.Target{Path: "b/app.tar.gz", Content: []byte("honest")}); err != nil {
		t.Fatal(err)
	}
	f.Publish()

	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	delegation := func(role string) object {
		return object{
			"keys": object{"evil": object{"keytype": "ed25519", "scheme": "ed25519",
				"keyval": object{"public": hex.EncodeToString(key.Public().(ed25519.PublicKey))}}},
			"roles": []object{{"name": role, "keyids": []string{"evil"}, "threshold": 1, "terminating": false, "paths": []string{"a/*"}}},
		}
	}
	metadata := func(files, delegations object) []byte {
		o := object{"_type": "targets", "spec_version": "1.0.31", "version": 1, "expires": "2027-01-01T00:00:00Z", "targets": files}
		if delegations != nil {
			o["delegations"] = delegations
		}
		return encode(t, o)
	}
	byEvil := func(signed []byte) []byte {
		message, err := canonicaljson.Canonical(signed, strictjson.Limits{Bytes: int64(len(signed))})
		if err != nil {
			t.Fatal(err)
		}
		return encode(t, object{"signed": json.RawMessage(signed),
			"signatures": []object{{"keyid": "evil", "sig": hex.EncodeToString(ed25519.Sign(key, message))}}})
	}
	sum := sha256.Sum256([]byte("malware"))
	malware := object{"length": len("malware"), "hashes": object{"sha256": hex.EncodeToString(sum[:])}}
	a, err := f.Sign("A", metadata(object{}, delegation("X")))
	if err != nil {
		t.Fatal(err)
	}
	f.Replace("1.A.json", a)
	f.Replace("1.X.json", byEvil(metadata(object{}, delegation("Y"))))
	f.Replace("1.Y.json", byEvil(metadata(object{"a/foo": malware, "b/app.tar.gz": malware}, nil)))

	s := f.refresh()
	if _, err := s.Target(t.Context(), "a/foo"); err != nil {
		t.Fatal(err) // the business of A
	}
	f.Replace("1.X.json", nil)
	_, err = s.Target(t.Context(), "b/app.tar.gz")
	want(t, err, tuf.CodeSignatureThreshold, false)
	f.Replace("1.Y.json", nil)
	target, err := s.Target(t.Context(), "b/app.tar.gz")
	if err != nil || target.Length() != int64(len("honest")) {
		t.Errorf("with honest files: %v, %v", target, err)
	}
}

func TestDelegatedThreshold(t *testing.T) {
	f := newFixture(t, tuftest.Options{})
	if err := f.Delegate("targets", tuftest.Delegation{Name: "dev", Paths: []string{"*"}, Threshold: 2, Keys: 3}); err != nil {
		t.Fatal(err)
	}
	if err := f.Add("dev", tuftest.Target{Path: "x"}); err != nil {
		t.Fatal(err)
	}
	f.Publish()
	target := f.target("x")
	if n := len(target.Issuers()); n != 3 {
		t.Errorf("%d issuers, want those of dev", n)
	}
	e := target.Evidence().Check
	if len(e.Checks) != 5 || e.Checks[4].What != `role "dev", version 1` || !strings.Contains(e.Checks[4].Detail, "3 of 3 keys signed, threshold 2") {
		t.Errorf("evidence %+v", e)
	}
}

func TestLimitOfRoles(t *testing.T) {
	f := newFixture(t, tuftest.Options{})
	for i := range 10 {
		if err := f.Delegate("targets", tuftest.Delegation{Name: fmt.Sprint(i), Paths: []string{"*"}}); err != nil {
			t.Fatal(err)
		}
	}
	f.Publish()
	f.config.Limits.Roles = 5
	f.renew()
	_, err := f.refresh().Target(t.Context(), "wanted")
	want(t, err, tuf.CodeLimit, true)
	f.config.Limits.Roles = 11
	f.renew()
	_, err = f.refresh().Target(t.Context(), "wanted")
	want(t, err, tuf.CodeTargetNotFound, false)
}

// Metadata of a delegated role that is not what it must be ends the search: a role
// of lower priority does not get its place.
func TestBadRoleEndsSearch(t *testing.T) {
	f := newFixture(t, tuftest.Options{NotConsistent: true, VersionsOnly: true})
	for _, name := range []string{"A", "B"} {
		if err := f.Delegate("targets", tuftest.Delegation{Name: name, Paths: []string{"*"}}); err != nil {
			t.Fatal(err)
		}
		if err := f.Add(name, tuftest.Target{Path: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	f.Publish()
	f.Replace("A.json", f.File("B.json"))
	_, err := f.refresh().Target(t.Context(), "x")
	want(t, err, tuf.CodeSignatureThreshold, false)
	if r, ok := errors.AsType[*verify.RejectedError](err); !ok || !strings.Contains(r.Report.String(), `"A.json"`) {
		t.Errorf("does not name the role: %v", err)
	}
	f.Replace("A.json", nil)
	f.target("x")
}

// Long patterns take long to match, and no honest one is long.
func TestLongPattern(t *testing.T) {
	for n, code := range map[int]verify.Code{4096: ok, 4097: tuf.CodeMalformed} {
		f := newFixture(t, tuftest.Options{})
		if err := f.Delegate("targets", tuftest.Delegation{Name: "dev", Paths: []string{"*" + strings.Repeat("[", n-1)}}); err != nil {
			t.Fatal(err)
		}
		f.Publish()
		_, err := f.client.RefreshAt(t.Context(), f.now)
		if code != ok {
			want(t, err, code, false)
		} else if err != nil {
			t.Error(err)
		}
	}
}

// A search ends with its context, also among roles that are in memory.
func TestCanceledSearch(t *testing.T) {
	f := newFixture(t, tuftest.Options{})
	s := f.refresh()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Target(ctx, "app.tar.gz")
	want(t, err, tuf.CodeCanceled, true)
}

// It also ends between two patterns, of which there may be many.
func TestCanceledMatching(t *testing.T) {
	f := newFixture(t, tuftest.Options{})
	if err := f.Delegate("targets", tuftest.Delegation{Name: "dev", Paths: []string{"a", "b", "x"}}); err != nil {
		t.Fatal(err)
	}
	f.Publish()
	ctx := &countdown{Context: t.Context(), left: 3} // one look for the role, and two for patterns
	_, err := f.refresh().Target(ctx, "x")
	want(t, err, tuf.CodeCanceled, true)
	if n := f.Requests(); strings.Contains(strings.Join(n, " "), "dev.json") {
		t.Errorf("requests %q", n)
	}
}

// A countdown is a context that is done after a number of looks at it.
type countdown struct {
	context.Context
	left int
}

func (c *countdown) Err() error {
	if c.left == 0 {
		return context.Canceled
	}
	c.left--
	return nil
}

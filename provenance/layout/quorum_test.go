// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package layout_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/provenance/layout"
	"github.com/tallystick/tallystick/verify"
	"github.com/tallystick/tallystick/verify/verifytest"
)

// Rebuilders make a binary; some of them make another one.
func TestQuorum(t *testing.T) {
	people := []string{"r1", "r2", "r3", "r4", "r5"}
	rebuild := func(app obj) obj { return link("rebuild", obj{}, obj{"app": app}) }
	good, evil := rebuild(sum("content of app")), rebuild(sum("evil"))
	both := rebuild(sums("content of app"))
	only512 := func() obj {
		s := sums("content of app")
		delete(s, "sha256")
		return rebuild(s)
	}()
	for _, c := range []struct {
		name      string
		threshold int
		links     map[string][]obj // by signer
		want      verify.Code      // accepted if there is none
		issuers   int
	}{
		{"all agree", 2, map[string][]obj{"r1": {good}, "r2": {good}, "r3": {good}}, "", 3},
		{"two to one", 2, map[string][]obj{"r1": {good}, "r2": {good}, "r3": {evil}}, "", 2},
		{"two to one, reached by the evil", 1, map[string][]obj{"r1": {good}, "r2": {good}, "r3": {evil}}, "", 2},
		{"one to one", 1, map[string][]obj{"r1": {good}, "r2": {evil}}, layout.CodeDisagreement, 0},
		{"two to two", 2, map[string][]obj{"r1": {good}, "r2": {good}, "r3": {evil}, "r4": {evil}}, layout.CodeDisagreement, 0},
		{"two to one to one", 2, map[string][]obj{"r1": {good}, "r2": {good}, "r3": {evil}, "r4": {rebuild(sum("other"))}}, "", 2},
		{"fewer than the threshold", 3, map[string][]obj{"r1": {good}, "r2": {good}, "r3": {evil}}, layout.CodeDisagreement, 0},
		{"different algorithms agree", 3, map[string][]obj{"r1": {good}, "r2": {both}, "r3": {good}, "r4": {evil}}, "", 3},
		{"two that agree with a third and not with each other", 3, map[string][]obj{"r1": {both}, "r2": {good}, "r3": {only512}}, layout.CodeDisagreement, 0},
		{"no shared algorithm", 2, map[string][]obj{"r1": {good}, "r2": {only512}}, layout.CodeDisagreement, 0},
		{"one who says both counts for nobody", 2, map[string][]obj{"r1": {good}, "r2": {good, evil}, "r3": {evil}}, layout.CodeDisagreement, 0},
		{"one who says both beside enough", 2, map[string][]obj{"r1": {good}, "r2": {good, evil}, "r3": {good}}, "", 2},
		{"one who says three things", 1, map[string][]obj{"r1": {good, evil, rebuild(sum("other"))}}, layout.CodeDisagreement, 0},
		{"no strong digest", 2, map[string][]obj{"r1": {rebuild(obj{})}, "r2": {rebuild(obj{})}}, layout.CodeDisagreement, 0},
		{"no strong digest, beside more who have one", 2, map[string][]obj{"r1": {good}, "r2": {good}, "r5": {good}, "r3": {rebuild(obj{})}, "r4": {rebuild(obj{})}}, "", 3},
		{"no strong digest, beside as many who have one", 2, map[string][]obj{"r1": {good}, "r2": {good}, "r3": {rebuild(obj{})}, "r4": {rebuild(obj{})}}, layout.CodeDisagreement, 0},
		{"no strong digest, and more of them", 2, map[string][]obj{"r1": {good}, "r2": {rebuild(obj{})}, "r3": {rebuild(obj{})}, "r4": {rebuild(obj{})}}, layout.CodeDisagreement, 0},
	} {
		for _, quorum := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s %v", c.name, quorum), func(t *testing.T) {
				w := newWorld()
				w.layout = newLayout(people, step("rebuild", c.threshold, rules(), rules(), people...))
				w.links = map[string][]byte{}
				for person, list := range c.links {
					for i, l := range list {
						w.links[fmt.Sprintf("rebuild.%s-%d.link", person, i)] = dsse(l, person)
					}
				}
				w.opts.Quorum = quorum
				v, err := w.verify(t)
				want := c.want
				if !quorum && c.issuers != len(c.links) {
					want = layout.CodeDisagreement
				}
				if want != "" {
					if !errors.Is(err, want) {
						t.Errorf("got %v, want %s", err, want)
					}
					return
				}
				if err != nil {
					t.Fatalf("%v\n%s", err, report(t, err))
				}
				verifytest.TestClaim(t, v, verifytest.Artifact(t, "app", "content of app"))
				if got := len(v.Issuers()); got != c.issuers {
					t.Errorf("%d functionaries counted, want %d", got, c.issuers)
				}
				// The dissenters are named, with the artifact.
				dissent := len(c.links) > c.issuers
				found := false
				for _, check := range v.Evidence().Check.Checks[2].Checks {
					if check.Code == layout.CodeQuorum {
						found = true
						if !strings.Contains(check.Detail, "r3-0.link") && !strings.Contains(check.Detail, "r4-0.link") && !strings.Contains(check.Detail, "r2-1.link") || !strings.Contains(check.Detail, "\"app\" (sha256:") && !strings.Contains(check.Detail, "\"app\" (no shared strong algorithm)") {
							t.Errorf("detail %s", check.Detail)
						}
					}
				}
				if found != dissent {
					t.Errorf("a finding about a quorum: %v", found)
				}
			})
		}
	}
}

// To agree by shared algorithms is not transitive: one who gives fewer of them can
// agree with two sides. Who wins must not follow from the names of files, which
// liars can choose.
func TestQuorumNotUnique(t *testing.T) {
	people := []string{"r1", "r2", "r3", "r4", "r5"}
	rebuild := func(app obj) obj { return link("rebuild", obj{}, obj{"app": app}) }
	mixed := sum("content of app")
	mixed["sha512"] = sums("evil")["sha512"]
	good, both, lie := rebuild(sum("content of app")), rebuild(sums("content of app")), rebuild(mixed)
	for _, liars := range []string{"0", "b"} {
		t.Run("liars in "+liars, func(t *testing.T) {
			w := newWorld()
			w.layout = newLayout(people, step("rebuild", 2, rules(), rules(), people...))
			w.links = map[string][]byte{
				"rebuild." + liars + "1.link": dsse(lie, "r1"),
				"rebuild." + liars + "2.link": dsse(lie, "r2"),
				"rebuild.a3.link":             dsse(good, "r3"),
				"rebuild.a4.link":             dsse(both, "r4"),
				"rebuild.a5.link":             dsse(both, "r5"),
			}
			w.opts.Quorum = true
			_, err := w.verify(t)
			if !errors.Is(err, layout.CodeDisagreement) {
				t.Fatalf("got %v, want %s", err, layout.CodeDisagreement)
			}
			if !strings.Contains(err.Error(), "rebuild.a3.link\"") || !strings.Contains(err.Error(), "agree, but not all on their sides") {
				t.Errorf("the error does not say which links: %v", err)
			}
		})
	}
}

// Nobody is a witness of a digest that he did not state, even if it reaches the
// threshold; but it can contradict.
func TestCoveredByAllIssuers(t *testing.T) {
	for _, threshold := range []int{1, 2} {
		w := newWorld()
		people := []string{"honest", "rogue"}
		w.layout = newLayout(people, step("build", threshold, rules(), rules(), people...))
		mixed := sum("content of app")
		mixed["sha512"] = sums("evil")["sha512"]
		w.links = map[string][]byte{}
		w.put("build", link("build", obj{}, obj{"app": sum("content of app")}), "honest")
		w.put("build", link("build", obj{}, obj{"app": mixed}), "rogue")
		v, err := w.verify(t)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			name, content string
			algs          []hash.Algorithm
			want          verify.Code
		}{
			{"what both state", "content of app", []hash.Algorithm{hash.SHA256}, ""},
			{"what one states", "evil", []hash.Algorithm{hash.SHA512}, "*"},
			{"a contradiction", "evil", []hash.Algorithm{hash.SHA256, hash.SHA512}, "="},
		} {
			a, err := hash.Measure(t.Context(), strings.NewReader(c.content), c.algs...)
			if err != nil {
				t.Fatal(err)
			}
			err = v.Covers(a)
			if (c.want == "") != (err == nil) {
				t.Errorf("threshold %d, %s: %v", threshold, c.name, err)
			}
			if c.want == "=" {
				stated, err1 := v.Products("build")
				if err1 != nil {
					t.Fatal(err1)
				}
				set, _ := stated.Lookup("app")
				if want := verify.CodeOf(verify.Match(a, set, false)); verify.CodeOf(err) != want || want == verify.CodeNotCovered {
					t.Errorf("threshold %d, %s: got %v, want %s", threshold, c.name, err, want)
				}
			}
		}
	}
}

// Links that give a second digest of one artifact only are held against each other
// there too, and without Quorum the larger part decides nothing.
func TestDisagreementInOneOfSeveral(t *testing.T) {
	rebuild := func(content string) obj {
		app := sums(content)
		app["sha256"] = sum("content of app")["sha256"]
		return link("rebuild", obj{}, obj{"app": app, "doc": sum("content of doc")})
	}
	for _, quorum := range []bool{true, false} {
		w := newWorld()
		people := []string{"r1", "r2", "r3"}
		w.layout = newLayout(people, step("rebuild", 2, rules(), rules(), people...))
		w.links = map[string][]byte{}
		w.put("rebuild", rebuild("content of app"), "r1")
		w.put("rebuild", rebuild("content of app"), "r2")
		w.put("rebuild", rebuild("evil"), "r3")
		w.opts.Quorum = quorum
		v, err := w.verify(t)
		if quorum && (err != nil || len(v.Issuers()) != 2) {
			t.Errorf("quorum: %v", err)
		}
		if !quorum && (!errors.Is(err, layout.CodeDisagreement) || !strings.Contains(err.Error(), `"app" (sha512:`)) {
			t.Errorf("no quorum: %v", err)
		}
	}
}

// Functionaries hand in many links that all differ. They are compared once
// and not with each other: with a bound on what that may cost it must succeed.
func TestQuorumIsLinear(t *testing.T) {
	const n, artifacts = 40, 100
	var people []string
	var names []string
	for i := range n {
		people = append(people, fmt.Sprint("r", i))
	}
	for i := range artifacts {
		names = append(names, fmt.Sprint("file", i))
	}
	w := newWorld()
	w.layout = newLayout(people, step("rebuild", 2, rules(), rules(), people...))
	w.links = map[string][]byte{}
	for i, p := range people {
		products := files(names...)
		if i > 1 {
			products["file0"] = sum(p)
		}
		w.put("rebuild", link("rebuild", obj{}, products), p)
	}
	w.opts.Quorum = true
	// Each with each would be many times as much.
	w.opts.Limits.PatternWork = n * artifacts
	v, err := w.verify(t)
	if err != nil {
		t.Fatal(err)
	}
	if len(v.Issuers()) != 2 {
		t.Errorf("issuers %v", v.Issuers())
	}
	for _, c := range v.Evidence().Check.Checks[2].Checks {
		if c.Code == layout.CodeQuorum && (!strings.Contains(c.Detail, fmt.Sprintf("and %d more links", n-2-16)) || len(c.Detail) > 1<<14) {
			t.Errorf("detail of %d bytes: %s", len(c.Detail), c.Detail)
		}
	}
	// Links that agree in one algorithm and not in another one have to be held
	// against each other, which costs.
	for i, p := range people {
		products := files(names...)
		products["file0"] = sum("same")
		if i > 0 {
			products["file0"].(obj)["sha512"] = sums(p)["sha512"]
		}
		w.put("rebuild", link("rebuild", obj{}, products), p)
	}
	if _, err := w.verify(t); !errors.Is(err, layout.CodeLimit) {
		t.Errorf("got %v", err)
	}
}

// Everybody who differs is named, also when several say the same.
func TestQuorumNamesDissenters(t *testing.T) {
	people := []string{"r1", "r2", "r3", "r4", "r5"}
	w := newWorld()
	w.layout = newLayout(people, step("rebuild", 2, rules(), rules(), people...))
	w.links = map[string][]byte{}
	for i, p := range people {
		l := link("rebuild", obj{}, obj{"app": sum("content of app")})
		if i > 2 {
			l = link("rebuild", obj{}, obj{"app": sum("evil")})
		}
		w.links["rebuild."+p+".link"] = dsse(l, p)
	}
	w.opts.Quorum = true
	v, err := w.verify(t)
	if err != nil {
		t.Fatal(err)
	}
	text := string(marshal(v.Evidence()))
	for _, want := range []string{`rebuild.r4.link\\\" differ in products`, `rebuild.r5.link\\\" says the same as \\\"rebuild.r4.link`} {
		if !strings.Contains(text, strings.ReplaceAll(want, `\\\"`, `\"`)) {
			t.Errorf("does not say %s: %s", want, text)
		}
	}
}

func TestNilVerification(t *testing.T) {
	var v *layout.Verification
	if _, err := v.Products("x"); !errors.Is(err, layout.CodeNoStep) {
		t.Errorf("got %v", err)
	}
	if _, err := v.Materials("x"); !errors.Is(err, layout.CodeNoStep) {
		t.Errorf("got %v", err)
	}
	if len(v.Steps()) != 0 || len(v.Issuers()) != 0 {
		t.Error("nil has steps or issuers")
	}
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	intoto "github.com/in-toto/in-toto-golang/in_toto"
	"github.com/tallystick/tallystick/provenance/layout"
	"github.com/tallystick/tallystick/verify"
)

// The layouts, links and rules of these tests are within what this library and
// in-toto-golang both understand in the same way. What is left out, because we
// decide otherwise on purpose, is in TestLayoutDifferences.
//
// Every name of an artifact is one of tops or a folder and one of leaves, and no
// pattern of leaves matches a top. So a MATCH with IN cannot mean what is outside of
// its prefix.
var (
	tops         = []string{"README", "main", "go.mod"}
	folders      = []string{"src", "lib", "pkg"}
	leaves       = []string{"a.c", "b.c", "a.h", "ü.c"}
	leafPatterns = []string{"a.c", "ü.c", "?.c", "[ab].c", "[!a].?", "[a-b].h", "a*", "ü*"}
	patterns     = []string{"*", "*", "*.c", "src/*", "lib/*", "pkg/?.c", "*/a.c", "[!s]*", "*[!c]", "???/a.?", "main", "README", "lib/[ab].?",
		"go.*", "*ü*", "*d", "**/*", "nothing", "*nothing*", "{dir}/*", "{dir}/a.c"}
	parameters = map[string]string{"dir": "src", "other": "lib"}
)

// A world is a signed layout with the files in its folder of links.
type world struct {
	layout []byte
	links  map[string][]byte
	owners []person
}

// verify is our verdict.
func (w *world) verify(t testing.TB) (*layout.Verification, error) {
	t.Helper()
	links := fstest.MapFS{".keep": {}}
	for name, data := range w.links {
		links[name] = &fstest.MapFile{Data: data}
	}
	return layout.Verify(t.Context(), w.layout, keySet(t, w.owners...), layout.DirLinks(links),
		layout.Options{Time: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC), Parameters: parameters})
}

// peerVerify is the verdict of in-toto-golang, and the products of the last step.
// There are no inspections, which would be run.
func (w *world) peerVerify(t testing.TB) (products map[string]intoto.HashObj, err error) {
	t.Helper()
	dir := t.TempDir()
	for name, data := range w.links {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	name := filepath.Join(dir, "layout")
	if err := os.WriteFile(name, w.layout, 0o600); err != nil {
		t.Fatal(err)
	}
	env, err := intoto.LoadMetadata(name)
	if err != nil {
		return nil, err
	}
	summary, err := intoto.InTotoVerify(env, publicKeys(w.owners...), dir, "", parameters, nil, false)
	if err != nil {
		return nil, err
	}
	return summary.GetPayload().(intoto.Link).Products, nil
}

// A cast is all who sign something.
type cast struct {
	owners, functionaries []person
	stranger              person
}

func newCast(t testing.TB) *cast {
	return &cast{
		owners: []person{edPerson(t, "owner"), edPerson(t, "other owner")},
		functionaries: []person{edPerson(t, "alice"), edPerson(t, "bob"),
			ecPerson(t, "carol", elliptic.P256()), ecPerson(t, "dan", elliptic.P256())},
		stranger: edPerson(t, "stranger"),
	}
}

// A generator makes worlds out of a seed.
type generator struct {
	*rand.Rand
	*cast
	t     testing.TB
	algs  []string
	sign  form
	steps []string
}

func (g *generator) chance(percent int) bool { return g.IntN(100) < percent }

func pick[T any](g *generator, list []T) T { return list[g.IntN(len(list))] }

// some returns n of the list.
func some[T any](g *generator, n int, list []T) []T {
	list = slices.Clone(list)
	g.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list[:min(n, len(list))]
}

func (g *generator) digests(content string) intoto.HashObj {
	out := intoto.HashObj{}
	for _, alg := range g.algs {
		switch alg {
		case "sha256":
			s := sha256.Sum256([]byte(content))
			out[alg] = hex.EncodeToString(s[:])
		case "sha512":
			s := sha512.Sum512([]byte(content))
			out[alg] = hex.EncodeToString(s[:])
		}
	}
	return out
}

func (g *generator) name() string {
	if g.chance(30) {
		return pick(g, tops)
	}
	return pick(g, folders) + "/" + pick(g, leaves)
}

// edited returns a copy in which some artifacts are missing, changed or new.
func (g *generator) edited(artifacts map[string]intoto.HashObj, percent int) map[string]intoto.HashObj {
	out := map[string]intoto.HashObj{}
	for _, name := range slices.Sorted(maps.Keys(artifacts)) {
		switch {
		case !g.chance(percent):
			out[name] = artifacts[name]
		case g.chance(50):
			out[name] = g.digests(pick(g, []string{"one", "two", "three"}))
		}
	}
	for g.chance(percent) {
		out[g.name()] = g.digests(pick(g, []string{"one", "two", "three"}))
	}
	return out
}

// rules returns rules for a side of a step that has these artifacts.
func (g *generator) rules(artifacts map[string]intoto.HashObj) [][]string {
	names := slices.Sorted(maps.Keys(artifacts))
	rules := [][]string{}
	if g.chance(25) {
		return rules
	}
	for range g.IntN(5) {
		rules = append(rules, g.rule(names))
	}
	// A last word that makes the others matter.
	switch n := g.IntN(100); {
	case n < 5:
		rules = append(rules, []string{"DISALLOW", "*"})
	case n < 10:
		rules = append(rules, []string{"DISALLOW", pick(g, patterns)})
	case n < 75 && len(rules) > 0:
		// What the rule before should have consumed.
		last := rules[len(rules)-1]
		pattern := last[1]
		if len(last) > 3 && strings.EqualFold(last[2], "IN") {
			pattern = strings.TrimSuffix(last[3], "/") + "/" + pattern
		}
		rules = append(rules, []string{"DISALLOW", pattern})
	}
	return rules
}

func (g *generator) rule(names []string) []string {
	word := func(w string) string {
		if g.chance(20) {
			return strings.ToLower(w)
		}
		return w
	}
	switch n := g.IntN(100); {
	case n < 40:
		return g.match(word)
	case n < 48 && len(names) > 0:
		return []string{word("REQUIRE"), pick(g, names)}
	case n < 49:
		return []string{word("REQUIRE"), pick(g, patterns)}
	case n < 51:
		return []string{word("DISALLOW"), pick(g, patterns)}
	default:
		return []string{word(pick(g, []string{"CREATE", "CREATE", "DELETE", "DELETE", "MODIFY", "MODIFY", "ALLOW"})), pick(g, patterns)}
	}
}

func (g *generator) match(word func(string) string) []string {
	prefix := func() string {
		p := pick(g, append(folders, "{dir}", "{other}"))
		if g.chance(30) {
			p += "/"
		}
		return p
	}
	source, dest := g.chance(40), g.chance(40)
	rule := []string{word("MATCH"), pick(g, patterns)}
	if source {
		if rule[1] = pick(g, leafPatterns); dest && g.chance(50) {
			rule[1] = pick(g, []string{"*", "*.c", "?.?"})
		}
		rule = append(rule, word("IN"), prefix())
	}
	rule = append(rule, word("WITH"), word(pick(g, []string{"MATERIALS", "PRODUCTS", "PRODUCTS"})))
	if dest {
		rule = append(rule, word("IN"), prefix())
	}
	return append(rule, word("FROM"), pick(g, g.steps))
}

func (g *generator) world() *world {
	g.sign = pick(g, []form{peerLegacy, peerDSSE, ourDSSE, ourLegacy})
	g.algs = pick(g, [][]string{{"sha256"}, {"sha512"}, {"sha256", "sha512"}})
	g.steps = []string{"write", "build", "package"}[:1+g.IntN(3)]
	w := &world{links: map[string][]byte{}, owners: g.owners[:1+g.IntN(2)]}
	l := intoto.Layout{Type: "layout", Expires: "2199-01-01T00:00:00Z", Steps: []intoto.Step{}, Inspect: []intoto.Inspection{},
		Keys: publicKeys(g.functionaries...)}
	artifacts := g.edited(nil, 90)
	for _, name := range g.steps {
		mats := g.edited(artifacts, 5)
		prods := g.edited(mats, 40)
		step := intoto.Step{Type: "step", Threshold: 1, ExpectedCommand: []string{}, SupplyChainItem: intoto.SupplyChainItem{
			Name: name, ExpectedMaterials: g.rules(mats), ExpectedProducts: g.rules(prods)}}
		people := some(g, 1+g.IntN(4), g.functionaries)
		for _, p := range people {
			step.PubKeys = append(step.PubKeys, p.id())
		}
		for step.Threshold < 3 && (step.Threshold < len(people) && g.chance(40) || g.chance(2)) {
			step.Threshold++
		}
		l.Steps = append(l.Steps, step)

		g.links(w, name, mats, prods, some(g, step.Threshold+g.IntN(2), people))
		artifacts = prods
	}
	owners := w.owners
	switch {
	case g.chance(2):
		l.Expires = "2021-01-01T00:00:00Z"
	case g.chance(2):
		owners = []person{g.stranger}
	case g.chance(2):
		owners = append(owners, g.stranger)
	case g.chance(8):
		owners = owners[:1]
	}
	w.layout = g.sign(g.t, l, owners...)
	return w
}

// links adds the links of some people for a step, and now and then something that
// is none.
func (g *generator) links(w *world, step string, mats, prods map[string]intoto.HashObj, people []person) {
	link := intoto.Link{Type: "link", Name: step, Materials: mats, Products: prods,
		ByProducts: map[string]any{}, Command: []string{}, Environment: map[string]any{}}
	for _, p := range people {
		switch {
		case g.chance(2):
			continue
		case g.chance(2):
			other := link
			other.Products = g.edited(prods, 30)
			w.links[linkFile(step, p)] = g.sign(g.t, other, p)
		default:
			w.links[linkFile(step, p)] = g.sign(g.t, link, p)
		}
		switch name := linkFile(step, p); {
		case g.chance(2):
			w.links[name] = tampered(g.t, w.links[name])
		case g.chance(1):
			w.links[name] = w.links[name][:len(w.links[name])/2]
		}
	}
	if g.chance(20) {
		link.Products = g.edited(prods, 50)
		w.links[linkFile(step, g.stranger)] = g.sign(g.t, link, g.stranger)
	}
}

// classes are what in-toto-golang says, and the code by which we call it.
var classes = []struct {
	text string
	code verify.Code
}{
	{"layout has expired", layout.CodeExpired},
	{"link metadata file(s)", layout.CodeThreshold},
	{"have different artifacts", layout.CodeDisagreement},
	{"artifact verification failed", layout.CodeRule},
	{"no signature found for key", layout.CodeSignature},
	{"accepted signatures do not match threshold", layout.CodeSignature},
}

// compare verifies a world in both ways and returns our verdict; the code is
// empty if it is accepted.
func compare(t testing.TB, w *world) verify.Code {
	t.Helper()
	v, err := w.verify(t)
	theirs, peerErr := w.peerVerify(t)
	if (err == nil) != (peerErr == nil) {
		t.Errorf("we say %v, in-toto-golang %v\nlayout %s\nlinks %q", err, peerErr, w.layout, w.links)
		return verify.CodeOf(err)
	}
	if err != nil {
		if _, ok := err.(*verify.RejectedError); !ok {
			t.Errorf("no verdict: %v", err)
		}
		known := false
		for _, c := range classes {
			if strings.Contains(peerErr.Error(), c.text) {
				known = true
				if !errors.Is(err, c.code) {
					t.Errorf("we say %v, in-toto-golang %v", err, peerErr)
				}
			}
		}
		if !known {
			t.Errorf("unknown reason of in-toto-golang: %v; we say %v", peerErr, err)
		}
		return verify.CodeOf(err)
	}
	steps := v.Steps()
	products, err := v.Products(steps[len(steps)-1])
	if err != nil {
		t.Fatal(err)
	}
	ours := map[string]intoto.HashObj{}
	for name, set := range products.All() {
		ours[name] = intoto.HashObj{}
		for d := range set.All() {
			ours[name][d.Algorithm().String()] = d.Hex()
		}
	}
	if !maps.EqualFunc(ours, theirs, func(a, b intoto.HashObj) bool { return maps.Equal(a, b) }) {
		t.Errorf("products: ours %v, in-toto-golang's %v", ours, theirs)
	}
	return ""
}

func generateWorld(t testing.TB, c *cast, seed uint64) *world {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 0x7a11)), cast: c, t: t}
	return g.world()
}

func TestLayoutDifferential(t *testing.T) {
	c := newCast(t)
	verdicts := map[verify.Code]int{}
	const worlds = 200
	for seed := range uint64(worlds) {
		verdicts[compare(t, generateWorld(t, c, seed))]++
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	t.Logf("verdicts: %v", verdicts)
	// If these fail it is the generator that has become useless.
	if n := verdicts[""]; n < worlds/4 || n > worlds*3/4 {
		t.Errorf("%d of %d worlds were accepted", n, worlds)
	}
	for _, code := range []verify.Code{layout.CodeRule, layout.CodeThreshold, layout.CodeDisagreement, layout.CodeSignature, layout.CodeExpired} {
		if verdicts[code] < 1 {
			t.Errorf("%d of %d worlds were rejected with %s", verdicts[code], worlds, code)
		}
	}
}

// Every rule word, on both sides, on an artifact in each of the four states that it
// can be in, with a DISALLOW behind it.
func TestLayoutRuleWords(t *testing.T) {
	people := newCast(t)
	accepted := 0
	for _, word := range []string{"CREATE", "DELETE", "MODIFY", "ALLOW", "REQUIRE", "DISALLOW", "MATCH"} {
		for _, side := range []string{"materials", "products"} {
			for _, state := range []string{"created", "deleted", "modified", "kept"} {
				c := newChain(t, people)
				c.layout.Steps = c.layout.Steps[:1]
				c.write.Materials = map[string]intoto.HashObj{"file": digest("old")}
				c.write.Products = map[string]intoto.HashObj{"file": digest("old")}
				switch state {
				case "created":
					c.write.Materials = map[string]intoto.HashObj{}
				case "deleted":
					c.write.Products = map[string]intoto.HashObj{}
				case "modified":
					c.write.Products["file"] = digest("new")
				}
				rule := word + " file"
				if word == "MATCH" {
					rule += " WITH MATERIALS FROM write"
				}
				rules := []string{rule, "DISALLOW file"}
				if word == "REQUIRE" {
					rules = rules[:1]
				}
				if side == "materials" {
					c.materials(0, rules...)
				} else {
					c.products(0, rules...)
				}
				code := compare(t, c.signed())
				if code == "" {
					accepted++
				} else if code != layout.CodeRule {
					t.Errorf("%s on %s, %s: %s", word, side, state, code)
				}
				if t.Failed() {
					t.Fatalf("%s on %s, %s", word, side, state)
				}
			}
		}
	}
	if accepted < 20 || accepted > 36 {
		t.Errorf("%d of 56 were accepted", accepted)
	}
}

func FuzzLayoutDifferential(f *testing.F) {
	c := newCast(f)
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) {
		compare(t, generateWorld(t, c, seed))
	})
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"

	intoto "github.com/in-toto/in-toto-golang/in_toto"
	"github.com/tallystick/tallystick/provenance/layout"
	"github.com/tallystick/tallystick/verify"
)

// A chain is a small supply chain before it is signed: alice writes, bob and alice
// build. Both libraries accept it.
type chain struct {
	*cast
	t      testing.TB
	layout intoto.Layout
	write  intoto.Link // of alice
	build  intoto.Link // of alice and bob
	// edit, if set, alters the layout in JSON before it is signed.
	edit func(layout []byte) []byte
	// world, if set, alters what was signed.
	world func(w *world)
	sign  form
}

func digest(content string) intoto.HashObj {
	return (&generator{algs: []string{"sha256"}}).digests(content)
}

func newChain(t testing.TB, c *cast) *chain {
	alice, bob := c.functionaries[0], c.functionaries[1]
	source := map[string]intoto.HashObj{"src/main.go": digest("main"), "go.mod": digest("mod")}
	link := func(name string, materials, products map[string]intoto.HashObj) intoto.Link {
		return intoto.Link{Type: "link", Name: name, Materials: maps.Clone(materials), Products: maps.Clone(products),
			ByProducts: map[string]any{}, Command: []string{}, Environment: map[string]any{}}
	}
	step := func(name string, threshold int, people ...person) intoto.Step {
		s := intoto.Step{Type: "step", Threshold: threshold, ExpectedCommand: []string{},
			SupplyChainItem: intoto.SupplyChainItem{Name: name, ExpectedMaterials: [][]string{}, ExpectedProducts: [][]string{}}}
		for _, p := range people {
			s.PubKeys = append(s.PubKeys, p.id())
		}
		return s
	}
	out := &chain{cast: c, t: t, sign: ourDSSE,
		layout: intoto.Layout{Type: "layout", Expires: "2199-01-01T00:00:00Z", Inspect: []intoto.Inspection{}, Keys: publicKeys(alice, bob),
			Steps: []intoto.Step{step("write", 1, alice), step("build", 2, alice, bob)}},
		write: link("write", map[string]intoto.HashObj{}, source),
		build: link("build", source, map[string]intoto.HashObj{"app": digest("app")}),
	}
	out.materials(1, "MATCH * WITH PRODUCTS FROM write", "DISALLOW *")
	return out
}

// materials and products set the rules of a step.
func (c *chain) materials(step int, rules ...string) {
	c.layout.Steps[step].ExpectedMaterials = words(rules)
}

func (c *chain) products(step int, rules ...string) {
	c.layout.Steps[step].ExpectedProducts = words(rules)
}

func words(rules []string) [][]string {
	var list [][]string
	for _, r := range rules {
		list = append(list, strings.Fields(r))
	}
	return list
}

func (c *chain) signed() *world {
	alice, bob := c.functionaries[0], c.functionaries[1]
	payload := marshal(c.t, c.layout)
	if c.edit != nil {
		payload = c.edit(payload)
	}
	w := &world{owners: c.owners[:1], layout: c.sign(c.t, payload, c.owners[0]), links: map[string][]byte{
		linkFile("write", alice): c.sign(c.t, c.write, alice),
		linkFile("build", alice): c.sign(c.t, c.build, alice),
		linkFile("build", bob):   c.sign(c.t, c.build, bob),
	}}
	if c.world != nil {
		c.world(w)
	}
	return w
}

// Where we decide otherwise than in-toto-golang, it is on purpose: each case says
// by which row of our table of decisions, and what we do. The two of them
// disagree in every one of these cases; one in which they agree belongs into the
// generator of TestLayoutDifferential.
func TestLayoutDifferences(t *testing.T) {
	const accept verify.Code = ""
	people := newCast(t)
	for _, test := range []struct {
		row  int
		name string
		edit func(c *chain)
		want verify.Code
	}{
		{1, "a link about another step is no evidence", func(c *chain) { c.write.Name = "build" }, layout.CodeLinkName},
		{3, "one public key under two ids is one functionary", func(c *chain) {
			alice := c.functionaries[0]
			twin := alice.public()
			twin.KeyID = strings.Repeat("ab", 32)
			c.layout.Keys[twin.KeyID] = twin
			c.layout.Steps[1].PubKeys = []string{alice.id(), twin.KeyID}
			c.world = func(w *world) {
				same := alice
				same.key.KeyID = twin.KeyID
				w.links[linkFile("build", same)] = peerLegacy(t, c.build, same)
			}
		}, layout.CodeThreshold},
		{7, "a good signature counts whatever its key id", func(c *chain) {
			stranger := c.functionaries[0]
			stranger.key.KeyID = c.functionaries[0].id()[:8] + strings.Repeat("0", 56)
			c.world = func(w *world) { w.links[linkFile("write", stranger)] = peerLegacy(t, c.write, stranger) }
		}, accept},
		{8, "two names for one path in a link", func(c *chain) {
			c.write.Products["./go.mod"] = c.write.Products["go.mod"]
		}, layout.CodeLinkAmbiguous},
		{8, "rules compare names byte by byte", func(c *chain) { c.products(0, "DISALLOW ./go.mod") }, accept},
		{10, "MATCH IN leaves alone what is outside of the prefix", func(c *chain) {
			c.materials(1, "MATCH go.mod IN src WITH PRODUCTS FROM write", "DISALLOW go.mod")
		}, layout.CodeRule},
		{11, "a pattern that can match nothing", func(c *chain) { c.products(1, "DISALLOW [z-a]") }, layout.CodePattern},
		{11, "a bracket that is not closed is literal", func(c *chain) {
			c.build.Products["a[pp"] = digest("bracket")
			c.products(1, "DISALLOW a[pp")
		}, layout.CodeRule},
		{12, "nothing escapes in a pattern", func(c *chain) { c.products(1, `DISALLOW \app`) }, accept},
		{13, "a shared strong algorithm decides", func(c *chain) {
			more := (&generator{algs: []string{"sha256", "sha512"}}).digests("mod")
			c.build.Materials["go.mod"] = more
		}, accept},
		{14, "names are compared byte by byte", func(c *chain) {
			c.write.Products["https://e.org//a"] = digest("a")
			c.products(0, "ALLOW https://e.org/a", "DISALLOW https*")
		}, layout.CodeRule},
		{15, "MATCH FROM an unknown step", func(c *chain) { c.products(0, "MATCH * WITH PRODUCTS FROM nowhere") }, layout.CodeMalformed},
		{15, "a repeated member", func(c *chain) {
			c.edit = func(data []byte) []byte {
				return []byte(strings.Replace(string(data), `"readme":`, `"readme":"","readme":`, 1))
			}
		}, layout.CodeMalformed},
		{16, "an unknown member of the layout", func(c *chain) {
			c.edit = func(data []byte) []byte {
				return []byte(strings.Replace(string(data), `"readme":`, `"more":{},"readme":`, 1))
			}
		}, accept},
		{16, "an unknown member of the layout in the older form", func(c *chain) {
			c.sign = ourLegacy
			c.edit = func(data []byte) []byte {
				return []byte(strings.Replace(string(data), `"readme":`, `"more":{},"readme":`, 1))
			}
		}, accept},
		{17, "fractions of a second", func(c *chain) { c.layout.Expires = "2199-01-01T00:00:00.5Z" }, layout.CodeMalformed},
		{18, "no steps", func(c *chain) { c.layout.Steps = []intoto.Step{} }, layout.CodeVacuous},
		{22, "a parameter without a value", func(c *chain) { c.products(1, "DISALLOW {nobody}") }, layout.CodeParameter},
		{24, "a step name is no pattern", func(c *chain) {
			c.layout.Steps[0].Name, c.write.Name = "wr[i]te", "wr[i]te"
			c.materials(1)
			c.world = func(w *world) {
				alice := c.functionaries[0]
				w.links[linkFile("wr[i]te", alice)] = w.links[linkFile("write", alice)]
				delete(w.links, linkFile("write", alice))
			}
		}, accept},
		// Evidence counts by who has signed it, not by files.
		{24, "one file that two functionaries have signed", func(c *chain) {
			alice, bob := c.functionaries[0], c.functionaries[1]
			c.world = func(w *world) {
				delete(w.links, linkFile("build", bob))
				w.links[linkFile("build", alice)] = ourDSSE(t, c.build, alice, bob)
			}
		}, accept},
	} {
		t.Run(fmt.Sprintf("row %d %s", test.row, test.name), func(t *testing.T) {
			c := newChain(t, people)
			test.edit(c)
			w := c.signed()
			_, err := w.verify(t)
			if test.want != accept {
				rejected(t, err, test.want)
			} else if err != nil {
				t.Errorf("rejected: %v", err)
			}
			if _, peerErr := w.peerVerify(t); (err == nil) == (peerErr == nil) {
				t.Errorf("in-toto-golang agrees: %v", peerErr)
			}
		})
	}
}

// The same chain without any change, in every form; and all owners must have signed.
func TestLayoutChain(t *testing.T) {
	for name, sign := range map[string]form{"legacy": peerLegacy, "DSSE": peerDSSE, "our DSSE": ourDSSE, "our legacy": ourLegacy} {
		t.Run(name, func(t *testing.T) {
			c := newChain(t, newCast(t))
			c.sign = func(t testing.TB, payload any, people ...person) []byte {
				if raw, ok := payload.([]byte); ok {
					var l intoto.Layout
					if err := json.Unmarshal(raw, &l); err != nil {
						t.Fatal(err)
					}
					payload = l
				}
				return sign(t, payload, people...)
			}
			w := c.signed()
			if code := compare(t, w); code != "" {
				t.Errorf("rejected with %s", code)
			}
			w.owners = c.owners
			if code := compare(t, w); code != layout.CodeSignature {
				t.Errorf("with one of two owners: %q", code)
			}
		})
	}
}

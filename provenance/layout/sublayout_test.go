// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package layout_test

import (
	"context"
	"errors"
	"iter"
	"testing"

	"github.com/tallystick/tallystick/provenance"
	"github.com/tallystick/tallystick/provenance/layout"
	"github.com/tallystick/tallystick/verify"
	"github.com/tallystick/tallystick/verify/verifytest"
)

// withSublayout returns a world in which alice writes and bob hands in a layout
// for the build: dave compiles and erin packs.
func withSublayout() (*world, obj) {
	w := newWorld()
	w.step(1)["pubkeys"], w.step(1)["threshold"] = []string{id("bob")}, 1
	delete(w.links, "build."+id8("carol")+".link")
	sub := newLayout([]string{"dave", "erin"},
		step("compile", 1, rules(), rules([]string{"CREATE", "*.o"}, []string{"MATCH", "*", "WITH", "MATERIALS", "FROM", "compile"}, []string{"DISALLOW", "*"}), "dave"),
		step("pack", 1, rules([]string{"MATCH", "*", "WITH", "PRODUCTS", "FROM", "compile"}, []string{"DISALLOW", "*"}), rules(), "erin"))
	folder := "build." + id8("bob") + "/"
	w.links[folder+"compile."+id8("dave")+".link"] = dsse(link("compile", files("src/main.go", "README"), files("main.o")), "dave")
	w.links[folder+"pack."+id8("erin")+".link"] = dsse(link("pack", files("main.o"), files("app", "src/main.go")), "erin")
	return w, sub
}

func TestSublayout(t *testing.T) {
	w, sub := withSublayout()
	w.put("build", sub, "bob")
	v, err := w.verify(t)
	if err != nil {
		t.Fatalf("%v\n%s", err, report(t, err))
	}
	// The virtual link has the materials of the first step and the products of
	// the last.
	verifytest.TestClaim(t, v, verifytest.Artifact(t, "app", "content of app"))
	materials, err := v.Materials("build")
	if err != nil {
		t.Fatal(err)
	}
	if materials.Len() != 2 {
		t.Errorf("%d materials", materials.Len())
	}
	for _, i := range v.Issuers() {
		if i.ID == keyOf("dave").Fingerprint() {
			t.Error("a functionary of the sublayout vouches for the layout")
		}
	}
}

// A sublayout that is not accepted is no evidence.
func TestSublayoutCases(t *testing.T) {
	folder := "build." + id8("bob") + "/"
	for _, c := range []struct {
		name string
		edit func(w *world, sub obj)
		want []verify.Code
	}{
		{"signed by somebody else", func(w *world, sub obj) {
			w.put("build", sub, "mallory")
			w.links["build."+id8("bob")+".link"] = w.links["build."+id8("mallory")+".link"]
		}, codes(layout.CodeLinkSignature, layout.CodeThreshold)},
		{"no steps", func(w *world, sub obj) { sub["steps"] = []obj{} }, codes(layout.CodeVacuous, layout.CodeThreshold)},
		{"expired", func(w *world, sub obj) { sub["expires"] = "2026-06-01T11:59:59Z" }, codes(layout.CodeExpired, layout.CodeThreshold)},
		{"one link missing", func(w *world, sub obj) { delete(w.links, folder+"pack."+id8("erin")+".link") }, codes(layout.CodeThreshold)},
		{"link of a stranger", func(w *world, sub obj) {
			w.links[folder+"pack."+id8("erin")+".link"] = dsse(link("pack", files("main.o"), files("app")), "bob")
		}, codes(layout.CodeLinkSignature, layout.CodeThreshold)},
		{"its rule fails", func(w *world, sub obj) {
			w.links[folder+"pack."+id8("erin")+".link"] = dsse(link("pack", obj{"main.o": sum("evil")}, files("app")), "erin")
		}, codes(layout.CodeRule, layout.CodeThreshold)},
		{"the rule above fails", func(w *world, sub obj) {
			w.links[folder+"pack."+id8("erin")+".link"] = dsse(link("pack", files("main.o"), files("app", "more")), "erin")
		}, codes(layout.CodeRule)},
		{"links beside the layout and not in its folder", func(w *world, sub obj) {
			for _, name := range []string{"compile." + id8("dave") + ".link", "pack." + id8("erin") + ".link"} {
				w.links[name] = w.links[folder+name]
				delete(w.links, folder+name)
			}
		}, codes(layout.CodeThreshold)},
		{"inspection without a runner", func(w *world, sub obj) { sub["inspect"] = []obj{untar("untar")} }, codes(layout.CodeInspection, layout.CodeThreshold)},
		{"inspection that the runner refuses", func(w *world, sub obj) {
			sub["inspect"] = []obj{untar("untar")}
			w.opts.Runner = runner(func(in layout.Inspection) (layout.InspectionResult, error) {
				if len(in.Sublayout) != 1 || in.Sublayout[0] != "build" {
					t.Errorf("sublayout %q", in.Sublayout)
				}
				return layout.InspectionResult{}, layout.CodeInspection
			})
		}, codes(layout.CodeInspection, layout.CodeThreshold)},
		{"inspection that the runner runs", func(w *world, sub obj) {
			sub["inspect"] = []obj{untar("untar")}
			w.opts.Runner = runner(func(in layout.Inspection) (layout.InspectionResult, error) { return layout.InspectionResult{}, nil })
		}, nil},
		{"parameters do not reach it", func(w *world, sub obj) {
			sub["steps"].([]obj)[0]["expected_products"] = rules([]string{"ALLOW", "{x}"})
			w.opts.Parameters = map[string]string{"x": "main.o"}
		}, codes(layout.CodeParameter, layout.CodeThreshold)},
		{"under the payload type of a link", func(w *world, sub obj) {
			data, err := provenance.Sign("application/vnd.in-toto.link+json", marshal(sub), key("bob"))
			if err != nil {
				t.Fatal(err)
			}
			w.links["build."+id8("bob")+".link"] = data
		}, codes(layout.CodeSublayout, layout.CodeThreshold)},
		{"depth", func(w *world, sub obj) { w.opts.Limits.SublayoutDepth = -1 }, codes(layout.CodeLimit)},
		{"number", func(w *world, sub obj) { w.opts.Limits.Sublayouts = -1 }, codes(layout.CodeLimit)},
		{"number of links", func(w *world, sub obj) { w.opts.Limits.Links = 3 }, codes(layout.CodeLimit)},
		{"number of links is enough", func(w *world, sub obj) { w.opts.Limits.Links = 4 }, nil},
		{"bytes", func(w *world, sub obj) { w.opts.Limits.TotalBytes = 1000 }, codes(layout.CodeLimit)},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, sub := withSublayout()
			w.put("build", sub, "bob")
			before := w.links["build."+id8("bob")+".link"]
			c.edit(w, sub)
			if string(w.links["build."+id8("bob")+".link"]) == string(before) {
				w.put("build", sub, "bob")
			}
			_, err := w.verify(t)
			if c.want == nil {
				if err != nil {
					t.Fatalf("%v\n%s", err, report(t, err))
				}
				return
			}
			if err == nil {
				t.Fatal("accepted")
			}
			r := report(t, err)
			for _, code := range c.want {
				if !errors.Is(err, code) {
					t.Errorf("not %s but %s\n%s", code, r.Codes, r)
				}
			}
			if r.Codes[0] != c.want[0] {
				t.Errorf("first code %s, want %s", r.Codes[0], c.want[0])
			}
		})
	}
}

// endless hands in the same sublayout for every step, for ever.
type endless struct{ file layout.File }

func (e endless) Links(context.Context, layout.Request) iter.Seq2[layout.File, error] {
	return func(yield func(layout.File, error) bool) { yield(e.file, nil) }
}

func (e endless) Sublayout(context.Context, layout.File, layout.Request) (layout.LinkSource, error) {
	return e, nil
}

// Two steps that each lead to the same sublayout would be 2^16 sublayouts.
func TestSublayoutsAreBounded(t *testing.T) {
	sub := newLayout([]string{"bob"}, step("a", 1, rules(), rules(), "bob"), step("b", 1, rules(), rules(), "bob"))
	source := endless{layout.File{Name: "any", Data: dsse(sub, "bob")}}
	_, err := layout.Verify(context.Background(), dsse(sub, "owner"), keySet(t, "owner"), source, layout.Options{Time: now})
	if !errors.Is(err, layout.CodeLimit) {
		t.Errorf("got %v", err)
	}
	if n := len(report(t, err).String()); n > 1<<20 {
		t.Errorf("the report has %d bytes", n)
	}
}

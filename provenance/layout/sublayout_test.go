// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package layout_test

import (
	"context"
	"errors"
	"iter"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/tallystick/tallystick/hash"
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
	// Bob signed the sublayout and never saw this content. Those who signed for
	// it are the functionaries of the first and the last step.
	for person, got := range map[string][]verify.Issuer{"erin": v.Issuers(), "dave": materials.Issuers()} {
		if len(got) != 1 || got[0].ID != keyOf(person).Fingerprint() {
			t.Errorf("issuers %v, want %s", got, person)
		}
	}
	build := v.Evidence().Check.Checks[3]
	if len(build.Issuers) != 1 || build.Issuers[0].ID != keyOf("bob").Fingerprint() {
		t.Errorf("the step was done by %v, want bob", build.Issuers)
	}
}

// Two functionaries whose sublayouts have one and the same person work for them
// are two for the threshold of the step, and one witness of the content.
func TestSublayoutsOfTwo(t *testing.T) {
	for _, c := range []struct {
		name    string
		quorum  bool
		app     map[string]obj // by who handed in the sublayout
		others  map[string]obj // links of others
		want    verify.Code
		issuers []string
	}{
		{"agree", false, map[string]obj{"bob": sum("content of app"), "carol": sum("content of app")}, nil, "", []string{"erin"}},
		{"one more algorithm", false, map[string]obj{"bob": sum("content of app"), "carol": sums("content of app")}, nil, "", []string{"erin"}},
		{"disagree", false, map[string]obj{"bob": sum("content of app"), "carol": sum("evil")}, nil, layout.CodeDisagreement, nil},
		{"outvoted, but the witness says both", true, map[string]obj{"bob": sum("content of app"), "carol": sum("evil")},
			map[string]obj{"frank": sum("content of app")}, "", []string{"frank"}},
		{"nobody is left who says one thing", true, map[string]obj{"bob": sum("content of app"), "carol": sum("content of app"), "frank": sum("evil")}, nil, layout.CodeDisagreement, nil},
		{"beside a link", false, map[string]obj{"bob": sum("content of app")}, map[string]obj{"carol": sum("content of app")}, "", []string{"carol", "erin"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld()
			people := []string{"bob", "carol", "frank"}
			w.layout = newLayout(people, step("build", 2, rules(), rules(), people...))
			w.links, w.opts.Quorum = map[string][]byte{}, c.quorum
			sub := newLayout([]string{"erin"}, step("pack", 1, rules(), rules(), "erin"))
			for p, app := range c.app {
				w.put("build", sub, p)
				w.links["build."+id8(p)+"/pack."+id8("erin")+".link"] = dsse(link("pack", files("src"), obj{"app": app}), "erin")
			}
			for p, app := range c.others {
				w.put("build", link("build", files("src"), obj{"app": app}), p)
			}
			v, err := w.verify(t)
			if c.want != "" {
				if !errors.Is(err, c.want) {
					t.Errorf("got %v, want %s", err, c.want)
				}
				return
			}
			if err != nil {
				t.Fatalf("%v\n%s", err, report(t, err))
			}
			var got, want []string
			for _, i := range v.Issuers() {
				got = append(got, i.ID)
			}
			for _, p := range c.issuers {
				want = append(want, keyOf(p).Fingerprint())
			}
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("issuers %v, want %v", got, c.issuers)
			}
			verifytest.TestClaim(t, v, verifytest.Artifact(t, "app", "content of app"))
		})
	}
}

// Who has said two things counts for nothing, nor do those who worked for him.
func TestSublayoutOfOneWhoSaysBoth(t *testing.T) {
	w := newWorld()
	people := []string{"bob", "carol", "frank"}
	w.layout = newLayout(people, step("build", 2, rules(), rules(), people...))
	w.links, w.opts.Quorum = map[string][]byte{}, true
	good := link("build", files("src"), files("app"))
	w.put("build", good, "bob")
	w.put("build", good, "frank")
	w.put("build", newLayout([]string{"erin"}, step("pack", 1, rules(), rules(), "erin")), "carol")
	w.links["build."+id8("carol")+"/pack."+id8("erin")+".link"] = dsse(link("pack", files("src"), files("app")), "erin")
	v, err := w.verify(t)
	if err != nil || len(v.Issuers()) != 3 {
		t.Fatalf("bob, frank and erin: %v", err)
	}
	w.links["build.12345678.link"] = dsse(link("build", files("src"), obj{"app": sum("evil")}), "carol")
	v, err = w.verify(t)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range v.Issuers() {
		if i.ID == keyOf("erin").Fingerprint() || i.ID == keyOf("carol").Fingerprint() {
			t.Errorf("issuers %v", v.Issuers())
		}
	}
}

// A digest that within a sublayout fewer state than have to, or not all, proves no
// more above than below.
func TestSublayoutKeepsMarks(t *testing.T) {
	only512 := sums("content of app")
	delete(only512, "sha256")
	for _, c := range []struct {
		name      string
		threshold int // of the step in the sublayout
		covered   bool
		matches   bool
	}{
		{"one suffices", 1, false, true},
		{"two have to", 2, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld()
			w.layout = newLayout([]string{"bob", "frank"},
				step("build", 1, rules(), rules(), "bob"),
				step("ship", 1, rules([]string{"MATCH", "app", "WITH", "PRODUCTS", "FROM", "build"}, []string{"DISALLOW", "*"}), rules(), "frank"))
			sub := newLayout([]string{"dave", "erin"}, step("pack", c.threshold, rules(), rules(), "dave", "erin"))
			w.links = map[string][]byte{}
			w.put("build", sub, "bob")
			folder := "build." + id8("bob") + "/pack."
			w.links[folder+id8("dave")+".link"] = dsse(link("pack", obj{}, obj{"app": sum("content of app")}), "dave")
			w.links[folder+id8("erin")+".link"] = dsse(link("pack", obj{}, obj{"app": sums("content of app")}), "erin")
			w.put("ship", link("ship", obj{"app": only512}, obj{"app": only512}), "frank")
			v, err := w.verify(t)
			if c.matches != (err == nil) {
				t.Fatalf("MATCH by a digest that erin alone states: %v", err)
			}
			if err != nil {
				return
			}
			built, err := v.Products("build")
			if err != nil {
				t.Fatal(err)
			}
			for _, alg := range []hash.Algorithm{hash.SHA256, hash.SHA512} {
				if err := built.Covers(verifytest.Artifact(t, "app", "content of app", alg)); (err == nil) != (alg == hash.SHA256) {
					t.Errorf("%v: %v", alg, err)
				}
			}
		})
	}
}

// Specification 4.5.3: those who signed a sublayout may sign the link of its
// inspection, which then need not be run.
func TestSignedInspection(t *testing.T) {
	folder := "build." + id8("bob") + "/"
	inspection := func() obj {
		l := link("untar", files("app"), files("app", "src/main.go"))
		l["command"] = []string{"tar", "xzf", "app.tar.gz"}
		l["byproducts"] = obj{"return-value": 0, "stdout": "", "stderr": ""}
		return l
	}
	refuse := runner(func(in layout.Inspection) (layout.InspectionResult, error) {
		return layout.InspectionResult{}, layout.CodeInspection
	})
	for _, c := range []struct {
		name string
		edit func(w *world, sub, l obj)
		want verify.Code
		says string
	}{
		{"signed", func(*world, obj, obj) {}, "", "a signed link says that it was done"},
		{"signed, and a runner", func(w *world, sub, l obj) { w.opts.Runner = refuse }, "", "not run, for those who signed"},
		{"its rules hold", func(w *world, sub, l obj) {
			sub["inspect"].([]obj)[0]["expected_materials"] = rules([]string{"MATCH", "app", "WITH", "PRODUCTS", "FROM", "pack"}, []string{"DISALLOW", "*"})
		}, "", ""},
		{"its rules do not hold", func(w *world, sub, l obj) {
			sub["inspect"].([]obj)[0]["expected_products"] = rules([]string{"DISALLOW", "src/*"})
		}, layout.CodeRule, "src/main.go"},
		{"not signed", func(w *world, sub, l obj) { w.links[folder+"untar.link"] = nil }, layout.CodeInspection, "no runner"},
		{"by a functionary of the sublayout", func(w *world, sub, l obj) { w.links[folder+"untar.link"] = dsse(l, "erin") }, layout.CodeInspection, string(layout.CodeLinkSignature)},
		{"not signed, but run", func(w *world, sub, l obj) {
			w.links[folder+"untar.link"] = dsse(l, "erin")
			w.opts.Runner = runner(func(in layout.Inspection) (layout.InspectionResult, error) { return layout.InspectionResult{}, nil })
		}, "", ""},
		{"of another name", func(w *world, sub, l obj) { l["name"] = "unzip" }, layout.CodeInspection, string(layout.CodeLinkName)},
		{"of another command", func(w *world, sub, l obj) { l["command"] = []string{"true"} }, layout.CodeInspection, "the command is true"},
		{"failed", func(w *world, sub, l obj) { l["byproducts"] = obj{"return-value": 1} }, layout.CodeInspection, "must be 0"},
		{"without a return value", func(w *world, sub, l obj) { l["byproducts"] = obj{} }, layout.CodeInspection, "must be 0"},
		{"a return value in quotes", func(w *world, sub, l obj) { l["byproducts"] = obj{"return-value": "0"} }, layout.CodeInspection, "must be 0"},
		{"a sublayout in its place", func(w *world, sub, l obj) { w.links[folder+"untar.link"] = dsse(sub, "bob") }, layout.CodeInspection, "unknown _type"},
		{"beside the sublayout and not in its folder", func(w *world, sub, l obj) {
			w.links[folder+"untar.link"] = nil
			w.links["untar.link"] = dsse(l, "bob")
		}, layout.CodeInspection, "no runner"},
		{"one of two who signed the sublayout", func(w *world, sub, l obj) {
			w.step(1)["pubkeys"], w.step(1)["threshold"] = []string{id("bob"), id("carol")}, 2
			w.links["build."+id8("bob")+".link"] = dsse(sub, "bob", "carol")
		}, layout.CodeInspection, "found:    1"},
		{"both who signed the sublayout", func(w *world, sub, l obj) {
			w.step(1)["pubkeys"], w.step(1)["threshold"] = []string{id("bob"), id("carol")}, 2
			w.links["build."+id8("bob")+".link"] = dsse(sub, "bob", "carol")
			w.links[folder+"untar.link"] = dsse(l, "bob", "carol")
		}, "", ""},
		{"of the layout itself", func(w *world, sub, l obj) {
			sub["inspect"] = []obj{}
			w.layout["inspect"] = []obj{untar("untar")}
			w.links["untar.link"] = dsse(l, "owner", "bob")
		}, layout.CodeInspection, "no runner"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, sub := withSublayout()
			delete(w.links, "build."+id8("bob")+".link")
			sub["inspect"] = []obj{untar("untar")}
			l := inspection()
			c.edit(w, sub, l)
			for file, data := range map[string][]byte{"build." + id8("bob") + ".link": dsse(sub, "bob"), folder + "untar.link": dsse(l, "bob")} {
				if before, ok := w.links[file]; !ok {
					w.links[file] = data
				} else if before == nil {
					delete(w.links, file)
				}
			}
			v, err := w.verify(t)
			var text string
			if err == nil {
				text = string(marshal(v.Evidence()))
			} else {
				text = report(t, err).String()
			}
			if c.want == "" && err != nil || c.want != "" && !errors.Is(err, c.want) {
				t.Errorf("got %v, want %q\n%s", err, c.want, text)
			}
			if !strings.Contains(text, c.says) {
				t.Errorf("does not say %q: %s", c.says, text)
			}
		})
	}
}

// Once a limit is exceeded, the source is broken or the context has ended, there is
// nothing that a command could still show, so none is run.
func TestNoInspectionAfterTheEnd(t *testing.T) {
	signed := "build." + id8("bob") + "/untar.link"
	for _, c := range []struct {
		name string
		edit func(w *world, cancel func())
		want verify.Code
	}{
		{"links", func(w *world, cancel func()) { w.opts.Limits.Links = 4 }, layout.CodeLimit},
		{"source", func(w *world, cancel func()) {
			w.source = func(links map[string][]byte) layout.LinkSource {
				return refusing{layout.DirLinks(w.fs()), func(step string) error {
					if step == "untar" {
						return errors.New("disk failure")
					}
					return nil
				}}
			}
		}, layout.CodeSource},
		{"context", func(w *world, cancel func()) {
			w.source = func(links map[string][]byte) layout.LinkSource {
				return refusing{layout.DirLinks(w.fs()), func(step string) error {
					if step == "untar" {
						cancel()
					}
					return nil
				}}
			}
		}, layout.CodeSource},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, sub := withSublayout()
			sub["inspect"] = []obj{untar("untar")}
			w.put("build", sub, "bob")
			w.links[signed] = dsse(link("untar", obj{}, obj{}), "mallory")
			ran := 0
			w.opts.Runner = runner(func(in layout.Inspection) (layout.InspectionResult, error) {
				ran++
				return layout.InspectionResult{}, nil
			})
			if _, err := w.verify(t); err != nil || ran != 1 {
				t.Fatalf("before: ran %d times, %v", ran, err)
			}
			ran = 0
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			c.edit(w, cancel)
			source := layout.LinkSource(layout.DirLinks(w.fs()))
			if w.source != nil {
				source = w.source(w.links)
			}
			_, err := layout.Verify(ctx, w.sign(), keySet(t, "owner"), source, w.opts)
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
			if ran != 0 {
				t.Error("the inspection was run")
			}
		})
	}
}

// refusing is a source that asks about each step first.
type refusing struct {
	layout.LinkSource
	ask func(step string) error
}

func (r refusing) Links(ctx context.Context, req layout.Request) iter.Seq2[layout.File, error] {
	return func(yield func(layout.File, error) bool) {
		if err := r.ask(req.Step); err != nil {
			yield(layout.File{}, err)
			return
		}
		r.LinkSource.Links(ctx, req)(yield)
	}
}

func (r refusing) Sublayout(ctx context.Context, f layout.File, req layout.Request) (layout.LinkSource, error) {
	below, err := r.LinkSource.Sublayout(ctx, f, req)
	return refusing{below, r.ask}, err
}

// The command of a sublayout is that of its last step.
func TestSublayoutCommand(t *testing.T) {
	for _, c := range []struct {
		command  string
		required bool
		ok       bool
	}{{"make", true, true}, {"make evil", true, false}, {"make evil", false, true}} {
		w, sub := withSublayout()
		w.step(1)["expected_command"] = []string{"make"}
		l := link("pack", files("main.o"), files("app", "src/main.go"))
		l["command"] = []string{c.command}
		w.links["build."+id8("bob")+"/pack."+id8("erin")+".link"] = dsse(l, "erin")
		w.put("build", sub, "bob")
		w.opts.RequireCommands = c.required
		v, err := w.verify(t)
		if (err == nil) != c.ok || err != nil && !errors.Is(err, layout.CodeCommand) {
			t.Errorf("%+v: %v", c, err)
		}
		if err == nil && strings.Contains(string(marshal(v.Evidence())), string(layout.CodeCommand)) != (c.command != "make") {
			t.Errorf("%+v: the finding", c)
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
		{"as STEP.link", func(w *world, sub obj) {
			w.links["build.link"] = dsse(sub, "bob")
			w.links["build."+id8("bob")+".link"] = []byte("junk")
		}, nil},
		{"a key id that is a path", func(w *world, sub obj) { underPath(w, sub, "x/y") }, codes(layout.CodeThreshold)},
		{"a key id that leads out", func(w *world, sub obj) { underPath(w, sub, "/../..") }, codes(layout.CodeThreshold)},
		{"as STEP.link with a folder STEP, which has other things", func(w *world, sub obj) {
			w.links["build.link"] = dsse(sub, "bob")
			w.links["build."+id8("bob")+".link"] = []byte("junk")
			w.links["build/compile."+id8("dave")+".link"] = []byte("junk")
		}, nil},
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

// underPath gives bob another key id, and moves the links to the folder of that name.
func underPath(w *world, sub obj, keyID string) {
	k := public("bob")
	delete(k, "keyid")
	w.layout["keys"].(obj)[keyID] = k
	w.step(1)["pubkeys"] = []string{keyID}
	w.links["build.link"] = dsse(sub, "bob")
	old := "build." + id8("bob")
	delete(w.links, old+".link")
	for name, data := range w.links {
		if rest, ok := strings.CutPrefix(name, old+"/"); ok {
			delete(w.links, name)
			w.links[path.Join("build."+keyID, rest)] = data
		}
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

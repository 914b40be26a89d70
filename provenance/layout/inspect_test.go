// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package layout_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/provenance/layout"
	"github.com/tallystick/tallystick/verify"
	"github.com/tallystick/tallystick/verify/verifytest"
)

type runner func(layout.Inspection) (layout.InspectionResult, error)

func (r runner) Run(_ context.Context, in layout.Inspection) (layout.InspectionResult, error) {
	return r(in)
}

// found returns artifacts as a runner reports them.
func found(t testing.TB, content map[string]string) map[string]hash.Set {
	out := map[string]hash.Set{}
	for name, c := range content {
		out[name] = verifytest.Artifact(t, name, c).Digests()
	}
	return out
}

func TestInspections(t *testing.T) {
	boom := errors.New("boom")
	good := func(t testing.TB) layout.InspectionResult {
		return layout.InspectionResult{
			Materials: found(t, map[string]string{"app": "content of app"}),
			Products:  found(t, map[string]string{"app": "content of app", "README": "content of README"}),
		}
	}
	for _, c := range []struct {
		name string
		run  func(layout.InspectionResult) (layout.InspectionResult, error)
		edit func(w *world)
		want verify.Code // accepted if there is none
	}{
		{"good", func(r layout.InspectionResult) (layout.InspectionResult, error) { return r, nil }, nil, ""},
		{"no runner", nil, nil, layout.CodeInspection},
		{"fails", func(r layout.InspectionResult) (layout.InspectionResult, error) { return r, boom }, nil, layout.CodeInspection},
		{"is refused", func(r layout.InspectionResult) (layout.InspectionResult, error) { return r, layout.CodeInspection }, nil, layout.CodeInspection},
		{"exits with 1", func(r layout.InspectionResult) (layout.InspectionResult, error) {
			r.ExitCode = 1
			return r, nil
		}, nil, layout.CodeInspection},
		{"finds another product", func(r layout.InspectionResult) (layout.InspectionResult, error) {
			r.Products = found(t, map[string]string{"README": "evil"})
			return r, nil
		}, nil, layout.CodeRule},
		{"finds an extra product", func(r layout.InspectionResult) (layout.InspectionResult, error) {
			r.Products = found(t, map[string]string{"README": "content of README", "extra": ""})
			return r, nil
		}, nil, layout.CodeRule},
		{"finds another material", func(r layout.InspectionResult) (layout.InspectionResult, error) {
			r.Materials = found(t, map[string]string{"app": "other content"})
			return r, nil
		}, nil, layout.CodeRule},
		{"finds two names for one path", func(r layout.InspectionResult) (layout.InspectionResult, error) {
			r.Products["./app"] = r.Products["app"]
			return r, nil
		}, nil, layout.CodeInspection},
		{"finds a name without text", func(r layout.InspectionResult) (layout.InspectionResult, error) {
			r.Materials[""] = r.Materials["app"]
			return r, nil
		}, nil, layout.CodeInspection},
		{"is not reached", func(r layout.InspectionResult) (layout.InspectionResult, error) {
			t.Error("a command of a layout was run whose steps were not accepted")
			return r, nil
		}, func(w *world) { delete(w.links, "write."+id8("alice")+".link") }, layout.CodeThreshold},
		{"matches with another inspection", func(r layout.InspectionResult) (layout.InspectionResult, error) { return r, nil }, func(w *world) {
			second := untar("second")
			second["expected_products"] = rules([]string{"MATCH", "*", "WITH", "PRODUCTS", "FROM", "untar"}, []string{"DISALLOW", "*"})
			w.layout["inspect"] = []obj{second, w.layout["inspect"].([]obj)[0]}
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld()
			in := untar("untar")
			in["run"] = []string{"tar", "xf", "{file}"}
			in["expected_materials"] = rules([]string{"MATCH", "app", "WITH", "PRODUCTS", "FROM", "build"}, []string{"DISALLOW", "app"})
			in["expected_products"] = rules([]string{"MATCH", "*", "WITH", "PRODUCTS", "FROM", "write"}, []string{"ALLOW", "app"}, []string{"DISALLOW", "*"})
			w.layout["inspect"] = []obj{in}
			w.opts.Parameters = map[string]string{"file": "app.tar"}
			if c.edit != nil {
				c.edit(w)
			}
			if c.run != nil {
				w.opts.Runner = runner(func(in layout.Inspection) (layout.InspectionResult, error) {
					if in.Name == "untar" && !slices.Equal(in.Command, []string{"tar", "xf", "app.tar"}) || len(in.Sublayout) > 0 {
						t.Errorf("asked to run %+v", in)
					}
					return c.run(good(t))
				})
			}
			_, err := w.verify(t)
			if c.want == "" {
				if err != nil {
					t.Fatalf("%v\n%s", err, report(t, err))
				}
				return
			}
			if err == nil {
				t.Fatal("accepted")
			}
			if got := report(t, err).Codes[0]; got != c.want {
				t.Errorf("code %s, want %s\n%s", got, c.want, report(t, err))
			}
			if says := map[string]string{"is refused": "not run", "fails": "boom"}[c.name]; !strings.Contains(report(t, err).String(), says) {
				t.Errorf("does not say %q\n%s", says, report(t, err))
			}
			if c.name == "fails" && !errors.Is(err, boom) {
				t.Errorf("does not wrap the runner's error: %v", err)
			}
		})
	}
}

// If the context ends while an inspection runs there is no verdict.
func TestInspectionIsInterrupted(t *testing.T) {
	for _, fails := range []bool{true, false} {
		w := newWorld()
		w.layout["inspect"] = []obj{untar("untar")}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		w.opts.Runner = runner(func(layout.Inspection) (layout.InspectionResult, error) {
			cancel()
			if fails {
				return layout.InspectionResult{}, ctx.Err()
			}
			return layout.InspectionResult{}, nil
		})
		_, err := layout.Verify(ctx, w.sign(), keySet(t, "owner"), layout.DirLinks(w.fs()), w.opts)
		if _, rejected := errors.AsType[*verify.RejectedError](err); rejected || !errors.Is(err, layout.CodeSource) || !errors.Is(err, context.Canceled) {
			t.Errorf("fails %v: %v", fails, err)
		}
	}
}

// The rules of an inspection are applied whatever became of those of another one.
func TestRulesOfAllInspections(t *testing.T) {
	w := newWorld()
	first, second, third := untar("first"), untar("second"), untar("third")
	first["expected_products"] = rules([]string{"DISALLOW", "app"})
	second["expected_products"] = rules([]string{"DISALLOW", "READ*"})
	third["expected_products"] = rules([]string{"ALLOW", "*"})
	w.layout["inspect"] = []obj{first, second, third}
	w.opts.Runner = runner(func(layout.Inspection) (layout.InspectionResult, error) {
		return layout.InspectionResult{Products: found(t, map[string]string{"app": "x", "README": "y"})}, nil
	})
	_, err := w.verify(t)
	for _, want := range []string{"DISALLOW app", "DISALLOW READ*"} {
		if !strings.Contains(report(t, err).String(), want+"  [layout/rule]") {
			t.Errorf("does not say %q: %v", want, report(t, err))
		}
	}
	if text := string(marshal(report(t, err))); strings.Contains(text, "not enough evidence") {
		t.Errorf("there was enough evidence: %s", text)
	}
}

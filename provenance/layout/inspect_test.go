// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package layout_test

import (
	"context"
	"errors"
	"slices"
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
			if c.name == "fails" && !errors.Is(err, boom) {
				t.Errorf("does not wrap the runner's error: %v", err)
			}
		})
	}
}

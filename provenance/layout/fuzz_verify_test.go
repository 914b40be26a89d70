// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package layout_test

import (
	"context"
	"errors"
	"testing"
	"testing/fstest"

	"github.com/tallystick/tallystick/provenance/layout"
	"github.com/tallystick/tallystick/verify"
)

// Whatever owners and functionaries sign, and whatever lies in the folder, ends
// in a verification or in a rejection with a report.
func FuzzVerify(f *testing.F) {
	w := newWorld()
	build := marshal(link("build", files("src/main.go", "README"), files("src/main.go", "app")))
	f.Add(w.sign(), marshal(w.layout), marshal(link("write", obj{}, files("src/main.go", "README"))), build)
	f.Add(legacy(w.layout, "owner"), []byte("{}"), marshal(statement("https://in-toto.io/Statement/v1",
		"https://in-toto.io/attestation/link/v0.3", files("README"), obj{"name": "write"})), build)
	sub := newLayout([]string{"bob"}, step("sub", 1, rules(), rules(), "bob"))
	f.Add([]byte("{"), marshal(w.layout), marshal(w.layout), marshal(sub))
	gina := newGPG("gina")
	sub["keys"].(obj)[gina.id] = gina.public()
	sub["rootcas"] = obj{"r": obj{"keyval": obj{"certificate": pemOf(certify(f, "root", "root", nil, nil))}}}
	sub["steps"].([]obj)[0]["cert_constraints"] = []obj{{"common_name": "*", "roots": []string{"r"}}}
	f.Add(gina.sign(f, sub), marshal(sub), gina.sign(f, sub), withCert(f, dsse(sub, "bob"), "cert", pemOf(certify(f, "bob", "root", nil, nil))))
	keys := keySet(f, "owner")
	limits := layout.Limits{LayoutBytes: 1 << 16, LinkBytes: 1 << 16, Depth: 16, Sublayouts: 8, SublayoutDepth: 3, Links: 64, PatternWork: 1 << 20}
	f.Fuzz(func(t *testing.T, envelope, payload, write, build []byte) {
		source := func() layout.LinkSource {
			return layout.DirLinks(fstest.MapFS{
				"write." + id8("alice") + ".link":                            {Data: dsse(write, "alice")},
				"build." + id8("bob") + ".link":                              {Data: dsse(build, "bob")},
				"build." + id8("carol") + ".link":                            {Data: dsse(build, "carol")},
				"build.link":                                                 {Data: write},
				"build." + id8("bob") + "/sub." + id8("bob") + ".link":       {Data: dsse(write, "bob")},
				"write." + id8("alice") + "/write." + id8("alice") + ".link": {Data: dsse(build, "alice")},
			})
		}
		for _, signed := range [][]byte{envelope, dsse(payload, "owner")} {
			v, err := layout.Verify(context.Background(), signed, keys, source(), layout.Options{Time: now, Limits: limits})
			if err != nil {
				rejected, ok := errors.AsType[*verify.RejectedError](err)
				if !ok || v != nil || len(rejected.Report.Codes) == 0 || rejected.Report.Verdict != verify.Rejected {
					t.Fatalf("got %v, %v", v, err)
				}
				if _, err := rejected.Report.JSON(); err != nil {
					t.Fatal(err)
				}
				continue
			}
			if len(v.Steps()) == 0 || len(v.Issuers()) < 1 || v.Evidence().Check.Status != verify.Pass {
				t.Fatalf("accepted: %+v", v.Evidence())
			}
		}
	})
}

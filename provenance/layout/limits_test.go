// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package layout_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"

	"github.com/tallystick/tallystick/provenance/layout"
	"github.com/tallystick/tallystick/verify"
)

// Hostile sizes end in a typed error.
func TestLimits(t *testing.T) {
	nested := append([]byte(`{"signed":{"x":`), bytes.Repeat([]byte("["), 10<<20)...)
	manySignatures := []byte(`{"signed":{"_type":"layout"},"signatures":[` + strings.Repeat(`{"keyid":"x","sig":"00"},`, 100_000) + `{"keyid":"x","sig":"00"}]}`)
	manyDSSE := []byte(`{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[` + strings.Repeat(`{"keyid":"x","sig":"AA=="},`, 100_000) + `{"keyid":"x","sig":"AA=="}]}`)
	for _, c := range []struct {
		name string
		edit func(w *world)
		want []verify.Code
	}{
		{"10 MB of nested arrays as layout", func(w *world) { w.signed = func([]byte) []byte { return nested } }, codes(layout.CodeLimit)},
		{"10 MB of nested arrays as link", func(w *world) { w.links["write.link"] = nested }, nil},
		{"10 MB of nested arrays as the only link", func(w *world) {
			w.links["write."+id8("alice")+".link"] = nested
		}, codes(layout.CodeLimit, layout.CodeThreshold)},
		{"100,000 signatures of a layout", func(w *world) { w.signed = func([]byte) []byte { return manySignatures } }, codes(layout.CodeLimit)},
		{"100,000 signatures of a layout in DSSE", func(w *world) { w.signed = func([]byte) []byte { return manyDSSE } }, codes(layout.CodeLimit)},
		{"100,000 signatures of an extra link", func(w *world) { w.links["write.link"] = manyDSSE }, nil},
		{"size of the layout", func(w *world) { w.opts.Limits.LayoutBytes = 100 }, codes(layout.CodeLimit)},
		{"size of a link", func(w *world) { w.opts.Limits.LinkBytes = 100 }, codes(layout.CodeLimit, layout.CodeThreshold)},
		{"nothing allowed", func(w *world) { w.opts.Limits.LinkBytes = -1 }, codes(layout.CodeLimit, layout.CodeThreshold)},
		{"depth", func(w *world) { w.opts.Limits.Depth = 3 }, codes(layout.CodeLimit)},
		{"keys", func(w *world) { w.opts.Limits.Keys = 2 }, codes(layout.CodeLimit)},
		{"keys are enough", func(w *world) { w.opts.Limits.Keys = 3 }, nil},
		{"steps", func(w *world) { w.opts.Limits.Steps = 1 }, codes(layout.CodeLimit)},
		{"rules", func(w *world) { w.opts.Limits.Rules = 7 }, codes(layout.CodeLimit)},
		{"rules are enough", func(w *world) { w.opts.Limits.Rules = 8 }, nil},
		{"visited artifacts", func(w *world) { w.opts.Limits.PatternWork = 2 }, codes(layout.CodeLimit)},
		{"links", func(w *world) { w.opts.Limits.Links = 2 }, codes(layout.CodeLimit)},
		{"bytes in all", func(w *world) { w.opts.Limits.TotalBytes = 100 }, codes(layout.CodeLimit)},
		{"patterns", func(w *world) {
			w.step(1)["expected_products"] = rules([]string{"ALLOW", "*?" + strings.Repeat("a?", 100) + "b*x"})
			build(w, files("src/main.go", "README"), files(strings.Repeat("a", 3000)))
			w.opts.Limits.PatternWork = 1000
		}, codes(layout.CodeLimit)},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld()
			c.edit(w)
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
			for _, code := range c.want {
				if !errors.Is(err, code) {
					t.Errorf("not %s but %v", code, err)
				}
			}
			if got := report(t, err).Codes[0]; got != c.want[0] {
				t.Errorf("first code %s, want %s", got, c.want[0])
			}
			if n := len(report(t, err).String()); n > 1<<16 {
				t.Errorf("the report has %d bytes", n)
			}
		})
	}
}

// Anyone can put files into a folder; the report does not grow with them.
func TestManyUnusableLinks(t *testing.T) {
	w := newWorld()
	for i := range 2000 {
		w.links[fmt.Sprintf("build.%d.link", i)] = []byte("junk")
	}
	v, err := w.verify(t)
	if err != nil {
		t.Fatal(err)
	}
	threshold := v.Evidence().Check.Checks[3].Checks[0]
	if n := len(threshold.Checks); n > 70 || !strings.Contains(threshold.Detail, "1936 more links") {
		t.Errorf("%d links listed: %s", n, threshold.Detail)
	}
}

// Signatures that would take too long are not tried. Junk beside a signature with
// the right key id harms nothing.
func TestSignatureWork(t *testing.T) {
	junk := func(data []byte) []byte {
		return replace(t, `"signatures":[`, `"signatures":[`+strings.Repeat(`{"keyid":"x","sig":"00"},`, 1000))(data)
	}
	long := link("write", obj{}, files("src/main.go", "README"))
	long["environment"] = strings.Repeat("x", 1<<20)
	file := "write." + id8("alice") + ".link"
	for _, c := range []struct {
		name string
		edit func(w *world)
		want []verify.Code
		says string
	}{
		{"junk in a long layout", func(w *world) {
			w.layout["readme"] = strings.Repeat("x", 1<<20)
			w.signed = func(payload []byte) []byte { return junk(legacy(payload, "owner")) }
		}, codes(layout.CodeLimit), "not all signatures could be tried"},
		{"junk in a long link", func(w *world) { w.links[file] = junk(legacy(long, "alice")) }, nil, ""},
		{"junk in a long link, wrong key id", func(w *world) {
			w.links[file] = junk(replace(t, id("alice"), id("bob"))(legacy(long, "alice")))
		}, codes(layout.CodeLimit, layout.CodeThreshold), "of which not all could be tried"},
		{"junk in a short link, wrong key id", func(w *world) {
			w.links[file] = junk(replace(t, id("alice"), id("bob"))(w.links[file]))
		}, nil, ""},
		{"the layout alone is over the limit of the run", func(w *world) { w.opts.Limits.SignatureWork = 128 << 10 }, codes(layout.CodeLimit), "Limits.SignatureWork"},
		{"all links together are", func(w *world) { w.opts.Limits.SignatureWork = 4 * 128 << 10 }, codes(layout.CodeLimit), "Limits.SignatureWork"},
		{"all links together are not", func(w *world) { w.opts.Limits.SignatureWork = 5 * 128 << 10 }, nil, ""},
		{"nothing is allowed", func(w *world) { w.opts.Limits.SignatureWork = -1 }, codes(layout.CodeLimit), "Limits.SignatureWork"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld()
			c.edit(w)
			_, err := w.verify(t)
			if c.want == nil {
				if err != nil {
					t.Errorf("rejected: %v\n%s", err, report(t, err))
				}
				return
			}
			for _, code := range c.want {
				if !errors.Is(err, code) {
					t.Errorf("got %v, want %s", err, code)
				}
			}
			if err != nil && !strings.Contains(report(t, err).String(), c.says) {
				t.Errorf("the report does not say %q:\n%s", c.says, report(t, err))
			}
		})
	}
}

// The bound on signatures holds for all sublayouts and kinds of keys together.
func TestSignatureWorkOfAll(t *testing.T) {
	gina := newGPG("gina")
	root := certify(t, "root", "root", nil, nil)
	any := []string{"*"}
	for _, c := range []struct {
		name string
		edit func(w *world)
	}{
		{"OpenPGP", func(w *world) {
			w.layout["keys"].(obj)[gina.id] = gina.public()
			w.step(0)["pubkeys"] = []string{gina.id}
			w.links["write.link"] = gina.sign(t, link("write", obj{}, files("src/main.go", "README")))
		}},
		{"certificates", func(w *world) {
			w.layout["rootcas"] = obj{"r1": obj{"keyid": "r1", "keytype": "ed25519", "scheme": "ed25519", "keyval": obj{"public": "", "certificate": pemOf(root)}}}
			w.step(0)["pubkeys"] = []string{}
			w.step(0)["cert_constraints"] = []obj{{"common_name": "grace", "dns_names": any, "emails": any, "organizations": any, "uris": any, "roots": []string{"r1"}}}
			w.links["write.link"] = withCert(t, dsse(link("write", obj{}, files("src/main.go", "README")), "grace"), "cert", pemOf(certify(t, "grace", "root", root, nil)))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld()
			delete(w.links, "write."+id8("alice")+".link")
			c.edit(w)
			if _, err := w.verify(t); err != nil {
				t.Fatalf("%v\n%s", err, report(t, err))
			}
			w.opts.Limits.SignatureWork = 4 * 128 << 10 // one for each file, without what is hashed
			if _, err := w.verify(t); !errors.Is(err, layout.CodeLimit) {
				t.Errorf("got %v", err)
			}
		})
	}
	w, sub := withSublayout()
	w.put("build", sub, "bob")
	w.opts.Limits.SignatureWork = 4 * 128 << 10 // for the layout, one link, the sublayout and one of its links
	if _, err := w.verify(t); !errors.Is(err, layout.CodeLimit) {
		t.Errorf("sublayout: %v", err)
	}
}

// A source that never ends is asked for no more than the limits allow.
func TestEndlessSource(t *testing.T) {
	for name, limits := range map[string]layout.Limits{"links": {Links: 10}, "bytes": {TotalBytes: 40}} {
		w := newWorld()
		w.opts.Limits = limits
		n := 0
		source := drip{layout.File{Name: "junk", Data: []byte("junk")}, &n}
		_, err := layout.Verify(context.Background(), w.sign(), keySet(t, "owner"), source, w.opts)
		if !errors.Is(err, layout.CodeLimit) || n != 11 {
			t.Errorf("%s: %v after %d files", name, err, n)
		}
	}
	// Nor beyond the end of the context.
	w := newWorld()
	n := 0
	ctx, cancel := context.WithCancel(context.Background())
	source := cancelling{drip{layout.File{Name: "junk", Data: []byte("junk")}, &n}, cancel}
	if _, err := layout.Verify(ctx, w.sign(), keySet(t, "owner"), source, w.opts); !errors.Is(err, layout.CodeSource) || n != 5 {
		t.Errorf("%v after %d files", err, n)
	}
}

// A drip hands in one file for ever, and counts.
type drip struct {
	file layout.File
	n    *int
}

func (d drip) Links(context.Context, layout.Request) iter.Seq2[layout.File, error] {
	return func(yield func(layout.File, error) bool) {
		for *d.n < 1_000_000 {
			if *d.n++; !yield(d.file, nil) {
				return
			}
		}
	}
}

func (d drip) Sublayout(context.Context, layout.File, layout.Request) (layout.LinkSource, error) {
	return d, nil
}

// cancelling ends the context with the fifth file.
type cancelling struct {
	drip
	cancel func()
}

func (c cancelling) Links(ctx context.Context, req layout.Request) iter.Seq2[layout.File, error] {
	return func(yield func(layout.File, error) bool) {
		for f, err := range c.drip.Links(ctx, req) {
			if *c.n == 5 {
				c.cancel()
			}
			if !yield(f, err) {
				return
			}
		}
	}
}

// The work of many artifacts and rules stays linear, and the trace stays short.
func TestManyArtifacts(t *testing.T) {
	w := newWorld()
	var all []string
	for i := range 2000 {
		all = append(all, fmt.Sprintf("dir%d/file%d", i%7, i))
	}
	w.layout["steps"] = []obj{step("write", 1, rules(), rules([]string{"CREATE", "dir[0-5]/*"}, []string{"DISALLOW", "*"}), "alice")}
	w.put("write", link("write", obj{}, files(all...)), "alice")
	_, err := w.verify(t)
	if !errors.Is(err, layout.CodeRule) {
		t.Fatalf("got %v", err)
	}
	text := report(t, err).String()
	if len(text) > 1<<13 || !strings.Contains(text, "and 280 more") {
		t.Errorf("report of %d bytes:\n%s", len(text), text)
	}
}

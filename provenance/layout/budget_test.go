// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package layout_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/tallystick/tallystick/provenance/layout"
	"github.com/tallystick/tallystick/verify"
)

// maxHostile is what a hostile input may make the verifier allocate in all, which is
// more than it ever holds at once.
const maxHostile = 64 << 20

// allocated returns how many bytes f allocates in all.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// Hostile input ends in a typed error and takes little memory, whatever its size.
// What it costs in time follows: the limits on work are tested by themselves.
func TestBadInputBudget(t *testing.T) {
	const write = "write."
	nested := bytes.Repeat([]byte("["), 10<<20)
	objects := bytes.Repeat([]byte(`{"a":`), 2<<20)
	signatures := func(one string) string { return strings.Repeat(one+",", 100_000) + one }
	w := newWorld()
	file := write + id8("alice") + ".link"
	good := w.links[file]
	payload := func(data []byte) []byte {
		return replace(t, `"signatures":`, `"x":`+string(data)+`,"signatures":`)(good)
	}
	sub := newLayout([]string{"bob"}, step("a", 1, rules(), rules(), "bob"), step("b", 1, rules(), rules(), "bob"))
	twins := endless{layout.File{Name: "any", Data: dsse(sub, "bob")}}
	deep := newLayout([]string{"bob"}, step("a", 1, rules(), rules(), "bob"))
	for _, c := range []struct {
		name   string
		layout func() []byte
		link   []byte // of alice
		source layout.LinkSource
		limits layout.Limits
		want   verify.Code
	}{
		{name: "10 MB of nested arrays as layout", layout: func() []byte { return nested }, want: layout.CodeMalformed},
		{name: "10 MB of nested arrays in a layout", layout: func() []byte { return append([]byte(`{"signatures":[],"signed":{"keys":`), nested...) }, want: layout.CodeLimit},
		{name: "10 MB of nested objects as layout", layout: func() []byte { return objects }, want: layout.CodeLimit},
		{name: "10 MB of nested arrays as link", link: nested, want: layout.CodeLinkMalformed},
		{name: "10 MB of nested objects as link", link: objects, want: layout.CodeLimit},
		{name: "10 MB of nested arrays in an envelope", link: payload(nested), want: layout.CodeLimit},
		{name: "10 MB of nested arrays in a bundle", source: layout.Bundle(append(nested, '\n')), want: layout.CodeThreshold},
		{name: "10 MB of nested arrays among envelopes", source: layout.Envelopes(nested), want: layout.CodeLinkMalformed},
		{name: "100,000 signatures of a layout", layout: func() []byte {
			return []byte(`{"signed":{"_type":"layout"},"signatures":[` + signatures(`{"keyid":"x","sig":"00"}`) + `]}`)
		}, want: layout.CodeLimit},
		{name: "100,000 signatures of a layout in DSSE", layout: func() []byte {
			return []byte(`{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[` + signatures(`{"keyid":"x","sig":"AA=="}`) + `]}`)
		}, want: layout.CodeLimit},
		{name: "100,000 signatures of a link", link: []byte(`{"signed":{"_type":"link"},"signatures":[` + signatures(`{"keyid":"x","sig":"00"}`) + `]}`), want: layout.CodeLimit},
		{name: "100,000 OpenPGP signatures of a link", link: []byte(`{"signed":{"_type":"link"},"signatures":[` + signatures(`{"keyid":"x","other_headers":"04","signature":"00"}`) + `]}`), want: layout.CodeLimit},
		{name: "2^n sublayouts", layout: func() []byte { return dsse(sub, "owner") }, source: twins, want: layout.CodeLimit},
		{name: "sublayouts without end", layout: func() []byte { return dsse(deep, "owner") }, source: endless{layout.File{Name: "any", Data: dsse(deep, "bob")}}, want: layout.CodeLimit},
		{name: "2^n sublayouts, as wide as they may be", layout: func() []byte { return dsse(sub, "owner") }, source: twins,
			limits: layout.Limits{SublayoutDepth: 9}, want: layout.CodeLimit},
		{name: "100,000 lines of junk", source: layout.Bundle(bytes.Repeat([]byte("junk\n"), 100_001)), want: layout.CodeLimit},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld()
			w.opts.Limits = c.limits
			if c.link != nil {
				w.links[file] = c.link
			}
			signed, keys, source := w.sign(), keySet(t, "owner"), layout.LinkSource(layout.DirLinks(w.fs()))
			if c.layout != nil {
				signed = c.layout()
			}
			if c.source != nil {
				source = c.source
			}
			var err error
			n := allocated(func() { _, err = layout.Verify(context.Background(), signed, keys, source, w.opts) })
			if _, ok := errors.AsType[*verify.RejectedError](err); !ok || !errors.Is(err, c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
			if n > maxHostile {
				t.Errorf("%d MiB allocated", n>>20)
			}
			t.Logf("%.1f MiB", float64(n)/(1<<20))
			if err != nil && len(report(t, err).String()) > 1<<20 {
				t.Errorf("a report of %d bytes", len(report(t, err).String()))
			}
		})
	}
}

// Rules that name an artifact, or the start or end of names, cost about as much as
// there are rules and artifacts, and not one times the other. All end with the
// budget.
func TestRuleBudget(t *testing.T) {
	const n, artifacts = 500, 1000
	var names []string
	for i := range artifacts {
		names = append(names, fmt.Sprintf("%050d", i))
	}
	// A name that leads elsewhere is looked at by each DISALLOW.
	var dotted []string
	for i := range artifacts {
		dotted = append(dotted, fmt.Sprintf("x/../%d", i))
	}
	w := newWorld()
	w.layout = newLayout([]string{"alice"}, step("write", 1, rules(), slices.Repeat([][]string{{"DISALLOW", "none"}}, n), "alice"))
	w.put("write", link("write", obj{}, files(dotted...)), "alice")
	for most, want := range map[int64]bool{n * artifacts / 2: false, 4 * n * artifacts: true} {
		w.opts.Limits.PatternWork = most
		if _, err := w.verify(t); (err == nil) != want || err != nil && !errors.Is(err, layout.CodeLimit) {
			t.Errorf("dotted names within %d: %v", most, err)
		}
	}
	for pattern, most := range map[string]int64{
		"none":   2 * n,
		"none*":  2 * n,
		"*none":  2*n + 20*artifacts,
		"*no*ne": 2*n + 40*artifacts,
		"*none*": 4 * n * artifacts,
		"*n?ne*": 80 * n * artifacts, // at each place of each name
	} {
		var list [][]string
		for range n {
			list = append(list, []string{"ALLOW", pattern})
		}
		w := newWorld()
		w.layout = newLayout([]string{"alice"}, step("write", 1, rules(), list, "alice"))
		w.put("write", link("write", obj{}, files(names...)), "alice")
		w.opts.Limits.PatternWork = n / 2
		if _, err := w.verify(t); !errors.Is(err, layout.CodeLimit) {
			t.Errorf("%s: %v", pattern, err)
		}
		w.opts.Limits.PatternWork = most
		if _, err := w.verify(t); err != nil {
			t.Errorf("%s: %v", pattern, err)
		}
		if most > n*artifacts {
			w.opts.Limits.PatternWork = n * artifacts
			if _, err := w.verify(t); !errors.Is(err, layout.CodeLimit) {
				t.Errorf("%s: %v", pattern, err)
			}
		}
	}
}

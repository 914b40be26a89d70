// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package layout_test

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/tallystick/tallystick/provenance/layout"
	"github.com/tallystick/tallystick/verify"
)

// bundle returns the world's links as lines, and the others.
func bundle(w *world, others ...string) []byte {
	var b bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(w.links)) {
		b.Write(w.links[name])
		b.WriteByte('\n')
	}
	for _, line := range others {
		b.WriteString(line + "\n")
	}
	return b.Bytes()
}

func TestBundle(t *testing.T) {
	slsa := string(dsse(statement("https://in-toto.io/Statement/v1", "https://slsa.dev/provenance/v1", files("app"), obj{"name": "build"}), "bob"))
	w := newWorld()
	size := int64(len(bundle(w)) - 3) // without newlines
	longest := int64(0)
	for _, data := range w.links {
		longest = max(longest, int64(len(data)))
	}
	for _, c := range []struct {
		name string
		edit func(data []byte) []byte
		more layout.Limits
		want verify.Code
		says string
	}{
		{"links", func(data []byte) []byte { return data }, layout.Limits{}, "", ""},
		{"the other way round", func(data []byte) []byte {
			lines := strings.Split(strings.TrimSpace(string(data)), "\n")
			slices.Reverse(lines)
			return []byte(strings.Join(lines, "\n"))
		}, layout.Limits{}, "", ""},
		{"CR LF and empty lines", func(data []byte) []byte { return bytes.ReplaceAll(data, []byte("\n"), []byte("\r\n\r\n")) }, layout.Limits{}, "", ""},
		{"lines that nobody knows", func(data []byte) []byte {
			return append(data, slsa+"\n{}\njunk\n"+string(dsse(newLayout(nil), "bob"))...)
		}, layout.Limits{}, "", `4 lines ignored, for they are no links: line 4 (predicate type "https://slsa.dev/provenance/v1"); line 5`},
		{"many of them", func(data []byte) []byte { return append(data, strings.Repeat("junk\n", 1000)...) }, layout.Limits{}, "", "; and 995 more"},
		{"one line less", func(data []byte) []byte { return data[bytes.IndexByte(data, '\n'):] }, layout.Limits{}, layout.CodeThreshold, ""},
		{"a line cut in two", func(data []byte) []byte { return replace(t, `"payload"`, "\n\"payload\"")(data) }, layout.Limits{}, layout.CodeThreshold, "2 lines ignored"},
		{"nothing", func(data []byte) []byte { return nil }, layout.Limits{}, layout.CodeThreshold, "there is no link"},
		{"one line is too long", func(data []byte) []byte { return append(data, strings.Repeat("[", 5000)...) }, layout.Limits{LinkBytes: 5000 - 1}, "", string(layout.CodeLimit)},
		{"all bytes", func(data []byte) []byte { return data }, layout.Limits{TotalBytes: size}, "", ""},
		{"a byte too many", func(data []byte) []byte { return append(data, 'x') }, layout.Limits{TotalBytes: size}, layout.CodeLimit, "Limits.TotalBytes"},
		{"bytes of a line that is too long", func(data []byte) []byte { return append(data, strings.Repeat("x", 5000)...) }, layout.Limits{LinkBytes: longest, TotalBytes: size + 4999}, layout.CodeLimit, "Limits.TotalBytes"},
		{"all lines", func(data []byte) []byte { return append(data, "x\ny\n"...) }, layout.Limits{Links: 5}, "", ""},
		{"a line too many", func(data []byte) []byte { return append(data, "x\ny\nz"...) }, layout.Limits{Links: 5}, layout.CodeLimit, "Limits.Links"},
		{"a million lines", func(data []byte) []byte { return append(data, bytes.Repeat([]byte("\n"), 1<<20)...) }, layout.Limits{}, "", "more than 1048576 lines"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld()
			source := layout.Bundle(c.edit(bundle(w)))
			w.opts.Limits = c.more
			for range 2 { // a source can be used again
				v, err := layout.Verify(context.Background(), w.sign(), keySet(t, "owner"), source, w.opts)
				var text string
				if err == nil {
					text = string(marshal(v.Evidence()))
				} else {
					text = string(marshal(report(t, err)))
					// Also who reads the short text has to learn it.
					if strings.Contains(c.says, "ignored") && !strings.Contains(report(t, err).String(), c.says) {
						t.Errorf("does not say %q: %v", c.says, report(t, err))
					}
				}
				if c.want == "" && err != nil || c.want != "" && !errors.Is(err, c.want) {
					t.Fatalf("got %v, want %q\n%s", err, c.want, text)
				}
				if says := string(marshal(c.says)); !strings.Contains(text, says[1:len(says)-1]) || strings.Count(text, "for they are no links") > 1 {
					t.Errorf("does not say %s once: %s", says, text)
				}
			}
		})
	}
}

// A bundle says what its lines say one by one.
func FuzzBundle(f *testing.F) {
	w := newWorld()
	f.Add(bundle(w))
	f.Add(bundle(w, "{}", "junk", "", string(dsse(newLayout(nil), "bob"))))
	f.Add([]byte("\r\n{\"payload\":1}\n"))
	signed, keys := w.sign(), keySet(f, "owner")
	f.Fuzz(func(t *testing.T, data []byte) {
		var list [][]byte
		for line := range bytes.SplitSeq(data, []byte("\n")) {
			if line = bytes.TrimSpace(line); len(line) > 0 {
				list = append(list, line)
			}
		}
		opts := layout.Options{Time: now, Limits: layout.Limits{LinkBytes: 1 << 16, Depth: 16}}
		_, got := layout.Verify(context.Background(), signed, keys, layout.Bundle(data), opts)
		_, want := layout.Verify(context.Background(), signed, keys, layout.Envelopes(list...), opts)
		if (got == nil) != (want == nil) || errors.Is(got, layout.CodeThreshold) != errors.Is(want, layout.CodeThreshold) {
			t.Errorf("as a bundle %v, line by line %v", got, want)
		}
	})
}

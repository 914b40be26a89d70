// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/internal/strictjson"
)

// parseList reads the materials of a link.
func parseList(text string) (*artifactList, error) {
	var b listBuilder
	d := strictjson.NewDecoder([]byte(text), strictjson.Limits{})
	err := parseArtifacts(d, &b)
	if err == nil {
		err = d.End()
	}
	if err != nil {
		return nil, err
	}
	return b.finish()
}

func TestParseArtifacts(t *testing.T) {
	a := strings.Repeat("a", 64)
	for _, c := range []struct {
		text, says string // accepted if nothing is said
		n          int
	}{
		{`{}`, "", 0},
		{`null`, "", 0},
		{`{"x":{}}`, "", 1},
		{`{"x":{"sha256":"` + a + `"},"y":{"sha256":"` + a + `"}}`, "", 2},
		{`[]`, "object of artifacts", 0},
		{`["x"]`, "object of artifacts", 0},
		{`"x"`, "object of artifacts", 0},
		{`1`, "object of artifacts", 0},
		{`{"x":[]}`, "must be an object", 0},
		{`{"x":null}`, "must be an object", 0},
		{`{"x":{"sha256":1}}`, "must be a string", 0},
		{`{"x":{"sha256":null}}`, "must be a string", 0},
		{`{"":{}}`, "empty name", 0},
		{`{"x":{},"":{}}`, "empty name", 0},
		{`{"x":{"sha256":"` + a[1:] + `"}}`, "sha256", 0},
		{`{"x":{"sha256":"` + strings.ToUpper(a) + `"}}`, "sha256", 0},
		{`{"x":{"sha256":"` + a[1:] + `g"}}`, "sha256", 0},
		{`{"x":{},"x":{}}`, "x", 0},
		{`{"x":{},"\u0078":{}}`, "x", 0},
		{`{"x":{"sha256":"` + a + `","sha25\u0036":"` + a + `"}}`, "sha256", 0},
	} {
		list, err := parseList(c.text)
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", c.text, err, c.says)
		}
		if err == nil && list.len() != c.n {
			t.Errorf("%s: %d artifacts", c.text, list.len())
		}
	}
	// No document has this, for the names of its members differ.
	var b listBuilder
	b.names = append(b.names, 'x')
	b.addDigest(hash.SHA256, make([]byte, 32))
	b.addDigest(hash.SHA256, make([]byte, 32))
	if err := b.add(); err == nil {
		t.Error("two digests of one algorithm")
	}
	// Thousands of artifacts with the same algorithms share their description.
	var many strings.Builder
	for i := range 100 {
		fmt.Fprintf(&many, `,"%d":{"sha256":"%s"}`, i, a)
	}
	if list, err := parseList("{" + many.String()[1:] + "}"); err != nil || len(list.kinds) != 1 {
		t.Errorf("%v: %d kinds", err, len(list.kinds))
	}
}

// An artifact keeps its digests however many combinations of algorithms a link uses.
func TestManyKinds(t *testing.T) {
	var algs []hash.Algorithm
	for alg := hash.Algorithm(1); alg.Valid(); alg++ {
		algs = append(algs, alg)
	}
	const n = 1 << 12
	var b listBuilder
	for i := range n {
		b.digests = b.digests[:0]
		for k, alg := range algs {
			if i>>k&1 == 1 {
				b.addDigest(alg, make([]byte, alg.Size()))
			}
		}
		b.names = fmt.Appendf(b.names, "%04d", i)
		if err := b.add(); err != nil {
			t.Fatal(err)
		}
	}
	list, err := b.finish()
	if err != nil {
		t.Fatal(err)
	}
	signers := func(name string) map[string]bool { return map[string]bool{name: true} }
	e := newEvidence(list, list)
	merged := mergeLists([]*group{{evidence: e, signers: signers("a")}, {evidence: e, signers: signers("b")}}, products, 2)
	for what, l := range map[string]*artifactList{"read": list, "merged": merged} {
		if len(l.kinds) != n {
			t.Errorf("%s: %d kinds, want %d", what, len(l.kinds), n)
		}
		for i := range n {
			var want algorithmSet
			for k, alg := range algs {
				if i>>k&1 == 1 {
					want |= 1 << alg
				}
			}
			var got algorithmSet
			for d := range l.set(i, false).All() {
				got |= 1 << d.Algorithm()
			}
			if got != want {
				t.Fatalf("%s: artifact %d has %b, want %b", what, i, got, want)
			}
		}
	}
}

// Lists are compared as hash.Set does it, in whatever order a link has the digests.
func TestCompareArtifacts(t *testing.T) {
	digest := func(alg string, c string, n int) string { return fmt.Sprintf(`"%s":"%s"`, alg, strings.Repeat(c, n)) }
	sha1, other1 := digest("sha1", "1", 40), digest("sha1", "2", 40)
	sha256, other256 := digest("sha256", "1", 64), digest("sha256", "2", 64)
	sha512, other512 := digest("sha512", "1", 128), digest("sha512", "2", 128)
	sets := [][]string{{}, {sha1}, {other1}, {sha256}, {other256}, {sha512}, {sha1, sha256}, {other1, sha256}, {sha256, sha512}, {sha512, sha256},
		{sha512, other256}, {other512, sha256}, {sha512, sha256, sha1}, {sha1, sha512}}
	var lists []*artifactList
	for _, s := range sets {
		list, err := parseList(`{"x":{` + strings.Join(s, ",") + `}}`)
		if err != nil {
			t.Fatal(err)
		}
		lists = append(lists, list)
	}
	for i, a := range lists {
		for j, b := range lists {
			want := a.set(0, false).Compare(b.set(0, false))
			if got := a.compare(0, b, 0); got != want {
				t.Errorf("%v and %v: %v, want %v", sets[i], sets[j], got, want)
			}
			same := a.set(0, false).String() == b.set(0, false).String()
			if a.equal(b) != same {
				t.Errorf("%v and %v: equal is %v", sets[i], sets[j], !same)
			}
		}
	}
	y, err := parseList(`{"y":{` + sha256 + `}}`)
	if err != nil {
		t.Fatal(err)
	}
	if y.equal(lists[3]) {
		t.Error("lists of other names are equal")
	}
}

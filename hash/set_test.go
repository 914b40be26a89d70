// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/tallystick/tallystick/hash"
)

// set makes a set of "algorithm=x", where the letter stands for the content.
func set(t testing.TB, s string) hash.Set {
	t.Helper()
	var ds []hash.Digest
	for _, field := range strings.Fields(s) {
		name, letter, _ := strings.Cut(field, "=")
		alg, err := hash.ParseAlgorithm(name)
		if err != nil {
			t.Fatal(err)
		}
		d, err := hash.NewDigest(alg, []byte(strings.Repeat(letter, alg.Size())))
		if err != nil {
			t.Fatal(err)
		}
		ds = append(ds, d)
	}
	set, err := hash.NewSet(ds...)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestCompare(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want hash.Agreement
	}{
		{"", "", hash.Unrelated},
		{"sha256=a", "", hash.Unrelated},
		{"sha256=a", "sha512=a", hash.Unrelated},
		{"sha256=a md5=a", "sha512=a sha1=a", hash.Unrelated},
		{"gitBlob=a", "gitBlob:sha256=a", hash.Unrelated},
		{"sha256=a", "sha256=a", hash.Same},
		{"sha256=a sha512=a", "sha256=a", hash.Same},
		{"sha256=a sha512=a", "sha512=a md5=a", hash.Same},
		{"sha256=a md5=a", "sha256=a md5=a", hash.Same},
		{"md5=a", "md5=a", hash.WeaklySame},
		{"md5=a sha1=a sha224=a gitBlob=a", "md5=a sha1=a sha224=a gitBlob=a", hash.WeaklySame},
		{"sha256=a sha1=a", "sha1=a sha512=a", hash.WeaklySame},
		{"sha256=a", "sha256=b", hash.Different},
		{"md5=a", "md5=b", hash.Different},
		{"sha256=a sha512=a", "sha256=b sha512=b", hash.Different},
		{"sha256=a sha512=a", "sha256=b", hash.Different},
		{"sha256=a sha512=a", "sha256=a sha512=b", hash.Conflicting},
		{"sha256=a sha512=a", "sha256=b sha512=a", hash.Conflicting},
		{"sha256=a md5=a", "sha256=a md5=b", hash.Conflicting},
		{"sha256=a md5=a", "sha256=b md5=a", hash.Conflicting},
		{"sha256=a sha384=a sha512=a", "sha256=a sha384=b sha512=a", hash.Conflicting},
	} {
		a, b := set(t, c.a), set(t, c.b)
		if got := a.Compare(b); got != c.want {
			t.Errorf("%q and %q: %s, want %s", c.a, c.b, got, c.want)
		}
		if got := b.Compare(a); got != c.want {
			t.Errorf("%q and %q: %s, want %s", c.b, c.a, got, c.want)
		}
	}
	for a := range hash.Conflicting + 2 {
		if a.String() == "" {
			t.Error(a)
		}
	}
}

func TestNewSet(t *testing.T) {
	a, b := digest(t, "sha256:"+abc256), digest(t, "sha256:"+strings.Repeat("0", 64))
	weak := digest(t, "md5:"+abc256[:32])
	for _, bad := range [][]hash.Digest{{{}}, {a, {}}} {
		_, err := hash.NewSet(bad...)
		wantError(t, err, hash.CodeDigest, "")
	}
	_, err := hash.NewSet(a, weak, b)
	wantError(t, err, hash.CodeDigest, "sha256")

	in := []hash.Digest{weak, a, a}
	s, err := hash.NewSet(in...)
	if err != nil {
		t.Fatal(err)
	}
	in[0], in[1] = b, b
	if s.Len() != 2 || !s.Strong() || s.String() != a.String()+" "+weak.String() {
		t.Error(s)
	}
	if !slices.Equal(slices.Collect(s.All()), []hash.Digest{a, weak}) {
		t.Error(s)
	}
	if d, ok := s.Get(hash.MD5); !ok || d != weak {
		t.Error(d, ok)
	}
	if d, ok := s.Get(hash.SHA512); ok || d.IsValid() {
		t.Error(d, ok)
	}
	data, err := json.Marshal(s)
	if err != nil || string(data) != `{"md5":"`+weak.Hex()+`","sha256":"`+abc256+`"}` {
		t.Errorf("%s, %v", data, err)
	}
	if none, err := hash.NewSet(); err != nil || none.Len() != 0 || none.Strong() || none.String() != "" {
		t.Error(none, err)
	}
	if set(t, "md5=a sha1=b").Strong() {
		t.Error("weak digests are strong together")
	}
}

func TestParseSet(t *testing.T) {
	s, unknown, err := hash.ParseSet(map[string]string{"sha256": abc256, "zeta": "x", "alpha": "", "gitCommit": abc256[:40], "gitTree": abc256})
	if err != nil || !slices.Equal(unknown, []string{"alpha", "zeta"}) {
		t.Fatal(unknown, err)
	}
	if want := "sha256:" + abc256 + " gitTree:sha256:" + abc256 + " gitCommit:" + abc256[:40]; s.String() != want {
		t.Errorf("got  %s\nwant %s", s, want)
	}
	for _, c := range []struct {
		in   map[string]string
		name string
	}{
		{map[string]string{"sha256": abc256[1:]}, "sha256"},
		{map[string]string{"sha256": ""}, "sha256"},
		{map[string]string{"sha512": abc256, "other": "x"}, "sha512"},
		{map[string]string{"sha256": strings.ToUpper(abc256)}, "sha256"},
		// Two spellings of one algorithm, two values.
		{map[string]string{"gitTree": abc256, "gitTree:sha256": strings.Repeat("0", 64)}, "gitTree:sha256"},
	} {
		s, unknown, err := hash.ParseSet(c.in)
		wantError(t, err, hash.CodeDigest, c.name)
		if s.Len() != 0 || c.name != "gitTree:sha256" && unknown != nil {
			t.Error(s, unknown)
		}
	}
	if s, unknown, err := hash.ParseSet(nil); err != nil || s.Len() != 0 || unknown != nil {
		t.Error(s, unknown, err)
	}
}

func FuzzParseSet(f *testing.F) {
	f.Add([]byte(`{"sha256":"` + abc256 + `","md5":"` + abc256[:32] + `","x":"y"}`))
	f.Add([]byte(`{"gitTree":"` + abc256 + `","gitTree:sha256":"` + abc256 + `"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var m map[string]string
		if json.Unmarshal(data, &m) != nil {
			return
		}
		s, unknown, err := hash.ParseSet(m)
		if err != nil {
			if s.Len() != 0 {
				t.Fatal(s, err)
			}
			return
		}
		if s.Len()+len(unknown) > len(m) || s.Len() == 0 && s.Compare(s) != hash.Unrelated || s.Strong() != (s.Compare(s) == hash.Same) {
			t.Fatal(s, unknown)
		}
		text, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var again map[string]string
		if err := json.Unmarshal(text, &again); err != nil {
			t.Fatal(err)
		}
		s2, unknown, err := hash.ParseSet(again)
		if err != nil || len(unknown) != 0 || s2.String() != s.String() {
			t.Fatal(s2, unknown, err)
		}
	})
}

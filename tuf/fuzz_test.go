// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package tuf_test

import (
	"bytes"
	"fmt"
	"maps"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tallystick/tallystick/internal/strictjson"
	"github.com/tallystick/tallystick/tuf"
	"github.com/tallystick/tallystick/tuf/tuftest"
)

// seeds returns a repository with each thing that metadata can hold.
func seeds(f *testing.F) *tuftest.Repository {
	repo := tuftest.New(&tuftest.Options{Seed: []byte("fuzz"), Time: start})
	repo.AddTarget("app.tar.gz", []byte("the release"))
	for _, d := range []tuftest.Delegation{
		{Name: "dev", Paths: []string{"dev/*", "[!a-c]?*"}},
		{Name: "hashed", HashPrefixes: []string{"0", "f00"}, Terminating: true},
	} {
		if err := repo.Delegate("targets", d); err != nil {
			f.Fatal(err)
		}
	}
	if err := repo.DelegateBins("dev", "bin", 1); err != nil {
		f.Fatal(err)
	}
	if err := repo.Add("dev", tuftest.Target{Path: "dev/tool", Custom: map[string]any{"a": []int{1}}}); err != nil {
		f.Fatal(err)
	}
	repo.Publish()
	return repo
}

// fuzzRole feeds data as what is signed by a role, well signed if it can be, and
// as the whole file of that role. Either nothing is accepted, or the answer is
// that of the honest files.
func fuzzRole(f *testing.F, role string) {
	repo := seeds(f)
	honest := map[string][]byte{"root": nil, "timestamp": repo.File("timestamp.json"), "snapshot": repo.File("1.snapshot.json"),
		"targets": repo.File("1.targets.json"), "dev": repo.File("1.dev.json")}
	file := honest[role]
	if role == "root" {
		file = repo.Root()
	}
	signed := file[bytes.Index(file, []byte(`"signed":`))+len(`"signed":`) : len(file)-1]
	f.Add(signed)
	f.Add(file)
	f.Add(bytes.ReplaceAll(signed, []byte(`"version":1`), []byte(`"version":2`)))
	f.Add([]byte("null"))
	f.Add([]byte(`{"signed":null,"signatures":null}`))
	root := repo.Root()
	f.Fuzz(func(t *testing.T, data []byte) {
		replay := func(file []byte) (int64, error) {
			return tuf.Replay(start, root, func(r string) []byte {
				if r == role {
					return file
				}
				return honest[r]
			}, "dev/tool")
		}
		if _, err := replay(data); err != nil && tuf.CodeOfFinding(err) == "" {
			t.Errorf("%T: %v", err, err)
		}
		file, err := repo.Sign(role, data)
		if err != nil {
			return
		}
		if _, err := replay(file); err != nil && tuf.CodeOfFinding(err) == "" {
			t.Errorf("%T: %v", err, err)
		}
	})
}

func FuzzRoot(f *testing.F)      { fuzzRole(f, "root") }
func FuzzTimestamp(f *testing.F) { fuzzRole(f, "timestamp") }
func FuzzSnapshot(f *testing.F)  { fuzzRole(f, "snapshot") }
func FuzzTargets(f *testing.F)   { fuzzRole(f, "targets") }
func FuzzDelegated(f *testing.F) { fuzzRole(f, "dev") }

// FuzzIndex compares the index with a decoder that reads everything, on objects that
// strictjson accepts.
func FuzzIndex(f *testing.F) {
	sum := strings.Repeat("0123456789abcdef", 4)
	plain := fmt.Sprintf(`{"hashes": {"sha256": %q, "sha512": "%s%[2]s"}, "length": 12}`, sum, sum)
	f.Add([]byte(`{}`))
	f.Add(fmt.Appendf(nil, `{"a":%s}`, plain))
	f.Add(fmt.Appendf(nil, " {\n\"b\" : %s , \"\\u0061\":%[1]s,\"a\\\"b\":%[1]s }", plain))
	f.Add(fmt.Appendf(nil, `{"a":{"length":0,"custom":{"x":[{"}":"]"}]},"hashes":{"sha256":%q}},"A":null}`, sum))
	for _, odd := range []string{`{"length":-1}`, `{"length":1.5}`, `{"length":1e2}`, `{"length":1234567890123456789}`, `{"length":9223372036854775808}`, `{"Length":1}`,
		`{"hashes":{}}`, `{"hashes":{"sha256":"aB"}}`, `{"hashes":{"md5":"00"}}`, `[1,"2",{}]`, `"\\"`, `true`} {
		f.Add(fmt.Appendf(nil, `{"a":%s,"b":%s}`, strings.Replace(plain, `"length": 12`, odd[1:max(1, len(odd)-1)], 1), odd))
	}
	for _, edit := range [][2]string{{"12}", "9223372036854775808}"}, {"0123", "012g"}, {`, "length": 12`, ""}, {`"length"`, `"custom":{},"length"`}} {
		f.Add(fmt.Appendf(nil, `{"a":%s}`, strings.Replace(plain, edit[0], edit[1], 1)))
	}
	f.Add([]byte(`{"a":{"length":12}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		want := map[string]string{}
		good := true
		d := strictjson.NewDecoder(data, strictjson.Limits{})
		err := d.Map(func(name string) error {
			raw, err := d.Raw()
			want[name] = string(raw)
			good = good && tuf.DecodeTarget(raw) == nil
			return err
		})
		if err != nil || d.End() != nil {
			return
		}
		got, plain := tuf.Index(bytes.TrimSpace(data))
		if !maps.Equal(got, want) {
			t.Errorf("index %q, want %q", got, want)
		}
		if plain && !good {
			t.Error("plain, and decodeTargetFile refuses it")
		}
	})
}

func FuzzEnvelope(f *testing.F) {
	repo := seeds(f)
	for _, name := range []string{"1.root.json", "timestamp.json", "1.targets.json"} {
		f.Add(repo.File(name))
	}
	const deep = 62
	for _, s := range []string{
		`{"signed":{},"signatures":[]}`,
		`{"signatures":[{"keyid":"a","sig":"b"}], "x":{"signed":{"a":1}}, "signed" : {"b": [1, 2]} }`,
		`{"signed":{"a":1},"signed":{"a":2},"signatures":[]}`,
		`{"\u0073igned":{"a":1},"signatures":[]}`,
		`{"\u0073igned":{"a":1},"signed":{"a":2},"signatures":[]}`,
		`{"Signed":{"a":1},"signed":{"a":2},"signatures":[]}`,
		`{"signed":{"a":1.5},"signatures":[]}`,
		`{"signed":{"a":1}}}`, `{"signed":{`, `{"signed":{]},"signatures":[]}`, `{"signed":{"a":"}"},"signatures":[],}`,
		`{"signed":` + strings.Repeat(`{"a":`, deep) + `{}` + strings.Repeat(`}`, deep) + `,"signatures":[]}`,
		`{"signed":` + strings.Repeat(`{"a":`, deep+1) + `{}` + strings.Repeat(`}`, deep+1) + `,"signatures":[]}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if !tuf.SameEnvelope(data) {
			t.Errorf("the short cut makes a difference")
		}
	})
}

func FuzzMatchPath(f *testing.F) {
	f.Add("targets/*.tgz", "targets/foo.tgz")
	f.Add("[!a-c]?*", "dx")
	f.Add("[]", "[]")
	f.Add("*********x", "00000000000000000000000000000000")
	f.Fuzz(func(t *testing.T, pattern, path string) {
		got := tuf.MatchPath(pattern, path)
		if strings.Contains(pattern, "[") || !utf8.ValidString(pattern) || !utf8.ValidString(path) || len(pattern) > 500 {
			return
		}
		// Without sets a pattern has a simple translation.
		e := strings.NewReplacer(`\*`, "[^/]*", `\?`, "[^/]").Replace(regexp.QuoteMeta(pattern))
		if want := regexp.MustCompile("(?s)^" + e + "$").MatchString(path); got != want {
			t.Errorf("matchPath(%q, %q) = %t", pattern, path, got)
		}
	})
}

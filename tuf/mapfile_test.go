// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package tuf_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tallystick/tallystick/tuf"
	"github.com/tallystick/tallystick/tuf/tuftest"
	"github.com/tallystick/tallystick/verify"
)

const goodMap = `{"repositories":{"A":["https://a.example/"],"B":["https://b.example","https://c.example/x"]},` +
	`"mapping":[{"paths":["*.tar"],"repositories":["A","B"],"threshold":2,"terminating":true},` +
	`{"paths":["*"],"repositories":["B"],"threshold":1,"terminating":false}]}`

func TestMapFile(t *testing.T) {
	many := func(n int, f func(i int) string) string {
		var list []string
		for i := range n {
			list = append(list, f(i))
		}
		return strings.Join(list, ",")
	}
	entry := func(members string) string {
		return `{"repositories":{"A":["https://a.example"]},"mapping":[{` + members + `}]}`
	}
	good := `"paths":["*"],"repositories":["A"],"threshold":1,"terminating":true`
	for _, test := range []struct {
		name, file string
		code       verify.Code // "" if it is good
		found      string
	}{
		{"good", goodMap, "", ""},
		{"a member that nobody knows", entry(good + `,"comment":"x"`), "", ""},
		{"a name twice", entry(strings.Replace(good, `["A"]`, `["A","A"]`, 1)), "", ""},
		{"not JSON", "{", tuf.CodeConfig, "unexpected end"},
		{"null", "null", tuf.CodeConfig, "expected object, found null"},
		{"an array", "[]", tuf.CodeConfig, "expected object"},
		{"something behind it", goodMap + "x", tuf.CodeConfig, "after the value"},
		{"empty", "{}", tuf.CodeConfig, "no member repositories"},
		{"no repositories", `{"mapping":[]}`, tuf.CodeConfig, "no member repositories"},
		{"no mapping", `{"repositories":{}}`, tuf.CodeConfig, "no member mapping"},
		{"null repositories", `{"repositories":null,"mapping":[]}`, tuf.CodeConfig, "found null"},
		{"null mapping", `{"repositories":{},"mapping":null}`, tuf.CodeConfig, "found null"},
		{"empty mapping", `{"repositories":{"A":["https://a.example"]},"mapping":[]}`, tuf.CodeConfig, "no mapping"},
		{"a null entry", `{"repositories":{},"mapping":[null]}`, tuf.CodeConfig, "found null"},
		{"members twice", `{"repositories":{},"repositories":{},"mapping":[]}`, tuf.CodeConfig, `"repositories"`},
		{"another case", `{"Repositories":{},"mapping":[]}`, tuf.CodeConfig, "only in case"},
		{"null URLs", `{"repositories":{"A":null},"mapping":[]}`, tuf.CodeConfig, "found null"},
		{"a null URL", `{"repositories":{"A":[null]},"mapping":[]}`, tuf.CodeConfig, "found null"},
		{"no URL", `{"repositories":{"A":[]},"mapping":[]}`, tuf.CodeConfig, "expected at least one"},
		{"a repository without a name", `{"repositories":{"":["https://a.example"]},"mapping":[]}`, tuf.CodeConfig, "without a name"},
		{"names that differ in case", `{"repositories":{"pypi":["https://a.example"],"PyPI":["https://a.example"]},"mapping":[]}`, tuf.CodeConfig, "differ only in case"},
		{"no paths", entry(`"repositories":["A"],"threshold":1,"terminating":true`), tuf.CodeConfig, "no member paths"},
		{"no repositories in an entry", entry(`"paths":["*"],"threshold":1,"terminating":true`), tuf.CodeConfig, "no member repositories"},
		{"no threshold", entry(`"paths":["*"],"repositories":["A"],"terminating":true`), tuf.CodeConfig, "no member threshold"},
		{"no terminating", entry(`"paths":["*"],"repositories":["A"],"threshold":1`), tuf.CodeConfig, "no member terminating"},
		{"null paths", entry(strings.Replace(good, `["*"]`, `null`, 1)), tuf.CodeConfig, "found null"},
		{"a null path", entry(strings.Replace(good, `["*"]`, `[null]`, 1)), tuf.CodeConfig, "found null"},
		{"empty paths", entry(strings.Replace(good, `["*"]`, `[]`, 1)), tuf.CodeConfig, "expected at least one"},
		{"null repositories in an entry", entry(strings.Replace(good, `["A"]`, `null`, 1)), tuf.CodeConfig, "found null"},
		{"empty repositories in an entry", entry(strings.Replace(good, `["A"]`, `[]`, 1)), tuf.CodeConfig, "expected at least one"},
		{"null threshold", entry(strings.Replace(good, `:1`, `:null`, 1)), tuf.CodeConfig, "found null"},
		{"a threshold in quotes", entry(strings.Replace(good, `:1`, `:"1"`, 1)), tuf.CodeConfig, "found string"},
		{"threshold 0", entry(strings.Replace(good, `:1`, `:0`, 1)), tuf.CodeConfig, "a threshold of 0 of 1"},
		{"threshold -1", entry(strings.Replace(good, `:1`, `:-1`, 1)), tuf.CodeConfig, "a threshold of -1 of 1"},
		{"threshold 2 of 1", entry(strings.Replace(good, `:1`, `:2`, 1)), tuf.CodeConfig, "a threshold of 2 of 1"},
		{"threshold 2 of one name twice", entry(strings.NewReplacer(`:1`, `:2`, `["A"]`, `["A","A"]`).Replace(good)), tuf.CodeConfig, "a threshold of 2 of 1"},
		{"threshold 2^32+1", entry(strings.Replace(good, `:1`, `:4294967297`, 1)), tuf.CodeConfig, "a threshold of 4294967297 of 1"},
		{"null terminating", entry(strings.Replace(good, `true`, `null`, 1)), tuf.CodeConfig, "found null"},
		{"an unknown repository", entry(strings.Replace(good, `["A"]`, `["A","Z"]`, 1)), tuf.CodeConfig, `mapping 1: no repository "Z"`},
		{"a long pattern", entry(strings.Replace(good, `"*"`, `"`+strings.Repeat("*", 4097)+`"`, 1)), tuf.CodeConfig, "4096 bytes"},
		{"too deep", entry(good + `,"x":` + strings.Repeat("[", 100) + strings.Repeat("]", 100)), tuf.CodeConfig, "limit"},
		{"too large", entry(good) + strings.Repeat(" ", 1<<20), tuf.CodeLimit, "MapLimits.Bytes"},
		{"too many repositories", `{"repositories":{` + many(65, func(i int) string { return fmt.Sprintf(`"r%d":["https://a.example"]`, i) }) + `},"mapping":[]}`,
			tuf.CodeLimit, "MapLimits.Repositories"},
		{"too many URLs", `{"repositories":{"A":[` + many(17, func(int) string { return `"https://a.example"` }) + `]},"mapping":[]}`, tuf.CodeLimit, "MapLimits.URLs"},
		{"too many mappings", `{"repositories":{"A":["https://a.example"]},"mapping":[` + many(1025, func(int) string { return "{" + good + "}" }) + `]}`,
			tuf.CodeLimit, "MapLimits.Mappings"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := tuf.ParseMap([]byte(test.file))
			if test.code == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			want(t, err, test.code, true)
			if !strings.Contains(err.Error(), test.found) {
				t.Errorf("%v does not say %q", err, test.found)
			}
		})
	}
}

func TestMapPatterns(t *testing.T) {
	for _, test := range []struct {
		pattern, path string
		want          bool
	}{
		{"*", "app", true},
		{"*", "dir/sub/app", true}, // TAP 4: all files
		{"*.tar", "app.tar", true},
		{"*.tar", "dir/app.tar", false},
		{"dir/*", "dir/app", true},
		{"dir/*", "dir/sub/app", false},
		{"django*", "django-2.0.1.tgz", true},
		{"**", "dir/app", false},
		{"app", "app", true},
		{"app", "App", false},
		{"", "app", false},
	} {
		if got := tuf.MapCovers(test.pattern, test.path); got != test.want {
			t.Errorf("%q covers %q: %t", test.pattern, test.path, got)
		}
	}
}

func TestMapConfig(t *testing.T) {
	repo := tuftest.New(&tuftest.Options{Seed: []byte("map config"), Time: start})
	repo.Publish()
	for _, test := range []struct {
		name  string
		alter func(*tuf.MapConfig)
		code  verify.Code
		found string
	}{
		{"good", func(*tuf.MapConfig) {}, "", ""},
		{"a root more", func(c *tuf.MapConfig) { c.Roots["C"] = []byte("x") }, "", ""},
		{"no map", func(c *tuf.MapConfig) { c.Map = nil }, tuf.CodeConfig, "MapConfig.Map"},
		{"bad map", func(c *tuf.MapConfig) { c.Map = []byte("{}") }, tuf.CodeConfig, "MapConfig.Map"},
		{"no roots", func(c *tuf.MapConfig) { c.Roots = nil }, tuf.CodeConfig, "for repository"},
		{"one root missing", func(c *tuf.MapConfig) { delete(c.Roots, "B") }, tuf.CodeConfig, `for repository "B"`},
		{"one root bad", func(c *tuf.MapConfig) { c.Roots["B"] = []byte("{}") }, tuf.CodeConfig, `repository "B"`},
		{"no folder", func(c *tuf.MapConfig) { c.Dir = "" }, tuf.CodeConfig, "MapConfig.Dir"},
		{"a root for all", func(c *tuf.MapConfig) { c.Client.Root = c.Roots["A"] }, tuf.CodeConfig, "MapConfig.Client"},
		{"a URL for all", func(c *tuf.MapConfig) { c.Client.MetadataURL = "https://x.example" }, tuf.CodeConfig, "MapConfig.Client"},
		{"a URL of targets for all", func(c *tuf.MapConfig) { c.Client.TargetsURL = "https://x.example" }, tuf.CodeConfig, "MapConfig.Client"},
		{"a folder for all", func(c *tuf.MapConfig) { c.Client.Dir = "x" }, tuf.CodeConfig, "MapConfig.Client"},
		{"bad limits for clients", func(c *tuf.MapConfig) { c.Client.Limits.Roles = -1 }, tuf.CodeConfig, "Limits.Roles"},
		{"bad limit of bytes", func(c *tuf.MapConfig) { c.Limits.Bytes = -1 }, tuf.CodeConfig, "MapLimits.Bytes"},
		{"bad limit of repositories", func(c *tuf.MapConfig) { c.Limits.Repositories = -1 }, tuf.CodeConfig, "MapLimits.Repositories"},
		{"a lower limit", func(c *tuf.MapConfig) { c.Limits.Mappings = 1 }, tuf.CodeLimit, "MapLimits.Mappings"},
		{"no URL", func(c *tuf.MapConfig) {
			c.Map = []byte(strings.Replace(goodMap, "https://b.example", "ftp://b.example", 1))
		}, tuf.CodeConfig, `URL of repository "B"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			cfg := tuf.MapConfig{Map: []byte(goodMap), Roots: map[string][]byte{"A": repo.Root(), "B": repo.Root()}, Dir: t.TempDir()}
			test.alter(&cfg)
			c, err := tuf.NewMapClient(cfg)
			if test.code == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			want(t, err, test.code, true)
			if !strings.Contains(err.Error(), test.found) || c != nil {
				t.Errorf("%v, %v does not say %q", c, err, test.found)
			}
		})
	}
}

// Whatever the file, either it is refused with a typed error, or it means what a
// simple reader of JSON takes it for, and every mapping can be satisfied.
func FuzzMapFile(f *testing.F) {
	f.Add([]byte(goodMap))
	f.Add([]byte(`{"repositories":{"..":["x"],"a/b":["y"]},"mapping":[{"paths":[""],"repositories":["..","..","a/b"],"threshold":2,"terminating":false}]}`))
	f.Add([]byte("null"))
	f.Add([]byte(`{"repositories":{"A":null},"mapping":[null]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		urls, mappings, err := tuf.ParseMap(data)
		if err != nil {
			e, ok := errors.AsType[*verify.Error](err)
			if !ok || e.Code != tuf.CodeConfig && e.Code != tuf.CodeLimit {
				t.Errorf("%T: %v", err, err)
			}
			return
		}
		var simple struct {
			Repositories map[string][]string
			Mapping      []struct {
				Paths, Repositories []string
				Threshold           int
				Terminating         bool
			}
		}
		if err := json.Unmarshal(data, &simple); err != nil {
			t.Fatalf("accepted, and encoding/json says %v", err)
		}
		if len(urls) != len(simple.Repositories) || len(mappings) != len(simple.Mapping) || len(mappings) == 0 {
			t.Fatalf("%d and %d, want %d and %d", len(urls), len(mappings), len(simple.Repositories), len(simple.Mapping))
		}
		dirs := map[string]bool{}
		for name, list := range urls {
			if !slices.Equal(list, simple.Repositories[name]) || len(list) == 0 {
				t.Errorf("%q: %q", name, list)
			}
			dir := tuf.RepositoryDir(name)
			if dir == "" || dir[0] == '.' || strings.ContainsAny(dir, "/\\:\x00") || dirs[strings.ToLower(dir)] {
				t.Errorf("folder %q", dir)
			}
			dirs[strings.ToLower(dir)] = true
		}
		for i, m := range mappings {
			same := simple.Mapping[i]
			if !slices.Equal(m.Paths, same.Paths) || m.Threshold != same.Threshold || m.Terminating != same.Terminating {
				t.Errorf("mapping %d: %+v, want %+v", i, m, same)
			}
			seen := map[string]bool{}
			for _, name := range m.Repositories {
				if seen[name] || len(urls[name]) == 0 || !slices.Contains(same.Repositories, name) {
					t.Errorf("mapping %d: repository %q", i, name)
				}
				seen[name] = true
			}
			if m.Threshold < 1 || m.Threshold > len(seen) {
				t.Errorf("mapping %d: threshold %d of %d", i, m.Threshold, len(seen))
			}
		}
	})
}

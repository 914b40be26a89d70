// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package provenance

import "testing"

func TestParseSource(t *testing.T) {
	repo := source{"https", "example.org", "/team/project", ""}
	for _, test := range []struct {
		in   string
		want source
		ok   bool
	}{
		{"https://example.org/team/project", repo, true},
		{"git+https://example.org/team/project", repo, true},
		{"https://EXAMPLE.org/team/project.git", repo, true},
		{"https://example.org/team/project/", repo, true},
		{"git+https://example.org/team/project.git@refs/heads/main", source{"https", "example.org", "/team/project", "refs/heads/main"}, true},
		{"https://example.org/team/Project", source{"https", "example.org", "/team/Project", ""}, true},
		{"ssh://example.org/team/project", source{"ssh", "example.org", "/team/project", ""}, true},
		{"https://example.org:443/team/project", repo, true},
		{"https://example.org./team/project", repo, true},
		{"https://example.org:8443/team/project", source{"https", "example.org:8443", "/team/project", ""}, true},
		{"https://[::1]/team/project", source{"https", "[::1]", "/team/project", ""}, true},
		{"https://[::1]:80/team/project", source{"https", "[::1]:80", "/team/project", ""}, true},
		{"https://[::1:80]/team/project", source{"https", "[::1:80]", "/team/project", ""}, true},

		{"", source{}, false},
		{"example.org/team/project", source{}, false},
		{"http://example.org/team/project", source{}, false},
		{"file:///team/project", source{}, false},
		{"https:///team/project", source{}, false},
		{"https://./team/project", source{}, false},
		{"https://:443/team/project", source{}, false},
		{"https://user@example.org/team/project", source{}, false},
		{"https://example.org", source{}, false},
		{"https://example.org/", source{}, false},
		{"https://example.org/team/../project", source{}, false},
		{"https://example.org/team//project", source{}, false},
		{"https://example.org/team%2fproject", source{}, false},
		{"https://example.org/team/project%40evil", source{}, false},
		{"https://example.org/team/project?x", source{}, false},
		{"https://example.org/team/project?", source{}, false},
		{"https://example.org/team/project#x", source{}, false},
		{"https://example.org/team/project#", source{}, false},
		{"https://example.org/team/project@", source{}, false},
		{"https://example.org/team/project@a@b", source{}, false},
		{"https://ex\u0430mple.org/team/project", source{}, false},
		{"https://example.org/team/proj ect", source{}, false},
		{"https://example.org\\evil/team/project", source{}, false},
	} {
		got, err := parseSource(test.in)
		if got != test.want || (err == nil) != test.ok {
			t.Errorf("parseSource(%q) = %+v, %v", test.in, got, err)
		}
	}
}

func FuzzParseSource(f *testing.F) {
	f.Add("git+https://example.org/team/project.git@refs/heads/main")
	f.Add("https://[::1]/team/project")
	f.Add("https://user@example.org/team%2fproject?x#y")
	f.Fuzz(func(t *testing.T, s string) {
		a, err := parseSource(s)
		if err != nil {
			return
		}
		// The normal form means itself.
		normal := a.scheme + "://" + a.host + a.path
		if a.ref != "" {
			normal += "@" + a.ref
		}
		if b, err := parseSource(normal); err != nil || a != b && a.path == b.path {
			t.Fatalf("%q is %+v, its normal form %q is %+v, %v", s, a, normal, b, err)
		}
	})
}

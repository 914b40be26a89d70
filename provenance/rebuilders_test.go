// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package provenance_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/provenance"
	"github.com/tallystick/tallystick/verify"
	"github.com/tallystick/tallystick/verify/verifytest"
)

func TestRebuilders(t *testing.T) {
	hello := verifytest.Artifact(t, "hello", "hello", hash.SHA256, hash.SHA512)
	everybody := keySet(t, 1, "alice", "bob", "carol", "dave")
	by := func(name string) provenance.Policy {
		return provenance.Attested{PredicateType: provenance.LinkV03, Signers: keySet(t, 1, name)}
	}
	three := []provenance.Policy{by("alice"), by("bob"), by("carol")}
	says := func(payload string, names ...string) verify.Claim {
		s, err := provenance.Open(seal(t, payload, names...), everybody, nil)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	yes := predicate(provenance.LinkV03, link)
	no := replaced(t, yes, sha256Hello, strings.Repeat("0", 64))
	half := replaced(t, yes, `{"sha256": "`+sha256Hello+`"}`, `{"sha256": "`+sha256Hello+`", "sha512": "`+strings.Repeat("0", 128)+`"}`)
	silent := replaced(t, no, `"name": "hello"`, `"name": "other"`)
	otherType := replaced(t, no, provenance.LinkV03, "https://example.org/x")

	for _, test := range []struct {
		name   string
		r      provenance.Rebuilders
		claims []verify.Claim
		code   verify.Code
	}{
		{"three agree", provenance.Rebuilders{Policies: three, Threshold: 2}, []verify.Claim{says(yes, "alice"), says(yes, "bob"), says(yes, "carol")}, ""},
		{"two agree, one is silent", provenance.Rebuilders{Policies: three, Threshold: 2}, []verify.Claim{says(yes, "alice"), says(yes, "bob"), says(silent, "carol")}, ""},
		{"one dissents, tolerated", provenance.Rebuilders{Policies: three, Threshold: 2, MaxDissent: 1}, []verify.Claim{says(yes, "alice"), says(yes, "bob"), says(no, "carol")}, ""},
		{"one dissents twice, tolerated", provenance.Rebuilders{Policies: three, Threshold: 2, MaxDissent: 1}, []verify.Claim{says(no, "carol"), says(yes, "alice"), says(yes, "bob"), says(no, "carol")}, ""},
		{"one dissents, tolerated, and a claim of another kind", provenance.Rebuilders{Policies: three, Threshold: 2, MaxDissent: 1},
			[]verify.Claim{verifytest.NewClaim("", hello.Digests(), verifytest.Issuer("witness")), says(yes, "alice"), says(yes, "bob"), says(no, "carol")}, ""},
		{"nobody dissents, tolerance unused", provenance.Rebuilders{Policies: three, Threshold: 2, MaxDissent: 1}, []verify.Claim{says(yes, "alice"), says(yes, "bob")}, ""},

		{"one dissents", provenance.Rebuilders{Policies: three, Threshold: 2}, []verify.Claim{says(yes, "alice"), says(yes, "bob"), says(no, "carol")}, verify.CodeConflict},
		{"two dissent", provenance.Rebuilders{Policies: append(three, by("dave")), Threshold: 2, MaxDissent: 1}, []verify.Claim{says(yes, "alice"), says(yes, "bob"), says(no, "carol"), says(no, "dave")}, verify.CodeConflict},
		{"one dissents, tolerated, and is silent elsewhere", provenance.Rebuilders{Policies: three, Threshold: 2, MaxDissent: 1}, []verify.Claim{says(yes, "alice"), says(yes, "bob"), says(no, "carol"), says(silent, "carol")}, ""},
		{"a stranger dissents beside one who may", provenance.Rebuilders{Policies: three, Threshold: 2, MaxDissent: 1}, []verify.Claim{says(yes, "alice"), says(yes, "bob"), says(no, "carol"), says(no, "dave")}, verify.CodeConflict},
		{"a stranger dissents", provenance.Rebuilders{Policies: three, Threshold: 2, MaxDissent: 1}, []verify.Claim{says(yes, "alice"), says(yes, "bob"), says(no, "dave")}, verify.CodeConflict},
		{"a rebuilder dissents in another kind of attestation", provenance.Rebuilders{Policies: three, Threshold: 2, MaxDissent: 1}, []verify.Claim{says(yes, "alice"), says(yes, "bob"), says(otherType, "carol")}, verify.CodeConflict},
		{"one dissents in one digest of two", provenance.Rebuilders{Policies: three, Threshold: 2}, []verify.Claim{says(yes, "alice"), says(yes, "bob"), says(half, "carol")}, verify.CodeConflict},
		{"one wavers", provenance.Rebuilders{Policies: three, Threshold: 2, MaxDissent: 1}, []verify.Claim{says(yes, "alice"), says(yes, "bob"), says(yes, "carol"), says(no, "carol")}, verify.CodeConflict},
		{"one wavers with two keys", provenance.Rebuilders{Policies: []provenance.Policy{by("alice"), by("bob"), provenance.Attested{PredicateType: provenance.LinkV03, Signers: keySet(t, 1, "carol", "dave")}}, Threshold: 2, MaxDissent: 1},
			[]verify.Claim{says(yes, "alice"), says(yes, "bob"), says(yes, "carol"), says(no, "dave")}, verify.CodeConflict},
		{"too few agree", provenance.Rebuilders{Policies: three, Threshold: 2, MaxDissent: 1}, []verify.Claim{says(yes, "alice"), says(no, "carol")}, verify.CodeAtLeast},
		{"all dissent", provenance.Rebuilders{Policies: three, Threshold: 2, MaxDissent: 1}, []verify.Claim{says(no, "alice")}, provenance.CodeAttested},
		{"one key twice", provenance.Rebuilders{Policies: []provenance.Policy{by("alice"), by("alice")}, Threshold: 2}, []verify.Claim{says(yes, "alice")}, verify.CodeAtLeast},
		{"as many may dissent as must agree", provenance.Rebuilders{Policies: three, Threshold: 1, MaxDissent: 1}, []verify.Claim{says(yes, "alice")}, provenance.CodePolicy},
		{"negative", provenance.Rebuilders{Policies: three, Threshold: 1, MaxDissent: -1}, []verify.Claim{says(yes, "alice")}, provenance.CodePolicy},
		{"no threshold", provenance.Rebuilders{Policies: three}, []verify.Claim{says(yes, "alice")}, verify.CodeThreshold},
		{"no policy", provenance.Rebuilders{Threshold: 1}, []verify.Claim{says(yes, "alice")}, verify.CodeThreshold},
		{"nil policy", provenance.Rebuilders{Policies: []provenance.Policy{nil}, Threshold: 1}, []verify.Claim{says(yes, "alice")}, provenance.CodePolicy},
		{"zero", provenance.Rebuilders{}, nil, verify.CodeThreshold},
	} {
		t.Run(test.name, func(t *testing.T) {
			result, err := test.r.Verify(hello, test.claims...)
			if !errors.Is(err, test.code) && (test.code != "" || err != nil) {
				t.Fatalf("code %q, want %q: %v", verify.CodeOf(err), test.code, err)
			}
			if (result == nil) == (err == nil) {
				t.Fatalf("result %v and error %v", result, err)
			}
			if _, ok := errors.AsType[*verify.RejectedError](err); err != nil && !ok {
				t.Errorf("%T", err)
			}
			if err == nil && strings.Contains(test.name, "one dissents") {
				text := result.Report().String()
				if !strings.Contains(text, string(provenance.CodeDissent)) || !strings.Contains(text, "by carol") || !strings.Contains(text, strings.Repeat("0", 64)) {
					t.Errorf("the report does not name the dissenter:\n%s", text)
				}
			}
		})
	}
}

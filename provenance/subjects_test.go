// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package provenance_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/provenance"
	"github.com/tallystick/tallystick/verify"
	"github.com/tallystick/tallystick/verify/verifytest"
)

// tree measures a folder with two files.
func tree(t testing.TB, content string, algs ...hash.Algorithm) hash.Artifact {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"a.txt": "a", "b.txt": content} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	measured, err := hash.MeasureTree(t.Context(), dir, &hash.TreeOptions{Algorithms: algs})
	if err != nil {
		t.Fatal(err)
	}
	a, err := measured.Artifact("tree")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// subjectsOf returns subjects for a Statement, each with one digest of an artifact.
func subjectsOf(alg hash.Algorithm, artifacts ...hash.Artifact) string {
	var list []string
	for _, a := range artifacts {
		name := alg.String()
		if alg == hash.GitTreeSHA256 {
			name = "gitTree"
		}
		list = append(list, `{"name": "`+a.Name()+`", "digest": {"`+name+`": "`+hexOf(a, alg)+`"}}`)
	}
	return strings.Join(list, ",")
}

func TestVerifySubjects(t *testing.T) {
	const helloSubject = `{"name": "hello", "digest": {"sha256": "` + sha256Hello + `"}}`
	p := provenance.Attested{PredicateType: "https://example.org/test/v1", Signers: keySet(t, 1, "alice")}
	hello, other := verifytest.Artifact(t, "hello", "hello"), verifytest.Artifact(t, "other", "other")
	dir := tree(t, "b", hash.SHA256, hash.DirHash, hash.GitTree, hash.GitTreeSHA256)
	weakDir := tree(t, "b", hash.SHA1, hash.GitTree)
	otherDir := tree(t, "c", hash.SHA256, hash.DirHash, hash.GitTree, hash.GitTreeSHA256)
	about := func(subjects ...string) string { return statement(helloSubject, strings.Join(subjects, ",")) }
	hellos, others := subjectsOf(hash.SHA256, hello), subjectsOf(hash.SHA256, other)
	stray := `{"name": "stray", "digest": {"sha256": "` + strings.Repeat("0", 64) + `"}}`
	bySHA256 := subjectsOf(hash.GitTreeSHA256, dir)

	for _, test := range []struct {
		name       string
		mode       provenance.SubjectMode
		policy     provenance.Policy
		artifacts  []hash.Artifact
		statements []string
		code       verify.Code
	}{
		{"each by its own", provenance.Each, p, []hash.Artifact{hello, other}, []string{about(hellos), about(others)}, ""},
		{"each by one", provenance.Each, p, []hash.Artifact{hello, other}, []string{about(hellos, others, stray)}, ""},
		{"together", provenance.Together, p, []hash.Artifact{hello, other}, []string{about(hellos, others, stray)}, ""},
		{"together by the second", provenance.Together, p, []hash.Artifact{hello, other}, []string{about(hellos), about(hellos, others)}, ""},
		{"exactly", provenance.Exactly, p, []hash.Artifact{other, hello}, []string{about(hellos, others)}, ""},
		{"exactly by the second", provenance.Exactly, p, []hash.Artifact{hello, other}, []string{about(hellos, others, stray), about(hellos, others)}, ""},
		{"exactly one", provenance.Exactly, p, []hash.Artifact{hello}, []string{about(hellos)}, ""},
		{"one subject twice", provenance.Exactly, p, []hash.Artifact{hello, hello.WithName("copy")}, []string{about(hellos)}, ""},
		{"names too", provenance.Exactly, provenance.Named(p), []hash.Artifact{hello, other}, []string{about(hellos, others)}, ""},
		{"tree by dirHash", provenance.Exactly, p, []hash.Artifact{dir, hello}, []string{about(subjectsOf(hash.DirHash, dir), hellos)}, ""},
		{"tree by gitTree, SHA-256", provenance.Exactly, p, []hash.Artifact{dir, hello}, []string{about(bySHA256, hellos)}, ""},

		{"one of two not covered", provenance.Each, p, []hash.Artifact{hello, other}, []string{about(hellos)}, provenance.CodeAttested},
		{"together: by two", provenance.Together, p, []hash.Artifact{hello, other}, []string{about(hellos), about(others)}, provenance.CodeSubject},
		{"together: by one, whose signer is another's", provenance.Together, provenance.Attested{PredicateType: p.PredicateType, Signers: keySet(t, 1, "bob")}, []hash.Artifact{hello, other}, []string{about(hellos, others)}, provenance.CodeSigner},
		{"together: the name is another's", provenance.Together, provenance.Named(p), []hash.Artifact{hello, other.WithName("x")}, []string{about(hellos, others)}, provenance.CodeSubject},
		{"exactly: one subject more", provenance.Exactly, p, []hash.Artifact{hello, other}, []string{about(hellos, others, stray)}, provenance.CodeSubject},
		{"exactly: one more with an unknown digest", provenance.Exactly, p, []hash.Artifact{hello}, []string{about(hellos, `{"name": "stray", "digest": {"gost": "1"}}`)}, provenance.CodeSubject},
		{"exactly: one artifact less", provenance.Exactly, p, []hash.Artifact{hello}, []string{about(hellos, others)}, provenance.CodeSubject},
		{"exactly: one artifact more", provenance.Exactly, p, []hash.Artifact{hello, other}, []string{about(hellos)}, provenance.CodeAttested},
		{"conflict about one", provenance.Each, p, []hash.Artifact{hello, other}, []string{about(hellos, others), about(`{"name": "other", "digest": {"sha256": "` + strings.Repeat("0", 64) + `"}}`)}, verify.CodeConflict},
		{"conflict about one, together", provenance.Together, p, []hash.Artifact{hello, other}, []string{about(hellos, others), about(`{"name": "other", "digest": {"sha256": "` + strings.Repeat("0", 64) + `"}}`)}, verify.CodeConflict},
		{"another tree", provenance.Each, p, []hash.Artifact{otherDir.WithName("x")}, []string{about(subjectsOf(hash.DirHash, dir))}, provenance.CodeAttested},
		{"another tree of that name", provenance.Each, p, []hash.Artifact{otherDir}, []string{about(subjectsOf(hash.DirHash, dir))}, verify.CodeConflict},
		{"tree by gitTree, SHA-1", provenance.Each, p, []hash.Artifact{weakDir}, []string{about(subjectsOf(hash.GitTree, weakDir))}, provenance.CodeAttested},
		{"no artifact", provenance.Each, p, nil, []string{about(hellos)}, verify.CodeArtifact},
		{"the zero Artifact", provenance.Each, p, []hash.Artifact{hello, {}}, []string{about(hellos)}, verify.CodeArtifact},
		{"no claim", provenance.Together, p, []hash.Artifact{hello}, nil, provenance.CodeAttested},
		{"no mode", 0, p, []hash.Artifact{hello}, []string{about(hellos)}, provenance.CodePolicy},
		{"unknown mode", 9, p, []hash.Artifact{hello}, []string{about(hellos)}, provenance.CodePolicy},
		{"no policy", provenance.Each, nil, []hash.Artifact{hello}, []string{about(hellos)}, provenance.CodePolicy},
	} {
		t.Run(test.name, func(t *testing.T) {
			var claims []verify.Claim
			for _, payload := range test.statements {
				claims = append(claims, open(t, payload))
			}
			results, err := provenance.VerifySubjects(test.mode, test.policy, test.artifacts, claims...)
			if got := verify.CodeOf(err); got != test.code {
				t.Fatalf("code %q, want %q: %v", got, test.code, err)
			}
			if err != nil {
				rejected, ok := errors.AsType[*verify.RejectedError](err)
				if !ok || results != nil || rejected.Report.Verdict != verify.Rejected {
					t.Errorf("%T, %v", err, results)
				}
				return
			}
			if len(results) != len(test.artifacts) {
				t.Fatalf("%d results", len(results))
			}
			for i, r := range results {
				if r.Artifact().String() != test.artifacts[i].String() || !strings.Contains(r.Report().String(), "subject") {
					t.Errorf("result %d is about %v:\n%s", i, r.Artifact(), r.Report())
				}
			}
		})
	}

	// Claims of other kinds, and attestations of other types, are no attestations
	// of the policy's and harm nothing.
	witness := verifytest.NewClaim("", hello.Digests(), verifytest.Issuer("witness"))
	review := open(t, strings.Replace(predicate(reviewType, `{}`), helloSubject, hellos+","+others, 1))
	if _, err := provenance.VerifySubjects(provenance.Together, p, []hash.Artifact{hello, other}, witness, review, open(t, about(hellos, others))); err != nil {
		t.Error(err)
	}
	if _, err := provenance.VerifySubjects(provenance.Together, p, []hash.Artifact{hello, other}, witness, review, open(t, about(hellos)), open(t, about(others))); !errors.Is(err, provenance.CodeSubject) {
		t.Errorf("together by an attestation of another type: %v", err)
	}

	// The report of a rejection lists every artifact.
	_, err := provenance.VerifySubjects(provenance.Each, p, []hash.Artifact{hello, other}, open(t, about(hellos)))
	rejected, _ := errors.AsType[*verify.RejectedError](err)
	if text := rejected.Report.String(); !strings.Contains(text, "artifact hello") || !strings.Contains(text, "artifact other") {
		t.Errorf("not all in the report:\n%s", text)
	}
	if rejected.Report.Time.IsZero() {
		t.Error("the report has no time")
	}
	if provenance.Exactly.String() != "exactly" || provenance.SubjectMode(0).String() != "invalid" {
		t.Error("names of modes")
	}
}

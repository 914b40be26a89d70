// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package verify_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/verify"
	"github.com/tallystick/tallystick/verify/verifytest"
)

var (
	alice = verifytest.Issuer("alice")
	bob   = verifytest.Issuer("bob")
	carol = verifytest.Issuer("carol")
)

// policyFunc is what a user's own policy may look like, good or bad.
type policyFunc func(hash.Artifact, []verify.Claim) verify.Check

func (f policyFunc) Evaluate(a hash.Artifact, claims []verify.Claim) verify.Check {
	return f(a, claims)
}

func atLeast(t *testing.T, n int, ps ...verify.Policy) verify.Policy {
	t.Helper()
	p, err := verify.AtLeast(n, ps...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func set(t *testing.T, digests ...string) hash.Set {
	t.Helper()
	var ds []hash.Digest
	for _, s := range digests {
		d, err := hash.ParseDigest(s)
		if err != nil {
			t.Fatal(err)
		}
		ds = append(ds, d)
	}
	s, err := hash.NewSet(ds...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestArtifact(t *testing.T) {
	app := verifytest.Artifact(t, "app", "the release", hash.SHA256, hash.SHA512, hash.SHA1)
	evil := verifytest.Artifact(t, "app", "the backdoor", hash.SHA256, hash.SHA512, hash.SHA1)
	only := func(a hash.Artifact, algs ...hash.Algorithm) hash.Set {
		var ds []hash.Digest
		for _, alg := range algs {
			d, _ := a.Digests().Get(alg)
			ds = append(ds, d)
		}
		s, err := hash.NewSet(ds...)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	mixed := set(t, func() (l []string) {
		d, _ := app.Digests().Get(hash.SHA256)
		e, _ := evil.Digests().Get(hash.SHA512)
		return []string{d.String(), e.String()}
	}()...)
	good := func(i ...verify.Issuer) verify.Claim { return verifytest.NewClaim("app", app.Digests(), i...) }
	byAlice, byBob := verify.IssuedBy(alice), verify.IssuedBy(bob)
	sizeOnly := policyFunc(func(a hash.Artifact, _ []verify.Claim) verify.Check {
		c := verify.Check{Code: "test/size", Status: verify.Fail, What: "size"}
		if a.Size() == app.Size() {
			c.Status = verify.Pass
		}
		return c
	})
	listed := good(alice)
	weak := verifytest.NewClaim("app", only(app, hash.SHA1), alice)

	for _, test := range []struct {
		name     string
		describe string
		artifact hash.Artifact
		policy   verify.Policy
		claims   []verify.Claim
		code     verify.Code // "" accepts
	}{
		{"one claim", "the ordinary case", app, byAlice, []verify.Claim{good(alice)}, ""},
		{"covered", "the claim itself is asked for", app, verify.CoveredBy(listed), []verify.Claim{listed}, ""},
		{"two signers", "both must have signed", app, verify.All(byAlice, byBob), []verify.Claim{good(alice, bob)}, ""},
		{"narrowed", "a policy without issuers narrows All", app, verify.All(byAlice, sizeOnly), []verify.Claim{good(alice)}, ""},
		{"silent witness", "a claim about another file does not disturb", app, byAlice,
			[]verify.Claim{good(alice), verifytest.NewClaim("other", evil.Digests(), bob)}, ""},
		{"more algorithms", "the claim knows one that was not measured", app, byAlice,
			[]verify.Claim{verifytest.NewClaim("app", set(t, "sha256:"+hexOf(app, hash.SHA256), "md5:"+strings.Repeat("0", 32)), alice)}, ""},

		{"nothing measured", "the zero Artifact", hash.Artifact{}, byAlice, []verify.Claim{good(alice)}, verify.CodeArtifact},
		{"no policy", "nil", app, nil, []verify.Claim{good(alice)}, verify.CodeNoPolicy},
		{"no policy inside", "nil as part", app, verify.All(nil), []verify.Claim{good(alice)}, verify.CodeNoPolicy},
		{"no claim", "nobody said anything", app, byAlice, nil, verify.CodeIssuer},
		{"nil claim", "", app, byAlice, []verify.Claim{good(alice), nil}, verify.CodeClaim},
		{"claim of nobody", "no issuer", app, byAlice, []verify.Claim{good(alice), good()}, verify.CodeClaim},
		{"claim of no ID", "an issuer with a name only", app, byAlice, []verify.Claim{good(alice), good(verify.Issuer{Name: "alice"})}, verify.CodeClaim},
		{"issuer by name", "the name alone is no identity", app, verify.IssuedBy(verify.Issuer{Name: "alice"}), []verify.Claim{good(alice)}, verify.CodeIssuer},
		{"claim not passed", "CoveredBy wants it cross-validated", app, verify.CoveredBy(listed), []verify.Claim{good(bob)}, verify.CodeCovered},
		{"tampered", "other bytes under the name that the claim means", evil, byAlice, []verify.Claim{good(alice)}, verify.CodeConflict},
		{"tampered and renamed", "other bytes, other name", evil.WithName("x"), byAlice, []verify.Claim{good(alice)}, verify.CodeIssuer},
		{"wrong signer", "bob signed, alice is asked for", app, byAlice, []verify.Claim{good(bob)}, verify.CodeIssuer},
		{"weak digest", "only SHA-1 matches", app, verify.CoveredBy(weak), []verify.Claim{weak}, verify.CodeWeak},
		{"not strong", "a SHA-1 claim is not evidence", app, byAlice, []verify.Claim{verifytest.NewClaim("app", only(app, hash.SHA1), alice)}, verify.CodeIssuer},
		{"no shared algorithm", "nothing to compare", verifytest.Artifact(t, "app", "the release", hash.SHA3_256), byAlice, []verify.Claim{good(alice)}, verify.CodeIssuer},
		{"half right", "sha256 matches, sha512 does not", app, byAlice, []verify.Claim{verifytest.NewClaim("zzz", mixed, alice)}, verify.CodeConflict},
		{"dissenter", "the policy is satisfied and bob contradicts", app, byAlice,
			[]verify.Claim{good(alice), verifytest.NewClaim("app", evil.Digests(), bob)}, verify.CodeConflict},
		{"witnesses disagree beyond us", "we measured sha256 only; they differ in sha512", verifytest.Artifact(t, "app", "the release"), byAlice,
			[]verify.Claim{good(alice), verifytest.NewClaim("app", mixed, bob)}, verify.CodeConflict},
		{"size only", "does not look at content", app, sizeOnly, []verify.Claim{good(alice)}, verify.CodeVacuous},
		{"escape hatch", "one arm accepts anything", app, verify.Any(sizeOnly, byAlice), []verify.Claim{good(alice)}, verify.CodeVacuous},
		{"name dropper", "passes always, on a word that alice gave for this content", app, passAs(alice), []verify.Claim{good(alice)}, verify.CodeVacuous},
		{"invented issuer", "carol said nothing", app, passAs(carol), []verify.Claim{good(alice)}, verify.CodeVacuous},
		{"nobody's word", "looks at the content and names nobody", app, onlyFor(app), []verify.Claim{good(alice)}, verify.CodeVacuous},
		{"silent issuer", "looks at the content and names carol, who said nothing", app, onlyFor(app, carol), []verify.Claim{good(alice)}, verify.CodeVacuous},
		{"issuer of something else", "bob's claim is about another file", app, onlyFor(app, bob),
			[]verify.Claim{good(alice), verifytest.NewClaim("other", evil.Digests(), bob)}, verify.CodeVacuous},
		{"claim without evidence", "its own evidence says that it failed", app, byAlice, []verify.Claim{&failed{good(alice)}}, verify.CodeClaim},
		{"uncomparable claim", "== would panic", app, verify.CoveredBy(uncomparable{listed, nil}), []verify.Claim{uncomparable{listed, nil}}, verify.CodeCovered},
		{"empty check", "the zero Check is no pass", app, policyFunc(func(hash.Artifact, []verify.Claim) verify.Check { return verify.Check{} }), []verify.Claim{good(alice)}, verify.CodeNoPolicy},
	} {
		t.Run(test.name, func(t *testing.T) {
			result, err := verify.Artifact(test.artifact, test.policy, test.claims...)
			if (result == nil) == (err == nil) {
				t.Fatalf("result %v and error %v", result, err)
			}
			if test.code == "" {
				if err != nil {
					t.Fatalf("%s: %v\n%s", test.describe, err, err.(*verify.RejectedError).Report)
				}
				if r := result.Report(); r.Verdict != verify.Accepted || result.Artifact().Digests().Compare(app.Digests()) != hash.Same {
					t.Errorf("verdict %q about %v", r.Verdict, result.Artifact())
				}
				return
			}
			var rejected *verify.RejectedError
			if !errors.As(err, &rejected) {
				t.Fatalf("%s: error %v, want a RejectedError", test.describe, err)
			}
			if rejected.Code() != test.code || !errors.Is(err, test.code) || verify.CodeOf(err) != test.code {
				t.Errorf("%s: code %q, want %q: %v", test.describe, rejected.Code(), test.code, err)
			}
			if !strings.Contains(err.Error(), string(test.code)) {
				t.Errorf("the text does not show the code %q: %v", test.code, err)
			}
			if rejected.Report.Verdict != verify.Rejected {
				t.Errorf("verdict %q", rejected.Report.Verdict)
			}
		})
	}
}

// onlyFor is a policy that looks at the content and names these issuers.
func onlyFor(want hash.Artifact, issuers ...verify.Issuer) verify.Policy {
	return policyFunc(func(a hash.Artifact, _ []verify.Claim) verify.Check {
		c := verify.Check{Code: "test/only", Status: verify.Fail, What: "content", Issuers: issuers}
		if a.Digests().Compare(want.Digests()) == hash.Same {
			c.Status = verify.Pass
		}
		return c
	})
}

// failed is a claim whose own evidence says no.
type failed struct{ verify.Claim }

func (c *failed) Evidence() verify.Evidence {
	e := c.Claim.Evidence()
	e.Check.Status = verify.Fail
	return e
}

// uncomparable is a claim that cannot be compared with ==.
type uncomparable struct {
	verify.Claim
	_ []int
}

// passAs is a policy that looks at nothing.
func passAs(i verify.Issuer) verify.Policy {
	return policyFunc(func(hash.Artifact, []verify.Claim) verify.Check {
		return verify.Check{Code: "test/lazy", Status: verify.Pass, What: "nothing", Issuers: []verify.Issuer{i}}
	})
}

func hexOf(a hash.Artifact, alg hash.Algorithm) string {
	d, _ := a.Digests().Get(alg)
	return d.Hex()
}

func TestAtLeastCountsKeys(t *testing.T) {
	app := verifytest.Artifact(t, "app", "the release")
	claim := func(i ...verify.Issuer) verify.Claim { return verifytest.NewClaim("app", app.Digests(), i...) }
	aliceAgain := verify.Issuer{ID: alice.ID, Name: "somebody else"}
	first, second := claim(alice), claim(aliceAgain)
	byAlice, byBob, byCarol := verify.IssuedBy(alice), verify.IssuedBy(bob), verify.IssuedBy(carol)
	unissued := policyFunc(func(hash.Artifact, []verify.Claim) verify.Check {
		return verify.Check{Code: "test/unissued", Status: verify.Pass, What: "nothing"}
	})
	for _, test := range []struct {
		name   string
		policy verify.Policy
		claims []verify.Claim
		code   verify.Code
	}{
		{"two of three", atLeast(t, 2, byAlice, byBob, byCarol), []verify.Claim{claim(alice), claim(carol)}, ""},
		{"one of three", atLeast(t, 2, byAlice, byBob, byCarol), []verify.Claim{claim(alice)}, verify.CodeIssuer},
		{"one statement with two signatures", atLeast(t, 2, byAlice, byBob), []verify.Claim{claim(alice, bob)}, ""},
		{"one key, two claims", atLeast(t, 2, verify.CoveredBy(first), verify.CoveredBy(second)), []verify.Claim{first, second}, verify.CodeAtLeast},
		{"one policy twice", atLeast(t, 2, byAlice, byAlice), []verify.Claim{claim(alice)}, verify.CodeAtLeast},
		{"on nobody's word", atLeast(t, 2, byAlice, unissued), []verify.Claim{claim(alice)}, verify.CodeAtLeast},
		{"the best selection", // {alice,bob} first would leave only one
			atLeast(t, 2, verify.All(byAlice, byBob), byAlice, byBob), []verify.Claim{claim(alice), claim(bob)}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := verify.Artifact(app, test.policy, test.claims...)
			if got := verify.CodeOf(err); got != test.code {
				t.Errorf("code %q, want %q: %v", got, test.code, err)
			}
		})
	}
}

// A policy with many parts that all share keys must not take exponential time.
func TestAtLeastIsBounded(t *testing.T) {
	app := verifytest.Artifact(t, "app", "the release")
	var policies []verify.Policy
	var claims []verify.Claim
	var issuers []verify.Issuer
	for i := range 64 {
		issuers = append(issuers, verifytest.Issuer(string(rune('0'+i))))
	}
	for i := range 64 {
		c := verifytest.NewClaim("app", app.Digests(), issuers[i], issuers[(i+1)%64], issuers[(i+7)%64])
		claims = append(claims, c)
		policies = append(policies, verify.CoveredBy(c))
	}
	p := atLeast(t, 60, policies...)
	if _, err := verify.Artifact(app, p, claims...); !errors.Is(err, verify.CodeAtLeast) {
		t.Errorf("got %v", err)
	}
	if _, err := verify.Artifact(app, atLeast(t, 8, policies...), claims...); err != nil {
		t.Errorf("eight distinct witnesses are there: %v", err)
	}
}

func TestAtLeastArguments(t *testing.T) {
	p := verify.IssuedBy(alice)
	for _, test := range []struct {
		n    int
		ps   []verify.Policy
		code verify.Code
	}{
		{0, []verify.Policy{p}, verify.CodeThreshold},
		{-1, []verify.Policy{p}, verify.CodeThreshold},
		{2, []verify.Policy{p}, verify.CodeThreshold},
		{1, nil, verify.CodeThreshold},
		{1, slices.Repeat([]verify.Policy{p}, 65), verify.CodeLimit},
	} {
		got, err := verify.AtLeast(test.n, test.ps...)
		if !errors.Is(err, test.code) || got != nil {
			t.Errorf("AtLeast(%d, %d policies) = %v, %v, want %q", test.n, len(test.ps), got, err, test.code)
		}
	}
}

func TestPolicyContract(t *testing.T) {
	app := verifytest.Artifact(t, "app", "the release")
	a, b := verifytest.NewClaim("app", app.Digests(), alice), verifytest.NewClaim("app", app.Digests(), bob)
	verifytest.TestClaim(t, a, app)
	for _, p := range []verify.Policy{
		verify.CoveredBy(a),
		verify.IssuedBy(bob),
		verify.All(verify.CoveredBy(a), verify.IssuedBy(bob)),
		verify.Any(verify.IssuedBy(carol), verify.IssuedBy(bob)),
		atLeast(t, 2, verify.IssuedBy(carol), verify.IssuedBy(bob), verify.CoveredBy(a)),
	} {
		verifytest.TestPolicy(t, p, app, a, b)
	}
}

// timed adds a time and an unchecked thing to a claim.
type timed struct {
	verify.Claim
	at time.Time
}

func (c *timed) Evidence() verify.Evidence {
	e := c.Claim.Evidence()
	e.Time = c.at
	e.NotCovered = []string{"file modes"}
	return e
}

func TestReport(t *testing.T) {
	app := verifytest.Artifact(t, "app\n\x1b[2J\xff", "the release")
	early, late := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)
	claims := []verify.Claim{
		&timed{verifytest.NewClaim("app", app.Digests(), alice), late},
		&timed{verifytest.NewClaim("app", app.Digests(), bob), early},
	}
	result, err := verify.Artifact(app, verify.All(verify.IssuedBy(alice), verify.IssuedBy(bob)), claims...)
	if err != nil {
		t.Fatal(err)
	}
	text := result.Report().String()
	if strings.Contains(text, "\x1b") || strings.Contains(text, "\xff") || !strings.Contains(text, `app\n\x1b[2J\xff`) {
		t.Errorf("text for people is not escaped:\n%q", text)
	}
	b, err := result.Report().JSON()
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"schema":  "tallystick/report/v1",
		"verdict": "accepted",
		"time":    "2026-06-01T00:00:00Z", // the earlier one
		"subject": map[string]any{
			"name":    `app\n\x1b[2J\xff`,
			"size":    float64(app.Size()),
			"digests": map[string]any{"sha256": hexOf(app, hash.SHA256)},
		},
		"codes":      []any{"verify/issuer", "verify/all", "verifytest/claim"},
		"conflicts":  []any{},
		"notCovered": []any{"file modes"},
	}
	checks := got["checks"].([]any)
	delete(got, "checks")
	if !reflect.DeepEqual(got, want) {
		t.Errorf("report is\n%v\nwant\n%v", got, want)
	}
	if len(checks) != 3 {
		t.Fatalf("%d checks, want the policy and two claims", len(checks))
	}
	first := checks[0].(map[string]any)["checks"].([]any)[0].(map[string]any)
	if first["status"] != "pass" || first["issuers"].([]any)[0] != alice.ID+" alice" {
		t.Errorf("first check is %v", first)
	}
}

func TestReportOfConflict(t *testing.T) {
	app := verifytest.Artifact(t, "app", "the release")
	evil := verifytest.Artifact(t, "app", "the backdoor")
	_, err := verify.Artifact(app, verify.IssuedBy(alice),
		verifytest.NewClaim("app", app.Digests(), alice), verifytest.NewClaim("app", evil.Digests(), bob))
	var rejected *verify.RejectedError
	if !errors.As(err, &rejected) {
		t.Fatal(err)
	}
	want := []verify.Conflict{{Algorithm: "sha256", Sides: []verify.Side{
		{Measured: true, Issuers: []verify.Issuer{alice}, Digest: hexOf(app, hash.SHA256)},
		{Issuers: []verify.Issuer{bob}, Digest: hexOf(evil, hash.SHA256)},
	}}}
	if !reflect.DeepEqual(rejected.Report.Conflicts, want) {
		t.Errorf("conflicts are %+v", rejected.Report.Conflicts)
	}
	if !strings.Contains(rejected.Report.String(), "CONFLICT  sha256: ") || !strings.Contains(err.Error(), "bob (SHA256:") {
		t.Errorf("the text does not name it: %v\n%s", err, rejected.Report)
	}
}

// Reject must never produce an acceptance, whatever it is given.
func TestReject(t *testing.T) {
	for _, status := range []verify.Status{verify.Pass, verify.Fail, verify.NotRun, "", "nonsense"} {
		e := verify.Reject(verify.Evidence{Check: verify.Check{Code: "test/code", Status: status, What: "x"}})
		if e.Report.Verdict != verify.Rejected || e.Code() != "test/code" {
			t.Errorf("status %q: verdict %q, code %q", status, e.Report.Verdict, e.Code())
		}
	}
}

func TestFirstFailureIsTheCause(t *testing.T) {
	e := verify.Reject(verify.Evidence{Check: verify.Check{Code: "a/whole", What: "whole", Checks: []verify.Check{
		{Code: "a/passed", Status: verify.Pass, What: "p", Checks: []verify.Check{{Code: "a/harmless", Status: verify.Fail, What: "h"}}},
		{Code: "a/skipped", Status: verify.NotRun, What: "s"},
		{Code: "a/part", Status: verify.Fail, What: "part", Checks: []verify.Check{{Code: "a/cause", Status: verify.Fail, What: "c", Expected: "x", Found: "y"}}},
	}}})
	if got, want := e.Error(), "rejected: a/cause: c: expected x, found y"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if want := []verify.Code{"a/cause", "a/part", "a/whole"}; !slices.Equal(e.Report.Codes, want) {
		t.Errorf("codes %v, want %v", e.Report.Codes, want)
	}
}

// An issuer without an ID is nobody, also where somebody calls a policy without
// verify.Artifact.
func TestIssuedByNobody(t *testing.T) {
	app := verifytest.Artifact(t, "app", "the release")
	nobody := verify.Issuer{Name: "alice"}
	c := verifytest.NewClaim("app", app.Digests(), nobody)
	if got := verify.IssuedBy(nobody).Evaluate(app, []verify.Claim{c}); got.Status == verify.Pass {
		t.Errorf("got %+v", got)
	}
}

// Whatever makes a check, a report has only known outcomes and printable text.
func TestReportIsClean(t *testing.T) {
	e := verify.Reject(verify.Evidence{Check: verify.Check{Code: "a/whole", What: "whole\n", Checks: []verify.Check{
		{Code: "a/zero", What: "evil\x1b[2J", Expected: "\xff", Found: "a\nb", Detail: "\u202e"},
		{Code: "a/odd", Status: "passed", What: "odd"},
	}}, NotCovered: []string{"x\ny"}})
	for _, c := range e.Report.Checks[0].Checks {
		if c.Status != verify.Fail {
			t.Errorf("%s: status %q", c.Code, c.Status)
		}
	}
	first := e.Report.Checks[0].Checks[0]
	if got, want := []string{first.What, first.Expected, first.Found, first.Detail, e.Report.Checks[0].What, e.Report.NotCovered[0]},
		[]string{`evil\x1b[2J`, `\xff`, `a\nb`, `\u202e`, `whole\n`, `x\ny`}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A claim can contradict by something else than digests, such as a length.
func TestOtherContradiction(t *testing.T) {
	app := verifytest.Artifact(t, "app", "the release")
	_, err := verify.Artifact(app, verify.IssuedBy(alice), verifytest.NewClaim("app", app.Digests(), alice),
		&tooLong{verifytest.NewClaim("app", app.Digests(), bob)})
	rejected, ok := errors.AsType[*verify.RejectedError](err)
	if !ok || rejected.Code() != verify.CodeConflict || len(rejected.Report.Conflicts) != 1 || !strings.Contains(rejected.Report.Conflicts[0].Detail, "length") {
		t.Errorf("got %v", err)
	}
}

type tooLong struct{ verify.Claim }

func (c *tooLong) Covers(hash.Artifact) error { return errors.New("another length") }

// Witnesses contradict each other also in algorithms that we did not measure, and
// when what they share with us proves nothing.
func TestConflictBeyondUs(t *testing.T) {
	app := verifytest.Artifact(t, "app", "the release", hash.SHA256, hash.SHA1)
	sha256, sha1 := "sha256:"+hexOf(app, hash.SHA256), "sha1:"+hexOf(app, hash.SHA1)
	x, y := "sha512:"+strings.Repeat("0", 128), "sha512:"+strings.Repeat("1", 128)
	hears := func(name string, conflict bool, second ...string) {
		t.Helper()
		_, err := verify.Artifact(app, verify.IssuedBy(alice),
			verifytest.NewClaim("app", set(t, sha256, x), alice), verifytest.NewClaim(name, set(t, second...), bob))
		if conflict != errors.Is(err, verify.CodeConflict) || !conflict && err != nil {
			t.Errorf("bob says that %s is %s: %v", name, second, err)
		}
	}
	hears("app", true, y)
	hears("app", true, sha1, y)
	hears("elsewhere", true, sha1, y)
	hears("elsewhere", true, sha256, y)
	hears("app", false, x)
	hears("elsewhere", false, y)
}

// Everybody sees which claims vouch for the artifact and which do not.
func TestSilentClaimIsShownAsSilent(t *testing.T) {
	app := verifytest.Artifact(t, "app", "the release")
	other := verifytest.Artifact(t, "other", "something else")
	result, err := verify.Artifact(app, verify.IssuedBy(alice),
		verifytest.NewClaim("app", app.Digests(), alice), verifytest.NewClaim("other", other.Digests(), bob))
	if err != nil {
		t.Fatal(err)
	}
	last := result.Report().Checks[2]
	if last.Status != verify.NotRun || last.Code != verify.CodeNotCovered || !strings.Contains(result.Report().String(), "says nothing about this artifact") {
		t.Errorf("bob's claim is shown as %+v", last)
	}
	if want := []verify.Code{"verify/issuer", "verifytest/claim"}; !slices.Equal(result.Report().Codes, want) {
		t.Errorf("codes %v, want %v", result.Report().Codes, want)
	}
}

// A report cannot be altered through what a policy or a claim keeps.
func TestReportIsACopy(t *testing.T) {
	app := verifytest.Artifact(t, "app", "the release")
	kept := verify.Check{Code: "test/kept", Status: verify.Pass, What: "kept", Issuers: []verify.Issuer{alice},
		Checks: []verify.Check{{Code: "test/below", Status: verify.Pass, What: "below", Issuers: []verify.Issuer{alice}}}}
	p := policyFunc(func(a hash.Artifact, claims []verify.Claim) verify.Check {
		if verify.IssuedBy(alice).Evaluate(a, claims).Status == verify.Pass {
			return kept
		}
		return verify.Check{}
	})
	result, err := verify.Artifact(app, p, verifytest.NewClaim("app", app.Digests(), alice))
	if err != nil {
		t.Fatal(err)
	}
	before := result.Report().String()
	kept.Issuers[0] = bob
	kept.Checks[0].What = "overwritten"
	kept.Checks[0].Issuers[0] = bob
	if after := result.Report().String(); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
	policies := []verify.Policy{verify.IssuedBy(alice), verify.IssuedBy(bob)}
	two := atLeast(t, 2, policies...)
	policies[1] = verify.IssuedBy(alice)
	if _, err := verify.Artifact(app, two, verifytest.NewClaim("app", app.Digests(), alice)); !errors.Is(err, verify.CodeAtLeast) {
		t.Errorf("AtLeast kept the caller's list: %v", err)
	}
}

func TestTooManyParts(t *testing.T) {
	app := verifytest.Artifact(t, "app", "the release")
	parts := slices.Repeat([]verify.Policy{verify.IssuedBy(alice)}, 64)
	for _, p := range []verify.Policy{verify.All(parts[0], parts...), verify.Any(parts[0], parts...)} {
		if _, err := verify.Artifact(app, p, verifytest.NewClaim("app", app.Digests(), alice)); !errors.Is(err, verify.CodeLimit) {
			t.Errorf("65 parts: %v", err)
		}
	}
}

// What was not covered is listed once, and not without end.
func TestNotCoveredIsBounded(t *testing.T) {
	var list []string
	for i := range 100_000 {
		list = append(list, "thing "+string(rune('0'+i%10))+strings.Repeat("x", i%1000))
	}
	e := verify.Reject(verify.Evidence{Check: verify.Check{Code: "test/x", What: "x"}, NotCovered: list})
	if got := e.Report.NotCovered; len(got) != 201 || !strings.HasSuffix(got[200], "more things") {
		t.Errorf("%d lines, the last is %q", len(got), got[len(got)-1])
	}
}

// Times are in UTC, whatever zone a claim has them in.
func TestReportTimeIsUTC(t *testing.T) {
	at := time.Date(2026, 6, 1, 2, 0, 0, 0, time.FixedZone("east", 7200))
	e := verify.Reject(verify.Evidence{Check: verify.Check{Code: "test/x", What: "x"}, Time: at})
	if !e.Report.Time.Equal(at) || e.Report.Time.Location() != time.UTC {
		t.Errorf("time %v", e.Report.Time)
	}
}

// Nobody needs to take care of nil.
func TestNil(t *testing.T) {
	app := verifytest.Artifact(t, "app", "the release")
	var typed *timed
	for _, p := range []verify.Policy{verify.IssuedBy(alice), verify.CoveredBy(typed), verify.CoveredBy(nil)} {
		if _, err := verify.Artifact(app, p, typed); !errors.Is(err, verify.CodeClaim) {
			t.Errorf("got %v", err)
		}
		if _, err := verify.Artifact(app, p); err == nil {
			t.Error("accepted")
		}
	}
	if code := verify.CodeOf((*verify.RejectedError)(nil)); code != "" {
		t.Errorf("code %q", code)
	}
	if code := verify.CodeOf(&hash.MismatchError{}); code != hash.CodeMismatch {
		t.Errorf("code %q", code)
	}
}

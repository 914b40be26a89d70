// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package provenance_test

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tallystick/tallystick/provenance"
	"github.com/tallystick/tallystick/verify"
	"github.com/tallystick/tallystick/verify/verifytest"
)

// A notary opens documents of a made-up format: a notary whose key is known vouches
// for who has signed in. A document is five lines, then the payload:
//
//	NOTARY
//	the issuer of the account
//	the account
//	the payload type
//	the notary's signature over all other lines and the payload, in base64
type notary struct{ key provenance.Key }

// account is how the notary names an identity. Neither part has a line end or a
// space, so the text is unambiguous.
func account(issuer, name string) verify.Issuer {
	return verify.Issuer{ID: "notary:" + issuer + " " + name}
}

func notarize(by, issuer, name, payloadType, payload string) []byte {
	head := "NOTARY\n" + issuer + "\n" + name + "\n" + payloadType + "\n"
	sig := ed25519.Sign(signer(by), []byte(head+payload))
	return []byte(head + base64.StdEncoding.EncodeToString(sig) + "\n" + payload)
}

func (n notary) OpenEnvelope(ctx context.Context, data []byte, at time.Time, limits provenance.Limits) (*provenance.Signed, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	reject := func(code verify.Code, detail string) (*provenance.Signed, error) {
		return nil, verify.Reject(verify.Evidence{Time: at, NotCovered: []string{"revocation of accounts"},
			Check: verify.Check{Code: code, What: "notarized document", Detail: detail}})
	}
	part := strings.SplitN(string(data), "\n", 6)
	if len(part) != 6 || part[0] != "NOTARY" || part[1] == "" || strings.Contains(part[1]+part[2], " ") {
		return reject(provenance.CodeMalformed, "not a document of this format")
	}
	sig, err := base64.StdEncoding.Strict().DecodeString(part[4])
	if err != nil || n.key.Verify([]byte(strings.Join(part[:4], "\n")+"\n"+part[5]), sig) != nil {
		return reject(provenance.CodeSignature, "not what the notary signed")
	}
	return &provenance.Signed{
		PayloadType: part[3], Payload: []byte(part[5]), Issuers: []verify.Issuer{account(part[1], part[2])},
		Check:      verify.Check{Code: provenance.CodeSignature, Status: verify.Pass, What: "notarized document"},
		NotCovered: []string{"revocation of accounts"},
	}, nil
}

func issuerSet(t testing.TB, threshold int, issuers ...verify.Issuer) provenance.IssuerSet {
	t.Helper()
	s, err := provenance.NewIssuerSet(threshold, issuers...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestOpenWith(t *testing.T) {
	opener := notary{public(t, "notary")}
	builder := account("https://accounts.example", "builder")
	good := notarize("notary", "https://accounts.example", "builder", provenance.PayloadType, slsaStatement())
	hello := verifytest.Artifact(t, "hello", "hello")

	s, err := provenance.OpenWith(t.Context(), good, opener, nil)
	if err != nil {
		t.Fatal(err)
	}
	verifytest.TestClaim(t, s, hello)
	if got := s.Issuers(); len(got) != 1 || got[0] != builder {
		t.Errorf("issuers %v", got)
	}
	for _, test := range []struct {
		name    string
		signers provenance.Signers
		code    verify.Code
	}{
		{"the account", issuerSet(t, 1, builder), ""},
		{"one of several", issuerSet(t, 1, account("https://accounts.example", "other"), builder), ""},
		{"another account", issuerSet(t, 1, account("https://accounts.example", "build")), provenance.CodeSigner},
		{"another issuer", issuerSet(t, 1, account("https://accounts.example.org", "builder")), provenance.CodeSigner},
		{"one of two is too few", issuerSet(t, 2, account("https://accounts.example", "other"), builder), provenance.CodeSigner},
		{"the notary's key did not sign", keySet(t, 1, "notary"), provenance.CodeSigner},
		{"the zero IssuerSet", provenance.IssuerSet{}, provenance.CodePolicy},
		{"no IssuerSet", (*provenance.IssuerSet)(nil), provenance.CodePolicy},
		{"no KeySet", (*provenance.KeySet)(nil), provenance.CodePolicy},
		{"an empty KeySet", new(provenance.KeySet), provenance.CodePolicy},
		{"none", nil, provenance.CodePolicy},
		{"pass on nobody's word", saysYes{}, provenance.CodePolicy},
		{"pass on a stranger's word", saysYes{account("https://accounts.example", "stranger")}, provenance.CodePolicy},
		{"no status", saysNothing(""), provenance.CodeSigner},
		{"not run", saysNothing(verify.NotRun), provenance.CodeSigner},
	} {
		t.Run(test.name, func(t *testing.T) {
			policy := provenance.SLSA{Builder: builderID, Signers: test.signers}
			_, err := verify.Artifact(hello, policy, s)
			if got := verify.CodeOf(err); got != test.code {
				t.Fatalf("code %q, want %q: %v", got, test.code, err)
			}
			if err == nil {
				verifytest.TestPolicy(t, policy, hello, s)
			}
		})
	}

	// A policy that trusts nobody is a bad policy, also where nothing is decided by it.
	for _, nobody := range []provenance.Signers{nil, provenance.KeySet{}, new(provenance.KeySet), (*provenance.KeySet)(nil),
		provenance.IssuerSet{}, new(provenance.IssuerSet), (*provenance.IssuerSet)(nil)} {
		check := provenance.SLSA{Builder: builderID, Signers: nobody}.Evaluate(hello, nil)
		if check.Status == verify.Pass || check.Code != provenance.CodePolicy {
			t.Errorf("%#v: %+v", nobody, check)
		}
	}

	// Beside a Statement that a key has signed, these are two witnesses.
	byKey, err := provenance.Open(seal(t, slsaStatement(), "builder"), keySet(t, 1, "builder"), nil)
	if err != nil {
		t.Fatal(err)
	}
	two, err := verify.AtLeast(2,
		provenance.SLSA{Builder: builderID, Signers: issuerSet(t, 1, builder)},
		provenance.SLSA{Builder: builderID, Signers: keySet(t, 1, "builder")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := verify.Artifact(hello, two, s, byKey); err != nil {
		t.Error(err)
	}
	if _, err := verify.Artifact(hello, two, s, s); err == nil {
		t.Error("one witness was taken for two")
	}
	// A set of issuers may name keys too.
	keyID := issuerSet(t, 1, public(t, "builder").Issuer())
	if _, err := verify.Artifact(hello, provenance.SLSA{Builder: builderID, Signers: keyID}, byKey); err != nil {
		t.Error(err)
	}
}

// saysYes are Signers that pass whatever was signed.
type saysYes []verify.Issuer

func (y saysYes) SignedBy(*provenance.Statement) verify.Check {
	return verify.Check{Code: provenance.CodeSigner, Status: verify.Pass, What: "yes", Issuers: y}
}

// saysNothing are Signers that leave it open.
type saysNothing verify.Status

func (n saysNothing) SignedBy(*provenance.Statement) verify.Check {
	return verify.Check{Code: provenance.CodeSigner, Status: verify.Status(n), What: "nothing"}
}

// openerFunc is an Opener that returns what it is told to.
type openerFunc func(ctx context.Context, data []byte, at time.Time, limits provenance.Limits) (*provenance.Signed, error)

func (f openerFunc) OpenEnvelope(ctx context.Context, data []byte, at time.Time, limits provenance.Limits) (*provenance.Signed, error) {
	return f(ctx, data, at, limits)
}

func TestOpenWithRefuses(t *testing.T) {
	opener := notary{public(t, "notary")}
	const issuer = "https://accounts.example"
	good := notarize("notary", issuer, "builder", provenance.PayloadType, statement())
	// answer returns an Opener that answers what the notary would, altered.
	answer := func(alter func(*provenance.Signed)) provenance.Opener {
		return openerFunc(func(ctx context.Context, data []byte, at time.Time, limits provenance.Limits) (*provenance.Signed, error) {
			s, err := opener.OpenEnvelope(ctx, data, at, limits)
			alter(s)
			return s, err
		})
	}
	fail := func(s *provenance.Signed, err error) provenance.Opener {
		return openerFunc(func(context.Context, []byte, time.Time, provenance.Limits) (*provenance.Signed, error) { return s, err })
	}
	signed, err := opener.OpenEnvelope(t.Context(), good, time.Time{}, provenance.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("the notary's key is lost")
	for _, test := range []struct {
		name     string
		data     []byte
		opener   provenance.Opener
		opts     provenance.Options
		rejected bool
		code     verify.Code
	}{
		{"another notary", notarize("mallory", issuer, "builder", provenance.PayloadType, statement()), opener, provenance.Options{}, true, provenance.CodeSignature},
		{"altered", append(good[:len(good):len(good)], ' '), opener, provenance.Options{}, true, provenance.CodeSignature},
		{"another format", seal(t, statement(), "notary"), opener, provenance.Options{}, true, provenance.CodeMalformed},
		{"empty", nil, opener, provenance.Options{}, true, provenance.CodeMalformed},
		{"too large", good, opener, provenance.Options{Limits: provenance.Limits{Bytes: int64(len(good)) - 1}}, true, provenance.CodeLimit},
		{"nothing allowed", nil, opener, provenance.Options{Limits: provenance.Limits{Bytes: -1}}, true, provenance.CodeLimit},
		{"another payload type", notarize("notary", issuer, "builder", "text/plain", statement()), opener, provenance.Options{}, true, provenance.CodePayloadType},
		{"no payload type", notarize("notary", issuer, "builder", "", statement()), opener, provenance.Options{}, true, provenance.CodePayloadType},
		{"not a Statement", notarize("notary", issuer, "builder", provenance.PayloadType, "{}"), opener, provenance.Options{}, true, provenance.CodeMalformed},
		{"no subject", notarize("notary", issuer, "builder", provenance.PayloadType,
			statement(`{"name": "hello", "digest": {"sha256": "`+sha256Hello+`"}}`, ``)), opener, provenance.Options{}, true, provenance.CodeSubject},
		{"another predicate type", good, opener, provenance.Options{PredicateType: "x"}, true, provenance.CodePredicateType},

		{"no opener", good, nil, provenance.Options{}, false, provenance.CodeOpener},
		{"no keys", good, (*provenance.KeySet)(nil), provenance.Options{}, false, provenance.CodeOpener},
		{"no answer", good, fail(nil, nil), provenance.Options{}, false, provenance.CodeOpener},
		{"an error without a code", good, fail(nil, broken), provenance.Options{}, false, provenance.CodeOpener},
		{"an answer and an error", good, fail(signed, broken), provenance.Options{}, false, provenance.CodeOpener},
		{"a rejection without a report", good, fail(nil, &verify.RejectedError{Err: broken}), provenance.Options{}, false, provenance.CodeOpener},
		{"no rejection", good, fail(nil, (*verify.RejectedError)(nil)), provenance.Options{}, false, provenance.CodeOpener},
		{"an error with a code", good, fail(nil, &verify.Error{Code: "notary/lost", Err: broken}), provenance.Options{}, false, "notary/lost"},
		{"no issuer", good, answer(func(s *provenance.Signed) { s.Issuers = nil }), provenance.Options{}, false, provenance.CodeOpener},
		{"an issuer without ID", good, answer(func(s *provenance.Signed) { s.Issuers = append(s.Issuers, verify.Issuer{Name: "x"}) }), provenance.Options{}, false, provenance.CodeOpener},
		{"one issuer twice", good, answer(func(s *provenance.Signed) { s.Issuers = append(s.Issuers, s.Issuers[0]) }), provenance.Options{}, false, provenance.CodeOpener},
		{"no check", good, answer(func(s *provenance.Signed) { s.Check = verify.Check{} }), provenance.Options{}, false, provenance.CodeOpener},
		{"a check that failed", good, answer(func(s *provenance.Signed) { s.Check.Status = verify.Fail }), provenance.Options{}, false, provenance.CodeOpener},
		{"a check that was not run", good, answer(func(s *provenance.Signed) { s.Check.Status = verify.NotRun }), provenance.Options{}, false, provenance.CodeOpener},
		{"a check without a code", good, answer(func(s *provenance.Signed) { s.Check.Code = "" }), provenance.Options{}, false, provenance.CodeOpener},
		{"a check of nothing", good, answer(func(s *provenance.Signed) { s.Check.What = "" }), provenance.Options{}, false, provenance.CodeOpener},
		{"no payload", good, answer(func(s *provenance.Signed) { s.Payload = nil }), provenance.Options{}, true, provenance.CodeMalformed},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := provenance.OpenWith(t.Context(), test.data, test.opener, &test.opts)
			if s != nil || verify.CodeOf(err) != test.code {
				t.Fatalf("statement %v, code %q, want %q: %v", s, verify.CodeOf(err), test.code, err)
			}
			rejected, ok := errors.AsType[*verify.RejectedError](err)
			if ok = ok && rejected.Report != nil; ok != test.rejected {
				t.Fatalf("rejected %v, want %v: %v", ok, test.rejected, err)
			}
			if ok && (len(rejected.Report.Checks) != 1 || rejected.Report.Checks[0].Code != provenance.CodeStatement || rejected.Report.Time.IsZero()) {
				t.Errorf("report %+v", rejected.Report)
			}
		})
	}
	for _, err := range []error{broken, &verify.RejectedError{Report: &verify.Report{}, Err: broken}} {
		if _, err := provenance.OpenWith(t.Context(), good, fail(nil, err), nil); !errors.Is(err, broken) {
			t.Errorf("the cause is lost: %v", err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := provenance.OpenWith(ctx, good, opener, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that has ended: %v", err)
	}
	// What the Opener says of its rejection is in the report.
	_, err = provenance.OpenWith(t.Context(), nil, opener, nil)
	if text := fmt.Sprint(err); !strings.Contains(text, "not a document of this format") {
		t.Errorf("got %v", err)
	}
	if rejected, ok := errors.AsType[*verify.RejectedError](err); !ok || len(rejected.Report.NotCovered) != 1 {
		t.Errorf("got %+v", rejected)
	}
}

// An Opener is told the time and the limits, and what it returned is not its own any
// more.
func TestOpenWithHandsOver(t *testing.T) {
	july := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)
	var kept *provenance.Signed
	opener := openerFunc(func(_ context.Context, data []byte, at time.Time, limits provenance.Limits) (*provenance.Signed, error) {
		if !at.Equal(july) || limits.Bytes <= 0 || limits.Depth != 7 || limits.Subjects <= 0 {
			t.Errorf("at %v, limits %+v", at, limits)
		}
		kept = &provenance.Signed{PayloadType: provenance.PayloadType, Payload: data, Issuers: []verify.Issuer{{ID: "x"}},
			Check: verify.Check{Code: "x/y", Status: verify.Pass, What: "x", Checks: []verify.Check{{Code: "x/z", Status: verify.Pass, What: "y"}}}, NotCovered: []string{"a"}}
		return kept, nil
	})
	data := []byte(statement())
	s, err := provenance.OpenWith(t.Context(), data, opener, &provenance.Options{Time: july, Limits: provenance.Limits{Depth: 7}})
	if err != nil {
		t.Fatal(err)
	}
	clear(data)
	kept.Issuers[0].ID, kept.Check.Checks[0].What, kept.NotCovered[0] = "z", "z", "z"
	e := s.Evidence()
	if string(s.Payload()) != statement() || s.Issuers()[0].ID != "x" || e.Check.Checks[0].Checks[0].What != "y" || e.NotCovered[0] != "a" || !e.Time.Equal(july) {
		t.Errorf("the Statement was altered from outside: %q, %v, %+v", s.Payload(), s.Issuers(), e)
	}
	if _, err := provenance.OpenWith(t.Context(), data, openerFunc(func(context.Context, []byte, time.Time, provenance.Limits) (*provenance.Signed, error) {
		t.Error("the Opener was asked about data over the limit")
		return nil, nil
	}), &provenance.Options{Limits: provenance.Limits{Bytes: 1}}); !errors.Is(err, provenance.CodeLimit) {
		t.Error(err)
	}
}

func TestNewIssuerSet(t *testing.T) {
	a, b := account("i", "a"), account("i", "b")
	named := a
	named.Name = "a second name"
	for _, test := range []struct {
		name      string
		threshold int
		issuers   []verify.Issuer
		ok        bool
	}{
		{"one", 1, []verify.Issuer{a}, true},
		{"all", 2, []verify.Issuer{a, b}, true},
		{"none", 1, nil, false},
		{"zero", 0, []verify.Issuer{a}, false},
		{"negative", -1, []verify.Issuer{a}, false},
		{"too many", 2, []verify.Issuer{a}, false},
		{"one under two names is one", 2, []verify.Issuer{a, named}, false},
		{"no ID", 1, []verify.Issuer{a, {Name: "x"}}, false},
	} {
		if _, err := provenance.NewIssuerSet(test.threshold, test.issuers...); (err == nil) != test.ok || err != nil && !errors.Is(err, provenance.CodeKeySet) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

// The windows of the policy's keys count, and only valid keys.
func TestKeySetSignedBy(t *testing.T) {
	july := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)
	s, err := provenance.Open(seal(t, statement(), "alice", "bob"), keySet(t, 2, "alice", "bob"), &provenance.Options{Time: july})
	if err != nil {
		t.Fatal(err)
	}
	set := func(threshold int, keys ...provenance.Key) provenance.KeySet {
		s, err := provenance.NewKeySet(threshold, keys...)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	alice, bob, carol := public(t, "alice"), public(t, "bob"), public(t, "carol")
	old := alice.WithValidity(time.Time{}, july.Add(-time.Second))
	for _, test := range []struct {
		name string
		keys provenance.KeySet
		code verify.Code
		by   int
	}{
		{"both", set(2, alice, bob), "", 2},
		{"one of them and a stranger", set(1, alice, carol), "", 1},
		{"too few", set(2, alice, carol), provenance.CodeSigner, 1},
		{"one too old, the other is enough", set(1, old, bob), "", 1},
		{"one too old, both needed", set(2, old, bob), provenance.CodeKeyTime, 1},
		{"strangers", set(1, carol), provenance.CodeSigner, 0},
		{"nobody", provenance.KeySet{}, provenance.CodePolicy, 0},
	} {
		c := test.keys.SignedBy(s)
		if (c.Status == verify.Pass) != (test.code == "") || test.code != "" && c.Code != test.code || len(c.Issuers) != test.by {
			t.Errorf("%s: %+v", test.name, c)
		}
	}
}

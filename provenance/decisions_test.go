// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package provenance_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/provenance"
	"github.com/tallystick/tallystick/verify"
	"github.com/tallystick/tallystick/verify/verifytest"
)

// pae is the pre-authentication encoding of DSSE v1.
func pae(payloadType, payload string) []byte {
	return []byte(fmt.Sprintf("DSSEv1 %d %s %d %s", len(payloadType), payloadType, len(payload), payload))
}

// envelope writes an envelope around signatures that the test has made.
func envelope(t testing.TB, payload string, sigs ...[]byte) []byte {
	t.Helper()
	type signature struct {
		Sig []byte `json:"sig"`
	}
	e := struct {
		Payload     []byte      `json:"payload"`
		PayloadType string      `json:"payloadType"`
		Signatures  []signature `json:"signatures"`
	}{[]byte(payload), provenance.PayloadType, nil}
	for _, s := range sigs {
		e.Signatures = append(e.Signatures, signature{s})
	}
	data, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Envelopes whose signatures are of each kind that is understood verify, and with one
// thing changed they do not. The table of decisions names them; what the parts of it
// refuse is tested in internal/signature and internal/dsse.
func TestKindsOfSignature(t *testing.T) {
	payload := statement()
	message := pae(provenance.PayloadType, payload)
	for _, curve := range []struct {
		elliptic.Curve
		hash crypto.Hash
	}{{elliptic.P256(), crypto.SHA256}, {elliptic.P384(), crypto.SHA384}, {elliptic.P521(), crypto.SHA512}} {
		private, err := ecdsa.GenerateKey(curve.Curve, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		keys := keySetOf(t, private.Public())
		sign := func(h crypto.Hash) []byte {
			hasher := h.New()
			hasher.Write(message)
			der, err := ecdsa.SignASN1(rand.Reader, private, hasher.Sum(nil))
			if err != nil {
				t.Fatal(err)
			}
			return der
		}
		raw := func(der []byte) []byte {
			var rs struct{ R, S *big.Int }
			if _, err := asn1.Unmarshal(der, &rs); err != nil {
				t.Fatal(err)
			}
			size := (curve.Params().BitSize + 7) / 8
			return append(rs.R.FillBytes(make([]byte, size)), rs.S.FillBytes(make([]byte, size))...)
		}
		wrongHash := crypto.SHA256
		if curve.hash == crypto.SHA256 {
			wrongHash = crypto.SHA512
		}
		for _, test := range []struct {
			name string
			sig  []byte
			code verify.Code
		}{
			{"DER", sign(curve.hash), ""},
			{"r||s", raw(sign(curve.hash)), ""},
			{"the hash of another curve", sign(wrongHash), provenance.CodeSignature},
			{"DER with a byte behind", append(sign(curve.hash), 0), provenance.CodeSignature},
			{"r||s with a byte before", append([]byte{0}, raw(sign(curve.hash))...), provenance.CodeSignature},
			{"r||s without its last byte", raw(sign(curve.hash))[1:], provenance.CodeSignature},
			{"empty", []byte{}, provenance.CodeSignature},
		} {
			_, err := provenance.Open(envelope(t, payload, test.sig), keys, nil)
			if got := verify.CodeOf(err); got != test.code {
				t.Errorf("%s, %s: code %q, want %q: %v", curve.Params().Name, test.name, got, test.code, err)
			}
		}
	}

	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256(message)
	pss, err := rsa.SignPSS(rand.Reader, private, crypto.SHA256, digest[:], &rsa.PSSOptions{SaltLength: 20})
	if err != nil {
		t.Fatal(err)
	}
	pkcs1, err := rsa.SignPKCS1v15(rand.Reader, private, crypto.SHA256, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		scheme string
		sig    []byte
		code   verify.Code
	}{
		{"rsassa-pss-sha256", pss, ""},
		{"rsa-pkcs1v15-sha256", pkcs1, ""},
		{"rsassa-pss-sha256", pkcs1, provenance.CodeSignature},
		{"rsa-pkcs1v15-sha256", pss, provenance.CodeSignature},
		{"rsassa-pss-sha512", pss, provenance.CodeSignature},
	} {
		key, err := provenance.ParseKey([]byte(`{"keytype": "rsa", "scheme": "` + test.scheme + `", "keyval": {"public": ` + string(text) + `}}`))
		if err != nil {
			t.Fatal(err)
		}
		keys, err := provenance.NewKeySet(1, key)
		if err != nil {
			t.Fatal(err)
		}
		_, err = provenance.Open(envelope(t, payload, test.sig), keys, nil)
		if got := verify.CodeOf(err); got != test.code {
			t.Errorf("%s: code %q, want %q: %v", test.scheme, got, test.code, err)
		}
	}
	if small, err := rsa.GenerateKey(rand.Reader, 1024); err == nil {
		if _, err := provenance.NewKey(small.Public()); verify.CodeOf(err) != provenance.CodeKey {
			t.Errorf("RSA with 1024 bits: %v", err)
		}
	}
}

func keySetOf(t testing.TB, public crypto.PublicKey) provenance.KeySet {
	t.Helper()
	key, err := provenance.NewKey(public)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := provenance.NewKeySet(1, key)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// Base64 of an envelope may be standard or URL, padded or not, and nothing else.
func TestEnvelopeBase64(t *testing.T) {
	alice := keySet(t, 1, "alice")
	// A payload whose base64 has a character of each alphabet, and padding.
	payload := statement(`"Key": 1`, `"Key": "~~~???>>>"`)
	for len(payload)%3 != 1 {
		payload += " "
	}
	good := string(seal(t, payload, "alice"))
	good = strings.ReplaceAll(good, `\u002b`, "+") // the encoder escapes it
	std := base64.StdEncoding.EncodeToString([]byte(payload))
	if !strings.ContainsAny(std, "+/") || !strings.HasSuffix(std, "==") {
		t.Fatal("the payload does not show the difference")
	}
	for _, test := range []struct {
		name, text string
		code       verify.Code
	}{
		{"standard", std, ""},
		{"standard without padding", strings.TrimRight(std, "="), ""},
		{"URL", base64.URLEncoding.EncodeToString([]byte(payload)), ""},
		{"URL without padding", base64.RawURLEncoding.EncodeToString([]byte(payload)), ""},
		{"half of the padding", std[:len(std)-1], provenance.CodeMalformed},
		{"mixture", strings.ReplaceAll(std, "+", "-"), provenance.CodeMalformed},
		{"space", std[:4] + " " + std[4:], provenance.CodeMalformed},
		{"line end", std[:4] + `\n` + std[4:], provenance.CodeMalformed},
		{"trailing bits", std[:len(std)-3] + string(std[len(std)-3]+1) + "==", provenance.CodeMalformed},
	} {
		_, err := provenance.Open([]byte(strings.Replace(good, std, test.text, 1)), alice, nil)
		if got := verify.CodeOf(err); got != test.code {
			t.Errorf("%s: code %q, want %q: %v", test.name, got, test.code, err)
		}
	}
}

// What is ignored is in the report.
func TestIgnoredIsReported(t *testing.T) {
	hello := verifytest.Artifact(t, "hello", "hello", hash.SHA256, hash.SHA1)
	const subject = `{"name": "hello", "digest": {"sha256": "` + sha256Hello + `"}}`
	accepted := func(payload string, sigs ...string) string {
		s, err := provenance.Open([]byte(replaced(t, string(seal(t, payload, "alice")), `"signatures":[`, `"signatures":[`+strings.Join(sigs, ""))), keySet(t, 1, "alice"), nil)
		if err != nil {
			t.Fatal(err)
		}
		result, err := verify.Artifact(hello, verify.CoveredBy(s), s)
		if err != nil {
			t.Fatal(err)
		}
		data, err := json.Marshal(result.Report())
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	for _, test := range []struct{ name, report, want string }{
		{"unknown algorithm", accepted(statement(subject, `{"name": "hello", "digest": {"gost": "x", "sha256": "`+sha256Hello+`"}}`), `{"sig":"AAAA"},`), "gost"},
		{"algorithm in upper case is an unknown one", accepted(statement(subject, `{"name": "hello", "digest": {"SHA256": "x", "sha256": "`+sha256Hello+`"}}`), `{"sig":"AAAA"},`), "SHA256"},
		{"malformed digest of another subject", accepted(statement(subject, subject+`, {"name": "stray", "digest": {"sha256": "00"}}`), `{"sig":"AAAA"},`), `subject \"stray\": malformed digest`},
		{"signature that cannot be read", accepted(statement(), `{"keyid":"broken","sig":"!"},`), "broken"},
		{"stranger's signature", accepted(statement(), `{"keyid":"stranger","sig":"AAAA"},`), "stranger"},
	} {
		if !strings.Contains(test.report, test.want) {
			t.Errorf("%s: not in the report:\n%s", test.name, test.report)
		}
	}
	// Weak digests do not cover, and the error says why.
	weak := open(t, statement(subject, `{"name": "hello", "digest": {"sha1": "`+hexOf(hello, hash.SHA1)+`"}}`))
	if err := weak.Covers(hello); verify.CodeOf(err) != verify.CodeWeak {
		t.Errorf("weak digest: %v", err)
	}
}

// Names that are data may differ only in case, names that have a meaning may not.
func TestCaseOfNames(t *testing.T) {
	body := replaced(t, slsa1, `{"A": 1}`, `{"A": 1, "a": 2}`)
	p, err := open(t, predicate(provenance.SLSAProvenanceV1, body)).Provenance()
	if err != nil || string(p.ExternalParameters["A"]) != "1" || string(p.ExternalParameters["a"]) != "2" {
		t.Errorf("%+v, %v", p, err)
	}
	if code, _ := decide(t, provenance.SLSA{Builder: builderID, Signers: keySet(t, 1, "alice"), Parameters: map[string]string{"A": "1"}}, predicate(provenance.SLSAProvenanceV1, body)); code != provenance.CodeParameters {
		t.Errorf("code %q", code)
	}
	for _, name := range []string{"ResolvedDependencies", "buildtype"} {
		body := replaced(t, slsa1, `"resolvedDependencies"`, `"`+name+`": [], "resolvedDependencies"`)
		if _, err := open(t, predicate(provenance.SLSAProvenanceV1, body)).Provenance(); verify.CodeOf(err) != provenance.CodeMalformed {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package provenance_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/tallystick/tallystick/internal/dsse"
	"github.com/tallystick/tallystick/internal/strictjson"
	"github.com/tallystick/tallystick/provenance"
	"github.com/tallystick/tallystick/verify"
)

func bundleFile(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "bundles", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func readAll(t testing.TB, data string) *provenance.Envelopes {
	t.Helper()
	found, err := provenance.ReadEnvelopes(strings.NewReader(data), provenance.ReadLimits{})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// npm's document about sigstore 1.3.0: npm's own attestation verifies with npm's key,
// and that of the build with the key of its certificate, while that was valid.
func TestReadNPM(t *testing.T) {
	document := fmt.Sprintf(`{"attestations":[
		{"predicateType":"https://slsa.dev/provenance/v0.2","bundle":%s},
		{"predicateType":"https://github.com/npm/attestation/tree/main/specs/publish/v0.1","bundle":%s}]}`,
		bundleFile(t, "bundle-provenance.json"), bundleFile(t, "bundle-publish.json"))
	found := readAll(t, document)
	if len(found.Envelopes) != 2 || len(found.Ignored) != 0 {
		t.Fatalf("%d envelopes, ignored %v", len(found.Envelopes), found.Ignored)
	}
	for i, e := range found.Envelopes {
		if want := fmt.Sprintf("attestations[%d].bundle", i); e.Kind != provenance.KindBundle || e.Where != want {
			t.Errorf("envelope %d: %s at %q", i, e.Kind, e.Where)
		}
	}

	npm, err := provenance.ParseKey(bundleFile(t, "publish_key.pub"))
	if err != nil {
		t.Fatal(err)
	}
	npmKeys, err := provenance.NewKeySet(1, npm)
	if err != nil {
		t.Fatal(err)
	}
	s, err := provenance.Open(found.Envelopes[1].DSSE, npmKeys, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Subjects()[0].Name; got != "pkg:npm/sigstore@1.3.0" {
		t.Errorf("about %q", got)
	}
	if s, err := provenance.Open(found.Envelopes[0].DSSE, npmKeys, nil); !errors.Is(err, provenance.CodeSignature) {
		t.Errorf("with npm's key the build's attestation: %v, %v", s, err)
	}

	var bundle struct {
		VerificationMaterial struct {
			X509CertificateChain struct {
				Certificates []struct{ RawBytes []byte }
			}
		}
	}
	if err := json.Unmarshal(found.Envelopes[0].Document, &bundle); err != nil {
		t.Fatal(err)
	}
	build, err := provenance.ParseKey(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE",
		Bytes: bundle.VerificationMaterial.X509CertificateChain.Certificates[0].RawBytes}))
	if err != nil {
		t.Fatal(err)
	}
	buildKeys, err := provenance.NewKeySet(1, build)
	if err != nil {
		t.Fatal(err)
	}
	for at, code := range map[string]verify.Code{"2023-04-18T17:46:00Z": "", "2023-04-18T18:45:00Z": provenance.CodeKeyTime} {
		at, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := provenance.Open(found.Envelopes[0].DSSE, buildKeys, &provenance.Options{Time: at}); verify.CodeOf(err) != code {
			t.Errorf("at %v: %v, want %q", at, err, code)
		}
	}
}

// pep740 returns a Python attestation object around a statement, signed by the key of
// a certificate as the specification says.
func pep740(t testing.TB, payload string, replace ...string) (string, provenance.KeySet) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	pae := fmt.Sprintf("DSSEv1 28 application/vnd.in-toto+json %d %s", len(payload), payload)
	sum := sha256.Sum256([]byte(pae))
	sig, err := ecdsa.SignASN1(rand.Reader, private, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	key, err := provenance.NewKey(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	keys, err := provenance.NewKeySet(1, key)
	if err != nil {
		t.Fatal(err)
	}
	return strings.NewReplacer(replace...).Replace(fmt.Sprintf(`{
		"version": 1,
		"verification_material": {"certificate": "AAAA", "transparency_entries": [{}]},
		"envelope": {"statement": %q, "signature": %q}
	}`, base64.StdEncoding.EncodeToString([]byte(payload)), base64.StdEncoding.EncodeToString(sig))), keys
}

func TestReadPEP740(t *testing.T) {
	object, keys := pep740(t, statement())
	for where, data := range map[string]string{
		"": object,
		"attestation_bundles[0]: attestations[0]": `{"version":1,"attestation_bundles":[{"publisher":{"kind":"x"},"attestations":[` + object + `]}]}`,
	} {
		found := readAll(t, data)
		if len(found.Envelopes) != 1 || len(found.Ignored) != 0 {
			t.Fatalf("%q: %+v", where, found)
		}
		e := found.Envelopes[0]
		if e.Kind != provenance.KindPEP740 || e.Where != where || string(e.Document) != object {
			t.Errorf("%q: %s at %q: %s", where, e.Kind, e.Where, e.Document)
		}
		s, err := provenance.Open(e.DSSE, keys, nil)
		if err != nil {
			t.Fatal(err)
		}
		if string(s.Payload()) != statement() {
			t.Errorf("%q: %s", where, s.Payload())
		}
	}
	// What is in the object arrives as it is: base64 is judged by Open.
	lax, keys := pep740(t, statement(), `"signature": "`, `"signature": "\n`)
	if _, err := provenance.Open(readAll(t, lax).Envelopes[0].DSSE, keys, nil); !errors.Is(err, provenance.CodeSignature) {
		t.Errorf("a signature with a line end: %v", err)
	}
}

func TestReadEnvelopes(t *testing.T) {
	one, two := string(seal(t, statement(), "alice")), string(seal(t, statement(), "bob"))
	bundle := func(members string) string {
		return `{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{},` + members + `}`
	}
	indented := func(s string) string {
		var b bytes.Buffer
		if err := json.Indent(&b, []byte(s), "", "\t"); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	python, _ := pep740(t, statement())
	python = strings.ReplaceAll(python, "\n", "")
	for _, test := range []struct {
		name, data string
		found      []string // kind and place
		ignored    []string // places
	}{
		{"an envelope", one, []string{"dsse "}, nil},
		{"an envelope over several lines", indented(one), []string{"dsse "}, nil},
		{"an envelope and a line end", one + "\n", []string{"dsse "}, nil},
		{"a bundle", bundle(`"dsseEnvelope":` + one), []string{"sigstore-bundle "}, nil},
		{"a bundle over several lines", indented(bundle(`"dsseEnvelope":` + one)), []string{"sigstore-bundle "}, nil},
		{"lines", one + "\n" + two + "\n", []string{"dsse line 1", "dsse line 2"}, nil},
		{"lines without the last end", one + "\r\n" + two, []string{"dsse line 1", "dsse line 2"}, nil},
		{"empty lines", "\n" + one + "\n \t\n" + two + "\n\n", []string{"dsse line 2", "dsse line 4"}, nil},
		{"unknown lines", "# comment\n{}\n" + one + "\n[]\nnull\n{\"x\":1}\n", []string{"dsse line 3"}, []string{"line 1", "line 2", "line 4", "line 5", "line 6"}},
		{"bundles in lines", bundle(`"dsseEnvelope":`+one) + "\n" + bundle(`"dsseEnvelope":`+two), []string{"sigstore-bundle line 1", "sigstore-bundle line 2"}, nil},
		{"a bundle of a bare signature beside", bundle(`"messageSignature":{}`) + "\n" + one, []string{"dsse line 2"}, []string{"line 1"}},
		{"all kinds in lines", one + "\n" + bundle(`"dsseEnvelope":`+two) + "\n" + python + "\n" + `{"attestations":[{"bundle":` + bundle(`"dsseEnvelope":`+one) + `}]}`,
			[]string{"dsse line 1", "sigstore-bundle line 2", "pep740 line 3", "sigstore-bundle line 4: attestations[0].bundle"}, nil},
		{"a broken line", one[:50] + "\n" + two, []string{"dsse line 2"}, []string{"line 1"}},
		{"a line with a member twice", `{"payload":"",` + one[1:] + "\n" + two, []string{"dsse line 2"}, []string{"line 1"}},
		{"a line with a case variant", `{"Payload":"",` + one[1:] + "\n" + two, []string{"dsse line 2"}, []string{"line 1"}},
		{"a line with two values", one + " " + one + "\n" + two, []string{"dsse line 2"}, []string{"line 1"}},
		{"parts of an envelope", `{"payload":"","payloadType":""}` + "\n" + `{"payload":"","signatures":[]}` + "\n" + `{"payload":""}` + "\n" + two, []string{"dsse line 4"}, []string{"line 1", "line 2", "line 3"}},
		{"a line that is two forms", `{"dsseEnvelope":` + two + `,` + one[1:] + "\n" + two, []string{"dsse line 2"}, []string{"line 1"}},
		{"an element without a bundle", `{"attestations":[{"bundle":null},{"bundle_url":"x"},1,{"bundle":{}},{"bundle":` + bundle(`"dsseEnvelope":`+one) + `}]}`,
			[]string{"sigstore-bundle attestations[4].bundle"}, []string{"attestations[0]", "attestations[1]", "attestations[2]", "attestations[3]"}},
		{"a list that is none", `{"attestations":{}}` + "\n" + one, []string{"dsse line 2"}, []string{"line 1: attestations"}},
		{"an empty list", `{"attestations":[]}` + "\n" + one, []string{"dsse line 2"}, []string{"line 1: attestations"}},
		{"another version of PEP 740", strings.Replace(python, `"version": 1,`, `"version": 2,`, 1) + "\n" + one, []string{"dsse line 2"}, []string{"line 1"}},
		{"PEP 740 without signature", strings.Replace(python, `"signature"`, `"x"`, 1) + "\n" + one, []string{"dsse line 2"}, []string{"line 1"}},
		{"PEP 740 without statement", strings.Replace(python, `"statement"`, `"x"`, 1) + "\n" + one, []string{"dsse line 2"}, []string{"line 1"}},
		{"PEP 740 without material", strings.Replace(python, `"verification_material"`, `"x"`, 1) + "\n" + one, []string{"dsse line 2"}, []string{"line 1"}},
		{"PEP 740, envelope null", `{"version":1,"envelope":null,"verification_material":{}}` + "\n" + one, []string{"dsse line 2"}, []string{"line 1"}},
		{"an index's bundles without attestations", `{"version":1,"attestation_bundles":[{"publisher":{}},1,{"attestations":[1,{}]},{"attestations":[` + python + `]}]}`,
			[]string{"pep740 attestation_bundles[3]: attestations[0]"},
			[]string{"attestation_bundles[0]", "attestation_bundles[1]", "attestation_bundles[2]: attestations[0]", "attestation_bundles[2]: attestations[1]"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := readAll(t, test.data)
			var found, ignored []string
			for _, e := range got.Envelopes {
				found = append(found, string(e.Kind)+" "+e.Where)
				if _, err := dsse.Parse(e.DSSE, strictjson.Limits{}); err != nil {
					t.Errorf("%s: %v", e.Where, err)
				}
				if !json.Valid(e.Document) {
					t.Errorf("%s: document %q", e.Where, e.Document)
				}
			}
			for _, i := range got.Ignored {
				ignored = append(ignored, i.Where)
				if i.Reason == "" {
					t.Errorf("%s is ignored for no reason", i.Where)
				}
			}
			if !slices.Equal(found, test.found) || !slices.Equal(ignored, test.ignored) {
				t.Errorf("found %q\nwant  %q\nignored %q\nwant    %q", found, test.found, got.Ignored, test.ignored)
			}
		})
	}
}

func TestReadEnvelopesRefuses(t *testing.T) {
	one := string(seal(t, statement(), "alice"))
	for _, test := range []struct {
		name, data string
		limits     provenance.ReadLimits
		code       verify.Code
	}{
		{"empty", "", provenance.ReadLimits{}, provenance.CodeMalformed},
		{"white space", " \n\n", provenance.ReadLimits{}, provenance.CodeMalformed},
		{"text", "hello\nworld\n", provenance.ReadLimits{}, provenance.CodeMalformed},
		{"another document", `{"x":1}`, provenance.ReadLimits{}, provenance.CodeMalformed},
		{"cut", one[:len(one)-1], provenance.ReadLimits{}, provenance.CodeMalformed},
		{"no attestations", `{"attestations":[]}`, provenance.ReadLimits{}, provenance.CodeMalformed},
		{"an array of envelopes", "[" + one + "]", provenance.ReadLimits{}, provenance.CodeMalformed},
		{"too large", one + " ", provenance.ReadLimits{Bytes: int64(len(one))}, provenance.CodeLimit},
		{"too large, if cut good", one + "\n" + one, provenance.ReadLimits{Bytes: int64(len(one))}, provenance.CodeLimit},
		{"too deep", one, provenance.ReadLimits{Depth: 2}, provenance.CodeLimit},
		{"too many lines", one + "\n\n" + one, provenance.ReadLimits{Lines: 2}, provenance.CodeLimit},
		{"too many envelopes", one + "\n" + one + "\n" + one, provenance.ReadLimits{Envelopes: 2}, provenance.CodeLimit},
		{"too many elements", `{"attestations":[` + strings.Repeat(`{"bundle":{"dsseEnvelope":{}}},`, 3) + `{}]}`, provenance.ReadLimits{Envelopes: 2}, provenance.CodeLimit},
		{"too many elements that are none", `{"attestations":[0,0]}` + "\n" + one, provenance.ReadLimits{Lines: 3}, provenance.CodeLimit},
		{"nothing allowed", one, provenance.ReadLimits{Bytes: -1}, provenance.CodeLimit},
		{"no envelope allowed", one, provenance.ReadLimits{Envelopes: -1}, provenance.CodeLimit},
		{"no line allowed", one + "\n" + one, provenance.ReadLimits{Lines: -1}, provenance.CodeLimit},
	} {
		got, err := provenance.ReadEnvelopes(strings.NewReader(test.data), test.limits)
		if _, ok := errors.AsType[*verify.RejectedError](err); !ok || got != nil || verify.CodeOf(err) != test.code {
			t.Errorf("%s: %v, %v, want %s", test.name, got, err, test.code)
		}
	}
	broken := errors.New("broken")
	if _, err := provenance.ReadEnvelopes(iotest.ErrReader(broken), provenance.ReadLimits{}); !errors.Is(err, broken) || !errors.Is(err, provenance.CodeRead) {
		t.Errorf("got %v", err)
	}
	// A file that never ends is not read to its end.
	endless := &countingReader{}
	if _, err := provenance.ReadEnvelopes(endless, provenance.ReadLimits{Bytes: 1 << 16}); !errors.Is(err, provenance.CodeLimit) || endless.n > 1<<18 {
		t.Errorf("after %d bytes: %v", endless.n, err)
	}
}

type countingReader struct{ n int }

func (c *countingReader) Read(p []byte) (int, error) {
	clear(p)
	c.n += len(p)
	return len(p), nil
}

func FuzzReadEnvelopes(f *testing.F) {
	one := string(seal(f, statement(), "alice"))
	f.Add([]byte(one + "\n#\n" + one))
	f.Add([]byte(`{"attestations":[{"predicateType":"x","bundle":{"mediaType":"y","dsseEnvelope":` + one + `}}]}`))
	python, _ := pep740(f, statement())
	f.Add([]byte(`{"version":1,"attestation_bundles":[{"publisher":{},"attestations":[` + python + `]}]}`))
	f.Add(bundleFile(f, "bundle-publish.json"))
	keys := keySet(f, 1, "alice")
	f.Fuzz(func(t *testing.T, data []byte) {
		before := bytes.Clone(data)
		limits := provenance.ReadLimits{Bytes: 1 << 16, Depth: 16, Lines: 20, Envelopes: 5}
		found, err := provenance.ReadEnvelopes(bytes.NewReader(data), limits)
		if err != nil {
			if verify.CodeOf(err) == "" || found != nil {
				t.Fatalf("%v, error %v", found, err)
			}
			return
		}
		if n := len(found.Envelopes); n == 0 || n > limits.Envelopes {
			t.Fatalf("%d envelopes", n)
		}
		for _, e := range found.Envelopes {
			if e.Kind == "" || !json.Valid(e.DSSE) || !json.Valid(e.Document) {
				t.Fatalf("%+v", e)
			}
			if s, err := provenance.Open(e.DSSE, keys, nil); err == nil && string(s.Payload()) != statement() {
				t.Fatalf("a forgery: %q", data)
			}
		}
		for _, i := range found.Ignored {
			if i.Reason == "" || strings.ContainsFunc(i.Where+i.Reason, func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Fatalf("%+v", i)
			}
		}
		if !bytes.Equal(data, before) {
			t.Fatal("the input was changed")
		}
	})
}

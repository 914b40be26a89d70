// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/tallystick/tallystick/hash"
)

func TestParseArtifacts(t *testing.T) {
	m, err := hash.ParseArtifacts([]byte(`{"b/\u00e9\n": {"sha256": "` + abc256 + `", "other": "x"}, "a": {"sha256": "` + abc256 + `", "md5": "900150983cd24fb0d6963f7d28e17f72"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if e, ok := m.Lookup("b/\u00e9\n"); !ok || e.Digests.String() != "sha256:"+abc256 {
		t.Errorf("%+v", e)
	}
	data, err := m.Artifacts()
	const want = `{"a":{"md5":"900150983cd24fb0d6963f7d28e17f72","sha256":"` + abc256 + `"},"b/` + "\u00e9" + `\n":{"sha256":"` + abc256 + `"}}`
	if err != nil || string(data) != want {
		t.Errorf("got  %s, %v\nwant %s", data, err, want)
	}
	for what, c := range map[string]struct {
		data string
		code hash.Code
	}{
		"nothing":              {``, hash.CodeManifest},
		"empty":                {`{}`, hash.CodeOptions},
		"null":                 {`null`, hash.CodeManifest},
		"array":                {`[]`, hash.CodeManifest},
		"two values":           {`{"a":{"sha256":"` + abc256 + `"}} {}`, hash.CodeManifest},
		"twice":                {`{"a":{"sha256":"` + abc256 + `"},"\u0061":{"sha256":"` + abc256 + `"}}`, hash.CodeManifest},
		"algorithm twice":      {`{"a":{"sha256":"` + abc256 + `","sha256":"` + abc256 + `"}}`, hash.CodeManifest},
		"no digests":           {`{"a":{}}`, hash.CodeOptions},
		"only unknown digests": {`{"a":{"other":"` + abc256 + `"}}`, hash.CodeOptions},
		"digest is a number":   {`{"a":{"sha256":1}}`, hash.CodeManifest},
		"digests are a string": {`{"a":"` + abc256 + `"}`, hash.CodeManifest},
		"upper case":           {`{"a":{"sha256":"` + strings.ToUpper(abc256) + `"}}`, hash.CodeDigest},
		"short":                {`{"a":{"sha256":"` + abc256[1:] + `"}}`, hash.CodeDigest},
		"empty name":           {`{"":{"sha256":"` + abc256 + `"}}`, hash.CodeName},
		"not UTF-8":            {"{\"\xff\":{\"sha256\":\"" + abc256 + `"}}`, hash.CodeManifest},
		"half a surrogate":     {`{"\ud800":{"sha256":"` + abc256 + `"}}`, hash.CodeManifest},
	} {
		m, err := hash.ParseArtifacts([]byte(c.data))
		if e := hash.Code(""); m != nil || !errorsAsCode(err, &e) || e != c.code {
			t.Errorf("%s: %v, %v, want %s", what, m, err, c.code)
		}
	}
	tree := treeOf(t, map[string]string{"f": "x", "l": "->f"}).Manifest()
	_, err = tree.Artifacts()
	wantError(t, err, hash.CodeNotRegular, "l")
	bytesName, _ := hash.NewManifest(hash.ManifestEntry{Name: "\xff", Digests: set(t, "sha256=a")})
	_, err = bytesName.Artifacts()
	wantError(t, err, hash.CodeName, "\xff")
	_, err = new(hash.Manifest).Artifacts()
	wantError(t, err, hash.CodeOptions, "")
}

func FuzzParseArtifacts(f *testing.F) {
	f.Add([]byte(`{"b/\u00e9": {"sha256": "` + abc256 + `", "other": "x"}, "a": {"gitBlob": "` + abc256 + `", "md5": "900150983cd24fb0d6963f7d28e17f72"}}`))
	f.Add([]byte(`{"a":{}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := hash.ParseArtifacts(data)
		if (m != nil) != (err == nil) {
			t.Fatal(m, err)
		}
		if err != nil {
			return
		}
		first, err := m.Artifacts()
		if err != nil {
			t.Fatal(err)
		}
		again, err := hash.ParseArtifacts(first)
		if err != nil {
			t.Fatalf("%q: %v", first, err)
		}
		if second, err := again.Artifacts(); err != nil || !bytes.Equal(first, second) || m.Len() != again.Len() {
			t.Fatalf("%q is then %q, %v", first, second, err)
		}
	})
}

// The example of the W3C recommendation, section 3.1, is of "alert('Hello, world.');".
func TestParseIntegrity(t *testing.T) {
	const (
		text   = "alert('Hello, world.');"
		sha384 = "sha384-H8BRh8j48O9oYatfu5AZzq6A9RINhZO5H16dQZngK7T62em8MUt1FLm52t+eX6xO"
		sha512 = "sha512-Q2bFTOhEALkN8hOms2FKTDLy7eugP2zFZ1T8LCvX42Fp3WoNr3bjZSAHeOsHrbV1Fu9/A0EzCinRE7Af1ofPrw=="
	)
	a, err := hash.Measure(t.Context(), strings.NewReader(text), hash.SHA384, hash.SHA512)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{sha384, sha512, sha384 + " " + sha512, "\n" + sha512 + "?ct=text/js\t" + sha384 + " ", sha384 + " " + sha384, sha384 + " sha999-xyz md5-AAAA"} {
		got, unknown, err := hash.ParseIntegrity(s)
		if err != nil || got.Compare(a.Digests()) != hash.Same || (len(unknown) == 2) != strings.Contains(s, "999") {
			t.Errorf("%q: %v, %v, %v", s, got, unknown, err)
		}
	}
	for s, code := range map[string]hash.Code{
		"":                                   hash.CodeAlgorithm,
		" ":                                  hash.CodeAlgorithm,
		"md5-kAFQmDzST7DWlj99KOF/cg==":       hash.CodeAlgorithm,
		"sha1-qZk+NkcGgWq6PiVxeFDCbJzQ2J0=":  hash.CodeAlgorithm,
		"sha384":                             hash.CodeDigest,
		"sha384-":                            hash.CodeDigest,
		sha384[:len(sha384)-4]:               hash.CodeDigest,
		sha512[:len(sha512)-1]:               hash.CodeDigest,
		"sha256" + sha384[6:]:                hash.CodeDigest,
		strings.Replace(sha384, "+", "-", 1): hash.CodeDigest,
		sha384 + " sha384-" + strings.Repeat("A", 64): hash.CodeDigest, // alternatives
		sha384 + " broken":                            hash.CodeDigest,
	} {
		got, _, err := hash.ParseIntegrity(s)
		if e := hash.Code(""); got.Len() != 0 || !errorsAsCode(err, &e) || e != code {
			t.Errorf("%q: %v, %v, want %s", s, got, err, code)
		}
	}
}

func FuzzParseIntegrity(f *testing.F) {
	f.Add("sha384-H8BRh8j48O9oYatfu5AZzq6A9RINhZO5H16dQZngK7T62em8MUt1FLm52t+eX6xO md5-x?y")
	f.Fuzz(func(t *testing.T, s string) {
		got, _, err := hash.ParseIntegrity(s)
		if (err == nil) != got.Strong() {
			t.Fatal(got, err)
		}
	})
}

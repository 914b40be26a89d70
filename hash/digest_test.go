// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/tallystick/tallystick/hash"
)

const abc256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

func digest(t *testing.T, s string) hash.Digest {
	t.Helper()
	d, err := hash.ParseDigest(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestParseDigest(t *testing.T) {
	for _, c := range []struct {
		in   string
		code hash.Code
		name string
	}{
		{"", hash.CodeDigest, ""},
		{abc256, hash.CodeDigest, abc256},
		{":" + abc256, hash.CodeAlgorithm, ""},
		{"sha256:", hash.CodeDigest, "sha256"},
		{"sha256:" + abc256[1:], hash.CodeDigest, "sha256"},
		{"sha256:" + abc256 + "0", hash.CodeDigest, "sha256"},
		{"sha256:" + abc256 + abc256, hash.CodeDigest, "sha256"},
		{"sha256:" + strings.ToUpper(abc256), hash.CodeDigest, "sha256"},
		{"sha256: " + abc256[1:], hash.CodeDigest, "sha256"},
		{"sha256:" + abc256[1:] + "\n", hash.CodeDigest, "sha256"},
		{"sha256:0x" + abc256[2:], hash.CodeDigest, "sha256"},
		{"sha256:" + abc256[3:] + "\u00e9x", hash.CodeDigest, "sha256"},
		{"SHA256:" + abc256, hash.CodeAlgorithm, "SHA256"},
		{"sha-256:" + abc256, hash.CodeAlgorithm, "sha-256"},
		{"sha512:" + abc256, hash.CodeDigest, "sha512"},
		{"gitTree:" + abc256[:30], hash.CodeDigest, "gitTree"},
		{"gitTree:sha256:" + abc256[:40], hash.CodeDigest, "gitTree:sha256"},
		{"invalid:" + abc256, hash.CodeAlgorithm, "invalid"},
	} {
		d, err := hash.ParseDigest(c.in)
		if d.IsValid() {
			t.Errorf("%q gives %s", c.in, d)
		}
		wantError(t, err, c.code, c.name)
	}
	// Git names say by their length which function made them.
	for in, want := range map[string]hash.Algorithm{
		"gitTree:" + abc256[:40]:             hash.GitTree,
		"gitTree:" + abc256:                  hash.GitTreeSHA256,
		"gitTree:sha256:" + abc256:           hash.GitTreeSHA256,
		"gitCommit:" + abc256:                hash.GitCommitSHA256,
		"gitBlob:" + abc256[:40]:             hash.GitBlob,
		"gitTag:" + abc256:                   hash.GitTagSHA256,
		"dirHash:" + abc256:                  hash.DirHash,
		"sha1:" + abc256[:40]:                hash.SHA1,
		"sha512:" + abc256 + abc256:          hash.SHA512,
		"sha3_384:" + (abc256 + abc256)[:96]: hash.SHA3_384,
	} {
		if d := digest(t, in); d.Algorithm() != want {
			t.Errorf("%q is a %s", in, d.Algorithm())
		}
	}
}

func TestAlgorithms(t *testing.T) {
	n := 0
	for a := hash.Algorithm(1); a.Valid(); a++ {
		n++
		back, err := hash.ParseAlgorithm(a.String())
		if err != nil || back != a {
			t.Errorf("%s read back is %s, %v", a, back, err)
		}
		sum := make([]byte, a.Size())
		for i := range sum {
			sum[i] = byte(i + 1)
		}
		d, err := hash.NewDigest(a, sum)
		if err != nil {
			t.Fatal(err)
		}
		if digest(t, d.String()) != d || d.Algorithm() != a || string(d.Bytes()) != string(sum) || len(d.Hex()) != 2*a.Size() {
			t.Errorf("%s does not round-trip", d)
		}
		text, err := d.MarshalText()
		if err != nil || string(text) != d.String() {
			t.Errorf("%s, %v", text, err)
		}
		d.Bytes()[0] = 99
		if d.Bytes()[0] != 1 {
			t.Error("a digest can be altered")
		}
		for _, bad := range [][]byte{nil, sum[1:], append(sum, 0)} {
			_, err := hash.NewDigest(a, bad)
			wantError(t, err, hash.CodeDigest, a.String())
		}
		// 128 bits of collision resistance need 256 bits.
		if a.Strong() != (a.Size() >= 32) {
			t.Errorf("%s, %d bytes, strong: %v", a, a.Size(), a.Strong())
		}
	}
	if n != 24 {
		t.Errorf("%d algorithms", n)
	}
	for _, a := range []hash.Algorithm{0, 25, 255} {
		if a.Valid() || a.Strong() || a.Size() != 0 || a.String() != "invalid" {
			t.Errorf("%d is valid", a)
		}
		_, err := hash.NewDigest(a, nil)
		wantError(t, err, hash.CodeAlgorithm, "")
	}
	_, err := hash.ParseAlgorithm("sha257")
	wantError(t, err, hash.CodeAlgorithm, "sha257")
}

func TestZeroDigest(t *testing.T) {
	var d hash.Digest
	if d.IsValid() || d.String() != "invalid" || d.Hex() != "" || d.Bytes() != nil || d.Algorithm() != 0 {
		t.Errorf("%v %q %q", d, d.Hex(), d.Bytes())
	}
	if _, err := d.MarshalText(); !errors.Is(err, hash.CodeDigest) {
		t.Error(err)
	}
}

func TestH1(t *testing.T) {
	d := digest(t, "dirHash:"+abc256)
	s, err := hash.FormatH1(d)
	if err != nil || s != "h1:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=" {
		t.Error(s, err)
	}
	if back, err := hash.ParseH1(s); err != nil || back != d {
		t.Error(back, err)
	}
	for _, bad := range []string{
		"", "h1:", "h2:" + s[3:], s[3:], " " + s, s + "\n", s[:20] + "\n" + s[20:], s[:len(s)-1], s + "=",
		strings.Replace(s, "0=", "1=", 1), // the same bytes, other spare bits
		strings.ReplaceAll(s, "+", "-"), "H1:" + s[3:], "h1:AAAA",
	} {
		if d, err := hash.ParseH1(bad); !errors.Is(err, hash.CodeDigest) || d.IsValid() {
			t.Errorf("%q gives %s, %v", bad, d, err)
		}
	}
	for _, bad := range []hash.Digest{{}, digest(t, "sha256:"+abc256)} {
		if _, err := hash.FormatH1(bad); !errors.Is(err, hash.CodeAlgorithm) {
			t.Error(err)
		}
	}
}

func FuzzParseDigest(f *testing.F) {
	f.Add("sha256:" + abc256)
	f.Add("gitTree:" + abc256)
	f.Add("gitBlob:sha256:" + abc256)
	f.Add("h1:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=")
	f.Fuzz(func(t *testing.T, s string) {
		d, err := hash.ParseDigest(s)
		if (err == nil) != d.IsValid() {
			t.Fatal(d, err)
		}
		if err != nil {
			return
		}
		again, err := hash.ParseDigest(d.String())
		if err != nil || again != d {
			t.Fatalf("%s read back is %s, %v", d, again, err)
		}
		// Only the git names have two spellings.
		if d.String() != s && !strings.HasPrefix(s, "git") {
			t.Fatalf("%q is also %q", s, d)
		}
	})
}

func FuzzParseH1(f *testing.F) {
	f.Add("h1:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=")
	f.Add("h1:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa1=")
	f.Add("h1:\n")
	f.Fuzz(func(t *testing.T, s string) {
		d, err := hash.ParseH1(s)
		if (err == nil) != d.IsValid() {
			t.Fatal(d, err)
		}
		if err != nil {
			return
		}
		if again, err := hash.FormatH1(d); err != nil || again != s {
			t.Fatalf("%q is also %q, %v", s, again, err)
		}
	})
}

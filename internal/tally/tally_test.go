// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package tally

import (
	"crypto/ed25519"
	"errors"
	"slices"
	"strings"
	"testing"
)

type key struct {
	ed25519.PrivateKey
	name string
	hits *int
}

func newKey(seed byte, name string) key {
	s := make([]byte, ed25519.SeedSize)
	s[0] = seed
	return key{ed25519.NewKeyFromSeed(s), name, new(int)}
}

func (k key) Fingerprint() string { return k.name }

func (k key) Verify(message, sig []byte) error {
	*k.hits++
	if !ed25519.Verify(k.Public().(ed25519.PublicKey), message, sig) {
		return errors.New("bad")
	}
	return nil
}

func (k key) sign(message []byte, hint string) Signature {
	return Signature{Hint: hint, Bytes: ed25519.Sign(k.PrivateKey, message)}
}

func TestCount(t *testing.T) {
	message := []byte("message")
	a, b, c := newKey(1, "A"), newKey(2, "B"), newKey(3, "C")
	junk := Signature{Hint: "A", Err: errors.New("not base64")}
	for _, test := range []struct {
		name     string
		sigs     []Signature
		keys     []Key
		signed   []int
		reasons  []bool // whether there is one
		distinct int
	}{
		{"both", []Signature{a.sign(message, ""), b.sign(message, "")}, []Key{a, b}, []int{0, 1}, []bool{false, false}, 2},
		{"order and hints do not matter", []Signature{b.sign(message, "A"), a.sign(message, "zzz")}, []Key{a, b}, []int{1, 0}, []bool{false, false}, 2},
		{"no signature", nil, []Key{a}, []int{-1}, []bool{}, 0},
		{"no key", []Signature{a.sign(message, "A")}, nil, []int{}, []bool{true}, 0},
		{"another key", []Signature{c.sign(message, "A")}, []Key{a, b}, []int{-1, -1}, []bool{true}, 0},
		{"another message", []Signature{a.sign([]byte("massage"), "A")}, []Key{a}, []int{-1}, []bool{true}, 0},
		{"one key signs twice", []Signature{a.sign(message, "A"), a.sign(message, "B")}, []Key{a, b}, []int{0, -1}, []bool{false, true}, 1},
		{"one key listed twice", []Signature{a.sign(message, "A"), a.sign(message, "A")}, []Key{a, a}, []int{0, 0}, []bool{false, true}, 1},
		{"undecodable beside good", []Signature{junk, a.sign(message, "A")}, []Key{a}, []int{1}, []bool{true, false}, 1},
		{"marked undecodable", []Signature{{Hint: "A", Bytes: a.sign(message, "A").Bytes, Err: errors.New("not base64")}}, []Key{a}, []int{-1}, []bool{true}, 0},
		{"bad and good under one key id", []Signature{{Hint: "A", Bytes: make([]byte, 64)}, a.sign(message, "A")}, []Key{a}, []int{1}, []bool{true, false}, 1},
		{"key without identity", []Signature{a.sign(message, "A")}, []Key{key{a.PrivateKey, "", new(int)}}, []int{0}, []bool{false}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, hinted := range []func(int, string) bool{nil, func(k int, hint string) bool { return test.keys[k].Fingerprint() == hint }} {
				got, err := Count(message, test.sigs, test.keys, hinted)
				if err != nil {
					t.Fatal(err)
				}
				var reasons []bool
				for _, r := range got.Reasons {
					reasons = append(reasons, r != nil)
				}
				hits := map[*int]bool{}
				attempts := 0
				for _, k := range test.keys {
					if n := k.(key).hits; !hits[n] {
						hits[n] = true
						attempts += *n
						*n = 0
					}
				}
				if want := int64(attempts) * int64(PerAttempt+len(message)); got.Work != want {
					t.Errorf("work %d after %d attempts, want %d", got.Work, attempts, want)
				}
				if got.Distinct != test.distinct || !slices.Equal(got.Signed, test.signed) || !slices.Equal(reasons, test.reasons) {
					t.Errorf("got %+v", got)
				}
			}
		})
	}
}

func TestCountIsBounded(t *testing.T) {
	message := []byte("message")
	a, b := newKey(1, "A"), newKey(2, "B")
	bad := Signature{Hint: "x", Bytes: []byte("of no use")} // and quickly seen to be so
	if _, err := Count(message, slices.Repeat([]Signature{bad}, MaxSignatures+1), []Key{a}, nil); !errors.Is(err, ErrLimit) || *a.hits != 0 {
		t.Errorf("%d signatures: %v after %d verifications", MaxSignatures+1, err, *a.hits)
	}
	// One good signature behind as many bad ones as are allowed still counts.
	sigs := append(slices.Repeat([]Signature{bad}, MaxSignatures-1), a.sign(message, "A"))
	if got, err := Count(message, sigs, []Key{a}, nil); err != nil || got.Distinct != 1 || got.Unfinished {
		t.Errorf("got %+v, %v", got, err)
	}
	// With more keys than that the work ends, and what was found stays found.
	keys := append([]Key{a}, slices.Repeat([]Key{b}, Attempts(len(message))/MaxSignatures+1)...)
	*a.hits, *b.hits = 0, 0
	got, err := Count(message, sigs, keys, nil)
	if err != nil || got.Distinct != 1 || !got.Unfinished || *a.hits+*b.hits > Attempts(len(message)) {
		t.Errorf("%d keys: distinct %d, unfinished %v, %v after %d verifications", len(keys), got.Distinct, got.Unfinished, err, *a.hits+*b.hits)
	}
	// A right hint finds the good one at once, whatever stands beside it.
	*a.hits = 0
	if got, err := Count(message, sigs, []Key{a}, func(_ int, hint string) bool { return hint == "A" }); err != nil || got.Distinct != 1 || *a.hits != 1 {
		t.Errorf("with hint: %+v, %v after %d verifications", got, err, *a.hits)
	}
}

// Who signed with the right key ids is found without trying each with each, and
// one signature counts for one public key only.
func TestCountTriesUsedSignaturesOnce(t *testing.T) {
	message := []byte("message")
	var keys []Key
	var sigs []Signature
	for i := range 100 {
		k := newKey(byte(i), string(rune('A'+i)))
		keys = append(keys, k)
		sigs = append(sigs, k.sign(message, k.name))
	}
	got, err := Count(message, sigs, keys, func(k int, hint string) bool { return keys[k].Fingerprint() == hint })
	if err != nil || got.Distinct != 100 || got.Work != 100*int64(PerAttempt+len(message)) {
		t.Errorf("distinct %d, work %d, %v", got.Distinct, got.Work, err)
	}
	a := newKey(1, "A")
	b := key{a.PrivateKey, "B", new(int)} // verifies what A signs, and is called otherwise
	if got, err := Count(message, []Signature{a.sign(message, "")}, []Key{a, b}, nil); err != nil || got.Distinct != 1 || got.Signed[1] != -1 {
		t.Errorf("%+v, %v", got, err)
	}
}

// A long message is not hashed thousands of times for signatures that nobody
// has checked.
func TestCountOfLongMessage(t *testing.T) {
	message := make([]byte, 64<<20)
	c := counting{new(int)}
	sigs := slices.Repeat([]Signature{{Bytes: make([]byte, 64)}}, 1000)
	got, err := Count(message, sigs, []Key{c, c, c}, nil)
	if err != nil || !got.Unfinished || *c.n == 0 || *c.n > 16 {
		t.Errorf("unfinished %v, %v after %d verifications", got.Unfinished, err, *c.n)
	}
	if last := got.Reasons[999]; last == nil || !strings.HasPrefix(last.Error(), "not tried") {
		t.Errorf("the last signature: %v", last)
	}
}

// counting is a key that verifies nothing and counts how often it was asked.
type counting struct{ n *int }

func (c counting) Fingerprint() string { return "counting" }

func (c counting) Verify(message, sig []byte) error {
	*c.n++
	return errors.New("bad")
}

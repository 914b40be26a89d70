// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package signature_test

import (
	"crypto/ed25519"
	"errors"
	"fmt"

	"github.com/tallystick/tallystick/internal/signature"
)

const examplePEM = `-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=
-----END PUBLIC KEY-----
`

func ExampleParsePEM() {
	k, err := signature.ParsePEM([]byte(examplePEM))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(k.Type(), k.Scheme())
	fmt.Println(k.Fingerprint())
	// Output:
	// ed25519 ed25519
	// SHA256:BuP9j9opu2CrWVV95h7bCuzbIxE0vjDnW0Vfjht5L6k
}

// The same key as TUF and in-toto metadata write it.
func ExampleParse() {
	k, err := signature.Parse("ed25519", "ed25519", "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(k.Fingerprint())
	fmt.Println("TUF key id    ", k.KeyID())
	fmt.Println("in-toto key id", k.InTotoKeyID())
	// Output:
	// SHA256:BuP9j9opu2CrWVV95h7bCuzbIxE0vjDnW0Vfjht5L6k
	// TUF key id     74c181c7ad8a0855d4b55e44d2ba87aabdddb196832571f15f92fece332e4916
	// in-toto key id 01e8764eedab63b3593451765fc337b2cc6d2c66923845da255f448c19e2afc5
}

// A key of a type that is not known may be skipped when nothing depends on it; any
// other error means that something is wrong with the key.
func ExampleParse_unknown() {
	_, err := signature.Parse("ed448", "ed448", "00")
	switch {
	case errors.Is(err, signature.ErrUnknown):
		fmt.Println("skipped:", err)
	case err != nil:
		fmt.Println("rejected:", err)
	}
	// Output:
	// skipped: signature/unknown: keytype: found "ed448"
}

func ExampleSign() {
	private := ed25519.NewKeyFromSeed([]byte("an example seed, thirty-two byte"))
	message := []byte("tally")

	sig, err := signature.Sign(private, "", message)
	if err != nil {
		fmt.Println(err)
		return
	}
	k, err := signature.New(private.Public(), "")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("good:", k.Verify(message, sig))
	fmt.Println("bad:", k.Verify([]byte("another"), sig))
	// Output:
	// good: <nil>
	// bad: signature/bad: Ed25519 signature: expected a good one, found another
}

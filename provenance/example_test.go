// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package provenance_test

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"strings"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/provenance"
	"github.com/tallystick/tallystick/verify"
)

// A builder signs provenance; a consumer who trusts the builder's key holds a
// binary against it.
func Example() {
	builder := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)) // in real life, kept by the builder
	envelope, err := provenance.Sign(provenance.PayloadType, []byte(`{
		"_type": "https://in-toto.io/Statement/v1",
		"subject": [{"name": "hello", "digest": {"sha256": "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"}}],
		"predicateType": "https://slsa.dev/provenance/v1",
		"predicate": {
			"buildDefinition": {"buildType": "https://builder.example/make", "externalParameters": {}},
			"runDetails": {"builder": {"id": "https://builder.example/v1"}}
		}
	}`), builder)
	if err != nil {
		fmt.Println(err)
		return
	}

	key, err := provenance.NewKey(builder.Public())
	if err != nil {
		fmt.Println(err)
		return
	}
	keys, err := provenance.NewKeySet(1, key.WithName("builder"))
	if err != nil {
		fmt.Println(err)
		return
	}
	statement, err := provenance.Open(envelope, keys, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	policy := provenance.SLSA{Builder: "https://builder.example/v1", Signers: keys}
	for _, content := range []string{"hello", "hallo"} {
		artifact, err := hash.Measure(context.Background(), strings.NewReader(content))
		if err != nil {
			fmt.Println(err)
			return
		}
		if _, err := verify.Artifact(artifact, policy, statement); err != nil {
			fmt.Printf("%s: rejected: %s\n", content, verify.CodeOf(err))
			continue
		}
		fmt.Printf("%s: accepted\n", content)
	}
	// Output:
	// hello: accepted
	// hallo: rejected: provenance/slsa
}

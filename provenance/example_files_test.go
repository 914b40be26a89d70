// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package provenance_test

import (
	"context"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/provenance"
	"github.com/tallystick/tallystick/verify"
)

const exampleTest = `{
	"_type": "https://in-toto.io/Statement/v1",
	"subject": [{"digest": {"sha256": "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"}}],
	"predicateType": "https://example.org/test/v1"
}`

// A file of attestations has some that can be opened with the keys at hand, and
// others.
func ExampleReadEnvelopes() {
	alice := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	envelope, err := provenance.Sign(provenance.PayloadType, []byte(exampleTest), alice)
	if err != nil {
		fmt.Println(err)
		return
	}
	file := "{\"a line\": \"of something else\"}\n" + string(envelope) + "\n"

	key, err := provenance.NewKey(alice.Public())
	if err != nil {
		fmt.Println(err)
		return
	}
	keys, err := provenance.NewKeySet(1, key)
	if err != nil {
		fmt.Println(err)
		return
	}
	found, err := provenance.ReadEnvelopes(strings.NewReader(file), provenance.ReadLimits{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, i := range found.Ignored {
		fmt.Printf("%s: ignored: %s\n", i.Where, i.Reason)
	}
	for _, e := range found.Envelopes {
		statement, err := provenance.Open(e.DSSE, keys, nil)
		if err != nil {
			fmt.Printf("%s: %v\n", e.Where, err)
			continue
		}
		fmt.Printf("%s: %s\n", e.Where, statement.PredicateType())
	}
	// Output:
	// line 1: ignored: no form of attestation that is known
	// line 2: https://example.org/test/v1
}

// A sharedSecret opens statements that were authenticated with a secret that two
// parties have: the tag, then the statement.
type sharedSecret []byte

func (s sharedSecret) tag(payload string) string {
	mac := hmac.New(sha256.New, s)
	mac.Write([]byte(provenance.PayloadType + "\n" + payload))
	return fmt.Sprintf("%x", mac.Sum(nil))
}

func (s sharedSecret) OpenEnvelope(_ context.Context, data []byte, at time.Time, _ provenance.Limits) (*provenance.Signed, error) {
	tag, payload, _ := strings.Cut(string(data), "\n")
	check := verify.Check{Code: "example/secret", Status: verify.Pass, What: "tag by the shared secret"}
	if !hmac.Equal([]byte(tag), []byte(s.tag(payload))) {
		return nil, verify.Reject(verify.Evidence{Time: at, Check: check})
	}
	return &provenance.Signed{PayloadType: provenance.PayloadType, Payload: []byte(payload),
		Issuers: []verify.Issuer{{ID: "example-secret:2026"}}, Check: check}, nil
}

// An Opener brings another kind of trust than keys. Policies name whom it names.
func ExampleOpenWith() {
	secret := sharedSecret("correct horse battery staple")
	data := secret.tag(exampleTest) + "\n" + exampleTest

	statement, err := provenance.OpenWith(context.Background(), []byte(data), secret, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	artifact, err := hash.Measure(context.Background(), strings.NewReader("hello"))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, id := range []string{"example-secret:2026", "example-secret:2025"} {
		signers, err := provenance.NewIssuerSet(1, verify.Issuer{ID: id})
		if err != nil {
			fmt.Println(err)
			return
		}
		_, err = verify.Artifact(artifact, provenance.Attested{PredicateType: "https://example.org/test/v1", Signers: signers}, statement)
		fmt.Printf("%s accepted: %v\n", id, err == nil)
	}
	_, err = provenance.OpenWith(context.Background(), []byte(data), sharedSecret("guessed"), nil)
	fmt.Println(err)
	// Output:
	// example-secret:2026 accepted: true
	// example-secret:2025 accepted: false
	// rejected: example/secret: tag by the shared secret
}

// A verifier writes down what it has decided, for others who trust it.
func ExampleSignPassed() {
	builder := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	verifier := ed25519.NewKeyFromSeed([]byte("of the verifier, in real life !!"))
	envelope, err := provenance.Sign(provenance.PayloadType, []byte(exampleTest), builder)
	if err != nil {
		fmt.Println(err)
		return
	}
	trust := func(signer ed25519.PrivateKey) provenance.KeySet {
		key, err := provenance.NewKey(signer.Public())
		if err != nil {
			fmt.Println(err)
			return provenance.KeySet{}
		}
		keys, err := provenance.NewKeySet(1, key)
		if err != nil {
			fmt.Println(err)
		}
		return keys
	}
	statement, err := provenance.Open(envelope, trust(builder), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	policy := provenance.Attested{PredicateType: "https://example.org/test/v1", Signers: trust(builder)}
	for _, content := range []string{"hello", "hallo"} {
		artifact, err := hash.Measure(context.Background(), strings.NewReader(content))
		if err != nil {
			fmt.Println(err)
			return
		}
		summary := provenance.VerificationSummary{
			VerifierID:        "https://verifier.example/v1",
			ResourceURI:       "pkg:generic/hello@1.0.0",
			Policy:            provenance.InputAttestation("https://verifier.example/policy", []byte("all that was said of the policy")),
			InputAttestations: []provenance.Resource{provenance.InputAttestation("", envelope)},
		}
		var vsa []byte
		result, err := verify.Artifact(artifact, policy, statement)
		if rejected, ok := errors.AsType[*verify.RejectedError](err); ok {
			vsa, err = provenance.SignFailed(rejected, summary, verifier)
		} else if err == nil {
			vsa, err = provenance.SignPassed(result, summary, verifier)
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		// Somebody else reads it.
		s, err := provenance.Open(vsa, trust(verifier), nil)
		if err != nil {
			fmt.Println(err)
			return
		}
		v, err := s.VerificationSummary()
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(content, v.Result)
	}
	// Output:
	// hello PASSED
	// hallo FAILED
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/provenance"
	"github.com/tallystick/tallystick/verify"
)

// theirs returns an envelope that the peer has signed with each of the signers.
func theirs(t *testing.T, payload string, signers ...dsse.Signer) []byte {
	t.Helper()
	signer, err := dsse.NewEnvelopeSigner(signers...)
	if err != nil {
		t.Fatal(err)
	}
	envelope, err := signer.SignPayload(t.Context(), provenance.PayloadType, []byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(envelope)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// peerAccepts has the peer verify an envelope of ours.
func peerAccepts(t *testing.T, data []byte, threshold int, verifiers ...dsse.Verifier) {
	t.Helper()
	var envelope dsse.Envelope
	if err := json.Unmarshal(data, &envelope); err != nil {
		t.Fatal(err)
	}
	verifier, err := dsse.NewMultiEnvelopeVerifier(threshold, verifiers...)
	if err != nil {
		t.Fatal(err)
	}
	accepted, err := verifier.Verify(t.Context(), &envelope)
	if err != nil || len(accepted) < threshold {
		t.Errorf("the peer accepts %d signatures of %d: %v", len(accepted), threshold, err)
	}
}

// jwk returns a public key as a JSON Web Key.
func jwk(t *testing.T, public crypto.PublicKey) string {
	t.Helper()
	b64 := base64.RawURLEncoding.EncodeToString
	switch public := public.(type) {
	case ed25519.PublicKey:
		return fmt.Sprintf(`{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","x":%q}`, b64(public))
	case *ecdsa.PublicKey:
		point, err := public.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		half := len(point) / 2
		return fmt.Sprintf(`{"kty":"EC","crv":%q,"x":%q,"y":%q}`, public.Params().Name, b64(point[1:half+1]), b64(point[half+1:]))
	case *rsa.PublicKey:
		return fmt.Sprintf(`{"kty":"RSA","alg":"PS256","n":%q,"e":%q}`, b64(public.N.Bytes()), b64(big.NewInt(int64(public.E)).Bytes()))
	}
	t.Fatalf("%T", public)
	return ""
}

// What the peer has signed verifies with its key in every form that we read.
func TestDSSEKeyForms(t *testing.T) {
	for name, s := range generate(t) {
		t.Run(name, func(t *testing.T) {
			p := newPerson(t, s)
			envelope := theirs(t, statement, peerSigner(t, p.key))
			der, err := x509.MarshalPKIXPublicKey(s.Public())
			if err != nil {
				t.Fatal(err)
			}
			inToto, err := json.Marshal(p.public())
			if err != nil {
				t.Fatal(err)
			}
			template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
			certificate, err := x509.CreateCertificate(rand.Reader, template, template, s.Public(), s)
			if err != nil {
				t.Fatal(err)
			}
			forms := map[string][]byte{
				"PEM":         pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}),
				"certificate": pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}),
				"in-toto":     inToto,
				"JWK":         []byte(jwk(t, s.Public())),
			}
			if public, ok := s.Public().(*rsa.PublicKey); ok {
				forms["PKCS#1"] = pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(public)})
			}
			for form, data := range forms {
				key, err := provenance.ParseKey(data)
				if err != nil {
					t.Errorf("%s: %v", form, err)
					continue
				}
				keys, err := provenance.NewKeySet(1, key)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := provenance.Open(envelope, keys, nil); err != nil {
					t.Errorf("%s: %v", form, err)
				}
			}
		})
	}
}

// One envelope with a signature of each type of key, both ways.
func TestDSSESeveralSigners(t *testing.T) {
	var peers []dsse.Signer
	var verifiers []dsse.Verifier
	var signers []crypto.Signer
	var keys []provenance.Key
	for _, s := range generate(t) {
		peer := peerSigner(t, newPerson(t, s).key)
		peers, verifiers, signers = append(peers, peer), append(verifiers, peer), append(signers, s)
		key, err := provenance.NewKey(s.Public())
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key)
	}
	all, err := provenance.NewKeySet(len(keys), keys...)
	if err != nil {
		t.Fatal(err)
	}
	s, err := provenance.Open(theirs(t, statement, peers...), all, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Issuers()) != len(keys) {
		t.Errorf("issuers %v", s.Issuers())
	}
	ours, err := provenance.Sign(provenance.PayloadType, []byte(statement), signers...)
	if err != nil {
		t.Fatal(err)
	}
	peerAccepts(t, ours, len(keys), verifiers...)
	if _, err := provenance.Open(theirs(t, statement, peers[1:]...), all, nil); verify.CodeOf(err) != provenance.CodeSignature {
		t.Errorf("one is missing: %v", err)
	}
}

// A verdict that we have written down is an envelope for the peer, and the same
// summary signed by the peer satisfies our policy.
func TestVerdictBothWays(t *testing.T) {
	verifier := generate(t)["ed25519"]
	key, err := provenance.NewKey(verifier.Public())
	if err != nil {
		t.Fatal(err)
	}
	keys, err := provenance.NewKeySet(1, key)
	if err != nil {
		t.Fatal(err)
	}
	envelope, err := provenance.Sign(provenance.PayloadType, []byte(statement), verifier)
	if err != nil {
		t.Fatal(err)
	}
	attestation, err := provenance.Open(envelope, keys, nil)
	if err != nil {
		t.Fatal(err)
	}
	hello, err := hash.Measure(t.Context(), strings.NewReader("hello"))
	if err != nil {
		t.Fatal(err)
	}
	result, err := verify.Artifact(hello, provenance.Attested{PredicateType: "https://example.org/test/v1", Signers: keys}, attestation)
	if err != nil {
		t.Fatal(err)
	}
	summary := provenance.VerificationSummary{VerifierID: "https://verifier.example", ResourceURI: "pkg:generic/hello",
		Policy: provenance.Resource{URI: "https://verifier.example/policy"}, InputAttestations: []provenance.Resource{provenance.InputAttestation("", envelope)}}
	ours, err := provenance.SignPassed(result, summary, verifier)
	if err != nil {
		t.Fatal(err)
	}
	peer := peerSigner(t, newPerson(t, verifier).key)
	peerAccepts(t, ours, 1, peer)

	s, err := provenance.Open(ours, keys, nil)
	if err != nil {
		t.Fatal(err)
	}
	again, err := provenance.Open(theirs(t, string(s.Payload()), peer), keys, nil)
	if err != nil {
		t.Fatal(err)
	}
	policy := provenance.VSA{Verifier: summary.VerifierID, Signers: keys, ResourceURI: summary.ResourceURI, PolicyURI: summary.Policy.URI}
	for _, claim := range []verify.Claim{s, again} {
		if _, err := verify.Artifact(hello, policy, claim); err != nil {
			t.Error(err)
		}
	}
	if !bytes.Equal(s.Payload(), again.Payload()) || !slices.Equal(s.Issuers(), again.Issuers()) {
		t.Error("they differ")
	}
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"slices"
	"testing"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	ourdsse "github.com/tallystick/tallystick/internal/dsse"
	"github.com/tallystick/tallystick/internal/strictjson"
	"github.com/tallystick/tallystick/internal/tally"
	"github.com/tallystick/tallystick/provenance"
	"github.com/tallystick/tallystick/verify"
)

const statement = `{"_type":"https://in-toto.io/Statement/v1",
	"subject":[{"name":"hello","digest":{"sha256":"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"}}],
	"predicateType":"https://example.org/test/v1","predicate":{}}`

func generate(t testing.TB) map[string]crypto.Signer {
	t.Helper()
	signers := map[string]crypto.Signer{}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signers["ed25519"] = ed
	for name, curve := range map[string]elliptic.Curve{"p256": elliptic.P256(), "p384": elliptic.P384(), "p521": elliptic.P521()} {
		if signers[name], err = ecdsa.GenerateKey(curve, rand.Reader); err != nil {
			t.Fatal(err)
		}
	}
	if signers["rsa"], err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		t.Fatal(err)
	}
	return signers
}

// Envelopes made by either side verify on the other, for each type of key.
func TestDSSEBothWays(t *testing.T) {
	for name, s := range generate(t) {
		t.Run(name, func(t *testing.T) {
			peer := peerSigner(t, newPerson(t, s).key)
			key, err := provenance.NewKey(s.Public())
			if err != nil {
				t.Fatal(err)
			}
			keys, err := provenance.NewKeySet(1, key)
			if err != nil {
				t.Fatal(err)
			}

			ours, err := provenance.Sign(provenance.PayloadType, []byte(statement), s)
			if err != nil {
				t.Fatal(err)
			}
			var envelope dsse.Envelope
			if err := json.Unmarshal(ours, &envelope); err != nil {
				t.Fatal(err)
			}
			verifier, err := dsse.NewEnvelopeVerifier(peer)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := verifier.Verify(t.Context(), &envelope); err != nil {
				t.Errorf("the peer refuses ours: %v", err)
			}

			signer, err := dsse.NewEnvelopeSigner(peer)
			if err != nil {
				t.Fatal(err)
			}
			theirs, err := signer.SignPayload(t.Context(), provenance.PayloadType, []byte(statement))
			if err != nil {
				t.Fatal(err)
			}
			data, err := json.Marshal(theirs)
			if err != nil {
				t.Fatal(err)
			}
			got, err := provenance.Open(data, keys, nil)
			if err != nil {
				t.Fatalf("we refuse theirs: %v", err)
			}
			if string(got.Payload()) != statement {
				t.Errorf("payload %q", got.Payload())
			}
		})
	}
}

// The official vectors. Their payloads are no whole Statements, so it is the
// envelope and the counting that are tested, which provenance.Open begins with.
func TestDSSEVectors(t *testing.T) {
	var file struct {
		Keys map[string]struct {
			Public string `json:"public"`
		} `json:"keys"`
		Vectors []struct {
			ID                    string          `json:"id"`
			Description           string          `json:"description"`
			Envelope              json.RawMessage `json:"envelope"`
			TrustedKeys           []string        `json:"trustedKeys"`
			Threshold             int             `json:"threshold"`
			SupportedPayloadTypes []string        `json:"supportedPayloadTypes"`
			PAE                   string          `json:"pae"`
			Expect                string          `json:"expect"`
		} `json:"vectors"`
	}
	if err := json.Unmarshal(interopFile(t, "provenance/dsse-testvectors/vectors.json"), &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Vectors) != 9 {
		t.Errorf("%d vectors, want 9", len(file.Vectors))
	}
	for _, v := range file.Vectors {
		t.Run(v.ID, func(t *testing.T) {
			var keys []tally.Key
			for _, name := range v.TrustedKeys {
				public, err := hex.DecodeString(file.Keys[name].Public)
				if err != nil {
					t.Fatal(err)
				}
				k, err := provenance.NewKey(ed25519.PublicKey(public))
				if err != nil {
					t.Fatal(err)
				}
				keys = append(keys, k)
			}
			accepted, want := false, v.Expect == "accept"
			if e, err := ourdsse.Parse(v.Envelope, strictjson.Limits{}); err == nil {
				if want && hex.EncodeToString(e.PAE()) != v.PAE {
					t.Errorf("PAE %x, want %s", e.PAE(), v.PAE)
				}
				o, err := tally.Count(e.PAE(), e.Tally(), keys, nil)
				accepted = err == nil && o.Distinct >= v.Threshold && slices.Contains(v.SupportedPayloadTypes, e.PayloadType)
			}
			if accepted != want {
				t.Errorf("%s: expect %s", v.Description, v.Expect)
			}
		})
	}
}

// A signature in base64 that encoding/base64 would take after dropping line ends
// does not count.
func TestStrictBase64(t *testing.T) {
	s := generate(t)["ed25519"]
	key, err := provenance.NewKey(s.Public())
	if err != nil {
		t.Fatal(err)
	}
	keys, err := provenance.NewKeySet(1, key)
	if err != nil {
		t.Fatal(err)
	}
	good, err := provenance.Sign(provenance.PayloadType, []byte(statement), s)
	if err != nil {
		t.Fatal(err)
	}
	var envelope dsse.Envelope
	if err := json.Unmarshal(good, &envelope); err != nil {
		t.Fatal(err)
	}
	sig := envelope.Signatures[0].Sig
	envelope.Signatures[0].Sig = sig[:10] + "\n" + sig[10:]
	if _, err := base64.StdEncoding.DecodeString(envelope.Signatures[0].Sig); err != nil {
		t.Fatal("the control does not decode")
	}
	data, err := json.Marshal(envelope)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provenance.Open(data, keys, nil); verify.CodeOf(err) != provenance.CodeSignature {
		t.Errorf("got %v", err)
	}
}

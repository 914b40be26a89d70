// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"path/filepath"
	"testing"

	intoto "github.com/in-toto/in-toto-golang/in_toto"
	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	"github.com/secure-systems-lab/go-securesystemslib/signerverifier"
	"github.com/tallystick/tallystick/internal/canonicaljson"
	"github.com/tallystick/tallystick/internal/signature"
	"github.com/tallystick/tallystick/internal/strictjson"
	"github.com/tallystick/tallystick/provenance"
)

// A person signs layouts or links.
type person struct {
	signer crypto.Signer
	// key is the person's key as in-toto-golang has it, with its private half.
	// Its id is the one that provenance.Sign writes; in-toto-golang does not
	// mind what an id is computed from.
	key intoto.Key
}

// edPerson returns a person with an Ed25519 key, which follows from the name.
func edPerson(t testing.TB, name string) person {
	t.Helper()
	seed := sha256.Sum256([]byte("interop " + name))
	return newPerson(t, ed25519.NewKeyFromSeed(seed[:]))
}

// ecPerson is edPerson for an ECDSA key.
func ecPerson(t testing.TB, name string, curve elliptic.Curve) person {
	t.Helper()
	seed := sha256.Sum256([]byte("interop " + name))
	raw := make([]byte, (curve.Params().BitSize+7)/8)
	copy(raw[1:], seed[:])
	key, err := ecdsa.ParseRawPrivateKey(curve, raw)
	if err != nil {
		t.Fatal(err)
	}
	return newPerson(t, key)
}

func newPerson(t testing.TB, s crypto.Signer) person {
	t.Helper()
	p := person{signer: s}
	if err := p.key.LoadKeyReaderDefaults(bytes.NewReader(privatePEM(t, s))); err != nil {
		t.Fatal(err)
	}
	k, err := signature.New(s.Public(), "")
	if err != nil {
		t.Fatal(err)
	}
	p.key.KeyID = k.KeyID()
	return p
}

func (p person) id() string { return p.key.KeyID }

// public returns the key as it stands in a layout.
func (p person) public() intoto.Key {
	k := p.key
	k.KeyVal.Private = ""
	return k
}

func publicKeys(people ...person) map[string]intoto.Key {
	keys := map[string]intoto.Key{}
	for _, p := range people {
		keys[p.id()] = p.public()
	}
	return keys
}

func keySet(t testing.TB, people ...person) provenance.KeySet {
	t.Helper()
	var keys []provenance.Key
	for _, p := range people {
		k, err := provenance.NewKey(p.signer.Public())
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, k)
	}
	set, err := provenance.NewKeySet(len(keys), keys...)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func linkFile(step string, p person) string { return step + "." + p.id()[:8] + ".link" }

func marshal(t testing.TB, v any) []byte {
	t.Helper()
	if raw, ok := v.([]byte); ok {
		return raw
	}
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// A form is a way to sign metadata. The payload is a value of in-toto-golang or, in
// the last two, also JSON.
type form func(t testing.TB, payload any, people ...person) []byte

// peerLegacy is what in-toto-golang writes in the older form.
func peerLegacy(t testing.TB, payload any, people ...person) []byte {
	t.Helper()
	block := &intoto.Metablock{Signed: payload, Signatures: []intoto.Signature{}}
	for _, p := range people {
		if err := block.Sign(p.key); err != nil {
			t.Fatal(err)
		}
	}
	return marshal(t, block)
}

// peerDSSE is what in-toto-golang writes as DSSE, if it can read that again. It
// keeps one signature only, and writes the payload in canonical JSON, which is no
// JSON when there are newlines in it, as in the PEM of a key; neither it nor we
// read that. Then the JSON of its types is signed by go-securesystemslib.
func peerDSSE(t testing.TB, payload any, people ...person) []byte {
	t.Helper()
	if len(people) == 1 {
		env := &intoto.Envelope{}
		if err := env.SetPayload(payload); err != nil {
			t.Fatal(err)
		}
		if err := env.Sign(people[0].key); err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(t.TempDir(), "envelope")
		if err := env.Dump(name); err != nil {
			t.Fatal(err)
		}
		if _, err := intoto.LoadMetadata(name); err == nil {
			return read(t, name)
		}
	}
	var signers []dsse.Signer
	for _, p := range people {
		signers = append(signers, peerSigner(t, p.key))
	}
	signer, err := dsse.NewEnvelopeSigner(signers...)
	if err != nil {
		t.Fatal(err)
	}
	env, err := signer.SignPayload(t.Context(), intoto.PayloadType, marshal(t, payload))
	if err != nil {
		t.Fatal(err)
	}
	return marshal(t, env)
}

// peerSigner is a key as go-securesystemslib has it, with which in-toto-golang
// signs.
func peerSigner(t testing.TB, key intoto.Key) dsse.SignerVerifier {
	t.Helper()
	k := &signerverifier.SSLibKey{KeyIDHashAlgorithms: key.KeyIDHashAlgorithms, KeyType: key.KeyType, Scheme: key.Scheme, KeyID: key.KeyID,
		KeyVal: signerverifier.KeyVal{Public: key.KeyVal.Public, Private: key.KeyVal.Private}}
	var sv dsse.SignerVerifier
	var err error
	switch key.KeyType {
	case signerverifier.RSAKeyType:
		sv, err = signerverifier.NewRSAPSSSignerVerifierFromSSLibKey(k)
	case signerverifier.ED25519KeyType:
		sv, err = signerverifier.NewED25519SignerVerifierFromSSLibKey(k)
	case signerverifier.ECDSAKeyType:
		sv, err = signerverifier.NewECDSASignerVerifierFromSSLibKey(k)
	default:
		t.Fatalf("key type %s", key.KeyType)
	}
	if err != nil {
		t.Fatal(err)
	}
	return sv
}

func ourDSSE(t testing.TB, payload any, people ...person) []byte {
	t.Helper()
	var signers []crypto.Signer
	for _, p := range people {
		signers = append(signers, p.signer)
	}
	data, err := provenance.Sign(provenance.PayloadType, marshal(t, payload), signers...)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func ourLegacy(t testing.TB, payload any, people ...person) []byte {
	t.Helper()
	raw := marshal(t, payload)
	message, err := canonicaljson.Canonical(raw, strictjson.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	signatures := []intoto.Signature{}
	for _, p := range people {
		sig, err := signature.Sign(p.signer, "", message)
		if err != nil {
			t.Fatal(err)
		}
		signatures = append(signatures, intoto.Signature{KeyID: p.id(), Sig: hex.EncodeToString(sig)})
	}
	return marshal(t, map[string]any{"signed": json.RawMessage(raw), "signatures": signatures})
}

// tampered returns a signed link in which something was changed afterwards.
func tampered(t testing.TB, data []byte) []byte {
	t.Helper()
	change := func(payload []byte) []byte {
		var link map[string]any
		if err := json.Unmarshal(payload, &link); err != nil {
			t.Fatal(err)
		}
		link["byproducts"] = map[string]any{"changed": "afterwards"}
		return marshal(t, link)
	}
	var file map[string]json.RawMessage
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	if file["payload"] == nil {
		file["signed"] = change(file["signed"])
		return marshal(t, file)
	}
	var payload []byte // base64 in JSON
	if err := json.Unmarshal(file["payload"], &payload); err != nil {
		t.Fatal(err)
	}
	file["payload"] = marshal(t, base64.StdEncoding.EncodeToString(change(payload)))
	return marshal(t, file)
}

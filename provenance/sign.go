// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package provenance

import (
	"crypto"
	"crypto/ed25519"
	"fmt"
	"unicode/utf8"

	"github.com/tallystick/tallystick/internal/dsse"
	"github.com/tallystick/tallystick/internal/safe"
	"github.com/tallystick/tallystick/internal/signature"
	"github.com/tallystick/tallystick/internal/tally"
	"github.com/tallystick/tallystick/verify"
)

// PayloadType is the payload type of in-toto Statements, layouts and links in
// DSSE envelopes.
const PayloadType = "application/vnd.in-toto+json"

// Sign returns a DSSE envelope in JSON around the payload, signed by each of the
// signers: with Ed25519, ECDSA by the hash of the curve's size, or RSASSA-PSS
// with SHA-256. The key id of a signature is the securesystemslib key id. No
// signer, a key that [ParseKey] would refuse, or a signer that fails is a
// [*verify.Error] with [CodeKey].
func Sign(payloadType string, payload []byte, signers ...crypto.Signer) ([]byte, error) {
	if len(signers) == 0 {
		return nil, &verify.Error{Code: CodeKey, What: "signing", Expected: "a signer", Found: "none"}
	}
	if payloadType == "" || !utf8.ValidString(payloadType) {
		return nil, &verify.Error{Code: CodePayloadType, What: "signing", Expected: "a payload type", Found: safe.Quote(payloadType)}
	}
	if payload == nil {
		payload = []byte{} // null is no payload in JSON
	}
	message := dsse.PAE(payloadType, payload)
	var sigs []tally.Signature
	for _, s := range signers {
		if s == nil {
			return nil, &verify.Error{Code: CodeKey, What: "signing", Expected: "a signer", Found: "nil"}
		}
		if private, ok := s.(ed25519.PrivateKey); ok && len(private) != ed25519.PrivateKeySize {
			// Its Public method would panic.
			return nil, &verify.Error{Code: CodeKey, What: "signing", Expected: "an Ed25519 key", Found: fmt.Sprintf("%d bytes", len(private))}
		}
		k, err := signature.New(s.Public(), "")
		if err != nil {
			return nil, keyError(err)
		}
		sig, err := signature.Sign(s, "", message)
		if err != nil {
			return nil, keyError(err)
		}
		sigs = append(sigs, tally.Signature{Hint: k.KeyID(), Bytes: sig})
	}
	return dsse.Encode(payloadType, payload, sigs)
}

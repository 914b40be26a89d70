// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package provenance

import (
	"crypto"

	"github.com/tallystick/tallystick/internal/dsse"
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
	message := dsse.PAE(payloadType, payload)
	var sigs []tally.Signature
	for _, s := range signers {
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

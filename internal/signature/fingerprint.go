// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package signature

import "crypto"

// Fingerprint returns the identity of the key: "SHA256:" and the unpadded standard
// base64 (RFC 4648 section 4) of the SHA-256 of [Key.SPKI]. It does not depend on
// the scheme or on how the key was spelled. The zero Key has none: "".
func (k *Key) Fingerprint() string { return k.fingerprint }

// Fingerprint returns what [Key.Fingerprint] returns for the public key, such as that
// of an x509.Certificate. It has the errors of [New]: a key that this package
// refuses has no fingerprint.
func Fingerprint(pub crypto.PublicKey) (string, error) {
	k, err := New(pub, "")
	if err != nil {
		return "", err
	}
	return k.Fingerprint(), nil
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package signature

import (
	"crypto"
	_ "crypto/sha256" // crypto.SHA256
	_ "crypto/sha512" // crypto.SHA384, crypto.SHA512
)

// The key types by the names of securesystemslib.
const (
	typeEd25519 = "ed25519"
	typeECDSA   = "ecdsa"
	typeRSA     = "rsa"
)

// A scheme is a way to sign that a name stands for.
type scheme struct {
	keytype string
	hash    crypto.Hash // zero where the scheme's name does not decide it
	pss     bool        // for RSA: PSS (RFC 8017 section 8.1), else PKCS#1 v1.5 (8.2)
}

// lookupScheme knows every scheme name. The names are those of securesystemslib.
func lookupScheme(name string) (scheme, bool) {
	switch name {
	case "ed25519":
		return scheme{keytype: typeEd25519}, true
	case "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521":
		return scheme{keytype: typeECDSA}, true
	case "rsassa-pss-sha256":
		return scheme{typeRSA, crypto.SHA256, true}, true
	case "rsassa-pss-sha384":
		return scheme{typeRSA, crypto.SHA384, true}, true
	case "rsassa-pss-sha512":
		return scheme{typeRSA, crypto.SHA512, true}, true
	case "rsa-pkcs1v15-sha256":
		return scheme{typeRSA, crypto.SHA256, false}, true
	case "rsa-pkcs1v15-sha384":
		return scheme{typeRSA, crypto.SHA384, false}, true
	case "rsa-pkcs1v15-sha512":
		return scheme{typeRSA, crypto.SHA512, false}, true
	}
	return scheme{}, false
}

// lookupType knows every key type name. TUF 1.0 named the key type of ECDSA after
// the scheme, later metadata says "ecdsa"; both are in use.
func lookupType(name string) (keytype string, ok bool) {
	switch name {
	case "ed25519":
		return typeEd25519, true
	case "ecdsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521":
		return typeECDSA, true
	case "rsa":
		return typeRSA, true
	}
	return "", false
}

// digest hashes the message.
func digest(h crypto.Hash, message []byte) []byte {
	d := h.New()
	d.Write(message)
	return d.Sum(nil)
}

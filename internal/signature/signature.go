// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

// Package signature holds public keys and checks signatures made with them.
//
// It is the one place in this module that decides what a good key is, what a
// good signature is, and when two keys are the same key. The formats around it
// (DSSE, TUF metadata, in-toto layouts, certificates) only find the bytes.
//
// # Keys
//
// A [Key] comes from Go's own key types ([New]), from a PEM file ([ParsePEM],
// [ParseCertificate]) or from the keytype, scheme and keyval.public members that
// TUF and in-toto metadata share ([Parse]). It is Ed25519 (RFC 8032), ECDSA over
// P-256, P-384 or P-521, or RSA with 2048 to 16384 bits.
//
// Identity is [Key.Fingerprint]: a hash of the key material alone. Two spellings
// of one key (PKCS#1 and PKIX, upper-case and lower-case hex, two scheme names)
// have one fingerprint, so a threshold that counts fingerprints counts keys.
// [Key.KeyID] and [Key.InTotoKeyID] are the names that metadata uses. They depend
// on the spelling and are hints, never identity.
//
// # Schemes
//
// A Key has exactly one scheme and verifies under no other:
//
//	key      scheme                                        signature
//	ed25519  ed25519                                       64 bytes
//	ecdsa    ecdsa-sha2-nistp256, -nistp384, -nistp521     ASN.1 DER, or r||s
//	rsa      rsassa-pss-sha256, -sha384, -sha512           as long as the modulus
//	rsa      rsa-pkcs1v15-sha256, -sha384, -sha512         as long as the modulus
//
// An empty scheme means the key's default: ed25519, the ECDSA scheme of the
// key's curve, or rsassa-pss-sha256.
//
// For ECDSA the curve decides the hash (P-256 SHA-256, P-384 SHA-384, P-521
// SHA-512) and the name only says "ECDSA": in-toto-golang labels a key of any
// curve ecdsa-sha2-nistp256 and still hashes by the curve.
//
// # What a good signature does not say
//
// ECDSA signatures can be changed by anyone into a second good signature of the
// same message and key, so signatures must not be used as identifiers. Nothing
// here knows time, revocation or trust: that is the caller's part.
package signature

// MaxKeySize is the largest key text in bytes that the parsers read. A PEM block
// with a 16384-bit RSA key takes about 3,000 bytes; the rest is for certificates.
const MaxKeySize = 64 << 10

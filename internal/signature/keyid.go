// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package signature

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// KeyID returns the key id that TUF (specification section 4.2) and current
// securesystemslib compute: the SHA-256, in hex, of the canonical JSON of
//
//	{"keytype": Type, "keyval": {"public": Public}, "scheme": Scheme}
//
// It changes with the spelling of each of the three and is a hint, not identity.
// Metadata may put more members into a key object (the Sigstore root does); they are
// part of its key id there, and this one then differs.
func (k *Key) KeyID() string {
	return k.keyID("", k.public)
}

// InTotoKeyID returns the key id that in-toto-golang and go-securesystemslib compute,
// and that the Python tools computed before securesystemslib 1.0. It differs from
// KeyID in two ways: the hashed object has one member more,
//
//	"keyid_hash_algorithms": ["sha256", "sha512"]
//
// and those tools write PEM without the final newline. For a key from [Parse] the
// text is taken as it was given.
func (k *Key) InTotoKeyID() string {
	return k.keyID(`"keyid_hash_algorithms":["sha256","sha512"],`, k.publicInToto)
}

// keyID writes canonical JSON: members sorted, no white space, and in strings only
// the backslash and the quotation mark escaped, so that the newlines of PEM stand
// there raw. Type and scheme are names that we know and need no escape.
func (k *Key) keyID(member, public string) string {
	if k.pub == nil {
		return ""
	}
	public = strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(public)
	sum := sha256.Sum256([]byte(`{` + member +
		`"keytype":"` + k.typeName +
		`","keyval":{"public":"` + public +
		`"},"scheme":"` + k.schemeName + `"}`))
	return hex.EncodeToString(sum[:])
}

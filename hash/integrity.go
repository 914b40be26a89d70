// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash

import (
	"encoding/base64"
	"strings"
)

// ParseIntegrity reads Subresource Integrity metadata as HTML pages and package
// lock files hold it, one or more digests with white space between:
//
//	sha512-<base64> sha384-<base64>?<options>
//
// Algorithms are sha256, sha384 and sha512; others are returned in unknown, as the
// W3C recommendation demands that they be ignored, and so are options. Base64 is
// the standard one with padding. The recommendation lets several digests of one
// algorithm stand for alternatives; a set is about one content, so this is an
// [*Error] with [CodeDigest], like everything that is malformed. No digest of a
// known algorithm is one with [CodeAlgorithm]: browsers would load anything.
func ParseIntegrity(s string) (set Set, unknown []string, err error) {
	var ds []Digest
	for _, field := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" \t\n\r\f", r) }) {
		field, _, _ = strings.Cut(field, "?")
		name, text, ok := strings.Cut(field, "-")
		if !ok {
			return Set{}, nil, &Error{Code: CodeDigest, Name: field, Detail: "no algorithm, want sha512-<base64>"}
		}
		alg, err := ParseAlgorithm(name)
		if err != nil || alg != SHA256 && alg != SHA384 && alg != SHA512 {
			unknown = append(unknown, name)
			continue
		}
		sum, err := base64.StdEncoding.Strict().DecodeString(text)
		if err != nil {
			return Set{}, nil, &Error{Code: CodeDigest, Name: field, Err: err}
		}
		d, err := NewDigest(alg, sum)
		if err != nil {
			return Set{}, nil, err
		}
		ds = append(ds, d)
	}
	if len(ds) == 0 {
		return Set{}, nil, &Error{Code: CodeAlgorithm, Name: s, Detail: "no digest of a known algorithm"}
	}
	set, err = NewSet(ds...)
	if err != nil {
		return Set{}, nil, err
	}
	return set, unknown, nil
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package signature

import "strconv"

// A Reason says why a key or a signature was refused. The set is closed. A Reason
// is itself an error, so that errors.Is(err, signature.ErrUnknown) works. Its text
// is stable and may be used as a code.
type Reason string

const (
	// ErrUnknown: the key type, scheme, algorithm or curve is not one that this
	// package knows. The material was not judged. A caller may go on without
	// such a key when nothing depends on it.
	ErrUnknown Reason = "signature/unknown"
	// ErrMalformed: the bytes are not a public key in the form asked for.
	ErrMalformed Reason = "signature/malformed"
	// ErrWeak: a key that must not be trusted: RSA modulus or exponent out of
	// bounds, Ed25519 point of small order.
	ErrWeak Reason = "signature/weak"
	// ErrMismatch: key type, scheme and material are each known but do not
	// belong together.
	ErrMismatch Reason = "signature/mismatch"
	// ErrPrivate: private key material where a public key belongs.
	ErrPrivate Reason = "signature/private"
	// ErrTooLarge: more than [MaxKeySize] bytes.
	ErrTooLarge Reason = "signature/too-large"
	// ErrSignature: the signature is not a good one of this key over this message.
	ErrSignature Reason = "signature/bad"
	// ErrSigner: the signer that was given to [Sign] failed.
	ErrSigner Reason = "signature/signer"
)

// Error returns the code.
func (r Reason) Error() string { return string(r) }

// An Error is the error that every function of this package returns. It never
// contains key material; names quoted from the input are escaped and cut.
type Error struct {
	Reason   Reason // what errors.Is matches
	What     string // the thing checked
	Expected string // empty where there is nothing to add
	Found    string // empty where there is nothing to add
	Err      error  // the error of a crypto.Signer, for ErrSigner
}

// Error returns the code and the sentence.
func (e *Error) Error() string {
	s := string(e.Reason) + ": " + e.What
	sep := ": "
	if e.Expected != "" {
		s += sep + "expected " + e.Expected
		sep = ", "
	}
	if e.Found != "" {
		s += sep + "found " + e.Found
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the Reason and, where there is one, the cause.
func (e *Error) Unwrap() []error {
	if e.Err != nil {
		return []error{e.Reason, e.Err}
	}
	return []error{e.Reason}
}

func fail(r Reason, what, expected, found string) *Error {
	return &Error{Reason: r, What: what, Expected: expected, Found: found}
}

// quote makes a name from the input safe to print: ASCII, escaped, short.
func quote(s string) string {
	const limit = 40
	if len(s) > limit {
		return strconv.QuoteToASCII(s[:limit]) + "..."
	}
	return strconv.QuoteToASCII(s)
}

func bits(n int) string   { return strconv.Itoa(n) + " bits" }
func bytesN(n int) string { return strconv.Itoa(n) + " bytes" }

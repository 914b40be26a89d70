// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package strictjson

import "strconv"

// A Reason says why input is refused. The set is closed and its texts are
// stable. A Reason is an error only so that errors.Is(err, DuplicateMember)
// works; what the decoder returns is an [*Error].
type Reason string

const (
	BadSyntax       Reason = "syntax"           // outside the grammar of RFC 8259, also input that ends early
	DuplicateMember Reason = "duplicate-member" // two members of one object with the same name
	CaseVariant     Reason = "case-variant"     // a name that differs from a known one only in case
	BadUTF8         Reason = "utf8"             // invalid UTF-8, or an escaped surrogate without its partner
	TooDeep         Reason = "depth"            // over Limits.Depth
	TooLarge        Reason = "size"             // over Limits.Bytes
	WrongType       Reason = "type"             // a value of another kind than asked for, or a number that is not an integer
	OutOfRange      Reason = "range"            // a number beyond a float64, or beyond an int64 where one is asked for
	TrailingData    Reason = "trailing"         // data after the value
	BadValue        Reason = "value"            // the caller refused the value with Decoder.Reject
	Misuse          Reason = "misuse"           // the program reads no value, or two, where there is one
)

// Error returns the reason as text.
func (r Reason) Error() string { return string(r) }

// An Error says what was refused, why, and where.
type Error struct {
	Reason Reason

	// Offset is the position in the input, in bytes.
	Offset int64

	// Path names the value at fault from the top of the input, such as
	// signed.steps[2].name, and is empty for the top itself. Names that are
	// not plain are quoted like ["a b"]. It is ASCII, and the middle of a long
	// path is left out.
	Path string

	// Detail is for people. Text of the input in it is quoted and cut.
	Detail string
}

// Error describes the error in one line of ASCII.
func (e *Error) Error() string {
	s := "json: " + string(e.Reason)
	if e.Path != "" {
		s += " at " + e.Path
	}
	s += " (byte " + strconv.FormatInt(e.Offset, 10) + ")"
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	return s
}

// Is reports whether target is the reason of e.
func (e *Error) Is(target error) bool {
	r, ok := target.(Reason)
	return ok && r == e.Reason
}

// fail ends the decoding with an error at offset, on the path of the value or
// name that was being read. It returns the first error that there was.
func (d *Decoder) fail(reason Reason, offset int, detail string) error {
	if d.err == nil {
		d.err = &Error{Reason: reason, Offset: int64(offset), Path: d.path(d.pos), Detail: detail}
	}
	return d.err
}

// quote makes text of the input harmless for an error: ASCII, escaped, short.
func quote(s string) string {
	const most = 64
	if len(s) <= most {
		return strconv.QuoteToASCII(s)
	}
	return strconv.QuoteToASCII(s[:most]) + "..."
}

func quoteByte(c byte) string {
	if c >= 0x80 {
		return "byte 0x" + strconv.FormatUint(uint64(c), 16)
	}
	return strconv.QuoteRuneToASCII(rune(c))
}

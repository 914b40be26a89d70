// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash

import "strings"

// Error is the error type of this package. It answers [errors.Is] for its Code
// and for whatever it wraps, for example [fs.ErrNotExist].
type Error struct {
	Code Code
	// Name is the file, tree entry, algorithm or digest that the error is
	// about, as raw bytes; empty if there is none. Error escapes it with
	// [EscapeName].
	Name string
	// Detail says in words what was expected and what was found. Text that
	// comes from the input is quoted.
	Detail string
	// Err is the cause, if there is one.
	Err error
}

// Error returns one printable line.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(string(e.Code))
	if e.Name != "" {
		b.WriteString(": ")
		b.WriteString(EscapeName(e.Name))
	}
	if e.Detail != "" {
		b.WriteString(": ")
		b.WriteString(e.Detail)
	}
	if e.Err != nil {
		b.WriteString(": ")
		b.WriteString(EscapeName(e.Err.Error()))
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is the code of e.
func (e *Error) Is(target error) bool {
	c, ok := target.(Code)
	return ok && c == e.Code
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash

import "strings"

// Error is the error type of this package. It answers [errors.Is] for its Code
// and for whatever it wraps, for example [fs.ErrNotExist].
type Error struct {
	Code Code
	// Name is the file, tree entry, algorithm or digest that the error is
	// about, as raw bytes; empty if there is none. Error escapes it as
	// [EscapeName] does, and cuts a very long one.
	Name string
	// Detail says in words what was expected and what was found. Text that
	// comes from the input is quoted.
	Detail string
	// Err is the cause, if there is one.
	Err error
}

// maxShown is how much of a name or a cause Error prints, in bytes before
// escaping. An archive can hold names of a megabyte.
const maxShown = 512

// shown returns text from outside in printable form, cut in the middle so that
// both ends of a path are seen.
func shown(s string) string {
	if len(s) <= maxShown {
		return EscapeName(s)
	}
	return EscapeName(s[:maxShown/2]) + "[...]" + EscapeName(s[len(s)-maxShown/2:])
}

// Error returns one printable line of limited length.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(string(e.Code))
	if e.Name != "" {
		b.WriteString(": ")
		b.WriteString(shown(e.Name))
	}
	if e.Detail != "" {
		b.WriteString(": ")
		b.WriteString(e.Detail)
	}
	if e.Err != nil {
		b.WriteString(": ")
		b.WriteString(shown(e.Err.Error()))
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

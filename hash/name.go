// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// EscapeName returns a printable, reversible form of a name, for JSON, logs and
// terminals. File names are bytes: they may hold newlines, terminal control
// sequences or bytes that are not UTF-8, and none of these may be lost or
// reach a screen.
//
// A backslash becomes \\, newline, carriage return and tab become \n, \r and
// \t. Every byte of an invalid UTF-8 sequence, of a control character and of a
// character that is not printable (as [unicode.IsPrint] has it, which excludes
// the bidirectional controls) becomes \x and two lower-case hex digits. All
// else stays as it is, so most names are their own escaped form.
// [UnescapeName] is the inverse.
func EscapeName(name string) string {
	if plainName(name) {
		return name
	}
	var b strings.Builder
	for i := 0; i < len(name); {
		r, n := utf8.DecodeRuneInString(name[i:])
		switch {
		case r == '\\':
			b.WriteString(`\\`)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == utf8.RuneError && n <= 1, !unicode.IsPrint(r):
			for _, c := range []byte(name[i : i+n]) {
				b.WriteString(`\x`)
				b.WriteByte(hexDigits[c>>4])
				b.WriteByte(hexDigits[c&15])
			}
		default:
			b.WriteString(name[i : i+n])
		}
		i += n
	}
	return b.String()
}

func plainName(name string) bool {
	for _, r := range name {
		// RuneError covers invalid bytes and the rare name that really
		// holds U+FFFD; the slow path tells them apart.
		if r == '\\' || r == utf8.RuneError || !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}

// UnescapeName returns the name whose escaped form is s. It accepts only what
// [EscapeName] writes, so that every name has one escaped form; anything else
// is an [*Error] with [CodeName].
func UnescapeName(s string) (string, error) {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b = append(b, s[i])
			continue
		}
		rest := s[i+1:]
		switch {
		case strings.HasPrefix(rest, `\`):
			b = append(b, '\\')
		case strings.HasPrefix(rest, "n"):
			b = append(b, '\n')
		case strings.HasPrefix(rest, "r"):
			b = append(b, '\r')
		case strings.HasPrefix(rest, "t"):
			b = append(b, '\t')
		case len(rest) >= 3 && rest[0] == 'x':
			hi := strings.IndexByte(hexDigits, rest[1])
			lo := strings.IndexByte(hexDigits, rest[2])
			if hi < 0 || lo < 0 {
				return "", badEscape(s)
			}
			b = append(b, byte(hi<<4|lo))
			i += 2
		default:
			return "", badEscape(s)
		}
		i++
	}
	name := string(b)
	if EscapeName(name) != s {
		return "", badEscape(s)
	}
	return name, nil
}

func badEscape(s string) error {
	return &Error{Code: CodeName, Name: s, Detail: "not an escaped name"}
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package strictjson

import (
	"encoding/binary"
	"math"
	"math/bits"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// space moves over white space (RFC 8259, section 2).
func (d *Decoder) space() {
	for d.pos < len(d.data) {
		switch d.data[d.pos] {
		case ' ', '\t', '\n', '\r':
			d.pos++
		default:
			return
		}
	}
}

// literal reads the given word.
func (d *Decoder) literal(word string) bool {
	end := d.pos + len(word)
	if end > len(d.data) || string(d.data[d.pos:end]) != word {
		d.fail(BadSyntax, d.pos, "expected "+word)
		return false
	}
	d.pos = end
	return true
}

// scanString reads a string, which the caller knows to start here. It returns
// the text between the quotes and whether that has escapes.
func (d *Decoder) scanString() (text []byte, escaped, ok bool) {
	start := d.pos + 1
	for i := start; ; {
		i = plain(d.data, i)
		if i == len(d.data) {
			d.fail(BadSyntax, i, "string without an end")
			return nil, false, false
		}
		switch c := d.data[i]; {
		case c == '"':
			d.pos = i + 1
			return d.data[start:i], escaped, true
		case c == '\\':
			escaped = true
			_, size, bad := escape(d.data[i:])
			if bad != "" {
				detail := "invalid escape in a string"
				if bad == BadUTF8 {
					detail = "escaped surrogate without its partner"
				}
				d.fail(bad, i, detail)
				return nil, false, false
			}
			i += size
		case c < 0x20:
			d.fail(BadSyntax, i, "control character in a string: "+quoteByte(c))
			return nil, false, false
		default:
			r, size := utf8.DecodeRune(d.data[i:])
			if r == utf8.RuneError && size == 1 {
				d.fail(BadUTF8, i, "invalid UTF-8 in a string: "+quoteByte(c))
				return nil, false, false
			}
			i += size
		}
	}
}

// plain returns the position, at or after i, of the first byte that needs a
// closer look in a string: a quote, a backslash, a control character or a part
// of a character beyond ASCII. It returns len(data) if there is none.
//
// It looks at eight bytes at a time. In each of the four terms below, the lowest
// bit that is set marks a byte that was looked for; bits above it may be wrong,
// because the subtraction borrows from the next byte, but are not used.
func plain(data []byte, i int) int {
	const (
		ones  = 0x0101010101010101
		highs = 0x80 * ones
	)
	for ; i+8 <= len(data); i += 8 {
		w := binary.LittleEndian.Uint64(data[i:])
		quotes, slashes := w^('"'*ones), w^('\\'*ones)
		found := (quotes-ones)&^quotes | (slashes-ones)&^slashes | (w-0x20*ones)&^w | w
		if found &= highs; found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	for ; i < len(data); i++ {
		if c := data[i]; c == '"' || c == '\\' || c < 0x20 || c >= 0x80 {
			break
		}
	}
	return i
}

// escape decodes the escape at the start of b and returns its size in bytes. If
// the escape is not valid it returns the reason, BadSyntax or BadUTF8.
func escape(b []byte) (r rune, size int, bad Reason) {
	if len(b) < 2 {
		return 0, 0, BadSyntax
	}
	switch b[1] {
	case '"', '\\', '/':
		return rune(b[1]), 2, ""
	case 'b':
		return '\b', 2, ""
	case 'f':
		return '\f', 2, ""
	case 'n':
		return '\n', 2, ""
	case 'r':
		return '\r', 2, ""
	case 't':
		return '\t', 2, ""
	case 'u':
		r, ok := hex4(b[2:])
		if !ok {
			return 0, 0, BadSyntax
		}
		if !utf16.IsSurrogate(r) {
			return r, 6, ""
		}
		if len(b) < 12 || b[6] != '\\' || b[7] != 'u' {
			return 0, 0, BadUTF8
		}
		low, ok := hex4(b[8:])
		if !ok {
			return 0, 0, BadSyntax
		}
		if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
			return 0, 0, BadUTF8
		}
		return r, 12, ""
	}
	return 0, 0, BadSyntax
}

// hex4 decodes four hexadecimal digits at the start of b.
func hex4(b []byte) (r rune, ok bool) {
	if len(b) < 4 {
		return 0, false
	}
	for _, c := range b[:4] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// StringEnd returns where the string literal that starts at i ends, behind its
// quote, and whether it has escapes. The data must be valid; if it ends first,
// the result is len(data).
func StringEnd(data []byte, i int) (end int, escaped bool) {
	for i++; ; i++ {
		i = plain(data, i)
		if i >= len(data) {
			return len(data), escaped
		}
		switch data[i] {
		case '"':
			return i + 1, escaped
		case '\\':
			escaped = true
			i++
		}
	}
}

// AppendString appends to dst the string that a literal stands for. The literal
// must be one that [Decoder.Raw] has returned, with its quotes.
func AppendString(dst, literal []byte) []byte {
	if len(literal) < 2 {
		return dst
	}
	return appendDecoded(dst, literal[1:len(literal)-1])
}

// appendDecoded appends to dst the text of a string with escapes decoded. The
// text must have been accepted by scanString.
func appendDecoded(dst, text []byte) []byte {
	for i := 0; i < len(text); {
		start := i
		for i < len(text) && text[i] != '\\' {
			i++
		}
		dst = append(dst, text[start:i]...)
		if i < len(text) {
			r, size, bad := escape(text[i:])
			if bad != "" {
				return dst // cannot be
			}
			dst = utf8.AppendRune(dst, r)
			i += size
		}
	}
	return dst
}

// scanNumber reads a number, which the caller knows to start here (RFC 8259,
// section 6). It returns the literal and whether that has neither a fraction nor
// an exponent.
func (d *Decoder) scanNumber() (literal []byte, integer, ok bool) {
	i := d.pos
	if d.data[i] == '-' {
		i++
	}
	whole := i
	i = digits(d.data, i)
	switch {
	case i == whole:
		d.fail(BadSyntax, i, "number without digits")
		return nil, false, false
	case d.data[whole] == '0' && i > whole+1:
		d.fail(BadSyntax, whole, "number with a leading zero")
		return nil, false, false
	}
	huge := i-whole > 308 // only then, or with an exponent, may it be beyond a float64
	integer = true
	if i < len(d.data) && d.data[i] == '.' {
		integer = false
		i++
		fraction := i
		if i = digits(d.data, i); i == fraction {
			d.fail(BadSyntax, i, "fraction without digits")
			return nil, false, false
		}
	}
	if i < len(d.data) && (d.data[i] == 'e' || d.data[i] == 'E') {
		integer, huge = false, true
		i++
		if i < len(d.data) && (d.data[i] == '+' || d.data[i] == '-') {
			i++
		}
		exponent := i
		if i = digits(d.data, i); i == exponent {
			d.fail(BadSyntax, i, "exponent without digits")
			return nil, false, false
		}
	}
	literal = d.data[d.pos:i]
	if huge {
		if f, _ := strconv.ParseFloat(string(literal), 64); math.IsInf(f, 0) {
			d.fail(OutOfRange, d.pos, "number beyond a float64")
			return nil, false, false
		}
	}
	d.pos = i
	return literal, integer, true
}

// digits returns the position of the first byte at or after i that is no digit.
func digits(data []byte, i int) int {
	for i < len(data) && data[i] >= '0' && data[i] <= '9' {
		i++
	}
	return i
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package dsse

import (
	"encoding/binary"
	"errors"
)

var errBase64 = errors.New("not base64")

// The two alphabets of RFC 4648, sections 4 and 5, and what both have.
const (
	common   = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	standard = common + "+/"
	url      = common + "-_"
)

// Marks beside the six bits that a character means.
const (
	inStandard = 1 << 24 // only the standard alphabet has it
	inURL      = 1 << 25 // only the URL alphabet has it
	inNone     = 1 << 26
)

// values has what each character means, in the place that it has among the 24 bits of
// a group of four.
var values = makeValues()

func makeValues() *[4][256]uint32 {
	t := new([4][256]uint32)
	for place := range t {
		for c := range t[place] {
			t[place][c] = inNone
		}
		for i := range len(common) + 2 {
			v := uint32(i) << (18 - 6*place)
			switch {
			case i < len(common):
				t[place][common[i]] = v
			default:
				t[place][standard[i]] = v | inStandard
				t[place][url[i]] = v | inURL
			}
		}
	}
	return t
}

// unpad cuts the padding off a text, and reports whether what is left has a length
// that base64 can have, with the padding that belongs to it or none.
func unpad(text []byte) ([]byte, bool) {
	n := len(text)
	for n > 0 && len(text)-n < 2 && text[n-1] == '=' {
		n--
	}
	padding := len(text) - n
	return text[:n], n%4 != 1 && (padding == 0 || len(text)%4 == 0)
}

// decodedLen returns the number of bytes that a text stands for.
func decodedLen(text []byte) (int, error) {
	text, ok := unpad(text)
	if !ok {
		return 0, errBase64
	}
	return len(text)/4*3 + len(text)%4*3/4, nil
}

// decoded returns the bytes that a text stands for, in room if that is large enough.
func decoded(text, room []byte) ([]byte, error) {
	n, err := decodedLen(text)
	if err != nil {
		return nil, err
	}
	b := room
	if n > len(room) {
		b = make([]byte, n)
	}
	b = b[:n:n]
	if err := decodeBase64(b, text); err != nil {
		return nil, err
	}
	return b, nil
}

// decodeBase64 decodes a text into dst, which has room for exactly that. The alphabet
// is the standard or the URL one, but not a mixture; padding is whole or absent; and
// nothing else is taken: no white space, no bits after the end. (encoding/base64 skips
// line ends, and would need a pass over the text to tell the alphabet.)
func decodeBase64(dst, text []byte) error {
	text, ok := unpad(text)
	if !ok {
		return errBase64
	}
	var marks uint32
	t := values
	// Eight characters are six bytes; eight are written while there is room.
	for len(text) >= 8 && len(dst) >= 8 {
		c := binary.LittleEndian.Uint64(text)
		high := t[0][byte(c)] | t[1][byte(c>>8)] | t[2][byte(c>>16)] | t[3][byte(c>>24)]
		low := t[0][byte(c>>32)] | t[1][byte(c>>40)] | t[2][byte(c>>48)] | t[3][byte(c>>56)]
		marks |= high | low
		binary.BigEndian.PutUint64(dst, uint64(high)<<40|uint64(low&0xffffff)<<16)
		text, dst = text[8:], dst[6:]
	}
	for len(text) >= 4 && len(dst) >= 3 {
		v := t[0][text[0]] | t[1][text[1]] | t[2][text[2]] | t[3][text[3]]
		marks |= v
		dst[0], dst[1], dst[2] = byte(v>>16), byte(v>>8), byte(v)
		text, dst = text[4:], dst[3:]
	}
	switch len(text) {
	case 2:
		v := t[0][text[0]] | t[1][text[1]]
		if marks |= v; v&0xffff != 0 {
			return errBase64 // bits after the end
		}
		dst[0] = byte(v >> 16)
	case 3:
		v := t[0][text[0]] | t[1][text[1]] | t[2][text[2]]
		if marks |= v; v&0xff != 0 {
			return errBase64
		}
		dst[0], dst[1] = byte(v>>16), byte(v>>8)
	}
	if marks&inNone != 0 || marks&(inStandard|inURL) == inStandard|inURL {
		return errBase64
	}
	return nil
}

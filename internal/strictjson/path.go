// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package strictjson

import (
	"bytes"
	"strconv"
	"strings"
)

// path returns the path of the value or member name that ends or is being read
// at end. The decoder keeps no path while all is well; this finds it by reading
// again what has been accepted so far, so it can rely on good syntax.
func (d *Decoder) path(end int) string {
	type frame struct {
		array bool
		index int    // in an array
		name  []byte // in an object: the name read last, with its quotes
	}
	var frames []frame
	for i := 0; i < end; i++ {
		top := len(frames) - 1
		switch d.data[i] {
		case '{':
			frames = append(frames, frame{})
		case '[':
			frames = append(frames, frame{array: true})
		case '}', ']':
			frames = frames[:max(top, 0)]
		case ',':
			if top >= 0 {
				frames[top].index++
				frames[top].name = nil
			}
		case '"':
			start := i
			stop, _ := StringEnd(d.data[:end], i)
			i = stop - 1
			if top >= 0 && !frames[top].array && frames[top].name == nil {
				frames[top].name = d.data[start:stop]
			}
		}
	}

	var b strings.Builder
	for _, f := range frames {
		switch {
		case f.array:
			b.WriteString("[" + strconv.Itoa(f.index) + "]")
		case f.name != nil:
			writeName(&b, f.name)
		}
	}
	const most = 256
	p := b.String()
	if len(p) > most {
		p = p[:most/2] + "..." + p[len(p)-most/2:]
	}
	return p
}

// writeName adds the member name with the given literal to a path.
func writeName(b *strings.Builder, literal []byte) {
	name := string(AppendString(nil, literal))
	if name == "" || len(name) > 64 || bytes.ContainsFunc([]byte(name), notPlain) {
		b.WriteString("[" + quote(name) + "]")
		return
	}
	if b.Len() > 0 {
		b.WriteByte('.')
	}
	b.WriteString(name)
}

func notPlain(r rune) bool {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_', r == '-':
		return false
	}
	return true
}

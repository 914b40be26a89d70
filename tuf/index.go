// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package tuf

import (
	"bytes"
	"slices"

	"github.com/tallystick/tallystick/internal/strictjson"
)

// An index finds the entries of one JSON object by name, in the bytes as they were
// served: metadata may list a million targets, of which a client asks for a few.
// Functions of this file but locateSigned read JSON that package strictjson has
// accepted, and rely on that.
type index struct {
	object []byte
	names  []uint32 // where each name starts, sorted by the names decoded
}

// findMember returns where the value of a member of the object is; from is 0 if there
// is no such member.
func findMember(object []byte, name string) (from, to int) {
	eachMember(object, func(at int, value int) int {
		end := valueEnd(object, value)
		if string(nameAt(object, at)) == name {
			from, to = value, end
		}
		return end
	})
	return from, to
}

// newIndex indexes an object of targets. It also reports whether all of them are
// plain: well formed in the way that nearly all are, see plainFile. Others have to be
// looked at by decodeTargetFile, which takes longer and knows what is wrong.
func newIndex(object []byte) (x index, plain bool) {
	x.object = object
	// A target is rarely shorter than that.
	x.names = make([]uint32, 0, len(object)/128+1)
	sorted, last := true, []byte(nil)
	plain = true
	eachMember(object, func(at, value int) int {
		x.names = append(x.names, uint32(at))
		name := nameAt(object, at)
		sorted = sorted && (last == nil || bytes.Compare(last, name) < 0)
		last = name
		end, ok := plainFile(object, value)
		if !ok {
			plain = false
			end = valueEnd(object, value)
		}
		return end
	})
	if !sorted {
		slices.SortFunc(x.names, func(a, b uint32) int { return bytes.Compare(nameAt(object, int(a)), nameAt(object, int(b))) })
	}
	return x, plain
}

// find returns the value of a member.
func (x index) find(name string) (value []byte, ok bool) {
	i, ok := slices.BinarySearchFunc(x.names, []byte(name), func(at uint32, name []byte) int {
		return bytes.Compare(nameAt(x.object, int(at)), name)
	})
	if !ok {
		return nil, false
	}
	from := valueStart(x.object, int(x.names[i]))
	return x.object[from:valueEnd(x.object, from)], true
}

// locateSigned returns where the value of the member signed seems to be in the object
// at the top. Nothing is known about the data.
func locateSigned(data []byte) (from, to int, ok bool) {
	is := func(i int, c byte) bool { return i < len(data) && data[i] == c }
	i := space(data, 0)
	if !is(i, '{') {
		return 0, 0, false
	}
	for i = space(data, i+1); is(i, '"'); i = space(data, i+1) {
		end, _ := strictjson.StringEnd(data, i)
		value := space(data, end)
		if !is(value, ':') {
			return 0, 0, false
		}
		value = space(data, value+1)
		stop := valueEnd(data, value)
		if string(data[i:end]) == `"signed"` && is(value, '{') {
			return value, stop, true
		}
		if i = space(data, stop); !is(i, ',') {
			return 0, 0, false
		}
	}
	return 0, 0, false
}

// eachMember calls f with where the name and the value of each member of an object
// start; f returns where the value ends.
func eachMember(object []byte, f func(name, value int) int) {
	for i := space(object, 1); object[i] != '}'; {
		i = space(object, f(i, valueStart(object, i)))
		if object[i] == ',' {
			i = space(object, i+1)
		}
	}
}

// valueStart returns where the value starts of the member whose name starts at i.
func valueStart(data []byte, i int) int {
	end, _ := strictjson.StringEnd(data, i)
	return space(data, space(data, end)+1) // behind the colon
}

// nameAt returns the name that starts at i, decoded.
func nameAt(data []byte, i int) []byte {
	end, escaped := strictjson.StringEnd(data, i)
	if escaped {
		return strictjson.AppendString(nil, data[i:end])
	}
	return data[i+1 : end-1]
}

// valueEnd returns where the value ends that starts at i.
func valueEnd(data []byte, i int) int {
	for depth := 0; i < len(data); i++ {
		switch data[i] {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
			if depth < 0 {
				return i // of what the value is in
			}
			if depth == 0 {
				return i + 1
			}
		case '"':
			i, _ = strictjson.StringEnd(data, i)
			i--
			if depth == 0 {
				return i + 1
			}
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return i
			}
		}
	}
	return i
}

func space(data []byte, i int) int {
	for i < len(data) && (data[i] == ' ' || data[i] == '\n' || data[i] == '\t' || data[i] == '\r') {
		i++
	}
	return i
}

// plainFile reports whether at i there is the entry of a target with a length of up
// to 18 digits, a sha256 or sha512 or both as its hashes, perhaps a custom object, and
// nothing else, and where it ends.
func plainFile(data []byte, i int) (end int, ok bool) {
	if data[i] != '{' {
		return 0, false
	}
	var length, hashes bool
	for i = space(data, i+1); data[i] != '}'; {
		v := valueStart(data, i)
		switch name := data[i:]; {
		case bytes.HasPrefix(name, []byte(`"length"`)):
			length = true
			i = v
			for data[i] >= '0' && data[i] <= '9' {
				i++
			}
			if i == v || i-v > 18 || data[i] != ',' && data[i] != '}' && space(data, i) == i {
				return 0, false
			}
		case bytes.HasPrefix(name, []byte(`"hashes"`)):
			hashes = true
			if i, ok = plainHashes(data, v); !ok {
				return 0, false
			}
		case bytes.HasPrefix(name, []byte(`"custom"`)) && data[v] == '{':
			i = valueEnd(data, v)
		default:
			return 0, false
		}
		if i = space(data, i); data[i] == ',' {
			i = space(data, i+1)
		}
	}
	return i + 1, length && hashes
}

// plainHashes is plainFile for the hashes.
func plainHashes(data []byte, i int) (end int, ok bool) {
	if data[i] != '{' {
		return 0, false
	}
	for i = space(data, i+1); data[i] != '}'; {
		var size int
		switch name := data[i:]; {
		case bytes.HasPrefix(name, []byte(`"sha256"`)):
			size = 64
		case bytes.HasPrefix(name, []byte(`"sha512"`)):
			size = 128
		default:
			return 0, false
		}
		v := valueStart(data, i)
		if data[v] != '"' || len(data)-v < size+2 || data[v+1+size] != '"' {
			return 0, false
		}
		for _, c := range data[v+1 : v+1+size] {
			if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
				return 0, false
			}
		}
		ok = true
		if i = space(data, v+size+2); data[i] == ',' {
			i = space(data, i+1)
		}
	}
	return i + 1, ok
}

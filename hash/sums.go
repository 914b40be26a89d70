// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// ParseSums reads a list of digests as sha256sum and its relatives write it, a
// line for each file:
//
//	<hex> <space> <space or *> <name>
//
// The digits do not say which algorithm made them, so the caller does. A line
// that begins with a backslash has \\, \n and \r in the name for a backslash, a
// newline and a carriage return, as GNU coreutils write them; in other lines a
// backslash is one. Lines that begin with # are comments. The mark * for binary
// files means nothing. A name that ends in a carriage return, unescaped, is refused:
// the tools drop it.
//
// Names are taken as they are: "./a" is not "a". Anything else in a line, an empty
// line, and a digest that is not lower-case hex of the right length are an
// [*Error] with [CodeManifest] or [CodeDigest]; a name that repeats is one with
// [CodeName], and a list of nothing one with [CodeOptions].
func ParseSums(data []byte, alg Algorithm) (*Manifest, error) {
	if kind := alg.info().kind; !alg.Valid() || kind != ofStream && kind != ofBlob {
		return nil, &Error{Code: CodeAlgorithm, Name: alg.String(), Detail: "does not identify files"}
	}
	var entries []ManifestEntry
	err := eachLine(data, func(n int, line string, escaped bool) error {
		digits := 2 * alg.Size()
		if len(line) < digits+3 || line[digits] != ' ' || line[digits+1] != ' ' && line[digits+1] != '*' {
			return badLine(n, fmt.Sprintf("want %d hex digits, a space, a space or an asterisk, and a name", digits))
		}
		name, err := lineName(n, line[digits+2:], escaped)
		if err != nil {
			return err
		}
		d, err := parseDigest(alg.String(), line[:digits])
		if err != nil {
			return err
		}
		entries = append(entries, ManifestEntry{Name: name, Digests: Set{[]Digest{d}}})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return NewManifest(entries...)
}

// ParseTagged reads a list of digests as BSD tools and sha256sum --tag write it, a
// line for each file and algorithm:
//
//	<TAG> <space> ( <name> ) <space> = <space> <hex>
//
// Tags are SHA256, SHA384, SHA512, SHA512/256, SHA3-256, SHA3-384, SHA3-512,
// BLAKE2b, SHA224, SHA512/224, SHA3-224, RMD160, SHA1 and MD5; another one is an
// [*Error] with [CodeAlgorithm]. A file may have lines with different tags, which
// make one entry. All else is as in [ParseSums].
func ParseTagged(data []byte) (*Manifest, error) {
	digests := make(map[string][]Digest)
	err := eachLine(data, func(n int, line string, escaped bool) error {
		tag, rest, ok1 := strings.Cut(line, " (")
		// The name may hold the separator, the digits cannot.
		end := strings.LastIndex(rest, ") = ")
		if !ok1 || end < 0 {
			return badLine(n, "want TAG (name) = hex")
		}
		alg, ok := tagAlgorithm(tag)
		if !ok {
			return &Error{Code: CodeAlgorithm, Name: tag, Detail: fmt.Sprintf("line %d: unknown tag", n)}
		}
		name, err := lineName(n, rest[:end], escaped)
		if err != nil {
			return err
		}
		d, err := parseDigest(alg.String(), rest[end+len(") = "):])
		if err != nil {
			return err
		}
		if slices.ContainsFunc(digests[name], func(d Digest) bool { return d.alg == alg }) {
			return &Error{Code: CodeName, Name: name, Detail: "twice in a manifest with " + alg.String()}
		}
		digests[name] = append(digests[name], d)
		return nil
	})
	if err != nil {
		return nil, err
	}
	var entries []ManifestEntry
	for _, name := range slices.Sorted(maps.Keys(digests)) {
		set, err := NewSet(digests[name]...)
		if err != nil {
			return nil, err
		}
		entries = append(entries, ManifestEntry{Name: name, Digests: set})
	}
	return NewManifest(entries...)
}

func (a Algorithm) tag() string {
	switch a {
	case SHA512_256:
		return "SHA512/256"
	case SHA512_224:
		return "SHA512/224"
	case SHA3_256, SHA3_384, SHA3_512, SHA3_224:
		return "SHA3-" + a.String()[len("sha3_"):]
	case BLAKE2b:
		return "BLAKE2b"
	case RIPEMD160:
		return "RMD160"
	case SHA256, SHA384, SHA512, SHA224, SHA1, MD5:
		return strings.ToUpper(a.String())
	}
	return ""
}

func tagAlgorithm(tag string) (Algorithm, bool) {
	for a := Algorithm(1); a.Valid(); a++ {
		if t := a.tag(); t != "" && t == tag {
			return a, true
		}
	}
	return 0, false
}

// Sums returns the manifest in the form that [ParseSums] reads, sorted by name,
// for sha256sum -c and its relatives. An entry that is not a file is an [*Error]
// with [CodeNotRegular], as the form cannot hold it; a file that has no digest of
// this algorithm is one with [CodeAlgorithm], and a name with a NUL, or "-", which
// the tools read as standard input, one with [CodeName].
func (m *Manifest) Sums(alg Algorithm) ([]byte, error) {
	return m.lines(alg, func(b []byte, name, hex string) []byte {
		b = append(b, hex...)
		b = append(b, "  "...)
		return append(b, name...)
	})
}

// Tagged returns the manifest in the form that [ParseTagged] reads, with the
// digests of one algorithm. Errors are those of [Manifest.Sums], and an algorithm
// without a tag is one with [CodeAlgorithm].
func (m *Manifest) Tagged(alg Algorithm) ([]byte, error) {
	tag := alg.tag()
	if tag == "" {
		return nil, &Error{Code: CodeAlgorithm, Name: alg.String(), Detail: "has no tag"}
	}
	return m.lines(alg, func(b []byte, name, hex string) []byte {
		b = append(b, tag...)
		b = append(b, " ("...)
		b = append(b, name...)
		b = append(b, ") = "...)
		return append(b, hex...)
	})
}

func (m *Manifest) lines(alg Algorithm, line func(b []byte, name, hex string) []byte) ([]byte, error) {
	if m.Len() == 0 {
		return nil, &Error{Code: CodeOptions, Detail: "a manifest without entries"}
	}
	escaper := strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`)
	var b []byte
	for _, e := range m.entries {
		if e.Type != File {
			return nil, &Error{Code: CodeNotRegular, Name: e.Name, Detail: "is a " + e.Type.String() + ", which a list of digests cannot hold"}
		}
		d, ok := e.Digests.Get(alg)
		if !ok {
			return nil, &Error{Code: CodeAlgorithm, Name: e.Name, Detail: "has no digest with " + alg.String()}
		}
		if e.Name == "-" {
			return nil, &Error{Code: CodeName, Name: e.Name, Detail: "would be read as standard input"}
		}
		if strings.Contains(e.Name, "\x00") {
			return nil, &Error{Code: CodeName, Name: e.Name, Detail: "has a NUL in its name"}
		}
		name := escaper.Replace(e.Name)
		if name != e.Name {
			b = append(b, '\\')
		}
		b = append(line(b, name, d.Hex()), '\n')
	}
	return b, nil
}

// eachLine calls do for every line that is not a comment, without the newline
// and the backslash that says that its name is escaped.
func eachLine(data []byte, do func(n int, line string, escaped bool) error) error {
	data = bytes.TrimSuffix(data, []byte("\n"))
	if len(data) == 0 {
		return &Error{Code: CodeOptions, Detail: "a manifest without entries"}
	}
	n := 0
	for line := range bytes.SplitSeq(data, []byte("\n")) {
		n++
		if bytes.HasPrefix(line, []byte("#")) {
			continue
		}
		line, escaped := bytes.CutPrefix(line, []byte(`\`))
		if err := do(n, string(line), escaped); err != nil {
			return err
		}
	}
	return nil
}

func badLine(n int, detail string) error {
	return &Error{Code: CodeManifest, Detail: fmt.Sprintf("line %d: %s", n, detail)}
}

// lineName returns the name that a line holds.
func lineName(n int, s string, escaped bool) (string, error) {
	if strings.Contains(s, "\x00") {
		return "", badLine(n, "NUL in a name")
	}
	if !escaped {
		if strings.HasSuffix(s, "\r") {
			// coreutils drop it; a name that ends so is escaped.
			return "", badLine(n, "ends in a carriage return, as if it had gone through Windows")
		}
		return s, nil
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch {
		case i < len(s) && s[i] == '\\':
			b.WriteByte('\\')
		case i < len(s) && s[i] == 'n':
			b.WriteByte('\n')
		case i < len(s) && s[i] == 'r':
			b.WriteByte('\r')
		default:
			return "", badLine(n, "unknown escape in a name")
		}
	}
	return b.String(), nil
}

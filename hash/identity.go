// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"path"
	"strconv"
	"strings"
)

// DirHash returns the Go module hash of the tree: SHA-256 over one line for
// each file, sorted by name, with its SHA-256 in hex, two spaces and its name.
// prefix is put before the names as golang.org/x/mod/sumdb/dirhash.HashDir
// does; a module zip carries "module@version/" in its names already and takes
// the prefix "". Folders do not count.
//
// The hash has no place for links, which x/mod would follow: a tree with one is
// an [*Error] with [CodeNotRegular]. A newline in a name or in the prefix is one
// with [CodeName], a tree whose files were not measured with SHA256 one with
// [CodeAlgorithm], and a partial tree one with [CodePartial].
func (t *Tree) DirHash(prefix string) (Digest, error) {
	if err := t.has(DirHash); err != nil {
		return Digest{}, err
	}
	prefix = strings.TrimSuffix(path.Join(prefix, "x"), "x")
	if strings.Contains(prefix, "\n") {
		return Digest{}, &Error{Code: CodeName, Name: prefix, Detail: "a dirHash cannot hold a newline"}
	}
	h := sha256.New()
	var line []byte
	for _, n := range t.nodes {
		if n.typ == Dir {
			continue
		}
		if n.typ != File {
			return Digest{}, &Error{Code: CodeNotRegular, Name: n.name, Detail: "is a link, which a dirHash cannot hold; a gitTree can"}
		}
		if strings.Contains(n.name, "\n") {
			return Digest{}, &Error{Code: CodeName, Name: n.name, Detail: "a dirHash cannot hold a newline"}
		}
		line = hex.AppendEncode(line[:0], t.sum(n, SHA256))
		line = append(line, "  "...)
		line = append(line, prefix...)
		line = append(line, n.name...)
		line = append(line, '\n')
		h.Write(line)
	}
	return NewDigest(DirHash, h.Sum(nil))
}

// has reports whether the files were measured as an identity needs it.
func (t *Tree) has(identity Algorithm) error {
	if err := t.whole(); err != nil {
		return err
	}
	need := identity.fileAlgorithm()
	if t.measuredBy(need) {
		return nil
	}
	return &Error{Code: CodeAlgorithm, Name: identity.String(), Detail: "needs files measured with " + need.String()}
}

// GitTree returns the name that git gives to the tree, what git write-tree
// prints when all of it is added: alg is GitTree for repositories with SHA-1
// object names, GitTreeSHA256 for those with SHA-256. Folders with no file or
// link anywhere in them do not exist for git. Where execute bits are not known
// files count as not executable. Like [Tree.DirHash] it reads nothing and takes
// time in proportion to the length of all names.
//
// A tree whose files were not measured with the git blob algorithm of the same
// kind is an [*Error] with [CodeAlgorithm], and a partial tree one with
// [CodePartial].
func (t *Tree) GitTree(alg Algorithm) (Digest, error) {
	if alg != GitTree && alg != GitTreeSHA256 {
		return Digest{}, &Error{Code: CodeAlgorithm, Name: alg.String(), Detail: "is not a git tree algorithm"}
	}
	if err := t.has(alg); err != nil {
		return Digest{}, err
	}
	g := gitHasher{t: t, alg: alg}
	return NewDigest(alg, g.tree())
}

type gitHasher struct {
	t   *Tree
	alg Algorithm
}

// tree returns the object name of the root.
//
// Git sorts a folder a as if it were named "a/". That is where the entries
// below it stand in the order of full names, so that order needs no other sort,
// and one pass is enough: a folder is begun when its first file or link is met
// and written when the first one behind it is. What has none does not exist.
func (g *gitHasher) tree() []byte {
	type folder struct {
		prefix int // length of its name with the slash, in the name met last
		body   []byte
	}
	begun := []folder{{}}
	last := ""
	write := func() {
		sub := begun[len(begun)-1]
		begun = begun[:len(begun)-1]
		up := &begun[len(begun)-1]
		up.body = appendGitEntry(up.body, "40000", last[up.prefix:sub.prefix-1], g.object("tree", sub.body))
	}
	for _, n := range g.t.nodes {
		if n.typ == Dir {
			continue
		}
		for !strings.HasPrefix(n.name, last[:begun[len(begun)-1].prefix]) {
			write()
		}
		last = n.name
		at := begun[len(begun)-1].prefix
		for {
			slash := strings.IndexByte(n.name[at:], '/')
			if slash < 0 {
				break
			}
			at += slash + 1
			begun = append(begun, folder{prefix: at})
		}
		top, base := &begun[len(begun)-1], n.name[at:]
		switch {
		case n.typ == Link:
			top.body = appendGitEntry(top.body, "120000", base, g.object("blob", n.data))
		case n.exec == execYes:
			top.body = appendGitEntry(top.body, "100755", base, g.t.sum(n, g.alg.fileAlgorithm()))
		default:
			top.body = appendGitEntry(top.body, "100644", base, g.t.sum(n, g.alg.fileAlgorithm()))
		}
	}
	for len(begun) > 1 {
		write()
	}
	return g.object("tree", begun[0].body)
}

func appendGitEntry(body []byte, mode, name string, sum []byte) []byte {
	body = append(body, mode...)
	body = append(body, ' ')
	body = append(body, name...)
	body = append(body, 0)
	return append(body, sum...)
}

func (g *gitHasher) object(kind string, body []byte) []byte {
	h := g.alg.info().base()
	h.Write(append(strconv.AppendInt([]byte(kind+" "), int64(len(body)), 10), 0))
	h.Write(body)
	return h.Sum(nil)
}

// FormatH1 returns a dirHash as go.sum and the Go checksum database write it:
// "h1:" and standard base64. Any other digest is an [*Error] with
// [CodeAlgorithm].
func FormatH1(d Digest) (string, error) {
	if d.alg != DirHash {
		return "", &Error{Code: CodeAlgorithm, Name: d.alg.String(), Detail: "only a dirHash has an h1: form"}
	}
	return "h1:" + base64.StdEncoding.EncodeToString(d.sum[:d.alg.Size()]), nil
}

// ParseH1 reads what [FormatH1] writes, in exactly that spelling. The error is
// an [*Error] with [CodeDigest].
func ParseH1(s string) (Digest, error) {
	text, ok := strings.CutPrefix(s, "h1:")
	if !ok {
		return Digest{}, &Error{Code: CodeDigest, Name: s, Detail: "no h1: prefix"}
	}
	sum, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		return Digest{}, &Error{Code: CodeDigest, Name: s, Err: err}
	}
	d, err := NewDigest(DirHash, sum)
	if err != nil {
		return Digest{}, err
	}
	// encoding/base64 skips newlines.
	if again, _ := FormatH1(d); again != s {
		return Digest{}, &Error{Code: CodeDigest, Name: s, Detail: "not in its one spelling"}
	}
	return d, nil
}

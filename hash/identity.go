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
// files count as not executable.
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
	sum, _ := g.tree(t.nodes, 0)
	return NewDigest(alg, sum)
}

type gitHasher struct {
	t   *Tree
	alg Algorithm
}

// tree returns the object name of the folder that holds nodes, which are all
// entries with one prefix of skip bytes, and whether it is empty.
//
// Git sorts a folder a as if it were named "a/". That is where the entries
// below it stand in the order of full names, so that order needs no other sort:
// a folder is written when its first descendant is met. Its own node may stand
// earlier and is passed over.
func (g *gitHasher) tree(nodes []*node, skip int) (sum []byte, empty bool) {
	var body []byte
	for i := 0; i < len(nodes); {
		n := nodes[i]
		rest := n.name[skip:]
		if slash := strings.IndexByte(rest, '/'); slash >= 0 {
			prefix := n.name[:skip+slash+1]
			end := i + 1
			for end < len(nodes) && strings.HasPrefix(nodes[end].name, prefix) {
				end++
			}
			if sub, empty := g.tree(nodes[i:end], len(prefix)); !empty {
				body = appendGitEntry(body, "40000", rest[:slash], sub)
			}
			i = end
			continue
		}
		switch {
		case n.typ == Link:
			body = appendGitEntry(body, "120000", rest, g.object("blob", n.data))
		case n.typ == File && n.exec == execYes:
			body = appendGitEntry(body, "100755", rest, g.t.sum(n, g.alg.fileAlgorithm()))
		case n.typ == File:
			body = appendGitEntry(body, "100644", rest, g.t.sum(n, g.alg.fileAlgorithm()))
		}
		i++
	}
	return g.object("tree", body), len(body) == 0
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

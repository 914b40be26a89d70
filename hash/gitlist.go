// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash

import (
	"fmt"
	"strings"
)

// ParseGitList reads what git ls-tree -r -z prints, which lists every file and
// link of a commit with its mode and object name:
//
//	<mode> <space> blob <space> <object name> <tab> <name> <NUL>
//
// Object names over SHA-1 prove nothing, see [Algorithm.Strong]: a tree that is
// matched with them has every entry in [Delta.Changed], with the Field "digests"
// where the object name is equal and "gitBlob" where it is not. Repositories with
// SHA-256 object names do not have this problem.
//
// A submodule, which names a commit and has no content here, is an [*Error] with
// [CodeNotRegular], as is a mode that git does not write. Anything else that is
// not in this form is one with [CodeManifest] or [CodeDigest], a name that
// repeats one with [CodeName], and a list of nothing one with [CodeOptions].
func ParseGitList(data []byte) (*Manifest, error) {
	var entries []ManifestEntry
	alg := Algorithm(0)
	for rest := string(data); rest != ""; {
		bad := func(detail string) (*Manifest, error) {
			return nil, &Error{Code: CodeManifest, Detail: fmt.Sprintf("record %d: %s", len(entries)+1, detail)}
		}
		record, after, ok := strings.Cut(rest, "\x00")
		if !ok {
			return bad("does not end with NUL")
		}
		rest = after
		head, name, ok := strings.Cut(record, "\t")
		fields := strings.Split(head, " ")
		if !ok || len(fields) != 3 {
			return bad("want mode, type, object name, a tab, name and NUL")
		}
		e := ManifestEntry{Name: name}
		switch mode, kind := fields[0], fields[1]; {
		case mode == "160000" && kind == "commit":
			return nil, &Error{Code: CodeNotRegular, Name: name, Detail: "is a submodule"}
		case kind != "blob":
			return bad("is not a blob; ls-tree needs -r")
		case mode == "100644":
			e.Type, e.Executable = File, new(false)
		case mode == "100755":
			e.Type, e.Executable = File, new(true)
		case mode == "120000":
			e.Type = Link
		default:
			return nil, &Error{Code: CodeNotRegular, Name: name, Detail: "has a mode that git does not write"}
		}
		d, err := parseDigest(GitBlob.String(), fields[2])
		if err != nil {
			return nil, err
		}
		if alg != 0 && d.alg != alg {
			return bad("has an object name of another kind than the one before")
		}
		alg = d.alg
		e.Digests = Set{[]Digest{d}}
		entries = append(entries, e)
	}
	return NewManifest(entries...)
}

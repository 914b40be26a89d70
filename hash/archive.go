// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash

import (
	"fmt"
	"io"
	"strings"
)

// An archiver builds the tree that an archive would extract to, and refuses
// archives that extractors may disagree about.
type archiver struct {
	*builder
	byName  map[string]archived
	dropped map[string]EntryType // what the options leave out
}

type archived struct {
	n        *node
	explicit bool // the archive has an entry for it; folders can also be implied
}

func newArchiver(p *plan) *archiver {
	return &archiver{
		builder: &builder{plan: p},
		byName:  make(map[string]archived),
		dropped: make(map[string]EntryType),
	}
}

// entryName checks the name of an entry and returns it as the tree has it:
// without one leading "./" and, for folders, without one slash at the end. The
// root itself becomes "". Nothing else is cleaned, since extractors do not
// agree on how.
func entryName(raw string, folder bool) (string, error) {
	refuse := func(detail string) (string, error) {
		return "", &Error{Code: CodeName, Name: raw, Detail: detail}
	}
	if strings.Contains(raw, "\x00") {
		return refuse("has a NUL in its name")
	}
	name := raw
	if folder {
		name = strings.TrimSuffix(name, "/")
		if name == "." {
			return "", nil
		}
	}
	name = strings.TrimPrefix(name, "./")
	// Some extractors take a backslash as a separator. Names that only have
	// one are for the caller to judge; those that would escape are not.
	if name == "" || name[0] == '/' || name[0] == '\\' {
		return refuse("is empty or absolute")
	}
	if len(name) >= 2 && name[1] == ':' && 'a' <= name[0]|0x20 && name[0]|0x20 <= 'z' {
		return refuse("begins with a drive letter")
	}
	for part := range strings.FieldsFuncSeq(name, func(r rune) bool { return r == '/' || r == '\\' }) {
		if part == ".." {
			return refuse("leads out of the tree")
		}
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part == "." {
			return refuse("has an element that extractors clean away")
		}
	}
	return name, nil
}

// enter makes the node of an entry with a checked name. It returns nil for what
// the options leave out. What cannot be measured enters with type 0, so that its
// name is taken.
func (a *archiver) enter(name string, typ EntryType) (*node, error) {
	if err := a.count(1, name); err != nil {
		return nil, err
	}
	// Before the folders that the name implies are made.
	if err := a.checkDepth(name); err != nil {
		return nil, err
	}
	for i := range len(name) {
		if name[i] != '/' {
			continue
		}
		if a.dropped[name[:i]] != 0 {
			return nil, nil
		}
		if out, err := a.parent(name[:i]); out || err != nil {
			return nil, err
		}
	}
	before, exists := a.byName[name]
	switch {
	case exists && typ == Dir && before.n.typ == Dir && !before.explicit:
		a.byName[name] = archived{before.n, true}
		return before.n, nil
	case exists && before.n.typ == typ:
		return nil, &Error{Code: CodeName, Name: name, Detail: "is in the archive twice"}
	case exists:
		return nil, &Error{Code: CodeName, Name: name, Detail: fmt.Sprintf("is a %s and a %s in one archive", kind(before.n.typ), kind(typ))}
	}
	if before := a.dropped[name]; before == Dir && typ == Dir {
		return nil, nil
	} else if before != 0 {
		return nil, &Error{Code: CodeName, Name: name, Detail: "is in the archive twice"}
	}
	if out, err := a.leaves(name, typ); out || err != nil {
		return nil, err
	}
	n, err := a.add(name, typ)
	if err != nil {
		return nil, err
	}
	a.byName[name] = archived{n, true}
	return n, nil
}

// kind describes a type, 0 being that of what cannot be measured.
func kind(typ EntryType) string {
	if typ == 0 {
		return "special file"
	}
	return typ.String()
}

// parent makes sure that name is a folder.
func (a *archiver) parent(name string) (out bool, err error) {
	if before, exists := a.byName[name]; exists {
		if before.n.typ != Dir {
			return false, &Error{Code: CodeName, Name: name, Detail: fmt.Sprintf("is a %s in the archive and has entries below it", kind(before.n.typ))}
		}
		return false, nil
	}
	if err := a.count(1, name); err != nil {
		return false, err
	}
	if out, err := a.leaves(name, Dir); out || err != nil {
		return out, err
	}
	n, err := a.add(name, Dir)
	if err != nil {
		return false, err
	}
	a.byName[name] = archived{n, false}
	return false, nil
}

// leaves reports whether the options leave an entry out, and records it.
func (a *archiver) leaves(name string, typ EntryType) (bool, error) {
	base := name[strings.LastIndexByte(name, '/')+1:]
	if !a.exclude.match(name, base, typ == Dir) {
		return false, nil
	}
	a.dropped[name] = typ
	return true, a.leaveOut(name)
}

// checkRatio accounts for content in relation to the size of the archive.
func (p *plan) checkRatio(content, archive int64, name string) error {
	if over := content - ratioFloor; over > 0 && over/int64(p.MaxRatio) > archive {
		return p.limit(name, "MaxRatio", int64(p.MaxRatio), "bytes of content for each byte of the archive")
	}
	return nil
}

// readEntry measures one file of an archive through r, which must hold exactly
// size bytes, and appends its digests to sums[:0]. more, if not nil, is told of
// every chunk and can stop the reading.
func (k *worker) readEntry(r io.Reader, name string, size int64, sums []byte, more func(int) error) error {
	k.d.reset(size)
	k.told = 0
	feed := k.d.feed(k.buf)
	defer feed.end()
	var n int64
	idle := 0
	for {
		if err := k.ctx.Err(); err != nil {
			return err
		}
		m, err := r.Read(feed.next())
		if n += int64(m); n > size {
			return &Error{Code: CodeArchive, Name: name, Detail: fmt.Sprintf("has more than the %d bytes it promises", size)}
		}
		feed.put(m)
		k.tell(m)
		if more != nil {
			if err := more(m); err != nil {
				return err
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return &Error{Code: CodeArchive, Name: name, Err: err}
		}
		if m > 0 {
			idle = 0
		} else if idle++; idle == 100 {
			return &Error{Code: CodeRead, Name: name, Err: io.ErrNoProgress}
		}
	}
	if n != size {
		return &Error{Code: CodeArchive, Name: name, Detail: fmt.Sprintf("has %d bytes and promises %d", n, size)}
	}
	feed.end()
	k.d.sums(sums[:0])
	k.progress.did(1, 0)
	return nil
}

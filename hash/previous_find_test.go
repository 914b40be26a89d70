// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash

import (
	"io/fs"
	"testing"
	"time"
)

// Whatever a file system says differently about a file, it is read again, also
// where the file system is at fault and the rest did not change.
func TestPreviousFind(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	was := stat{mode: 0o644, size: 5, dev: 1, ino: 2, mtime: at.UnixNano(), ctime: at.UnixNano() + 1}
	tree := func(change func(*Tree)) *Tree {
		s := was.stamp()
		t := &Tree{algs: []Algorithm{SHA256}, began: at.Add(time.Hour).UnixNano(), nodes: []*node{
			{name: "a", typ: Dir}, {name: "f", typ: File, size: was.size, stamp: &s, data: make([]byte, 32)}}}
		t.finish()
		change(t)
		return t
	}
	for what, c := range map[string]struct {
		now  func(*stat)
		tree func(*Tree)
		same bool
	}{
		"nothing":           {same: true},
		"mode":              {now: func(s *stat) { s.mode = 0o755 }},
		"setuid":            {now: func(s *stat) { s.mode |= fs.ModeSetuid }},
		"size":              {now: func(s *stat) { s.size++ }},
		"device":            {now: func(s *stat) { s.dev++ }},
		"inode":             {now: func(s *stat) { s.ino++ }},
		"modification time": {now: func(s *stat) { s.mtime++ }},
		"change time":       {now: func(s *stat) { s.ctime-- }},
		"no stamp":          {tree: func(t *Tree) { t.nodes[1].stamp = nil }},
		"a link":            {tree: func(t *Tree) { t.nodes[1].typ = Link }},
		"another name":      {tree: func(t *Tree) { t.nodes[1].name = "g" }},
		"no time":           {tree: func(t *Tree) { t.began = 0 }},
		"not measured":      {tree: func(t *Tree) { t.measured = false }},
		"partial":           {tree: func(t *Tree) { t.errs = []error{CodeRead} }},
		"other algorithms":  {tree: func(t *Tree) { t.algs = []Algorithm{SHA512} }},
		"too young":         {tree: func(t *Tree) { t.began = was.mtime + int64(clockMargin) }},
	} {
		t.Run(what, func(t *testing.T) {
			now := was
			if c.now != nil {
				c.now(&now)
			}
			if c.tree == nil {
				c.tree = func(*Tree) {}
			}
			p, err := newPlan(&TreeOptions{Previous: tree(c.tree)})
			if err != nil {
				t.Fatal(err)
			}
			if got := newPrevious(p).find("f", now) != nil; got != c.same {
				t.Errorf("reused: %v", got)
			}
		})
	}
}

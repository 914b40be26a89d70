// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package tuf

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/tallystick/tallystick/internal/safe"
	"github.com/tallystick/tallystick/verify"
)

// A Snapshot is a consistent view of a repository: the versions of all its
// metadata at one time, signed as a whole. [Client.Refresh] makes it. It never
// changes and is safe for concurrent use. Metadata of delegated roles is loaded
// when it is first needed, and must be the version that belongs to the snapshot. The
// zero Snapshot has no evidence and no targets.
type Snapshot struct {
	c        *Client
	workflow *workflow // no longer changed
	notes    []verify.Check
	expires  time.Time
	top      *node

	busy  chan struct{} // holds a token while something is loaded
	mu    sync.Mutex
	nodes map[edge]*node // delegated roles, guarded by mu
}

// An edge is a delegation. The same role may be delegated by two others with
// different keys, and must be signed as each of them demands. So the delegator is
// its metadata and not its name: two who delegate to one name may have been
// served different files under it, of which each is signed for one of them only.
type edge struct {
	from *targets
	to   string
}

// A node is a targets role that was accepted, on its way to a target.
type node struct {
	name    string
	targets *targets
	line    verify.Check
	above   *node // the delegator, nil for the top
}

func newSnapshot(r *run, t *targets) *Snapshot {
	w := r.w
	s := &Snapshot{c: r.c, workflow: w, notes: r.notes, busy: make(chan struct{}, 1), nodes: map[edge]*node{}}
	s.expires = slices.MinFunc([]time.Time{w.root.expires, w.timestamp.expires, w.snapshot.expires, t.expires}, time.Time.Compare)
	s.top = &node{name: roleTargets, targets: t, line: w.lines[len(w.lines)-1]}
	w.lines = w.lines[:len(w.lines)-1]
	return s
}

// Time returns the time for which the snapshot was verified.
func (s *Snapshot) Time() time.Time {
	if s.workflow == nil {
		return time.Time{}
	}
	return s.workflow.at
}

// Expires returns when the first of the top-level roles expires: the time for
// the next [Client.Refresh] at the latest.
func (s *Snapshot) Expires() time.Time { return s.expires }

// Evidence returns how the snapshot came to be believed: one check for each
// top-level role, with its version, the keys that signed and its expiry.
func (s *Snapshot) Evidence() verify.Evidence {
	if s.workflow == nil {
		return verify.Evidence{}
	}
	return s.evidence(s.top).with(CodeRefresh, verify.Pass, "TUF repository at "+s.c.metadata.Redacted())
}

// evidence has a line for each role from the root to n.
func (s *Snapshot) evidence(n *node) evidence {
	var chain []verify.Check
	for ; n != nil; n = n.above {
		chain = append(chain, n.line)
	}
	slices.Reverse(chain)
	return evidence{s.workflow.at, slices.Concat(s.workflow.lines, chain), s.notes, s.workflow.offline}
}

// Target returns what the repository says about the target with the given path,
// which is matched exactly. The search is that of the specification, section
// 5.6.7: it goes from the targets role through delegations, in order of priority,
// and may load metadata of delegated roles.
//
// If no role that is trusted with the path vouches for it, the error is a
// [*verify.RejectedError] with [CodeTargetNotFound], and if it is listed without a
// hash that proves anything one with [CodeWeakHash]. The metadata of a delegated
// role can be rejected like any other, which ends the search. More roles than
// [Limits].Roles are a [*verify.Error] with [CodeLimit], as is metadata that is too
// large.
func (s *Snapshot) Target(ctx context.Context, path string) (*Target, error) {
	if s.workflow == nil {
		return nil, errZero("Snapshot", "Client.Refresh")
	}
	what := "target " + safe.Quote(path)
	canceled := func() error {
		return &verify.Error{Code: CodeCanceled, What: "the search for " + what, Err: context.Cause(ctx)}
	}
	visited := map[string]bool{}
	var searched []verify.Check
	stack := []step{{node: s.top}}
	for len(stack) > 0 {
		if ctx.Err() != nil {
			return nil, canceled()
		}
		next := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if visited[next.name()] {
			continue
		}
		if len(visited) == s.c.limits.Roles {
			return nil, &verify.Error{Code: CodeLimit, What: "roles searched for " + what,
				Expected: fmt.Sprintf("at most %d (Limits.Roles)", s.c.limits.Roles), Found: "more"}
		}
		n, err := s.visit(ctx, next)
		if err != nil {
			return nil, s.evidence(next.above).reject(err, CodeTarget, what)
		}
		visited[n.name] = true
		file, ok, err := n.targets.file(path)
		if ok {
			t, err := newTarget(s, n, path, file)
			if err != nil {
				return nil, s.evidence(n).reject(err, CodeTarget, what)
			}
			return t, nil
		}
		if err != nil {
			return nil, s.evidence(n).reject(err, CodeTarget, what)
		}
		if n != s.top {
			searched = append(searched, n.line)
		}
		children, terminating := n.targets.delegations.children(ctx, path)
		if ctx.Err() != nil {
			return nil, canceled()
		}
		if terminating {
			stack = nil
		}
		for _, r := range slices.Backward(children) {
			stack = append(stack, step{role: r, above: n})
		}
	}
	e := s.evidence(s.top)
	e.lines = append(e.lines, searched...)
	return nil, e.reject(found(CodeTargetNotFound, what, "a role that is trusted with it and lists it", "none"), CodeTarget, what)
}

// A step is a role that the search will come to.
type step struct {
	node  *node // nil if it has to be loaded
	role  *role
	above *node
}

func (s step) name() string {
	if s.node != nil {
		return s.node.name
	}
	return s.role.name
}

// visit returns the role of a step, from memory, the cache or the repository.
func (s *Snapshot) visit(ctx context.Context, next step) (*node, error) {
	if next.node != nil {
		return next.node, nil
	}
	at := edge{next.above.targets, next.role.name}
	if n := s.known(at); n != nil {
		return n.under(next.above), nil
	}
	select {
	case s.busy <- struct{}{}:
		defer func() { <-s.busy }()
	case <-ctx.Done():
		return nil, &verify.Error{Code: CodeCanceled, What: "role " + quoteRole(next.role.name), Err: context.Cause(ctx)}
	}
	if n := s.known(at); n != nil {
		return n.under(next.above), nil
	}
	store, err := s.c.openCache()
	if err != nil {
		return nil, err
	}
	defer store.close()
	r := &run{c: s.c, ctx: ctx, store: store, w: s.workflow}
	t, line, err := r.loadTargets(next.role)
	if err != nil {
		return nil, err
	}
	line.Checks = slices.Concat(line.Checks, r.notes)
	n := &node{name: next.role.name, targets: t, line: line}
	s.mu.Lock()
	s.nodes[at] = n
	s.mu.Unlock()
	return n.under(next.above), nil
}

func (s *Snapshot) known(at edge) *node {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.nodes[at]
}

// under returns the node as reached through its delegator, which may itself be
// reached in several ways.
func (n *node) under(above *node) *node {
	c := *n
	c.above = above
	return &c
}

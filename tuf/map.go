// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package tuf

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/internal/clock"
	"github.com/tallystick/tallystick/internal/safe"
	"github.com/tallystick/tallystick/verify"
)

// MapConfig is what a [MapClient] needs to know. Map, Roots and Dir must be set.
type MapConfig struct {
	// Map is the map file (TAP 4): which repositories there are, and which of
	// them must agree on which targets. It is policy, so get it in a way that
	// you trust, as the roots.
	Map []byte

	// Roots are the trusted root.json files by name of the repository, one
	// for each that the map file lists. Others are not looked at.
	Roots map[string][]byte

	// Dir is a folder below which each repository has one of its own, under
	// its percent-encoded name. See [Config].Dir.
	Dir string

	// MetadataPath and TargetsPath are where metadata and targets are below
	// the URLs of the map file. Empty they mean the URL itself for metadata,
	// and "targets" for targets.
	MetadataPath, TargetsPath string

	// Client is what the clients of all repositories have in common. Its Root,
	// MetadataURL, TargetsURL and Dir must be empty.
	Client Config

	// Limits bound the map file. Zero fields mean the defaults.
	Limits MapLimits
}

// A MapClient follows several repositories and takes a target only if as many of
// them agree on it as a map file demands (TAP 4). It is made by [NewMapClient] and
// is safe for concurrent use.
type MapClient struct {
	mappings     []mapping
	repositories map[string][]*Client // by name; one client for each URL
}

// NewMapClient returns a client for the repositories of a map file. It makes no
// request and writes nothing. An error is a [*verify.Error] with [CodeConfig], or
// with [CodeLimit] if the map file is larger than [MapLimits] allow.
func NewMapClient(cfg MapConfig) (*MapClient, error) {
	missing := func(what, expected string) error {
		return &verify.Error{Code: CodeConfig, What: what, Expected: expected, Found: "none"}
	}
	limits, err := cfg.Limits.withDefaults()
	if err != nil {
		return nil, err
	}
	if cfg.Dir == "" {
		return nil, missing("MapConfig.Dir", "a folder")
	}
	if t := cfg.Client; t.Root != nil || t.MetadataURL != "" || t.TargetsURL != "" || t.Dir != "" {
		return nil, &verify.Error{Code: CodeConfig, What: "MapConfig.Client", Expected: "no Root, MetadataURL, TargetsURL and Dir", Found: "one of them"}
	}
	if cfg.TargetsPath == "" {
		cfg.TargetsPath = "targets"
	}
	m, err := parseMap(cfg.Map, limits)
	if err != nil {
		return nil, err
	}
	c := &MapClient{mappings: m.mappings, repositories: map[string][]*Client{}}
	for name, urls := range m.urls {
		if len(cfg.Roots[name]) == 0 {
			return nil, missing("MapConfig.Roots", "a trusted root.json for repository "+safe.Quote(name))
		}
		for _, u := range urls {
			base, err := parseBase("URL of repository "+safe.Quote(name), u)
			if err != nil {
				return nil, err
			}
			one := cfg.Client
			one.Root = cfg.Roots[name]
			one.MetadataURL = base.JoinPath(cfg.MetadataPath).String()
			one.TargetsURL = base.JoinPath(cfg.TargetsPath).String()
			one.Dir = filepath.Join(cfg.Dir, repositoryDir(name))
			client, err := NewClient(one)
			if err != nil {
				return nil, &verify.Error{Code: CodeConfig, What: "repository " + safe.Quote(name), Err: err}
			}
			c.repositories[name] = append(c.repositories[name], client)
		}
	}
	return c, nil
}

// Snapshot begins a view of all repositories as of now. It makes no request: each
// repository is refreshed when a target first needs it, and then once.
func (c *MapClient) Snapshot() *MapSnapshot { return c.SnapshotAt(time.Time{}) }

// SnapshotAt is Snapshot as of another time, see [Client.RefreshAt].
func (c *MapClient) SnapshotAt(at time.Time) *MapSnapshot {
	s := &MapSnapshot{c: c, at: clock.At(at), mirrors: map[string][]*mirror{}}
	for name, clients := range c.repositories {
		for _, client := range clients {
			s.mirrors[name] = append(s.mirrors[name], &mirror{client: client, busy: make(chan struct{}, 1)})
		}
	}
	return s
}

// A MapSnapshot is a view of several repositories as of one time.
// [MapClient.Snapshot] makes it. It is safe for concurrent use. What a repository
// answered to its refresh, well or not, stays the answer: begin another view to
// ask again.
type MapSnapshot struct {
	c       *MapClient
	at      time.Time
	mirrors map[string][]*mirror // by repository, in the order of the map file
}

// Time returns the time for which the repositories are verified.
func (s *MapSnapshot) Time() time.Time { return s.at }

// A mirror is one URL of a repository in a view.
type mirror struct {
	client   *Client
	busy     chan struct{} // holds a token while the others are used
	done     bool
	snapshot *Snapshot
	err      error
}

// refresh brings the repository up to date the first time, and remembers how that
// ended unless the caller ended it.
func (m *mirror) refresh(ctx context.Context, at time.Time) (*Snapshot, error) {
	select {
	case m.busy <- struct{}{}:
		defer func() { <-m.busy }()
	case <-ctx.Done():
		return nil, &verify.Error{Code: CodeCanceled, What: "refresh", Err: context.Cause(ctx)}
	}
	if !m.done {
		s, err := m.client.RefreshAt(ctx, at)
		if ctx.Err() != nil && err != nil {
			return nil, err
		}
		m.done, m.snapshot, m.err = true, s, err
	}
	return m.snapshot, m.err
}

// Download gets a target and puts it where dst says, as [Client.Download] does,
// from the repositories that agree on it, in the order of the mapping, and each of
// their URLs. The length and all hashes that any of them states must be right.
//
// When no URL has the file, or all have another one, the error is that of
// Client.Download; with several URLs it lists what each had to say.
func (c *MapClient) Download(ctx context.Context, t *MapTarget, dst string) (hash.Artifact, error) {
	if t == nil || t.client != c || len(t.members) == 0 {
		return hash.Artifact{}, &verify.Error{Code: CodeConfig, What: "Download", Expected: "a target of this client", Found: "none"}
	}
	var errs []error
	var from []string
	for _, member := range t.members {
		// What one repository leaves unsaid another may say.
		merged := *member.Target
		merged.file.hashes = t.hashes
		merged.evidence = t.evidence.Clone
		for _, client := range c.repositories[member.Repository] {
			a, err := client.Download(ctx, &merged, dst)
			if err == nil {
				return a, nil
			}
			errs = append(errs, err)
			from = append(from, client.files.Redacted())
			if ctx.Err() != nil || errors.Is(err, CodeStorage) || errors.Is(err, CodeConfig) {
				return a, err // as it would be elsewhere
			}
		}
	}
	return hash.Artifact{}, t.allFailed(errs, from)
}

// allFailed makes one error out of those of all URLs.
func (t *MapTarget) allFailed(errs []error, from []string) error {
	if len(errs) == 1 {
		return errs[0]
	}
	e := t.Evidence()
	var rejected, failures []verify.Check
	for i, err := range errs {
		line := failed("download from "+from[i], err)
		if _, ok := errors.AsType[*verify.RejectedError](err); ok {
			rejected = append(rejected, line)
		} else {
			failures = append(failures, line)
		}
	}
	if rejected != nil {
		// What was wrong says more than what could not be had.
		e.Check.Checks = slices.Concat(e.Check.Checks, rejected, failures)
		return verify.Reject(e)
	}
	return &verify.Error{Code: verify.CodeOf(errs[0]), What: "target " + safe.Quote(t.path),
		Found: fmt.Sprintf("it at none of %d URLs", len(errs)), Err: errs[0]}
}

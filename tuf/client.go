// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package tuf

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/tallystick/tallystick/internal/clock"
	"github.com/tallystick/tallystick/internal/safe"
	"github.com/tallystick/tallystick/verify"
)

// A Client follows one repository. It is made by [NewClient] and is safe for
// concurrent use; refreshes wait for each other. The methods of the zero Client
// return an error with [CodeConfig].
type Client struct {
	root       []byte
	dir        string
	metadata   *url.URL
	files      *url.URL // nil if there is none
	http       *http.Client
	limits     Limits
	offline    bool
	retries    int
	sleep      func(ctx context.Context, pause time.Duration) error
	open       func(name string, create bool) (folder, error)
	minPartial int64
	log        *slog.Logger
	progress   func(path string, received, length int64)
	busy       chan struct{} // holds a token while a refresh runs
}

// NewClient returns a client for a repository. It makes no request and writes
// nothing. An error is a [*verify.Error] with [CodeConfig]: the root does not parse
// or is not signed by its own keys, a URL or a limit makes no sense, something is
// missing.
func NewClient(cfg Config) (*Client, error) {
	c := &Client{root: bytes.Clone(cfg.Root), dir: cfg.Dir, offline: cfg.Offline, retries: cfg.Retries, sleep: sleep, open: openDisk, minPartial: minPartial, log: cfg.Logger, progress: cfg.Progress, busy: make(chan struct{}, 1)}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	if len(cfg.Root) == 0 {
		return nil, &verify.Error{Code: CodeConfig, What: "Config.Root", Expected: "a trusted root.json", Found: "none"}
	}
	if _, err := newWorkflow(time.Time{}, "Config.Root", c.root); err != nil {
		return nil, &verify.Error{Code: CodeConfig, What: "Config.Root", Expected: "a trusted root.json", Found: err.Error()}
	}
	if cfg.Dir == "" {
		return nil, &verify.Error{Code: CodeConfig, What: "Config.Dir", Expected: "a folder", Found: "none"}
	}
	if cfg.Retries < 0 || cfg.Retries > maxRetries {
		return nil, &verify.Error{Code: CodeConfig, What: "Config.Retries", Expected: fmt.Sprintf("0 to %d", maxRetries), Found: fmt.Sprint(cfg.Retries)}
	}
	var err error
	if c.limits, err = cfg.Limits.withDefaults(); err != nil {
		return nil, err
	}
	if c.metadata, err = parseBase("Config.MetadataURL", cfg.MetadataURL); err != nil {
		return nil, err
	}
	if cfg.TargetsURL != "" {
		if c.files, err = parseBase("Config.TargetsURL", cfg.TargetsURL); err != nil {
			return nil, err
		}
	}
	if cfg.HTTPClient == nil {
		cfg.HTTPClient = newHTTPClient()
	}
	c.http = guardRedirects(cfg.HTTPClient)
	return c, nil
}

// Refresh brings the metadata up to date and returns the view of the repository
// that it makes: the client workflow of the TUF specification, sections 5.1 to
// 5.6, as of now. Call it as often as you like; older snapshots stay what they
// were.
//
// If the repository presents something that is not acceptable, the error is a
// [*verify.RejectedError] with one of the codes [CodeSignatureThreshold],
// [CodeRollback], [CodeFreeze], [CodeExpired], [CodeMixAndMatch], [CodeVersion],
// [CodeMalformed] and [CodeSpecVersion]. If something could not be done it is a
// [*verify.Error], see [CodeTransport] and its neighbours. Either way what was
// accepted before stays in the cache and the next refresh can succeed.
//
// With [Config].Offline the view is made from the cache alone.
func (c *Client) Refresh(ctx context.Context) (*Snapshot, error) {
	return c.RefreshAt(ctx, time.Time{})
}

// RefreshAt is Refresh as of another time, which is used for every expiry, also
// those of delegated roles that the snapshot looks up later. The zero time means
// now. It is for programs that have a better clock than the machine, and for
// tests.
func (c *Client) RefreshAt(ctx context.Context, at time.Time) (*Snapshot, error) {
	if c.busy == nil {
		return nil, errZero("Client", "NewClient")
	}
	select {
	case c.busy <- struct{}{}:
		defer func() { <-c.busy }()
	case <-ctx.Done():
		return nil, &verify.Error{Code: CodeCanceled, What: "refresh", Err: context.Cause(ctx)}
	}
	store, err := c.openCache()
	if err != nil {
		return nil, err
	}
	defer store.close()
	w, err := newWorkflow(clock.At(at), "Config.Root", c.root)
	if err != nil {
		return nil, err // NewClient has accepted the same bytes
	}
	w.offline = c.offline
	r := &run{c: c, ctx: ctx, store: store, w: w}
	s, err := r.refresh()
	if err != nil {
		err = r.evidence().reject(err, CodeRefresh, "TUF repository at "+c.metadata.Redacted())
		c.log.InfoContext(ctx, "tuf: refresh failed", "error", err)
		return nil, err
	}
	return s, nil
}

// errZero is the error for a zero value of a type that only maker makes.
func errZero(what, maker string) error {
	return &verify.Error{Code: CodeConfig, What: "the " + what, Expected: "one that " + maker + " made", Found: "the zero value"}
}

// A run drives a workflow with files from the cache and the network.
type run struct {
	c     *Client
	ctx   context.Context
	store *cache
	w     *workflow
	notes []verify.Check // what was wrong in the cache
	void  bool           // timestamp and snapshot of the cache are; only when offline, else they are removed
}

func (r *run) evidence() evidence { return evidence{r.w.at, r.w.lines, r.notes, r.w.offline} }

func (r *run) refresh() (*Snapshot, error) {
	if err := r.updateRoot(); err != nil {
		return nil, err
	}
	if err := r.w.finishRoot(); err != nil {
		return nil, err
	}
	if err := r.updateTimestamp(); err != nil {
		return nil, err
	}
	if err := r.updateSnapshot(); err != nil {
		return nil, err
	}
	top := r.w.root.roles[roleTargets]
	t, line, err := r.loadTargets(top)
	if err != nil {
		return nil, err
	}
	r.w.lines = append(r.w.lines, line)
	return newSnapshot(r, t), nil
}

// note keeps in mind that a file of the cache was of no use.
func (r *run) note(name string, err error) {
	r.c.log.WarnContext(r.ctx, "tuf: cached file ignored", "file", name, "error", err)
	r.notes = append(r.notes, verify.Check{
		Code:   CodeCache,
		Status: verify.NotRun,
		What:   "cached " + safe.Quote(name) + " was ignored",
		Detail: err.Error(),
	})
}

// recall reads a file of the cache; a bad one is as good as none.
func (r *run) recall(name string, limit int64) []byte {
	data, err := r.store.read(name, limit)
	if err != nil {
		r.note(name, err)
		return nil
	}
	return data
}

// fetch reads a metadata file of the repository.
func (r *run) fetch(escaped string, limit int64) (data []byte, origin string, err error) {
	u, err := below(r.c.metadata, escaped)
	if err != nil {
		return nil, "", err
	}
	if r.c.offline {
		return nil, "", r.missing(u.Redacted())
	}
	err = r.c.retry(r.ctx, func() (err error) {
		data, err = r.c.getAll(r.ctx, u, limit)
		return err
	})
	if _, ok := err.(*tooLong); ok {
		err = &verify.Error{Code: CodeLimit, What: u.Redacted(), Expected: fmt.Sprintf("at most %d bytes", limit), Found: "more"}
	}
	return data, "from " + u.Redacted(), err
}

// missing is the error for what is not in the cache when nobody may be asked.
func (r *run) missing(what string) error {
	err := &verify.Error{Code: CodeOffline, What: what, Expected: "a good copy in the cache", Found: "none, and Config.Offline forbids to ask for it"}
	if n := len(r.notes); n > 0 {
		err.Err = errors.New(r.notes[n-1].What + ": " + r.notes[n-1].Detail)
	}
	return err
}

// fetchPinned is fetch for a file that another role lists.
func (r *run) fetchPinned(what, escaped string, p pin, unstated int64) (data []byte, origin string, err error) {
	data, origin, err = r.fetch(escaped, r.c.limits.pinned(p, unstated))
	if e, ok := err.(*verify.Error); ok && e.Code == CodeLimit && p.length >= 0 && p.length <= r.c.limits.StatedLength {
		f := found(CodeMixAndMatch, what, fmt.Sprintf("%d bytes", p.length), "more")
		f.Detail = origin
		err = f
	}
	return data, origin, err
}

// from adds where a file came from to a finding.
func from(err error, origin string) error {
	if f, ok := err.(*finding); ok {
		if f.Detail != "" {
			f.Detail += "; "
		}
		f.Detail += origin
	}
	return err
}

// fileName returns the escaped name of a metadata file in the repository.
func (r *run) fileName(role string, version int64) string {
	name := escapeElement(role) + ".json"
	if r.w.root.consistent {
		name = fmt.Sprintf("%d.%s", version, name)
	}
	return name
}

// updateRoot walks the chain of roots (section 5.3), first through the cache.
//
// root.json is replaced only when the timestamp and snapshot that a key rotation
// made void are gone from the cache (5.3.11). So whenever a run is interrupted,
// the next one finds by root.json that the rotation has still to be dealt with,
// and the way to the newest root in the history.
func (r *run) updateRoot() error {
	cached := r.recall("root.json", r.c.limits.Root)
	if cached != nil {
		if err := r.w.recallRoot("cached root.json", cached); err != nil {
			r.note("root.json", err)
		}
	}
	last := r.c.root // bytes of w.root
	advance := func(what, origin string, raw []byte) error {
		err := r.w.nextRoot(what, origin, raw)
		if err == nil {
			last = raw
		}
		return err
	}

	for {
		history := fmt.Sprintf("%s/%d.root.json", historyDir, r.w.root.version+1)
		name, raw := history, r.recall(history, r.c.limits.Root)
		if old := r.w.oldRoot; raw == nil && old != nil && old.version == r.w.root.version+1 {
			name, raw = "root.json", cached // another client's cache has no history
		}
		if raw == nil {
			break
		}
		if err := advance("cached "+name, "from the cache", raw); err != nil {
			r.note(name, err)
			break
		}
		if name != history && !r.c.offline {
			if err := r.store.write(history, raw); err != nil {
				return err
			}
		}
	}
	if r.c.offline {
		return r.endOffline(cached)
	}
	recalled := r.w.root.version
	walk := r.walkRoots(advance)
	if err := r.w.endOfRoots(); err != nil {
		if walk == nil {
			walk = err
		}
		return walk
	}
	if err := r.settleRoot(recalled, last); err != nil && walk == nil {
		return err
	}
	return walk
}

// endOffline ends the walk through the cache if nobody may be asked for more roots.
func (r *run) endOffline(cached []byte) error {
	if err := r.w.endOfRoots(); err != nil {
		return r.missing(fmt.Sprintf("%d.root.json", r.w.root.version+1))
	}
	// A root of the caller may have made void what is still there.
	_, r.void = r.w.settle(cached, r.w.root.version)
	return nil
}

// settleRoot removes what a rotation made void and puts the last root in place,
// unless another process has come further. It goes by the root.json that is there
// now: another process may have dealt with the rotation, and what it has kept since
// is not void.
func (r *run) settleRoot(recalled int64, last []byte) error {
	return r.store.update(r.ctx, func() error {
		now, _ := r.store.read("root.json", r.c.limits.Root)
		if sameFile(now, last) {
			return nil
		}
		newer, void := r.w.settle(now, recalled)
		if newer {
			return nil
		}
		if void {
			for _, name := range []string{roleTimestamp, roleSnapshot} {
				if err := r.store.remove(cacheName(name)); err != nil {
					return err
				}
			}
		}
		return r.store.write("root.json", last)
	})
}

// keep writes a timestamp or snapshot, unless another process has come further.
func (r *run) keep(typ string, version int64, raw []byte) error {
	name := cacheName(typ)
	return r.store.update(r.ctx, func() error {
		root, _ := r.store.read("root.json", r.c.limits.Root)
		now, _ := r.store.read(name, max(r.c.limits.Timestamp, r.c.limits.Snapshot, r.c.limits.StatedLength))
		if r.w.superseded(typ, version, root, now) {
			return nil
		}
		return r.store.write(name, raw)
	})
}

// keepTargets writes the metadata of a targets role, unless another process has a
// newer snapshot, to which another version may belong.
func (r *run) keepTargets(file string, raw []byte) error {
	return r.store.update(r.ctx, func() error {
		root, _ := r.store.read("root.json", r.c.limits.Root)
		now, _ := r.store.read(cacheName(roleSnapshot), max(r.c.limits.Snapshot, r.c.limits.StatedLength))
		if !sameFile(now, r.w.rawSnapshot) && r.w.superseded(roleSnapshot, r.w.snapshot.version, root, now) {
			return nil
		}
		return r.store.write(file, raw)
	})
}

// walkRoots takes new roots from the repository until there is none.
func (r *run) walkRoots(advance func(what, origin string, raw []byte) error) error {
	for n := 0; ; n++ {
		name := fmt.Sprintf("%d.root.json", r.w.root.version+1)
		raw, origin, err := r.fetch(name, r.c.limits.Root)
		if errors.Is(err, CodeNotFound) {
			return nil
		}
		if err == nil && n == r.c.limits.RootRotations {
			err = &verify.Error{Code: CodeLimit, What: "new roots in one refresh",
				Expected: fmt.Sprintf("at most %d (Limits.RootRotations)", n), Found: "more"}
		}
		if err != nil {
			return err
		}
		err = advance(name, origin, raw)
		if err == errSameVersion {
			return nil
		}
		if err != nil {
			return from(err, origin)
		}
		r.c.log.InfoContext(r.ctx, "tuf: new root", "version", r.w.root.version)
		if err := r.store.write(historyDir+"/"+name, raw); err != nil {
			return err
		}
	}
}

// updateTimestamp is section 5.4.
func (r *run) updateTimestamp() error {
	const file = "timestamp.json"
	if r.void {
		return r.missing(file)
	}
	// The snapshot first: if another process writes both meanwhile, the timestamp
	// must not look older. Its limit is not known yet, and the file was under one
	// when it was kept.
	if raw := r.recall("snapshot.json", max(r.c.limits.Snapshot, r.c.limits.StatedLength)); raw != nil {
		if err := r.w.recallSnapshot("cached snapshot.json", raw); err != nil {
			r.note("snapshot.json", err)
		}
	}
	if raw := r.recall(file, r.c.limits.Timestamp); raw != nil {
		if err := r.w.recallTimestamp("cached "+file, raw); err != nil {
			r.note(file, err)
		}
	}
	if r.c.offline {
		ok, err := r.w.useOldTimestamp("cached " + file)
		if !ok && err == nil {
			err = r.missing(file)
		}
		return err
	}
	raw, origin, err := r.fetch(file, r.c.limits.Timestamp)
	if err != nil {
		return err
	}
	newer, err := r.w.newTimestamp(file, origin, raw)
	if err != nil {
		return from(err, origin)
	}
	if newer {
		return r.keep(roleTimestamp, r.w.timestamp.version, raw)
	}
	return nil
}

// updateSnapshot is section 5.5.
func (r *run) updateSnapshot() error {
	const file = "snapshot.json"
	if ok, err := r.w.useOldSnapshot("cached " + file); ok || err != nil {
		return err
	}
	p := r.w.snapshotPin()
	if err := r.c.limits.checkStated(file, p); err != nil {
		return err
	}
	raw, origin, err := r.fetchPinned(file, r.fileName(roleSnapshot, p.version), p, r.c.limits.Snapshot)
	if err != nil {
		return err
	}
	if err := r.w.newSnapshot(file, origin, raw); err != nil {
		return from(err, origin)
	}
	return r.keep(roleSnapshot, r.w.snapshot.version, raw)
}

// checkStated refuses a length that the caller does not allow, before a byte of
// the file is read.
func (l Limits) checkStated(what string, p pin) error {
	if p.length > l.StatedLength {
		return &verify.Error{Code: CodeLimit, What: what,
			Expected: fmt.Sprintf("at most %d bytes (Limits.StatedLength)", l.StatedLength), Found: fmt.Sprintf("%d bytes", p.length)}
	}
	return nil
}

// loadTargets gets the metadata of the targets role or a delegated one from the
// cache or the repository (section 5.6.1 to 5.6.6).
func (r *run) loadTargets(role *role) (*targets, verify.Check, error) {
	p, err := r.w.targetsPin(role.name)
	if err != nil {
		return nil, verify.Check{}, err
	}
	what := fileLabel(role.name)
	if err := r.c.limits.checkStated(what, p); err != nil {
		return nil, verify.Check{}, err
	}
	file := cacheName(role.name)
	limit := r.c.limits.pinned(p, r.c.limits.Targets)
	if raw := r.recall(file, max(limit, r.c.limits.Targets)); raw != nil {
		t, line, err := r.w.targets("cached "+what, "from the cache", role, raw)
		if err == nil {
			return t, line, nil
		}
		if r.c.offline && errors.Is(err, CodeExpired) {
			return nil, verify.Check{}, err // it is the right one, and there is no other
		}
		if !errors.Is(err, CodeMixAndMatch) { // that is one of an earlier version
			r.note(file, err)
		}
	}
	raw, origin, err := r.fetchPinned(what, r.fileName(role.name, p.version), p, r.c.limits.Targets)
	if err != nil {
		return nil, verify.Check{}, err
	}
	t, line, err := r.w.targets(what, origin, role, raw)
	if err != nil {
		return nil, verify.Check{}, from(err, origin)
	}
	return t, line, r.keepTargets(file, raw)
}

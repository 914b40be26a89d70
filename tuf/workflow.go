// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package tuf

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math"
	"time"

	"github.com/tallystick/tallystick/verify"
)

// A workflow is one run of the client workflow (specification section 5) as a
// state machine over bytes: it reads no clock, no disk and no network. Its
// methods are called in the order of the specification with the bytes of the
// files, and either accept them or return a *finding and change nothing.
//
// The bytes that recall methods take come from the cache. They were accepted by
// an earlier run, and are verified again; they serve to find out rollbacks, and
// to save downloads.
type workflow struct {
	at      time.Time // section 5.1
	offline bool      // only the recall methods and those that use what they took are called

	root      *root
	rawRoot   []byte          // of root
	rootKeys  map[string]bool // of the roots from the caller's to root
	timestamp *list
	snapshot  *list

	rotated      int64 // version of the last root that changed keys of timestamp or snapshot; 0 if none did
	oldRoot      *root
	oldTimestamp *list
	oldSnapshot  *list
	rawSnapshot  []byte // of oldSnapshot, then of snapshot
	oldLines     struct{ timestamp, snapshot verify.Check }

	lines []verify.Check // one for each role accepted; root is the first
}

// errSameVersion says that a file has the version that is trusted already, so
// that it is discarded without harm.
var errSameVersion = errors.New("same version")

// newWorkflow begins with the root that the caller trusts (section 5.2). That one
// may have expired.
func newWorkflow(at time.Time, what string, raw []byte) (*workflow, error) {
	r, s, err := selfSigned(what, raw)
	if err != nil {
		return nil, err
	}
	return &workflow{at: at, root: r, rawRoot: raw, rootKeys: r.roles[roleRoot].fingerprints(), lines: []verify.Check{s.line(r.header, "the trusted root given by the caller")}}, nil
}

// selfSigned reads a root that a threshold of its own keys has signed.
func selfSigned(what string, raw []byte) (*root, *signing, error) {
	e, err := openEnvelope(what, raw)
	if err != nil {
		return nil, nil, err
	}
	r, err := decodeRoot(what, e.signed)
	if err != nil {
		return nil, nil, err
	}
	s, err := e.verify(r.roles[roleRoot])
	if err != nil {
		return nil, nil, err
	}
	return r, s, nil
}

// nextRoot takes version N+1 of the root (section 5.3). A file with version N
// again is errSameVersion.
func (w *workflow) nextRoot(what, origin string, raw []byte) error {
	e, err := openEnvelope(what, raw)
	if err != nil {
		return err
	}
	if _, err := e.verify(w.root.roles[roleRoot]); err != nil {
		if f, ok := err.(*finding); ok {
			f.Detail = fmt.Sprintf("these are the keys of the trusted root version %d", w.root.version)
		}
		return err
	}
	next, err := decodeRoot(what, e.signed)
	if err != nil {
		return err
	}
	switch {
	case next.version == w.root.version:
		return errSameVersion
	case next.version < w.root.version:
		return found(CodeRollback, what, fmt.Sprintf("version %d", w.root.version+1), fmt.Sprintf("version %d", next.version))
	case w.root.version == math.MaxInt64 || next.version != w.root.version+1:
		return found(CodeVersion, what, fmt.Sprintf("version %d", w.root.version+1), fmt.Sprintf("version %d", next.version))
	}
	s, err := e.verify(next.roles[roleRoot])
	if err != nil {
		if f, ok := err.(*finding); ok {
			f.Detail = "these are the keys that the new root itself lists"
		}
		return err
	}
	if w.root.keysRotated(next) {
		w.rotated = next.version
	}
	w.root, w.rawRoot = next, raw
	maps.Copy(w.rootKeys, next.roles[roleRoot].fingerprints())
	w.lines[0] = s.line(next.header, origin)
	return nil
}

// recallRoot takes the last root of an earlier run. It is not trusted: the chain
// must lead to it.
func (w *workflow) recallRoot(what string, raw []byte) error {
	r, err := w.cachedRoot(what, raw)
	if err == nil {
		w.oldRoot = r
	}
	return err
}

// cachedRoot reads a root of the cache, which most of the time is the one that was
// verified last.
func (w *workflow) cachedRoot(what string, raw []byte) (*root, error) {
	if sameFile(raw, w.rawRoot) {
		return w.root, nil
	}
	r, _, err := selfSigned(what, raw)
	return r, err
}

// endOfRoots says that there is no root after the last one taken. The chain was
// longer once if it does not reach the root recalled, and its end must not be lost.
func (w *workflow) endOfRoots() error {
	if w.oldRoot == nil || w.oldRoot.version <= w.root.version {
		return nil
	}
	f := rollback("root.json", "", w.oldRoot.version, w.root.version)
	f.Detail = "the cache belongs to another repository, or newer roots are being withheld"
	return f
}

// settle says what the last root means for a cache whose root.json is now the one
// given, or nil: whether that is newer, so that nothing may be touched, and whether
// the timestamp and snapshot beside it are void because of a rotation of keys
// (section 5.3.11). If root.json is lost, the files beside it are taken to belong
// to the version recalled, the last in the history of the cache.
func (w *workflow) settle(now []byte, recalled int64) (newer, void bool) {
	other, err := w.cachedRoot("cached root.json", now)
	switch {
	case err != nil:
		return false, w.rotated > recalled
	case other.version > w.root.version:
		return true, false
	}
	// If the caller's root is newer than the cache, the roots in between are not
	// known, and the keys are all there is to compare.
	return false, w.rotated > other.version || other.keysRotated(w.root)
}

// superseded reports whether a cache that has the given root.json and file of the
// role now, or nil, has come further than this run with the version given.
func (w *workflow) superseded(typ string, version int64, root, now []byte) bool {
	if other, err := w.cachedRoot("cached root.json", root); err == nil && other.version > w.root.version {
		return true // and may mean other keys
	}
	other, _, err := w.list("cached "+typ, typ, now)
	return err == nil && other.version > version
}

// finishRoot checks that the last root has not expired (section 5.3.10).
func (w *workflow) finishRoot() error {
	return w.fresh("root.json", w.root.header, true)
}

// recallTimestamp takes the timestamp of an earlier run. It may have expired.
func (w *workflow) recallTimestamp(what string, raw []byte) error {
	l, s, err := w.list(what, roleTimestamp, raw)
	if err != nil {
		return err
	}
	w.oldTimestamp = l
	origin := "from the cache; the repository has no newer one"
	if w.offline {
		origin = "from the cache"
	}
	w.oldLines.timestamp = s.line(l.header, origin)
	return nil
}

// useOldTimestamp goes on with the timestamp recalled, because the repository is not
// asked. It reports false if there is none.
func (w *workflow) useOldTimestamp(what string) (bool, error) {
	if w.oldTimestamp == nil {
		return false, nil
	}
	if err := w.notBelow(what, w.oldTimestamp.meta[roleSnapshot+".json"]); err != nil {
		return false, err
	}
	if err := w.fresh(what, w.oldTimestamp.header, true); err != nil {
		return false, err
	}
	w.timestamp = w.oldTimestamp
	w.lines = append(w.lines, w.oldLines.timestamp)
	return true, nil
}

// notBelow refuses a timestamp that lists an older snapshot than the one recalled:
// the timestamp that was seen with that may have been lost.
func (w *workflow) notBelow(what string, p pin) error {
	if w.oldSnapshot != nil && p.version < w.oldSnapshot.version {
		return rollback(what, "snapshot.json", w.oldSnapshot.version, p.version)
	}
	return nil
}

// recallSnapshot takes the snapshot of an earlier run. It may have expired.
func (w *workflow) recallSnapshot(what string, raw []byte) error {
	l, s, err := w.list(what, roleSnapshot, raw)
	if err != nil {
		return err
	}
	w.oldSnapshot = l
	w.rawSnapshot = raw
	w.oldLines.snapshot = s.line(l.header, "from the cache")
	return nil
}

// newTimestamp takes the timestamp of the repository (section 5.4). Without an
// error it reports whether that is newer than the one recalled, and must be
// kept.
func (w *workflow) newTimestamp(what, origin string, raw []byte) (newer bool, err error) {
	l, s, err := w.list(what, roleTimestamp, raw)
	if err != nil {
		return false, err
	}
	line := s.line(l.header, origin)
	pin := l.meta[roleSnapshot+".json"]
	if old := w.oldTimestamp; old != nil {
		if l.version < old.version {
			return false, rollback(what, "", old.version, l.version)
		}
		oldPin := old.meta[roleSnapshot+".json"]
		if l.version == old.version {
			// The new one is discarded, whatever it says (5.4.3.1).
			l, line, pin = old, w.oldLines.timestamp, oldPin
		} else if newer = true; pin.version < oldPin.version {
			return false, rollback(what, "snapshot.json", oldPin.version, pin.version)
		}
	} else {
		newer = true
	}
	if err := w.notBelow(what, pin); err != nil {
		return false, err
	}
	if err := w.fresh(what, l.header, true); err != nil {
		return false, err
	}
	w.timestamp = l
	w.lines = append(w.lines, line)
	return newer, nil
}

// snapshotPin is what the timestamp says about the snapshot.
func (w *workflow) snapshotPin() pin { return w.timestamp.meta[roleSnapshot+".json"] }

// useOldSnapshot reports whether the snapshot recalled is the one that the
// timestamp means, and then goes on with it.
func (w *workflow) useOldSnapshot(what string) (bool, error) {
	p := w.snapshotPin()
	if w.oldSnapshot == nil || w.oldSnapshot.version != p.version || p.fits(what, w.rawSnapshot) != nil {
		return false, nil
	}
	if err := w.fresh(what, w.oldSnapshot.header, false); err != nil {
		return false, err
	}
	w.snapshot = w.oldSnapshot
	w.lines = append(w.lines, w.oldLines.snapshot)
	return true, nil
}

// newSnapshot takes the snapshot of the repository (section 5.5).
func (w *workflow) newSnapshot(what, origin string, raw []byte) error {
	p := w.snapshotPin()
	if err := p.fits(what, raw); err != nil {
		return err
	}
	l, s, err := w.list(what, roleSnapshot, raw)
	if err != nil {
		return err
	}
	if l.version != p.version {
		return mixed(what, p.version, l.version)
	}
	if w.oldSnapshot != nil {
		for name, old := range w.oldSnapshot.meta {
			now, ok := l.meta[name]
			if !ok {
				return found(CodeRollback, what, "all files that were listed before", "not "+quoteRole(name))
			}
			if now.version < old.version {
				return rollback(what, quoteRole(name), old.version, now.version)
			}
		}
	}
	if err := w.fresh(what, l.header, false); err != nil {
		return err
	}
	w.snapshot, w.rawSnapshot = l, raw
	w.lines = append(w.lines, s.line(l.header, origin))
	return nil
}

// list reads a timestamp or snapshot that the root's keys for it have signed.
func (w *workflow) list(what, typ string, raw []byte) (*list, *signing, error) {
	e, err := openEnvelope(what, raw)
	if err != nil {
		return nil, nil, err
	}
	s, err := e.verify(w.root.roles[typ])
	if err != nil {
		return nil, nil, err
	}
	l, err := decodeList(what, typ, e.signed)
	return l, s, err
}

// targetsPin is what the snapshot says about the file of a targets role.
func (w *workflow) targetsPin(role string) (pin, error) {
	p, ok := w.snapshot.meta[role+".json"]
	if !ok {
		return p, found(CodeMixAndMatch, "role "+quoteRole(role), "its metadata among those that snapshot.json lists", "it is not")
	}
	return p, nil
}

// targets takes the metadata of the targets role or of a delegated one (section
// 5.6). Which keys have to sign is up to the delegator.
func (w *workflow) targets(what, origin string, r *role, raw []byte) (*targets, verify.Check, error) {
	none := verify.Check{}
	p, err := w.targetsPin(r.name)
	if err != nil {
		return nil, none, err
	}
	if err := p.fits(what, raw); err != nil {
		return nil, none, err
	}
	e, err := openEnvelope(what, raw)
	if err != nil {
		return nil, none, err
	}
	s, err := e.verify(r)
	if err != nil {
		return nil, none, err
	}
	t, err := decodeTargets(what, e.signed)
	if err != nil {
		return nil, none, err
	}
	if t.version != p.version {
		return nil, none, mixed(what, p.version, t.version)
	}
	if err := w.fresh(what, t.header, false); err != nil {
		return nil, none, err
	}
	return t, s.line(t.header, origin), nil
}

// fresh refuses what has expired at the time of the workflow; at the very
// instant of its expiry metadata has expired. If the role is one that tells that
// nothing newer exists, that may be an attack.
func (w *workflow) fresh(what string, h header, freeze bool) error {
	if w.at.Before(h.expires) {
		return nil
	}
	f := found(CodeExpired, what, "metadata that is valid at "+stamp(w.at),
		fmt.Sprintf("version %d, which expired at %s", h.version, stamp(h.expires)))
	if freeze && !w.offline {
		below := verify.Check(*f)
		below.Code = CodeFreeze
		below.Detail = "the repository stopped publishing, or newer metadata is being withheld, or the clock is wrong"
		f.Checks = []verify.Check{below}
	}
	return f
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func rollback(what, of string, seen, now int64) *finding {
	if of != "" {
		what += ", version of " + of
	}
	return found(CodeRollback, what, fmt.Sprintf("version %d, which this client has seen, or later", seen), fmt.Sprintf("version %d", now))
}

func mixed(what string, want, got int64) *finding {
	return found(CodeMixAndMatch, what, fmt.Sprintf("version %d", want), fmt.Sprintf("version %d", got))
}

// line is the evidence for one role that was accepted.
func (s *signing) line(h header, origin string) verify.Check {
	return verify.Check{
		Code:    CodeRole,
		Status:  verify.Pass,
		What:    fmt.Sprintf("role %s, version %d", quoteRole(s.role.name), h.version),
		Issuers: s.issuers,
		Detail: fmt.Sprintf("%d of %d keys signed, threshold %d; expires %s; %s",
			len(s.issuers), len(s.role.keyIDs), s.role.threshold, stamp(h.expires), origin),
		Checks: s.ignored,
	}
}

// sameFile reports whether two files are equal.
func sameFile(a, b []byte) bool { return a != nil && bytes.Equal(a, b) }

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package tuf

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/tallystick/tallystick/internal/canonicaljson"
	"github.com/tallystick/tallystick/internal/strictjson"
)

// SetSleep makes a client wait with f before it makes a request again.
func SetSleep(c *Client, f func(context.Context, time.Duration) error) { c.sleep = f }

// SetProgress sets Config.Progress of a client that exists.
func SetProgress(c *Client, f func(path string, received, length int64)) { c.progress = f }

// SetOffline sets Config.Offline of a client that exists.
func SetOffline(c *Client) { c.offline = true }

// HiddenName returns how names of files begin that are to become a target.
func HiddenName(t *Target) string { return t.hiddenName() }

// SetMinPartial makes a client keep shorter parts of downloads.
func SetMinPartial(c *Client, n int64) { c.minPartial = n }

// Replay runs the workflow without disk and network: root is trusted, and file
// returns what the repository has, or nil. It looks up one target, and returns
// its length.
func Replay(at time.Time, root []byte, file func(role string) []byte, path string) (int64, error) {
	w, err := newWorkflow(at, "root", root)
	if err != nil {
		return 0, err
	}
	if raw := file(roleRoot); raw != nil {
		if err := w.nextRoot("root", "", raw); err != nil && err != errSameVersion {
			return 0, err
		}
	}
	if err := w.finishRoot(); err != nil {
		return 0, err
	}
	if _, err := w.newTimestamp("timestamp", "", file(roleTimestamp)); err != nil {
		return 0, err
	}
	if err := w.newSnapshot("snapshot", "", file(roleSnapshot)); err != nil {
		return 0, err
	}
	next := w.root.roles[roleTargets]
	for range 10 {
		t, _, err := w.targets(next.name, "", next, file(next.name))
		if err != nil {
			return 0, err
		}
		if f, ok, err := t.file(path); ok || err != nil {
			return f.length, err
		}
		children, _ := t.delegations.children(context.Background(), path)
		if len(children) == 0 {
			break
		}
		next = children[0]
	}
	return 0, found(CodeTargetNotFound, path, "", "")
}

// CodeOfFinding returns the code of an error of Replay.
func CodeOfFinding(err error) string {
	if f, ok := err.(*finding); ok {
		return string(f.Code)
	}
	return ""
}

// Index indexes an object and returns all of its values by name, and whether they are
// all plain entries of targets.
func Index(object []byte) (values map[string]string, plain bool) {
	x, plain := newIndex(object)
	values = map[string]string{}
	for _, at := range x.names {
		name := string(nameAt(object, int(at)))
		value, ok := x.find(name)
		if !ok {
			value = []byte("not found")
		}
		values[name] = string(value)
	}
	return values, plain
}

// DecodeTarget reads the entry of a target with all checks.
func DecodeTarget(entry []byte) error {
	_, err := decodeTargetFile(strictjson.NewDecoder(entry, jsonLimits(entry)))
	return err
}

// SameEnvelope reports whether a file is opened in the same way with and without the
// short cut for what is signed.
func SameEnvelope(raw []byte) bool {
	e, err := openEnvelope("file", raw)
	f, ferr := decodeEnvelope("file", raw)
	if ferr == nil {
		f.message, ferr = canonicaljson.Canonical(f.signed, jsonLimits(raw))
	}
	if err != nil || ferr != nil {
		return err != nil && ferr != nil && err.Error() == malformed("file", ferr).Error()
	}
	return bytes.Equal(e.signed, f.signed) && bytes.Equal(e.message, f.message) && slices.Equal(e.signatures, f.signatures)
}

func MatchPath(pattern, path string) bool { return matchPath(pattern, path) }

func CacheName(role string) string { return cacheName(role) }

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package tuftest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
)

// An Attack is a way in which a repository, or somebody between it and its
// clients, can misbehave.
type Attack string

// The attacks. Each says with what code package tuf must answer, from a client
// that has refreshed after the last honest publication.
const (
	// Honest is no attack.
	Honest Attack = "honest"
	// Rollback serves everything as it was one publication earlier:
	// tuf/rollback.
	Rollback Attack = "rollback"
	// Freeze serves everything as it is now, whatever is published later. When
	// the timestamp has expired: tuf/freeze.
	Freeze Attack = "freeze"
	// MixAndMatch serves older targets metadata as if it belonged to the
	// latest snapshot: tuf/mix-and-match from a client that has not seen the
	// latest publication.
	MixAndMatch Attack = "mix-and-match"
	// WrongTarget serves other content of the same length for every target:
	// tuf/hash.
	WrongTarget Attack = "wrong-target"
	// EndlessTarget serves targets that never end: tuf/length.
	EndlessTarget Attack = "endless-target"
	// EndlessMetadata serves a timestamp that never ends: tuf/limit.
	EndlessMetadata Attack = "endless-metadata"
	// Slow sends one byte of every file and then nothing more: tuf/slow.
	Slow Attack = "slow"
	// TamperedMetadata changes the timestamp after it was signed:
	// tuf/signature-threshold.
	TamperedMetadata Attack = "tampered-metadata"
	// MissingSignature takes the signatures from the timestamp:
	// tuf/signature-threshold.
	MissingSignature Attack = "missing-signature"
	// ForgedMetadata serves metadata with other targets that is well made
	// but signed with keys of the attacker: tuf/signature-threshold.
	ForgedMetadata Attack = "forged-metadata"
	// StolenTimestampKey does the same with a timestamp that is signed with
	// the right key, which the attacker has got hold of:
	// tuf/signature-threshold.
	StolenTimestampKey Attack = "stolen-timestamp-key"
	// FastForward does not forge anything but uses the stolen timestamp and
	// snapshot keys to publish the highest version numbers there are, which
	// clients accept. After that honest timestamps are tuf/rollback, until
	// both keys are rotated.
	FastForward Attack = "fast-forward"
)

// Attacks returns all attacks.
func Attacks() []Attack {
	return []Attack{Rollback, Freeze, MixAndMatch, WrongTarget, EndlessTarget, EndlessMetadata, Slow,
		TamperedMetadata, MissingSignature, ForgedMetadata, StolenTimestampKey, FastForward}
}

// An attacker stands between the published files and the clients.
type attacker struct {
	attack Attack
	serve  *publication // instead of the latest; nil for that one
}

// Attack begins an attack and ends the one before. [Honest] only ends it. It is an
// error if there is no such attack, or nothing was published that it could use:
// Rollback needs two publications, MixAndMatch two with different targets.
func (r *Repository) Attack(a Attack) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.published) == 0 {
		return fmt.Errorf("tuftest: attack %q before the first publication", a)
	}
	latest := r.published[len(r.published)-1]
	next := attacker{attack: a}
	switch a {
	case Honest, WrongTarget, EndlessTarget, EndlessMetadata, Slow:
	case Rollback:
		if len(r.published) < 2 {
			return fmt.Errorf("tuftest: attack %q needs two publications", a)
		}
		next.serve = r.published[len(r.published)-2]
	case Freeze:
		next.serve = latest
	case MixAndMatch:
		next.serve = r.mixed(latest)
		if next.serve == nil {
			return fmt.Errorf("tuftest: attack %q needs two publications with different targets", a)
		}
	case TamperedMetadata:
		next.serve = latest.with("timestamp.json", bytes.Replace(latest.metadata["timestamp.json"],
			[]byte(`"spec_version":"1.0.31"`), []byte(`"spec_version":"1.0.99"`), 1))
	case MissingSignature:
		var file struct {
			Signed json.RawMessage `json:"signed"`
		}
		if err := json.Unmarshal(latest.metadata["timestamp.json"], &file); err != nil {
			return err
		}
		data, err := sign(file.Signed, nil)
		if err != nil {
			return err
		}
		next.serve = latest.with("timestamp.json", data)
	case ForgedMetadata:
		next.serve = r.forge()
	case StolenTimestampKey:
		next.serve = r.forge("timestamp")
	case FastForward:
		next.serve = r.fastForward()
	default:
		return fmt.Errorf("tuftest: no attack %q", a)
	}
	r.attacker = next
	return nil
}

func (p *publication) clone() *publication {
	return &publication{maps.Clone(p.metadata), maps.Clone(p.targets)}
}

func (p *publication) with(name string, data []byte) *publication {
	c := p.clone()
	c.metadata[name] = data
	return c
}

// mixed puts the newest targets metadata that differs from the latest in its place.
func (r *Repository) mixed(latest *publication) *publication {
	targets := r.roles["targets"]
	name := r.fileName(targets)
	for _, p := range slices.Backward(r.published) {
		old := p.metadata[name]
		if r.consistent {
			old = p.metadata[fmt.Sprintf("%d.targets.json", targets.version-1)]
		}
		if old != nil && !bytes.Equal(old, latest.metadata[name]) {
			return latest.with(name, old)
		}
	}
	return nil
}

// asAttacker runs f on a copy of the repository whose roles have the attacker's
// keys, except those whose keys were stolen, and returns what that publishes.
func (r *Repository) asAttacker(stolen []string, f func(*Repository)) *publication {
	c := &Repository{
		keys:         1 << 20, // so that with a seed they are others
		seed:         r.seed,
		now:          r.now,
		consistent:   r.consistent,
		versionsOnly: r.versionsOnly,
		roles:        map[string]*role{},
		published:    []*publication{r.published[len(r.published)-1].clone()},
	}
	for name, of := range r.roles {
		copied := *of
		copied.files = maps.Clone(of.files)
		copied.digests = maps.Clone(of.digests)
		if !slices.Contains(stolen, name) && of.keys != nil {
			copied.keys = c.newKeys(len(of.keys))
		}
		copied.changed = false
		c.roles[name] = &copied
	}
	f(c)
	c.Publish()
	return c.published[len(c.published)-1]
}

// forge publishes other content for every target of the targets role.
func (r *Repository) forge(stolen ...string) *publication {
	return r.asAttacker(stolen, func(c *Repository) {
		for path := range c.roles["targets"].files {
			c.AddTarget(path, []byte("the attacker's own content of "+path+"\n"))
		}
		c.AddTarget("attack", []byte("something else\n"))
	})
}

// fastForward publishes the highest versions there are, with the right keys.
func (r *Repository) fastForward() *publication {
	return r.asAttacker([]string{"root", "timestamp", "snapshot", "targets"}, func(c *Repository) {
		c.roles["snapshot"].version = math.MaxInt64 - 1
		c.roles["timestamp"].version = math.MaxInt64 - 1
	})
}

// ServeHTTP serves the repository below [MetadataPath] and [TargetsPath].
func (r *Repository) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	escaped := req.URL.EscapedPath()
	r.mu.Lock()
	r.requests = append(r.requests, escaped)
	attack := r.attacker.attack
	p := r.attacker.serve
	if p == nil && len(r.published) > 0 {
		p = r.published[len(r.published)-1]
	}
	r.mu.Unlock()
	if p == nil || req.Method != http.MethodGet && req.Method != http.MethodHead {
		http.NotFound(w, req)
		return
	}
	if name, ok := cutPath(escaped, MetadataPath); ok {
		r.mu.Lock()
		data, replaced := r.replaced[name]
		r.mu.Unlock()
		if !replaced {
			data, ok = p.metadata[name]
		}
		if !ok {
			http.NotFound(w, req)
			return
		}
		switch {
		case attack == EndlessMetadata && name == "timestamp.json":
			endless(w)
		case attack == Slow:
			slow(w, req, data)
		default:
			http.ServeContent(w, req, "", time.Time{}, bytes.NewReader(data))
		}
		return
	}
	name, ok := cutPath(escaped, TargetsPath)
	t, exists := p.targets[name]
	if !ok || !exists {
		http.NotFound(w, req)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	switch attack {
	case EndlessTarget:
		endless(w)
	case Slow:
		slow(w, req, []byte("x"))
	case WrongTarget:
		data, err := t.read()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		http.ServeContent(w, req, "", time.Time{}, bytes.NewReader(wrong(data)))
	default:
		serveTarget(w, req, t)
	}
}

func serveTarget(w http.ResponseWriter, req *http.Request, t Target) {
	if t.File == "" {
		http.ServeContent(w, req, "", time.Time{}, bytes.NewReader(t.Content))
		return
	}
	f, err := os.Open(t.File)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer f.Close()
	http.ServeContent(w, req, "", time.Time{}, f)
}

// cutPath returns the name of a file below a prefix, as it is called there.
func cutPath(escaped, prefix string) (string, bool) {
	rest, ok := strings.CutPrefix(escaped, prefix)
	if !ok {
		return "", false
	}
	name, err := url.PathUnescape(rest)
	return name, err == nil
}

// wrong returns other content of the same length.
func wrong(data []byte) []byte {
	if len(data) == 0 {
		return []byte{0}
	}
	data = bytes.Clone(data)
	for i := range data {
		data[i] ^= 0x20
	}
	return data
}

// endless sends white space until the client has had enough.
func endless(w io.Writer) {
	chunk := bytes.Repeat([]byte(" "), 1<<16)
	for {
		if _, err := w.Write(chunk); err != nil {
			return
		}
	}
}

// slow sends one byte and then waits until the client goes away.
func slow(w http.ResponseWriter, req *http.Request, data []byte) {
	w.Write(data[:min(1, len(data))])
	http.NewResponseController(w).Flush()
	<-req.Context().Done()
}

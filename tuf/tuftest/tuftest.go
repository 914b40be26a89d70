// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package tuftest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/internal/clock"
)

// Where a repository serves its files.
const (
	MetadataPath = "/metadata/"
	TargetsPath  = "/targets/"
)

// Options say what a repository is like. The zero Options are an ordinary
// repository of today.
type Options struct {
	// Seed makes all keys follow from it, so that two repositories that are
	// told the same publish the same. Without it keys are random.
	Seed []byte
	// Time is the time of the first publication, from which expiry is
	// counted; zero means now. See [Repository.SetTime].
	Time time.Time
	// NotConsistent turns consistent snapshots off: file names have no
	// version or hash in front.
	NotConsistent bool
	// VersionsOnly leaves lengths and hashes out of timestamp and snapshot,
	// as many repositories do.
	VersionsOnly bool
}

// A Repository is a TUF repository in memory. Its methods are safe for concurrent
// use. What is changed is served from the next [Repository.Publish] on.
type Repository struct {
	mu           sync.Mutex
	seed         []byte
	keys         int // made so far
	now          time.Time
	consistent   bool
	versionsOnly bool
	roles        map[string]*role
	oldRootKeys  []*key // that must sign the next root too
	published    []*publication
	replaced     map[string][]byte // served instead, by file name
	requests     []string
	attacker     attacker
}

// A role is one of the top-level roles or a delegated one.
type role struct {
	name      string
	keys      []*key // of top-level roles; for others see delegation
	threshold int
	version   int64         // published last
	lifetime  time.Duration // until it expires
	expires   time.Time     // fixed, if not zero
	changed   bool

	// Of targets roles.
	files       map[string]Target
	digests     map[string]hash.Artifact
	delegations []*delegation
	bins        *bins
}

type delegation struct {
	Delegation
	keys []*key
}

// bins are succinct delegations (TAP 15).
type bins struct {
	prefix string
	bits   int
	keys   []*key
}

// A publication is all that is on the server after a Publish.
type publication struct {
	metadata map[string][]byte // by file name, not escaped
	targets  map[string]Target // by path below TargetsPath, not escaped
}

// A Target is a file to publish.
type Target struct {
	Path string
	// Content is the file; or File is the name of a file on disk with it,
	// which is read when it is added and again each time it is served.
	Content []byte
	File    string
	// Custom is the custom object, as a Go value; nil for none.
	Custom any
	// Algorithms are those of the hashes; none means SHA256.
	Algorithms []hash.Algorithm
}

// A Delegation gives a part of the targets to another role.
type Delegation struct {
	Name         string
	Paths        []string // patterns, or
	HashPrefixes []string // hex prefixes of the path's SHA-256
	Terminating  bool
	Threshold    int // default 1
	Keys         int // how many keys the role gets, default Threshold
	// Unsigned leaves out the signatures by the keys of this delegation, for
	// a role that has another delegator whose keys do sign.
	Unsigned bool
}

// New returns a repository with root, timestamp, snapshot and targets roles, one key
// each, and no targets. Nothing is served before the first Publish. Nil options
// are the zero Options.
func New(opts *Options) *Repository {
	if opts == nil {
		opts = &Options{}
	}
	r := &Repository{
		seed:         bytes.Clone(opts.Seed),
		now:          clock.At(opts.Time).Truncate(time.Second),
		consistent:   !opts.NotConsistent,
		versionsOnly: opts.VersionsOnly,
		roles:        map[string]*role{},
		replaced:     map[string][]byte{},
	}
	const day = 24 * time.Hour
	for _, t := range []struct {
		name     string
		lifetime time.Duration
	}{{"root", 365 * day}, {"timestamp", day}, {"snapshot", 7 * day}, {"targets", 90 * day}} {
		r.roles[t.name] = &role{name: t.name, keys: r.newKeys(1), threshold: 1, lifetime: t.lifetime, changed: true}
	}
	r.roles["targets"].initTargets()
	return r
}

func (r *role) initTargets() {
	r.files = map[string]Target{}
	r.digests = map[string]hash.Artifact{}
}

// AddTarget adds a file to the targets role, or replaces it.
func (r *Repository) AddTarget(path string, content []byte) {
	if err := r.Add("targets", Target{Path: path, Content: content}); err != nil {
		panic("tuftest: " + err.Error()) // the role exists and bytes can be hashed
	}
}

// Add adds a file to a targets role, or replaces it. The name_prefix of succinct
// bins means the bin that the path belongs to.
func (r *Repository) Add(role string, t Target) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, above := range r.roles {
		if b := above.bins; b != nil && b.prefix == role {
			role = b.bin(t.Path)
		}
	}
	to, err := r.targetsRole(role)
	if err != nil {
		return err
	}
	var a hash.Artifact
	if t.File != "" {
		a, err = hash.MeasureFile(context.Background(), t.File, t.Algorithms...)
	} else {
		t.Content = bytes.Clone(t.Content)
		a, err = hash.Measure(context.Background(), bytes.NewReader(t.Content), t.Algorithms...)
	}
	if err != nil {
		return fmt.Errorf("tuftest: target %q: %w", t.Path, err)
	}
	if _, err := json.Marshal(t.Custom); err != nil {
		return fmt.Errorf("tuftest: target %q: %w", t.Path, err)
	}
	to.files[t.Path] = t
	to.digests[t.Path] = a
	to.changed = true
	return nil
}

// RemoveTarget removes a file from a targets role.
func (r *Repository) RemoveTarget(role, path string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	from, err := r.targetsRole(role)
	if err != nil {
		return err
	}
	delete(from.files, path)
	from.changed = true
	return nil
}

// Delegate adds a delegation to a targets role, behind those that it has. The
// role delegated to is made with keys of its own if it does not exist; else it
// gets more keys, one set for each delegator.
func (r *Repository) Delegate(from string, d Delegation) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	above, err := r.targetsRole(from)
	if err != nil {
		return err
	}
	if above.bins != nil {
		return fmt.Errorf("tuftest: role %q delegates to bins already", from)
	}
	if below, ok := r.roles[d.Name]; ok && below.files == nil || d.Name == "targets" || d.Name == "" {
		return fmt.Errorf("tuftest: cannot delegate to role %q", d.Name)
	}
	d.Threshold = max(d.Threshold, 1)
	if d.Keys == 0 {
		d.Keys = d.Threshold
	}
	above.delegations = append(above.delegations, &delegation{d, r.newKeys(d.Keys)})
	above.changed = true
	r.addRole(d.Name)
	return nil
}

func (r *Repository) addRole(name string) {
	if r.roles[name] == nil {
		r.roles[name] = &role{name: name, lifetime: 30 * 24 * time.Hour}
		r.roles[name].initTargets()
	}
	r.roles[name].changed = true
}

// DelegateBins makes a targets role delegate everything to 2^bits succinct hash
// bins with one key for all of them (TAP 15). bits is 1 to 12.
func (r *Repository) DelegateBins(from, namePrefix string, bits int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	above, err := r.targetsRole(from)
	if err != nil {
		return err
	}
	if len(above.delegations) > 0 || above.bins != nil || bits < 1 || bits > 12 {
		return fmt.Errorf("tuftest: role %q cannot delegate to bins of %d bits", from, bits)
	}
	above.bins = &bins{namePrefix, bits, r.newKeys(1)}
	above.changed = true
	for i := range 1 << bits {
		r.addRole(above.bins.name(i))
	}
	return nil
}

func (b *bins) name(i int) string {
	digits := len(strconv.FormatInt(1<<b.bits-1, 16))
	return fmt.Sprintf("%s-%0*x", b.prefix, digits, i)
}

func (b *bins) bin(path string) string {
	sum := sha256.Sum256([]byte(path))
	return b.name(int(binary.BigEndian.Uint32(sum[:]) >> (32 - b.bits)))
}

func (r *Repository) role(name string) (*role, error) {
	if r.roles[name] == nil {
		return nil, fmt.Errorf("tuftest: no role %q", name)
	}
	return r.roles[name], nil
}

func (r *Repository) targetsRole(name string) (*role, error) {
	role, err := r.role(name)
	if err == nil && role.files == nil {
		err = fmt.Errorf("tuftest: role %q has no targets", name)
	}
	return role, err
}

// RotateKeys gives a role other keys, as many as it has. For a delegated role
// those of all its delegations change. A new root is signed by the old and the
// new root keys.
func (r *Repository) RotateKeys(role string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	to, err := r.role(role)
	if err != nil {
		return err
	}
	r.rotate(to, len(to.keys))
	return nil
}

// SetThreshold gives a top-level role n new keys of which threshold must sign. All
// of them do.
func (r *Repository) SetThreshold(role string, threshold, n int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	to, err := r.role(role)
	if err != nil {
		return err
	}
	if to.keys == nil || threshold < 1 || n < threshold {
		return fmt.Errorf("tuftest: role %q cannot have a threshold of %d of %d", role, threshold, n)
	}
	r.rotate(to, n)
	to.threshold = threshold
	return nil
}

func (r *Repository) rotate(to *role, n int) {
	to.changed = true
	if to.keys != nil {
		if to.name == "root" && r.oldRootKeys == nil {
			r.oldRootKeys = to.keys
		}
		to.keys = r.newKeys(n)
		r.roles["root"].changed = true
		return
	}
	for _, above := range r.roles {
		for _, d := range above.delegations {
			if d.Name == to.name {
				d.keys = r.newKeys(len(d.keys))
				above.changed = true
			}
		}
		if b := above.bins; b != nil && slices.Contains(b.names(), to.name) {
			b.keys = r.newKeys(1)
			above.changed = true
			for _, name := range b.names() {
				r.roles[name].changed = true
			}
		}
	}
}

func (b *bins) names() []string {
	var names []string
	for i := range 1 << b.bits {
		names = append(names, b.name(i))
	}
	return names
}

// SetExpiry makes a role expire at a fixed time; the zero time means some time
// after its next publication again: a day for the timestamp, a week for the
// snapshot, a year for the root.
func (r *Repository) SetExpiry(role string, t time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	to, err := r.role(role)
	if err == nil {
		to.expires = t
		to.changed = true
	}
	return err
}

// SetVersion makes the next publication of a role have the version v.
func (r *Repository) SetVersion(role string, v int64) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	to, err := r.role(role)
	if err == nil {
		to.version = v - 1
		to.changed = true
	}
	return err
}

// SetTime sets the time from which the expiry of later publications is counted.
func (r *Repository) SetTime(t time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = t.UTC().Truncate(time.Second)
}

// Time returns the time of the repository.
func (r *Repository) Time() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}

// SetConsistentSnapshot turns consistent snapshots on or off, with a new root.
func (r *Repository) SetConsistentSnapshot(on bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.consistent = on
	for _, role := range r.roles {
		role.changed = true // each under its other name
	}
}

// Publish signs new versions of all that has changed, and of snapshot and
// timestamp in any case.
func (r *Repository) Publish() {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := &publication{metadata: map[string][]byte{}, targets: map[string]Target{}}
	if n := len(r.published); n > 0 {
		p.metadata = maps.Clone(r.published[n-1].metadata)
		p.targets = maps.Clone(r.published[n-1].targets)
	}
	if root := r.roles["root"]; root.changed {
		signed := r.header(root)
		keys, roles := object{}, object{}
		for _, name := range []string{"root", "timestamp", "snapshot", "targets"} {
			addKeys(keys, r.roles[name].keys)
			roles[name] = object{"keyids": keyIDs(r.roles[name].keys), "threshold": r.roles[name].threshold}
		}
		signed["consistent_snapshot"] = r.consistent
		signed["keys"], signed["roles"] = keys, roles
		p.metadata[fmt.Sprintf("%d.root.json", root.version)] = mustSign(signed, slices.Concat(root.keys, r.oldRootKeys))
		r.oldRootKeys = nil
	}
	for _, name := range slices.Sorted(maps.Keys(r.roles)) {
		if role := r.roles[name]; role.files != nil && role.changed {
			r.put(p, role, r.targets(role, p), r.signers(role))
		}
	}
	snapshot := r.roles["snapshot"]
	signed := r.header(snapshot)
	meta := object{}
	for name, role := range r.roles {
		if role.files != nil {
			meta[name+".json"] = r.pin(p, role)
		}
	}
	signed["meta"] = meta
	r.put(p, snapshot, signed, snapshot.keys)

	timestamp := r.roles["timestamp"]
	signed = r.header(timestamp)
	signed["meta"] = object{"snapshot.json": r.pin(p, snapshot)}
	p.metadata["timestamp.json"] = mustSign(signed, timestamp.keys)
	r.published = append(r.published, p)
}

func mustSign(signed object, keys []*key) []byte {
	data, err := sign(marshal(signed), keys)
	if err != nil {
		panic(err) // it was made a moment ago
	}
	return data
}

// header begins the next version of a role.
func (r *Repository) header(of *role) object {
	of.version++
	of.changed = false
	expires := of.expires
	if expires.IsZero() {
		expires = r.now.Add(of.lifetime)
	}
	typ := of.name
	if of.files != nil {
		typ = "targets"
	}
	return object{
		"_type":        typ,
		"spec_version": "1.0.31",
		"version":      of.version,
		"expires":      expires.UTC().Format("2006-01-02T15:04:05Z"),
	}
}

func (r *Repository) put(p *publication, of *role, signed object, keys []*key) {
	p.metadata[r.fileName(of)] = mustSign(signed, keys)
}

func (r *Repository) fileName(of *role) string {
	if r.consistent {
		return fmt.Sprintf("%d.%s.json", of.version, of.name)
	}
	return of.name + ".json"
}

func (r *Repository) pin(p *publication, of *role) object {
	pin := object{"version": of.version}
	if !r.versionsOnly {
		data := p.metadata[r.fileName(of)]
		sum := sha256.Sum256(data)
		pin["length"] = len(data)
		pin["hashes"] = object{"sha256": hex.EncodeToString(sum[:])}
	}
	return pin
}

// signers returns the keys that sign for a targets role: its own, or those that
// its delegators gave it.
func (r *Repository) signers(of *role) []*key {
	keys := slices.Clone(of.keys)
	for _, name := range slices.Sorted(maps.Keys(r.roles)) {
		above := r.roles[name]
		for _, d := range above.delegations {
			if d.Name == of.name && !d.Unsigned {
				keys = append(keys, d.keys...)
			}
		}
		if above.bins != nil && slices.Contains(above.bins.names(), of.name) {
			keys = append(keys, above.bins.keys...)
		}
	}
	return keys
}

// targets returns the content of a targets role and puts its files into p.
func (r *Repository) targets(of *role, p *publication) object {
	signed := r.header(of)
	files := object{}
	for name, t := range of.files {
		a := of.digests[name]
		file := object{"length": a.Size(), "hashes": a.Digests()}
		if t.Custom != nil {
			file["custom"] = t.Custom
		}
		files[name] = file
		if !r.consistent {
			p.targets[name] = t
			continue
		}
		dir, base := path.Split(name)
		for d := range a.Digests().All() {
			p.targets[dir+d.Hex()+"."+base] = t
		}
	}
	signed["targets"] = files
	keys := object{}
	switch {
	case of.bins != nil:
		addKeys(keys, of.bins.keys)
		signed["delegations"] = object{"keys": keys, "succinct_roles": object{
			"keyids": keyIDs(of.bins.keys), "threshold": 1, "bit_length": of.bins.bits, "name_prefix": of.bins.prefix}}
	case len(of.delegations) > 0:
		roles := []object{}
		for _, d := range of.delegations {
			addKeys(keys, d.keys)
			role := object{"name": d.Name, "keyids": keyIDs(d.keys), "threshold": d.Threshold, "terminating": d.Terminating}
			if d.HashPrefixes != nil {
				role["path_hash_prefixes"] = d.HashPrefixes
			} else {
				role["paths"] = append([]string{}, d.Paths...)
			}
			roles = append(roles, role)
		}
		signed["delegations"] = object{"keys": keys, "roles": roles}
	}
	return signed
}

// Root returns the first root.json, which clients trust from the beginning. It is
// nil before the first Publish.
func (r *Repository) Root() []byte { return r.File("1.root.json") }

// File returns a metadata file by its name in the repository, such as
// "timestamp.json" or "3.targets.json", as it was published last; nil if there is
// none.
func (r *Repository) File(name string) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.published) == 0 {
		return nil
	}
	return bytes.Clone(r.published[len(r.published)-1].metadata[name])
}

// Replace makes the server send other bytes for a metadata file, until it is
// called with nil.
func (r *Repository) Replace(name string, data []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if data == nil {
		delete(r.replaced, name)
	} else {
		r.replaced[name] = bytes.Clone(data)
	}
}

// Sign returns a metadata file with the given signed member, which is JSON of any
// kind, signed with the keys of a role.
func (r *Repository) Sign(role string, signed []byte) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	by, err := r.role(role)
	if err != nil {
		return nil, err
	}
	return sign(signed, r.signers(by))
}

// Requests returns the paths of all requests so far, escaped as they came.
func (r *Repository) Requests() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.requests)
}

func (t Target) read() ([]byte, error) {
	if t.File == "" {
		return t.Content, nil
	}
	return os.ReadFile(t.File)
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package layout_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/tallystick/tallystick/internal/canonicaljson"
	"github.com/tallystick/tallystick/internal/signature"
	"github.com/tallystick/tallystick/internal/strictjson"
	"github.com/tallystick/tallystick/provenance"
	"github.com/tallystick/tallystick/provenance/layout"
	"github.com/tallystick/tallystick/verify"
)

// obj is a JSON object.
type obj = map[string]any

// now is the time of all tests, an hour before the test layouts expire.
var now = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

const expires = "2026-06-01T13:00:00Z"

// key returns the private key of a person. It follows from the name.
func key(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte("layout test key of " + name))
	return ed25519.NewKeyFromSeed(seed[:])
}

// rsaKey returns the RSA key of all tests with so many bits: they are slow to make.
func rsaKey(bits int) *rsa.PrivateKey {
	if bits == 1024 {
		return rsa1024()
	}
	return rsa2048()
}

var rsa1024, rsa2048 = sync.OnceValue(func() *rsa.PrivateKey { return newRSA(1024) }), sync.OnceValue(func() *rsa.PrivateKey { return newRSA(2048) })

func newRSA(bits int) *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		panic(err)
	}
	return k
}

func keyOf(name string) *signature.Key {
	k, err := signature.New(key(name).Public(), "")
	if err != nil {
		panic(err)
	}
	return k
}

// id returns the key id of a person, as the Python tools compute it.
func id(name string) string { return keyOf(name).KeyID() }

// id8 returns what stands in the names of link files.
func id8(name string) string { return id(name)[:8] }

// public returns the public key of a person as it stands in a layout.
func public(name string) obj {
	k := keyOf(name)
	return obj{"keytype": k.Type(), "scheme": k.Scheme(), "keyid": id(name), "keyval": obj{"public": k.Public()}}
}

func keySet(t testing.TB, names ...string) provenance.KeySet {
	t.Helper()
	var keys []provenance.Key
	for _, name := range names {
		k, err := provenance.NewKey(key(name).Public())
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, k.WithName(name))
	}
	set, err := provenance.NewKeySet(len(keys), keys...)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func marshal(v any) []byte {
	if raw, ok := v.([]byte); ok {
		return raw
	}
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return data
}

// dsse signs a payload as in ITE-5.
func dsse(payload any, names ...string) []byte {
	var signers []crypto.Signer
	for _, name := range names {
		signers = append(signers, key(name))
	}
	data, err := provenance.Sign(provenance.PayloadType, marshal(payload), signers...)
	if err != nil {
		panic(err)
	}
	return data
}

// legacy signs a payload in the older form.
func legacy(payload any, names ...string) []byte {
	raw := marshal(payload)
	message, err := canonicaljson.Canonical(raw, strictjson.Limits{})
	if err != nil {
		panic(err)
	}
	signatures := []obj{}
	for _, name := range names {
		signatures = append(signatures, obj{"keyid": id(name), "sig": hex.EncodeToString(ed25519.Sign(key(name), message))})
	}
	return []byte(`{"signatures":` + string(marshal(signatures)) + `,"signed":` + string(raw) + `}`)
}

// sum returns the digests of content.
func sum(content string) obj {
	s := sha256.Sum256([]byte(content))
	return obj{"sha256": hex.EncodeToString(s[:])}
}

// sums returns the digests of content by two algorithms.
func sums(content string) obj {
	s := sha512.Sum512([]byte(content))
	d := sum(content)
	d["sha512"] = hex.EncodeToString(s[:])
	return d
}

// files returns the artifacts with the given names, each with content that
// follows from its name.
func files(names ...string) obj {
	out := obj{}
	for _, name := range names {
		out[name] = sum("content of " + name)
	}
	return out
}

func link(step string, materials, products obj) obj {
	return obj{"_type": "link", "name": step, "materials": materials, "products": products,
		"command": []string{}, "byproducts": obj{}, "environment": obj{}}
}

// rules returns artifact rules, each given as words.
func rules(list ...[]string) [][]string {
	if list == nil {
		return [][]string{}
	}
	return list
}

func step(name string, threshold int, materials, products [][]string, people ...string) obj {
	ids := []string{}
	for _, p := range people {
		ids = append(ids, id(p))
	}
	return obj{"_type": "step", "name": name, "threshold": threshold, "pubkeys": ids,
		"expected_materials": materials, "expected_products": products, "expected_command": []string{}}
}

func newLayout(people []string, steps ...obj) obj {
	keys := obj{}
	for _, p := range people {
		keys[id(p)] = public(p)
	}
	return obj{"_type": "layout", "expires": expires, "readme": "", "keys": keys, "steps": steps, "inspect": []obj{}}
}

// A world is a layout with its links, before it is verified. Each test alters one
// thing in it.
type world struct {
	layout  obj
	owners  []string // who signs the layout
	trusted []string // whose keys the verifier has
	// payload, if set, alters the layout's bytes before they are signed.
	payload func([]byte) []byte
	// signed, if set, replaces the whole signed layout.
	signed func(payload []byte) []byte
	links  map[string][]byte // by file name
	// source, if set, is where the verifier finds the links.
	source func(links map[string][]byte) layout.LinkSource
	opts   layout.Options
}

// newWorld returns one that is accepted: alice writes src/main.go and README, bob
// and carol build app from it.
func newWorld() *world {
	w := &world{
		layout: newLayout([]string{"alice", "bob", "carol"},
			step("write", 1, rules(), rules([]string{"CREATE", "src/*"}, []string{"CREATE", "README"}, []string{"DISALLOW", "*"}), "alice"),
			step("build", 2,
				rules([]string{"MATCH", "*", "WITH", "PRODUCTS", "FROM", "write"}, []string{"DISALLOW", "*"}),
				rules([]string{"MATCH", "src/*", "WITH", "MATERIALS", "FROM", "build"}, []string{"CREATE", "app"}, []string{"DISALLOW", "*"}),
				"bob", "carol")),
		owners:  []string{"owner"},
		trusted: []string{"owner"},
		links:   map[string][]byte{},
		opts:    layout.Options{Time: now},
	}
	w.put("write", link("write", obj{}, files("src/main.go", "README")), "alice")
	build := link("build", files("src/main.go", "README"), files("src/main.go", "app"))
	w.put("build", build, "bob")
	w.put("build", build, "carol")
	return w
}

// put adds a link of a step, signed by one person, under the usual file name.
func (w *world) put(step string, payload any, person string) {
	w.links[step+"."+id8(person)+".link"] = dsse(payload, person)
}

func (w *world) step(i int) obj { return w.layout["steps"].([]obj)[i] }

// fs returns the folder of links.
func (w *world) fs() fstest.MapFS {
	fsys := fstest.MapFS{".keep": {}}
	for name, data := range w.links {
		fsys[name] = &fstest.MapFile{Data: data}
	}
	return fsys
}

func (w *world) sign() []byte {
	payload := marshal(w.layout)
	if w.payload != nil {
		payload = w.payload(payload)
	}
	if w.signed != nil {
		return w.signed(payload)
	}
	return dsse(payload, w.owners...)
}

func (w *world) verify(t testing.TB) (*layout.Verification, error) {
	t.Helper()
	source := layout.LinkSource(layout.DirLinks(w.fs()))
	if w.source != nil {
		source = w.source(w.links)
	}
	v, err := layout.Verify(context.Background(), w.sign(), keySet(t, w.trusted...), source, w.opts)
	if (v == nil) == (err == nil) {
		t.Fatalf("Verify returned %v, %v", v, err)
	}
	return v, err
}

// report returns the report of an error, or fails the test.
func report(t testing.TB, err error) *verify.Report {
	t.Helper()
	rejected, ok := errors.AsType[*verify.RejectedError](err)
	if !ok {
		t.Fatalf("got %T (%v), want a *verify.RejectedError", err, err)
	}
	return rejected.Report
}

// replace returns a function that replaces the first old by new.
func replace(t testing.TB, old, new string) func([]byte) []byte {
	return func(data []byte) []byte {
		t.Helper()
		if !bytes.Contains(data, []byte(old)) {
			t.Fatalf("there is no %s in %s", old, data)
		}
		return bytes.Replace(data, []byte(old), []byte(new), 1)
	}
}

// missing is a file system in which nothing can be opened.
type missing struct{}

func (missing) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

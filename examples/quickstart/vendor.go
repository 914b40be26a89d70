// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/provenance"
	"github.com/tallystick/tallystick/tuf/tuftest"
)

// The vendor makes releases of a program called hello: developers tag a source
// tree, a packager makes a tarball of it, and two builders who do not trust each
// other build the same binary. Everybody signs what they did, and an update
// repository publishes all of it. Everything in this file is what happens on the
// other side; the update client in client.go sees none of it.
type vendor struct {
	repo *tuftest.Repository

	owner     person // of the project: signs the layout
	developer person
	packager  person
	builderA  person
	builderB  person
	mallory   person // nobody trusts this one
}

// A person is somebody with a key.
type person struct {
	name string
	key  ed25519.PrivateKey
}

// builderID is the URI by which provenance names a builder.
func (p person) builderID() string { return "https://" + p.name + ".example/v1" }

// keyID is the TUF and in-toto key id: a hash of the key's canonical JSON.
func (p person) keyID() string {
	sum := sha256.Sum256(fmt.Appendf(nil, `{"keytype":"ed25519","keyval":{"public":"%s"},"scheme":"ed25519"}`, p.publicHex()))
	return hex.EncodeToString(sum[:])
}

func (p person) publicHex() string {
	return hex.EncodeToString(p.key.Public().(ed25519.PublicKey))
}

func (p person) publicPEM() ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(p.key.Public())
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), err
}

func newVendor() (*vendor, error) {
	v := &vendor{repo: tuftest.New(nil)}
	for name, p := range map[string]*person{
		"owner": &v.owner, "developer": &v.developer, "packager": &v.packager,
		"builder-a": &v.builderA, "builder-b": &v.builderB, "mallory": &v.mallory,
	} {
		_, key, err := ed25519.GenerateKey(nil)
		if err != nil {
			return nil, err
		}
		*p = person{name, key}
	}
	for _, p := range []person{v.owner, v.builderA, v.builderB} {
		public, err := p.publicPEM()
		if err != nil {
			return nil, err
		}
		v.repo.AddTarget("keys/"+p.name+".pem", public)
	}
	return v, nil
}

// A release is everything that the vendor publishes about one version. Attacks
// change it before it is published.
type release struct {
	version string
	expires time.Time         // of the layout
	tagged  map[string]string // the source tree: what the developer recorded
	packed  map[string]string // the source tree: what is in the tarball
	tarball []byte
	binary  []byte

	layout     []byte
	links      map[string][]byte // by file name
	provenance map[string][]byte // by builder
}

func (r *release) tarballName() string { return "hello-" + r.version + ".tar.gz" }
func (r *release) binaryName() string  { return "hello-" + r.version + "-linux-amd64" }

// make makes a release. The tamper functions are called one after the other: with
// the source, before the tarball is made of it; and with everything, after it
// has been signed.
func (v *vendor) make(version string, tamperSource, tamperSigned func(*release) error) (*release, error) {
	top := "hello-" + version + "/"
	r := &release{
		version: version,
		expires: time.Now().Add(90 * 24 * time.Hour),
		tagged: map[string]string{
			top + "README.md": "# hello\n\nSays hello.\n",
			top + "go.mod":    "module hello.example\n",
			top + "main.go":   "package main\n\nfunc main() { println(\"hello " + version + "\") }\n",
		},
	}
	r.packed = maps.Clone(r.tagged)
	if tamperSource != nil {
		if err := tamperSource(r); err != nil {
			return nil, err
		}
	}
	var err error
	if r.tarball, err = makeTarball(r.packed); err != nil {
		return nil, err
	}
	// What a compiler would do. All that matters here is that both builders
	// get the same bytes.
	r.binary = []byte("#!/bin/sh\necho hello " + version + "\n")
	if err := v.sign(r); err != nil {
		return nil, err
	}
	if tamperSigned != nil {
		if err := tamperSigned(r); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// sign makes the layout, the links and the provenance of a release.
func (v *vendor) sign(r *release) error {
	var err error
	if r.layout, err = v.signLayout(r.expires); err != nil {
		return err
	}
	tagged := map[string]any{}
	for name, content := range r.tagged {
		tagged[name] = digests([]byte(content))
	}
	tarball := map[string]any{r.tarballName(): digests(r.tarball)}
	binary := map[string]any{r.binaryName(): digests(r.binary)}
	r.links = map[string][]byte{}
	for _, step := range []struct {
		name                string
		by                  person
		materials, products map[string]any
	}{
		{"tag", v.developer, map[string]any{}, tagged},
		{"package", v.packager, tagged, tarball},
		{"build", v.builderA, tarball, binary},
		{"build", v.builderB, tarball, binary},
	} {
		if r.links[linkName(step.name, step.by)], err = signLink(step.name, step.materials, step.products, step.by); err != nil {
			return err
		}
	}
	r.provenance = map[string][]byte{}
	for _, b := range []person{v.builderA, v.builderB} {
		if r.provenance[b.name], err = signProvenance(r, b, b); err != nil {
			return err
		}
	}
	return nil
}

func linkName(step string, by person) string { return step + "." + by.keyID()[:8] + ".link" }

// signLayout writes down who does what, in-toto specification 4.3.
func (v *vendor) signLayout(expires time.Time) ([]byte, error) {
	keys := map[string]any{}
	for _, p := range []person{v.developer, v.packager, v.builderA, v.builderB} {
		keys[p.keyID()] = map[string]any{
			"keyid": p.keyID(), "keytype": "ed25519", "scheme": "ed25519",
			"keyval": map[string]any{"public": p.publicHex()},
		}
	}
	step := func(name string, threshold int, materials, products [][]string, by ...person) map[string]any {
		var ids []string
		for _, p := range by {
			ids = append(ids, p.keyID())
		}
		return map[string]any{
			"_type": "step", "name": name, "threshold": threshold, "pubkeys": ids, "expected_command": []string{},
			"expected_materials": materials, "expected_products": products,
		}
	}
	return sign(map[string]any{
		"_type":   "layout",
		"expires": expires.UTC().Format("2006-01-02T15:04:05Z"),
		"readme":  "",
		"keys":    keys,
		"inspect": []any{},
		"steps": []any{
			step("tag", 1,
				[][]string{{"DISALLOW", "*"}},
				[][]string{{"CREATE", "hello-*"}, {"DISALLOW", "*"}}, v.developer),
			step("package", 1,
				[][]string{{"MATCH", "*", "WITH", "PRODUCTS", "FROM", "tag"}, {"DISALLOW", "*"}},
				[][]string{{"CREATE", "hello-*.tar.gz"}, {"DISALLOW", "*"}}, v.packager),
			step("build", 2,
				[][]string{{"MATCH", "*.tar.gz", "WITH", "PRODUCTS", "FROM", "package"}, {"DISALLOW", "*"}},
				[][]string{{"CREATE", "hello-*-linux-amd64"}, {"DISALLOW", "*"}}, v.builderA, v.builderB),
		},
	}, v.owner)
}

// signLink records what one step did, in-toto specification 4.4.
func signLink(step string, materials, products map[string]any, by person) ([]byte, error) {
	return sign(map[string]any{
		"_type": "link", "name": step, "command": []string{}, "byproducts": map[string]any{}, "environment": map[string]any{},
		"materials": materials, "products": products,
	}, by)
}

// signProvenance says that a builder made the binary from the source tree: SLSA
// provenance v1 in an in-toto Statement. Who signs it is another matter.
func signProvenance(r *release, builder, by person) ([]byte, error) {
	source, err := r.sourceTree()
	if err != nil {
		return nil, err
	}
	return sign(map[string]any{
		"_type":         "https://in-toto.io/Statement/v1",
		"subject":       []any{map[string]any{"name": r.binaryName(), "digest": digests(r.binary)}},
		"predicateType": provenance.SLSAProvenanceV1,
		"predicate": map[string]any{
			"buildDefinition": map[string]any{
				"buildType":          "https://hello.example/build/v1",
				"externalParameters": map[string]any{"version": r.version},
				"resolvedDependencies": []any{map[string]any{
					"uri":    "git+https://hello.example/hello@refs/tags/v" + r.version,
					"digest": map[string]any{"gitTree": source.Hex()},
				}},
			},
			"runDetails": map[string]any{"builder": map[string]any{"id": builder.builderID()}},
		},
	}, by)
}

// sourceTree returns the git tree of the tagged source.
func (r *release) sourceTree() (hash.Digest, error) {
	tarball, err := makeTarball(r.tagged)
	if err != nil {
		return hash.Digest{}, err
	}
	tree, err := hash.MeasureTar(context.Background(), bytes.NewReader(tarball), &hash.TreeOptions{Algorithms: []hash.Algorithm{hash.GitTreeSHA256}})
	if err != nil {
		return hash.Digest{}, err
	}
	return tree.GitTree(hash.GitTreeSHA256)
}

// sign puts something into an envelope.
func sign(what map[string]any, by person) ([]byte, error) {
	payload, err := json.Marshal(what)
	if err != nil {
		return nil, err
	}
	return provenance.Sign(provenance.PayloadType, payload, crypto.Signer(by.key))
}

func digests(content []byte) map[string]any {
	sum := sha256.Sum256(content)
	return map[string]any{"sha256": hex.EncodeToString(sum[:])}
}

// publish puts a release into the update repository. The binary's custom object
// says where its evidence is, as ITE-2 proposes.
func (v *vendor) publish(r *release) error {
	evidence := releaseEvidence{Tarball: r.tarballName(), Version: r.version, Layout: "hello-" + r.version + ".layout"}
	v.repo.AddTarget(evidence.Tarball, r.tarball)
	v.repo.AddTarget(evidence.Layout, r.layout)
	for _, name := range slices.Sorted(maps.Keys(r.links)) {
		path := "links-" + r.version + "/" + name
		v.repo.AddTarget(path, r.links[name])
		evidence.Links = append(evidence.Links, path)
	}
	for _, name := range slices.Sorted(maps.Keys(r.provenance)) {
		path := "provenance-" + r.version + "/" + name + ".json"
		v.repo.AddTarget(path, r.provenance[name])
		evidence.Provenance = append(evidence.Provenance, path)
	}
	if err := v.repo.Add("targets", tuftest.Target{Path: r.binaryName(), Content: r.binary, Custom: evidence}); err != nil {
		return err
	}
	v.repo.Publish()
	return nil
}

// makeTarball makes the same bytes from the same files.
func makeTarball(files map[string]string) ([]byte, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	t := tar.NewWriter(z)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := t.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(files[name]))}); err != nil {
			return nil, err
		}
		if _, err := t.Write([]byte(files[name])); err != nil {
			return nil, err
		}
	}
	if err := t.Close(); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

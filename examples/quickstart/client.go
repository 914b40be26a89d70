// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/provenance"
	"github.com/tallystick/tallystick/provenance/layout"
	"github.com/tallystick/tallystick/tuf"
	"github.com/tallystick/tallystick/verify"
)

// An updater is the update client of the program hello: what a user would run,
// and the part of this example to copy. It knows nothing but the trusted root
// and where the repository is.
type updater struct {
	client *tuf.Client
	dir    string    // where downloads go
	at     time.Time // the verification time; zero is now
}

// releaseEvidence is the custom object of a binary's target: the targets that
// are evidence about it.
type releaseEvidence struct {
	Version    string   `json:"version"`
	Tarball    string   `json:"tarball"`
	Layout     string   `json:"layout"`
	Links      []string `json:"links"`
	Provenance []string `json:"provenance"`
}

// update gets the binary of a release and everything that was said about it, and
// accepts it only if all of that agrees.
func (u *updater) update(ctx context.Context, binaryName string) (*verify.Result, error) {
	snapshot, err := u.client.RefreshAt(ctx, u.at)
	if err != nil {
		return nil, err
	}
	get := func(path string) (file, error) { return u.get(ctx, snapshot, path) }

	binary, err := get(binaryName)
	if err != nil {
		return nil, err
	}
	var evidence releaseEvidence
	if err := json.Unmarshal(binary.target.Custom(), &evidence); err != nil {
		return nil, fmt.Errorf("custom object of %s: %w", binaryName, err)
	}
	tarball, err := get(evidence.Tarball)
	if err != nil {
		return nil, err
	}

	// The layout of the project owner, over the links of everybody who had a
	// part in the release. Which keys count comes from the repository too.
	owner, err := keySet(get, "owner")
	if err != nil {
		return nil, err
	}
	signedLayout, err := get(evidence.Layout)
	if err != nil {
		return nil, err
	}
	var links [][]byte
	for _, path := range evidence.Links {
		link, err := get(path)
		if err != nil {
			return nil, err
		}
		links = append(links, link.content)
	}
	steps, err := layout.Verify(ctx, signedLayout.content, owner, layout.Envelopes(links...), layout.Options{Time: u.at})
	if err != nil {
		return nil, err
	}

	// First the source: the tarball is the one that was packaged, and there is
	// nothing in it that the developer did not tag.
	tree, err := hash.MeasureTar(ctx, bytes.NewReader(tarball.content),
		&hash.TreeOptions{Algorithms: []hash.Algorithm{hash.SHA256, hash.GitTreeSHA256}})
	if err != nil {
		return nil, err
	}
	packaged, err := steps.Products("package")
	if err != nil {
		return nil, err
	}
	tagged, err := steps.Products("tag")
	if err != nil {
		return nil, err
	}
	recorded, err := tagged.Manifest()
	if err != nil {
		return nil, err
	}
	source, err := verify.Artifact(tarball.artifact,
		verify.All(
			verify.CoveredBy(tarball.target),
			verify.CoveredBy(packaged),
			verify.SameTree(tree, recorded),
		),
		tarball.target, packaged)
	if err != nil {
		return nil, err
	}

	// Then the binary: the repository, the layout and two builders say that it
	// is this one, and the builders that they made it from this very source.
	gitTree, err := tree.GitTree(hash.GitTreeSHA256)
	if err != nil {
		return nil, err
	}
	claims := []verify.Claim{binary.target, steps}
	var builds []verify.Policy
	for i, name := range []string{"builder-a", "builder-b"} {
		keys, err := keySet(get, name)
		if err != nil {
			return nil, err
		}
		builds = append(builds, provenance.SLSA{
			Builder:      "https://" + name + ".example/v1",
			Signers:      keys,
			SourceURI:    "https://hello.example/hello",
			SourceRef:    "refs/tags/v" + evidence.Version,
			SourceDigest: gitTree,
		})
		if i >= len(evidence.Provenance) {
			continue // the policy below will miss it
		}
		envelope, err := get(evidence.Provenance[i])
		if err != nil {
			return nil, err
		}
		statement, err := provenance.Open(envelope.content, keys, &provenance.Options{Time: u.at})
		if err != nil {
			return nil, err
		}
		claims = append(claims, statement)
	}
	bothBuilders, err := verify.AtLeast(2, builds...)
	if err != nil {
		return nil, err
	}
	return verify.Artifact(binary.artifact,
		verify.All(
			verify.CoveredBy(binary.target),
			verify.CoveredBy(steps),
			bothBuilders,
			verify.Requires(source),
		),
		claims...)
}

// A file was downloaded and is what the repository says.
type file struct {
	target   *tuf.Target   // what the repository says about it: a claim
	artifact hash.Artifact // what we measured: a fact
	content  []byte
}

func (u *updater) get(ctx context.Context, snapshot *tuf.Snapshot, path string) (file, error) {
	target, err := snapshot.Target(ctx, path)
	if err != nil {
		return file{}, err
	}
	// A name from outside becomes a file name only if it stays below our folder.
	if !fs.ValidPath(path) || !filepath.IsLocal(path) {
		return file{}, fmt.Errorf("target name %q is no file name", path)
	}
	dst := filepath.Join(u.dir, filepath.FromSlash(path))
	if err := os.MkdirAll(filepath.Dir(dst), 0o777); err != nil {
		return file{}, err
	}
	artifact, err := u.client.Download(ctx, target, dst)
	if err != nil {
		return file{}, err
	}
	content, err := os.ReadFile(dst)
	if err != nil {
		return file{}, err
	}
	// The file could have been changed since: use only what was verified.
	again, err := hash.Measure(ctx, bytes.NewReader(content), hash.SHA256)
	if err != nil {
		return file{}, err
	}
	if again.Digests().Compare(artifact.Digests()) != hash.Same {
		return file{}, errors.New(dst + " changed after it was downloaded")
	}
	return file{target, artifact, content}, nil
}

// keySet returns the key of somebody, which the repository vouches for.
func keySet(get func(string) (file, error), name string) (provenance.KeySet, error) {
	f, err := get("keys/" + name + ".pem")
	if err != nil {
		return provenance.KeySet{}, err
	}
	key, err := provenance.ParseKey(f.content)
	if err != nil {
		return provenance.KeySet{}, err
	}
	return provenance.NewKeySet(1, key.WithName(name))
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"os"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/tuf"
	"github.com/tallystick/tallystick/verify"
)

// update finds the target, downloads it and holds what was measured against what
// was claimed.
func (s *settings) update(ctx context.Context, m *meter) (*verify.Result, error) {
	defer m.finish()
	common := tuf.Config{Offline: s.offline, Retries: s.retries, Progress: m.show}
	find := s.findInOne
	if s.mapFile != "" {
		find = s.findInSeveral
	}
	artifact, claim, err := find(ctx, common)
	if err != nil {
		return nil, err
	}
	// Other claims about the same artifact, such as provenance, would go here.
	return verify.Artifact(artifact, verify.CoveredBy(claim), claim)
}

// findInOne uses one repository.
func (s *settings) findInOne(ctx context.Context, cfg tuf.Config) (a hash.Artifact, _ verify.Claim, err error) {
	if cfg.Root, err = os.ReadFile(s.roots[""]); err != nil {
		return a, nil, err
	}
	cfg.MetadataURL, cfg.TargetsURL, cfg.Dir = s.metadataURL, s.targetsURL, s.cache
	client, err := tuf.NewClient(cfg)
	if err != nil {
		return a, nil, err
	}
	snapshot, err := client.RefreshAt(ctx, s.at)
	if err != nil {
		return a, nil, err
	}
	target, err := snapshot.Target(ctx, s.target)
	if err != nil {
		return a, nil, err
	}
	a, err = client.Download(ctx, target, s.output)
	return a, target, err
}

// findInSeveral uses the repositories of a map file.
func (s *settings) findInSeveral(ctx context.Context, common tuf.Config) (a hash.Artifact, _ verify.Claim, err error) {
	cfg := tuf.MapConfig{Roots: map[string][]byte{}, Dir: s.cache, MetadataPath: s.metadataPath, TargetsPath: s.targetsPath, Client: common}
	if cfg.Map, err = os.ReadFile(s.mapFile); err != nil {
		return a, nil, err
	}
	for name, file := range s.roots {
		if cfg.Roots[name], err = os.ReadFile(file); err != nil {
			return a, nil, err
		}
	}
	client, err := tuf.NewMapClient(cfg)
	if err != nil {
		return a, nil, err
	}
	target, err := client.SnapshotAt(s.at).Target(ctx, s.target)
	if err != nil {
		return a, nil, err
	}
	a, err = client.Download(ctx, target, s.output)
	return a, target, err
}

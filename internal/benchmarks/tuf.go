// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata/config"
	"github.com/theupdateframework/go-tuf/v2/metadata/updater"

	"github.com/tallystick/tallystick/tuf"
	"github.com/tallystick/tallystick/tuf/tuftest"
)

// A tufJob is what a contender is to do.
type tufJob struct {
	Root              []byte
	Metadata, Targets string // URLs
	Limit             int64  // bytes of targets.json
	Lookups           []string
	// Download is the folder for what is looked up, if that is to be
	// downloaded. It is emptied before, unless Keep is set.
	Download string
	Keep     bool
}

func (m *maker) tufCases(context.Context) error {
	crowds := []int{10_000}
	if m.big {
		crowds = []int{100_000, 1_000_000}
	}
	for _, n := range crowds {
		name := fmt.Sprintf("tuf-%d", n)
		if !m.wanted(name) {
			continue
		}
		repo := tuftest.New(nil)
		target := func(i int) string { return fmt.Sprintf("packages/%02x/package-%d.tar.gz", i%256, i) }
		for i := range n {
			repo.AddTarget(target(i), fmt.Append(nil, i))
		}
		job, err := m.serve(name, repo, tufJob{Limit: int64(n) * 300, Lookups: []string{target(n / 2)}})
		if err != nil {
			return err
		}
		m.add(benchmark{Name: name, About: fmt.Sprintf("a first refresh with %d targets, and one lookup", n), Contenders: []contender{
			inside("tallystick", m.dir, "tuf", job),
			inside("go-tuf", m.dir, "go-tuf", job),
		}})
	}
	size, words := int64(64<<20), "64 MiB"
	if m.big {
		size, words = 1<<30, "1 GiB"
	}
	if !m.wanted("tuf-download") && !m.wanted("tuf-cached") {
		return nil
	}
	big := filepath.Join(m.dir, "big")
	if err := makeFile(big, size); err != nil {
		return err
	}
	repo := tuftest.New(nil)
	if err := repo.Add("targets", tuftest.Target{Path: "big", File: big}); err != nil {
		return err
	}
	for _, c := range []struct{ name, about string }{
		{"tuf-download", "a target of " + words + " from loopback to disk"},
		{"tuf-cached", "a target of " + words + " that is there already"},
	} {
		if !m.wanted(c.name) {
			continue
		}
		keep := c.name == "tuf-cached"
		var jobs [2]string
		for i, who := range []string{"ours", "theirs"} {
			var err error
			jobs[i], err = m.serve(c.name+"-"+who, repo, tufJob{Limit: 1 << 20, Lookups: []string{"big"}, Keep: keep,
				Download: filepath.Join(m.dir, c.name+"-"+who+"-files")})
			if err != nil {
				return err
			}
		}
		b := benchmark{Name: c.name, About: c.about, Contenders: []contender{
			inside("tallystick", m.dir, "tuf", jobs[0]),
			inside("go-tuf", m.dir, "go-tuf", jobs[1]),
			inside("crypto/sha256 over the file", m.dir, "plain", big),
		}}
		m.add(b)
	}
	return nil
}

// serve publishes a repository on loopback and writes the job into a file.
func (m *maker) serve(name string, repo *tuftest.Repository, job tufJob) (string, error) {
	repo.Publish()
	server := httptest.NewServer(repo) // until the process ends
	job.Root, job.Metadata, job.Targets = repo.Root(), server.URL+tuftest.MetadataPath, server.URL+tuftest.TargetsPath
	data, err := json.Marshal(job)
	if err != nil {
		return "", err
	}
	file := filepath.Join(m.dir, name+".job")
	return file, os.WriteFile(file, data, 0o666)
}

// begin reads a job and makes a folder for the cache, which is new for each run.
func begin(file string) (job tufJob, cache string, end func(), err error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return job, "", nil, err
	}
	if err := json.Unmarshal(data, &job); err != nil {
		return job, "", nil, err
	}
	if len(job.Lookups) == 0 {
		return job, "", nil, errors.New("nothing to look up")
	}
	if job.Download != "" {
		if !job.Keep {
			if err := os.RemoveAll(job.Download); err != nil {
				return job, "", nil, err
			}
		}
		if err := os.MkdirAll(job.Download, 0o777); err != nil {
			return job, "", nil, err
		}
	}
	cache, err = os.MkdirTemp(filepath.Dir(file), "cache")
	return job, cache, func() { os.RemoveAll(cache) }, err
}

func tufChild(ctx context.Context, args []string) error {
	job, cache, end, err := begin(args[0])
	if err != nil {
		return err
	}
	defer end()
	client, err := tuf.NewClient(tuf.Config{Root: job.Root, MetadataURL: job.Metadata, TargetsURL: job.Targets, Dir: cache,
		Limits: tuf.Limits{Targets: job.Limit, StatedLength: job.Limit}})
	if err != nil {
		return err
	}
	snapshot, err := client.Refresh(ctx)
	if err != nil {
		return err
	}
	for i, path := range job.Lookups {
		target, err := snapshot.Target(ctx, path)
		if err != nil {
			return err
		}
		if job.Download != "" {
			if _, err := client.Download(ctx, target, filepath.Join(job.Download, strconv.Itoa(i))); err != nil {
				return err
			}
		}
	}
	return nil
}

func goTUFChild(_ context.Context, args []string) error {
	job, cache, end, err := begin(args[0])
	if err != nil {
		return err
	}
	defer end()
	cfg, err := config.New(job.Metadata, job.Root)
	if err != nil {
		return err
	}
	cfg.RemoteTargetsURL, cfg.LocalMetadataDir, cfg.LocalTargetsDir = job.Targets, cache, job.Download
	cfg.TargetsMaxLength = job.Limit
	if job.Download == "" {
		cfg.LocalTargetsDir = filepath.Join(cache, "targets")
	}
	u, err := updater.New(cfg)
	if err != nil {
		return err
	}
	u.UnsafeSetRefTime(time.Now())
	if err := u.Refresh(); err != nil {
		return err
	}
	for i, path := range job.Lookups {
		info, err := u.GetTargetInfo(path)
		if err != nil {
			return err
		}
		if job.Download == "" {
			continue
		}
		file := filepath.Join(job.Download, strconv.Itoa(i))
		if found, _, err := u.FindCachedTarget(info, file); err != nil {
			return err
		} else if found != "" {
			continue
		}
		if _, _, err := u.DownloadTarget(info, file, ""); err != nil {
			return err
		}
	}
	return nil
}

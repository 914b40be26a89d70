// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

// Tufclient is a client for repositories of The Update Framework with the command
// line that the public conformance suite for such clients uses.
//
// Usage:
//
//	tufclient --metadata-dir DIR init ROOTFILE
//	tufclient --metadata-dir DIR --metadata-url URL refresh
//	tufclient --metadata-dir DIR --metadata-url URL --target-name PATH...
//	          --target-dir DIR --target-base-url URL download
//
// Init trusts ROOTFILE, a root.json, and makes no request. Refresh brings the
// metadata in DIR up to date. Download does that too and then downloads targets;
// --target-name may be repeated.
//
// DIR has root.json, timestamp.json, snapshot.json, targets.json and the metadata of
// delegated roles as the repository served them. The root.json there is the trusted
// one: whoever can write to DIR decides whom the client trusts. A target is stored
// in the target folder under its path, percent-encoded as in a URL's query; one
// that is there already, with the right content, is not downloaded again.
//
// The exit status is 0 if all was done and 1 if anything was not. Errors go to
// standard error.
//
// If the environment has FAKETIME, which the program faketime of the same name sets,
// the time is what the command date says. The C library in front of which faketime
// puts itself is not used by Go programs.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/tallystick/tallystick/tuf"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stderr); err != nil {
		fmt.Fprintf(os.Stderr, "tufclient: %v\n", err)
		os.Exit(1)
	}
}

// settings are what the flags say.
type settings struct {
	metadataDir, metadataURL string
	targetDir, targetBaseURL string
	targets                  []string
}

func run(ctx context.Context, args []string, stderr io.Writer) error {
	var s settings
	flags := flag.NewFlagSet("tufclient", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&s.metadataDir, "metadata-dir", "", "the `folder` for trusted metadata")
	flags.StringVar(&s.metadataURL, "metadata-url", "", "the `URL` of the repository's metadata")
	flags.StringVar(&s.targetDir, "target-dir", "", "the `folder` for downloaded targets")
	flags.StringVar(&s.targetBaseURL, "target-base-url", "", "the `URL` of the repository's targets")
	flags.Func("target-name", "the `path` of a target to download; may be repeated", func(v string) error {
		s.targets = append(s.targets, v)
		return nil
	})
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	if s.metadataDir == "" {
		return errors.New("no --metadata-dir")
	}
	switch command := flags.Arg(0); {
	case command == "init" && flags.NArg() == 2:
		return s.init(flags.Arg(1))
	case command == "refresh" && flags.NArg() == 1:
		_, _, err := s.refresh(ctx)
		return err
	case command == "download" && flags.NArg() == 1:
		return s.download(ctx)
	}
	return errors.New("want init ROOTFILE, refresh or download")
}

func (s *settings) rootFile() string { return filepath.Join(s.metadataDir, "root.json") }

// init keeps the trusted root, if it is one.
func (s *settings) init(rootFile string) error {
	root, err := os.ReadFile(rootFile)
	if err != nil {
		return err
	}
	// No request is made to this address: to make a client checks the root.
	if _, err := tuf.NewClient(tuf.Config{Root: root, Dir: s.metadataDir, MetadataURL: "https://repository.invalid"}); err != nil {
		return err
	}
	if err := os.MkdirAll(s.metadataDir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(s.rootFile(), root, 0o644)
}

func (s *settings) refresh(ctx context.Context) (*tuf.Client, *tuf.Snapshot, error) {
	root, err := os.ReadFile(s.rootFile())
	if err != nil {
		return nil, nil, err
	}
	client, err := tuf.NewClient(tuf.Config{Root: root, Dir: s.metadataDir, MetadataURL: s.metadataURL, TargetsURL: s.targetBaseURL})
	if err != nil {
		return nil, nil, err
	}
	at, err := now(ctx)
	if err != nil {
		return nil, nil, err
	}
	snapshot, err := client.RefreshAt(ctx, at)
	return client, snapshot, err
}

func (s *settings) download(ctx context.Context) error {
	switch {
	case len(s.targets) == 0:
		return errors.New("no --target-name")
	case s.targetDir == "":
		return errors.New("no --target-dir")
	case s.targetBaseURL == "":
		return errors.New("no --target-base-url")
	}
	client, snapshot, err := s.refresh(ctx)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(s.targetDir, 0o755); err != nil {
		return err
	}
	for _, path := range s.targets {
		target, err := snapshot.Target(ctx, path)
		if err != nil {
			return err
		}
		if _, err := client.Download(ctx, target, filepath.Join(s.targetDir, fileName(path))); err != nil {
			return err
		}
	}
	return nil
}

// fileName returns the name under which a target is stored: one element of a path,
// not hidden, always the same for one target.
func fileName(path string) string {
	name := url.QueryEscape(path)
	if rest, ok := strings.CutPrefix(name, "."); ok {
		name = "%2E" + rest
	}
	if name == "" || len(name) > 200 {
		sum := sha256.Sum256([]byte(path))
		name = "%" + hex.EncodeToString(sum[:])
	}
	return name
}

// now returns the time that faketime wants us to see, or else the zero time, which
// to the library is now.
func now(ctx context.Context) (time.Time, error) {
	if os.Getenv("FAKETIME") == "" {
		return time.Time{}, nil
	}
	out, err := exec.CommandContext(ctx, "date", "+%s").Output()
	if err != nil {
		return time.Time{}, fmt.Errorf("date: %w", err)
	}
	seconds, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("date: %w", err)
	}
	return time.Unix(seconds, 0), nil
}

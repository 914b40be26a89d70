// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

// Updateclient downloads a file from a repository of The Update Framework, verifies
// it, and says on whose word.
//
// Usage:
//
//	updateclient -metadata-url URL -targets-url URL -root FILE -cache DIR -target PATH [flags]
//	updateclient -map FILE -root NAME=FILE... -cache DIR -target PATH [flags]
//
// The flags are:
//
//	-metadata-url URL  where the repository's metadata is
//	-targets-url URL   where its targets are
//	-root FILE         the root.json that you trust, from a source that you trust
//	-cache DIR         the folder for metadata. Keep it from run to run: what is in
//	                   it protects against old metadata. One folder, one repository
//	-target PATH       the path of the target in the repository
//	-o OUTPUT          where to put it; default the last element of PATH
//	-timeout DURATION  give up after this time, such as 90s; default never. A server
//	                   that sends next to nothing is given up in any case
//	-at TIME           verify as of this time, in RFC 3339; default now
//	-offline           use the cache alone: verify a file that is there
//	-retries N         try again up to N times where the connection breaks
//	-json              print the report as JSON
//	-quiet             show no progress; there is none unless on a terminal
//
// With a map file (TAP 4) several repositories must agree:
//
//	-map FILE             which repositories there are, and who must agree on what
//	-root NAME=FILE       the trusted root of a repository; repeat it for each
//	-metadata-path PATH   where metadata is below the URLs of the map file
//	-targets-path PATH    where targets are; default targets
//
// A download that was interrupted, with Ctrl-C or by the network, goes on where it
// stopped when the program is started again with the same output folder. The output
// is put in place only when it is whole and verified; until then the old file, if
// there is one, stays.
//
// The exit status is 0 if the file was accepted, 1 if it, or the metadata, was
// rejected, and 2 if there is no verdict: flags make no sense, a server or the disk
// failed, or it was interrupted.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path"
	"strings"
	"time"

	"github.com/tallystick/tallystick/verify"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

const (
	exitAccepted = 0
	exitRejected = 1
	exitFailed   = 2
)

// settings are what the flags say.
type settings struct {
	metadataURL, targetsURL   string
	metadataPath, targetsPath string
	mapFile                   string
	roots                     map[string]string // by name of the repository; "" without a map
	cache, target, output     string
	timeout                   time.Duration
	at                        time.Time
	offline, json, quiet      bool
	retries                   int
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	s, err := parseFlags(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return exitAccepted
	}
	if err != nil {
		fmt.Fprintf(stderr, "updateclient: %v\n", err)
		return exitFailed
	}
	if s.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, s.timeout, fmt.Errorf("not done within %v", s.timeout))
		defer cancel()
	}
	result, err := s.update(ctx, newMeter(stderr, s.quiet))
	status := exitAccepted
	var report *verify.Report
	if err == nil {
		report = result.Report()
	} else if rejected, ok := errors.AsType[*verify.RejectedError](err); ok {
		report = rejected.Report
		status = exitRejected
		if _, ok := errors.AsType[*verify.Error](rejected.Err); ok {
			status = exitFailed // a repository could not be asked
		}
	} else {
		status = exitFailed
	}
	if err != nil {
		fmt.Fprintf(stderr, "updateclient: %v\n", err)
	}
	if report != nil {
		if err := s.print(stdout, report); err != nil {
			fmt.Fprintf(stderr, "updateclient: %v\n", err)
			return exitFailed
		}
	}
	return status
}

func parseFlags(args []string, stderr io.Writer) (*settings, error) {
	s := &settings{roots: map[string]string{}}
	var roots []string
	flags := flag.NewFlagSet("updateclient", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&s.metadataURL, "metadata-url", "", "the `URL` of the repository's metadata")
	flags.StringVar(&s.targetsURL, "targets-url", "", "the `URL` of the repository's targets")
	flags.StringVar(&s.mapFile, "map", "", "a `file` that maps targets to repositories (TAP 4)")
	flags.StringVar(&s.metadataPath, "metadata-path", "", "the `path` of metadata below the URLs of the map file")
	flags.StringVar(&s.targetsPath, "targets-path", "", "the `path` of targets below the URLs of the map file")
	flags.Func("root", "the trusted root.json, a `file`; with -map NAME=FILE, repeated", func(v string) error {
		roots = append(roots, v)
		return nil
	})
	flags.StringVar(&s.cache, "cache", "", "the `folder` for metadata, kept from run to run")
	flags.StringVar(&s.target, "target", "", "the `path` of the target in the repository")
	flags.StringVar(&s.output, "o", "", "the `file` to put it into; default the last element of the path")
	flags.DurationVar(&s.timeout, "timeout", 0, "give up after this `time`")
	flags.Func("at", "verify as of this `time`, such as 2026-11-23T01:00:00Z", func(v string) (err error) {
		if s.at, err = time.Parse(time.RFC3339, v); err == nil && s.at.IsZero() {
			err = errors.New("no such time") // it would mean now
		}
		return err
	})
	flags.BoolVar(&s.offline, "offline", false, "use the cache alone")
	flags.IntVar(&s.retries, "retries", 0, "try again up to `N` times where the connection breaks")
	flags.BoolVar(&s.json, "json", false, "print the report as JSON")
	flags.BoolVar(&s.quiet, "quiet", false, "show no progress")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	switch {
	case flags.NArg() > 0:
		return nil, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case len(roots) == 0:
		return nil, errors.New("no -root")
	case s.cache == "":
		return nil, errors.New("no -cache")
	case s.target == "":
		return nil, errors.New("no -target")
	case s.timeout < 0:
		return nil, errors.New("-timeout is negative")
	case s.mapFile == "" && s.metadataURL == "":
		return nil, errors.New("no -metadata-url and no -map")
	case s.mapFile == "" && s.targetsURL == "" && !s.offline:
		return nil, errors.New("no -targets-url")
	case s.mapFile == "" && (s.metadataPath != "" || s.targetsPath != ""):
		return nil, errors.New("-metadata-path and -targets-path are for -map")
	case s.mapFile != "" && (s.metadataURL != "" || s.targetsURL != ""):
		return nil, errors.New("the URLs are in the map file: no -metadata-url and -targets-url")
	case s.mapFile == "" && len(roots) > 1:
		return nil, errors.New("more than one -root without -map")
	}
	for _, r := range roots {
		name, file := "", r
		if s.mapFile != "" {
			var ok bool
			if name, file, ok = strings.Cut(r, "="); !ok || name == "" {
				return nil, fmt.Errorf("-root %q: want NAME=FILE with -map", r)
			}
		}
		if s.roots[name] != "" {
			return nil, fmt.Errorf("two roots for %q", name)
		}
		if file == "" {
			return nil, errors.New("-root without a file")
		}
		s.roots[name] = file
	}
	if s.output == "" {
		s.output = path.Base(s.target)
		if s.output == "." || s.output == ".." || s.output == "/" || strings.ContainsAny(s.output, `\:`) {
			return nil, errors.New("no -o, and the path of the target does not end in a file name")
		}
	}
	return s, nil
}

// print prints the report: all of it as JSON, or the verdict and of a rejection the
// reasons.
func (s *settings) print(w io.Writer, r *verify.Report) error {
	if s.json {
		data, err := r.JSON()
		if err != nil {
			return err
		}
		_, err = w.Write(data)
		return err
	}
	if r.Verdict != verify.Accepted {
		_, err := io.WriteString(w, r.String())
		return err
	}
	_, err := fmt.Fprintf(w, "accepted %s: %d bytes, %s\n", s.output, r.Subject.Size, r.Subject.Digests)
	return err
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

// Layout verifies an in-toto layout: that a supply chain was followed as its owner
// has laid it down. Its flags are those of in-toto-verify, where that has them.
//
// Usage:
//
//	layout --layout FILE --layout-keys FILE... [flags]
//
// The flags are, with one dash or two:
//
//	--layout FILE         the signed layout
//	--layout-keys FILE... the public keys of the project owners, who must all have
//	                      signed: PEM, in-toto's JSON, or an OpenPGP key in in-toto's
//	                      JSON. May be repeated; --verification-keys is the same
//	--link-dir DIR        where the links are; default the working directory
//	--bundle FILE         the links are the lines of this file, in JSON Lines, such as
//	                      app.intoto.jsonl; instead of --link-dir
//	--at TIME             verify as of this time, in RFC 3339; default now
//	--param NAME=VALUE    the value of {NAME} in the layout; may be repeated
//	--artifact FILE       this file must be a verified product; may be repeated
//	--products DIR        the final product, for inspections
//	--inspect             run the inspections of the layout, each in a copy of DIR.
//	                      Commands that the layout names then run with your rights
//	--quorum              let the larger part decide where functionaries of a step
//	                      disagree, if it is at least as large as the threshold
//	--json                print whole reports as JSON; text shows of a rejection the
//	                      reasons only
//
// Without --inspect no command is run, and a layout that has inspections is
// rejected. Without --artifact the layout and its links are verified, and no file is
// held against them.
//
// With --json it prints one report: about the layout, or with --artifact, unless the
// layout was rejected, one about each file, one after the other.
//
// The exit status is 0 if all was accepted, 1 if something was rejected, and 2 if
// there is no verdict: flags make no sense, or files or keys that they name cannot be
// used.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
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
	layout    string
	keys      []string
	linkDir   string
	bundle    string
	at        time.Time
	params    map[string]string
	artifacts []string
	products  string
	inspect   bool
	quorum    bool
	json      bool
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	s, err := parseFlags(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return exitAccepted
	}
	if err == nil {
		var reports []*verify.Report
		if reports, err = s.verify(ctx); err == nil {
			err = s.print(stdout, reports)
			for _, r := range reports {
				if err == nil && r.Verdict != verify.Accepted {
					return exitRejected
				}
			}
		}
	}
	if err != nil {
		fmt.Fprintf(stderr, "layout: %v\n", err)
		return exitFailed
	}
	return exitAccepted
}

func parseFlags(args []string, stderr io.Writer) (*settings, error) {
	s := &settings{params: map[string]string{}}
	flags := flag.NewFlagSet("layout", flag.ContinueOnError)
	flags.SetOutput(stderr)
	list := func(to *[]string) func(string) error {
		return func(v string) error {
			if v == "" {
				return errors.New("no name of a file")
			}
			*to = append(*to, v)
			return nil
		}
	}
	flags.StringVar(&s.layout, "layout", "", "the signed layout, a `file`")
	flags.Func("layout-keys", "`file`s with the public keys of the project owners", list(&s.keys))
	flags.Func("verification-keys", "`file`s with more keys, the same as layout-keys", list(&s.keys))
	flags.StringVar(&s.linkDir, "link-dir", "", "the `folder` with the links; default the working directory")
	flags.StringVar(&s.bundle, "bundle", "", "a `file` with a link on each line, instead of link-dir")
	flags.Func("at", "verify as of this `time`, such as 2026-11-23T01:00:00Z", func(v string) (err error) {
		// The zero time means now, to Verify, and nobody means it.
		if s.at, err = time.Parse(time.RFC3339, v); err == nil && s.at.IsZero() {
			err = errors.New("no such time")
		}
		return err
	})
	flags.Func("param", "`NAME=VALUE` of a parameter of the layout; may be repeated", func(v string) error {
		name, value, ok := strings.Cut(v, "=")
		if !ok || name == "" {
			return errors.New("want NAME=VALUE")
		}
		if _, twice := s.params[name]; twice {
			return errors.New("it has a value already")
		}
		s.params[name] = value
		return nil
	})
	flags.Func("artifact", "a `file` that must be a verified product; may be repeated", list(&s.artifacts))
	flags.StringVar(&s.products, "products", "", "the `folder` of the final product, for inspections")
	flags.BoolVar(&s.inspect, "inspect", false, "run the commands of inspections in a copy of the products")
	flags.BoolVar(&s.quorum, "quorum", false, "let the larger part of the functionaries decide")
	flags.BoolVar(&s.json, "json", false, "print JSON")
	if err := flags.Parse(spread(args)); err != nil {
		return nil, err
	}
	switch {
	case flags.NArg() > 0:
		return nil, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case s.layout == "":
		return nil, errors.New("no --layout")
	case len(s.keys) == 0:
		return nil, errors.New("no --layout-keys")
	case s.linkDir != "" && s.bundle != "":
		return nil, errors.New("the links are either in --link-dir or in --bundle")
	case s.inspect && s.products == "":
		return nil, errors.New("--inspect needs the folder of the final product: --products")
	}
	if s.linkDir == "" {
		s.linkDir = "."
	}
	return s, nil
}

// spread repeats the flags that take several files before each of them, since
// package flag knows flags with one value only.
func spread(args []string) []string {
	var out []string
	several, first := "", false
	for i, a := range args {
		if a == "--" {
			return append(out, args[i:]...)
		}
		if strings.HasPrefix(a, "-") && a != "-" {
			several = ""
			if name := strings.TrimLeft(a, "-"); name == "layout-keys" || name == "verification-keys" {
				several, first = a, true
			}
		} else if several != "" {
			if !first {
				out = append(out, several)
			}
			first = false
		}
		out = append(out, a)
	}
	return out
}

// print prints the reports; those of rejections come first in text, for they are
// what matters.
func (s *settings) print(w io.Writer, reports []*verify.Report) error {
	if s.json {
		for _, r := range reports {
			data, err := r.JSON()
			if err != nil {
				return err
			}
			if _, err := w.Write(data); err != nil {
				return err
			}
		}
		return nil
	}
	for _, verdict := range []verify.Verdict{verify.Rejected, verify.Accepted} {
		for _, r := range reports {
			if r.Verdict != verdict {
				continue
			}
			if _, err := io.WriteString(w, brief(r).String()); err != nil {
				return err
			}
		}
	}
	return nil
}

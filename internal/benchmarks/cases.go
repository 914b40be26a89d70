// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
)

// A maker collects the benchmarks that are wanted, and makes what they work on. It
// is a process of its own, which also serves repositories: a process that starts
// others must be small, for the system counts its memory as theirs.
type maker struct {
	tree  string // folder to hash
	dir   string // for files that benchmarks need
	big   bool
	only  *regexp.Regexp
	cases []benchmark
}

// makeChild writes the benchmarks to standard output, and stays until standard
// input ends. The arguments are the fields of maker.
func makeChild(ctx context.Context, args []string) error {
	only, err := regexp.Compile(args[3])
	if err != nil {
		return err
	}
	m := &maker{tree: args[0], dir: args[1], big: args[2] == "true", only: only}
	for _, make := range []func(context.Context) error{m.hashCases, m.layoutCases, m.tufCases, m.dsseCases} {
		if err := make(ctx); err != nil {
			return err
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(m.cases); err != nil {
		return err
	}
	if err := os.Stdout.Close(); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// prepare starts a maker and returns its benchmarks and what ends it.
func prepare(ctx context.Context, tree, dir string, big bool, only string) ([]benchmark, func() error, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	cmd := exec.CommandContext(ctx, self, "child", "make", tree, dir, strconv.FormatBool(big), only)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	end := func() error { return errors.Join(in.Close(), cmd.Wait()) }
	var cases []benchmark
	if err := json.NewDecoder(out).Decode(&cases); err != nil {
		return nil, nil, errors.Join(err, end())
	}
	return cases, end, nil
}

func (m *maker) wanted(name string) bool { return m.only.MatchString(name) }
func (m *maker) add(b benchmark)         { m.cases = append(m.cases, b) }

// children are the contenders that are Go code, for which each call is one run, and
// the maker.
var children = map[string]func(ctx context.Context, args []string) error{
	"make":           makeChild,
	"tree":           treeChild,
	"in-toto":        recordArtifactsChild,
	"dirhash":        dirhashChild,
	"file":           fileChild,
	"serial":         serialChild,
	"plain":          plainChild,
	"layout":         layoutChild,
	"in-toto-verify": inTotoVerifyChild,
	"in-toto-rules":  inTotoRulesChild,
	"tuf":            tufChild,
	"go-tuf":         goTUFChild,
	"dsse":           dsseChild,
	"statement":      statementChild,
	"dsse-lib":       dsseLibChild,
	"ed25519":        ed25519Child,
}

func child(ctx context.Context, what string, args []string) error {
	run := children[what]
	if run == nil {
		return fmt.Errorf("no child %q", what)
	}
	return run(ctx, args)
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// A benchmark is one kind of work and everybody who does it. The first contender
// is ours.
type benchmark struct {
	Name, About string
	Contenders  []contender
	Missing     []string
}

// A contender is a command.
type contender struct {
	Name string
	Dir  string // working directory
	Argv []string
}

// inside returns a contender that is Go code in this program, which calls itself.
func inside(name, dir string, child string, args ...string) contender {
	self, err := os.Executable()
	if err != nil {
		self = os.Args[0]
	}
	return contender{name, dir, append([]string{self, "child", child}, args...)}
}

// A result has the times of all runs that count, and the largest resident set of
// any process in them, in bytes.
type result struct {
	times []time.Duration
	peak  int64
}

func (r result) median() time.Duration {
	times := slices.Sorted(slices.Values(r.times))
	return times[len(times)/2]
}

func (r result) fastest() time.Duration { return slices.Min(r.times) }

// compare runs the contenders in turns.
func compare(ctx context.Context, contenders []contender, runs int) ([]result, error) {
	results := make([]result, len(contenders))
	for round := range runs + 1 {
		for i, c := range contenders {
			took, peak, err := once(ctx, c)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.Name, err)
			}
			if round == 0 {
				continue // warms the page cache
			}
			results[i].times = append(results[i].times, took)
			results[i].peak = max(results[i].peak, peak)
		}
	}
	return results, nil
}

func once(ctx context.Context, c contender) (took time.Duration, peak int64, err error) {
	cmd := exec.CommandContext(ctx, c.Argv[0], c.Argv[1:]...)
	cmd.Dir = c.Dir
	var stderr strings.Builder
	cmd.Stderr = &stderr
	start := time.Now()
	if err := cmd.Run(); err != nil {
		return 0, 0, fmt.Errorf("%w\n%s", err, stderr.String())
	}
	took = time.Since(start)
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		peak = usage.Maxrss * 1024 // Linux counts kilobytes
	}
	return took, peak, nil
}

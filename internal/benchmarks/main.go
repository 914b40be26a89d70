// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

// Benchmarks runs this library and its peers side by side and prints a table of
// medians and ratios. Every run is a process of its own, started by this one; the
// contenders take turns, so that a machine whose speed drifts is fair to all.
//
// Usage, from the folder internal/benchmarks:
//
//	go run . [-runs N] [-tree DIR] [-big] [-case PATTERN]
//
// -tree is the folder to hash, by default GOROOT. -big adds cases that need
// 4 GB of free space in the folder for temporary files and some minutes. Tools
// that are not installed are left out, and the table says so.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if len(os.Args) > 2 && os.Args[1] == "child" {
		if err := child(ctx, os.Args[2], os.Args[3:]); err != nil {
			fmt.Fprintln(os.Stderr, "benchmarks:", err)
			os.Exit(1)
		}
		return
	}
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "benchmarks:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	runs := flag.Int("runs", 5, "runs of each contender that count; one more warms up")
	tree := flag.String("tree", "", "folder to hash; GOROOT if empty")
	big := flag.Bool("big", false, "also the cases that need 4 GB of disk")
	pattern := flag.String("case", "", "only cases whose name matches this regular expression")
	flag.Parse()
	only, err := regexp.Compile(*pattern)
	if err != nil {
		return err
	}
	if *tree == "" {
		out, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
		if err != nil {
			return err
		}
		*tree = strings.TrimSpace(string(out))
	}
	if *tree, err = filepath.Abs(*tree); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "benchmarks")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	cases, err := allCases(ctx, *tree, dir, *big, only)
	if err != nil {
		return err
	}
	fmt.Printf("%s, %s/%s, %d CPUs, %s, %d runs\n", time.Now().UTC().Format(time.DateOnly),
		runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version(), *runs)
	for _, c := range cases {
		results, err := compare(ctx, c.contenders, *runs)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		print(c, results)
	}
	return nil
}

func print(c benchmark, results []result) {
	fmt.Printf("\n%s: %s\n\n", c.name, c.about)
	fmt.Println("| contender | median s | fastest s | times ours | peak MiB |")
	fmt.Println("| --- | --- | --- | --- | --- |")
	ours := results[0].median()
	for i, r := range results {
		fmt.Printf("| %s | %.3f | %.3f | %.2f | %.0f |\n", c.contenders[i].name, r.median().Seconds(),
			r.fastest().Seconds(), float64(r.median())/float64(ours), float64(r.peak)/(1<<20))
	}
	for _, m := range c.missing {
		fmt.Printf("\nNot installed: %s.\n", m)
	}
}

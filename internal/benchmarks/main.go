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
// -tree is the folder to hash, by default GOROOT. -big makes cases as large as
// those in README.md, which need 8 GB of free space in the folder for temporary
// files, 8 GiB of memory and some time. Tools that are not installed are left out,
// and the table says so.
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
	big := flag.Bool("big", false, "large cases, which need 8 GB of disk")
	pattern := flag.String("case", "", "only cases whose name matches this regular expression")
	flag.Parse()
	if _, err := regexp.Compile(*pattern); err != nil {
		return err
	}
	if *tree == "" {
		out, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
		if err != nil {
			return err
		}
		*tree = strings.TrimSpace(string(out))
	}
	var err error
	if *tree, err = filepath.Abs(*tree); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "benchmarks")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	cases, end, err := prepare(ctx, *tree, dir, *big, *pattern)
	if err != nil {
		return err
	}
	defer end()
	fmt.Printf("%s, %s/%s, %d CPUs, %s, %d runs\n", time.Now().UTC().Format(time.DateOnly),
		runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version(), *runs)
	for _, c := range cases {
		results, err := compare(ctx, c.Contenders, *runs)
		if err != nil {
			return fmt.Errorf("%s: %w", c.Name, err)
		}
		print(c, results)
	}
	return nil
}

func print(c benchmark, results []result) {
	fmt.Printf("\n%s: %s\n\n", c.Name, c.About)
	fmt.Println("| contender | median s | fastest s | times ours | peak MiB |")
	fmt.Println("| --- | --- | --- | --- | --- |")
	ours := results[0].median()
	for i, r := range results {
		fmt.Printf("| %s | %.3f | %.3f | %.2f | %.0f |\n", c.Contenders[i].Name, r.median().Seconds(),
			r.fastest().Seconds(), float64(r.median())/float64(ours), float64(r.peak)/(1<<20))
	}
	for _, m := range c.Missing {
		fmt.Printf("\nNot installed: %s.\n", m)
	}
}

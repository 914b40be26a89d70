// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

// Toolchain verifies a Go installation against the Go checksum database.
//
//	go run ./examples/toolchain [-goroot DIR] [-json] [-allow FILE]
//
// It finds out which release is in GOROOT, gets the module of that toolchain
// through the ordinary go command, verifies the record of the checksum database
// from the files that the go command keeps of it, and compares every file. The
// folders api, doc, misc and test are not in the module and so not attested.
//
// # Flags
//
// -goroot names the installation, by default what "go env GOROOT" says. Its
// version is the first line of the file VERSION in it, whatever version the go
// command in PATH has. Its platform is the name of the one folder in pkg/tool, or
// what "go env GOHOSTOS GOHOSTARCH" says if there is not exactly one.
//
// -json prints the report of the library (schema tallystick/report/v1) instead of
// the short form. It has every difference; the short form shows the first 20.
//
// -allow names a file of differences that you know and accept. They stay in the
// report. Each line is the name of one file, from GOROOT and with slashes, and
// after a space the content that it may have. Without a digest it may be
// anything, or missing. Names are spelled as they are printed; # begins a comment:
//
//	# This image sets GOTOOLCHAIN=local.
//	go.env sha256:37314e8945a6f50b93a325c5040533cd44f7ec88ffa9502e0356bd13e907de9d
//
// # Exit status
//
//	0  every file is as recorded, or differs in a way that is allowed
//	1  it is not: the files are named
//	2  nothing was decided, for instance without network; see the message
//
// # The network
//
// The toolchain's module, about 70 MB, is downloaded once and then stays in the
// module cache; the record of the database too. Afterwards no network is needed.
// Settings that switch the checksum database off are ignored. GOPROXY is used
// as it is set, and so is a GOSUMDB with the public database at another address.
//
// # What this proves
//
// That the files are those which the checksum database shows to everybody who
// asks, as far as its history is not forked; and it is held against the tree head
// that the go command keeps. The go command that downloads the module need not be
// honest, because what it downloads is verified here. But it compiles this
// program: to examine an installation that you do not trust, build this program
// with another one and use -goroot.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strings"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/provenance/gomod"
	"github.com/tallystick/tallystick/verify"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	context.AfterFunc(ctx, stop) // a second interrupt ends the program at once
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the program. Standard output is written once, at the end.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("toolchain", flag.ContinueOnError)
	flags.SetOutput(stderr)
	goroot := flags.String("goroot", "", "the installation to verify (default: go env GOROOT)")
	asJSON := flags.Bool("json", false, "print the report as JSON")
	allow := flags.String("allow", "", "file with differences that you accept")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	if flags.NArg() > 0 {
		fmt.Fprintf(stderr, "toolchain: unexpected argument %s\n", hash.EscapeName(flags.Arg(0)))
		return 2
	}
	report, err := verifyGoroot(ctx, *goroot, *allow)
	if err != nil {
		fmt.Fprintf(stderr, "toolchain: could not verify: %v\n", err)
		return 2
	}
	output := []byte(summary(report))
	if *asJSON {
		if output, err = report.JSON(); err != nil {
			fmt.Fprintf(stderr, "toolchain: %v\n", err)
			return 2
		}
	}
	if _, err := stdout.Write(output); err != nil {
		fmt.Fprintf(stderr, "toolchain: %v\n", err)
		return 2
	}
	if report.Verdict != verify.Accepted {
		return 1
	}
	return 0
}

// verifyGoroot returns the report of the verdict, whichever it is. An error says
// that there is no verdict.
func verifyGoroot(ctx context.Context, goroot, allow string) (*verify.Report, error) {
	var opts gomod.ToolchainOptions
	if allow != "" {
		var err error
		if opts.Allow, err = readAllowances(allow); err != nil {
			return nil, err
		}
	}
	goCommand, err := newGoCommand(ctx)
	if err != nil {
		return nil, err
	}
	defer goCommand.close()
	if goroot == "" {
		goroot = goCommand.env.GOROOT
	}
	if goroot, err = filepath.Abs(goroot); err != nil {
		return nil, err
	}
	path, version, err := toolchainOf(goroot, goCommand.env.GOHOSTOS, goCommand.env.GOHOSTARCH)
	if err != nil {
		return nil, err
	}
	zip, err := goCommand.download(ctx, path+"@"+version)
	if err != nil {
		return nil, err
	}
	defer zip.Close()
	info, err := zip.Stat()
	if err != nil {
		return nil, err
	}
	toolchain, err := verifyFiles(ctx, goCommand, path, version, zip, info.Size(), goroot, &opts)
	if err != nil {
		if rejected, ok := errors.AsType[*verify.RejectedError](err); ok {
			return rejected.Report, nil
		}
		return nil, err
	}
	result, err := verify.Artifact(toolchain.Artifact(), verify.CoveredBy(toolchain), toolchain)
	if err != nil {
		if rejected, ok := errors.AsType[*verify.RejectedError](err); ok {
			return rejected.Report, nil
		}
		return nil, err
	}
	return result.Report(), nil
}

// verifyFiles is where the library does its work.
func verifyFiles(ctx context.Context, g *goCommand, path, version string, zip io.ReaderAt, size int64, goroot string, opts *gomod.ToolchainOptions) (*gomod.Toolchain, error) {
	files, err := os.OpenRoot(g.databaseDir())
	if err != nil {
		return nil, noRecord(path, version, err)
	}
	defer files.Close()
	latest, err := g.latestTreeHead()
	if err != nil {
		return nil, err
	}
	db, err := gomod.NewDatabase(files.FS(), &gomod.Options{Latest: latest})
	if err != nil {
		return nil, err
	}
	module, err := db.Lookup(ctx, path, version)
	if errors.Is(err, gomod.CodeNotFound) {
		return nil, noRecord(path, version, err)
	}
	if err != nil {
		return nil, err
	}
	return gomod.VerifyToolchain(ctx, module, zip, size, goroot, opts)
}

func noRecord(path, version string, err error) error {
	return fmt.Errorf(`%w

The go command has the module but not the record of the checksum database. With
network access, and outside of any module, this gets it:
  GOPROXY=https://proxy.golang.org GOSUMDB=sum.golang.org go mod download %s@%s`, err, path, version)
}

// toolchainOf returns the module of the toolchain in goroot.
func toolchainOf(goroot, hostOS, hostArch string) (path, version string, err error) {
	name := filepath.Join(goroot, "VERSION")
	data, err := readSmall(name)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return "", "", fmt.Errorf("no file %s: this is no GOROOT, or one that was built from a repository; only releases are in the checksum database", hash.EscapeName(name))
		}
		return "", "", err
	}
	goVersion, _, _ := strings.Cut(string(data), "\n")
	goos, goarch := hostOS, hostArch
	var tools []string
	entries, err := os.ReadDir(filepath.Join(goroot, "pkg", "tool"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", "", err
	}
	for _, e := range entries {
		if e.IsDir() && strings.Count(e.Name(), "_") == 1 {
			tools = append(tools, e.Name())
		}
	}
	if len(tools) == 1 {
		goos, goarch, _ = strings.Cut(tools[0], "_")
	}
	path, version, err = gomod.ToolchainModule(strings.TrimSuffix(goVersion, "\r"), goos, goarch)
	if err != nil {
		return "", "", fmt.Errorf("%w\n\n%s is not a release of Go: only releases are in the checksum database, not\ndevelopment versions or those of other distributors", err, hash.EscapeName(goroot))
	}
	return path, version, nil
}

// readSmall reads a file that should be small. It waits for nothing: an
// installation that is examined may have a FIFO where a file should be.
func readSmall(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a regular file", hash.EscapeName(name))
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	const max = 1 << 20
	data, err := io.ReadAll(io.LimitReader(f, max+1))
	if err == nil && len(data) > max {
		err = fmt.Errorf("%s: more than %d bytes", hash.EscapeName(name), max)
	}
	return data, err
}

// readAllowances reads the file of -allow.
func readAllowances(name string) ([]gomod.Allowance, error) {
	data, err := readSmall(name)
	if err != nil {
		return nil, fmt.Errorf("-allow: %w", err)
	}
	var list []gomod.Allowance
	number := 0
	for line := range bytes.Lines(data) {
		number++
		text := strings.TrimSpace(string(line))
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		a, err := parseAllowance(text)
		if err != nil {
			return nil, fmt.Errorf("-allow: %s, line %d: %w", hash.EscapeName(name), number, err)
		}
		list = append(list, a)
	}
	return list, nil
}

// parseAllowance reads "name" or "name sha256:<hex>".
func parseAllowance(text string) (a gomod.Allowance, err error) {
	// The last word is a digest if it looks like one, so that a mistake in it
	// does not make it part of the name.
	i := strings.LastIndexByte(text, ' ') + 1
	if alg, _, ok := strings.Cut(text[i:], ":"); ok && !strings.ContainsAny(alg, "/.") {
		if a.Digest, err = hash.ParseDigest(text[i:]); err != nil {
			return a, err
		}
		if a.Digest.Algorithm() != hash.SHA256 {
			return a, errors.New("the digest must be a sha256")
		}
		text = strings.TrimSpace(text[:i])
	}
	if text == "" {
		return a, errors.New("no name")
	}
	a.Name, err = hash.UnescapeName(text)
	return a, err
}

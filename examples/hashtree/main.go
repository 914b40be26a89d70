// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

// Hashtree measures a folder or an archive and lists its files, or checks it
// against such a list.
//
// Usage:
//
//	hashtree [flags] PATH
//
// PATH is a folder, a zip file, or a tar file, plain or compressed with gzip.
// The flags are:
//
//	-algs LIST       digests of each file, such as sha256,sha512; default sha256
//	-format FORMAT   sums (default): as sha256sum writes them; one algorithm only
//	                 tag: as BSD tools and sha256sum --tag write them
//	                 json: with types, execute bits and links
//	-identity LIST   dirHash (Go's h1:), gitTree, gitTree:sha256: digests of the
//	                 whole. Without -format nothing else is printed
//	-prefix P        what dirHash puts before each name, such as module@v1.0.0/
//	-check FILE      hold PATH against a list in one of the three formats; the
//	                 identities in a JSON list too, with -prefix where it was used
//	-exclude PATTERN leave out what matches; may be repeated
//
// Names in lists are relative to PATH, so that
//
//	hashtree DIR >SUMS; cd DIR; sha256sum -c SUMS
//
// checks them, and names that differ, are missing or extra are all printed. With
// -check a list may have ./ before its names, as find prints them.
// Lists in sums and tag format cannot hold links, empty folders and execute
// bits: standard error says what they leave open. It also names what is one file
// where a file system ignores case or normalises Unicode.
//
// While it measures, a line on standard error says how far it is, if that is a
// terminal.
//
// The exit status is 0 if all went well, 1 if -check found a difference, and 2
// if something could not be measured.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"unicode"

	"github.com/tallystick/tallystick/hash"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	context.AfterFunc(ctx, stop) // a second interrupt ends the program at once
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

const (
	exitGood      = 0
	exitDifferent = 1
	exitFailed    = 2
)

// settings are what the flags say.
type settings struct {
	algorithms []hash.Algorithm // of files
	identities []hash.Algorithm
	format     string
	prefix     string
	check      string
	exclude    []string
	path       string
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	s, err := parseFlags(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return exitGood
	}
	if err != nil {
		fmt.Fprintf(stderr, "hashtree: %s\n", printable(err))
		return exitFailed
	}
	// All or nothing: half a list would look like a list.
	var out bytes.Buffer
	status := exitGood
	err = s.do(ctx, &out, stderr)
	if different, ok := errors.AsType[*hash.MismatchError](err); ok {
		printDelta(&out, &different.Delta)
		status, err = exitDifferent, nil
	} else if errors.Is(err, errIdentity) {
		fmt.Fprintln(&out, err)
		status, err = exitDifferent, nil
	}
	if err == nil {
		_, err = stdout.Write(out.Bytes())
	}
	if err != nil {
		fmt.Fprintf(stderr, "hashtree: %s\n", printable(err))
		return exitFailed
	}
	return status
}

// printable returns the text of an error in one line. Ours are escaped, those of
// the operating system hold names as they are.
func printable(err error) string {
	s := err.Error()
	if strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }) {
		return hash.EscapeName(s)
	}
	return s
}

func parseFlags(args []string, stderr io.Writer) (*settings, error) {
	s := new(settings)
	flags := flag.NewFlagSet("hashtree", flag.ContinueOnError)
	flags.SetOutput(stderr)
	algs := flags.String("algs", "", "digests of each file, separated by commas")
	identities := flags.String("identity", "", "digests of the whole: dirHash, gitTree, gitTree:sha256")
	flags.StringVar(&s.format, "format", "", "sums, tag or json")
	flags.StringVar(&s.prefix, "prefix", "", "what dirHash puts before each name")
	flags.StringVar(&s.check, "check", "", "hold PATH against the list in this `file`")
	flags.Func("exclude", "leave out what matches this `pattern`; may be repeated", func(p string) error {
		s.exclude = append(s.exclude, p)
		return nil
	})
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if flags.NArg() != 1 {
		return nil, fmt.Errorf("want one folder or archive, got %d arguments", flags.NArg())
	}
	s.path = flags.Arg(0)
	var err error
	if s.algorithms, err = parseAlgorithms(*algs); err != nil {
		return nil, err
	}
	if s.identities, err = parseAlgorithms(*identities); err != nil {
		return nil, err
	}
	for _, a := range s.identities {
		if a != hash.DirHash && a != hash.GitTree && a != hash.GitTreeSHA256 {
			return nil, fmt.Errorf("%s is no identity of a tree", a)
		}
	}
	switch s.format {
	case "", "sums", "tag", "json":
	default:
		return nil, fmt.Errorf("no format %q", s.format)
	}
	if s.check != "" && (s.format != "" || s.identities != nil) {
		return nil, errors.New("-check prints no list: it goes with neither -format nor -identity")
	}
	if s.check == "" && s.algorithms == nil {
		s.algorithms = []hash.Algorithm{hash.SHA256}
	}
	if s.check == "" && len(s.algorithms) > 1 && s.format != "tag" && s.format != "json" {
		return nil, errors.New("the format sums holds one algorithm; use -format tag or json")
	}
	return s, nil
}

func parseAlgorithms(list string) ([]hash.Algorithm, error) {
	if list == "" {
		return nil, nil
	}
	var algs []hash.Algorithm
	for name := range strings.SplitSeq(list, ",") {
		a, err := hash.ParseAlgorithm(name)
		if err != nil {
			return nil, err
		}
		algs = append(algs, a)
	}
	return algs, nil
}

func (s *settings) do(ctx context.Context, stdout, stderr io.Writer) error {
	if s.check != "" {
		return s.compare(ctx, stdout, stderr)
	}
	tree, err := s.measure(ctx, stderr, append(s.algorithms, s.identities...))
	if err != nil {
		return err
	}
	return s.list(stdout, stderr, tree)
}

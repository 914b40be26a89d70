// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

// Quickstart does the whole job of this library in one process, without any
// network but loopback.
//
// On one side it is a vendor: it makes keys, a source tree, a tarball, a binary,
// an in-toto layout with its links, and SLSA provenance by two builders, and
// serves all of it as a TUF repository. On the other side it is an update client
// that knows only the trusted root: it refreshes the metadata, downloads, checks
// the layout and the provenance that it finds through TUF, measures the source
// tree inside of the tarball and the binary, and holds all of these against each
// other.
//
// Usage:
//
//	quickstart [-json] [-attack NAME]
//
// It prints the report for people, or with -json as JSON. With -attack something
// goes wrong between the vendor and the client, and the verdict must say what;
// -attack list names the attacks.
//
// The exit status is 0 if the release was accepted, 1 if it was rejected, and 2
// if there is no verdict.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"time"

	"github.com/tallystick/tallystick/tuf"
	"github.com/tallystick/tallystick/tuf/tuftest"
	"github.com/tallystick/tallystick/verify"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	context.AfterFunc(ctx, stop) // a second interrupt ends the program at once
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

const (
	exitAccepted = 0
	exitRejected = 1
	exitFailed   = 2
)

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	flags.SetOutput(stderr)
	asJSON := flags.Bool("json", false, "print the report as JSON")
	name := flags.String("attack", "", "mount the attack of this `name`; list names them")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return exitAccepted
		}
		return exitFailed
	}
	if flags.NArg() > 0 {
		fmt.Fprintf(stderr, "quickstart: unexpected argument %q\n", flags.Arg(0))
		return exitFailed
	}
	var mounted attack
	switch *name {
	case "":
	case "list":
		for _, a := range attacks() {
			fmt.Fprintf(stdout, "%-22s %s (%s)\n", a.name, a.about, a.code)
		}
		return exitAccepted
	default:
		i := slices.IndexFunc(attacks(), func(a attack) bool { return a.name == *name })
		if i < 0 {
			fmt.Fprintf(stderr, "quickstart: no attack %q; -attack list names them\n", *name)
			return exitFailed
		}
		mounted = attacks()[i]
	}

	result, err := play(ctx, mounted)
	var report *verify.Report
	status := exitRejected
	if rejected, ok := errors.AsType[*verify.RejectedError](err); ok {
		report = rejected.Report
	} else if err != nil {
		fmt.Fprintf(stderr, "quickstart: %v\n", err)
		return exitFailed
	} else {
		report = result.Report()
		status = exitAccepted
	}
	if !*asJSON {
		fmt.Fprint(stdout, report)
		return status
	}
	data, err := report.JSON()
	if err != nil {
		fmt.Fprintf(stderr, "quickstart: %v\n", err)
		return exitFailed
	}
	stdout.Write(data)
	return status
}

// play makes two releases, mounts the attack and lets the client update.
func play(ctx context.Context, a attack) (*verify.Result, error) {
	v, err := newVendor()
	if err != nil {
		return nil, err
	}
	old, err := v.make("0.9.0", nil, nil)
	if err != nil {
		return nil, err
	}
	if err := v.publish(old); err != nil {
		return nil, err
	}

	dir, err := os.MkdirTemp("", "quickstart")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	// The mirror is honest until the attack begins.
	var mirror http.Handler = v.repo
	url, stop, err := serve(ctx, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { mirror.ServeHTTP(w, r) }))
	if err != nil {
		return nil, err
	}
	defer stop()
	client, err := tuf.NewClient(tuf.Config{
		Root:        v.repo.Root(), // in real life embedded into the program
		MetadataURL: url + tuftest.MetadataPath,
		TargetsURL:  url + tuftest.TargetsPath,
		Dir:         filepath.Join(dir, "metadata"),
	})
	if err != nil {
		return nil, err
	}
	if _, err := client.Refresh(ctx); err != nil {
		return nil, err
	}

	tamper := func(f func(*vendor, *release) error) func(*release) error {
		if f == nil {
			return nil
		}
		return func(r *release) error { return f(v, r) }
	}
	r, err := v.make("1.0.0", tamper(a.source), tamper(a.signed))
	if err != nil {
		return nil, err
	}
	if err := v.publish(r); err != nil {
		return nil, err
	}
	if a.seen {
		if _, err := client.Refresh(ctx); err != nil {
			return nil, err
		}
	}
	if a.repo != "" {
		if err := v.repo.Attack(a.repo); err != nil {
			return nil, err
		}
	}
	if a.mirror != nil {
		mirror = a.mirror(v.repo)
	}
	u := &updater{client: client, dir: filepath.Join(dir, "downloads")}
	if a.elapsed > 0 {
		u.at = time.Now().Add(a.elapsed)
	}
	return u.update(ctx, r.binaryName())
}

// serve serves on loopback until stop is called.
func serve(ctx context.Context, h http.Handler) (url string, stop func(), err error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	go s.Serve(l)
	return "http://" + l.Addr().String(), func() { s.Close() }, nil
}

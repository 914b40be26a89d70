// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/provenance/gomod"
)

// database is the name of the public database, which is the only one that has
// toolchains.
const database = "sum.golang.org"

// A goCommand runs the go command of the user in an empty folder, so that no
// go.mod or go.work has a say.
type goCommand struct {
	dir string
	env struct {
		GOROOT, GOHOSTOS, GOHOSTARCH, GOMODCACHE, GOPATH, GOPROXY, GOSUMDB, GOAUTH string
	}
}

func newGoCommand(ctx context.Context) (*goCommand, error) {
	dir, err := os.MkdirTemp("", "toolchain-")
	if err != nil {
		return nil, err
	}
	g := &goCommand{dir: dir}
	out, err := g.run(ctx, nil, "env", "-json", "GOROOT", "GOHOSTOS", "GOHOSTARCH", "GOMODCACHE", "GOPATH", "GOPROXY", "GOSUMDB", "GOAUTH")
	if err == nil {
		err = json.Unmarshal(out, &g.env)
	}
	if err != nil {
		g.close()
		return nil, fmt.Errorf("go env: %w", err)
	}
	return g, nil
}

func (g *goCommand) close() { os.RemoveAll(g.dir) }

// run returns the standard output of the go command. On failure it returns both
// the output and an error with the last of what it said.
func (g *goCommand) run(ctx context.Context, settings []string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = g.dir
	// The last one of a name counts.
	cmd.Env = slices.Concat(os.Environ(), []string{"GOTOOLCHAIN=local", "GOWORK=off", "GO111MODULE=on", "GOFLAGS=-mod=mod", "PWD=" + g.dir}, settings)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		if said := strings.TrimSpace(stderr.String()); said != "" {
			err = fmt.Errorf("%w: %s", err, printable(said))
		}
	}
	return stdout.Bytes(), err
}

// printable returns the end of what a program said, in one line that does nothing
// to a terminal.
func printable(s string) string {
	const max = 500
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > max {
		s = "..." + s[len(s)-max:]
	}
	return hash.EscapeName(s)
}

// download has the go command download a module into its cache, together with
// what the checksum database says about it, and opens the module's zip. What
// comes of it is not trusted.
func (g *goCommand) download(ctx context.Context, module string) (*os.File, error) {
	out, err := g.run(ctx, g.downloadSettings(), "mod", "download", "-json", module)
	var reply struct{ Zip, Error string }
	if jsonErr := json.Unmarshal(out, &reply); jsonErr == nil && reply.Error != "" {
		err = errors.New(printable(reply.Error))
	} else if err == nil {
		err = jsonErr
	}
	if err != nil {
		return nil, fmt.Errorf(`go mod download: %w

The toolchain's module comes through the network, once; after that it is in the
module cache. If there is a network, then this release may not be published, or
GOPROXY does not have it`, err)
	}
	f, err := os.Open(reply.Zip)
	if err != nil {
		return nil, fmt.Errorf("go mod download: %w", err)
	}
	return f, nil
}

// downloadSettings make the go command ask the public database, whatever the user
// has set, and are otherwise the user's.
func (g *goCommand) downloadSettings() []string {
	return []string{
		// Settings of the file that "go env -w" writes count when the
		// environment has an empty value, so that file is left out, and what
		// is needed of it set here.
		"GOENV=off",
		"GOPROXY=" + g.env.GOPROXY,
		"GOMODCACHE=" + g.env.GOMODCACHE,
		"GOPATH=" + g.env.GOPATH,
		"GOAUTH=" + g.env.GOAUTH,
		"GOSUMDB=" + withDatabase(g.env.GOSUMDB),
		"GONOSUMDB=", "GONOSUMCHECK=", "GONOPROXY=", "GOPRIVATE=", "GOINSECURE=",
	}
}

// withDatabase returns a value of GOSUMDB that means the public database: the
// user's if it does, perhaps with the address of a mirror, else the plain name.
func withDatabase(gosumdb string) string {
	if f := strings.Fields(gosumdb); len(f) > 0 {
		switch f[0] {
		case database, "sum.golang.google.cn", gomod.PublicKey:
			return gosumdb
		}
	}
	return database
}

// databaseDir is where the go command keeps what it has used of the database.
func (g *goCommand) databaseDir() string {
	return filepath.Join(g.env.GOMODCACHE, "cache", "download", "sumdb", database)
}

// latestTreeHead returns the newest tree head that the go command has seen; none
// is no error.
func (g *goCommand) latestTreeHead() ([]byte, error) {
	list := filepath.SplitList(g.env.GOPATH)
	if len(list) == 0 {
		return nil, nil
	}
	data, err := readSmall(filepath.Join(list[0], "pkg", "sumdb", database, "latest"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

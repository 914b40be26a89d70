// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/internal/safe"
	"github.com/tallystick/tallystick/provenance/layout"
	"github.com/tallystick/tallystick/verify"
)

// Options say what a Runner runs on and when it gives up.
type Options struct {
	// Products holds the files that each inspection gets a copy of: the final
	// product. Only files and folders are allowed in it, and there must be a
	// file. For a folder of the operating system use os.OpenRoot and
	// os.Root.FS, which symbolic links cannot leave. Required.
	Products fs.FS

	// Temp is the absolute path of a folder that exists, in which each
	// inspection gets a new one. Nobody else should be able to write into it,
	// and it must not be part of Products. Required.
	Temp string

	// Path lists the absolute paths of the folders that programs are searched
	// for in, in the form of the PATH of the operating system. Empty means
	// DefaultPath.
	Path string

	// Timeout is how long one command may take. Zero means a minute.
	Timeout time.Duration

	// OutputBytes is how much one command may print, in bytes, on each of
	// standard output and standard error. Zero means 1 MiB.
	OutputBytes int64

	// MaxFiles is the number of files and folders, and MaxBytes the size of
	// all files together, in bytes, of the product files and of what a command
	// leaves. Zero means 100,000 and 4 GiB. They do not stop a command
	// that runs from writing more.
	MaxFiles int
	MaxBytes int64

	// Algorithms are what files are measured with. None means SHA-256. Rules
	// can match only links that have one of them.
	Algorithms []hash.Algorithm

	// Sublayouts also runs the inspections of sublayouts, whose commands
	// come from a functionary and not from the project owner. Without it they
	// are refused, and so the layout is not accepted.
	Sublayouts bool
}

// A Runner runs inspections in copies of the product files. It implements
// layout.Runner, is immutable, and safe for concurrent use. The zero Runner runs
// nothing.
type Runner struct {
	opts Options
}

var _ layout.Runner = (*Runner)(nil)

// New returns a runner. Options that make no sense are a *verify.Error with
// CodeOptions.
func New(opts Options) (*Runner, error) {
	bad := func(what, found string) (*Runner, error) {
		return nil, fail(CodeOptions, what, found, nil)
	}
	if opts.Products == nil {
		return bad("product files", "none")
	}
	if !filepath.IsAbs(opts.Temp) {
		return bad("temporary folder", "no absolute path: "+safe.Quote(opts.Temp))
	}
	if info, err := os.Stat(opts.Temp); err != nil || !info.IsDir() {
		return nil, fail(CodeOptions, "temporary folder", "no folder: "+safe.Quote(opts.Temp), err)
	}
	if opts.Timeout < 0 || opts.OutputBytes < 0 || opts.OutputBytes == math.MaxInt64 || opts.MaxFiles < 0 || opts.MaxBytes < 0 || opts.MaxBytes == math.MaxInt64 {
		return bad("limits", "one that is negative or too large")
	}
	opts.Path = cmp.Or(opts.Path, DefaultPath)
	for _, dir := range filepath.SplitList(opts.Path) {
		if !filepath.IsAbs(dir) {
			return bad("path", "no absolute path: "+safe.Quote(dir))
		}
	}
	opts.Timeout = cmp.Or(opts.Timeout, time.Minute)
	opts.OutputBytes = cmp.Or(opts.OutputBytes, 1<<20)
	opts.MaxFiles = cmp.Or(opts.MaxFiles, 100_000)
	opts.MaxBytes = cmp.Or(opts.MaxBytes, 4<<30)
	opts.Algorithms = slices.Clone(opts.Algorithms)
	if len(opts.Algorithms) == 0 {
		opts.Algorithms = []hash.Algorithm{hash.SHA256}
	}
	if !slices.ContainsFunc(opts.Algorithms, hash.Algorithm.Strong) {
		return bad("algorithms", "none that proves anything")
	}
	return &Runner{opts}, nil
}

// Run runs one inspection in a new copy of the product files.
//
// An inspection of a sublayout without Options.Sublayouts is a *verify.Error with
// layout.CodeInspection. A command that was started and did not succeed is a
// *CommandError; an exit code other than 0 is one too, so that a report has what
// the command printed. When ctx is done, its error is returned. Everything else is
// a *verify.Error with a code of this package.
func (r *Runner) Run(ctx context.Context, in layout.Inspection) (result layout.InspectionResult, err error) {
	what := "inspection " + safe.Quote(in.Name)
	switch {
	case r == nil || r.opts.Products == nil:
		return result, fail(CodeOptions, what, "a runner that New has not made", nil)
	case len(in.Sublayout) > 0 && !r.opts.Sublayouts:
		return result, fail(layout.CodeInspection, what, "an inspection of a sublayout, which the runner is not allowed to run", nil)
	case len(in.Command) == 0 || in.Command[0] == "":
		return result, fail(CodeStart, what, "no command", nil)
	}
	dirs, err := makeFolders(r.opts.Temp)
	if err != nil {
		return result, fail(CodeTemp, what, "no temporary folder", err)
	}
	defer func() {
		if removed := remove(dirs.base); removed != nil {
			err = errors.Join(err, fail(CodeTemp, what, "the temporary folder is still there", removed))
		}
		if err != nil {
			// Half a result is none, but for the exit code.
			result.Materials, result.Products = nil, nil
		}
	}()
	if err := r.copy(ctx, dirs); err != nil {
		return result, err
	}
	if result.Materials, err = r.measure(ctx, dirs); err != nil {
		return result, err
	}
	if result.ExitCode, err = r.execute(ctx, in, dirs); err != nil {
		return result, err
	}
	result.Products, err = r.measure(ctx, dirs)
	return result, err
}

// folders are those of one inspection.
type folders struct {
	base string // holds the others
	work string
	home string
	temp string
	// What base and work are, whatever a command puts in their place.
	baseInfo, workInfo fs.FileInfo
}

func makeFolders(temp string) (_ *folders, err error) {
	base := filepath.Join(temp, "inspection-"+rand.Text())
	d := &folders{base: base, work: filepath.Join(base, "work"), home: filepath.Join(base, "home"), temp: filepath.Join(base, "tmp")}
	if err := os.Mkdir(base, 0o700); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(base))
		}
	}()
	for _, dir := range []string{d.work, d.home, d.temp} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			return nil, err
		}
	}
	if d.baseInfo, err = os.Lstat(base); err != nil {
		return nil, err
	}
	d.workInfo, err = os.Lstat(d.work)
	return d, err
}

// remove removes a folder, also when a command has locked parts of it.
func remove(dir string) error {
	if os.RemoveAll(dir) == nil {
		return nil
	}
	// A failure to unlock shows in what cannot be removed.
	os.Chmod(dir, 0o700)
	if root, err := os.OpenRoot(dir); err == nil {
		defer root.Close()
		// Folders are visited before they are read, so each can be unlocked.
		fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				root.Chmod(filepath.FromSlash(name), 0o700)
			}
			return nil
		})
	}
	return os.RemoveAll(dir)
}

// measure returns the files of the working directory.
func (r *Runner) measure(ctx context.Context, dirs *folders) (map[string]hash.Set, error) {
	const what = "files of the inspection"
	// MeasureTree follows a link that the folder itself has become.
	if info, err := os.Lstat(dirs.work); err != nil || !os.SameFile(info, dirs.workInfo) {
		return nil, fail(CodeProducts, what, "the working directory was replaced", err)
	}
	tree, err := hash.MeasureTree(ctx, dirs.work, &hash.TreeOptions{
		Algorithms: r.opts.Algorithms, MaxFiles: r.opts.MaxFiles, MaxBytes: r.opts.MaxBytes})
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, hash.CodeLimit):
		return nil, fail(CodeLimit, what, "", err)
	case err != nil:
		return nil, fail(CodeProducts, what, "", err)
	}
	files := map[string]hash.Set{}
	for e := range tree.Entries() {
		switch e.Type() {
		case hash.File:
			files[e.Name()] = e.Digests()
		case hash.Link:
			return nil, fail(CodeProducts, what, "a symbolic link: "+safe.Quote(e.Name()), nil)
		}
	}
	return files, nil
}

// find returns the path of a program.
func (r *Runner) find(name string, dirs *folders) (string, error) {
	if filepath.IsAbs(name) {
		return name, nil
	}
	if filepath.Base(name) != name {
		if !filepath.IsLocal(name) {
			return "", fmt.Errorf("%s leads out of the product files", safe.Quote(name))
		}
		return filepath.Join(dirs.work, name), nil
	}
	for _, dir := range filepath.SplitList(r.opts.Path) {
		for _, suffix := range programSuffixes {
			file := filepath.Join(dir, name+suffix)
			if info, err := os.Stat(file); err == nil && isProgram(info) {
				return file, nil
			}
		}
	}
	return "", fmt.Errorf("no program %s in %s", safe.Quote(name), strings.Join(filepath.SplitList(r.opts.Path), ", "))
}

// limitOf returns an error for a limit.
func limitOf(found string, args ...any) error {
	return &verify.Error{Code: CodeLimit, What: "product files", Found: fmt.Sprintf(found, args...)}
}

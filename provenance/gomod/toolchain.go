// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package gomod

import (
	"context"
	"errors"
	goversion "go/version"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/internal/safe"
	"github.com/tallystick/tallystick/verify"
)

const (
	toolchainPath   = "golang.org/toolchain"
	toolchainPrefix = "v0.0.1-"
)

// ToolchainModule returns the path and version of the module that holds a Go
// toolchain: "golang.org/toolchain" and "v0.0.1-go1.26.8.linux-amd64" for go1.26.8,
// linux, amd64. goVersion is the first line of the file VERSION in GOROOT. A
// version that is not one of a Go release, such as a development version, is a
// [*verify.Error] with [CodeOptions]. Whether the database knows the module is
// for [Database.Lookup] to say.
func ToolchainModule(goVersion, goos, goarch string) (path, version string, err error) {
	// IsValid takes "go1.26.8-custom" for valid too; whoever builds that does
	// not publish it in this module.
	if !goversion.IsValid(goVersion) || strings.Contains(goVersion, "-") {
		return "", "", optionsError("Go version", "that of a release, such as go1.26.8", safe.Quote(goVersion))
	}
	for _, s := range []string{goos, goarch} {
		if s == "" || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
			return "", "", optionsError("Go platform", "names such as linux and amd64", safe.Quote(goos)+" and "+safe.Quote(goarch))
		}
	}
	return toolchainPath, toolchainPrefix + goVersion + "." + goos + "-" + goarch, nil
}

// notInModule lists the folders at the top of GOROOT that a Go distribution has
// and the toolchain's module has not: see modArch in src/cmd/distpack/pack.go.
func notInModule() []string { return []string{"api", "doc", "misc", "test"} }

// ToolchainOptions are for [VerifyToolchain]. A nil *ToolchainOptions and zero
// fields mean the defaults.
type ToolchainOptions struct {
	// Allow lists differences that the caller knows and accepts.
	Allow []Allowance

	// MaxFiles limits the number of entries of GOROOT and of the zip, each.
	// Default 200,000; a toolchain has about 16,000.
	MaxFiles int
	// MaxBytes limits the size of all files of GOROOT, and of what is in the
	// zip. Default 4 GiB; a toolchain has about 230 MB.
	MaxBytes int64
}

// An Allowance is a difference between GOROOT and the module that the caller
// accepts. It stays in the report.
type Allowance struct {
	// Name is the one file it is about: raw bytes, from the root of GOROOT,
	// with "/" between the elements. There are no patterns.
	Name string
	// Digest, a SHA-256, is the content that the file may have. This is the
	// safe way: whatever happens to the file later is found. The zero Digest
	// allows anything, also that the file is missing or a link.
	Digest hash.Digest
}

// A Toolchain says that a GOROOT is a toolchain that the checksum database
// recorded. Only [VerifyToolchain] makes one. It is a [verify.Claim] of the
// database about [Toolchain.Artifact] and nothing else.
type Toolchain struct {
	artifact hash.Artifact
	issuer   verify.Issuer
	evidence verify.Evidence
}

var _ verify.Claim = (*Toolchain)(nil)

// VerifyToolchain verifies the folder goroot against the module of a toolchain:
// m is what the database says about it, zip of size bytes is the module's zip. The
// zip is measured first and must have the hash that the database recorded; then
// every file of goroot, except in the top folders api, doc, misc and test, must
// be in it with the same content, and no other. Links are never followed; one
// is a difference. In the zip go.mod files are named _go.mod; the go command adds
// go.mod when it has downloaded a toolchain, so goroot may have either or both.
//
// Differences are a [*verify.RejectedError] whose report names all of them, with
// [CodeDiffers], [CodeExtra] and [CodeMissing]; another zip is one with
// [CodeMismatch]. A FIFO, socket or device is a difference too, but ends the
// comparison there. What cannot be read, and limits, are a [*hash.Error].
func VerifyToolchain(ctx context.Context, m *Module, zip io.ReaderAt, size int64, goroot string, opts *ToolchainOptions) (*Toolchain, error) {
	if opts == nil {
		opts = &ToolchainOptions{}
	}
	if m == nil || m.path != toolchainPath {
		return nil, optionsError("module of a toolchain", "what the database says about "+toolchainPath, safe.Quote(m.String()))
	}
	if zip == nil {
		return nil, optionsError("zip of the module", "a reader", "nil")
	}
	allowed, err := newAllowances(opts.Allow)
	if err != nil {
		return nil, err
	}
	v := &toolchain{
		m:       m,
		goroot:  goroot,
		allowed: allowed,
		trees: hash.TreeOptions{
			Algorithms: []hash.Algorithm{hash.DirHash},
			MaxFiles:   opts.MaxFiles,
			MaxBytes:   opts.MaxBytes,
			MaxDepth:   64,
		},
		checks: []verify.Check{m.evidence.Check},
	}
	if v.trees.MaxFiles == 0 {
		v.trees.MaxFiles = 200_000
	}
	if v.trees.MaxBytes == 0 {
		v.trees.MaxBytes = 4 << 30
	}
	want, err := v.measureZip(ctx, zip, size)
	if err != nil {
		return nil, err
	}
	return v.compare(ctx, want)
}

// toolchain is one verification.
type toolchain struct {
	m       *Module
	goroot  string
	allowed *allowances
	trees   hash.TreeOptions
	checks  []verify.Check // so far
}

func (v *toolchain) evidence(status verify.Status, notCovered ...string) verify.Evidence {
	return verify.Evidence{
		Check: verify.Check{
			Code:    CodeToolchain,
			Status:  status,
			What:    hash.EscapeName(v.goroot) + " against " + v.m.String(),
			Issuers: v.m.Issuers(),
			Checks:  v.checks,
		},
		NotCovered: slices.Concat(v.m.evidence.NotCovered, notCovered),
	}
}

func (v *toolchain) reject(cause error, notCovered ...string) error {
	err := verify.Reject(v.evidence(verify.Fail, notCovered...))
	err.Err = cause
	return err
}

// measureZip returns the tree of the zip, with the names that its files have in
// a GOROOT, if it is the zip that was recorded.
func (v *toolchain) measureZip(ctx context.Context, zip io.ReaderAt, size int64) (*moduleTree, error) {
	want, err := hash.FormatH1(v.m.DirHash())
	if err != nil {
		return nil, err
	}
	check := verify.Check{
		Code:     CodeMismatch,
		Status:   verify.Fail,
		What:     "the module's zip is the recorded one",
		Issuers:  v.m.Issuers(),
		Expected: want,
	}
	reject := func(found string, cause error) error {
		check.Found = found
		v.checks = append(v.checks, check)
		return v.reject(cause)
	}
	tree, err := hash.MeasureZip(ctx, zip, size, &v.trees)
	if err != nil {
		// It could be read, and is nothing that a module may be.
		if errors.Is(err, hash.CodeArchive) || errors.Is(err, hash.CodeName) || errors.Is(err, hash.CodeNotRegular) {
			return nil, reject(err.Error(), err)
		}
		return nil, err
	}
	digest, err := tree.DirHash("")
	if err != nil {
		return nil, reject(err.Error(), err)
	}
	if digest != v.m.DirHash() {
		found, err := hash.FormatH1(digest)
		if err != nil {
			return nil, err
		}
		return nil, reject(found, nil)
	}

	// From here on the zip is what the database recorded; that it looks like
	// a toolchain is checked all the same.
	prefix := v.m.String() + "/"
	stray := ""
	module, err := tree.Select(func(e hash.Entry) (string, bool) {
		name, ok := strings.CutPrefix(e.Name(), prefix)
		if !ok && e.Type() != hash.Dir {
			stray = e.Name()
		}
		return name, ok && e.Type() == hash.File
	})
	if err != nil {
		return nil, reject(err.Error(), err)
	}
	if stray != "" {
		check.Expected = "names that begin with " + prefix
		return nil, reject(hash.EscapeName(stray), nil)
	}
	goroot, err := module.Select(func(e hash.Entry) (string, bool) {
		return gorootName(e.Name()), e.Type() == hash.File
	})
	if err != nil {
		return nil, reject(err.Error(), err)
	}
	if goroot.Len() == 0 {
		check.Expected = "files"
		return nil, reject("none", nil)
	}
	check.Status = verify.Pass
	check.Found = want
	v.checks = append(v.checks, check)
	return &moduleTree{module, goroot}, nil
}

// gorootName returns the name in GOROOT of a file of the module.
func gorootName(name string) string {
	if dir, base := path.Split(name); base == "_go.mod" {
		return dir + "go.mod"
	}
	return name
}

// Artifact returns what the database vouches for: the files of GOROOT that are
// in the module, as one tree under the path of GOROOT, measured with
// hash.DirHash. Files that differ and were allowed are not part of it.
func (t *Toolchain) Artifact() hash.Artifact { return t.artifact }

// Issuers returns the database; see [Database.Issuer].
func (t *Toolchain) Issuers() []verify.Issuer {
	if t.issuer.ID == "" {
		return nil
	}
	return []verify.Issuer{t.issuer}
}

// Covers implements [verify.Claim].
func (t *Toolchain) Covers(a hash.Artifact) error {
	return verify.Match(a, t.artifact.Digests(), false)
}

// Digests implements [verify.Claim].
func (t *Toolchain) Digests(a hash.Artifact) hash.Set {
	return verify.About(a, t.artifact.Digests(), false)
}

// Evidence implements [verify.Claim].
func (t *Toolchain) Evidence() verify.Evidence { return t.evidence.Clone() }

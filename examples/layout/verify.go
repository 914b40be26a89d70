// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/provenance/layout"
	"github.com/tallystick/tallystick/provenance/layout/inspect"
	"github.com/tallystick/tallystick/verify"
)

const (
	// maxLayout is one byte more than layout.Verify takes by default.
	maxLayout = 32<<20 + 1
	// maxBundle is less than that: a bundle is held in memory.
	maxBundle = 1 << 30
)

// verify returns the reports: the one about the layout, or those about the
// artifacts. An error says that there is no verdict.
func (s *settings) verify(ctx context.Context) (reports []*verify.Report, err error) {
	keys, openPGP, err := readKeys(s.keys)
	if err != nil {
		return nil, err
	}
	signed, err := readFile(s.layout, maxLayout)
	if err != nil {
		return nil, err
	}
	links, closeLinks, err := s.links()
	if err != nil {
		return nil, err
	}
	defer closeLinks()
	for _, name := range s.artifacts {
		// Found out now, a missing file is no verdict about the layout.
		if info, err := os.Stat(name); err != nil {
			return nil, err
		} else if !info.Mode().IsRegular() {
			return nil, fmt.Errorf("%s is no file", hash.EscapeName(name))
		}
	}
	opts := layout.Options{Time: s.at, OpenPGPKeys: openPGP, Parameters: s.params, Quorum: s.quorum}
	if s.products != "" {
		products, err := os.OpenRoot(s.products)
		if err != nil {
			return nil, err
		}
		defer products.Close()
		if s.inspect {
			runner, remove, err := newRunner(products)
			if err != nil {
				return nil, err
			}
			defer func() { err = errors.Join(err, remove()) }()
			opts.Runner = runner
		}
	}

	v, err := layout.Verify(ctx, signed, keys, links, opts)
	if rejected, ok := errors.AsType[*verify.RejectedError](err); ok {
		return []*verify.Report{rejected.Report}, nil
	}
	if err != nil {
		return nil, err
	}
	if len(s.artifacts) == 0 {
		return []*verify.Report{reportOf(v)}, nil
	}
	algs := algorithms(v)
	for _, name := range s.artifacts {
		artifact, err := hash.MeasureFile(ctx, name, algs...)
		if err != nil {
			return nil, err
		}
		result, err := verify.Artifact(artifact, verify.CoveredBy(v), v)
		if rejected, ok := errors.AsType[*verify.RejectedError](err); ok {
			reports = append(reports, rejected.Report)
		} else if err != nil {
			return nil, err
		} else {
			reports = append(reports, result.Report())
		}
	}
	return reports, nil
}

// links returns where the links are, and what closes it.
func (s *settings) links() (layout.LinkSource, func() error, error) {
	if s.bundle == "" {
		dir, err := os.OpenRoot(s.linkDir)
		if err != nil {
			return nil, nil, err
		}
		return layout.DirLinks(dir.FS()), dir.Close, nil
	}
	data, err := readFile(s.bundle, maxBundle+1)
	if err == nil && len(data) > maxBundle {
		err = fmt.Errorf("%s: a bundle of more than %d bytes", hash.EscapeName(s.bundle), maxBundle)
	}
	if err != nil {
		return nil, nil, err
	}
	return layout.Bundle(data), func() error { return nil }, nil
}

// newRunner returns a runner of inspections, and what removes its folder.
func newRunner(products *os.Root) (layout.Runner, func() error, error) {
	temp, err := os.MkdirTemp("", "layout")
	if err != nil {
		return nil, nil, err
	}
	remove := func() error { return os.RemoveAll(temp) }
	path, err := filepath.Abs(temp)
	if err == nil {
		temp = path
		var runner *inspect.Runner
		if runner, err = inspect.New(inspect.Options{Products: products.FS(), Temp: temp}); err == nil {
			return runner, remove, nil
		}
	}
	return nil, nil, errors.Join(err, remove())
}

// reportOf returns the report about an accepted layout. Package verify makes reports
// about artifacts; there was none.
func reportOf(v *layout.Verification) *verify.Report {
	e := v.Evidence()
	return &verify.Report{
		Schema: verify.Schema, Verdict: verify.Accepted, Time: e.Time,
		Codes:      []verify.Code{e.Check.Code},
		Checks:     []verify.Check{e.Check},
		Conflicts:  []verify.Conflict{},
		NotCovered: append([]string{"files: no --artifact was held against the products"}, e.NotCovered...),
	}
}

// algorithms returns what a file must be measured with to be found among the
// products.
func algorithms(v *layout.Verification) []hash.Algorithm {
	measurable := []hash.Algorithm{hash.SHA256, hash.SHA384, hash.SHA512, hash.SHA512_256,
		hash.SHA3_256, hash.SHA3_384, hash.SHA3_512, hash.BLAKE2b, hash.BLAKE2s}
	algs := []hash.Algorithm{hash.SHA256}
	steps := v.Steps()
	products, err := v.Products(steps[len(steps)-1])
	if err != nil {
		return algs
	}
	for _, set := range products.All() {
		for d := range set.All() {
			if a := d.Algorithm(); slices.Contains(measurable, a) && !slices.Contains(algs, a) {
				algs = append(algs, a)
			}
		}
	}
	return algs
}

// readFile reads a file up to a limit, which the caller knows how to tell.
func readFile(name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, limit))
}

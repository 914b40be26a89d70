// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"

	"github.com/tallystick/tallystick/hash"
)

// measure measures the folder or archive.
func (s *settings) measure(ctx context.Context, stderr io.Writer, algs []hash.Algorithm) (*hash.Tree, error) {
	opts := &hash.TreeOptions{Algorithms: algs, Exclude: s.exclude}
	if m := newMeter(stderr); m != nil {
		opts.Progress = m.show
		defer m.erase()
	}
	info, err := os.Stat(s.path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return hash.MeasureTree(ctx, s.path, opts)
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New(hash.EscapeName(s.path) + " is neither a folder nor a file")
	}
	f, err := os.Open(s.path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	head := make([]byte, 4)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	// A zip file begins with an entry, or with the end record if it is empty.
	if head = head[:n]; bytes.Equal(head, []byte("PK\x03\x04")) || bytes.Equal(head, []byte("PK\x05\x06")) {
		return hash.MeasureZip(ctx, f, info.Size(), opts)
	}
	return hash.MeasureTar(ctx, f, opts)
}

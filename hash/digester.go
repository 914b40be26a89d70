// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash

import (
	"hash"
	"slices"
	"strconv"
)

// A digester feeds one read to all algorithms asked for. It is reused from
// file to file.
type digester struct {
	algs   []Algorithm // sorted, without repeats
	states []hash.Hash
	sum    []byte
}

// newDigester returns a digester for stream and blob algorithms. No algorithm
// means SHA256.
func newDigester(algs []Algorithm) (*digester, error) {
	if len(algs) == 0 {
		algs = []Algorithm{SHA256}
	}
	d := &digester{algs: slices.Compact(slices.Sorted(slices.Values(algs)))}
	for _, a := range d.algs {
		info := a.info()
		switch {
		case !a.Valid():
			return nil, &Error{Code: CodeAlgorithm, Detail: "invalid algorithm"}
		case info.kind == ofTree:
			return nil, &Error{Code: CodeAlgorithm, Name: info.name, Detail: "identifies a tree, not a file; see MeasureTree"}
		case info.kind == ofHistory:
			return nil, &Error{Code: CodeAlgorithm, Name: info.name, Detail: "cannot be measured from content"}
		}
		d.states = append(d.states, info.base())
	}
	return d, nil
}

// needsSize reports whether the length must be known before the first byte.
func (d *digester) needsSize() (Algorithm, bool) {
	for _, a := range d.algs {
		if a.info().kind == ofBlob {
			return a, true
		}
	}
	return 0, false
}

// reset begins a new content of the given length, which matters for git blobs
// only.
func (d *digester) reset(size int64) {
	for i, h := range d.states {
		h.Reset()
		if d.algs[i].info().kind == ofBlob {
			h.Write(append(strconv.AppendInt([]byte("blob "), size, 10), 0))
		}
	}
}

// Write never fails.
func (d *digester) Write(p []byte) (int, error) {
	for _, h := range d.states {
		h.Write(p)
	}
	return len(p), nil
}

func (d *digester) set() Set {
	ds := make([]Digest, len(d.algs))
	for i, h := range d.states {
		d.sum = h.Sum(d.sum[:0])
		ds[i].alg = d.algs[i]
		copy(ds[i].sum[:], d.sum)
	}
	return Set{ds}
}

// sums appends all digests to b, in the order of d.algs.
func (d *digester) sums(b []byte) []byte {
	for _, h := range d.states {
		b = h.Sum(b)
	}
	return b
}

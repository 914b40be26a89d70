// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// A feed carries content from where it is read to the algorithms of a digester,
// in chunks: next gives the buffer to read into, put hands over what was read,
// end waits until all of it is hashed. After bigContent bytes, if there are
// several algorithms, each goes on in a goroutine of its own; below that
// starting them costs more than they save.
type feed struct {
	d     *digester
	buf   []byte // until there is a ring
	total int64
	ring  *ring
}

const bigContent = 4 << 20

func (d *digester) feed(buf []byte) *feed { return &feed{d: d, buf: buf} }

func (f *feed) next() []byte {
	if f.ring != nil {
		return f.ring.next()
	}
	return f.buf
}

// put hands over the first n bytes of the buffer that next returned, which the
// caller may still read but not alter.
func (f *feed) put(n int) {
	if f.ring != nil {
		f.ring.put(n)
		return
	}
	f.d.Write(f.buf[:n])
	f.total += int64(n)
	if f.total >= bigContent && len(f.d.states) > 1 && runtime.GOMAXPROCS(0) > 1 {
		f.ring = newRing(f.d)
	}
}

// end must be called before the digests are asked for, and also when the
// content is given up. A second time it does nothing.
func (f *feed) end() {
	if f.ring != nil {
		f.ring.end()
		f.ring = nil
	}
}

// A ring is a number of chunks that go round between one reader and the
// goroutines of several algorithms.
type ring struct {
	free  chan *chunk
	full  []chan *chunk // one for each algorithm
	wg    sync.WaitGroup
	taken *chunk // by next
}

type chunk struct {
	buf   [ringChunk]byte
	n     int
	users atomic.Int32
}

const (
	ringChunks = 8
	// Larger than what is read at once for small files: each chunk wakes up
	// goroutines, which took a tenth of the processor's time.
	ringChunk = 4 * chunkSize
)

func newRing(d *digester) *ring {
	r := &ring{free: make(chan *chunk, ringChunks)}
	for range ringChunks {
		r.free <- new(chunk)
	}
	for _, h := range d.states {
		// Room for all chunks: handing one over never waits.
		full := make(chan *chunk, ringChunks)
		r.full = append(r.full, full)
		r.wg.Go(func() {
			for c := range full {
				h.Write(c.buf[:c.n])
				if c.users.Add(-1) == 0 {
					r.free <- c
				}
			}
		})
	}
	return r
}

func (r *ring) next() []byte {
	if r.taken == nil {
		r.taken = <-r.free
	}
	return r.taken.buf[:]
}

func (r *ring) put(n int) {
	c := r.taken
	r.taken = nil
	c.n = n
	c.users.Store(int32(len(r.full)))
	for _, full := range r.full {
		full <- c
	}
}

func (r *ring) end() {
	for _, full := range r.full {
		close(full)
	}
	r.wg.Wait()
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash

import (
	"context"
	"math"
	"sync"
	"sync/atomic"
)

// A pool measures files in several goroutines while one goroutine finds them.
//
// Every piece of work has a number, its place in the order in which the finder
// met it. When something fails, work with higher numbers is skipped and work
// with lower numbers still done, so the error that remains is the first in that
// order, whatever the goroutines' luck was.
type pool struct {
	ctx  context.Context
	jobs chan func(*worker)
	wg   sync.WaitGroup

	first atomic.Int64 // the lowest number that failed
	mu    sync.Mutex
	err   error // its error
}

// A worker is what one goroutine reuses from file to file.
type worker struct {
	ctx  context.Context
	plan *plan
	d    *digester
	buf  []byte

	xattrs []Xattr // of the file at hand

	progress *reporter
	told     int64 // bytes of the file at hand that progress was told of
}

func newWorker(ctx context.Context, p *plan) *worker {
	d, _ := newDigester(p.algs) // newPlan made one of the same algorithms before
	return &worker{ctx: ctx, plan: p, d: d, buf: make([]byte, chunkSize), progress: p.progress}
}

// tell reports bytes of the file at hand.
func (k *worker) tell(n int) {
	k.told += int64(n)
	k.progress.did(0, int64(n))
}

// untell takes back what was reported of the file at hand.
func (k *worker) untell() {
	k.progress.did(0, -k.told)
	k.told = 0
}

func newPool(ctx context.Context, p *plan) *pool {
	q := &pool{ctx: ctx, jobs: make(chan func(*worker), p.Workers)}
	q.first.Store(math.MaxInt64)
	for range p.Workers {
		q.wg.Go(func() {
			var w *worker
			for job := range q.jobs {
				if w == nil {
					w = newWorker(ctx, p)
				}
				job(w)
			}
		})
	}
	return q
}

// submit hands over work, and waits when the workers have enough of it. Every
// job runs, also after a failure: it may hold resources to release, and asks
// skip about the rest.
func (q *pool) submit(job func(*worker)) { q.jobs <- job }

// skip reports whether the work with this number has no use any more.
func (q *pool) skip(number int64) bool {
	return number > q.first.Load() || q.ctx.Err() != nil
}

// failed reports whether there is no use in finding more.
func (q *pool) failed() bool { return q.skip(math.MaxInt64 - 1) }

// fail records the error of the work with the given number.
func (q *pool) fail(number int64, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if number < q.first.Load() {
		q.first.Store(number)
		q.err = err
	}
}

// wait returns when all goroutines have ended.
func (q *pool) wait() error {
	close(q.jobs)
	q.wg.Wait()
	if err := q.ctx.Err(); err != nil {
		return err
	}
	return q.err
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash

import (
	"sync"
	"sync/atomic"
	"time"
)

// Progress says how far a measurement has come. What is known grows until the
// last entry is found: a share of it is an estimate. At the end both are equal.
type Progress struct {
	Files, Bytes           int64 // done with
	KnownFiles, KnownBytes int64 // found so far, the above among them
}

// progressEvery is the time between two reports.
const progressEvery = time.Second / 10

// A reporter counts for [TreeOptions.Progress]. A nil reporter counts nothing.
type reporter struct {
	call                                 func(Progress)
	files, bytes, knownFiles, knownBytes atomic.Int64
}

func (r *reporter) found(files, bytes int64) {
	if r != nil {
		r.knownFiles.Add(files)
		r.knownBytes.Add(bytes)
	}
}

func (r *reporter) did(files, bytes int64) {
	if r != nil {
		r.files.Add(files)
		r.bytes.Add(bytes)
	}
}

// report calls the caller. A file that shrinks takes back what was known of it,
// perhaps between two loads.
func (r *reporter) report() {
	p := Progress{Files: r.files.Load(), Bytes: r.bytes.Load()}
	p.KnownFiles, p.KnownBytes = r.knownFiles.Load(), r.knownBytes.Load()
	p.Files, p.Bytes = min(p.Files, p.KnownFiles), min(p.Bytes, p.KnownBytes)
	r.call(p)
}

// during reports while measure runs, and once after it has succeeded.
func (r *reporter) during(measure func() (*Tree, error)) (*Tree, error) {
	if r == nil {
		return measure()
	}
	t, err := r.tick(measure)
	if err == nil {
		r.report()
	}
	return t, err
}

// tick reports while measure runs, from one goroutine that has ended when tick
// returns.
func (r *reporter) tick(measure func() (*Tree, error)) (*Tree, error) {
	stop := make(chan struct{})
	var reports sync.WaitGroup
	reports.Go(func() {
		// Not a Ticker: after a report that took long the next one waits.
		timer := time.NewTimer(progressEvery)
		defer timer.Stop()
		for {
			select {
			case <-stop:
				return
			case <-timer.C:
				r.report()
				timer.Reset(progressEvery)
			}
		}
	})
	defer reports.Wait()
	defer close(stop)
	return measure()
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash

import (
	"context"
	"errors"
	"testing"
)

// Many jobs fail, in whatever order; the error is always that of the lowest
// number, and all jobs below it have run.
func TestPoolFirstError(t *testing.T) {
	p, err := newPlan(&TreeOptions{Workers: 4})
	if err != nil {
		t.Fatal(err)
	}
	errs := make([]error, 200)
	for i := range errs {
		errs[i] = errors.New("an error")
	}
	for range 200 {
		q := newPool(t.Context(), p)
		ran := make([]bool, len(errs))
		for i := range errs {
			number := int64(i)
			q.submit(func(*worker) {
				if q.skip(number) {
					return
				}
				ran[i] = true
				if i%7 == 6 {
					q.fail(number, errs[i])
				}
			})
		}
		if err := q.wait(); err != errs[6] {
			t.Fatal("not the first error")
		}
		for i := range 7 {
			if !ran[i] {
				t.Fatalf("%d did not run", i)
			}
		}
	}
}

// A done context wins over errors, and what was submitted still runs to release
// what it holds.
func TestPoolCancelled(t *testing.T) {
	p, _ := newPlan(nil)
	ctx, cancel := context.WithCancel(t.Context())
	q := newPool(ctx, p)
	cancel()
	done := false
	q.submit(func(*worker) { done = q.skip(0) })
	q.fail(0, errors.New("an error"))
	if err := q.wait(); err != context.Canceled || !done || !q.failed() {
		t.Error(err, done)
	}
}

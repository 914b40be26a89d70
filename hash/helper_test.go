// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/tallystick/tallystick/hash"
)

// A dyingContext is cancelled when it was asked a number of times.
type dyingContext struct {
	context.Context
	mu   sync.Mutex
	left int
}

func (c *dyingContext) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

// noMoreGoroutines fails if goroutines are left over. Those that have been
// waited for may still be on their last instructions.
func noMoreGoroutines(t *testing.T, before int) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		if runtime.NumGoroutine() <= before {
			return
		}
		runtime.Gosched()
	}
	buf := make([]byte, 1<<20)
	t.Errorf("%d goroutines, %d before\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
}

func tarOfFile(t *testing.T, name string, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))}); err != nil {
		t.Fatal(err)
	}
	w.Write(content)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// errorsAsCode finds the code of an error of this package.
func errorsAsCode(err error, code *hash.Code) bool {
	if e, ok := errors.AsType[*hash.Error](err); ok {
		*code = e.Code
		return true
	}
	return false
}

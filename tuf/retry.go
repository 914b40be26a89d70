// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package tuf

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"math/big"
	"net/http"
	"strconv"
	"time"

	"github.com/tallystick/tallystick/verify"
)

const (
	maxRetries    = 10
	maxPause      = 30 * time.Second // before chance is added
	maxRetryAfter = time.Minute
)

// A temporary error is the cause of a failure that may not happen again.
type temporary struct {
	err   error
	after time.Duration // not before, says the server; 0 if it says nothing
}

func (e *temporary) Error() string { return e.err.Error() }
func (e *temporary) Unwrap() error { return e.err }

// A redirectError says that a redirect was not followed, and will not be.
type redirectError struct{ error }

func (e *redirectError) Unwrap() error { return e.error }

// brokenOff marks an error of the transport as temporary, unless it is about whom we
// talk to.
func brokenOff(err error) error {
	if _, ok := errors.AsType[*redirectError](err); ok {
		return err
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return err
	}
	return &temporary{err: err}
}

// serverFault returns the cause of an error about an answer: temporary if the
// status is that of a fault of the server, which may ask for patience.
func serverFault(res *http.Response) error {
	if res.StatusCode < 500 || res.StatusCode > 599 {
		return nil
	}
	text := http.StatusText(res.StatusCode)
	if text == "" {
		text = "fault of the server"
	}
	seconds, err := strconv.ParseInt(res.Header.Get("Retry-After"), 10, 64)
	if err != nil || seconds < 0 {
		seconds = 0
	}
	return &temporary{errors.New(text), time.Duration(min(seconds, 1<<30)) * time.Second}
}

// retry does what f does, and does it again after a pause as often as the caller
// allows if it fails in a way that may not happen again.
func (c *Client) retry(ctx context.Context, f func() error) error {
	for n := 0; ; n++ {
		err := f()
		t, ok := errors.AsType[*temporary](err)
		if !ok || n >= c.retries || t.after > maxRetryAfter {
			return err
		}
		pause := max(min(time.Second<<n, maxPause), t.after)
		// Up to half as much again, so that clients that failed together do not
		// all come back together.
		if extra, e := rand.Int(rand.Reader, big.NewInt(int64(pause/2))); e == nil {
			pause += time.Duration(extra.Int64())
		}
		c.log.InfoContext(ctx, "tuf: again after a pause", "pause", pause, "error", err)
		if c.sleep(ctx, pause) != nil {
			return &verify.Error{Code: CodeCanceled, What: "a pause before the next attempt", Err: errors.Join(context.Cause(ctx), err)}
		}
	}
}

// sleep waits, or returns an error when the context is done.
func sleep(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

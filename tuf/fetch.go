// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package tuf

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tallystick/tallystick/internal/safe"
	"github.com/tallystick/tallystick/verify"
)

const maxRedirects = 5

// newHTTPClient is what a client uses whose caller has no wishes. It uses no proxy:
// which one would come from the environment, and that is for programs to read.
func newHTTPClient() *http.Client {
	return &http.Client{Transport: &http.Transport{
		DialContext:           (&net.Dialer{Timeout: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:   30 * time.Second,
		ResponseHeaderTimeout: time.Minute,
		IdleConnTimeout:       90 * time.Second,
		MaxIdleConnsPerHost:   4,
		ForceAttemptHTTP2:     true,
	}}
}

// guardRedirects returns a copy of the client that follows no redirect to another
// host, port or scheme. A repository has one address; whoever can
// send a client elsewhere can also use it to reach what only the client can.
func guardRedirects(c *http.Client) *http.Client {
	guarded := *c
	guarded.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		from := via[len(via)-1].URL
		var err error
		switch {
		case len(via) > maxRedirects:
			err = fmt.Errorf("more than %d redirects", maxRedirects)
		case !strings.EqualFold(req.URL.Host, from.Host):
			err = fmt.Errorf("redirect to another host: %s", safe.Quote(req.URL.Redacted()))
		case req.URL.Scheme != from.Scheme:
			err = fmt.Errorf("redirect to another scheme: %s", safe.Quote(req.URL.Redacted()))
		case c.CheckRedirect != nil:
			err = c.CheckRedirect(req, via)
		}
		if err == nil || err == http.ErrUseLastResponse {
			return err
		}
		return &redirectError{err}
	}
	return &guarded
}

// parseBase reads a base URL and gives its path a final slash.
func parseBase(what, s string) (*url.URL, error) {
	u, err := url.Parse(s)
	bad := func(found string) error {
		return &verify.Error{Code: CodeConfig, What: what, Expected: "an http or https URL without query and fragment", Found: found}
	}
	switch {
	case err != nil:
		return nil, bad("one that does not parse")
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Opaque != "":
		return nil, bad(safe.Quote(u.Redacted()))
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, bad(safe.Quote(u.Redacted()))
	}
	if !strings.HasSuffix(u.Path, "/") {
		u = u.JoinPath("/")
	}
	return u, nil
}

// below returns the URL of a file below base. Its path has been escaped.
func below(base *url.URL, escaped string) (*url.URL, error) {
	u := *base
	path, err := url.PathUnescape(escaped)
	if err != nil {
		return nil, err
	}
	u.RawPath = base.EscapedPath() + escaped
	u.Path = base.Path + path
	return &u, nil
}

// escapeElement percent-encodes everything in one element of a path that has or
// could have a meaning, the slash too.
func escapeElement(s string) string {
	const unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
	var b strings.Builder
	for i := range len(s) {
		if strings.IndexByte(unreserved, s[i]) >= 0 {
			b.WriteByte(s[i])
		} else {
			fmt.Fprintf(&b, "%%%02X", s[i])
		}
	}
	return b.String()
}

// get opens the body of a file, without its first bytes if the server can do that;
// see body.offset. Whoever gets a body must close it; reading it fails when the
// server is too slow.
func (c *Client) get(ctx context.Context, u *url.URL, from int64) (*body, error) {
	watched, cancel := context.WithCancelCause(ctx)
	b := &body{url: u.Redacted(), ctx: watched, cancel: cancel, limits: c.limits}
	req, err := http.NewRequestWithContext(watched, http.MethodGet, u.String(), nil)
	if err != nil {
		cancel(nil)
		return nil, b.failed(err)
	}
	// Lengths and hashes are about the bytes as stored. Naming the encoding
	// also keeps net/http from asking for gzip and expanding it.
	req.Header.Set("Accept-Encoding", "identity")
	if from > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", from))
	}
	headers := time.AfterFunc(c.limits.forHeaders(), func() { cancel(errSlow) })
	res, err := c.http.Do(req)
	headers.Stop()
	if err != nil {
		err = b.failed(err)
		cancel(nil)
		return nil, err
	}
	c.log.DebugContext(ctx, "tuf: GET", "url", b.url, "status", res.StatusCode)
	switch {
	case from > 0 && res.StatusCode == http.StatusPartialContent && strings.HasPrefix(res.Header.Get("Content-Range"), fmt.Sprintf("bytes %d-", from)):
		b.offset = from
	case from > 0 && (res.StatusCode == http.StatusPartialContent || res.StatusCode == http.StatusRequestedRangeNotSatisfiable):
		// Not the part that was asked for. What we have may be wrong.
		res.Body.Close()
		cancel(nil)
		return c.get(ctx, u, 0)
	case res.StatusCode != http.StatusOK:
		res.Body.Close()
		cancel(nil)
		e := &verify.Error{Code: CodeTransport, What: b.url, Expected: "HTTP status 200", Found: fmt.Sprintf("HTTP status %d", res.StatusCode), Err: serverFault(res)}
		switch res.StatusCode {
		case http.StatusForbidden, http.StatusNotFound, http.StatusGone:
			// Some stores say 403 for what they do not have.
			e.Code = CodeNotFound
		}
		return nil, e
	}
	if enc := res.Header.Get("Content-Encoding"); enc != "" && !strings.EqualFold(enc, "identity") {
		res.Body.Close()
		cancel(nil)
		return nil, &verify.Error{Code: CodeTransport, What: b.url, Expected: "the file as it is", Found: "content encoding " + safe.Quote(enc)}
	}
	b.Reader = res.Body
	b.body = res.Body
	b.length = res.ContentLength
	return b, nil
}

// A body is the content of a file on its way from the server.
type body struct {
	io.Reader
	url    string
	offset int64 // bytes of the file that were left out
	length int64 // bytes, -1 if not known; what the server says
	body   io.ReadCloser
	ctx    context.Context
	cancel context.CancelCauseFunc
	limits Limits
	timer  *time.Timer  // nil before the first Read
	got    atomic.Int64 // bytes since the last look
	done   atomic.Bool
}

var errSlow = errors.New("too slow")

// watch cancels the request when less than the minimum rate arrives. It begins when
// somebody reads: the server is not to blame for what is done before, such as to
// copy the old part of a file.
func (b *body) watch() {
	want, ready := b.limits.perWindow(), make(chan struct{})
	b.timer = time.AfterFunc(b.limits.RateWindow, func() {
		<-ready
		if b.done.Load() {
			return
		}
		if b.got.Swap(0) < want {
			b.cancel(errSlow)
			return
		}
		b.timer.Reset(b.limits.RateWindow)
	})
	close(ready)
}

func (b *body) Read(p []byte) (int, error) {
	if b.timer == nil {
		b.watch()
	}
	n, err := b.Reader.Read(p)
	b.got.Add(int64(n))
	if err != nil && err != io.EOF {
		err = b.failed(err)
	}
	return n, err
}

func (b *body) Close() {
	b.done.Store(true)
	if b.timer != nil {
		b.timer.Stop()
	}
	b.cancel(nil)
	b.body.Close()
}

// failed says what an error of the transport means.
func (b *body) failed(err error) error {
	e := &verify.Error{Code: CodeTransport, What: b.url, Err: err}
	switch cause := context.Cause(b.ctx); {
	case cause == nil:
		if u, ok := errors.AsType[*url.Error](err); ok {
			e.Err = u.Err // without the URL, which may hold a password
		}
		e.Err = brokenOff(e.Err)
	case errors.Is(cause, errSlow):
		e.Code = CodeSlow
		e.Err = nil
		e.Found = "less data than the minimum rate"
	default:
		e.Code = CodeCanceled
		e.Err = cause
	}
	return e
}

// tooLong is the error for a file over a limit. Nothing above the limit was kept.
type tooLong struct{ limit int64 }

func (e *tooLong) Error() string { return fmt.Sprintf("more than %d bytes", e.limit) }

// getAll reads a file of at most limit bytes.
func (c *Client) getAll(ctx context.Context, u *url.URL, limit int64) ([]byte, error) {
	b, err := c.get(ctx, u, 0)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	if b.length > limit {
		return nil, &tooLong{limit}
	}
	return readAll(b, b.length, limit, believed)
}

// believed is the most memory that is taken because of a length which a server
// says, before the bytes are there. It is not touched before they are.
const believed = 64 << 20

// readAll reads at most limit bytes. size is how many are expected, negative if that
// is not known, of which sure are believed.
func readAll(r io.Reader, size, limit, sure int64) ([]byte, error) {
	size = min(size, limit)
	b := make([]byte, 0, min(max(size, 0), sure)+bytes.MinRead)
	for r = oneMore(r, limit); ; {
		if len(b) == cap(b) {
			more := int64(2 * len(b))
			if size > int64(len(b)) {
				more = min(more, size+bytes.MinRead)
			}
			b = append(make([]byte, 0, more), b...)
		}
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if int64(len(b)) > limit {
			return nil, &tooLong{limit}
		}
		if err == io.EOF {
			return b, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// oneMore reads at most limit bytes and one, which tells that there are too many.
func oneMore(r io.Reader, limit int64) io.Reader {
	return io.LimitReader(r, max(limit, limit+1)) // there are no more than math.MaxInt64
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// chunkSize is the unit of reading. Larger ones measured no faster.
const chunkSize = 64 << 10

// Measure reads r to its end and returns its length and digests. All
// algorithms are fed by the one read; none given means SHA256. The artifact has
// no name.
//
// The git blob algorithms hash the length first, which a stream does not know;
// asking for one is an [*Error] with [CodeAlgorithm]. Errors of r come wrapped
// in an [*Error] with [CodeRead]; when ctx is done its error is returned.
func Measure(ctx context.Context, r io.Reader, algs ...Algorithm) (Artifact, error) {
	return Copy(ctx, io.Discard, r, algs...)
}

// Copy copies src to dst until the end of src and measures what it copied, as
// [Measure] does. dst has received unverified bytes: keep them where nobody
// uses them until a claim covers the artifact that Copy returns. An error of
// dst comes wrapped in an [*Error] with [CodeWrite].
func Copy(ctx context.Context, dst io.Writer, src io.Reader, algs ...Algorithm) (Artifact, error) {
	d, err := newDigester(algs)
	if err != nil {
		return Artifact{}, err
	}
	if a, ok := d.needsSize(); ok {
		return Artifact{}, &Error{Code: CodeAlgorithm, Name: a.String(), Detail: "needs the length before the content; use MeasureFile"}
	}
	d.reset(0)
	n, err := copyChunks(ctx, dst, d, src, make([]byte, chunkSize))
	if err != nil {
		return Artifact{}, err
	}
	return Artifact{size: n, digests: d.set()}, nil
}

// copyChunks copies src to dst and d through buf.
func copyChunks(ctx context.Context, dst io.Writer, d *digester, src io.Reader, buf []byte) (int64, error) {
	var total int64
	idle := 0
	feed := d.feed(buf)
	defer feed.end()
	for {
		if err := ctx.Err(); err != nil {
			return total, err
		}
		buf := feed.next()
		n, err := src.Read(buf)
		if n < 0 || n > len(buf) {
			return total, &Error{Code: CodeRead, Detail: "reader returned an impossible count"}
		}
		if n > 0 {
			idle = 0
			feed.put(n)
			if m, err := dst.Write(buf[:n]); err != nil {
				return total, &Error{Code: CodeWrite, Err: err}
			} else if m != n {
				return total, &Error{Code: CodeWrite, Err: io.ErrShortWrite}
			}
			total += int64(n)
		}
		if err == io.EOF {
			return total, nil
		}
		if err != nil {
			return total, &Error{Code: CodeRead, Err: err}
		}
		if n == 0 {
			// io.Reader allows this but it must not spin forever.
			if idle++; idle == 100 {
				return total, &Error{Code: CodeRead, Err: io.ErrNoProgress}
			}
		}
	}
}

// MeasureFile measures a regular file and returns an artifact whose name is the
// last element of name: signers call a file by its name and not by where it lies,
// and a claim about a file of the same name and other content is a contradiction
// (see package verify). [Artifact.WithName] gives it another one. Links in name
// are followed, as the caller chose the path; within a tree use [MeasureTree],
// which follows none.
//
// A FIFO, socket, device or folder is an [*Error] with [CodeNotRegular], found
// out without blocking. A file that changes while it is read is read once more
// and then is an error with [CodeChanged]. All other failures to open or read
// have [CodeRead] and wrap what the operating system said.
func MeasureFile(ctx context.Context, name string, algs ...Algorithm) (Artifact, error) {
	d, err := newDigester(algs)
	if err != nil {
		return Artifact{}, err
	}
	// Before opening: to open some devices is already an action.
	info, err := os.Stat(name)
	if err != nil {
		return Artifact{}, &Error{Code: CodeRead, Name: name, Err: cause(err)}
	}
	if !info.Mode().IsRegular() {
		return Artifact{}, &Error{Code: CodeNotRegular, Name: name, Detail: describeMode(info.Mode())}
	}
	f, err := os.OpenFile(name, os.O_RDONLY|dontWait, 0)
	if err != nil {
		return Artifact{}, &Error{Code: CodeRead, Name: name, Err: cause(err)}
	}
	defer f.Close()
	a, err := measureOpen(ctx, f, d)
	if err != nil {
		return Artifact{}, withName(err, name)
	}
	return a.WithName(filepath.Base(name)), nil
}

// measureOpen reads f, twice if it changes the first time.
func measureOpen(ctx context.Context, f *os.File, d *digester) (Artifact, error) {
	buf := make([]byte, chunkSize)
	var why string
	for range 2 {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return Artifact{}, &Error{Code: CodeRead, Err: cause(err)}
		}
		before, err := f.Stat()
		if err != nil {
			return Artifact{}, &Error{Code: CodeRead, Err: cause(err)}
		}
		// Again, of the open file: the path may mean another one by now.
		if !before.Mode().IsRegular() {
			return Artifact{}, &Error{Code: CodeNotRegular, Detail: describeMode(before.Mode())}
		}
		d.reset(before.Size())
		// One byte more than promised is enough to see that a file grows;
		// without the bound one that grows as fast as we read never ends.
		n, err := copyChunks(ctx, io.Discard, d, io.LimitReader(f, before.Size()+1), buf)
		if err != nil {
			return Artifact{}, err
		}
		after, err := f.Stat()
		if err != nil {
			return Artifact{}, &Error{Code: CodeRead, Err: cause(err)}
		}
		switch {
		case n != before.Size():
			why = fmt.Sprintf("it had %d bytes and %d were read", before.Size(), n)
		case !sameStamp(before, after):
			why = "its size or times moved"
		default:
			return Artifact{size: n, digests: d.set()}, nil
		}
	}
	return Artifact{}, &Error{Code: CodeChanged, Detail: "changed while it was read, twice: " + why}
}

// withName puts the name into errors that were made without knowing it.
func withName(err error, name string) error {
	if e, ok := errors.AsType[*Error](err); ok && e.Name == "" {
		c := *e
		c.Name = name
		return &c
	}
	return err
}

// cause drops the path from the errors of package os: ours has it, escaped.
func cause(err error) error {
	if e, ok := errors.AsType[*os.PathError](err); ok {
		return e.Err
	}
	return err
}

func describeMode(m os.FileMode) string {
	switch {
	case m.IsDir():
		return "is a folder, not a regular file"
	case m&os.ModeNamedPipe != 0:
		return "is a FIFO, not a regular file"
	case m&os.ModeSocket != 0:
		return "is a socket, not a regular file"
	case m&os.ModeDevice != 0:
		return "is a device, not a regular file"
	case m&os.ModeSymlink != 0:
		return "is a symbolic link, not a regular file"
	}
	return "is not a regular file"
}

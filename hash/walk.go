// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/tallystick/tallystick/internal/clock"
)

// MeasureTree measures the folder dir and all that is in it. A nil opts means
// the defaults.
//
// Links in the path dir itself are followed, as the caller chose it; links in
// the tree are recorded and never followed, whatever somebody does to the tree
// meanwhile. Files are read as they are: nothing is ignored unless
// [TreeOptions.Exclude] says so, and no line ending or name is normalised.
//
// Errors are of type [*Error] and name the entry, relative to dir: a FIFO,
// socket or device is found without blocking and has [CodeNotRegular]; a file
// that changes while it is read, even when read once more, and a folder that
// changes while it is visited have [CodeChanged]; a limit has [CodeLimit]; what
// cannot be opened or read has [CodeRead]. If there are several the one returned
// is the first in the order of a walk that visits the entries of each folder by
// the bytes of their names. With [TreeOptions.OnError] the measurement can go on
// without such entries. When ctx is done its error is returned.
//
// On file systems whose clock is coarse, a change within the same tick as the
// one before it can go unseen. With [TreeOptions.Previous] unchanged files are
// not read again.
func MeasureTree(ctx context.Context, dir string, opts *TreeOptions) (*Tree, error) {
	return measureTree(ctx, dir, opts, openRootFolder)
}

// measureTree lets tests choose the portable kind of folder.
func measureTree(ctx context.Context, dir string, opts *TreeOptions, open func(string) (folder, error)) (*Tree, error) {
	p, err := newPlan(opts)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	p.began = clock.At(time.Time{}).UnixNano()
	// Before opening, as for files.
	info, err := os.Stat(dir)
	if err != nil {
		return nil, &Error{Code: CodeRead, Name: dir, Err: cause(err)}
	}
	if !info.IsDir() {
		return nil, &Error{Code: CodeRead, Name: dir, Detail: "is not a folder", Err: syscall.ENOTDIR}
	}
	root, err := open(dir)
	if err != nil {
		return nil, &Error{Code: CodeRead, Name: dir, Err: err}
	}
	return p.progress.during(func() (*Tree, error) { return measureRoot(ctx, p, root, dir) })
}

// measureRoot measures an open folder and closes it. dir is its name in errors.
func measureRoot(ctx context.Context, p *plan, root folder, dir string) (*Tree, error) {
	p.recorded = p.Metadata & root.metadata()
	w := &walker{builder: &builder{plan: p}, pool: newPool(ctx, p), previous: newPrevious(p), list: make([]byte, 32<<10)}
	if err := w.walk(root); err != nil {
		w.fail(w.number, err)
	}
	if err := w.wait(); err != nil {
		return nil, withName(err, dir)
	}
	if w.recorded&HardLinks != 0 {
		groupHardLinks(w.nodes)
	}
	return w.tree(), nil
}

const (
	// maxFrames is how many folders on the way from the root to where the
	// walker is stay open.
	maxFrames = 64
	// A batch of files that one worker measures.
	maxBatch      = 64
	maxBatchBytes = 1 << 20
)

// A walker finds the entries. It goes depth first and visits each folder's
// entries by name.
type walker struct {
	*builder
	*pool
	number int64 // of the entry that is visited
	stack  []*frame
	batch  []measurement
	weight int64  // bytes of batch
	list   []byte // for folders to be listed in
	listed int64  // bytes of names that were listed and not visited yet

	previous *previous // nil if there is none
}

// A frame is a folder between the root and where the walker is.
type frame struct {
	dir   *sharedFolder // nil while closed to save descriptors
	name  string        // in the tree, "" for the root
	base  string
	names []string
	next  int
	stat  stat // when it was listed
}

func (w *walker) walk(root folder) error {
	defer func() {
		w.flush()
		for _, f := range w.stack {
			if f.dir != nil {
				f.dir.release()
			}
		}
	}()
	if err := w.enter(root, nil, "", stat{}); err != nil {
		return err
	}
	for len(w.stack) > 0 {
		if w.failed() {
			return nil // the pool knows why
		}
		f := w.stack[len(w.stack)-1]
		if f.next < len(f.names) {
			base := f.names[f.next]
			f.next++
			w.listed -= int64(len(base))
			w.number++
			nodes := len(w.nodes)
			if err := w.visit(f, base); err != nil {
				if err := w.without(f, nodes, err); err != nil {
					return err
				}
			}
			continue
		}
		if err := w.leave(f); err != nil {
			return err
		}
	}
	return nil
}

// without goes on without what was just visited, if the caller wants to. f is the
// folder that it is in and nodes the number of nodes before.
func (w *walker) without(f *frame, nodes int, err error) error {
	if err := w.goOn(w.number, err); err != nil {
		return err
	}
	if top := w.stack[len(w.stack)-1]; top != f {
		w.forget(top)
		top.dir.release()
		w.stack = w.stack[:len(w.stack)-1]
	}
	if len(w.nodes) > nodes {
		w.nodes[nodes].typ = 0
		return nil // its name was accounted for
	}
	e, _ := errors.AsType[*Error](err)
	return w.keep(e.Name, e.Name)
}

// forget takes back what a folder that is given up has listed.
func (w *walker) forget(f *frame) {
	for _, base := range f.names[f.next:] {
		w.listed -= int64(len(base))
	}
}

// failEntry ends the measurement unless the caller wants to go on without an
// entry.
func (w *walker) failEntry(number int64, err error) {
	if err := w.goOn(number, err); err != nil {
		w.fail(number, err)
	}
}

// enter puts an open folder on the stack and lists it. n is its node and before
// what lstat said about it, except for the root.
func (w *walker) enter(dir folder, n *node, base string, before stat) error {
	name := ""
	if n != nil {
		name = n.name
	}
	f := &frame{dir: share(dir), name: name, base: base}
	w.stack = append(w.stack, f)
	st, err := f.dir.stat()
	if err != nil {
		return &Error{Code: CodeRead, Name: name, Err: err}
	}
	if name != "" && !st.same(before) {
		return changed(name, "another folder took its place")
	}
	if i := len(w.stack) - maxFrames; i > 0 && w.stack[i].dir != nil {
		// The root stays open: from there all others can be found again.
		w.letGo(w.stack[i])
	}
	counted, listed := 0, w.listed
	for range 2 {
		f.names = f.names[:0]
		w.seen -= counted
		counted, w.listed = 0, listed
		for {
			names, err := f.dir.names(w.list)
			if err != nil {
				return &Error{Code: CodeRead, Name: name, Err: err}
			}
			if len(names) == 0 {
				break
			}
			counted += len(names)
			if err := w.count(len(names), name); err != nil {
				return err
			}
			// All of them will be kept, under longer names.
			for _, base := range names {
				w.listed += int64(len(base))
			}
			if w.nameBytes.Load()+w.listed > w.MaxNameBytes {
				return w.keepBytes(int(w.listed), name)
			}
			if err := w.ctx.Err(); err != nil {
				return err
			}
			f.names = append(f.names, names...)
		}
		after, err := f.dir.stat()
		if err != nil {
			return &Error{Code: CodeRead, Name: name, Err: err}
		}
		if after.untouched(st) {
			f.stat = st
			slices.Sort(f.names)
			return w.noteFolder(f, n)
		}
		if st, err = w.relist(f); err != nil {
			return err
		}
	}
	return changed(name, "its list of names changed while it was read, twice")
}

// noteFolder records what is wanted of a folder that was listed. That it did not
// change meanwhile is seen when it is let go.
func (w *walker) noteFolder(f *frame, n *node) error {
	if n == nil {
		return nil // the root is no entry
	}
	w.note(n, f.stat.mode)
	if w.recorded&Xattrs == 0 {
		return nil
	}
	list, err := f.dir.xattrs()
	if err != nil {
		return readError(err, n.name)
	}
	return w.noteXattrs(n, list)
}

// relist opens a folder once more, so that it can be listed from the start.
func (w *walker) relist(f *frame) (stat, error) {
	again, err := f.dir.openFolder(".")
	if err != nil {
		return stat{}, &Error{Code: CodeRead, Name: f.name, Err: err}
	}
	f.dir.release()
	f.dir = share(again)
	st, err := again.stat()
	if err != nil {
		return stat{}, &Error{Code: CodeRead, Name: f.name, Err: err}
	}
	return st, nil
}

// leave takes the topmost folder off the stack and makes sure that the one
// below it is open.
func (w *walker) leave(f *frame) error {
	w.flush()
	w.letGo(f)
	w.stack = w.stack[:len(w.stack)-1]
	for len(w.stack) > 0 && w.stack[len(w.stack)-1].dir == nil {
		at, err := w.reopen()
		if err == nil {
			break
		}
		w.number++
		if err := w.goOn(w.number, err); err != nil {
			return err
		}
		// The rest of that folder is out of reach.
		for _, f := range w.stack[at:] {
			w.forget(f)
		}
		w.stack = w.stack[:at]
	}
	return nil
}

// letGo closes a folder when the last of its files is measured. If it does not
// look then as it did when it was listed, the list is wrong.
func (w *walker) letGo(f *frame) {
	w.number++
	number, name, dir, listed := w.number, f.name, f.dir, f.stat
	dir.last = func() {
		if w.skip(number) {
			return
		}
		switch st, err := dir.stat(); {
		case err != nil:
			w.failEntry(number, &Error{Code: CodeRead, Name: name, Err: err})
		case !st.untouched(listed):
			w.failEntry(number, changed(name, "entries were added, removed or renamed while it was visited"))
		}
	}
	dir.release()
	f.dir = nil
}

// reopen opens the topmost folder again, and half as many above it as may be
// open, from the root down. If one cannot be opened it returns its place.
func (w *walker) reopen() (int, error) {
	at := w.stack[0].dir.hold()
	for i, f := range w.stack[1:] {
		next, err := at.openFolder(f.base)
		at.release()
		if err != nil {
			return i + 1, changed(f.name, "could not be opened again: "+shown(err.Error()))
		}
		at = share(next)
		st, err := at.stat()
		if err == nil && !st.same(f.stat) {
			err = changed(f.name, "another folder took its place")
		}
		if err != nil {
			at.release()
			return i + 1, withName(err, f.name)
		}
		if i+1 >= len(w.stack)-maxFrames/2 {
			f.dir = at.hold()
		}
	}
	at.release()
	return 0, nil
}

// readError is for errors that may already be of this package.
func readError(err error, name string) error {
	if e, ok := errors.AsType[*Error](err); ok {
		return withName(e, name)
	}
	return &Error{Code: CodeRead, Name: name, Err: err}
}

func changed(name, detail string) error {
	return &Error{Code: CodeChanged, Name: name, Detail: detail}
}

// visit looks at one entry of a folder.
func (w *walker) visit(f *frame, base string) error {
	name := base
	if f.name != "" {
		name = f.name + "/" + base
	}
	if err := checkElement(base); err != nil {
		return withName(err, name)
	}
	if w.exclude.match(name, base, false) {
		return w.leaveOut(name)
	}
	st, err := f.dir.lstat(base)
	if err != nil {
		return openError(f.dir, base, name, stat{}, err)
	}
	switch {
	case st.mode.IsDir():
		if w.exclude.match(name, base, true) {
			return w.leaveOut(name)
		}
		n, err := w.add(name, Dir)
		if err != nil {
			return err
		}
		w.flush()
		dir, err := f.dir.openFolder(base)
		if err != nil {
			return openError(f.dir, base, name, st, err)
		}
		return w.enter(dir, n, base, st)
	case st.mode&os.ModeSymlink != 0:
		n, err := w.add(name, Link)
		if err != nil {
			return err
		}
		n.data, err = f.dir.readLink(base)
		if err != nil {
			return openError(f.dir, base, name, st, err)
		}
		return w.keep(string(n.data), name)
	case st.mode.IsRegular():
		n, err := w.add(name, File)
		if err != nil {
			return err
		}
		n.size, n.exec = st.size, modeExec(st.mode)
		if err := w.grow(st.size, name); err != nil {
			return err
		}
		if st.info == nil {
			n.stamp = w.newStamp()
		}
		if old := w.previous.find(name, st); old != nil {
			w.note(n, st.mode)
			w.progress.did(1, st.size)
			return w.reuse(w.previous, n, old)
		}
		w.batch = append(w.batch, measurement{n, base, st, w.number, st.size})
		w.weight += st.size
		if len(w.batch) == maxBatch || w.weight >= maxBatchBytes {
			w.flush()
		}
		return nil
	}
	return &Error{Code: CodeNotRegular, Name: name, Detail: describeMode(st.mode)}
}

// checkElement refuses what no file system should give out as a name, for
// instance a faulty or hostile one in user space.
func checkElement(base string) error {
	if base == "" || base == "." || base == ".." || strings.ContainsAny(base, "/\x00") {
		return &Error{Code: CodeName, Detail: "the file system gives out an impossible name"}
	}
	return nil
}

func modeExec(m os.FileMode) execBit {
	if runtime.GOOS == "windows" {
		return execUnknown
	}
	return execOf(m&0o100 != 0)
}

// openError explains why something that was listed could not be looked at: it
// may have gone or turned into something else.
func openError(dir folder, base, name string, before stat, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return &Error{Code: CodeChanged, Name: name, Detail: "vanished after it was listed", Err: err}
	}
	if now, err2 := dir.lstat(base); err2 == nil && before != (stat{}) && !now.same(before) {
		return &Error{Code: CodeChanged, Name: name, Detail: "something else took its place", Err: err}
	}
	return &Error{Code: CodeRead, Name: name, Err: err}
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash

import (
	"errors"
	"fmt"
)

// A measurement is a file to be read.
type measurement struct {
	n      *node
	base   string
	stat   stat
	number int64

	counted int64 // bytes that were accounted for
}

// flush hands the batch to the workers. All of it is in the topmost folder.
func (w *walker) flush() {
	if len(w.batch) == 0 {
		return
	}
	batch := w.batch
	dir := w.stack[len(w.stack)-1].dir.hold()
	w.batch, w.weight = nil, 0
	w.submit(func(k *worker) {
		defer dir.release()
		for i := range batch {
			m := &batch[i]
			if w.skip(m.number) {
				return
			}
			if err := w.measure(k, dir, m); err != nil {
				k.untell()
				k.progress.did(1, m.counted)
				m.n.typ = 0
				w.failEntry(m.number, withName(err, m.n.name))
			}
		}
	})
}

// measure reads one file into its node, twice if it changes the first time.
func (w *walker) measure(k *worker, dir folder, m *measurement) error {
	k.told = 0
	st := m.stat
	var why string
	for try := range 2 {
		if try > 0 {
			var err error
			if st, err = dir.lstat(m.base); err != nil {
				return openError(dir, m.base, m.n.name, m.stat, err)
			}
			if !st.mode.IsRegular() {
				return changed(m.n.name, "was a file and then "+describeMode(st.mode))
			}
			if err := w.grow(st.size-m.counted, m.n.name); err != nil {
				return err
			}
			m.counted = st.size
		}
		f, err := dir.openFile(m.base)
		if err != nil {
			err = openError(dir, m.base, m.n.name, st, err)
			if errors.Is(err, CodeChanged) {
				why = "another file took its place"
				continue
			}
			return err
		}
		why, err = k.read(f, st, m.n.data)
		f.close()
		if err != nil {
			return err
		}
		if why == "" {
			k.progress.did(1, 0)
			m.n.size, m.n.exec = st.size, modeExec(st.mode)
			if m.n.stamp != nil {
				*m.n.stamp = st.stamp()
			}
			w.note(m.n, st.mode)
			if k.plan.recorded&Xattrs != 0 {
				return w.noteXattrs(m.n, k.xattrs)
			}
			return nil
		}
		k.untell()
	}
	return changed(m.n.name, "changed while it was read, twice: "+why)
}

// read measures an open file that lstat described as st and appends its digests
// to sums[:0]. If the file is another one or does not keep still, why says so.
func (k *worker) read(f openFile, st stat, sums []byte) (why string, err error) {
	before, err := f.stat()
	if err != nil {
		return "", &Error{Code: CodeRead, Err: err}
	}
	if !before.mode.IsRegular() || !before.same(st) {
		return "another file took its place", nil
	}
	if before.size != st.size {
		return "its size changed", nil
	}
	k.d.reset(st.size)
	feed := k.d.feed(k.buf)
	defer feed.end()
	var n int64
	for {
		if err := k.ctx.Err(); err != nil {
			return "", err
		}
		// Ask for one byte more than there should be: if it does not come
		// there is no need to ask again for the end of the file, and a file
		// that grows as fast as it is read still ends here.
		p := feed.next()
		if rest := st.size - n + 1; rest < int64(len(p)) {
			p = p[:rest]
		}
		m, err := f.read(p)
		if err != nil {
			return "", &Error{Code: CodeRead, Err: err}
		}
		feed.put(m)
		n += int64(m)
		if n > st.size {
			return fmt.Sprintf("it should have %d bytes and has more", st.size), nil
		}
		k.tell(m)
		if m == 0 || n == st.size && m < len(p) {
			break
		}
	}
	if n != st.size {
		return fmt.Sprintf("it should have %d bytes and has %d", st.size, n), nil
	}
	if k.plan.recorded&Xattrs != 0 {
		if k.xattrs, err = f.xattrs(); err != nil {
			return "", readError(err, "")
		}
	}
	after, err := f.stat()
	if err != nil {
		return "", &Error{Code: CodeRead, Err: err}
	}
	if !after.untouched(st) {
		return "its times or mode changed", nil
	}
	feed.end()
	k.d.sums(sums[:0])
	return "", nil
}

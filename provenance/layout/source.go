// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"slices"
	"strings"
	"sync"

	"github.com/tallystick/tallystick/internal/safe"
	"github.com/tallystick/tallystick/internal/strictjson"
)

// A LinkSource finds the evidence for the steps of a layout. It decides nothing:
// what it returns may come from anywhere, and counts only if a functionary of the
// step has signed it. A source is safe for concurrent use.
//
// [DirLinks], [Envelopes] and [Bundle] are sources. One over a store that cannot be
// listed, such as the targets of a TUF repository, asks it for the names that
// in-toto tools give to links: STEP.KEYID8.link for each of [Request.KeyIDs],
// KEYID8 being its first eight characters, and STEP.KEYID8/ for the links of a
// sublayout. A step's name is any text, and no path until the store has confined it.
type LinkSource interface {
	// Links returns the files that may be evidence for a step. A file that
	// exists and cannot be used (too large, not a regular file) has its Err
	// set and is reported; an error of the iterator means that the source
	// does not work, and ends the verification without a verdict.
	Links(ctx context.Context, req Request) iter.Seq2[File, error]

	// Sublayout returns where the links of a sublayout are, which was found
	// in a file of this source; nil if there are none. req has the step and
	// the ids of the keys that signed it.
	Sublayout(ctx context.Context, f File, req Request) (LinkSource, error)
}

// A Request asks for the evidence of a step.
type Request struct {
	// Step is the name of the step, as it is in the layout: any text.
	Step string
	// KeyIDs are the key ids of the functionaries in the layout, for sources
	// that cannot list what they have.
	KeyIDs []string
	// MaxBytes is the largest file that will be looked at. A source need not
	// read more of one.
	MaxBytes int64

	// limits are those of a file, if Verify asks.
	limits strictjson.Limits
}

// A File is a signed link or sublayout.
type File struct {
	Name string // for reports
	Data []byte
	Err  error // why the file cannot be used

	env *envelope // if it has been parsed
	// once is set for a file that is offered to more than one step: it is looked
	// at and charged for one of them.
	once *onceFile
	// others is set for a file that stands for several, with their size.
	others     int
	othersSize int64
}

// A onceFile identifies a file of a source by its address.
type onceFile struct{ _ byte }

// DirLinks returns the links in a folder, under the names that in-toto tools give
// them: STEP.KEYID8.link, also STEP.link, and for a sublayout in
// STEP.KEYID8.link the folder STEP.KEYID8 (specification 4.4 and 4.5.2). A step
// whose name contains a slash has no file there.
//
// Names are compared with what is in the folder and never used as patterns. The
// folder is listed once. For a folder of the operating system use [os.OpenRoot]
// and [os.Root.FS], which symbolic links cannot leave.
func DirLinks(fsys fs.FS) LinkSource { return &dirLinks{fsys: fsys} }

// maxEntries bounds the listing of a folder.
const maxEntries = 1 << 20

type dirLinks struct {
	fsys fs.FS
	once sync.Once
	// files has the names of link files by the step that they could be for.
	files map[string][]string
	err   error
}

// list reads the folder.
func (d *dirLinks) list() error {
	d.once.Do(func() { d.files, d.err = listLinks(d.fsys) })
	return d.err
}

func listLinks(fsys fs.FS) (map[string][]string, error) {
	f, err := fsys.Open(".")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	dir, ok := f.(fs.ReadDirFile)
	if !ok {
		return nil, &fs.PathError{Op: "readdir", Path: ".", Err: errors.New("not a folder")}
	}
	files := map[string][]string{}
	for n := 0; ; {
		entries, err := dir.ReadDir(1024)
		if n += len(entries); n > maxEntries {
			return nil, fmt.Errorf("more than %d entries in the folder of links", maxEntries)
		}
		for _, e := range entries {
			base, ok := strings.CutSuffix(e.Name(), ".link")
			if !ok || base == "" {
				continue
			}
			files[base] = append(files[base], e.Name())
			// KEYID8 has up to eight characters.
			if i := strings.LastIndexByte(base, '.'); i > 0 && i+1 < len(base) && keyIDPrefix(base[i+1:]) == base[i+1:] {
				files[base[:i]] = append(files[base[:i]], e.Name())
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	for _, names := range files {
		slices.Sort(names)
	}
	return files, nil
}

func (d *dirLinks) Links(ctx context.Context, req Request) iter.Seq2[File, error] {
	return func(yield func(File, error) bool) {
		if err := d.list(); err != nil {
			yield(File{}, err)
			return
		}
		for _, name := range d.files[req.Step] {
			f, err := readFile(d.fsys, name, req.MaxBytes)
			if !yield(f, err) || err != nil {
				return
			}
		}
	}
}

// readFile reads a regular file. Anything else is not opened, for opening a FIFO
// waits for a writer.
func readFile(fsys fs.FS, name string, most int64) (File, error) {
	out := File{Name: name}
	unusable := func(why string) (File, error) {
		out.Err = errors.New(why)
		return out, nil
	}
	info, err := fs.Stat(fsys, name)
	switch {
	case err != nil && isSymlink(fsys, name):
		// To nothing, in a circle, or out of an os.Root. Anyone can put that
		// there, so it is a file that cannot be used, and no failure of the
		// source.
		return unusable("a symbolic link that cannot be followed")
	case errors.Is(err, fs.ErrNotExist):
		return unusable("there was a file of this name, and is no more")
	case err != nil:
		return out, err
	case !info.Mode().IsRegular():
		return unusable("not a regular file")
	}
	f, err := fsys.Open(name)
	if err != nil {
		return out, err
	}
	defer f.Close()
	if info, err = f.Stat(); err != nil {
		return out, err
	}
	if !info.Mode().IsRegular() {
		return unusable("not a regular file")
	}
	if info.Size() > most {
		out.Err = coded(CodeLimit, "%d bytes, at most %d are read (Limits.LinkBytes)", info.Size(), most)
		return out, nil
	}
	// One byte more shows that the file has grown meanwhile.
	data := make([]byte, 0, info.Size()+1)
	for {
		n, err := f.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		if err == io.EOF {
			break
		}
		if err != nil {
			return out, err
		}
		if len(data) == cap(data) {
			return unusable("the file was altered while it was read")
		}
	}
	out.Data = data
	return out, nil
}

func isSymlink(fsys fs.FS, name string) bool {
	info, err := fs.Lstat(fsys, name)
	return err == nil && info.Mode()&fs.ModeSymlink != 0
}

func (d *dirLinks) Sublayout(ctx context.Context, f File, req Request) (LinkSource, error) {
	var folders []string
	if base := strings.TrimSuffix(f.Name, ".link"); base != req.Step {
		folders = append(folders, base)
	}
	for _, id := range req.KeyIDs {
		folders = append(folders, req.Step+"."+keyIDPrefix(id))
	}
	for _, name := range folders {
		if strings.ContainsAny(name, `/\`) || !fs.ValidPath(name) {
			continue
		}
		info, err := fs.Stat(d.fsys, name)
		if errors.Is(err, fs.ErrNotExist) || err == nil && !info.IsDir() || err != nil && isSymlink(d.fsys, name) {
			continue
		}
		if err != nil {
			return nil, err
		}
		sub, err := fs.Sub(d.fsys, name)
		if err != nil {
			return nil, err
		}
		return DirLinks(sub), nil
	}
	return nil, nil
}

// Envelopes returns links that are in memory. Each is offered to the step that it
// names. A sublayout names no step and is not found in such a list; use
// [DirLinks], which takes any file system.
func Envelopes(envelopes ...[]byte) LinkSource {
	envelopes = slices.Clone(envelopes)
	return &memoryLinks{read: func(limits strictjson.Limits) *linkIndex { return indexEnvelopes(envelopes, limits) }}
}

// A memoryLinks is a source that offers each link to the step that it names.
type memoryLinks struct {
	read func(strictjson.Limits) *linkIndex
	mu   sync.Mutex
	last *linkIndex
}

// A linkIndex has the envelopes as far as the limits of one caller allow it. It is
// not altered after it was made.
type linkIndex struct {
	limits   strictjson.Limits
	byStep   map[string][]File
	unusable []File // offered to every step, and reported for the first one
}

func (m *memoryLinks) Links(ctx context.Context, req Request) iter.Seq2[File, error] {
	return func(yield func(File, error) bool) {
		index := m.index(req)
		for _, list := range [][]File{index.byStep[req.Step], index.unusable} {
			for _, f := range list {
				if !yield(f, nil) {
					return
				}
			}
		}
	}
}

// index returns the index under the limits of the request. The last one is kept:
// a caller asks for step after step with the same limits.
func (m *memoryLinks) index(req Request) *linkIndex {
	limits := req.limits
	if limits == (strictjson.Limits{}) {
		limits.Bytes = req.MaxBytes
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.last == nil || m.last.limits != limits {
		m.last = m.read(limits)
	}
	return m.last
}

func (m *memoryLinks) Sublayout(context.Context, File, Request) (LinkSource, error) {
	return nil, nil
}

// indexEnvelopes reads the names of the links.
func indexEnvelopes(envelopes [][]byte, limits strictjson.Limits) *linkIndex {
	index := &linkIndex{limits: limits, byStep: map[string][]File{}}
	for i, data := range envelopes {
		if f := index.add(fmt.Sprintf("envelope %d", i+1), data); f.Err != nil {
			f.once = new(onceFile)
			index.unusable = append(index.unusable, f)
		}
	}
	return index
}

// add puts an envelope under the name of its step, or returns a file with an
// error. Nothing is believed: the name is read again once the signature is good.
func (x *linkIndex) add(name string, data []byte) File {
	f := File{Name: name, Data: data}
	step := ""
	if f.env, f.Err = openEnvelope(data, x.limits); f.Err == nil {
		step, f.Err = peekName(f.env.payload, x.limits)
	}
	if f.Err == nil {
		x.byStep[step] = append(x.byStep[step], f)
	}
	return f
}

var peekSchema = strictjson.NewSchema("_type", "name", "predicateType", "predicate")

// peekName returns the name of the step that a link says it is about.
func peekName(payload []byte, limits strictjson.Limits) (name string, err error) {
	d := strictjson.NewDecoder(payload, limits)
	var predicateType string
	found := false
	read := func() (err error) {
		found = true
		name, err = d.String()
		return err
	}
	err = d.Object(peekSchema, func(member string) error {
		switch member {
		case "name":
			return read()
		case "predicateType":
			predicateType, err = d.String()
			return err
		case "predicate":
			if k, err := d.Kind(); err != nil || k != strictjson.Object {
				return d.Skip()
			}
			return d.Map(func(member string) error {
				if member == "name" {
					return read()
				}
				return d.Skip()
			})
		}
		return d.Skip()
	})
	switch {
	case err != nil:
	case predicateType != "" && predicateType != predicateLink03 && predicateType != predicateLink02:
		err = fmt.Errorf("predicate type %s", safe.Quote(predicateType))
	case !found:
		err = errors.New("it names no step")
	}
	return name, err
}

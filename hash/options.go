// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash

import (
	"fmt"
	"runtime"
	"slices"
)

// TreeOptions say what [MeasureTree], [MeasureZip] and [MeasureTar] measure and
// when they give up. A nil *TreeOptions and zero fields mean the defaults.
type TreeOptions struct {
	// Algorithms are measured for every file, in one read. The tree
	// identities DirHash, GitTree and GitTreeSHA256 may be among them: each
	// adds the algorithm of files that it is built on, and is part of
	// [Tree.Artifact]. None means SHA256.
	Algorithms []Algorithm

	// Exclude lists patterns of what to leave out; none leaves out nothing,
	// not even .git. A pattern is that of [path.Match]. One without a slash
	// matches the last element of a name anywhere in the tree; one with a
	// slash matches the whole name from the root, and a slash at its
	// beginning only says so. A slash at its end makes it match folders
	// only. What is in an excluded folder is excluded with it. The tree
	// lists what was excluded: see [Tree.Excluded].
	Exclude []string

	// Metadata is what to record of files and folders beyond their type and
	// execute bit. Two trees, and a tree and the manifest of another one, are
	// compared in what both have recorded. What was asked for and the source
	// cannot tell is no error: [Tree.Metadata] says what was recorded, and
	// [Tree.NotCovered] what was not.
	Metadata Metadata

	// MaxFiles limits the number of entries: files, folders and links,
	// excluded ones too. Default 4,000,000.
	MaxFiles int
	// MaxBytes limits the size of all files together, in bytes; in a tar
	// archive excluded ones too, as they have to be read. Default 1 TiB.
	MaxBytes int64
	// MaxDepth limits the number of elements of a name. Default 1024.
	MaxDepth int
	// MaxNameBytes limits the length of all names, link targets and extended
	// attributes together, in bytes, and so the memory that a tree takes.
	// Default 1 GiB.
	MaxNameBytes int64
	// MaxRatio limits how many times larger than an archive its content may
	// be, after the first 16 MiB. Source code compresses 4 to 10 times,
	// the worst that deflate can do is 1032. Default 250. Folders have no
	// ratio.
	MaxRatio int

	// Workers is the number of files that are read at the same time.
	// Default GOMAXPROCS. The result does not depend on it. A tar archive
	// is read by one. A walk has at most 66 + 3*Workers descriptors open,
	// whatever the tree.
	Workers int

	// Previous, if not nil, is an earlier tree of the folder, for which
	// MeasureTree then reads only the files that changed. A file is taken for
	// unchanged if device, inode, mode, size, modification and change time
	// are all the same, and both times are more than 3 seconds older than
	// the previous measurement; [Tree.Reused] lists these files, and
	// [Tree.NotCovered] counts them. An [Artifact] of such a file does not
	// tell. Types, execute bits, folders and links are always taken afresh.
	//
	// This saves time and proves nothing. Writes go unseen that leave the
	// times alone, as those through a memory mapping can for a while and
	// those of whoever controls the disk or the clock do, and so does another
	// image with fixed times mounted in the place of the first. On network
	// file systems it takes a server whose clock is right. Where that matters
	// read everything, which is the default.
	//
	// Nothing is reused from a tree that is partial or was never measured,
	// lacks one of the Algorithms or the Xattrs asked for, or was made from
	// an archive, nor on systems without descriptors for folders, such as
	// Windows. Archives ignore this field.
	Previous *Tree

	// OnError, if not nil, is told of an entry that cannot be measured, with
	// the [*Error] that would have ended the measurement: what cannot be
	// opened or read ([CodeRead]), is neither file, folder nor link
	// ([CodeNotRegular]) or changed although it was tried twice
	// ([CodeChanged]). If it returns nil the measurement goes on without the
	// entry and all below it, and the [Tree] is partial: see [Tree.Errors].
	// The entries of a folder that changes while it is visited are kept. What
	// it returns otherwise ends the measurement and is its error.
	//
	// It is not asked about the context, a limit, the folder to be measured
	// itself when it cannot be listed, and an archive that says two things or
	// cannot be read: these always end. Calls come from several goroutines,
	// one at a time, in no order.
	OnError func(error) error

	// Progress, if not nil, is told how far the measurement has come: at most
	// ten times a second, and once more after the last file if all went well.
	// Calls come from other goroutines than the caller's, one at a time, and
	// none after the measurement has returned, which waits for the last one.
	Progress func(Progress)
}

// ratioFloor is the content that any archive may hold, whatever its own size.
const ratioFloor = 16 << 20

// A plan is TreeOptions with the defaults filled in and checked.
type plan struct {
	TreeOptions
	algs       []Algorithm // of files; sorted, without repeats
	identities []Algorithm // of the tree; sorted, without repeats
	exclude    excluder
	progress   *reporter // nil if nobody wants to know
	stride     int       // bytes of all digests of one file
	began      int64     // see Tree
	recorded   Metadata  // that is wanted and that the source has
}

func newPlan(opts *TreeOptions) (*plan, error) {
	p := &plan{}
	if opts != nil {
		p.TreeOptions = *opts
	}
	for _, limit := range []struct {
		name  string
		value int64
	}{
		{"MaxFiles", int64(p.MaxFiles)},
		{"MaxBytes", p.MaxBytes},
		{"MaxDepth", int64(p.MaxDepth)},
		{"MaxNameBytes", p.MaxNameBytes},
		{"MaxRatio", int64(p.MaxRatio)},
		{"Workers", int64(p.Workers)},
	} {
		if limit.value < 0 {
			return nil, &Error{Code: CodeOptions, Name: limit.name, Detail: fmt.Sprintf("is %d, must not be negative", limit.value)}
		}
	}
	if p.Metadata&^allMetadata != 0 {
		return nil, &Error{Code: CodeOptions, Name: "Metadata", Detail: "has unknown bits"}
	}
	setDefault(&p.MaxFiles, 4_000_000)
	setDefault(&p.MaxBytes, 1<<40)
	setDefault(&p.MaxDepth, 1024)
	setDefault(&p.MaxNameBytes, 1<<30)
	setDefault(&p.MaxRatio, 250)
	setDefault(&p.Workers, runtime.GOMAXPROCS(0))
	p.Workers = min(p.Workers, 256)

	for _, a := range p.Algorithms {
		if a.info().kind == ofTree {
			p.identities = append(p.identities, a)
			a = a.fileAlgorithm()
		}
		p.algs = append(p.algs, a)
	}
	p.identities = slices.Compact(slices.Sorted(slices.Values(p.identities)))
	d, err := newDigester(p.algs)
	if err != nil {
		return nil, err
	}
	p.algs = d.algs
	for _, a := range p.algs {
		p.stride += a.Size()
	}
	if p.Progress != nil {
		p.progress = &reporter{call: p.Progress}
	}
	p.exclude, err = newExcluder(p.Exclude)
	return p, err
}

func setDefault[T int | int64](v *T, value T) {
	if *v == 0 {
		*v = value
	}
}

// fileAlgorithm returns the algorithm of files that a tree identity is built on.
func (a Algorithm) fileAlgorithm() Algorithm {
	switch a {
	case GitTree:
		return GitBlob
	case GitTreeSHA256:
		return GitBlobSHA256
	}
	return SHA256 // DirHash
}

func (p *plan) limit(name, option string, max int64, what string) error {
	return &Error{Code: CodeLimit, Name: name, Detail: fmt.Sprintf("more than %d %s (TreeOptions.%s)", max, what, option)}
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package gomod

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/internal/safe"
	"github.com/tallystick/tallystick/verify"
)

// A moduleTree is the content of a toolchain's module, twice: with the names that
// files have in the module and with those that they have in GOROOT.
type moduleTree struct {
	module, goroot *hash.Tree
}

// lookup returns what is recorded for a name in GOROOT. A toolchain in the module
// cache has its go.mod files under both names.
func (t *moduleTree) lookup(name string) (hash.Entry, bool) {
	if e, ok := t.goroot.Lookup(name); ok && e.Type() == hash.File {
		return e, true
	}
	if path.Base(name) == "_go.mod" {
		if e, ok := t.module.Lookup(name); ok && e.Type() == hash.File {
			return e, true
		}
	}
	return hash.Entry{}, false
}

// A difference is one name at which GOROOT is not what is recorded. One of the
// two entries may be the zero Entry.
type difference struct {
	name      string
	want, got hash.Entry
}

// compare measures GOROOT and holds it against the module.
func (v *toolchain) compare(ctx context.Context, want *moduleTree) (*Toolchain, error) {
	opts := v.trees
	for _, name := range notInModule() {
		opts.Exclude = append(opts.Exclude, "/"+name+"/")
	}
	got, err := hash.MeasureTree(ctx, v.goroot, &opts)
	if err != nil {
		if e, ok := errors.AsType[*hash.Error](err); ok && e.Code == hash.CodeNotRegular {
			return nil, v.rejectSpecial(want, e)
		}
		return nil, err
	}

	var equal, unequal = map[string]bool{}, []difference{}
	for e := range got.Entries() {
		w, wanted := want.lookup(e.Name())
		switch {
		case wanted && same(w, e):
			equal[e.Name()] = true
		case wanted || e.Type() != hash.Dir:
			unequal = append(unequal, difference{e.Name(), w, e})
		}
	}
	for w := range want.goroot.Entries() {
		dir, base := path.Split(w.Name())
		if _, there := got.Lookup(w.Name()); there || w.Type() != hash.File || base == "go.mod" && equal[dir+"_go.mod"] {
			continue
		}
		unequal = append(unequal, difference{name: w.Name(), want: w})
	}
	slices.SortFunc(unequal, func(a, b difference) int { return cmp.Compare(a.name, b.name) })

	files := verify.Check{Code: CodeFiles, Status: verify.Pass, What: "files of GOROOT", Issuers: v.m.Issuers()}
	var allowed []string
	for _, d := range unequal {
		check, ok := v.allowed.judge(d)
		if ok {
			allowed = append(allowed, "the content of "+hash.EscapeName(d.name)+": the difference is allowed by the caller")
			continue
		}
		files.Status = verify.Fail
		files.Checks = append(files.Checks, check)
	}
	files.Detail = fmt.Sprintf("%d as recorded, %d different, %d of those allowed", len(equal), len(unequal), len(allowed))
	if len(equal) == 0 {
		// What is left of it is nobody's word.
		files.Status = verify.Fail
		files.Expected, files.Found = "files that are as recorded", "none"
	}
	v.checks = append(v.checks, files)
	if len(v.allowed.list) > 0 {
		v.checks = append(v.checks, v.allowed.check())
	}
	notCovered := slices.Concat(allowed, uncovered(got))
	if files.Status == verify.Fail {
		return nil, v.reject(nil, notCovered...)
	}
	genuine, err := got.Select(func(e hash.Entry) (string, bool) { return e.Name(), equal[e.Name()] })
	if err != nil {
		return nil, err
	}
	a, err := genuine.Artifact(v.goroot)
	if err != nil {
		return nil, err
	}
	return &Toolchain{a, v.m.issuer, v.evidence(verify.Pass, notCovered...)}, nil
}

// rejectSpecial rejects a GOROOT with something in it that cannot be measured.
func (v *toolchain) rejectSpecial(want *moduleTree, cause *hash.Error) error {
	check := verify.Check{
		Code:   CodeExtra,
		Status: verify.Fail,
		What:   hash.EscapeName(cause.Name),
		Found:  cause.Detail,
		Detail: "the comparison ended here",
	}
	if w, ok := want.lookup(cause.Name); ok {
		check.Code, check.Expected = CodeDiffers, describe(w)
	}
	v.checks = append(v.checks, verify.Check{
		Code: CodeFiles, Status: verify.Fail, What: "files of GOROOT", Checks: []verify.Check{check},
	})
	return v.reject(cause)
}

// uncovered says what of a measured GOROOT the record is silent about.
func uncovered(got *hash.Tree) []string {
	var list []string
	for _, name := range got.Excluded() {
		list = append(list, "folder "+hash.EscapeName(name)+": not part of the toolchain's module")
	}
	// The zip has modes, but the hash in the record does not depend on them.
	list = append(list, "empty folders", "execute bits: the record is about names and contents")
	return append(list, got.NotCovered()...)
}

// same reports whether a file is the recorded one.
func same(want, got hash.Entry) bool {
	return got.Type() == hash.File && got.Digests().Compare(want.Digests()) == hash.Same
}

func describe(e hash.Entry) string {
	switch e.Type() {
	case hash.File:
		d, _ := e.Digests().Get(hash.SHA256)
		return d.String()
	case hash.Link:
		return "a link to " + safe.Quote(e.Target())
	case hash.Dir:
		return "a folder"
	}
	return "nothing"
}

func (d difference) check() verify.Check {
	code := CodeDiffers
	switch {
	case d.want.Type() == 0:
		code = CodeExtra
	case d.got.Type() == 0:
		code = CodeMissing
	}
	return verify.Check{
		Code:     code,
		Status:   verify.Fail,
		What:     hash.EscapeName(d.name),
		Expected: describe(d.want),
		Found:    describe(d.got),
	}
}

// allowances are the differences that the caller accepts.
type allowances struct {
	list []Allowance
	used map[string]verify.Check // by name
}

func newAllowances(list []Allowance) (*allowances, error) {
	names := map[string]bool{}
	for _, a := range list {
		if a.Name == "" {
			return nil, optionsError("allowed difference", "the name of a file", "none")
		}
		if names[a.Name] {
			return nil, optionsError("allowed difference", "each name once", safe.Quote(a.Name)+" again")
		}
		if a.Digest.IsValid() && a.Digest.Algorithm() != hash.SHA256 {
			return nil, optionsError("allowed difference "+safe.Quote(a.Name), "a sha256 digest", a.Digest.Algorithm().String())
		}
		names[a.Name] = true
	}
	return &allowances{slices.Clone(list), map[string]verify.Check{}}, nil
}

// judge returns the check of a difference, and whether it is allowed.
func (l *allowances) judge(d difference) (verify.Check, bool) {
	check := d.check()
	i := slices.IndexFunc(l.list, func(a Allowance) bool { return a.Name == d.name })
	if i < 0 {
		return check, false
	}
	kind := map[verify.Code]string{CodeDiffers: "differs", CodeExtra: "is extra", CodeMissing: "is missing"}[check.Code]
	if want := l.list[i].Digest; want.IsValid() {
		if found, ok := d.got.Digests().Get(hash.SHA256); !ok || found != want {
			check.Detail = "the caller allows only " + want.String()
			l.used[d.name] = verify.Check{Code: CodeAllowed, Status: verify.NotRun, What: check.What, Detail: kind + ", in another way than the caller allows"}
			return check, false
		}
		kind += ", with this content"
	} else {
		kind += ", with any content"
	}
	check.Code, check.Status = CodeAllowed, verify.Pass
	check.Detail = kind + ": allowed by the caller"
	l.used[d.name] = check
	return check, true
}

// check reports what became of every allowance. It passes whatever they are: what
// is not allowed fails where it was found.
func (l *allowances) check() verify.Check {
	check := verify.Check{Code: CodeAllowed, Status: verify.Pass, What: "differences that the caller allows"}
	for _, a := range slices.SortedFunc(slices.Values(l.list), func(a, b Allowance) int { return cmp.Compare(a.Name, b.Name) }) {
		below, ok := l.used[a.Name]
		if !ok {
			below = verify.Check{Code: CodeUnused, Status: verify.NotRun, What: hash.EscapeName(a.Name), Detail: "allowed, but there is no such difference"}
		}
		check.Checks = append(check.Checks, below)
	}
	return check
}

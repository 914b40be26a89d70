// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestNoteXattrs(t *testing.T) {
	p, err := newPlan(nil)
	if err != nil {
		t.Fatal(err)
	}
	n := &node{}
	if err := (&builder{plan: p}).noteXattrs(n, []Xattr{{"b", "1"}, {"a", "2"}}); err != nil || fmt.Sprint(*n.xattrs) != "[{a 2} {b 1}]" {
		t.Error(err, *n.xattrs)
	}
}

// File systems in user space may answer anything.
func TestReadXattrs(t *testing.T) {
	answer := func(s string, err error) func([]byte) (int, error) {
		return func(b []byte) (int, error) {
			if err != nil || b == nil {
				return len(s), err
			}
			return copy(b, s), nil
		}
	}
	grows := 0
	for what, c := range map[string]struct {
		list func([]byte) (int, error)
		get  func(string, []byte) (int, error)
		want string
		err  error
	}{
		"not supported": {list: answer("", unix.ENOTSUP), want: "[]"},
		"none":          {list: answer("", nil), want: "[]"},
		"two":           {list: answer("a\x00b\x00", nil), get: func(n string, b []byte) (int, error) { return answer(n+n, nil)(b) }, want: "[{a aa} {b bb}]"},
		"no NUL":        {list: answer("a", nil), get: func(n string, b []byte) (int, error) { return answer(n, nil)(b) }, want: "[{a a}]"},
		"one goes": {list: answer("a\x00b\x00", nil), get: func(n string, b []byte) (int, error) {
			if n == "a" {
				return 0, unix.ENODATA
			}
			return answer(n, nil)(b)
		}, want: "[{b b}]"},
		"one is not readable": {list: answer("a\x00b\x00", nil), get: func(n string, b []byte) (int, error) { return 0, unix.EACCES }, err: unix.EACCES},
		"list not readable":   {list: answer("", unix.EIO), err: unix.EIO},
		"list grows once": {list: func(b []byte) (int, error) {
			if grows++; grows == 2 {
				return 0, unix.ERANGE
			}
			return answer("a\x00", nil)(b)
		}, get: func(n string, b []byte) (int, error) { return answer("x", nil)(b) }, want: "[{a x}]"},
		"list grows forever": {list: func(b []byte) (int, error) {
			if b == nil {
				return 5, nil
			}
			return 0, unix.ERANGE
		}, err: unix.ERANGE},
		"impossible count": {list: func(b []byte) (int, error) {
			if b == nil {
				return 2, nil
			}
			return copy(b, "a\x00") + 5, nil
		}, get: func(n string, b []byte) (int, error) { return answer("x", nil)(b) }, want: "[{a x}]"},
		"negative count": {list: func([]byte) (int, error) { return -1, nil }, want: "[]"},
		"list too long":  {list: func([]byte) (int, error) { return maxXattrBytes + 1, nil }, err: unix.E2BIG},
		"too much": {list: answer(strings.Repeat("a\x00", 1000), nil),
			get: func(n string, b []byte) (int, error) { return answer(strings.Repeat("x", 2000), nil)(b) }, err: CodeLimit},
	} {
		t.Run(what, func(t *testing.T) {
			got, err := readXattrs(c.list, c.get)
			if !errors.Is(err, c.err) || c.err == nil && (err != nil || fmt.Sprint(got) != c.want) {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package hash_test

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/tallystick/tallystick/hash"
)

func TestError(t *testing.T) {
	for _, c := range []struct {
		err  *hash.Error
		want string
	}{
		{&hash.Error{Code: hash.CodeRead}, "hash/read"},
		{&hash.Error{Code: hash.CodeRead, Name: "a\nb", Detail: "d", Err: errors.New("e\x1b")}, `hash/read: a\nb: d: e\x1b`},
		{&hash.Error{Code: hash.CodeName, Name: strings.Repeat("a", 256) + strings.Repeat("b", 1<<20)},
			"hash/name: " + strings.Repeat("a", 256) + "[...]" + strings.Repeat("b", 256)},
	} {
		if got := c.err.Error(); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
	err := fmt.Errorf("wrapped: %w", &hash.Error{Code: hash.CodeRead, Err: fs.ErrNotExist})
	if !errors.Is(err, hash.CodeRead) || !errors.Is(err, fs.ErrNotExist) || errors.Is(err, hash.CodeName) {
		t.Error("errors.Is does not see the code and the cause, or too much")
	}
	if hash.CodeRead.Error() != "hash/read" {
		t.Error(hash.CodeRead.Error())
	}
}

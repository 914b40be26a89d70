// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package gomod

import (
	"fmt"
	"strings"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/internal/safe"
	"github.com/tallystick/tallystick/verify"
)

// A record is what the database says about one module version.
type record struct {
	zip   hash.Digest // of the module's files
	goMod hash.Digest // of its go.mod alone
}

// parseRecord reads the text of a record, which must be these two lines and
// nothing else:
//
//	path version h1:...
//	path version/go.mod h1:...
//
// The go command looks for lines that begin right and leaves out the rest. Here a
// second opinion in the same record, or a line about another module, is refused.
// The status of the check is Pass or Fail.
func parseRecord(text []byte, path, version string) (record, verify.Check) {
	check := verify.Check{Code: CodeRecord, Status: verify.Fail, What: "lines of the record"}
	lines := strings.Split(string(text), "\n")
	if len(lines) != 3 || lines[2] != "" {
		check.Expected, check.Found = "2 lines", fmt.Sprintf("%d lines", strings.Count(string(text), "\n"))
		return record{}, check
	}
	var r record
	for i, want := range []struct {
		version string
		digest  *hash.Digest
	}{
		{version, &r.zip},
		{version + "/go.mod", &r.goMod},
	} {
		prefix := path + " " + want.version + " "
		h1, ok := strings.CutPrefix(lines[i], prefix)
		if !ok {
			check.Expected, check.Found = safe.Quote(prefix+"h1:..."), safe.Quote(lines[i])
			return record{}, check
		}
		d, err := hash.ParseH1(h1)
		if err != nil {
			check.Expected, check.Found = "an h1: hash", safe.Quote(h1)
			return record{}, check
		}
		*want.digest = d
	}
	check.Status = verify.Pass
	check.Detail = lines[0]
	return r, check
}

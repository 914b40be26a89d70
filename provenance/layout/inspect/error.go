// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"fmt"

	"github.com/tallystick/tallystick/internal/safe"
	"github.com/tallystick/tallystick/verify"
)

// Codes of the errors of this package. An inspection that is refused rather than
// failed has layout.CodeInspection instead, as layout.Runner demands.
const (
	// CodeOptions: the options make no sense.
	CodeOptions verify.Code = "inspect/options"
	// CodeProducts: the product files cannot be copied, or what the command
	// left cannot be measured: something is neither a file nor a folder.
	CodeProducts verify.Code = "inspect/products"
	// CodeLimit: there are too many files, too large ones, or too much output.
	CodeLimit verify.Code = "inspect/limit"
	// CodeStart: the program was not found or could not be started.
	CodeStart verify.Code = "inspect/start"
	// CodeExit: the command ended with an exit code other than 0, or was killed
	// by somebody else.
	CodeExit verify.Code = "inspect/exit"
	// CodeTimeout: the command took longer than Options.Timeout.
	CodeTimeout verify.Code = "inspect/timeout"
	// CodeProcess: the command has left a process behind that could not be
	// killed and still holds its output.
	CodeProcess verify.Code = "inspect/process"
	// CodeTemp: the temporary folder cannot be made or not be removed.
	CodeTemp verify.Code = "inspect/temp"
)

// A CommandError says that a command was started and did not succeed. It has what
// the command has printed, which is not trustworthy and may hold anything.
type CommandError struct {
	// Code is CodeExit, CodeTimeout, CodeLimit or CodeProcess.
	Code verify.Code
	// Inspection is the name of the inspection.
	Inspection string
	// ExitCode is that of the command, -1 if it was killed.
	ExitCode int
	// Stdout and Stderr are at most Options.OutputBytes long, each.
	Stdout, Stderr []byte
	// Detail says in words what was wrong.
	Detail string
}

// Error returns one printable line, with the end of what the command has printed.
func (e *CommandError) Error() string {
	text := fmt.Sprintf("%s: inspection %s: %s", e.Code, safe.Quote(e.Inspection), e.Detail)
	for _, stream := range []struct {
		name string
		data []byte
	}{{"standard error", e.Stderr}, {"standard output", e.Stdout}} {
		if data := stream.data; len(data) > 0 {
			// What went wrong is said last. safe.Quote shows this much.
			if len(data) > 128 {
				data = data[len(data)-128:]
			}
			return text + "; " + stream.name + " ends in " + safe.Quote(string(data))
		}
	}
	return text
}

// Is reports whether target is the code of e.
func (e *CommandError) Is(target error) bool { return target == e.Code }

// fail returns an error without a command.
func fail(code verify.Code, what, found string, cause error) error {
	return &verify.Error{Code: code, What: what, Found: found, Err: cause}
}

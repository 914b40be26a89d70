// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"

	"github.com/tallystick/tallystick/internal/safe"
	"github.com/tallystick/tallystick/provenance/layout"
	"github.com/tallystick/tallystick/verify"
)

// Causes for which a command is killed.
var (
	errTimeout = errors.New("time-out")
	errOutput  = errors.New("too much output")
)

// grace is how long the output of killed processes is waited for.
const grace = 2 * time.Second

// execute runs the command in the working directory and returns its exit code.
func (r *Runner) execute(ctx context.Context, in layout.Inspection, dirs *folders) (int, error) {
	what := "inspection " + safe.Quote(in.Name)
	program, err := r.find(in.Command[0], dirs)
	if err != nil {
		return -1, fail(CodeStart, what, "", err)
	}
	killed, kill := context.WithCancelCause(ctx)
	defer kill(nil)
	killed, stop := context.WithTimeoutCause(killed, r.opts.Timeout, errTimeout)
	defer stop()

	cmd := exec.CommandContext(killed, program)
	cmd.Args = in.Command
	cmd.Dir = dirs.work
	cmd.Env = environment(r.opts.Path, dirs)
	setGroup(cmd)

	// The pipes are our own: Wait then returns as soon as the command has ended,
	// and what it left running is killed before anything else waits for it.
	var streams [2]stream
	for i, file := range []**os.File{&streams[0].out, &streams[1].out} {
		if streams[i].in, *file, err = os.Pipe(); err != nil {
			closeAll(streams[:])
			return -1, fail(CodeStart, what, "", err)
		}
	}
	cmd.Stdout, cmd.Stderr = streams[0].out, streams[1].out
	if err := cmd.Start(); err != nil {
		closeAll(streams[:])
		if ctx.Err() != nil {
			return -1, ctx.Err()
		}
		return -1, fail(CodeStart, what, "", err)
	}
	var readers sync.WaitGroup
	for i := range streams {
		s := &streams[i]
		s.out.Close()
		readers.Go(func() { s.read(r.opts.OutputBytes, kill) })
	}
	waited := cmd.Wait()
	killGroup(cmd)
	held := time.AfterFunc(grace, func() {
		for _, s := range streams {
			s.in.Close()
		}
	})
	readers.Wait()
	escaped := !held.Stop()
	for _, s := range streams {
		s.in.Close()
	}

	if ctx.Err() != nil {
		return -1, ctx.Err()
	}
	code := cmd.ProcessState.ExitCode()
	problem := func(c verify.Code, detail string) (int, error) {
		return code, &CommandError{Code: c, Inspection: in.Name, ExitCode: code, Detail: detail,
			Stdout: streams[0].data, Stderr: streams[1].data}
	}
	switch cause := context.Cause(killed); {
	case errors.Is(cause, errOutput):
		return problem(CodeLimit, fmt.Sprintf("more than %d bytes of output", r.opts.OutputBytes))
	case waited != nil && errors.Is(cause, errTimeout):
		return problem(CodeTimeout, "still running after "+r.opts.Timeout.String())
	case escaped:
		return problem(CodeProcess, "a process is left that holds the output")
	case waited != nil:
		return problem(CodeExit, waited.Error())
	}
	return code, nil
}

// A stream is one of the outputs of a command.
type stream struct {
	in, out *os.File // the reading and the writing end
	data    []byte
}

// read reads to the end, or until there is too much.
func (s *stream) read(limit int64, kill context.CancelCauseFunc) {
	data, err := io.ReadAll(io.LimitReader(s.in, limit+1))
	switch {
	case int64(len(data)) > limit:
		data = data[:limit]
		kill(errOutput)
	case err != nil:
		// A command whose output nobody reads would block.
		kill(err)
	}
	s.data = data
}

func closeAll(streams []stream) {
	for _, s := range streams {
		for _, f := range []*os.File{s.in, s.out} {
			if f != nil {
				f.Close()
			}
		}
	}
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package inspect

import (
	"io/fs"
	"os/exec"
	"syscall"
)

// DefaultPath is where programs are searched for unless Options.Path says
// otherwise.
const DefaultPath = "/usr/local/bin:/usr/bin:/bin"

var programSuffixes = []string{""}

func isProgram(info fs.FileInfo) bool {
	return info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

func environment(path string, dirs *folders) []string {
	return []string{"PATH=" + path, "HOME=" + dirs.home, "TMPDIR=" + dirs.temp, "LC_ALL=C"}
}

// setGroup gives the command a session, and so a process group, of its own, without
// a terminal that it could ask.
func setGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
}

// killGroup kills all that is left of the process group when the command has ended,
// by itself or because package exec has killed it. The number of the group, which is
// that of the command, is not given to another process as long as one is left; if
// none is, this comes within microseconds of the command's end.
func killGroup(cmd *exec.Cmd) {
	// There is usually nothing left, which is an error.
	syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package inspect

import (
	"io/fs"
	"os/exec"
)

// DefaultPath is where programs are searched for unless Options.Path says
// otherwise.
const DefaultPath = `C:\Windows\System32`

// Scripts have no suffix here that would start them through a shell.
var programSuffixes = []string{"", ".exe"}

func isProgram(info fs.FileInfo) bool { return info.Mode().IsRegular() }

func environment(path string, dirs *folders) []string {
	return []string{"PATH=" + path, "USERPROFILE=" + dirs.home, "TEMP=" + dirs.temp, "TMP=" + dirs.temp, "LC_ALL=C"}
}

// setGroup leaves it to package exec to kill the command, and only that.
func setGroup(*exec.Cmd) {}

func killGroup(*exec.Cmd) {}

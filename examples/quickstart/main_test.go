// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/tallystick/tallystick/verify"
)

// start runs the program with its temporary files in a folder of the test.
func start(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	t.Setenv("TMP", dir)
	var out, errs bytes.Buffer
	status = run(t.Context(), args, &out, &errs)
	left, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	return status, out.String(), errs.String()
}

func TestAccepted(t *testing.T) {
	status, stdout, stderr := start(t)
	if status != exitAccepted || stderr != "" || !strings.HasPrefix(stdout, "ACCEPTED  hello-1.0.0-linux-amd64") {
		t.Errorf("exit %d, stderr %q, stdout:\n%s", status, stderr, stdout)
	}
	// Every witness is named.
	for _, want := range []string{"builder-a", "builder-b", "owner", "step \"build\"", "accepted before: hello-1.0.0.tar.gz"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("the report does not mention %q:\n%s", want, stdout)
		}
	}
}

func TestJSON(t *testing.T) {
	status, stdout, _ := start(t, "-json")
	var report struct {
		Schema  string `json:"schema"`
		Verdict string `json:"verdict"`
		Subject struct {
			Name string `json:"name"`
		} `json:"subject"`
	}
	if err := json.Unmarshal([]byte(stdout), &report); err != nil {
		t.Fatal(err)
	}
	if status != exitAccepted || report.Schema != verify.Schema || report.Verdict != "accepted" || report.Subject.Name != "hello-1.0.0-linux-amd64" {
		t.Errorf("exit %d, %+v", status, report)
	}
}

// Each attack ends in a rejection with a code of its own that says what happened.
func TestAttacks(t *testing.T) {
	codes := map[verify.Code]string{}
	for _, a := range attacks() {
		t.Run(a.name, func(t *testing.T) {
			status, stdout, stderr := start(t, "-json", "-attack", a.name)
			if status != exitRejected {
				t.Fatalf("exit %d, stderr %q", status, stderr)
			}
			var report struct {
				Verdict string        `json:"verdict"`
				Codes   []verify.Code `json:"codes"`
			}
			if err := json.Unmarshal([]byte(stdout), &report); err != nil {
				t.Fatal(err)
			}
			if report.Verdict != "rejected" || len(report.Codes) == 0 || report.Codes[0] != a.code {
				t.Errorf("%s: verdict %q, codes %v, want %s first", a.about, report.Verdict, report.Codes, a.code)
			}
			if other, ok := codes[a.code]; ok {
				t.Errorf("has the code of %s", other)
			}
			codes[a.code] = a.name
			status, stdout, _ = start(t, "-attack", a.name)
			if status != exitRejected || !strings.HasPrefix(stdout, "REJECTED") || !strings.Contains(stdout, string(a.code)) {
				t.Errorf("exit %d, report for people:\n%s", status, stdout)
			}
		})
	}
	for _, name := range []string{"tampered-binary", "extra-file-in-tarball", "rollback", "freeze", "wrong-target",
		"mix-and-match", "stolen-step-key", "swapped-link", "forged-provenance", "one-rogue-builder"} {
		if _, list, _ := start(t, "-attack", "list"); !strings.Contains(list, name+" ") {
			t.Errorf("the list lacks %s", name)
		}
	}
}

// The report of the packager's backdoor names the file.
func TestExtraFileIsNamed(t *testing.T) {
	_, stdout, _ := start(t, "-attack", "extra-file-in-tarball")
	if !strings.Contains(stdout, "extra file hello-1.0.0/m4/build-to-host.m4") {
		t.Errorf("the report does not name the file:\n%s", stdout)
	}
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{{"-attack", "nonsense"}, {"-nonsense"}, {"argument"}} {
		status, stdout, stderr := start(t, args...)
		if status != exitFailed || stdout != "" || stderr == "" {
			t.Errorf("%v: exit %d, stdout %q, stderr %q", args, status, stdout, stderr)
		}
	}
	if status, _, stderr := start(t, "-h"); status != exitAccepted || !strings.Contains(stderr, "-attack") {
		t.Errorf("-h: exit %d, %q", status, stderr)
	}
}

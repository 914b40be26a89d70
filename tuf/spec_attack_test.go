// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package tuf_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tallystick/tallystick/tuf"
	"github.com/tallystick/tallystick/tuf/tuftest"
	"github.com/tallystick/tallystick/verify"
)

// The attacks of the TUF specification, section 1.5.2, in its order and by its names,
// against a client that has used the repository before. In each the client says what
// is wrong, the destination keeps what it had, and after the attack all is well.
func TestAttacksOfTheSpecification(t *testing.T) {
	const failure = true
	long := 3 * 24 * time.Hour
	stolen := func(f *fixture) {
		// The attacker has one of two keys, which is below the threshold.
		signed := decode(f.t, f.File("timestamp.json"))["signed"].(object)
		signed["version"] = 99
		data, err := f.Sign("timestamp", encode(f.t, signed))
		if err != nil {
			f.t.Fatal(err)
		}
		file := decode(f.t, data)
		file["signatures"] = file["signatures"].([]any)[:1]
		f.Replace("timestamp.json", encode(f.t, file))
	}
	for _, test := range []struct {
		name    string
		attack  func(f *fixture)
		code    verify.Code
		failure bool
	}{
		{"arbitrary software, as target", func(f *fixture) { f.attack(tuftest.WrongTarget) }, tuf.CodeHash, false},
		{"arbitrary software, in metadata", func(f *fixture) { f.attack(tuftest.ForgedMetadata) }, tuf.CodeSignatureThreshold, false},
		{"endless data, as target", func(f *fixture) { f.attack(tuftest.EndlessTarget) }, tuf.CodeLength, false},
		{"endless data, as metadata", func(f *fixture) { f.attack(tuftest.EndlessMetadata) }, tuf.CodeLimit, failure},
		{"extraneous dependencies", func(f *fixture) {
			// A delegated role lists something that it is not trusted with.
			if err := f.Add("dev", tuftest.Target{Path: "extra", Content: []byte("the attacker's")}); err != nil {
				f.t.Fatal(err)
			}
			f.Publish()
		}, tuf.CodeTargetNotFound, false},
		{"fast-forward", func(f *fixture) {
			f.attack(tuftest.FastForward)
			f.refresh()
			f.attack(tuftest.Honest)
		}, tuf.CodeRollback, false},
		{"indefinite freeze", func(f *fixture) {
			f.attack(tuftest.Freeze)
			f.now = f.now.Add(long)
			f.SetTime(f.now)
			f.Publish()
		}, tuf.CodeFreeze, false},
		{"malicious mirrors, without the file", func(f *fixture) {
			f.intercept("app.tar.gz", http.NotFound)
		}, tuf.CodeNotFound, failure},
		{"malicious mirrors, with part of it", func(f *fixture) {
			f.intercept("app.tar.gz", func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("release")) })
		}, tuf.CodeLength, false},
		{"mix-and-match", func(f *fixture) {
			f.AddTarget("app.tar.gz", []byte("release number three"))
			f.Publish()
			f.attack(tuftest.MixAndMatch)
		}, tuf.CodeMixAndMatch, false},
		{"rollback", func(f *fixture) { f.attack(tuftest.Rollback) }, tuf.CodeRollback, false},
		{"slow retrieval", func(f *fixture) {
			f.attack(tuftest.Slow)
			f.config.Limits.RateWindow = 100 * time.Millisecond
			f.renew()
		}, tuf.CodeSlow, failure},
		{"vulnerability to key compromises", stolen, tuf.CodeSignatureThreshold, false},
		{"wrong software", func(f *fixture) {
			// Another good file of the repository, which somebody else wants.
			f.intercept("app.tar.gz", func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("an old, vulnerable x")) })
		}, tuf.CodeHash, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, tuftest.Options{})
			if err := f.SetThreshold("timestamp", 2, 2); err != nil {
				t.Fatal(err)
			}
			if err := f.Delegate("targets", tuftest.Delegation{Name: "dev", Paths: []string{"dev/*"}}); err != nil {
				t.Fatal(err)
			}
			f.AddTarget("vulnerable", []byte("an old, vulnerable x"))
			f.Publish()
			f.refresh()
			f.AddTarget("app.tar.gz", []byte("release number two!!"))
			f.Publish()
			f.refresh()
			dst := filepath.Join(t.TempDir(), "app.tar.gz")
			if err := os.WriteFile(dst, []byte("the release"), 0o600); err != nil {
				t.Fatal(err)
			}
			test.attack(f)
			path := "app.tar.gz"
			if strings.HasPrefix(test.name, "extraneous") {
				path = "extra"
			}
			s, err := f.client.RefreshAt(t.Context(), f.now)
			if err == nil {
				var target *tuf.Target
				if target, err = s.Target(t.Context(), path); err == nil {
					_, err = f.client.Download(t.Context(), target, dst)
				}
			}
			want(t, err, test.code, test.failure)
			if got, _ := os.ReadFile(dst); string(got) != "the release" {
				t.Errorf("at the destination: %q", got)
			}
			if list, _ := os.ReadDir(filepath.Dir(dst)); len(list) != 1 {
				t.Errorf("left behind: %v", list)
			}

			f.attack(tuftest.Honest)
			f.Replace("timestamp.json", nil)
			f.handle(f.ServeHTTP)
			f.config.Limits.RateWindow = 0
			if test.name == "fast-forward" {
				if err := f.RotateKeys("snapshot"); err != nil {
					t.Fatal(err)
				}
			}
			f.Publish()
			f.renew()
			if err := f.update(dst); err != nil {
				t.Errorf("after the attack: %v", err)
			}
			if got, _ := os.ReadFile(dst); !strings.HasPrefix(string(got), "release number") {
				t.Errorf("after the attack: %q", got)
			}
		})
	}
}

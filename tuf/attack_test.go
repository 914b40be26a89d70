// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package tuf_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/tallystick/tallystick/tuf"
	"github.com/tallystick/tallystick/tuf/tuftest"
	"github.com/tallystick/tallystick/verify"
)

// update does what a program that updates itself does.
func (f *fixture) update(dst string) error {
	s, err := f.client.RefreshAt(f.t.Context(), f.now)
	if err != nil {
		return err
	}
	target, err := s.Target(f.t.Context(), "app.tar.gz")
	if err != nil {
		return err
	}
	_, err = f.client.Download(f.t.Context(), target, dst)
	return err
}

// cached returns the version of a role in the cache, 0 if there is none.
func (f *fixture) cached(role string) int64 {
	f.t.Helper()
	data, err := os.ReadFile(filepath.Join(f.config.Dir, role+".json"))
	if errors.Is(err, os.ErrNotExist) {
		return 0
	}
	var file struct{ Signed struct{ Version int64 } }
	if err == nil {
		err = json.Unmarshal(data, &file)
	}
	if err != nil {
		f.t.Fatal(err)
	}
	return file.Signed.Version
}

func (f *fixture) attack(a tuftest.Attack) {
	f.t.Helper()
	if err := f.Attack(a); err != nil {
		f.t.Fatal(err)
	}
}

// want fails unless err is a rejection with the code, or with failure an error
// that is none.
func want(t *testing.T, err error, code verify.Code, failure bool) {
	t.Helper()
	if err == nil {
		t.Fatalf("accepted, want %s", code)
	}
	rejected, ok := errors.AsType[*verify.RejectedError](err)
	if ok == failure {
		t.Errorf("rejection: %t, want %t: %v", ok, !failure, err)
	}
	if verify.CodeOf(err) != code {
		t.Errorf("code %s, want %s: %v", verify.CodeOf(err), code, err)
	}
	if ok && rejected.Report.Verdict != verify.Rejected {
		t.Errorf("verdict %s", rejected.Report.Verdict)
	}
}

// Each attack of tuftest against a client that has used the repository before.
func TestAttacks(t *testing.T) {
	const failure = true
	for _, test := range []struct {
		attack  tuftest.Attack
		seen    bool // the client has seen the latest publication before the attack
		code    verify.Code
		failure bool
	}{
		{tuftest.Rollback, true, tuf.CodeRollback, false},
		{tuftest.Freeze, true, tuf.CodeFreeze, false},
		{tuftest.Freeze, false, tuf.CodeFreeze, false},
		{tuftest.MixAndMatch, false, tuf.CodeMixAndMatch, false},
		{tuftest.WrongTarget, true, tuf.CodeHash, false},
		{tuftest.EndlessTarget, true, tuf.CodeLength, false},
		{tuftest.EndlessMetadata, false, tuf.CodeLimit, failure},
		{tuftest.Slow, false, tuf.CodeSlow, failure},
		{tuftest.TamperedMetadata, false, tuf.CodeSignatureThreshold, false},
		{tuftest.TamperedMetadata, true, tuf.CodeSignatureThreshold, false},
		{tuftest.MissingSignature, false, tuf.CodeSignatureThreshold, false},
		{tuftest.ForgedMetadata, false, tuf.CodeSignatureThreshold, false},
		{tuftest.StolenTimestampKey, false, tuf.CodeSignatureThreshold, false},
	} {
		for _, opts := range []tuftest.Options{{}, {NotConsistent: true}, {VersionsOnly: true}, {VersionsOnly: true, NotConsistent: true}} {
			name := string(test.attack)
			if test.seen {
				name += ", latest seen"
			}
			if opts.NotConsistent {
				name += ", not consistent"
			}
			if opts.VersionsOnly {
				name += ", versions only"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				f := newFixture(t, opts)
				f.refresh()
				f.AddTarget("app.tar.gz", []byte("release number two"))
				f.Publish()
				if test.seen {
					f.refresh()
				}
				before := map[string]int64{}
				for _, role := range []string{"root", "timestamp", "snapshot", "targets"} {
					before[role] = f.cached(role)
				}

				f.attack(test.attack)
				if test.attack == tuftest.Slow { // only then, as a busy machine is slow too
					f.config.Limits.RateWindow = 100 * time.Millisecond
					f.renew()
					f.config.Limits.RateWindow = 0
				}
				if test.attack == tuftest.Freeze {
					f.now = f.now.Add(2 * 24 * time.Hour)
					f.SetTime(f.now)
					f.Publish()
				}
				dst := filepath.Join(t.TempDir(), "app.tar.gz")
				want(t, f.update(dst), test.code, test.failure)
				if list, _ := os.ReadDir(filepath.Dir(dst)); len(list) > 0 {
					t.Errorf("left behind: %v", list)
				}
				for role, version := range before {
					if now := f.cached(role); now < version {
						t.Errorf("cached %s went back from version %d to %d", role, version, now)
					}
				}

				f.renew()
				f.attack(tuftest.Honest)
				if test.attack == tuftest.StolenTimestampKey {
					// The timestamp was accepted. It is the root that ends this.
					want(t, f.update(dst), tuf.CodeRollback, false)
					if err := f.RotateKeys("timestamp"); err != nil {
						t.Fatal(err)
					}
					f.Publish()
				}
				if err := f.update(dst); err != nil {
					t.Errorf("after the attack: %v", err)
				}
				if content, _ := os.ReadFile(dst); string(content) != "release number two" {
					t.Errorf("after the attack: %q", content)
				}
			})
		}
	}
}

// Every attack that tuftest offers is in the tests above or has its own.
func TestAttacksAreComplete(t *testing.T) {
	if n := len(tuftest.Attacks()); n != 12 {
		t.Errorf("%d attacks, this test knows 12", n)
	}
	if slices.Contains(tuftest.Attacks(), tuftest.Honest) {
		t.Error("honesty is no attack")
	}
}

// Who has seen the highest version numbers there are recovers when the keys are
// rotated (specification section 5.3.11).
func TestFastForwardRecovery(t *testing.T) {
	for _, test := range []struct {
		name   string
		rotate []string
		code   verify.Code // "" recovers
	}{
		{"both keys", []string{"timestamp", "snapshot"}, ""},
		{"timestamp key", []string{"timestamp"}, ""},
		{"snapshot key", []string{"snapshot"}, ""},
		{"targets key", []string{"targets"}, tuf.CodeRollback},
		{"no key", nil, tuf.CodeRollback},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFixture(t, tuftest.Options{})
			f.attack(tuftest.FastForward)
			f.refresh()
			f.attack(tuftest.Honest)
			dst := filepath.Join(t.TempDir(), "app.tar.gz")
			want(t, f.update(dst), tuf.CodeRollback, false)

			for _, role := range test.rotate {
				if err := f.RotateKeys(role); err != nil {
					t.Fatal(err)
				}
			}
			f.Publish()
			err := f.update(dst)
			if test.code != "" {
				want(t, err, test.code, false)
			} else if err != nil {
				t.Errorf("does not recover: %v", err)
			}
		})
	}
}

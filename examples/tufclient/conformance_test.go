// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tallystick/tallystick/tuf/tuftest"
)

// The scenarios of the public conformance suite, through the protocol that it uses.
// What it demands of a client is what is demanded here; the suite itself needs
// Python and is not part of this module.
func TestConformance(t *testing.T) {
	past := time.Now().Add(-5 * 24 * time.Hour)
	for _, s := range []struct {
		name string
		opts tuftest.Options
		run  func(b *bench)
	}{
		// Basics.
		{"init and refresh", tuftest.Options{}, func(b *bench) {
			b.want(b.init(), 0)
			b.want(b.refresh(), 0)
			b.wantRequests("2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json")
			b.wantVersions(1, 1, 1, 1)
		}},
		{"metadata is kept byte for byte", tuftest.Options{}, func(b *bench) {
			b.want(b.init(), 0)
			b.want(b.refresh(), 0)
			for local, remote := range map[string]string{"root": "1.root", "timestamp": "timestamp", "snapshot": "1.snapshot", "targets": "1.targets"} {
				data, err := os.ReadFile(filepath.Join(b.metadataDir, local+".json"))
				if err != nil || !bytes.Equal(data, b.File(remote+".json")) {
					b.t.Errorf("%s.json differs: %v", local, err)
				}
			}
		}},
		{"without consistent snapshots", tuftest.Options{NotConsistent: true}, func(b *bench) {
			b.AddTarget("dir/app", []byte("x"))
			b.Publish()
			b.want(b.init(), 0)
			b.want(b.download("dir/app"), 0)
			b.wantRequests("2.root.json", "timestamp.json", "snapshot.json", "targets.json", "targets/dir/app")
			b.wantDownloads("x")
			b.SetConsistentSnapshot(true)
			b.Publish()
			b.want(b.refresh(), 0)
			b.wantVersions(2, 3, 3, 3)
		}},
		{"a download refreshes first", tuftest.Options{}, func(b *bench) {
			b.want(b.init(), 0)
			b.want(b.download("no such target"), 1)
			b.wantRequests("2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json")
			b.wantVersions(1, 1, 1, 1)
		}},
		{"initial root without a version", tuftest.Options{}, func(b *bench) {
			signed := b.signed(b.Root())
			delete(signed, "version")
			var err error
			b.root, err = b.Sign("root", marshal(signed))
			b.must(err)
			b.init() // may fail or not
			b.want(b.refresh(), 1)
			b.wantRequests()
		}},
		{"initial root that is not signed", tuftest.Options{}, func(b *bench) {
			b.root = marshal(object{"signatures": []object{}, "signed": b.signed(b.Root())})
			b.init()
			b.want(b.refresh(), 1)
			b.wantRequests()
		}},
		{"initial root of garbage", tuftest.Options{}, func(b *bench) {
			b.root = []byte("garbage")
			b.want(b.init(), 1)
			b.want(b.refresh(), 1)
			b.wantRequests()
		}},
		{"a timestamp changes without a new version", tuftest.Options{}, func(b *bench) {
			b.want(b.init(), 0)
			b.want(b.refresh(), 0)
			before, _ := os.ReadFile(filepath.Join(b.metadataDir, "timestamp.json"))
			signed := b.signed(b.File("timestamp.json"))
			signed["meta"].(object)["snapshot.json"].(object)["version"] = 100
			b.serve("timestamp.json", "timestamp", signed)
			b.want(b.refresh(), 0)
			if after, err := os.ReadFile(filepath.Join(b.metadataDir, "timestamp.json")); err != nil || !bytes.Equal(before, after) {
				b.t.Errorf("the timestamp was replaced: %v", err)
			}
		}},
		{"targets of another hash", tuftest.Options{}, func(b *bench) {
			b.want(b.init(), 0)
			b.want(b.refresh(), 0)
			b.AddTarget("app", []byte("x"))
			b.Publish()
			signed := b.signed(b.File("2.targets.json"))
			signed["custom"] = 1
			b.serve("2.targets.json", "targets", signed)
			b.want(b.refresh(), 1)
			b.wantVersions(1, 2, 2, 1)
		}},
		{"targets of another version", tuftest.Options{VersionsOnly: true}, func(b *bench) {
			b.want(b.init(), 0)
			b.want(b.refresh(), 0)
			b.AddTarget("app", []byte("x"))
			b.Publish()
			signed := b.signed(b.File("2.targets.json"))
			signed["version"] = 3
			b.serve("2.targets.json", "targets", signed)
			b.want(b.refresh(), 1)
			b.wantVersions(1, 2, 2, 1)
		}},
		{"members that nobody knows", tuftest.Options{}, func(b *bench) {
			b.want(b.init(), 0)
			b.want(b.refresh(), 0)
			signed := b.signed(b.Root())
			signed["version"] = 2
			signed["custom-field"] = "value"
			for _, k := range signed["keys"].(object) {
				k.(object)["extra-field"] = object{"a": 1, "b": 2}
			}
			for _, r := range signed["roles"].(object) {
				r.(object)["another-field"] = "value"
			}
			b.serve("2.root.json", "root", signed)
			b.want(b.refresh(), 0)
			b.wantVersions(2, 1, 1, 1)
		}},

		// Expiry.
		{"root expired", tuftest.Options{}, func(b *bench) {
			b.want(b.init(), 0)
			b.want(b.refresh(), 0)
			b.must(b.SetExpiry("root", past))
			b.Publish()
			b.want(b.refresh(), 1)
			b.wantVersions(2, 1, 1, 1) // the root counts, and nothing behind it
		}},
		{"timestamp expired", tuftest.Options{}, func(b *bench) {
			b.want(b.init(), 0)
			b.want(b.refresh(), 0)
			b.must(b.SetExpiry("timestamp", past))
			b.Publish()
			b.want(b.refresh(), 1)
			b.wantVersions(1, 1, 1, 1)
		}},
		{"snapshot expired", tuftest.Options{}, func(b *bench) {
			b.want(b.init(), 0)
			b.want(b.refresh(), 0)
			b.must(b.SetExpiry("snapshot", past))
			b.Publish()
			b.want(b.refresh(), 1)
			b.wantVersions(1, 2, 1, 1)
		}},
		{"targets expired", tuftest.Options{}, func(b *bench) {
			b.want(b.init(), 0)
			b.want(b.refresh(), 0)
			b.must(b.SetExpiry("targets", past))
			b.Publish()
			b.want(b.refresh(), 1)
			b.wantVersions(1, 2, 2, 1)
		}},
		{"local metadata expired, the repository has newer", tuftest.Options{}, func(b *bench) {
			for _, role := range []string{"snapshot", "targets"} {
				b.must(b.SetExpiry(role, days(100)))
			}
			b.must(b.SetExpiry("timestamp", days(7)))
			b.Publish()
			b.want(b.init(), 0)
			b.want(b.refresh(), 0)
			b.want(b.refreshAt(days(18)), 1)
			b.wantVersions(1, 2, 2, 2)
			b.must(b.SetExpiry("timestamp", days(21)))
			b.AddTarget("app", []byte("x"))
			b.Publish()
			b.want(b.refreshAt(days(18)), 0)
			b.wantVersions(1, 3, 3, 3)
			b.want(b.refreshAt(days(22)), 1)
		}},
		{"a delegated role that has expired", tuftest.Options{}, func(b *bench) {
			b.must(b.Delegate("targets", tuftest.Delegation{Name: "delegated", Paths: []string{"dir/*"}}))
			b.must(b.Add("delegated", tuftest.Target{Path: "dir/app", Content: []byte("x")}))
			b.must(b.SetExpiry("delegated", past))
			b.Publish()
			b.want(b.init(), 0)
			b.want(b.refresh(), 0)
			b.want(b.download("dir/app"), 1)
			b.wantDownloads()
			b.wantVersions(1, 2, 2, 2)
			if got := fmt.Sprint(b.files()); got != "[root.json snapshot.json targets.json timestamp.json]" {
				b.t.Errorf("trusted: %s", got)
			}
		}},
		{"a delegated role that expires locally", tuftest.Options{}, func(b *bench) {
			for _, role := range []string{"timestamp", "snapshot", "targets"} {
				b.must(b.SetExpiry(role, days(100)))
			}
			b.must(b.Delegate("targets", tuftest.Delegation{Name: "delegated", Paths: []string{"dir/*"}}))
			b.must(b.Add("delegated", tuftest.Target{Path: "dir/first", Content: []byte("first")}))
			b.must(b.Add("delegated", tuftest.Target{Path: "dir/second", Content: []byte("second")}))
			b.must(b.SetExpiry("delegated", days(7)))
			b.Publish()
			b.want(b.init(), 0)
			b.want(b.download("dir/first"), 0)
			b.want(b.downloadAt(days(18), "dir/second"), 1)
			b.wantDownloads("first")
			b.must(b.SetExpiry("delegated", days(21)))
			b.Publish()
			b.want(b.downloadAt(days(18), "dir/second"), 0)
			b.wantDownloads("first", "second")
		}},

		// Rollback and recovery.
		{"timestamp rollback", tuftest.Options{}, func(b *bench) {
			b.Publish()
			b.want(b.init(), 0)
			b.want(b.refresh(), 0)
			b.must(b.Attack(tuftest.Rollback))
			b.want(b.refresh(), 1)
			b.wantVersions(1, 2, 2, 1)
			b.seen = len(b.Requests()) - 1
			b.wantRequests("timestamp.json") // the last one
		}},
		{"snapshot rollback, versions only", tuftest.Options{VersionsOnly: true}, snapshotRollback},
		{"snapshot rollback, with hashes", tuftest.Options{}, snapshotRollback},
		{"targets rollback, versions only", tuftest.Options{VersionsOnly: true}, targetsRollback},
		{"targets rollback, with hashes", tuftest.Options{}, targetsRollback},
		{"a snapshot that the timestamp does not mean", tuftest.Options{VersionsOnly: true}, func(b *bench) {
			b.want(b.init(), 0)
			signed := b.signed(b.File("1.snapshot.json"))
			signed["version"] = 2
			b.serve("1.snapshot.json", "snapshot", signed)
			b.want(b.refresh(), 1)
			b.wantVersions(1, 1, 0, 0)
			b.wantRequests("2.root.json", "timestamp.json", "1.snapshot.json")
		}},
		{"recovery of the timestamp version", tuftest.Options{}, func(b *bench) {
			b.must(b.SetVersion("timestamp", 100))
			b.Publish()
			b.want(b.init(), 0)
			b.want(b.refresh(), 0)
			b.wantVersions(1, 100, 2, 1)
			b.must(b.RotateKeys("timestamp"))
			b.must(b.SetVersion("timestamp", 1))
			b.Publish()
			b.want(b.refresh(), 0)
			b.wantVersions(2, 1, 3, 1)
		}},
		{"recovery of the snapshot version", tuftest.Options{}, func(b *bench) {
			b.must(b.SetVersion("snapshot", 99999))
			b.Publish()
			b.want(b.init(), 0)
			b.want(b.refresh(), 0)
			b.must(b.RotateKeys("timestamp"))
			b.must(b.RotateKeys("snapshot"))
			b.must(b.SetVersion("snapshot", 1))
			b.Publish()
			b.want(b.refresh(), 0)
			b.wantVersions(2, 3, 1, 1)
		}},
		{"recovery of the targets version", tuftest.Options{}, func(b *bench) {
			b.must(b.SetVersion("targets", 100))
			b.Publish()
			b.want(b.init(), 0)
			b.want(b.refresh(), 0)
			b.wantVersions(1, 2, 2, 100)
			b.must(b.RotateKeys("snapshot"))
			b.must(b.SetVersion("targets", 1))
			b.Publish()
			b.want(b.refresh(), 0)
			b.wantVersions(2, 3, 3, 1)
		}},
		{"fast forward and the recovery from it", tuftest.Options{}, func(b *bench) {
			b.must(b.Attack(tuftest.FastForward))
			b.want(b.init(), 0)
			b.want(b.refresh(), 0)
			b.must(b.Attack(tuftest.Honest))
			b.want(b.refresh(), 1)
			b.must(b.RotateKeys("timestamp"))
			b.must(b.RotateKeys("snapshot"))
			b.Publish()
			b.want(b.refresh(), 0)
			b.wantVersions(2, 2, 2, 1)
		}},

		// Keys.
		{"a threshold that cannot be reached", tuftest.Options{}, func(b *bench) {
			b.want(b.init(), 0)
			b.want(b.refresh(), 0)
			signed := b.signed(b.Root())
			signed["version"] = 2
			signed["roles"].(object)["snapshot"].(object)["threshold"] = 6
			b.serve("2.root.json", "root", signed)
			b.Publish()
			b.want(b.refresh(), 1)
			b.wantVersions(2, 2, 1, 1)
		}},
		{"one key under many ids", tuftest.Options{VersionsOnly: true}, func(b *bench) {
			b.want(b.init(), 0)
			b.want(b.refresh(), 0)
			key := newKey(b.t, "ecdsa")
			signed := b.signed(b.Root())
			signed["version"] = 2
			var same []*testKey
			for i := range 10 {
				k := *key
				k.id = fmt.Sprintf("%064d", i)
				same = append(same, &k)
			}
			setKeys(b.t, signed, "snapshot", 6, same...)
			b.serve("2.root.json", "root", signed)
			b.Publish()
			b.Replace("2.snapshot.json", signWith(b.t, b.signed(b.File("2.snapshot.json")), same...))
			b.want(b.refresh(), 1)
			b.wantVersions(2, 2, 0, 1) // with the old keys the old snapshot went
		}},
		{"the root lists keys that have not signed", tuftest.Options{VersionsOnly: true}, func(b *bench) {
			b.want(b.init(), 0)
			b.want(b.refresh(), 0)
			keys := []*testKey{newKey(b.t, "ed25519"), newKey(b.t, "ed25519"), newKey(b.t, "ecdsa")}
			signed := b.signed(b.Root())
			signed["version"] = 2
			setKeys(b.t, signed, "snapshot", 3, keys...)
			b.serve("2.root.json", "root", signed)
			b.Publish()
			b.Replace("2.snapshot.json", signWith(b.t, b.signed(b.File("2.snapshot.json")), keys[:2]...))
			b.want(b.refresh(), 1)
			b.wantVersions(2, 2, 0, 1) // with the old keys the old snapshot went
			b.Replace("2.snapshot.json", signWith(b.t, b.signed(b.File("2.snapshot.json")), keys...))
			b.want(b.refresh(), 0)
			b.wantVersions(2, 2, 2, 1)
		}},
		{"keyid_hash_algorithms means nothing", tuftest.Options{}, func(b *bench) {
			b.want(b.init(), 0)
			signed := b.signed(b.Root())
			signed["version"] = 2
			for _, k := range signed["keys"].(object) {
				k.(object)["keyid_hash_algorithms"] = []string{"md5"}
			}
			b.serve("2.root.json", "root", signed)
			b.want(b.refresh(), 0)
			b.wantVersions(2, 1, 1, 1)
		}},
		{"keys of all types", tuftest.Options{VersionsOnly: true}, func(b *bench) {
			b.want(b.init(), 0)
			signed := b.signed(b.Root())
			signed["version"] = 2
			keys := []*testKey{newKey(b.t, "ed25519"), newKey(b.t, "ecdsa"), newKey(b.t, "rsa")}
			setKeys(b.t, signed, "timestamp", 3, keys...)
			setKeys(b.t, signed, "targets", 1, keys[1])
			b.serve("2.root.json", "root", signed)
			b.Replace("timestamp.json", signWith(b.t, b.signed(b.File("timestamp.json")), keys...))
			b.Replace("1.targets.json", signWith(b.t, b.signed(b.File("1.targets.json")), keys[1]))
			b.want(b.refresh(), 0)
			b.wantVersions(2, 1, 1, 1)
		}},
		{"a key of a type that nobody knows", tuftest.Options{}, func(b *bench) {
			b.want(b.init(), 0)
			signed := b.signed(b.Root())
			signed["version"] = 2
			signed["keys"].(object)["ab"] = object{"keytype": "unheard", "scheme": "unheard-of", "keyval": object{"public": "x"}}
			role := signed["roles"].(object)["targets"].(object)
			role["keyids"] = append(role["keyids"].([]any), "ab")
			b.serve("2.root.json", "root", signed)
			b.want(b.refresh(), 0)
			b.wantVersions(2, 1, 1, 1)
		}},

		// Downloads.
		{"a target", tuftest.Options{}, func(b *bench) {
			b.want(b.init(), 0)
			b.AddTarget("target_file.txt", []byte("contents"))
			b.Publish()
			b.want(b.refresh(), 0)
			b.wantDownloads()
			b.want(b.download("target_file.txt"), 0)
			b.wantDownloads("contents")
		}},
		{"a target in a folder", tuftest.Options{}, func(b *bench) {
			b.want(b.init(), 0)
			b.AddTarget("path/to/a/target_file.txt", []byte("contents"))
			b.Publish()
			b.want(b.download("path/to/a/target_file.txt"), 0)
			b.wantDownloads("contents")
		}},
		{"several targets", tuftest.Options{}, func(b *bench) {
			b.want(b.init(), 0)
			b.AddTarget("one", []byte("1"))
			b.AddTarget("dir/two", []byte("2"))
			b.Publish()
			b.want(b.download("one", "dir/two"), 0)
			b.wantDownloads("1", "2")
			b.want(b.download("one", "nothing"), 1)
		}},
		{"a target that is there is not downloaded again", tuftest.Options{}, func(b *bench) {
			b.want(b.init(), 0)
			b.AddTarget("one", []byte("1"))
			b.Publish()
			b.want(b.download("one"), 0)
			b.seen = len(b.Requests())
			b.want(b.download("one"), 0)
			b.wantRequests("2.root.json", "timestamp.json")
			b.wantDownloads("1")
		}},
		{"the repository substitutes targets", tuftest.Options{}, func(b *bench) {
			b.want(b.init(), 0)
			b.AddTarget("one", []byte("contents 1"))
			b.AddTarget("two", []byte("contents 2"))
			b.Publish()
			b.want(b.download("one"), 0)
			b.must(b.Attack(tuftest.WrongTarget))
			b.download("one") // from the folder, or refused
			b.wantDownloads("contents 1")
			b.want(b.download("two"), 1)
			b.wantDownloads("contents 1")
		}},
		{"targets that are longer than their metadata says", tuftest.Options{}, func(b *bench) {
			b.want(b.init(), 0)
			b.AddTarget("one", []byte("contents 1"))
			b.Publish()
			b.must(b.Attack(tuftest.EndlessTarget))
			b.want(b.download("one"), 1)
			b.wantDownloads()
		}},
		{"a target changes many times", tuftest.Options{}, func(b *bench) {
			b.want(b.init(), 0)
			for i := range 6 {
				content := fmt.Sprintf("contents %d", i)
				b.AddTarget("one", []byte(content))
				b.Publish()
				if i%2 == 0 {
					b.want(b.download("one"), 0)
					b.wantDownloads(content)
					b.must(b.Attack(tuftest.WrongTarget))
					b.download("one")
					b.wantDownloads(content)
					b.must(b.Attack(tuftest.Honest))
				}
			}
		}},
		{"hash bins", tuftest.Options{}, func(b *bench) {
			b.must(b.DelegateBins("targets", "bin", 3))
			var names []string
			for i := range 8 {
				name := fmt.Sprintf("dir/file %d", i)
				names = append(names, name)
				b.must(b.Add("bin", tuftest.Target{Path: name, Content: []byte(name)}))
			}
			b.Publish()
			b.want(b.init(), 0)
			b.want(b.download(names...), 0)
			b.wantDownloads(names...)
			b.want(b.download("dir/nothing"), 1)
		}},
		{"delegations by hash prefix", tuftest.Options{}, func(b *bench) {
			for i := range 16 {
				b.must(b.Delegate("targets", tuftest.Delegation{Name: fmt.Sprintf("bin-%x", i), HashPrefixes: []string{fmt.Sprintf("%x", i)}, Terminating: true}))
			}
			// The SHA-256 of "hello" begins with 2c.
			b.must(b.Add("bin-2", tuftest.Target{Path: "hello", Content: []byte("right")}))
			b.must(b.Add("bin-3", tuftest.Target{Path: "hello", Content: []byte("wrong")}))
			b.Publish()
			b.want(b.init(), 0)
			b.want(b.download("hello"), 0)
			b.wantDownloads("right")
			b.seen += 4
			b.wantRequests("1.bin-2.json", "targets/"+requestOf(b))
		}},
		{"a role that must be signed for each of its delegators", tuftest.Options{}, func(b *bench) {
			b.must(b.Delegate("targets", tuftest.Delegation{Name: "A", Paths: []string{"*"}}))
			b.must(b.Delegate("targets", tuftest.Delegation{Name: "B", Paths: []string{"*"}}))
			b.must(b.Delegate("A", tuftest.Delegation{Name: "C", Paths: []string{"other"}}))
			b.must(b.Delegate("B", tuftest.Delegation{Name: "C", Paths: []string{"app", "other"}, Unsigned: true}))
			b.must(b.Add("C", tuftest.Target{Path: "app", Content: []byte("x")}))
			b.must(b.Add("C", tuftest.Target{Path: "other", Content: []byte("y")}))
			b.Publish()
			b.want(b.init(), 0)
			b.want(b.download("other"), 0) // as A demands
			b.want(b.download("app"), 1)   // not as B demands
			b.want(b.download("other", "app"), 1)
			b.wantDownloads("y")
		}},
	} {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			s.run(newBench(t, &s.opts))
		})
	}
}

// requestOf returns the last element of the last request.
func requestOf(b *bench) string {
	all := b.Requests()
	last := all[len(all)-1]
	return last[strings.LastIndex(last, "/")+1:]
}

func snapshotRollback(b *bench) {
	b.Publish() // snapshot version 2
	b.want(b.init(), 0)
	b.want(b.refresh(), 0)
	b.must(b.SetVersion("snapshot", 1))
	b.Publish()
	b.want(b.refresh(), 1)
	b.wantVersions(1, 2, 2, 1)
}

func targetsRollback(b *bench) {
	b.must(b.SetVersion("targets", 3))
	b.Publish()
	b.want(b.init(), 0)
	b.want(b.refresh(), 0)
	b.must(b.SetVersion("targets", 2))
	b.Publish()
	b.want(b.refresh(), 1)
	b.wantVersions(1, 3, 2, 3)
}

// Sequences of roots. Key numbers say who is listed and who signs; the last root is
// accepted or not.
func TestConformanceRootRotation(t *testing.T) {
	keys := make([]*testKey, 10)
	for i := range keys {
		keys[i] = newKey(t, "ed25519")
	}
	pick := func(numbers []int) []*testKey {
		var list []*testKey
		for _, n := range numbers {
			list = append(list, keys[n])
		}
		return list
	}
	type version struct {
		keys      []int
		threshold int
		sigs      []int
	}
	five, shifted, others := []int{0, 1, 2, 3, 4}, []int{0, 1, 3, 4, 5}, []int{5, 6, 7, 8, 9}
	three := []int{1, 2, 3}
	for _, s := range []struct {
		name     string
		accepted bool
		versions []version
	}{
		{"one key is replaced", true, []version{{[]int{1}, 1, []int{1}}, {[]int{2}, 1, []int{2, 1}}, {[]int{2}, 1, []int{2}}}},
		{"signatures of others", true, []version{{[]int{1}, 1, []int{3, 1, 4}}, {[]int{2}, 1, []int{3, 2, 1, 4}}, {[]int{2}, 1, []int{3, 2, 4}}}},
		{"three of five, in turn", true, []version{{five, 3, []int{0, 2, 4}}, {five, 3, []int{0, 4, 1}}, {five, 3, []int{0, 1, 3}}, {five, 3, []int{0, 1, 3}}}},
		{"three of five, one is replaced", true, []version{{five, 3, []int{0, 2, 4}}, {shifted, 3, []int{0, 4, 1}}}},
		{"three of five, one is replaced with a step between", true, []version{{five, 3, []int{0, 2, 4}}, {shifted, 3, []int{0, 2, 4, 5}}, {shifted, 3, []int{0, 4, 5}}}},
		{"three of five, all are replaced", true, []version{{five, 3, []int{0, 2, 4}}, {others, 3, []int{0, 2, 4, 5, 6, 7}}, {others, 3, []int{5, 6, 7}}}},
		{"the threshold goes up", true, []version{{three, 1, []int{1}}, {three, 2, []int{1, 2}}}},
		{"the threshold goes down", true, []version{{three, 2, []int{1, 2}}, {three, 1, []int{1, 2}}, {three, 1, []int{1}}}},
		{"a key is added and the threshold goes up", true, []version{{[]int{1}, 1, []int{1}}, {[]int{1, 2}, 2, []int{1, 2}}}},
		{"without the old key", false, []version{{[]int{1}, 1, []int{1}}, {[]int{2}, 1, []int{2, 3, 4}}}},
		{"without the new key", false, []version{{[]int{1}, 1, []int{1}}, {[]int{2}, 1, []int{1, 3, 4}}}},
		{"without three of the new keys", false, []version{{five, 3, []int{0, 2, 4}}, {shifted, 3, []int{0, 2, 4}}}},
		{"without three of the old keys", false, []version{{five, 3, []int{0, 2, 4}}, {shifted, 3, []int{0, 4, 5}}}},
		{"the new threshold is missed", false, []version{{three, 1, []int{1}}, {three, 2, []int{2}}}},
		{"the old threshold is missed", false, []version{{three, 2, []int{1, 2}}, {three, 1, []int{1}}}},
	} {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, nil)
			var files [][]byte
			for i, v := range s.versions {
				signed := b.signed(b.Root())
				signed["version"] = i + 1
				setKeys(t, signed, "root", v.threshold, pick(v.keys)...)
				files = append(files, signWith(t, signed, pick(v.sigs)...))
				b.Replace(fmt.Sprintf("%d.root.json", i+1), files[i])
			}
			b.root = files[0]
			b.want(b.init(), 0)
			status, last := 0, files[len(files)-1]
			if !s.accepted {
				status, last = 1, files[len(files)-2]
			}
			b.want(b.refresh(), status)
			if got, err := os.ReadFile(filepath.Join(b.metadataDir, "root.json")); err != nil || !bytes.Equal(got, last) {
				t.Errorf("another root is trusted: %v", err)
			}
		})
	}
	for _, s := range []struct {
		name     string
		accepted bool
		version
	}{
		{"another key", true, version{[]int{2}, 1, []int{2}}},
		{"signatures of others", true, version{[]int{1}, 1, []int{3, 1, 4}}},
		{"without the new key", false, version{[]int{2}, 1, []int{1, 3, 4}}},
		{"one of three by another", false, version{shifted, 3, []int{0, 2, 4}}},
		{"two of three", false, version{shifted, 3, []int{0, 4}}},
		{"three of five", true, version{five, 3, []int{0, 2, 4}}},
		{"three others of five", true, version{five, 3, []int{2, 3, 4}}},
	} {
		for _, role := range []string{"timestamp", "snapshot", "targets"} {
			t.Run(role+", "+s.name, func(t *testing.T) {
				t.Parallel()
				b := newBench(t, &tuftest.Options{VersionsOnly: true})
				b.want(b.init(), 0)
				signed := b.signed(b.Root())
				signed["version"] = 2
				setKeys(t, signed, role, s.threshold, pick(s.keys)...)
				b.serve("2.root.json", "root", signed)
				name := "1." + role + ".json"
				if role == "timestamp" {
					name = "timestamp.json"
				}
				file := signWith(t, b.signed(b.File(name)), pick(s.sigs)...)
				b.Replace(name, file)
				got, err := func() ([]byte, error) {
					if s.accepted {
						b.want(b.refresh(), 0)
					} else {
						b.want(b.refresh(), 1)
					}
					return os.ReadFile(filepath.Join(b.metadataDir, role+".json"))
				}()
				if s.accepted != (err == nil && bytes.Equal(got, file)) {
					t.Errorf("kept: %t, %v", err == nil, err)
				}
			})
		}
	}
}

// A root key of each type that the specification names: a good signature counts, and
// one that only looks like it does not.
func TestConformanceKeyTypes(t *testing.T) {
	for _, keytype := range []string{"ed25519", "ecdsa", "rsa"} {
		t.Run(keytype, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, nil)
			first, second, other := newKey(t, "ed25519"), newKey(t, keytype), newKey(t, keytype)
			other.id = second.id
			root := func(version, threshold int, listed []*testKey, signers ...*testKey) []byte {
				signed := b.signed(b.Root())
				signed["version"] = version
				setKeys(t, signed, "root", threshold, listed...)
				return signWith(t, signed, signers...)
			}
			b.root = root(1, 1, []*testKey{first}, first)
			b.Replace("2.root.json", root(2, 2, []*testKey{first, second}, first, second))
			b.want(b.init(), 0)
			b.want(b.refresh(), 0)
			b.wantVersions(2, 1, 1, 1)
			b.Replace("3.root.json", root(3, 2, []*testKey{first, second}, first, other))
			b.want(b.refresh(), 1)
			b.wantVersions(2, 1, 1, 1)
		})
	}
}

// In what order delegated roles are looked at, by the requests that are made.
func TestConformanceDelegations(t *testing.T) {
	type edge struct {
		from, to    string
		paths       string // by spaces; "" is *
		terminating bool
	}
	type file struct{ role, path string }
	tree := []edge{{"targets", "A", "*.doc *.md", false}, {"targets", "B", "releases/*/*", false},
		{"B", "C", "releases/x/*", false}, {"B", "D", "releases/y/*.zip", false}}
	files := []file{{"targets", "targetfile"}, {"A", "README.md"}, {"C", "releases/x/x_v1"}, {"D", "releases/y/y_v1.zip"}, {"D", "releases/z/z_v1.zip"}}
	ab := []edge{{"targets", "A", "", false}, {"targets", "B", "", false}}
	and := func(more ...edge) []edge { return append(slices.Clone(ab), more...) }
	for _, s := range []struct {
		name   string
		edges  []edge
		target string
		found  bool
		order  string
	}{
		{"one delegation", ab[:1], "missing", false, "A"},
		{"two", ab, "missing", false, "A B"},
		{"two levels", and(edge{"B", "C", "", false}), "missing", false, "A B C"},
		{"depth first", and(edge{"A", "C", "", false}, edge{"A", "D", "", false}), "missing", false, "A C D B"},
		{"three levels", and(edge{"A", "C", "", false}, edge{"C", "D", "", false}), "missing", false, "A C D B"},
		{"terminating", and(edge{"A", "C", "", true}, edge{"A", "D", "", false}), "missing", false, "A C"},
		{"terminating, with something below", and(edge{"A", "C", "", true}, edge{"C", "D", "", false}), "missing", false, "A C D"},
		{"a branch that does not match", []edge{{"targets", "A", "*.py", false}, {"targets", "B", "", false}, {"A", "C", "", false}}, "missing", false, "B"},
		{"a deeper branch that does not match", and(edge{"A", "C", "*.py", false}, edge{"C", "D", "", false}), "missing", false, "A B"},
		{"a cycle", and(edge{"B", "C", "", false}, edge{"C", "D", "", false}, edge{"D", "B", "", false}), "missing", false, "A B C D"},
		{"two delegate to a third", and(edge{"B", "C", "", false}, edge{"A", "C", "", false}), "missing", false, "A C B"},
		{"two delegate to a third, one of them does not match", and(edge{"B", "C", "", false}, edge{"A", "C", "*.py", false}), "missing", false, "A B C"},
		{"search: no delegation", tree, "targetfile", true, ""},
		{"search: wildcard", tree, "README.md", true, "A"},
		{"search: with separators", tree, "releases/x/x_v1", true, "B C"},
		{"search: with separators and suffix", tree, "releases/y/y_v1.zip", true, "B D"},
		{"search: not delegated by all on the way", tree, "releases/z/z_v1.zip", false, "B"},
	} {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, nil)
			b.want(b.init(), 0)
			for _, e := range s.edges {
				paths := strings.Fields(e.paths)
				if e.paths == "" {
					paths = []string{"*"}
				}
				b.must(b.Delegate(e.from, tuftest.Delegation{Name: e.to, Paths: paths, Terminating: e.terminating}))
			}
			if strings.HasPrefix(s.name, "search") {
				for _, f := range files {
					b.must(b.Add(f.role, tuftest.Target{Path: f.path, Content: []byte("content of " + f.path)}))
				}
			}
			b.Publish()
			want := []string{"2.root.json", "timestamp.json", "2.snapshot.json", "2.targets.json"}
			for _, role := range strings.Fields(s.order) {
				want = append(want, "1."+role+".json")
			}
			if s.found {
				b.want(b.download(s.target), 0)
				b.wantDownloads("content of " + s.target)
				dir, _ := filepath.Split(s.target)
				want = append(want, "targets/"+dir+requestOf(b))
			} else {
				b.want(b.download(s.target), 1)
				b.wantDownloads()
			}
			b.wantRequests(want...)
		})
	}
}

// Names of roles and targets are escaped in requests and confined on disk.
func TestConformanceQuoting(t *testing.T) {
	for _, role := range []string{"?", "#", "/delegatedrole", "../delegatedrole", "..", "a b", "ä", `qu"oted`, "100%", "1.root"} {
		t.Run("role "+role, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, nil)
			b.must(b.Delegate("targets", tuftest.Delegation{Name: role, Paths: []string{"*"}}))
			b.Publish()
			b.want(b.init(), 0)
			b.want(b.download("no such target"), 1)
			b.seen += 4
			b.wantRequests("1." + escaped(role) + ".json")
			if got := b.files(); len(got) != 5 {
				t.Errorf("trusted: %v", got)
			}
			outside, err := filepath.Glob(filepath.Join(b.dir, "*.json"))
			if err != nil || len(outside) != 1 { // initial_root.json
				t.Errorf("outside of the folder: %v, %v", outside, err)
			}
		})
	}
	for _, path := range []string{"a b", "ä/ö", "x?y", "x#y", "100%", "%2e%2e/x", "a+b", `qu"oted`, ".hidden", "deep/er/down", strings.Repeat("long", 50)} {
		t.Run("target "+path[:min(20, len(path))], func(t *testing.T) {
			t.Parallel()
			b := newBench(t, nil)
			b.AddTarget(path, []byte("content"))
			b.Publish()
			b.want(b.init(), 0)
			b.want(b.download(path), 0)
			b.wantDownloads("content")
			b.AddTarget(path, []byte("new content"))
			b.Publish()
			b.want(b.download(path), 0) // under the same name
			b.wantDownloads("new content")
		})
	}
	t.Run("a target outside", func(t *testing.T) {
		b := newBench(t, nil)
		b.AddTarget("../outside", []byte("content"))
		b.Publish()
		b.want(b.init(), 0)
		b.want(b.download("../outside"), 1)
		b.wantDownloads()
	})
}

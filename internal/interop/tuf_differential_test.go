// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/tuf"
	"github.com/tallystick/tallystick/tuf/tuftest"
	"github.com/tallystick/tallystick/verify"
)

// A duel is a repository of tuftest and somebody who uses it with both clients.
type duel struct {
	*tuftest.Repository
	*tufClient
	t *testing.T
}

// newDuel publishes app in the targets role and team/tool in a delegated one.
func newDuel(t *testing.T, opts tuftest.Options) *duel {
	t.Helper()
	opts.Time = tufTime.Add(-time.Hour)
	opts.Seed = []byte(t.Name())
	d := &duel{Repository: tuftest.New(&opts), t: t}
	d.AddTarget("app", []byte("the release"))
	d.do(d.Delegate("targets", tuftest.Delegation{Name: "team", Paths: []string{"team/*"}}))
	d.do(d.Add("team", tuftest.Target{Path: "team/tool", Content: []byte("a tool")}))
	d.Publish()
	server := httptest.NewServer(d.Repository)
	t.Cleanup(server.Close)
	d.tufClient = newTUFClient(t, server.URL, tuftest.MetadataPath, tuftest.TargetsPath, d.Root())
	return d
}

func (d *duel) do(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

type object = map[string]any

// signed returns the signed member of a published file.
func (d *duel) signed(file string) object {
	d.t.Helper()
	var envelope struct{ Signed json.RawMessage }
	d.do(json.Unmarshal(d.File(file), &envelope))
	dec := json.NewDecoder(bytes.NewReader(envelope.Signed))
	dec.UseNumber()
	var signed object
	d.do(dec.Decode(&signed))
	return signed
}

// resign serves another version of a file, well signed by the keys of a role.
func (d *duel) resign(role, file string, edit func(signed object)) {
	d.t.Helper()
	signed := d.signed(file)
	edit(signed)
	data, err := d.Sign(role, marshal(d.t, signed))
	d.do(err)
	d.Replace(file, data)
}

// edit serves a file that is altered as a whole.
func (d *duel) edit(file string, edit func(envelope object)) {
	d.t.Helper()
	var envelope object
	dec := json.NewDecoder(bytes.NewReader(d.File(file)))
	dec.UseNumber()
	d.do(dec.Decode(&envelope))
	edit(envelope)
	d.Replace(file, marshal(d.t, envelope))
}

// Everything that tuftest publishes, both take.
func TestTUFHonest(t *testing.T) {
	rotate := func(roles ...string) func(d *duel) {
		return func(d *duel) {
			for _, role := range roles {
				d.do(d.RotateKeys(role))
			}
			d.Publish()
		}
	}
	for _, test := range []struct {
		name string
		edit func(d *duel)
		// targets are asked for besides app and team/tool; those that do not
		// exist are found by neither.
		targets map[string]string
		// flat: files are altered by names without a version.
		flat bool
	}{
		{name: "nothing new", edit: func(d *duel) {}},
		{name: "published again", edit: rotate()},
		{name: "a new release", edit: func(d *duel) {
			d.AddTarget("more", []byte("more"))
			d.AddTarget("empty", nil)
			d.Publish()
		}, targets: map[string]string{"more": "more", "empty": ""}},
		{name: "root keys rotated", edit: rotate("root")},
		{name: "timestamp keys rotated", edit: rotate("timestamp")},
		{name: "snapshot keys rotated", edit: rotate("snapshot")},
		{name: "targets keys rotated", edit: rotate("targets")},
		{name: "delegated keys rotated", edit: rotate("team")},
		{name: "every key rotated, twice", edit: func(d *duel) {
			for range 2 {
				rotate("root", "timestamp", "snapshot", "targets", "team")(d)
			}
		}},
		{name: "thresholds", edit: func(d *duel) {
			for i, role := range []string{"root", "timestamp", "snapshot", "targets"} {
				d.do(d.SetThreshold(role, 1+i, 2+i))
			}
			d.Publish()
		}},
		{name: "delegations with a threshold, nested, terminating", edit: func(d *duel) {
			d.do(d.Delegate("targets", tuftest.Delegation{Name: "group", Paths: []string{"group/*/*", "?roup/[a-z]*"}, Threshold: 2, Keys: 3}))
			d.do(d.Delegate("group", tuftest.Delegation{Name: "inner", Paths: []string{"group/inner/*"}, Terminating: true}))
			d.do(d.Delegate("group", tuftest.Delegation{Name: "hidden", Paths: []string{"group/*/*"}}))
			d.do(d.Add("group", tuftest.Target{Path: "group/x", Content: []byte("of the group")}))
			d.do(d.Add("inner", tuftest.Target{Path: "group/inner/x", Content: []byte("inside"), Algorithms: []hash.Algorithm{hash.SHA512}}))
			d.do(d.Add("hidden", tuftest.Target{Path: "group/inner/hidden", Content: []byte("hidden")}))
			d.do(d.Add("hidden", tuftest.Target{Path: "group/other/x", Content: []byte("other")}))
			d.Publish()
		}, targets: map[string]string{"group/x": "of the group", "group/inner/x": "inside", "group/other/x": "other", "group/inner/hidden": missing}},
		{name: "succinct bins", edit: func(d *duel) {
			d.do(d.Delegate("targets", tuftest.Delegation{Name: "all", Paths: []string{"bins/*"}}))
			d.do(d.DelegateBins("all", "bin", 3))
			for _, name := range []string{"0", "1", "2"} {
				d.do(d.Add("bin", tuftest.Target{Path: "bins/" + name, Content: []byte(name)}))
			}
			d.Publish()
		}, targets: map[string]string{"bins/0": "0", "bins/1": "1", "bins/2": "2", "bins/3": missing}},
		{name: "two hashes, custom", edit: func(d *duel) {
			d.do(d.Add("targets", tuftest.Target{Path: "dir/two", Content: []byte("two"), Algorithms: []hash.Algorithm{hash.SHA256, hash.SHA512},
				Custom: object{"arch": "amd64"}}))
			d.Publish()
		}, targets: map[string]string{"dir/two": "two"}},
		{name: "consistent snapshots turned on", edit: func(d *duel) {
			d.SetConsistentSnapshot(true)
			d.Publish()
		}},
		{name: "consistent snapshots turned off", edit: func(d *duel) {
			d.SetConsistentSnapshot(false)
			d.Publish()
		}},
		{name: "after everything that the client has seen has expired", edit: func(d *duel) {
			d.now = d.now.AddDate(2, 0, 0)
			d.SetTime(d.now)
			d.do(d.SetExpiry("root", d.now.AddDate(1, 0, 0)))
			d.AddTarget("late", []byte("late"))
			d.do(d.Add("team", tuftest.Target{Path: "team/late", Content: []byte("late too")}))
			d.Publish()
		}, targets: map[string]string{"late": "late", "team/late": "late too"}},
		{name: "a key of the future that no role has", flat: true, edit: func(d *duel) {
			d.AddTarget("more", []byte("more"))
			d.Publish()
			d.resign("targets", "targets.json",
				set(object{"keytype": "future", "scheme": "future", "keyval": object{"public": "?"}}, "delegations", "keys", "ff"))
		}, targets: map[string]string{"more": "more"}},
		{name: "members that nobody knows", flat: true, edit: func(d *duel) {
			d.Publish()
			d.resign("timestamp", "timestamp.json", set(object{"ü": []any{"\n", json.Number("1")}}, "x-more"))
			d.edit("snapshot.json", set("unsigned", "x-more"))
		}},
	} {
		for _, flat := range []bool{false, true} {
			if test.flat && !flat {
				continue
			}
			t.Run(fmt.Sprintf("%s, flat %t", test.name, flat), func(t *testing.T) {
				t.Parallel()
				d := newDuel(t, tuftest.Options{VersionsOnly: flat, NotConsistent: flat})
				d.wantTarget("app", "the release")
				d.wantTarget("team/tool", "a tool")
				test.edit(d)
				d.wantTarget("app", "the release")
				d.wantTarget("team/tool", "a tool")
				for target, content := range test.targets {
					if content != missing {
						d.wantTarget(target, content)
						continue
					}
					_, err := d.get(target)
					rejected(t, err, tuf.CodeTargetNotFound)
					if _, err := d.peerGet(target); err == nil {
						t.Errorf("go-tuf finds %s", target)
					}
				}
			})
		}
	}
}

// missing is the content of what does not exist.
const missing = "\x00"

// set returns an edit of one member, which may be nested.
func set(value any, names ...string) func(object) {
	return func(signed object) {
		for _, name := range names[:len(names)-1] {
			signed = signed[name].(object)
		}
		signed[names[len(names)-1]] = value
	}
}

func number(n int) json.Number { return json.Number(fmt.Sprint(n)) }

// Mutations of a good repository, each by itself. The client has used it before.
func TestTUFMutations(t *testing.T) {
	const accept verify.Code = ""
	flip := func(file string) func(d *duel) {
		return func(d *duel) {
			d.edit(file, func(envelope object) {
				s := envelope["signatures"].([]any)[0].(object)
				sig := s["sig"].(string)
				digit := "0"
				if sig[20] == '0' {
					digit = "1"
				}
				s["sig"] = sig[:20] + digit + sig[21:]
			})
		}
	}
	// resign alters a file that is then well signed again.
	resign := func(role string, edit func(object)) func(d *duel) {
		return func(d *duel) { d.resign(role, role+".json", edit) }
	}
	newRoot := func(edit func(object)) func(d *duel) {
		return func(d *duel) {
			d.do(d.RotateKeys("targets"))
			d.Publish()
			d.resign("root", "2.root.json", edit)
		}
	}
	threshold := func(role string) func(d *duel) {
		return func(d *duel) {
			d.do(d.SetThreshold(role, 2, 2))
			d.Publish()
			file := role + ".json"
			if role == "root" {
				file = "2.root.json"
			}
			d.edit(file, func(envelope object) { envelope["signatures"] = envelope["signatures"].([]any)[:1] })
		}
	}
	expired := func(role string) func(d *duel) {
		return func(d *duel) {
			d.do(d.SetExpiry(role, tufTime.Add(-time.Second)))
			d.Publish()
		}
	}
	swapped := func(file, other string) func(d *duel) {
		return func(d *duel) { d.Replace(file, d.File(other)) }
	}
	attack := func(a tuftest.Attack) func(d *duel) {
		return func(d *duel) {
			d.AddTarget("app", []byte("the next release"))
			d.Publish()
			d.do(d.Attack(a))
		}
	}
	for _, test := range []struct {
		name   string
		edit   func(d *duel)
		target string // "app" if empty
		want   verify.Code
		// differs says why go-tuf decides otherwise; it agrees if it is empty.
		differs string
		fresh   bool // the client has not used it before
		pinned  bool // snapshot and timestamp state lengths and hashes
	}{
		{name: "timestamp expired", edit: expired("timestamp"), want: tuf.CodeFreeze},
		{name: "snapshot expired", edit: expired("snapshot"), want: tuf.CodeExpired},
		{name: "targets expired", edit: expired("targets"), want: tuf.CodeExpired},
		{name: "delegated role expired", edit: expired("team"), target: "team/tool", want: tuf.CodeExpired},
		{name: "delegated role expired, other target", edit: expired("team"), want: accept},
		{name: "root expired", edit: expired("root"), want: tuf.CodeFreeze},
		{name: "nothing published any more", edit: func(d *duel) { d.now = d.now.AddDate(0, 0, 2) }, want: tuf.CodeFreeze},
		{name: "at the instant of the expiry", edit: func(d *duel) {
			d.do(d.SetExpiry("timestamp", tufTime))
			d.Publish()
		}, want: tuf.CodeFreeze, differs: "go-tuf: expired after the instant"},

		{name: "snapshot is not the version listed", edit: resign("snapshot", set(number(7), "version")), want: tuf.CodeMixAndMatch, fresh: true},
		{name: "targets is not the version listed", edit: resign("targets", set(number(7), "version")), want: tuf.CodeMixAndMatch, fresh: true},
		{name: "delegated role is not the version listed", edit: resign("team", set(number(7), "version")), target: "team/tool",
			want: tuf.CodeMixAndMatch, fresh: true},
		{name: "root skips a version", edit: newRoot(set(number(3), "version")), want: tuf.CodeVersion},
		{name: "root of version 0", edit: newRoot(set(number(0), "version")), want: tuf.CodeMalformed},
		{name: "root goes back", edit: func(d *duel) {
			d.do(d.RotateKeys("targets"))
			d.Publish()
			d.wantTarget("app", "the release")
			d.do(d.RotateKeys("targets"))
			d.Publish()
			d.resign("root", "3.root.json", set(number(1), "version"))
		}, want: tuf.CodeRollback},
		{name: "root stays", edit: func(d *duel) { d.Replace("2.root.json", d.Root()) }, want: accept,
			differs: "section 5.3.5: an equal version is discarded and the update goes on; go-tuf ends it"},
		{name: "timestamp of version 0", edit: resign("timestamp", set(number(0), "version")), want: tuf.CodeMalformed, fresh: true,
			differs: "go-tuf does not check versions below 1"},
		{name: "specification of the future", edit: resign("timestamp", func(signed object) {
			signed["spec_version"], signed["version"] = "2.0.0", number(9)
		}), want: tuf.CodeSpecVersion, differs: "go-tuf does not check spec_version"},

		{name: "bad signature of the root", edit: func(d *duel) {
			d.do(d.RotateKeys("targets"))
			d.Publish()
			flip("2.root.json")(d)
		}, want: tuf.CodeSignatureThreshold},
		{name: "bad signature of the timestamp", edit: flip("timestamp.json"), want: tuf.CodeSignatureThreshold},
		{name: "bad signature of the snapshot", edit: flip("snapshot.json"), want: tuf.CodeSignatureThreshold, fresh: true},
		{name: "bad signature of the targets", edit: flip("targets.json"), want: tuf.CodeSignatureThreshold, fresh: true},
		{name: "bad signature of a delegated role", edit: flip("team.json"), target: "team/tool", want: tuf.CodeSignatureThreshold, fresh: true},
		{name: "one of two signatures of the root", edit: threshold("root"), want: tuf.CodeSignatureThreshold},
		{name: "one of two signatures of the timestamp", edit: threshold("timestamp"), want: tuf.CodeSignatureThreshold},
		{name: "one of two signatures of the snapshot", edit: threshold("snapshot"), want: tuf.CodeSignatureThreshold},
		{name: "one of two signatures of the targets", edit: threshold("targets"), want: tuf.CodeSignatureThreshold},
		{name: "a root that only the new keys have signed", edit: func(d *duel) {
			d.do(d.RotateKeys("root"))
			d.Publish()
			d.edit("2.root.json", func(envelope object) { envelope["signatures"] = envelope["signatures"].([]any)[:1] })
		}, want: tuf.CodeSignatureThreshold},
		{name: "a root that only the old keys have signed", edit: func(d *duel) {
			d.do(d.RotateKeys("root"))
			d.Publish()
			d.edit("2.root.json", func(envelope object) { envelope["signatures"] = envelope["signatures"].([]any)[1:] })
		}, want: tuf.CodeSignatureThreshold},
		{name: "a signature twice", edit: func(d *duel) {
			d.edit("timestamp.json", func(envelope object) {
				s := envelope["signatures"].([]any)
				envelope["signatures"] = append(s, s[0])
			})
		}, want: tuf.CodeMalformed},
		{name: "one key under two ids", edit: func(d *duel) {
			d.resign("targets", "targets.json", func(signed object) {
				delegations := signed["delegations"].(object)
				role := delegations["roles"].([]any)[0].(object)
				id := role["keyids"].([]any)[0].(string)
				delegations["keys"].(object)["twin"] = delegations["keys"].(object)[id]
				role["keyids"], role["threshold"] = []any{id, "twin"}, number(2)
			})
			d.edit("team.json", func(envelope object) {
				s := envelope["signatures"].([]any)
				envelope["signatures"] = append(s, object{"keyid": "twin", "sig": s[0].(object)["sig"]})
			})
		}, target: "team/tool", want: tuf.CodeSignatureThreshold, fresh: true},
		{name: "forged", edit: attack(tuftest.ForgedMetadata), want: tuf.CodeSignatureThreshold},
		{name: "tampered", edit: attack(tuftest.TamperedMetadata), want: tuf.CodeSignatureThreshold},
		{name: "no signature", edit: attack(tuftest.MissingSignature), want: tuf.CodeSignatureThreshold},
		{name: "stolen timestamp key", edit: attack(tuftest.StolenTimestampKey), want: tuf.CodeSignatureThreshold},

		{name: "rollback of everything", edit: func(d *duel) {
			d.Publish()
			d.wantTarget("app", "the release")
			d.do(d.Attack(tuftest.Rollback))
		}, want: tuf.CodeRollback},
		{name: "timestamp goes back", edit: func(d *duel) {
			d.Publish()
			d.wantTarget("app", "the release")
			d.resign("timestamp", "timestamp.json", set(number(1), "version"))
		}, want: tuf.CodeRollback},
		{name: "timestamp lists an older snapshot", edit: func(d *duel) {
			d.Publish()
			d.wantTarget("app", "the release")
			d.resign("timestamp", "timestamp.json", func(signed object) {
				signed["version"] = number(9)
				set(number(1), "meta", "snapshot.json", "version")(signed)
			})
		}, want: tuf.CodeRollback},
		{name: "snapshot lists an older targets", edit: func(d *duel) {
			d.AddTarget("app", []byte("the next release"))
			d.Publish()
			d.wantTarget("app", "the next release")
			d.Publish()
			d.resign("snapshot", "snapshot.json", set(number(1), "meta", "targets.json", "version"))
		}, want: tuf.CodeRollback},
		{name: "snapshot does not list a role any more", edit: func(d *duel) {
			d.Publish()
			d.resign("snapshot", "snapshot.json", func(signed object) { delete(signed["meta"].(object), "team.json") })
		}, want: tuf.CodeRollback},
		{name: "snapshot does not list a delegated role", edit: func(d *duel) {
			d.resign("snapshot", "snapshot.json", func(signed object) { delete(signed["meta"].(object), "team.json") })
		}, target: "team/tool", want: tuf.CodeMixAndMatch, fresh: true},

		{name: "snapshot as timestamp", edit: swapped("timestamp.json", "snapshot.json"), want: tuf.CodeSignatureThreshold},
		{name: "targets as snapshot", edit: swapped("snapshot.json", "targets.json"), want: tuf.CodeSignatureThreshold, fresh: true},
		{name: "delegated role as targets", edit: swapped("targets.json", "team.json"), want: tuf.CodeSignatureThreshold, fresh: true},
		{name: "targets as delegated role", edit: swapped("team.json", "targets.json"), target: "team/tool", want: tuf.CodeSignatureThreshold, fresh: true},
		{name: "the snapshot's type in a timestamp", edit: resign("timestamp", set("snapshot", "_type")), want: tuf.CodeMalformed, fresh: true},
		{name: "mix and match", edit: attack(tuftest.MixAndMatch), want: tuf.CodeMixAndMatch, fresh: true, pinned: true},
		{name: "targets of another hash, well signed", edit: func(d *duel) {
			d.resign("targets", "1.targets.json", set("2030-01-01T00:00:00Z", "expires"))
		}, want: tuf.CodeMixAndMatch, fresh: true, pinned: true},
		{name: "snapshot of another hash, well signed", edit: func(d *duel) {
			d.resign("snapshot", "1.snapshot.json", set("2030-01-01T00:00:00Z", "expires"))
		}, want: tuf.CodeMixAndMatch, fresh: true, pinned: true},

		{name: "other content", edit: attack(tuftest.WrongTarget), want: tuf.CodeHash},
		{name: "endless content", edit: attack(tuftest.EndlessTarget), want: tuf.CodeLength},
		{name: "a target outside the delegated paths", edit: func(d *duel) {
			d.do(d.Add("team", tuftest.Target{Path: "other/tool", Content: []byte("not theirs")}))
			d.Publish()
		}, target: "other/tool", want: tuf.CodeTargetNotFound},
		{name: "a star does not match a slash", edit: func(d *duel) {
			d.do(d.Add("team", tuftest.Target{Path: "team/a/b", Content: []byte("too deep")}))
			d.Publish()
		}, target: "team/a/b", want: tuf.CodeTargetNotFound},

		{name: "half a timestamp", edit: func(d *duel) { d.Replace("timestamp.json", d.File("timestamp.json")[:99]) }, want: tuf.CodeMalformed},
		{name: "an empty timestamp", edit: func(d *duel) { d.Replace("timestamp.json", []byte{}) }, want: tuf.CodeMalformed},
		{name: "something behind the timestamp", edit: func(d *duel) {
			d.Replace("timestamp.json", append(d.File("timestamp.json"), "{}"...))
		}, want: tuf.CodeMalformed},
		{name: "threshold 0", edit: newRoot(set(number(0), "roles", "timestamp", "threshold")), want: tuf.CodeMalformed},
		{name: "no keys", edit: newRoot(set([]any{}, "roles", "timestamp", "keyids")), want: tuf.CodeMalformed},

		// What we accept and go-tuf does not, or the other way round.
		{name: "expires with +00:00", edit: resign("timestamp", func(signed object) {
			signed["expires"], signed["version"] = "2030-01-01T00:00:00+00:00", number(9)
		}), want: accept, differs: "go-tuf verifies what it has encoded again"},
		{name: "upper-case hex", edit: resign("targets", func(signed object) {
			hashes := signed["targets"].(object)["app"].(object)["hashes"].(object)
			hashes["sha256"] = strings.ToUpper(hashes["sha256"].(string))
		}), want: accept, fresh: true, differs: "go-tuf verifies what it has encoded again"},
		{name: "a key of the future in a role", edit: resign("targets", func(signed object) {
			delegations := signed["delegations"].(object)
			delegations["keys"].(object)["ff"] = object{"keytype": "future", "scheme": "future", "keyval": object{"public": "?"}}
			role := delegations["roles"].([]any)[0].(object)
			role["keyids"] = append(role["keyids"].([]any), "ff")
		}), target: "team/tool", want: accept, fresh: true, differs: "go-tuf needs to know every key of a role"},
		{name: "a signature beside it that is not hex", edit: func(d *duel) {
			d.Publish()
			d.edit("timestamp.json", func(envelope object) {
				envelope["signatures"] = append(envelope["signatures"].([]any), object{"keyid": "ff", "sig": "no hex"})
			})
		}, want: accept, differs: "go-tuf needs every signature to be hex"},
		{name: "a hash of the future beside a known one", edit: resign("targets",
			set("00", "targets", "app", "hashes", "future")), want: accept, fresh: true, differs: "go-tuf needs to know every hash"},
		{name: "delegation by hash prefix", edit: func(d *duel) {
			d.do(d.Delegate("targets", tuftest.Delegation{Name: "by hash", HashPrefixes: []string{hashPrefix("hashed", 2)}}))
			d.do(d.Add("by hash", tuftest.Target{Path: "hashed", Content: []byte("the release")}))
			d.Publish()
		}, target: "hashed", want: accept, differs: "hex by the specification; go-tuf compares base64"},
		{name: "the second of two delegators has other keys", edit: func(d *duel) {
			d.do(d.Delegate("targets", tuftest.Delegation{Name: "first", Paths: []string{"first/*"}}))
			d.do(d.Delegate("targets", tuftest.Delegation{Name: "second", Paths: []string{"second/*"}}))
			d.do(d.Delegate("first", tuftest.Delegation{Name: "shared", Paths: []string{"*/*"}}))
			d.do(d.Delegate("second", tuftest.Delegation{Name: "shared", Paths: []string{"*/*"}, Unsigned: true}))
			d.do(d.Add("shared", tuftest.Target{Path: "second/x", Content: []byte("the release")}))
			d.Publish()
		}, target: "second/x", want: tuf.CodeSignatureThreshold},
		{name: "a damaged cache", edit: func(d *duel) {
			for _, dir := range []string{d.dir, d.peerDir} {
				d.do(os.WriteFile(filepath.Join(dir, "timestamp.json"), []byte("{"), 0o600))
			}
		}, want: accept, differs: "go-tuf fails until somebody deletes the file"},
		{name: "recovery from a fast-forward by a new snapshot key", edit: func(d *duel) {
			d.do(d.Attack(tuftest.FastForward))
			d.wantTarget("app", "the release")
			d.do(d.Attack(tuftest.Honest))
			d.do(d.RotateKeys("snapshot"))
			d.Publish()
		}, want: accept, differs: "section 5.3.11; go-tuf keeps the timestamp"},
		{name: "recovery from a fast-forward by both keys", edit: func(d *duel) {
			d.do(d.Attack(tuftest.FastForward))
			d.wantTarget("app", "the release")
			d.do(d.Attack(tuftest.Honest))
			d.do(d.RotateKeys("snapshot"))
			d.do(d.RotateKeys("timestamp"))
			d.Publish()
		}, want: accept},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := newDuel(t, tuftest.Options{VersionsOnly: !test.pinned, NotConsistent: !test.pinned})
			if test.target == "" {
				test.target = "app"
			}
			if !test.fresh {
				d.wantTarget("app", "the release")
				d.wantTarget("team/tool", "a tool")
			}
			test.edit(d)
			data, err := d.get(test.target)
			if test.want != accept {
				rejected(t, err, test.want)
			} else if err != nil {
				t.Errorf("we reject: %v", err)
			}
			theirs, peerErr := d.peerGet(test.target)
			if agree := (err == nil) == (peerErr == nil) && bytes.Equal(data, theirs); agree != (test.differs == "") {
				t.Errorf("go-tuf gets %q, %v; differs: %q", theirs, peerErr, test.differs)
			}
		})
	}
}

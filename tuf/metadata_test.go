// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package tuf_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/tallystick/tallystick/internal/canonicaljson"
	"github.com/tallystick/tallystick/internal/strictjson"
	"github.com/tallystick/tallystick/tuf"
	"github.com/tallystick/tallystick/tuf/tuftest"
	"github.com/tallystick/tallystick/verify"
)

type object = map[string]any

func decode(t testing.TB, data []byte) object {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var o object
	if err := d.Decode(&o); err != nil {
		t.Fatal(err)
	}
	return o
}

func encode(t testing.TB, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// files are the metadata files of a fixture that has published once. A new root is
// version 2 with the content of version 1.
var files = map[string]string{
	"root":      "2.root.json",
	"timestamp": "timestamp.json",
	"snapshot":  "1.snapshot.json",
	"targets":   "1.targets.json",
	"dev":       "1.dev.json",
}

// signed returns what is signed in the file of a role.
func (f *fixture) signed(role string) object {
	f.t.Helper()
	name := files[role]
	if role == "root" {
		name = "1.root.json"
	}
	signed := decode(f.t, f.File(name))["signed"].(object)
	if role == "root" {
		signed["version"] = 2
	}
	return signed
}

// publish serves a file of a role with other content, well signed.
func (f *fixture) publish(role string, signed any) {
	f.t.Helper()
	data, err := f.Sign(role, encode(f.t, signed))
	if err != nil {
		f.t.Fatal(err)
	}
	f.Replace(files[role], data)
}

// pinless returns a fixture with a delegation to role dev, whose files are pinned
// by version only, so that whatever is well signed is looked at.
func pinless(t *testing.T) *fixture {
	f := newFixture(t, tuftest.Options{VersionsOnly: true, Seed: []byte("pinless")})
	f.Repository = tuftest.New(&tuftest.Options{VersionsOnly: true, Time: start, Seed: []byte("pinless")})
	f.AddTarget("app.tar.gz", []byte("the release"))
	if err := f.Delegate("targets", tuftest.Delegation{Name: "dev", Paths: []string{"dev/*"}}); err != nil {
		t.Fatal(err)
	}
	if err := f.Add("dev", tuftest.Target{Path: "dev/tool", Content: []byte("a tool"), Custom: object{"a": 1}}); err != nil {
		t.Fatal(err)
	}
	f.Publish()
	f.config.Root = f.Root()
	f.handle(f.Repository.ServeHTTP)
	f.renew()
	return f
}

// lookUp refreshes and looks up a target of the role dev, so that the files of all
// roles are read.
func (f *fixture) lookUp() (*tuf.Target, error) {
	s, err := f.client.RefreshAt(f.t.Context(), f.now)
	if err != nil {
		return nil, err
	}
	return s.Target(f.t.Context(), "dev/tool")
}

// at returns the object on a path of names.
func at(o object, path ...string) object {
	for _, p := range path {
		o = o[p].(object)
	}
	return o
}

const ok verify.Code = ""

func TestWellSignedMetadata(t *testing.T) {
	set := func(name string, value any) func(object) {
		return func(o object) { o[name] = value }
	}
	remove := func(name string) func(object) {
		return func(o object) { delete(o, name) }
	}
	in := func(edit func(object), path ...string) func(object) {
		return func(o object) { edit(at(o, path...)) }
	}
	delegated := func(edit func(object)) func(object) {
		return func(o object) { edit(at(o, "delegations")["roles"].([]any)[0].(object)) }
	}
	for _, test := range []struct {
		role, name string
		edit       func(object)
		code       verify.Code
	}{
		{"root", "unchanged", func(object) {}, ok},
		{"root", "unknown members", set("x-more", []any{nil, "a"}), ok},
		{"root", "version stays", set("version", 1), ok}, // discarded
		{"root", "version skipped", set("version", 3), tuf.CodeVersion},
		{"root", "version of the largest kind", set("version", int64(1<<62)), tuf.CodeVersion},
		{"root", "expired", set("expires", "2026-10-01T00:00:00Z"), tuf.CodeFreeze},
		{"root", "no consistent_snapshot", remove("consistent_snapshot"), tuf.CodeNotFound}, // means false, and there are no such files
		{"root", "no timestamp role", in(remove("timestamp"), "roles"), tuf.CodeMalformed},
		{"root", "unknown role", in(set("other", 5), "roles"), ok},
		{"root", "role in other case", in(set("Root", object{}), "roles"), tuf.CodeMalformed},
		{"root", "no keys for a role", in(set("keyids", []any{}), "roles", "snapshot"), tuf.CodeMalformed},
		{"root", "threshold zero", in(set("threshold", 0), "roles", "targets"), tuf.CodeMalformed},
		{"root", "threshold negative", in(set("threshold", -1), "roles", "targets"), tuf.CodeMalformed},
		{"root", "threshold out of reach", in(set("threshold", 2), "roles", "targets"), tuf.CodeSignatureThreshold},
		{"root", "own threshold out of reach", in(set("threshold", 2), "roles", "root"), tuf.CodeSignatureThreshold},
		{"root", "key listed nowhere", in(set("keyids", []any{"00"}), "roles", "timestamp"), tuf.CodeSignatureThreshold},
		{"root", "key of unknown type besides", func(o object) {
			at(o, "keys")["ff"] = object{"keytype": "future", "scheme": "future", "keyval": object{"identity": 1}}
			r := at(o, "roles", "timestamp")
			r["keyids"] = append(r["keyids"].([]any), "ff")
		}, ok},
		{"root", "2-byte ed25519 key besides", func(o object) {
			at(o, "keys")["ff"] = object{"keytype": "ed25519", "scheme": "ed25519", "keyval": object{"public": "ffff"}}
			r := at(o, "roles", "root")
			r["keyids"] = append(r["keyids"].([]any), "ff")
		}, ok},
		{"root", "too many keys for a role", func(o object) {
			r := at(o, "roles", "root")
			for i := range 2000 {
				r["keyids"] = append(r["keyids"].([]any), fmt.Sprint(i))
			}
		}, tuf.CodeMalformed},

		{"timestamp", "unchanged", func(object) {}, ok},
		{"timestamp", "type of another role", set("_type", "snapshot"), tuf.CodeMalformed},
		{"timestamp", "spec version 2", set("spec_version", "2.0.0"), tuf.CodeSpecVersion},
		{"timestamp", "spec version 10", set("spec_version", "10.0.0"), tuf.CodeSpecVersion},
		{"timestamp", "spec version 1", set("spec_version", "1"), tuf.CodeSpecVersion},
		{"timestamp", "spec version 1.0", set("spec_version", "1.0"), ok},
		{"timestamp", "spec version of the future", set("spec_version", "1.9.9-rc1"), ok},
		{"timestamp", "spec version empty", set("spec_version", ""), tuf.CodeSpecVersion},
		{"timestamp", "no spec version", remove("spec_version"), tuf.CodeMalformed},
		{"timestamp", "version zero", set("version", 0), tuf.CodeMalformed},
		{"timestamp", "version negative", set("version", -1), tuf.CodeMalformed},
		{"timestamp", "version too large", set("version", json.Number("9223372036854775807")), ok},
		{"timestamp", "no expiry", remove("expires"), tuf.CodeMalformed},
		{"timestamp", "expires at this instant", set("expires", "2026-11-01T13:00:00Z"), tuf.CodeFreeze},
		{"timestamp", "expires in a second", set("expires", "2026-11-01T13:00:01Z"), ok},
		{"timestamp", "expiry with an offset", set("expires", "2026-11-01T13:00:01+00:00"), ok},
		{"timestamp", "expiry in another zone", set("expires", "2026-11-01T14:00:00+01:00"), tuf.CodeFreeze},
		{"timestamp", "expiry is a date", set("expires", "2027-11-01"), tuf.CodeMalformed},
		{"timestamp", "expiry without zone", set("expires", "2027-11-01T14:00:00"), tuf.CodeMalformed},
		{"timestamp", "expiry is no time", set("expires", "2027-13-01T14:00:00Z"), tuf.CodeMalformed},
		{"timestamp", "no snapshot", set("meta", object{}), tuf.CodeMalformed},
		{"timestamp", "snapshot version zero", in(set("version", 0), "meta", "snapshot.json"), tuf.CodeMalformed},
		{"timestamp", "snapshot without version", in(remove("version"), "meta", "snapshot.json"), tuf.CodeMalformed},
		{"timestamp", "negative length", in(set("length", -1), "meta", "snapshot.json"), tuf.CodeMalformed},
		{"timestamp", "another length", in(set("length", 3), "meta", "snapshot.json"), tuf.CodeMixAndMatch},
		{"timestamp", "no hash", in(set("hashes", object{}), "meta", "snapshot.json"), tuf.CodeMalformed},
		{"timestamp", "unknown hash", in(set("hashes", object{"future": "00"}), "meta", "snapshot.json"), tuf.CodeMalformed},
		{"timestamp", "hash of a tree", in(set("hashes", object{"dirHash": strings.Repeat("0", 64)}), "meta", "snapshot.json"), tuf.CodeMalformed},
		{"timestamp", "short hash", in(set("hashes", object{"sha256": "00"}), "meta", "snapshot.json"), tuf.CodeMalformed},
		{"timestamp", "another hash", in(set("hashes", object{"sha256": strings.Repeat("0", 64)}), "meta", "snapshot.json"), tuf.CodeMixAndMatch},
		{"timestamp", "another weak hash", in(set("hashes", object{"md5": strings.Repeat("0", 32)}), "meta", "snapshot.json"), tuf.CodeMixAndMatch},
		{"timestamp", "member in other case", set("Version", 1), tuf.CodeMalformed},

		{"snapshot", "unchanged", func(object) {}, ok},
		{"snapshot", "another version", set("version", 2), tuf.CodeMixAndMatch},
		{"snapshot", "expired", set("expires", "2026-10-01T00:00:00Z"), tuf.CodeExpired},
		{"snapshot", "no targets", in(remove("targets.json"), "meta"), tuf.CodeMalformed},
		{"snapshot", "no delegated role", in(remove("dev.json"), "meta"), tuf.CodeMixAndMatch},
		{"snapshot", "another version of targets", in(set("version", 2), "meta", "targets.json"), tuf.CodeNotFound},

		{"targets", "unchanged", func(object) {}, ok},
		{"targets", "another version", set("version", 2), tuf.CodeMixAndMatch},
		{"targets", "expired", set("expires", "2026-10-01T00:00:00Z"), tuf.CodeExpired},
		{"targets", "no targets", remove("targets"), tuf.CodeMalformed},
		{"targets", "target null", in(set("x", nil), "targets"), tuf.CodeMalformed},
		{"targets", "target without length", in(remove("length"), "targets", "app.tar.gz"), tuf.CodeMalformed},
		{"targets", "target of negative length", in(set("length", -1), "targets", "app.tar.gz"), tuf.CodeMalformed},
		{"targets", "target without hashes", in(remove("hashes"), "targets", "app.tar.gz"), tuf.CodeMalformed},
		{"targets", "target with no hash", in(set("hashes", object{}), "targets", "app.tar.gz"), tuf.CodeMalformed},
		{"targets", "custom no object", in(set("custom", 5), "targets", "app.tar.gz"), tuf.CodeMalformed},
		{"targets", "no delegations", remove("delegations"), tuf.CodeTargetNotFound},
		{"targets", "delegations without keys", in(remove("keys"), "delegations"), tuf.CodeMalformed},
		{"targets", "delegations without roles", in(remove("roles"), "delegations"), tuf.CodeMalformed},
		{"targets", "roles and bins", in(set("succinct_roles", object{"keyids": []any{}, "threshold": 1, "bit_length": 1, "name_prefix": "b"}), "delegations"), tuf.CodeMalformed},
		{"targets", "delegation to root", delegated(set("name", "root")), tuf.CodeMalformed},
		{"targets", "delegation to itself", delegated(set("name", "targets")), tuf.CodeMalformed},
		{"targets", "delegation without name", delegated(set("name", "")), tuf.CodeMalformed},
		{"targets", "delegation with threshold zero", delegated(set("threshold", 0)), tuf.CodeMalformed},
		{"targets", "delegation with threshold two", delegated(set("threshold", 2)), tuf.CodeSignatureThreshold},
		{"targets", "delegation without keys", delegated(set("keyids", []any{})), tuf.CodeSignatureThreshold},
		{"targets", "delegation without paths", delegated(remove("paths")), tuf.CodeTargetNotFound},
		{"targets", "delegation of no paths", delegated(set("paths", []any{})), tuf.CodeTargetNotFound},
		{"targets", "delegation of paths and prefixes", delegated(set("path_hash_prefixes", []any{"0"})), tuf.CodeMalformed},
		{"targets", "delegation of other paths", delegated(set("paths", []any{"*"})), tuf.CodeTargetNotFound},
		{"targets", "delegation without terminating", delegated(remove("terminating")), ok},
		{"targets", "two delegations to one role", func(o object) {
			d := at(o, "delegations")
			d["roles"] = append(d["roles"].([]any), d["roles"].([]any)[0])
		}, tuf.CodeMalformed},

		{"dev", "unchanged", func(object) {}, ok},
		{"dev", "type is the role's name", set("_type", "dev"), tuf.CodeMalformed},
		{"dev", "another version", set("version", 2), tuf.CodeMixAndMatch},
		{"dev", "expired", set("expires", "2026-10-01T00:00:00Z"), tuf.CodeExpired},
		{"dev", "upper-case hash", func(o object) {
			h := at(o, "targets", "dev/tool", "hashes")
			h["sha256"] = strings.ToUpper(h["sha256"].(string))
		}, ok},
		{"dev", "unknown hash besides", in(set("future", "x"), "targets", "dev/tool", "hashes"), ok},
		{"dev", "weak hash only", in(set("hashes", object{"sha1": strings.Repeat("0", 40)}), "targets", "dev/tool"), tuf.CodeWeakHash},
	} {
		t.Run(test.role+", "+test.name, func(t *testing.T) {
			t.Parallel()
			f := pinless(t)
			signed := f.signed(test.role)
			test.edit(signed)
			f.publish(test.role, signed)
			target, err := f.lookUp()
			if test.code == ok {
				if err != nil {
					t.Fatal(err)
				}
				if target.Length() != int64(len("a tool")) {
					t.Errorf("%d bytes", target.Length())
				}
				return
			}
			if target != nil {
				t.Error("a target beside an error")
			}
			want(t, err, test.code, test.code == tuf.CodeNotFound)
		})
	}
}

// Null, or another value of the wrong type, in any place of any file.
func TestWrongTypes(t *testing.T) {
	for role := range files {
		t.Run(role, func(t *testing.T) {
			f := pinless(t)
			var places [][]any
			var walk func(v any, path []any)
			walk = func(v any, path []any) {
				if len(path) > 0 {
					places = append(places, append([]any(nil), path...))
				}
				switch v := v.(type) {
				case object:
					for name, below := range v {
						if name != "custom" {
							walk(below, append(path, name))
						}
					}
				case []any:
					for i, below := range v {
						walk(below, append(path, i))
					}
				}
			}
			walk(f.signed(role), nil)
			for _, path := range places {
				for _, value := range []any{nil, object{}, []any{object{}}, "x", json.Number("-3"), json.Number("99999999999999999999")} {
					signed := f.signed(role)
					if !replace(signed, path, value) {
						continue
					}
					data, err := f.Sign(role, encode(t, signed))
					if err != nil {
						continue // canonical JSON has no such number; see TestFormOfFiles
					}
					length, err := tuf.Replay(f.now, f.config.Root, func(r string) []byte {
						switch {
						case r == role:
							return data
						case r == "root":
							return nil
						}
						return f.File(files[r])
					}, "dev/tool")
					switch code := tuf.CodeOfFinding(err); {
					case err == nil && value != nil && (path[0] == "keys" || length == 6):
						// A free text, or a key that nobody needs.
					case err == nil:
						t.Errorf("%v at %v is accepted", value, path)
					case value == nil && code != string(tuf.CodeMalformed):
						t.Errorf("null at %v: %v", path, err)
					case code == "":
						t.Errorf("%v at %v: %T %v", value, path, err, err)
					}
				}
			}
		})
	}
}

// replace sets the value at a path, and reports whether that is another kind.
func replace(o any, path []any, value any) bool {
	var old any
	set := func(any) {}
	for _, p := range path {
		switch v := o.(type) {
		case object:
			old = v[p.(string)]
			set = func(value any) { v[p.(string)] = value }
		case []any:
			old = v[p.(int)]
			set = func(value any) { v[p.(int)] = value }
		}
		o = old
	}
	set(value)
	return fmt.Sprintf("%T", old) != fmt.Sprintf("%T", value)
}

// What is no strict JSON is refused whatever is signed.
func TestFormOfFiles(t *testing.T) {
	for _, test := range []struct {
		name string
		edit func(string) string
	}{
		{"empty", func(string) string { return "" }},
		{"cut", func(s string) string { return s[:len(s)-1] }},
		{"trailing data", func(s string) string { return s + "{}" }},
		{"byte order mark", func(s string) string { return "\ufeff" + s }},
		{"zeros", func(s string) string { return strings.Repeat("\x00", len(s)) }},
		{"HTML", func(string) string { return "<html><body>Please log in</body></html>" }},
		{"null", func(string) string { return "null" }},
		{"array", func(string) string { return "[]" }},
		{"empty object", func(string) string { return "{}" }},
		{"signed null", func(string) string { return `{"signed":null,"signatures":[]}` }},
		{"signatures null", func(s string) string { return `{"signatures":null,` + s[strings.Index(s, `"signed"`):] }},
		{"signature null", func(s string) string { return `{"signatures":[null],` + s[strings.Index(s, `"signed"`):] }},
		{"two signed members", func(s string) string { return `{"signed":{},` + s[1:] }},
		{"two versions", func(s string) string { return strings.Replace(s, `"version":1`, `"version":9,"version":1`, 1) }},
		{"two versions, one escaped", func(s string) string { return strings.Replace(s, `"version":1`, `"\u0076ersion":9,"version":1`, 1) }},
		{"invalid UTF-8", func(s string) string { return strings.Replace(s, `"version":1`, `"x":"`+"\xff"+`","version":1`, 1) }},
		{"fraction", func(s string) string { return strings.Replace(s, `"version":1`, `"version":1.0`, 1) }},
		{"NaN", func(s string) string { return strings.Replace(s, `"version":1`, `"version":NaN`, 1) }},
		{"deep", func(s string) string {
			return strings.Replace(s, `"version":1`, `"x":`+strings.Repeat("[", 500)+strings.Repeat("]", 500)+`,"version":1`, 1)
		}},
		{"two signatures with one key id", func(s string) string {
			i, j := strings.Index(s, "[")+1, strings.Index(s, "]")
			return s[:j] + "," + s[i:j] + s[j:]
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := pinless(t)
			for _, role := range []string{"timestamp", "snapshot", "targets", "dev"} {
				f.Replace(files[role], []byte(test.edit(string(f.File(files[role])))))
				_, err := f.lookUp()
				want(t, err, tuf.CodeMalformed, false)
				f.Replace(files[role], nil)
			}
			f.Replace(files["root"], []byte(test.edit(string(f.File("1.root.json")))))
			_, err := f.lookUp()
			want(t, err, tuf.CodeMalformed, false)
		})
	}
}

// Signatures that are of no use do no harm, and prove nothing.
func TestSignatures(t *testing.T) {
	keyID := func(o object) string { return o["signatures"].([]any)[0].(object)["keyid"].(string) }
	add := func(id, sig string) func(object) {
		return func(o object) {
			o["signatures"] = append([]any{object{"keyid": id, "sig": sig}}, o["signatures"].([]any)...)
		}
	}
	for _, test := range []struct {
		name string
		edit func(object)
		code verify.Code
	}{
		{"unchanged", func(object) {}, ok},
		{"of a stranger", add("stranger", "00"), ok},
		{"of a stranger, not hex", add("stranger", "xyz"), ok},
		{"with members more", func(o object) { o["signatures"].([]any)[0].(object)["x"] = 1; o["x"] = nil }, ok},
		{"in upper case", func(o object) {
			s := o["signatures"].([]any)[0].(object)
			s["sig"] = strings.ToUpper(s["sig"].(string))
		}, ok},
		{"none", func(o object) { o["signatures"] = []any{} }, tuf.CodeSignatureThreshold},
		{"under another key id", func(o object) { o["signatures"].([]any)[0].(object)["keyid"] = "stranger" }, tuf.CodeSignatureThreshold},
		{"not hex", func(o object) { o["signatures"].([]any)[0].(object)["sig"] = "xyz" }, tuf.CodeSignatureThreshold},
		{"empty", func(o object) { o["signatures"].([]any)[0].(object)["sig"] = "" }, tuf.CodeSignatureThreshold},
		{"of something else", func(o object) { at(o, "signed")["x"] = 1 }, tuf.CodeSignatureThreshold},
		{"good and bad with one key id", func(o object) { add(keyID(o), "00")(o) }, tuf.CodeMalformed},
		{"too many", func(o object) {
			for i := range 2000 {
				add(fmt.Sprint(i), "")(o)
			}
		}, tuf.CodeMalformed},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := pinless(t)
			f.config.Limits.Timestamp = 1 << 20
			f.renew()
			for _, role := range []string{"timestamp", "targets", "dev"} {
				file := decode(t, f.File(files[role]))
				test.edit(file)
				f.Replace(files[role], encode(t, file))
				f.config.Dir = t.TempDir()
				f.renew()
				_, err := f.lookUp()
				if test.code != ok {
					want(t, err, test.code, false)
				} else if err != nil {
					t.Error(err)
				}
				f.Replace(files[role], nil)
			}
		})
	}
}

// A threshold counts keys, not key ids: one key under two ids is one.
func TestThresholdCountsKeys(t *testing.T) {
	f := pinless(t)
	root := f.signed("root")
	role := at(root, "roles", "timestamp")
	id := role["keyids"].([]any)[0].(string)
	at(root, "keys")["alias"] = at(root, "keys", id)
	role["keyids"] = []any{id, "alias"}
	role["threshold"] = 2
	f.publish("root", root)
	timestamp := decode(t, f.File("timestamp.json"))
	sig := timestamp["signatures"].([]any)[0].(object)["sig"]
	timestamp["signatures"] = []any{object{"keyid": id, "sig": sig}, object{"keyid": "alias", "sig": sig}}
	f.Replace("timestamp.json", encode(t, timestamp))
	_, err := f.lookUp()
	want(t, err, tuf.CodeSignatureThreshold, false)

	role["threshold"] = 1
	f.publish("root", root)
	f.config.Dir = t.TempDir()
	f.renew()
	if _, err := f.lookUp(); err != nil {
		t.Error(err)
	}
}

// Signatures are over the canonical form of the bytes as they are: white space,
// order, escapes and members that we do not know change nothing.
func TestSpelling(t *testing.T) {
	f := pinless(t)
	signed := f.signed("timestamp")
	signed["x-unknown"] = object{"b": nil, "a": []any{"<&>", "é"}}
	data, err := f.Sign("timestamp", encode(t, signed))
	if err != nil {
		t.Fatal(err)
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, data, "\r\n", "\t"); err != nil {
		t.Fatal(err)
	}
	spelled := strings.Replace(pretty.String(), `"timestamp"`, `"\u0074imest\u0061mp"`, 1)
	if _, err := canonicaljson.Canonical([]byte(spelled), strictjson.Limits{}); err != nil {
		t.Fatal(err)
	}
	f.Replace("timestamp.json", []byte(spelled))
	if _, err := f.lookUp(); err != nil {
		t.Error(err)
	}
}

// Readers that fold the case of names would see another hash than those that do not.
func TestHashNamesThatDifferInCase(t *testing.T) {
	for _, other := range []string{"SHA256", "Sha256"} {
		f := pinless(t)
		signed := f.signed("dev")
		at(signed, "targets", "dev/tool", "hashes")[other] = strings.Repeat("b", 64)
		f.publish("dev", signed)
		_, err := f.lookUp()
		want(t, err, tuf.CodeMalformed, false)
	}
	// Alone it is an unknown algorithm.
	f := pinless(t)
	signed := f.signed("dev")
	at(signed, "targets", "dev/tool", "hashes")["SHA512"] = "?"
	f.publish("dev", signed)
	if _, err := f.lookUp(); err != nil {
		t.Error(err)
	}
}

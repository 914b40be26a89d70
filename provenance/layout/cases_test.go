// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package layout_test

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tallystick/tallystick/provenance/layout"
	"github.com/tallystick/tallystick/verify"
)

// A rowCase is one decision of the table in the package documentation, which is
// numbered here: one alteration of a world that is accepted. What has many kinds has
// more cases in tables of its own, which say so.
//
//	 1  link of another step                 14  names that are URIs
//	 2  one link under two names             15  what does not parse
//	 3  one key under two ids                16  members that nobody knows
//	 4  thresholds                           17  expiry
//	 5  functionaries who disagree           18  no steps
//	 6  links that cannot be used            19  sublayouts (TestSublayoutCases, TestSignedInspection)
//	 7  signatures and key ids               20  keys
//	 8  names for one path in a link         21  kinds of signatures (TestSignatureKinds)
//	 9  DISALLOW, REQUIRE and paths          22  parameters
//	10  MATCH IN                             23  commands
//	11  patterns that match nothing          24  names of steps
//	12  patterns                             25  certificates (TestCertificates)
//	13  digests
//
// And by name: layout (its signatures), rules (the words that have no row), statement
// (links as Statements), OpenPGP (TestOpenPGP, TestDSA), trace (TestTrace), cost
// (TestRuleBudget, TestBadInputBudget), sources (TestDirLinks, TestBundle, TestEnvelopes).
type rowCase struct {
	row  string
	name string
	edit func(t testing.TB, w *world)
	// want are codes of the rejection; none means that it is accepted.
	want []verify.Code
	// says is what the report must say, in a rejection or as a finding.
	says string
}

func (c rowCase) run(t *testing.T) {
	w := newWorld()
	c.edit(t, w)
	v, err := w.verify(t)
	var text string
	if len(c.want) == 0 {
		if err != nil {
			t.Fatalf("rejected: %v\n%s", err, report(t, err))
		}
		e := v.Evidence()
		text = fmt.Sprintf("%+v", e)
	} else {
		if err == nil {
			t.Fatal("accepted")
		}
		r := report(t, err)
		text = r.String()
		if r.Verdict != verify.Rejected {
			t.Errorf("verdict %s", r.Verdict)
		}
		for _, code := range c.want {
			if !errors.Is(err, code) {
				t.Errorf("not %s but %s\n%s", code, r.Codes, r)
			}
		}
		if len(r.Codes) > 0 && r.Codes[0] != c.want[0] {
			t.Errorf("first code %s, want %s\n%s", r.Codes[0], c.want[0], r)
		}
	}
	if !strings.Contains(text, c.says) {
		t.Errorf("the report does not say %q:\n%s", c.says, text)
	}
}

func TestCases(t *testing.T) {
	good, bad := map[string]bool{}, map[string]bool{}
	for _, c := range slices.Concat(evidenceCases(), ruleCases(), layoutCases(), keyCases(), signerCases(), otherCases()) {
		t.Run(fmt.Sprintf("row %s %s", c.row, c.name), c.run)
		if len(c.want) == 0 {
			good[c.row] = true
		} else {
			bad[c.row] = true
		}
	}
	rows := []string{"layout", "rules", "statement", "OpenPGP", "trace", "cost", "sources"}
	for i := range 25 {
		rows = append(rows, fmt.Sprint(i+1))
	}
	for _, row := range rows {
		// Without steps nothing is accepted, and the trace is of rejections.
		if !bad[row] || !good[row] && row != "18" && row != "trace" {
			t.Errorf("row %s has no case that is accepted, or none that is rejected", row)
		}
	}
}

// products of bob's and carol's link with the given ones instead.
func build(w *world, materials, products obj) {
	l := link("build", materials, products)
	w.put("build", l, "bob")
	w.put("build", l, "carol")
}

func codes(list ...verify.Code) []verify.Code { return list }

func evidenceCases() []rowCase {
	sources := func() obj { return files("src/main.go", "README") }
	made := func() obj { return files("src/main.go", "app") }
	goodLink := func() obj { return link("build", sources(), made()) }
	return []rowCase{
		{"1", "link of another step", func(t testing.TB, w *world) {
			w.put("write", link("build", obj{}, files("src/main.go", "README")), "alice")
		}, codes(layout.CodeLinkName, layout.CodeThreshold), `found:    one of step "build"`},
		{"1", "link of another step beside enough good ones", func(t testing.TB, w *world) {
			w.links["build.link"] = dsse(link("write", sources(), made()), "bob")
		}, nil, string(layout.CodeLinkName)},

		{"2", "one link copied under the name of another functionary", func(t testing.TB, w *world) {
			w.links["build."+id8("carol")+".link"] = w.links["build."+id8("bob")+".link"]
		}, codes(layout.CodeThreshold), "2 of 2 functionaries"},

		{"3", "one public key under two ids", func(t testing.TB, w *world) {
			twin := public("bob")
			delete(twin, "keyid")
			w.layout["keys"].(obj)["twin"] = twin
			w.step(1)["pubkeys"] = []string{id("bob"), "twin"}
			w.links["build.twin.link"] = dsse(goodLink(), "bob")
		}, codes(layout.CodeThreshold), "threshold 2 and 1 usable keys"},
		{"3", "one public key under two ids beside another functionary", func(t testing.TB, w *world) {
			twin := public("bob")
			delete(twin, "keyid")
			w.layout["keys"].(obj)["twin"] = twin
			w.step(1)["pubkeys"] = []string{id("bob"), "twin", id("carol")}
			w.links["build.twin.link"] = dsse(goodLink(), "bob")
			delete(w.links, "build."+id8("carol")+".link")
		}, codes(layout.CodeThreshold), "found:    1"},
		{"3", "key that calls itself otherwise", func(t testing.TB, w *world) {
			k := public("bob")
			k["keyid"] = id("carol")
			w.layout["keys"].(obj)[id("bob")] = k
		}, codes(layout.CodeKey), "calls itself"},
		{"3", "key id that is not the computed one", func(t testing.TB, w *world) {
			k := public("bob")
			k["keyid"] = "bob's key"
			w.layout["keys"].(obj)["bob's key"] = k
			w.step(1)["pubkeys"] = []string{"bob's key", id("carol")}
		}, nil, ""},

		{"4", "threshold 0", func(t testing.TB, w *world) { w.step(0)["threshold"] = 0 }, codes(layout.CodeMalformed), "threshold 0"},
		{"4", "one link missing that is not needed", func(t testing.TB, w *world) {
			w.step(1)["threshold"] = 1
			delete(w.links, "build."+id8("bob")+".link")
		}, nil, ""},
		{"4", "threshold -1", func(t testing.TB, w *world) { w.step(0)["threshold"] = -1 }, codes(layout.CodeMalformed), "threshold -1"},
		{"4", "no threshold", func(t testing.TB, w *world) { delete(w.step(0), "threshold") }, codes(layout.CodeMalformed), "no threshold"},
		{"4", "null threshold", func(t testing.TB, w *world) { w.step(0)["threshold"] = nil }, codes(layout.CodeMalformed), "threshold"},
		{"4", "threshold in quotes", func(t testing.TB, w *world) { w.step(0)["threshold"] = "1" }, codes(layout.CodeMalformed), "threshold"},
		{"4", "threshold above the number of keys", func(t testing.TB, w *world) { w.step(0)["threshold"] = 2 }, codes(layout.CodeThreshold), "1 usable"},
		{"4", "step without keys", func(t testing.TB, w *world) { w.step(0)["pubkeys"] = []string{} }, codes(layout.CodeMalformed), "names no functionary"},
		{"4", "step with a key that is not listed", func(t testing.TB, w *world) { w.step(0)["pubkeys"] = []string{id("dave")} }, codes(layout.CodeMalformed), "not among the keys"},
		{"4", "one link missing", func(t testing.TB, w *world) { delete(w.links, "build."+id8("bob")+".link") }, codes(layout.CodeThreshold), "found:    1"},
		{"4", "all links missing", func(t testing.TB, w *world) { w.links = nil }, codes(layout.CodeThreshold), "there is no link"},

		{"5", "functionaries disagree on a digest", func(t testing.TB, w *world) {
			w.put("build", link("build", sources(), obj{"src/main.go": sum("content of src/main.go"), "app": sum("backdoor")}), "bob")
		}, codes(layout.CodeDisagreement), `differ in products: "app" (`},
		{"5", "functionaries disagree on a name", func(t testing.TB, w *world) {
			w.put("build", link("build", sources(), files("src/main.go", "app", "more")), "bob")
		}, codes(layout.CodeDisagreement), `"more" (only in the`},
		{"5", "functionaries disagree on materials", func(t testing.TB, w *world) {
			w.put("build", link("build", files("README"), made()), "bob")
		}, codes(layout.CodeDisagreement), "differ in materials"},
		{"5", "one more than the threshold disagrees", func(t testing.TB, w *world) {
			w.step(1)["threshold"] = 1
			w.put("build", link("build", sources(), obj{"app": sum("backdoor")}), "bob")
		}, codes(layout.CodeDisagreement), ""},
		{"5", "sha256 and sha256 with sha512 agree", func(t testing.TB, w *world) {
			w.put("build", link("build", sources(), obj{"src/main.go": sum("content of src/main.go"), "app": sums("content of app")}), "bob")
		}, nil, ""},
		{"5", "no strong algorithm in common", func(t testing.TB, w *world) {
			s := sums("content of app")
			delete(s, "sha256")
			w.put("build", link("build", sources(), obj{"src/main.go": sum("content of src/main.go"), "app": s}), "bob")
		}, codes(layout.CodeDisagreement), "no shared strong algorithm"},

		{"6", "extra link of somebody else", func(t testing.TB, w *world) { w.put("build", goodLink(), "dave") }, nil, string(layout.CodeLinkSignature)},
		{"6", "extra link that is not JSON", func(t testing.TB, w *world) { w.links["build.12345678.link"] = []byte("junk") }, nil, string(layout.CodeLinkMalformed)},
		{"6", "extra link with a wrong signature", func(t testing.TB, w *world) {
			data := dsse(goodLink(), "bob")
			w.links["build.12345678.link"] = bytes.Replace(data, []byte(`"sig":"`), []byte(`"sig":"AAAA`), 1)
		}, nil, string(layout.CodeLinkSignature)},
		{"6", "extra malformed link of a functionary", func(t testing.TB, w *world) {
			w.links["build.link"] = dsse(obj{"_type": "link", "name": "build", "materials": []int{1}}, "bob")
		}, nil, string(layout.CodeLinkMalformed)},
		{"6", "only a link of somebody else", func(t testing.TB, w *world) {
			w.links["write."+id8("alice")+".link"] = dsse(link("write", obj{}, sources()), "mallory")
		}, codes(layout.CodeLinkSignature, layout.CodeThreshold), ""},
		{"6", "link altered after it was signed", func(t testing.TB, w *world) {
			w.links["write."+id8("alice")+".link"] = bytes.Replace(legacy(link("write", obj{}, sources()), "alice"), []byte(`"README"`), []byte(`"readme"`), 1)
		}, codes(layout.CodeLinkSignature, layout.CodeThreshold), ""},

		{"7", "bad and good signature under one key id", func(t testing.TB, w *world) {
			w.signed = func(payload []byte) []byte {
				return replace(t, `"signatures":[`, `"signatures":[{"keyid":"`+id("owner")+`","sig":"AAAA"},`)(dsse(payload, "owner"))
			}
		}, nil, "signature 1 with key id"},
		{"7", "undecodable signature beside a good one", func(t testing.TB, w *world) {
			w.signed = func(payload []byte) []byte {
				return replace(t, `"signatures":[`, `"signatures":[{"keyid":"x","sig":"!!"},`)(dsse(payload, "owner"))
			}
		}, nil, ""},
		{"7", "undecodable signature beside a good one, older form", func(t testing.TB, w *world) {
			w.signed = func(payload []byte) []byte {
				return replace(t, `"signatures":[`, `"signatures":[{"keyid":"x","sig":"xyz"},`)(legacy(payload, "owner"))
			}
		}, nil, "not hex"},
		{"7", "wrong key id at a good signature", func(t testing.TB, w *world) {
			w.signed = func(payload []byte) []byte { return replace(t, id("owner"), id("alice"))(legacy(payload, "owner")) }
		}, nil, ""},
		{"7", "more signatures than the limit", func(t testing.TB, w *world) {
			w.signed = func(payload []byte) []byte {
				many := strings.Repeat(`{"keyid":"x","sig":"00"},`, 1024)
				return replace(t, `"signatures":[`, `"signatures":[`+many)(legacy(payload, "owner"))
			}
		}, codes(layout.CodeLimit), "more than 1024 signatures"},
		{"7", "the key id alone", func(t testing.TB, w *world) {
			w.signed = func(payload []byte) []byte { return replace(t, id("mallory"), id("owner"))(legacy(payload, "mallory")) }
		}, codes(layout.CodeSignature), "expected: all of 1 keys"},

		{"8", "foo and ./foo in one link", func(t testing.TB, w *world) {
			build(w, sources(), files("src/main.go", "app", "./app"))
		}, codes(layout.CodeLinkAmbiguous, layout.CodeThreshold), "mean one path"},
		{"8", "two spellings that are both not clean", func(t testing.TB, w *world) {
			build(w, sources(), files("src/main.go", "x//app", "./x/app"))
		}, codes(layout.CodeLinkAmbiguous, layout.CodeThreshold), "mean one path"},
		{"8", "foo as material and ./foo as product", func(t testing.TB, w *world) {
			build(w, sources(), files("src/main.go", "app", "./README"))
		}, codes(layout.CodeLinkAmbiguous, layout.CodeThreshold), "mean one path"},
		{"8", "./foo is not foo for ALLOW", func(t testing.TB, w *world) {
			w.step(1)["expected_products"] = rules([]string{"ALLOW", "app"}, []string{"ALLOW", "src/*"}, []string{"DISALLOW", "*"})
			build(w, sources(), files("src/main.go", "./app"))
		}, codes(layout.CodeRule), `"./app"`},
		{"8", "./foo is not foo for REQUIRE", func(t testing.TB, w *world) {
			w.step(1)["expected_products"] = rules([]string{"REQUIRE", "app"})
			build(w, sources(), files("src/main.go", "./app"))
		}, codes(layout.CodeRule), `there is "./app"`},
		{"8", "./foo is not foo for DISALLOW", func(t testing.TB, w *world) {
			w.step(1)["expected_products"] = rules([]string{"DISALLOW", "app"})
			build(w, sources(), files("src/main.go", "./app"))
		}, nil, ""},

		{"13", "upper-case hex", func(t testing.TB, w *world) {
			s := sum("content of app")
			s["sha256"] = strings.ToUpper(s["sha256"].(string))
			build(w, sources(), obj{"app": s})
		}, codes(layout.CodeLinkMalformed, layout.CodeThreshold), "lower-case"},
		{"13", "truncated hex", func(t testing.TB, w *world) {
			s := sum("content of app")
			s["sha256"] = s["sha256"].(string)[:62]
			build(w, sources(), obj{"app": s})
		}, codes(layout.CodeLinkMalformed, layout.CodeThreshold), "must be 64"},
		{"13", "digest that is no string", func(t testing.TB, w *world) {
			build(w, sources(), obj{"app": obj{"sha256": 1}})
		}, codes(layout.CodeLinkMalformed, layout.CodeThreshold), ""},
		{"13", "digest of an unknown algorithm that is no string", func(t testing.TB, w *world) {
			s := sum("content of app")
			s["md17"] = []int{1}
			build(w, sources(), obj{"src/main.go": sum("content of src/main.go"), "app": s})
		}, codes(layout.CodeLinkMalformed, layout.CodeThreshold), "must be a string"},
		{"13", "unknown algorithm beside a known one", func(t testing.TB, w *world) {
			s := sum("content of app")
			s["md17"] = "XYZ"
			build(w, sources(), obj{"src/main.go": sum("content of src/main.go"), "app": s})
		}, nil, `unknown algorithm "md17"`},
		{"13", "artifact without a name", func(t testing.TB, w *world) {
			build(w, sources(), obj{"": sum("x")})
		}, codes(layout.CodeLinkMalformed, layout.CodeThreshold), "empty name"},
		{"statement", "Statement that lists a product twice", func(t testing.TB, w *world) {
			s := statement("https://in-toto.io/Statement/v1", "https://in-toto.io/attestation/link/v0.3", files("README"), obj{"name": "write"})
			s["subject"] = append(s["subject"].([]obj), obj{"name": "README", "digest": sum("other")})
			w.put("write", s, "alice")
		}, codes(layout.CodeLinkMalformed, layout.CodeThreshold), "listed twice"},
		{"statement", "Statement with a subject without a digest", func(t testing.TB, w *world) {
			w.put("write", statement("https://in-toto.io/Statement/v1", "https://in-toto.io/attestation/link/v0.3", obj{"README": obj{}}, obj{"name": "write"}), "alice")
		}, codes(layout.CodeLinkMalformed, layout.CodeThreshold), "name and digest"},
		{"statement", "Statement with an aliased member", func(t testing.TB, w *world) {
			s := statement("https://in-toto.io/Statement/v1", "https://in-toto.io/attestation/link/v0.3", files("src/main.go", "README"), obj{"name": "write"})
			s["predicate_type"] = "https://slsa.dev/provenance/v1"
			w.put("write", s, "alice")
		}, codes(layout.CodeLinkMalformed, layout.CodeThreshold), "not a member"},
		{"statement", "Statement without a subject", func(t testing.TB, w *world) {
			s := statement("https://in-toto.io/Statement/v1", "https://in-toto.io/attestation/link/v0.3", obj{}, obj{"name": "write"})
			delete(s, "subject")
			w.put("write", s, "alice")
		}, codes(layout.CodeLinkMalformed, layout.CodeThreshold), "no subject"},
		{"statement", "Statement with another predicate", func(t testing.TB, w *world) {
			w.put("write", statement("https://in-toto.io/Statement/v1", "https://slsa.dev/provenance/v1", files("README"), obj{"name": "write"}), "alice")
		}, codes(layout.CodeLinkMalformed, layout.CodeThreshold), "predicate type"},
		{"statement", "Statement in the older form of metadata", func(t testing.TB, w *world) {
			w.links["write."+id8("alice")+".link"] = legacy(statement("https://in-toto.io/Statement/v1", "https://in-toto.io/attestation/link/v0.3", files("README"), obj{"name": "write"}), "alice")
		}, codes(layout.CodeLinkMalformed, layout.CodeThreshold), "needs a DSSE envelope"},

		{"15", "link with a repeated member", func(t testing.TB, w *world) {
			raw := replace(t, `"name":"write"`, `"name":"write","name":"write"`)(marshal(link("write", obj{}, sources())))
			w.links["write."+id8("alice")+".link"] = legacyRaw(raw, "alice")
		}, codes(layout.CodeLinkMalformed, layout.CodeThreshold), "duplicate-member"},
		{"15", "link with an artifact listed twice", func(t testing.TB, w *world) {
			raw := replace(t, `"products":{`, `"products":{"README":{},`)(marshal(link("write", obj{}, sources())))
			w.put("write", raw, "alice")
		}, codes(layout.CodeLinkMalformed, layout.CodeThreshold), "duplicate-member"},
		{"15", "artifacts that differ in case only", func(t testing.TB, w *world) {
			w.layout["steps"] = []obj{step("write", 1, rules(), rules(), "alice")}
			w.put("write", link("write", obj{}, files("xt_TCPMSS.c", "xt_tcpmss.c")), "alice")
		}, nil, ""},
		{"16", "unknown member in a link", func(t testing.TB, w *world) {
			l := link("write", obj{}, sources())
			l["extra"] = 1
			w.put("write", l, "alice")
		}, nil, `the member "extra" was ignored`},

		{"16", "byproducts that are no object", func(t testing.TB, w *world) {
			l := link("write", obj{}, sources())
			l["byproducts"] = "opaque"
			w.put("write", l, "alice")
		}, nil, ""},

		{"23", "another command", func(t testing.TB, w *world) { w.step(0)["expected_command"] = []string{"vi"} }, nil, string(layout.CodeCommand)},
		{"23", "another command, commands required", func(t testing.TB, w *world) {
			w.step(0)["expected_command"] = []string{"vi"}
			w.opts.RequireCommands = true
		}, codes(layout.CodeCommand, layout.CodeThreshold), "expected: vi"},
		{"23", "no expected command, commands required", func(t testing.TB, w *world) {
			l := link("write", obj{}, sources())
			l["command"] = []string{"vi"}
			w.put("write", l, "alice")
			w.opts.RequireCommands = true
		}, nil, ""},

		{"24", "step names that are patterns and paths", func(t testing.TB, w *world) {
			for i, name := range []string{"*", "[a-z]"} {
				w.step(i)["name"] = name
			}
			w.step(1)["expected_materials"], w.step(1)["expected_products"] = rules(), rules()
			delete(w.links, "write."+id8("alice")+".link")
			w.put("*", link("*", obj{}, sources()), "alice")
			w.links["[a-z].link"] = dsse(link("[a-z]", sources(), made()), "bob", "carol")
		}, nil, ""},
		{"24", "a pattern as a name does not find other files", func(t testing.TB, w *world) {
			w.step(0)["name"] = "*"
			w.step(1)["expected_materials"] = rules()
			w.put("write", link("*", obj{}, sources()), "alice")
		}, codes(layout.CodeThreshold), "there is no link"},
		{"24", "step name with a slash", func(t testing.TB, w *world) {
			w.step(0)["name"] = "../write"
			w.step(1)["expected_materials"] = rules()
			w.put("write", link("../write", obj{}, sources()), "alice")
		}, codes(layout.CodeThreshold), "there is no link"},
		{"24", "STEP.link is evidence too", func(t testing.TB, w *world) {
			w.links = map[string][]byte{
				"write.link": dsse(link("write", obj{}, sources()), "alice"),
				"build.link": dsse(goodLink(), "carol", "bob"),
			}
		}, nil, ""},
		{"24", "a step name that looks like a file of another step", func(t testing.TB, w *world) {
			w.step(0)["name"] = "build.12345678"
			w.step(1)["expected_materials"] = rules()
			w.links["build.12345678.link"] = dsse(link("build.12345678", obj{}, sources()), "alice")
		}, nil, ""},
	}
}

// legacyRaw signs a payload that canonical JSON refuses, over its plain bytes.
func legacyRaw(raw []byte, name string) []byte {
	return bytes.Replace(legacy(obj{"replace": "me"}, name), []byte(`{"replace":"me"}`), raw, 1)
}

func ruleCases() []rowCase {
	sources := func() obj { return files("src/main.go", "README") }
	// only sets the rules and artifacts of the build step.
	only := func(materials, products [][]string, ms, ps obj) func(testing.TB, *world) {
		return func(t testing.TB, w *world) {
			w.step(1)["expected_materials"], w.step(1)["expected_products"] = materials, products
			build(w, ms, ps)
		}
	}
	r := func(words ...string) []string { return words }
	disallowed := codes(layout.CodeRule)
	nothing := rules()
	all := r("DISALLOW", "*")
	return []rowCase{
		{"9", "DISALLOW and a name that leads to the disallowed one", only(nothing, rules(r("DISALLOW", "foo")), obj{}, files("dir/../foo")), disallowed, `"dir/../foo"`},
		{"9", "DISALLOW and a name that leads elsewhere", only(nothing, rules(r("DISALLOW", "foo")), obj{}, files("dir/../bar")), nil, ""},
		{"9", "REQUIRE and a name that leads to the required one", only(nothing, rules(r("REQUIRE", "foo")), obj{}, files("x/../foo")), disallowed, `but there is "x/../foo"`},
		{"9", "REQUIRE and nothing", only(nothing, rules(r("REQUIRE", "foo")), obj{}, obj{}), disallowed, `an artifact "foo"`},
		{"9", "REQUIRE", only(nothing, rules(r("REQUIRE", "foo")), obj{}, files("foo")), nil, ""},
		{"9", "REQUIRE does not consume", only(nothing, rules(r("REQUIRE", "foo"), r("ALLOW", "foo"), all), obj{}, files("foo")), nil, ""},
		{"9", "REQUIRE after it was consumed", only(nothing, rules(r("ALLOW", "foo"), r("REQUIRE", "foo")), obj{}, files("foo")), disallowed, "has consumed it"},
		{"9", "an asterisk in REQUIRE is one", only(nothing, rules(r("REQUIRE", "fo*")), obj{}, files("fo*")), nil, ""},
		{"9", "REQUIRE takes no pattern", only(nothing, rules(r("REQUIRE", "fo*")), obj{}, files("foo")), disallowed, ""},

		{"10", "MATCH IN and an artifact outside the prefix", only(rules(r("MATCH", "README", "IN", "lib", "WITH", "PRODUCTS", "FROM", "write"), all), nothing, files("README"), obj{}), disallowed, "outside the prefix"},
		{"10", "MATCH IN", only(rules(r("MATCH", "README", "IN", "lib", "WITH", "PRODUCTS", "FROM", "write"), all), nothing, obj{"lib/README": sum("content of README")}, obj{}), nil, ""},
		{"10", "MATCH IN with a slash", only(rules(r("MATCH", "README", "IN", "lib/", "WITH", "PRODUCTS", "FROM", "write"), all), nothing, obj{"lib/README": sum("content of README")}, obj{}), nil, ""},
		{"10", "MATCH IN twice", only(rules(r("MATCH", "*.go", "IN", "lib", "WITH", "PRODUCTS", "IN", "src", "FROM", "write"), all), nothing, obj{"lib/main.go": sum("content of src/main.go")}, obj{}), nil, ""},
		{"10", "a prefix is no pattern", only(rules(r("MATCH", "README", "IN", "l*b", "WITH", "PRODUCTS", "FROM", "write"), all), nothing, obj{"lib/README": sum("content of README")}, obj{}), disallowed, ""},
		{"10", "a prefix ends at a slash", only(rules(r("MATCH", "*", "IN", "li", "WITH", "PRODUCTS", "FROM", "write"), all), nothing, obj{"lib/README": sum("content of README")}, obj{}), disallowed, ""},
		{"10", "an artifact that leads out of the other prefix", func(t testing.TB, w *world) {
			w.step(0)["expected_products"] = nothing
			w.put("write", link("write", obj{}, files("build/../b")), "alice")
			only(rules(r("MATCH", "*", "WITH", "PRODUCTS", "IN", "build", "FROM", "write"), all), nothing, obj{"../b": sum("content of build/../b")}, obj{})(t, w)
		}, disallowed, "leads out of the prefix"},
		{"10", "a pattern that leads out of the prefix", func(t testing.TB, w *world) {
			w.step(0)["expected_products"] = nothing
			w.put("write", link("write", obj{}, files("../b")), "alice")
			only(rules(r("MATCH", "../b", "IN", "build", "WITH", "PRODUCTS", "FROM", "write"), all), nothing, obj{"build/../b": sum("content of ../b")}, obj{})(t, w)
		}, disallowed, "leads out of the prefix"},
		{"10", "an absolute artifact under a prefix", func(t testing.TB, w *world) {
			w.step(0)["expected_products"] = nothing
			w.put("write", link("write", obj{}, files("build//b")), "alice")
			only(rules(r("MATCH", "/b", "WITH", "PRODUCTS", "IN", "build", "FROM", "write"), all), nothing, obj{"/b": sum("content of build//b")}, obj{})(t, w)
		}, disallowed, "leads out of the prefix"},
		{"10", "MATCH and another digest", only(rules(r("MATCH", "README", "WITH", "PRODUCTS", "FROM", "write"), all), nothing, obj{"README": sum("other")}, obj{}), disallowed, "has another digest"},
		{"10", "MATCH and another name", only(rules(r("MATCH", "*", "WITH", "PRODUCTS", "FROM", "write"), all), nothing, obj{"LICENSE": sum("content of README")}, obj{}), disallowed, "is not among"},
		{"10", "MATCH with the other side", only(rules(r("MATCH", "README", "WITH", "MATERIALS", "FROM", "write"), all), nothing, files("README"), obj{}), disallowed, "is not among"},
		{"10", "words in lower case", only(rules(r("match", "README", "with", "products", "from", "write"), r("disallow", "*")), nothing, files("README"), obj{}), nil, ""},

		{"11", "a bracket that is not closed", only(nothing, rules(r("ALLOW", "foo[bar"), all), obj{}, files("foo[bar")), nil, ""},
		{"11", "a set with a hyphen at its end", only(nothing, rules(r("ALLOW", "[a-]*"), all), obj{}, files("-x", "ay")), nil, ""},
		{"11", "a set that is empty", only(nothing, rules(r("DISALLOW", "[z-a]")), obj{}, files("a")), codes(layout.CodePattern), "can match nothing"},
		{"11", "an empty pattern", only(nothing, rules(r("DISALLOW", "")), obj{}, files("a")), codes(layout.CodePattern), "empty"},
		{"11", "an empty name", only(nothing, rules(r("REQUIRE", "")), obj{}, files("a")), codes(layout.CodePattern), "empty"},
		{"12", "* crosses /", only(nothing, rules(r("ALLOW", "a*z"), all), obj{}, files("a/b/z")), nil, ""},
		{"12", "? is one character", only(nothing, rules(r("ALLOW", "?"), all), obj{}, files("é", "世")), nil, ""},
		{"12", "no escape character", only(nothing, rules(r("ALLOW", `\*`), all), obj{}, files(`\x`)), nil, ""},
		{"12", "case matters", only(nothing, rules(r("ALLOW", "APP"), all), obj{}, files("app")), disallowed, ""},

		{"13", "MATCH and no digests", func(t testing.TB, w *world) {
			w.put("write", link("write", obj{}, obj{"README": obj{}}), "alice")
			only(rules(r("MATCH", "*", "WITH", "PRODUCTS", "FROM", "write"), all), nothing, obj{"README": obj{}}, obj{})(t, w)
		}, codes(layout.CodeDisagreement), "no strong digest"},
		{"13", "MATCH and no digests, one functionary", func(t testing.TB, w *world) {
			w.step(1)["threshold"] = 1
			w.put("write", link("write", obj{}, obj{"README": obj{}}), "alice")
			w.step(1)["expected_materials"] = rules(r("MATCH", "*", "WITH", "PRODUCTS", "FROM", "write"), all)
			w.put("build", link("build", obj{"README": obj{}}, files("app")), "bob")
			delete(w.links, "build."+id8("carol")+".link")
		}, disallowed, "shares no strong algorithm"},
		{"13", "MATCH by md5 only", func(t testing.TB, w *world) {
			weak := obj{"README": obj{"md5": strings.Repeat("0", 32)}}
			w.step(1)["threshold"] = 1
			w.put("write", link("write", obj{}, weak), "alice")
			w.step(1)["expected_materials"] = rules(r("MATCH", "*", "WITH", "PRODUCTS", "FROM", "write"), all)
			w.put("build", link("build", weak, files("app")), "bob")
			delete(w.links, "build."+id8("carol")+".link")
		}, disallowed, "shares no strong algorithm"},
		{"13", "MATCH by sha256 where one side has sha512 too", func(t testing.TB, w *world) {
			w.put("write", link("write", obj{}, obj{"README": sums("content of README")}), "alice")
			only(rules(r("MATCH", "*", "WITH", "PRODUCTS", "FROM", "write"), all), nothing, files("README"), obj{})(t, w)
		}, nil, ""},
		{"13", "MATCH where one shared algorithm differs", func(t testing.TB, w *world) {
			mixed := sums("content of README")
			mixed["sha512"] = sums("other")["sha512"]
			w.put("write", link("write", obj{}, obj{"README": mixed}), "alice")
			only(rules(r("MATCH", "*", "WITH", "PRODUCTS", "FROM", "write"), all), nothing, obj{"README": sums("content of README")}, obj{})(t, w)
		}, disallowed, "has another digest"},
		{"13", "MATCH by a digest that fewer than the threshold state", func(t testing.TB, w *world) {
			sha512 := sums("content of README")
			delete(sha512, "sha256")
			w.put("write", link("write", obj{}, obj{"README": sha512}), "alice")
			w.step(1)["expected_materials"] = rules(r("MATCH", "*", "WITH", "PRODUCTS", "FROM", "write"), all)
			w.step(1)["expected_products"] = nothing
			w.put("build", link("build", obj{"README": sums("content of README")}, obj{}), "bob")
			w.put("build", link("build", files("README"), obj{}), "carol")
		}, disallowed, "shares no strong algorithm"},

		{"14", "URIs are compared byte by byte", func(t testing.TB, w *world) {
			w.step(0)["expected_products"] = rules(r("CREATE", "https://e.org/*"), r("CREATE", "git:*"), r("CREATE", "pkg:npm/%40a/b@1"), all)
			uris := func() obj { return files("https://e.org/a", "git:abc", "pkg:npm/%40a/b@1") }
			w.put("write", link("write", obj{}, uris()), "alice")
			only(rules(r("MATCH", "a", "IN", "https://e.org", "WITH", "PRODUCTS", "IN", "https://e.org/", "FROM", "write"),
				r("MATCH", "*", "WITH", "PRODUCTS", "FROM", "write"), all), nothing, uris(), obj{})(t, w)
		}, nil, ""},
		{"14", "a URI is not its clean form", only(nothing, rules(r("ALLOW", "https:/e.org/a"), all), obj{}, files("https://e.org/a")), disallowed, ""},

		{"15", "unknown rule word", only(nothing, rules(r("PERMIT", "*")), obj{}, obj{}), codes(layout.CodeMalformed), "unknown rule word"},
		{"15", "empty rule", only(nothing, rules([]string{}), obj{}, obj{}), codes(layout.CodeMalformed), "empty"},
		{"15", "rule with too many words", only(nothing, rules(r("ALLOW", "a", "b")), obj{}, obj{}), codes(layout.CodeMalformed), "one pattern"},
		{"15", "rule without a pattern", only(nothing, rules(r("DISALLOW")), obj{}, obj{}), codes(layout.CodeMalformed), "one pattern"},
		{"15", "MATCH alone", only(nothing, rules(r("MATCH")), obj{}, obj{}), codes(layout.CodeMalformed), "MATCH takes a pattern"},
		{"15", "MATCH WITH BANANAS", only(nothing, rules(r("MATCH", "a", "WITH", "BANANAS", "FROM", "write")), obj{}, obj{}), codes(layout.CodeMalformed), "WITH MATERIALS"},
		{"15", "MATCH FROM an unknown step", only(nothing, rules(r("MATCH", "a", "WITH", "PRODUCTS", "FROM", "test")), obj{}, obj{}), codes(layout.CodeMalformed), `no step "test"`},
		{"15", "MATCH with words behind its end", only(nothing, rules(r("MATCH", "a", "WITH", "PRODUCTS", "FROM", "write", "x", "y")), obj{}, obj{}), codes(layout.CodeMalformed), "ends with FROM"},
		{"15", "MATCH without FROM", only(nothing, rules(r("MATCH", "a", "WITH", "PRODUCTS")), obj{}, obj{}), codes(layout.CodeMalformed), "ends with FROM"},
		{"15", "MATCH IN nothing", only(nothing, rules(r("MATCH", "a", "IN", "", "WITH", "PRODUCTS", "FROM", "write")), obj{}, obj{}), codes(layout.CodeMalformed), "prefix"},
		{"15", "rule that is a string", func(t testing.TB, w *world) { w.step(0)["expected_products"] = []any{"DISALLOW *"} }, codes(layout.CodeMalformed), "list of words"},

		{"22", "parameter", func(t testing.TB, w *world) {
			w.step(1)["expected_products"] = rules(r("MATCH", "src/*", "WITH", "MATERIALS", "FROM", "{step}"), r("CREATE", "{name}"), all)
			w.opts.Parameters = map[string]string{"step": "build", "name": "app"}
		}, nil, ""},
		{"22", "parameter without a value", func(t testing.TB, w *world) {
			w.step(1)["expected_products"] = rules(r("CREATE", "{name}"))
		}, codes(layout.CodeParameter), "{name} has no value"},
		{"22", "parameter without a value in REQUIRE", func(t testing.TB, w *world) {
			w.step(1)["expected_products"] = rules(r("REQUIRE", "{name}"))
		}, codes(layout.CodeParameter), "{name} has no value"},
		{"22", "parameter without a value behind FROM", func(t testing.TB, w *world) {
			w.step(1)["expected_products"] = rules(r("MATCH", "*", "WITH", "PRODUCTS", "FROM", "{name}"))
		}, codes(layout.CodeParameter), "{name} has no value"},
		{"22", "the value is no pattern", func(t testing.TB, w *world) {
			w.step(1)["expected_products"] = rules(r("ALLOW", "{name}"), all)
			w.opts.Parameters = map[string]string{"name": "*"}
		}, disallowed, ""},
		{"22", "the value is no pattern in a set", func(t testing.TB, w *world) {
			w.step(1)["expected_products"] = rules(r("ALLOW", "[{name}]*"), all)
			w.opts.Parameters = map[string]string{"name": "!x"}
		}, disallowed, ""},
		{"22", "a value is not replaced again", func(t testing.TB, w *world) {
			w.step(1)["expected_products"] = rules(r("ALLOW", "{a}"))
			w.opts.Parameters = map[string]string{"a": "{b}"}
		}, nil, ""},
		{"22", "braces that are no parameter", func(t testing.TB, w *world) {
			w.step(1)["expected_products"] = rules(r("ALLOW", "{a b}"), r("ALLOW", "{}"), r("ALLOW", "{x"))
		}, nil, ""},
		{"22", "undefined in a command", func(t testing.TB, w *world) {
			w.step(0)["expected_command"] = []string{"awk", "{print}"}
		}, nil, "{print} in the command"},
		{"22", "parameter in a command", func(t testing.TB, w *world) {
			w.step(0)["expected_command"] = []string{"vi", "{file}"}
			w.opts = layout.Options{Time: now, RequireCommands: true, Parameters: map[string]string{"file": "README"}}
			l := link("write", obj{}, sources())
			l["command"] = []string{"vi", "README"}
			w.put("write", l, "alice")
		}, nil, ""},

		{"rules", "CREATE of a file that was there", only(nothing, rules(r("CREATE", "a"), all), files("a"), files("a")), disallowed, ""},
		{"rules", "CREATE among materials", only(rules(r("CREATE", "a"), all), nothing, files("a"), obj{}), disallowed, ""},
		{"rules", "DELETE", only(rules(r("DELETE", "a"), all), nothing, files("a"), obj{}), nil, ""},
		{"rules", "DELETE of a file that is still there", only(rules(r("DELETE", "a"), all), nothing, files("a"), files("a")), disallowed, ""},
		{"rules", "DELETE among products", only(nothing, rules(r("DELETE", "a"), all), obj{}, files("a")), disallowed, ""},
		{"rules", "MODIFY", only(rules(r("MODIFY", "a"), all), rules(r("MODIFY", "a"), all), files("a"), obj{"a": sum("b")}), nil, ""},
		{"rules", "MODIFY of an unchanged file", only(nothing, rules(r("MODIFY", "a"), all), files("a"), files("a")), disallowed, ""},
		{"rules", "MODIFY of a new file", only(nothing, rules(r("MODIFY", "a"), all), obj{}, files("a")), disallowed, ""},
		{"rules", "MODIFY where nothing can be compared", func(t testing.TB, w *world) {
			only(nothing, rules(r("MODIFY", "a"), all), obj{"a": obj{}}, files("a"))(t, w)
			w.step(1)["threshold"] = 1
			delete(w.links, "build."+id8("bob")+".link")
		}, disallowed, ""},
		{"rules", "rules consume in order", only(nothing, rules(r("ALLOW", "a*"), r("DISALLOW", "*b")), obj{}, files("ab")), nil, ""},
		{"rules", "DISALLOW first", only(nothing, rules(r("DISALLOW", "*b"), r("ALLOW", "a*")), obj{}, files("ab")), disallowed, ""},
		{"rules", "what is left is allowed", only(nothing, nothing, obj{}, files("anything")), nil, `left and allowed`},
	}
}

func layoutCases() []rowCase {
	raw := func(old, new string) func(testing.TB, *world) {
		return func(t testing.TB, w *world) { w.payload = replace(t, old, new) }
	}
	set := func(name string, value any) func(testing.TB, *world) {
		return func(_ testing.TB, w *world) {
			if w.layout[name] = value; value == nil {
				delete(w.layout, name)
			}
		}
	}
	malformed := codes(layout.CodeMalformed)
	return []rowCase{
		{"15", "repeated member", raw(`"expires":`, `"expires":"2036-06-01T13:00:00Z","expires":`), malformed, "duplicate-member"},
		{"15", "member that differs in case", raw(`"expires":`, `"Expires":"2036-06-01T13:00:00Z","expires":`), malformed, "case-variant"},
		{"15", "member of a step that differs in case", raw(`"threshold":`, `"Threshold":1,"threshold":`), malformed, "case-variant"},
		{"15", "data behind the layout", func(t testing.TB, w *world) {
			w.signed = func(payload []byte) []byte { return append(dsse(payload, "owner"), '{', '}') }
		}, malformed, "trailing"},
		{"15", "data behind the payload", func(t testing.TB, w *world) {
			w.payload = func(payload []byte) []byte { return append(payload, '{', '}') }
		}, malformed, "trailing"},
		{"15", "not JSON", func(t testing.TB, w *world) {
			w.signed = func(payload []byte) []byte { return []byte("hello") }
		}, malformed, ""},
		{"15", "nothing", func(t testing.TB, w *world) {
			w.signed = func(payload []byte) []byte { return nil }
		}, malformed, ""},
		{"15", "truncated", func(t testing.TB, w *world) {
			w.signed = func(payload []byte) []byte { return dsse(payload, "owner")[:100] }
		}, malformed, ""},
		{"15", "both forms at once", func(t testing.TB, w *world) {
			w.signed = func(payload []byte) []byte {
				return replace(t, `"signatures":`, `"signed":`+string(payload)+`,"signatures":`)(dsse(payload, "owner"))
			}
		}, malformed, "both"},
		{"15", "another payload type", func(t testing.TB, w *world) {
			w.signed = func(payload []byte) []byte {
				return replace(t, "application/vnd.in-toto+json", "application/json")(dsse(payload, "owner"))
			}
		}, malformed, "payload type"},
		{"15", "unknown _type", set("_type", "link"), malformed, "must be layout"},
		{"15", "no _type", set("_type", nil), malformed, "no _type"},
		{"15", "unknown _type of a step", func(_ testing.TB, w *world) { w.step(0)["_type"] = "inspection" }, malformed, "must be step"},
		{"15", "no _type of a step", func(_ testing.TB, w *world) { delete(w.step(0), "_type") }, malformed, "_type"},
		{"15", "no name of a step", func(_ testing.TB, w *world) { delete(w.step(0), "name") }, malformed, "no name"},
		{"15", "empty name of a step", func(_ testing.TB, w *world) { w.step(0)["name"] = "" }, malformed, "empty"},
		{"15", "two steps of one name", func(_ testing.TB, w *world) { w.step(0)["name"] = "build" }, malformed, "two steps"},
		{"15", "two inspections of one name", set("inspect", []obj{untar("a"), untar("a")}), malformed, "two steps or inspections"},
		{"15", "inspection named as a step", set("inspect", []obj{untar("build")}), malformed, "two steps or inspections"},
		{"15", "inspection that runs nothing", func(_ testing.TB, w *world) {
			in := untar("untar")
			in["run"] = []string{}
			w.layout["inspect"] = []obj{in}
		}, malformed, "nothing to run"},
		{"15", "step that matches with an inspection", func(_ testing.TB, w *world) {
			w.layout["inspect"] = []obj{untar("untar")}
			w.step(0)["expected_products"] = rules([]string{"MATCH", "*", "WITH", "PRODUCTS", "FROM", "untar"})
		}, malformed, `no step "untar"`},

		{"16", "unknown member of the layout", set("extra", 1), nil, `"extra" of the layout was ignored`},
		{"16", "unknown member of the layout, older form", func(_ testing.TB, w *world) {
			w.layout["extra"] = []any{1, "two", nil}
			w.signed = func(payload []byte) []byte { return legacy(payload, "owner") }
		}, nil, ""},
		{"16", "unknown member of a step", func(_ testing.TB, w *world) { w.step(0)["expectedAttributes"] = []any{} }, codes(layout.CodeUnsupported), "expectedAttributes"},
		{"16", "unknown member of an inspection", func(_ testing.TB, w *world) {
			in := untar("untar")
			in["expected_predicates"] = []any{}
			w.layout["inspect"] = []obj{in}
		}, codes(layout.CodeUnsupported), "expected_predicates"},
		{"16", "command of an inspection in a step", func(_ testing.TB, w *world) { w.step(0)["run"] = []string{"true"} }, codes(layout.CodeUnsupported), `"run"`},
		{"16", "member of a step in an inspection", func(_ testing.TB, w *world) {
			in := untar("untar")
			in["threshold"] = 2
			w.layout["inspect"] = []obj{in}
		}, codes(layout.CodeUnsupported), "threshold"},

		{"17", "no expiry", set("expires", nil), malformed, "no expires"},
		{"17", "fraction of a second", set("expires", "2026-06-01T13:00:00.5Z"), malformed, "YYYY"},
		{"17", "another time zone", set("expires", "2026-06-01T13:00:00+00:00"), malformed, "YYYY"},
		{"17", "one digit", set("expires", "2026-06-01T3:00:00Z"), malformed, "YYYY"},
		{"17", "no such day", set("expires", "2026-02-30T13:00:00Z"), malformed, "YYYY"},
		{"17", "a number", set("expires", 1780318800), malformed, "string"},
		{"17", "expired by one second", func(_ testing.TB, w *world) { w.opts.Time = now.Add(time.Hour + time.Second) }, codes(layout.CodeExpired), "2026-06-01T13:00:01Z"},
		{"17", "expired by one nanosecond", func(_ testing.TB, w *world) { w.opts.Time = now.Add(time.Hour + 1) }, codes(layout.CodeExpired), ""},
		{"17", "at the very instant", func(_ testing.TB, w *world) { w.opts.Time = now.Add(time.Hour) }, nil, ""},
		{"17", "now", func(_ testing.TB, w *world) {
			w.opts.Time = time.Time{}
			w.layout["expires"] = "2001-01-01T00:00:00Z"
		}, codes(layout.CodeExpired), ""},

		{"18", "no steps", set("steps", []obj{}), codes(layout.CodeVacuous), "no steps"},
		{"18", "no member steps", set("steps", nil), codes(layout.CodeVacuous), "no steps"},
		{"18", "null steps", raw(`"steps":[`, `"steps":null,"ignored":[`), codes(layout.CodeVacuous), "no steps"},

		{"layout", "unsigned", func(t testing.TB, w *world) {
			w.signed = func(payload []byte) []byte { return legacy(payload) }
		}, codes(layout.CodeSignature), "found:    0"},
		{"layout", "signed by somebody else", func(_ testing.TB, w *world) { w.owners = []string{"mallory"} }, codes(layout.CodeSignature), "found:    0"},
		{"layout", "altered after it was signed", func(t testing.TB, w *world) {
			w.signed = func(payload []byte) []byte {
				return replace(t, `"threshold":2`, `"threshold":1`)(legacy(payload, "owner"))
			}
		}, codes(layout.CodeSignature), ""},
		{"layout", "one of two owners", func(_ testing.TB, w *world) { w.trusted = []string{"owner", "second"} }, codes(layout.CodeSignature), "second"},
		{"layout", "two of two owners", func(_ testing.TB, w *world) {
			w.trusted = []string{"owner", "second"}
			w.owners = []string{"second", "owner"}
		}, nil, ""},
		{"layout", "inspection without a runner", set("inspect", []obj{untar("untar")}), codes(layout.CodeInspection), "no runner"},
	}
}

func untar(name string) obj {
	return obj{"_type": "inspection", "name": name, "run": []string{"tar", "xzf", "app.tar.gz"},
		"expected_materials": rules(), "expected_products": rules()}
}

func keyCases() []rowCase {
	spki := func(t testing.TB, bits int) string {
		der, err := x509.MarshalPKIXPublicKey(rsaKey(bits).Public())
		if err != nil {
			t.Fatal(err)
		}
		return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	}
	// extra adds a key that no step uses.
	extra := func(k obj) func(testing.TB, *world) {
		return func(_ testing.TB, w *world) { w.layout["keys"].(obj)["extra"] = k }
	}
	used := func(k obj) func(testing.TB, *world) {
		return func(_ testing.TB, w *world) {
			w.layout["keys"].(obj)["extra"] = k
			w.step(1)["pubkeys"] = []string{id("bob"), id("carol"), "extra"}
		}
	}
	bad := codes(layout.CodeKey)
	hex64 := strings.Repeat("ab", 32)
	return []rowCase{
		{"20", "RSA with 1024 bits", func(t testing.TB, w *world) {
			extra(obj{"keytype": "rsa", "scheme": "rsassa-pss-sha256", "keyval": obj{"public": spki(t, 1024)}})(t, w)
		}, bad, "1024 bits"},
		{"20", "key type that does not fit the material", func(t testing.TB, w *world) {
			extra(obj{"keytype": "ecdsa", "scheme": "ecdsa-sha2-nistp256", "keyval": obj{"public": spki(t, 2048)}})(t, w)
		}, bad, "mismatch"},
		{"20", "Ed25519 key of a wrong length", extra(obj{"keytype": "ed25519", "scheme": "ed25519", "keyval": obj{"public": hex64[:62]}}), bad, ""},
		{"20", "scheme of another key type", extra(obj{"keytype": "ed25519", "scheme": "rsassa-pss-sha256", "keyval": obj{"public": public("bob")["keyval"].(obj)["public"]}}), bad, ""},
		{"20", "unknown key type that no step uses", extra(obj{"keytype": "dilithium", "scheme": "x", "keyval": obj{"public": "y"}}), nil, "could not be used"},
		{"20", "unknown key type that a step uses", used(obj{"keytype": "dilithium", "scheme": "x", "keyval": obj{"public": "y"}}), bad, "dilithium"},
		{"20", "unknown scheme that a step uses", used(obj{"keytype": "ed25519", "scheme": "x", "keyval": obj{"public": hex64}}), bad, ""},
		{"20", "private key", func(_ testing.TB, w *world) {
			k := public("bob")
			k["keyval"] = obj{"public": k["keyval"].(obj)["public"], "private": "secret"}
			w.layout["keys"].(obj)[id("bob")] = k
		}, bad, "private key"},
		{"20", "empty member private", func(_ testing.TB, w *world) {
			k := public("bob")
			k["keyval"] = obj{"public": k["keyval"].(obj)["public"], "private": ""}
			w.layout["keys"].(obj)[id("bob")] = k
		}, nil, ""},
		{"20", "no keyval", extra(obj{"keytype": "ed25519", "scheme": "ed25519"}), bad, ""},
		{"20", "null key", func(_ testing.TB, w *world) { w.layout["keys"].(obj)["extra"] = nil }, codes(layout.CodeMalformed), "keys.extra"},
	}
}

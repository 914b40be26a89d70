// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package gomod_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/provenance/gomod"
	"github.com/tallystick/tallystick/verify"
)

const (
	modPath    = "example.com/Mod" // with an upper-case letter, which file names escape
	modVersion = "v1.2.3"
)

func open(t testing.TB, files fs.FS, opts *gomod.Options) *gomod.Database {
	t.Helper()
	d, err := gomod.NewDatabase(files, opts)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// checkCode checks the kind of an error: codes below rejected are verdicts, the
// others say that nothing was decided.
func checkCode(t testing.TB, err error, code verify.Code, rejected bool, content string) {
	t.Helper()
	if err == nil {
		t.Fatalf("accepted, want %s", code)
	}
	r, ok := errors.AsType[*verify.RejectedError](err)
	if ok != rejected {
		t.Errorf("is a verdict: %t, want %t: %v", ok, rejected, err)
	}
	got := verify.CodeOf(err)
	if got != code {
		t.Errorf("code %q, want %q: %v", got, code, err)
	}
	text := err.Error()
	if ok {
		text += r.Report.String()
		if len(r.Report.NotCovered) == 0 && strings.HasPrefix(string(code), "gomod/") && len(r.Report.Checks[0].Checks) > 0 {
			t.Error("a report that claims to cover everything")
		}
	}
	if !strings.Contains(text, content) {
		t.Errorf("%q is not in:\n%s", content, text)
	}
}

func TestLookup(t *testing.T) {
	for _, size := range []int{0, 1, 2, 255, 256, 257, 700} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			db := newTestDB(t, "sum.example")
			db.grow(size / 2)
			db.add(modPath, modVersion)
			db.grow(size - size/2)
			m, err := open(t, db.files(modPath, modVersion), &gomod.Options{Key: db.key}).Lookup(t.Context(), modPath, modVersion)
			if err != nil {
				t.Fatal(err)
			}
			if m.Path() != modPath || m.Version() != modVersion || m.String() != modPath+"@"+modVersion {
				t.Errorf("is about %s", m)
			}
			if got, _ := hash.FormatH1(m.DirHash()); got != h1(modPath+modVersion) {
				t.Errorf("DirHash %s", got)
			}
			if got, _ := hash.FormatH1(m.GoModHash()); got != h1(modPath+modVersion+"/go.mod") {
				t.Errorf("GoModHash %s", got)
			}
			if !bytes.Equal(m.TreeHead(), db.head()) {
				t.Errorf("TreeHead %q", m.TreeHead())
			}
		})
	}
}

// Every way in which what the files hold can be wrong, one at a time.
func TestLookupRejects(t *testing.T) {
	const other = "v1.2.4"
	db := newTestDB(t, "sum.example")
	db.grow(300)
	db.add(modPath, modVersion)
	db.add(modPath, other)
	db.add("example.com/mod", modVersion)
	db.grow(299)
	good := db.files(modPath, modVersion)
	lookup := lookupFile(t, modPath, modVersion)
	answer := good[lookup].Data
	id := "300\n"
	first := tlog.Tile{H: 8, L: 0, N: 1, W: 256}.Path() // holds record 300
	edge := tlog.Tile{H: 8, L: 0, N: 2, W: int(db.size) - 512}.Path()
	for _, name := range []string{first, edge} {
		if good[name] == nil {
			t.Fatalf("no %s", name)
		}
	}
	flip := func(name string, i int) fstest.MapFS {
		data := bytes.Clone(good[name].Data)
		data[i] ^= 1
		return with(good, name, data)
	}
	stranger := newTestDB(t, "sum.example")
	stranger.grow(300)
	signed := func(text string) string {
		signer, err := note.NewSigner(db.signer)
		if err != nil {
			t.Fatal(err)
		}
		msg, err := note.Sign(&note.Note{Text: text}, signer)
		if err != nil {
			t.Fatal(err)
		}
		return string(msg)
	}
	recordAnd := func(head string) fstest.MapFS {
		record, _, _ := strings.Cut(string(answer), "\n\n")
		return with(good, lookup, []byte(record+"\n\n"+head))
	}
	inTree := func(text string) fstest.MapFS {
		evil := newTestDBWithKey(t, db.signer, db.key)
		evil.records[modPath+"@"+modVersion] = text
		return evil.files(modPath, modVersion)
	}
	zip, goMod := h1(modPath+modVersion), h1(modPath+modVersion+"/go.mod")

	for _, test := range []struct {
		name, describe string
		files          fs.FS
		code           verify.Code
		content        string
	}{
		{"another key", "a database of the same name signed it", stranger.files(modPath, modVersion), gomod.CodeSignature, "with another key"},
		{"no signature", "cut before it", with(good, lookup, answer[:bytes.Index(answer, []byte("\n—"))+1]), gomod.CodeSignature, ""},
		{"size raised", "the head was edited", with(good, lookup, replace(answer, "602\n", "603\n")), gomod.CodeSignature, ""},
		{"signature flipped", "one letter of the base64", with(good, lookup, func() []byte {
			b := bytes.Clone(answer)
			b[len(b)-10] ^= 1
			return b
		}()), gomod.CodeSignature, ""},
		{"signed text", "the key signed something else", recordAnd(signed("hello\n")), gomod.CodeSignature, "no tree head"},
		{"monstrous tree", "sizes that overflow", recordAnd(signed("go.sum database tree\n9223372036854775807\n" + strings.TrimPrefix(zip, "h1:") + "\n")), gomod.CodeSignature, "9223372036854775807"},
		{"empty tree", "signed, and without records", recordAnd(signed("go.sum database tree\n0\n" + strings.TrimPrefix(zip, "h1:") + "\n")), gomod.CodeInclusion, "a tree of 0 records"},

		{"altered h1", "of the zip", with(good, lookup, replace(answer, zip, h1("evil"))), gomod.CodeInclusion, "hash "},
		{"altered go.mod h1", "", with(good, lookup, replace(answer, goMod, h1("evil"))), gomod.CodeInclusion, "hash "},
		{"another id", "a record that exists", with(good, lookup, replace(answer, id, "301\n")), gomod.CodeInclusion, ""},
		{"id after the end", "", with(good, lookup, replace(answer, id, "602\n")), gomod.CodeInclusion, "602 records"},
		{"negative id", "", with(good, lookup, replace(answer, id, "-1\n")), gomod.CodeInclusion, "expected a record in the tree"},
		{"most negative id", "", with(good, lookup, replace(answer, id, "-9223372036854775808\n")), gomod.CodeInclusion, "expected a record in the tree"},
		{"flipped leaf tile", "with the record's own hash", flip(first, (300-256)*32), gomod.CodeInclusion, "inconsistent"},
		{"flipped leaf tile elsewhere", "", flip(first, 0), gomod.CodeInclusion, "inconsistent"},
		{"flipped edge tile", "", flip(edge, 40), gomod.CodeInclusion, "inconsistent"},
		{"truncated tile", "", with(good, first, good[first].Data[:100]), gomod.CodeInclusion, "len=100"},
		{"truncated to whole hashes", "", with(good, first, good[first].Data[:32*45]), gomod.CodeInclusion, "len=1440"},
		{"forked tree", "signed by the right key, over other tiles", with(good, lookup, func() []byte {
			fork := newTestDBWithKey(t, db.signer, db.key)
			fork.grow(400)
			return fork.lookup(modPath, modVersion)
		}()), gomod.CodeInclusion, "inconsistent"},

		{"another version", "a true record, under a false name", with(good, lookup, db.lookup(modPath, other)), gomod.CodeRecord, "v1.2.4"},
		{"another module", "a true record, under a false name", with(good, lookup, db.lookup("example.com/other", "v1.0.0")), gomod.CodeRecord, "example.com/other"},
		{"another case", "a true record of a module that differs in one letter's case", with(good, lookup, db.lookup("example.com/mod", modVersion)), gomod.CodeRecord, ""},
		{"no lookup format", "", with(good, lookup, []byte("404 not found\n")), gomod.CodeRecord, "form"},
		{"three lines", "a second opinion", inTree(recordOf(modPath, modVersion, zip, goMod) + modPath + " " + modVersion + " " + h1("evil") + "\n"), gomod.CodeRecord, "3 lines"},
		{"repeated line", "", inTree(strings.Repeat(modPath+" "+modVersion+" "+zip+"\n", 2)), gomod.CodeRecord, "/go.mod"},
		{"one line", "no go.mod", inTree(modPath + " " + modVersion + " " + zip + "\n"), gomod.CodeRecord, "1 lines"},
		{"two spaces", "", inTree(modPath + "  " + modVersion + " " + zip + "\n" + modPath + " " + modVersion + "/go.mod " + goMod + "\n"), gomod.CodeRecord, ""},
		{"h2", "an algorithm of the future", inTree(recordOf(modPath, modVersion, "h2"+zip[2:], goMod)), gomod.CodeRecord, "h2:"},
		{"short h1", "", inTree(recordOf(modPath, modVersion, "h1:AAAA", goMod)), gomod.CodeRecord, "h1:AAAA"},
		{"not base64", "", inTree(recordOf(modPath, modVersion, zip, "h1:!")), gomod.CodeRecord, "h1:!"},
		{"a word more", "", inTree(recordOf(modPath, modVersion, zip+" evil", goMod)), gomod.CodeRecord, "evil"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := open(t, test.files, &gomod.Options{Key: db.key}).Lookup(t.Context(), modPath, modVersion)
			checkCode(t, err, test.code, true, test.content)
		})
	}
}

func TestLookupErrors(t *testing.T) {
	db := newTestDB(t, "sum.example")
	db.grow(300)
	good := db.files(modPath, modVersion)
	lookup := lookupFile(t, modPath, modVersion)
	leaf := tlog.Tile{H: 8, L: 0, N: 1, W: 45}.Path()
	folder := maps.Clone(good)
	delete(folder, lookup)
	folder[lookup+"/file"] = &fstest.MapFile{}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, test := range []struct {
		name          string
		ctx           context.Context
		files         fs.FS
		path, version string
		code          verify.Code
		is            error
		content       string
	}{
		{"no lookup", t.Context(), with(good, lookup, nil), modPath, modVersion, gomod.CodeNotFound, fs.ErrNotExist, "lookup/example.com/!mod@v1.2.3"},
		{"empty lookup", t.Context(), with(good, lookup, []byte{}), modPath, modVersion, gomod.CodeNotFound, fs.ErrNotExist, "lookup/"},
		{"no tile", t.Context(), with(good, leaf, nil), modPath, modVersion, gomod.CodeNotFound, fs.ErrNotExist, leaf},
		{"empty tile", t.Context(), with(good, leaf, []byte{}), modPath, modVersion, gomod.CodeNotFound, fs.ErrNotExist, leaf},
		{"long tile", t.Context(), with(good, leaf, make([]byte, 46*32)), modPath, modVersion, gomod.CodeRead, nil, "at most 1440 bytes"},
		{"long lookup", t.Context(), with(good, lookup, make([]byte, 1<<20)), modPath, modVersion, gomod.CodeRead, nil, "at most"},
		{"folder", t.Context(), folder, modPath, modVersion, gomod.CodeRead, nil, "not a regular file"},
		{"no module path", t.Context(), good, "Not A Path", modVersion, gomod.CodeOptions, nil, "Not A Path"},
		{"escaping path", t.Context(), good, "../../etc", modVersion, gomod.CodeOptions, nil, ""},
		{"no version", t.Context(), good, modPath, "latest", gomod.CodeOptions, nil, "latest"},
		{"go.mod version", t.Context(), good, modPath, modVersion + "/go.mod", gomod.CodeOptions, nil, ""},
		{"cancelled", cancelled, good, modPath, modVersion, "", context.Canceled, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := open(t, test.files, &gomod.Options{Key: db.key}).Lookup(test.ctx, test.path, test.version)
			checkCode(t, err, test.code, false, test.content)
			if test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("is not %v: %v", test.is, err)
			}
		})
	}
}

// A FIFO in the cache must not hang the lookup; os.DirFS would open it.
func TestLookupDir(t *testing.T) {
	db := newTestDB(t, "sum.example")
	db.grow(10)
	dir := t.TempDir()
	if err := os.CopyFS(dir, db.files(modPath, modVersion)); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for _, files := range []fs.FS{os.DirFS(dir), root.FS()} {
		if _, err := open(t, files, &gomod.Options{Key: db.key}).Lookup(t.Context(), modPath, modVersion); err != nil {
			t.Error(err)
		}
	}
	name := filepath.Join(dir, lookupFile(t, modPath, modVersion))
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if err := mkfifo(name); err != nil {
		t.Skip(err)
	}
	for _, files := range []fs.FS{os.DirFS(dir), root.FS()} {
		_, err := open(t, files, &gomod.Options{Key: db.key}).Lookup(t.Context(), modPath, modVersion)
		checkCode(t, err, gomod.CodeRead, false, "not a regular file")
	}
}

// A cache keeps tiles in the width that was needed when they were read.
func TestLookupWiderTiles(t *testing.T) {
	db := newTestDB(t, "sum.example")
	db.grow(300)
	answer := db.lookup(modPath, modVersion)
	for _, more := range []int{1, 200, 255, 600} {
		db.grow(more)
		files := db.tiles()
		files[lookupFile(t, modPath, modVersion)] = &fstest.MapFile{Data: answer}
		d := open(t, files, &gomod.Options{Key: db.key})
		if _, err := d.Lookup(t.Context(), modPath, modVersion); err != nil {
			t.Errorf("%d records later: %v", more, err)
		}
		for name, f := range files {
			if strings.HasPrefix(name, "tile/8/0/001") {
				_, err := open(t, with(files, name, f.Data[:len(f.Data)-1]), &gomod.Options{Key: db.key}).Lookup(t.Context(), modPath, modVersion)
				checkCode(t, err, gomod.CodeInclusion, true, "len=")
			}
		}
	}
}

func TestLatest(t *testing.T) {
	db := newTestDB(t, "sum.example")
	db.grow(200)
	early := db.head()
	db.grow(200)
	answer := db.lookup(modPath, modVersion)
	now := db.head()
	oldTiles := db.tiles()
	db.grow(200)
	late := db.head()
	files := db.tiles()
	maps.Copy(files, oldTiles)
	lookup := lookupFile(t, modPath, modVersion)
	files[lookup] = &fstest.MapFile{Data: answer}
	fork := func(n int) []byte {
		f := newTestDBWithKey(t, db.signer, db.key)
		f.add("example.com/evil", "v1.0.0")
		f.grow(n - 1)
		return f.head()
	}
	stranger := newTestDB(t, "sum.example")
	stranger.grow(5)

	for _, test := range []struct {
		name         string
		latest, want []byte
	}{
		{"earlier", early, now},
		{"the same", now, now},
		{"later", late, late},
	} {
		t.Run(test.name, func(t *testing.T) {
			m, err := open(t, files, &gomod.Options{Key: db.key, Latest: test.latest}).Lookup(t.Context(), modPath, modVersion)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(m.TreeHead(), test.want) {
				t.Errorf("TreeHead %q, want %q", m.TreeHead(), test.want)
			}
			if e := m.Evidence(); len(e.Check.Checks) != 4 || e.Check.Checks[1].Code != gomod.CodeFork {
				t.Errorf("no line about the fork: %+v", e)
			}
		})
	}
	for _, test := range []struct {
		name   string
		latest []byte
		files  fs.FS
		code   verify.Code
	}{
		{"earlier fork", fork(200), files, gomod.CodeFork},
		{"fork of one record", fork(1), files, gomod.CodeFork},
		{"fork of the same size", fork(401), files, gomod.CodeFork},
		// Its tiles are not here, so that the tiles that are contradict it.
		{"later fork", fork(601), files, gomod.CodeInclusion},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := open(t, test.files, &gomod.Options{Key: db.key, Latest: test.latest}).Lookup(t.Context(), modPath, modVersion)
			checkCode(t, err, test.code, true, "")
		})
	}
	t.Run("cannot be proved", func(t *testing.T) {
		noTiles := maps.Clone(oldTiles)
		noTiles[lookup] = files[lookup]
		_, err := open(t, noTiles, &gomod.Options{Key: db.key, Latest: late}).Lookup(t.Context(), modPath, modVersion)
		checkCode(t, err, gomod.CodeNotFound, false, "tile/8/")
	})
	t.Run("not signed", func(t *testing.T) {
		_, err := gomod.NewDatabase(files, &gomod.Options{Key: db.key, Latest: stranger.head()})
		checkCode(t, err, gomod.CodeSignature, true, "earlier")
	})
}

func TestNewDatabase(t *testing.T) {
	files := fstest.MapFS{}
	for _, test := range []struct {
		name  string
		files fs.FS
		key   string
	}{
		{"no files", nil, ""},
		{"no key", files, "sum.golang.org"},
		{"wrong hash of the key", files, strings.Replace(gomod.PublicKey, "033de0ae", "033de0af", 1)},
		{"truncated key", files, gomod.PublicKey[:len(gomod.PublicKey)-4]},
		{"newline", files, gomod.PublicKey + "\n"},
		{"key of small order", files, smallOrderKey(t)},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := gomod.NewDatabase(test.files, &gomod.Options{Key: test.key})
			checkCode(t, err, gomod.CodeOptions, false, "")
		})
	}
	d := open(t, files, nil)
	if i := d.Issuer(); !strings.HasPrefix(i.ID, "SHA256:") || i.Name != "sum.golang.org" {
		t.Errorf("Issuer %v", i)
	}
}

// smallOrderKey returns a well-formed verifier key under which anybody can make
// signatures: the neutral element.
func smallOrderKey(t *testing.T) string {
	raw := make([]byte, 32)
	raw[0] = 1
	key, err := note.NewEd25519VerifierKey("sum.example", raw)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// The identity is the key and not its name: a database may be called like the
// fingerprint of another, or like another.
func TestIssuer(t *testing.T) {
	public := open(t, fstest.MapFS{}, nil).Issuer()
	for _, name := range []string{"sum.golang.org", public.ID} {
		db := newTestDB(t, name)
		if i := open(t, fstest.MapFS{}, &gomod.Options{Key: db.key}).Issuer(); i.ID == public.ID || i.Name != name {
			t.Errorf("database %q has the identity %v", name, i)
		}
	}
}

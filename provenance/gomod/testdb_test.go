// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package gomod_test

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// A testDB is a small checksum database with the server of x/mod in memory.
type testDB struct {
	t           testing.TB
	signer, key string
	server      *sumdb.TestServer
	records     map[string]string // what the server answers, by path@version
	size        int64
}

// h1 returns an h1 hash that follows from a text.
func h1(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "h1:" + base64.StdEncoding.EncodeToString(sum[:])
}

func recordOf(path, version, zip, goMod string) string {
	return fmt.Sprintf("%s %s %s\n%s %s/go.mod %s\n", path, version, zip, path, version, goMod)
}

func newTestDB(t testing.TB, name string) *testDB {
	t.Helper()
	signer, key, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		t.Fatal(err)
	}
	return newTestDBWithKey(t, signer, key)
}

func newTestDBWithKey(t testing.TB, signer, key string) *testDB {
	db := &testDB{t: t, signer: signer, key: key, records: map[string]string{}}
	db.server = sumdb.NewTestServer(signer, func(path, vers string) ([]byte, error) {
		if r, ok := db.records[path+"@"+vers]; ok {
			return []byte(r), nil
		}
		return []byte(recordOf(path, vers, h1(path+vers), h1(path+vers+"/go.mod"))), nil
	})
	return db
}

// add appends a record and returns its id.
func (db *testDB) add(path, version string) int64 {
	db.t.Helper()
	id, err := db.server.Lookup(db.t.Context(), module.Version{Path: path, Version: version})
	if err != nil {
		db.t.Fatal(err)
	}
	db.size = max(db.size, id+1)
	return id
}

// head returns the present tree head, signed.
func (db *testDB) head() []byte {
	db.t.Helper()
	head, err := db.server.Signed(db.t.Context())
	if err != nil {
		db.t.Fatal(err)
	}
	return head
}

// grow appends n records of other modules.
func (db *testDB) grow(n int) {
	db.t.Helper()
	for range n {
		db.add("example.com/other", fmt.Sprintf("v1.%d.0", db.size))
	}
}

// lookup returns the answer of the server about a module, which it adds.
func (db *testDB) lookup(path, version string) []byte {
	db.t.Helper()
	id := db.add(path, version)
	records, err := db.server.ReadRecords(db.t.Context(), id, 1)
	if err != nil {
		db.t.Fatal(err)
	}
	data, err := tlog.FormatRecord(id, records[0])
	if err != nil {
		db.t.Fatal(err)
	}
	return append(data, db.head()...)
}

// tiles returns all tiles of the present tree, as a cache has them.
func (db *testDB) tiles() fstest.MapFS {
	db.t.Helper()
	files := fstest.MapFS{}
	for _, tile := range tlog.NewTiles(8, 0, db.size) {
		data, err := db.server.ReadTileData(db.t.Context(), tile)
		if err != nil {
			db.t.Fatal(err)
		}
		files[tile.Path()] = &fstest.MapFile{Data: data}
	}
	return files
}

// files returns the present tiles and a lookup of one module.
func (db *testDB) files(path, version string) fstest.MapFS {
	db.t.Helper()
	data := db.lookup(path, version)
	files := db.tiles()
	files[lookupFile(db.t, path, version)] = &fstest.MapFile{Data: data}
	return files
}

func lookupFile(t testing.TB, path, version string) string {
	t.Helper()
	epath, err := module.EscapePath(path)
	if err != nil {
		t.Fatal(err)
	}
	eversion, err := module.EscapeVersion(version)
	if err != nil {
		t.Fatal(err)
	}
	return "lookup/" + epath + "@" + eversion
}

// with returns a copy of files with one file replaced, or removed if data is nil.
func with(files fstest.MapFS, name string, data []byte) fstest.MapFS {
	files = maps.Clone(files)
	delete(files, name)
	if data != nil {
		files[name] = &fstest.MapFile{Data: data}
	}
	return files
}

func replace(data []byte, old, new string) []byte {
	if !strings.Contains(string(data), old) {
		panic("mutation changes nothing: " + old)
	}
	return []byte(strings.Replace(string(data), old, new, 1))
}

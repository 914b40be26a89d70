// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/provenance"
	"github.com/tallystick/tallystick/provenance/layout"
	"github.com/tallystick/tallystick/verify"
)

const inTotoGolang = "github.com/in-toto/in-toto-golang"

func parseKeys(t testing.TB, files ...[]byte) provenance.KeySet {
	t.Helper()
	var keys []provenance.Key
	for _, data := range files {
		k, err := provenance.ParseKey(data)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, k)
	}
	set, err := provenance.NewKeySet(len(keys), keys...)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// rejected fails the test unless err is a verdict whose most important code is
// the given one.
func rejected(t testing.TB, err error, code verify.Code) {
	t.Helper()
	if _, ok := err.(*verify.RejectedError); !ok {
		t.Fatalf("got %T %v, want a rejection with %s", err, err, code)
	}
	if got := verify.CodeOf(err); got != code {
		t.Errorf("got %s, want %s: %v", got, code, err)
	}
}

// A tarRunner performs inspections of the form "tar FLAGS ARCHIVE", in a folder of
// its own in which the given files are.
type tarRunner struct {
	t     testing.TB
	files map[string][]byte
	ran   int
}

func (r *tarRunner) Run(ctx context.Context, in layout.Inspection) (layout.InspectionResult, error) {
	if len(in.Command) != 3 || in.Command[0] != "tar" || !slices.Contains([]string{"xfz", "xzf"}, in.Command[1]) || r.files[in.Command[2]] == nil {
		return layout.InspectionResult{}, fmt.Errorf("this runner does not know the command %q", in.Command)
	}
	dir := r.t.TempDir()
	for name, data := range r.files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			return layout.InspectionResult{}, err
		}
	}
	var out layout.InspectionResult
	var err error
	if out.Materials, err = measure(ctx, dir); err != nil {
		return out, err
	}
	cmd := exec.CommandContext(ctx, in.Command[0], in.Command[1:]...)
	cmd.Dir = dir
	if err := cmd.Run(); err != nil {
		return out, err
	}
	r.ran++
	out.Products, err = measure(ctx, dir)
	return out, err
}

func measure(ctx context.Context, dir string) (map[string]hash.Set, error) {
	tree, err := hash.MeasureTree(ctx, dir, nil)
	if err != nil {
		return nil, err
	}
	files := map[string]hash.Set{}
	for e := range tree.Entries() {
		if e.Type() == hash.File {
			files[e.Name()] = e.Digests()
		}
	}
	return files, nil
}

// in-toto-golang's own metadata. The owner is alice throughout.
func TestInTotoGolangData(t *testing.T) {
	data := filepath.Join(moduleDir(t, inTotoGolang), "test", "data")
	owner := parseKeys(t, read(t, filepath.Join(data, "alice.pub")))
	links := layout.DirLinks(os.DirFS(data))
	at := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)

	for _, test := range []struct {
		name       string
		inspection bool
		steps      []string
		product    string // of the last step
	}{
		{"demo.layout", true, []string{"write-code", "package"}, "foo.tar.gz"},
		{"demo.dsse.layout", true, []string{"write-code", "package"}, "foo.tar.gz"},
		{"dsse-only.root.layout", false, []string{"clone-dsse", "update-version-dsse", "package-dsse"}, "demo-project.tar.gz"},
	} {
		t.Run(test.name, func(t *testing.T) {
			signed := read(t, filepath.Join(data, test.name))
			if test.inspection {
				_, err := layout.Verify(t.Context(), signed, owner, links, layout.Options{Time: at})
				rejected(t, err, layout.CodeInspection)
			}
			r := &tarRunner{t: t, files: map[string][]byte{"foo.tar.gz": read(t, filepath.Join(data, "foo.tar.gz"))}}
			v, err := layout.Verify(t.Context(), signed, owner, links, layout.Options{Time: at, Runner: r})
			if err != nil {
				t.Fatal(err)
			}
			if test.inspection != (r.ran == 1) {
				t.Errorf("%d inspections were run", r.ran)
			}
			if !slices.Equal(v.Steps(), test.steps) {
				t.Errorf("steps %q", v.Steps())
			}
			products, err := v.Products(test.steps[len(test.steps)-1])
			if err != nil {
				t.Fatal(err)
			}
			if set, ok := products.Lookup(test.product); !ok || !set.Strong() {
				t.Errorf("the product %s: %v", test.product, set)
			}

			_, err = layout.Verify(t.Context(), signed, owner, links, layout.Options{Time: at.AddDate(5, 0, 0), Runner: r})
			rejected(t, err, layout.CodeExpired)
			stranger := parseKeys(t, read(t, filepath.Join(data, "carol.pub")))
			_, err = layout.Verify(t.Context(), signed, stranger, links, layout.Options{Time: at, Runner: r})
			rejected(t, err, layout.CodeSignature)
		})
	}

	t.Run("the inspection finds another archive", func(t *testing.T) {
		signed := read(t, filepath.Join(data, "demo.layout"))
		other := tarball(t, "foo.py", "print('other')\n")
		_, err := layout.Verify(t.Context(), signed, owner, links, layout.Options{Time: at,
			Runner: &tarRunner{t: t, files: map[string][]byte{"foo.tar.gz": other}}})
		rejected(t, err, layout.CodeRule)
	})
	// Nobody has signed this one, and it has expired.
	t.Run("super.layout", func(t *testing.T) {
		_, err := layout.Verify(t.Context(), read(t, filepath.Join(data, "super.layout")), owner, links, layout.Options{Time: at})
		rejected(t, err, layout.CodeSignature)
	})
	// A layout without steps would vouch for anything; this is none.
	t.Run("a link as the layout", func(t *testing.T) {
		signer := parseKeys(t, read(t, filepath.Join(data, "dan.pub")))
		_, err := layout.Verify(t.Context(), read(t, filepath.Join(data, "foo.b7d643de.link")), signer, links, layout.Options{Time: at})
		rejected(t, err, layout.CodeMalformed)
	})
}

// Metadata that the Python tools have signed.
func TestInTotoRS(t *testing.T) {
	const dir = "intoto/in-toto-rs/"
	owner := parseKeys(t, interopFile(t, dir+"test_verifylib/workdir/alice.pub"))
	signed := interopFile(t, dir+"test_verifylib/workdir/root.layout")
	links := fstest.MapFS{}
	for _, name := range []string{"clone.776a00e2.link", "update-version.776a00e2.link", "package.2f89b927.link"} {
		links[name] = &fstest.MapFile{Data: interopFile(t, dir+"test_verifylib/links/"+name)}
	}
	verifyAt := func(at time.Time, links fstest.MapFS, runner layout.Runner) error {
		_, err := layout.Verify(t.Context(), signed, owner, layout.DirLinks(links), layout.Options{Time: at, Runner: runner})
		return err
	}
	runner := &tarRunner{t: t, files: map[string][]byte{
		"demo-project.tar.gz": interopFile(t, dir+"test_verifylib/workdir/demo-project.tar.gz")}}
	at := time.Date(2022, 6, 1, 0, 0, 0, 0, time.UTC)
	expires := time.Date(2022, 12, 2, 18, 41, 7, 0, time.UTC)

	if err := verifyAt(at, links, runner); err != nil {
		t.Errorf("at %v: %v", at, err)
	}
	if err := verifyAt(expires, links, runner); err != nil {
		t.Errorf("at the last instant: %v", err)
	}
	rejected(t, verifyAt(expires.Add(time.Second), links, runner), layout.CodeExpired)
	rejected(t, verifyAt(at, links, nil), layout.CodeInspection)
	for name := range links {
		fewer := fstest.MapFS{}
		for other, file := range links {
			if other != name {
				fewer[other] = file
			}
		}
		rejected(t, verifyAt(at, fewer, runner), layout.CodeThreshold)
	}

	_, err := layout.Verify(t.Context(), interopFile(t, dir+"test_metadata/demo.layout"), owner, layout.DirLinks(links), layout.Options{Time: at})
	rejected(t, err, layout.CodeSignature)
}

// Metadata with OpenPGP keys and signatures. None of it is acceptable here: nobody
// whom we trust has signed the layout, and where somebody has, its inspection is not
// run. What OpenPGP signatures are worth is tested elsewhere.
func TestAptTransportInToto(t *testing.T) {
	const dir = "intoto/apt-transport-in-toto/"
	boss := edPerson(t, "owner")
	links := fstest.MapFS{}
	for _, name := range []string{"rebuild.5863835e.link", "rebuild.e946fc60.link"} {
		links[name] = &fstest.MapFile{Data: interopFile(t, dir+name)}
	}
	opts := layout.Options{Time: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)}
	for _, name := range []string{"test.layout", "test.layout.docker", "root.layout"} {
		data := interopFile(t, dir+name)
		_, err := layout.Verify(t.Context(), data, keySet(t, boss), layout.DirLinks(links), opts)
		rejected(t, err, layout.CodeSignature)

		var file struct{ Signed json.RawMessage }
		if err := json.Unmarshal(data, &file); err != nil {
			t.Fatal(err)
		}
		_, err = layout.Verify(t.Context(), ourLegacy(t, []byte(file.Signed), boss), keySet(t, boss), layout.DirLinks(links), opts)
		if _, ok := err.(*verify.RejectedError); !ok || verify.CodeOf(err) == "" {
			t.Errorf("%s, signed again: %v", name, err)
		}
	}
	for _, name := range []string{"alice.asc", "alice.in-toto-gpg-key.json"} {
		if _, err := provenance.ParseKey(interopFile(t, dir+name)); err != nil && verify.CodeOf(err) != provenance.CodeKey {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/in-toto/in-toto-golang/in_toto"

	"github.com/tallystick/tallystick/provenance"
	"github.com/tallystick/tallystick/provenance/layout"
)

// layoutCases measures the verification of a layout with two steps: one has
// created files, the next has used and kept them.
func (m *maker) layoutCases(context.Context) error {
	// a whole chain, from the files on disk to the verdict
	for _, form := range []struct{ name, words string }{{"layout", "in the older form"}, {"layout-dsse", "in DSSE"}} {
		if !m.wanted(form.name) {
			continue
		}
		n, words := 10_000, "10,000"
		if m.big {
			n, words = 100_000, "100,000"
		}
		dir, err := makeChain(filepath.Join(m.dir, form.name), n, 14, prefixRule, form.name == "layout-dsse")
		if err != nil {
			return err
		}
		m.add(benchmark{Name: form.name, About: words + " artifacts in each of two links, 16 rules, " + form.words, Contenders: []contender{
			inside("tallystick", dir, "layout", dir),
			inside("in-toto-golang", dir, "in-toto-verify", dir),
		}})
	}
	for _, rules := range []struct {
		name, about string
		rule        func(i int) []string
	}{
		{"rules", "MATCH of a folder", prefixRule},
		{"rules-suffix", "ALLOW of an ending", suffixRule},
	} {
		if !m.wanted(rules.name) {
			continue
		}
		few, err := makeChain(filepath.Join(m.dir, rules.name+"4"), 10_000, 2, rules.rule, false)
		if err != nil {
			return err
		}
		many, err := makeChain(filepath.Join(m.dir, rules.name+"64"), 10_000, 62, rules.rule, false)
		if err != nil {
			return err
		}
		m.add(benchmark{Name: rules.name, About: "10,000 artifacts in each of two links, 64 rules, " + rules.about, Contenders: []contender{
			inside("tallystick, the whole verification", many, "layout", many),
			inside("tallystick, with 4 rules", few, "layout", few),
			inside("in-toto-golang, the whole verification", many, "in-toto-verify", many),
			inside("in-toto-golang, with 4 rules", few, "in-toto-verify", few),
			inside("in-toto-golang, reading the links and applying the rules", many, "in-toto-rules", many),
		}})
	}
	return nil
}

func prefixRule(i int) []string {
	return []string{"MATCH", fmt.Sprintf("src/dir%03d/*", i), "WITH", "PRODUCTS", "FROM", "write"}
}

func suffixRule(i int) []string { return []string{"ALLOW", fmt.Sprintf("*%02d.go", i)} }

// makeChain writes a layout, its key and two links with n artifacts each. The
// second step has as many rules as asked for and two more.
func makeChain(dir string, n, rules int, rule func(i int) []string, dsse bool) (string, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", err
	}
	seed := sha256.Sum256([]byte("benchmarks"))
	private := ed25519.NewKeyFromSeed(seed[:])
	key, err := pemBlock("PRIVATE KEY", x509.MarshalPKCS8PrivateKey, any(private))
	if err != nil {
		return "", err
	}
	public, err := pemBlock("PUBLIC KEY", x509.MarshalPKIXPublicKey, any(private.Public()))
	if err != nil {
		return "", err
	}
	var signer in_toto.Key
	if err := signer.LoadKeyReaderDefaults(bytes.NewReader(key)); err != nil {
		return "", err
	}
	listed := signer
	listed.KeyVal.Private = ""

	files := make(map[string]in_toto.HashObj, n)
	for i := range n {
		name := fmt.Sprintf("src/dir%03d/file%06d.go", i/500, i)
		sum := sha256.Sum256([]byte(name))
		files[name] = in_toto.HashObj{"sha256": hex.EncodeToString(sum[:])}
	}
	var materials [][]string
	for i := range rules {
		materials = append(materials, rule(i))
	}
	materials = append(materials, []string{"MATCH", "*", "WITH", "PRODUCTS", "FROM", "write"}, []string{"DISALLOW", "*"})
	none := map[string]in_toto.HashObj{}
	steps := []in_toto.Step{
		{Type: "step", PubKeys: []string{signer.KeyID}, Threshold: 1, SupplyChainItem: in_toto.SupplyChainItem{
			Name: "write", ExpectedMaterials: [][]string{}, ExpectedProducts: [][]string{{"ALLOW", "*"}}}},
		{Type: "step", PubKeys: []string{signer.KeyID}, Threshold: 1, SupplyChainItem: in_toto.SupplyChainItem{
			Name: "build", ExpectedMaterials: materials, ExpectedProducts: [][]string{{"ALLOW", "*"}}}},
	}
	short := signer.KeyID[:8]
	for name, payload := range map[string]any{
		"layout": in_toto.Layout{Type: "layout", Steps: steps, Inspect: []in_toto.Inspection{},
			Keys: map[string]in_toto.Key{signer.KeyID: listed}, Expires: time.Now().UTC().AddDate(1, 0, 0).Format("2006-01-02T15:04:05Z")},
		"write." + short + ".link": in_toto.Link{Type: "link", Name: "write", Materials: none, Products: files,
			ByProducts: map[string]any{}, Command: []string{}, Environment: map[string]any{}},
		"build." + short + ".link": in_toto.Link{Type: "link", Name: "build", Materials: files, Products: files,
			ByProducts: map[string]any{}, Command: []string{}, Environment: map[string]any{}},
	} {
		var signed in_toto.Metadata = &in_toto.Metablock{Signed: payload, Signatures: []in_toto.Signature{}}
		if dsse {
			envelope := &in_toto.Envelope{}
			if err := envelope.SetPayload(payload); err != nil {
				return "", err
			}
			signed = envelope
		}
		if err := signed.Sign(signer); err != nil {
			return "", err
		}
		if err := signed.Dump(filepath.Join(dir, name)); err != nil {
			return "", err
		}
	}
	return dir, os.WriteFile(filepath.Join(dir, "key.pem"), public, 0o666)
}

func pemBlock(kind string, marshal func(any) ([]byte, error), key any) ([]byte, error) {
	der, err := marshal(key)
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), err
}

func layoutChild(ctx context.Context, args []string) error {
	root, err := os.OpenRoot(args[0])
	if err != nil {
		return err
	}
	defer root.Close()
	signed, err := root.ReadFile("layout")
	if err != nil {
		return err
	}
	keys, err := readKeys(filepath.Join(args[0], "key.pem"))
	if err != nil {
		return err
	}
	v, err := layout.Verify(ctx, signed, keys, layout.DirLinks(root.FS()), layout.Options{})
	if err != nil {
		return err
	}
	products, err := v.Products("build")
	if err == nil && products.Len() == 0 {
		err = errors.New("nothing was verified")
	}
	return err
}

func readKeys(file string) (provenance.KeySet, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return provenance.KeySet{}, err
	}
	key, err := provenance.ParseKey(data)
	if err != nil {
		return provenance.KeySet{}, err
	}
	return provenance.NewKeySet(1, key)
}

func inTotoVerifyChild(_ context.Context, args []string) error {
	signed, err := in_toto.LoadMetadata(filepath.Join(args[0], "layout"))
	if err != nil {
		return err
	}
	var key in_toto.Key
	if err := key.LoadKeyDefaults(filepath.Join(args[0], "key.pem")); err != nil {
		return err
	}
	summary, err := in_toto.InTotoVerify(signed, map[string]in_toto.Key{key.KeyID: key}, args[0], "", nil, nil, false)
	if err != nil {
		return err
	}
	if len(summary.GetPayload().(in_toto.Link).Products) == 0 {
		return errors.New("nothing was verified")
	}
	return nil
}

// inTotoRulesChild checks no signature.
func inTotoRulesChild(_ context.Context, args []string) error {
	signed, err := in_toto.LoadMetadata(filepath.Join(args[0], "layout"))
	if err != nil {
		return err
	}
	l, ok := signed.GetPayload().(in_toto.Layout)
	if !ok {
		return errors.New("no layout")
	}
	links := map[string]in_toto.Metadata{}
	var steps []any
	for _, step := range l.Steps {
		link, err := in_toto.LoadMetadata(filepath.Join(args[0], fmt.Sprintf(in_toto.LinkNameFormat, step.Name, step.PubKeys[0])))
		if err != nil {
			return err
		}
		links[step.Name] = link
		steps = append(steps, step)
	}
	return in_toto.VerifyArtifacts(steps, links)
}

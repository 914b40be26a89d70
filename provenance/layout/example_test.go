// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package layout_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing/fstest"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/provenance"
	"github.com/tallystick/tallystick/provenance/layout"
	"github.com/tallystick/tallystick/verify"
)

// exampleMetadata returns a signed layout and its links. A program would have got
// them with the release, and the owner's key beforehand.
func exampleMetadata() (signed []byte, keys provenance.KeySet, links fstest.MapFS) {
	w := newWorld()
	owner, err := provenance.NewKey(key("owner").Public())
	if err != nil {
		panic(err)
	}
	if keys, err = provenance.NewKeySet(1, owner); err != nil {
		panic(err)
	}
	return w.sign(), keys, w.fs()
}

// A release is held against its layout.
func ExampleVerify() {
	ctx := context.Background()
	signed, keys, links := exampleMetadata()
	v, err := layout.Verify(ctx, signed, keys, layout.DirLinks(links), layout.Options{Time: now})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%q\n", v.Steps())

	app, err := hash.Measure(ctx, strings.NewReader("content of app"))
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := verify.Artifact(app.WithName("app"), verify.CoveredBy(v), v)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(result.Report().Verdict)
	// Output:
	// ["write" "build"]
	// accepted
}

// A rejection has a stable code and says what is wrong.
func ExampleVerify_rejected() {
	signed, keys, links := exampleMetadata()
	delete(links, "build."+id8("carol")+".link")
	_, err := layout.Verify(context.Background(), signed, keys, layout.DirLinks(links), layout.Options{Time: now})
	fmt.Println(errors.Is(err, layout.CodeThreshold))
	fmt.Println(err)
	// Output:
	// true
	// rejected: layout/threshold: functionaries of step "build": expected 2 of 2 functionaries, found 1: 4976af5a; no usable link of 0bc6235a
}

// What went into a build is a claim too.
func ExampleVerification_Materials() {
	signed, keys, links := exampleMetadata()
	v, err := layout.Verify(context.Background(), signed, keys, layout.DirLinks(links), layout.Options{Time: now})
	if err != nil {
		fmt.Println(err)
		return
	}
	sources, err := v.Materials("build")
	if err != nil {
		fmt.Println(err)
		return
	}
	for name := range sources.All() {
		fmt.Println(hash.EscapeName(name))
	}
	// Output:
	// README
	// src/main.go
}

// Links may be in memory.
func ExampleEnvelopes() {
	signed, keys, links := exampleMetadata()
	var list [][]byte
	for _, file := range links {
		if len(file.Data) > 0 {
			list = append(list, file.Data)
		}
	}
	_, err := layout.Verify(context.Background(), signed, keys, layout.Envelopes(list...), layout.Options{Time: now})
	fmt.Println(err)
	// Output: <nil>
}

// A bundle has one envelope on each line, and perhaps attestations of other kinds.
func ExampleBundle() {
	signed, keys, links := exampleMetadata()
	var bundle []byte
	for _, file := range links {
		bundle = append(append(bundle, file.Data...), '\n')
	}
	_, err := layout.Verify(context.Background(), signed, keys, layout.Bundle(bundle), layout.Options{Time: now})
	fmt.Println(err)
	// Output: <nil>
}

// A functionary records a step.
func ExampleRecord() {
	link, err := layout.Record(layout.Recording{Step: "test", Command: []string{"go", "test", "./..."}}, key("alice"))
	if err != nil {
		fmt.Println(err)
		return
	}
	name, err := layout.LinkName("test", key("alice").Public())
	fmt.Println(name, len(link) > 0, err)
	// Output: test.bcdfc3bc.link true <nil>
}

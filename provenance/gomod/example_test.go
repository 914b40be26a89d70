// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package gomod_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/provenance/gomod"
	"github.com/tallystick/tallystick/verify"
)

// What the public database says about a toolchain, from the files that the go
// command has cached: here a copy of them.
func ExampleDatabase_Lookup() {
	files := os.DirFS("testdata/sum.golang.org")
	db, err := gomod.NewDatabase(files, nil)
	if err != nil {
		log.Fatal(err)
	}
	m, err := db.Lookup(context.Background(), "golang.org/toolchain", "v0.0.1-go1.26.8.linux-amd64")
	if err != nil {
		log.Fatal(err)
	}
	h1, err := hash.FormatH1(m.DirHash())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(h1)
	fmt.Println(m.Issuers())
	// Output:
	// h1:ZOmGe1OnfREDMIdb1Qi4G9JSuDPBLGExZMQ4nis1RXM=
	// [SHA256:QcPMUKI5qrsB6GfsdPlPySF333/uxQx/CXVb1xM60eE sum.golang.org]
}

// A forged lookup is rejected, with a report that says what is wrong with it.
func ExampleDatabase_Lookup_rejected() {
	key, err := os.ReadFile("testdata/toy/key")
	if err != nil {
		log.Fatal(err)
	}
	// These files are signed with another key than this one.
	db, err := gomod.NewDatabase(os.DirFS("testdata/sum.golang.org"), &gomod.Options{Key: string(key)})
	if err != nil {
		log.Fatal(err)
	}
	_, err = db.Lookup(context.Background(), "golang.org/toolchain", "v0.0.1-go1.26.8.linux-amd64")
	fmt.Println(errors.Is(err, gomod.CodeSignature))
	// Output:
	// true
}

// A small toolchain, made up for this example, and a GOROOT with another go.env.
func ExampleVerifyToolchain() {
	ctx := context.Background()
	key, err := os.ReadFile("testdata/toy/key")
	if err != nil {
		log.Fatal(err)
	}
	db, err := gomod.NewDatabase(os.DirFS("testdata/toy/sumdb"), &gomod.Options{Key: string(key)})
	if err != nil {
		log.Fatal(err)
	}
	path, version, err := gomod.ToolchainModule("go1.99.0", "linux", "amd64")
	if err != nil {
		log.Fatal(err)
	}
	m, err := db.Lookup(ctx, path, version)
	if err != nil {
		log.Fatal(err)
	}
	zip, err := os.Open("testdata/toy/toolchain.zip")
	if err != nil {
		log.Fatal(err)
	}
	defer zip.Close()
	info, err := zip.Stat()
	if err != nil {
		log.Fatal(err)
	}

	const goroot = "testdata/toy/goroot"
	_, err = gomod.VerifyToolchain(ctx, m, zip, info.Size(), goroot, nil)
	fmt.Println(err)

	// We know this difference. Its digest makes sure that it is the only one.
	goEnv, err := hash.ParseDigest("sha256:f2f03e0f9f07e9c36252baeb236576eea8a309ead2402e2e5f66655686185224")
	if err != nil {
		log.Fatal(err)
	}
	toolchain, err := gomod.VerifyToolchain(ctx, m, zip, info.Size(), goroot, &gomod.ToolchainOptions{
		Allow: []gomod.Allowance{{Name: "go.env", Digest: goEnv}},
	})
	if err != nil {
		log.Fatal(err)
	}
	result, err := verify.Artifact(toolchain.Artifact(), verify.IssuedBy(db.Issuer()), toolchain)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Report().Verdict, result.Artifact().Size(), "bytes of", result.Artifact().Name())
	// Output:
	// rejected: gomod/differs: go.env: expected sha256:68ac107393e093bc2017b0ffd85b3fc362f0cd4faf39daa403895d1f66624df7, found sha256:f2f03e0f9f07e9c36252baeb236576eea8a309ead2402e2e5f66655686185224
	// accepted 19 bytes of testdata/toy/goroot
}

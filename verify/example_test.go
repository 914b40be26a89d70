// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package verify_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/verify"
	"github.com/tallystick/tallystick/verify/verifytest"
)

// A measured file, a claim about it, a policy, a verdict. The claim would come from
// a TUF repository, a layout or an attestation; here it is a stand-in.
func ExampleArtifact() {
	measured, err := hash.Measure(context.Background(), strings.NewReader("a release"))
	if err != nil {
		fmt.Println(err)
		return
	}
	measured = measured.WithName("app.tar.gz")
	vendor := verifytest.Issuer("vendor")
	claim := verifytest.NewClaim("app.tar.gz", measured.Digests(), vendor)

	result, err := verify.Artifact(measured, verify.IssuedBy(vendor), claim)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(result.Report().Verdict, result.Artifact().Name())

	// The same words about other content are a contradiction.
	evil, err := hash.Measure(context.Background(), strings.NewReader("a backdoor"))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = verify.Artifact(evil.WithName("app.tar.gz"), verify.IssuedBy(vendor), claim)
	fmt.Println(errors.Is(err, verify.CodeConflict))
	// Output:
	// accepted app.tar.gz
	// true
}

// The update server and the builder must both stand behind a binary, and its
// source must have been accepted before.
func ExampleAll() {
	ctx := context.Background()
	server, builder := verifytest.Issuer("server"), verifytest.Issuer("builder")
	tarball, err := hash.Measure(ctx, strings.NewReader("the source"))
	if err != nil {
		fmt.Println(err)
		return
	}
	source, err := verify.Artifact(tarball, verify.IssuedBy(server), verifytest.NewClaim("app.tar.gz", tarball.Digests(), server))
	if err != nil {
		fmt.Println(err)
		return
	}
	binary, err := hash.Measure(ctx, strings.NewReader("the binary"))
	if err != nil {
		fmt.Println(err)
		return
	}
	policy := verify.All(verify.IssuedBy(server), verify.IssuedBy(builder), verify.Requires(source))
	_, err = verify.Artifact(binary, policy, verifytest.NewClaim("app", binary.Digests(), server))
	fmt.Println(verify.CodeOf(err))
	_, err = verify.Artifact(binary, policy,
		verifytest.NewClaim("app", binary.Digests(), server),
		verifytest.NewClaim("app", binary.Digests(), builder))
	fmt.Println(err)
	// Output:
	// verify/issuer
	// <nil>
}

// The files inside of an archive are held against a list, and the one that does
// not belong there is named.
func ExampleSameTree() {
	ctx := context.Background()
	tagged, err := hash.MeasureTar(ctx, tarball("main.go"), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	packed, err := hash.MeasureTar(ctx, tarball("main.go", "m4/build-to-host.m4"), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	artifact, err := packed.Artifact("app.tar.gz")
	if err != nil {
		fmt.Println(err)
		return
	}
	vendor := verifytest.Issuer("vendor")
	_, err = verify.Artifact(artifact,
		verify.All(verify.IssuedBy(vendor), verify.SameTree(packed, tagged.Manifest())),
		verifytest.NewClaim("app.tar.gz", artifact.Digests(), vendor))
	fmt.Println(err)
	// Output: rejected: hash/mismatch: extra file m4
}

func tarball(names ...string) io.Reader {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, name := range names {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: 2}); err != nil {
			panic(err)
		}
		if _, err := w.Write([]byte("x\n")); err != nil {
			panic(err)
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return &b
}

// Two of three rebuilders must have made the same binary. The claims would come
// from provenance.Open; here they are stand-ins.
func ExampleAtLeast() {
	binary, err := hash.Measure(context.Background(), strings.NewReader("a binary"))
	if err != nil {
		fmt.Println(err)
		return
	}
	alice, bob, carol := verifytest.Issuer("alice"), verifytest.Issuer("bob"), verifytest.Issuer("carol")
	policy, err := verify.AtLeast(2, verify.IssuedBy(alice), verify.IssuedBy(bob), verify.IssuedBy(carol))
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := verify.Artifact(binary, policy,
		verifytest.NewClaim("binary", binary.Digests(), alice),
		verifytest.NewClaim("binary", binary.Digests(), carol))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(result.Report().Verdict)
	// Output: accepted
}

// A rejection says why, with a stable code and a report.
func ExampleRejectedError() {
	binary, err := hash.Measure(context.Background(), strings.NewReader("a binary"))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = verify.Artifact(binary, verify.IssuedBy(verifytest.Issuer("alice")))
	if rejected, ok := errors.AsType[*verify.RejectedError](err); ok {
		fmt.Println(rejected.Code())
		fmt.Println(rejected.Report.Verdict)
	}
	// Output:
	// verify/issuer
	// rejected
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

// Minimal checks one file against the SLSA provenance of one builder: the
// smallest program that decides something with this library.
//
// Usage:
//
//	minimal PUBLIC-KEY BUILDER-ID ATTESTATION FILE
//
// It prints the report. The exit status is 0 if the file was accepted, 1 if it
// was rejected, and 2 if there is no verdict.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/provenance"
	"github.com/tallystick/tallystick/verify"
)

func check(ctx context.Context, file, builder string, publicKey, attestation []byte) (*verify.Result, error) {
	key, err := provenance.ParseKey(publicKey)
	if err != nil {
		return nil, err
	}
	keys, err := provenance.NewKeySet(1, key)
	if err != nil {
		return nil, err
	}
	claim, err := provenance.Open(attestation, keys, nil) // what the builder says
	if err != nil {
		return nil, err
	}
	fact, err := hash.MeasureFile(ctx, file) // what we see
	if err != nil {
		return nil, err
	}
	return verify.Artifact(fact, provenance.SLSA{Builder: builder, Signers: keys}, claim)
}

func main() { os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr)) }

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) != 4 {
		fmt.Fprintln(stderr, "usage: minimal PUBLIC-KEY BUILDER-ID ATTESTATION FILE")
		return 2
	}
	publicKey, err := os.ReadFile(args[0])
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 2
	}
	attestation, err := os.ReadFile(args[2])
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 2
	}
	result, err := check(ctx, args[3], args[1], publicKey, attestation)
	if rejected, ok := errors.AsType[*verify.RejectedError](err); ok {
		fmt.Fprint(stdout, rejected.Report)
		return 1
	} else if err != nil {
		fmt.Fprintln(stderr, err)
		return 2
	}
	fmt.Fprint(stdout, result.Report())
	return 0
}

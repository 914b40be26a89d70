// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package verify_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/verify"
	"github.com/tallystick/tallystick/verify/verifytest"
)

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

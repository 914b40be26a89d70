// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package provenance_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/provenance"
	"github.com/tallystick/tallystick/verify"
)

// exampleKeys returns the key set of somebody. A program has public keys from a file,
// from TUF, or embedded.
func exampleKeys(name string) provenance.KeySet {
	key, err := provenance.NewKey(signer(name).Public())
	if err != nil {
		panic(err)
	}
	keys, err := provenance.NewKeySet(1, key.WithName(name))
	if err != nil {
		panic(err)
	}
	return keys
}

// exampleStatement signs an attestation about content and opens it again, on
// 2 July 2026.
func exampleStatement(by, name, content, predicateType, predicate string) *provenance.Statement {
	payload := fmt.Sprintf(`{"_type": %q, "subject": [{"name": %q, "digest": %s}], "predicateType": %q, "predicate": %s}`,
		provenance.StatementV1, name, exampleDigests(content), predicateType, predicate)
	envelope, err := provenance.Sign(provenance.PayloadType, []byte(payload), signer(by))
	if err != nil {
		panic(err)
	}
	s, err := provenance.Open(envelope, exampleKeys(by), &provenance.Options{Time: time.Date(2026, 7, 2, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		panic(err)
	}
	return s
}

func exampleArtifact(name, content string) hash.Artifact {
	a, err := hash.Measure(context.Background(), strings.NewReader(content))
	if err != nil {
		panic(err)
	}
	return a.WithName(name)
}

func exampleDigests(content string) string {
	data, err := json.Marshal(exampleArtifact("", content).Digests())
	if err != nil {
		panic(err)
	}
	return string(data)
}

// printVerdict prints what a caller would act on.
func printVerdict(err error) {
	if err != nil {
		fmt.Println("rejected:", verify.CodeOf(err))
		return
	}
	fmt.Println("accepted")
}

// A workflow on a build service says which repository it was asked to build, and at
// which tag.
func ExampleSLSA() {
	statement := exampleStatement("builder", "app", "the binary", provenance.SLSAProvenanceV1, `{
		"buildDefinition": {
			"buildType": "https://actions.github.io/buildtypes/workflow/v1",
			"externalParameters": {"workflow": {
				"repository": "https://example.org/team/app", "ref": "refs/tags/v1.2.3", "path": ".github/workflows/release.yml"}},
			"resolvedDependencies": [{
				"uri": "git+https://example.org/team/app@refs/tags/v1.2.3",
				"digest": {"gitCommit": "9d2a6d5b5a8a2c1f2a3c3f9f1c6c1f0d6f6e5a01"}}]
		},
		"runDetails": {"builder": {"id": "https://builder.example/hosted"}, "metadata": {"finishedOn": "2026-07-01T10:00:00Z"}}
	}`)

	policy := provenance.SLSA{
		Builder:    "https://builder.example/hosted",
		Signers:    exampleKeys("builder"),
		SourceURI:  "https://example.org/team/app",
		SourceTag:  "v1.2.3",
		EntryPoint: ".github/workflows/release.yml",
		MaxAge:     30 * 24 * time.Hour,
	}
	_, err := verify.Artifact(exampleArtifact("app", "the binary"), policy, statement)
	printVerdict(err)

	policy.SourceTag = "v1.2.4"
	_, err = verify.Artifact(exampleArtifact("app", "the binary"), policy, statement)
	printVerdict(err)
	// Output:
	// accepted
	// rejected: provenance/source
}

// What a build used must have attestations of its own: the compiler comes from a
// distribution that is trusted for it, and somebody has reviewed the source.
func ExampleDependency() {
	const commit = "9d2a6d5b5a8a2c1f2a3c3f9f1c6c1f0d6f6e5a01"
	binary := exampleStatement("builder", "app", "the binary", provenance.SLSAProvenanceV1, `{
		"buildDefinition": {"buildType": "https://builder.example/make", "resolvedDependencies": [
			{"uri": "pkg:deb/debian/gcc@12", "digest": `+exampleDigests("the compiler")+`},
			{"uri": "git+https://example.org/team/app@refs/tags/v1.2.3", "digest": {"gitCommit": "`+commit+`"}}]},
		"runDetails": {"builder": {"id": "https://builder.example/hosted"}}}`)
	compiler := exampleStatement("distribution", "gcc", "the compiler", provenance.SLSAProvenanceV1, `{
		"buildDefinition": {"buildType": "https://distribution.example/package"},
		"runDetails": {"builder": {"id": "https://distribution.example/builder"}}}`)

	policy := provenance.SLSA{
		Builder: "https://builder.example/hosted",
		Signers: exampleKeys("builder"),
		Dependencies: []provenance.Dependency{{
			About: func(r provenance.Resource) bool { return strings.HasPrefix(r.URI, "pkg:") },
			Policy: provenance.SLSA{
				Builder: "https://distribution.example/builder",
				Signers: exampleKeys("distribution"),
			},
		}},
	}
	_, err := verify.Artifact(exampleArtifact("app", "the binary"), policy, binary, compiler)
	printVerdict(err)

	// Without the attestation about the compiler the chain is broken.
	_, err = verify.Artifact(exampleArtifact("app", "the binary"), policy, binary)
	fmt.Println("broken:", errors.Is(err, provenance.CodeDependency))
	// Output:
	// accepted
	// broken: true
}

// A consumer who does not want to look at provenance takes the word of a verifier.
func ExampleVSA() {
	statement := exampleStatement("verifier", "app", "the binary", provenance.VerificationSummaryV1, `{
		"verifier": {"id": "https://verifier.example/"}, "timeVerified": "2026-07-01T10:00:00Z",
		"resourceUri": "pkg:generic/app@1.2.3", "policy": {"uri": "https://verifier.example/policy/7"},
		"verificationResult": "PASSED", "verifiedLevels": ["SLSA_BUILD_LEVEL_3"]}`)
	artifact := exampleArtifact("app", "the binary")
	policy := provenance.VSA{
		Verifier:    "https://verifier.example/",
		Signers:     exampleKeys("verifier"),
		ResourceURI: "pkg:generic/app@1.2.3",
		Levels:      []string{"SLSA_BUILD_LEVEL_2"},
		MaxAge:      7 * 24 * time.Hour,
	}
	_, err := verify.Artifact(artifact, policy, statement)
	printVerdict(err)

	policy.Levels = []string{"SLSA_SOURCE_LEVEL_1"}
	_, err = verify.Artifact(artifact, policy, statement)
	printVerdict(err)
	// Output:
	// accepted
	// rejected: provenance/level
}

// A scan must be young, and have found nothing that its method calls high or worse.
func ExampleScanned() {
	statement := exampleStatement("scanner", "app", "the binary", provenance.VulnsV02, `{
		"scanner": {"uri": "pkg:generic/scanner@3", "db": {"lastUpdate": "2026-07-01T00:00:00Z"},
			"result": [{"id": "CVE-2026-0001", "severity": [{"method": "nvd", "score": "medium"}, {"method": "cvss_score", "score": "5.2"}]}]},
		"metadata": {"scanStartedOn": "2026-07-01T09:59:00Z", "scanFinishedOn": "2026-07-01T10:00:00Z"}}`)
	artifact := exampleArtifact("app", "the binary")
	policy := provenance.Scanned{
		Scanner: "pkg:generic/scanner@3",
		Signers: exampleKeys("scanner"),
		MaxAge:  48 * time.Hour,
		Below:   provenance.Severity{Method: "nvd", Score: "high"},
	}
	_, err := verify.Artifact(artifact, policy, statement)
	printVerdict(err)

	policy.Below = provenance.Severity{} // nothing at all
	_, err = verify.Artifact(artifact, policy, statement)
	printVerdict(err)
	// Output:
	// accepted
	// rejected: provenance/vulnerability
}

// Two tests must have passed.
func ExampleTested() {
	statement := exampleStatement("tester", "app", "the binary", provenance.TestResultV01, `{
		"result": "PASSED", "configuration": [{"name": "tests.yml", "uri": "https://ci.example/tests.yml"}],
		"passedTests": ["device A", "device B"]}`)
	policy := provenance.Tested{Signers: exampleKeys("tester"), Tests: []string{"device A", "device C"}}
	_, err := verify.Artifact(exampleArtifact("app", "the binary"), policy, statement)
	printVerdict(err)
	// Output: rejected: provenance/test
}

// A predicate of one's own has a decoder of one's own. It runs only on what the right
// people have signed.
func ExampleAttested() {
	statement := exampleStatement("reviewer", "app", "the binary", "https://example.org/review/v1", `{"approvals": 1}`)
	policy := provenance.Attested{
		PredicateType: "https://example.org/review/v1",
		Signers:       exampleKeys("reviewer"),
		Accept: func(s *provenance.Statement) error {
			var review struct{ Approvals int }
			if err := json.Unmarshal(s.Predicate(), &review); err != nil {
				return err
			}
			if review.Approvals < 2 {
				return errors.New("too few approvals")
			}
			return nil
		},
	}
	_, err := verify.Artifact(exampleArtifact("app", "the binary"), policy, statement)
	printVerdict(err)
	// Output: rejected: provenance/predicate
}

// The same content under another name is not what was asked for.
func ExampleNamed() {
	statement := exampleStatement("builder", "app-debug", "the binary", "https://example.org/build/v1", `{}`)
	artifact := exampleArtifact("app", "the binary")
	policy := provenance.Attested{PredicateType: "https://example.org/build/v1", Signers: exampleKeys("builder")}
	_, err := verify.Artifact(artifact, policy, statement)
	printVerdict(err)
	_, err = verify.Artifact(artifact, provenance.Named(policy), statement)
	printVerdict(err)
	// Output:
	// accepted
	// rejected: provenance/subject
}

// All files of a release, and nothing else, must come from one attestation.
func ExampleVerifySubjects() {
	payload := fmt.Sprintf(`{"_type": %q, "subject": [{"name": "app", "digest": %s}, {"name": "app.sig", "digest": %s}],
		"predicateType": %q, "predicate": {"purl": "pkg:generic/app@1.2.3"}}`,
		provenance.StatementV1, exampleDigests("the binary"), exampleDigests("a signature"), provenance.ReleaseV01)
	envelope, err := provenance.Sign(provenance.PayloadType, []byte(payload), signer("registry"))
	if err != nil {
		fmt.Println(err)
		return
	}
	statement, err := provenance.Open(envelope, exampleKeys("registry"), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	policy := provenance.Attested{
		PredicateType: provenance.ReleaseV01,
		Signers:       exampleKeys("registry"),
		Accept: func(s *provenance.Statement) error {
			release, err := s.Release()
			if err == nil && release.PURL != "pkg:generic/app@1.2.3" {
				err = errors.New("another release")
			}
			return err
		},
	}
	app, sig := exampleArtifact("app", "the binary"), exampleArtifact("app.sig", "a signature")
	for _, mode := range []provenance.SubjectMode{provenance.Together, provenance.Exactly} {
		_, err = provenance.VerifySubjects(mode, policy, []hash.Artifact{app}, statement)
		fmt.Printf("app, %v: ", mode)
		printVerdict(err)
	}
	_, err = provenance.VerifySubjects(provenance.Exactly, policy, []hash.Artifact{app, sig}, statement)
	fmt.Print("both: ")
	printVerdict(err)
	// Output:
	// app, together: accepted
	// app, exactly: rejected: provenance/subject
	// both: accepted
}

// Three rebuilders have built one program from its source, each with keys of their
// own, and signed what came out. Two who agree are enough; one who does not agree is a
// conflict, unless the policy says how many may differ.
func ExampleRebuilders() {
	const predicate = `{"buildDefinition": {"buildType": "https://rebuild.example/debian"}, "runDetails": {"builder": {"id": "https://%s.example/"}}}`
	says := func(who, content string) verify.Claim {
		return exampleStatement(who, "app", content, provenance.SLSAProvenanceV1, fmt.Sprintf(predicate, who))
	}
	built := func(who string) provenance.Policy {
		return provenance.SLSA{Builder: "https://" + who + ".example/", Signers: exampleKeys(who), BuildType: "https://rebuild.example/debian"}
	}
	artifact := exampleArtifact("app", "the binary")
	agree := []verify.Claim{says("alice", "the binary"), says("bob", "the binary"), says("carol", "the binary")}
	dissent := []verify.Claim{says("alice", "the binary"), says("bob", "the binary"), says("carol", "another binary")}

	policy, err := verify.AtLeast(2, built("alice"), built("bob"), built("carol"))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = verify.Artifact(artifact, policy, agree...)
	fmt.Print("all agree: ")
	printVerdict(err)

	_, err = verify.Artifact(artifact, policy, dissent...)
	fmt.Print("carol differs: ")
	printVerdict(err)
	if rejected, ok := errors.AsType[*verify.RejectedError](err); ok {
		for _, side := range rejected.Report.Conflicts[0].Sides {
			for _, issuer := range side.Issuers {
				fmt.Printf("  %s says %s...\n", issuer.Name, side.Digest[:8])
			}
		}
	}

	rebuilders := provenance.Rebuilders{
		Policies:   []provenance.Policy{built("alice"), built("bob"), built("carol")},
		Threshold:  2,
		MaxDissent: 1,
	}
	result, err := rebuilders.Verify(artifact, dissent...)
	fmt.Print("carol may differ: ")
	printVerdict(err)
	if err == nil {
		for _, check := range result.Report().Checks[0].Checks[1].Checks {
			fmt.Printf("  %s: %s, found %s...\n", check.Code, check.Issuers[0].Name, check.Found[:len("sha256:")+8])
		}
	}
	// Output:
	// all agree: accepted
	// carol differs: rejected: verify/conflict
	//   alice says c9798c8b...
	//   bob says c9798c8b...
	//   carol says 8f299512...
	// carol may differ: accepted
	//   provenance/dissent: carol, found sha256:8f299512...
}

// A typed predicate is plain data for a program to show.
func ExampleStatement_Provenance() {
	statement := exampleStatement("builder", "app", "the binary", provenance.SLSAProvenanceV02, `{
		"builder": {"id": "https://builder.example/hosted"}, "buildType": "https://builder.example/make",
		"invocation": {"configSource": {"uri": "git+https://example.org/team/app@refs/heads/main", "entryPoint": "all"}}}`)
	p, err := statement.Provenance()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(p.BuilderID, "built", p.EntryPoint, "of", p.ConfigSource.URI)
	// Output: https://builder.example/hosted built all of git+https://example.org/team/app@refs/heads/main
}

// The files that a bill of materials lists can be held against a measured tree.
func ExampleStatement_Files() {
	statement := exampleStatement("vendor", "app", "the binary", provenance.SPDX, `{"spdxVersion": "SPDX-2.3", "files": [
		{"fileName": "./src/main.c", "checksums": [{"algorithm": "SHA256", "checksumValue": "`+strings.Repeat("ab", 32)+`"}]}]}`)
	manifest, err := statement.Files()
	if err != nil {
		fmt.Println(err)
		return
	}
	for file := range manifest.Entries() {
		fmt.Println(file.Name, file.Digests.String()[:16])
	}
	// Output: src/main.c sha256:ababababa
}

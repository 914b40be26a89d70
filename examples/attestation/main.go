// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

// Attestation holds files against attestations: in-toto Statements in DSSE
// envelopes, signed with keys that you trust.
//
// Usage:
//
//	attestation --key FILE[,FILE...] --predicate-type T [flags] ENVELOPE ARTIFACT...
//
// ENVELOPE is a file with a DSSE envelope, or with several attestations:
// .intoto.jsonl, sigstore bundles, the document of the npm registry, a Python
// attestation object. Of those the envelopes are used, and only as far as your keys
// go: certificates and log entries around them are not looked at. An ARTIFACT is a
// file, or a folder, which is compared by the dirHash or gitTree that an attestation
// states.
//
// The flags are, with one dash or two:
//
//	--key FILE[,FILE...]  public keys: PEM, a certificate, in-toto's JSON or a JWK.
//	                      May be repeated
//	--threshold N         how many of the keys must have signed one attestation;
//	                      default 1
//	--predicate-type T    what the attestation must be, such as
//	                      https://slsa.dev/provenance/v1
//	--builder ID          the builder that SLSA provenance must name
//	--source URI          the repository that it must have been built from
//	--ref REF             at this full ref, such as refs/tags/v1.2.3
//	--tag V               or at the tag with this version, such as v1.2.3
//	--at TIME             verify as of this time, in RFC 3339; default now
//	--signature-only      check signatures and Statements only. The report then says
//	                      that nothing was matched
//	--json                print whole reports as JSON, one after the other
//
// One attestation must be signed, cover the ARTIFACT and satisfy all flags. There is
// one report for each ARTIFACT. It names the attestations in ENVELOPE that could not be
// used. If none can be, or with --signature-only, there is one report for each
// attestation.
//
// The exit status is 0 if everything was accepted, 1 if something was rejected (also
// an ENVELOPE that is none), and 2 if there is no verdict: flags make no sense, or
// files or keys that they name cannot be used.
//
// A key of a builder, an attestation that it made, and the file that came with it:
//
//	attestation --key builder.pub --predicate-type https://slsa.dev/provenance/v1 \
//	  --builder https://builder.example/v1 --source https://example.org/team/app \
//	  --tag v1.2.3 app.intoto.jsonl app.tar.gz
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/tallystick/tallystick/provenance"
	"github.com/tallystick/tallystick/verify"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

const (
	exitAccepted = 0
	exitRejected = 1
	exitFailed   = 2
)

// settings are what the flags say.
type settings struct {
	keys          []string
	threshold     int
	predicateType string
	policy        provenance.SLSA // without Signers; used if it has a Builder
	at            time.Time
	signatureOnly bool
	json          bool
	envelope      string
	artifacts     []string
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	s, err := parseFlags(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return exitAccepted
	}
	if err == nil {
		var reports []*verify.Report
		if reports, err = s.verify(ctx); err == nil {
			err = s.print(stdout, reports)
			for _, r := range reports {
				if err == nil && r.Verdict != verify.Accepted {
					return exitRejected
				}
			}
		}
	}
	if err != nil {
		fmt.Fprintf(stderr, "attestation: %v\n", err)
		return exitFailed
	}
	return exitAccepted
}

func parseFlags(args []string, stderr io.Writer) (*settings, error) {
	s := &settings{}
	flags := flag.NewFlagSet("attestation", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Func("key", "`file`s with public keys, separated by commas; may be repeated", func(v string) error {
		for name := range strings.SplitSeq(v, ",") {
			if name == "" {
				return errors.New("no name of a file")
			}
			s.keys = append(s.keys, name)
		}
		return nil
	})
	flags.IntVar(&s.threshold, "threshold", 1, "how many of the keys must have signed one attestation, a `number`")
	flags.StringVar(&s.predicateType, "predicate-type", "", "the `type` of attestation that is wanted")
	// What is given must not be empty: an empty demand is none.
	text := func(to *string) func(string) error {
		return func(v string) error {
			if v == "" {
				return errors.New("it is empty")
			}
			*to = v
			return nil
		}
	}
	flags.Func("builder", "the `id` of the builder that SLSA provenance must name", text(&s.policy.Builder))
	flags.Func("source", "the `URI` of the repository that it must have been built from", text(&s.policy.SourceURI))
	flags.Func("ref", "the full `ref` that it must have been built from", text(&s.policy.SourceRef))
	flags.Func("tag", "the `version` that must be the tag that it was built from", text(&s.policy.SourceTag))
	flags.Func("at", "verify as of this `time`, such as 2026-11-23T01:00:00Z", func(v string) (err error) {
		// The zero time means now, and nobody means it.
		if s.at, err = time.Parse(time.RFC3339, v); err == nil && s.at.IsZero() {
			err = errors.New("no such time")
		}
		return err
	})
	flags.BoolVar(&s.signatureOnly, "signature-only", false, "check signatures only and match nothing")
	flags.BoolVar(&s.json, "json", false, "print JSON")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	slsa := s.predicateType == provenance.SLSAProvenanceV1 || s.predicateType == provenance.SLSAProvenanceV02
	source := s.policy.SourceURI != "" || s.policy.SourceRef != "" || s.policy.SourceTag != ""
	switch {
	case len(s.keys) == 0:
		return nil, errors.New("no --key")
	case s.predicateType == "":
		return nil, errors.New("no --predicate-type")
	case source && s.policy.Builder == "":
		return nil, errors.New("--source, --ref and --tag need the --builder whose word is taken for it")
	case s.policy.SourceURI == "" && source:
		return nil, errors.New("--ref and --tag need a --source")
	case s.policy.Builder != "" && !slsa:
		return nil, errors.New("--builder needs --predicate-type " + provenance.SLSAProvenanceV1 + " or " + provenance.SLSAProvenanceV02)
	case flags.NArg() == 0:
		return nil, errors.New("no ENVELOPE")
	case s.signatureOnly && (flags.NArg() > 1 || s.policy.Builder != ""):
		return nil, errors.New("--signature-only matches nothing: it takes no ARTIFACT and no --builder")
	case !s.signatureOnly && flags.NArg() == 1:
		return nil, errors.New("no ARTIFACT: a signature alone says nothing about a file; see --signature-only")
	}
	s.envelope, s.artifacts = flags.Arg(0), flags.Args()[1:]
	for _, a := range s.artifacts {
		if strings.HasPrefix(a, "-") && len(a) > 1 {
			return nil, fmt.Errorf("%q stands behind ENVELOPE: flags come first, and a file of that name is ./%s", a, a)
		}
	}
	return s, nil
}

// print prints the reports; those of rejections come first in text, for they are
// what matters.
func (s *settings) print(w io.Writer, reports []*verify.Report) error {
	if s.json {
		for _, r := range reports {
			data, err := r.JSON()
			if err != nil {
				return err
			}
			if _, err := w.Write(data); err != nil {
				return err
			}
		}
		return nil
	}
	for _, verdict := range []verify.Verdict{verify.Rejected, verify.Accepted} {
		for _, r := range reports {
			if r.Verdict != verdict {
				continue
			}
			if _, err := io.WriteString(w, r.String()); err != nil {
				return err
			}
		}
	}
	return nil
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/provenance"
	"github.com/tallystick/tallystick/verify"
)

// maxKey is more than any key takes, in bytes.
const maxKey = 1 << 20

// verify returns the reports. An error says that there is no verdict.
func (s *settings) verify(ctx context.Context) ([]*verify.Report, error) {
	keys, err := s.readKeys()
	if err != nil {
		return nil, err
	}
	for _, name := range s.artifacts {
		// Found out now, a missing file is no verdict about the attestations.
		if info, err := os.Stat(name); err != nil {
			return nil, err
		} else if !info.Mode().IsRegular() && !info.IsDir() {
			return nil, fmt.Errorf("%s is neither a file nor a folder", hash.EscapeName(name))
		}
	}
	f, err := os.Open(s.envelope)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	found, err := provenance.ReadEnvelopes(f, provenance.ReadLimits{})
	if rejected, ok := errors.AsType[*verify.RejectedError](err); ok {
		return []*verify.Report{rejected.Report}, nil
	}
	if err != nil {
		return nil, err
	}

	var statements []*provenance.Statement
	var claims []verify.Claim
	var rejections []*verify.Report
	var unused []string // what is in the file and no claim
	for _, i := range found.Ignored {
		unused = append(unused, i.Where+": ignored: "+i.Reason)
	}
	for _, e := range found.Envelopes {
		statement, err := provenance.Open(e.DSSE, keys, &provenance.Options{Time: s.at, PredicateType: s.predicateType})
		rejected, ok := errors.AsType[*verify.RejectedError](err)
		if err != nil && !ok {
			return nil, err
		}
		if ok {
			rejected.Report.NotCovered = append(rejected.Report.NotCovered, about(e)...)
			rejections = append(rejections, rejected.Report)
			unused = append(unused, at(e)+err.Error())
			continue
		}
		statements, claims = append(statements, statement), append(claims, statement)
		unused = append(unused, about(e)...)
	}
	if s.signatureOnly {
		for _, statement := range statements {
			rejections = append(rejections, reportOf(statement))
		}
		return rejections, nil
	}
	if len(statements) == 0 {
		return rejections, nil
	}

	var policy verify.Policy = provenance.Attested{PredicateType: s.predicateType, Signers: keys}
	if s.policy.Builder != "" {
		slsa := s.policy
		slsa.Signers, slsa.PredicateType = keys, s.predicateType
		policy = slsa
	}
	var reports []*verify.Report
	for _, name := range s.artifacts {
		artifact, err := measure(ctx, name, statements)
		if err != nil {
			return nil, err
		}
		result, err := verify.Artifact(artifact, policy, claims...)
		var report verify.Report
		if rejected, ok := errors.AsType[*verify.RejectedError](err); ok {
			report = *rejected.Report
		} else if err != nil {
			return nil, err
		} else {
			report = *result.Report()
		}
		if slices.Contains(report.Codes, provenance.CodePolicy) {
			return nil, fmt.Errorf("the flags make no policy: %w", err)
		}
		report.NotCovered = slices.Concat(report.NotCovered, unused)
		reports = append(reports, &report)
	}
	return reports, nil
}

// at says where an envelope stood, if there are several.
func at(e provenance.Envelope) string {
	if e.Where == "" {
		return ""
	}
	return e.Where + ": "
}

// about says what stood around an envelope and was not checked.
func about(e provenance.Envelope) []string {
	switch e.Kind {
	case provenance.KindBundle:
		return []string{at(e) + "certificates and log entries of the sigstore bundle"}
	case provenance.KindPEP740:
		return []string{at(e) + "certificate and log entries of the Python attestation"}
	}
	return nil
}

func (s *settings) readKeys() (provenance.KeySet, error) {
	var keys []provenance.Key
	for _, name := range s.keys {
		data, err := readFile(name, maxKey)
		if err != nil {
			return provenance.KeySet{}, err
		}
		key, err := provenance.ParseKey(data)
		if err != nil {
			return provenance.KeySet{}, fmt.Errorf("%s: %w", hash.EscapeName(name), err)
		}
		keys = append(keys, key.WithName(hash.EscapeName(filepath.Base(name))))
	}
	return provenance.NewKeySet(s.threshold, keys...)
}

// measure measures a file or a folder with the algorithms that the Statements use.
func measure(ctx context.Context, name string, statements []*provenance.Statement) (hash.Artifact, error) {
	ofFiles := []hash.Algorithm{hash.SHA256, hash.SHA384, hash.SHA512, hash.SHA512_256,
		hash.SHA3_256, hash.SHA3_384, hash.SHA3_512, hash.BLAKE2b, hash.BLAKE2s}
	ofTrees := []hash.Algorithm{hash.DirHash, hash.GitTreeSHA256, hash.GitTree}
	// stated adds to algs those among the others that a Statement uses.
	stated := func(among []hash.Algorithm, algs ...hash.Algorithm) []hash.Algorithm {
		for _, s := range statements {
			for _, subject := range s.Subjects() {
				for d := range subject.Digests.All() {
					if a := d.Algorithm(); slices.Contains(among, a) && !slices.Contains(algs, a) {
						algs = append(algs, a)
					}
				}
			}
		}
		return algs
	}
	base := filepath.Base(name)
	info, err := os.Stat(name)
	if err != nil {
		return hash.Artifact{}, err
	}
	if !info.IsDir() {
		artifact, err := hash.MeasureFile(ctx, name, stated(ofFiles, hash.SHA256)...)
		return artifact.WithName(base), err
	}
	// Not all identities have a place for all that a tree may hold, so only those
	// that somebody states; without any, Artifact has the dirHash.
	tree, err := hash.MeasureTree(ctx, name, &hash.TreeOptions{Algorithms: stated(ofTrees)})
	if err != nil {
		return hash.Artifact{}, err
	}
	return tree.Artifact(base)
}

// reportOf returns the report about an attestation that was accepted. Package verify
// makes reports about artifacts; there was none.
func reportOf(s *provenance.Statement) *verify.Report {
	e := s.Evidence()
	return &verify.Report{
		Schema: verify.Schema, Verdict: verify.Accepted, Time: e.Time,
		Codes:      []verify.Code{e.Check.Code},
		Checks:     []verify.Check{e.Check},
		Conflicts:  []verify.Conflict{},
		NotCovered: append([]string{"files: nothing was matched, only signatures were checked"}, e.NotCovered...),
	}
}

// readFile reads a file up to a limit that is more than it should have.
func readFile(name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, limit))
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/provenance"
	"github.com/tallystick/tallystick/provenance/layout"
	"github.com/tallystick/tallystick/tuf"
	"github.com/tallystick/tallystick/tuf/tuftest"
	"github.com/tallystick/tallystick/verify"
)

// An attack is something that goes wrong between the developer and the user. A
// client has seen release 0.9.0 before it begins.
type attack struct {
	name  string
	about string
	code  verify.Code // what the verdict must say

	source  func(*vendor, *release) error // alters release 1.0.0 before the tarball is made
	signed  func(*vendor, *release) error // alters it after everybody has signed
	seen    bool                          // the client has seen release 1.0.0 too
	repo    tuftest.Attack                // what the repository does from then on
	mirror  func(http.Handler) http.Handler
	elapsed time.Duration // time that passes before the client comes back
}

const day = 24 * time.Hour

// attacks returns the attacks by name.
func attacks() []attack {
	return []attack{
		{
			name: "tampered-binary", code: tuf.CodeHash,
			about: "a mirror changes a byte of the binary",
			mirror: replaceFile("hello-1.0.0-linux-amd64", func(b []byte) []byte {
				return bytes.Replace(b, []byte("echo"), []byte("evil"), 1)
			}),
		},
		{
			name: "wrong-target", code: tuf.CodeLength,
			about: "a mirror answers with another file that the vendor did publish",
			mirror: func(h http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if strings.HasSuffix(r.URL.Path, "hello-1.0.0-linux-amd64") {
						http.Error(w, "#!/bin/sh\necho hello 0.9.0, with the old hole in it\n", http.StatusOK)
						return
					}
					h.ServeHTTP(w, r)
				})
			},
		},
		{
			name: "extra-file-in-tarball", code: hash.CodeMismatch,
			about: "the packager puts a file into the tarball that is not in the source",
			source: func(_ *vendor, r *release) error {
				r.packed["hello-1.0.0/m4/build-to-host.m4"] = "a backdoor\n"
				return nil
			},
		},
		{
			name: "rollback", code: tuf.CodeRollback,
			about: "the repository shows the state before the last release again",
			seen:  true, repo: tuftest.Rollback,
		},
		{
			name: "freeze", code: tuf.CodeFreeze,
			about: "the repository hides everything new, for a month",
			repo:  tuftest.Freeze, elapsed: 30 * day,
		},
		{
			name: "mix-and-match", code: tuf.CodeMixAndMatch,
			about: "the repository combines old targets with a new snapshot",
			repo:  tuftest.MixAndMatch,
		},
		{
			name: "stolen-timestamp-key", code: tuf.CodeSignatureThreshold,
			about: "a thief of the online key publishes targets of his own",
			repo:  tuftest.StolenTimestampKey,
		},
		{
			name: "stolen-step-key", code: layout.CodeThreshold,
			about: "a thief of one builder's key signs for both builders and publishes his binary",
			signed: func(v *vendor, r *release) error {
				r.binary = []byte("#!/bin/sh\necho evil\n")
				if err := v.sign(r); err != nil {
					return err
				}
				// He does not have the other builder's key.
				second, err := signLink("build", map[string]any{r.tarballName(): digests(r.tarball)},
					map[string]any{r.binaryName(): digests(r.binary)}, v.builderA)
				if err != nil {
					return err
				}
				r.links[linkName("build", v.builderB)] = second
				return nil
			},
		},
		{
			name: "swapped-link", code: layout.CodeRule,
			about: "the packager's genuine link of release 0.9.0 stands in for that of 1.0.0",
			signed: func(v *vendor, r *release) error {
				old, err := v.make("0.9.0", nil, nil)
				if err != nil {
					return err
				}
				name := linkName("package", v.packager)
				r.links[name] = old.links[name]
				return nil
			},
		},
		{
			name: "expired-layout", code: layout.CodeExpired,
			about: "the owner's layout is a year old",
			signed: func(v *vendor, r *release) (err error) {
				r.expires = r.expires.Add(-365 * day)
				r.layout, err = v.signLayout(r.expires)
				return err
			},
		},
		{
			name: "forged-provenance", code: provenance.CodeSignature,
			about: "provenance in a builder's name, signed by somebody else",
			signed: func(v *vendor, r *release) (err error) {
				r.provenance[v.builderB.name], err = signProvenance(r, v.builderB, v.mallory)
				return err
			},
		},
		{
			name: "wrong-builder", code: provenance.CodeBuilder,
			about: "one builder signs provenance in the other one's name",
			signed: func(v *vendor, r *release) (err error) {
				r.provenance[v.builderB.name], err = signProvenance(r, v.builderA, v.builderB)
				return err
			},
		},
		{
			name: "one-rogue-builder", code: verify.CodeConflict,
			about: "one of the two builders signs provenance for another binary",
			signed: func(v *vendor, r *release) (err error) {
				evil := *r
				evil.binary = []byte("#!/bin/sh\necho evil\n")
				r.provenance[v.builderB.name], err = signProvenance(&evil, v.builderB, v.builderB)
				return err
			},
		},
	}
}

// replaceFile is a mirror that changes one file on the way.
func replaceFile(name string, change func([]byte) []byte) func(http.Handler) http.Handler {
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasSuffix(r.URL.Path, name) {
				h.ServeHTTP(w, r)
				return
			}
			var b recorder
			h.ServeHTTP(&b, r.WithContext(context.WithoutCancel(r.Context())))
			w.Write(change(b.Bytes()))
		})
	}
}

// A recorder keeps a response.
type recorder struct {
	bytes.Buffer
	header http.Header
}

func (r *recorder) Header() http.Header {
	if r.header == nil {
		r.header = http.Header{}
	}
	return r.header
}

func (r *recorder) WriteHeader(int) {}

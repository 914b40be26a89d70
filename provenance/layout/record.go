// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"crypto"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/internal/canonicaljson"
	"github.com/tallystick/tallystick/internal/dsse"
	"github.com/tallystick/tallystick/internal/safe"
	"github.com/tallystick/tallystick/internal/signature"
	"github.com/tallystick/tallystick/internal/strictjson"
	"github.com/tallystick/tallystick/internal/tally"
	"github.com/tallystick/tallystick/verify"
)

// A Recording is a step that a functionary has carried out: what a link says.
type Recording struct {
	// Step is the name of the step.
	Step string
	// Command is what was run, with its arguments.
	Command []string
	// Materials and Products were measured before and after; nil means none.
	// Their files are the artifacts, with all algorithms that were measured.
	// Folders are no artifacts. A tree with a symbolic link is refused, since
	// the link would be left out unseen: leave it out with [hash.Tree.Select].
	Materials, Products *hash.Tree
	// ExitCode, Stdout and Stderr are byproducts; nobody verifies them. What
	// is not UTF-8 in the texts is replaced.
	ExitCode       int
	Stdout, Stderr string
	// Environment is opaque to everyone.
	Environment map[string]string
	// Older makes the form with the members signed and signatures, for the
	// Python tools before version 2.0, instead of a DSSE envelope (ITE-5).
	Older bool
}

// Record returns a link in JSON, signed by each of the signers: with Ed25519,
// ECDSA by the hash of the curve's size, or RSASSA-PSS with SHA-256. It belongs
// into a file with the name that [LinkName] returns. Errors are [*verify.Error]s
// with [CodeOptions]: no step, no signer, a key that must not be used, a signer
// that fails, names that are not UTF-8 and so have no JSON, a tree with links.
func Record(r Recording, signers ...crypto.Signer) ([]byte, error) {
	data, err := r.sign(signers)
	if err != nil {
		return nil, &verify.Error{Code: CodeOptions, What: "recording of step " + safe.Quote(r.Step), Err: err}
	}
	return data, nil
}

// LinkName returns the name of the file for a link of a step that the owner of
// the public key has signed: STEP.KEYID8.link (specification 4.4). The key id is
// that of in-toto-golang and of the Python tools before securesystemslib 1.0. A
// step with a slash in its name has no file.
func LinkName(step string, public crypto.PublicKey) (string, error) {
	k, err := signature.New(public, "")
	if err == nil && (step == "" || strings.ContainsAny(step, "/\x00")) {
		err = errors.New("the step has no file name")
	}
	if err != nil {
		return "", &verify.Error{Code: CodeOptions, What: "link of step " + safe.Quote(step), Err: err}
	}
	return step + "." + keyIDPrefix(k.InTotoKeyID()) + ".link", nil
}

// linkJSON is a link as it is written.
type linkJSON struct {
	Type        string              `json:"_type"`
	Name        string              `json:"name"`
	Command     []string            `json:"command"`
	Materials   map[string]hash.Set `json:"materials"`
	Products    map[string]hash.Set `json:"products"`
	Byproducts  byproductsJSON      `json:"byproducts"`
	Environment map[string]string   `json:"environment"`
}

type byproductsJSON struct {
	ReturnValue int    `json:"return-value"`
	Stderr      string `json:"stderr"`
	Stdout      string `json:"stdout"`
}

func (r *Recording) sign(signers []crypto.Signer) ([]byte, error) {
	switch {
	case r.Step == "":
		return nil, errors.New("no name of a step")
	case len(signers) == 0:
		return nil, errors.New("no signer")
	}
	for _, s := range slices.Concat(r.Command, []string{r.Step}) {
		if !utf8.ValidString(s) {
			return nil, fmt.Errorf("%s is not UTF-8", safe.Quote(s))
		}
	}
	l := linkJSON{Type: typeLink, Name: r.Step, Command: r.Command, Environment: map[string]string{},
		Byproducts: byproductsJSON{r.ExitCode, strings.ToValidUTF8(r.Stderr, "\uFFFD"), strings.ToValidUTF8(r.Stdout, "\uFFFD")}}
	if l.Command == nil {
		l.Command = []string{}
	}
	for name, value := range r.Environment {
		l.Environment[strings.ToValidUTF8(name, "\uFFFD")] = strings.ToValidUTF8(value, "\uFFFD")
	}
	var err error
	if l.Materials, err = artifactsOf(r.Materials); err != nil {
		return nil, fmt.Errorf("materials: %w", err)
	}
	if l.Products, err = artifactsOf(r.Products); err != nil {
		return nil, fmt.Errorf("products: %w", err)
	}
	payload, err := json.Marshal(l)
	if err != nil {
		return nil, err
	}
	message := dsse.PAE(payloadType, payload)
	if r.Older {
		if message, err = canonicaljson.Canonical(payload, strictjson.Limits{Bytes: int64(len(payload))}); err != nil {
			return nil, err
		}
	}
	var sigs []tally.Signature
	for _, s := range signers {
		if s == nil {
			return nil, errors.New("a signer is nil")
		}
		k, err := signature.New(s.Public(), "")
		if err != nil {
			return nil, err
		}
		sig, err := signature.Sign(s, "", message)
		if err != nil {
			return nil, err
		}
		sigs = append(sigs, tally.Signature{Hint: k.InTotoKeyID(), Bytes: sig})
	}
	if !r.Older {
		return dsse.Encode(payloadType, payload, sigs)
	}
	type older struct {
		KeyID string `json:"keyid"`
		Sig   string `json:"sig"`
	}
	out := struct {
		Signatures []older         `json:"signatures"`
		Signed     json.RawMessage `json:"signed"`
	}{Signed: payload}
	for _, s := range sigs {
		out.Signatures = append(out.Signatures, older{s.Hint, hex.EncodeToString(s.Bytes)})
	}
	return json.Marshal(out)
}

// artifactsOf returns the files of a tree.
func artifactsOf(t *hash.Tree) (map[string]hash.Set, error) {
	out := map[string]hash.Set{}
	if t == nil {
		return out, nil
	}
	if errs := t.Errors(); len(errs) > 0 {
		return nil, fmt.Errorf("the tree is not whole: %w", errs[0])
	}
	for e := range t.Entries() {
		switch e.Type() {
		case hash.Dir:
			continue
		case hash.Link:
			return nil, fmt.Errorf("%s is a symbolic link", safe.Quote(e.Name()))
		}
		if !utf8.ValidString(e.Name()) {
			return nil, fmt.Errorf("the name %s is not UTF-8", safe.Quote(e.Name()))
		}
		if !e.Digests().Strong() {
			return nil, fmt.Errorf("%s was not measured with a strong algorithm", safe.Quote(e.Name()))
		}
		out[e.Name()] = e.Digests()
	}
	return out, nil
}

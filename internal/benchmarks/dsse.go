// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	"github.com/secure-systems-lab/go-securesystemslib/signerverifier"

	"github.com/tallystick/tallystick/provenance"
)

// dsseCases measures the way from the bytes of an envelope to a verified payload,
// many times in one run.
func (m *maker) dsseCases(context.Context) error {
	for _, c := range []struct {
		name, about string
		size, times int
	}{
		{"dsse-small", "an envelope with a Statement of 1 KiB, 10,000 times", 1 << 10, 10_000},
		{"dsse-large", "an envelope with a Statement of 8 MiB, 10 times", 8 << 20, 10},
	} {
		if !m.wanted(c.name) {
			continue
		}
		dir := filepath.Join(m.dir, c.name)
		if err := makeEnvelope(dir, c.size); err != nil {
			return err
		}
		times := strconv.Itoa(c.times)
		m.add(benchmark{Name: c.name, About: c.about, Contenders: []contender{
			inside("tallystick, the envelope alone", dir, "dsse", dir, times),
			inside("tallystick, with the Statement", dir, "statement", dir, times),
			inside("go-securesystemslib, the envelope alone", dir, "dsse-lib", dir, times),
			inside("crypto/ed25519 over the signed bytes", dir, "ed25519", dir, times),
		}})
	}
	return nil
}

// makeEnvelope writes an envelope, its key, and for the bare check the signed
// bytes and the signature.
func makeEnvelope(dir string, size int) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	seed := sha256.Sum256([]byte("benchmarks"))
	private := ed25519.NewKeyFromSeed(seed[:])
	const head = `{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"app","digest":{"sha256":"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"}}],` +
		`"predicateType":"https://example.org/test/v1","predicate":{"text":"`
	payload := []byte(head + strings.Repeat("x", size-len(head)-3) + `"}}`)
	envelope, err := provenance.Sign(provenance.PayloadType, payload, private)
	if err != nil {
		return err
	}
	var parsed dsse.Envelope
	if err := json.Unmarshal(envelope, &parsed); err != nil {
		return err
	}
	sig, err := base64.StdEncoding.DecodeString(parsed.Signatures[0].Sig)
	if err != nil {
		return err
	}
	public, err := pemBlock("PUBLIC KEY", x509.MarshalPKIXPublicKey, any(private.Public()))
	if err != nil {
		return err
	}
	for name, data := range map[string][]byte{
		"envelope": envelope, "key.pem": public, "key": private.Public().(ed25519.PublicKey),
		"signed": dsse.PAE(provenance.PayloadType, payload), "sig": sig,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o666); err != nil {
			return err
		}
	}
	return nil
}

// repeat reads files of a folder and calls f as often as the second argument says.
func repeat(args []string, names []string, f func(files [][]byte) error) error {
	var files [][]byte
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join(args[0], name))
		if err != nil {
			return err
		}
		files = append(files, data)
	}
	times, err := strconv.Atoi(args[1])
	if err != nil || times < 1 {
		return fmt.Errorf("%q times", args[1])
	}
	for range times {
		if err := f(files); err != nil {
			return err
		}
	}
	return nil
}

func dsseChild(ctx context.Context, args []string) error {
	keys, err := readKeys(filepath.Join(args[0], "key.pem"))
	if err != nil {
		return err
	}
	return repeat(args, []string{"envelope"}, func(files [][]byte) error {
		signed, err := keys.OpenEnvelope(ctx, files[0], time.Now(), provenance.Limits{})
		if err == nil && len(signed.Payload) == 0 {
			err = errors.New("an empty payload")
		}
		return err
	})
}

func statementChild(_ context.Context, args []string) error {
	keys, err := readKeys(filepath.Join(args[0], "key.pem"))
	if err != nil {
		return err
	}
	return repeat(args, []string{"envelope"}, func(files [][]byte) error {
		_, err := provenance.Open(files[0], keys, nil)
		return err
	})
}

func dsseLibChild(ctx context.Context, args []string) error {
	var verifier *dsse.EnvelopeVerifier
	return repeat(args, []string{"envelope", "key.pem"}, func(files [][]byte) error {
		var envelope dsse.Envelope
		if err := json.Unmarshal(files[0], &envelope); err != nil {
			return err
		}
		if verifier == nil {
			key, err := signerverifier.LoadKey(files[1])
			if err != nil {
				return err
			}
			key.KeyID = envelope.Signatures[0].KeyID // it skips signatures with other ids
			single, err := signerverifier.NewED25519SignerVerifierFromSSLibKey(key)
			if err != nil {
				return err
			}
			if verifier, err = dsse.NewEnvelopeVerifier(single); err != nil {
				return err
			}
		}
		accepted, err := verifier.Verify(ctx, &envelope)
		if err != nil {
			return err
		}
		if len(accepted) != 1 {
			return errors.New("nobody has signed")
		}
		_, err = envelope.DecodeB64Payload()
		return err
	})
}

func ed25519Child(_ context.Context, args []string) error {
	return repeat(args, []string{"key", "signed", "sig"}, func(files [][]byte) error {
		if !ed25519.Verify(files[0], files[1], files[2]) {
			return errors.New("not the signature")
		}
		return nil
	})
}

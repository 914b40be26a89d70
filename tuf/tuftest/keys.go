// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package tuftest

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/tallystick/tallystick/internal/canonicaljson"
	"github.com/tallystick/tallystick/internal/signature"
	"github.com/tallystick/tallystick/internal/strictjson"
)

// A key signs for a role.
type key struct {
	private ed25519.PrivateKey
	public  *signature.Key
	id      string
}

// newKey makes the next key: from the seed, or from nowhere.
func (r *Repository) newKey() *key {
	var seed [32]byte
	if r.seed == nil {
		rand.Read(seed[:])
	} else {
		seed = sha256.Sum256(fmt.Appendf(nil, "tallystick tuftest key %d\n%s", r.keys, r.seed))
	}
	r.keys++
	private := ed25519.NewKeyFromSeed(seed[:])
	public, err := signature.New(private.Public(), "")
	if err != nil {
		panic("tuftest: a fresh key is not acceptable: " + err.Error())
	}
	return &key{private, public, public.KeyID()}
}

func (r *Repository) newKeys(n int) []*key {
	var keys []*key
	for range n {
		keys = append(keys, r.newKey())
	}
	return keys
}

// object is a JSON object.
type object = map[string]any

func keyIDs(keys []*key) []string {
	ids := []string{}
	for _, k := range keys {
		ids = append(ids, k.id)
	}
	return ids
}

func addKeys(to object, keys []*key) {
	for _, k := range keys {
		to[k.id] = object{
			"keytype": k.public.Type(),
			"scheme":  k.public.Scheme(),
			"keyval":  object{"public": k.public.Public()},
		}
	}
}

// sign returns a metadata file with the signed member, which is JSON.
func sign(signed []byte, keys []*key) ([]byte, error) {
	message, err := canonicaljson.Canonical(signed, strictjson.Limits{Bytes: int64(len(signed))})
	if err != nil {
		return nil, fmt.Errorf("tuftest: what is to be signed: %w", err)
	}
	signatures := []object{}
	for _, k := range keys {
		sig, err := signature.Sign(k.private, "", message)
		if err != nil {
			return nil, fmt.Errorf("tuftest: %w", err)
		}
		signatures = append(signatures, object{"keyid": k.id, "sig": hex.EncodeToString(sig)})
	}
	return bytes.Join([][]byte{[]byte(`{"signatures":`), marshal(signatures), []byte(`,"signed":`), signed, []byte("}")}, nil), nil
}

// marshal writes what this package made, which always has a JSON form.
func marshal(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic("tuftest: " + err.Error())
	}
	return bytes.TrimSpace(b.Bytes())
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

// Package tally counts signatures. It is the one place where thresholds are
// decided for metadata whose signatures may come in any order and under any key
// id: DSSE envelopes and in-toto metadata.
//
// Every signature is tried against every key, because a key id is a hint that
// anyone can write. What is counted is public keys: two signatures of one key,
// or one key listed twice, count once. A signature that cannot be used is
// listed with its reason and harms nothing.
//
// Verifying hashes the whole message, and a signature that does not verify costs
// as much as one that does. So the work is bounded: when the bound is reached the
// rest is not tried. Signatures whose hint is right are tried first, so that who
// adds junk to good metadata must add a lot before it becomes unusable.
package tally

import (
	"errors"
	"fmt"
	"slices"
)

// Bounds on the work of one Count.
const (
	// MaxSignatures is the largest number of signatures that are looked at.
	MaxSignatures = 1024
	// MaxWork is what all attempts may cost together, in bytes: each costs the
	// length of the message and PerAttempt, about as much as the arithmetic of
	// a slow key. It amounts to about a second.
	MaxWork    = 256 << 20
	PerAttempt = 128 << 10
	// minAttempts are made on a message of any length.
	minAttempts = 4
)

// Attempts returns how many signatures of a message of this many bytes may be
// tried. Whoever tries signatures of another kind keeps to the same bound.
func Attempts(message int) int { return max(minAttempts, MaxWork/(PerAttempt+message)) }

// ErrLimit is the error of Count when there are too many signatures.
var ErrLimit = errors.New("too many signatures")

// A Key verifies signatures. signature.Key and provenance.Key do.
type Key interface {
	// Fingerprint identifies the public key, not its spelling.
	Fingerprint() string
	// Verify returns nil only for a good signature.
	Verify(message, sig []byte) error
}

// A Signature is one signature as found in metadata.
type Signature struct {
	Hint  string // the key id; decides at most the order of trying
	Bytes []byte
	Err   error // why Bytes could not be decoded
}

// An Outcome says which keys signed.
type Outcome struct {
	// Signed has, for each key of the call, the index of the signature that
	// the key has verified, or -1.
	Signed []int
	// Reasons has, for each signature, nil if a key verified it and else why
	// it was of no use.
	Reasons []error
	// Distinct is the number of different public keys that signed.
	Distinct int
	// Unfinished says that the bound on the work was reached: keys without a
	// signature might have one among those that were not tried.
	Unfinished bool
	// Work is what the attempts have cost, in the terms of MaxWork, for callers
	// who count the signatures of many messages.
	Work int64
}

// Count verifies the signatures over the message. hinted, which may be nil, says
// whether a hint means a key; such pairs are tried first, which saves work and
// changes no outcome unless the bound on the work is reached. More than
// MaxSignatures signatures are an ErrLimit.
func Count(message []byte, sigs []Signature, keys []Key, hinted func(key int, hint string) bool) (Outcome, error) {
	if len(sigs) > MaxSignatures {
		return Outcome{}, fmt.Errorf("%w: %d, at most %d are tried", ErrLimit, len(sigs), MaxSignatures)
	}
	o := Outcome{Signed: make([]int, len(keys)), Reasons: make([]error, len(sigs))}
	for k := range keys {
		o.Signed[k] = -1
	}
	type state struct {
		used  string // fingerprint of the key that verified it
		tried bool
	}
	var few [8]state // most messages need no more
	states := few[:]
	if len(sigs) > len(few) {
		states = make([]state, len(sigs))
	}
	left := Attempts(len(message))
	for _, byHint := range [...]bool{true, false} {
		for k, key := range keys {
			for s, sig := range sigs {
				if o.Signed[k] >= 0 {
					break
				}
				if sig.Err != nil || byHint != (hinted != nil && hinted(k, sig.Hint)) {
					continue
				}
				// A signature is one key's: many good ones of many keys take
				// one attempt each.
				if states[s].used != "" && states[s].used != key.Fingerprint() {
					continue
				}
				if left--; left < 0 {
					o.Unfinished = true
					break
				}
				states[s].tried = true
				o.Work += int64(PerAttempt + len(message))
				if key.Verify(message, sig.Bytes) == nil {
					o.Signed[k] = s
					states[s].used = key.Fingerprint()
				}
			}
		}
	}
	distinct := map[string]bool{}
	for k, key := range keys {
		// A key without identity is not a key.
		if f := key.Fingerprint(); o.Signed[k] >= 0 && f != "" {
			distinct[f] = true
		}
	}
	o.Distinct = len(distinct)
	for s, sig := range sigs {
		switch {
		case slices.Contains(o.Signed, s):
		case sig.Err != nil:
			o.Reasons[s] = sig.Err
		case !states[s].tried && o.Unfinished:
			o.Reasons[s] = errors.New("not tried: the others were too many, or the message is too long for so many")
		default:
			o.Reasons[s] = errors.New("not by one of the keys, or by one that was counted already")
		}
	}
	return o, nil
}

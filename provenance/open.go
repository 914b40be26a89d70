// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package provenance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tallystick/tallystick/internal/dsse"
	"github.com/tallystick/tallystick/internal/safe"
	"github.com/tallystick/tallystick/internal/strictjson"
	"github.com/tallystick/tallystick/internal/tally"
	"github.com/tallystick/tallystick/verify"
)

// Options are the settings of [Open] and [OpenWith]. The zero value is a good choice.
type Options struct {
	// Time is the verification time, for keys with a validity window. Zero
	// means now.
	Time time.Time
	// PredicateType, if not empty, is the only type that is accepted,
	// compared exactly.
	PredicateType string
	// Limits bound the work. Zero fields mean the defaults.
	Limits Limits
}

// Limits bound what an envelope may cost. A zero field means its default, and a
// negative one allows nothing. An exceeded limit is a rejection with [CodeLimit].
type Limits struct {
	Bytes    int64 // size of the envelope in bytes, default 32 MiB
	Depth    int   // nesting of JSON, default 64
	Subjects int   // default 100,000
}

const (
	maxDigests = 64 // digests of one subject
	maxListed  = 16 // things of one kind that a report lists one by one
)

func (l Limits) withDefaults() Limits {
	if l.Bytes == 0 {
		l.Bytes = 32 << 20
	}
	if l.Depth == 0 {
		l.Depth = 64
	}
	if l.Subjects == 0 {
		l.Subjects = 100_000
	}
	return l
}

func (l Limits) json() strictjson.Limits {
	return strictjson.Limits{Bytes: l.Bytes, Depth: l.Depth}
}

// Open verifies a DSSE envelope and returns the in-toto Statement in it. It is,
// with [OpenWith], the only way to a [Statement].
//
// The payload is looked at only after the envelope names the in-toto payload
// type and as many distinct keys of the set as its threshold demands have signed
// and are valid at the verification time. Every signature is tried with every
// key; a signature that cannot be used is reported and harms nothing, and more
// than 1,024 signatures are refused.
//
// An envelope that is not accepted is a [*verify.RejectedError]. The zero KeySet
// is the caller's mistake and a [*verify.Error] with [CodeKeySet].
func Open(envelope []byte, keys KeySet, opts *Options) (*Statement, error) {
	return OpenWith(context.Background(), envelope, keys, opts)
}

// OpenEnvelope implements [Opener]: the data is one DSSE envelope of the in-toto
// payload type, signed as [Open] says.
func (s KeySet) OpenEnvelope(_ context.Context, data []byte, at time.Time, limits Limits) (*Signed, error) {
	if s.threshold < 1 {
		return nil, &verify.Error{Code: CodeKeySet, What: "trusted keys", Expected: "at least one", Found: "none"}
	}
	reject := func(c verify.Check) (*Signed, error) {
		return nil, verify.Reject(verify.Evidence{Time: at, Check: c})
	}
	e, err := dsse.Parse(data, limits.withDefaults().json())
	if err != nil {
		return reject(verify.Check{Code: malformedOrLimit(err), What: "DSSE envelope", Detail: err.Error()})
	}
	if !isInToto(e.PayloadType) {
		return reject(verify.Check{Code: CodePayloadType, What: "payloadType of the envelope",
			Expected: PayloadType, Found: safe.Quote(e.PayloadType)})
	}
	check, issuers := countSigners(e, s, at)
	if check.Status != verify.Pass {
		return reject(check)
	}
	return &Signed{PayloadType: e.PayloadType, Payload: e.Payload, Issuers: issuers, Check: check}, nil
}

func malformedOrLimit(err error) verify.Code {
	if errors.Is(err, strictjson.TooLarge) || errors.Is(err, strictjson.TooDeep) || errors.Is(err, dsse.ErrLimit) || errors.Is(err, errLimit) {
		return CodeLimit
	}
	return CodeMalformed
}

// isInToto reports whether a payload type is that of a Statement: the general
// one, or application/vnd.in-toto.<predicate>+json.
func isInToto(payloadType string) bool {
	if payloadType == PayloadType {
		return true
	}
	predicate, ok := strings.CutPrefix(payloadType, "application/vnd.in-toto.")
	if !ok {
		return false
	}
	predicate, ok = strings.CutSuffix(predicate, "+json")
	return ok && predicate != "" && strings.Trim(predicate, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// countSigners decides whether enough keys signed, and says who did.
func countSigners(e *dsse.Envelope, keys KeySet, at time.Time) (verify.Check, []verify.Issuer) {
	check := verify.Check{Code: CodeSignature, Status: verify.Fail, What: "signatures of the envelope"}
	o, err := tally.Count(e.PAE(), e.Tally(), keys.tally, keys.hinted)
	if err != nil {
		check.Code, check.Detail = CodeLimit, err.Error()
		return check, nil
	}
	var signed, valid []verify.Issuer
	for i, k := range keys.keys {
		if o.Signed[i] < 0 {
			continue
		}
		signed = append(signed, k.Issuer())
		if k.ValidAt(at) {
			valid = append(valid, k.Issuer())
			continue
		}
		check.Checks = append(check.Checks, keyTime(k, at))
	}
	listed := 0
	for i, reason := range o.Reasons {
		if reason == nil {
			continue
		}
		if listed++; listed <= maxListed {
			check.Checks = append(check.Checks, verify.Check{Code: CodeSignature, Status: verify.NotRun,
				What: fmt.Sprintf("signature %d, key id %s", i+1, safe.Quote(e.Signatures[i].Hint)), Detail: reason.Error()})
		}
	}
	if more := listed - maxListed; more > 0 {
		check.Checks = append(check.Checks, verify.Check{Code: CodeSignature, Status: verify.NotRun,
			What: fmt.Sprintf("%d more signatures that were of no use", more)})
	}
	check.Issuers = valid
	check.Expected = fmt.Sprintf("%d of %d trusted keys", keys.threshold, len(keys.keys))
	check.Found = fmt.Sprint(len(valid))
	switch {
	case len(valid) >= keys.threshold:
		check.Status = verify.Pass
	case len(signed) >= keys.threshold:
		check.Code = CodeKeyTime
	case o.Unfinished:
		check.Code = CodeLimit
		check.Detail = "there are more signatures than can be tried on a message of this length"
	}
	return check, slices.Clone(valid)
}

// keyTime says that a key is not valid at a time.
func keyTime(k Key, at time.Time) verify.Check {
	return verify.Check{Code: CodeKeyTime, Status: verify.Fail, What: "key " + k.Issuer().String(),
		Expected: "a verification time " + window(k), Found: at.Format(time.RFC3339)}
}

func window(k Key) string {
	s := "any time"
	if !k.from.IsZero() {
		s = "from " + k.from.UTC().Format(time.RFC3339)
	}
	if !k.until.IsZero() {
		s += " until " + k.until.UTC().Format(time.RFC3339)
	}
	return s
}

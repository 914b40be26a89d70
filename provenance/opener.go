// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package provenance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tallystick/tallystick/internal/clock"
	"github.com/tallystick/tallystick/internal/safe"
	"github.com/tallystick/tallystick/verify"
)

// An Opener checks the signatures around a payload, in one format of signed data.
// [KeySet] is the Opener of DSSE envelopes that keys of the caller have signed.
// Whoever has attestations that are trusted in another way, such as by a
// certificate and a transparency log, implements an Opener and calls [OpenWith].
//
// # What an implementer promises
//
// OpenEnvelope returns a [Signed] only if it has checked all that makes its format
// trustworthy: signatures over exactly the bytes that it returns as payload, and
// over the payload type, by every issuer that it names, as of the time at. It
// trusts nothing that came with the data, and decides nothing about the payload,
// which OpenWith parses.
//
// An issuer's ID names one identity and cannot be confused with another. For a bare
// key it is the fingerprint ("SHA256:" and base64, see [verify.Issuer]) and
// nothing else has that form. An identity of several parts, such as an OpenID
// issuer and a subject, is written so that no other parts give the same text, after
// a prefix that belongs to the format. Whatever the Opener accepts without being
// asked for it (any subject of an issuer, say) is part of the ID: policies compare
// nothing else.
//
// Data that is not accepted, for whatever reason, is a [*verify.RejectedError]. Any
// other error says that there was no verdict: the Opener lacks its keys, or ctx
// ended. Work is bounded by limits, a panic is never the answer, and an Opener is
// safe for concurrent use.
type Opener interface {
	OpenEnvelope(ctx context.Context, data []byte, at time.Time, limits Limits) (*Signed, error)
}

// Signed is what an [Opener] found: a payload and who has signed it. It is not
// parsed yet, and proves nothing to anybody but the caller of the Opener.
type Signed struct {
	// PayloadType is the media type of the payload, which was signed too.
	PayloadType string
	// Payload are the bytes that were signed. The Opener keeps no reference.
	Payload []byte
	// Issuers are whose word it is, at least one, each once.
	Issuers []verify.Issuer
	// Check says how that was found out. Its status is verify.Pass.
	Check verify.Check
	// NotCovered says in words what was left unchecked.
	NotCovered []string
}

// OpenWith has the Opener verify the data, and returns the in-toto Statement in
// it. [Open] is OpenWith for a [KeySet].
//
// The payload is parsed only after the Opener has accepted it. Its type must be
// that of in-toto, and the Statement satisfies all that Open demands of one.
// Options.Time and Options.Limits are handed to the Opener with their defaults
// filled in.
//
// Data that is not accepted is a [*verify.RejectedError]. What breaks the promises
// of Opener and can be noticed (no issuer, no check that passed) is a
// [*verify.Error] with [CodeOpener]. Other errors of the Opener are returned as
// they are, in a *verify.Error with that code if they have none.
func OpenWith(ctx context.Context, data []byte, opener Opener, opts *Options) (*Statement, error) {
	if keys, ok := opener.(*KeySet); opener == nil || ok && keys == nil {
		return nil, openerError(errors.New("nil"))
	}
	if opts == nil {
		opts = new(Options)
	}
	limits := opts.Limits.withDefaults()
	evidence := verify.Evidence{
		Time:  clock.At(opts.Time),
		Check: verify.Check{Code: CodeStatement, Status: verify.Fail, What: "attestation"},
	}
	add := func(c verify.Check) { evidence.Check.Checks = append(evidence.Check.Checks, c) }
	reject := func(c verify.Check) (*Statement, error) {
		c.Status = verify.Fail
		add(c)
		return nil, verify.Reject(evidence)
	}
	if int64(len(data)) > limits.Bytes {
		return reject(verify.Check{Code: CodeLimit, What: "signed data",
			Expected: fmt.Sprintf("at most %d bytes", max(0, limits.Bytes)), Found: fmt.Sprint(len(data))})
	}

	signed, err := opener.OpenEnvelope(ctx, data, evidence.Time, limits)
	if rejected, ok := errors.AsType[*verify.RejectedError](err); ok {
		if rejected == nil || rejected.Report == nil {
			return nil, openerError(errors.New("a rejection without a report"))
		}
		evidence.Check.Checks = rejected.Report.Checks
		evidence.NotCovered = rejected.Report.NotCovered
		r := verify.Reject(evidence)
		r.Err = rejected.Err
		return nil, r
	}
	if err != nil {
		if verify.CodeOf(err) == "" {
			err = openerError(err)
		}
		return nil, err
	}
	if err := signed.check(); err != nil {
		return nil, openerError(err)
	}
	if _, ours := opener.(KeySet); !ours {
		// What follows must not change under us, nor under the caller.
		signed = signed.clone()
	}
	add(signed.Check)
	evidence.NotCovered = signed.NotCovered
	if !isInToto(signed.PayloadType) {
		return reject(verify.Check{Code: CodePayloadType, What: "payloadType of the envelope",
			Expected: PayloadType, Found: safe.Quote(signed.PayloadType)})
	}

	s, failure := parseStatement(signed.Payload, limits)
	if failure != nil {
		return reject(*failure)
	}
	if opts.PredicateType != "" && s.predicateType != opts.PredicateType {
		return reject(verify.Check{Code: CodePredicateType, What: "predicateType of the Statement",
			Expected: opts.PredicateType, Found: safe.Quote(s.predicateType)})
	}
	add(verify.Check{Code: CodeStatement, Status: verify.Pass,
		What: fmt.Sprintf("Statement with predicate %s about %s", safe.Quote(s.predicateType), s.subjectList())})
	evidence.Check.Status = verify.Pass
	evidence.Check.What = "attestation " + safe.Quote(s.predicateType)
	evidence.NotCovered = append(evidence.NotCovered, s.notCovered()...)
	s.issuers = signed.Issuers
	s.evidence = evidence
	return s, nil
}

// check notices broken promises of an Opener.
func (s *Signed) check() error {
	if s == nil {
		return errors.New("neither a result nor an error")
	}
	if s.Check.Status != verify.Pass || s.Check.Code == "" || s.Check.What == "" {
		return errors.New("a result without a check that passed")
	}
	if len(s.Issuers) == 0 {
		return errors.New("a result on nobody's word")
	}
	for i, issuer := range s.Issuers {
		if issuer.ID == "" {
			return errors.New("an issuer without an ID")
		}
		if slices.ContainsFunc(s.Issuers[:i], func(other verify.Issuer) bool { return other.ID == issuer.ID }) {
			return errors.New("one issuer listed twice")
		}
	}
	return nil
}

func (s *Signed) clone() *Signed {
	e := verify.Evidence{Check: s.Check, NotCovered: s.NotCovered}.Clone()
	return &Signed{
		PayloadType: s.PayloadType, Payload: bytes.Clone(s.Payload), Issuers: slices.Clone(s.Issuers),
		Check: e.Check, NotCovered: e.NotCovered,
	}
}

func openerError(err error) error {
	return &verify.Error{Code: CodeOpener, What: "opener of signed data", Err: err}
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package provenance

import (
	"fmt"
	"slices"

	"github.com/tallystick/tallystick/verify"
)

// Signers say whose word is enough, in policies that bind something to who signed
// it. [KeySet] and [IssuerSet] are Signers; a package that adds an [Opener] may
// add its own.
type Signers interface {
	// SignedBy decides whether enough of these signers stand behind a Statement,
	// as of the time for which that was verified. A check that passes names in
	// Issuers those who do, who are issuers of the Statement. A value that
	// trusts nobody (the zero value, say) fails with CodePolicy.
	SignedBy(s *Statement) verify.Check
}

// signedBy is how policies ask Signers. It refuses none at all, and a pass that
// rests on nobody or on others than have signed.
func signedBy(signers Signers, s *Statement) verify.Check {
	if !usableSigners(signers) {
		return signersFailure(CodePolicy, "signers", "none")
	}
	check := signers.SignedBy(s)
	if check.Status != verify.Pass {
		check.Status = verify.Fail
		return check
	}
	if len(check.Issuers) == 0 {
		return signersFailure(CodePolicy, "signers who have signed", "none, and yet a pass")
	}
	for _, issuer := range check.Issuers {
		if !slices.ContainsFunc(s.issuers, func(i verify.Issuer) bool { return i.ID == issuer.ID }) {
			return signersFailure(CodePolicy, "signers who have signed", issuer.String())
		}
	}
	return check
}

// usableSigners reports whether a policy has signers at all.
func usableSigners(signers Signers) bool {
	switch s := signers.(type) {
	case nil:
		return false
	case KeySet:
		return s.threshold > 0
	case *KeySet:
		return s != nil && s.threshold > 0
	case IssuerSet:
		return s.threshold > 0
	case *IssuerSet:
		return s != nil && s.threshold > 0
	}
	return true
}

func signersFailure(code verify.Code, expected, found string) verify.Check {
	return verify.Check{Code: code, Status: verify.Fail, What: "signers of the attestation", Expected: expected, Found: found}
}

// SignedBy implements [Signers]: as many of the keys as the threshold demands have
// signed and are valid at the time for which the Statement was verified. The
// windows are those of this set, which may be narrower than those that the
// Statement was opened with.
func (s KeySet) SignedBy(st *Statement) verify.Check {
	if s.threshold < 1 {
		return signersFailure(CodePolicy, "trusted keys", "none")
	}
	check := verify.Check{Code: CodeSigner, Status: verify.Fail, What: "signers of the attestation",
		Expected: fmt.Sprintf("%d of %d keys", s.threshold, len(s.keys))}
	signed := 0
	for _, k := range s.keys {
		if !slices.ContainsFunc(st.issuers, func(i verify.Issuer) bool { return i.ID == k.Fingerprint() }) {
			continue
		}
		signed++
		if k.ValidAt(st.evidence.Time) {
			check.Issuers = append(check.Issuers, k.Issuer())
			continue
		}
		check.Checks = append(check.Checks, keyTime(k, st.evidence.Time))
	}
	check.Found = fmt.Sprint(len(check.Issuers))
	switch {
	case len(check.Issuers) >= s.threshold:
		check.Status = verify.Pass
	case signed >= s.threshold:
		check.Code = CodeKeyTime
	}
	return check
}

// An IssuerSet is a list of identities of which a number must have signed, for
// Statements of [OpenWith] whose issuers are not keys. It is immutable. The zero
// IssuerSet trusts nobody, and everything that needs one refuses it.
type IssuerSet struct {
	threshold int
	issuers   []verify.Issuer
}

// NewIssuerSet returns the set of which any threshold, counted as distinct IDs, must
// have signed. Only the IDs are compared, exactly. The [Opener] says how they are
// written. A threshold below one or above the number of distinct IDs, and an empty
// ID, are a [*verify.Error] with [CodeKeySet].
func NewIssuerSet(threshold int, issuers ...verify.Issuer) (IssuerSet, error) {
	var distinct []verify.Issuer
	for i, issuer := range issuers {
		if issuer.ID == "" {
			return IssuerSet{}, &verify.Error{Code: CodeKeySet, What: fmt.Sprintf("issuer %d", i+1), Expected: "an ID", Found: "none"}
		}
		if !slices.ContainsFunc(distinct, func(d verify.Issuer) bool { return d.ID == issuer.ID }) {
			distinct = append(distinct, issuer)
		}
	}
	if threshold < 1 || threshold > len(distinct) {
		return IssuerSet{}, &verify.Error{Code: CodeKeySet, What: "threshold of a set of issuers",
			Expected: fmt.Sprintf("1 to %d, the number of distinct issuers", len(distinct)), Found: fmt.Sprint(threshold)}
	}
	return IssuerSet{threshold, distinct}, nil
}

// SignedBy implements [Signers].
func (s IssuerSet) SignedBy(st *Statement) verify.Check {
	if s.threshold < 1 {
		return signersFailure(CodePolicy, "trusted issuers", "none")
	}
	check := verify.Check{Code: CodeSigner, Status: verify.Fail, What: "signers of the attestation",
		Expected: fmt.Sprintf("%d of %d issuers", s.threshold, len(s.issuers))}
	for _, issuer := range s.issuers {
		if slices.ContainsFunc(st.issuers, func(i verify.Issuer) bool { return i.ID == issuer.ID }) {
			check.Issuers = append(check.Issuers, issuer)
		}
	}
	check.Found = fmt.Sprint(len(check.Issuers))
	if len(check.Issuers) >= s.threshold {
		check.Status = verify.Pass
	}
	return check
}

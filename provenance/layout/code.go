// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import "github.com/tallystick/tallystick/verify"

// Codes of rejections, for errors.Is with the [*verify.RejectedError] of
// [Verify]. A check that passed has the same code in a report.
const (
	// CodeVerified: the layout as a whole. Every other code stands below it.
	CodeVerified verify.Code = "layout/verified"
	// CodeMalformed: the layout is not one: not JSON, not signed metadata, a
	// member that is missing, repeated or of the wrong type, a rule that does
	// not parse, names that clash.
	CodeMalformed verify.Code = "layout/malformed"
	// CodePattern: the pattern of a rule is empty or can match nothing.
	CodePattern verify.Code = "layout/pattern"
	// CodeUnsupported: a step or inspection asks for something that this
	// package does not check.
	CodeUnsupported verify.Code = "layout/unsupported"
	// CodeVacuous: the layout has no steps.
	CodeVacuous verify.Code = "layout/vacuous"
	// CodeSignature: not every layout key has signed the layout.
	CodeSignature verify.Code = "layout/signature"
	// CodeExpired: the layout had expired at the verification time.
	CodeExpired verify.Code = "layout/expired"
	// CodeKey: a key in the layout must not be used: it is weak, does not fit
	// its type, is private, or stands under an id that it does not claim; or
	// a layout key of the caller is not valid at the verification time.
	CodeKey verify.Code = "layout/key"
	// CodeParameter: a rule has a parameter without a value.
	CodeParameter verify.Code = "layout/parameter"
	// CodeStep: a step as a whole.
	CodeStep verify.Code = "layout/step"
	// CodeThreshold: fewer functionaries than the threshold of a step gave
	// usable evidence, or the threshold can never be reached.
	CodeThreshold verify.Code = "layout/threshold"
	// CodeLink: a link that is usable as evidence.
	CodeLink verify.Code = "layout/link"
	// CodeLinkMalformed: a link is not one, or has a digest that is not
	// lower-case hex of the right length.
	CodeLinkMalformed verify.Code = "layout/link-malformed"
	// CodeLinkSignature: no functionary of the step has signed the link.
	CodeLinkSignature verify.Code = "layout/link-signature"
	// CodeLinkName: a link is about another step.
	CodeLinkName verify.Code = "layout/link-name"
	// CodeLinkAmbiguous: a link has two names for one path, such as foo and
	// ./foo.
	CodeLinkAmbiguous verify.Code = "layout/link-ambiguous"
	// CodeSublayout: a functionary has handed in a layout instead of a link.
	CodeSublayout verify.Code = "layout/sublayout"
	// CodeDisagreement: functionaries of one step report different artifacts.
	CodeDisagreement verify.Code = "layout/disagreement"
	// CodeQuorum: with [Options.Quorum], enough functionaries agree and others
	// differ, who are named. It is a finding in the report of an accepted
	// layout.
	CodeQuorum verify.Code = "layout/quorum"
	// CodeRule: a rule found an artifact that is not allowed, or missed one
	// that is required.
	CodeRule verify.Code = "layout/rule"
	// CodeCommand: a functionary ran another command than the layout expects.
	// It rejects with [Options.RequireCommands] only; else it is a finding in
	// the report of an accepted layout.
	CodeCommand verify.Code = "layout/command"
	// CodeInspection: an inspection was not run, failed, or did not succeed.
	CodeInspection verify.Code = "layout/inspection"
	// CodeLimit: a bound of [Limits] was exceeded.
	CodeLimit verify.Code = "layout/limit"
)

// Codes of [*verify.Error]s: what the caller gave cannot be used, and there is no
// verdict.
const (
	// CodeOptions: the options, the key set or the link source make no sense.
	CodeOptions verify.Code = "layout/options"
	// CodeSource: the link source could not be read.
	CodeSource verify.Code = "layout/source"
	// CodeNoStep: a verification was asked about a step that it does not have.
	CodeNoStep verify.Code = "layout/no-step"
)

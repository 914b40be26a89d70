// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package provenance

import (
	"encoding/json"
	"time"

	"github.com/tallystick/tallystick/internal/strictjson"
)

// Predicate types of SLSA provenance.
const (
	SLSAProvenanceV1  = "https://slsa.dev/provenance/v1"
	SLSAProvenanceV02 = "https://slsa.dev/provenance/v0.2"
)

// Provenance is what SLSA provenance says, in version 1 or 0.2; the comments give
// the member of each. It is plain data: policies take the Statement that it comes
// from.
type Provenance struct {
	// BuilderID is runDetails.builder.id; builder.id. Never empty.
	BuilderID string
	// BuilderVersion is runDetails.builder.version.
	BuilderVersion map[string]string
	// BuilderDependencies is runDetails.builder.builderDependencies.
	BuilderDependencies []Resource
	// BuildType is buildDefinition.buildType; buildType. Never empty.
	BuildType string
	// ConfigSource is invocation.configSource, of version 0.2 only; nil if it is
	// not there.
	ConfigSource *Resource
	// EntryPoint is invocation.configSource.entryPoint, of version 0.2 only.
	EntryPoint string
	// ExternalParameters is buildDefinition.externalParameters;
	// invocation.parameters. The values are JSON.
	ExternalParameters map[string]json.RawMessage
	// InternalParameters is buildDefinition.internalParameters;
	// invocation.environment. The values are JSON.
	InternalParameters map[string]json.RawMessage
	// Dependencies is buildDefinition.resolvedDependencies; materials.
	Dependencies []Resource
	// Byproducts is runDetails.byproducts.
	Byproducts []Resource
	// InvocationID is runDetails.metadata.invocationId; metadata.buildInvocationId.
	InvocationID string
	// StartedOn and FinishedOn are runDetails.metadata.startedOn and finishedOn;
	// metadata.buildStartedOn and buildFinishedOn. Zero if not stated.
	StartedOn, FinishedOn time.Time
	// Complete is metadata.completeness, of version 0.2 only: what the builder
	// claims to have listed in full.
	Complete struct{ Parameters, Environment, Materials bool }
	// Reproducible is metadata.reproducible, of version 0.2 only.
	Reproducible bool
}

// Members of SLSA provenance v1. Builders that use in-toto's Go types write
// "invocationID", so both spellings are known.
var (
	slsaSchema       = strictjson.NewSchema("buildDefinition", "runDetails")
	definitionSchema = strictjson.NewSchema("buildType", "externalParameters", "internalParameters", "resolvedDependencies")
	runSchema        = strictjson.NewSchema("builder", "metadata", "byproducts")
	builderSchema    = strictjson.NewSchema("id", "version", "builderDependencies")
	metadataSchema   = strictjson.NewSchema("invocationId", "invocationID", "startedOn", "finishedOn")
)

// Members of SLSA provenance v0.2.
var (
	slsa02Schema       = strictjson.NewSchema("builder", "buildType", "invocation", "buildConfig", "metadata", "materials")
	invocationSchema   = strictjson.NewSchema("configSource", "parameters", "environment")
	configSchema       = strictjson.NewSchema("uri", "digest", "entryPoint")
	metadata02Schema   = strictjson.NewSchema("buildInvocationId", "buildInvocationID", "buildStartedOn", "buildFinishedOn", "completeness", "reproducible")
	completenessSchema = strictjson.NewSchema("parameters", "environment", "materials")
)

// Provenance returns the predicate as SLSA provenance v1 or v0.2. Members that the
// specification does not know are ignored, as it demands, and null counts as
// absent. The errors are [*verify.Error]: with [CodePredicateType] for another type,
// with [CodeMalformed] or [CodeLimit] for a predicate that is not as specified. The
// same goes for the other predicates.
func (s *Statement) Provenance() (*Provenance, error) {
	d, err := s.typed(SLSAProvenanceV1, SLSAProvenanceV02)
	if err != nil {
		return nil, err
	}
	p := new(Provenance)
	if s.predicateType == SLSAProvenanceV1 {
		err = d.slsa1(p)
	} else {
		err = d.slsa02(p)
	}
	if err == nil && p.BuilderID == "" {
		err = d.missing("builder.id")
	}
	if err == nil && p.BuildType == "" {
		err = d.missing("buildType")
	}
	if err := d.finish(s, err); err != nil {
		return nil, err
	}
	return p, nil
}

func (d members) slsa1(p *Provenance) error {
	return d.Object(slsaSchema, func(name string) error {
		switch name {
		case "buildDefinition":
			return d.object(definitionSchema, func(name string) error {
				switch name {
				case "buildType":
					return d.string(&p.BuildType)
				case "externalParameters":
					return d.raw(&p.ExternalParameters)
				case "internalParameters":
					return d.raw(&p.InternalParameters)
				case "resolvedDependencies":
					return d.resources(&p.Dependencies)
				}
				return d.Skip()
			})
		case "runDetails":
			return d.object(runSchema, func(name string) error {
				switch name {
				case "builder":
					return d.object(builderSchema, func(name string) error {
						switch name {
						case "id":
							return d.string(&p.BuilderID)
						case "version":
							return d.stringMap(&p.BuilderVersion)
						case "builderDependencies":
							return d.resources(&p.BuilderDependencies)
						}
						return d.Skip()
					})
				case "metadata":
					return d.object(metadataSchema, func(name string) error {
						switch name {
						case "invocationId", "invocationID":
							return d.once(&p.InvocationID)
						case "startedOn":
							return d.time(&p.StartedOn)
						case "finishedOn":
							return d.time(&p.FinishedOn)
						}
						return d.Skip()
					})
				case "byproducts":
					return d.resources(&p.Byproducts)
				}
				return d.Skip()
			})
		}
		return d.Skip()
	})
}

func (d members) slsa02(p *Provenance) error {
	return d.Object(slsa02Schema, func(name string) error {
		switch name {
		case "builder":
			return d.object(builderSchema, func(name string) error {
				if name != "id" {
					return d.Skip()
				}
				return d.string(&p.BuilderID)
			})
		case "buildType":
			return d.string(&p.BuildType)
		case "invocation":
			return d.object(invocationSchema, func(name string) error {
				switch name {
				case "configSource":
					if null, err := d.Null(); null || err != nil {
						return err
					}
					p.ConfigSource = new(Resource)
					return d.configSource(p)
				case "parameters":
					return d.raw(&p.ExternalParameters)
				case "environment":
					return d.raw(&p.InternalParameters)
				}
				return d.Skip()
			})
		case "metadata":
			return d.object(metadata02Schema, func(name string) error {
				switch name {
				case "buildInvocationId", "buildInvocationID":
					return d.once(&p.InvocationID)
				case "buildStartedOn":
					return d.time(&p.StartedOn)
				case "buildFinishedOn":
					return d.time(&p.FinishedOn)
				case "reproducible":
					return d.bool(&p.Reproducible)
				case "completeness":
					return d.object(completenessSchema, func(name string) error {
						switch name {
						case "parameters":
							return d.bool(&p.Complete.Parameters)
						case "environment":
							return d.bool(&p.Complete.Environment)
						case "materials":
							return d.bool(&p.Complete.Materials)
						}
						return d.Skip()
					})
				}
				return d.Skip()
			})
		case "materials":
			return d.resources(&p.Dependencies)
		}
		return d.Skip()
	})
}

// configSource reads invocation.configSource, which is a resource and an entry
// point.
func (d members) configSource(p *Provenance) error {
	return d.Object(configSchema, func(name string) (err error) {
		switch name {
		case "uri":
			return d.string(&p.ConfigSource.URI)
		case "entryPoint":
			return d.string(&p.EntryPoint)
		case "digest":
			if null, err := d.Null(); null || err != nil {
				return err
			}
			r := p.ConfigSource
			r.Digests, r.unknown, r.malformed, err = parseDigests(d.Decoder)
			return err
		}
		return d.Skip()
	})
}

// once reads a member that has two spellings and must be there in one.
func (d members) once(to *string) error {
	if *to != "" {
		if err := d.Skip(); err != nil {
			return err
		}
		return d.Reject("the same member in two spellings")
	}
	return d.string(to)
}

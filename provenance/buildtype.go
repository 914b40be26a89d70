// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package provenance

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tallystick/tallystick/internal/strictjson"
)

// An askedSource is a repository that a build was asked to build.
type askedSource struct {
	source
	where    string // the member that says so
	resource Resource
}

// How the externalParameters of a build type say what was asked for.
type buildType struct {
	workflow, source parameterUse
	path             string // the parameter with the entry point, if not workflow.path
}

type parameterUse uint8

const (
	unused parameterUse = iota
	optional
	required
)

// buildTypes are the build types of SLSA provenance v1 whose parameters are known.
// Builds that slsa-github-generator delegates say what they were asked for in some
// releases of it.
var buildTypes = map[string]buildType{
	"https://actions.github.io/buildtypes/workflow/v1":                             {workflow: required},
	"https://slsa-framework.github.io/github-actions-buildtypes/workflow/v1":       {workflow: required},
	"https://github.com/slsa-framework/slsa-github-generator/delegator-generic@v0": {workflow: optional, source: optional},
	"https://slsa.dev/container-based-build/v0.1?draft":                            {source: required, path: "configPath"},
	"https://slsa.dev/container-based-build/v0.1":                                  {source: required, path: "configPath"},
}

var workflowSchema = strictjson.NewSchema("ref", "repository", "path")

// asked returns the repositories that the build was asked to build, as far as it is
// known where the provenance says so, and what was run in them.
func (p *Provenance) asked() (sources []askedSource, entryPoint string, err error) {
	add := func(where string, r Resource, ref string) error {
		src, err := parseSource(r.URI)
		if err != nil {
			return fmt.Errorf("%s: %w", where, err)
		}
		if ref != "" {
			if src.ref != "" {
				return fmt.Errorf("%s: two refs", where)
			}
			src.ref = ref
		}
		sources = append(sources, askedSource{src, where, r})
		return nil
	}
	if c := p.ConfigSource; c != nil && c.URI != "" {
		err := add("invocation.configSource", *c, "")
		return sources, p.EntryPoint, err
	}
	entryPoint = p.EntryPoint
	typ := buildTypes[p.BuildType]
	if raw, ok := p.parameter("workflow"); ok && typ.workflow != unused {
		var r Resource
		var ref string
		d := parameterDecoder(raw)
		if err := d.Object(workflowSchema, func(name string) error {
			switch name {
			case "repository":
				return d.string(&r.URI)
			case "ref":
				return d.string(&ref)
			case "path":
				return d.string(&entryPoint)
			}
			return d.Skip()
		}); err != nil {
			return nil, "", fmt.Errorf("externalParameters.workflow: %w", err)
		}
		if ref == "" {
			return nil, "", errors.New("externalParameters.workflow: no ref")
		}
		if err := add("externalParameters.workflow", r, ref); err != nil {
			return nil, "", err
		}
	} else if typ.workflow == required {
		return nil, "", errors.New("no externalParameters.workflow")
	}
	if raw, ok := p.parameter("source"); ok && typ.source != unused {
		var r Resource
		if err := parameterDecoder(raw).resource(&r); err != nil {
			return nil, "", fmt.Errorf("externalParameters.source: %w", err)
		}
		if err := add("externalParameters.source", r, ""); err != nil {
			return nil, "", err
		}
	} else if typ.source == required {
		return nil, "", errors.New("no externalParameters.source")
	}
	if raw, ok := p.parameter(typ.path); ok && typ.path != "" {
		if err := parameterDecoder(raw).string(&entryPoint); err != nil {
			return nil, "", fmt.Errorf("externalParameters.%s: %w", typ.path, err)
		}
	}
	return sources, entryPoint, nil
}

// parameter returns an external parameter that is there and not null.
func (p *Provenance) parameter(name string) (json.RawMessage, bool) {
	raw, ok := p.ExternalParameters[name]
	return raw, ok && !bytes.Equal(raw, []byte("null"))
}

func parameterDecoder(raw json.RawMessage) members {
	return members{strictjson.NewDecoder(raw, strictjson.Limits{Bytes: int64(len(raw)) + 1})}
}

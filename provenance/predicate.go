// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package provenance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/internal/safe"
	"github.com/tallystick/tallystick/internal/strictjson"
	"github.com/tallystick/tallystick/verify"
)

// A Resource is something that a predicate names: a ResourceDescriptor of the
// Attestation Framework, or a material of SLSA provenance v0.2. Which fields are set
// is up to the predicate; what is not is empty.
type Resource struct {
	Name             string
	URI              string
	DownloadLocation string
	MediaType        string
	// Digests are those whose algorithm is known and whose value is well formed.
	Digests hash.Set

	unknown   []string // algorithms that are not known
	malformed error    // one of the digests is not what its algorithm demands
}

// maxItems bounds each list and map of a predicate.
const maxItems = 100_000

// resourceSchema has the members of a ResourceDescriptor, v1.
var resourceSchema = strictjson.NewSchema("name", "uri", "digest", "content", "downloadLocation", "mediaType", "annotations")

// A members reads the members of a predicate. A member that is null counts as
// absent, as SLSA demands it for optional ones; who needs a member looks for it in
// the result.
type members struct{ *strictjson.Decoder }

// typed prepares reading the predicate if its type is one of those given.
func (s *Statement) typed(types ...string) (members, error) {
	if !slices.Contains(types, s.predicateType) {
		return members{}, &verify.Error{Code: CodePredicateType, What: "predicateType of the Statement",
			Expected: strings.Join(types, " or "), Found: safe.Quote(s.predicateType)}
	}
	// A copy, so that nothing that is handed out is a part of the Statement.
	predicate := bytes.Clone(s.predicate)
	return members{strictjson.NewDecoder(predicate, strictjson.Limits{Bytes: int64(len(predicate)) + 1})}, nil
}

// finish ends the reading of a predicate.
func (d members) finish(s *Statement, err error) error {
	if err == nil {
		err = d.End()
	}
	if err == nil {
		return nil
	}
	return &verify.Error{Code: malformedOrLimit(err), What: "predicate " + safe.Quote(s.predicateType), Err: err}
}

// missing rejects what has been read for want of a member.
func (d members) missing(what string) error { return d.Reject("no " + what) }

func (d members) string(to *string) error {
	if null, err := d.Null(); null || err != nil {
		return err
	}
	v, err := d.String()
	*to = v
	return err
}

func (d members) bool(to *bool) error {
	if null, err := d.Null(); null || err != nil {
		return err
	}
	v, err := d.Bool()
	*to = v
	return err
}

// time reads a Timestamp of the framework, RFC 3339. Zones other than UTC are
// taken too, as they leave no doubt.
func (d members) time(to *time.Time) error {
	if null, err := d.Null(); null || err != nil {
		return err
	}
	v, err := d.String()
	if err != nil {
		return err
	}
	var t time.Time
	if err := t.UnmarshalText([]byte(v)); err != nil || t.IsZero() {
		return d.Reject("not a time of RFC 3339")
	}
	*to = t.UTC()
	return nil
}

// object reads a typed object.
func (d members) object(schema *strictjson.Schema, f func(name string) error) error {
	if null, err := d.Null(); null || err != nil {
		return err
	}
	return d.Object(schema, f)
}

// array reads a list of bounded length.
func (d members) array(f func() error) error {
	if null, err := d.Null(); null || err != nil {
		return err
	}
	return d.Array(func(i int) error {
		if i == maxItems {
			return fmt.Errorf("%w: more than %d items in a list", errLimit, maxItems)
		}
		return f()
	})
}

// dict reads an object whose names are data.
func (d members) dict(f func(name string) error) error {
	if null, err := d.Null(); null || err != nil {
		return err
	}
	n := 0
	return d.Map(func(name string) error {
		if n++; n > maxItems {
			return fmt.Errorf("%w: more than %d members in an object", errLimit, maxItems)
		}
		return f(name)
	})
}

func (d members) strings(to *[]string) error {
	return d.array(func() error {
		v, err := d.String()
		*to = append(*to, v)
		return err
	})
}

// raw reads an object of which only the names of the members are looked at.
func (d members) raw(to *map[string]json.RawMessage) error {
	return d.dict(func(name string) error {
		v, err := d.Raw()
		if *to == nil {
			*to = map[string]json.RawMessage{}
		}
		// Cut off from what follows it, so that appending cannot reach that.
		(*to)[name] = slices.Clip(v)
		return err
	})
}

func (d members) stringMap(to *map[string]string) error {
	return d.dict(func(name string) error {
		v, err := d.String()
		if *to == nil {
			*to = map[string]string{}
		}
		(*to)[name] = v
		return err
	})
}

// count reads a number of things, as a number or as text: the JSON form of protocol
// buffers writes 64-bit numbers as text.
func (d members) count() (int64, error) {
	kind, err := d.Kind()
	if err != nil {
		return 0, err
	}
	var n int64
	if kind == strictjson.String {
		text, err := d.String()
		if err != nil {
			return 0, err
		}
		n, err = strconv.ParseInt(text, 10, 64)
		if err != nil || strconv.FormatInt(n, 10) != text {
			return 0, d.Reject("not a number of things")
		}
	} else if n, err = d.Int64(); err != nil {
		return 0, err
	}
	if n < 0 {
		return 0, d.Reject("not a number of things")
	}
	return n, nil
}

func (d members) resource(to *Resource) error {
	return d.Object(resourceSchema, func(name string) (err error) {
		switch name {
		case "name":
			return d.string(&to.Name)
		case "uri":
			return d.string(&to.URI)
		case "downloadLocation":
			return d.string(&to.DownloadLocation)
		case "mediaType":
			return d.string(&to.MediaType)
		case "digest":
			if null, err := d.Null(); null || err != nil {
				return err
			}
			to.Digests, to.unknown, to.malformed, err = parseDigests(d.Decoder)
			return err
		}
		return d.Skip()
	})
}

func (d members) resources(to *[]Resource) error {
	return d.array(func() error {
		var r Resource
		err := d.resource(&r)
		*to = append(*to, r)
		return err
	})
}

// optional reads a resource that may be absent.
func (d members) optional(to **Resource) error {
	if null, err := d.Null(); null || err != nil {
		return err
	}
	*to = new(Resource)
	return d.resource(*to)
}

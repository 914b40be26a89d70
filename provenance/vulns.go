// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package provenance

import (
	"time"

	"github.com/tallystick/tallystick/internal/strictjson"
)

// Predicate types of scans for vulnerabilities.
const (
	VulnsV02 = "https://in-toto.io/attestation/vulns/v0.2"
	VulnsV01 = "https://in-toto.io/attestation/vulns/v0.1"
)

// Vulns is what a scan for vulnerabilities has found, in version 0.2 or 0.1.
type Vulns struct {
	ScannerURI     string // never empty
	ScannerVersion string
	// Database is what the scanner knew: where it comes from, its version, and
	// when it was updated last (zero if not stated).
	DatabaseURI, DatabaseVersion string
	DatabaseUpdated              time.Time
	// Found are the vulnerabilities. The scan has found none if it is empty: a
	// predicate without a result does not parse.
	Found []Vulnerability
	// StartedOn is zero if not stated; FinishedOn is never zero.
	StartedOn, FinishedOn time.Time
}

// A Vulnerability is one that a scanner has found.
type Vulnerability struct {
	ID       string // never empty
	Severity []Severity
}

// A Severity is how bad a vulnerability is by one method. Methods are as the scanner
// names them, and so is the form of a score: a word or a number.
type Severity struct{ Method, Score string }

var (
	vulnsSchema         = strictjson.NewSchema("scanner", "metadata")
	scannerSchema       = strictjson.NewSchema("uri", "version", "db", "result")
	databaseSchema      = strictjson.NewSchema("uri", "version", "lastUpdate")
	vulnerabilitySchema = strictjson.NewSchema("id", "severity", "annotations", "vulnerability")
	severitySchema      = strictjson.NewSchema("method", "score")
	scanSchema          = strictjson.NewSchema("scanStartedOn", "scanFinishedOn")
)

// Vulns returns the predicate as a scan for vulnerabilities. Version 0.1 describes
// what was found in two ways, of which both are read. Errors are those of
// [Statement.Provenance].
func (s *Statement) Vulns() (*Vulns, error) {
	d, err := s.typed(VulnsV02, VulnsV01)
	if err != nil {
		return nil, err
	}
	v := new(Vulns)
	result := false
	err = d.Object(vulnsSchema, func(name string) error {
		switch name {
		case "scanner":
			return d.object(scannerSchema, func(name string) error {
				switch name {
				case "uri":
					return d.string(&v.ScannerURI)
				case "version":
					return d.string(&v.ScannerVersion)
				case "db":
					return d.object(databaseSchema, func(name string) error {
						switch name {
						case "uri":
							return d.string(&v.DatabaseURI)
						case "version":
							return d.string(&v.DatabaseVersion)
						case "lastUpdate":
							return d.time(&v.DatabaseUpdated)
						}
						return d.Skip()
					})
				case "result":
					// null says nothing, and certainly not that nothing was found.
					kind, err := d.Kind()
					result = err == nil && kind == strictjson.Array
					return d.array(func() error {
						var found Vulnerability
						if err := d.vulnerability(&found, s.predicateType == VulnsV01); err != nil {
							return err
						}
						v.Found = append(v.Found, found)
						return nil
					})
				}
				return d.Skip()
			})
		case "metadata":
			return d.object(scanSchema, func(name string) error {
				switch name {
				case "scanStartedOn":
					return d.time(&v.StartedOn)
				case "scanFinishedOn":
					return d.time(&v.FinishedOn)
				}
				return d.Skip()
			})
		}
		return d.Skip()
	})
	switch {
	case err != nil:
	case v.ScannerURI == "":
		err = d.missing("scanner.uri")
	case !result:
		err = d.missing("scanner.result")
	case v.FinishedOn.IsZero():
		err = d.missing("metadata.scanFinishedOn")
	}
	if err := d.finish(s, err); err != nil {
		return nil, err
	}
	return v, nil
}

func (d members) vulnerability(v *Vulnerability, nested bool) error {
	if err := d.Object(vulnerabilitySchema, func(name string) error {
		switch name {
		case "id":
			return d.once(&v.ID)
		case "severity":
			return d.array(func() error {
				var s Severity
				if err := d.Object(severitySchema, func(name string) error {
					switch name {
					case "method":
						return d.string(&s.Method)
					case "score":
						return d.string(&s.Score)
					}
					return d.Skip()
				}); err != nil {
					return err
				}
				v.Severity = append(v.Severity, s)
				return nil
			})
		case "vulnerability":
			if nested {
				return d.vulnerability(v, false)
			}
		}
		return d.Skip()
	}); err != nil {
		return err
	}
	if v.ID == "" {
		return d.missing("id of a vulnerability")
	}
	return nil
}

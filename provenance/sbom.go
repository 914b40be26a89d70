// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package provenance

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/internal/strictjson"
)

// Predicate types of bills of materials whose version is in the document; see
// [Statement.Files].
const (
	SPDX      = "https://spdx.dev/Document"
	CycloneDX = "https://cyclonedx.org/bom"
)

// Predicate types that also name the version.
var (
	spdxTypes      = []string{SPDX, SPDX + "/v2.3", SPDX + "/v2.2"}
	cycloneDXTypes = []string{CycloneDX, CycloneDX + "/v1.7", CycloneDX + "/v1.6", CycloneDX + "/v1.5", CycloneDX + "/v1.4", CycloneDX + "/v1.3", CycloneDX + "/v1.2"}
)

// The names of algorithms in SPDX 2.3 (8.4) and CycloneDX, of those that are known
// here.
var sbomAlgorithms = map[string]string{
	"MD5": "md5", "SHA1": "sha1", "SHA224": "sha224", "SHA256": "sha256", "SHA384": "sha384", "SHA512": "sha512",
	"SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512",
	"SHA3-256": "sha3_256", "SHA3-384": "sha3_384", "SHA3-512": "sha3_512", "BLAKE2b-512": "blake2b",
}

var (
	spdxSchema      = strictjson.NewSchema("spdxVersion", "files")
	spdxFileSchema  = strictjson.NewSchema("fileName", "checksums")
	checksumSchema  = strictjson.NewSchema("algorithm", "checksumValue")
	bomSchema       = strictjson.NewSchema("bomFormat", "specVersion", "components")
	componentSchema = strictjson.NewSchema("type", "name", "hashes", "components")
	bomHashSchema   = strictjson.NewSchema("alg", "content")
)

// maxNested bounds components within components.
const maxNested = 16

// Files returns the files that a bill of materials lists, with their digests: the
// files of an SPDX 2.2 or 2.3 document in JSON, without the "./" that SPDX puts
// before a name, or the components of type "file" of a CycloneDX 1.2 to 1.7 document
// in JSON. Packages and other components are not files and are left out; so a
// manifest is what the author knew, and not the whole of anything. To demand that a
// tree has these files and no others, use [verify.SameTree].
//
// A document that lists no file, a file without a digest that is known, and a digest
// that is malformed are errors with [CodeMalformed]. Other errors are those of
// [Statement.Provenance]. SPDX 3 is not read.
func (s *Statement) Files() (*hash.Manifest, error) {
	d, err := s.typed(append(slices.Clone(spdxTypes), cycloneDXTypes...)...)
	if err != nil {
		return nil, err
	}
	var entries []hash.ManifestEntry
	if slices.Contains(spdxTypes, s.predicateType) {
		err = d.spdx(&entries)
	} else {
		err = d.cycloneDX(&entries)
	}
	if err := d.finish(s, err); err != nil {
		return nil, err
	}
	m, err := hash.NewManifest(entries...)
	if err != nil {
		return nil, d.finish(s, err)
	}
	return m, nil
}

func (d members) spdx(entries *[]hash.ManifestEntry) error {
	version := ""
	err := d.Object(spdxSchema, func(name string) error {
		switch name {
		case "spdxVersion":
			return d.string(&version)
		case "files":
			return d.array(func() error {
				var file string
				digests := map[string]string{}
				if err := d.Object(spdxFileSchema, func(name string) error {
					switch name {
					case "fileName":
						return d.string(&file)
					case "checksums":
						return d.array(func() error { return d.fileDigest(checksumSchema, "algorithm", "checksumValue", digests) })
					}
					return d.Skip()
				}); err != nil {
					return err
				}
				return d.file(entries, strings.TrimPrefix(file, "./"), digests)
			})
		}
		return d.Skip()
	})
	if err == nil && version != "SPDX-2.3" && version != "SPDX-2.2" {
		err = d.Reject("spdxVersion is neither SPDX-2.3 nor SPDX-2.2")
	}
	return err
}

func (d members) cycloneDX(entries *[]hash.ManifestEntry) error {
	format := ""
	err := d.Object(bomSchema, func(name string) error {
		switch name {
		case "bomFormat":
			return d.string(&format)
		case "components":
			return d.components(entries, maxNested)
		}
		return d.Skip()
	})
	if err == nil && format != "CycloneDX" {
		err = d.Reject("bomFormat is not CycloneDX")
	}
	return err
}

func (d members) components(entries *[]hash.ManifestEntry, depth int) error {
	if depth == 0 {
		return fmt.Errorf("%w: components nested more than %d deep", errLimit, maxNested)
	}
	return d.array(func() error {
		var typ, file string
		digests := map[string]string{}
		if err := d.Object(componentSchema, func(name string) error {
			switch name {
			case "type":
				return d.string(&typ)
			case "name":
				return d.string(&file)
			case "hashes":
				return d.array(func() error { return d.fileDigest(bomHashSchema, "alg", "content", digests) })
			case "components":
				return d.components(entries, depth-1)
			}
			return d.Skip()
		}); err != nil || typ != "file" {
			return err
		}
		for alg, value := range digests {
			digests[alg] = strings.ToLower(value) // CycloneDX allows either case
		}
		return d.file(entries, file, digests)
	})
}

// fileDigest reads one checksum into digests.
func (d members) fileDigest(schema *strictjson.Schema, algName, valueName string, digests map[string]string) error {
	var alg, value string
	if err := d.Object(schema, func(name string) error {
		switch name {
		case algName:
			return d.string(&alg)
		case valueName:
			return d.string(&value)
		}
		return d.Skip()
	}); err != nil {
		return err
	}
	if known := sbomAlgorithms[alg]; known != "" {
		if _, twice := digests[known]; twice {
			return d.Reject("two digests by one algorithm")
		}
		digests[known] = value
	}
	return nil
}

func (d members) file(entries *[]hash.ManifestEntry, name string, digests map[string]string) error {
	if len(*entries) == maxItems {
		return fmt.Errorf("%w: more than %d files", errLimit, maxItems)
	}
	set, _, err := hash.ParseSet(digests)
	if err != nil {
		return d.Reject("a digest that is malformed")
	}
	if name == "" || set.Len() == 0 {
		return d.Reject("a file without a name, or without a digest that is known")
	}
	*entries = append(*entries, hash.ManifestEntry{Name: name, Digests: set})
	return nil
}

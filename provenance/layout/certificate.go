// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tallystick/tallystick/internal/safe"
	"github.com/tallystick/tallystick/internal/signature"
	"github.com/tallystick/tallystick/internal/strictjson"
	"github.com/tallystick/tallystick/internal/tally"
)

// Certificates of functionaries (ITE-7): a layout may name certificate
// authorities, and a step may say what the certificate of a functionary has to
// look like, instead of naming keys. There are two spellings. in-toto-golang has
// the layout's members rootcas and intermediatecas and the constraint's member
// roots; the current draft of ITE-7 has trustBundles and trustBundleIds.

// authorities are the certificate authorities of a layout.
type authorities struct {
	// anchors has the trusted certificates by the id of the root or bundle.
	anchors       map[string]*anchor
	intermediates []*x509.Certificate // usable under every root of rootcas
}

type anchor struct {
	bundle        bool
	roots         []*x509.Certificate
	intermediates []*x509.Certificate // of a bundle
}

// A constraint says which certificates a step accepts.
type constraint struct {
	commonName                   string
	dns, emails, orgs, uris, ids []string
}

// maxCertificates bounds the certificates of a layout and those of an envelope.
const maxCertificates = 64

// anything is the value of a constraint that allows any values.
const anything = "*"

var (
	bundleSchema     = strictjson.NewSchema("bundleid", "roots", "intermediates")
	constraintSchema = strictjson.NewSchema("common_name", "dns_names", "emails", "organizations", "uris", "roots", "trustBundleIds")
)

func (a *authorities) add(id string, bundle bool) (*anchor, error) {
	if a.anchors == nil {
		a.anchors = map[string]*anchor{}
	}
	if a.anchors[id] != nil {
		return nil, coded(CodeMalformed, "two certificate authorities have the id %s", safe.Quote(id))
	}
	if len(a.anchors) == maxCertificates {
		return nil, coded(CodeLimit, "more than %d certificate authorities", maxCertificates)
	}
	a.anchors[id] = &anchor{bundle: bundle}
	return a.anchors[id], nil
}

// parseRoots reads rootcas: keys whose keyval holds a certificate.
func (a *authorities) parseRoots(d *strictjson.Decoder) error {
	return nullOr(d, func() error {
		return d.Map(func(id string) error {
			cert, err := parseCA(d, id)
			if err != nil {
				return err
			}
			root, err := a.add(id, false)
			if err == nil {
				root.roots = append(root.roots, cert)
			}
			return err
		})
	})
}

// parseIntermediates reads intermediatecas.
func (a *authorities) parseIntermediates(d *strictjson.Decoder) error {
	return nullOr(d, func() error {
		return d.Map(func(id string) error {
			if len(a.intermediates) == maxCertificates {
				return coded(CodeLimit, "more than %d intermediate certificates", maxCertificates)
			}
			cert, err := parseCA(d, id)
			a.intermediates = append(a.intermediates, cert)
			return err
		})
	})
}

// parseCA reads a key object that stands for a certificate, which is in
// keyval.certificate or, in an older draft, in keyval.public.
func parseCA(d *strictjson.Decoder, id string) (*x509.Certificate, error) {
	var text string
	keyID := id
	err := d.Object(keySchema, func(name string) (err error) {
		switch name {
		case "keyid":
			keyID, err = d.String()
		case "keyval":
			return d.Object(keyvalSchema, func(name string) error {
				if name != "certificate" && name != "public" {
					return d.Skip()
				}
				s, err := d.String()
				if name == "certificate" && s != "" || text == "" {
					text = s
				}
				return err
			})
		default:
			err = d.Skip()
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if keyID != id {
		return nil, coded(CodeKey, "the certificate authority under the id %s calls itself %s", safe.Quote(id), safe.Quote(keyID))
	}
	return caFromPEM(text, id)
}

func caFromPEM(text, id string) (*x509.Certificate, error) {
	cert, _, err := signature.ParseCertificate([]byte(text))
	if err != nil {
		return nil, coded(CodeKey, "certificate authority %s: %w", safe.Quote(id), err)
	}
	return cert, nil
}

// parseBundles reads trustBundles.
func (a *authorities) parseBundles(d *strictjson.Decoder) error {
	return nullOr(d, func() error {
		return d.Map(func(id string) error {
			bundle, err := a.add(id, true)
			if err != nil {
				return err
			}
			return d.Object(bundleSchema, func(name string) error {
				switch name {
				case "bundleid":
					s, err := d.String()
					if err == nil && s != id {
						return coded(CodeKey, "the trust bundle under the id %s calls itself %s", safe.Quote(id), safe.Quote(s))
					}
					return err
				case "roots", "intermediates":
					list, err := stringList(d, maxCertificates)
					for _, text := range list {
						if err != nil {
							break
						}
						var cert *x509.Certificate
						cert, err = caFromPEM(text, id)
						if name == "roots" {
							bundle.roots = append(bundle.roots, cert)
						} else {
							bundle.intermediates = append(bundle.intermediates, cert)
						}
					}
					return err
				}
				return d.Skip()
			})
		})
	})
}

// parseConstraints reads the constraints of a step.
func parseConstraints(d *strictjson.Decoder) ([]constraint, error) {
	var list []constraint
	err := nullOr(d, func() error {
		return d.Array(func(i int) error {
			if i == maxCertificates {
				return coded(CodeLimit, "more than %d certificate constraints", maxCertificates)
			}
			var c constraint
			err := d.Object(constraintSchema, func(name string) (err error) {
				switch name {
				case "common_name":
					c.commonName, err = d.String()
				case "dns_names":
					c.dns, err = stringList(d, maxCertificates)
				case "emails":
					c.emails, err = stringList(d, maxCertificates)
				case "organizations":
					c.orgs, err = stringList(d, maxCertificates)
				case "uris":
					c.uris, err = stringList(d, maxCertificates)
				case "roots", "trustBundleIds":
					var ids []string
					ids, err = stringList(d, maxCertificates)
					c.ids = append(c.ids, ids...)
				default:
					// It could demand what we would not check.
					err = coded(CodeUnsupported, "the member %s of a certificate constraint", safe.Quote(name))
				}
				return err
			})
			list = append(list, c)
			return err
		})
	})
	return list, err
}

// certified returns the functionaries who have signed the envelope with a key
// that a certificate beside the signature vouches for. Each is judged by the key
// that made that very signature. The reasons say why others do not count.
func (e *envelope) certified(a *authorities, constraints []constraint, at time.Time) (t tallied) {
	if len(constraints) == 0 {
		return t
	}
	tried, left := 0, tally.Attempts(len(e.message))
	for i, text := range e.certificates {
		if text == "" {
			continue
		}
		refuse := func(err error) {
			t.reasons = append(t.reasons, fmt.Sprintf("certificate of signature %d: %v", i+1, err))
		}
		if tried++; tried > maxCertificates {
			refuse(fmt.Errorf("more than %d are not looked at", maxCertificates))
			break
		}
		cert, key, err := signature.ParseCertificate([]byte(text))
		if err != nil {
			refuse(err)
			continue
		}
		if err := e.signatures[i].Err; err != nil {
			refuse(err)
			continue
		}
		// The certificate comes first: a stranger's is not worth hashing a long
		// message. But one that is good may stand beside bad signatures.
		t.work += int64(len(constraints)) * tally.PerAttempt
		if err := a.judge(cert, constraints, at); err != nil {
			refuse(err)
			continue
		}
		if left--; left < 0 {
			t.unfinished = true
			refuse(errors.New("not tried: the others were too many, or the message is too long for so many"))
			continue
		}
		t.work += int64(tally.PerAttempt + len(e.message))
		if err := key.Verify(e.message, e.signatures[i].Bytes); err != nil {
			refuse(errors.New("its key did not make the signature"))
			continue
		}
		t.signed = append(t.signed, &layoutKey{id: e.signatures[i].Hint, key: key, name: cert.Subject.CommonName})
	}
	return t
}

// judge returns nil if the certificate meets all of one constraint.
func (a *authorities) judge(cert *x509.Certificate, constraints []constraint, at time.Time) error {
	var first error
	for _, c := range constraints {
		err := c.judge(cert)
		if err == nil {
			err = a.chain(cert, c.ids, at)
		}
		if err == nil {
			return nil
		}
		if first == nil {
			first = err
		}
	}
	return first
}

// judge compares the names in the certificate. An attribute without a constraint
// must have no value: an empty constraint is not "anything".
func (c *constraint) judge(cert *x509.Certificate) error {
	uris := make([]string, len(cert.URIs))
	for i, u := range cert.URIs {
		uris[i] = u.String()
	}
	for _, x := range []struct {
		what      string
		want, has []string
	}{
		{"common name", []string{c.commonName}, []string{cert.Subject.CommonName}},
		{"DNS names", c.dns, cert.DNSNames},
		{"e-mail addresses", c.emails, cert.EmailAddresses},
		{"organizations", c.orgs, cert.Subject.Organization},
		{"URIs", c.uris, uris},
	} {
		if slices.Equal(x.want, []string{anything}) {
			continue
		}
		want, has := sortedSet(x.want), sortedSet(x.has)
		if !slices.Equal(want, has) {
			return fmt.Errorf("%s are %s, must be %s", x.what, quoteList(has), quoteList(want))
		}
	}
	if len(cert.IPAddresses) > 0 {
		return errors.New("it has IP addresses, which no constraint allows")
	}
	return nil
}

// sortedSet returns the distinct non-empty values.
func sortedSet(list []string) []string {
	list = slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == "" })
	slices.Sort(list)
	return slices.Compact(list)
}

func quoteList(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	var s sampler
	for _, v := range list {
		s.add(v)
	}
	return s.String()
}

// chain returns nil if the certificate chains to one of the roots that the
// constraint names, at the verification time. Any extended key usage will do:
// in-toto has none of its own.
func (a *authorities) chain(cert *x509.Certificate, ids []string, at time.Time) error {
	roots, intermediates := x509.NewCertPool(), x509.NewCertPool()
	n := 0
	for id, anchor := range a.anchors {
		if !slices.Contains(ids, id) && !slices.Contains(ids, anything) {
			continue
		}
		for _, c := range anchor.roots {
			roots.AddCert(c)
			n++
		}
		own := anchor.intermediates
		if !anchor.bundle {
			own = a.intermediates
		}
		for _, c := range own {
			intermediates.AddCert(c)
		}
	}
	if n == 0 {
		return errors.New("the constraint names no root certificate of the layout")
	}
	if _, err := cert.Verify(x509.VerifyOptions{Roots: roots, Intermediates: intermediates, CurrentTime: at,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}); err != nil {
		return err
	}
	return nil
}

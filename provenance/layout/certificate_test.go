// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package layout_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tallystick/tallystick/provenance/layout"
	"github.com/tallystick/tallystick/verify"
)

// certify returns the certificate of a person's key, issued by another person
// with the certificate issuer; one without an issuer certifies itself.
func certify(t testing.TB, person, by string, issuer *x509.Certificate, edit func(*x509.Certificate)) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: person},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.Add(time.Hour),
	}
	if issuer == nil {
		template.IsCA, template.BasicConstraintsValid = true, true
		template.KeyUsage = x509.KeyUsageCertSign
		issuer = template
	}
	if edit != nil {
		edit(template)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer, key(person).Public(), key(by))
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func pemOf(c *x509.Certificate) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
}

// withCert puts a certificate beside the only signature of a DSSE envelope.
func withCert(t testing.TB, envelope []byte, member, text string) []byte {
	t.Helper()
	quoted, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	return replace(t, `"sig":`, `"`+member+`":`+string(quoted)+`,"sig":`)(envelope)
}

func TestCertificates(t *testing.T) {
	root := certify(t, "root", "root", nil, nil)
	other := certify(t, "other root", "other root", nil, nil)
	middle := certify(t, "middle", "root", root, func(c *x509.Certificate) {
		c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign
	})
	leaf := func(edit func(*x509.Certificate)) *x509.Certificate {
		return certify(t, "grace", "root", root, edit)
	}
	uri, err := url.Parse("spiffe://example.com/build")
	if err != nil {
		t.Fatal(err)
	}
	any := []string{"*"}
	constraint := func() obj {
		return obj{"common_name": "grace", "dns_names": []string{}, "emails": any, "organizations": any, "uris": any, "roots": []string{"r1"}}
	}
	ca := func(id string, c *x509.Certificate) obj {
		return obj{"keyid": id, "keytype": "ed25519", "scheme": "ed25519", "keyval": obj{"public": "", "certificate": pemOf(c)}}
	}
	write := link("write", obj{}, files("src/main.go", "README"))
	// Each case starts with grace, who has a certificate of root, in alice's place.
	for _, c := range []struct {
		name string
		edit func(w *world, c obj)
		ok   bool
	}{
		{"good", func(w *world, c obj) {}, true},
		{"member certificate", func(w *world, c obj) {
			w.links["write.link"] = withCert(t, dsse(write, "grace"), "certificate", pemOf(leaf(nil)))
		}, true},
		{"older form", func(w *world, c obj) {
			w.links["write.link"] = withCert(t, legacy(write, "grace"), "cert", pemOf(leaf(nil)))
		}, true},
		{"constraints spelled otherwise", func(w *world, c obj) {
			w.step(0)["certConstraints"] = w.step(0)["cert_constraints"]
			delete(w.step(0), "cert_constraints")
		}, true},
		{"trust bundle", func(w *world, c obj) {
			delete(w.layout, "rootcas")
			w.layout["trustBundles"] = obj{"r1": obj{"bundleid": "r1", "roots": []string{pemOf(root)}, "intermediates": []string{}}}
			c["trustBundleIds"] = c["roots"]
			delete(c, "roots")
		}, true},
		{"intermediate", func(w *world, c obj) {
			w.layout["intermediatecas"] = obj{"m": ca("m", middle)}
			w.links["write.link"] = withCert(t, dsse(write, "grace"), "cert", pemOf(certify(t, "grace", "middle", middle, nil)))
		}, true},
		{"intermediate in a bundle", func(w *world, c obj) {
			delete(w.layout, "rootcas")
			w.layout["trustBundles"] = obj{"r1": obj{"roots": []string{pemOf(root)}, "intermediates": []string{pemOf(middle)}}}
			w.links["write.link"] = withCert(t, dsse(write, "grace"), "cert", pemOf(certify(t, "grace", "middle", middle, nil)))
		}, true},
		{"second constraint", func(w *world, c obj) {
			w.step(0)["cert_constraints"] = []obj{{"common_name": "x", "roots": any}, c}
		}, true},
		{"URI, e-mail and organization", func(w *world, c obj) {
			c["uris"], c["emails"], c["organizations"] = []string{uri.String()}, []string{"g@e.org"}, []string{"E"}
			w.links["write.link"] = withCert(t, dsse(write, "grace"), "cert", pemOf(leaf(func(c *x509.Certificate) {
				c.URIs, c.EmailAddresses, c.Subject.Organization = []*url.URL{uri}, []string{"g@e.org"}, []string{"E"}
			})))
		}, true},
		{"any extended key usage", func(w *world, c obj) {
			w.links["write.link"] = withCert(t, dsse(write, "grace"), "cert", pemOf(leaf(func(c *x509.Certificate) {
				c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}
			})))
		}, true},
		{"the key is listed too", func(w *world, c obj) {
			w.layout["keys"].(obj)[id("grace")] = public("grace")
			w.step(0)["pubkeys"] = []string{id("grace")}
		}, true},

		{"no certificate", func(w *world, c obj) { w.links["write.link"] = dsse(write, "grace") }, false},
		{"certificate of another key", func(w *world, c obj) {
			w.links["write.link"] = withCert(t, dsse(write, "mallory"), "cert", pemOf(leaf(nil)))
		}, false},
		{"certificate that is none", func(w *world, c obj) {
			w.links["write.link"] = withCert(t, dsse(write, "grace"), "cert", "hello")
		}, false},
		{"two different certificates", func(w *world, c obj) {
			w.links["write.link"] = withCert(t, withCert(t, dsse(write, "grace"), "cert", pemOf(leaf(nil))), "certificate", pemOf(root))
		}, false},
		{"two different certificates, the good one last", func(w *world, c obj) {
			w.links["write.link"] = withCert(t, withCert(t, dsse(write, "grace"), "cert", pemOf(root)), "certificate", pemOf(leaf(nil)))
		}, false},
		{"another root", func(w *world, c obj) {
			w.links["write.link"] = withCert(t, dsse(write, "grace"), "cert", pemOf(certify(t, "grace", "other root", other, nil)))
		}, false},
		{"self-signed", func(w *world, c obj) {
			w.links["write.link"] = withCert(t, dsse(write, "grace"), "cert", pemOf(certify(t, "grace", "grace", nil, nil)))
		}, false},
		{"a root that the constraint does not name", func(w *world, c obj) { c["roots"] = []string{"r2"} }, false},
		{"a root that only another constraint names", func(w *world, c obj) {
			w.layout["rootcas"].(obj)["r2"] = ca("r2", other)
			w.step(0)["cert_constraints"] = []obj{{"common_name": "x", "roots": []string{"r1"}, "emails": any, "organizations": any, "uris": any},
				{"common_name": "grace", "roots": []string{"r2"}, "emails": any, "organizations": any, "uris": any}}
		}, false},
		{"no roots", func(w *world, c obj) { delete(c, "roots") }, false},
		{"empty constraint", func(w *world, c obj) { w.step(0)["cert_constraints"] = []obj{{}} }, false},
		{"another common name", func(w *world, c obj) { c["common_name"] = "heidi" }, false},
		{"no common name", func(w *world, c obj) { delete(c, "common_name") }, false},
		{"DNS name that is not wanted", func(w *world, c obj) {
			w.links["write.link"] = withCert(t, dsse(write, "grace"), "cert", pemOf(leaf(func(c *x509.Certificate) { c.DNSNames = []string{"e.org"} })))
		}, false},
		{"URI missing", func(w *world, c obj) { c["uris"] = []string{uri.String()} }, false},
		{"one URI more", func(w *world, c obj) {
			c["uris"] = []string{uri.String()}
			more, err := url.Parse("spiffe://example.com/admin")
			if err != nil {
				t.Fatal(err)
			}
			w.links["write.link"] = withCert(t, dsse(write, "grace"), "cert", pemOf(leaf(func(c *x509.Certificate) { c.URIs = []*url.URL{uri, more} })))
		}, false},
		{"a star beside other values is no wildcard", func(w *world, c obj) { c["emails"] = []string{"*", "x"} }, false},
		{"IP address", func(w *world, c obj) {
			w.links["write.link"] = withCert(t, dsse(write, "grace"), "cert", pemOf(leaf(func(c *x509.Certificate) { c.IPAddresses = []net.IP{{127, 0, 0, 1}} })))
		}, false},
		{"expired certificate", func(w *world, c obj) {
			w.links["write.link"] = withCert(t, dsse(write, "grace"), "cert", pemOf(leaf(func(c *x509.Certificate) { c.NotAfter = now.Add(-time.Second) })))
		}, false},
		{"certificate of the future", func(w *world, c obj) {
			w.links["write.link"] = withCert(t, dsse(write, "grace"), "cert", pemOf(leaf(func(c *x509.Certificate) { c.NotBefore = now.Add(time.Second) })))
		}, false},
		{"no constraints", func(w *world, c obj) { delete(w.step(0), "cert_constraints") }, false},
		{"altered link", func(w *world, c obj) {
			w.links["write.link"] = bytes.Replace(withCert(t, legacy(write, "grace"), "cert", pemOf(leaf(nil))), []byte(`"README"`), []byte(`"readme"`), 1)
		}, false},
		{"unknown member of a constraint", func(w *world, c obj) { c["serial"] = "1" }, false},
		{"root that is no certificate", func(w *world, c obj) {
			w.layout["rootcas"].(obj)["r1"].(obj)["keyval"] = public("root")["keyval"]
		}, false},
		{"one key under two key ids counts once", func(w *world, c obj) {
			w.step(0)["threshold"] = 2
			second := certify(t, "grace", "root", root, func(c *x509.Certificate) { c.SerialNumber = big.NewInt(2) })
			w.links["write.12345678.link"] = replace(t, id("grace"), "12345678")(withCert(t, dsse(write, "grace"), "cert", pemOf(second)))
		}, false},
		{"two keys count twice", func(w *world, c obj) {
			w.step(0)["threshold"] = 2
			c["common_name"] = "*"
			heidi := certify(t, "heidi", "root", root, nil)
			w.links["write.12345678.link"] = withCert(t, dsse(write, "heidi"), "cert", pemOf(heidi))
		}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld()
			constraint := constraint()
			w.layout["rootcas"] = obj{"r1": ca("r1", root)}
			w.step(0)["pubkeys"] = []string{id("alice")}
			w.step(0)["cert_constraints"] = []obj{constraint}
			delete(w.links, "write."+id8("alice")+".link")
			w.links["write.link"] = withCert(t, dsse(write, "grace"), "cert", pemOf(leaf(nil)))
			c.edit(w, constraint)
			v, err := w.verify(t)
			if !c.ok {
				if err == nil {
					t.Fatal("accepted")
				}
				return
			}
			if err != nil {
				t.Fatalf("%v\n%s", err, report(t, err))
			}
			written, err := v.Products("write")
			if err != nil {
				t.Fatal(err)
			}
			found := false
			for _, i := range written.Issuers() {
				found = found || i.ID == keyOf("grace").Fingerprint()
			}
			if !found {
				t.Errorf("grace is not among the issuers %v", written.Issuers())
			}
		})
	}
	if !slices.Equal([]byte(key("grace").Public().(ed25519.PublicKey)), []byte(leaf(nil).PublicKey.(ed25519.PublicKey))) {
		t.Error("the test's certificate is for another key")
	}
}

// A key of a layout may stand in a certificate, or beside one.
func TestKeyWithCertificate(t *testing.T) {
	root := certify(t, "root", "root", nil, nil)
	bob := certify(t, "bob", "root", root, nil)
	for _, c := range []struct {
		name         string
		public, cert string
		want         verify.Code
	}{
		{"certificate alone", "", pemOf(bob), ""},
		{"beside the key", public("bob")["keyval"].(obj)["public"].(string), pemOf(bob), ""},
		{"of another key", public("bob")["keyval"].(obj)["public"].(string), pemOf(root), layout.CodeKey},
		{"alone and of another key", "", pemOf(root), layout.CodeThreshold},
		{"that is none", "", "hello", layout.CodeKey},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld()
			k := public("bob")
			k["keyval"] = obj{"public": c.public, "certificate": c.cert}
			w.layout["keys"].(obj)[id("bob")] = k
			_, err := w.verify(t)
			if c.want == "" && err != nil || c.want != "" && !errors.Is(err, c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// A message is not hashed for a certificate that nobody trusts, nor without end
// for one that is trusted beside signatures that are not.
func TestCertificateWork(t *testing.T) {
	root := certify(t, "root", "root", nil, nil)
	good, evil := certify(t, "grace", "root", root, nil), certify(t, "evil", "evil", nil, nil)
	junk := func(cert *x509.Certificate) obj {
		return obj{"keyid": "", "cert": pemOf(cert), "sig": strings.Repeat("ab", 32) + "01" + strings.Repeat("00", 31)}
	}
	write := link("write", obj{}, files("src/main.go", "README"))
	write["byproducts"] = obj{"stdout": strings.Repeat("x", 5<<20)}
	data := withCert(t, legacy(write, "grace"), "cert", pemOf(good))
	for _, c := range []struct {
		name   string
		junk   *x509.Certificate
		before int
		ok     bool
		found  string
	}{
		{"a few of a trusted one", good, 3, true, "its key did not make the signature"},
		{"many of one that nobody trusts", evil, 60, true, "certificate of signature 60: common name"},
		{"many of a trusted one", good, 60, false, "certificate of signature 61: not tried"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld()
			all := []string{"*"}
			w.layout["rootcas"] = obj{"r1": obj{"keyid": "r1", "keytype": "ed25519", "scheme": "ed25519",
				"keyval": obj{"public": "", "certificate": pemOf(root)}}}
			w.step(0)["cert_constraints"] = []obj{{"common_name": "grace", "dns_names": all, "emails": all, "organizations": all, "uris": all, "roots": []string{"r1"}}}
			delete(w.links, "write."+id8("alice")+".link")
			list := strings.TrimSuffix(string(bytes.Repeat(append(marshal(junk(c.junk)), ','), c.before)), ",")
			w.links["write.link"] = replace(t, `"signatures":[`, `"signatures":[`+list+`,`)(data)
			v, err := w.verify(t)
			if (err == nil) != c.ok {
				t.Fatalf("accepted: %v, want %v: %v", err == nil, c.ok, err)
			}
			var e any = v
			if err != nil {
				e = report(t, err)
			} else {
				e = v.Evidence()
			}
			if text := string(marshal(e)); !strings.Contains(text, c.found) {
				t.Errorf("the report does not say %q: %.2000s", c.found, text)
			}
		})
	}
}

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package provenance

import (
	"errors"
	"net/url"
	"strings"
)

// A source is the URI of a source repository in parts, so that two spellings of
// one repository are equal and nothing can hide in a part.
type source struct {
	scheme, host, path, ref string
}

// parseSource reads "[git+]https://host/path[.git][@ref]", as SLSA provenance
// writes it (SPDX download locations). The scheme is https, ssh or git. The host
// is ASCII and compared without case, without a final dot and without the usual port
// of the scheme; the path with case, without a final slash and without a final
// ".git". A user name, a query, a fragment, an escape (which
// could hide a slash or an at-sign) and dot segments are refused.
func parseSource(s string) (source, error) {
	s = strings.TrimPrefix(s, "git+")
	for _, r := range s {
		if r <= ' ' || r >= 0x7f || strings.ContainsRune(`%\`, r) {
			return source{}, errors.New("escape, space or character outside ASCII")
		}
	}
	u, err := url.Parse(s)
	if err != nil {
		return source{}, errors.New("not a URI")
	}
	switch {
	case u.Scheme != "https" && u.Scheme != "ssh" && u.Scheme != "git":
		return source{}, errors.New("scheme is none of https, ssh, git")
	case u.User != nil:
		return source{}, errors.New("user name")
	case u.Host == "":
		return source{}, errors.New("no host")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.Contains(s, "#"):
		return source{}, errors.New("query or fragment")
	}
	path, ref, hasRef := strings.Cut(u.Path, "@")
	if hasRef && ref == "" || strings.Contains(ref, "@") {
		return source{}, errors.New("ref cannot be told")
	}
	path = strings.TrimSuffix(strings.TrimSuffix(path, "/"), ".git")
	for segment := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
		if segment == "" || segment == "." || segment == ".." {
			return source{}, errors.New("empty or dot segment in the path")
		}
	}
	host := strings.ToLower(u.Hostname())
	host = strings.TrimSuffix(host, ".")
	if host == "" {
		return source{}, errors.New("no host")
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]" // an IPv6 address, which must not run into the port
	}
	if port := u.Port(); port != "" && port != map[string]string{"https": "443", "ssh": "22", "git": "9418"}[u.Scheme] {
		host += ":" + port
	}
	return source{u.Scheme, host, path, ref}, nil
}

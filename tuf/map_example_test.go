// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package tuf_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"time"

	"github.com/tallystick/tallystick/tuf"
	"github.com/tallystick/tallystick/tuf/tuftest"
	"github.com/tallystick/tallystick/verify"
)

// A vendor and an independent auditor must both vouch for a release.
func ExampleMapClient() {
	start := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	handler := http.NewServeMux()
	roots := map[string][]byte{}
	for _, name := range []string{"vendor", "auditor"} {
		repo := tuftest.New(&tuftest.Options{Time: start})
		repo.AddTarget("app.tar.gz", []byte("the release"))
		repo.Publish()
		handler.Handle("/"+name+"/", http.StripPrefix("/"+name, repo))
		roots[name] = repo.Root()
	}
	server := httptest.NewServer(handler)
	defer server.Close()
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	client, err := tuf.NewMapClient(tuf.MapConfig{
		Map: fmt.Appendf(nil, `{
			"repositories": {"vendor": [%q], "auditor": [%q]},
			"mapping": [{"paths": ["*.tar.gz"], "repositories": ["vendor", "auditor"], "threshold": 2, "terminating": true}]
		}`, server.URL+"/vendor", server.URL+"/auditor"),
		Roots:        roots,
		Dir:          filepath.Join(dir, "cache"),
		MetadataPath: "metadata",
	})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	target, err := client.SnapshotAt(start.Add(time.Hour)).Target(ctx, "app.tar.gz")
	if err != nil {
		log.Fatal(err)
	}
	artifact, err := client.Download(ctx, target, filepath.Join(dir, "app.tar.gz"))
	if err != nil {
		log.Fatal(err)
	}
	result, err := verify.Artifact(artifact, verify.CoveredBy(target), target)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Report().Verdict, target.Repositories())
	// Output: accepted [vendor auditor]
}

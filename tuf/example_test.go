// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package tuf_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"time"

	"github.com/tallystick/tallystick/tuf"
	"github.com/tallystick/tallystick/tuf/tuftest"
	"github.com/tallystick/tallystick/verify"
)

// exampleServer stands for a repository on the web.
func exampleServer() (repo *tuftest.Repository, server *httptest.Server, dir string) {
	repo = tuftest.New(nil)
	if err := repo.Delegate("targets", tuftest.Delegation{Name: "nightly", Paths: []string{"nightly/*"}}); err != nil {
		panic(err)
	}
	if err := repo.Add("nightly", tuftest.Target{Path: "nightly/app.tar.gz", Content: []byte("fresh from the oven"), Custom: map[string]any{"os": "linux"}}); err != nil {
		panic(err)
	}
	repo.AddTarget("app.tar.gz", []byte("the release"))
	repo.Publish()
	server = httptest.NewServer(repo)
	dir, err := os.MkdirTemp("", "tuf-example-")
	if err != nil {
		panic(err)
	}
	return repo, server, dir
}

// A program that gets one file.
func Example() {
	repo, server, dir := exampleServer()
	defer server.Close()
	defer os.RemoveAll(dir)
	ctx := context.Background()

	client, err := tuf.NewClient(tuf.Config{
		Root:        repo.Root(), // a real program has it from //go:embed root.json
		MetadataURL: server.URL + "/metadata",
		TargetsURL:  server.URL + "/targets",
		Dir:         filepath.Join(dir, "cache"),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	snapshot, err := client.Refresh(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	target, err := snapshot.Target(ctx, "app.tar.gz")
	if err != nil {
		fmt.Println(err)
		return
	}
	artifact, err := client.Download(ctx, target, filepath.Join(dir, "app.tar.gz"))
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := verify.Artifact(artifact, verify.CoveredBy(target), target)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(result.Report().Verdict, result.Artifact().Name(), result.Artifact().Size(), "bytes")
	// Output: accepted app.tar.gz 11 bytes
}

// A root that does not vouch for itself is refused before anything is asked for.
func ExampleNewClient() {
	_, err := tuf.NewClient(tuf.Config{
		Root:        []byte(`{"signed": {}, "signatures": []}`),
		MetadataURL: "https://example.org/metadata",
		Dir:         "cache",
	})
	fmt.Println(errors.Is(err, tuf.CodeConfig))
	// Output: true
}

// A repository that goes back in time is rejected, and the report says why.
func ExampleClient_Refresh() {
	repo, server, dir := exampleServer()
	defer server.Close()
	defer os.RemoveAll(dir)
	ctx := context.Background()
	client, err := tuf.NewClient(tuf.Config{Root: repo.Root(), MetadataURL: server.URL + "/metadata", Dir: dir})
	if err != nil {
		fmt.Println(err)
		return
	}

	repo.Publish()
	_, err = client.Refresh(ctx)
	fmt.Println("at first:", err)

	if err := repo.Attack(tuftest.Rollback); err != nil {
		fmt.Println(err)
		return
	}
	_, err = client.Refresh(ctx)
	if rejected, ok := errors.AsType[*verify.RejectedError](err); ok {
		fmt.Println("then:", rejected.Report.Verdict, rejected.Code())
	}
	// Output:
	// at first: <nil>
	// then: rejected tuf/rollback
}

// Time is an input: what is valid now will have expired in a year.
func ExampleClient_RefreshAt() {
	repo, server, dir := exampleServer()
	defer server.Close()
	defer os.RemoveAll(dir)
	client, err := tuf.NewClient(tuf.Config{Root: repo.Root(), MetadataURL: server.URL + "/metadata", Dir: dir})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = client.RefreshAt(context.Background(), time.Now().AddDate(0, 6, 0))
	fmt.Println(errors.Is(err, tuf.CodeFreeze), errors.Is(err, tuf.CodeExpired))
	// Output: true true
}

// A target of a delegated role rests on the word of each role on the way to it.
func ExampleSnapshot_Target() {
	repo, server, dir := exampleServer()
	defer server.Close()
	defer os.RemoveAll(dir)
	ctx := context.Background()
	client, err := tuf.NewClient(tuf.Config{Root: repo.Root(), MetadataURL: server.URL + "/metadata", Dir: dir})
	if err != nil {
		fmt.Println(err)
		return
	}
	snapshot, err := client.Refresh(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	target, err := snapshot.Target(ctx, "nightly/app.tar.gz")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(target.Length(), "bytes, custom", string(target.Custom()))
	for _, role := range target.Evidence().Check.Checks {
		fmt.Println(role.What, role.Status)
	}
	_, err = snapshot.Target(ctx, "no such file")
	fmt.Println(errors.Is(err, tuf.CodeTargetNotFound))
	// Output:
	// 19 bytes, custom {"os":"linux"}
	// role root, version 1 pass
	// role timestamp, version 1 pass
	// role snapshot, version 1 pass
	// role targets, version 1 pass
	// role "nightly", version 1 pass
	// true
}

// A file that is not the one that was signed never reaches its place.
func ExampleClient_Download() {
	repo, server, dir := exampleServer()
	defer server.Close()
	defer os.RemoveAll(dir)
	ctx := context.Background()
	client, err := tuf.NewClient(tuf.Config{
		Root:        repo.Root(),
		MetadataURL: server.URL + "/metadata",
		TargetsURL:  server.URL + "/targets",
		Dir:         filepath.Join(dir, "cache"),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	snapshot, err := client.Refresh(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	target, err := snapshot.Target(ctx, "app.tar.gz")
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := repo.Attack(tuftest.WrongTarget); err != nil {
		fmt.Println(err)
		return
	}
	dst := filepath.Join(dir, "app.tar.gz")
	_, err = client.Download(ctx, target, dst)
	fmt.Println(errors.Is(err, tuf.CodeHash))
	_, err = os.Stat(dst)
	fmt.Println(errors.Is(err, os.ErrNotExist))
	// Output:
	// true
	// true
}

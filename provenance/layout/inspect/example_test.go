// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package inspect_test

import (
	"context"
	"fmt"
	"os"
	"testing/fstest"

	"github.com/tallystick/tallystick/hash"
	"github.com/tallystick/tallystick/provenance/layout"
	"github.com/tallystick/tallystick/provenance/layout/inspect"
)

// The runner goes into layout.Options.Runner; here it is asked directly.
func ExampleRunner() {
	temp, err := os.MkdirTemp("", "inspections")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(temp)
	runner, err := inspect.New(inspect.Options{
		Products: fstest.MapFS{"hello": {Data: []byte("hello")}}, // or os.Root.FS of a folder
		Temp:     temp,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := runner.Run(context.Background(), layout.Inspection{Name: "copy", Command: []string{"cp", "hello", "copy"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(result.Materials), len(result.Products), result.Products["copy"].Compare(result.Materials["hello"]) == hash.Same)
	// Output: 1 2 true
}

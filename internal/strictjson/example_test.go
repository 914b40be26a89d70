// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package strictjson_test

import (
	"errors"
	"fmt"

	"github.com/tallystick/tallystick/internal/strictjson"
)

func ExampleDecoder() {
	const in = `{
		"_type": "link",
		"products": {"app": {"sha256": "5e88"}, "App": {"sha256": "9f86"}},
		"unknown": [1, 2, 3]
	}`
	schema := strictjson.NewSchema("_type", "products")
	d := strictjson.NewDecoder([]byte(in), strictjson.Limits{})
	err := d.Object(schema, func(name string) error {
		switch name {
		case "_type":
			s, err := d.String()
			if err == nil && s != "link" {
				err = d.Reject("not a link")
			}
			return err
		case "products":
			return d.Map(func(product string) error {
				return d.Map(func(algorithm string) error {
					digest, err := d.String()
					fmt.Println(product, algorithm, digest)
					return err
				})
			})
		}
		return d.Skip()
	})
	if err == nil {
		err = d.End()
	}
	fmt.Println(err)
	// Output:
	// app sha256 5e88
	// App sha256 9f86
	// <nil>
}

func ExampleValidate() {
	err := strictjson.Validate([]byte(`{"steps": [{"threshold": 2, "thre\u0073hold": 0}]}`), strictjson.Limits{})
	fmt.Println(errors.Is(err, strictjson.DuplicateMember))
	fmt.Println(err)
	// Output:
	// true
	// json: duplicate-member at steps[0].threshold (byte 28): "threshold"
}

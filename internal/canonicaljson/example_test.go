// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package canonicaljson_test

import (
	"fmt"

	"github.com/tallystick/tallystick/internal/canonicaljson"
	"github.com/tallystick/tallystick/internal/strictjson"
)

func ExampleCanonical() {
	signed := []byte(`{ "version": 1, "_type": "link", "name": "b\u0075ild" }`)
	message, err := canonicaljson.Canonical(signed, strictjson.Limits{})
	fmt.Println(string(message), err)

	_, err = canonicaljson.Canonical([]byte(`{"byproducts": {"return-value": 0.5}}`), strictjson.Limits{})
	fmt.Println(err)
	// Output:
	// {"_type":"link","name":"build","version":1} <nil>
	// json: type at byproducts.return-value (byte 32): expected an integer, found a number with a fraction or an exponent
}

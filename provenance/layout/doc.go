// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

// Package layout verifies in-toto layouts: that a supply chain was followed as
// its owner has laid it down.
//
//	keys, err := provenance.NewKeySet(1, owner)
//	root, err := os.OpenRoot("metadata")
//	v, err := layout.Verify(ctx, signedLayout, keys, layout.DirLinks(root.FS()), layout.Options{})
//	artifact, err := hash.MeasureFile(ctx, "app.tar.gz")
//	result, err := verify.Artifact(artifact, verify.CoveredBy(v), v)
package layout

// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

// Package inspect runs the inspections of in-toto layouts: commands that a layout
// wants to be run on the final product at the time of verification (in-toto
// specification 1.0, sections 4.3.2 and 5.2).
//
//	products, err := os.OpenRoot("release")
//	temp, err := os.MkdirTemp("", "inspections")
//	defer os.RemoveAll(temp)
//	runner, err := inspect.New(inspect.Options{Products: products.FS(), Temp: temp})
//	v, err := layout.Verify(ctx, signedLayout, keys, links, layout.Options{Runner: runner})
//
// Passing a Runner to layout.Verify is a decision to run programs that whoever
// signed the layout has named, with the rights of the calling process. Nothing
// runs before the signatures, the expiry, every step and its rules were accepted;
// those of a sublayout run when that was, as a part of the step that it stands for.
//
// # What happens
//
// Each inspection gets a folder of its own below Options.Temp, which is removed
// afterwards. In it the command finds a copy of the product files in its working
// directory, an empty home and an empty folder for temporary files. Materials are
// the files of that copy before the command, products those after it, measured
// with package hash. What one inspection leaves is not seen by the next.
//
// There is no shell in between: the first word of the command is the program, the
// others are its arguments. A program without a slash is searched for in
// Options.Path; one with a slash is an absolute path or lies in the copy of the
// products. There is no standard input and no terminal. The environment is
//
//	PATH    Options.Path
//	HOME    the empty home (on Windows USERPROFILE)
//	TMPDIR  the empty folder for temporary files (on Windows TEMP and TMP)
//	LC_ALL  C
//
// and, on Windows, the SYSTEMROOT of the calling process, without which no
// program starts there.
//
// # What this protects against
//
// Mistakes and leftovers: a command cannot wait for input, run for ever, print
// without end, alter or take in files of the caller by a relative name, pick up
// secrets or settings from the environment, or leave files behind in its folders.
// Whatever is left running of its process group when it ends or is killed is
// killed (on Unix). Links to elsewhere are refused on both sides, since their
// content would go unmeasured.
//
// # What this does not protect against
//
// It is no sandbox. A hostile command has the rights of the calling process: it
// can read and alter every file that the process can, by its absolute name, use
// the network, fill the disk or the memory until its time is up, leave its process
// group and live on, and lie about the products. Run the whole verification in a
// container or a virtual machine, or as another user, if the owner of the layout is
// not trusted that far. On systems other than Unix only the command itself is
// killed, not what it has started.
package inspect

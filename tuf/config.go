// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package tuf

import (
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"time"

	"github.com/tallystick/tallystick/verify"
)

// Config is what a [Client] needs to know. Root, MetadataURL and Dir must be set.
type Config struct {
	// Root is a root.json that the caller trusts, usually embedded into the
	// program. Everything else follows from it. It may have expired, and may
	// be older than the current one as long as the repository keeps those in
	// between.
	Root []byte

	// MetadataURL is where root.json, timestamp.json and so on are.
	MetadataURL string

	// TargetsURL is where the target files are. Without it nothing can be
	// downloaded.
	TargetsURL string

	// Dir is a folder for metadata, made if it does not exist. It belongs to
	// one repository, and is kept from run to run: what is in it protects
	// against rollback.
	Dir string

	// Offline makes the client do without the repository: it makes no
	// request and writes no metadata. [Client.Refresh] verifies what is in
	// Dir, and what has expired is refused as ever. Reports say under
	// notCovered that nobody was asked for anything newer. What is not there
	// is an error with [CodeOffline].
	Offline bool

	// Retries is how often a request is made again after the connection broke
	// or the server answered with a status of 500 to 599: 0, the default, to
	// 10. A download goes on where it stopped. The client waits a second
	// before the first retry and then twice as long each time, up to 30
	// seconds, or as many seconds as the server says in Retry-After, and up
	// to half as much again by chance. If the server wants more than a
	// minute, there is no retry.
	//
	// What the repository does not have, a server that is too slow, a
	// redirect or certificate that is not accepted and content that fails
	// verification are never retried.
	Retries int

	// HTTPClient makes the requests. Nil means one with time-outs and
	// without a proxy. Redirects to another host or scheme are not followed
	// with any client, and answers are bounded in size and time by Limits.
	HTTPClient *http.Client

	// Limits bound the work. Zero fields mean the defaults.
	Limits Limits

	// Logger hears what is done, for developers. Nil is silent. What matters
	// to users is in errors and reports.
	Logger *slog.Logger

	// Progress, if not nil, is called while a target is downloaded, from the
	// goroutine that called [Client.Download], with its path and the number
	// of bytes received and expected.
	Progress func(path string, received, length int64)
}

// Limits bound what a repository can make a client do. A zero field means the
// default; a negative one is a [CodeConfig] error.
type Limits struct {
	// Sizes of metadata files in bytes. Root is 512 KiB, Timestamp 16 KiB,
	// Snapshot 2 MiB and Targets, which is for delegated roles too, 5 MiB by
	// default.
	Root, Timestamp, Snapshot, Targets int64

	// StatedLength is used instead of Snapshot and Targets where the role
	// above states the file's length: files may be as long as stated, up to
	// this. It is 64 MiB by default.
	StatedLength int64

	// Target is the largest length of a target that is downloaded, in bytes.
	// It is 64 GiB by default.
	Target int64

	// RootRotations is the largest number of new roots in one refresh. It is
	// 1024 by default. The next refresh goes on where the last one stopped.
	RootRotations int

	// Roles is the largest number of targets roles that are searched for one
	// target. It is 64 by default.
	Roles int

	// MinRate is the least number of bytes per second that a server must
	// send, as an average over each RateWindow. They are 512 bytes and 30
	// seconds by default. An answer must begin within four windows, which
	// include the time to connect and redirects.
	MinRate    int64
	RateWindow time.Duration
}

func (l Limits) withDefaults() (Limits, error) {
	var err error
	set := func(name string, v *int64, value int64) {
		if *v < 0 && err == nil {
			err = &verify.Error{Code: CodeConfig, What: "Limits." + name, Expected: "a number that is not negative", Found: fmt.Sprint(*v)}
		}
		if *v == 0 {
			*v = value
		}
	}
	set("Root", &l.Root, 512<<10)
	set("Timestamp", &l.Timestamp, 16<<10)
	set("Snapshot", &l.Snapshot, 2<<20)
	set("Targets", &l.Targets, 5<<20)
	set("StatedLength", &l.StatedLength, 64<<20)
	set("Target", &l.Target, 64<<30)
	set("MinRate", &l.MinRate, 512)
	rotations, roles, window := int64(l.RootRotations), int64(l.Roles), int64(l.RateWindow)
	set("RootRotations", &rotations, 1024)
	set("Roles", &roles, 64)
	set("RateWindow", &window, int64(30*time.Second))
	l.RootRotations, l.Roles, l.RateWindow = int(rotations), int(roles), time.Duration(window)
	return l, err
}

// perWindow returns how many bytes must arrive in each RateWindow: at least one.
func (l Limits) perWindow() int64 {
	n := math.Ceil(float64(l.MinRate) * l.RateWindow.Seconds())
	return int64(min(max(n, 1), 1<<62)) // which is slow for any server, and fits
}

// forHeaders returns how long a server has to begin its answer.
func (l Limits) forHeaders() time.Duration {
	const windows = 4
	return windows * min(l.RateWindow, math.MaxInt64/windows)
}

// pinned returns the largest size of a file that the role above lists with p.
func (l Limits) pinned(p pin, unstated int64) int64 {
	if p.length < 0 {
		return unstated
	}
	return min(p.length, l.StatedLength)
}

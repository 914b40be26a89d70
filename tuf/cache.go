// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package tuf

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/tallystick/tallystick/internal/safe"
	"github.com/tallystick/tallystick/verify"
)

// historyDir holds the roots between the caller's and the latest, so that the
// chain can be verified again without the network.
const historyDir = "root_history"

// A cache is the folder with the metadata that was accepted last, byte for byte as
// the repository served it. Everything in it is verified again when it is read,
// so it needs no protection against damage; only that it is not set back by
// somebody who may write to it.
type cache struct {
	dir   folder
	swept map[string]bool // folders in which stale files were looked for
}

func (c *Client) openCache() (*cache, error) {
	what := "the cache folder " + safe.Quote(c.dir)
	dir, err := c.open(c.dir, !c.offline)
	if c.offline && errors.Is(err, fs.ErrNotExist) {
		return nil, &verify.Error{Code: CodeOffline, What: what, Expected: "a cache that was filled before", Found: "none"}
	}
	if err != nil {
		return nil, storageError(what, err)
	}
	return &cache{dir, map[string]bool{}}, nil
}

func (c *cache) close() { c.dir.Close() }

// read returns a file of at most limit bytes. Without such a file it is nil
// without an error.
func (c *cache) read(name string, limit int64) ([]byte, error) {
	info, err := c.dir.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	if info.Size() > limit {
		return nil, &tooLong{limit}
	}
	f, err := c.dir.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readAll(f, info.Size(), limit, min(info.Size(), limit))
}

// update does what f does while no other process does the same to this cache. It
// waits for a short time only, for others hold the lock only to compare and
// rename. Where there are no locks, f runs anyway.
func (c *cache) update(ctx context.Context, f func() error) error {
	unlock, busy := c.dir.Lock()
	for busy {
		if sleep(ctx, 10*time.Millisecond) != nil {
			return &verify.Error{Code: CodeCanceled, What: "waiting for another process that uses the cache", Err: context.Cause(ctx)}
		}
		unlock, busy = c.dir.Lock()
	}
	defer unlock()
	return f()
}

// write replaces a file such that at every moment, also when the machine stops,
// there is the old content or the new one under its name.
func (c *cache) write(name string, data []byte) error {
	if err := c.replace(name, data); err != nil {
		return storageError("the cached "+safe.Quote(name), err)
	}
	return nil
}

const tempPrefix = ".tmp-"

func (c *cache) replace(name string, data []byte) error {
	dir := path.Dir(name)
	if dir != "." {
		// Lost after a power cut, its files are asked for again.
		if err := c.dir.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	temp := path.Join(dir, tempPrefix+rand.Text())
	f, err := c.dir.Create(temp, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	info, e := f.Stat()
	if err == nil {
		err = e
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = c.dir.Rename(temp, name)
	}
	if err != nil {
		c.dir.Remove(temp)
		return err
	}
	c.sweep(dir, info.ModTime())
	return c.dir.Sync(dir)
}

// stale is the age at which nobody is at work on a temporary file any more.
const stale = time.Hour

// sweep removes the temporary files of processes that were killed. Nothing depends
// on its success. now is the time by the clock of the file system.
func (c *cache) sweep(dir string, now time.Time) {
	if c.swept[dir] {
		return
	}
	c.swept[dir] = true
	list, err := c.dir.List(dir)
	if err != nil {
		return
	}
	for _, e := range list {
		if !strings.HasPrefix(e.Name(), tempPrefix) || !e.Type().IsRegular() {
			continue
		}
		if info, err := e.Info(); err == nil && now.Sub(info.ModTime()) > stale {
			c.dir.Remove(path.Join(dir, e.Name()))
		}
	}
}

func (c *cache) remove(name string) error {
	err := c.dir.Remove(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = c.dir.Sync(path.Dir(name))
	}
	if err != nil {
		return storageError("the cached "+safe.Quote(name), err)
	}
	return nil
}

func storageError(what string, err error) error {
	return &verify.Error{Code: CodeStorage, What: what, Err: err}
}

// cacheName returns the file name for the metadata of a role: flat, and never the
// name of another role's file, of a temporary file or of a device, also where
// names are compared without regard to case.
func cacheName(role string) string {
	if slices.Contains(topLevel, role) {
		return role + ".json"
	}
	name := escapeElement(role)
	base, _, _ := strings.Cut(name, ".")
	reserved := slices.ContainsFunc(topLevel, func(s string) bool { return strings.EqualFold(s, name) }) ||
		slices.ContainsFunc(deviceNames(), func(s string) bool { return strings.EqualFold(s, base) })
	if reserved {
		name = fmt.Sprintf("%%%02X", name[0]) + name[1:]
	}
	if len(name) > 200 {
		sum := sha256.Sum256([]byte(role))
		name = "%" + hex.EncodeToString(sum[:])
	}
	return name + ".json"
}

// deviceNames returns the names that Windows does not allow for files.
func deviceNames() []string {
	names := []string{"CON", "PRN", "AUX", "NUL"}
	for i := '0'; i <= '9'; i++ {
		names = append(names, "COM"+string(i), "LPT"+string(i))
	}
	return names
}

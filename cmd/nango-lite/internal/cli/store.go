package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/nango-lite/nango-lite/store/seal"
	"github.com/nango-lite/nango-lite/store/sqlite"
)

// storePath returns the file of connections. Those of the sandbox have one of
// their own, so that neither kind is ever used for the other.
func (a *app) storePath() (string, error) {
	path := a.store
	switch scheme, rest, found := strings.Cut(path, ":"); {
	case path == "":
		dir, err := a.dataDir()
		if err != nil {
			return "", err
		}
		path = filepath.Join(dir, "connections.db")
	case found && (scheme == "postgres" || scheme == "postgresql"):
		return "", usagef("--store %s://… comes with a later version; this one keeps connections in SQLite files: --store PATH", scheme)
	case found && scheme == "sqlite":
		if path = strings.TrimPrefix(rest, "//"); path == "" {
			return "", usagef("--store sqlite: names no file")
		}
	case found && strings.HasPrefix(rest, "//"):
		return "", usagef("--store %s://… is not a store that nango-lite knows; use a path or sqlite:PATH", scheme)
	}
	if a.sandbox != "" {
		ext := filepath.Ext(path)
		path = strings.TrimSuffix(path, ext) + ".sandbox" + ext
	}
	return path, nil
}

// dataDir returns where this user's data lives.
func (a *app) dataDir() (string, error) {
	if dir, ok := a.deps.lookupEnv("XDG_DATA_HOME"); ok && filepath.IsAbs(dir) {
		return filepath.Join(dir, "nango-lite"), nil
	}
	home, of := "HOME", []string{".local", "share"}
	switch runtime.GOOS {
	case "darwin":
		of = []string{"Library", "Application Support"}
	case "windows":
		home, of = "LocalAppData", nil
	}
	dir, ok := a.deps.lookupEnv(home)
	if !ok || dir == "" {
		return "", fmt.Errorf("there is no data directory: %s is not set; name a file with --store PATH", home)
	}
	return filepath.Join(append(append([]string{dir}, of...), "nango-lite")...), nil
}

// openStore opens the file of connections, and makes it and its key on first use.
func (a *app) openStore(ctx context.Context) (*sqlite.Store, error) {
	path, err := a.storePath()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make the directory of connections: %w", err)
	}
	keys, err := a.openKeys(path)
	if err != nil {
		return nil, err
	}
	store, err := sqlite.Open(ctx, path, keys, nil)
	if err != nil {
		return nil, err
	}
	a.onClose(store)
	return store, nil
}

// openKeys loads the key that lies beside a file of connections. A new key opens
// no old connections, so one is made only where there are none yet.
func (a *app) openKeys(store string) (*seal.Keys, error) {
	name := keyPath(store)
	keys, err := seal.LoadFile(name)
	if !errors.Is(err, fs.ErrNotExist) {
		return keys, err
	}
	if info, err := os.Stat(store); err == nil && info.Size() > 0 {
		return nil, fmt.Errorf("the key of %s is gone: there is no %s; put it back, or remove both and connect again", store, name)
	}
	if keys, err = seal.CreateFile(name); errors.Is(err, fs.ErrExist) { // another process was first
		return seal.LoadFile(name)
	}
	if err == nil && a.sandbox == "" {
		a.notef("made the key %s, which opens the connections beside it; keep a copy", name)
	}
	return keys, err
}

func keyPath(store string) string {
	return strings.TrimSuffix(store, filepath.Ext(store)) + ".key"
}

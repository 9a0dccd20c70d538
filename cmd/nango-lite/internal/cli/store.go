package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/store/postgres"
	"github.com/nango-lite/nango-lite/store/seal"
	"github.com/nango-lite/nango-lite/store/sqlite"
)

// A connectionStore is a place that is open.
type connectionStore interface {
	engine.ConnectionStore
	engine.ChangeFeed
	seal.Rows
	io.Closer
	Add(ctx context.Context, conns []*engine.Connection) error
	SchemaVersion(ctx context.Context) (int, error)
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

// openStore opens the place of connections, and makes it and its key on first use.
func (a *app) openStore(ctx context.Context) (connectionStore, error) {
	p, err := a.storePlace()
	if err != nil {
		return nil, err
	}
	keys, err := a.keysOf(ctx, p)
	if err != nil {
		return nil, err
	}
	return a.open(ctx, p, keys.sealer)
}

// open opens a place until the end of the run.
func (a *app) open(ctx context.Context, p place, keys engine.Sealer) (connectionStore, error) {
	s, err := openPlace(ctx, p, keys)
	if err != nil {
		return nil, err
	}
	a.onClose(s)
	return s, nil
}

// patience is how long somebody at a terminal waits for a database.
const patience = 2 * time.Second

func openPlace(ctx context.Context, p place, keys engine.Sealer) (connectionStore, error) {
	if p.path == "" {
		s, err := postgres.Open(ctx, p.url, keys, &postgres.Options{Schema: p.schema, Patience: patience})
		if err != nil {
			return nil, err // not a nil *Store in an interface
		}
		return s, nil
	}
	if err := os.MkdirAll(filepath.Dir(p.path), 0o700); err != nil {
		return nil, fmt.Errorf("make the directory of connections: %w", err)
	}
	s, err := sqlite.Open(ctx, p.path, keys, nil)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// isEmpty reports whether nothing is kept in a place. It makes a database, but no
// file.
func isEmpty(ctx context.Context, p place) (bool, error) {
	if p.path != "" {
		info, err := os.Stat(p.path)
		return err != nil || info.Size() == 0, nil
	}
	s, err := openPlace(ctx, p, seal.NewKeys()) // no key is needed to count
	if err != nil {
		return false, err
	}
	defer s.Close()
	rows, err := s.RowsAfter(ctx, engine.Key{}, 1)
	return len(rows) == 0, err
}

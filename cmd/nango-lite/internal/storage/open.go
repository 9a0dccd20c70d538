package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/store/postgres"
	"github.com/nango-lite/nango-lite/store/record"
	"github.com/nango-lite/nango-lite/store/seal"
	"github.com/nango-lite/nango-lite/store/sqlite"
)

// OpenAll opens this run's place, and says with which keys.
func (s *Storage) OpenAll(ctx context.Context) (Place, KeySet, Store, error) {
	p, err := s.Place()
	if err != nil {
		return p, KeySet{}, nil, err
	}
	keys, err := s.KeysOf(ctx, p)
	if err != nil {
		return p, keys, nil, err
	}
	store, err := s.OpenPlace(ctx, p, keys.Sealer)
	return p, keys, store, err
}

// A Store is a place that is open.
type Store interface {
	engine.ConnectionStore
	engine.ChangeFeed
	seal.Rows
	seal.RecordRows
	record.Store
	io.Closer
	Add(ctx context.Context, conns []*engine.Connection) error
	SchemaVersion(ctx context.Context) (int, error)
}

// Open opens the place of connections, and makes it and its key on first use.
func (s *Storage) Open(ctx context.Context) (Store, error) {
	p, err := s.Place()
	if err != nil {
		return nil, err
	}
	keys, err := s.KeysOf(ctx, p)
	if err != nil {
		return nil, err
	}
	return s.OpenPlace(ctx, p, keys.Sealer)
}

// OpenPlace opens a place until the end of the run.
func (st *Storage) OpenPlace(ctx context.Context, p Place, keys engine.Sealer) (Store, error) {
	s, err := openPlace(ctx, p, keys)
	if err != nil {
		return nil, err
	}
	st.OnClose(s)
	return s, nil
}

// patience is how long somebody at a terminal waits for a database.
const patience = 2 * time.Second

func openPlace(ctx context.Context, p Place, keys engine.Sealer) (Store, error) {
	if p.Path == "" {
		s, err := postgres.Open(ctx, p.url, keys, &postgres.Options{Schema: p.schema, Patience: patience})
		if err != nil {
			return nil, err // not a nil *Store in an interface
		}
		return s, nil
	}
	if err := os.MkdirAll(filepath.Dir(p.Path), 0o700); err != nil {
		return nil, fmt.Errorf("make the directory of connections: %w", err)
	}
	s, err := sqlite.Open(ctx, p.Path, keys, nil)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// IsEmpty reports whether nothing is kept in a place. It makes a database, but no
// file.
func IsEmpty(ctx context.Context, p Place) (bool, error) {
	if p.Path != "" {
		info, err := os.Stat(p.Path)
		return err != nil || info.Size() == 0, nil
	}
	s, err := openPlace(ctx, p, noKey{}) // none is needed to count
	if errors.Is(err, errNoKey) {        // an older version has left something that is to be sealed
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer s.Close()
	rows, err := s.RowsAfter(ctx, engine.Key{}, 1)
	if err != nil || len(rows) > 0 {
		return false, err
	}
	records, err := s.RecordRowsAfter(ctx, "", "", 1)
	return len(records) == 0, err
}

var errNoKey = errors.New("there is no key")

// noKey seals and opens nothing: what a key that is thrown away has sealed is lost.
type noKey struct{}

func (noKey) Seal([]byte, []byte) ([]byte, error) { return nil, errNoKey }
func (noKey) Open([]byte, []byte) ([]byte, error) { return nil, errNoKey }

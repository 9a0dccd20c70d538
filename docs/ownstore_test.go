package docs_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/store/seal"
	"github.com/nango-lite/nango-lite/store/storetest"
)

// A tableStore keeps connections in two tables of a database that the host has
// anyway. (Its SQL is SQLite's; only the clock of the leases differs elsewhere.)
type tableStore struct {
	db   *sql.DB
	keys connection.Sealer
}

var _ connection.Store = (*tableStore)(nil)

const tables = `
CREATE TABLE IF NOT EXISTS connections (
    integration TEXT, id TEXT, generation INTEGER NOT NULL, status TEXT NOT NULL, ends INTEGER, data BLOB NOT NULL,
    PRIMARY KEY (integration, id));
CREATE TABLE IF NOT EXISTS leases (
    integration TEXT, id TEXT, holder TEXT NOT NULL, since INTEGER NOT NULL, until INTEGER NOT NULL,
    PRIMARY KEY (integration, id))`

func (s *tableStore) Get(ctx context.Context, k connection.Key) (*connection.Connection, error) {
	var generation int64
	var data []byte
	err := s.db.QueryRowContext(ctx, `SELECT generation, data FROM connections WHERE integration = ? AND id = ?`,
		k.Integration, k.ConnectionID).Scan(&generation, &data)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, connection.ErrNoConnection
	} else if err != nil {
		return nil, err
	}
	return connection.DecodeStored(k, generation, data, s.keys)
}

func (s *tableStore) Put(ctx context.Context, c *connection.Connection) error {
	for d := *c; ; { // again if someone comes between the question and the write
		old, err := s.generation(ctx, c.Key)
		if err == nil {
			d.Generation = old + 1
			err = s.Replace(ctx, &d, old)
		} else if errors.Is(err, connection.ErrNoConnection) {
			d.Generation = connection.NewGeneration()
			err = s.write(ctx, &d, `INSERT INTO connections (generation, status, ends, data, integration, id)
				VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`)
		}
		if err == nil {
			c.Generation = d.Generation
		}
		if !errors.Is(err, connection.ErrConflict) && !errors.Is(err, connection.ErrNoConnection) {
			return err
		}
	}
}

func (s *tableStore) Replace(ctx context.Context, c *connection.Connection, generation int64) error {
	err := s.write(ctx, c, `UPDATE connections SET generation = ?, status = ?, ends = ?, data = ?
		WHERE integration = ? AND id = ? AND generation = ?`, generation)
	if errors.Is(err, connection.ErrConflict) {
		if _, missing := s.generation(ctx, c.Key); missing != nil {
			return missing
		}
	}
	return err
}

// write returns ErrConflict if the statement has changed nothing.
func (s *tableStore) write(ctx context.Context, c *connection.Connection, query string, more ...any) error {
	data, err := connection.Encode(c, s.keys)
	if err != nil {
		return err
	}
	var ends any
	if t := c.Credentials.Token.ExpiresAt; !t.IsZero() {
		ends = t.UnixMicro()
	}
	return s.exec(ctx, connection.ErrConflict, query,
		append([]any{c.Generation, c.Status, ends, data, c.Key.Integration, c.Key.ConnectionID}, more...)...)
}

func (s *tableStore) exec(ctx context.Context, nothing error, query string, args ...any) error {
	r, err := s.db.ExecContext(ctx, query, args...)
	if err != nil {
		return err
	}
	if n, err := r.RowsAffected(); err != nil || n > 0 {
		return err
	}
	return nothing
}

func (s *tableStore) generation(ctx context.Context, k connection.Key) (g int64, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT generation FROM connections WHERE integration = ? AND id = ?`,
		k.Integration, k.ConnectionID).Scan(&g)
	if errors.Is(err, sql.ErrNoRows) {
		err = connection.ErrNoConnection
	}
	return g, err
}

func (s *tableStore) Delete(ctx context.Context, k connection.Key) error {
	return s.exec(ctx, connection.ErrNoConnection, `DELETE FROM connections WHERE integration = ? AND id = ?`, k.Integration, k.ConnectionID)
}

func (s *tableStore) List(ctx context.Context, q connection.Query) (p connection.Page, err error) {
	after, err := connection.DecodeCursor(q.Cursor)
	if err != nil {
		return p, err
	}
	if q.Limit <= 0 {
		q.Limit = 100
	}
	rows, err := s.db.QueryContext(ctx, `SELECT integration, id, generation, data FROM connections WHERE (integration, id) > (?, ?)
		AND ?3 IN ('', integration) AND ?4 IN ('', status) AND (?5 OR status = 'active' AND ends < ?6) ORDER BY integration, id LIMIT ?7`,
		after.Integration, after.ConnectionID, q.Integration, string(q.Status), q.ExpiresBefore.IsZero(), q.ExpiresBefore.UnixMicro(), q.Limit+1)
	if err != nil {
		return p, err
	}
	defer rows.Close()
	var k connection.Key
	var generation int64
	var data []byte
	for n := 0; rows.Next(); n++ {
		if n == q.Limit {
			p.Next = connection.EncodeCursor(k)
			break
		}
		if err := rows.Scan(&k.Integration, &k.ConnectionID, &generation, &data); err != nil {
			return connection.Page{}, err
		}
		if err := p.Add(connection.DecodeStored(k, generation, data, s.keys)); err != nil {
			return connection.Page{}, err
		}
	}
	return p, rows.Err()
}

// The clock is the database's. A lease that begins further ahead than it lasts was
// taken before that clock was set back.
func (s *tableStore) Acquire(ctx context.Context, k connection.Key, holder string, ttl time.Duration) error {
	if err := errors.Join(k.Check(), connection.CheckHolder(holder)); err != nil {
		return err
	}
	err := s.exec(ctx, connection.ErrLeased, `
		WITH clock (now) AS (SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER))
		INSERT INTO leases SELECT ?, ?, ?, now, now + ? FROM clock WHERE true
		ON CONFLICT DO UPDATE SET holder = excluded.holder, since = excluded.since, until = excluded.until
		WHERE leases.holder = excluded.holder OR leases.until <= excluded.since
			OR leases.since - excluded.since > leases.until - leases.since`,
		k.Integration, k.ConnectionID, holder, ttl.Milliseconds())
	var leased connection.LeasedError
	if errors.Is(err, connection.ErrLeased) && s.db.QueryRowContext(ctx, `SELECT holder FROM leases WHERE integration = ? AND id = ?`,
		k.Integration, k.ConnectionID).Scan(&leased.Holder) == nil {
		return &leased // who waits may know that this one is no more
	}
	return err
}

func (s *tableStore) Release(ctx context.Context, k connection.Key, holder string) error {
	return s.exec(ctx, nil, `DELETE FROM leases WHERE integration = ? AND id = ? AND holder = ?`, k.Integration, k.ConnectionID, holder)
}

// It keeps every promise, between processes as well.
func TestOwnStore(t *testing.T) {
	t.Parallel()
	open := func(t *testing.T, path string, keys connection.Sealer) connection.Store {
		db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(60000)&_pragma=journal_mode(WAL)&_txlock=immediate")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		db.SetMaxOpenConns(1)
		if _, err := db.Exec(tables); err != nil {
			t.Fatal(err)
		}
		return &tableStore{db, keys}
	}
	t.Run("store", func(t *testing.T) {
		storetest.Run(t, func(t *testing.T) connection.Store {
			return open(t, filepath.Join(t.TempDir(), "db"), seal.NewKeys())
		})
	})
	t.Run("shared", func(t *testing.T) {
		storetest.RunShared(t, func(t *testing.T) (a, b connection.Store) {
			path, keys := filepath.Join(t.TempDir(), "db"), seal.NewKeys()
			return open(t, path, keys), open(t, path, keys)
		})
	})
}

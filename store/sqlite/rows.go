package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/store/internal/row"
	"github.com/nango-lite/nango-lite/store/seal"
)

var _ seal.Rows = (*Store)(nil)

const afterSQL = `SELECT integration, connection_id, generation, data FROM connection
WHERE (integration, connection_id) > (?, ?) ORDER BY integration, connection_id LIMIT ?`

// RowsAfter implements [seal.Rows].
func (s *Store) RowsAfter(ctx context.Context, after connection.Key, limit int) (found []seal.Row, err error) {
	err = s.retry(ctx, func() error {
		rows, err := s.rows(context.WithoutCancel(ctx), afterSQL, []any{after.Integration, after.ConnectionID, limit})
		found = row.Sealed(rows)
		return err
	})
	return found, err
}

// SwapRow implements [seal.Rows].
func (s *Store) SwapRow(ctx context.Context, old seal.Row, data []byte) error {
	return s.update(ctx, func(tx *sql.Tx) error {
		r, err := tx.Exec(`UPDATE connection SET data = ? WHERE integration = ? AND connection_id = ? AND data = ?`,
			data, old.Key.Integration, old.Key.ConnectionID, old.Data)
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n > 0 {
			return err
		}
		if _, err := generation(tx, old.Key); err != nil {
			return err
		}
		return connection.ErrConflict
	})
}

// Add keeps connections as they are, with the generations they carry: all of them,
// or none. If one is there already, the error is [connection.ErrConflict]. It is for
// moving from one store to another.
func (s *Store) Add(ctx context.Context, conns []*connection.Connection) error {
	written := make([][]byte, len(conns))
	err := s.update(ctx, func(tx *sql.Tx) error {
		for i, c := range conns {
			switch _, err := generation(tx, c.Key); {
			case err == nil:
				return connection.ErrConflict
			case !errors.Is(err, connection.ErrNoConnection):
				return err
			}
			var err error
			if written[i], err = s.put(tx, c); err != nil {
				return err
			}
		}
		return nil
	})
	for i := 0; err == nil && i < len(conns); i++ {
		err = row.KeepOpen(ctx, s, conns[i], written[i], s.keys)
	}
	return err
}

var (
	_ seal.Settler   = (*Store)(nil)
	_ seal.Compacter = (*Store)(nil)
)

// Settle implements [seal.Settler]: SQLite lets one write at a time.
func (s *Store) Settle(ctx context.Context) error {
	return s.update(ctx, func(*sql.Tx) error { return nil })
}

// Compact implements [seal.Compacter]. It rewrites the file and empties its log, which
// takes as much room again for a moment. It fails with [ErrBusy] where others read for so
// long that the log cannot be emptied.
func (s *Store) Compact(ctx context.Context) error {
	if _, err := s.exec(ctx, "VACUUM"); err != nil {
		return err
	}
	return s.withConn(ctx, func(ctx context.Context, conn *sql.Conn) error {
		var busy, logged, moved int
		err := conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &logged, &moved)
		if err == nil && busy != 0 {
			err = errReading
		}
		return err
	})
}

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
	return s.update(ctx, func(tx *sql.Tx) error {
		for _, c := range conns {
			switch _, err := generation(tx, c.Key); {
			case err == nil:
				return connection.ErrConflict
			case !errors.Is(err, connection.ErrNoConnection):
				return err
			}
			if err := s.put(tx, c); err != nil {
				return err
			}
		}
		return nil
	})
}

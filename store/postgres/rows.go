package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/store/internal/row"
	"github.com/nango-lite/nango-lite/store/seal"
)

var _ seal.Rows = (*Store)(nil)

// RowsAfter implements [seal.Rows].
func (s *Store) RowsAfter(ctx context.Context, after connection.Key, limit int) ([]seal.Row, error) {
	found, err := s.rows(ctx, s.sql.encoded, []any{after.Integration, after.ConnectionID, limit})
	return row.Sealed(found), err
}

// SwapRow implements [seal.Rows].
func (s *Store) SwapRow(ctx context.Context, old seal.Row, data []byte) error {
	sent := false
	return s.do(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		tag, err := conn.Exec(ctx, s.sql.swap, old.Key.Integration, old.Key.ConnectionID, data, old.Data)
		if err != nil || tag.RowsAffected() > 0 {
			sent = sent || maybeDone(err)
			return err
		}
		_, ours, err := s.generation(ctx, conn, old.Key, data)
		if err == nil && !(sent && ours) {
			err = connection.ErrConflict
		}
		return err
	})
}

// Add keeps connections as they are, with the generations they carry: all of them,
// or none. If one is there already, the error is [connection.ErrConflict]. It is for
// moving from one store to another.
func (s *Store) Add(ctx context.Context, conns []*connection.Connection) error {
	if len(conns) == 0 {
		return ctx.Err()
	}
	var c struct {
		integrations, ids, statuses []string
		generations                 []int64
		expire                      []*time.Time
		created, updated            []time.Time
		data                        [][]byte
	}
	for _, conn := range conns {
		data, err := connection.Encode(conn, s.keys)
		if err != nil {
			return err
		}
		c.integrations, c.ids = append(c.integrations, conn.Key.Integration), append(c.ids, conn.Key.ConnectionID)
		c.generations, c.statuses = append(c.generations, conn.Generation), append(c.statuses, string(conn.Status))
		c.expire = append(c.expire, end(conn))
		c.created, c.updated = append(c.created, instant(conn.CreatedAt)), append(c.updated, instant(conn.UpdatedAt))
		c.data = append(c.data, data)
	}
	sent := false
	err := s.do(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		_, err := conn.Exec(ctx, s.sql.add, c.integrations, c.ids, c.generations, c.statuses, c.expire, c.created, c.updated, c.data)
		var server *pgconn.PgError
		if !errors.As(err, &server) || server.Code != "23505" {
			sent = sent || maybeDone(err)
			return err
		}
		_, ours, err := s.generation(ctx, conn, conns[0].Key, c.data[0])
		if errors.Is(err, connection.ErrNoConnection) || err == nil && !(sent && ours) {
			return connection.ErrConflict // with another of them
		}
		return err
	})
	for i := 0; err == nil && i < len(conns); i++ {
		err = row.KeepOpen(ctx, s, conns[i], c.data[i], s.keys)
	}
	return err
}

var _ seal.Settler = (*Store)(nil)

// Settle implements [seal.Settler]: it waits for a lock of the table that those who write
// have to give back first.
func (s *Store) Settle(ctx context.Context) error {
	return s.do(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, s.sql.settle)
			return err
		})
	})
}

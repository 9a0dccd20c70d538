package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/store/seal"
)

var _ seal.Rows = (*Store)(nil)

// RowsAfter implements [seal.Rows].
func (s *Store) RowsAfter(ctx context.Context, after engine.Key, limit int) ([]seal.Row, error) {
	return s.rows(ctx, s.sql.encoded, []any{after.Integration, after.ConnectionID, limit})
}

// SwapRow implements [seal.Rows].
func (s *Store) SwapRow(ctx context.Context, old seal.Row, data []byte) error {
	sent := false
	return s.do(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		again := sent
		sent = true
		tag, err := conn.Exec(ctx, s.sql.swap, old.Key.Integration, old.Key.ConnectionID, data, old.Data)
		if err != nil || tag.RowsAffected() > 0 {
			return err
		}
		_, ours, err := s.generation(ctx, conn, old.Key, data)
		if err == nil && !(again && ours) {
			err = engine.ErrConflict
		}
		return err
	})
}

// Add keeps connections as they are, with the generations they carry: all of them,
// or none. If one is there already, the error is [engine.ErrConflict]. It is for
// moving from one store to another.
func (s *Store) Add(ctx context.Context, conns []*engine.Connection) error {
	batch := &pgx.Batch{}
	for _, c := range conns {
		data, err := engine.EncodeConnection(c, s.keys)
		if err != nil {
			return err
		}
		batch.Queue(s.sql.add, row(c, data)...)
	}
	err := s.do(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		return conn.SendBatch(ctx, batch).Close() // sent in one, it is one transaction
	})
	var server *pgconn.PgError
	if errors.As(err, &server) && server.Code == "23505" {
		return engine.ErrConflict
	}
	return err
}

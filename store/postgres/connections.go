package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/store/internal/row"
)

// Get implements [connection.Store].
func (s *Store) Get(ctx context.Context, k connection.Key) (*connection.Connection, error) {
	if k.Check() != nil {
		return nil, none(ctx)
	}
	r := row.Row{Key: k}
	err := s.do(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		return conn.QueryRow(ctx, s.sql.get, k.Integration, k.ConnectionID).Scan(&r.Generation, &r.Data)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, connection.ErrNoConnection
	}
	if err != nil {
		return nil, err
	}
	return r.Connection(s.keys)
}

// none is what there is under a key that cannot be.
func none(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return connection.ErrNoConnection
}

// Put implements [connection.Store].
func (s *Store) Put(ctx context.Context, c *connection.Connection) error {
	if err := c.Key.Check(); err != nil {
		return err
	}
	d := *c
	var sent []byte
	err := s.do(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		for { // until nobody comes between the question and the write
			old, done, err := s.generation(ctx, conn, c.Key, sent)
			if done {
				return nil
			}
			there := !errors.Is(err, connection.ErrNoConnection)
			switch {
			case !there:
				d.Generation = connection.NewGeneration()
			case err != nil:
				return err
			default:
				d.Generation = old + 1
			}
			if sent, err = connection.Encode(&d, s.keys); err != nil { // now, and not before the wait for a connection
				return err
			}
			query, args := s.sql.insert, params(&d, sent)
			if there {
				query, args = s.sql.replace, append(args, old)
			}
			tag, err := conn.Exec(ctx, query, args...)
			if err != nil || tag.RowsAffected() > 0 {
				return err
			}
		}
	})
	if err == nil {
		c.Generation = d.Generation
		err = row.KeepOpen(ctx, s, &d, sent, s.keys)
	}
	return err
}

// generation returns the generation that is stored, and whether what is stored is
// what we have sent: no two seals are the same, so nobody else has written it.
func (s *Store) generation(ctx context.Context, conn *pgxpool.Conn, k connection.Key, sent []byte) (g int64, ours bool, err error) {
	err = conn.QueryRow(ctx, s.sql.generation, k.Integration, k.ConnectionID, sent).Scan(&g, &ours)
	if errors.Is(err, pgx.ErrNoRows) {
		err = connection.ErrNoConnection
	}
	return g, ours, err
}

// params returns c as the parameters $1 to $8 of a write.
func params(c *connection.Connection, data []byte) []any {
	return []any{c.Key.Integration, c.Key.ConnectionID, c.Generation, string(c.Status), end(c),
		instant(c.CreatedAt), instant(c.UpdatedAt), data}
}

// end returns when c's access token ends, or nil if that is not known.
func end(c *connection.Connection) *time.Time {
	if c.Credentials.Token.ExpiresAt.IsZero() {
		return nil
	}
	t := instant(c.Credentials.Token.ExpiresAt)
	return &t
}

// instant returns t as columns hold it, within the years that the encoding knows.
func instant(t time.Time) time.Time {
	switch {
	case t.Year() > 9999:
		t = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	case t.Year() < 1:
		t = time.Time{}
	}
	return t.UTC().Truncate(time.Microsecond)
}

// Replace implements [connection.Store].
func (s *Store) Replace(ctx context.Context, c *connection.Connection, generation int64) error {
	if err := c.Key.Check(); err != nil {
		return err
	}
	var data []byte
	sent := false
	err := s.do(ctx, func(ctx context.Context, conn *pgxpool.Conn) (err error) {
		if data == nil { // now: keys may have been rotated while it waited for a connection
			if data, err = connection.Encode(c, s.keys); err != nil {
				return err
			}
		}
		tag, err := conn.Exec(ctx, s.sql.replace, append(params(c, data), generation)...)
		if err != nil || tag.RowsAffected() > 0 {
			sent = sent || maybeDone(err)
			return err
		}
		_, ours, err := s.generation(ctx, conn, c.Key, data)
		if err != nil {
			return err
		}
		if sent && ours { // done, and only the answer was lost
			return nil
		}
		return connection.ErrConflict
	})
	if err != nil {
		return err
	}
	return row.KeepOpen(ctx, s, c, data, s.keys)
}

// Delete implements [connection.Store]. It needs no key.
func (s *Store) Delete(ctx context.Context, k connection.Key) error {
	if k.Check() != nil {
		return none(ctx)
	}
	sent := false
	return s.do(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		var revision int64
		err := conn.QueryRow(ctx, s.sql.delete, k.Integration, k.ConnectionID).Scan(&revision)
		if errors.Is(err, pgx.ErrNoRows) {
			if sent { // gone, be it by us or by another
				return nil
			}
			return connection.ErrNoConnection
		}
		sent = sent || maybeDone(err)
		if err == nil && revision%forgetEvery == 0 {
			_, _ = conn.Exec(ctx, s.sql.forget) // the next will do it
		}
		return err
	})
}

// forgetEvery is after how many writes it is looked for old deletions.
const forgetEvery = 256

// Acquire implements [connection.Store]. Leases are kept to the microsecond.
func (s *Store) Acquire(ctx context.Context, k connection.Key, holder string, ttl time.Duration) error {
	if err := errors.Join(k.Check(), connection.CheckHolder(holder)); err != nil {
		return err
	}
	micros := (ttl + time.Microsecond - 1).Microseconds()
	return s.do(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		tag, err := conn.Exec(ctx, s.sql.acquire, k.Integration, k.ConnectionID, holder, micros)
		if err != nil || tag.RowsAffected() > 0 {
			return err
		}
		var by string
		switch err := conn.QueryRow(ctx, s.sql.holder, k.Integration, k.ConnectionID).Scan(&by); {
		case errors.Is(err, pgx.ErrNoRows): // ended since
			return connection.ErrLeased
		case err != nil:
			return err
		}
		return &connection.LeasedError{Holder: by}
	})
}

// Release implements [connection.Store].
func (s *Store) Release(ctx context.Context, k connection.Key, holder string) error {
	if k.Check() != nil || connection.CheckHolder(holder) != nil {
		return ctx.Err()
	}
	return s.do(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		_, err := conn.Exec(ctx, s.sql.release, k.Integration, k.ConnectionID, holder)
		return err
	})
}

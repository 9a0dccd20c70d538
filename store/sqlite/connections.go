package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/store/internal/row"
)

const getSQL = `SELECT generation, data FROM connection WHERE integration = ? AND connection_id = ?`

// Get implements [connection.Store].
func (s *Store) Get(ctx context.Context, k connection.Key) (*connection.Connection, error) {
	r := row.Row{Key: k}
	err := s.retry(ctx, func() error {
		// Too short to interrupt; a context that can end costs two goroutines.
		return s.get.QueryRowContext(context.WithoutCancel(ctx), k.Integration, k.ConnectionID).Scan(&r.Generation, &r.Data)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, connection.ErrNoConnection
	}
	if err != nil {
		return nil, err
	}
	return r.Connection(s.keys)
}

// Put implements [connection.Store].
func (s *Store) Put(ctx context.Context, c *connection.Connection) error {
	d := *c
	var data []byte
	err := s.update(ctx, func(tx *sql.Tx) error {
		old, err := generation(tx, c.Key)
		switch {
		case errors.Is(err, connection.ErrNoConnection):
			d.Generation = connection.NewGeneration()
		case err != nil:
			return err
		default:
			d.Generation = old + 1
		}
		data, err = s.put(tx, &d)
		return err
	})
	if err == nil {
		c.Generation = d.Generation
		err = row.KeepOpen(ctx, s, &d, data, s.keys)
	}
	return err
}

// Replace implements [connection.Store].
func (s *Store) Replace(ctx context.Context, c *connection.Connection, generationWas int64) error {
	var data []byte
	err := s.update(ctx, func(tx *sql.Tx) error {
		old, err := generation(tx, c.Key)
		if err != nil {
			return err
		}
		if old != generationWas {
			return connection.ErrConflict
		}
		data, err = s.put(tx, c)
		return err
	})
	if err != nil {
		return err
	}
	return row.KeepOpen(ctx, s, c, data, s.keys)
}

func generation(tx *sql.Tx, k connection.Key) (g int64, err error) {
	err = tx.QueryRow(`SELECT generation FROM connection WHERE integration = ? AND connection_id = ?`,
		k.Integration, k.ConnectionID).Scan(&g)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, connection.ErrNoConnection
	}
	return g, err
}

const putSQL = `
INSERT INTO connection (integration, connection_id, generation, status, expires_at, created_at, updated_at, revision, data)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET
    generation = excluded.generation, status = excluded.status, expires_at = excluded.expires_at,
    created_at = excluded.created_at, updated_at = excluded.updated_at, revision = excluded.revision,
    data = excluded.data`

// put seals c, in the transaction that writes it: nobody else writes meanwhile. It
// returns what it has written.
func (s *Store) put(tx *sql.Tx, c *connection.Connection) ([]byte, error) {
	data, err := connection.Encode(c, s.keys)
	if err != nil {
		return nil, err
	}
	revision, err := nextRevision(tx)
	if err != nil {
		return nil, err
	}
	end := c.Credentials.Token.ExpiresAt
	expires := sql.NullInt64{Int64: micros(end), Valid: !end.IsZero()}
	_, err = tx.Exec(putSQL, c.Key.Integration, c.Key.ConnectionID, c.Generation, string(c.Status), expires,
		micros(c.CreatedAt), micros(c.UpdatedAt), revision, data)
	return data, err
}

// micros returns t as columns hold it. Beyond year 9999 it would overflow some
// day, and the encoding ends there as well.
func micros(t time.Time) int64 {
	if t.Year() > 9999 {
		t = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	}
	return t.UnixMicro()
}

func nextRevision(tx *sql.Tx) (r int64, err error) {
	err = tx.QueryRow(`UPDATE counter SET revision = revision + 1 RETURNING revision`).Scan(&r)
	return r, err
}

// Delete implements [connection.Store]. It needs no key.
func (s *Store) Delete(ctx context.Context, k connection.Key) error {
	return s.update(ctx, func(tx *sql.Tx) error {
		r, err := tx.Exec(`DELETE FROM connection WHERE integration = ? AND connection_id = ?`, k.Integration, k.ConnectionID)
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, connection.ErrNoConnection)
		}
		return bury(tx, k)
	})
}

// Leases that begin further ahead than they last were taken before the clock was
// set back; they must not block the connection until it is there again.
const acquireSQL = `
WITH clock (now) AS (SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER))
INSERT INTO lease (integration, connection_id, holder, since, until)
SELECT ?, ?, ?, now, now + ? FROM clock WHERE true
ON CONFLICT DO UPDATE SET holder = excluded.holder, since = excluded.since, until = excluded.until
WHERE lease.holder = excluded.holder
   OR lease.until <= excluded.since
   OR lease.since - excluded.since > lease.until - lease.since`

// leasedSQL finds what acquireSQL would not take.
const leasedSQL = `
WITH clock (now) AS (SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER))
SELECT holder FROM lease, clock WHERE integration = ? AND connection_id = ? AND holder <> ?
AND until > now AND since - now <= until - since`

// Acquire implements [connection.Store]. Leases are kept to the millisecond.
//
// Whoever waits for a lease asks again and again. It asks as a reader: as a writer it
// would keep the holder from renewing it, for SQLite lets one write at a time, and in
// no order.
func (s *Store) Acquire(ctx context.Context, k connection.Key, holder string, ttl time.Duration) error {
	if err := errors.Join(k.Check(), connection.CheckHolder(holder)); err != nil {
		return err
	}
	ms := (ttl + time.Millisecond - 1).Milliseconds()
	for range 3 { // until nobody comes between the question and the write
		if err := s.leasedToAnother(ctx, k, holder); err != nil {
			return err
		}
		n, err := s.exec(ctx, acquireSQL, k.Integration, k.ConnectionID, holder, ms)
		if err != nil || n > 0 {
			return err
		}
	}
	return connection.ErrLeased
}

// leasedToAnother returns a [*connection.LeasedError] if another than holder has k's lease.
func (s *Store) leasedToAnother(ctx context.Context, k connection.Key, holder string) error {
	var by string
	err := s.retry(ctx, func() error {
		return s.leased.QueryRowContext(context.WithoutCancel(ctx), k.Integration, k.ConnectionID, holder).Scan(&by)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err == nil {
		err = &connection.LeasedError{Holder: by}
	}
	return err
}

const releaseSQL = `DELETE FROM lease WHERE integration = ? AND connection_id = ? AND holder = ?`

// Release implements [connection.Store].
func (s *Store) Release(ctx context.Context, k connection.Key, holder string) error {
	_, err := s.exec(ctx, releaseSQL, k.Integration, k.ConnectionID, holder)
	return err
}

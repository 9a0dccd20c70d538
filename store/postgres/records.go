package postgres

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/nango-lite/nango-lite/store/internal/row"
	"github.com/nango-lite/nango-lite/store/record"
	"github.com/nango-lite/nango-lite/store/seal"
)

var _ record.Store = (*Store)(nil)

const (
	recordColumns = `kind, id, version, open, seal, expires_at, due_at`
	recordKey     = `kind = $1 AND id = $2`
)

// CreateRecord implements [record.Store].
func (s *Store) CreateRecord(ctx context.Context, r *record.Record) error {
	if err := r.Check(); err != nil {
		return err
	}
	return s.writeRecord(ctx, r, record.ErrExists, `INSERT INTO {schema}.record (kind, id, version, open, seal, expires_at, due_at)
		VALUES ($1, $2, $3, $4::bytea, $5::bytea, $6::timestamptz, $7::timestamptz) ON CONFLICT DO NOTHING`)
}

// ReplaceRecord implements [record.Store].
func (s *Store) ReplaceRecord(ctx context.Context, r *record.Record, version int64) error {
	if r.Check() != nil {
		return noRecord(ctx)
	}
	return s.writeRecord(ctx, r, record.ErrChanged, `UPDATE {schema}.record
		SET version = $3, open = $4::bytea, seal = $5::bytea, expires_at = $6::timestamptz, due_at = $7::timestamptz
		WHERE `+recordKey+` AND version = $8 AND taken_by IS NULL`, version)
}

// writeRecord writes r with another version. If that changes no row, what is stored
// may still be what we have sent before: then only the answer was lost.
func (s *Store) writeRecord(ctx context.Context, r *record.Record, missed error, query string, more ...any) error {
	sealed, err := row.SealRecord(r, s.keys)
	if err != nil {
		return err
	}
	version := record.NewVersion()
	args := append([]any{r.Kind, r.ID, version, r.Open, sealed, maybeInstant(r.ExpiresAt), maybeInstant(r.DueAt)}, more...)
	err = s.do(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		tag, err := conn.Exec(ctx, inSchema(query, s.schema), args...)
		if err != nil || tag.RowsAffected() > 0 {
			return err
		}
		var stored int64
		err = conn.QueryRow(ctx, inSchema(`SELECT version FROM {schema}.record WHERE `+recordKey+` AND taken_by IS NULL`, s.schema), r.Kind, r.ID).Scan(&stored)
		switch {
		case errors.Is(err, pgx.ErrNoRows) && missed == record.ErrChanged:
			return record.ErrNone
		case err != nil && !errors.Is(err, pgx.ErrNoRows):
			return err
		case stored != version:
			return missed
		}
		return nil
	})
	if err != nil {
		return err
	}
	r.Version = version
	return row.KeepRecordOpen(ctx, s, r, sealed, s.keys)
}

// maybeInstant returns t as columns hold it, nothing for the zero time.
func maybeInstant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = instant(t)
	return &t
}

func noRecord(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return record.ErrNone
}

// Record implements [record.Store].
func (s *Store) Record(ctx context.Context, kind, id string) (*record.Record, error) {
	if record.CheckName(kind, id) != nil {
		return nil, noRecord(ctx)
	}
	return row.OneRecord(s.queryRecords(ctx, `SELECT `+recordColumns+` FROM {schema}.record WHERE `+recordKey+` AND taken_by IS NULL`, kind, id))
}

// TakeRecord implements [record.Store]. It marks the record as taken by this call
// first, so that a call which has to be made again finds what is its own.
func (s *Store) TakeRecord(ctx context.Context, kind, id string) (*record.Record, error) {
	if record.CheckName(kind, id) != nil {
		return nil, noRecord(ctx)
	}
	r, err := row.OneRecord(s.queryRecords(ctx, `UPDATE {schema}.record SET taken_by = $3
		WHERE `+recordKey+` AND (taken_by IS NULL OR taken_by = $3) RETURNING `+recordColumns, kind, id, record.NewVersion()))
	if err != nil && !errors.Is(err, record.ErrUnreadable) {
		return nil, err
	}
	gone := s.do(context.WithoutCancel(ctx), func(ctx context.Context, conn *pgxpool.Conn) error {
		_, err := conn.Exec(ctx, inSchema(`DELETE FROM {schema}.record WHERE `+recordKey+` AND taken_by IS NOT NULL`, s.schema), kind, id)
		return err
	})
	if err = cmp.Or(err, gone); err != nil {
		return nil, err
	}
	return r, nil
}

// DeleteRecord implements [record.Store]. It needs no key.
func (s *Store) DeleteRecord(ctx context.Context, kind, id string) error {
	if record.CheckName(kind, id) != nil {
		return noRecord(ctx)
	}
	sent := false
	return s.do(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		tag, err := conn.Exec(ctx, inSchema(`DELETE FROM {schema}.record WHERE `+recordKey+` AND taken_by IS NULL`, s.schema), kind, id)
		if err == nil && tag.RowsAffected() == 0 && !sent {
			return record.ErrNone
		}
		sent = sent || maybeDone(err)
		return err
	})
}

// Records implements [record.Store].
func (s *Store) Records(ctx context.Context, kind, after string, limit int) ([]*record.Record, error) {
	return s.queryRecords(ctx, `SELECT `+recordColumns+` FROM {schema}.record
		WHERE kind = $1 AND id > $2 AND taken_by IS NULL ORDER BY id LIMIT $3`, kind, after, max(limit, 0))
}

// ClaimRecords implements [record.Store]. It needs no key. If the database breaks off after it was
// done, those that were claimed are given out when their time has come again.
func (s *Store) ClaimRecords(ctx context.Context, kind string, now, until time.Time, limit int) ([]*record.Record, error) {
	return s.queryRecords(ctx, `
WITH due AS (
    SELECT id AS due_id, due_at AS was FROM {schema}.record WHERE kind = $1 AND due_at <= $2::timestamptz AND taken_by IS NULL
    ORDER BY due_at, id LIMIT $4 FOR UPDATE SKIP LOCKED
), claimed AS (
    UPDATE {schema}.record SET due_at = $3::timestamptz, version = $5 FROM due WHERE kind = $1 AND id = due_id
    RETURNING `+recordColumns+`, was
)
SELECT `+recordColumns+` FROM claimed ORDER BY was, id`, kind, instant(now), instant(until), max(limit, 0), record.NewVersion())
}

// SweepRecords implements [record.Store]. It needs no key.
func (s *Store) SweepRecords(ctx context.Context, before time.Time) (n int, err error) {
	err = s.do(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		tag, err := conn.Exec(ctx, inSchema(`DELETE FROM {schema}.record WHERE expires_at < $1::timestamptz`, s.schema), instant(before))
		n += int(tag.RowsAffected())
		return err
	})
	return n, err
}

func (s *Store) queryRecords(ctx context.Context, query string, args ...any) ([]*record.Record, error) {
	found, err := s.keptRecords(ctx, query, args...)
	row.OpenRecords(found, s.keys)
	return found, err
}

// keptRecords returns records as they were kept.
func (s *Store) keptRecords(ctx context.Context, query string, args ...any) (found []*record.Record, err error) {
	err = s.do(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		rows, err := conn.Query(ctx, inSchema(query, s.schema), args...)
		if err != nil {
			return err
		}
		found, err = pgx.CollectRows(rows, scanRecord)
		return err
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

var _ seal.RecordRows = (*Store)(nil)

// RecordRowsAfter implements [seal.RecordRows]. Those that are being taken are among them.
func (s *Store) RecordRowsAfter(ctx context.Context, kind, id string, limit int) ([]seal.RecordRow, error) {
	found, err := s.keptRecords(ctx, `SELECT `+recordColumns+` FROM {schema}.record
		WHERE (kind, id) > ($1, $2) ORDER BY kind, id LIMIT $3`, kind, id, limit)
	return row.SealedRecords(found), err
}

// SwapRecordRow implements [seal.RecordRows].
func (s *Store) SwapRecordRow(ctx context.Context, old seal.RecordRow, sealed []byte) (swapped bool, err error) {
	err = s.do(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		tag, err := conn.Exec(ctx, inSchema(`UPDATE {schema}.record SET seal = $3::bytea WHERE `+recordKey+` AND seal = $4::bytea`, s.schema),
			old.Kind, old.ID, sealed, old.Sealed)
		swapped = swapped || tag.RowsAffected() > 0
		return err
	})
	return swapped, err
}

func scanRecord(rows pgx.CollectableRow) (*record.Record, error) {
	r := &record.Record{}
	var expires, due *time.Time
	if err := rows.Scan(&r.Kind, &r.ID, &r.Version, &r.Open, &r.Sealed, &expires, &due); err != nil {
		return nil, err
	}
	if expires != nil {
		r.ExpiresAt = expires.UTC()
	}
	if due != nil {
		r.DueAt = due.UTC()
	}
	return r, nil
}

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/nango-lite/nango-lite/store/internal/row"
	"github.com/nango-lite/nango-lite/store/record"
	"github.com/nango-lite/nango-lite/store/seal"
)

var _ record.Store = (*Store)(nil)

const recordColumns = `kind, id, version, open, seal, expires_at, due_at`

// CreateRecord implements [record.Store].
func (s *Store) CreateRecord(ctx context.Context, r *record.Record) error {
	if err := r.Check(); err != nil {
		return err
	}
	return s.writeRecord(ctx, r, record.ErrExists, `INSERT INTO record (version, open, seal, expires_at, due_at, kind, id)
		VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`)
}

// ReplaceRecord implements [record.Store].
func (s *Store) ReplaceRecord(ctx context.Context, r *record.Record, version int64) error {
	err := s.writeRecord(ctx, r, record.ErrChanged, `UPDATE record SET version = ?, open = ?, seal = ?, expires_at = ?, due_at = ?
		WHERE kind = ? AND id = ? AND version = ?`, version)
	if errors.Is(err, record.ErrChanged) {
		if _, err := s.Record(ctx, r.Kind, r.ID); errors.Is(err, record.ErrNone) {
			return err
		}
	}
	return err
}

// writeRecord writes r with another version. The error is missed if that changes no
// row.
func (s *Store) writeRecord(ctx context.Context, r *record.Record, missed error, query string, more ...any) error {
	sealed, err := row.SealRecord(r, s.keys)
	if err != nil {
		return err
	}
	version := record.NewVersion()
	args := append([]any{version, r.Open, sealed, maybeMicros(r.ExpiresAt), maybeMicros(r.DueAt), r.Kind, r.ID}, more...)
	n, err := s.exec(ctx, query, args...)
	switch {
	case err != nil:
		return err
	case n == 0:
		return missed
	}
	r.Version = version
	return row.KeepRecordOpen(ctx, s, r, sealed, s.keys)
}

// maybeMicros returns t as columns hold it, nothing for the zero time.
func maybeMicros(t time.Time) sql.NullInt64 {
	return sql.NullInt64{Int64: micros(t), Valid: !t.IsZero()}
}

// Record implements [record.Store].
func (s *Store) Record(ctx context.Context, kind, id string) (*record.Record, error) {
	return row.OneRecord(s.readRecords(ctx, `SELECT `+recordColumns+` FROM record WHERE kind = ? AND id = ?`, kind, id))
}

// TakeRecord implements [record.Store].
func (s *Store) TakeRecord(ctx context.Context, kind, id string) (*record.Record, error) {
	return row.OneRecord(s.changeRecords(ctx, `DELETE FROM record WHERE kind = ? AND id = ? RETURNING `+recordColumns, kind, id))
}

// DeleteRecord implements [record.Store]. It needs no key.
func (s *Store) DeleteRecord(ctx context.Context, kind, id string) error {
	n, err := s.exec(ctx, `DELETE FROM record WHERE kind = ? AND id = ?`, kind, id)
	if err == nil && n == 0 {
		return record.ErrNone
	}
	return err
}

// Records implements [record.Store].
func (s *Store) Records(ctx context.Context, kind, after string, limit int) ([]*record.Record, error) {
	return s.readRecords(ctx, `SELECT `+recordColumns+` FROM record WHERE kind = ? AND id > ? ORDER BY id LIMIT ?`, kind, after, max(limit, 0))
}

// ClaimRecords implements [record.Store]. It needs no key.
func (s *Store) ClaimRecords(ctx context.Context, kind string, now, until time.Time, limit int) ([]*record.Record, error) {
	found, err := s.readRecords(ctx, `SELECT `+recordColumns+` FROM record WHERE kind = ? AND due_at <= ? ORDER BY due_at, id LIMIT ?`,
		kind, micros(now), max(limit, 0))
	var claimed []*record.Record
	for _, r := range found {
		version := record.NewVersion()
		n, err := s.exec(ctx, `UPDATE record SET due_at = ?, version = ? WHERE kind = ? AND id = ? AND version = ?`,
			micros(until), version, r.Kind, r.ID, r.Version)
		if err != nil {
			return claimed, err
		}
		if n > 0 { // else another has it
			r.DueAt, r.Version = until.UTC().Truncate(time.Microsecond), version
			claimed = append(claimed, r)
		}
	}
	return claimed, err
}

// SweepRecords implements [record.Store]. It needs no key.
func (s *Store) SweepRecords(ctx context.Context, before time.Time) (int, error) {
	n, err := s.exec(ctx, `DELETE FROM record WHERE expires_at < ?`, micros(before))
	return int(n), err
}

func (s *Store) readRecords(ctx context.Context, query string, args ...any) ([]*record.Record, error) {
	found, err := s.keptRecords(ctx, query, args...)
	row.OpenRecords(found, s.keys)
	return found, err
}

// keptRecords returns records as they were kept.
func (s *Store) keptRecords(ctx context.Context, query string, args ...any) (found []*record.Record, err error) {
	err = s.retry(ctx, func() error {
		rows, err := s.read.QueryContext(context.WithoutCancel(ctx), query, args...)
		if err != nil {
			return err
		}
		found, err = scanRecords(rows)
		return err
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

var _ seal.RecordRows = (*Store)(nil)

// RecordRowsAfter implements [seal.RecordRows].
func (s *Store) RecordRowsAfter(ctx context.Context, kind, id string, limit int) ([]seal.RecordRow, error) {
	found, err := s.keptRecords(ctx, `SELECT `+recordColumns+` FROM record WHERE (kind, id) > (?, ?) ORDER BY kind, id LIMIT ?`, kind, id, limit)
	return row.SealedRecords(found), err
}

// SwapRecordRow implements [seal.RecordRows].
func (s *Store) SwapRecordRow(ctx context.Context, old seal.RecordRow, sealed []byte) (bool, error) {
	n, err := s.exec(ctx, `UPDATE record SET seal = ? WHERE kind = ? AND id = ? AND seal = ?`, sealed, old.Kind, old.ID, old.Sealed)
	return n > 0, err
}

func (s *Store) changeRecords(ctx context.Context, query string, args ...any) (found []*record.Record, err error) {
	err = s.withConn(ctx, func(ctx context.Context, conn *sql.Conn) error {
		rows, err := conn.QueryContext(ctx, query, args...)
		if err != nil {
			return err
		}
		found, err = scanRecords(rows)
		return err
	})
	if err != nil {
		return nil, err
	}
	row.OpenRecords(found, s.keys)
	return found, nil
}

func scanRecords(rows *sql.Rows) (found []*record.Record, err error) {
	defer rows.Close()
	for rows.Next() {
		r := &record.Record{}
		var expires, due sql.NullInt64
		if err := rows.Scan(&r.Kind, &r.ID, &r.Version, &r.Open, &r.Sealed, &expires, &due); err != nil {
			return nil, err
		}
		r.ExpiresAt, r.DueAt = timeOf(expires), timeOf(due)
		found = append(found, r)
	}
	return found, rows.Err()
}

func timeOf(micros sql.NullInt64) time.Time {
	if !micros.Valid {
		return time.Time{}
	}
	return time.UnixMicro(micros.Int64).UTC()
}

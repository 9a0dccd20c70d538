package record

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"
)

// A Memory keeps records in memory, for tests and for hosts of one process that can
// do without them after a restart. The zero Memory is ready for use; it must not be
// copied.
type Memory struct {
	mu   sync.Mutex
	kept map[name]*Record
}

type name struct{ kind, id string }

var _ Store = (*Memory)(nil)

// with runs fn alone, unless ctx has ended.
func (m *Memory) with(ctx context.Context, fn func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return fn()
}

func (m *Memory) keep(r *Record) {
	if m.kept == nil {
		m.kept = map[name]*Record{}
	}
	r.Version = NewVersion()
	c := r.Clone()
	c.ExpiresAt, c.DueAt = instant(c.ExpiresAt), instant(c.DueAt)
	m.kept[name{r.Kind, r.ID}] = c
}

// instant returns t as stores keep it.
func instant(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// CreateRecord implements [Store].
func (m *Memory) CreateRecord(ctx context.Context, r *Record) error {
	if err := r.Check(); err != nil {
		return err
	}
	return m.with(ctx, func() error {
		if m.kept[name{r.Kind, r.ID}] != nil {
			return ErrExists
		}
		m.keep(r)
		return nil
	})
}

// Record implements [Store].
func (m *Memory) Record(ctx context.Context, kind, id string) (found *Record, err error) {
	err = m.with(ctx, func() error {
		r := m.kept[name{kind, id}]
		if r == nil {
			return ErrNone
		}
		found = r.Clone()
		return nil
	})
	return found, err
}

// ReplaceRecord implements [Store].
func (m *Memory) ReplaceRecord(ctx context.Context, r *Record, version int64) error {
	return m.with(ctx, func() error {
		switch old := m.kept[name{r.Kind, r.ID}]; {
		case old == nil:
			return ErrNone
		case old.Version != version:
			return ErrChanged
		}
		m.keep(r)
		return nil
	})
}

// TakeRecord implements [Store].
func (m *Memory) TakeRecord(ctx context.Context, kind, id string) (taken *Record, err error) {
	err = m.with(ctx, func() error {
		if taken = m.kept[name{kind, id}]; taken == nil {
			return ErrNone
		}
		delete(m.kept, name{kind, id})
		return nil
	})
	return taken, err
}

// DeleteRecord implements [Store].
func (m *Memory) DeleteRecord(ctx context.Context, kind, id string) error {
	_, err := m.TakeRecord(ctx, kind, id)
	return err
}

// Records implements [Store].
func (m *Memory) Records(ctx context.Context, kind, after string, limit int) (found []*Record, err error) {
	err = m.with(ctx, func() error {
		found = m.some(limit, func(r *Record) bool { return r.Kind == kind && r.ID > after },
			func(a, b *Record) int { return cmp.Compare(a.ID, b.ID) })
		for i, r := range found {
			found[i] = r.Clone()
		}
		return nil
	})
	return found, err
}

// some returns the first records for which is holds.
func (m *Memory) some(limit int, is func(*Record) bool, order func(a, b *Record) int) []*Record {
	var found []*Record
	for _, r := range m.kept {
		if is(r) {
			found = append(found, r)
		}
	}
	slices.SortFunc(found, order)
	return found[:min(len(found), max(limit, 0))]
}

// ClaimRecords implements [Store].
func (m *Memory) ClaimRecords(ctx context.Context, kind string, now, until time.Time, limit int) (due []*Record, err error) {
	err = m.with(ctx, func() error {
		due = m.some(limit, func(r *Record) bool { return r.Kind == kind && !r.DueAt.IsZero() && !r.DueAt.After(now) },
			func(a, b *Record) int { return cmp.Or(a.DueAt.Compare(b.DueAt), cmp.Compare(a.ID, b.ID)) })
		for i, r := range due {
			r.DueAt = until
			m.keep(r)
			due[i] = m.kept[name{r.Kind, r.ID}].Clone()
		}
		return nil
	})
	return due, err
}

// SweepRecords implements [Store].
func (m *Memory) SweepRecords(ctx context.Context, before time.Time) (n int, err error) {
	err = m.with(ctx, func() error {
		for k, r := range m.kept {
			if !r.ExpiresAt.IsZero() && r.ExpiresAt.Before(before) {
				delete(m.kept, k)
				n++
			}
		}
		return nil
	})
	return n, err
}

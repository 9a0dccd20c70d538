package row

import (
	"context"
	"errors"
	"fmt"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/store/record"
	"github.com/nango-lite/nango-lite/store/seal"
)

var errNotSealed = errors.New("it is not sealed: what has written it has no key")

// SealRecord returns what is kept of the sealed part of r, be it empty: the seal is what
// the open part is bound to.
func SealRecord(r *record.Record, keys connection.Sealer) ([]byte, error) {
	if r.Unreadable != nil { // what was refused is not made good by writing it
		return nil, r.Unreadable
	}
	return keys.Seal(r.Sealed, record.Bound(r))
}

// OpenRecord replaces the sealed part of r, as it was kept, by what is in it. If it does
// not open, r is refused.
func OpenRecord(r *record.Record, keys connection.Sealer) {
	opened, err := []byte(nil), errNotSealed
	if r.Sealed != nil {
		opened, err = keys.Open(r.Sealed, record.Bound(r))
	}
	if err != nil {
		r.Refuse(err)
		return
	}
	r.Sealed = opened
}

// OpenRecords does so with each.
func OpenRecords(found []*record.Record, keys connection.Sealer) {
	for _, r := range found {
		OpenRecord(r, keys)
	}
}

// OneRecord returns what a query for one record has found.
func OneRecord(found []*record.Record, err error) (*record.Record, error) {
	switch {
	case err != nil:
		return nil, err
	case len(found) == 0:
		return nil, record.ErrNone
	case found[0].Unreadable != nil:
		return nil, found[0].Unreadable
	}
	return found[0], nil
}

// BindRecord returns the seal of a record that was kept when its open part was bound to
// nothing, or nil if that does not open.
func BindRecord(r *record.Record, keys connection.Sealer) ([]byte, error) {
	if r.Sealed != nil {
		opened, err := keys.Open(r.Sealed, []byte("nango-lite record\x00"+r.Kind+"\x00"+r.ID))
		if err != nil {
			return nil, nil // whoever reads it is told
		}
		r.Sealed = opened
	}
	return SealRecord(r, keys)
}

// SealedRecords returns records, as they were kept, as package seal looks at them.
func SealedRecords(found []*record.Record) []seal.RecordRow {
	var out []seal.RecordRow
	for _, r := range found {
		out = append(out, seal.RecordRow{Kind: r.Kind, ID: r.ID, Bound: record.Bound(r), Sealed: r.Sealed})
	}
	return out
}

// KeepRecordOpen is [KeepOpen] for a record that was written just now.
func KeepRecordOpen(ctx context.Context, s seal.RecordRows, r *record.Record, sealed []byte, keys connection.Sealer) error {
	if seal.Opens(sealed, keys) {
		return nil
	}
	again, err := SealRecord(r, keys)
	if err != nil {
		return fmt.Errorf("seal record %s/%s: %w", r.Kind, r.ID, err)
	}
	_, err = s.SwapRecordRow(context.WithoutCancel(ctx), seal.RecordRow{Kind: r.Kind, ID: r.ID, Sealed: sealed}, again)
	return err
}

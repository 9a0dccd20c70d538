package row

import (
	"fmt"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/store/record"
)

// SealRecord returns what is kept of the sealed part of r; nil stays nil.
func SealRecord(r *record.Record, keys connection.Sealer) ([]byte, error) {
	if r.Sealed == nil {
		return nil, nil
	}
	return keys.Seal(r.Sealed, record.AAD(r.Kind, r.ID))
}

// OpenRecord replaces the sealed part of r, as it was kept, by what is in it.
func OpenRecord(r *record.Record, keys connection.Sealer) error {
	if r.Sealed == nil {
		return nil
	}
	opened, err := keys.Open(r.Sealed, record.AAD(r.Kind, r.ID))
	if err != nil {
		return fmt.Errorf("record %s/%s: %w", r.Kind, r.ID, err)
	}
	if opened == nil {
		opened = []byte{}
	}
	r.Sealed = opened
	return nil
}

// OneRecord returns what a query for one record has found.
func OneRecord(found []*record.Record, err error) (*record.Record, error) {
	switch {
	case err != nil:
		return nil, err
	case len(found) == 0:
		return nil, record.ErrNone
	}
	return found[0], nil
}

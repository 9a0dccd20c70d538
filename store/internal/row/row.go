// Package row makes connections of what a store has found.
package row

import (
	"context"
	"errors"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/store/seal"
)

// A Row is a connection as it lies in a table.
type Row struct {
	Key        connection.Key
	Generation int64 // of the column, which writes are compared with
	Data       []byte
}

// Connection returns what the row holds, if it is its key's.
func (r Row) Connection(keys connection.Sealer) (*connection.Connection, error) {
	return connection.DecodeStored(r.Key, r.Generation, r.Data, keys)
}

// Page returns the first rows of those that were found, up to limit; if there are
// more, there is a next page.
func Page(found []Row, limit int, keys connection.Sealer) (connection.Page, error) {
	var p connection.Page
	if len(found) > limit {
		found = found[:limit]
		p.Next = connection.EncodeCursor(found[limit-1].Key)
	}
	for _, r := range found {
		if err := p.Add(r.Connection(keys)); err != nil {
			return connection.Page{}, err
		}
	}
	return p, nil
}

// Sealed returns rows as package seal looks at them.
func Sealed(found []Row) []seal.Row {
	var out []seal.Row
	for _, r := range found {
		out = append(out, seal.Row{Key: r.Key, Data: r.Data})
	}
	return out
}

// KeepOpen seals c anew if the key that sealed data, which was written just now, has been
// dropped meanwhile: the write waited for others while keys were rotated, and whoever
// dropped the key did not see it.
func KeepOpen(ctx context.Context, s seal.Rows, c *connection.Connection, data []byte, keys connection.Sealer) error {
	if seal.StillOpens(data, keys) {
		return nil
	}
	again, err := connection.Encode(c, keys)
	if err != nil {
		return err
	}
	err = s.SwapRow(context.WithoutCancel(ctx), seal.Row{Key: c.Key, Data: data}, again)
	if errors.Is(err, connection.ErrConflict) || errors.Is(err, connection.ErrNoConnection) {
		return nil // it is another's by now
	}
	return err
}

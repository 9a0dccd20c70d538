package seal

import (
	"context"

	"github.com/nango-lite/nango-lite/connection"
)

// Rows is a store of sealed connections that shows how they lie there, so that
// they can be sealed anew. Both stores of this module are.
type Rows interface {
	// RowsAfter returns up to limit rows whose keys come after the given one, in
	// the order of [connection.Store]'s List. Nothing is opened.
	RowsAfter(ctx context.Context, after connection.Key, limit int) ([]Row, error)

	// SwapRow puts data in old's place if old is what lies there, byte for byte.
	// Otherwise it changes nothing and returns [connection.ErrConflict], or
	// [connection.ErrNoConnection] if there is none. It is no change of the connection:
	// no [connection.ChangeFeed] tells of it.
	SwapRow(ctx context.Context, old Row, data []byte) error
}

// A Row is a connection as [connection.Encode] has encoded it.
type Row struct {
	Key  connection.Key
	Data []byte
}

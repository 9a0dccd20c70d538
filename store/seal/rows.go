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

// RecordRows is a store that keeps sealed records beside connections, and shows how they
// lie there. [Rotate], [CountRows] and [Idle] look at them as well.
type RecordRows interface {
	// RecordRowsAfter returns up to limit records that come after the given one, in the
	// order of kind and id, byte by byte. Nothing is opened.
	RecordRowsAfter(ctx context.Context, kind, id string, limit int) ([]RecordRow, error)

	// SwapRecordRow puts sealed in the place of old's if that is what lies there, and says
	// whether it did. It is no change of the record: its version stays.
	SwapRecordRow(ctx context.Context, old RecordRow, sealed []byte) (bool, error)
}

// A RecordRow is a record as it was kept.
type RecordRow struct {
	Kind, ID string
	Bound    []byte // what its seal is bound to
	Sealed   []byte
}

// A Settler is a store of [Rows] that knows when others have written. [Idle] asks it.
type Settler interface {
	// Settle returns when every write is done that was under way when it was called.
	Settle(ctx context.Context) error
}

// A Compacter is a store of [Rows] that can rewrite its medium. [Rotate] has it do so at
// the end: a key that may have been seen must open nothing that is left in free space.
type Compacter interface {
	// Compact leaves nothing in the medium of what was overwritten or deleted.
	Compact(ctx context.Context) error
}

// A Row is a connection as [connection.Encode] has encoded it.
type Row struct {
	Key  connection.Key
	Data []byte
}

package storetest

import (
	"context"
	"testing"

	"github.com/nango-lite/nango-lite/connection"
)

// RunAdd checks what a store promises that can be moved to: Add keeps connections
// with the generations they carry, all or none.
func RunAdd(t *testing.T, open func(t *testing.T) Adder) {
	t.Parallel()
	ctx, s := t.Context(), open(t)
	a, b, c := Connection(numbered(1)), Connection(numbered(2)), &connection.Connection{Key: numbered(3), Generation: 7}
	checkError(t, "Add of nothing", s.Add(ctx, nil), nil)
	checkError(t, "Add", s.Add(ctx, []*connection.Connection{a, b}), nil)
	checkKept(t, s, a)
	checkKept(t, s, b)
	changed := b.Clone()
	changed.Reason = "another"
	checkError(t, "Add of what is there", s.Add(ctx, []*connection.Connection{c, changed}), connection.ErrConflict)
	_, err := s.Get(ctx, c.Key)
	checkError(t, "Get of what was to be added with it", err, connection.ErrNoConnection)
	checkKept(t, s, b)
	checkError(t, "Replace", s.Replace(ctx, a, a.Generation), nil)
}

// An Adder is a store that can be moved to.
type Adder interface {
	connection.Store
	Add(ctx context.Context, conns []*connection.Connection) error
}

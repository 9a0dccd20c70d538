package engine

import (
	"context"
	"errors"

	"github.com/nango-lite/nango-lite/engine/internal/fault"
)

// Annotate changes what the host keeps with k's connection: its Metadata and its Tags.
// change is given the connection as it is stored by now, and may be called again if
// somebody else was quicker; what it changes beside those two is not kept. Its error is
// returned, and then nothing is stored.
//
// Credentials stay as they are, and so does a connection that needs reauthorization. A
// refresh that is under way is waited for.
func (e *Engine) Annotate(ctx context.Context, k Key, change func(c *Connection) error) (*Connection, error) {
	const op = "annotate"
	for range 5 {
		out, err := e.annotate(ctx, op, k, change)
		if !errors.Is(err, ErrConflict) {
			return out, err
		}
	}
	return nil, &Error{Op: op, Key: k, Kind: KindUnavailable, Detail: "the connection is changed by others time and again"}
}

func (e *parts) annotate(ctx context.Context, op string, k Key, change func(c *Connection) error) (*Connection, error) {
	if _, err := e.refresher.Connections.Store.Get(ctx, k); err != nil { // a lease needs no connection
		return nil, fault.OfStore("read", k, err)
	}
	unlock, err := e.refresher.Lock(ctx, op, k)
	if err != nil {
		return nil, err
	}
	defer unlock()
	current, err := e.refresher.Connections.Store.Get(ctx, k)
	if err != nil {
		return nil, fault.OfStore(op, k, err)
	}
	changed := current.Clone()
	if err := change(changed); err != nil {
		return nil, err
	}
	out := current.Clone()
	out.Metadata, out.Tags, out.UpdatedAt = changed.Metadata, changed.Tags, e.opts.Now()
	switch err := e.refresher.Connections.Replace(ctx, out, current.Generation); {
	case errors.Is(err, ErrConflict):
		return nil, err
	case err != nil:
		return nil, fault.OfStore(op, k, err)
	}
	return out.Clone(), nil
}

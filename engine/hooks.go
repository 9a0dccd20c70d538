package engine

import "context"

// A Change is told to [Options.AfterChange].
type Change struct {
	Kind EventKind // EventExchange, EventConnect, EventFields, EventRefresh, EventStatus or EventRevoke
	Key  Key

	// Connection is what is stored now; nil if it was removed. It must not be
	// modified.
	Connection *Connection
}

// changed tells the host what was stored.
func (e *Engine) changed(ctx context.Context, kind EventKind, k Key, c *Connection) {
	if e.opts.AfterChange != nil {
		e.opts.AfterChange(ctx, Change{kind, k, c})
	}
}

// beforeStore shows c, which a user has made, to the host.
func (e *Engine) beforeStore(ctx context.Context, op string, c *Connection) error {
	if e.opts.BeforeStore == nil {
		return nil
	}
	if err := e.opts.BeforeStore(ctx, c); err != nil {
		return &Error{Op: op, Key: c.Key, Kind: KindDenied, Detail: "the host refused the connection", Err: err}
	}
	return nil
}

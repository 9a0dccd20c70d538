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

// hooks are where the host comes in.
type hooks struct {
	beforeStore func(context.Context, *Connection) error // either may be nil
	afterChange func(context.Context, Change)
}

// changed tells the host what was stored.
func (h hooks) changed(ctx context.Context, kind EventKind, k Key, c *Connection) {
	if h.afterChange != nil {
		h.afterChange(ctx, Change{kind, k, c})
	}
}

// before shows c, which a user has made, to the host.
func (h hooks) before(ctx context.Context, op string, c *Connection) error {
	if h.beforeStore == nil {
		return nil
	}
	if err := h.beforeStore(ctx, c); err != nil {
		return &Error{Op: op, Key: c.Key, Kind: KindDenied, Detail: "the host refused the connection", Err: err}
	}
	return nil
}

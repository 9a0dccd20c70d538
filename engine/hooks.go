package engine

import "context"

// A Change is told to [Options.AfterChange].
type Change struct {
	Kind EventKind // EventExchange, EventConnect, EventFields, EventRefresh, EventStatus or EventRevoke
	Key  Key

	// Connection is what is stored now; nil if it was removed. It must not be
	// modified.
	Connection *Connection

	// Removed is what was stored, where Connection is nil because it was removed; nil as
	// well if it could not be read.
	Removed *Connection
}

// hooks are where the host comes in.
type hooks struct {
	beforeStore func(context.Context, *Connection) error // either may be nil
	afterChange func(context.Context, Change)
	watchers    *watchers
}

// changed tells the host what was stored.
func (h hooks) changed(ctx context.Context, kind EventKind, k Key, c *Connection) {
	h.tell(ctx, Change{Kind: kind, Key: k, Connection: c})
}

func (h hooks) tell(ctx context.Context, ch Change) {
	if h.afterChange != nil {
		h.afterChange(ctx, ch)
	}
	h.watchers.changed(ctx, ch)
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

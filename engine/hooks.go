package engine

import (
	"context"
	"fmt"
)

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

// hooked returns what the host makes of c, which a refresh has brought, or c itself
// if it has objections or panics.
func (e *Engine) hooked(ctx context.Context, c *Connection) *Connection {
	if e.opts.BeforeStore == nil {
		return c
	}
	d := c.Clone()
	err := func() (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("panic")
			}
		}()
		return e.opts.BeforeStore(ctx, d)
	}()
	if err != nil {
		e.emitSafely(ctx, Event{Kind: EventRefresh, Key: c.Key, Reason: "the host's hook before storing failed; the new token is stored all the same", Err: err})
		return c
	}
	d.Key, d.Generation, d.Status, d.Reason, d.Credentials = c.Key, c.Generation, c.Status, c.Reason, c.Credentials
	return d
}

// emitSafely is emit where a panic of whoever watches would cost a token.
func (e *Engine) emitSafely(ctx context.Context, ev Event) {
	defer func() { _ = recover() }()
	e.emit(ctx, ev)
}

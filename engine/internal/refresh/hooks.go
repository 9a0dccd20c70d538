package refresh

import (
	"context"
	"errors"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/event"
)

// notify tells whoever watches. A panic of theirs must not cost a token, which may be
// the only one that is good.
func (r *Refresher) notify(ctx context.Context, ev event.Event) {
	if r.opts.Notify == nil {
		return
	}
	defer func() { _ = recover() }()
	r.opts.Notify(ctx, ev)
}

// stored tells of c, which is stored whatever becomes of the telling.
func (r *Refresher) stored(ctx context.Context, kind event.Kind, c *connection.Connection) {
	if r.opts.Stored == nil {
		return
	}
	defer func() {
		if p := recover(); p != nil {
			r.notify(ctx, event.Event{Kind: kind, Key: c.Key, Reason: "the host's hook after storing failed", Err: errors.New("panic")})
		}
	}()
	r.opts.Stored(ctx, kind, c)
}

// hooked returns what BeforeStore makes of c, or c itself if it has objections or
// panics. Credentials are not its to change.
func (r *Refresher) hooked(ctx context.Context, c *connection.Connection) *connection.Connection {
	if r.opts.BeforeStore == nil {
		return c
	}
	d := c.Clone()
	err := func() (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = errors.New("panic")
			}
		}()
		return r.opts.BeforeStore(ctx, d)
	}()
	if err != nil {
		r.notify(ctx, event.Event{Kind: event.Refresh, Key: c.Key, Reason: "the host's hook before storing failed; the new token is stored all the same", Err: err})
		return c
	}
	d.Key, d.Generation, d.Status, d.Reason, d.Credentials = c.Key, c.Generation, c.Status, c.Reason, c.Credentials
	return d
}

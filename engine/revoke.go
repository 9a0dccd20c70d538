package engine

import (
	"context"
	"errors"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
)

// Revoke removes the connection of k. If the integration declares how to revoke a
// token (RFC 7009, or a way of the provider's own), the provider is told first, as
// far as it will listen: the connection is removed in any case, and the error says
// why the provider was not told. It is of KindUnavailable or KindRateLimited if it did
// not answer, of KindClient if it refused, and of KindInvalidResponse if it answered
// with nonsense. See [Description.Revokes]. What is stored and cannot be read is removed
// as well; the error says why nobody could be told.
func (e *Engine) Revoke(ctx context.Context, k Key) error {
	const op = "revoke"
	c, told := e.Connection(ctx, k)
	if told != nil && !errors.Is(told, connection.ErrUnreadable) {
		return told
	}
	reason := "the connection was removed"
	if c == nil {
		reason += ", which could not be read; the provider was not told"
	} else if in, err := e.integration(k.Integration); err == nil && len(in.RevocationEndpoint(c).Parts) > 0 {
		if told = in.CheckMadeFor(op, c); told == nil {
			told = in.token.For(op, c).Revoke(ctx)
		}
		if told == nil {
			reason += ", and the provider was told"
		} else {
			reason += "; the provider was not told"
		}
	}
	if err := e.refresher.Connections.Delete(ctx, k); err != nil && !errors.Is(err, ErrNoConnection) {
		return fault.OfStore(op, k, err)
	}
	e.watch.Tell(ctx, Event{Kind: EventRevoke, Key: k, Reason: reason, Err: told})
	e.hooks.tell(ctx, Change{Kind: EventRevoke, Key: k, Removed: c})
	return told
}

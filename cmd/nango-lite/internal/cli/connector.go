package cli

import (
	"context"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/session"
	"github.com/nango-lite/nango-lite/engine"
)

// A connector makes connections: by consent, or of what a person types.
type connector struct{ *session.Session }

// verified makes the integration's verify call: a grant that opens nothing is
// found now, and not with the first call in earnest.
func (con connector) verified(ctx context.Context, u *session.Use, c *engine.Connection) (*engine.Connection, error) {
	open, err := u.Engine.OpenFields(c)
	if err != nil || u.Integration.Requests.Verify == nil || len(open) > 0 { // then it waits for a choice
		return c, err
	}
	if err := u.Engine.Verify(ctx, c.Key); err != nil {
		con.Notef("the connection is stored, but its first call failed")
		return nil, err
	}
	return u.Engine.Connection(ctx, c.Key) // the call may have refreshed it
}

package mode

import (
	"context"
	"slices"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/plan"
	"github.com/nango-lite/nango-lite/engine/internal/refresh"
	"github.com/nango-lite/nango-lite/schema"
)

// Renewable implements [refresh.Renewer].
func (m *code) Renewable(c *connection.Connection) bool {
	t := &c.Credentials.Token
	switch {
	case c.Credentials.Type != m.env.In.Auth.AuthMode:
		return false
	case m.env.In.Auth.RefreshesAccessToken():
		return !t.AccessToken.Empty()
	}
	return !t.RefreshToken.Empty()
}

// Renew implements [refresh.Renewer].
func (m *code) Renew(ctx context.Context, c *connection.Connection, a *refresh.Attempt) (*connection.Connection, error) {
	o := m.env.Token.For("refresh", c)
	answer, err := o.Refresh(ctx, a.Cover)
	if err != nil {
		return nil, m.whose(o, err)
	}
	o = o.On(c.Clone())
	if follows := func(s plan.Step) bool { return s.When(true) }; slices.ContainsFunc(o.In.Parsed.Steps, follows) {
		if first := o.On(c.Clone()); first.Salvage(answer) {
			a.Secure(ctx, first.Conn)
		}
	}
	answer, err = o.Follow(ctx, answer, true)
	if err == nil {
		if err = o.Take(ctx, answer, o.In.Auth.TokenResponse, nil); err == nil {
			// What the connection has is kept where the answer says nothing, or nonsense.
			_ = o.In.TakeFields(o.Name, o.Conn, schema.FromTokenResponse, o.Conn.Credentials.Token.RawValue)
			return o.Conn, nil
		}
	}
	if !o.Salvage(answer) {
		return nil, err
	}
	return o.Conn, err
}

// Gone implements [refresh.Renewer].
func (m *code) Gone(refusal error, lost bool) string {
	what := "the refresh token"
	if m.env.In.Auth.RefreshesAccessToken() {
		what = "the access token, which refreshes itself"
	}
	return withLost(goneBecause(what, refusal), lost)
}

// withLost adds to what is gone that an answer is missing.
func withLost(gone string, lost bool) string {
	if lost {
		gone += "; the answer to an earlier refresh was lost, and with it perhaps the token that came next"
	}
	return gone
}

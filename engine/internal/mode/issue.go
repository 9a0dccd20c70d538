package mode

import (
	"context"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/oauthwire"
	"github.com/nango-lite/nango-lite/engine/internal/refresh"
	"github.com/nango-lite/nango-lite/engine/internal/token"
	"github.com/nango-lite/nango-lite/schema"
)

// An issuer is a mode whose tokens are obtained from what the connection or the
// integration carries. The next one is obtained like the first.
type issuer struct {
	base
	way way
}

// A way is how an issuer obtains its tokens.
type way interface {
	// issue obtains a token.
	issue(ctx context.Context, o *token.Operation) (*oauthwire.Answer, error)

	// take puts the token of an answer into o's connection.
	take(ctx context.Context, o *token.Operation, a *oauthwire.Answer, asked []string) error

	// obtained says in words that it did.
	obtained() string
}

var _ interface {
	Mode
	Issuer
} = (*issuer)(nil)

// Obtain implements [Issuer].
func (m *issuer) Obtain(ctx context.Context, op string, c *connection.Connection) (*connection.Connection, error) {
	o := m.env.Token.For(op, c)
	answer, err := m.way.issue(ctx, o)
	if err != nil {
		return nil, err
	}
	o = o.On(c.Clone())
	if err := m.way.take(ctx, o, answer, m.env.In.ScopesOr(nil)); err != nil {
		return nil, err
	}
	if err := m.env.In.TakeFields(op, o.Conn, schema.FromTokenResponse, o.Conn.Credentials.Token.RawValue); err != nil {
		return nil, err
	}
	return o.Conn, o.LearnEnd(ctx)
}

// Obtained implements [Issuer].
func (m *issuer) Obtained() string { return m.way.obtained() }

// Renewable implements [refresh.Renewer].
func (m *issuer) Renewable(c *connection.Connection) bool {
	return c.Credentials.Type == m.env.In.Auth.AuthMode
}

// Renew implements [refresh.Renewer].
func (m *issuer) Renew(ctx context.Context, c *connection.Connection, a *refresh.Attempt) (*connection.Connection, error) {
	if err := a.Cover(ctx); err != nil {
		return nil, err
	}
	o := m.env.Token.For("refresh", c)
	answer, err := m.way.issue(ctx, o)
	if err != nil {
		return nil, err
	}
	o = o.On(c.Clone())
	if err := m.way.take(ctx, o, answer, nil); err != nil {
		return nil, err
	}
	// What the connection has is kept where the answer says nothing, or nonsense.
	_ = m.env.In.TakeFields(o.Name, o.Conn, schema.FromTokenResponse, o.Conn.Credentials.Token.RawValue)
	return o.Conn, nil
}

// Gone implements [refresh.Renewer].
func (m *issuer) Gone(refusal error, _ bool) string {
	return goneBecause("the connection's credentials", refusal)
}

// A login is TWO_STEP and APP: a call of the token endpoint that says itself who is
// calling.
type login struct{ env *Env }

func (w *login) obtained() string { return "a token was obtained," }

func (w *login) issue(ctx context.Context, o *token.Operation) (*oauthwire.Answer, error) {
	return redeem(ctx, o, map[string]string{})
}

func (w *login) take(ctx context.Context, o *token.Operation, a *oauthwire.Answer, asked []string) error {
	return o.Take(ctx, a, w.env.In.Auth.TokenResponse, asked)
}

// clientCredentials are OAUTH2_CC: RFC 6749 4.4.
type clientCredentials struct{ env *Env }

func (w *clientCredentials) obtained() string { return "a token was obtained," }

func (w *clientCredentials) issue(ctx context.Context, o *token.Operation) (*oauthwire.Answer, error) {
	if err := w.env.In.NeedsClient(o.Name, o.Conn); err != nil {
		return nil, err
	}
	params := map[string]string{"grant_type": "client_credentials"}
	if scope := w.env.In.JoinScopes(w.env.In.ScopesOr(nil)); scope != "" {
		params["scope"] = scope
	}
	return redeem(ctx, o, params)
}

func (w *clientCredentials) take(ctx context.Context, o *token.Operation, a *oauthwire.Answer, asked []string) error {
	return o.Take(ctx, a, w.env.In.Auth.TokenResponse, asked)
}

// redeem calls the token endpoint, and makes the steps after its answer.
func redeem(ctx context.Context, o *token.Operation, params map[string]string) (*oauthwire.Answer, error) {
	answer, err := o.Redeem(ctx, o.In.Parsed.TokenURL, params, o.In.Parsed.TokenParams)
	if err != nil {
		return nil, o.Blame(err)
	}
	if answer, err = o.Follow(ctx, answer, false); err != nil {
		return nil, o.Blame(err)
	}
	return answer, nil
}

package engine

import (
	"context"
	"errors"
	"iter"
	"slices"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/oauthwire"
	"github.com/nango-lite/nango-lite/engine/internal/plan"
	"github.com/nango-lite/nango-lite/engine/internal/refresh"
	"github.com/nango-lite/nango-lite/schema"
)

const (
	// defaultMargin is how long before its end a token is refreshed unless
	// refresh_margin_seconds says otherwise.
	defaultMargin = time.Minute

	// keepPause is between refreshes of idle connections at one provider, at least.
	keepPause = 200 * time.Millisecond
)

// source is in, as far as its tokens go.
func (e *Engine) source(in *integration) *refresh.Source {
	s := &refresh.Source{
		Renewer:     renewer{e, in},
		Integration: in.Name,
		Margin:      seconds(in.Auth.RefreshMarginSeconds, defaultMargin),
		RefreshLife: seconds(&in.Auth.RefreshTokenLifetimeSeconds, 0),
		KeepPause:   keepPause,
		Admit:       func(c *Connection) error { return in.CheckMadeFor("refresh", c) },
		Foreign:     func(c *Connection) bool { return in.Auth.Issues() && in.ForAnotherClient(c) },
		MadeFor:     in.MadeFor,
	}
	if rate := in.calls.limit.Budget.Rate; rate > 0 { // the pace that the API is known to allow, and never a burst
		s.KeepPause = max(keepPause, time.Duration(float64(time.Second)/rate))
	}
	return s
}

// sources are those of the configuration in force.
func (e *Engine) sources() iter.Seq[*refresh.Source] {
	return func(yield func(*refresh.Source) bool) {
		for _, in := range *e.current.Load() {
			if !yield(in.source) {
				return
			}
		}
	}
}

// A renewer is how the connections of an integration get another token.
type renewer struct {
	e  *Engine
	in *integration
}

var _ refresh.Renewer = renewer{}

// Renewable implements [refresh.Renewer].
func (n renewer) Renewable(c *Connection) bool {
	in, t := n.in, &c.Credentials.Token
	switch {
	case c.Credentials.Type != in.Auth.AuthMode:
		return false
	case in.Auth.Issues():
		return true
	case !in.Auth.AuthMode.Codes(), in.Auth.AuthMode == schema.MCPOAuth2 && c.Credentials.Registration.TokenEndpoint == "":
		return false
	case in.Auth.RefreshesAccessToken():
		return !t.AccessToken.Empty()
	}
	return !t.RefreshToken.Empty()
}

// Renew implements [refresh.Renewer].
func (n renewer) Renew(ctx context.Context, c *Connection, a *refresh.Attempt) (*Connection, error) {
	const op = "refresh"
	answer, err := n.ask(ctx, op, c, a)
	if answer == nil {
		return nil, err
	}
	next := c.Clone()
	if err == nil {
		if err = n.in.takeToken(op, next, answer, nil); err == nil {
			// What the connection has is kept where the answer says nothing, or nonsense.
			_ = n.in.TakeFields(op, next, schema.FromTokenResponse, next.Credentials.Token.RawValue)
			return next, nil
		}
	}
	if n.in.Auth.Issues() || !n.in.token.For(op, next).Salvage(answer) {
		return nil, err
	}
	return next, err
}

// ask asks for another token for c: it redeems the refresh token, or obtains one as it
// did the first. With an answer and an error, a step after the answer failed.
func (n renewer) ask(ctx context.Context, op string, c *Connection, a *refresh.Attempt) (*oauthwire.Answer, error) {
	if n.in.Auth.Issues() {
		if err := a.Cover(ctx); err != nil {
			return nil, err
		}
		return n.e.issue(ctx, op, n.in, c)
	}
	o := n.in.token.For(op, c)
	answer, err := o.Refresh(ctx, a.Cover)
	if err != nil {
		return nil, n.e.blameRegistration(n.in, c, o.Blame(err))
	}
	follows := func(s plan.Step) bool { return s.When(true) }
	if next := c.Clone(); slices.ContainsFunc(n.in.Parsed.Steps, follows) && o.On(next).Salvage(answer) {
		a.Secure(ctx, next)
	}
	return o.Follow(ctx, answer, true)
}

// Complete implements [refresh.Renewer]: it learns the token's end, where only the
// provider can say it.
func (n renewer) Complete(ctx context.Context, c *Connection) (*Connection, error) {
	if n.in.Auth.IntrospectionURL == "" || !c.Credentials.Token.ExpiresAt.IsZero() {
		return c, nil
	}
	next := c.Clone()
	if err := n.in.token.For("introspect", next).LearnEnd(ctx); err != nil {
		return nil, err
	}
	if next.Credentials.Token.ExpiresAt.IsZero() {
		return c, nil
	}
	return next, nil
}

// Gone implements [refresh.Renewer].
func (n renewer) Gone(refusal error, lost bool) string {
	reason := "the provider no longer takes the refresh token"
	if n.in.Auth.Issues() {
		reason = "the provider no longer takes the connection's credentials"
	} else if n.in.Auth.RefreshesAccessToken() {
		reason = "the provider no longer takes the access token, which refreshes itself"
	}
	answered, ok := errors.AsType[*Error](refusal)
	if ok && answered.Detail == clientForgotten {
		reason = clientForgotten
	}
	if ok && answered.Code != "" {
		reason += " (" + answered.Code + ")"
	}
	if lost && !n.in.Auth.Issues() {
		reason += "; the answer to an earlier refresh was lost, and with it perhaps the token that came next"
	}
	return reason
}

// Run keeps connections alive that nobody uses: it refreshes them before their
// refresh token lapses, where refresh_token_lifetime_seconds says when that is. It
// returns when ctx ends; a refresh under way is finished all the same. Failures are
// told to Observe.
//
// Nothing else depends on it. Several processes may run it over one store.
func (e *Engine) Run(ctx context.Context) {
	for {
		t := time.NewTimer(e.refresher.KeepAlive(ctx, e.sources()))
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-t.C:
		}
	}
}

// Wait waits for the refreshes under way, and for those that begin meanwhile. Call it
// before the process exits, when nothing else uses the engine: a provider's answer
// that comes too late for anyone may hold the only good token. It returns ctx's error
// if that ends first.
func (e *Engine) Wait(ctx context.Context) error { return e.refresher.Wait(ctx) }

// CacheStats say how the cache of connections does, for metrics: its Size and Capacity
// in connections (0: nothing is cached), Hits, Misses, and Evictions to make room.
type CacheStats = refresh.CacheStats

// CacheStats returns the counts since the engine was made.
func (e *Engine) CacheStats() CacheStats { return e.refresher.Connections.Stats() }

package engine

import (
	"context"
	"math"
	"strconv"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/oauthwire"
	"github.com/nango-lite/nango-lite/engine/internal/plan"
	"github.com/nango-lite/nango-lite/schema"
)

// learnEnd asks the provider when c's token ends (RFC 7662), where nothing else says
// it; see [integration.end]. A provider that does not answer is no reason to do
// without the token: its end then shows when the API refuses it. One that calls it
// inactive is.
func (e *Engine) learnEnd(ctx context.Context, in *integration, c *Connection) error {
	t := &c.Credentials.Token
	if in.Auth.IntrospectionURL == "" || !t.ExpiresAt.IsZero() || t.AccessToken.Empty() {
		return nil
	}
	start := e.opts.Now()
	end, err := e.introspect(ctx, in, c)
	ev := Event{Kind: EventEnd, Key: c.Key, Duration: e.opts.Now().Sub(start), Err: err}
	switch {
	case ErrorKind(err) == KindInvalidResponse:
		ev.Reason = "the provider calls its own new token inactive, or makes no sense"
	case err != nil:
		ev.Reason, err = "the provider was asked when the token ends, and did not say; only a refusal will show it", nil
	case end.IsZero():
		ev.Reason = "the provider was asked when the token ends, and states no end"
	default:
		t.ExpiresAt = end
		ev.Reason = "the provider was asked when the token ends: in " + end.Sub(e.opts.Now()).Round(time.Second).String()
	}
	e.emit(ctx, ev)
	return err
}

// introspect returns when the token ends, or the zero time if the answer does not
// say. The error is of KindInvalidResponse if the token is not active.
func (e *Engine) introspect(ctx context.Context, in *integration, c *Connection) (time.Time, error) {
	const op = "introspect"
	params := map[string]string{"token": c.Credentials.Token.AccessToken.Reveal(), "token_type_hint": "access_token"}
	answer, err := e.asClient(ctx, in, c, func(in *integration) (*oauthwire.Answer, error) {
		r, err := in.sideRequest(e.opts.Now(), c, in.Parsed.IntrospectionURL, params, in.Parsed.IntrospectionParams)
		if err != nil {
			return nil, &Error{Op: op, Key: c.Key, Kind: KindClient, Detail: "the introspection request cannot be built", Err: err}
		}
		return e.askAs(ctx, op, in, c, in.Parsed.IntrospectionURL, r, in.beside())
	})
	if err != nil {
		if ErrorKind(err) == KindInvalidResponse { // a page, say: that is not about the token
			err = &Error{Op: op, Key: c.Key, Kind: KindUnavailable, Detail: "the introspection answer cannot be read", Err: err}
		}
		return time.Time{}, askedAt("the introspection endpoint", err)
	}
	if active, ok := answer.Doc["active"].(bool); !ok || !active {
		if !ok {
			return time.Time{}, &Error{Op: op, Key: c.Key, Kind: KindUnavailable, Status: answer.Status, Detail: `the introspection answer has no "active" (RFC 7662 2.2)`}
		}
		return time.Time{}, &Error{Op: op, Key: c.Key, Kind: KindInvalidResponse, Status: answer.Status, Detail: "the token that was just given is not active"}
	}
	text, _ := schema.TextAt(answer.Doc, "exp")
	exp, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(exp) || exp <= 0 || exp > math.MaxInt32*64 {
		return time.Time{}, nil
	}
	if end := time.Unix(int64(exp), 0).UTC(); end.After(e.opts.Now()) {
		return end, nil
	}
	return time.Time{}, nil // it is active: our clocks differ
}

// learnEndStored is learnEnd for a token that is stored already, and must be before
// anything else is asked: after a refresh it may be the only good one.
func (e *Engine) learnEndStored(ctx context.Context, in *integration, c *Connection) (*Connection, error) {
	if in.Auth.IntrospectionURL == "" || !c.Credentials.Token.ExpiresAt.IsZero() {
		return c, nil
	}
	next := c.Clone()
	if err := e.learnEnd(ctx, in, next); err != nil {
		return nil, err
	}
	if next.Credentials.Token.ExpiresAt.IsZero() || e.replace(ctx, next, c.Generation) != nil {
		return c, nil // someone was faster, or the store is out of order: the token is good all the same
	}
	e.changed(ctx, EventRefresh, c.Key, next)
	return next, nil
}

// sideRequest builds a request of an endpoint beside that of tokens, whose client
// authenticates there as it does here: a form, by POST.
func (in *integration) sideRequest(now time.Time, c *Connection, to schema.Template, params map[string]string, extra plan.TemplateMap) (*oauthwire.Request, error) {
	r, err := in.tokenRequest(now, c, to, params, extra)
	if err != nil {
		return nil, err
	}
	r.Method, r.JSON, r.InQuery, r.Query = "POST", false, false, nil
	return r, nil
}

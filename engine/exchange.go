package engine

import (
	"context"
	"net/url"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/refresh"
	"github.com/nango-lite/nango-lite/schema"
)

// Exchange finishes the flow that p started, given the query of the callback,
// and stores the connection. It does not know by which redirect URI the callback came: a host
// that has more than one, and every host whose users name servers, calls
// [Engine.ExchangeAt]. Where the file does not name the server, and the server does not name
// itself on callbacks, it fails with KindState. The code is sent once: a failed exchange needs a
// new authorization. Nothing is stored unless everything went well: what the
// integration looks up (from: request) included. A field with several values to
// choose from is left open; see [Engine.OpenFields].
//
// A callback's query that is read with net/url lacks each pair that holds a semicolon
// or a stray percent sign; a provider that sends such codes needs a parser of forms as
// browsers have them.
//
// It fails with KindState if the callback belongs to another flow, came too late
// or came before: start over. With KindDenied if the user, the provider or BeforeStore
// said no. With KindClient if the provider refuses the client or the code, which a new
// code would not change: the operator has to look. With KindReauthorize only where a new
// consent helps: the user's own client or the client that we had registered is refused.
// With KindRateLimited and KindUnavailable if the provider wants to be asked later or
// did not answer, and with KindUnavailable if the store does not; with
// KindInvalidResponse if the answer has no usable token; with KindUnsupported if the
// provider may not be called, or the auth mode has no such flow; with KindNotFound if
// there is no such integration.
func (e *Engine) Exchange(ctx context.Context, p *Pending, callback url.Values) (*Connection, error) {
	const op = "exchange"
	return e.finish(ctx, op, p, callback, nil)
}

// ExchangeAt is [Engine.Exchange] of a callback that came to the URL at, such as the
// URL of a request: its query is that of the callback. A callback that came by another
// redirect URI than p's belongs to another flow, whatever its state says, perhaps
// because a hostile server has led the user to an honest one (RFC 9700 4.4): it fails
// with KindState before any request, and p counts no more. Hosts that tell redirect
// URIs apart by scheme or host have to put them into at.
func (e *Engine) ExchangeAt(ctx context.Context, p *Pending, at *url.URL) (*Connection, error) {
	const op = "exchange"
	if at == nil {
		at = &url.URL{}
	}
	return e.finish(ctx, op, p, at.Query(), at)
}

// finish exchanges a callback that came to at; nil: the host does not say.
func (e *Engine) finish(ctx context.Context, op string, p *Pending, callback url.Values, at *url.URL) (*Connection, error) {
	start := e.opts.Now()
	c, err := e.exchange(ctx, op, p, callback, at)
	e.exchanged(ctx, p.Key, "the code", c, start, err)
	return c, err
}

// exchanged tells what came of an exchange.
func (e *parts) exchanged(ctx context.Context, k Key, what string, c *Connection, start time.Time, err error) {
	ev := Event{Kind: EventExchange, Key: k, Duration: e.opts.Now().Sub(start), Reason: what + " was exchanged for a token", Err: err}
	if err != nil {
		ev.Reason = what + " was not exchanged"
	} else {
		ev.Reason += refresh.DescribeToken(&c.Credentials.Token, e.opts.Now())
	}
	e.watch.Tell(ctx, ev)
	if err == nil {
		e.hooks.changed(ctx, EventExchange, k, c)
	}
}

func (e *Engine) exchange(ctx context.Context, op string, p *Pending, callback url.Values, at *url.URL) (*Connection, error) {
	in, err := e.integration(p.Key.Integration)
	if err != nil {
		return nil, err
	}
	m, err := in.consenter(op, p.Key)
	if err != nil {
		return nil, err
	}
	c := p.Connection(in.Auth.AuthMode)
	if err := m.Ready(op, c); err != nil {
		return nil, err
	}
	if err := e.used.Accept(op, p, callback.Get("state"), e.opts.Now()); err != nil {
		return nil, err
	}
	if at != nil && !p.CameBy(at) {
		return nil, &Error{Op: op, Key: p.Key, Kind: KindState, Detail: "the callback came by another redirect URI than the one that was sent"}
	}
	if at == nil {
		if err := checkKnown(op, in, p); err != nil {
			return nil, err
		}
	}
	if !in.NamesServer() && e.back.IsConfigured(p.RedirectURL, e.opts.Now()) {
		return nil, sharedRedirect(op, p.Key, withConfigured)
	}
	if err := e.checkOthersIssuer(op, in, p, callback.Get("iss")); err != nil {
		return nil, err
	}
	if err := m.Answered(op, p, callback); err != nil {
		return nil, err
	}
	if err := in.TakeFields(op, c, schema.FromCallback, func(path string) (string, bool) {
		return callback.Get(path), callback.Get(path) != ""
	}); err != nil {
		return nil, err
	}
	if err := m.Exchange(ctx, in.token.For(op, c), p, callback); err != nil {
		return nil, err
	}
	return c, e.admit(ctx, op, in, c)
}

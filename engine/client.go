package engine

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/layer"
	"github.com/nango-lite/nango-lite/engine/internal/lookup"
	"github.com/nango-lite/nango-lite/engine/internal/mode"
	"github.com/nango-lite/nango-lite/engine/internal/render"
)

// Client returns an HTTP client that calls the provider's API as k: authorised
// and refreshed, at the API's pace, retried where that is harmless.
//
// A URL without a host, such as "/v1/users", is taken below the integration's
// base_url; one with a host must lie there. Credentials go to that origin alone:
// a redirect elsewhere is followed with GET and HEAD, and carries nothing of
// ours. The client has no cookies and no timeout of its own; a request's context
// limits a call as a whole, and http_request_timeout_seconds each attempt.
//
// A failure is an [*Error], or the context's own error, inside net/http's
// *url.Error; that one quotes the URL that was given to the client, query
// included. A body that breaks off ends with an *Error as well, which is still
// io.ErrUnexpectedEOF to errors.Is. The connection need not exist before the
// first call.
//
// The client follows a [Engine.Reload]. It is safe for concurrent use, and cheap
// to make.
func (e *Engine) Client(k Key) (*http.Client, error) {
	rt, err := e.RoundTripper(k, nil)
	if err != nil {
		return nil, err
	}
	return &http.Client{Transport: rt, CheckRedirect: layer.CheckRedirect}, nil
}

// RoundTripper is [Engine.Client] for hosts with a client of their own. Requests
// go out through base; if nil, through the engine's transport. Redirects are the
// client's affair: those that may not be followed fail.
func (e *Engine) RoundTripper(k Key, base http.RoundTripper) (http.RoundTripper, error) {
	if _, err := e.integration(k.Integration); err != nil {
		return nil, err
	}
	return &caller{e: e, key: k, base: base}, nil
}

// ConnectionFromContext returns the connection that the request of ctx is made
// with, for code below the client such as a transport. Callers must not modify
// it.
func ConnectionFromContext(ctx context.Context) (*Connection, bool) {
	call := layer.From(ctx)
	if call == nil {
		return nil, false
	}
	s, ok := call.Snapshot().(interface{ Connection() *Connection })
	if !ok {
		return nil, false
	}
	return s.Connection(), true
}

// A caller makes calls as one connection.
type caller struct {
	e     *Engine
	key   Key
	base  http.RoundTripper // nil: the engine's
	fixed layer.Session     // nil: the stored connection's
	as    *integration      // nil: the configuration's
	reads bool              // its requests only read, whatever their method
	why   string            // what the calls are for, where nobody else says it
	bound atomic.Pointer[binding]
}

// calls numbers the calls that are watched, of all engines: they may share whoever
// watches.
var calls atomic.Uint64

// A binding is a caller with the configuration that is in force.
type binding struct {
	in     *integration
	chain  http.RoundTripper
	client layer.Client
}

func (c *caller) bind() (*binding, error) {
	in := c.as
	if in == nil {
		var err error
		if in, err = c.e.integration(c.key.Integration); err != nil {
			return nil, err
		}
	}
	if b := c.bound.Load(); b != nil && b.in == in {
		return b, nil
	}
	b := &binding{in: in, chain: c.e.chain(in, c.base)}
	b.client = layer.Client{Session: c.fixed, Scope: c.key.ConnectionID, Data: in, ReadOnly: c.reads, Now: c.e.opts.Now}
	if c.fixed == nil {
		b.client.Session = c.e.session(in, c.key)
	}
	b.client.Notify = func(ctx context.Context, n layer.Notice) {
		ev := eventOf(c.key, ctx, n)
		ev.Reason = cmp.Or(ev.Reason, c.why)
		c.e.emit(ctx, ev)
	}
	b.client.Broken = func(call *layer.Call, err error) error {
		return &Error{Op: "call", Key: c.key, Kind: KindUnavailable, Detail: "the answer broke off", Err: masked(err, call)}
	}
	c.bound.Store(b)
	return b, nil
}

// RoundTrip implements [http.RoundTripper].
func (c *caller) RoundTrip(r *http.Request) (*http.Response, error) {
	b, err := c.bind()
	if err != nil {
		if r.Body != nil {
			_ = r.Body.Close()
		}
		return nil, err
	}
	call := &layer.Call{Client: &b.client}
	if c.e.watched(r.Context(), b.in) {
		call.ID = calls.Add(1)
	}
	returned := false
	defer func() {
		if !returned { // a panic of the host's, in Observe or the transport, is the host's to see
			call.Abandon()
		}
	}()
	resp, err := b.chain.RoundTrip(call.Adopt(r))
	returned = true
	if err != nil {
		return nil, callError(r.Context(), c.key, call, err)
	}
	return resp, nil
}

// do makes a call as a client would, redirects included. The error is without
// net/http's URL.
func (c *caller) do(r *http.Request) (*http.Response, error) {
	resp, err := (&http.Client{Transport: c, CheckRedirect: layer.CheckRedirect}).Do(r)
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return nil, wrapped.Err
	}
	return resp, err
}

// callError gives a failure of the layers its kind. Contexts' errors pass
// through.
func callError(ctx context.Context, k Key, call *layer.Call, err error) error {
	var known *Error
	var refused *layer.RefusedError
	var limit *layer.LimitError
	var missing *render.MissingError
	var failed *layer.TransportError
	e := &Error{Op: "call", Key: k}
	switch {
	case errors.As(err, &known):
		return err
	case ctx.Err() != nil && (errors.Is(err, context.Cause(ctx)) || errors.Is(err, ctx.Err())):
		return err
	case errors.As(err, &refused):
		e.Kind, e.Detail = KindUnsupported, "the request was not sent: "+refused.Reason
	case errors.As(err, &limit):
		e.Kind, e.Detail, e.RetryAfter = KindRateLimited, limit.Reason, limit.Wait
	case errors.As(err, &missing):
		e.Kind, e.Detail = missingKind(missing.Name), err.Error()
		if in, ok := call.Data.(*integration); ok {
			in.explainOpen(e, missing.Name)
		}
	case errors.As(err, &failed):
		e.Kind, e.Detail = KindUnavailable, call.Reason()
		e.Err = masked(failed.Err, call)
		if said := e.Err.Error(); strings.HasPrefix(e.Detail, said) {
			e.Err = fault.WithText("", e.Err) // once is enough
		}
	default:
		e.Kind, e.Err = KindClient, err
	}
	return e
}

// missingKind says who must supply the value of a placeholder.
func missingKind(name string) Kind {
	switch name {
	case "app_api_key", "oauth_client_id", "oauth_client_secret":
		return KindClient
	}
	return KindReauthorize
}

// lookUp makes the call of a look-up of in's, and returns an answer that means success.
func (e *Engine) lookUp(in *integration, r *lookup.Request) (*http.Response, error) {
	calls, err := newCallPlan(r.As)
	if err != nil {
		return nil, &Error{Op: "call", Key: r.Key, Kind: KindClient, Detail: "the request cannot be built", Err: err}
	}
	as := &integration{Integration: r.As, calls: calls, mode: mode.New(&mode.Env{In: r.As, Now: e.opts.Now}), shown: in.shown}
	if !r.AtHome {
		as.shown, as.apart = nil, " elsewhere"
	}
	resp, err := (&caller{e: e, key: r.Key, fixed: r.Session, as: as, why: r.Reason}).do(r.Request)
	if err != nil {
		return nil, err
	}
	if err := CheckResponse(resp); err != nil {
		_ = resp.Body.Close()
		return nil, err
	}
	return resp, nil
}

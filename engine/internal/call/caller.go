package call

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"sync/atomic"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/layer"
)

// A Caller makes calls as one connection. It is an [http.RoundTripper] that is safe for
// concurrent use.
type Caller struct {
	Key     connection.Key
	API     func() (*API, error) // returns the API in force
	Base    http.RoundTripper    // nil: the engine's
	Session layer.Session        // nil: that of what is stored
	Repeat  layer.Repeat         // whether its requests may be repeated; zero: by method
	Reason  string               // what the calls are for, where nobody else says it

	Operation string // the operation that the calls belong to; empty: none

	bound atomic.Pointer[binding]
}

// Caller returns who calls p, whatever will be in force, as s.
func (p *API) Caller(k connection.Key, s layer.Session) *Caller {
	return &Caller{Key: k, Session: s, API: func() (*API, error) { return p, nil }}
}

// calls numbers the calls that are watched, of all engines: they may share whoever
// watches.
var calls atomic.Uint64

// Number returns the number of the call that a context belongs to, or 0.
func Number(ctx context.Context) uint64 {
	if call := layer.From(ctx); call != nil {
		return call.ID
	}
	return 0
}

// ConnectionOf returns the connection that a call is made with, or nil before it is
// known.
func ConnectionOf(call *layer.Call) *connection.Connection {
	if call == nil {
		return nil
	}
	if s, ok := call.Snapshot().(interface{ Connection() *connection.Connection }); ok {
		return s.Connection()
	}
	return nil
}

// A binding is a caller with the configuration that is in force.
type binding struct {
	api    *API
	chain  http.RoundTripper
	client layer.Client
}

func (c *Caller) bind() (*binding, error) {
	api, err := c.API()
	if err != nil {
		return nil, err
	}
	if b := c.bound.Load(); b != nil && b.api == api {
		return b, nil
	}
	b := &binding{api: api, chain: api.over(c.Base)}
	b.client = layer.Client{Session: c.Session, Scope: c.Key.ConnectionID, Data: api, Repeat: c.Repeat, Now: api.env.Now}
	if c.Session == nil {
		b.client.Session = api.Open(c.Key)
	}
	b.client.Notify = func(ctx context.Context, n layer.Notice) {
		ev := eventOf(c.Key, ctx, n)
		ev.Reason, ev.Operation = cmp.Or(ev.Reason, c.Reason), c.Operation
		if api.env.Watch.Observe != nil && n.Kind == layer.AttemptEnded && n.Response != nil {
			if failed, ok := errors.AsType[*fault.Error](Check(n.Response)); ok {
				ev.Message = failed.Message
			}
		}
		api.env.Watch.Tell(ctx, ev)
	}
	b.client.Shown = func(call *layer.Call, u *url.URL) string { return shownURL(u, call) }
	b.client.Broken = func(call *layer.Call, err error) error {
		return &fault.Error{Op: "call", Key: c.Key, Kind: fault.KindUnavailable, Detail: "the answer broke off", Err: masked(err, call)}
	}
	c.bound.Store(b)
	return b, nil
}

// RoundTrip implements [http.RoundTripper].
func (c *Caller) RoundTrip(r *http.Request) (*http.Response, error) {
	b, err := c.bind()
	if err != nil {
		if r.Body != nil {
			_ = r.Body.Close()
		}
		return nil, err
	}
	call := &layer.Call{Client: &b.client}
	if b.api.env.Watch.Wants(r.Context(), b.api.in.LogLevel) {
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
		return nil, callError(r.Context(), c.Key, call, err)
	}
	return resp, nil
}

// Client returns a client over c that follows redirects as far as they may be followed.
func (c *Caller) Client() *http.Client {
	return &http.Client{Transport: c, CheckRedirect: layer.CheckRedirect}
}

// Do makes a call as a client would, redirects included. The error is without
// net/http's URL.
func (c *Caller) Do(r *http.Request) (*http.Response, error) {
	resp, err := c.Client().Do(r)
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return nil, wrapped.Err
	}
	return resp, err
}

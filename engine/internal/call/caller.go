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

// A binding is a caller with the configuration that is in force. Its calls know it as
// their Data.
type binding struct {
	of     *Caller
	api    *API
	chain  http.RoundTripper
	client layer.Client
}

// bindingOf returns what a call of this package was made with; nil: it is none.
func bindingOf(call *layer.Call) *binding {
	b, _ := call.Data.(*binding)
	return b
}

// apiOfCall returns whose call it is; nil: nobody's.
func apiOfCall(call *layer.Call) *API {
	if b := bindingOf(call); b != nil {
		return b.api
	}
	return nil
}

func (c *Caller) bind() (*binding, error) {
	api, err := c.API()
	if err != nil {
		return nil, err
	}
	if b := c.bound.Load(); b != nil && b.api == api {
		return b, nil
	}
	b := &binding{of: c, api: api, chain: api.over(c.Base)}
	b.client = layer.Client{
		Session: c.Session, Scope: c.Key.ConnectionID, Data: b, Repeat: c.Repeat, Now: api.env.Now,
		Notify: notify, Shown: shownURL, Broken: brokenOff, // not bound to c: clients are made often
	}
	if c.Session == nil {
		b.client.Session = api.Open(c.Key)
	}
	c.bound.Store(b)
	return b, nil
}

// notify tells whoever watches.
func notify(call *layer.Call, n layer.Notice) {
	b := bindingOf(call)
	ev := eventOf(b, call, n)
	ev.Reason, ev.Operation = cmp.Or(ev.Reason, b.of.Reason), b.of.Operation
	watch := b.api.env.Watch
	if watch.Observe != nil && n.Kind == layer.AttemptEnded && n.Response != nil {
		if failed, ok := errors.AsType[*fault.Error](Check(n.Response)); ok {
			ev.Message = failed.Message
		}
	}
	watch.Tell(call, ev)
}

func brokenOff(call *layer.Call, err error) error {
	return &fault.Error{Op: "call", Key: bindingOf(call).of.Key, Kind: fault.KindUnavailable, Detail: "the answer broke off", Err: masked(err, call)}
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

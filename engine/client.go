package engine

import (
	"context"
	"net/http"

	"github.com/nango-lite/nango-lite/engine/internal/call"
	"github.com/nango-lite/nango-lite/engine/internal/layer"
)

// Client returns an HTTP client that calls the provider's API as k: authorised
// and refreshed, at the API's pace, retried where that is harmless.
//
// A URL without a host, such as "/v1/users", is taken below the integration's
// base_url; one with a host must lie there. An empty one is base_url as it stands, and "/"
// has a slash behind it, which is another address to many servers. Credentials go to that origin alone:
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
// An integration that is not there, and an empty connection id, are errors of
// KindNotFound at once. The client follows a [Engine.Reload]. It is safe for concurrent use, and cheap
// to make.
func (e *Engine) Client(k Key) (*http.Client, error) {
	c, err := e.caller(k)
	if err != nil {
		return nil, err
	}
	return c.Client(), nil
}

// RoundTripper is [Engine.Client] for hosts with a client of their own. Requests
// go out through base; if nil, through the engine's transport. Redirects are the
// client's affair: those that may not be followed fail.
func (e *Engine) RoundTripper(k Key, base http.RoundTripper) (http.RoundTripper, error) {
	c, err := e.caller(k)
	if err != nil {
		return nil, err
	}
	c.Base = base
	return c, nil
}

// caller returns who calls as k, with the configuration that is in force by then.
func (e *Engine) caller(k Key) (*call.Caller, error) {
	if _, err := e.integration(k.Integration); err != nil {
		return nil, err
	}
	if err := named("call", k); err != nil {
		return nil, err
	}
	return &call.Caller{Key: k, API: func() (*call.API, error) {
		in, err := e.integration(k.Integration)
		if err != nil {
			return nil, err
		}
		return in.api, nil
	}}, nil
}

// ConnectionFromContext returns the connection that the request of ctx is made
// with, for code below the client such as a transport. Callers must not modify
// it.
func ConnectionFromContext(ctx context.Context) (*Connection, bool) {
	c := call.ConnectionOf(layer.From(ctx))
	return c, c != nil
}

// CheckResponse returns an [*Error] if resp says that the request failed, and
// nil otherwise. What counts are the errors section of the integration, problem
// documents (RFC 9457), and the status, in this order; so the error of an API
// that answers 200 to everything is seen as well. The body can still be read.
//
// resp must come from a client or round tripper of an [Engine]; of any other,
// status and problem document alone are looked at. The provider's message is in
// the error's Message and never in its text: from where errors.message says, else
// from where messages usually stand; on one line, at most 300 characters, and without
// what the call has sent.
func CheckResponse(resp *http.Response) error { return call.Check(resp) }

// Verify proves k's credentials with the integration's verify call. The error
// says what the answer means, as [CheckResponse] does; it is of KindUnsupported
// if the integration declares no such call.
func (e *Engine) Verify(ctx context.Context, k Key) error {
	in, err := e.integration(k.Integration)
	if err != nil {
		return err
	}
	return in.api.Verify(ctx, k, in.stored.Open(k))
}

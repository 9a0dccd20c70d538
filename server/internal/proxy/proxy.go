// Package proxy calls the APIs of integrations for programs that have an API key of this
// server in place of a provider's token. Calls and answers are passed on as they come.
// Start with [Proxy].
package proxy

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/server/internal/access"
	"github.com/nango-lite/nango-lite/server/internal/answer"
	"github.com/nango-lite/nango-lite/server/internal/apikey"
	"github.com/nango-lite/nango-lite/server/internal/input"
)

// Engine makes clients that are authorised; see [engine.Engine.Client].
type Engine interface {
	Client(k engine.Key) (*http.Client, error)
}

// A Proxy passes calls on.
type Proxy struct {
	Engine      Engine
	Guard       *access.Guard
	IdleTimeout time.Duration // how long a body may be silent, in either direction
}

// ByPath serves /c/{integration}/{connection}/…: a base URL that a provider's own
// client can be pointed at, with an API key in the place of the provider's token.
func (p *Proxy) ByPath(w *answer.Writer, path string) {
	key, shown, err := p.keyInPlace(w.Request)
	if key == nil && err == nil && shown == "" {
		w.Unauthorized("missing_auth_header", "the API key is missing; it stands where the provider's token would")
		return
	}
	admitted := p.Guard.AdmitKey(w, key, err, apikey.ScopeProxy)
	if admitted == nil {
		return
	}
	k, rest, ok := splitPath(path)
	if !ok {
		w.Fail(http.StatusBadRequest, "invalid_uri_params", "the path must be /c/{integration}/{connection}/…, with %2F for a slash in a connection's id")
		return
	}
	if strings.Contains(w.Request.URL.RawQuery, shown) || strings.Contains(rest, shown) {
		w.Fail(http.StatusBadRequest, "invalid_uri_params", "the API key must not stand in the URL as well: the provider would get it")
		return
	}
	w.Connection = k
	if p.Guard.Reaches(w, admitted, k) {
		p.forward(w, call{key: k, path: rest, header: endToEnd(w.Request.Header, shown)})
	}
}

// ByHeader serves /proxy/…, as Nango's clients speak it: headers say which connection it
// is. path is what follows /proxy.
func (p *Proxy) ByHeader(w *answer.Writer, path string) {
	admitted := p.Guard.Admit(w, apikey.ScopeProxy)
	if admitted == nil {
		return
	}
	c, err := callOf(w.Request.Header)
	if err != nil {
		w.Fail(http.StatusBadRequest, "invalid_headers", err.Error())
		return
	}
	c.path, w.Connection = path, c.key
	if p.Guard.Reaches(w, admitted, c.key) {
		p.forward(w, c)
	}
}

// forward sends the call on and its answer back.
func (p *Proxy) forward(w *answer.Writer, c call) {
	switch {
	case w.Request.Method == http.MethodTrace:
		w.Fail(http.StatusMethodNotAllowed, "method_not_allowed", "TRACE is not passed on, for it shows the credentials")
		return
	case input.WantsWebSocket(w.Request.Header):
		w.Fail(http.StatusNotImplemented, "websocket_unsupported", "WebSockets are not passed on; GET /connections/{id} gives a token for a connection of your own")
		return
	}
	client, err := p.Engine.Client(c.key)
	if err != nil {
		w.Error(err)
		return
	}
	r, err := p.request(w, c)
	if err != nil {
		w.Fail(http.StatusBadRequest, "invalid_request", err.Error())
		return
	}
	resp, err := c.retries.do(client, r)
	if err != nil {
		var refused *engine.Error
		if c.base != "" && errors.As(err, &refused) && refused.Kind == engine.KindUnsupported {
			w.Fail(http.StatusBadRequest, "base_url_override_not_allowed", "Base-Url-Override must lie at the integration's base_url or below it: "+refused.Detail)
			return
		}
		w.Error(err)
		return
	}
	defer resp.Body.Close()
	p.passBack(w, resp)
}

// request makes the request that the engine gets.
func (p *Proxy) request(w *answer.Writer, c call) (*http.Request, error) {
	u, err := c.url(w.Request.URL)
	if err != nil {
		return nil, err
	}
	r := (&http.Request{
		Method: w.Request.Method, URL: u, Header: c.header, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}).WithContext(w.Request.Context())
	if !c.decompress && r.Header.Get("Accept-Encoding") == "" {
		r.Header.Set("Accept-Encoding", "identity") // else the transport would ask for gzip, and unpack it
	}
	if r.Header.Get("User-Agent") == "" {
		r.Header.Set("User-Agent", "nango-lite")
	}
	return r, p.body(w, r)
}

// Package token is the token endpoint: it hands out what a connection is authorised with.
// Start with [Endpoint].
package token

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/server/internal/access"
	"github.com/nango-lite/nango-lite/server/internal/answer"
	"github.com/nango-lite/nango-lite/server/internal/apikey"
	"github.com/nango-lite/nango-lite/server/internal/audit"
)

// A tokenAnswer is that of RFC 6749 5.1. There is never a refresh token in it.
type tokenAnswer struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   *int64 `json:"expires_in,omitempty"` // absent: no end is known
	Scope       string `json:"scope,omitempty"`
}

// Tokens gives out sources of tokens; see [engine.Engine.TokenSource].
type Tokens interface {
	TokenSource(k engine.Key) engine.TokenSource
}

// An Endpoint is a token endpoint as RFC 6749 4.4 has it, with a connection for the client
// and an API key for its secret.
type Endpoint struct {
	Tokens Tokens
	Guard  *access.Guard
	Audit  *audit.Log
	Now    func() time.Time
	Links  Links // nil: there are none
}

// Links makes links by which a user connects again.
type Links interface {
	// For returns a link for a connection, or "".
	For(ctx context.Context, k engine.Key) string
}

// Serve is POST /oauth/token.
func (e *Endpoint) Serve(w *answer.Writer) {
	h := w.Header()
	h.Set("Pragma", "no-cache") // RFC 6749 5.1
	granted, refused := e.tokenFor(w)
	if refused == nil {
		w.JSON(http.StatusOK, granted)
		return
	}
	w.Code = refused.Code
	switch {
	case refused.status == answer.StatusGone:
		w.Gone()
		return
	case refused.status == http.StatusUnauthorized:
		h.Set("WWW-Authenticate", `Basic realm="nango-lite", charset="UTF-8"`)
	case refused.status == http.StatusServiceUnavailable:
		h.Set("Retry-After", answer.RetryAfter(refused.wait))
	}
	w.JSON(refused.status, refused)
}

func (e *Endpoint) tokenFor(w *answer.Writer) (*tokenAnswer, *tokenError) {
	form, refused := tokenForm(w)
	if refused != nil {
		return nil, refused
	}
	if grant := form.Get("grant_type"); grant != "client_credentials" {
		if grant == "" {
			return nil, tokenErrorf("invalid_request", "grant_type is missing; it is client_credentials")
		}
		return nil, tokenErrorf("unsupported_grant_type", "grant_type must be client_credentials")
	}
	k, refused := e.authenticate(w, form)
	if refused != nil {
		return nil, refused
	}
	token, err := e.Tokens.TokenSource(k).Token(w.Request.Context())
	if err != nil {
		refused := noToken(w, err)
		if refused.Code == "invalid_grant" && e.Links != nil {
			refused.URI = e.Links.For(w.Request.Context(), k)
		}
		return nil, refused
	}
	granted, refused := tokenOf(token, form.Get("scope"), e.Now())
	if refused == nil {
		e.Audit.Add(audit.Token, w.APIKey, w.Connection)
	}
	return granted, refused
}

// authenticate returns the connection that the client names, if its API key may have a
// token of it.
func (e *Endpoint) authenticate(w *answer.Writer, form url.Values) (k engine.Key, refused *tokenError) {
	id, secret, refused := clientOf(w.Request, form)
	if refused != nil {
		return k, refused
	}
	key, err := e.Guard.Keys.Find(w.Request.Context(), secret)
	switch {
	case err != nil:
		return k, &tokenError{status: http.StatusServiceUnavailable, Code: "temporarily_unavailable", Description: err.Error()}
	case key == nil:
		return k, invalidClient("client_secret is no API key, or one that was revoked")
	}
	w.APIKey = key.Name
	if wait := e.Guard.Limit.Wait(key.Name); wait > 0 {
		return k, &tokenError{status: http.StatusServiceUnavailable, Code: "temporarily_unavailable", Description: "the API key has made more requests a second than server.limits allows", wait: wait}
	}
	k, ok := connectionOf(id)
	if !ok {
		return k, invalidClient("client_id must be integration/connection")
	}
	w.Connection = k
	switch {
	case !key.May(apikey.ScopeToken):
		return k, tokenErrorf("unauthorized_client", "the API key has no scope token")
	case !key.Reaches(k):
		return k, tokenErrorf("unauthorized_client", "the API key is not bound to this connection")
	}
	return k, nil
}

// connectionOf reads integration/connection. A connection's id may hold slashes, the
// name of an integration does not.
func connectionOf(text string) (engine.Key, bool) {
	integration, id, found := strings.Cut(text, "/")
	k := engine.Key{Integration: integration, ConnectionID: id}
	return k, found && k.Check() == nil
}

// tokenOf returns the answer for a token. It is an error to ask for a scope that the
// connection has not, for only its user can grant it.
func tokenOf(t *engine.Token, scope string, now time.Time) (*tokenAnswer, *tokenError) {
	if t.TokenSecret.IsSet() {
		return nil, tokenErrorf("unauthorized_client", "the connection signs its requests (OAuth 1.0a), which a token alone cannot; call through /c/ or /proxy/")
	}
	for wanted := range strings.FieldsSeq(scope) {
		if !slices.Contains(t.Scopes, wanted) {
			return nil, tokenErrorf("invalid_scope", "the connection was not granted one of these scopes; leave scope out for all that it has")
		}
	}
	a := &tokenAnswer{AccessToken: t.AccessToken.Reveal(), TokenType: t.TokenType, Scope: strings.Join(t.Scopes, " ")}
	if a.TokenType == "" {
		a.TokenType = "Bearer"
	}
	if !t.ExpiresAt.IsZero() {
		left := int64(t.ExpiresAt.Sub(now) / time.Second)
		if left <= 0 {
			return nil, &tokenError{status: http.StatusServiceUnavailable, Code: "temporarily_unavailable", Description: "the token has just ended", wait: time.Second}
		}
		a.ExpiresIn = &left
	}
	return a, nil
}

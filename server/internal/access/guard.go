// Package access decides whether a request may do what it asks for: by its API key, the
// key's scopes, the connections that the key is bound to, and how many requests it makes.
// Start with [Guard].
package access

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/server/internal/answer"
	"github.com/nango-lite/nango-lite/server/internal/apikey"
)

// Keys find API keys by their text; see [apikey.Ring.Find].
type Keys interface {
	Find(ctx context.Context, text string) (*apikey.Key, error)
}

// A Guard admits requests. It is safe for concurrent use.
type Guard struct {
	Keys  Keys
	Limit *Limiter
}

// Admit returns the API key of a request that carries it as a bearer token. If there is
// none, or it has not the scope, Admit answers the request and returns nil.
func (g *Guard) Admit(w *answer.Writer, scope apikey.Scope) *apikey.Key {
	header := w.Request.Header.Get("Authorization")
	scheme, text, _ := strings.Cut(header, " ")
	text = strings.TrimSpace(text)
	switch {
	case header == "":
		w.Unauthorized("missing_auth_header", "the API key is missing: Authorization: Bearer <key>")
		return nil
	case !strings.EqualFold(scheme, "Bearer") || text == "":
		w.Unauthorized("malformed_auth_header", "the header Authorization is to be: Bearer <key>")
		return nil
	}
	key, err := g.Keys.Find(w.Request.Context(), text)
	return g.AdmitKey(w, key, err, scope)
}

// AdmitKey is [Guard.Admit] for a key that stood elsewhere; key and err are what Find
// returned.
func (g *Guard) AdmitKey(w *answer.Writer, key *apikey.Key, err error, scope apikey.Scope) *apikey.Key {
	switch {
	case err != nil:
		w.FailForNow(http.StatusServiceUnavailable, "unavailable", err.Error(), 0)
		return nil
	case key == nil:
		w.Unauthorized("unknown_api_key", "there is no such API key, or it was revoked")
		return nil
	}
	w.APIKey = key.Name
	if wait := g.Limit.Wait(key.Name); wait > 0 {
		w.FailForNow(http.StatusTooManyRequests, "too_many_request", "the API key has made more requests a second than server.limits allows", wait)
		return nil
	}
	if !g.Has(w, key, scope) {
		return nil
	}
	return key
}

// Has reports whether the key has the scope; if not, it answers.
func (g *Guard) Has(w *answer.Writer, key *apikey.Key, scope apikey.Scope) bool {
	if key.May(scope) {
		return true
	}
	w.Fail(http.StatusForbidden, "forbidden", fmt.Sprintf("the API key %q has no scope %q", key.Name, scope))
	return false
}

// Reaches reports whether the key may act on the connection; if not, it answers, in the
// same way whether there is such a connection or not.
func (g *Guard) Reaches(w *answer.Writer, key *apikey.Key, k connection.Key) bool {
	if key.Reaches(k) {
		return true
	}
	w.Fail(http.StatusForbidden, "forbidden", fmt.Sprintf("the API key %q is not bound to this connection", key.Name))
	return false
}

// Package rest answers programs that ask for resources, in the shapes that Nango's clients
// know: the providers of the catalog, the operator's integrations, and connections. Start
// with [Connections].
package rest

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/server/internal/access"
	"github.com/nango-lite/nango-lite/server/internal/answer"
	"github.com/nango-lite/nango-lite/server/internal/apikey"
	"github.com/nango-lite/nango-lite/server/internal/audit"
	"github.com/nango-lite/nango-lite/server/internal/input"
)

// Engine is what Connections need of an engine.
type Engine interface {
	Lister
	Annotate(ctx context.Context, k engine.Key, change func(*engine.Connection) error) (*engine.Connection, error)
	Connect(ctx context.Context, k engine.Key, given engine.Credentials, opts *engine.ConnectOptions) (*engine.Connection, error)
	Connection(ctx context.Context, k engine.Key) (*engine.Connection, error)
	Connections(ctx context.Context, q engine.Query) (engine.Page, error)
	Refresh(ctx context.Context, k engine.Key) (*engine.Connection, error)
	Revoke(ctx context.Context, k engine.Key) error
	TokenSource(k engine.Key) engine.TokenSource
}

// Connections show, make, change and remove connections.
type Connections struct {
	Engine   Engine
	Guard    *access.Guard
	Audit    *audit.Log
	Provider func(integration string) string // the name of its blueprint
	Now      func() time.Time
}

// connectionAt returns the key of /connections/{id}. Nango's clients write the id
// without encoding its slashes.
func (h *Connections) connectionAt(w *answer.Writer, q url.Values) (engine.Key, bool) {
	id, err := url.PathUnescape(strings.TrimPrefix(w.Request.URL.EscapedPath(), "/connections/"))
	k := engine.Key{Integration: q.Get("provider_config_key"), ConnectionID: id}
	switch {
	case k.Integration == "":
		w.Fail(http.StatusBadRequest, "invalid_query_params", "provider_config_key is missing; it names the integration")
		return k, false
	case err != nil || k.Check() != nil:
		w.Fail(http.StatusBadRequest, "invalid_uri_params", "the path must be /connections/{id}")
		return k, false
	}
	w.Connection = k
	return k, true
}

// Show is GET /connections/{id}. A key with the scope token gets the credentials, others
// get their type alone.
func (h *Connections) Show(w *answer.Writer) {
	key := h.Guard.Admit(w, apikey.ScopeRead)
	if key == nil {
		return
	}
	q, ok := input.Query(w, "force_refresh", "provider_config_key", "refresh_github_app_jwt_token", "refresh_token")
	if !ok {
		return
	}
	force, ok := input.Flag(w, q, "force_refresh")
	if !ok {
		return
	}
	withRefresh, ok := input.Flag(w, q, "refresh_token")
	if !ok {
		return
	}
	k, ok := h.connectionAt(w, q)
	if !ok || !h.Guard.Reaches(w, key, k) {
		return
	}
	given := key.May(apikey.ScopeToken)
	if (force || withRefresh) && !h.Guard.Has(w, key, apikey.ScopeToken) {
		return
	}
	c, err := h.current(w, k, given, force)
	if err != nil {
		w.Error(err)
		return
	}
	if given {
		h.Audit.Add(audit.Given, w.APIKey, w.Connection)
	}
	h.answerWith(w, http.StatusOK, c, given, withRefresh)
}

// current returns a connection. If its credentials are given to the caller, its token is
// refreshed first if need be, or in any case with force.
func (h *Connections) current(w *answer.Writer, k engine.Key, given, force bool) (*engine.Connection, error) {
	ctx := w.Request.Context()
	var err error
	switch {
	case force:
		_, err = h.Engine.Refresh(ctx, k)
	case given:
		_, err = h.Engine.TokenSource(k).Token(ctx)
	}
	if err != nil && engine.ErrorKind(err) != engine.KindUnsupported { // such as that an API key cannot be refreshed
		return nil, err
	}
	return h.Engine.Connection(ctx, k)
}

// toChange returns the connection that a request may change; if there is none, it answers.
func (h *Connections) toChange(w *answer.Writer) (k engine.Key, ok bool) {
	key := h.Guard.Admit(w, apikey.ScopeConnect)
	if key == nil {
		return k, false
	}
	q, ok := input.Query(w, "provider_config_key")
	if !ok {
		return k, false
	}
	k, ok = h.connectionAt(w, q)
	return k, ok && h.Guard.Reaches(w, key, k)
}

// Remove is DELETE /connections/{id}. The provider is told, if its API has a way.
func (h *Connections) Remove(w *answer.Writer) {
	k, ok := h.toChange(w)
	if !ok {
		return
	}
	if _, err := h.Engine.Connection(w.Request.Context(), k); err != nil {
		w.Error(err)
		return
	}
	untold := h.Engine.Revoke(audit.By(w.Request.Context(), w.APIKey), k)
	if _, err := h.Engine.Connection(w.Request.Context(), k); engine.ErrorKind(err) != engine.KindNotFound {
		if untold == nil {
			untold = err
		}
		w.Error(untold) // it is still there
		return
	}
	body := map[string]any{"success": true}
	if untold != nil {
		body["warning"] = "the connection is removed, but the provider could not be told: " + untold.Error()
	}
	w.JSON(http.StatusOK, body)
}

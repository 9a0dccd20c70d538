package session

import (
	"context"
	"net/http"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server/internal/access"
	"github.com/nango-lite/nango-lite/server/internal/answer"
	"github.com/nango-lite/nango-lite/server/internal/apikey"
	"github.com/nango-lite/nango-lite/server/internal/connect/result"
	"github.com/nango-lite/nango-lite/server/internal/connect/site"
	"github.com/nango-lite/nango-lite/server/internal/input"
	"github.com/nango-lite/nango-lite/server/internal/tags"
)

// Engine is what Sessions need of an engine.
type Engine interface {
	Connection(ctx context.Context, k engine.Key) (*engine.Connection, error)
	Describe(name string) (*engine.Description, error)
	Integrations() []*schema.Integration
}

// Sessions are the routes of connect sessions.
type Sessions struct {
	Engine Engine
	Guard  *access.Guard
	Site   *site.Site
	Store  *Store
	Teller *result.Teller
}

// Create is POST /connect/sessions.
func (s *Sessions) Create(w *answer.Writer) { s.create(w, false) }

// Reconnect is POST /connect/sessions/reconnect: a session to give an existing connection new
// credentials.
func (s *Sessions) Reconnect(w *answer.Writer) { s.create(w, true) }

func (s *Sessions) create(w *answer.Writer, again bool) {
	key := s.Guard.Admit(w, apikey.ScopeConnect)
	if key == nil {
		return
	}
	var body request
	if !input.JSON(w, &body) {
		return
	}
	session, bad := s.build(w.Request.Context(), key, &body, again)
	if bad == nil {
		var err error
		if session.Tags, err = tags.Of(body.EndUser, body.Organization, body.Tags); err != nil {
			bad = badBody(err.Error())
		}
	}
	if bad != nil {
		bad.Answer(w)
		return
	}
	token, err := s.Store.create(w.Request.Context(), session)
	if err != nil {
		w.StoreAway()
		return
	}
	if len(session.Allowed) == 1 {
		w.Connection = engine.Key{Integration: session.Allowed[0], ConnectionID: session.ConnectionID}
	}
	w.JSON(http.StatusCreated, map[string]any{"data": map[string]any{
		"token": token, "connect_link": s.link(session, token), "expires_at": session.ExpiresAt.Format(time.RFC3339),
	}})
}

// Of returns the session of a request that carries its token as a bearer token.
func (s *Sessions) Of(w *answer.Writer) *Session {
	session, refused := s.Store.ByToken(w.Request.Context(), input.Bearer(w.Request))
	if refused != nil {
		refused.Answer(w)
	}
	return session
}

// Show is GET /connect/session, as Nango's Connect UI reads it.
func (s *Sessions) Show(w *answer.Writer) {
	session := s.Of(w)
	if session == nil {
		return
	}
	allowed := session.Allowed
	if allowed == nil {
		allowed = []string{}
	}
	data := map[string]any{
		"allowed_integrations": allowed, "integrations_config_defaults": session.Defaults, "overrides": session.Overrides,
		"isReconnecting": session.Reconnect, "endUser": session.EndUser, "tags": session.Tags, "made": session.Made,
		"expires_at": session.ExpiresAt.Format(time.RFC3339), "websocketsPath": s.Site.Path("/"), "connectUISettings": map[string]any{},
	}
	w.JSON(http.StatusOK, map[string]any{"data": data})
}

// End is DELETE /connect/session. A flow that began with it ends as well.
func (s *Sessions) End(w *answer.Writer) {
	session := s.Of(w)
	if session == nil {
		return
	}
	if s.Store.end(w.Request.Context(), session) != nil {
		w.StoreAway()
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

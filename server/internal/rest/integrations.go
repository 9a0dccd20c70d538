package rest

import (
	"net/http"
	"time"

	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server/internal/access"
	"github.com/nango-lite/nango-lite/server/internal/answer"
	"github.com/nango-lite/nango-lite/server/internal/apikey"
	"github.com/nango-lite/nango-lite/server/internal/credentials"
	"github.com/nango-lite/nango-lite/server/internal/input"
)

// Integrations show the operator's integrations, which nobody can change over HTTP.
type Integrations struct {
	Engine   Lister
	Guard    *access.Guard
	Provider func(integration string) string // the name of its blueprint
	Began    time.Time                       // when the server was started
}

// A Lister knows the integrations in force.
type Lister interface {
	Integrations() []*schema.Integration
}

// A shownIntegration is an integration as Nango's clients read it.
type shownIntegration struct {
	UniqueKey   string            `json:"unique_key"`
	Provider    string            `json:"provider"`
	DisplayName string            `json:"display_name"`
	Logo        string            `json:"logo"` // always empty: there are no pictures here
	Forward     bool              `json:"forward_webhooks"`
	CreatedAt   time.Time         `json:"created_at"` // when this server started: files have no such time
	UpdatedAt   time.Time         `json:"updated_at"`
	WebhookURL  *string           `json:"webhook_url,omitempty"`
	Credentials *shownCredentials `json:"credentials,omitempty"`
}

// shownCredentials are those of the operator's OAuth client, without its secret, which is
// told to nobody over HTTP.
type shownCredentials struct {
	Type     string  `json:"type"`
	ClientID string  `json:"client_id"`
	Secret   *string `json:"client_secret"` // always null
	Scopes   string  `json:"scopes"`
}

func (h *Integrations) shown(in *schema.Integration) shownIntegration {
	name := in.DisplayName
	if name == "" {
		name = in.Name
	}
	return shownIntegration{UniqueKey: in.Name, Provider: h.Provider(in.Name), DisplayName: name, CreatedAt: h.Began, UpdatedAt: h.Began}
}

// List is GET /integrations. A key that is bound sees those it reaches.
func (h *Integrations) List(w *answer.Writer) {
	key := h.Guard.Admit(w, apikey.ScopeRead)
	if key == nil {
		return
	}
	if _, ok := input.Query(w); !ok {
		return
	}
	found := []shownIntegration{}
	for _, in := range h.Engine.Integrations() {
		if key.ReachesIntegration(in.Name) {
			found = append(found, h.shown(in))
		}
	}
	w.JSON(http.StatusOK, map[string]any{"data": found})
}

// Show is GET /integrations/{key}.
func (h *Integrations) Show(w *answer.Writer) {
	key := h.Guard.Admit(w, apikey.ScopeRead)
	if key == nil {
		return
	}
	q, ok := input.Query(w, "include")
	if !ok {
		return
	}
	name := w.Request.PathValue("integration")
	if !key.ReachesIntegration(name) {
		w.Fail(http.StatusForbidden, "forbidden", "the API key is bound to connections of other integrations")
		return
	}
	for _, in := range h.Engine.Integrations() {
		if in.Name != name {
			continue
		}
		one := h.shown(in)
		switch q.Get("include") {
		case "":
		case "credentials":
			one.Credentials = &shownCredentials{Type: credentials.Type(in.Auth.AuthMode), ClientID: in.OAuthClientID, Scopes: in.OAuthScopes.Join(",")}
		case "webhook":
			none := ""
			one.WebhookURL = &none
		default:
			w.Fail(http.StatusBadRequest, "invalid_query_params", "include must be credentials or webhook")
			return
		}
		w.JSON(http.StatusOK, map[string]any{"data": one})
		return
	}
	w.Fail(http.StatusNotFound, "not_found", "there is no such integration in the file")
}

// Change answers whoever wants to change an integration: that is done in the file.
func (h *Integrations) Change(w *answer.Writer) {
	if h.Guard.Admit(w, apikey.ScopeRead) == nil {
		return
	}
	w.Fail(http.StatusNotImplemented, "not_implemented", "integrations stand in the operator's file, and are changed there; the server reads it again at once")
}

package server

import (
	"net/http"
	"time"

	"github.com/nango-lite/nango-lite/schema"
)

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

// shownCredentials are of the operator's client, without its secret, which is in the
// file and nobody's to be told over HTTP.
type shownCredentials struct {
	Type     string  `json:"type"`
	ClientID string  `json:"client_id"`
	Secret   *string `json:"client_secret"` // always null
	Scopes   string  `json:"scopes"`
}

func (s *Server) shownIntegrationOf(in *schema.Integration) shownIntegration {
	name := in.DisplayName
	if name == "" {
		name = in.Name
	}
	return shownIntegration{UniqueKey: in.Name, Provider: s.provider(in.Name), DisplayName: name, CreatedAt: s.began, UpdatedAt: s.began}
}

// listIntegrations is GET /integrations. A key that is bound sees those it reaches.
func (s *Server) listIntegrations(x *exchange) {
	key := s.caller(x, ScopeRead)
	if key == nil {
		return
	}
	if _, ok := checkQuery(x); !ok {
		return
	}
	found := []shownIntegration{}
	for _, in := range s.engine.Integrations() {
		if key.ReachesIntegration(in.Name) {
			found = append(found, s.shownIntegrationOf(in))
		}
	}
	x.json(http.StatusOK, map[string]any{"data": found})
}

// showIntegration is GET /integrations/{key}.
func (s *Server) showIntegration(x *exchange) {
	key := s.caller(x, ScopeRead)
	if key == nil {
		return
	}
	q, ok := checkQuery(x, "include")
	if !ok {
		return
	}
	name := x.r.PathValue("integration")
	if !key.ReachesIntegration(name) {
		x.fail(http.StatusForbidden, "forbidden", "the API key is bound to connections of other integrations")
		return
	}
	for _, in := range s.engine.Integrations() {
		if in.Name != name {
			continue
		}
		shown := s.shownIntegrationOf(in)
		switch q.Get("include") {
		case "":
		case "credentials":
			shown.Credentials = &shownCredentials{Type: credentialType(in.Auth.AuthMode), ClientID: in.OAuthClientID, Scopes: in.OAuthScopes.Join(",")}
		case "webhook":
			none := ""
			shown.WebhookURL = &none
		default:
			x.fail(http.StatusBadRequest, "invalid_query_params", "include must be credentials or webhook")
			return
		}
		x.json(http.StatusOK, map[string]any{"data": shown})
		return
	}
	x.fail(http.StatusNotFound, "not_found", "there is no such integration in the file")
}

// fileOnly answers whoever wants to change an integration: that is done in the file.
func (s *Server) fileOnly(x *exchange) {
	if s.caller(x, ScopeRead) == nil {
		return
	}
	x.fail(http.StatusNotImplemented, "not_implemented", "integrations stand in the operator's file, and are changed there; the server reads it again at once")
}

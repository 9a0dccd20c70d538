// Package session holds connect sessions: for whom a browser may connect what. A program
// with an API key makes one and hands its token to its user's browser. [Store] keeps them,
// [Sessions] are the routes.
package session

import (
	"net/http"
	"slices"
	"time"

	"github.com/nango-lite/nango-lite/server/internal/connect/fault"
	"github.com/nango-lite/nango-lite/server/internal/tags"
	"github.com/nango-lite/nango-lite/store/record"
)

// A Session lets one user's browser make one connection of each allowed
// integration, for as long as it lives. Whoever holds its token can do that, and
// nothing else: it reads no connection and gives no token out. Only the token's hash is
// kept, which is the record's id.
type Session struct {
	ConnectionID string              `json:"connection_id"` // of the connections that are made with it
	Allowed      []string            `json:"allowed,omitempty"`
	Reconnect    bool                `json:"reconnect,omitempty"`
	Tags         map[string]string   `json:"tags,omitempty"`
	EndUser      *tags.EndUser       `json:"end_user,omitempty"`
	Defaults     map[string]Defaults `json:"defaults,omitempty"`
	Overrides    map[string]Override `json:"overrides,omitempty"`
	APIKey       string              `json:"api_key"` // the name of the key that made it
	ExpiresAt    time.Time           `json:"expires_at"`
	Made         []string            `json:"made,omitempty"`

	record *record.Record
}

// Defaults are what the product has settled for its user. The browser cannot change them.
type Defaults struct {
	AuthorizationParams map[string]string `json:"authorization_params,omitempty"`
	ConnectionConfig    map[string]string `json:"connection_config,omitempty"`
	UserScopes          string            `json:"user_scopes,omitempty"`
}

// ScopesOverride is the member of connection_config by which Nango's clients ask for
// scopes of their own.
const ScopesOverride = "oauth_scopes_override"

type Override struct {
	DocsConnect string `json:"docs_connect,omitempty"`
}

// ID returns the name of the session in the store.
func (c *Session) ID() string { return c.record.ID }

// Allows reports whether the session may connect the integration.
func (c *Session) Allows(integration string) bool {
	return len(c.Allowed) == 0 || slices.Contains(c.Allowed, integration)
}

// May says why the session makes no connection of the integration, such as that it has
// made one; nil: it does.
func (c *Session) May(integration string) *fault.Error {
	switch {
	case !c.Allows(integration):
		return fault.New(http.StatusForbidden, "integration_not_allowed", "the connect session does not allow this integration")
	case slices.Contains(c.Made, integration):
		return fault.New(http.StatusConflict, "connect_session_used", "the connect session has made its connection of this integration; another one needs another session")
	}
	return nil
}

package session

import (
	"context"
	"net/http"
	"slices"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/server/internal/apikey"
	"github.com/nango-lite/nango-lite/server/internal/connect/fault"
	"github.com/nango-lite/nango-lite/server/internal/ident"
	"github.com/nango-lite/nango-lite/server/internal/tags"
)

// A request is the body of both ways to make a session.
type request struct {
	EndUser      *tags.EndUser       `json:"end_user"`
	Organization *tags.Organization  `json:"organization"`
	Tags         map[string]string   `json:"tags"`
	Allowed      []string            `json:"allowed_integrations"`
	Defaults     map[string]Defaults `json:"integrations_config_defaults"`
	Overrides    map[string]Override `json:"overrides"`
	ConnectionID string              `json:"connection_id"`
	Integration  string              `json:"integration_id"`
}

func badBody(message string) *fault.Error {
	return fault.New(http.StatusBadRequest, "invalid_body", message)
}

// build makes the session that is asked for, if it is one that the key may make. again says
// that it is for a connection that is there.
func (s *Sessions) build(ctx context.Context, key *apikey.Key, body *request, again bool) (*Session, *fault.Error) {
	if again {
		if body.Integration == "" || body.ConnectionID == "" {
			return nil, badBody("connection_id and integration_id say what is to be connected again")
		}
		if body.Allowed != nil {
			return nil, badBody("allowed_integrations is no member here: integration_id is the one")
		}
		body.Allowed = []string{body.Integration}
	} else if body.Integration != "" {
		return nil, badBody("integration_id is no member here: allowed_integrations is a list")
	}
	session := &Session{
		ConnectionID: body.ConnectionID, Allowed: body.Allowed, Reconnect: again, EndUser: body.EndUser,
		Defaults: body.Defaults, Overrides: body.Overrides, APIKey: key.Name,
	}
	if session.ConnectionID == "" {
		session.ConnectionID = ident.UUID()
	}
	for _, name := range body.Allowed {
		k := engine.Key{Integration: name, ConnectionID: session.ConnectionID}
		if k.Check() != nil {
			return nil, badBody("connection_id, or the name of an integration, is none that can be used")
		}
		if !key.Reaches(k) { // checked first, so that nothing is said of connections that it does not reach
			return nil, fault.New(http.StatusForbidden, "forbidden", "the API key is not bound to such connections")
		}
		if _, err := s.Engine.Describe(name); err != nil {
			return nil, badBody("there is no integration of that name in allowed_integrations, or as integration_id")
		}
	}
	if len(key.Connections) > 0 && len(body.Allowed) == 0 {
		return nil, fault.New(http.StatusForbidden, "forbidden", "the API key is bound to connections: allowed_integrations must name integrations that it reaches")
	}
	if bad := s.checkDefaults(session); bad != nil || !again {
		return session, bad
	}
	return session, s.checkThere(ctx, engine.Key{Integration: body.Integration, ConnectionID: body.ConnectionID})
}

// checkThere says if the connection that is to be made anew does not exist. One that cannot be
// read exists all the same.
func (s *Sessions) checkThere(ctx context.Context, k engine.Key) *fault.Error {
	_, err := s.Engine.Connection(ctx, k)
	switch engine.ErrorKind(err) {
	case engine.KindNotFound:
		return fault.New(http.StatusNotFound, "not_found", "there is no such connection")
	case engine.KindUnavailable:
		return fault.StoreAway()
	}
	return nil
}

func (s *Sessions) checkDefaults(session *Session) *fault.Error {
	for name, d := range session.Defaults {
		switch {
		case !session.Allows(name):
			return badBody("integrations_config_defaults names an integration that the session does not allow")
		case d.UserScopes != "":
			return badBody("user_scopes is not supported: what an API calls so stands in authorization_params of the integration")
		}
		fields := map[string]bool{ScopesOverride: true}
		described, err := s.Engine.Describe(name)
		if err != nil {
			return badBody("integrations_config_defaults names an integration that there is not")
		}
		for _, f := range slices.Concat(described.Fields, described.Choices) {
			if !f.Credential {
				fields[f.Name] = true
			}
		}
		for field := range d.ConnectionConfig {
			if !fields[field] {
				return badBody("connection_config has a member that the integration does not declare as a field of its connections")
			}
		}
	}
	return nil
}

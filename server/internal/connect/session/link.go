package session

import (
	"context"
	"net/url"
)

// Open stores a session that this server makes by itself, and returns where its user
// connects.
func (s *Sessions) Open(ctx context.Context, session *Session) (link string, err error) {
	token, err := s.Store.create(ctx, session)
	if err != nil {
		return "", err
	}
	return s.link(session, token), nil
}

// link returns where a session's user connects: a page of this server, or if the user only
// has to consent, the way to the provider's page. It is empty if the server does not know
// its own address.
func (s *Sessions) link(session *Session, token string) string {
	if !s.Site.Known() {
		return ""
	}
	if len(session.Allowed) == 1 && s.needsNothing(session, session.Allowed[0]) {
		return s.Site.URL(connectPath(session.Allowed[0], token))
	}
	return s.Site.URL("/connect?session_token=" + token)
}

func connectPath(integration, token string) string {
	return "/oauth/connect/" + url.PathEscape(integration) + "?connect_session_token=" + token
}

// needsNothing reports whether a user of the session only has to consent.
func (s *Sessions) needsNothing(session *Session, integration string) bool {
	d, err := s.Engine.Describe(integration)
	if err != nil || !d.Consent {
		return false
	}
	settled := session.Defaults[integration].ConnectionConfig
	for _, f := range d.Fields {
		if _, ok := settled[f.Name]; !f.Optional && f.Default == "" && (f.Credential || !ok) {
			return false
		}
	}
	return true
}

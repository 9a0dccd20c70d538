package server

import (
	"net/http"
	"net/url"

	"github.com/nango-lite/nango-lite/internal/form"
)

// connectLink is where a session's user connects: at the provider's page at once where
// there is nothing else to do. It is empty if the server does not know its own address.
func (s *Server) connectLink(session *connectSession, token string) string {
	if s.public == nil {
		return ""
	}
	if len(session.Allowed) == 1 && s.needsNothing(session, session.Allowed[0]) {
		return s.public.String() + connectPath(session.Allowed[0], token)
	}
	return s.public.String() + "/connect?session_token=" + token
}

func connectPath(integration, token string) string {
	return "/oauth/connect/" + url.PathEscape(integration) + "?connect_session_token=" + token
}

// needsNothing reports whether a user of the session only has to consent.
func (s *Server) needsNothing(session *connectSession, integration string) bool {
	d, err := s.engine.Describe(integration)
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

// connectPage is GET /connect: what a session's user may connect.
func (s *Server) connectPage(x *exchange) {
	token := form.Parse(x.r.URL.RawQuery).Get("session_token")
	session, refused := s.sessionBy(x.r.Context(), token)
	if refused != nil {
		s.tell(x, destination{}, result{err: refused})
		return
	}
	p := page{Status: http.StatusOK, Title: "Connect", Text: "Choose what to connect.", More: "Others are connected from within the application."}
	base := ""
	if s.public != nil {
		base = s.public.EscapedPath()
	}
	for _, name := range s.connectable(session) {
		d, err := s.engine.Describe(name)
		if err == nil && session.may(name) == nil && s.needsNothing(session, name) {
			p.Links = append(p.Links, pageLink{URL: base + connectPath(name, token), Text: d.DisplayName})
		}
	}
	if len(p.Links) == 0 {
		p.Text = "There is nothing to connect on this page."
	}
	x.page(p)
}

// connectable are the integrations that a session allows.
func (s *Server) connectable(session *connectSession) []string {
	if len(session.Allowed) > 0 {
		return session.Allowed
	}
	var names []string
	for _, in := range s.engine.Integrations() {
		names = append(names, in.Name)
	}
	return names
}

package session

import (
	"net/http"
	"net/url"

	"github.com/nango-lite/nango-lite/internal/form"
	"github.com/nango-lite/nango-lite/server/internal/answer"
	"github.com/nango-lite/nango-lite/server/internal/page"
)

// link is where a session's user connects: at the provider's page at once where
// there is nothing else to do. It is empty if the server does not know its own address.
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

// Page is GET /connect: what a session's user may connect.
func (s *Sessions) Page(w *answer.Writer) {
	token := form.Parse(w.Request.URL.RawQuery).Get("session_token")
	session, refused := s.Store.ByToken(w.Request.Context(), token)
	if refused != nil {
		s.Teller.Fail(w, refused)
		return
	}
	p := page.Page{Status: http.StatusOK, Title: "Connect", Text: "Choose what to connect.", More: "Others are connected from within the application."}
	for _, name := range s.connectable(session) {
		d, err := s.Engine.Describe(name)
		if err == nil && session.May(name) == nil && s.needsNothing(session, name) {
			p.Links = append(p.Links, page.Link{URL: s.Site.Path(connectPath(name, token)), Text: d.DisplayName})
		}
	}
	if len(p.Links) == 0 {
		p.Text = "There is nothing to connect on this page."
	}
	page.Show(w, p)
}

// connectable are the integrations that a session allows.
func (s *Sessions) connectable(session *Session) []string {
	if len(session.Allowed) > 0 {
		return session.Allowed
	}
	var names []string
	for _, in := range s.Engine.Integrations() {
		names = append(names, in.Name)
	}
	return names
}

package server

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/engine"
)

// A destination is who is told what came of a connect flow. Each is checked before the
// flow begins; whoever is none is told nothing.
type destination struct {
	Socket   string `json:"socket,omitempty"`   // a WebSocket of Nango's frontend client
	Origin   string `json:"origin,omitempty"`   // of the page that opened the window
	Redirect string `json:"redirect,omitempty"` // where the browser goes in the end
}

// destinationOf reads and checks where to tell the result.
func (s *Server) destinationOf(q url.Values) (d destination, refused *connectError) {
	allowed := s.settings()
	if v := q.Get("ws_client_id"); v != "" {
		if !socketID().MatchString(v) {
			return d, badParam("ws_client_id is none of this server's")
		}
		d.Socket = v
	}
	if v := q.Get("opener_origin"); v != "" {
		if !slices.Contains(allowed.AllowedOrigins, v) {
			return d, badParam("opener_origin is none of server.allowed_origins")
		}
		d.Origin = v
	}
	if v := q.Get("redirect_url"); v != "" {
		if !redirectAllowed(v, allowed.AllowedRedirects) {
			return d, badParam("redirect_url is none of server.allowed_redirects")
		}
		d.Redirect = v
	}
	return d, nil
}

// redirectAllowed compares URLs as text. One of the list that has no query allows any,
// which is the product's own to find its way back.
func redirectAllowed(text string, list []string) bool {
	u, err := url.Parse(text)
	if err != nil || u.User != nil || u.Scheme != "https" && u.Scheme != "http" || strings.ContainsAny(text, "#\\ \t\r\n") {
		return false
	}
	bare, _, _ := strings.Cut(text, "?")
	return slices.ContainsFunc(list, func(allowed string) bool {
		return allowed == text || allowed == bare
	})
}

// A result is what came of a connect flow.
type result struct {
	key     engine.Key
	pending bool // fields are still open
	err     *connectError
}

// message is the result as Nango's frontend client reads it from its WebSocket.
func (r *result) message() map[string]any {
	if r.err != nil {
		return map[string]any{
			"message_type": "error", "provider_config_key": r.key.Integration, "connection_id": r.key.ConnectionID,
			"error_type": r.err.code, "error_desc": r.err.message,
		}
	}
	return map[string]any{
		"message_type": "success", "provider_config_key": r.key.Integration, "connection_id": r.key.ConnectionID, "is_pending": r.pending,
	}
}

// event is the result as the page that opened the window gets it, in the words that
// Nango's Connect UI has for it.
func (r *result) event() map[string]any {
	if r.err != nil {
		return map[string]any{"type": "error", "payload": map[string]any{
			"errorType": r.err.code, "errorMessage": r.err.message, "providerConfigKey": r.key.Integration,
		}}
	}
	return map[string]any{"type": "connect", "payload": map[string]any{
		"providerConfigKey": r.key.Integration, "connectionId": r.key.ConnectionID, "isPending": r.pending,
	}}
}

// redirectTo adds the result to the URL that the browser is sent to.
func (r *result) redirectTo(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return text // it was checked
	}
	q := u.Query()
	q.Set("provider_config_key", r.key.Integration)
	if r.err != nil {
		q.Set("error", r.err.code)
		q.Set("error_description", r.err.message)
	} else {
		q.Set("connection_id", r.key.ConnectionID)
		if r.pending {
			q.Set("is_pending", "true")
		}
	}
	u.RawQuery = q.Encode()
	return u.String()
}

// tell tells the result to whom it may concern, and shows it to the user.
func (s *Server) tell(x *exchange, to destination, r result) {
	if _, err := s.engine.Describe(r.key.Integration); err == nil {
		x.conn = r.key // a name that somebody made up is not logged
	}
	if r.err != nil {
		x.code = r.err.code
	}
	s.sockets.tell(x.r.Context(), to.Socket, r.message())
	if to.Redirect != "" {
		noStore(x.Header())
		x.Header().Set("Location", r.redirectTo(to.Redirect))
		x.WriteHeader(http.StatusSeeOther)
		return
	}
	p := page{Status: http.StatusOK, Title: "Connected", Text: "You can close this window."}
	if r.pending {
		p.Text = "Something is still to be chosen: go back to the application."
	}
	if r.err != nil {
		p.Status, p.Title, p.Text = r.err.status, "Not connected", r.err.message
		p.More = "You can close this window and start again from the application."
		if r.err.code == "callback_err" {
			p.Text = "The provider did not grant the access, or you said no. Nothing was stored."
		}
	}
	if to.Origin != "" {
		p.Origin, p.Event = to.Origin, r.event()
	}
	x.page(p)
}

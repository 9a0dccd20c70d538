package result

import (
	"net/url"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/server/internal/connect/fault"
	"github.com/nango-lite/nango-lite/server/internal/connect/socket"
)

// A Destination says where the result of connecting is told. Each place is checked before
// the authorization begins; a place that is empty is told nothing.
type Destination struct {
	Socket   string `json:"socket,omitempty"`   // a WebSocket of Nango's frontend client
	Origin   string `json:"origin,omitempty"`   // of the page that opened the window
	Redirect string `json:"redirect,omitempty"` // where the browser goes in the end
	Product  string `json:"product,omitempty"`  // origin of the page that shows Back in a frame, or has opened it
	Back     string `json:"back,omitempty"`     // the path of this server's own page where it began
}

// Destination reads and checks where the result of what a browser asks for is told.
func (t *Teller) Destination(q url.Values) (d Destination, refused *fault.Error) {
	allowed := t.Site.Settings()
	if v := q.Get("ws_client_id"); v != "" {
		if !socket.IsID(v) {
			return d, fault.Param("ws_client_id is none of this server's")
		}
		d.Socket = v
	}
	if v := q.Get("opener_origin"); v != "" {
		if !slices.Contains(allowed.AllowedOrigins, v) {
			return d, fault.Param("opener_origin is none of server.allowed_origins")
		}
		d.Origin = v
	}
	if v := q.Get("redirect_url"); v != "" {
		if !redirectAllowed(v, allowed.AllowedRedirects) {
			return d, fault.Param("redirect_url is none of server.allowed_redirects")
		}
		d.Redirect = v
	}
	return d, nil
}

// redirectAllowed reports whether a URL is in the list, compared as text. An entry of the
// list without a query allows any query, by which the product may find its user again.
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

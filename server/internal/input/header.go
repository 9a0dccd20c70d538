package input

import (
	"net/http"
	"slices"
	"strings"
)

// Bearer returns the bearer token of a request; it is empty if there is none.
func Bearer(r *http.Request) string {
	scheme, text, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(text)
}

// WantsWebSocket reports whether a request asks for a WebSocket. Other upgrades, such as
// to HTTP/2, may be ignored.
func WantsWebSocket(h http.Header) bool {
	return slices.ContainsFunc(h["Upgrade"], func(v string) bool { return strings.Contains(strings.ToLower(v), "websocket") })
}

// FromElsewhere reports whether a page of another site has sent a form. Our own pages send
// no referrer, and for such browsers make the origin "null": what tells is Sec-Fetch-Site.
func FromElsewhere(r *http.Request) bool {
	if r.Header.Get("Sec-Fetch-Site") == "" && r.Header.Get("Origin") == "null" {
		return false // a browser from before 2023: the form's token has to do
	}
	return new(http.CrossOriginProtection).Check(r) != nil
}

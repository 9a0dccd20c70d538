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

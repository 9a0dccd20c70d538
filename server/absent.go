package server

import (
	"net/http"
	"strings"
)

// absent are the routes of Nango's that are not here, and why: what begins so is
// answered with 501, so that nobody looks for a slip in an address.
var absent = []struct{ prefix, why string }{
	{"/sync/", "there are no syncs here: a program of yours calls the API through /proxy/ when it wants to"},
	{"/records", "there are no synced records here: a program of yours calls the API through /proxy/ and keeps what it needs"},
	{"/functions/", "there is no function runtime here"},
	{"/action/", "there are no actions over HTTP yet"},
	{"/scripts/", "there are no actions over HTTP yet"},
	{"/environment", "there are no environments here: each is a server of its own, and API keys are made by 'nango-lite apikeys'"},
	{"/webhook/", "webhooks of providers are not taken in here: point them at your own program"},
	{"/v1/", "this is Nango's oldest interface; @nangohq/node uses another"},
	{"/config", "this is Nango's older interface; there is /integrations"},
	{"/connection", "this is Nango's older interface; there is /connections"},
}

// absentRoute answers what Nango has and this server has not. It reports whether it did.
func (s *Server) absentRoute(x *exchange) bool {
	path := x.r.URL.Path
	if _, rest, ok := strings.Cut(strings.TrimPrefix(path, "/integrations/"), "/"); ok && strings.HasPrefix(path, "/integrations/") && strings.HasPrefix(rest+"/", "functions/") {
		path = "/functions/" // of an integration
	}
	for _, a := range absent {
		rest, ok := strings.CutPrefix(path, a.prefix)
		if !ok || !strings.HasSuffix(a.prefix, "/") && rest != "" && rest[0] != '/' && rest[0] != '-' {
			continue
		}
		x.route = a.prefix
		x.fail(http.StatusNotImplemented, "not_implemented", a.why)
		return true
	}
	return false
}

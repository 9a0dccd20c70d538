package server

import (
	"net/http"
	"strings"

	"github.com/nango-lite/nango-lite/server/internal/answer"
)

// absent are the routes of Nango's that are not here, by how they begin, and why. They are
// answered with 501, so that nobody looks for a typing error in an address.
var absent = []struct{ prefix, why string }{
	{"/sync/", "there are no syncs here: a program of yours calls the API through /proxy/ when it wants to"},
	{"/records", "there are no synced records here: a program of yours calls the API through /proxy/ and keeps what it needs"},
	{"/functions/", "there is no function runtime here"},
	{"/action/", "an operation is done while the caller waits: there is nothing to ask for later"},
	{"/scripts/", "there are no scripts here; /scripts/config lists the operations"},
	{"/environment", "there are no environments here: each is a server of its own, and API keys are made by 'nango-lite apikeys'"},
	{"/webhook/", "webhooks of providers are not taken in here: point them at your own program"},
	{"/v1/", "this is Nango's oldest interface; @nangohq/node uses another"},
	{"/config", "this is Nango's older interface; there is /integrations"},
	{"/connection", "this is Nango's older interface; there is /connections"},
}

// noRoute answers requests of routes that there are not: with the reason, if Nango has the
// route.
func noRoute(w *answer.Writer) {
	path := w.Request.URL.Path
	if _, rest, ok := strings.Cut(strings.TrimPrefix(path, "/integrations/"), "/"); ok && strings.HasPrefix(path, "/integrations/") && strings.HasPrefix(rest+"/", "functions/") {
		path = "/functions/" // of an integration
	}
	for _, a := range absent {
		rest, ok := strings.CutPrefix(path, a.prefix)
		if !ok || !strings.HasSuffix(a.prefix, "/") && rest != "" && rest[0] != '/' && rest[0] != '-' {
			continue
		}
		w.Route = a.prefix
		w.Fail(http.StatusNotImplemented, "not_implemented", a.why)
		return
	}
	w.Fail(http.StatusNotFound, "not_found", "there is no such route; /openapi.json lists those there are")
}

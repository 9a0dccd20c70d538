package connect

import (
	"net/http"

	"github.com/nango-lite/nango-lite/server/internal/answer"
	"github.com/nango-lite/nango-lite/server/internal/connect/again"
	"github.com/nango-lite/nango-lite/server/internal/connect/hosted"
)

// The routes that pages of other origins use, beside those of package typed.
const (
	sessionRoute = "/connect/session"
	fieldsRoute  = "/connect/fields/{integration}"
)

// Routes returns the handlers of each path, and which paths pages of other origins use.
func (c *Connect) Routes() (routes map[string]answer.Methods, crossOrigin map[string]bool) {
	callback := answer.Methods{http.MethodGet: answer.WithoutHead(c.consent.Callback), http.MethodPost: c.consent.Callback}
	routes = map[string]answer.Methods{
		"/{$}":                                   {http.MethodGet: c.sockets.Serve},
		hosted.Route:                             {http.MethodGet: c.hosted.Show, http.MethodPost: c.hosted.Submit},
		hosted.ScriptRoute:                       {http.MethodGet: hosted.Script},
		again.Route:                              {http.MethodGet: answer.WithoutHead(c.again.Follow)},
		"/connect/sessions":                      {http.MethodPost: c.sessions.Create},
		"/connect/sessions/reconnect":            {http.MethodPost: c.sessions.Reconnect},
		sessionRoute:                             {http.MethodGet: c.sessions.Show, http.MethodDelete: c.sessions.End},
		fieldsRoute:                              {http.MethodGet: c.fields.Open, http.MethodPost: c.fields.Set},
		"/oauth/connect/{integration}":           {http.MethodGet: answer.WithoutHead(c.consent.Begin)},
		"/oauth/callback":                        callback,
		"/oauth/callback/{integration}":          callback,
		"/oauth/callback/{integration}/{issuer}": callback,
		"/oauth/choose":                          {http.MethodPost: c.chooser.Chosen},
		"/oauth/device":                          {http.MethodGet: answer.WithoutHead(c.consent.Device)},
	}
	crossOrigin = map[string]bool{sessionRoute: true, fieldsRoute: true}
	for path, handle := range c.typed.Routes() {
		routes[path] = answer.Methods{http.MethodPost: handle}
		crossOrigin[path] = true
	}
	return routes, crossOrigin
}

// AllowOrigin says who may read the answer of a route that pages of other origins use, and
// answers what browsers ask before. It reports whether the request goes on.
func (c *Connect) AllowOrigin(w *answer.Writer) bool { return c.site.CrossOrigin(w) }

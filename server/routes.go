package server

import (
	_ "embed"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/server/internal/agent"
	"github.com/nango-lite/nango-lite/server/internal/answer"
	"github.com/nango-lite/nango-lite/server/internal/operate"
)

//go:embed openapi.json
var openAPI []byte

// OpenAPI returns the document that describes the routes, which is served at
// /openapi.json as well.
func OpenAPI() []byte { return slices.Clone(openAPI) }

// oneConnection is the route of a connection. ServeHTTP finds it, and not the mux, in
// which no id could hold a slash.
const oneConnection = "/connections/{id}"

// connectionsMetadata is a route of its own, although it looks like that of a connection
// with the id metadata. Such a connection can be shown and removed, but not patched.
const connectionsMetadata = "/connections/metadata"

// route fills in the routes, but for those of the proxy and of operations, which take
// paths that the mux cannot read.
func (s *Server) route() {
	s.table, s.crossOrigin = s.connect.Routes()
	for path, methods := range map[string]answer.Methods{
		"/healthz":          {http.MethodGet: healthy},
		"/readyz":           {http.MethodGet: s.ready},
		"/openapi.json":     {http.MethodGet: describe},
		"/oauth/token":      {http.MethodPost: s.token.Serve},
		"/action/trigger":   {http.MethodPost: s.operations.Trigger},
		"/scripts/config":   {http.MethodGet: s.operations.Scripts},
		"/connections":      {http.MethodGet: s.connections.List, http.MethodPost: s.connections.Import},
		oneConnection:       {http.MethodGet: s.connections.Show, http.MethodPatch: s.connections.Patch, http.MethodDelete: s.connections.Remove},
		connectionsMetadata: {http.MethodPost: s.connections.SetMetadata, http.MethodPatch: s.connections.MergeMetadata},

		"/providers":                      {http.MethodGet: s.providers.List},
		"/providers/{provider}":           {http.MethodGet: s.providers.Show},
		"/providers/{provider}/templates": {http.MethodGet: s.providers.Templates},
		"/integrations":                   {http.MethodGet: s.integrations.List, http.MethodPost: s.integrations.Change},
		"/integrations/quickstart":        {http.MethodPost: s.integrations.Change},
		"/integrations/{integration}":     {http.MethodGet: s.integrations.Show, http.MethodPatch: s.integrations.Change, http.MethodDelete: s.integrations.Change},
	} {
		s.table[path] = methods
	}
	maps.Copy(s.table, s.ui.Routes())
	if s.opts.Metrics != nil {
		s.table["/metrics"] = answer.Methods{http.MethodGet: s.metrics}
	}
	s.table[operate.DescribeRoute] = answer.Methods{http.MethodGet: s.operations.Describe}
	s.table[agent.Route] = answer.Methods{http.MethodPost: s.agents.Serve}
	s.mux = http.NewServeMux()
	for path := range s.table {
		if path != oneConnection {
			s.mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) { s.dispatch(w.(*answer.Writer), path) })
		}
	}
	s.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { noRoute(w.(*answer.Writer)) })
}

// Routes returns the methods of each route, but for those of the proxy.
func (s *Server) Routes() map[string][]string {
	routes := map[string][]string{}
	for path, methods := range s.table {
		if path == "/{$}" { // which is how the mux spells it
			path = "/"
		}
		routes[path] = methods.Names()
	}
	return routes
}

// dispatch serves a request of one path by its method.
func (s *Server) dispatch(w *answer.Writer, path string) {
	w.Route = strings.TrimSuffix(path, "{$}")
	if s.crossOrigin[path] && !s.connect.AllowOrigin(w) {
		return
	}
	s.table[path].Serve(w)
}

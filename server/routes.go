package server

import (
	_ "embed"
	"maps"
	"net/http"
	"slices"
	"strings"
)

//go:embed openapi.json
var openAPI []byte

// OpenAPI returns the document that describes the routes, which is served at
// /openapi.json as well.
func OpenAPI() []byte { return slices.Clone(openAPI) }

// methods are the handlers of one path.
type methods map[string]func(*exchange)

// paths are the routes but for those of the proxy, which take any method.
func (s *Server) paths() map[string]methods {
	paths := map[string]methods{
		"/healthz":      {http.MethodGet: s.healthy},
		"/readyz":       {http.MethodGet: s.ready},
		"/openapi.json": {http.MethodGet: s.describe},
		"/oauth/token":  {http.MethodPost: s.token},
		"/connections":  {http.MethodGet: s.listConnections, http.MethodPost: s.importConnection},
		oneConnection:   {http.MethodGet: s.showConnection, http.MethodPatch: s.patchConnection, http.MethodDelete: s.removeConnection},

		connectionsMetadata: {http.MethodPost: s.setMetadata, http.MethodPatch: s.mergeMetadata},

		"/providers":                      {http.MethodGet: s.listProviders},
		"/providers/{provider}":           {http.MethodGet: s.showProvider},
		"/providers/{provider}/templates": {http.MethodGet: s.noTemplates},
		"/integrations":                   {http.MethodGet: s.listIntegrations, http.MethodPost: s.fileOnly},
		"/integrations/quickstart":        {http.MethodPost: s.fileOnly},
		"/integrations/{integration}":     {http.MethodGet: s.showIntegration, http.MethodPatch: s.fileOnly, http.MethodDelete: s.fileOnly},
	}
	s.connectPaths(paths)
	if s.opts.Metrics != nil {
		paths["/metrics"] = methods{http.MethodGet: s.metrics}
	}
	return paths
}

// Routes returns the methods of each route, but for those of the proxy.
func (s *Server) Routes() map[string][]string {
	routes := map[string][]string{}
	for path, by := range s.table {
		if path == "/{$}" { // which is how the mux spells it
			path = "/"
		}
		routes[path] = slices.Sorted(maps.Keys(by))
	}
	return routes
}

// oneConnection is the route of a connection. It is not the mux's, which knows of no
// id with a slash.
const oneConnection = "/connections/{id}"

// connectionsMetadata would be a connection of that id: there can be one, which is
// shown and removed, but not patched.
const connectionsMetadata = "/connections/metadata"

func (s *Server) mux() *http.ServeMux {
	s.table = s.paths()
	mux := http.NewServeMux()
	for path := range s.table {
		if path == oneConnection {
			continue
		}
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) { s.dispatch(w.(*exchange), path) })
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		x := w.(*exchange)
		if s.absentRoute(x) {
			return
		}
		x.fail(http.StatusNotFound, "not_found", "there is no such route; /openapi.json lists those there are")
	})
	return mux
}

// dispatch serves a request of one path by its method.
func (s *Server) dispatch(x *exchange, path string) {
	x.route = strings.TrimSuffix(path, "{$}")
	if !s.crossOrigin(x, path) {
		return
	}
	by := s.table[path]
	handle := by[x.r.Method]
	if handle == nil && x.r.Method == http.MethodHead {
		handle = by[http.MethodGet]
	}
	if handle == nil {
		allowed := slices.Sorted(maps.Keys(by))
		x.Header().Set("Allow", strings.Join(allowed, ", "))
		x.fail(http.StatusMethodNotAllowed, "method_not_allowed", "this route takes "+strings.Join(allowed, " and "))
		return
	}
	handle(x)
}

// healthy says that the process answers.
func (s *Server) healthy(x *exchange) { x.json(http.StatusOK, map[string]string{"status": "ok"}) }

// ready says whether requests can be served.
func (s *Server) ready(x *exchange) {
	if err := s.opts.Ready(x.r.Context()); err != nil {
		x.retryLater(http.StatusServiceUnavailable, "unavailable", "the store does not answer", 0)
		return
	}
	x.json(http.StatusOK, map[string]string{"status": "ready"})
}

// metrics tell of all connections, if only how many calls there are.
func (s *Server) metrics(x *exchange) {
	switch key := s.caller(x, ScopeRead); {
	case key == nil:
	case len(key.Connections) > 0:
		x.fail(http.StatusForbidden, "forbidden", "the API key is bound to connections, and metrics are of all")
	default:
		s.opts.Metrics.ServeHTTP(x, x.r)
	}
}

func (s *Server) describe(x *exchange) {
	x.Header().Set("Content-Type", "application/json")
	_, _ = x.Write(openAPI)
}

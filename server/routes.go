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
	}
	if s.opts.Metrics != nil {
		paths["/metrics"] = methods{http.MethodGet: func(x *exchange) { s.opts.Metrics.ServeHTTP(x, x.r) }}
	}
	return paths
}

// Routes returns the methods of each route, but for those of the proxy.
func (s *Server) Routes() map[string][]string {
	routes := map[string][]string{}
	for path, by := range s.paths() {
		routes[path] = slices.Sorted(maps.Keys(by))
	}
	return routes
}

func (s *Server) mux() *http.ServeMux {
	mux := http.NewServeMux()
	for path, by := range s.paths() {
		allowed := slices.Sorted(maps.Keys(by))
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			x := w.(*exchange)
			x.r, x.route = r, path
			handle := by[r.Method]
			if handle == nil && r.Method == http.MethodHead {
				handle = by[http.MethodGet]
			}
			if handle == nil {
				x.Header().Set("Allow", strings.Join(allowed, ", "))
				x.fail(http.StatusMethodNotAllowed, "method_not_allowed", "this route takes "+strings.Join(allowed, " and "))
				return
			}
			handle(x)
		})
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		w.(*exchange).fail(http.StatusNotFound, "not_found", "there is no such route; /openapi.json lists those there are")
	})
	return mux
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

func (s *Server) describe(x *exchange) {
	x.Header().Set("Content-Type", "application/json")
	_, _ = x.Write(openAPI)
}

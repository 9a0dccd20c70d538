package server

import (
	"net/http"

	"github.com/nango-lite/nango-lite/server/internal/answer"
	"github.com/nango-lite/nango-lite/server/internal/apikey"
)

// healthy says that the process answers.
func healthy(w *answer.Writer) { w.JSON(http.StatusOK, map[string]string{"status": "ok"}) }

// ready says whether requests can be served.
func (s *Server) ready(w *answer.Writer) {
	if err := s.opts.Ready(w.Request.Context()); err != nil {
		w.StoreAway()
		return
	}
	w.JSON(http.StatusOK, map[string]string{"status": "ready"})
}

// metrics answers /metrics. Metrics count the calls of all connections, so a key that is
// bound to some does not get them.
func (s *Server) metrics(w *answer.Writer) {
	switch key := s.guard.Admit(w, apikey.ScopeRead); {
	case key == nil:
	case len(key.Connections) > 0:
		w.Fail(http.StatusForbidden, "forbidden", "the API key is bound to connections, and metrics are of all")
	default:
		s.opts.Metrics.ServeHTTP(w, w.Request)
	}
}

// describe shows the document that describes the routes.
func describe(w *answer.Writer) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(openAPI)
}

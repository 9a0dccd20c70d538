package server

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/nango-lite/nango-lite/engine"
)

// operationRoute is the route of declared operations, as logs and metrics name it.
const operationRoute = "/o/{integration}/{connection}/{operation}"

// operateByPath serves POST /o/{integration}/{connection}/{operation}: the inputs are the
// body, the result is the answer. What is not declared repeatable is done at most once,
// whatever the caller repeats.
func (s *Server) operateByPath(x *exchange, path string) {
	key := s.caller(x, ScopeOperations)
	if key == nil {
		return
	}
	k, operation, ok := splitOperation(path)
	if !ok {
		x.fail(http.StatusBadRequest, "invalid_uri_params", "the path must be "+operationRoute+", with %2F for a slash in a connection's id")
		return
	}
	x.conn = k
	if !s.reach(x, key, k) {
		return
	}
	if x.r.Method != http.MethodPost {
		x.Header().Set("Allow", http.MethodPost)
		x.fail(http.StatusMethodNotAllowed, "method_not_allowed", "an operation is done with POST; the body holds its inputs")
		return
	}
	if _, ok := checkQuery(x); !ok {
		return
	}
	var inputs map[string]json.RawMessage
	if x.r.ContentLength != 0 && !s.readJSON(x, &inputs) {
		return
	}
	result, err := s.engine.Do(x.r.Context(), k, operation, inputs)
	if err != nil {
		x.failed(err)
		return
	}
	x.json(http.StatusOK, result)
}

// splitOperation reads /o/{integration}/{connection}/{operation}.
func splitOperation(path string) (k engine.Key, operation string, ok bool) {
	parts := strings.Split(strings.TrimPrefix(path, "/o/"), "/")
	if len(parts) != 3 {
		return k, "", false
	}
	for i, into := range []*string{&k.Integration, &k.ConnectionID, &operation} {
		text, err := url.PathUnescape(parts[i])
		if err != nil {
			return k, "", false
		}
		*into = text
	}
	return k, operation, k.Check() == nil && operation != ""
}

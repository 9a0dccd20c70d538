// Package operate serves the operations that integrations declare. Start with
// [Operations].
package operate

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server/internal/access"
	"github.com/nango-lite/nango-lite/server/internal/answer"
	"github.com/nango-lite/nango-lite/server/internal/apikey"
	"github.com/nango-lite/nango-lite/server/internal/input"
)

// Route is the route of declared operations, as logs and metrics name it.
const Route = "/o/{integration}/{connection}/{operation}"

// Engine knows operations, and does them.
type Engine interface {
	Integrations() []*schema.Integration
	Operations(integration string) ([]engine.Operation, error)
	Do(ctx context.Context, k engine.Key, operation string, input any) (json.RawMessage, error)
}

// Operations are what integrations declare that can be done.
type Operations struct {
	Engine   Engine
	Guard    *access.Guard
	Provider func(integration string) string // name of the blueprint; nil: the integration's own
}

// Serve serves POST /o/{integration}/{connection}/{operation}: the inputs are the
// body, the result is the answer. What is not declared repeatable is done at most once,
// whatever the caller repeats.
func (o *Operations) Serve(w *answer.Writer, path string) {
	key := o.Guard.Admit(w, apikey.ScopeOperations)
	if key == nil {
		return
	}
	k, operation, ok := splitOperation(path)
	if !ok {
		w.Fail(http.StatusBadRequest, "invalid_uri_params", "the path must be "+Route+", with %2F for a slash in a connection's id")
		return
	}
	w.Connection = k
	if !o.may(w, key, k, operation) {
		return
	}
	if w.Request.Method != http.MethodPost {
		w.WrongMethod("an operation is done with POST; the body holds its inputs", http.MethodPost)
		return
	}
	if _, ok := input.Query(w); !ok {
		return
	}
	var inputs map[string]json.RawMessage
	if w.Request.ContentLength != 0 && !input.JSON(w, &inputs) {
		return
	}
	o.do(w, k, operation, inputs)
}

func (o *Operations) do(w *answer.Writer, k engine.Key, operation string, inputs any) {
	result, err := o.Engine.Do(w.Request.Context(), k, operation, inputs)
	if err != nil {
		w.Error(err)
		return
	}
	w.JSON(http.StatusOK, result)
}

// may reports whether the key reaches the connection and may do the operation; if not,
// it answers. What there is not, is told by whoever does it.
func (o *Operations) may(w *answer.Writer, key *apikey.Key, k engine.Key, operation string) bool {
	if !o.Guard.Reaches(w, key, k) {
		return false
	}
	all, _ := o.Engine.Operations(k.Integration)
	for _, one := range all {
		if one.Name == operation && !key.Does(one.Does()) {
			w.Fail(http.StatusForbidden, "forbidden", fmt.Sprintf("the API key %q does no operation whose effect is %s", key.Name, one.Does()))
			return false
		}
	}
	return true
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

package answer

import (
	"context"
	"errors"
	"net/http"

	"github.com/nango-lite/nango-lite/engine"
)

// A failure says how an error of the engine is told over HTTP.
type failure struct {
	status int
	code   string
	passes bool // it is answered with Retry-After
}

// failures are how each kind of error is told. A client must never take an error that
// passes for one that ends its connection.
var failures = map[engine.Kind]failure{
	engine.KindNotFound:        {http.StatusNotFound, "not_found", false},
	engine.KindReauthorize:     {http.StatusFailedDependency, "invalid_grant", false},
	engine.KindDenied:          {http.StatusForbidden, "denied", false},
	engine.KindState:           {http.StatusBadRequest, "invalid_state", false},
	engine.KindClient:          {http.StatusInternalServerError, "misconfigured", false},
	engine.KindRateLimited:     {http.StatusTooManyRequests, "rate_limited", true},
	engine.KindUnavailable:     {http.StatusServiceUnavailable, "unavailable", true},
	engine.KindInvalidResponse: {http.StatusBadGateway, "invalid_response", false},
	engine.KindUnsupported:     {http.StatusBadRequest, "unsupported", false},
	engine.KindInvalidInput:    {http.StatusBadRequest, "invalid_input", false},
}

// Error answers with an error of the engine, whose text is safe to show. The text of any
// other error is not shown.
func (w *Writer) Error(err error) {
	if w.Request.Context().Err() != nil && errors.Is(err, context.Canceled) {
		w.Gone()
		return
	}
	var known *engine.Error
	if !errors.As(err, &known) {
		if errors.Is(err, context.DeadlineExceeded) {
			w.FailForNow(http.StatusGatewayTimeout, "timeout", "it took too long", 0)
			return
		}
		w.Fail(http.StatusInternalServerError, "internal", "something went wrong that has no name")
		return
	}
	f, ok := failures[known.Kind]
	if !ok {
		f = failure{http.StatusInternalServerError, "internal", false}
	}
	if f.passes {
		w.FailForNow(f.status, f.code, known.Error(), known.RetryAfter)
		return
	}
	w.Fail(f.status, f.code, known.Error())
}

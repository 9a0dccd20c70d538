package server

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/nango-lite/nango-lite/engine"
)

// ErrorHeader is on every answer of the proxy that is ours and not the provider's; it
// holds the error's code.
const ErrorHeader = "X-Nango-Lite-Error"

// statusGone is what is logged of a caller who left before the answer.
const statusGone = 499

// soon is when to try again where nobody says a time.
const soon = 2 * time.Second

// An apiError is the body of an answer that is an error, as Nango's clients read it.
type apiError struct {
	Error struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
}

// fail answers with an error.
func (x *exchange) fail(status int, code, message string) {
	var body apiError
	body.Error.Code, body.Error.Message = code, message
	x.Header().Set(ErrorHeader, code)
	x.code = code
	x.json(status, body)
}

// refuse answers somebody who has not shown a good API key.
func (x *exchange) refuse(code, message string) {
	x.Header().Set("WWW-Authenticate", `Bearer realm="nango-lite"`)
	x.fail(http.StatusUnauthorized, code, message)
}

// retryLater answers that the same may succeed in a while.
func (x *exchange) retryLater(status int, code, message string, wait time.Duration) {
	x.Header().Set("Retry-After", seconds(wait))
	x.fail(status, code, message)
}

// seconds writes how long to wait, as a header does: whole seconds, and at least one.
func seconds(wait time.Duration) string {
	if wait <= 0 {
		wait = soon
	}
	return strconv.FormatInt(int64((wait+time.Second-1)/time.Second), 10)
}

// json answers with v.
func (x *exchange) json(status int, v any) {
	body, err := json.Marshal(v)
	if err != nil { // a program's mistake
		status, body = http.StatusInternalServerError, []byte(`{"error":{"code":"internal","message":"the answer cannot be written"}}`)
	}
	h := x.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)+1))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	x.WriteHeader(status)
	_, _ = x.Write(append(body, '\n'))
}

// A failure says how an error of the engine is told over HTTP.
type failure struct {
	status int
	code   string
	wait   bool // Retry-After
}

// failures tell apart above all what ends a connection from what passes.
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

// failed answers with an error of the engine. Its text is safe to show.
func (x *exchange) failed(err error) {
	if x.r.Context().Err() != nil && errors.Is(err, context.Canceled) {
		x.status, x.code = statusGone, "gone" // nobody reads an answer
		return
	}
	var known *engine.Error
	if !errors.As(err, &known) {
		if errors.Is(err, context.DeadlineExceeded) {
			x.retryLater(http.StatusGatewayTimeout, "timeout", "it took too long", 0)
			return
		}
		x.fail(http.StatusInternalServerError, "internal", "something went wrong that has no name")
		return
	}
	f, ok := failures[known.Kind]
	if !ok {
		f = failure{http.StatusInternalServerError, "internal", false}
	}
	if f.wait {
		x.retryLater(f.status, f.code, known.Error(), known.RetryAfter)
		return
	}
	x.fail(f.status, f.code, known.Error())
}

package server

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/engine"
)

// A connectError says why nothing was connected. Its code is what Nango's frontend
// client calls an error's type; its message is safe to show.
type connectError struct {
	status        int
	code, message string
	wait          time.Duration
}

func (e *connectError) Error() string { return e.message }

func connectErrorf(status int, code, message string) *connectError {
	return &connectError{status: status, code: code, message: message}
}

// failConnect answers a program with e.
func (x *exchange) failConnect(e *connectError) {
	if e.status == http.StatusUnauthorized {
		x.refuse(e.code, e.message)
		return
	}
	if e.status == http.StatusServiceUnavailable || e.status == http.StatusTooManyRequests {
		x.retryLater(e.status, e.code, e.message, e.wait)
		return
	}
	x.fail(e.status, e.code, e.message)
}

// consentFailures say how errors of a flow through the provider's page are told.
var consentFailures = map[engine.Kind]connectError{
	engine.KindNotFound:        {status: http.StatusNotFound, code: "unknown_config_key"},
	engine.KindReauthorize:     {status: http.StatusBadRequest, code: "token_err"},
	engine.KindDenied:          {status: http.StatusOK, code: "callback_err"}, // the user said no, and nothing is wrong
	engine.KindState:           {status: http.StatusBadRequest, code: "state_err"},
	engine.KindClient:          {status: http.StatusInternalServerError, code: "provider_config_err"},
	engine.KindRateLimited:     {status: http.StatusTooManyRequests, code: "token_err"},
	engine.KindUnavailable:     {status: http.StatusServiceUnavailable, code: "token_err"},
	engine.KindInvalidResponse: {status: http.StatusBadGateway, code: "token_err"},
	engine.KindUnsupported:     {status: http.StatusBadRequest, code: "auth_mode_err"},
}

// typedFailures say how errors of credentials that a user typed are told: a refusal is
// theirs to mend.
var typedFailures = map[engine.Kind]connectError{
	engine.KindNotFound:        {status: http.StatusNotFound, code: "unknown_config_key"},
	engine.KindReauthorize:     {status: http.StatusBadRequest, code: "connection_validation_failed"},
	engine.KindDenied:          {status: http.StatusForbidden, code: "denied"},
	engine.KindClient:          {status: http.StatusBadRequest, code: "invalid_credentials"},
	engine.KindRateLimited:     {status: http.StatusTooManyRequests, code: "rate_limited"},
	engine.KindUnavailable:     {status: http.StatusServiceUnavailable, code: "unavailable"},
	engine.KindInvalidResponse: {status: http.StatusBadGateway, code: "invalid_response"},
	engine.KindUnsupported:     {status: http.StatusBadRequest, code: "auth_mode_err"},
}

func connectErrorOf(err error, table map[engine.Kind]connectError) *connectError {
	var mine *connectError
	if errors.As(err, &mine) {
		return mine
	}
	var known *engine.Error
	if !errors.As(err, &known) {
		return connectErrorf(http.StatusInternalServerError, "unknown_err", "something went wrong that has no name")
	}
	e, ok := table[known.Kind]
	if !ok {
		e = connectError{status: http.StatusInternalServerError, code: "unknown_err"}
	}
	e.message, e.wait = known.Error(), known.RetryAfter
	return &e
}

// bearerOf returns what a request carries as a bearer token.
func bearerOf(r *http.Request) string {
	scheme, text, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(text)
}

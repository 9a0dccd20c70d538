// Package fault says why nothing was connected: [Error] has a code that Nango's clients
// know, a message for programs and those who run them, words for users, and the status of the
// answer.
package fault

import (
	"errors"
	"net/http"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/server/internal/answer"
	"github.com/nango-lite/nango-lite/store/record"
)

// An Error says why nothing was connected. Its code is what Nango's frontend client calls
// an error's type; its message is safe to show.
type Error struct {
	Status        int
	Code, Message string

	wait  time.Duration // after which to try again; 0: not known
	store bool          // it is the store that is away, and not the provider
}

func (e *Error) Error() string { return e.Message }

// New returns an Error.
func New(status int, code, message string) *Error {
	return &Error{Status: status, Code: code, Message: message}
}

// Param is the Error of a parameter that a browser brings.
func Param(message string) *Error { return New(http.StatusBadRequest, "url_param_err", message) }

// StoreAway says that the store cannot be reached just now.
func StoreAway() *Error {
	return &Error{Status: http.StatusServiceUnavailable, Code: "unavailable", Message: "the store does not answer", store: true}
}

const unreadable = "unreadable_record"

// Unreadable says that what the server keeps of this is refused: it was changed by somebody
// without the key of the store, or the server has another key.
func Unreadable() *Error {
	return New(http.StatusInternalServerError, unreadable, "what the server keeps of this cannot be read; begin again")
}

// OfStore returns the Error for an error of the store, but for a record that is not there.
func OfStore(err error) *Error {
	if errors.Is(err, record.ErrUnreadable) {
		return Unreadable()
	}
	return StoreAway()
}

// Answer answers a program with e. Browsers get a page instead; see package result.
func (e *Error) Answer(w *answer.Writer) {
	switch e.Status {
	case http.StatusUnauthorized:
		w.Unauthorized(e.Code, e.Message)
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		w.FailForNow(e.Status, e.Code, e.Message, e.wait)
	default:
		w.Fail(e.Status, e.Code, e.Message)
	}
}

// A table says how each kind of error of the engine is told.
type table map[engine.Kind]struct {
	status int
	code   string
}

var consent = table{
	engine.KindNotFound:        {http.StatusNotFound, "unknown_config_key"},
	engine.KindReauthorize:     {http.StatusBadRequest, "token_err"},
	engine.KindDenied:          {http.StatusOK, "callback_err"}, // the user said no, and nothing is wrong
	engine.KindState:           {http.StatusBadRequest, "state_err"},
	engine.KindClient:          {http.StatusInternalServerError, "provider_config_err"},
	engine.KindRateLimited:     {http.StatusTooManyRequests, "token_err"},
	engine.KindUnavailable:     {http.StatusServiceUnavailable, "token_err"},
	engine.KindInvalidResponse: {http.StatusBadGateway, "token_err"},
	engine.KindUnsupported:     {http.StatusBadRequest, "auth_mode_err"},
}

var typed = table{
	engine.KindNotFound:        {http.StatusNotFound, "unknown_config_key"},
	engine.KindReauthorize:     {http.StatusBadRequest, "connection_validation_failed"},
	engine.KindDenied:          {http.StatusForbidden, "denied"},
	engine.KindClient:          {http.StatusBadRequest, "invalid_credentials"},
	engine.KindRateLimited:     {http.StatusTooManyRequests, "rate_limited"},
	engine.KindUnavailable:     {http.StatusServiceUnavailable, "unavailable"},
	engine.KindInvalidResponse: {http.StatusBadGateway, "invalid_response"},
	engine.KindUnsupported:     {http.StatusBadRequest, "auth_mode_err"},
}

// OfConsent returns the Error for an error of an authorization at the provider's page.
func OfConsent(err error) *Error { return of(err, consent) }

// OfTyped returns the Error for an error about what a user typed. If the provider refuses
// that, the user is told so, for it is the user who can mend it.
func OfTyped(err error) *Error { return of(err, typed) }

func of(err error, t table) *Error {
	var mine *Error
	if errors.As(err, &mine) {
		return mine
	}
	var known *engine.Error
	if !errors.As(err, &known) {
		return New(http.StatusInternalServerError, "unknown_err", "something went wrong that has no name")
	}
	e := &Error{Status: http.StatusInternalServerError, Code: "unknown_err", Message: known.Error(), wait: known.RetryAfter}
	if told, ok := t[known.Kind]; ok {
		e.Status, e.Code = told.status, told.code
	}
	return e
}

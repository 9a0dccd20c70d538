package token

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/server/internal/answer"
)

// A tokenError is that of RFC 6749 5.2.
type tokenError struct {
	status      int
	Code        string `json:"error"`
	Description string `json:"error_description,omitempty"`
	URI         string `json:"error_uri,omitempty"` // where the user connects again
	wait        time.Duration
}

func tokenErrorf(code, description string) *tokenError {
	return &tokenError{status: http.StatusBadRequest, Code: code, Description: description}
}

// invalidClient is answered with 401, with the challenge that RFC 6749 5.2 wants.
func invalidClient(description string) *tokenError {
	return &tokenError{status: http.StatusUnauthorized, Code: "invalid_client", Description: description}
}

// noToken says why the engine gave no token. A client must never take an error that passes
// for invalid_grant, after which it asks the user to connect again.
func noToken(w *answer.Writer, err error) *tokenError {
	if w.Request.Context().Err() != nil {
		return &tokenError{status: answer.StatusGone, Code: "gone"}
	}
	var known *engine.Error
	if !errors.As(err, &known) {
		return &tokenError{status: http.StatusInternalServerError, Code: "server_error", Description: "something went wrong that has no name"}
	}
	e := &tokenError{status: http.StatusInternalServerError, Code: "server_error", Description: known.Error(), wait: known.RetryAfter}
	switch known.Kind {
	case engine.KindNotFound, engine.KindReauthorize:
		e.status, e.Code = http.StatusBadRequest, "invalid_grant"
	case engine.KindUnsupported:
		e.status, e.Code = http.StatusBadRequest, "unauthorized_client"
	case engine.KindRateLimited, engine.KindUnavailable:
		e.status, e.Code = http.StatusServiceUnavailable, "temporarily_unavailable"
	case engine.KindInvalidResponse:
		e.status = http.StatusBadGateway
	}
	e.Description = asciiOnly(e.Description)
	return e
}

// asciiOnly keeps to the characters that RFC 6749 5.2 allows in error_description.
func asciiOnly(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' {
			return '\''
		}
		return r
	}, text)
}

var _ json.Marshaler = (*tokenError)(nil)

// MarshalJSON leaves out the fields that RFC 6749 does not have.
func (e *tokenError) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Code        string `json:"error"`
		Description string `json:"error_description,omitempty"`
		URI         string `json:"error_uri,omitempty"`
	}{e.Code, asciiOnly(e.Description), e.URI})
}

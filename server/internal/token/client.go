package token

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/nango-lite/nango-lite/server/internal/answer"
	"github.com/nango-lite/nango-lite/server/internal/input"
)

// tokenForm reads the parameters, each of which may be there once (RFC 6749 3.2).
func tokenForm(w *answer.Writer) (url.Values, *tokenError) {
	if w.Request.URL.RawQuery != "" {
		return nil, tokenErrorf("invalid_request", "parameters belong into the body, for a URL is written into logs")
	}
	if !input.IsForm(w) {
		return nil, tokenErrorf("invalid_request", "the body must be application/x-www-form-urlencoded")
	}
	form, err := input.StrictForm(w)
	switch {
	case errors.As(err, new(*http.MaxBytesError)):
		return nil, &tokenError{status: http.StatusRequestEntityTooLarge, Code: "invalid_request", Description: "the body is larger than server.limits.max_body_bytes"}
	case err != nil:
		return nil, tokenErrorf("invalid_request", "the body is no form")
	}
	for _, name := range []string{"grant_type", "client_id", "client_secret", "scope"} {
		if len(form[name]) > 1 {
			return nil, tokenErrorf("invalid_request", name+" is there more than once")
		}
	}
	return form, nil
}

// clientOf returns the client's id and secret, from the header or from the body (RFC
// 6749 2.3.1).
func clientOf(r *http.Request, form url.Values) (id, secret string, refused *tokenError) {
	inBody := form.Has("client_secret")
	user, password, inHeader := r.BasicAuth()
	switch {
	case r.Header.Get("Authorization") != "" && !inHeader:
		return "", "", invalidClient("the client authenticates with HTTP Basic, or in the body")
	case inHeader && inBody:
		return "", "", tokenErrorf("invalid_request", "the client authenticates in one way, not in two")
	case !inHeader && !inBody:
		return "", "", invalidClient("the client's secret is missing; it is an API key")
	case inBody:
		return form.Get("client_id"), form.Get("client_secret"), nil
	}
	id, errID := url.QueryUnescape(user)
	secret, errSecret := url.QueryUnescape(password)
	if errID != nil || errSecret != nil {
		return "", "", invalidClient("client id and secret are form-urlencoded before HTTP Basic (RFC 6749 2.3.1)")
	}
	if named := form.Get("client_id"); named != "" && named != id {
		return "", "", tokenErrorf("invalid_request", "the header and the body name different clients")
	}
	return id, secret, nil
}

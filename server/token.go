package server

import (
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/engine"
)

// formTimeout is how long a short body may take to arrive.
const formTimeout = 10 * time.Second

// A tokenAnswer is that of RFC 6749 5.1. There is never a refresh token in it.
type tokenAnswer struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   *int64 `json:"expires_in,omitempty"` // absent: no end is known
	Scope       string `json:"scope,omitempty"`
}

// A tokenError is that of RFC 6749 5.2.
type tokenError struct {
	status      int
	Code        string `json:"error"`
	Description string `json:"error_description,omitempty"`
	wait        time.Duration
}

func tokenErrorf(code, description string) *tokenError {
	return &tokenError{status: http.StatusBadRequest, Code: code, Description: description}
}

// invalidClient answers 401, with the challenge that RFC 6749 5.2 wants.
func invalidClient(description string) *tokenError {
	return &tokenError{status: http.StatusUnauthorized, Code: "invalid_client", Description: description}
}

// token is the token endpoint: RFC 6749 4.4, with a connection for a client and an API
// key for its secret.
func (s *Server) token(x *exchange) {
	h := x.Header()
	h.Set("Pragma", "no-cache") // RFC 6749 5.1
	answer, refused := s.tokenFor(x)
	if refused == nil {
		x.json(http.StatusOK, answer)
		return
	}
	x.code = refused.Code
	switch {
	case refused.status == statusGone:
		x.status = statusGone
		return
	case refused.status == http.StatusUnauthorized:
		h.Set("WWW-Authenticate", `Basic realm="nango-lite", charset="UTF-8"`)
	case refused.status == http.StatusServiceUnavailable:
		h.Set("Retry-After", seconds(refused.wait))
	}
	x.json(refused.status, refused)
}

func (s *Server) tokenFor(x *exchange) (*tokenAnswer, *tokenError) {
	form, refused := tokenForm(x, s.opts.MaxBodyBytes)
	if refused != nil {
		return nil, refused
	}
	if grant := form.Get("grant_type"); grant != "client_credentials" {
		if grant == "" {
			return nil, tokenErrorf("invalid_request", "grant_type is missing; it is client_credentials")
		}
		return nil, tokenErrorf("unsupported_grant_type", "grant_type must be client_credentials")
	}
	id, secret, refused := clientOf(x.r, form)
	if refused != nil {
		return nil, refused
	}
	key, err := s.keys.find(x.r.Context(), secret)
	switch {
	case err != nil:
		return nil, &tokenError{status: http.StatusServiceUnavailable, Code: "temporarily_unavailable", Description: err.Error()}
	case key == nil:
		return nil, invalidClient("client_secret is no API key, or one that was revoked")
	}
	x.key = key.Name
	if wait := s.limit.wait(key.Name); wait > 0 {
		return nil, &tokenError{status: http.StatusServiceUnavailable, Code: "temporarily_unavailable", Description: "the API key has made more requests a second than server.limits allows", wait: wait}
	}
	k, ok := connectionOf(id)
	if !ok {
		return nil, invalidClient("client_id must be integration/connection")
	}
	x.conn = k
	switch {
	case !key.May(ScopeToken):
		return nil, tokenErrorf("unauthorized_client", "the API key has no scope token")
	case !key.Reaches(k):
		return nil, tokenErrorf("unauthorized_client", "the API key is not bound to this connection")
	}
	token, err := s.engine.TokenSource(k).Token(x.r.Context())
	if err != nil {
		return nil, s.noToken(x, err)
	}
	answer, refused := tokenOf(token, form.Get("scope"), s.opts.Now())
	if refused == nil {
		s.given(x, AuditToken)
	}
	return answer, refused
}

// tokenForm reads the parameters, each of which may be there once (RFC 6749 3.2).
func tokenForm(x *exchange, most int64) (url.Values, *tokenError) {
	if x.r.URL.RawQuery != "" {
		return nil, tokenErrorf("invalid_request", "parameters belong into the body, for a URL is written into logs")
	}
	if media, _, err := mime.ParseMediaType(x.r.Header.Get("Content-Type")); err != nil || media != "application/x-www-form-urlencoded" {
		return nil, tokenErrorf("invalid_request", "the body must be application/x-www-form-urlencoded")
	}
	_ = http.NewResponseController(x.ResponseWriter).SetReadDeadline(time.Now().Add(formTimeout))
	x.r.Body = http.MaxBytesReader(x.ResponseWriter, x.r.Body, most)
	if err := x.r.ParseForm(); err != nil {
		if errors.As(err, new(*http.MaxBytesError)) {
			return nil, &tokenError{status: http.StatusRequestEntityTooLarge, Code: "invalid_request", Description: "the body is larger than server.limits.max_body_bytes"}
		}
		return nil, tokenErrorf("invalid_request", "the body is no form")
	}
	_ = http.NewResponseController(x.ResponseWriter).SetReadDeadline(time.Time{})
	for _, name := range []string{"grant_type", "client_id", "client_secret", "scope"} {
		if len(x.r.PostForm[name]) > 1 {
			return nil, tokenErrorf("invalid_request", name+" is there more than once")
		}
	}
	return x.r.PostForm, nil
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

// connectionOf reads integration/connection. A connection's id may hold slashes, the
// name of an integration does not.
func connectionOf(text string) (engine.Key, bool) {
	integration, id, found := strings.Cut(text, "/")
	k := engine.Key{Integration: integration, ConnectionID: id}
	return k, found && k.Check() == nil
}

// tokenOf is the answer for a token. A scope that was asked for and is not there is
// an error: there is no way to get it without the user.
func tokenOf(t *engine.Token, scope string, now time.Time) (*tokenAnswer, *tokenError) {
	if t.TokenSecret.IsSet() {
		return nil, tokenErrorf("unauthorized_client", "the connection signs its requests (OAuth 1.0a), which a token alone cannot; call through /c/ or /proxy/")
	}
	for wanted := range strings.FieldsSeq(scope) {
		if !slices.Contains(t.Scopes, wanted) {
			return nil, tokenErrorf("invalid_scope", "the connection was not granted one of these scopes; leave scope out for all that it has")
		}
	}
	a := &tokenAnswer{AccessToken: t.AccessToken.Reveal(), TokenType: t.TokenType, Scope: strings.Join(t.Scopes, " ")}
	if a.TokenType == "" {
		a.TokenType = "Bearer"
	}
	if !t.ExpiresAt.IsZero() {
		left := int64(t.ExpiresAt.Sub(now) / time.Second)
		if left <= 0 {
			return nil, &tokenError{status: http.StatusServiceUnavailable, Code: "temporarily_unavailable", Description: "the token has just ended", wait: time.Second}
		}
		a.ExpiresIn = &left
	}
	return a, nil
}

// noToken says why the engine gave none. What ends the grant is never mixed up with
// what passes.
func (s *Server) noToken(x *exchange, err error) *tokenError {
	if x.r.Context().Err() != nil {
		return &tokenError{status: statusGone, Code: "gone"}
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

// MarshalJSON leaves out what is ours.
func (e *tokenError) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Code        string `json:"error"`
		Description string `json:"error_description,omitempty"`
	}{e.Code, asciiOnly(e.Description)})
}

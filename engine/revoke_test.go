package engine_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// What goes on the wire when a connection is removed, in the ways that providers
// have: that of RFC 7009, and three others (GitHub, Facebook, Slack).
func TestRevocationRequests(t *testing.T) {
	tests := map[string]struct {
		how  *schema.Revocation
		url  string
		want []string // method, URL, Authorization, body
	}{
		"RFC 7009": {nil, "https://fjord.test/token", []string{"POST https://fjord.test/token Basic token=r1&token_type_hint=refresh_token"}},
		"both": {&schema.Revocation{With: "both"}, "https://fjord.test/token", []string{
			"POST https://fjord.test/token Basic token=a1&token_type_hint=access_token", "POST https://fjord.test/token Basic token=r1&token_type_hint=refresh_token"}},
		"DELETE with Basic and JSON": {
			&schema.Revocation{Method: "DELETE", Params: schema.Tree{"access_token": "${access_token}"}, BodyFormat: "json", AuthorizationMethod: "header", With: "access_token"},
			"https://fjord.test/applications/${oauth_client_id}/token",
			[]string{`DELETE https://fjord.test/applications/client-id/token Basic {"access_token":"a1"}`}},
		"DELETE with the token in the query": {
			&schema.Revocation{Method: "DELETE", Params: schema.Tree{"access_token": "${revoked_token}"}, BodyFormat: "query", AuthorizationMethod: "none", With: "access_token"},
			"https://fjord.test/me/permissions", []string{"DELETE https://fjord.test/me/permissions?access_token=a1  "}},
		"the token speaks for itself": {
			&schema.Revocation{AuthorizationMethod: "bearer", With: "access_token"}, "https://fjord.test/auth.revoke", []string{"POST https://fjord.test/auth.revoke Bearer a1 "}},
		"by GET, the client in the query": {
			&schema.Revocation{Method: "GET", Params: schema.Tree{"t": "${refresh_token}"}, AuthorizationMethod: "body"}, "https://fjord.test/revoke",
			[]string{"GET https://fjord.test/revoke?client_id=client-id&client_secret=s3cret%2F%2B%3D&t=r1  "}},
		"in the query of a POST": {
			&schema.Revocation{BodyFormat: "query", Headers: map[string]string{"Authorization": "Key ${oauth_client_secret}"}, AuthorizationMethod: "none"}, "https://fjord.test/revoke",
			[]string{"POST https://fjord.test/revoke?token=r1&token_type_hint=refresh_token Key "}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var seen []string
			note := func(r *http.Request, body string) {
				kind, rest, _ := strings.Cut(r.Header.Get("Authorization"), " ")
				if kind == "Bearer" {
					kind += " " + rest
				}
				seen = append(seen, r.Method+" "+r.URL.String()+" "+kind+" "+body)
			}
			p := &provider{token: func(c *tokenCall) (int, string) {
				if c.params.Get("grant_type") == "" {
					note(c.Request, c.params.Encode())
					return 200, ""
				}
				return 200, `{"access_token":"a1","refresh_token":"r1"}`
			}}
			p.api = func(r *http.Request) (int, string) {
				note(r, p.body)
				return 204, ""
			}
			e := newEngine(t, p, nil, func(in *schema.Integration) { in.Auth.RevocationURL, in.Auth.RevocationRequest = tt.url, tt.how })
			connect(t, e)
			if err := e.Revoke(t.Context(), alice); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(seen, tt.want) {
				t.Errorf("got %q\nwant %q", seen, tt.want)
			}
			if _, err := e.Connection(t.Context(), alice); !errors.Is(err, engine.ErrNotFound) {
				t.Errorf("the connection is still there: %v", err)
			}
		})
	}
}

// The connection goes in any case; the error says why the provider was not told.
func TestRevocationIsBestEffort(t *testing.T) {
	ok := &schema.Revocation{Success: &schema.Condition{Body: map[string]any{"ok": true}}}
	tests := map[string]struct {
		how    *schema.Revocation
		status int
		body   string
		want   error
	}{
		"told":                    {nil, 200, ``, nil},
		"told, with nonsense":     {nil, 200, `<html>`, nil},
		"refused":                 {nil, 400, `{"error":"unsupported_token_type"}`, engine.ErrClient},
		"refused the client":      {nil, 401, `{"error":"invalid_client"}`, engine.ErrClient},
		"down":                    {nil, 503, ``, engine.ErrUnavailable},
		"too many":                {nil, 429, `{}`, engine.ErrRateLimited},
		"ok":                      {ok, 200, `{"ok":true}`, nil},
		"not ok":                  {ok, 200, `{"ok":false,"error":"seededRefresh1234567"}`, engine.ErrInvalidResponse},
		"neither ok nor not ok":   {ok, 200, `<html>`, engine.ErrInvalidResponse},
		"ok, but with an error":   {ok, 500, `{"ok":true}`, engine.ErrUnavailable},
		"both: the first refused": {&schema.Revocation{With: "both"}, 400, `{}`, engine.ErrClient},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := &provider{token: answers(`{"access_token":"seededAccess1234567","refresh_token":"seededRefresh1234567"}`)}
			p.api = func(*http.Request) (int, string) { return tt.status, tt.body }
			var j journal
			e := newEngine(t, p, &engine.Options{Observe: j.observe}, func(in *schema.Integration) {
				in.Auth.RevocationURL, in.Auth.RevocationRequest = "https://fjord.test/revoke", tt.how
			})
			connect(t, e)
			err := e.Revoke(t.Context(), alice)
			if tt.want == nil && err != nil || tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if text := fmt.Sprint(err, j.lines); strings.Contains(text, "seeded") {
				t.Errorf("a token is told: %s", text)
			}
			if _, err := e.Connection(t.Context(), alice); !errors.Is(err, engine.ErrNotFound) {
				t.Errorf("the connection is still there: %v", err)
			}
		})
	}
}

// What token requests are signed with stays there where revocation has its own headers.
func TestRevocationHasItsOwnHeaders(t *testing.T) {
	p := &provider{token: answers(goodToken)}
	var sent http.Header
	p.api = func(r *http.Request) (int, string) { sent = r.Header; return 200, `{}` }
	e := newEngine(t, p, nil, func(in *schema.Integration) {
		in.Auth.TokenHeaders = map[string]string{"X-Plain": "plain", "Authorization": "HMAC ${hex(hmac_sha256(oauth_client_secret, request.body))}"}
		in.Auth.RevocationURL = "https://fjord.test/revoke"
		in.Auth.RevocationRequest = &schema.Revocation{AuthorizationMethod: schema.RevokeBearer}
	})
	connect(t, e)
	if err := e.Revoke(t.Context(), alice); err != nil || sent.Get("Authorization") != "Bearer rt" || sent.Get("X-Plain") != "" {
		t.Errorf("got %v; sent %v", err, sent)
	}
}

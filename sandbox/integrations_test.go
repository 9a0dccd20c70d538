package sandbox_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/sandbox"
	"github.com/nango-lite/nango-lite/schema"
)

const redirectURI = "http://localhost:3003/oauth/callback"

func ptr[T any](v T) *T { return &v }

// notionLike: Basic header, JSON bodies, no scopes, no expiry, a version header,
// cursors.
func notionLike(name string) *schema.Integration {
	return &schema.Integration{
		Name: name, DisplayName: "Notion",
		OAuthClientID: name + "-id", OAuthClientSecret: schema.NewSecret("s3cr:t/" + name), OAuthScopes: &schema.Scopes{},
		Auth: schema.Auth{
			AuthMode: schema.OAuth2, AuthorizationURL: "https://api.notion.com/v1/oauth/authorize", TokenURL: "https://api.notion.com/v1/oauth/token",
			AuthorizationParams: map[string]string{"owner": "user"}, BodyFormat: "json", RevocationURL: "https://api.notion.com/v1/oauth/revoke",
		},
		Requests: schema.Requests{
			BaseURL:   "https://api.notion.com",
			Headers:   map[string]string{"Authorization": "Bearer ${access_token}", "Notion-Version": "2022-06-28"},
			RateLimit: &schema.RateLimit{Budget: &schema.Budget{Requests: 3, PerSeconds: 1, Burst: 1}},
			Pagination: &schema.Pagination{Kind: "cursor", Items: "results", HasMore: "has_more",
				Cursor: &schema.PageCursor{Response: "next_cursor", Request: "start_cursor"},
				Limit:  &schema.PageLimit{Request: "page_size", Max: 100}},
			Errors: &schema.Errors{Code: schema.Paths{"code"}, Message: schema.Paths{"message"}, RequestID: &schema.RequestID{Header: "X-Request-Id"}},
			Verify: &schema.Verify{Path: "/v1/users/me"},
		},
		Samples: []schema.Sample{
			{Kind: schema.SampleToken, Response: schema.SampleResponse{Body: map[string]any{
				"access_token": "secret_x", "token_type": "bearer", "bot_id": "b1", "workspace_id": "w1", "refresh_token": "nrt_x"}}},
			{Kind: schema.SampleError, Response: schema.SampleResponse{Status: 401, Body: map[string]any{
				"object": "error", "status": 401, "code": "unauthorized", "message": "API token is invalid."}}},
			{Kind: schema.SampleRateLimited, Response: schema.SampleResponse{Status: 429, Headers: map[string]string{"Retry-After": "30"}, Body: map[string]any{
				"object": "error", "status": 429, "code": "rate_limited", "message": "Slow down."}}},
			{Request: &schema.SampleRequest{Path: "/v1/users", Query: map[string]string{"page_size": "2"}}, Response: schema.SampleResponse{
				Headers: map[string]string{"X-Notion": "yes"},
				Body: map[string]any{"object": "list", "next_cursor": "abc", "has_more": true, "results": []any{
					map[string]any{"object": "user", "id": "6794760a-1f15-45cd-9c65-0dfe42f5135a", "name": "Ada"},
					map[string]any{"object": "user", "id": "7794760a-1f15-45cd-9c65-0dfe42f5135a", "name": "Ben"},
				}}}},
			{Request: &schema.SampleRequest{Path: "/v1/users/{user_id}"}, Response: schema.SampleResponse{Body: map[string]any{"object": "user", "name": "Ada"}}},
			{Request: &schema.SampleRequest{Path: "/v1/users/bot"}, Response: schema.SampleResponse{Body: map[string]any{"object": "user", "name": "Bot"}}},
			{Request: &schema.SampleRequest{Method: "POST", Path: "/v1/pages"}, Response: schema.SampleResponse{Body: map[string]any{"object": "page"}}},
		},
	}
}

// slackLike: secrets in the body, commas, no PKCE, 200 with ok:false, a user
// token beside the bot's.
func slackLike() *schema.Integration {
	return &schema.Integration{
		Name: "slack", OAuthClientID: "slack-id", OAuthClientSecret: schema.NewSecret("slack-secret"),
		OAuthScopes: &schema.Scopes{List: []string{"chat:write", "users:read"}},
		Auth: schema.Auth{
			AuthMode: schema.OAuth2, AuthorizationURL: "https://slack.com/oauth/v2/authorize", TokenURL: "https://slack.com/api/oauth.v2.access",
			ScopeSeparator: ptr(","), AuthorizationMethod: schema.ClientAuthBody, PKCE: schema.PKCEOff,
			RefreshOn: []schema.Condition{{Body: map[string]any{"ok": false, "error": "token_expired"}}},
			TokenResponse: &schema.TokenResponse{
				Success:   &schema.Condition{Body: map[string]any{"ok": true}},
				Error:     &schema.Condition{Body: map[string]any{"ok": false}},
				Secondary: map[string]schema.SecondaryToken{"user": {AccessToken: "authed_user.access_token", RefreshToken: "authed_user.refresh_token"}},
			},
		},
		Requests: schema.Requests{
			BaseURL: "https://slack.com/api",
			Headers: map[string]string{"Authorization": "Bearer ${token.user || access_token}"},
			Errors: &schema.Errors{Code: schema.Paths{"error"}, Rules: []schema.ErrorRule{
				{When: schema.Condition{Body: map[string]any{"ok": false}, Code: schema.OneOrMany[string]{"invalid_auth", "invalid_refresh_token"}}, Kind: "reauthorize"}}},
			Pagination: &schema.Pagination{Kind: "cursor", Items: "members",
				Cursor: &schema.PageCursor{Response: "response_metadata.next_cursor", Request: "cursor"}, Limit: &schema.PageLimit{Request: "limit"}},
		},
		Samples: []schema.Sample{
			{Kind: schema.SampleToken, Response: schema.SampleResponse{Body: map[string]any{
				"ok": true, "access_token": "xoxb-1", "refresh_token": "xoxe-1", "expires_in": 43200, "scope": "chat:write", "team": map[string]any{"id": "T1"},
				"authed_user": map[string]any{"id": "U1", "access_token": "xoxp-1", "refresh_token": "xoxe-2"}}}},
			{Kind: schema.SampleTokenError, Response: schema.SampleResponse{Body: map[string]any{"ok": false, "error": "invalid_refresh_token"}}},
			{Kind: schema.SampleError, Response: schema.SampleResponse{Body: map[string]any{"ok": false, "error": "invalid_auth"}}},
			{Kind: schema.SampleError, Response: schema.SampleResponse{Body: map[string]any{"ok": false, "error": "token_expired"}}},
			{Request: &schema.SampleRequest{Path: "/users.list"}, Response: schema.SampleResponse{Body: map[string]any{
				"ok": true, "members": []any{map[string]any{"id": "U1"}, map[string]any{"id": "U2"}, map[string]any{"id": "U3"}}, "response_metadata": map[string]any{"next_cursor": ""}}}},
		},
	}
}

// keyLike: an API key with a pattern in the query, and no samples.
func keyLike() *schema.Integration {
	return &schema.Integration{
		Name: "maps", Auth: schema.Auth{AuthMode: schema.APIKey},
		Credentials: map[string]schema.Field{"api_key": {Pattern: "[a-z]{3}-[0-9]+"}},
		Requests:    schema.Requests{BaseURL: "https://maps.example.com/v2", Params: map[string]string{"key": "${api_key}"}},
	}
}

// basicLike: user and password on a tenant's host, GitHub's way of limits.
func basicLike() *schema.Integration {
	return &schema.Integration{
		Name: "desk", Auth: schema.Auth{AuthMode: schema.UsernamePassword},
		Connection: map[string]schema.ConnectionField{"subdomain": {From: schema.FromUser, Field: schema.Field{Example: "acme"}}},
		Requests: schema.Requests{
			BaseURL: "https://${connection.subdomain}.desk.example.com/api/v2",
			Headers: map[string]string{"Authorization": "Basic ${basic_auth_encoded}"},
			RateLimit: &schema.RateLimit{
				Detect:    []schema.Condition{{Status: schema.OneOrMany[int]{403}, Header: map[string]string{"X-RateLimit-Remaining": "0"}}},
				Wait:      []schema.Wait{{Header: "X-RateLimit-Reset", Format: "epoch_seconds"}},
				Remaining: &schema.Remaining{Header: "X-RateLimit-Remaining", Reset: &schema.Reset{Header: "X-RateLimit-Reset", Format: "epoch_seconds"}},
				Budget:    &schema.Budget{Requests: 10, PerSeconds: 1, Burst: 5, Scope: "connection"},
			},
		},
	}
}

func newProvider(t *testing.T, i *schema.Integration, o *sandbox.Options) *sandbox.Provider {
	t.Helper()
	p, err := sandbox.New(i, o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A flow is a client that plays by the rules; tests break one at a time.
type flow struct {
	t  *testing.T
	i  *schema.Integration
	p  *sandbox.Provider
	rt http.RoundTripper
}

func newFlow(t *testing.T, i *schema.Integration, o *sandbox.Options) *flow {
	p := newProvider(t, i, o)
	return &flow{t, i, p, sandbox.NewMux(p).Transport()}
}

const verifier = "a-verifier-of-at-least-forty-three-characters-0123456789"

func challenge() string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func (f *flow) authURL(change func(url.Values)) string {
	q := url.Values{"response_type": {"code"}, "client_id": {f.i.OAuthClientID}, "redirect_uri": {redirectURI}, "state": {"st4te"}}
	if s := f.i.OAuthScopes.Join(f.i.Auth.Separator()); s != "" {
		q.Set("scope", s)
	}
	if f.i.Auth.Challenge() == schema.PKCES256 {
		q.Set("code_challenge", challenge())
		q.Set("code_challenge_method", "S256")
	}
	for k, v := range f.i.Auth.AuthorizationParams {
		q.Set(k, v)
	}
	if change != nil {
		change(q)
	}
	return f.i.Auth.AuthorizationURL + "?" + q.Encode()
}

func (f *flow) code() string {
	f.t.Helper()
	u, err := sandbox.Allow(f.t.Context(), f.rt, f.authURL(nil), "allow")
	if err != nil {
		f.t.Fatal(err)
	}
	return u.Query().Get("code")
}

type tokens map[string]any

func (t tokens) text(path string) string {
	var v any = map[string]any(t)
	for key := range strings.SplitSeq(path, ".") {
		m, _ := v.(map[string]any)
		v = m[key]
	}
	s, _ := v.(string)
	return s
}

// tokenRequest makes a request in the integration's declared way.
func (f *flow) tokenRequest(params map[string]string, change func(r *http.Request, p map[string]string)) *http.Request {
	r, _ := http.NewRequestWithContext(f.t.Context(), "POST", f.i.Auth.TokenURL, nil)
	if f.i.Auth.ClientAuth() == schema.ClientAuthHeader {
		r.SetBasicAuth(url.QueryEscape(f.i.OAuthClientID), url.QueryEscape(f.i.OAuthClientSecret.Reveal()))
	} else {
		params["client_id"] = f.i.OAuthClientID
		params["client_secret"] = f.i.OAuthClientSecret.Reveal()
	}
	if f.i.Auth.BodyFormat == "json" {
		r.Header.Set("Content-Type", "application/json")
	} else {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if change != nil {
		change(r, params)
	}
	body := ""
	if r.Header.Get("Content-Type") == "application/json" {
		b, _ := json.Marshal(params)
		body = string(b)
	} else {
		v := url.Values{}
		for k, s := range params {
			v.Set(k, s)
		}
		body = v.Encode()
	}
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
	return r
}

func (f *flow) exchangeRequest(code string, change func(*http.Request, map[string]string)) *http.Request {
	params := map[string]string{"grant_type": "authorization_code", "code": code, "redirect_uri": redirectURI}
	if f.i.Auth.Challenge() == schema.PKCES256 {
		params["code_verifier"] = verifier
	}
	return f.tokenRequest(params, change)
}

func (f *flow) refreshRequest(token string) *http.Request {
	return f.tokenRequest(map[string]string{"grant_type": "refresh_token", "refresh_token": token}, nil)
}

func (f *flow) do(r *http.Request) (*http.Response, tokens) {
	f.t.Helper()
	resp, err := f.rt.RoundTrip(r)
	if err != nil {
		f.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	var body tokens
	_ = json.Unmarshal(b, &body)
	return resp, body
}

func (f *flow) connect() tokens {
	f.t.Helper()
	resp, body := f.do(f.exchangeRequest(f.code(), nil))
	if resp.StatusCode != 200 || body.text("access_token") == "" {
		f.t.Fatalf("exchange: %s %v", resp.Status, body)
	}
	return body
}

// get calls the API as the integration's templates say.
func (f *flow) get(path, token string, change func(*http.Request)) (*http.Response, tokens) {
	f.t.Helper()
	return f.do(f.request(f.t.Context(), path, token, change))
}

func (f *flow) request(ctx context.Context, path, token string, change func(*http.Request)) *http.Request {
	r, err := http.NewRequestWithContext(ctx, "GET", f.i.Requests.BaseURL+path, nil)
	if err != nil {
		f.t.Fatal(err)
	}
	for name, v := range f.i.Requests.Headers {
		if !strings.Contains(v, "${") {
			r.Header.Set(name, v)
		}
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if change != nil {
		change(r)
	}
	return r
}

// clock is a time that tests move.
type clock struct{ at time.Time }

func newClock() *clock                   { return &clock{time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)} }
func (c *clock) now() time.Time          { return c.at }
func (c *clock) advance(d time.Duration) { c.at = c.at.Add(d) }

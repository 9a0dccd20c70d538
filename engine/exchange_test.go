package engine_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// exchange runs a whole flow and returns what came of it.
func exchange(t *testing.T, e *engine.Engine, callback url.Values) (*engine.Connection, error) {
	t.Helper()
	p, q := begin(t, e)
	if !callback.Has("state") {
		callback.Set("state", q.Get("state"))
	}
	return e.Exchange(t.Context(), p, callback)
}

// What the callback calls the code is data, and no other name will do.
func TestNameOfTheCode(t *testing.T) {
	p := &provider{token: answers(`{"access_token":"a1"}`)}
	e := newEngine(t, p, nil, func(in *schema.Integration) {
		in.Auth.Callback = &schema.Callback{Code: "their_code"}
	})
	for code, want := range map[string]error{"code": engine.ErrInvalidResponse, "their_code": nil} {
		pending, _ := begin(t, e)
		if _, err := e.Exchange(t.Context(), pending, url.Values{code: {"the-code"}, "state": {pending.State.Reveal()}}); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", code, err, want)
		}
	}
	if len(p.calls) != 1 || p.calls[0].params.Get("code") != "the-code" {
		t.Errorf("%d exchanges", len(p.calls))
	}
}

func TestExchangeRequest(t *testing.T) {
	tests := map[string]struct {
		change func(*schema.Integration)
		check  func(t *testing.T, c *tokenCall)
	}{
		"S16 Basic header, form-urlencoded first": {
			check: func(t *testing.T, c *tokenCall) {
				id, secret, ok := c.BasicAuth()
				if !ok || id != "client-id" || secret != url.QueryEscape("s3cret/+=") {
					t.Errorf("Basic %q %q", id, secret)
				}
				if c.params.Has("client_id") || c.params.Has("client_secret") {
					t.Error("credentials in the body as well")
				}
			},
		},
		"S16 unescaped where the blueprint says so": {
			change: func(in *schema.Integration) { in.Auth.TokenRequest = &schema.TokenRequest{BasicUnescaped: true} },
			check: func(t *testing.T, c *tokenCall) {
				if _, secret, _ := c.BasicAuth(); secret != "s3cret/+=" {
					t.Errorf("secret %q", secret)
				}
			},
		},
		"S16 in the body": {
			change: func(in *schema.Integration) { in.Auth.AuthorizationMethod = "body" },
			check: func(t *testing.T, c *tokenCall) {
				if _, _, ok := c.BasicAuth(); ok {
					t.Error("Basic header as well")
				}
				if c.params.Get("client_id") != "client-id" || c.params.Get("client_secret") != "s3cret/+=" {
					t.Errorf("body %v", c.params)
				}
			},
		},
		"public client": {
			change: func(in *schema.Integration) {
				in.Auth.AuthorizationMethod = "none"
				in.OAuthClientSecret = schema.Secret{}
			},
			check: func(t *testing.T, c *tokenCall) {
				if _, _, ok := c.BasicAuth(); ok || c.params.Has("client_secret") || c.params.Get("client_id") != "client-id" {
					t.Errorf("body %v", c.params)
				}
			},
		},
		"S17 asks for JSON": {
			check: func(t *testing.T, c *tokenCall) {
				if c.Header.Get("Accept") != "application/json" {
					t.Errorf("Accept %q", c.Header.Get("Accept"))
				}
			},
		},
		"standard parameters": {
			check: func(t *testing.T, c *tokenCall) {
				c.params.Del("code_verifier")
				want := url.Values{"grant_type": {"authorization_code"}, "code": {"the-code"}, "redirect_uri": {callbackURL}}
				if diff := cmp.Diff(want, c.params); diff != "" {
					t.Error(diff)
				}
			},
		},
		"JSON body, extra params and headers, renamed and dropped fields, query": {
			change: func(in *schema.Integration) {
				in.Auth.BodyFormat = "json"
				in.Auth.AuthorizationMethod = "body"
				in.Auth.TokenParams = schema.Tree{"audience": "x", "code": "not-replaceable"}
				in.Auth.TokenHeaders = map[string]string{"Fjord-Version": "7"}
				in.Auth.TokenRequest = &schema.TokenRequest{
					Rename: map[string]string{"client_id": "client_key", "redirect_uri": ""},
					Query:  map[string]string{"app": "${oauth_client_id}"},
				}
			},
			check: func(t *testing.T, c *tokenCall) {
				c.params.Del("code_verifier")
				want := url.Values{"grant_type": {"authorization_code"}, "code": {"the-code"}, "client_key": {"client-id"}, "client_secret": {"s3cret/+="}, "audience": {"x"}}
				if diff := cmp.Diff(want, c.params); diff != "" {
					t.Error(diff)
				}
				if c.Header.Get("Content-Type") != "application/json" || c.Header.Get("Fjord-Version") != "7" || c.URL.Query().Get("app") != "client-id" {
					t.Errorf("headers %v, query %v", c.Header, c.URL.Query())
				}
			},
		},
		"by GET": {
			change: func(in *schema.Integration) { in.Auth.TokenRequestMethod = "GET" },
			check: func(t *testing.T, c *tokenCall) {
				if c.Method != "GET" || c.body != "" || c.URL.Query().Get("code") != "the-code" {
					t.Errorf("%s %s body %q", c.Method, c.URL, c.body)
				}
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := &provider{token: answers(`{"access_token":"a"}`)}
			connect(t, newEngine(t, p, nil, tt.change))
			tt.check(t, p.calls[0])
		})
	}
}

func TestS9_CodeIsSentOnce(t *testing.T) {
	for _, status := range []int{400, 401, 500, 503} {
		p := &provider{token: func(*tokenCall) (int, string) { return status, `{"error":"invalid_client"}` }}
		if _, err := exchange(t, newEngine(t, p, nil, nil), url.Values{"code": {"c"}}); err == nil {
			t.Error("no error")
		}
		if len(p.calls) != 1 {
			t.Errorf("status %d: %d token calls, want 1", status, len(p.calls))
		}
	}
}

func TestS15_TokenEndpoint(t *testing.T) {
	t.Run("no redirect is followed", func(t *testing.T) {
		p := &provider{redirect: "https://evil.test/steal"}
		if _, err := exchange(t, newEngine(t, p, nil, nil), url.Values{"code": {"c"}}); !errors.Is(err, engine.ErrInvalidResponse) {
			t.Errorf("got %v", err)
		}
		if diff := cmp.Diff([]string{"fjord.test"}, p.hosts); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("plain http is refused before anything is sent", func(t *testing.T) {
		p := &provider{token: answers(`{"access_token":"a"}`)}
		e := newEngine(t, p, nil, func(in *schema.Integration) { in.Auth.TokenURL = "http://fjord.test/token" })
		if _, err := exchange(t, e, url.Values{"code": {"c"}}); !errors.Is(err, engine.ErrClient) {
			t.Errorf("got %v", err)
		}
		if len(p.hosts) != 0 {
			t.Error("something was sent")
		}
	})
	t.Run("http on loopback is fine", func(t *testing.T) {
		p := &provider{token: answers(`{"access_token":"a"}`)}
		connect(t, newEngine(t, p, nil, func(in *schema.Integration) { in.Auth.TokenURL = "http://127.0.0.1:9/token" }))
	})
}

// Whatever the provider answers, the outcome is defined, nothing half done is
// stored, and nothing of the answer is in the error.
func TestTokenAnswers(t *testing.T) {
	const leak = "sk-LEAK-7"
	tests := map[string]struct {
		status int
		body   string
		want   engine.Kind
		code   string
	}{
		"HTML":                          {200, "<html>" + leak + "</html>", engine.KindInvalidResponse, ""},
		"empty":                         {200, "", engine.KindInvalidResponse, ""},
		"not JSON":                      {200, leak, engine.KindInvalidResponse, ""},
		"truncated JSON":                {200, `{"access_token":"` + leak, engine.KindInvalidResponse, ""},
		"a list":                        {200, `["` + leak + `"]`, engine.KindInvalidResponse, ""},
		"no access token":               {200, `{"refresh_token":"` + leak + `"}`, engine.KindInvalidResponse, ""},
		"empty access token":            {200, `{"access_token":"","x":"` + leak + `"}`, engine.KindInvalidResponse, ""},
		"null access token":             {200, `{"access_token":null,"x":"` + leak + `"}`, engine.KindInvalidResponse, ""},
		"larger than 1 MiB":             {200, `{"access_token":"` + leak + strings.Repeat("x", 1<<20) + `"}`, engine.KindInvalidResponse, ""},
		"S18 unknown token type":        {200, `{"access_token":"` + leak + `","token_type":"dpop"}`, engine.KindInvalidResponse, ""},
		"S20 error in a 200":            {200, `{"error":"bad_verification_code","error_description":"` + leak + `"}`, engine.KindInvalidResponse, "bad_verification_code"},
		"S20 error and a token":         {200, `{"error":"invalid_grant","access_token":"` + leak + `"}`, engine.KindClient, "invalid_grant"},
		"S20 invalid_grant":             {400, `{"error":"invalid_grant","error_description":"` + leak + `"}`, engine.KindClient, "invalid_grant"},
		"S20 invalid_client":            {401, `{"error":"invalid_client"}`, engine.KindClient, "invalid_client"},
		"S20 unauthorized_client":       {400, `{"error":"unauthorized_client"}`, engine.KindClient, "unauthorized_client"},
		"S20 invalid_scope":             {400, `{"error":"invalid_scope"}`, engine.KindClient, "invalid_scope"},
		"S20 temporarily_unavailable":   {400, `{"error":"temporarily_unavailable"}`, engine.KindUnavailable, "temporarily_unavailable"},
		"S20 503":                       {503, `<html>` + leak, engine.KindUnavailable, ""},
		"429":                           {429, `{"message":"` + leak + `"}`, engine.KindRateLimited, ""},
		"a code that is not one":        {400, `{"error":"` + leak + ` <script>"}`, engine.KindClient, "(unreadable)"},
		"an error object with its code": {400, `{"error":{"code":"invalid_grant","x":"` + leak + `"}}`, engine.KindClient, "invalid_grant"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := &provider{token: func(*tokenCall) (int, string) { return tt.status, tt.body }}
			e := newEngine(t, p, nil, nil)
			_, err := exchange(t, e, url.Values{"code": {"the-" + leak}})
			var got *engine.Error
			if !errors.As(err, &got) || got.Kind != tt.want || got.Code != tt.code {
				t.Errorf("got %v, want kind %s code %q", err, tt.want, tt.code)
			}
			if strings.Contains(err.Error(), leak) {
				t.Errorf("the error tells a secret: %v", err)
			}
			if _, err := e.Connection(t.Context(), alice); !errors.Is(err, engine.ErrNotFound) {
				t.Errorf("something was stored: %v", err)
			}
		})
	}
}

// A dead refresh token is called invalid_request by some (X, Zoom); the
// blueprint's own rule decides before RFC 6749's codes do.
func TestOwnRulesComeFirst(t *testing.T) {
	server := &rotating{failing: func(int) (int, string) { return 400, `{"error":"invalid_request"}` }}
	rule := func(in *schema.Integration) {
		in.Requests.Errors = &schema.Errors{Rules: []schema.ErrorRule{{
			When: schema.Condition{Code: schema.OneOrMany[string]{"invalid_request"}}, Kind: "reauthorize",
		}}}
	}
	bubble(t, server, rule, func(t *testing.T, e *engine.Engine, _ *provider) {
		if _, err := e.Refresh(t.Context(), alice); !errors.Is(err, engine.ErrReauthorize) {
			t.Errorf("got %v", err)
		}
	})
}

// Okta's token endpoint says invalid_grant to a user who asks too often, with 429:
// the blueprint's rule keeps such a connection alive.
func TestOwnRulesKeepWhoAsksTooOften(t *testing.T) {
	server := &rotating{failing: func(int) (int, string) { return 429, `{"error":"invalid_grant"}` }}
	rule := func(in *schema.Integration) {
		in.Requests.Errors = &schema.Errors{Rules: []schema.ErrorRule{{
			When: schema.Condition{Status: schema.OneOrMany[int]{429}, Code: schema.OneOrMany[string]{"invalid_grant"}}, Kind: "rate_limited",
		}}}
	}
	bubble(t, server, rule, func(t *testing.T, e *engine.Engine, _ *provider) {
		if _, err := e.Refresh(t.Context(), alice); !errors.Is(err, engine.ErrRateLimited) {
			t.Errorf("got %v", err)
		}
	})
}

func TestExchangeCallbackErrors(t *testing.T) {
	tests := map[string]engine.Kind{
		"access_denied": engine.KindDenied, "invalid_scope": engine.KindClient, "unauthorized_client": engine.KindClient,
		"server_error": engine.KindUnavailable, "temporarily_unavailable": engine.KindUnavailable,
	}
	for code, want := range tests {
		_, err := exchange(t, newEngine(t, &provider{}, nil, nil), url.Values{"error": {code}, "error_description": {"<script>"}})
		if engine.ErrorKind(err) != want || strings.Contains(err.Error(), "script") {
			t.Errorf("%s: got %v, want kind %s", code, err, want)
		}
	}
	if _, err := exchange(t, newEngine(t, &provider{}, nil, nil), url.Values{}); !errors.Is(err, engine.ErrInvalidResponse) {
		t.Errorf("neither code nor error: got %v", err)
	}
}

func TestS19_ExpiresIn(t *testing.T) {
	tests := map[string]struct {
		body string
		want time.Duration // 0: no stated end
	}{
		"number":         {`"expires_in":3600`, time.Hour},
		"string":         {`"expires_in":"3600"`, time.Hour},
		"float":          {`"expires_in":3600.5`, time.Hour + 500*time.Millisecond},
		"float string":   {`"expires_in":"3600.0"`, time.Hour},
		"zero is never":  {`"expires_in":0`, 0},
		"below zero too": {`"expires_in":-1`, 0},
		"negative":       {`"expires_in":"-5"`, 0},
		"null":           {`"expires_in":null`, 0},
		"absent":         {`"x":1`, 0},
		"not a number":   {`"expires_in":"1h"`, 0},
		"empty":          {`"expires_in":""`, 0},
		"huge":           {`"expires_in":99999999999999`, 0},
		"an object":      {`"expires_in":{}`, 0},
		"beyond int32":   {`"expires_in":4294967296`, 4294967296 * time.Second},
		"infinite":       {`"expires_in":"Inf"`, 0},
		"minus infinity": {`"expires_in":"-Inf"`, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &provider{token: answers(`{"access_token":"a",` + tt.body + `}`)}
				c := connect(t, newEngine(t, p, nil, nil))
				end := c.Credentials.Token.ExpiresAt
				switch {
				case tt.want == 0 && !end.IsZero(), tt.want != 0 && tt.want != -1 && !end.Equal(time.Now().Add(tt.want)), tt.want == -1 && !end.Before(time.Now()):
					t.Errorf("token ends %v, want in %v of %v", end, tt.want, time.Now())
				}
			})
		})
	}
	t.Run("declared lifetime where none is stated", func(t *testing.T) {
		p := &provider{token: answers(`{"access_token":"a"}`)}
		c := connect(t, newEngine(t, p, nil, func(in *schema.Integration) { in.Auth.TokenLifetimeSeconds = 60 }))
		if d := time.Until(c.Credentials.Token.ExpiresAt); d < 50*time.Second || d > 60*time.Second {
			t.Errorf("ends in %v", d)
		}
	})
	t.Run("at a point in time, in milliseconds, elsewhere in the answer", func(t *testing.T) {
		p := &provider{token: answers(`{"data":{"tok":"a","ends":1790000000000}}`)}
		c := connect(t, newEngine(t, p, nil, func(in *schema.Integration) {
			in.Auth.TokenResponse = &schema.TokenResponse{AccessToken: "data.tok", Expires: &schema.Expires{Path: "data.ends", Kind: "at", Unit: "ms"}}
		}))
		if got := c.Credentials.Token.ExpiresAt; !got.Equal(time.Unix(1790000000, 0)) || c.Credentials.Token.AccessToken.Reveal() != "a" {
			t.Errorf("ends %v", got)
		}
	})
}

func TestS10_GrantedScopes(t *testing.T) {
	tests := map[string][]string{
		`"scope":"read"`:         {"read"},
		`"scope":"read,extra"`:   {"read", "extra"},
		`"scope":["a","b"]`:      {"a", "b"},
		`"x":"absent: as asked"`: {"read", "write"},
	}
	for body, want := range tests {
		p := &provider{token: answers(`{"access_token":"a",` + body + `}`)}
		c := connect(t, newEngine(t, p, nil, nil))
		if diff := cmp.Diff(want, c.Credentials.Token.Scopes); diff != "" {
			t.Errorf("%s: %s", body, diff)
		}
	}
}

func TestS17_FormAnswers(t *testing.T) {
	p := &provider{token: answers("access_token=a%2Bb&scope=repo%2Cgist&token_type=bearer")}
	c := connect(t, newEngine(t, p, nil, nil))
	if got := c.Credentials.Token.AccessToken.Reveal(); got != "a+b" {
		t.Errorf("token %q", got)
	}
}

// What a connection carries comes from the user, the callback and the answer.
func TestExchangeKeepsFields(t *testing.T) {
	p := &provider{token: answers(`{"access_token":"a","team":{"id":"T1"},"hook":"https://hooks.test/secret","authed_user":{"access_token":"u"}}`)}
	e := newEngine(t, p, nil, func(in *schema.Integration) {
		in.Connection = map[string]schema.ConnectionField{
			"team_id": {From: schema.FromTokenResponse, Path: "team.id"},
			"hook":    {From: schema.FromTokenResponse, Field: schema.Field{Secret: true}},
			"realmId": {From: schema.FromCallback},
			"absent":  {From: schema.FromTokenResponse, Field: schema.Field{Optional: true}},
		}
		in.Auth.TokenResponse = &schema.TokenResponse{Secondary: map[string]schema.SecondaryToken{"user": {AccessToken: "authed_user.access_token"}}}
	})
	c, err := exchange(t, e, url.Values{"code": {"c"}, "realmId": {"42"}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"team_id": "T1", "realmId": "42"}, c.Fields); diff != "" {
		t.Error(diff)
	}
	if c.Credentials.Fields["connection.hook"].Reveal() != "https://hooks.test/secret" || c.Credentials.Token.Secondary["user"].AccessToken.Reveal() != "u" {
		t.Error("secret field or second token is missing")
	}
	if v, ok := c.Credentials.Token.RawValue("team.id"); !ok || v != "T1" {
		t.Errorf("raw team.id = %q", v)
	}
	if _, err := exchange(t, e, url.Values{"code": {"c"}}); !errors.Is(err, engine.ErrInvalidResponse) {
		t.Errorf("realmId missing: got %v", err)
	}
}

// Connecting again replaces credentials and keeps what is the host's.
func TestExchangeAgain(t *testing.T) {
	p := &provider{token: answers(`{"access_token":"a1"}`, `{"access_token":"a2"}`)}
	store := &engine.MemoryStore{}
	e := newEngine(t, p, &engine.Options{Connections: store}, nil)
	first := connect(t, e)
	first.Metadata = map[string]any{"tenant": "x"}
	if err := store.Replace(t.Context(), first, first.Generation); err != nil {
		t.Fatal(err)
	}
	second := connect(t, e)
	if second.Credentials.Token.AccessToken.Reveal() != "a2" || second.Metadata["tenant"] != "x" || second.Generation == first.Generation {
		t.Errorf("got generation %d after %d, metadata %v", second.Generation, first.Generation, second.Metadata)
	}
}

func TestNetworkFailureDoesNotTellTheURL(t *testing.T) {
	failing := roundTripFunc(func(r *http.Request) (*http.Response, error) {
		return nil, errors.New("connection refused")
	})
	in := fjord()
	in.Auth.TokenRequestMethod = "GET"
	e, err := engine.New(&schema.Config{Integrations: map[string]*schema.Integration{"fjord": in}}, &engine.Options{Transport: failing})
	if err != nil {
		t.Fatal(err)
	}
	_, err = exchange(t, e, url.Values{"code": {"sk-LEAK-9"}})
	if !errors.Is(err, engine.ErrUnavailable) || strings.Contains(err.Error(), "sk-LEAK-9") {
		t.Errorf("got %v", err)
	}
}

type roundTripFunc func(*http.Request) (*http.Response, error)

// PublicOnly implements [engine.PublicTransport]: no connection is made at all.
func (f roundTripFunc) PublicOnly() http.RoundTripper { return f }

func (f roundTripFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

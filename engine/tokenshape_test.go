package engine_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// A shaped provider answers its token endpoint as it is told, and the API with what the
// caller has sent.
type shaped struct {
	status int
	header http.Header
	body   string
	last   *http.Request
}

func (s *shaped) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
	}
	if r.URL.Path != "/token" {
		s.last = r
		return answer(r, 200, `{}`), nil
	}
	resp := answer(r, s.status, s.body)
	resp.Header = s.header.Clone()
	return resp, nil
}

func (s *shaped) PublicOnly() http.RoundTripper { return s }

// shapedEngine has a login against s.
func shapedEngine(t *testing.T, s *shaped, change func(*schema.Integration)) *engine.Engine {
	t.Helper()
	in := fjord()
	in.OAuthClientID, in.OAuthClientSecret, in.OAuthScopes = "", schema.Secret{}, nil
	in.Auth = schema.Auth{AuthMode: schema.TwoStep, TokenURL: "https://fjord.test/token", TokenParams: schema.Tree{"user": "${credentials.username}"}}
	in.Credentials = map[string]schema.Field{"username": {}}
	if change != nil {
		change(in)
	}
	e, err := engine.New(&schema.Config{Integrations: map[string]*schema.Integration{"fjord": in}}, &engine.Options{Transport: s})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// Tokens come in other shapes than a member of an object: the whole answer, an item of a
// list, XML, a header, a cookie.
func TestTokensInOtherShapes(t *testing.T) {
	for name, tt := range map[string]struct {
		status int
		header http.Header
		body   string
		shape  *schema.TokenResponse
		want   string // "": it is refused
	}{
		"bare text":                  {200, http.Header{"Content-Type": {"text/plain"}}, "\ufeffeyJ.abc.def\n", nil, "eyJ.abc.def"},
		"text without a label":       {200, http.Header{}, "eyJ.abc.def", nil, "eyJ.abc.def"},
		"JSON text":                  {201, http.Header{"Content-Type": {"application/json"}}, ` "eyJ.abc\u002edef" `, nil, "eyJ.abc.def"},
		"JSON text with a shape":     {200, http.Header{"Content-Type": {"application/json"}}, `"t"`, &schema.TokenResponse{TokenTypes: []string{"x"}}, "t"},
		"an item of a list":          {200, http.Header{"Content-Type": {"application/json"}}, `[{"token":"one"},{"token":"two"}]`, &schema.TokenResponse{AccessToken: "1.token"}, "two"},
		"XML":                        {200, http.Header{"Content-Type": {"application/xml; charset=utf-8"}}, `<?xml version="1.0"?><qdbapi><ticket>t-1</ticket></qdbapi>`, &schema.TokenResponse{AccessToken: "ticket"}, "t-1"},
		"XML, deeper":                {200, http.Header{"Content-Type": {"text/xml"}}, `<a><b><c>t-1</c></b><errcode>0</errcode></a>`, &schema.TokenResponse{AccessToken: "b.c"}, "t-1"},
		"a header, beside JSON":      {201, http.Header{"Content-Type": {"application/json"}, "X-Subject-Token": {"t-h"}}, `{"token":{"expires_at":"2030-01-01T00:00:00.000000Z"}}`, &schema.TokenResponse{AccessTokenHeader: "x-subject-token", Expires: &schema.Expires{Path: "token.expires_at", Kind: "at"}}, "t-h"},
		"a header, and no body":      {201, http.Header{"X-Auth-Token": {"t-h"}}, "", &schema.TokenResponse{AccessTokenHeader: "X-Auth-Token"}, "t-h"},
		"a cookie":                   {200, http.Header{"Content-Type": {"application/json"}, "Set-Cookie": {"lang=en", "AuthSession=dDE=; Version=1; Max-Age=600; Path=/; HttpOnly"}}, `{"ok":true}`, &schema.TokenResponse{AccessTokenCookie: "AuthSession"}, "dDE="},
		"a header that is not there": {200, http.Header{"Content-Type": {"application/json"}}, `{"access_token":"LEAK"}`, &schema.TokenResponse{AccessTokenHeader: "X-Auth-Token"}, ""},
		"prose":                      {200, http.Header{"Content-Type": {"text/plain"}}, "LEAK is no good", nil, ""},
		"a page":                     {200, http.Header{"Content-Type": {"text/html"}}, "<html>LEAK</html>", nil, ""},
		"a page that says it is XML": {200, http.Header{"Content-Type": {"application/xml"}}, `<?xml version="1.0"?><!DOCTYPE html><html><token>LEAK</token></html>`, &schema.TokenResponse{AccessToken: "token"}, ""},
		"a number":                   {200, http.Header{"Content-Type": {"application/json"}}, `[1]`, nil, ""},
		"refused, in one word":       {403, http.Header{"Content-Type": {"text/plain"}}, "LEAK", nil, ""},
		"a path, and bare text":      {200, http.Header{"Content-Type": {"text/plain"}}, "LEAK", &schema.TokenResponse{AccessToken: "data.token"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := &shaped{status: tt.status, header: tt.header, body: tt.body}
			e := shapedEngine(t, s, func(in *schema.Integration) { in.Auth.TokenResponse = tt.shape })
			c, err := e.Connect(t.Context(), alice, engine.Credentials{Username: secret("mira")}, nil)
			if tt.want == "" {
				if err == nil || strings.Contains(fmt.Sprint(err), "LEAK") {
					t.Errorf("got %v", err)
				}
				return
			}
			if err != nil || c.Credentials.Token.AccessToken.Reveal() != tt.want {
				t.Fatalf("got %v, want %s", err, tt.want)
			}
			if end := c.Credentials.Token.ExpiresAt; (name == "a cookie" || strings.HasPrefix(name, "a header, beside")) == end.IsZero() {
				t.Errorf("it ends %v", end)
			}
			client, err := e.Client(alice)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := client.Get("/x")
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			if got := s.last.Header.Get("Authorization"); got != "Bearer "+tt.want {
				t.Errorf("the call says %q", got)
			}
		})
	}
	// A word is no token where OAuth has a form for answers.
	s := &shaped{status: 200, header: http.Header{"Content-Type": {"text/plain"}}, body: "accepted"}
	e := shapedEngine(t, s, func(in *schema.Integration) {
		clientCredentials(in)
		in.OAuthClientID, in.OAuthClientSecret, in.Credentials, in.Auth.TokenParams = "id", secret("s"), nil, nil
	})
	if _, err := e.Connect(t.Context(), alice, engine.Credentials{}, nil); !errors.Is(err, engine.ErrInvalidResponse) {
		t.Errorf("OAUTH2_CC: got %v", err)
	}
}

// A session that a login opens is carried as a cookie.
func TestASessionCookieIsCarried(t *testing.T) {
	s := &shaped{status: 200, header: http.Header{"Content-Type": {"application/json"}, "Set-Cookie": {"AuthSession=s-1; Max-Age=600"}}, body: `{"ok":true}`}
	e := shapedEngine(t, s, func(in *schema.Integration) {
		in.Auth.TokenResponse = &schema.TokenResponse{AccessTokenCookie: "AuthSession"}
		in.Requests.Headers = map[string]string{"Cookie": "AuthSession=${access_token}"}
	})
	if _, err := e.Connect(t.Context(), alice, engine.Credentials{Username: secret("mira")}, nil); err != nil {
		t.Fatal(err)
	}
	client, err := e.Client(alice)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Get("/x")
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if got := s.last.Header.Get("Cookie"); got != "AuthSession=s-1" {
		t.Errorf("the call carries %q", got)
	}
}

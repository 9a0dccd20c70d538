package engine_test

import (
	"errors"
	"net/url"
	"regexp"
	"testing"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// Which redirect URIs have to be apart follows from who names the servers.
func TestS37_IssuersAreToldApart(t *testing.T) {
	t.Parallel()
	typed := func(f schema.Field) map[string]schema.ConnectionField {
		return map[string]schema.ConnectionField{"site": {From: schema.FromUser, Field: f}}
	}
	oauth := func(at string, f schema.Field) *schema.Integration {
		return &schema.Integration{
			OAuthClientID: "app", OAuthClientSecret: secret("hush"), Connection: typed(f),
			Auth:     schema.Auth{AuthMode: schema.OAuth2, AuthorizationURL: at + "/authorize", TokenURL: at + "/token"},
			Requests: schema.Requests{BaseURL: at, Headers: map[string]string{"Authorization": "Bearer ${access_token}"}},
		}
	}
	found := discovering()
	found.Connection = typed(schema.Field{Format: "hostname"})
	found.Requests.BaseURL = "https://${connection.site}/mcp"
	byPath := discovering()
	byPath.Connection = typed(schema.Field{})
	byPath.Auth.Resource = "https://mcp.test/${connection.site}"
	for name, c := range map[string]struct {
		in         *schema.Integration
		configured bool
		named      bool
	}{
		"in the file":          {oauth("https://quay.test", schema.Field{}), true, false},
		"a label":              {oauth("https://${connection.site}.quay.test", schema.Field{}), true, false},
		"one of few hosts":     {oauth("https://${connection.site}", schema.Field{Format: "hostname", Enum: []string{"a.test", "b.test"}}), true, false},
		"below its host":       {oauth("https://quay.test/${connection.site}", schema.Field{Format: "hostname"}), true, false},
		"a host":               {oauth("https://${connection.site}", schema.Field{Format: "hostname"}), false, true},
		"an origin":            {oauth("${connection.site}", schema.Field{Format: "uri"}), false, true},
		"an origin and a path": {oauth("${connection.site}/oauth", schema.Field{Format: "uri"}), false, true},
		"found out":            {discovering(), false, false},
		"found out by a host":  {found, false, true},
		"found out by a path":  {byPath, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := engine.New(&schema.Config{Integrations: map[string]*schema.Integration{"quay": c.in}}, nil)
			if err != nil {
				t.Fatal(err)
			}
			of := func(site string) engine.Issuer {
				fields := map[string]string{"site": site}
				if len(c.in.Connection) == 0 {
					fields = nil
				}
				got, err := e.Issuer("quay", fields)
				if err != nil {
					t.Fatal(err)
				}
				return got
			}
			one, same, other := "a.test", "a.test", "b.test"
			if f := c.in.Connection["site"]; f.Format == "uri" {
				one, same, other = "https://a.test", "https://a.test", "https://b.test"
			}
			got := of(one)
			if got.Configured != c.configured || (got.ID != "") != c.named {
				t.Errorf("got %+v", got)
			}
			if got != of(same) || c.named == (got == of(other)) {
				t.Errorf("got %+v, the same again %+v, another %+v", got, of(same), of(other))
			}
			if !regexp.MustCompile(`^[a-z2-7]*$`).MatchString(got.ID) {
				t.Errorf("%q is not fit for a path", got.ID)
			}
		})
	}
}

func TestIssuerOfFieldsThatAreNone(t *testing.T) {
	t.Parallel()
	e := newHarbour().twoKinds(t)
	if _, err := e.Issuer("quay", map[string]string{"site": "x"}); !errors.Is(err, engine.ErrClient) {
		t.Errorf("got %v", err)
	}
	if _, err := e.Issuer("nowhere", nil); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

// A host may add parameters to the authorization request, and change none that the
// protocol needs.
func TestAuthorizationParamsOfOneFlow(t *testing.T) {
	t.Parallel()
	p := &provider{token: answers(`{"access_token":"a"}`)}
	e := newEngine(t, p, nil, func(in *schema.Integration) {
		in.Auth.AuthorizationParams = map[string]string{"prompt": "consent", "access_type": "offline"}
	})
	pending, err := e.AuthCodeURL(t.Context(), alice, callbackURL, &engine.AuthCodeOptions{Params: map[string]string{"prompt": "login", "login_hint": "a&b=c", "access_type": ""}})
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(pending.URL.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	if q.Get("prompt") != "login" || q.Get("login_hint") != "a&b=c" || q.Has("access_type") || q.Get("state") != pending.State.Reveal() {
		t.Errorf("got %v", q)
	}
	for _, name := range []string{"state", "redirect_uri", "client_id", "code_challenge", "scope", "response_type", "response_mode", "request_uri", "nonce", ""} {
		if _, err := e.AuthCodeURL(t.Context(), alice, callbackURL, &engine.AuthCodeOptions{Params: map[string]string{name: "s3cret"}}); !errors.Is(err, engine.ErrClient) || regexp.MustCompile("s3cret").MatchString(err.Error()) {
			t.Errorf("%q: got %v", name, err)
		}
	}
}

package engine_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/sandbox"
	"github.com/nango-lite/nango-lite/schema"
)

// tokenCalls notes by host what is posted through it.
type tokenCalls struct {
	http.RoundTripper
	mu sync.Mutex
	to []string
}

func (c *tokenCalls) PublicOnly() http.RoundTripper { return c }

func (c *tokenCalls) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.URL.Path, "/token") {
		c.mu.Lock()
		c.to = append(c.to, r.URL.Host)
		c.mu.Unlock()
	}
	return c.RoundTripper.RoundTrip(r)
}

func mixedUp(t *testing.T, misleadTo string) (*engine.Engine, *tokenCalls) {
	t.Helper()
	honest := &schema.Integration{
		Name: "quay", OAuthClientID: "app", OAuthClientSecret: secret("hush"), OAuthScopes: &schema.Scopes{},
		Auth:     schema.Auth{AuthMode: schema.OAuth2, AuthorizationURL: "https://quay.test/authorize", TokenURL: "https://quay.test/token"},
		Requests: schema.Requests{BaseURL: "https://quay.test/v1", Headers: map[string]string{"Authorization": "Bearer ${access_token}"}},
	}
	hostile := &schema.Integration{
		Name:       "mcp",
		Auth:       schema.Auth{AuthMode: schema.MCPOAuth2},
		Connection: map[string]schema.ConnectionField{"server": {From: schema.FromUser, Field: schema.Field{Format: "uri"}}},
		Requests:   schema.Requests{BaseURL: "${connection.server}", Headers: map[string]string{"Authorization": "Bearer ${access_token}"}},
	}
	played := *hostile
	played.Requests.BaseURL, played.Connection = evilServer, nil
	q, err := sandbox.New(honest, &sandbox.Options{RedirectURIs: []string{"https://app.test/callback/quay"}})
	if err != nil {
		t.Fatal(err)
	}
	m, err := sandbox.New(&played, &sandbox.Options{MisleadTo: misleadTo})
	if err != nil {
		t.Fatal(err)
	}
	calls := &tokenCalls{RoundTripper: sandbox.NewMux(q, m).Transport()}
	e, err := engine.New(&schema.Config{Integrations: map[string]*schema.Integration{"quay": honest, "mcp": hostile}}, &engine.Options{Transport: calls})
	if err != nil {
		t.Fatal(err)
	}
	return e, calls
}

const evilServer = "https://mcp.evil.test/mcp"

// S37: a mix-up tried from the outside. Vera connects to a hostile server, which leads her on
// to the honest one; its code comes back, with the state of her flow, by the redirect URI of
// the honest one's flows, and goes to nobody.
func TestS37_MixUpThroughAHost(t *testing.T) {
	t.Parallel()
	e, calls := mixedUp(t, "https://quay.test/authorize?client_id=app&redirect_uri="+url.QueryEscape("https://app.test/callback/quay"))
	opts := &engine.AuthCodeOptions{Fields: map[string]string{"server": evilServer}}
	vera := engine.Key{Integration: "mcp", ConnectionID: "vera"}
	begin := func() (*engine.Pending, *url.URL) {
		issuer, err := e.Issuer("mcp", opts.Fields)
		if err != nil || issuer.Configured || issuer.ID == "" {
			t.Fatal(issuer, err)
		}
		p, err := e.AuthCodeURL(t.Context(), vera, "https://app.test/callback/mcp/"+issuer.ID, opts)
		if err != nil {
			t.Fatal(err)
		}
		r, _ := http.NewRequestWithContext(t.Context(), "GET", p.URL.Reveal(), nil)
		resp, err := calls.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		back, err := sandbox.Allow(t.Context(), calls, resp.Header.Get("Location"), "allow")
		if err != nil {
			t.Fatal(err)
		}
		if back.Path != "/callback/quay" || back.Query().Get("code") == "" || back.Query().Get("state") != p.State.Reveal() {
			t.Fatalf("the attack does not work: %s", back.Redacted())
		}
		return p, back
	}
	for name, finish := range map[string]func(*engine.Pending, *url.URL) error{
		"ExchangeAt": func(p *engine.Pending, at *url.URL) error {
			_, err := e.ExchangeAt(t.Context(), p, &url.URL{Path: at.Path, RawQuery: at.RawQuery})
			return err
		},
		"Exchange": func(p *engine.Pending, at *url.URL) error {
			_, err := e.Exchange(t.Context(), p, at.Query())
			return err
		},
	} {
		p, back := begin()
		if err := finish(p, back); !errors.Is(err, engine.ErrState) || !strings.Contains(err.Error(), "redirect URI") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(calls.to) > 0 {
		t.Errorf("token calls to %v", calls.to)
	}
	if _, err := e.Connection(t.Context(), vera); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("a connection was stored: %v", err)
	}
}

// A server that leaves the redirect URI as it is gets no code either: nobody has
// registered that with the honest one.
func TestS37_MixUpWithTheFlowsOwnRedirectURI(t *testing.T) {
	t.Parallel()
	e, calls := mixedUp(t, "https://quay.test/authorize?client_id=app")
	opts := &engine.AuthCodeOptions{Fields: map[string]string{"server": evilServer}}
	p, err := e.AuthCodeURL(t.Context(), engine.Key{Integration: "mcp", ConnectionID: "vera"}, "https://app.test/callback/mcp", opts)
	if err != nil {
		t.Fatal(err)
	}
	r, _ := http.NewRequestWithContext(t.Context(), "GET", p.URL.Reveal(), nil)
	resp, err := calls.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	var refused *sandbox.RefusedError
	if _, err := sandbox.Allow(t.Context(), calls, resp.Header.Get("Location"), "allow"); !errors.As(err, &refused) || !strings.Contains(refused.Reason, "redirect_uri") {
		t.Errorf("got %v", err)
	}
}

// S37: a server that a user names by the host of token_url shares no redirect URI with those
// that the file names, and plain Exchange does not do for it. An enum, a pattern, and a domain
// of the provider's make it the file's choice.
func TestS37_ServersThatUsersName(t *testing.T) {
	t.Parallel()
	type field = schema.ConnectionField
	free := field{From: schema.FromUser, Field: schema.Field{Format: "hostname"}}
	for name, row := range map[string]struct {
		tokenURL string
		host     field
		foreign  bool
	}{
		"any host":          {"https://${connection.host}/token", free, true},
		"any origin":        {"${connection.host}/token", field{From: schema.FromUser, Field: schema.Field{Format: "uri"}}, true},
		"any domain":        {"https://login.${connection.host}/token", free, true},
		"from the callback": {"https://${connection.host}/token", field{From: schema.FromCallback, Field: schema.Field{Format: "hostname"}}, true},
		"one of a list":     {"https://${connection.host}/token", field{From: schema.FromUser, Field: schema.Field{Enum: []string{"quay.test"}}}, false},
		"by a pattern":      {"https://${connection.host}/token", field{From: schema.FromUser, Field: schema.Field{Pattern: `^[a-z]+\.quay\.test$`, Format: "hostname"}}, false},
		"a label":           {"https://${connection.host}.quay.test/token", free, false},
		"in the path":       {"https://quay.test/${connection.host}/token", free, false},
	} {
		h := newHarbour()
		e, err := engine.New(&schema.Config{Integrations: map[string]*schema.Integration{
			"isle": {
				OAuthClientID: "app", OAuthClientSecret: secret("hush"), Connection: map[string]field{"host": row.host},
				Auth:     schema.Auth{AuthMode: schema.OAuth2, AuthorizationURL: "https://quay.test/authorize", TokenURL: row.tokenURL},
				Requests: schema.Requests{BaseURL: "https://quay.test", Headers: map[string]string{"Authorization": "Bearer ${access_token}"}},
			},
			"quay": {
				OAuthClientID: "app", OAuthClientSecret: secret("hush"),
				Auth:     schema.Auth{AuthMode: schema.OAuth2, AuthorizationURL: "https://quay.test/authorize", TokenURL: "https://quay.test/token"},
				Requests: schema.Requests{BaseURL: "https://quay.test", Headers: map[string]string{"Authorization": "Bearer ${access_token}"}},
			},
		}}, &engine.Options{Transport: h})
		if err != nil {
			t.Fatal(err)
		}
		fields := map[string]string{}
		if row.host.From == schema.FromUser {
			fields["host"] = "quay.test"
			if row.host.Format == "uri" {
				fields["host"] = "https://quay.test"
			}
			if row.host.Pattern != "" {
				fields["host"] = "a.quay.test"
			}
		}
		opts := &engine.AuthCodeOptions{Fields: fields}
		if issuer, err := e.Issuer("isle", fields); err != nil || issuer.Configured == row.foreign {
			t.Errorf("%s: %+v, %v", name, issuer, err)
		}
		isle := engine.Key{Integration: "isle", ConnectionID: "alice"}
		p, err := e.AuthCodeURL(t.Context(), isle, "https://app.test/callback/isle", opts)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		_, err = e.Exchange(t.Context(), p, url.Values{"state": {p.State.Reveal()}, "code": {"c"}, "host": {"quay.test"}})
		if refused := errors.Is(err, engine.ErrState) && strings.Contains(err.Error(), "ExchangeAt"); refused != row.foreign || refused && h.count("POST https://quay.test/token") > 0 {
			t.Errorf("%s: Exchange: %v", name, err)
		}
		if _, err := e.AuthCodeURL(t.Context(), quayAlice, callbackURL, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := e.AuthCodeURL(t.Context(), isle, callbackURL, opts); errors.Is(err, engine.ErrState) != row.foreign {
			t.Errorf("%s: a shared redirect URI: %v", name, err)
		}
	}
}

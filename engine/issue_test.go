package engine_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// clientCredentials makes fjord an API whose app needs no user.
func clientCredentials(in *schema.Integration) {
	in.Auth.AuthMode, in.Auth.AuthorizationURL = schema.OAuth2CC, ""
}

// ownApp is the same, with an app for each connection.
func ownApp(in *schema.Integration) {
	clientCredentials(in)
	in.OAuthClientID, in.OAuthClientSecret, in.OAuthScopes = "", schema.Secret{}, nil
}

func login(in *schema.Integration) {
	in.Auth = schema.Auth{
		AuthMode: schema.TwoStep, TokenURL: "https://fjord.test/token", BodyFormat: "json",
		TokenParams:   schema.Tree{"user": "${credentials.username}", "pass": "${credentials.password}"},
		TokenHeaders:  map[string]string{"X-Site": "${connection.site}"},
		TokenResponse: &schema.TokenResponse{AccessToken: "session.id", Expires: &schema.Expires{Path: "session.ends", Kind: "at"}},
	}
	in.Credentials = map[string]schema.Field{"username": {}, "password": {Secret: true}}
	in.Connection = map[string]schema.ConnectionField{
		"site": {From: schema.FromUser}, "gate": {From: schema.FromTokenResponse, Path: "session.gate"},
	}
}

func TestClientCredentials(t *testing.T) {
	p := &provider{token: answers(`{"access_token":"one","token_type":"bearer","expires_in":60,"refresh_token":"never"}`)}
	e := newEngine(t, p, nil, clientCredentials)
	c, err := e.Connect(t.Context(), alice, engine.Credentials{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := p.calls[0]
	id, secret, _ := r.BasicAuth()
	if got := r.params.Encode(); got != "grant_type=client_credentials&scope=read+write" || id != "client-id" || secret != "s3cret%2F%2B%3D" {
		t.Errorf("the request holds %s, from %q", got, id)
	}
	tok := c.Credentials.Token
	if tok.AccessToken.Reveal() != "one" || tok.RefreshToken.IsSet() || strings.Join(tok.Scopes, " ") != "read write" {
		t.Errorf("got %s, refresh token %t, scopes %q", tok.AccessToken.Reveal(), tok.RefreshToken.IsSet(), tok.Scopes)
	}
}

func TestClientCredentialsOfTheConnection(t *testing.T) {
	p := &provider{token: answers(`{"access_token":"one"}`)}
	e := newEngine(t, p, nil, ownApp)
	d, err := e.Describe("fjord")
	if err != nil || len(d.Fields) != 2 || d.Fields[0].Name != "client_id" || !d.Fields[1].Secret || d.Consent {
		t.Fatalf("asked for: %+v, %v", d, err)
	}
	given := engine.Credentials{Fields: map[string]schema.Secret{"client_id": secret("mine"), "client_secret": secret("hush")}}
	if _, err := e.Connect(t.Context(), alice, given, nil); err != nil {
		t.Fatal(err)
	}
	if id, pass, _ := p.calls[0].BasicAuth(); id != "mine" || pass != "hush" {
		t.Errorf("authenticated as %q", id)
	}
	if d, _ := newEngine(t, p, nil, clientCredentials).Describe("fjord"); len(d.Fields) != 0 {
		t.Errorf("where the operator has an app, the user is asked for %+v", d.Fields)
	}
}

func TestLoginCall(t *testing.T) {
	p := &provider{token: answers(`{"session":{"id":"s-1","ends":"2030-01-02T03:04:05Z","gate":"g7"}}`)}
	e := newEngine(t, p, nil, login)
	given := engine.Credentials{Username: secret("mira"), Password: secret("hush")}
	c, err := e.Connect(t.Context(), alice, given, &engine.ConnectOptions{Fields: map[string]string{"site": "north"}})
	if err != nil {
		t.Fatal(err)
	}
	r := p.calls[0]
	if r.body != `{"pass":"hush","user":"mira"}` || r.Header.Get("X-Site") != "north" || r.Header.Get("Authorization") != "" {
		t.Errorf("the login call is %s, %v", r.body, r.Header)
	}
	if c.Fields["gate"] != "g7" || c.Credentials.Token.ExpiresAt.Year() != 2030 {
		t.Errorf("got %v until %v", c.Fields, c.Credentials.Token.ExpiresAt)
	}
}

// Nothing is stored, and whoever has to mend it is told.
func TestIssueRefused(t *testing.T) {
	own := engine.Credentials{Fields: map[string]schema.Secret{"client_id": secret("mine"), "client_secret": secret("LEAK")}}
	user := engine.Credentials{Username: secret("mira"), Password: secret("LEAK")}
	north := &engine.ConnectOptions{Fields: map[string]string{"site": "north"}}
	for name, tt := range map[string]struct {
		change func(*schema.Integration)
		given  engine.Credentials
		opts   *engine.ConnectOptions
		status int
		body   string
		want   engine.Kind
	}{
		"the operator's secret":   {clientCredentials, engine.Credentials{}, nil, 401, `{"error":"invalid_client"}`, engine.KindClient},
		"the user's secret":       {ownApp, own, nil, 401, `{"error":"invalid_client"}`, engine.KindReauthorize},
		"the user's secret, 400":  {ownApp, own, nil, 400, `{"error":"invalid_client"}`, engine.KindReauthorize},
		"a scope":                 {ownApp, own, nil, 400, `{"error":"invalid_scope"}`, engine.KindClient},
		"the password":            {login, user, north, 401, `{"message":"no"}`, engine.KindReauthorize},
		"another parameter":       {login, user, north, 400, `{"message":"no"}`, engine.KindClient},
		"out of order":            {login, user, north, 503, `{"message":"no"}`, engine.KindUnavailable},
		"no token in it":          {login, user, north, 200, `{"session":{}}`, engine.KindInvalidResponse},
		"not JSON":                {login, user, north, 200, `<html>`, engine.KindInvalidResponse},
		"a field that is missing": {login, user, north, 200, `{"session":{"id":"x"}}`, engine.KindInvalidResponse},
	} {
		t.Run(name, func(t *testing.T) {
			p := &provider{token: func(*tokenCall) (int, string) { return tt.status, tt.body }}
			e := newEngine(t, p, nil, tt.change)
			_, err := e.Connect(t.Context(), alice, tt.given, tt.opts)
			if engine.ErrorKind(err) != tt.want || strings.Contains(fmt.Sprint(err), "LEAK") {
				t.Errorf("got %v, want kind %s", err, tt.want)
			}
			if _, err := e.Connection(t.Context(), alice); !errors.Is(err, engine.ErrNotFound) {
				t.Error("something was stored")
			}
		})
	}
	e := newEngine(t, &provider{}, nil, func(in *schema.Integration) { clientCredentials(in); in.OAuthClientSecret = schema.Secret{} })
	if _, err := e.Connect(t.Context(), alice, engine.Credentials{}, nil); !errors.Is(err, engine.ErrClient) || !strings.Contains(err.Error(), "oauth_client_secret") {
		t.Errorf("without a secret: %v", err)
	}
}

// However many ask, the next token is obtained once: when the last one has ended,
// and when it is refused.
func TestReissueOnceForManyCallers(t *testing.T) {
	for name, change := range map[string]func(*schema.Integration){"OAUTH2_CC": clientCredentials, "TWO_STEP": login} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n, refused := 0, ""
				p := &provider{
					token: func(*tokenCall) (int, string) {
						n++
						end := time.Now().Add(100 * time.Second)
						return 200, fmt.Sprintf(`{"access_token":"t%d","expires_in":100,"session":{"id":"t%d","ends":%q,"gate":"g"}}`, n, n, end.Format(time.RFC3339Nano))
					},
					api: func(r *http.Request) (int, string) {
						if r.Header.Get("Authorization") == "Bearer "+refused {
							return 401, `{}`
						}
						return 200, fmt.Sprintf(`{"token":%q}`, r.Header.Get("Authorization"))
					},
				}
				e := newEngine(t, p, nil, change)
				given := engine.Credentials{}
				var opts *engine.ConnectOptions
				if name == "TWO_STEP" {
					given, opts = engine.Credentials{Username: secret("u"), Password: secret("p")}, &engine.ConnectOptions{Fields: map[string]string{"site": "n"}}
				}
				if _, err := e.Connect(t.Context(), alice, given, opts); err != nil {
					t.Fatal(err)
				}
				client, err := e.Client(alice)
				if err != nil {
					t.Fatal(err)
				}
				rush := func() {
					var wg sync.WaitGroup
					for range 50 {
						wg.Go(func() {
							resp, err := client.Get("/x")
							if err != nil || resp.StatusCode != 200 {
								t.Errorf("%v %v", resp, err)
								return
							}
							_ = resp.Body.Close()
						})
					}
					wg.Wait()
				}
				rush()
				if n != 1 {
					t.Errorf("%d tokens for one connection", n)
				}
				time.Sleep(2 * time.Minute)
				if rush(); n != 2 {
					t.Errorf("%d tokens after the first has ended, want 2", n)
				}
				time.Sleep(20 * time.Second)
				refused = "t2"
				if rush(); n != 3 {
					t.Errorf("%d tokens after the second was refused, want 3", n)
				}
				if _, err := e.TokenSource(alice).Token(t.Context()); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// A login that is refused is reported as one that somebody has to mend, with the reason,
// and does not end the connection: it is asked again at growing pauses, and heals.
func TestALoginThatIsRefusedHeals(t *testing.T) {
	for name, change := range map[string]func(*schema.Integration){"a login": login, "client credentials of the connection": ownApp} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				status, asked := 200, 0
				p := &provider{token: func(*tokenCall) (int, string) {
					asked++
					return status, fmt.Sprintf(`{"access_token":"x","expires_in":60,"session":{"id":"x","gate":"g","ends":%d}}`, time.Now().Add(time.Minute).Unix())
				}}
				e := newEngine(t, p, nil, change)
				given := engine.Credentials{Username: secret("u"), Password: secret("p")}
				opts := &engine.ConnectOptions{Fields: map[string]string{"site": "n"}}
				if name != "a login" {
					given, opts = engine.Credentials{Fields: map[string]schema.Secret{"client_id": secret("own"), "client_secret": secret("s")}}, nil
				}
				if _, err := e.Connect(t.Context(), alice, given, opts); err != nil {
					t.Fatal(err)
				}
				time.Sleep(2 * time.Minute)
				status, asked = 401, 0
				var err error
				for range 24 * 60 * 6 { // a day, with a call every ten seconds
					if _, err = e.TokenSource(alice).Token(t.Context()); !errors.Is(err, engine.ErrReauthorize) || !strings.Contains(err.Error(), "no longer takes the connection's credentials") {
						t.Fatalf("got %v, want reauthorize and why", err)
					}
					time.Sleep(10 * time.Second)
				}
				if asked < 24 || asked > 32 {
					t.Errorf("asked %d times in a day, want after a minute, two, four, up to an hour", asked)
				}
				if c, err := e.Connection(t.Context(), alice); err != nil || c.Status != engine.StatusActive || !c.RefreshStarted.IsZero() {
					t.Errorf("stored %v, %v", c, err)
				}
				status = 200
				if _, err := e.Refresh(t.Context(), alice); err != nil {
					t.Errorf("asked for at once: %v", err)
				}
				if _, err := e.TokenSource(alice).Token(t.Context()); err != nil {
					t.Errorf("healed: %v", err)
				}
				time.Sleep(2 * time.Minute)
				status = 401
				_, _ = e.TokenSource(alice).Token(t.Context())
				status = 200
				time.Sleep(time.Minute)
				if _, err := e.TokenSource(alice).Token(t.Context()); err != nil {
					t.Errorf("after a minute, by itself: %v", err)
				}
			})
		})
	}
}

// Refused when it is asked for, a login is refused to whoever asks.
func TestReissueRefusedIsReported(t *testing.T) {
	status := 200
	p := &provider{token: func(*tokenCall) (int, string) {
		return status, `{"session":{"id":"x","gate":"g"}}`
	}}
	e := newEngine(t, p, nil, login)
	given := engine.Credentials{Username: secret("u"), Password: secret("p")}
	if _, err := e.Connect(t.Context(), alice, given, &engine.ConnectOptions{Fields: map[string]string{"site": "n"}}); err != nil {
		t.Fatal(err)
	}
	status = 401
	if _, err := e.Refresh(t.Context(), alice); !errors.Is(err, engine.ErrReauthorize) {
		t.Errorf("got %v", err)
	}
	c, err := e.Connection(t.Context(), alice)
	if err != nil || c.Status != engine.StatusActive || c.Reason != "" {
		t.Errorf("got %v, %v", c, err)
	}
}

package engine_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/store/seal"
)

// A rotation of the client secret, from the provider's side: it knows the old one,
// then both, then the new one. Refreshes go on, at the cost of one more request
// where the provider has to be found out about.
func TestClientSecretRotation(t *testing.T) {
	for _, mode := range []schema.AuthMode{schema.OAuth2, schema.OAuth2CC} {
		t.Run(string(mode), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				known := []string{"seeded-old"}
				p := &provider{}
				p.token = func(c *tokenCall) (int, string) {
					_, secret, _ := c.BasicAuth()
					if !slices.Contains(known, secret) {
						return 401, `{"error":"invalid_client"}`
					}
					return 200, fmt.Sprintf(`{"access_token":"a%d","refresh_token":"r%d","expires_in":3600}`, len(p.calls), len(p.calls))
				}
				var j journal
				e := newEngine(t, p, &engine.Options{Observe: j.observe}, func(in *schema.Integration) {
					in.Auth.AuthMode = mode
					in.OAuthClientSecret, in.OAuthClientSecretPrevious = secret("seeded-new"), secret("seeded-old")
				})
				if mode == schema.OAuth2 {
					connect(t, e)
				} else if _, err := e.Connect(t.Context(), alice, engine.Credentials{}, nil); err != nil {
					t.Fatal(err)
				}
				calls := len(p.calls)
				step := func(what string, want, warnings int) {
					t.Helper()
					j.lines = nil
					if _, err := e.Refresh(t.Context(), alice); err != nil {
						t.Fatalf("%s: %v", what, err)
					}
					if got := len(p.calls) - calls; got != want {
						t.Errorf("%s: %d requests, want %d", what, got, want)
					}
					if got := strings.Count(fmt.Sprintln(j.lines), string(engine.EventClient)+": "); got != warnings {
						t.Errorf("%s: %d warnings, want %d", what, got, warnings)
					}
					calls = len(p.calls)
				}
				if calls != 2 {
					t.Errorf("connecting took %d requests, want one with each secret", calls)
				}
				step("the old one alone, remembered", 1, 1)
				known = []string{"seeded-old", "seeded-new"}
				step("both, and the old one remembered", 1, 1)
				time.Sleep(time.Hour)
				step("both, an hour later", 1, 0)
				known = []string{"seeded-new"}
				step("the new one alone", 1, 0)
				known = []string{"seeded-old"}
				step("taken back", 2, 1)
				known = []string{"seeded-new"}
				step("and forth, while the old one is remembered", 2, 0)
				step("and then found at once", 1, 0)
				if text := fmt.Sprint(j.lines); strings.Contains(text, "seeded") {
					t.Errorf("a secret is told: %s", text)
				}
			})
		})
	}
}

// Only a client that is refused is tried again, and with nothing but another secret.
func TestClientSecretIsTriedForNothingElse(t *testing.T) {
	tests := map[string]struct {
		status int
		body   string
		calls  int
		kind   error
	}{
		"invalid_client":          {401, `{"error":"invalid_client"}`, 2, engine.ErrClient},
		"invalid_client in a 400": {400, `{"error":"invalid_client"}`, 2, engine.ErrClient},
		"401 alone":               {401, `{}`, 2, engine.ErrClient},
		"401 with another code":   {401, `{"error":"invalid_request"}`, 1, engine.ErrClient},
		"invalid_grant":           {400, `{"error":"invalid_grant"}`, 1, engine.ErrClient},
		"unauthorized_client":     {400, `{"error":"unauthorized_client"}`, 1, engine.ErrClient},
		"an outage":               {503, ``, 1, engine.ErrUnavailable},
		"a page":                  {200, `<html>`, 1, engine.ErrInvalidResponse},
	}
	for name, tt := range tests {
		t.Run("S9: "+name, func(t *testing.T) {
			p := &provider{token: func(*tokenCall) (int, string) { return tt.status, tt.body }}
			e := newEngine(t, p, nil, func(in *schema.Integration) { in.OAuthClientSecretPrevious = secret("old") })
			if _, err := exchangeAlice(t, e); !errors.Is(err, tt.kind) {
				t.Errorf("got %v, want %v", err, tt.kind)
			}
			if len(p.calls) != tt.calls {
				t.Errorf("%d requests, want %d", len(p.calls), tt.calls)
			}
			for _, c := range p.calls {
				if _, _, ok := c.BasicAuth(); !ok || c.params.Has("client_secret") {
					t.Error("the secret went in another style")
				}
			}
		})
	}
}

// Each connection brings an app of its own: its id and secret are what consent,
// exchange, refresh, introspection and revocation are made with.
func TestClientOfTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &provider{token: answers(`{"access_token":"a","refresh_token":"r","expires_in":60}`)}
		e := newEngine(t, p, nil, func(in *schema.Integration) {
			in.OAuthClientID, in.OAuthClientSecret, in.OAuthClientSecretPrevious = "", schema.Secret{}, schema.Secret{}
			in.Credentials = map[string]schema.Field{"client_id": {Title: "Client id"}, "client_secret": {Title: "Client secret", Secret: true}}
			in.Auth.AuthorizationParams = map[string]string{"app": "${credentials.client_id}", "also": "${oauth_client_id}"}
			in.Auth.RevocationURL = "https://fjord.test/token"
		})
		d, err := e.Describe("fjord")
		if err != nil || len(d.Fields) != 2 || !d.Fields[0].Credential || d.Fields[0].Name != "client_id" || !d.Fields[1].Secret {
			t.Errorf("asks for %+v, %v", d, err)
		}
		if _, err := e.AuthCodeURL(t.Context(), alice, callbackURL, nil); !errors.Is(err, engine.ErrClient) || len(p.calls) > 0 {
			t.Errorf("without them: got %v, want kind client", err)
		}
		own := map[string]schema.Secret{"client_id": secret("alice-app"), "client_secret": secret("seeded-alice")}
		pending, err := e.AuthCodeURL(t.Context(), alice, callbackURL, &engine.AuthCodeOptions{Credentials: own})
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"client_id=alice-app", "app=alice-app", "also=alice-app"} {
			if !strings.Contains(pending.URL.Reveal(), want) {
				t.Errorf("%s is not in %s", want, pending.URL.Reveal())
			}
		}
		keys := seal.NewKeys()
		sealed, err := pending.Seal(keys)
		if err != nil {
			t.Fatal(err)
		}
		if pending, err = engine.OpenPending(sealed, keys); err != nil {
			t.Fatal(err)
		}
		c, err := e.Exchange(t.Context(), pending, map[string][]string{"code": {"c"}, "state": {pending.State.Reveal()}})
		if err != nil {
			t.Fatal(err)
		}
		if c.Credentials.Fields["client_secret"].Reveal() != "seeded-alice" || len(c.Fields) != 0 {
			t.Errorf("kept %v beside %v", c.Credentials.Fields, c.Fields)
		}
		if _, err := e.Refresh(t.Context(), alice); err != nil {
			t.Fatal(err)
		}
		if err := e.Revoke(t.Context(), alice); err != nil {
			t.Fatal(err)
		}
		if len(p.calls) != 3 {
			t.Errorf("%d requests, want 3", len(p.calls))
		}
		for _, call := range p.calls {
			if id, secret, _ := call.BasicAuth(); id != "alice-app" || secret != "seeded-alice" {
				t.Errorf("%s: made as %s", call.params.Get("grant_type"), id)
			}
		}
	})
}

// Where the operator has an app after all, nobody is asked for one.
func TestClientOfTheOperatorWins(t *testing.T) {
	p := &provider{token: answers(`{"access_token":"a"}`)}
	e := newEngine(t, p, nil, func(in *schema.Integration) {
		in.Credentials = map[string]schema.Field{"client_id": {}, "client_secret": {}, "pin": {Optional: true}}
	})
	if d, err := e.Describe("fjord"); err != nil || len(d.Fields) != 1 || d.Fields[0].Name != "pin" {
		t.Errorf("asks for %+v, %v", d, err)
	}
	connect(t, e)
	if id, _, _ := p.calls[0].BasicAuth(); id != "client-id" {
		t.Errorf("made as %s", id)
	}
}

// A connection whose own app is refused is its user's to mend.
func TestClientOfTheConnectionRefused(t *testing.T) {
	p := &provider{token: func(*tokenCall) (int, string) { return 401, `{"error":"invalid_client"}` }}
	e := newEngine(t, p, nil, func(in *schema.Integration) {
		in.OAuthClientID, in.OAuthClientSecret = "", schema.Secret{}
		in.Credentials = map[string]schema.Field{"client_id": {}, "client_secret": {}}
	})
	pending, err := e.AuthCodeURL(t.Context(), alice, callbackURL, &engine.AuthCodeOptions{Credentials: map[string]schema.Secret{"client_id": secret("x"), "client_secret": secret("y")}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = e.Exchange(t.Context(), pending, map[string][]string{"code": {"c"}, "state": {pending.State.Reveal()}})
	if !errors.Is(err, engine.ErrReauthorize) || len(p.calls) != 1 {
		t.Errorf("got %v after %d requests", err, len(p.calls))
	}
}

// previous one is nothing to try.
func TestS9_RegisteredClientIsTriedOnce(t *testing.T) {
	h := newHarbour()
	e := h.engine(t, nil, nil)
	c := h.allowed(t, e)
	store := &engine.MemoryStore{}
	if err := store.Put(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	h.pages["POST https://id.fjord.test/token"] = page(401, `{"error":"invalid_client"}`)
	e = h.engine(t, &engine.Options{Connections: store}, func(in *schema.Integration) {
		in.OAuthClientID, in.OAuthClientSecret, in.OAuthClientSecretPrevious = "op", secret("new"), secret("old")
	})
	before := h.count("POST https://id.fjord.test/token")
	if _, err := e.Refresh(t.Context(), alice); !errors.Is(err, engine.ErrReauthorize) {
		t.Errorf("got %v", err)
	}
	if got := h.count("POST https://id.fjord.test/token") - before; got != 1 {
		t.Errorf("%d requests", got)
	}
}

// So it is on another device.
func TestClientOfTheConnectionRefusedOnADevice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &provider{token: func(*tokenCall) (int, string) { return 401, `{"error":"invalid_client"}` }}
		p.api = func(*http.Request) (int, string) {
			return 200, `{"device_code":"dc","user_code":"WDJB","verification_uri":"https://fjord.test/link","expires_in":600}`
		}
		e := newEngine(t, p, nil, func(in *schema.Integration) {
			in.OAuthClientID, in.OAuthClientSecret = "", schema.Secret{}
			in.Auth.DeviceAuthorizationURL = "https://fjord.test/device"
			in.Credentials = map[string]schema.Field{"client_id": {}, "client_secret": {}}
		})
		d, err := e.DeviceAuth(t.Context(), alice, &engine.AuthCodeOptions{Credentials: map[string]schema.Secret{"client_id": secret("x"), "client_secret": secret("y")}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.DeviceAccessToken(t.Context(), d); !errors.Is(err, engine.ErrReauthorize) {
			t.Errorf("got %v", err)
		}
	})
}

package engine_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// A client that has refreshed is allowed to: unauthorized_client says then that the
// refresh token is no longer good. Before that, and where the client itself is refused,
// it is the operator's to mend.
func TestUnauthorizedClientAfterARefresh(t *testing.T) {
	for name, row := range map[string]struct {
		status, refreshed int
		want              engine.Kind
	}{
		"after a refresh": {400, 1, engine.KindReauthorize},
		"before any":      {400, 0, engine.KindClient},
		"with status 401": {401, 1, engine.KindClient},
	} {
		t.Run(name, func(t *testing.T) {
			server := &rotating{failing: func(n int) (int, string) {
				if n <= row.refreshed {
					return 0, ""
				}
				return row.status, `{"error":"unauthorized_client"}`
			}}
			bubble(t, server, nil, func(t *testing.T, e *engine.Engine, _ *provider) {
				for range row.refreshed {
					if _, err := e.Refresh(t.Context(), alice); err != nil {
						t.Fatal(err)
					}
				}
				if _, err := e.Refresh(t.Context(), alice); engine.ErrorKind(err) != row.want {
					t.Errorf("got %v, want %s", err, row.want)
				}
				c, _ := e.Connection(t.Context(), alice)
				if dead := c.Status != engine.StatusActive; dead != (row.want == engine.KindReauthorize) {
					t.Errorf("status %s", c.Status)
				}
			})
		})
	}
}

// A refusal that is repeated is not asked for with every call, but less and less; and at
// once where somebody may have mended it.
func TestARepeatedRefusalBacksOff(t *testing.T) {
	server := &rotating{failing: func(int) (int, string) { return 400, `{"error":"invalid_client"}` }}
	bubble(t, server, nil, func(t *testing.T, e *engine.Engine, _ *provider) {
		time.Sleep(101 * time.Second)
		for range 3600 {
			if _, err := e.TokenSource(alice).Token(t.Context()); !errors.Is(err, engine.ErrClient) {
				t.Fatalf("got %v", err)
			}
			time.Sleep(time.Second)
		}
		if server.asked < 5 || server.asked > 20 {
			t.Errorf("asked %d times in an hour of calls", server.asked)
		}
		server.failing = nil
		if err := e.Reload(&schema.Config{Integrations: map[string]*schema.Integration{alice.Integration: fjord()}}); err != nil {
			t.Fatal(err)
		}
		if got := token(t, e); got != "a2" {
			t.Errorf("token %s", got)
		}
	})
}

// A login that is refused with 400 or 403, which may lock an account, is never tried more
// than once a pause, however often the API is called.
func TestARefusedLoginIsTriedOnceAPause(t *testing.T) {
	for name, row := range map[string]struct {
		change func(*schema.Integration)
		given  engine.Credentials
		fields map[string]string
	}{
		"TWO_STEP":                {login, engine.Credentials{Username: secret("u"), Password: secret("p")}, map[string]string{"site": "n"}},
		"APP":                     {app, engine.Credentials{}, map[string]string{"installation": "42"}},
		"OAUTH2_CC, the user's":   {ownApp, engine.Credentials{Fields: map[string]schema.Secret{"client_id": secret("own"), "client_secret": secret("s")}}, nil},
		"OAUTH2_CC, an assertion": {func(in *schema.Integration) { clientCredentials(in); signsAsClient(in) }, engine.Credentials{}, nil},
	} {
		for _, status := range []int{400, 403} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					refuse, asked := false, 0
					var last time.Time
					shortest := time.Hour
					p := &provider{token: func(*tokenCall) (int, string) {
						if refuse {
							if asked > 0 {
								shortest = min(shortest, time.Since(last))
							}
							asked, last = asked+1, time.Now()
							return status, `{"message":"no"}`
						}
						end := time.Now().Add(time.Minute)
						return 200, fmt.Sprintf(`{"access_token":"x","expires_in":60,"token":"x","expires_at":%q,"session":{"id":"x","gate":"g","ends":%d}}`, end.Format(time.RFC3339), end.Unix())
					}}
					e := newEngine(t, p, nil, row.change)
					if _, err := e.Connect(t.Context(), alice, row.given, &engine.ConnectOptions{Fields: row.fields}); err != nil {
						t.Fatal(err)
					}
					time.Sleep(2 * time.Minute)
					refuse = true
					for range 24 * 60 * 60 { // a day, with a call every second
						if _, err := e.TokenSource(alice).Token(t.Context()); err == nil {
							t.Fatal("a token, of a login that is refused")
						}
						time.Sleep(time.Second)
					}
					if asked < 24 || asked > 170 || shortest < time.Second {
						t.Errorf("%d: asked %d times in a day, once after %v", status, asked, shortest)
					}
					refuse = false
					if _, err := e.Refresh(t.Context(), alice); err != nil {
						t.Errorf("%d: asked for by hand: %v", status, err)
					}
				})
			})
		}
	}
}

// signsAsClient authenticates the client with an assertion.
func signsAsClient(in *schema.Integration) {
	in.OAuthClientSecret, in.OAuthPrivateKey = schema.Secret{}, secret(edKey)
	in.Auth.AuthorizationMethod, in.Auth.JWT = schema.ClientAuthJWT, &schema.JWT{Algorithm: "EdDSA"}
}

// The timeout of the integration holds at its token endpoint as well, where it is the
// shorter one, and who calls is held no longer.
func TestTheTimeoutHoldsAtTheTokenEndpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := &hanging{}
		two := 2.0
		in := fjord()
		in.HTTPRequestTimeoutSeconds = &two
		e, err := engine.New(&schema.Config{Integrations: map[string]*schema.Integration{"fjord": in}}, &engine.Options{Transport: hang})
		if err != nil {
			t.Fatal(err)
		}
		c := engine.Credentials{Token: engine.Token{AccessToken: secret("a"), RefreshToken: secret("r"), ExpiresAt: time.Now().Add(time.Second)}}
		if _, err := e.Connect(t.Context(), alice, c, nil); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		start := time.Now()
		if _, err := e.TokenSource(alice).Token(t.Context()); !errors.Is(err, engine.ErrUnavailable) {
			t.Errorf("got %v", err)
		}
		if took := time.Since(start); took > 10*time.Second || hang.asked.Load() != 3 {
			t.Errorf("held for %v, %d requests", took, hang.asked.Load())
		}
	})
}

// A hanging transport answers nothing.
type hanging struct{ asked atomic.Int32 }

func (h *hanging) RoundTrip(r *http.Request) (*http.Response, error) {
	h.asked.Add(1)
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func (h *hanging) PublicOnly() http.RoundTripper { return h }

// Where the provider says invalid_token at a refresh, it speaks of the only token that is
// there; at the exchange of a code it says nothing of what the user can mend.
func TestInvalidTokenAtARefresh(t *testing.T) {
	server := &rotating{failing: func(int) (int, string) { return 401, `{"error":"invalid_token"}` }}
	bubble(t, server, nil, func(t *testing.T, e *engine.Engine, _ *provider) {
		if _, err := e.Refresh(t.Context(), alice); !errors.Is(err, engine.ErrReauthorize) {
			t.Errorf("got %v", err)
		}
	})
}

// An end that is stated and cannot be read stays on the connection as a warning, until a
// token comes whose end can.
func TestAnEndThatCannotBeReadStaysOnTheConnection(t *testing.T) {
	p := &provider{token: answers(`{"access_token":"a1","refresh_token":"r1","expires_in":"6/1/2017 2:24:46 PM"}`, `{"access_token":"a2","refresh_token":"r2","expires_in":60}`)}
	e := newEngine(t, p, nil, nil)
	connect(t, e)
	c, err := e.Connection(t.Context(), alice)
	if err != nil || !strings.Contains(c.Warning, "expires_in in the token answer is neither a number nor a date") || strings.Contains(c.Warning, "2017") {
		t.Errorf("warning %q, %v", c.Warning, err)
	}
	if c, err = e.Refresh(t.Context(), alice); err != nil || c.Warning != "" {
		t.Errorf("afterwards %q, %v", c.Warning, err)
	}
}

// The usual forms of a date are read, and what does not say whether the day or the month
// comes first is not.
func TestEndsInTheUsualForms(t *testing.T) {
	const want = "2036-11-29T21:34:59Z"
	for text, read := range map[string]bool{
		"2036-11-29T21:34:59Z": true, "2036-11-29t21:34:59z": true, "2036-11-29 21:34:59 UTC": true, "2036-11-29 21:34:59 GMT": true, "2036-11-29 21:34:59UTC": true,
		"2036-11-29T21:34:59 utc": true, "2036-11-29 22:34:59 +0100": true, "2036-11-29T22:34:59.000+0100": true, "2036-11-29 21:34:59": true, "20361129T213459Z": true,
		"2036/11/29 21:34:59": true, "Sat, 29 Nov 2036 21:34:59 GMT": true, "Sat, 29 Nov 2036 22:34:59 +0100": true, "29 Nov 2036 21:34:59 +0000": true,
		"Sat Nov 29 21:34:59 UTC 2036": true, "Sat Nov 29 21:34:59 2036": true, "/Date(2111607299000)/": true, "/Date(2111607299000+0100)/": true, "2111607299": true,
		"11/29/2036 9:34:59 PM": false, "29.11.2036 21:34": false, "2036-11-29 21:34:59 EST": false, "soon": false, "/Date(x)/": false,
	} {
		p := &provider{token: answers(fmt.Sprintf(`{"access_token":"a1","refresh_token":"r1","ends":%q}`, text))}
		e := newEngine(t, p, nil, func(in *schema.Integration) {
			in.Auth.TokenResponse = &schema.TokenResponse{Expires: &schema.Expires{Path: "ends", Kind: "at"}}
		})
		c := connect(t, e)
		end := c.Credentials.Token.ExpiresAt.UTC().Format(time.RFC3339)
		if read && end != want || !read && !c.Credentials.Token.ExpiresAt.IsZero() || (c.Warning == "") != read {
			t.Errorf("%q: ends %s, warning %q", text, end, c.Warning)
		}
	}
	for _, text := range []string{`0`, `-1`, `"-1"`, `"0001-01-01T00:00:00Z"`} { // what programs have for no value
		p := &provider{token: answers(`{"access_token":"a1","ends":` + text + `}`)}
		c := connect(t, newEngine(t, p, nil, func(in *schema.Integration) {
			in.Auth.TokenResponse = &schema.TokenResponse{Expires: &schema.Expires{Path: "ends", Kind: "at"}}
		}))
		if !c.Credentials.Token.ExpiresAt.IsZero() || c.Warning != "" {
			t.Errorf("%s: ends %v, warning %q", text, c.Credentials.Token.ExpiresAt, c.Warning)
		}
	}
}

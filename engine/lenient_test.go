package engine_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// What a token answer holds is kept to the letter: a form is split at & alone, a
// percent sign that begins no escape stands for itself, and JSON may begin with a
// byte-order mark (RFC 8259 8.1).
func TestTokenAnswersAreReadLeniently(t *testing.T) {
	for name, row := range map[string]struct{ body, want string }{
		"a semicolon in a form":              {"access_token=a;b&refresh_token=r&expires_in=60", "a;b"},
		"a stray percent sign in a form":     {"access_token=a%b&refresh_token=r%", "a%b"},
		"a byte-order mark before JSON":      {"\ufeff" + `{"access_token":"a1"}`, "a1"},
		"a byte-order mark before a form":    {"\ufeffaccess_token=a1", "a1"},
		"a byte-order mark after whitespace": {"\n\ufeff {\"access_token\":\"a1\"}", "a1"},
	} {
		t.Run(name, func(t *testing.T) {
			c := connect(t, newEngine(t, &provider{token: answers(row.body)}, nil, nil))
			if got := c.Credentials.Token.AccessToken.Reveal(); got != row.want {
				t.Errorf("token %q, want %q", got, row.want)
			}
		})
	}
}

// OpenID Connect Core 3.1.2.6: the user has to do something, so connecting again is
// what helps, and no operator can.
func TestRefreshThatWantsTheUser(t *testing.T) {
	for _, code := range []string{"login_required", "interaction_required", "consent_required", "account_selection_required"} {
		t.Run(code, func(t *testing.T) {
			server := &rotating{failing: func(int) (int, string) { return 400, `{"error":"` + code + `"}` }}
			bubble(t, server, nil, func(t *testing.T, e *engine.Engine, _ *provider) {
				time.Sleep(100 * time.Second)
				if _, err := e.TokenSource(alice).Token(t.Context()); !errors.Is(err, engine.ErrReauthorize) {
					t.Errorf("got %v", err)
				}
				if c, err := e.Connection(t.Context(), alice); err != nil || c.Status != engine.StatusNeedsReauthorization {
					t.Errorf("status %v, %v", c, err)
				}
			})
		})
	}
}

// A user who says no is told so, whichever of the usual words the provider has for it.
func TestRefusalsByOtherNames(t *testing.T) {
	for _, code := range []string{"access_denied", "user_cancelled_login", "user_cancelled_authorize", "authorization_declined"} {
		t.Run(code, func(t *testing.T) {
			e := newEngine(t, &provider{}, nil, nil)
			if _, err := exchange(t, e, url.Values{"error": {code}}); !errors.Is(err, engine.ErrDenied) {
				t.Errorf("callback: %v", err)
			}
			synctest.Test(t, func(t *testing.T) {
				d := &deviceServer{polls: []poll{{400, `{"error":"` + code + `"}`}}}
				e := deviceEngine(t, d, nil)
				auth, err := e.DeviceAuth(t.Context(), alice, nil)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := e.DeviceAccessToken(t.Context(), auth); !errors.Is(err, engine.ErrDenied) {
					t.Errorf("device: %v", err)
				}
			})
		})
	}
}

// A code that the provider refuses is nothing that connecting again heals of itself: a
// host that obeyed "reauthorize" would send the user round for ever.
func TestRefusedCodeIsTheOperators(t *testing.T) {
	for _, code := range []string{"invalid_grant", "interaction_required"} {
		p := &provider{token: func(*tokenCall) (int, string) { return 400, `{"error":"` + code + `"}` }}
		e := newEngine(t, p, nil, nil)
		if _, err := exchange(t, e, url.Values{"code": {"c"}}); !errors.Is(err, engine.ErrClient) {
			t.Errorf("%s: got %v", code, err)
		}
	}
}

// RFC 7591 2: a client without a stated method authenticates by Basic. The secret is
// the evidence that it is not public.
func TestRegistrationWithASecretAndNoMethod(t *testing.T) {
	h := newHarbour()
	h.pages["GET "+serverURL] = page(200, serverDoc().with("token_endpoint_auth_methods_supported", []string{"none", "client_secret_basic"}))
	h.pages["POST "+registerURL] = page(201, clientDoc().with("token_endpoint_auth_method", nil))
	h.allowed(t, h.engine(t, nil, nil))
	if len(h.basic) != 1 || h.basic[0] == "" {
		t.Errorf("the code was sent with Authorization %q", h.basic)
	}
}

// RFC 8414 3.2, RFC 9728 3.2: a success is JSON. What else comes from a well-known
// address says no more than that the document is not there.
func TestDiscoveryGoesOnBehindAWebPage(t *testing.T) {
	for name, wrong := range map[string]func(*http.Request, string) *http.Response{
		"a web page":     page(200, "<!doctype html><title>Fjord</title>", "Content-Type", "text/html"),
		"a server error": page(503, "oops"),
		"a JSON text":    page(200, `"hello"`),
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarbour()
			h.pages["GET "+openIDURL] = h.pages["GET "+serverURL]
			h.pages["GET "+serverURL] = wrong
			h.pages["GET "+resourceURL] = page(401, "{}", "WWW-Authenticate", "Bearer")
			h.pages["GET https://mcp.fjord.test/.well-known/oauth-protected-resource"] = h.pages["GET "+metadataURL]
			h.pages["GET "+metadataURL] = wrong
			h.allowed(t, h.engine(t, nil, nil))
		})
	}
	t.Run("and says what was wrong if there is nothing better", func(t *testing.T) {
		h := newHarbour()
		h.pages["GET "+serverURL] = page(503, "oops")
		_, err := h.engine(t, nil, nil).AuthCodeURL(t.Context(), alice, callbackURL, nil)
		if !errors.Is(err, engine.ErrUnavailable) {
			t.Errorf("got %v", err)
		}
	})
}

// A success that cannot be read has spent the refresh token: it is not sent again,
// unless the provider is known to take it for a while. A redirect is said to be one,
// and is asked once.
func TestRefreshIsNotSentAgainAfterASuccess(t *testing.T) {
	for name, row := range map[string]struct {
		status int
		body   string
		grace  float64
		want   int // requests
	}{
		"a page":                       {200, "<html>", 0, 1},
		"no token":                     {200, `{}`, 0, 1},
		"nothing":                      {204, "", 0, 1},
		"a page, and a window":         {200, "<html>", 30, 3},
		"an outage":                    {503, "<html>", 0, 3},
		"an outage in a 200":           {200, `{"error":"temporarily_unavailable"}`, 0, 3},
		"a redirect without a place":   {302, "", 30, 1},
		"a redirect that talks of one": {302, `{"message":"over there"}`, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			server := &rotating{failing: func(int) (int, string) { return row.status, row.body }}
			grace := func(in *schema.Integration) { in.Auth.RefreshGraceSeconds = row.grace }
			bubble(t, server, grace, func(t *testing.T, e *engine.Engine, _ *provider) {
				if _, err := e.Refresh(t.Context(), alice); err == nil {
					t.Error("no error")
				}
				if server.asked != row.want {
					t.Errorf("sent %d times, want %d", server.asked, row.want)
				}
			})
		})
	}
}

func TestRedirectingTokenEndpointIsNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &provider{token: answers(`{"access_token":"a","refresh_token":"r","expires_in":60}`)}
		e := newEngine(t, p, nil, nil)
		connect(t, e)
		p.redirect = "https://fjord.test/token/?secret=seeded"
		_, err := e.Refresh(t.Context(), alice)
		if err == nil || !strings.Contains(err.Error(), "redirects") || !strings.Contains(err.Error(), "fjord.test/token/") || strings.Contains(err.Error(), "seeded") {
			t.Errorf("got %v", err)
		}
		if len(p.calls) != 2 {
			t.Errorf("%d requests, want the exchange and one refresh", len(p.calls))
		}
	})
}

// An end is read in the usual forms; one that is stated and cannot be read is told.
func TestStatedEnds(t *testing.T) {
	end := time.Date(2036, 8, 1, 3, 16, 32, 0, time.UTC)
	for text, told := range map[string]bool{
		`"2036-08-01T03:16:32Z"`: false, `"2036-08-01t03:16:32z"`: false, `"2036-08-01 03:16:32z"`: false, `"2036-08-01T05:16:32+0200"`: false,
		`"2036-08-01T05:16:32.000+02"`: false, `"2036-08-01 03:16:32 +0000"`: false, `"Fri, 01 Aug 2036 03:16:32 GMT"`: false, `" 2036-08-01T03:16:32"`: false,
		`"6/1/2036 2:24:46 PM"`: true, `"soon"`: true, `{"at":1}`: true, `true`: true,
		`null`: false, `false`: false, `""`: false, `0`: false,
	} {
		t.Run(text, func(t *testing.T) {
			events := 0
			observe := func(_ context.Context, ev engine.Event) {
				if ev.Kind == engine.EventEnd && errors.Is(ev.Err, engine.ErrInvalidResponse) {
					events++
				}
			}
			var log strings.Builder
			opts := &engine.Options{Observe: observe, Logger: slog.New(slog.NewTextHandler(&log, nil))}
			c := connect(t, newEngine(t, &provider{token: answers(`{"access_token":"a","end":` + text + `}`)}, opts, func(in *schema.Integration) {
				in.Auth.TokenResponse = &schema.TokenResponse{Expires: &schema.Expires{Path: "end", Kind: "at"}}
			}))
			if got := c.Credentials.Token.ExpiresAt; strings.Contains(text, "2036-08") && !got.Equal(end) || strings.Contains(text, "GMT") && !got.Equal(end) {
				t.Errorf("ends at %s", got)
			}
			if (events == 1) != told || strings.Contains(log.String(), "end in the token answer") != told {
				t.Errorf("told by %d events, log:\n%s", events, log.String())
			}
		})
	}
}

// A token that no request can carry is refused when it comes, not with each call.
func TestTokenWithALineBreakIsRefused(t *testing.T) {
	for _, body := range []string{`{"access_token":"at\n"}`, `{"access_token":"a\rt"}`, `{"access_token":"a\u0000"}`} {
		e := newEngine(t, &provider{token: answers(body)}, nil, nil)
		if _, err := exchange(t, e, url.Values{"code": {"c"}}); !errors.Is(err, engine.ErrInvalidResponse) || !strings.Contains(err.Error(), "token") {
			t.Errorf("%s: got %v", body, err)
		}
	}
}

package engine_test

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

func TestS1_StateIsFreshAndUnguessable(t *testing.T) {
	e := newEngine(t, &provider{}, nil, nil)
	_, first := begin(t, e)
	_, second := begin(t, e)
	if first.Get("state") == second.Get("state") {
		t.Error("two authorizations have the same state")
	}
	raw, err := base64.RawURLEncoding.DecodeString(first.Get("state"))
	if err != nil || len(raw) < 16 {
		t.Errorf("state holds %d bytes, want at least 16", len(raw))
	}
}

func TestS1_CallbackOfAnotherFlowIsRefused(t *testing.T) {
	tests := map[string]struct {
		callback func(state string) url.Values
		late     bool
	}{
		"missing":        {callback: func(string) url.Values { return url.Values{"code": {"c"}} }},
		"wrong":          {callback: func(string) url.Values { return url.Values{"code": {"c"}, "state": {"forged"}} }},
		"expired":        {callback: func(s string) url.Values { return url.Values{"code": {"c"}, "state": {s}} }, late: true},
		"wrong on error": {callback: func(string) url.Values { return url.Values{"error": {"access_denied"}, "state": {"forged"}} }},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &provider{token: answers(`{"access_token":"a"}`)}
				e := newEngine(t, p, nil, nil)
				pending, q := begin(t, e)
				if tt.late {
					time.Sleep(time.Hour)
				}
				_, err := e.Exchange(t.Context(), pending, tt.callback(q.Get("state")))
				if !errors.Is(err, engine.ErrState) {
					t.Errorf("got %v, want kind state", err)
				}
				if len(p.calls) != 0 {
					t.Error("the token endpoint was called")
				}
			})
		})
	}
}

func TestS1_CallbackCountsOnce(t *testing.T) {
	p := &provider{token: answers(`{"access_token":"a"}`)}
	e := newEngine(t, p, nil, nil)
	pending, q := begin(t, e)
	callback := url.Values{"code": {"c"}, "state": {q.Get("state")}}
	if _, err := e.Exchange(t.Context(), pending, callback); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Exchange(t.Context(), pending, callback); !errors.Is(err, engine.ErrState) {
		t.Errorf("second time: got %v, want kind state", err)
	}
	if len(p.calls) != 1 {
		t.Errorf("%d token calls, want 1", len(p.calls))
	}
}

func TestS4_S5_AnotherIssuerIsRefused(t *testing.T) {
	for _, callback := range []url.Values{{"code": {"c"}}, {"error": {"access_denied"}}} {
		p := &provider{token: answers(`{"access_token":"a"}`)}
		e := newEngine(t, p, nil, func(in *schema.Integration) { in.Auth.Issuer = "https://fjord.test" })
		pending, q := begin(t, e)
		callback.Set("state", q.Get("state"))
		callback.Set("iss", "https://evil.test")
		if _, err := e.Exchange(t.Context(), pending, callback); !errors.Is(err, engine.ErrState) {
			t.Errorf("%v: got %v, want kind state", callback, err)
		}
		if len(p.calls) != 0 {
			t.Error("the token endpoint was called")
		}
	}
}

// S4: where an integration's own issuer is not known, a callback that says it comes from
// the issuer of another one in the file, which is at another server, belongs to that one's
// flow: with one callback for both, a server could lead its user there.
func TestS4_IssuerOfAnotherIntegration(t *testing.T) {
	for name, c := range map[string]struct {
		other string // its authorization endpoint
		iss   string
		taken bool
	}{
		"of another server":         {"https://harbour.test/authorize", "https://harbour.test", false},
		"of the same server":        {"https://fjord.test/other/authorize", "https://harbour.test", true},
		"of nobody whom we know":    {"https://harbour.test/authorize", "https://fjord.test/login", true},
		"of a server that is typed": {"https://${connection.host}/authorize", "https://harbour.test", true},
	} {
		t.Run(name, func(t *testing.T) {
			p := &provider{token: answers(`{"access_token":"a"}`)}
			own, other := fjord(), fjord()
			other.Name, other.Auth.Issuer, other.Auth.AuthorizationURL = "harbour", "https://harbour.test", c.other
			if name == "of a server that is typed" {
				other.Connection = map[string]schema.ConnectionField{"host": {From: schema.FromUser}}
			}
			e, err := engine.New(&schema.Config{Integrations: map[string]*schema.Integration{"fjord": own, "harbour": other}}, &engine.Options{Transport: p})
			if err != nil {
				t.Fatal(err)
			}
			pending, q := begin(t, e)
			_, err = e.Exchange(t.Context(), pending, url.Values{"state": {q.Get("state")}, "code": {"c"}, "iss": {c.iss}})
			if c.taken != (err == nil) || !c.taken && !errors.Is(err, engine.ErrState) {
				t.Errorf("got %v", err)
			}
			if !c.taken && len(p.calls) != 0 {
				t.Error("the token endpoint was called")
			}
		})
	}
}

func TestS6_ResponseTypeIsCode(t *testing.T) {
	e := newEngine(t, &provider{}, nil, func(in *schema.Integration) {
		in.Auth.AuthorizationParams = map[string]string{"response_type": "token", "state": "fixed", "owner": "user"}
	})
	pending, q := begin(t, e)
	if got := q.Get("response_type"); got != "code" {
		t.Errorf("response_type = %q", got)
	}
	if q.Get("state") != pending.State.Reveal() {
		t.Error("authorization_params replaced the state")
	}
	if q.Get("owner") != "user" {
		t.Error("authorization_params are not in the URL")
	}
}

func TestAuthorizationURL(t *testing.T) {
	tests := map[string]struct {
		change func(*schema.Integration)
		want   string // without state and challenge
	}{
		"plain": {
			want: "https://fjord.test/authorize?client_id=client-id&redirect_uri=https%3A%2F%2Fapp.test%2Fcallback&response_type=code&scope=read+write",
		},
		"bug 18 of 2022: a query in the URL is kept": {
			change: func(in *schema.Integration) { in.Auth.AuthorizationURL += "?audience=api&x=1" },
			want:   "https://fjord.test/authorize?audience=api&client_id=client-id&redirect_uri=https%3A%2F%2Fapp.test%2Fcallback&response_type=code&scope=read+write&x=1",
		},
		"separator": {
			change: func(in *schema.Integration) { s := ","; in.Auth.ScopeSeparator = &s },
			want:   "https://fjord.test/authorize?client_id=client-id&redirect_uri=https%3A%2F%2Fapp.test%2Fcallback&response_type=code&scope=read%2Cwrite",
		},
		"no scopes: no parameter": {
			change: func(in *schema.Integration) { in.OAuthScopes = &schema.Scopes{} },
			want:   "https://fjord.test/authorize?client_id=client-id&redirect_uri=https%3A%2F%2Fapp.test%2Fcallback&response_type=code",
		},
		"one string is sent as it stands": {
			change: func(in *schema.Integration) { in.OAuthScopes = &schema.Scopes{Verbatim: "a;b c"} },
			want:   "https://fjord.test/authorize?client_id=client-id&redirect_uri=https%3A%2F%2Fapp.test%2Fcallback&response_type=code&scope=a%3Bb+c",
		},
		"defaults where the operator names none": {
			change: func(in *schema.Integration) { in.OAuthScopes = nil; in.Auth.DefaultScopes = []string{"offline"} },
			want:   "https://fjord.test/authorize?client_id=client-id&redirect_uri=https%3A%2F%2Fapp.test%2Fcallback&response_type=code&scope=offline",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p, _ := begin(t, newEngine(t, &provider{}, nil, tt.change))
			u, _ := url.Parse(p.URL.Reveal())
			q := u.Query()
			for _, name := range []string{"state", "code_challenge", "code_challenge_method"} {
				q.Del(name)
			}
			u.RawQuery = q.Encode()
			if diff := cmp.Diff(tt.want, u.String()); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestS11_S12_PKCE(t *testing.T) {
	unreserved := regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}$`)
	for _, method := range []schema.PKCE{"", schema.PKCES256, schema.PKCEPlain, schema.PKCEOff} {
		t.Run(string(method), func(t *testing.T) {
			p := &provider{token: answers(`{"access_token":"a"}`)}
			e := newEngine(t, p, nil, func(in *schema.Integration) { in.Auth.PKCE = method })
			_, q := begin(t, e)
			_, again := begin(t, e)
			connect(t, e)
			verifier := p.calls[0].params.Get("code_verifier")
			if method == schema.PKCEOff {
				if verifier != "" || q.Has("code_challenge") {
					t.Error("PKCE is sent although it is off")
				}
				return
			}
			if !unreserved.MatchString(verifier) {
				t.Errorf("verifier is not 43 to 128 unreserved characters")
			}
			if q.Get("code_challenge") == again.Get("code_challenge") {
				t.Error("two authorizations have the same challenge")
			}
			if want := or(string(method), "S256"); q.Get("code_challenge_method") != want {
				t.Errorf("method = %q, want %q", q.Get("code_challenge_method"), want)
			}
		})
	}
}

// The challenge is that of RFC 7636: compared with our own computation over the
// verifier that is sent, not with x/oauth2's.
func TestS12_ChallengeBelongsToVerifier(t *testing.T) {
	p := &provider{token: answers(`{"access_token":"a"}`)}
	e := newEngine(t, p, nil, nil)
	pending, q := begin(t, e)
	if _, err := e.Exchange(t.Context(), pending, url.Values{"code": {"c"}, "state": {q.Get("state")}}); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(p.calls[0].params.Get("code_verifier")))
	if want := base64.RawURLEncoding.EncodeToString(sum[:]); q.Get("code_challenge") != want {
		t.Errorf("challenge %q, want %q", q.Get("code_challenge"), want)
	}
}

func TestAuthCodeURLRefuses(t *testing.T) {
	tests := map[string]struct {
		change func(*schema.Integration)
		want   error
	}{
		"no client id":     {func(in *schema.Integration) { in.OAuthClientID = "" }, engine.ErrClient},
		"no client secret": {func(in *schema.Integration) { in.OAuthClientSecret = schema.Secret{} }, engine.ErrClient},
		"another mode":     {func(in *schema.Integration) { in.Auth = schema.Auth{AuthMode: schema.APIKey} }, engine.ErrUnsupported},
		"a required field is missing": {func(in *schema.Integration) {
			in.Connection = map[string]schema.ConnectionField{"shop": {From: schema.FromUser}}
		}, engine.ErrClient},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := newEngine(t, &provider{}, nil, tt.change).AuthCodeURL(t.Context(), alice, callbackURL, nil)
			if !errors.Is(err, tt.want) {
				t.Errorf("got %v, want kind %v", err, tt.want)
			}
		})
	}
}

// An interpolated host keeps to one label, whatever the user types.
func TestS33_HostOfAuthorizationURL(t *testing.T) {
	e := newEngine(t, &provider{}, nil, func(in *schema.Integration) {
		in.Auth.AuthorizationURL = "https://${connection.shop}.fjord.test/authorize"
		in.Connection = map[string]schema.ConnectionField{"shop": {From: schema.FromUser}}
	})
	for _, bad := range []string{"evil.com/", "evil.com#", "evil.com?", "x@evil.com/", "a.b:80/", "a.b", "-a", "é", "a\r\nb"} {
		if p, err := e.AuthCodeURL(t.Context(), alice, callbackURL, &engine.AuthCodeOptions{Fields: map[string]string{"shop": bad}}); err == nil {
			t.Errorf("%q was taken: %s", bad, p.URL.Reveal())
		} else if strings.Contains(err.Error(), "evil") {
			t.Errorf("the error quotes the value: %v", err)
		}
	}
	p, err := e.AuthCodeURL(t.Context(), alice, callbackURL, &engine.AuthCodeOptions{Fields: map[string]string{"shop": "north-1"}})
	if err != nil || !strings.HasPrefix(p.URL.Reveal(), "https://north-1.fjord.test/authorize?") {
		t.Errorf("got %v, %v", p, err)
	}
}

func TestPendingPrintsNothingSecret(t *testing.T) {
	p, q := begin(t, newEngine(t, &provider{}, nil, nil))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d"} {
		text := fmt.Sprintf(verb, p)
		if strings.Contains(text, q.Get("state")) || strings.Contains(text, p.Verifier.Reveal()) {
			t.Errorf("%s prints state or verifier", verb)
		}
	}
}

func TestOAuth2Config(t *testing.T) {
	e := newEngine(t, &provider{}, nil, func(in *schema.Integration) { in.Auth.AuthorizationParams = map[string]string{"prompt": "consent"} })
	cfg, err := e.OAuth2Config("fjord", callbackURL)
	if err != nil {
		t.Fatal(err)
	}
	u, _ := url.Parse(cfg.AuthCodeURL("xyz"))
	if u.Query().Get("prompt") != "consent" || u.Query().Get("scope") != "read write" {
		t.Errorf("URL %s", u)
	}
	if cfg.Endpoint.AuthStyle == 0 {
		t.Error("the client-auth style is left to probing")
	}
	signing := newEngine(t, &provider{}, nil, func(in *schema.Integration) {
		in.OAuthPrivateKey = schema.NewSecret(edKey)
		in.Auth.AuthorizationMethod, in.Auth.JWT = schema.ClientAuthJWT, &schema.JWT{Algorithm: "EdDSA"}
	})
	if _, err := signing.OAuth2Config("fjord", callbackURL); !errors.Is(err, engine.ErrUnsupported) {
		t.Errorf("a client that signs: got %v", err)
	}
	if _, err := e.OAuth2Config("nope", callbackURL); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

func or(a, b string) string {
	if a == "" {
		return b
	}
	return a
}

package engine_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/sandbox"
	"github.com/nango-lite/nango-lite/schema"
)

// tower is an API that wants OAuth 1.0a.
func tower(method string) *schema.Integration {
	return &schema.Integration{
		Name: "tower", OAuthClientID: "tower key", OAuthClientSecret: schema.NewSecret("seeded+secret"),
		Auth: schema.Auth{
			AuthMode: schema.OAuth1, SignatureMethod: method, RequestParams: map[string]string{"access": "write"},
			RequestURL: "https://${connection.coast}.tower.test/initiate", AuthorizationURL: "https://${connection.coast}.tower.test/authorize?theme=dark",
			AuthorizationParams: map[string]string{"name": "nango-lite"}, TokenURL: "https://${connection.coast}.tower.test/token",
			DefaultScopes: []string{"read", "signal"},
		},
		Connection: map[string]schema.ConnectionField{
			"coast":  {From: schema.FromUser, Field: schema.Field{Example: "north"}},
			"keeper": {From: schema.FromTokenResponse, Field: schema.Field{Example: "mira"}},
		},
		Requests: schema.Requests{BaseURL: "https://${connection.coast}.tower.test/api", Params: map[string]string{"lang": "a b"}},
	}
}

// oauth1World is an engine before a provider that is played strictly.
type oauth1World struct {
	*engine.Engine
	provider *sandbox.Provider
	direct   http.RoundTripper
	sent     []*http.Request
	now      time.Time
	answer   func(*http.Request) *http.Response // in the provider's place
}

// PublicOnly implements [engine.PublicTransport]: no connection is made at all.
func (w *oauth1World) PublicOnly() http.RoundTripper { return w }

func (w *oauth1World) RoundTrip(r *http.Request) (*http.Response, error) {
	w.sent = append(w.sent, r.Clone(r.Context()))
	if w.answer != nil {
		if resp := w.answer(r); resp != nil {
			return resp, nil
		}
	}
	return w.direct.RoundTrip(r)
}

func newOAuth1World(t *testing.T, in *schema.Integration) *oauth1World {
	t.Helper()
	w := &oauth1World{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return w.now }
	var err error
	if w.provider, err = sandbox.New(in, &sandbox.Options{Now: clock, RedirectURIs: []string{"https://host.test/callback?tab=1"}}); err != nil {
		t.Fatal(err)
	}
	w.direct = sandbox.NewMux(w.provider).Transport()
	cfg := &schema.Config{Integrations: map[string]*schema.Integration{in.Name: in}}
	if w.Engine, err = engine.New(cfg, &engine.Options{Transport: w, Now: clock}); err != nil {
		t.Fatal(err)
	}
	return w
}

var towerKey = engine.Key{Integration: "tower", ConnectionID: "u"}

// authorize sends the user to consent.
func (w *oauth1World) authorize(t *testing.T, decision string) (*engine.Pending, url.Values) {
	t.Helper()
	p, err := w.AuthCodeURL(t.Context(), towerKey, "https://host.test/callback?tab=1", &engine.AuthCodeOptions{Fields: map[string]string{"coast": "north"}})
	if err != nil {
		t.Fatal(err)
	}
	back, err := sandbox.Allow(t.Context(), w.direct, p.URL.Reveal(), decision)
	if err != nil {
		t.Fatal(err)
	}
	return p, back.Query()
}

func (w *oauth1World) connect(t *testing.T) *engine.Connection {
	t.Helper()
	p, callback := w.authorize(t, "allow")
	c, err := w.Exchange(t.Context(), p, callback)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func rsaKey(t *testing.T) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
}

// TestOAuth1 goes from consent to calls with each signature method. The sandbox
// verifies every signature with code of its own.
func TestOAuth1(t *testing.T) {
	for _, method := range []string{"HMAC-SHA1", "HMAC-SHA256", "RSA-SHA1", "PLAINTEXT"} {
		t.Run(method, func(t *testing.T) {
			in := tower(method)
			if method == "RSA-SHA1" {
				in.OAuthClientSecret = schema.NewSecret(rsaKey(t))
			}
			w := newOAuth1World(t, in)
			c := w.connect(t)
			if c.Fields["keeper"] != "mira" || c.Credentials.Token.TokenSecret.Empty() || c.Credentials.Type != schema.OAuth1 || len(c.Credentials.Token.Scopes) != 2 {
				t.Errorf("connection %+v", c.Fields)
			}
			client, err := w.Client(towerKey)
			if err != nil {
				t.Fatal(err)
			}
			for _, send := range []func() (*http.Response, error){
				func() (*http.Response, error) { return client.Get("/towers/r%C3%BCgen?a=1&a=%2B&b=x+y;z&c") },
				func() (*http.Response, error) {
					return client.PostForm("/signals", url.Values{"text": {"low water & fog"}, "a": {"1", "0"}})
				},
				func() (*http.Response, error) {
					return client.Post("/signals", "application/json", strings.NewReader(`{"a": "b=c&d"}`))
				},
				func() (*http.Response, error) { // a form that cannot be read twice
					return client.Post("/signals", "application/x-www-form-urlencoded; charset=utf-8", struct{ io.Reader }{strings.NewReader("q=%7E~*")})
				},
			} {
				resp, err := send()
				if err != nil {
					t.Fatal(err)
				}
				if resp.StatusCode != 200 || resp.Request.Header.Get("Authorization") != "" {
					t.Errorf("%s %s: %s, %s", resp.Request.Method, resp.Request.URL.Path, resp.Status, resp.Header.Get(sandbox.RefusalHeader))
				}
			}
			if s := w.provider.Stats(); s.Refused != 0 || s.Exchanges != 1 {
				t.Errorf("stats %+v", s)
			}
		})
	}
}

func TestOAuth1SignsEachAttempt(t *testing.T) {
	w := newOAuth1World(t, tower("HMAC-SHA1"))
	w.connect(t)
	if err := w.provider.Fault(sandbox.FaultUnavailable, 2); err != nil {
		t.Fatal(err)
	}
	w.sent = nil
	client, _ := w.Client(towerKey)
	resp, err := client.Get("/towers")
	if err != nil || resp.StatusCode != 200 || len(w.sent) != 3 {
		t.Fatalf("got %v, %v after %d attempts", resp, err, len(w.sent))
	}
	seen := map[string]bool{}
	for _, r := range w.sent {
		seen[r.Header.Get("Authorization")] = true
	}
	if len(seen) != 3 {
		t.Errorf("%d signatures for 3 attempts", len(seen))
	}
}

// An unsigned use: the blueprint gives Authorization itself, as Trello's does.
func TestOAuth1UnsignedByTheBlueprint(t *testing.T) {
	in := tower("HMAC-SHA1")
	in.Requests.Headers = map[string]string{"authorization": `OAuth oauth_consumer_key="k", oauth_token="${oauth_token}"`}
	w := newOAuth1World(t, in)
	c := w.connect(t)
	client, _ := w.Client(towerKey)
	resp, err := client.Get("/towers")
	if err != nil || resp.StatusCode != 200 {
		t.Fatalf("%v, %v", resp, err)
	}
	want := fmt.Sprintf("OAuth oauth_consumer_key=%q, oauth_token=%q", "k", c.Credentials.Token.AccessToken.Reveal())
	if got := w.sent[len(w.sent)-1].Header.Get("Authorization"); got != want {
		t.Errorf("sent %q", got)
	}
}

func TestOAuth1Denied(t *testing.T) {
	w := newOAuth1World(t, tower("HMAC-SHA1"))
	p, callback := w.authorize(t, "deny")
	if _, err := w.Exchange(t.Context(), p, callback); !errors.Is(err, engine.ErrDenied) {
		t.Errorf("got %v", err)
	}
	p, callback = w.authorize(t, "allow") // as X says no
	x := url.Values{"denied": {callback.Get("oauth_token")}, "state": {callback.Get("state")}}
	if _, err := w.Exchange(t.Context(), p, x); !errors.Is(err, engine.ErrDenied) {
		t.Errorf("got %v", err)
	}
}

// S1 and S2 of OAuth 1.0a: a callback that belongs to another flow.
func TestOAuth1ForeignCallback(t *testing.T) {
	w := newOAuth1World(t, tower("HMAC-SHA1"))
	for name, row := range map[string]struct {
		change func(url.Values)
		want   error
	}{
		"another token": {func(v url.Values) { v.Set("oauth_token", "other") }, engine.ErrState},
		"no token":      {func(v url.Values) { v.Del("oauth_token") }, engine.ErrState},
		"no state":      {func(v url.Values) { v.Del("state") }, engine.ErrState},
		"another state": {func(v url.Values) { v.Set("state", "other") }, engine.ErrState},
		"no verifier":   {func(v url.Values) { v.Del("oauth_verifier") }, engine.ErrInvalidResponse},
		"bad verifier":  {func(v url.Values) { v.Set("oauth_verifier", "seeded") }, engine.ErrClient},
		"a problem":     {func(v url.Values) { v.Set("oauth_problem", "seeded\nconsumer_key_refused") }, engine.ErrClient},
	} {
		p, callback := w.authorize(t, "allow")
		row.change(callback)
		_, err := w.Exchange(t.Context(), p, callback)
		if !errors.Is(err, row.want) || strings.Contains(err.Error(), "seeded") {
			t.Errorf("%s: got %v, want %v", name, err, row.want)
		}
	}
	p, callback := w.authorize(t, "allow")
	if _, err := w.Exchange(t.Context(), p, callback); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Exchange(t.Context(), p, callback); !errors.Is(err, engine.ErrState) {
		t.Errorf("a second time: %v", err)
	}
}

func TestOAuth1PendingIsSealed(t *testing.T) {
	w := newOAuth1World(t, tower("HMAC-SHA1"))
	p, callback := w.authorize(t, "allow")
	s := plainSealer{}
	text, err := p.Seal(s)
	if err != nil {
		t.Fatal(err)
	}
	again, err := engine.OpenPending(text, s)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%v %+v", again, again); strings.Contains(got, again.TokenSecret.Reveal()) || again.TokenSecret.Empty() {
		t.Errorf("prints %s", got)
	}
	if _, err := w.Exchange(t.Context(), again, callback); err != nil {
		t.Error(err)
	}
}

// plainSealer seals nothing.
type plainSealer struct{}

func (plainSealer) Seal(b, _ []byte) ([]byte, error) { return b, nil }
func (plainSealer) Open(b, _ []byte) ([]byte, error) { return b, nil }

// What a provider may answer to the first request.
func TestOAuth1TemporaryAnswers(t *testing.T) {
	for _, row := range []struct {
		status int
		body   string
		want   error
	}{
		{200, "oauth_token=a&oauth_token_secret=b", engine.ErrInvalidResponse}, // OAuth 1.0
		{200, "oauth_token=a&oauth_token_secret=b&oauth_callback_confirmed=false", engine.ErrInvalidResponse},
		{200, "oauth_token=a&oauth_callback_confirmed=true", engine.ErrInvalidResponse},
		{200, "oauth_token_secret=seeded&oauth_callback_confirmed=true", engine.ErrInvalidResponse},
		{200, "<html>seeded</html>", engine.ErrInvalidResponse},
		{200, "", engine.ErrInvalidResponse},
		{401, "Failed to validate seeded signature", engine.ErrClient},
		{401, "oauth_problem=signature_invalid&oauth_signature=seeded", engine.ErrClient},
		{200, "oauth_problem=seeded%0Arefused", engine.ErrInvalidResponse},
		{302, "", engine.ErrInvalidResponse},
		{503, "", engine.ErrUnavailable},
		{429, "", engine.ErrRateLimited},
	} {
		w := newOAuth1World(t, tower("HMAC-SHA1"))
		w.answer = func(r *http.Request) *http.Response {
			return &http.Response{StatusCode: row.status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(row.body)), Request: r}
		}
		p, err := w.AuthCodeURL(t.Context(), towerKey, "https://host.test/callback", &engine.AuthCodeOptions{Fields: map[string]string{"coast": "north"}})
		if p != nil || !errors.Is(err, row.want) || strings.Contains(err.Error(), "seeded") {
			t.Errorf("%d %q: got %v, want %v", row.status, row.body, err, row.want)
		}
	}
}

// Nothing is sent that cannot be signed, or must not be sent like that.
func TestOAuth1SendsNothingUnsigned(t *testing.T) {
	rsa1 := tower("RSA-SHA1") // whose secret is no key
	plain := tower("PLAINTEXT")
	plain.Auth.RequestURL = "http://tower.test/initiate"
	for _, in := range []*schema.Integration{rsa1, plain} {
		w := newOAuth1World(t, in)
		_, err := w.AuthCodeURL(t.Context(), towerKey, "https://host.test/callback", &engine.AuthCodeOptions{Fields: map[string]string{"coast": "north"}})
		if !errors.Is(err, engine.ErrClient) || strings.Contains(err.Error(), "seeded") || len(w.sent) > 0 {
			t.Errorf("%s: got %v, %d requests", in.Auth.SignatureMethod, err, len(w.sent))
		}
	}
	plain = tower("PLAINTEXT")
	plain.Requests.BaseURL = "http://tower.test/api"
	w := newOAuth1World(t, plain)
	w.connect(t)
	w.sent = nil
	client, _ := w.Client(towerKey)
	if _, err := client.Get("/towers"); !errors.Is(err, engine.ErrUnsupported) || len(w.sent) > 0 {
		t.Errorf("PLAINTEXT over http: got %v, %d requests", err, len(w.sent))
	}
	w = newOAuth1World(t, tower("HMAC-SHA1"))
	w.connect(t)
	w.sent = nil
	client, _ = w.Client(towerKey)
	if _, err := client.Post("/x", "application/x-www-form-urlencoded", strings.NewReader("a=%zz")); !errors.Is(err, engine.ErrClient) || len(w.sent) > 0 {
		t.Errorf("a form that is none: got %v, %d requests", err, len(w.sent))
	}
}

// A token pair that the host has from elsewhere, as in 2022.
func TestOAuth1Connect(t *testing.T) {
	w := newOAuth1World(t, tower("HMAC-SHA1"))
	c := w.connect(t)
	opts := &engine.ConnectOptions{Fields: map[string]string{"coast": "north"}}
	given := engine.Credentials{Token: engine.Token{AccessToken: c.Credentials.Token.AccessToken, TokenSecret: c.Credentials.Token.TokenSecret}}
	k := engine.Key{Integration: "tower", ConnectionID: "imported"}
	if _, err := w.Connect(t.Context(), k, given, opts); err != nil {
		t.Fatal(err)
	}
	client, _ := w.Client(k)
	if resp, err := client.Get("/towers"); err != nil || resp.StatusCode != 200 {
		t.Errorf("got %v, %v", resp, err)
	}
	given.Token.TokenSecret = schema.Secret{}
	if _, err := w.Connect(t.Context(), k, given, opts); !errors.Is(err, engine.ErrClient) {
		t.Errorf("without its secret: %v", err)
	}
}

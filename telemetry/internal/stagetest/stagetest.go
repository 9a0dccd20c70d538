// Package stagetest is an API with trouble of every kind, and an engine that calls
// it, for tests of adapters. Start with [Play].
package stagetest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// Seed is in every place where it must not leave by: tokens, queries, headers,
// bodies, and what providers say.
const Seed = "s33d"

// Key is the connection that calls are made as.
var Key = engine.Key{Integration: "fjord", ConnectionID: "alice"}

type api struct{ n int }

// PublicOnly implements [engine.PublicTransport].
func (a *api) PublicOnly() http.RoundTripper { return a }

// RoundTrip implements [http.RoundTripper].
func (a *api) RoundTrip(r *http.Request) (*http.Response, error) {
	reply := func(status int, body string) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}, "X-Echo": {Seed}}, Body: io.NopCloser(strings.NewReader(body)), Request: r, ContentLength: -1}, nil
	}
	if r.URL.Path == "/token" {
		return reply(200, `{"access_token":"new-`+Seed+`","refresh_token":"r-`+Seed+`","expires_in":300}`)
	}
	a.n++
	switch {
	case a.n == 1:
		return reply(401, `{"error":"`+Seed+`"}`)
	case a.n == 3:
		return nil, errors.New("dial new-" + Seed + " failed: https://x.test/?q=" + Seed)
	case r.URL.Path == "/v1/broken":
		resp, _ := reply(200, "")
		resp.Body = io.NopCloser(io.MultiReader(strings.NewReader("half"), broken{}))
		return resp, nil
	case r.Method == Seed:
		return reply(777, Seed)
	}
	return reply(200, `{}`)
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// Play makes four calls that meet: a refused token, a lost connection, an odd
// method and an odd status, a body that breaks off. It returns the engine.
func Play(t *testing.T, ctx context.Context, observe func(context.Context, engine.Event)) *engine.Engine {
	t.Helper()
	wait, retries := 0.01, 1
	in := &schema.Integration{
		OAuthClientID: "id", OAuthClientSecret: schema.NewSecret(Seed), OAuthScopes: &schema.Scopes{},
		Auth: schema.Auth{AuthMode: schema.OAuth2, AuthorizationURL: "https://fjord.test/authorize", TokenURL: "https://fjord.test/token"},
		Requests: schema.Requests{
			BaseURL: "https://api.fjord.test/v1", Headers: map[string]string{"Authorization": "Bearer ${access_token}"},
			Retries: &schema.Retries{MaxRetries: &retries, TimeBetweenRetriesSec: &wait},
		},
	}
	e, err := engine.New(&schema.Config{Integrations: map[string]*schema.Integration{"fjord": in}}, &engine.Options{Transport: &api{}, Observe: observe})
	if err != nil {
		t.Fatal(err)
	}
	token := engine.Token{AccessToken: schema.NewSecret("old-" + Seed), RefreshToken: schema.NewSecret(Seed), ExpiresAt: time.Now().Add(time.Hour)}
	if _, err := e.Connect(ctx, Key, engine.Credentials{Token: token}, nil); err != nil {
		t.Fatal(err)
	}
	c, err := e.Client(Key)
	if err != nil {
		t.Fatal(err)
	}
	for _, call := range [][2]string{{"GET", "/users?q=" + Seed}, {"GET", "/users?q=" + Seed}, {Seed, "/odd"}, {"GET", "/broken"}} {
		r, err := http.NewRequestWithContext(ctx, call[0], call[1], nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Own", Seed)
		resp, err := c.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
	}
	return e
}

package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/sandbox"
	"github.com/nango-lite/nango-lite/schema"
)

const (
	name        = "fjord"
	redirectURL = "http://localhost:3003/oauth/callback"
	lifetime    = time.Hour // of access tokens

	// timeoutOfStore is how long processes wait for a database in which hundreds of
	// others write, under the race detector, on a machine with other things to do.
	timeoutOfStore = 2 * time.Minute
)

// integration is what the engine and the sandbox are given.
func integration(grace time.Duration) *schema.Integration {
	return &schema.Integration{
		Name:              name,
		OAuthClientID:     "client",
		OAuthClientSecret: schema.NewSecret("secret"),
		OAuthScopes:       &schema.Scopes{List: []string{"read"}},
		Auth: schema.Auth{
			AuthMode:            schema.OAuth2,
			AuthorizationURL:    "https://fjord.example/authorize",
			TokenURL:            "https://fjord.example/token",
			RefreshGraceSeconds: grace.Seconds(),
		},
		Requests: schema.Requests{
			BaseURL: "https://api.fjord.example",
			Headers: map[string]string{"Authorization": "Bearer ${access_token}"},
		},
	}
}

// A provider is the sandbox on a port: it rotates refresh tokens, and ends a grant
// when an old one comes again.
type provider struct {
	*sandbox.Provider
	base    string
	in      *schema.Integration
	server  *http.Server
	onToken atomic.Pointer[func()] // called when a token request has come, before it is looked at
}

func startProvider(grace time.Duration) (*provider, error) {
	in := integration(grace)
	p, err := sandbox.New(in, &sandbox.Options{TokenLifetime: lifetime})
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	played := &provider{Provider: p, base: "http://" + l.Addr().String(), in: in}
	mux := sandbox.NewMux(p)
	played.server = &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if f := played.onToken.Load(); f != nil && strings.HasSuffix(r.URL.Path, "/token") {
			(*f)()
		}
		mux.ServeHTTP(w, r)
	})}
	go func() { _ = played.server.Serve(l) }()
	return played, nil
}

func (p *provider) close() { _ = p.server.Close() }

// transport reaches the provider at base.
func transport(base string, in *schema.Integration) (http.RoundTripper, error) {
	u, err := url.Parse(base)
	if err != nil {
		return nil, err
	}
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = 200
	return sandbox.RemoteTransport(u, []*schema.Integration{in}, t)
}

func newEngine(store connection.Store, rt http.RoundTripper, in *schema.Integration) (*engine.Engine, error) {
	cfg := &schema.Config{Integrations: map[string]*schema.Integration{name: in}}
	return engine.New(cfg, &engine.Options{Connections: store, Transport: rt, CacheSize: -1})
}

// connectEnded takes a user through consent, and stores the connection as if its
// access token had ended since.
func connectEnded(ctx context.Context, e *engine.Engine, store connection.Store, rt http.RoundTripper, id string) (*connection.Connection, error) {
	k := connection.Key{Integration: name, ConnectionID: id}
	pending, err := e.AuthCodeURL(ctx, k, redirectURL, nil)
	if err != nil {
		return nil, err
	}
	back, err := sandbox.Allow(ctx, rt, pending.URL.Reveal(), "allow")
	if err != nil {
		return nil, err
	}
	c, err := e.Exchange(ctx, pending, back.Query())
	if err != nil {
		return nil, err
	}
	c.Credentials.Token.ExpiresAt = time.Now().Add(-time.Second)
	if err := store.Put(ctx, c); err != nil {
		return nil, fmt.Errorf("store %s: %w", k, err)
	}
	return c, nil
}

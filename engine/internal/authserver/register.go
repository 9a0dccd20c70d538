package authserver

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/discovery"
	"github.com/nango-lite/nango-lite/engine/internal/expiring"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/token"
	"github.com/nango-lite/nango-lite/schema"
)

const (
	// A registration is used for other connections as well, but not for long: a server
	// that has forgotten it says so to the user alone.
	clientLifetime = time.Hour
	maxClients     = 256

	// A secret that ends sooner is no longer good for another connection.
	clientMargin = 10 * time.Minute
)

// clientAuthOf are our words for methods of RFC 7591.
var clientAuthOf = map[string]string{
	discovery.MethodNone: schema.ClientAuthNone, discovery.MethodBasic: schema.ClientAuthHeader, discovery.MethodPost: schema.ClientAuthBody,
}

// client decides as whom we go to the server: as the operator's client; else as a
// document of the operator's, where the server reads such; else as what the server
// registers us as.
func (s *search) client(ctx context.Context, server *discovery.Server, r *connection.Registration) error {
	switch {
	case s.In.OAuthClientID != "":
		r.ClientID = s.In.OAuthClientID
		r.AuthorizationMethod = schema.ClientAuthNone
		if s.In.OAuthClientSecret.IsSet() {
			if r.AuthorizationMethod = clientAuthOf[server.Method(true)]; r.AuthorizationMethod == "" {
				return s.fail(fault.KindClient, "the authorization server takes no client secret (token_endpoint_auth_methods_supported)", nil)
			}
		}
		return nil
	case s.In.Auth.ClientMetadataURL != "" && server.TakesClientMetadata:
		r.ClientID, r.AuthorizationMethod = s.In.Auth.ClientMetadataURL, schema.ClientAuthNone
		return nil
	case server.Register == "":
		return s.fail(fault.KindClient, "oauth_client_id is not configured, and the authorization server registers no clients (RFC 7591)", nil)
	}
	c, err := s.registered(ctx, server, s.Redirect)
	if err != nil {
		return err
	}
	r.ClientID, r.AuthorizationMethod, r.SecretExpiresAt = c.ID, clientAuthOf[c.Method], c.Expires
	if c.Secret != "" {
		r.ClientSecret = schema.NewSecret(c.Secret)
	}
	return nil
}

const registration = "the registration at the authorization server"

// registered returns the client that a server knows us as, for a redirect URL.
func (s *search) registered(ctx context.Context, server *discovery.Server, redirectURL string) (*discovery.Client, error) {
	as := discovery.Request{
		Name: cmp.Or(s.In.Auth.ClientName, "nango-lite"), URI: s.In.Auth.ClientURI, Redirect: redirectURL, Method: server.Method(false),
	}
	if as.Method == "" {
		return nil, s.fail(fault.KindUnsupported, "the authorization server takes none of client_secret_basic, client_secret_post and none", nil)
	}
	name := clientName{s.In.Name, server.Issuer, as}
	release, err := s.Memory.clients.claim(ctx, name)
	if err != nil {
		return nil, s.unreachable(ctx, registration, &discovery.UnreachableError{Err: err})
	}
	defer release()
	now := s.Now()
	if c, ok := s.Memory.clients.Get(name, now); ok {
		return c, nil
	}
	c, err := s.register(ctx, server, as)
	if err == nil {
		s.Memory.clients.keep(name, c, now)
	}
	return c, err
}

// register asks the server for a client.
func (s *search) register(ctx context.Context, server *discovery.Server, as discovery.Request) (*discovery.Client, error) {
	u, err := url.Parse(server.Register)
	if err != nil {
		return nil, s.fail(fault.KindInvalidResponse, registration+": its URL cannot be read", nil)
	}
	client := *s.Client(u)
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c, answer, err := discovery.Register(ctx, &client, server.Register, as)
	switch {
	case answer == nil || errors.As(err, new(*discovery.UnreachableError)):
		return nil, s.unreachable(ctx, registration, err)
	case err != nil && answer.Status < 400:
		return nil, s.fail(fault.KindInvalidResponse, registration, err)
	case c == nil:
		kind := cmp.Or(token.KindOfStatus(answer.Status), fault.KindInvalidResponse)
		return nil, &fault.Error{
			Op: s.Op, Key: s.Key, Kind: kind, Status: answer.Status, Code: fault.ReadableCode(answer.Code()),
			Message: fault.Words(answer.Words(), func(text string) string { return text }), // a registration sends no secret
			Detail:  registration + " was refused", RetryAfter: token.RetryAfter(answer.Header),
		}
	}
	return c, nil
}

// A clientName is what a registration is known by.
type clientName struct {
	integration, issuer string
	as                  discovery.Request
}

// clients are the registrations of this process.
type clients struct {
	expiring.Map[clientName, *discovery.Client]
	mu   sync.Mutex
	busy map[clientName]chan struct{} // closed when whoever registers has ended
}

// claim waits until nobody else registers under that name: users who come at once
// share what the first brings.
func (c *clients) claim(ctx context.Context, name clientName) (release func(), err error) {
	for {
		c.mu.Lock()
		other, busy := c.busy[name]
		if !busy {
			if c.busy == nil {
				c.busy = map[clientName]chan struct{}{}
			}
			done := make(chan struct{})
			c.busy[name] = done
			c.mu.Unlock()
			return func() {
				c.mu.Lock()
				delete(c.busy, name)
				c.mu.Unlock()
				close(done)
			}, nil
		}
		c.mu.Unlock()
		select {
		case <-other:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (c *clients) keep(name clientName, client *discovery.Client, now time.Time) {
	until := now.Add(clientLifetime)
	if e := client.Expires.Add(-clientMargin); !client.Expires.IsZero() && e.Before(until) {
		until = e
	}
	c.Put(name, client, now, until)
}

// forget drops a client that the server no longer knows.
func (c *clients) forget(id string) {
	c.Drop(func(_ clientName, client *discovery.Client) bool { return client.ID == id })
}

// Forgotten is the detail of an error which says that a registration is of no use.
const Forgotten = "the authorization server no longer takes the client that it registered"

// Blame says what to do where the server no longer knows the client that it registered:
// nobody but the user can get another, by connecting again.
func (f *Finder) Blame(r *connection.Registration, err error) error {
	if r.ClientID == "" || r.ClientID == f.In.OAuthClientID || r.ClientID == f.In.Auth.ClientMetadataURL {
		return err
	}
	if refused, ok := errors.AsType[*fault.Error](err); !ok || refused.Code != "invalid_client" && refused.Code != "unauthorized_client" {
		return err
	}
	f.Memory.clients.forget(r.ClientID)
	return fault.Mean(err, fault.KindReauthorize, Forgotten)
}

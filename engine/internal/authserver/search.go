// Package authserver finds the authorization server of a resource, and becomes its
// client: RFC 9728, RFC 8414, RFC 7591. The documents themselves are read by package
// discovery. Start with [Finder.Find].
package authserver

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/discovery"
	"github.com/nango-lite/nango-lite/engine/internal/expiring"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/layer"
	"github.com/nango-lite/nango-lite/engine/internal/plan"
	"github.com/nango-lite/nango-lite/engine/internal/render"
	"github.com/nango-lite/nango-lite/internal/weburl"
)

// A Finder finds the authorization server of an integration's resource. It is safe for
// concurrent use.
type Finder struct {
	In *plan.Integration

	// Client returns the client for a URL that a stranger may have written. It follows
	// redirects at home, and carries nothing but a client certificate, to origins that
	// the file names.
	Client func(*url.URL) *http.Client

	Now     func() time.Time
	Timeout time.Duration // of a search as a whole
	Memory  *Memory
}

// A Memory keeps what was found for a while. It outlives a change of the configuration.
// It is safe for concurrent use; see [NewMemory].
type Memory struct {
	docs    expiring.Map[string, discovery.Doc]
	clients clients
}

// NewMemory returns a memory of nothing.
func NewMemory() *Memory {
	m := &Memory{}
	m.docs.Most, m.clients.Most = maxDocs, maxClients
	return m
}

// A Quest says what for a server is sought.
type Quest struct {
	Op       string // for errors
	Key      connection.Key
	Values   render.Values // for the URLs to start from
	Redirect string        // where users come back to
}

// A Server is what was found.
type Server struct {
	connection.Registration          // what we are there
	Authorize               string   // the authorization endpoint
	Scopes                  []string // those that the resource asks for, or else those that it knows
}

// A search is one discovery: from a resource to the server that authorises its users.
// No secret is sent before it has ended.
type search struct {
	*Finder
	Quest

	target *url.URL // what calls go to
	asked  string   // the resource, by the name that is configured
	scopes []string // those that the resource asks for; nil: it does not say
}

// Find finds the authorization server, and makes us a client of it.
func (f *Finder) Find(ctx context.Context, q Quest) (*Server, error) {
	ctx, cancel := context.WithTimeout(ctx, f.Timeout)
	defer cancel()
	s := &search{Finder: f, Quest: q}
	if err := s.begin(); err != nil {
		return nil, err
	}
	resource, err := s.resource(ctx)
	if err != nil {
		return nil, err
	}
	server, err := s.server(ctx, resource)
	if err != nil {
		return nil, err
	}
	found := &Server{Authorize: server.Authorize, Scopes: s.wanted(resource, server), Registration: connection.Registration{
		Resource: s.asked, Issuer: server.Issuer, TokenEndpoint: server.Token, RevocationEndpoint: server.Revoke, IssuerExpected: server.SendsItsName,
	}}
	if resource != nil {
		found.Resource = resource.Name
	}
	return found, s.client(ctx, server, &found.Registration)
}

// wanted returns the scopes that the resource asks for, or else knows. What a refresh
// token needs at OpenID providers is added where the server has it.
func (s *search) wanted(resource *discovery.Resource, server *discovery.Server) []string {
	scopes := slices.Clone(s.scopes)
	if scopes == nil && resource != nil {
		scopes = slices.Clone(resource.Scopes)
	}
	const offline = "offline_access"
	if slices.Contains(server.Scopes, offline) && !slices.Contains(scopes, offline) {
		scopes = append(scopes, offline)
	}
	return scopes
}

func (s *search) fail(kind fault.Kind, detail string, err error) error {
	return &fault.Error{Op: s.Op, Key: s.Key, Kind: kind, Detail: detail, Err: err}
}

// begin fills the URLs to start from.
func (s *search) begin() error {
	var err error
	if s.target, err = render.URL(s.In.Parsed.BaseURL, s.Values, s.In.FormatOf); err != nil {
		return s.fail(fault.KindClient, "requests.base_url", err)
	}
	named, err := render.URL(s.In.Parsed.Resource, s.Values, s.In.FormatOf)
	if err != nil {
		return s.fail(fault.KindClient, "auth.resource", err)
	}
	s.asked = named.String()
	for _, u := range []*url.URL{s.target, named} {
		if _, err := discovery.Secure(u.String()); err != nil {
			return s.fail(fault.KindClient, "the URL of the resource", err)
		}
	}
	if plan.Origin(s.target) != plan.Origin(named) {
		return s.fail(fault.KindClient, "auth.resource is of another origin than requests.base_url, where its tokens would go (RFC 9728 7.3)", nil)
	}
	if s.In.OAuthClientSecret.IsSet() && s.In.FindsServer() && !s.In.OwnsServer("") {
		return s.fail(fault.KindClient, "oauth_client_secret would go to a server that a user names; auth.authorization_server has to name the one that it belongs to", nil)
	}
	return nil
}

// resource returns the metadata of the resource: from where its challenge says, else
// from where it is by convention. It is nil if there is none and the file names the
// authorization server.
func (s *search) resource(ctx context.Context) (*discovery.Resource, error) {
	challenge, err := s.challenge(ctx)
	if err != nil {
		return nil, err
	}
	if challenge.Scope != "" {
		s.scopes = discovery.Scopes(challenge.Scope)
	}
	places := discovery.ResourceURLs(s.target)
	if challenge.ResourceMetadata != "" {
		u, err := discovery.Secure(challenge.ResourceMetadata)
		if err != nil {
			return nil, s.fail(fault.KindInvalidResponse, "resource_metadata in the challenge", err)
		}
		if plan.Origin(u) != plan.Origin(s.target) {
			return nil, s.fail(fault.KindInvalidResponse, "resource_metadata in the challenge is of another origin than the resource", nil)
		}
		places = []string{u.String()}
	}
	const what = "the metadata of the resource"
	doc, err := s.first(ctx, what, places)
	switch {
	case err != nil:
		return nil, err
	case doc == nil && s.In.Auth.AuthorizationServer != "":
		return nil, nil
	case doc == nil:
		return nil, s.fail(fault.KindInvalidResponse, "the resource says nowhere who authorises its users (RFC 9728); auth.authorization_server can name the server", nil)
	}
	r, err := discovery.ReadResource(doc, s.asked)
	if err != nil {
		return nil, s.fail(fault.KindInvalidResponse, what, err)
	}
	return r, nil
}

// challenge asks the resource as a stranger would. One that has nothing to say to a
// GET is asked by POST, as its clients do. Any answer will do.
func (s *search) challenge(ctx context.Context) (discovery.Challenge, error) {
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		answer, err := discovery.Ask(ctx, s.Client(s.target), method, s.target.String())
		if err != nil {
			return discovery.Challenge{}, s.unreachable(ctx, "the resource", err)
		}
		if c, ok := discovery.Bearer(answer.Header.Values("WWW-Authenticate")); ok && answer.Status == http.StatusUnauthorized {
			return c, nil
		}
		if answer.Status != http.StatusNotFound && answer.Status != http.StatusMethodNotAllowed {
			break
		}
	}
	return discovery.Challenge{}, nil
}

// server returns the metadata of the authorization server: of the one that the file
// names, else of the first that the resource does.
func (s *search) server(ctx context.Context, resource *discovery.Resource) (*discovery.Server, error) {
	issuer := ""
	if resource != nil && len(resource.Servers) > 0 {
		issuer = resource.Servers[0]
	}
	if s.In.Auth.AuthorizationServer != "" {
		u, err := render.URL(s.In.Parsed.AuthorizationServer, s.Values, s.In.FormatOf)
		if err != nil {
			return nil, s.fail(fault.KindClient, "auth.authorization_server", err)
		}
		issuer = u.String()
		if resource != nil && len(resource.Servers) > 0 && !slices.ContainsFunc(resource.Servers, func(s string) bool { return weburl.Same(s, issuer) }) {
			return nil, s.fail(fault.KindInvalidResponse, "the resource does not name auth.authorization_server among its own", nil)
		}
	}
	u, err := discovery.Secure(issuer)
	switch {
	case issuer == "":
		return nil, s.fail(fault.KindInvalidResponse, "the metadata of the resource names no authorization server; auth.authorization_server can", nil)
	case err != nil:
		return nil, s.fail(fault.KindInvalidResponse, "the authorization server that the resource names", err)
	case u.RawQuery != "":
		return nil, s.fail(fault.KindInvalidResponse, "the authorization server that the resource names has a query (RFC 8414 2)", nil)
	}
	what := "the metadata of the authorization server at " + u.Host
	doc, err := s.first(ctx, what, discovery.ServerURLs(u))
	if err != nil {
		return nil, err
	}
	if doc == nil {
		return nil, s.fail(fault.KindInvalidResponse, what+" is nowhere to be found (RFC 8414 3, OpenID Connect Discovery 4)", nil)
	}
	server, err := discovery.ReadServer(doc, issuer, s.In.ShowsCertificateTo(issuer))
	switch {
	case errors.Is(err, discovery.ErrNoPKCE):
		return nil, s.fail(fault.KindUnsupported, what, err)
	case err != nil:
		return nil, s.fail(fault.KindInvalidResponse, what, err)
	}
	if u, err := url.Parse(server.Authorize); err != nil || layer.Private(u.Hostname()) && !s.In.Reaches(u) {
		return nil, s.fail(fault.KindUnsupported, what+": its authorization_endpoint is an address of our own network", nil)
	}
	return server, nil
}

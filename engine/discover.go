package engine

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/nango-lite/nango-lite/engine/internal/discovery"
	"github.com/nango-lite/nango-lite/engine/internal/plan"
	"github.com/nango-lite/nango-lite/engine/internal/render"
)

// A search is one discovery: from a resource to the server that authorises its users.
// No secret is sent before it has ended.
type search struct {
	e   *Engine
	in  *integration
	op  string
	key Key

	target *url.URL // what calls go to
	asked  string   // the resource, by the name that is configured
	scopes []string // that the resource asks for; nil: it does not say
}

// discover finds the authorization server for p, makes us a client of it, and
// completes p with both.
func (e *Engine) discover(ctx context.Context, op string, in *integration, p *Pending, opts *AuthCodeOptions) error {
	ctx, cancel := context.WithTimeout(ctx, e.pace.TokenCall)
	defer cancel()
	s := &search{e: e, in: in, op: op, key: p.Key}
	values := in.pendingValues(p, e.opts.Now())
	if err := s.begin(values); err != nil {
		return err
	}
	resource, err := s.resource(ctx)
	if err != nil {
		return err
	}
	server, err := s.server(ctx, values, resource)
	if err != nil {
		return err
	}
	p.Registration = Registration{
		Resource: s.asked, Issuer: server.Issuer, TokenEndpoint: server.Token, RevocationEndpoint: server.Revoke, IssuerExpected: server.SendsItsName,
	}
	if resource != nil {
		p.Registration.Resource = resource.Name
	}
	if opts.Scopes == nil && !in.statesScopes() {
		p.Scopes = s.wanted(resource, server)
	}
	p.authorize = server.Authorize
	return s.client(ctx, server, p)
}

// statesScopes reports whether the file says what to ask for.
func (in *integration) statesScopes() bool {
	return in.OAuthScopes != nil || len(in.Auth.DefaultScopes) > 0 || in.Auth.Scopes == "none"
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

func (s *search) fail(kind Kind, detail string, err error) error {
	return &Error{Op: s.op, Key: s.key, Kind: kind, Detail: detail, Err: err}
}

// begin fills the URLs to start from.
func (s *search) begin(values render.Values) error {
	var err error
	if s.target, err = render.URL(s.in.Parsed.BaseURL, values, s.in.FormatOf); err != nil {
		return s.fail(KindClient, "requests.base_url", err)
	}
	named, err := render.URL(s.in.Parsed.Resource, values, s.in.FormatOf)
	if err != nil {
		return s.fail(KindClient, "auth.resource", err)
	}
	s.asked = named.String()
	for _, u := range []*url.URL{s.target, named} {
		if _, err := discovery.Secure(u.String()); err != nil {
			return s.fail(KindClient, "the URL of the resource", err)
		}
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
			return nil, s.fail(KindInvalidResponse, "resource_metadata in the challenge", err)
		}
		if plan.Origin(u) != plan.Origin(s.target) {
			return nil, s.fail(KindInvalidResponse, "resource_metadata in the challenge is of another origin than the resource", nil)
		}
		places = []string{u.String()}
	}
	const what = "the metadata of the resource"
	doc, err := s.first(ctx, what, places)
	switch {
	case err != nil:
		return nil, err
	case doc == nil && s.in.Auth.AuthorizationServer != "":
		return nil, nil
	case doc == nil:
		return nil, s.fail(KindInvalidResponse, "the resource says nowhere who authorises its users (RFC 9728); auth.authorization_server can name the server", nil)
	}
	r, err := discovery.ReadResource(doc, s.asked)
	if err != nil {
		return nil, s.fail(KindInvalidResponse, what, err)
	}
	return r, nil
}

// challenge asks the resource as a stranger would. One that has nothing to say to a
// GET is asked by POST, as its clients do. Any answer will do.
func (s *search) challenge(ctx context.Context) (discovery.Challenge, error) {
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		answer, err := discovery.Ask(ctx, s.e.discoveryClient(s.in, s.target), method, s.target.String())
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
func (s *search) server(ctx context.Context, values render.Values, resource *discovery.Resource) (*discovery.Server, error) {
	issuer := ""
	if resource != nil && len(resource.Servers) > 0 {
		issuer = resource.Servers[0]
	}
	if s.in.Auth.AuthorizationServer != "" {
		u, err := render.URL(s.in.Parsed.AuthorizationServer, values, s.in.FormatOf)
		if err != nil {
			return nil, s.fail(KindClient, "auth.authorization_server", err)
		}
		issuer = u.String()
		if resource != nil && len(resource.Servers) > 0 && !slices.Contains(resource.Servers, issuer) {
			return nil, s.fail(KindInvalidResponse, "the resource does not name auth.authorization_server among its own", nil)
		}
	}
	u, err := discovery.Secure(issuer)
	switch {
	case issuer == "":
		return nil, s.fail(KindInvalidResponse, "the metadata of the resource names no authorization server; auth.authorization_server can", nil)
	case err != nil:
		return nil, s.fail(KindInvalidResponse, "the authorization server that the resource names", err)
	case u.RawQuery != "":
		return nil, s.fail(KindInvalidResponse, "the authorization server that the resource names has a query (RFC 8414 2)", nil)
	}
	what := "the metadata of the authorization server at " + u.Host
	doc, err := s.first(ctx, what, discovery.ServerURLs(u))
	if err != nil {
		return nil, err
	}
	if doc == nil {
		return nil, s.fail(KindInvalidResponse, what+" is nowhere to be found (RFC 8414 3, OpenID Connect Discovery 4)", nil)
	}
	server, err := discovery.ReadServer(doc, issuer, s.in.ShowsCertificateTo(issuer))
	switch {
	case errors.Is(err, discovery.ErrNoPKCE):
		return nil, s.fail(KindUnsupported, what, err)
	case err != nil:
		return nil, s.fail(KindInvalidResponse, what, err)
	}
	return server, nil
}

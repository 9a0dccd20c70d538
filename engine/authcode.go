package engine

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"time"

	"golang.org/x/oauth2"

	"github.com/nango-lite/nango-lite/engine/internal/plan"
	"github.com/nango-lite/nango-lite/engine/internal/render"
	"github.com/nango-lite/nango-lite/schema"
)

// AuthCodeOptions adjust one authorization. The zero AuthCodeOptions ask for the
// configured scopes.
type AuthCodeOptions struct {
	// Fields are the connection fields that the user types (from: user), by
	// name; see [Engine.Describe]. What is chosen from a list later may be among
	// them: the exchange then fails if the list does not have it.
	Fields map[string]string

	// Credentials are what the user types as ${credentials.<name>}, by name: such as
	// client_id and client_secret where each connection brings an app of its own.
	Credentials map[string]schema.Secret

	// Scopes, if not nil, replace the configured ones.
	Scopes []string

	// Metadata goes to the connection.
	Metadata map[string]any
}

// AuthCodeURL starts the authorization-code flow (RFC 6749 4.1), or that of OAuth
// 1.0a (RFC 5849 2), for k and returns where to send the user, and what to keep,
// tied to that user's session, until the callback at redirectURL. State and PKCE
// verifier are made anew each time, of 256 random bits. A nil opts means the zero
// AuthCodeOptions.
//
// For MCP_OAUTH2 it first finds out who authorises the resource's users (RFC 9728,
// RFC 8414), and becomes a client there (RFC 7591) where the operator has none. What
// the servers say of themselves must agree, and every endpoint be https on the public
// network, before anything else is sent: it fails with KindInvalidResponse where it
// does not, with KindUnsupported for a server without PKCE or on our own network,
// with KindClient if nobody can become a client there, with KindUnavailable if there
// is no answer.
//
// For OAuth 1.0a it asks the provider for temporary credentials first, and the state
// travels in the query of the callback.
//
// It fails with KindClient if the integration has no client id, and with
// KindUnsupported if it has another auth mode, or no page to send the user to; see
// [Engine.DeviceAuth].
func (e *Engine) AuthCodeURL(ctx context.Context, k Key, redirectURL string, opts *AuthCodeOptions) (*Pending, error) {
	const op = "authorize"
	in, err := e.integration(k.Integration)
	if err != nil {
		return nil, err
	}
	if in.Auth.DeviceOnly() {
		return nil, &Error{Op: op, Key: k, Kind: KindUnsupported, Detail: "the integration declares no authorization_url; its users consent on another device (DeviceAuth)"}
	}
	if opts == nil {
		opts = &AuthCodeOptions{}
	}
	fields, secrets, err := in.brought(op, k, opts)
	if err != nil {
		return nil, err
	}
	p := &Pending{
		Key:         k,
		RedirectURL: redirectURL,
		State:       schema.NewSecret(randomText(32)),
		Scopes:      in.ScopesOr(opts.Scopes),
		ExpiresAt:   e.opts.Now().Add(pendingLifetime),
		Fields:      fields, SecretFields: secrets, Metadata: opts.Metadata,
	}
	if in.Auth.AuthMode == schema.OAuth1 {
		if err := e.authorizeOAuth1(ctx, op, in, p); err != nil {
			return nil, err
		}
		return p, nil
	}
	if in.Auth.AuthMode == schema.MCPOAuth2 {
		if err := e.discover(ctx, op, in, p, opts); err != nil {
			return nil, err
		}
	}
	if in.Auth.Challenge() != schema.PKCEOff {
		p.Verifier = schema.NewSecret(oauth2.GenerateVerifier())
	}
	if p.URL, err = in.authorizationURL(p, e.opts.Now()); err != nil {
		return nil, &Error{Op: op, Key: k, Kind: KindClient, Detail: "authorization_url", Err: err}
	}
	e.emit(ctx, Event{Kind: EventAuthorize, Key: k, URL: withoutQuery(p.URL), Reason: authorizeReason(in, p)})
	return p, nil
}

// authorizationURL builds the URL of RFC 6749 4.1.1. A query that the blueprint
// gives is kept, and so are authorization_params, but the standard parameters
// cannot be replaced.
func (in *integration) authorizationURL(p *Pending, now time.Time) (string, error) {
	values := in.pendingValues(p, now)
	endpoint := in.Parsed.AuthorizationURL
	if in.Auth.AuthMode == schema.MCPOAuth2 {
		endpoint = plan.Literal(p.authorize)
	}
	u, err := render.URL(endpoint, values, in.FormatOf)
	if err != nil {
		return "", err
	}
	q := u.Query()
	if err := in.Parsed.AuthorizationParams.Fill(q, values); err != nil {
		return "", err
	}
	q.Set("response_type", "code")
	id, _ := values("oauth_client_id")
	q.Set("client_id", id)
	q.Set("redirect_uri", p.RedirectURL)
	q.Set("state", p.State.Reveal())
	if scope := in.JoinScopes(p.Scopes); scope != "" {
		q.Set("scope", scope)
	}
	if r := p.Registration.Resource; r != "" {
		q.Set("resource", r) // RFC 8707 2.1
		if slices.Contains(p.Scopes, "offline_access") && !q.Has("prompt") {
			q.Set("prompt", "consent") // OpenID Connect Core 11: else it is not granted
		}
	}
	switch in.Auth.Challenge() {
	case schema.PKCES256:
		q.Set("code_challenge", oauth2.S256ChallengeFromVerifier(p.Verifier.Reveal()))
		q.Set("code_challenge_method", "S256")
	case schema.PKCEPlain:
		q.Set("code_challenge", p.Verifier.Reveal())
		q.Set("code_challenge_method", "plain")
	}
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// needsConsentClient checks that the integration can send a user to consent.
func (in *integration) needsConsentClient(op string, c *Connection) error {
	if !in.Auth.AuthMode.Consents() {
		return &Error{Op: op, Key: c.Key, Kind: KindUnsupported, Detail: "auth_mode " + string(in.Auth.AuthMode) + " has no authorization-code flow here"}
	}
	if in.Auth.AuthMode == schema.MCPOAuth2 {
		return nil // found out, or registered
	}
	id, secret := in.Client(c)
	if id.Empty() {
		return &Error{Op: op, Key: c.Key, Kind: KindClient, Detail: "oauth_client_id is not configured"}
	}
	if auth := in.Auth.ClientAuth(); auth == schema.ClientAuthTLS && in.ClientCertificate == "" {
		return &Error{Op: op, Key: c.Key, Kind: KindClient, Detail: "client_certificate is not configured"}
	} else if auth != schema.ClientAuthNone && auth != schema.ClientAuthJWT && auth != schema.ClientAuthTLS && !secret.IsSet() {
		return &Error{Op: op, Key: c.Key, Kind: KindClient, Detail: "oauth_client_secret is not configured"}
	}
	return nil
}

// brought checks what a user brings to consent, and that there is a client to send
// them with. The secrets are by name, those of connection fields with the prefix
// "connection.".
func (in *integration) brought(op string, k Key, opts *AuthCodeOptions) (map[string]string, map[string]schema.Secret, error) {
	if !in.Auth.AuthMode.Consents() || !in.ClientByConnection() {
		if err := in.needsConsentClient(op, &Connection{Key: k}); err != nil {
			return nil, nil, err
		}
	}
	fields, secrets, err := in.CheckFields(op, k, opts.Fields)
	if err != nil {
		return nil, nil, err
	}
	credentials, err := in.CheckCredentials(op, k, opts.Credentials)
	if err != nil {
		return nil, nil, err
	}
	maps.Copy(secrets, credentials)
	return fields, secrets, in.needsConsentClient(op, pendingConnection(in, k, fields, secrets))
}

// pendingConnection is a connection before there is a token.
func pendingConnection(in *integration, k Key, fields map[string]string, secrets map[string]schema.Secret) *Connection {
	c := &Connection{Key: k, Status: StatusActive, Fields: maps.Clone(fields), Credentials: Credentials{Type: in.Auth.AuthMode, Fields: map[string]schema.Secret{}}}
	for name, v := range secrets {
		c.Credentials.SetField(name, v)
	}
	return c
}

// pendingValues gives templates what is known before there is a connection.
func (in *integration) pendingValues(p *Pending, now time.Time) render.Values {
	c := pendingConnection(in, p.Key, p.Fields, p.SecretFields)
	c.Credentials.Registration = p.Registration
	return in.ValuesAt(c, now)
}

func authorizeReason(in *integration, p *Pending) string {
	reason := "sending the user to consent"
	if scope := in.JoinScopes(p.Scopes); scope != "" {
		reason += ", asking for " + scope
	}
	switch {
	case in.Auth.AuthMode == schema.OAuth1:
		return reason
	case in.Auth.AuthMode == schema.MCPOAuth2:
		if u, err := url.Parse(p.Registration.Issuer); err == nil {
			reason += ", at " + u.Host + ", which the resource names"
		}
		switch p.Registration.ClientID {
		case in.OAuthClientID:
		case in.Auth.ClientMetadataURL:
			reason += ", as the document at auth.client_metadata_url"
		default:
			reason += ", as a client that it has registered"
		}
		return reason + ", with PKCE S256"
	case in.Auth.Challenge() == schema.PKCEOff:
		return reason + ", without PKCE"
	}
	return reason + ", with PKCE " + string(in.Auth.Challenge())
}

// withoutQuery returns rawURL as it may be logged.
func withoutQuery(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host + u.EscapedPath()
}

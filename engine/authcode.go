package engine

import (
	"context"
	"maps"
	"net/url"

	"github.com/nango-lite/nango-lite/engine/internal/consent"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/mode"
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

	// Params are further parameters of the authorization URL, such as prompt or
	// login_hint. They replace those of authorization_params, and an empty one removes
	// it; what the protocol itself says they cannot replace. The device flow has none.
	Params map[string]string

	// Metadata and Tags go to the connection. Without, one that is there already keeps
	// its own.
	Metadata map[string]any
	Tags     map[string]string
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
// An authorization server that was found out may be hostile: its flows need a redirect
// URI that no integration with servers of the file's uses, and one for each server
// that does not name itself on callbacks (RFC 9700 4.4). One that is shared fails with
// KindState, as far as this process has seen. Tell [Engine.ExchangeAt] by which one a
// callback came.
//
// For OAuth 1.0a it asks the provider for temporary credentials first, and the state
// travels in the query of the callback.
//
// It fails with KindClient if the integration has no client id, or if redirectURL is
// none that a browser can be sent to, and with
// KindUnsupported if it has another auth mode, or no page to send the user to; see
// [Engine.DeviceAuth].
func (e *Engine) AuthCodeURL(ctx context.Context, k Key, redirectURL string, opts *AuthCodeOptions) (*Pending, error) {
	const op = "authorize"
	in, err := e.integration(k.Integration)
	if err != nil {
		return nil, err
	}
	if err := named(op, k); err != nil {
		return nil, err
	}
	if detail := notARedirect(redirectURL); detail != "" {
		return nil, &Error{Op: op, Key: k, Kind: KindClient, Detail: "the redirect URL " + detail}
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
		State:       schema.NewSecret(consent.RandomText(32)),
		Scopes:      in.ScopesOr(opts.Scopes),
		ExpiresAt:   e.opts.Now().Add(consent.Lifetime),
		Fields:      fields, SecretFields: secrets, Metadata: opts.Metadata, Tags: opts.Tags,
	}
	m, err := in.consenter(op, k)
	if err != nil {
		return nil, err
	}
	if err := checkParams(op, k, opts.Params); err != nil {
		return nil, err
	}
	if err := e.back.claim(op, in, p, e.opts.Now()); err != nil {
		return nil, err
	}
	reason, err := m.Begin(ctx, op, p, opts.Scopes)
	if err != nil {
		return nil, err
	}
	page, err := withParams(p.URL.Reveal(), opts.Params)
	if err != nil {
		return nil, &Error{Op: op, Key: k, Kind: KindInvalidResponse, Detail: "the authorization endpoint cannot be read"}
	}
	p.URL = schema.NewSecret(page)
	if err := e.back.claimIssuer(op, in, p, e.opts.Now()); err != nil {
		return nil, err
	}
	e.watch.Tell(ctx, Event{Kind: EventAuthorize, Key: k, URL: in.shownPage(p.URL.Reveal(), p.Connection(in.Auth.AuthMode)), Reason: reason})
	return p, nil
}

// consenter returns the mode as one that sends users to a page.
func (in *integration) consenter(op string, k Key) (mode.Consenter, error) {
	if m, ok := in.mode.(mode.Consenter); ok {
		return m, nil
	}
	return nil, &Error{Op: op, Key: k, Kind: KindUnsupported, Detail: "auth_mode " + string(in.Auth.AuthMode) + " has no authorization-code flow here"}
}

// brought checks what a user brings to consent, and that there is a client to send
// them with. The secrets are by name, those of connection fields with the prefix
// "connection.".
func (in *integration) brought(op string, k Key, opts *AuthCodeOptions) (map[string]string, map[string]schema.Secret, error) {
	m, err := in.consenter(op, k)
	if err != nil {
		return nil, nil, err
	}
	if !in.ClientByConnection() {
		if err := m.Ready(op, &Connection{Key: k}); err != nil {
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
	return fields, secrets, m.Ready(op, consent.NewConnection(in.Auth.AuthMode, k, fields, secrets))
}

// shownPage returns where a user is sent for c, as it may be logged.
func (in *integration) shownPage(page string, c *Connection) string {
	u, err := url.Parse(page)
	if err != nil {
		return ""
	}
	return fault.ShownURL(u, in.Secrets(c))
}

package engine

import (
	"maps"
	"net/url"

	"golang.org/x/oauth2"

	"github.com/nango-lite/nango-lite/engine/internal/render"
	"github.com/nango-lite/nango-lite/schema"
)

// OAuth2Config returns the configuration of an integration for hosts that drive
// the flow themselves, with the client-auth style stated. Most hosts want
// [Engine.AuthCodeURL] and [Engine.Client] instead: x/oauth2 knows nothing of
// JSON bodies, nested tokens, stores and leases.
//
// It fails with KindUnsupported if a URL needs values of a connection, or if the client
// signs an assertion, which x/oauth2 cannot.
func (e *Engine) OAuth2Config(name, redirectURL string) (*oauth2.Config, error) {
	const op = "configure oauth2"
	k := Key{Integration: name}
	in, err := e.integration(name)
	if err != nil {
		return nil, err
	}
	if in.Auth.AuthMode == schema.MCPOAuth2 {
		return nil, &Error{Op: op, Key: k, Kind: KindUnsupported, Detail: "auth_mode MCP_OAUTH2 finds its endpoints and its client for each connection; use AuthCodeURL"}
	}
	if in.Auth.AuthMode != schema.OAuth2 {
		return nil, &Error{Op: op, Key: k, Kind: KindUnsupported, Detail: "auth_mode " + string(in.Auth.AuthMode) + " is not OAuth 2.0"}
	}
	if in.Auth.ClientAuth() == schema.ClientAuthJWT {
		return nil, &Error{Op: op, Key: k, Kind: KindUnsupported, Detail: "private_key_jwt is more than x/oauth2 can do; use AuthCodeURL"}
	}
	if f := in.Auth.BodyFormat; f != "" && f != "form" {
		return nil, &Error{Op: op, Key: k, Kind: KindUnsupported, Detail: "token requests with body_format " + f + " are more than x/oauth2 can do; use AuthCodeURL"}
	}
	if s := in.JoinScopes([]string{"a", "b"}); s != "a b" {
		return nil, &Error{Op: op, Key: k, Kind: KindUnsupported, Detail: "a scope_separator other than a space is more than x/oauth2 can do; use AuthCodeURL"}
	}
	if err := in.NeedsConsentClient(op, &Connection{Key: k}); err != nil {
		return nil, err
	}
	values := in.ValuesAt(&Connection{Key: k}, e.opts.Now())
	authURL, err := render.URL(in.Parsed.AuthorizationURL, values, in.FormatOf)
	if err != nil {
		return nil, &Error{Op: op, Key: k, Kind: KindUnsupported, Detail: "authorization_url", Err: err}
	}
	params := url.Values{}
	if err := in.Parsed.AuthorizationParams.Fill(params, values); err != nil {
		return nil, &Error{Op: op, Key: k, Kind: KindUnsupported, Detail: "authorization_params", Err: err}
	}
	q := authURL.Query()
	maps.Copy(q, params)
	authURL.RawQuery = q.Encode()
	tokenURL, err := render.URL(in.Parsed.TokenURL, values, in.FormatOf)
	if err != nil {
		return nil, &Error{Op: op, Key: k, Kind: KindUnsupported, Detail: "token_url", Err: err}
	}
	deviceURL := ""
	if u, err := render.URL(in.Parsed.DeviceURL, values, in.FormatOf); err == nil {
		deviceURL = u.String()
	}
	style := oauth2.AuthStyleInParams
	if in.Auth.ClientAuth() == schema.ClientAuthHeader {
		style = oauth2.AuthStyleInHeader
	}
	return &oauth2.Config{
		ClientID:     in.OAuthClientID,
		ClientSecret: in.OAuthClientSecret.Reveal(),
		Endpoint:     oauth2.Endpoint{AuthURL: authURL.String(), DeviceAuthURL: deviceURL, TokenURL: tokenURL.String(), AuthStyle: style},
		RedirectURL:  redirectURL,
		Scopes:       in.ScopesOr(nil),
	}, nil
}

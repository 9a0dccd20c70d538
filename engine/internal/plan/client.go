package plan

import (
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/schema"
)

// NeedsClient checks that a token request for c can authenticate its client.
func (in *Integration) NeedsClient(op string, c *connection.Connection) error {
	id, secret := in.Client(c)
	missing := ""
	switch {
	case in.Auth.ClientAuth() == schema.ClientAuthNone:
	case id.Empty():
		missing = "oauth_client_id"
	case in.Auth.ClientAuth() == schema.ClientAuthTLS:
		if in.ClientCertificate == "" {
			missing = "client_certificate"
		}
	case in.Auth.ClientAuth() == schema.ClientAuthJWT: // the key is missed when it is to sign
	case secret.Empty():
		missing = "oauth_client_secret"
	}
	if missing == "" {
		return nil
	}
	return &fault.Error{Op: op, Key: c.Key, Kind: fault.KindClient, Detail: missing + " is not configured"}
}

// NeedsConsentClient checks that a user of c, which has no token yet, can be sent to
// consent with a client.
func (in *Integration) NeedsConsentClient(op string, c *connection.Connection) error {
	id, secret := in.Client(c)
	if id.Empty() {
		return &fault.Error{Op: op, Key: c.Key, Kind: fault.KindClient, Detail: "oauth_client_id is not configured"}
	}
	if secret.IsSet() && in.Auth.ClientAuth() != schema.ClientAuthTLS {
		return nil
	}
	return in.NeedsClient(op, c)
}

// ScopesOr returns what to ask for: what is given, or else what is configured. A verbatim string is one element.
func (in *Integration) ScopesOr(override []string) []string {
	switch {
	case override != nil:
		return slices.Clone(override)
	case in.OAuthScopes == nil:
		return slices.Clone(in.Auth.DefaultScopes)
	case in.OAuthScopes.List != nil:
		return slices.Clone(in.OAuthScopes.List)
	case in.OAuthScopes.Verbatim != "":
		return []string{in.OAuthScopes.Verbatim}
	}
	return nil
}

func (in *Integration) JoinScopes(scopes []string) string {
	return strings.Join(scopes, in.Auth.Separator())
}

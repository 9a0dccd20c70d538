package rules

import (
	"strings"

	"github.com/nango-lite/nango-lite/schema"
)

// client: an id needs its secret, unless the client is a public one.
func (r *checker) client() {
	if !r.mode.Mode().Client {
		return // another rule says so
	}
	id, secret := r.Root.Field("oauth_client_id"), r.Root.Field("oauth_client_secret")
	method := r.Root.Str("auth", "authorization_method")
	public := method == schema.ClientAuthNone || method == schema.ClientAuthTLS
	switch {
	case id != nil && method == schema.ClientAuthJWT:
		if r.signingKey() == "${oauth_private_key}" && r.Root.Field("oauth_private_key") == nil {
			r.report(id.At, "missing-key", `"oauth_client_id" without "oauth_private_key"`, "auth.authorization_method is private_key_jwt")
		}
		if strings.Contains(r.signingKey(), "${oauth_client_secret}") && secret == nil {
			r.report(id.At, "missing-key", `"oauth_client_id" without "oauth_client_secret"`, "auth.jwt signs with it")
		}
	case id != nil && secret == nil && r.mode.Mode().Signing == schema.SignsOAuth1:
		r.report(id.At, "missing-key", `"oauth_client_id" without "oauth_client_secret"`, "calls are signed with it")
	case id != nil && secret == nil && !public:
		r.report(id.At, "missing-key", `"oauth_client_id" without "oauth_client_secret"`, "a public client says auth.authorization_method: none")
	case id == nil && secret != nil:
		r.report(secret.At, "missing-key", `"oauth_client_secret" without "oauth_client_id"`, "")
	}
	if previous := r.Root.Field("oauth_client_secret_previous"); previous != nil && secret == nil {
		r.report(previous.At, "missing-key", `"oauth_client_secret_previous" without "oauth_client_secret"`, "it is for the time in which the provider may know either")
	}
}

// clientOfConnection: an app of the connection's own needs its secret as well.
func (r *checker) clientOfConnection() {
	id := r.Root.Get("credentials").Field("client_id")
	if id == nil || r.mode != schema.OAuth2 || r.Root.Get("credentials", "client_secret") != nil || r.Root.Field("oauth_client_id") != nil {
		return
	}
	if method := r.Root.Str("auth", "authorization_method"); method == "" || method == schema.ClientAuthHeader || method == schema.ClientAuthBody {
		r.report(id.At, "missing-key", `"credentials.client_id" without "credentials.client_secret"`, "a public client says auth.authorization_method: none")
	}
}

// scopes: forgetting them shows only at the first call, so they must be said.
func (r *checker) scopes() {
	defaults := r.Root.Get("auth", "default_scopes")
	if r.Root.Field("oauth_client_id") == nil || r.Root.Field("oauth_scopes") != nil ||
		r.Root.Str("auth", "scopes") != "" || defaults != nil && len(defaults.Items) > 0 || !r.mode.Mode().Client || !r.Shape.Key("oauth_scopes").Fits(string(r.mode)) {
		return
	}
	r.report(r.Key, "missing-key", `missing key "oauth_scopes"`, "if the API needs none, write oauth_scopes: ''")
}

// noPrivateKey: an app that signs with the operator's key is nothing without it.
func (r *checker) noPrivateKey() {
	id := r.Root.Field("oauth_client_id")
	if id == nil || r.mode.Mode().Client || r.Root.Get("auth", "jwt") == nil {
		return // another rule says so
	}
	if r.signingKey() == "${oauth_private_key}" && r.Root.Field("oauth_private_key") == nil {
		r.report(id.At, "missing-key", `"oauth_client_id" without "oauth_private_key"`, "auth.jwt signs with it")
	}
}

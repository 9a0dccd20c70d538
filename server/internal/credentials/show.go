// Package credentials writes and reads what grants access in the shape that Nango's clients
// know. What [Show] writes, [Read] reads.
package credentials

import (
	"encoding/json"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// Type is the name that Nango's clients have for an auth mode.
func Type(m schema.AuthMode) string {
	if m == schema.UsernamePassword {
		return "BASIC"
	}
	return string(m)
}

// Show returns the credentials of a connection. A refresh token is among them only if it is
// asked for.
func Show(c *engine.Connection, withRefresh bool) map[string]any {
	given, t := &c.Credentials, &c.Credentials.Token
	out := map[string]any{"type": Type(given.Type)}
	for name, v := range given.Fields {
		if _, taken := out[name]; !taken {
			out[name] = v.Reveal()
		}
	}
	set := func(name string, v schema.Secret) {
		if v.IsSet() {
			out[name] = v.Reveal()
		}
	}
	switch given.Type {
	case schema.OAuth2, schema.MCPOAuth2:
		set("access_token", t.AccessToken)
		if withRefresh {
			set("refresh_token", t.RefreshToken)
		}
	case schema.OAuth1:
		set("oauth_token", t.AccessToken)
		set("oauth_token_secret", t.TokenSecret)
	default:
		set("token", t.AccessToken)
		set("apiKey", given.APIKey)
		set("username", given.Username)
		set("password", given.Password)
	}
	if !t.ExpiresAt.IsZero() {
		out["expires_at"] = t.ExpiresAt.UTC().Format(time.RFC3339)
	}
	if raw, ok := rawOf(t, withRefresh); ok {
		out["raw"] = raw
	}
	return out
}

// rawOf returns the token answer of the provider. A refresh token is taken out of it,
// wherever it stands, unless it is asked for.
func rawOf(t *engine.Token, withRefresh bool) (any, bool) {
	if !t.Raw.IsSet() {
		return nil, false
	}
	var raw any
	if json.Unmarshal([]byte(t.Raw.Reveal()), &raw) != nil {
		return nil, false
	}
	if !withRefresh {
		raw = without(raw, t.RefreshToken.Reveal())
	}
	return raw, true
}

// without returns v without members that are called refresh_token or hold secret.
func without(v any, secret string) any {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			if name == "refresh_token" || secret != "" && member == secret {
				delete(v, name)
				continue
			}
			v[name] = without(member, secret)
		}
	case []any:
		for i, item := range v {
			v[i] = without(item, secret)
		}
	case string:
		if secret != "" && v == secret {
			return ""
		}
	}
	return v
}

// Name is the name that Nango's clients have for a credential.
func Name(name string) string {
	if name == "api_key" {
		return "apiKey"
	}
	return name
}
